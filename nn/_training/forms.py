"""The form in which a network is trained whole: arrays, which the parameters hold, or are put together to."""

from __future__ import annotations

import math
import operator
from copy import deepcopy
from typing import Any

from autograd import Leaves, Tensor, Value
from nn._core.types import Numbers, Rows
from nn._layers.module import Module


class Foreign(Exception):
    """Somebody else's code or another kind of numbers takes part in a step."""


class OfTensors:
    """A network of Tensors: its parameters hold the arrays."""

    def __init__(self, model: Module, parameters: Leaves) -> None:
        self.model = model
        self.leaves: list[Any] = list(parameters)
        self._parameters = parameters

    def stands_for(self, model: Module) -> bool:
        """Tell whether all parameters of the network are moved, and it is as it was."""
        return {*model.parameters()} == {*self._parameters}

    def load(self) -> None:
        """Give the arrays the numbers of the parameters."""

    def give(self, data: list[Any]) -> None:
        """Give the parameters the numbers in arrays."""
        self._parameters.data = data

    def taken(self, listed: list[Any]) -> list[Any]:
        """Return a list with an entry for each array for one with an entry for each parameter."""
        return listed

    def given(self, listed: list[Any]) -> list[Any]:
        """Return a list with an entry for each parameter for one with an entry for each array."""
        return listed

    def rows(self, part: Rows) -> Any:
        """Return rows as an array of floats without gaps, themselves if they are one; raise for what holds none."""
        dtype = part.dtype if part.dtype.char == "f" else float
        return part.astype(dtype, order="C", casting="same_kind", subok=False, copy=False)

    def finds(self, gradients: list[Any]) -> bool:
        """Tell whether the network itself finds these gradients, too."""
        return True

    def output(self, y_hat: Numbers) -> Numbers:
        """Return raw outputs as the network itself has them."""
        return y_hat


class OfValues(OfTensors):
    """A network of Values: the same network of Tensors computes in its place."""

    def __init__(self, model: Any, parameters: Leaves) -> None:
        import numpy

        super().__init__(model.to(Tensor), parameters)
        self.leaves = self.model.parameters()
        self._arrays = Leaves(self.leaves)
        self._numbers: list[Any] = [None] * len(parameters)
        """The numbers of the parameters that the arrays have."""
        self._parts = _parts_of(model)
        # Where each number goes shows in a copy, whose numbers are their places.
        places = {node: float(k) for k, node in enumerate(parameters)}
        numbered = deepcopy(model)
        for node, other in zip(model.parameters(), numbered.parameters()):
            other.data = places[node]
        self._places = [node.data.astype(int) for node in numbered.to(Tensor).parameters()]
        self._order = numpy.argsort(numpy.concatenate([part.ravel() for part in self._places]))

    def stands_for(self, model: Module) -> bool:
        parts = _parts_of(model)
        same = len(parts) == len(self._parts) and all(map(operator.is_, parts, self._parts))
        return same and super().stands_for(model)

    def load(self) -> None:
        numbers = self._parameters.data
        if not all(map(operator.is_, numbers, self._numbers)):
            self._arrays.data = self._spread(numbers)
            self._numbers = numbers

    def give(self, data: list[Any]) -> None:
        numbers = self.given(data)
        self._parameters.data = numbers
        self._arrays.data, self._numbers = data, numbers

    def taken(self, listed: list[Any]) -> list[Any]:
        # Most often there is no memory at all.
        return [0.0] * len(self.leaves) if listed.count(0.0) == len(listed) else self._spread(listed)

    def given(self, listed: list[Any]) -> list[Any]:
        import numpy

        numbers: list[Any] = numpy.concatenate([part.ravel() for part in listed])[self._order].tolist()
        return numbers

    def rows(self, part: Rows) -> Any:
        import numpy

        return super().rows(numpy.asarray(part))

    def finds(self, gradients: list[Any]) -> bool:
        # Values pass nothing on where a slope is 0; in a product of arrays 0 * inf is nan.
        return math.isfinite(sum(gradients))

    def output(self, y_hat: Numbers) -> Numbers:
        return y_hat.tolist() if hasattr(y_hat, "tolist") else y_hat

    def _spread(self, numbers: list[Any]) -> list[Any]:
        import numpy

        flat = numpy.array(numbers)
        return [flat[places] for places in self._places]


def _parts_of(model: Module) -> list[Any]:
    """Return all that a network consists of, in order, but for the mode that it is in."""
    parts: list[Any] = []
    for module in model.modules():
        for name, item in vars(module).items():
            if name not in ("training", "_trainings"):
                parts += [name, item, *(item if isinstance(item, list) else ())]
    return parts


def form_of(model: Module, parameters: Leaves) -> OfTensors:
    """Return the form of a network; raise Foreign for one of both kinds of nodes, or of somebody's own."""
    if all(type(node) is Tensor for node in parameters):
        return OfTensors(model, parameters)
    if all(type(node) is Value for node in parameters):
        return OfValues(model, parameters)
    raise Foreign
