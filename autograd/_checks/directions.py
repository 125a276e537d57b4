"""Directions in which all numbers are moved at once, and how far."""

from __future__ import annotations

import math
from typing import Any

from autograd._core.data import shape
from autograd._core.types import Raw

LONGEST = 2.0**-6
"""The longest step, as a part of the number or of 1."""

SHORTEST = 2.0**-51
"""A shorter step, as a part of the number, is lost when it is added."""

Numbers = list[Any]
"""A float or an array for each input; a direction has None for what does not move."""

Line = tuple[Numbers, tuple[tuple[float, float], ...]]
"""A direction, with ranges of steps to make along it."""


def element_count(x: Raw) -> int:
    return 1 if type(x) is float else int(x.size)


def copies(numbers: Numbers) -> Numbers:
    return [x if type(x) is float else x.copy() for x in numbers]


def is_same(x: Raw, y: Raw) -> bool:
    return bool(x == y) if type(x) is float else bool((x == y).all())


def is_zero(x: Raw) -> bool:
    return x == 0.0 if type(x) is float else not x.any()


def distance(x: Raw, y: Raw) -> float:
    return float(abs(x - y).max(initial=0.0)) if shape(x) else abs(float(x) - float(y))


def power_of_two(x: float) -> float:
    """Return the largest power of two that is no larger than |x|, and no subnormal."""
    return math.ldexp(0.5, max(math.frexp(x)[1], -1020))


def spans(x: float) -> tuple[tuple[float, float], ...]:
    """Return the steps to make from a number of size x: parts of 1, and parts of x."""
    if x == 0.0:
        return ((LONGEST, SHORTEST * SHORTEST),)
    size = power_of_two(x)
    if size < SHORTEST:
        return ((LONGEST, SHORTEST), (LONGEST * size, SHORTEST * size))
    return ((LONGEST * max(size, 1.0), SHORTEST * size),)


def product(gradient: Numbers, direction: Numbers) -> tuple[float, float]:
    """Return the derivative along a direction, and the size of the numbers that it adds up.

    The direction has random signs, so the roundings of its terms add up like their root mean square.
    """
    total, squares = 0.0, 0.0
    for g, way in zip(gradient, direction):
        if way is not None:
            term = g * way
            total += float(term if type(term) is float else term.sum())
            squares += float(term * term if type(term) is float else (term * term).sum())
    return total, abs(total) + math.sqrt(squares)


def size_of(gradient: Numbers, numbers: Numbers) -> float:
    """Return the root of the sum of squares of each number times its derivative; 0 if one is infinite or nan."""
    squares = 0.0
    for g, x in zip(gradient, numbers):
        term = g * x
        squares += float(term * term if type(term) is float else (term * term).sum())
    return math.sqrt(squares) if math.isfinite(squares) else 0.0
