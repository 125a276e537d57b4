"""The node of a computation graph: a number or an array, and what it was computed from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from ._primitive import Primitive

MANY: Any = object()
"""In `_b`: the node keeps tuples of inputs and of arguments, and its settings, instead of one or two of each."""

NO_SETTINGS: Mapping[str, Any] = {}


class Node:
    """A number or an array that knows how it was computed.

    `op` is the primitive that made it, `inputs` what that was applied to (nodes, and raw constants), `args` the raw
    data of the inputs *at that moment* and `settings` the static settings (an axis, a shape). A leaf has `op` None.
    Edges point to inputs alone, so a graph has no cycles and is freed as soon as its last node is dropped.

    >>> y = Value(2.0) * 3
    >>> isinstance(y, Node), y.op.name, y.inputs[1]
    (True, 'multiply', 3)
    """

    # One or two inputs stand in slots of their own: against a pair of tuples a node this saves two thirds of what the
    # memory allocator and the cyclic collector have to do, and a training step of scalars takes half the time.
    __slots__ = ("__weakref__", "_a", "_b", "_data", "_grad", "_label", "_source", "_x", "_y", "op")

    op: Primitive | None
    data: Any
    grad: Any
    _data: Any
    _grad: Any
    _a: Any
    _b: Any
    _x: Any
    _y: Any
    _label: str
    _source: str

    def link(self, op: Primitive, inputs: tuple[Any, ...], args: tuple[Any, ...], settings: Mapping[str, Any]) -> None:
        """Remember that `op` made this node from `inputs`, whose raw data are `args`."""
        self.op = op
        if settings or op.arity not in (1, 2):
            self._a, self._x, self._b, self._y = inputs, args, MANY, settings
        elif len(inputs) == 2:
            (self._a, self._b), (self._x, self._y) = inputs, args
        else:
            self._a, self._x, self._b = inputs[0], args[0], None

    @property
    def inputs(self) -> tuple[Any, ...]:
        """What the node was computed from, in order: nodes, and constants as raw numbers or arrays."""
        if self.op is None:
            return ()
        if self._b is MANY:
            return cast("tuple[Any, ...]", self._a)
        return (self._a,) if self._b is None else (self._a, self._b)

    @property
    def args(self) -> tuple[Any, ...]:
        """The raw data of `inputs` when the node was computed."""
        if self.op is None:
            return ()
        if self._b is MANY:
            return cast("tuple[Any, ...]", self._x)
        return (self._x,) if self._b is None else (self._x, self._y)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The static settings of the operation (an axis, a shape); empty for most."""
        return cast("Mapping[str, Any]", self._y) if self.op is not None and self._b is MANY else NO_SETTINGS

    @property
    def label(self) -> str:
        """A name for people: shown in drawings, explanations and errors."""
        return getattr(self, "_label", "")

    @label.setter
    def label(self, label: str) -> None:
        self._label = str(label)

    @property
    def source(self) -> str:
        """Where your code made the node (`file:line`), known if `detect_anomaly` was on then; else empty."""
        return getattr(self, "_source", "")

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the data; `()` for a number."""
        return ()

    def snapshot(self) -> Any:
        """Return the raw data as it is now, safe from every later change."""
        return self._data

    __hash__ = object.__hash__


def name_of(node: Any) -> str:
    """Return a short text for a node or a constant in an error: its label, else its operation, else its kind."""
    if not isinstance(node, Node):
        return f"{node:g}" if isinstance(node, (float, int)) else type(node).__name__
    return node.label or (node.op.name if node.op else f"an unlabelled {type(node).__name__}")
