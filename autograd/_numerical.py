"""Numerical derivatives that know how good they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

EPSILON = 2.0**-52

SMALLEST = 2.0**-1074

FACTOR = 8.0
"""From one step to the next; a power of two, so that no step is rounded when it is added to an input."""

LADDER = [2.0**-k for k in range(6, 46, 3)]
"""Steps as parts of the length over which the function may change."""

GOOD = 1e-8
"""An error bar so much narrower than the derivative needs no better one."""

CLEAR = 8.0
"""A difference of so many error bars is no accident."""

COARSE = 1e-6
"""A function that moves in steps up to this part of its size computes in lower precision."""

GROWING = 1.5
"""Slopes that grow by more from each step to the next have no limit."""

FEWEST = 3
"""Steps from which a limit can be told with an error bar."""


class Estimate(NamedTuple):
    """A derivative with its error bar; `reason` says why there is none, or is empty."""

    value: float
    error: float
    reason: str = ""


class Limit:
    """The limit of slopes at ever smaller steps, by extrapolation, with its error bar (Ridders 1982).

    The error of a slope is a series in powers of the step, of which the first shrinks by `factor` from step to step.
    The error bar is how far neighbouring extrapolations differ, and never less than the rounding of the slopes.
    """

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self.value, self.error = math.nan, math.inf
        self.slopes: list[float] = []
        self.rounding = 0.0
        self.row: list[float] = []

    def add(self, slope: float, rounding: float) -> None:
        self.slopes.append(slope)
        self.rounding = rounding
        above, self.row = self.row, [slope]
        power = self.factor
        for k, earlier in enumerate(above):
            better = (power * self.row[k] - earlier) / (power - 1)
            bar = max(abs(better - self.row[k]), abs(better - earlier)) + rounding
            self.row.append(better)
            # Of two limits that contradict each other, the one from shorter steps holds.
            if bar < self.error or abs(better - self.value) > CLEAR * (bar + self.error):
                self.value, self.error = better, bar
            power *= self.factor


def derivative(
    f: Callable[[float], float], lengths: Iterable[float], magnitude: float, patient: bool = False
) -> Estimate:
    """Return the derivative of f at 0 from both sides, or why there is none.

    `lengths` are those over which f may change, tried until the error bar is good; `magnitude` is the size of the
    numbers that f adds up, which tells its rounding error. A kink shows in derivatives from the right and from the left
    that differ by more than their error bars. Without `patient` the first good error bar ends the search, though slopes
    may also agree by accident, where the function computes in lower precision.
    """
    centre = f(0.0)
    best = Estimate(math.nan, math.inf, "no value of the function beside this point is finite")
    for length in lengths:
        found = _along(f, centre, length, magnitude, patient)
        if found.error < best.error or math.isnan(best.value):
            best = found
        if found.error <= GOOD * abs(found.value):
            break
    return best


def _along(f: Callable[[float], float], centre: float, length: float, magnitude: float, patient: bool) -> Estimate:
    noise = EPSILON * magnitude
    points: list[tuple[float, float, float]] = []
    limits = _limits()
    for part in LADDER:
        h = part * length
        if h == 0.0:
            break
        points.append((h, f(h), f(-h)))
        _add(limits, centre, points[-1], noise)
        both, *sides = limits
        enough = GOOD * abs(both.value)
        settled = both.error <= enough or noise / h > max(both.error, enough)
        if settled and not patient and len(points) >= FEWEST and not _differ(*sides):
            break
    quantum = _quantum(centre, points)
    if noise < quantum < COARSE * magnitude:
        limits = _limits()
        for point in points:
            _add(limits, centre, point, quantum)
    return _judge(*limits) if points else Estimate(math.nan, math.inf, "the steps are too small for floats")


def _limits() -> tuple[Limit, Limit, Limit]:
    """Return the limits of the slopes from both sides, whose error is even in the step, from the right and the left."""
    return Limit(FACTOR**2), Limit(FACTOR), Limit(FACTOR)


def _add(limits: tuple[Limit, Limit, Limit], centre: float, point: tuple[float, float, float], noise: float) -> None:
    h, right, left = point
    both, ahead, behind = limits
    noise = max(noise, EPSILON * abs(right), EPSILON * abs(left), SMALLEST)
    both.add((right - left) / (2 * h), noise / h)
    ahead.add((right - centre) / h, 2 * noise / h)
    behind.add((centre - left) / h, 2 * noise / h)


def _quantum(centre: float, points: list[tuple[float, float, float]]) -> float:
    """Return the size of the steps in which a function moves that computes in lower precision, 0 if it is smooth."""
    _, right, left = points[-1] if points else (0.0, math.nan, math.nan)
    if not centre == right == left:
        return 0.0
    moves = (abs(value - centre) for _, *values in points for value in values)
    return min((move for move in moves if move), default=0.0)


def _differ(one: Limit, other: Limit) -> bool:
    """Say whether two limits differ by more than their error bars."""
    gap = abs(one.value - other.value)
    return gap > CLEAR * (one.error + other.error) and gap > 1e-4 * max(abs(one.value), abs(other.value))


def _judge(both: Limit, ahead: Limit, behind: Limit) -> Estimate:
    for side, beyond in ((ahead, "right"), (behind, "left")):
        if not math.isfinite(side.slopes[-1]):
            return Estimate(math.nan, math.inf, f"the function has no finite value to the {beyond} of this point")
        growth = [b / a for a, b in zip(side.slopes, side.slopes[1:]) if a]
        certain = abs(side.slopes[-1]) > CLEAR * side.rounding
        if certain and len(growth) == len(LADDER) - 1 and min(growth[FEWEST:]) > GROWING:
            reason = "the slopes grow without limit as the step shrinks: a jump, or an infinite derivative"
            return Estimate(math.nan, math.inf, reason)
    if _differ(ahead, behind):
        sides = f"{ahead.value:.6g} from the right and {behind.value:.6g} from the left"
        return Estimate(both.value, both.error, f"a kink: the derivative is {sides}")
    return Estimate(both.value, both.error)
