"""The node of a computation graph: a number or an array, and the inputs that it was computed from."""

from __future__ import annotations

from typing import Any, cast

from autograd.files import brief

from .primitive import Primitive
from .types import Operand, Raw, Settings, Shape

MANY: Any = object()
"""In `_b`: the node keeps tuples of inputs and of arguments, and its settings, instead of one or two of each."""

FROZEN: Any = object()
"""In `_b`, which leaves have no other use for: the leaf is frozen."""

NO_SETTINGS: Settings = {}

NO_MARK = ("", "", "")


class Node:
    """A number or an array that knows how it was computed.

    `op` is the primitive that made it, `inputs` the arguments of that (nodes, and raw constants), `args` the raw
    data of the inputs *at that moment* and `settings` the static settings (an axis, a shape). A leaf has `op` None.
    Edges point to inputs alone, so a graph has no cycles and is freed as soon as its last node is dropped.

    >>> y = Value(2.0) * 3
    >>> isinstance(y, Node), y.op.name, y.inputs[1]
    (True, 'multiply', 3)
    """

    # One or two inputs stand in slots of their own: against a pair of tuples a node this saves two thirds of what the
    # memory allocator and the cyclic collector have to do, and a training step of scalars takes half the time.
    __slots__ = ("__weakref__", "_a", "_b", "_data", "_grad", "_label", "_late", "_source", "_x", "_y", "mark", "op")

    op: Primitive | None
    data: Raw
    grad: Raw
    _data: Raw
    _grad: Raw
    _a: Any
    _b: Any
    _x: Any
    _y: Any
    _label: str
    _late: Any
    """The computation of the node's data, in a step that is replayed; None as soon as the node holds them."""
    _source: str
    mark: tuple[str, str, str]
    """Layer, neuron and role ("weight", "bias", "output") in a network; drawings read it, a label only names."""

    def __getattr__(self, name: str) -> Any:
        """Compute an attribute that the node does not hold yet."""
        if name == "mark":
            return NO_MARK
        if name == "_label":
            return ""
        late = getattr(self, "_late", None) if name in _COMPUTED else None
        if late is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        late.fill(self, name)
        return object.__getattribute__(self, name)

    def link(self, op: Primitive, inputs: tuple[Operand, ...], args: tuple[Raw, ...], settings: Settings) -> None:
        """Remember that `op` made this node from `inputs`, whose raw data are `args`."""
        self.op = op
        if settings or op.arity not in (1, 2):
            self._a, self._x, self._b, self._y = inputs, args, MANY, settings
        elif len(inputs) == 2:
            (self._a, self._b), (self._x, self._y) = inputs, args
        else:
            self._a, self._x, self._b = inputs[0], args[0], None

    @property
    def inputs(self) -> tuple[Operand, ...]:
        """The inputs that the node was computed from, in order: nodes, and constants as raw numbers or arrays."""
        if self.op is None:
            return ()
        if self._b is MANY:
            return cast("tuple[Operand, ...]", self._a)
        return (self._a,) if self._b is None else (self._a, self._b)

    @property
    def args(self) -> tuple[Raw, ...]:
        """The raw data of `inputs` when the node was computed."""
        if self.op is None:
            return ()
        if self._b is MANY:
            return cast("tuple[Raw, ...]", self._x)
        return (self._x,) if self._b is None else (self._x, self._y)

    @property
    def settings(self) -> Settings:
        """The static settings of the operation (an axis, a shape); empty for most."""
        return cast("Settings", self._y) if self.op is not None and self._b is MANY else NO_SETTINGS

    @property
    def label(self) -> str:
        """A name for people: shown in drawings, explanations and errors."""
        return self._label

    @label.setter
    def label(self, label: str) -> None:
        try:
            # A class of its own may write itself in any way, also as another of its class.
            self._label = str.__str__(str(label))
        except Exception:
            raise TypeError(f"a label is text; got {brief(label)} of type {type(label).__name__}") from None

    @property
    def source(self) -> str:
        """Where your code made the node (`file:line`), known if `detect_anomaly` was on then; else empty."""
        return getattr(self, "_source", "")

    @property
    def frozen(self) -> bool:
        """Whether the optimizers of `nn` leave the leaf as it is; may be set."""
        return self.op is None and getattr(self, "_b", None) is FROZEN

    @frozen.setter
    def frozen(self, frozen: bool) -> None:
        if self.op is not None:
            raise AttributeError(
                f"this {type(self).__name__} was computed by {self.op.name}; only a leaf can be frozen: use detach() "
                f"for a part of the graph through which no gradient is to go"
            )
        self._b = FROZEN if frozen else None

    @property
    def shape(self) -> Shape:
        """The shape of the data; `()` for a number."""
        return ()

    def snapshot(self) -> Raw:
        """Return the raw data as it is now, safe from every later change."""
        return self._data

    __hash__ = object.__hash__


_COMPUTED = frozenset(("_data", "_a", "_b", "_x", "_y"))


kinds: dict[str, Any] = {}
"""The node that holds a "float" and the one that holds an "array"; `Value` and `Tensor` enter themselves."""


def leaf(data: Raw) -> Node:
    """Return a node without inputs that holds `data`, a float or an array, as it is."""
    node: Node = object.__new__(kinds["float" if type(data) is float else "array"])
    node._data = data
    node._grad = 0.0
    node.op = None
    return node
