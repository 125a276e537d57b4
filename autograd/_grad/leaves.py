"""`Leaves`: many leaves whose numbers and gradients are read and set at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

from autograd._core.node import FROZEN, Node
from autograd._core.types import Raw

from .lean import set_gradients

_DATA, _MARK = attrgetter("_data"), attrgetter("_b")
_set_data = vars(Node)["_data"].__set__


class Leaves:
    """Leaves whose data and gradients are set all or none: Ctrl-C, say, waits until all are set.

    Each new number or array has the form of its leaf, and belongs to that leaf alone.

    >>> w, b = Value(1.0), Value(2.0)
    >>> leaves = Leaves([w, b])
    >>> leaves.data = [3.0, 4.0]
    >>> w.data, leaves.data, leaves.frozen
    (3.0, [3.0, 4.0], False)
    """

    def __init__(self, nodes: Sequence[Any]) -> None:
        self._nodes = nodes

    def __iter__(self) -> Iterator[Any]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def data(self) -> list[Raw]:
        """The numbers and arrays; do not write to these."""
        return [*map(_DATA, self._nodes)]

    @data.setter
    def data(self, data: Iterable[Raw]) -> None:
        # There is no instruction of Python between them.
        deque(map(_set_data, self._nodes, data), 0)

    def set_gradients(self, gradients: Iterable[Raw]) -> None:
        """Set the gradients."""
        set_gradients(self._nodes, gradients)

    @property
    def frozen(self) -> bool:
        """Whether one of them is frozen."""
        try:
            return FROZEN in map(_MARK, self._nodes)
        except AttributeError:
            # One that was not made by its class has none.
            return any(node.frozen for node in self._nodes)
