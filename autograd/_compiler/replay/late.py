"""Numbers that are computed when somebody asks for them: those of the nodes of a step that is replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograd._core.compute import compute
from autograd._core.node import MANY, NO_SETTINGS, Node
from autograd._core.primitive import Primitive
from autograd._core.types import Raw

PENDING: Any = object()
"""The stand-in for a number that is not computed yet."""


class Late:
    """The data of a node, as an operation on raw numbers and on other late data.

    It refers to no node, so whatever happens to nodes later does not reach it.
    """

    __slots__ = ("data", "form", "op", "raw", "settings")

    def __init__(
        self, op: Primitive | None, raw: Sequence[Any], settings: Mapping[str, Any], form: Raw, data: Raw = PENDING
    ) -> None:
        self.op, self.raw, self.settings, self.data = op, raw, settings, data
        self.form = form
        """A number, or an array of the shape and the dtype."""

    def value(self) -> Any:
        """Return the number or array; nothing recurses."""
        if self.data is not PENDING:
            return self.data
        waiting: list[Late] = [self]
        while waiting:
            late = waiting[-1]
            if late.data is PENDING:
                before = [item for item in late.raw if isinstance(item, Late) and item.data is PENDING]
                if before:
                    waiting += before
                    continue
                late.data = late.compute()
            waiting.pop()
        return self.data

    def compute(self) -> Any:
        """Compute from inputs that are known."""
        assert self.op is not None
        return compute(self.op, _values(self.raw), self.settings)

    def forget(self) -> None:
        """Let go of objects that were needed only on the way."""

    def fill(self, node: Node, name: str) -> None:
        """Give a node the attribute that it lacks."""
        if name != "_data" and node.op is not None:
            link(node, node.op, node.inputs, self.settings)
            _give_arguments(node, _values(self.raw))
            node._data, node._late = self.value(), None
            return
        node._data = self.value()
        if node.op is None:
            node._late = None


def link(node: Node, op: Primitive, inputs: tuple[Any, ...], settings: Mapping[str, Any]) -> None:
    """Link a node to its inputs as `Node.link` does, but for their numbers."""
    node.op = op
    if settings or op.arity not in (1, 2):
        node._a, node._b, node._y = inputs, MANY, settings
    elif len(inputs) == 2:
        node._a, node._b = inputs
    else:
        node._a, node._b = inputs[0], None


def _give_arguments(node: Node, args: list[Any]) -> None:
    if node._b is MANY:
        node._x = tuple(args)
    elif node._b is None:
        node._x = args[0]
    else:
        node._x, node._y = args


def _values(raw: Sequence[Any]) -> list[Any]:
    return [item.value() if isinstance(item, Late) else item for item in raw]


class Call:
    """One call of a function that is one step of a replay."""

    def __init__(self, block: Any, given: list[Any], raw: list[Any], live: list[bool]) -> None:
        self._block, self._given, self._raw, self._live = block, given, raw, live
        self._results: list[Any] = []

    def results(self) -> list[Any]:
        """Return the nodes that the call made, in order; it is made now."""
        if not self._results:
            self._results = self._block.made(self._given, self._raw, self._live[0])
        return self._results

    def forget(self) -> None:
        """Let go of these nodes; they are made again when somebody asks for them."""
        self._results = []


class LateResult(Late):
    """The data of one result of such a call."""

    __slots__ = ("call", "place")

    def __init__(self, call: Call, place: int, raw: Sequence[Any]) -> None:
        super().__init__(None, raw, NO_SETTINGS, 0.0)
        self.call, self.place = call, place

    def compute(self) -> Any:
        """Make the call."""
        return self.call.results()[self.place]._data

    def forget(self) -> None:
        """Let go of the nodes that the call made."""
        self.call.forget()

    def fill(self, node: Node, name: str) -> None:
        """Give a node the attribute that it lacks."""
        if name == "_data":
            node._data = self.value()
            return
        made = self.call.results()[self.place]
        node.link(made.op, made.inputs, made.args, made.settings)
        node._data, node._late, node.mark = self.value(), None, made.mark
