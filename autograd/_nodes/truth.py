"""The result of `==` for two nodes: their numbers compared, which is neither true nor false by itself."""

from __future__ import annotations

from typing import NoReturn

_ADVICE = (
    "write a is b for the same node, any(p is q for q in nodes) in place of p in nodes, and a.data == b.data for equal "
    "numbers"
)


class Truth(int):
    """1 or 0: whether two numbers are equal; it may be counted, written and chosen by."""

    __slots__ = ()

    def __bool__(self) -> bool:
        refuse()

    def __invert__(self) -> Truth:
        return Truth(not int(self))

    def item(self) -> bool:
        """Return True or False."""
        return int(self) == 1

    def __repr__(self) -> str:
        return repr(self.item())

    __str__ = __repr__


def refuse() -> NoReturn:
    raise TypeError(f"a == b compares the numbers of two nodes, and is neither true nor false by itself: {_ADVICE}")
