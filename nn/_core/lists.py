"""Nested lists of numbers and nodes, as networks of Values take and return them: how they are walked.

Structures with dicts are walked by `autograd`; here a dict is no data, and stays whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd import deeper

from .types import Nested


def flat(x: Nested, depth: int = 0) -> list[Any]:
    """Return the items of nested lists as one list; raise ValueError if they are too deep.

    >>> from nn._core.lists import flat
    >>> flat([1, [2, (3,)]]), flat(4)
    ([1, 2, 3], [4])
    """
    if not isinstance(x, (list, tuple)):
        return [x]
    inside = deeper(depth)
    return [part for row in x for part in flat(row, inside)]


def mapped(f: Callable[[Any], Any], x: Nested, depth: int = 0) -> Nested:
    """Return nested lists with f(item) in place of each item; raise ValueError if they are too deep.

    >>> from nn._core.lists import mapped
    >>> mapped(lambda item: -item, (1, [2, 3]))
    [-1, [-2, -3]]
    """
    if not isinstance(x, (list, tuple)):
        return f(x)
    inside = deeper(depth)
    return [mapped(f, part, inside) for part in x]


def first(x: Nested) -> Any:
    """Return the first item in nested lists; an empty list is an item.

    >>> from nn._core.lists import first
    >>> first([[3.0, 1.0], [2.0]])
    3.0
    """
    while isinstance(x, (list, tuple)) and x:
        x = x[0]
    return x
