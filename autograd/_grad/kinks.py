"""Second derivatives at a kink of a part: the mean of those on both sides, as first ones there are chosen.

`abs(t) ** 2` is smooth at 0, but the slope that `abs` has there by convention, 0, tells nothing about how the square
bends. So where a gradient is differentiated again, and an operation sat exactly on its kink, the second derivative is
computed just beside, on both sides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from itertools import count, islice
from operator import itemgetter
from typing import Any

from autograd._core.node import Node
from autograd._core.signature import FIXED, as_raw
from autograd._core.trees import flatten, mapped
from autograd._core.types import Item, Raw, Tree
from autograd._ops.elementwise import where

_met: ContextVar[list[Any] | None] = ContextVar("met", default=None)
"""The nodes and comparisons that sat on a kink in gradients that are to be differentiated again."""

_tied: ContextVar[list[Any] | None] = ContextVar("tied", default=None)
"""The same, for comparisons in a function whose gradient is to be differentiated again."""

_draws: ContextVar[tuple[list[Any], Iterator[Any] | None] | None] = ContextVar("draws", default=None)
"""The random numbers that a function drew at the place itself, and, just beside, those that are left of them."""

SAME = 1e-9
"""Derivatives that differ by this part from the mean of those beside are as good."""

SETTLED = 0.1
"""Means of both sides, near and four times as far, that differ by this part of their distance from the derivative
at the place itself, are those of a kink; of a smooth function the far one differs 16 times as much."""


def has_kink(node: Node) -> bool:
    """Tell whether the slope of a node's operation, or a choice that depends on it, jumps somewhere.

    A choice by `where` jumps with its condition, which is no number that could sit on a kink.
    """
    op = node.op
    return op is not None and op.kink is not None and op.rules.count(None) in (0, len(op.rules))


def meet(order: Sequence[Node]) -> None:
    """Note whether one of the nodes through which a gradient goes sits on its kink, if that matters."""
    met = _met.get()
    if met is not None:
        met += [node for node in order if has_kink(node) and _sits_on_kink(node)][:1]


def meet_tie(a: Raw, b: Raw) -> None:
    """Note a comparison of equal numbers or arrays, if that matters: a choice that depends on it jumps there."""
    met = _tied.get()
    if met is not None:
        tied = a == b
        met += [tied] if (tied.any() if hasattr(tied, "dtype") else tied) else []


def _sits_on_kink(node: Node) -> bool:
    assert node.op is not None
    assert node.op.kink is not None
    distance = node.op.kink(*node.args, **node.settings)
    if isinstance(distance, list):
        return 0 in distance
    return bool((distance == 0).any()) if hasattr(distance, "dtype") else distance == 0


@contextmanager
def watching(met: list[Any] | None) -> Iterator[None]:
    """Have `met` filled by the gradients inside; comparisons inside go where this gradient goes."""
    tied, token = _tied.set(_met.get()), _met.set(met)
    try:
        yield
    finally:
        _met.reset(token)
        _tied.reset(tied)


def smoothed(compute: Callable[[Any, list[Any]], tuple[Any, Any]], args: Tree) -> tuple[Any, Any]:
    """Return the value and derivatives of `compute(args, met)`, these averaged over both sides of a kink."""
    (value, derivatives), averaged = both_sides(compute, args)
    return value, averaged(itemgetter(1), derivatives)


def both_sides(compute: Callable[[Any, list[Any]], Any], args: Tree) -> tuple[Any, Callable[..., Any]]:
    """Return the result of `compute(args, met)`, and a function that averages a part of it over both sides.

    `args` are raw numbers, arrays and structures of them; of what is a node there is nothing beside.
    """
    outer = _met.get()
    if outer is not None:
        return compute(args, outer), lambda take, derivatives: derivatives
    met: list[Any] = []
    draws: list[Any] = []
    with _drawing((draws, None)):
        result = compute(args, met)

    def averaged(take: Callable[[Any], Any], derivatives: Tree) -> Any:
        def beside(args: Tree) -> Any:
            with _drawing((draws, iter(draws))):
                return take(compute(args, []))

        moved = met and not any(isinstance(item, Node) for item in flatten(args))
        return mean_beside(beside, as_raw(args), derivatives) if moved else derivatives

    return result, averaged


@contextmanager
def _drawing(draws: tuple[list[Any], Iterator[Any] | None]) -> Iterator[None]:
    token = _draws.set(draws)
    try:
        yield
    finally:
        _draws.reset(token)


def drawn_once(draw: Callable[[], Any]) -> Any:
    """Return the result of `draw()`; just beside a place, its result at the place itself."""
    drawn, left = _draws.get() or ([], iter(()))
    item = draw() if left is None else next(left, None)
    if left is None:
        drawn.append(item)
    return draw() if item is None else item


def mean_beside(compute: Callable[[Any], Any], args: Tree, derivatives: Tree) -> Any:
    """Return the derivatives at `args`, replaced by the mean just beside, where that differs.

    Four times as far beside, that of a kink is the same; where it is another, a smooth function bends quickly, or its
    numbers are rounded, and the derivative there is the better one.
    """

    def mean(distance: float) -> Any:
        above, below = (
            flatten(compute(mapped(partial(_beside, by=by, counted=count()), args))) for by in (distance, -distance)
        )
        return mapped(lambda _: _half(next(above), next(below)), derivatives)

    near = mean(1.0)
    alike = map(_alike, flatten(derivatives), flatten(near))
    if all(found if isinstance(found, bool) else found.all() for found in alike):
        return derivatives
    means = zip(flatten(near), flatten(mean(4.0)))
    return mapped(lambda item: _chosen(item, *next(means)), derivatives)


def _beside(item: Raw, by: float, counted: Iterator[int]) -> Any:
    """Return a number or an array, moved a little: past rounding, but not far enough to change a digit.

    No two numbers are moved by the same part, so that equal ones part: |a - b| has its kink where they are.
    """
    if isinstance(item, (float, bool)):
        return item + by * (abs(item) * 2.0**-36 or 2.0**-500) * _part(next(counted))
    import numpy

    step, least = (2.0**-36, 2.0**-500) if item.itemsize == 8 else (2.0**-14, 2.0**-60)
    parts = _part(numpy.array(list(islice(counted, item.size)))).reshape(item.shape)
    return (item + by * numpy.where(item == 0, least, abs(item) * step) * parts).astype(item.dtype)


def _part(k: Raw) -> Any:
    """Return a number from 1 to 2, far from those for other k. The golden section spreads them evenly."""
    return 1 + k * (math.sqrt(5) - 1) / 2 % 1


def _half(above: Item, below: Item) -> Item:
    """Return the mean of the items on both sides; text and None stay as they are."""
    return above if isinstance(above, FIXED) else (above + below) / 2


def _alike(there: Item, near: Item) -> Any:
    """Tell where a derivative agrees with the mean of those beside, or that mean is not finite."""
    if isinstance(there, FIXED):
        return True
    there, near = (item._data if isinstance(item, Node) else item for item in (there, near))
    if isinstance(there, (float, int)):
        return not math.isfinite(near) or math.isclose(there, near, rel_tol=SAME)
    import numpy

    return numpy.isclose(there, near, rtol=SAME if there.itemsize == 8 else 1e-4, atol=0.0) | ~numpy.isfinite(near)


def _chosen(there: Item, near: Item, far: Item) -> Any:
    """Return the mean beside where that is settled, else the derivative there."""
    if isinstance(there, FIXED):
        return there
    if isinstance(there, Node):
        # Made of nodes where the function uses some, to which it can be differentiated.
        return where(there._data == _chosen(there._data, near._data, far._data), there, near)
    if isinstance(there, (float, int)):
        jump = abs(near - there) if math.isfinite(there) else abs(near)
        return near if not _alike(there, near) and abs(near - far) <= SETTLED * jump else there
    import numpy

    jump = abs(near - numpy.where(numpy.isfinite(there), there, 0.0))
    return numpy.where(_alike(there, near) | ~(abs(near - far) <= SETTLED * jump), there, near)
