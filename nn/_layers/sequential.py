"""`Sequential`: layers one after the other."""

from __future__ import annotations

from collections import Counter
from copy import copy, deepcopy
from typing import Any

from autograd import Node, Tensor, Value, block
from autograd.files import brief
from nn._core.types import Input, Output

from .batches import Form
from .marks import carried
from .module import DEEPEST, Module
from .parts import parts_of
from .portable import built_in


@built_in
class Sequential(Module):
    """Modules one after the other: each takes the output of the one before.

    >>> net = Sequential(Layer(2, 3, "tanh"), Layer(3, 1))
    >>> [len(net([0.5, -1.0])), len(net.parameters())]
    [1, 13]
    """

    def __init__(self, *layers: Module) -> None:
        for layer in layers:
            if not callable(layer) or (isinstance(layer, type) and issubclass(layer, Module)):
                raise TypeError(
                    f"Sequential takes modules or functions one after the other, Sequential(a, b); got {brief(layer)}"
                )
        # Computing, showing and saving walk through all levels on Python's stack.
        self.depth = 1 + max((getattr(layer, "depth", 0) for layer in layers), default=0)
        if self.depth > DEEPEST:
            raise ValueError(f"Sequentials may be inside each other up to {DEEPEST} levels; put the layers into one")
        self.layers = list(layers)
        # A drawing tells the layers apart by their numbers.
        numbered: list[Any] = [layer for layer in layers if hasattr(layer, "put_number")]
        for number, layer in enumerate(numbered, 1):
            if layer.number == "":
                layer.put_number(number)

    def __call__(self, x: Input) -> Output:
        """Return the last module's output for a sample or a batch."""
        return block(through, self.layers, x)

    def as_block(self) -> tuple[Any, list[Any]] | None:
        """Return the key of the network's computation, and its nodes; None if a user's code takes part."""
        parts: list[Any] = [part.as_block() if hasattr(part, "as_block") else None for part in self.layers]
        if None in parts or not type(self).__module__.startswith("nn."):
            return None
        nodes = [node for part in parts for node in part[1]]
        return (type(self), len(vars(self)), *(part[0] for part in parts)), nodes

    def to(self, kind: type[Value] | type[Tensor]) -> Sequential:
        """Return the same network, with the same numbers, made of `kind`: Value (neurons) or Tensor (layers).

        A module without a form of that kind is copied. A layer in two places stays one, and layers that draw from one
        generator still do. Raises ValueError if layers of another kind share a weight, as after `b.w = a.w`.
        """
        paths = Counter(part.item for part in parts_of(self) if isinstance(part.item, Node))
        return self._to(kind, {}, {node for node, times in paths.items() if times > 1})

    def _to(self, kind: Form, memo: dict[int, Any], tied: set[Node]) -> Sequential:
        """Do the work of `to`; `memo` has the modules made already, by the identities of the old ones."""
        made: Sequential = copy(self)
        memo[id(self)] = made
        for layer in self.layers:
            if isinstance(layer, Sequential) and id(layer) not in memo:
                layer._to(kind, memo, tied)
            elif hasattr(layer, "to") and id(layer) not in memo and getattr(layer, "of", None) is not kind:
                if not tied.isdisjoint(layer.parameters()):
                    raise ValueError(f"{layer!r} shares a weight with another layer, which has no other form: copy it")
                memo[id(layer)] = layer.to(kind)
        # The rest, and layers of this kind, with their shared parts.
        vars(made).update({name: deepcopy(item, memo) for name, item in vars(self).items()})
        return made

    def __repr__(self) -> str:
        return "\n  ".join([f"{type(self).__name__}(", *(f"{layer!r}," for layer in self.layers)]) + "\n)"


def through(layers: list[Any], x: Input) -> Output:
    """Return the output of the last of the layers."""
    for layer in layers:
        # A function after a layer, such as an activation, belongs to it.
        x = layer(x) if isinstance(layer, Module) else carried(x, layer(x))
    return x
