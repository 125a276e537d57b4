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
from typing import Any

from ._elementwise import where
from ._node import Node
from ._trees import flatten, mapped

_met: ContextVar[list[Node] | None] = ContextVar("met", default=None)
"""The nodes on a kink that gradients met, which are to be differentiated again."""

_draws: ContextVar[tuple[list[Any], Iterator[Any] | None] | None] = ContextVar("draws", default=None)
"""What random numbers a function drew at the place itself, and, just beside, those that are left of them."""

SAME = 1e-9
"""Derivatives that differ by this part from the mean of those beside are as good."""


def has_kink(node: Node) -> bool:
    """Tell whether the slope of a node's operation jumps somewhere."""
    op = node.op
    return op is not None and op.kink is not None and None not in op.rules


def meet(order: Sequence[Node]) -> None:
    """Note whether one of the nodes through which a gradient goes sits on its kink, if that matters."""
    met = _met.get()
    if met is not None:
        met += [node for node in order if has_kink(node) and _sits_on_kink(node)][:1]


def _sits_on_kink(node: Node) -> bool:
    assert node.op is not None
    assert node.op.kink is not None
    distance = node.op.kink(*node.args, **node.settings)
    if isinstance(distance, list):
        return 0 in distance
    return bool((distance == 0).any()) if hasattr(distance, "dtype") else distance == 0


@contextmanager
def watching(met: list[Node]) -> Iterator[None]:
    """Have `met` filled by the gradients that are taken inside."""
    token = _met.set(met)
    try:
        yield
    finally:
        _met.reset(token)


def smoothed(compute: Callable[[Any, list[Node]], tuple[Any, Any]], args: Any) -> tuple[Any, Any]:
    """Return what `compute(args, met)` does, a value and derivatives; these averaged over both sides of a kink.

    `args` are raw numbers, arrays and structures of them; of what is a node there is nothing beside.
    """
    outer = _met.get()
    if outer is not None:
        return compute(args, outer)
    met: list[Node] = []
    draws: list[Any] = []
    with _drawing((draws, None)):
        value, derivatives = compute(args, met)

    def beside(args: Any) -> Any:
        with _drawing((draws, iter(draws))):
            return compute(args, [])[1]

    if met and not any(isinstance(item, Node) for item in flatten(args)):
        derivatives = mean_beside(beside, args, derivatives)
    return value, derivatives


@contextmanager
def _drawing(draws: tuple[list[Any], Iterator[Any] | None]) -> Iterator[None]:
    token = _draws.set(draws)
    try:
        yield
    finally:
        _draws.reset(token)


def drawn_once(draw: Callable[[], Any]) -> Any:
    """Return what `draw()` does; just beside a place, what it returned there."""
    drawn, left = _draws.get() or ([], iter(()))
    item = draw() if left is None else next(left, None)
    if left is None:
        drawn.append(item)
    return draw() if item is None else item


def mean_beside(compute: Callable[[Any], Any], args: Any, derivatives: Any) -> Any:
    """Return the mean of the derivatives just beside `args`, where it differs from that there."""
    sides = [flatten(compute(mapped(partial(_beside, side=side, counted=count()), args))) for side in (1, -1)]
    return mapped(lambda item: _mean(item, *map(next, sides)), derivatives)


def _beside(item: Any, side: int, counted: Iterator[int]) -> Any:
    """Return a number, or an array of some, moved a little: far enough for rounding, near enough to change no digit.

    No two numbers are moved by the same part, so that equal ones part: |a - b| has its kink where they are.
    """
    if isinstance(item, float) or (hasattr(item, "dtype") and item.dtype.kind == "f"):
        single = getattr(item, "itemsize", 8) == 4
        step, least = (2.0**-14, 2.0**-60) if single else (2.0**-36, 2.0**-500)
        if isinstance(item, float):
            return item + side * (abs(item) * step or least) * _part(next(counted))
        import numpy

        parts = _part(numpy.array(list(islice(counted, item.size)))).reshape(item.shape)
        return (item + side * numpy.where(item == 0, least, abs(item) * step) * parts).astype(item.dtype)
    return item


def _part(k: Any) -> Any:
    """Return a number from 1 to 2 that is far from those for other k: the golden section spreads them evenly."""
    return 1 + k * (math.sqrt(5) - 1) / 2 % 1


def _mean(there: Any, above: Any, below: Any) -> Any:
    mean = (above + below) / 2
    if isinstance(there, Node):
        # Made of nodes where the function uses some, to which it can be differentiated.
        chosen = _mean(there._data, above._data, below._data)
        return where(there._data == chosen, there, mean)
    if isinstance(there, (float, int)):
        return there if not math.isfinite(mean) or math.isclose(there, mean, rel_tol=SAME) else mean
    import numpy

    alike = numpy.isclose(there, mean, rtol=SAME if there.itemsize == 8 else 1e-4, atol=0.0)
    return numpy.where(alike | ~numpy.isfinite(mean), there, mean)
