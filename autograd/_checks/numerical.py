"""Numerical derivatives that know how good they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

EPSILON = 2.0**-52

SMALLEST = 2.0**-1074

FACTOR = 8.0
"""From one step to the next; a power of two, so that no step is rounded when it is added to an input."""

GOOD = 1e-8
"""An error bar this many times narrower than the derivative needs no better one."""

CLEAR = 8.0
"""A difference of this many error bars is no accident."""

ALIKE = 1e-2
"""Derivatives from both sides that are no farther apart, as a part of them, are the same when their bars say so."""

COARSE = 1e-6
"""A function that moves in steps up to this part of its size computes in lower precision."""

GROWING = 1.5
"""Slopes that grow by more from each step to the next have no limit."""

EVENLY = 1.1

FEWEST = 3
"""How many steps a limit with an error bar takes at least."""

FINEST = 6
"""How many of the shortest steps show by their slopes whether slopes grow without limit."""


class Estimate(NamedTuple):
    """A derivative with its error bar. `reason` is empty, or says why no derivative was found."""

    value: float
    error: float
    reason: str = ""


Point = tuple[float, float, float]
"""A step, and the values of the function after it to the right and to the left."""


class Limit:
    """The limit of slopes at ever smaller steps, by extrapolation, with its error bar (Ridders 1982).

    The error of a slope is a series in powers of the step, of which the first shrinks by `factor` from step to step.
    The error bar is how far neighbouring extrapolations differ, and never less than the rounding of the slopes.
    """

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self.value, self.error, self.rounding = math.nan, math.inf, 0.0
        self.slopes: list[float] = []
        self.row: list[float] = []

    def add(self, slope: float, rounding: float) -> None:
        self.slopes.append(slope)
        self.rounding = rounding
        above, self.row = self.row, [slope]
        power = self.factor
        for k, earlier in enumerate(above[:FINEST]):
            better = (power * self.row[k] - earlier) / (power - 1)
            bar = max(abs(better - self.row[k]), abs(better - earlier)) + rounding
            self.row.append(better)
            # Of two limits that contradict each other, the one from shorter steps holds.
            if bar < self.error or abs(better - self.value) > CLEAR * (bar + self.error):
                self.value, self.error = better, bar
            power *= self.factor


Limits = tuple[Limit, Limit, Limit]
"""Of the slopes across the point, whose error is even in the step, of those to its right and of those to its left."""


def derivative(
    f: Callable[[float], float], ranges: tuple[tuple[float, float], ...], magnitude: float, patient: bool = False
) -> Estimate:
    """Return the derivative of f at 0 from both sides, or the reason why f has no derivative there.

    `ranges` are the longest and the shortest step to make, with a gap before each next one; steps are made until the
    error bar is good and both sides agree. `magnitude` is the size of the numbers that f adds up, which tells its
    rounding error. With `patient` all steps are made, and the rounding error is measured: slopes may agree by accident
    where a function loses digits.
    """
    centre = f(0.0)
    noise = EPSILON * magnitude
    points: list[Point] = []
    limits = _limits()
    for h in _steps(ranges):
        points.append((h, f(h), f(-h)))
        _add(limits, centre, points[-1], noise)
        both, ahead, behind = limits
        enough = GOOD * abs(both.value)
        settled = both.error <= enough or noise / h > max(both.error, enough)
        if settled and not patient and len(points) >= FEWEST and _agree(ahead, behind):
            break
    if not points:
        return Estimate(math.nan, math.inf, "the steps are too small for floats")
    where = "here" if points[-1][0] < ranges[-1][1] * FACTOR else f"here or within {points[-1][0]:.0e}"
    reason = _no_slope(limits, where)
    if reason:
        return Estimate(math.nan, math.inf, reason)
    measured = _quantum(centre, points)
    if not measured <= COARSE * magnitude:
        measured = 0.0
    if patient:
        measured = max(measured, _residue(limits[0].value, points))
    if measured > noise:
        limits = _limits()
        for point in points:
            _add(limits, centre, point, measured)
    both, ahead, behind = limits
    return Estimate(both.value, both.error, _kink(ahead, behind, where))


def _steps(ranges: tuple[tuple[float, float], ...]) -> Iterator[float]:
    for longest, shortest in ranges:
        h = longest
        while h >= shortest:
            yield h
            h /= FACTOR


def _limits() -> Limits:
    return Limit(FACTOR**2), Limit(FACTOR), Limit(FACTOR)


def _add(limits: Limits, centre: float, point: Point, noise: float) -> None:
    h, right, left = point
    both, ahead, behind = limits
    noise = max(noise, EPSILON * abs(right), EPSILON * abs(left), SMALLEST)
    both.add((right - left) / (2 * h), noise / h)
    ahead.add((right - centre) / h, 2 * noise / h)
    behind.add((centre - left) / h, 2 * noise / h)


def _quantum(centre: float, points: list[Point]) -> float:
    """Return the size of the steps of a function in lower precision, 0 if it is smooth."""
    _, right, left = points[-1]
    if not centre == right == left:
        return 0.0
    moves = (abs(value - centre) for _, *values in points for value in values)
    return min((move for move in moves if move), default=0.0)


def _residue(value: float, points: list[Point]) -> float:
    """Return how far the function is from a straight line at the shortest steps: its rounding error."""
    residues = (abs((right - left) / 2 - value * h) for h, right, left in points[-FEWEST:])
    return max((r for r in residues if math.isfinite(r)), default=0.0)


def _agree(one: Limit, other: Limit) -> bool:
    """Say whether two limits are known well enough to be the same."""
    size = ALIKE * max(abs(one.value), abs(other.value)) + CLEAR * (one.rounding + other.rounding)
    return max(abs(one.value - other.value), one.error, other.error) <= size and not _differ(one, other)


def _differ(one: Limit, other: Limit) -> bool:
    """Say whether two limits differ by more than their error bars."""
    gap = abs(one.value - other.value)
    return gap > CLEAR * (one.error + other.error) and gap > 1e-4 * max(abs(one.value), abs(other.value))


def _no_slope(limits: Limits, where: str) -> str:
    """Say why there is no slope at all, or nothing."""
    for side, beyond in zip(limits[1:], ("right", "left")):
        if not math.isfinite(side.slopes[-1]):
            return f"the function has no finite value to the {beyond}"
        growth = [abs(b / a) for a, b in zip(side.slopes[-FINEST:], side.slopes[-FINEST + 1 :]) if a]
        certain = abs(side.slopes[-1]) > CLEAR * side.rounding
        # Rounding errors divided by ever shorter steps grow too, but not evenly.
        if certain and len(growth) == FINEST - 1 and GROWING < min(growth) > max(growth) / EVENLY:
            return f"slopes grow without limit {where}: a jump, or an infinite derivative"
    return ""


def _kink(ahead: Limit, behind: Limit, where: str) -> str:
    """Say how the slopes to both sides differ, or nothing."""
    if not _differ(ahead, behind):
        return ""
    return f"a kink {where}: the derivative is {ahead.value:.6g} from the right and {behind.value:.6g} from the left"
