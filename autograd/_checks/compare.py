"""The comparison of a gradient with numerical derivatives, and the remarks about it."""

from __future__ import annotations

import math
import random
from bisect import bisect
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from autograd._core.data import shape
from autograd._core.modes import no_grad, record, without_warnings
from autograd._core.node import Node

from .directions import (
    LONGEST,
    SHORTEST,
    Line,
    Numbers,
    copies,
    distance,
    element_count,
    is_same,
    is_zero,
    power_of_two,
    product,
    size_of,
    spans,
)
from .numerical import CLEAR, EPSILON, Estimate, derivative
from .randomness import global_state, restore
from .report import SEVERITY, Entry, Report, entry_of, relative
from .weights import weigher, weighted_gradient, weighted_sum

ENTRIES = 50
"""Up to this count of numbers each one is checked; of more, random directions through all of them."""

DIRECTIONS = 2

MISTAKE = 0.01

DECIDES = 1e-3
"""An error bar wider than this part of the derivative decides nothing: a mistake of 1 % must be seen."""

ROUNDINGS = 32
"""The analytic gradient may be off by this many roundings of a number."""


class Check:
    """One check: `run` computes a function's outputs from raw numbers and tells which nodes held these."""

    def __init__(
        self, run: Callable[[Numbers], tuple[list[Any], list[Any]]], start: Numbers, names: list[str], seed: int
    ) -> None:
        self.run = run
        self.given = start
        self.start: Numbers = [x if type(x) is float else x.astype(float) for x in start]
        self.names = names
        self.sizes = [element_count(x) for x in start]
        self.seed = seed
        self.weigh = weigher(seed)
        self.calls = 0
        self.value, self.magnitude = math.nan, 0.0

    def report(self) -> Report:
        """Compare, and leave the global random generators as they were, from which the function may draw."""
        before = global_state()
        try:
            return self._report()
        finally:
            restore(before)

    @without_warnings
    def _report(self) -> Report:
        problem = self.problem()
        if problem:
            return Report("invalid", (), (problem,), self.calls)
        self.gradient, value = self.analytic(self.start)
        if value != self.value and not math.isnan(value):
            said = f"the function gives {value!r} while it is recorded and {self.value!r} under no_grad()"
            return Report("invalid", (), (said,), self.calls)
        # A function is as good as one of inputs that are off by a rounding, and no better.
        self.magnitude = max(self.magnitude, size_of(self.gradient, self.start))
        entries, remarks = self.compare()
        remarks += self.in_lower_precision()
        verdict = min((entry.verdict for entry in entries), key=SEVERITY.index, default="pass")
        if verdict == "pass" and any(UNSTEADY in remark for remark in remarks):
            verdict = "undecided"
        return Report(verdict, tuple(entries), tuple(remarks), self.calls)

    def evaluate(self, numbers: Numbers) -> tuple[float, float]:
        """Return the weighted sum of the outputs, and that of their sizes."""
        self.calls += 1
        with no_grad():
            outputs, self.targets = self.run(numbers)
        return weighted_sum(outputs, self.weigh(outputs))

    def analytic(self, numbers: Numbers) -> tuple[Numbers, float]:
        """Return the gradient of the weighted sum of the outputs, and that sum."""
        self.calls += 1
        with record():
            outputs, targets = self.run(copies(numbers))
            weights = self.weigh(outputs)
            gradient = weighted_gradient(outputs, weights, targets)
        return [g._data if isinstance(g, Node) else g for g in gradient], weighted_sum(outputs, weights)[0]

    def problem(self) -> str:
        """Say why the function cannot be checked, or nothing."""
        before = global_state()
        self.value, self.magnitude = self.evaluate(copies(self.start))
        for name, node, then in zip(self.names, self.targets, self.start):
            if not is_same(node._data, then):
                return f"the function changes its input {name} in place; let it work on a new one, e.g. x = x + 1"
        if not math.isfinite(self.value):
            return f"the function is {self.value} at these inputs; check where it is finite"
        again, _ = self.evaluate(copies(self.start))
        if again == self.value:
            return ""
        after = global_state()
        restore(before)
        repeated, _ = self.evaluate(copies(self.start))
        restore(after)
        differ = f"the function is not deterministic: it gave {self.value!r}, then {again!r} for the same inputs"
        if repeated == self.value:
            return f"{differ}. It draws from a global random generator: make one from a seed inside the function"
        return (
            f"{differ}. It keeps something between calls, such as a generator of its own (dropout?), a counter or a "
            f"global variable: pass that in, or make it anew in each call"
        )

    def compare(self) -> tuple[list[Entry], list[str]]:
        total = sum(self.sizes)
        remarks: list[str] = []
        if total <= ENTRIES:
            entries = [self.entry(position) for position in range(total)]
        else:
            lines = [self.direction(0, total, k) for k in range(DIRECTIONS)]
            names = [f"random direction {k + 1} through all {total:,} numbers" for k in range(DIRECTIONS)]
            entries = [self.line(name, line) for name, line in zip(names, lines)]
            remarks.append(self.resolution(entries, lines))
        if total > ENTRIES:
            wrong = next((k for k, entry in enumerate(entries) if entry.verdict == "fail"), None)
            if wrong is not None:
                entries += self.locate(0, total, wrong)
        start, idle = 0, []
        for name, size, slope in zip(self.names, self.sizes, self.gradient):
            if is_zero(slope):
                along = self.line(name, self.direction(start, start + size, 0))
                if along.verdict == "pass" and along.numerical == 0.0:
                    idle.append(name)
                elif along.verdict == "fail" and total > ENTRIES:
                    entries.append(along._replace(reason="the analytic gradient is zero, the function is not constant"))
            start += size
        more = f" and {len(idle) - 10} more" if len(idle) > 10 else ""
        if idle:
            remarks.append(f"here the result does not depend on {', '.join(idle[:10])}{more}")
        return entries, remarks

    def resolution(self, entries: list[Entry], lines: list[Line]) -> str:
        """Say how large a mistake in a single number must be for random directions to show it."""
        shares = [
            CLEAR * entry.error / MISTAKE / (product(self.gradient, direction)[1] or math.inf)
            for entry, (direction, _) in zip(entries, lines)
        ]
        return f"a gradient wrong by 1 % shows, unless its number makes less than {max(shares):.0e} of the change"

    def entry(self, position: int) -> Entry:
        """Compare the derivative by the number at `position` among all inputs."""
        k, index = self.place(position)
        x = self.start[k]
        direction: Numbers = [None] * len(self.start)
        direction[k] = 1.0
        if type(x) is not float:
            direction[k] = 0.0 * x
            direction[k][index] = 1.0
            x = float(x[index])
        where = self.names[k] + (f"[{', '.join(map(str, index))}]" if index else "")
        return self.line(where, (direction, spans(abs(x))))

    def place(self, position: int) -> tuple[int, tuple[int, ...]]:
        """Return which input the number at `position` belongs to, and its index there."""
        ends = list(accumulate(self.sizes))
        k = bisect(ends, position)
        position -= ends[k] - self.sizes[k]
        index = []
        for length in reversed(shape(self.start[k])):
            position, rest = divmod(position, length)
            index.append(rest)
        return k, tuple(reversed(index))

    def direction(self, start: int, stop: int, number: int) -> Line:
        """Return a random direction through the numbers from `start` to `stop`, each moved by about its own size.

        A part of a direction is that direction, with zeros elsewhere. Its entries have few digits, so that a step along
        it is added to an input without rounding.
        """
        direction: Numbers = []
        end, longest = 0, 0.0
        for k, (x, size) in enumerate(zip(self.start, self.sizes)):
            begin, end = end, end + size
            if end <= start or begin >= stop:
                direction.append(None)
                continue
            way: Any
            if type(x) is float:
                rng = random.Random(f"{self.seed} {number} {k}")
                sizes: Any = power_of_two(x) if x else 1.0
                way = rng.choice((-1, 1)) * rng.randint(8, 24) / 16 * sizes
                longest = max(longest, sizes)
            else:
                import numpy

                generator = numpy.random.default_rng([self.seed, number, k])
                own = numpy.where(x == 0.0, numpy.sqrt(numpy.mean(x * x)) or 1.0, numpy.abs(x))
                sizes = numpy.exp2(numpy.floor(numpy.log2(own)))
                way = generator.choice((-1.0, 1.0), x.shape) * generator.integers(8, 25, x.shape) / 16 * sizes
                way.reshape(-1)[: max(start - begin, 0)] = 0.0
                way.reshape(-1)[max(stop - begin, 0) :] = 0.0
                longest = max(longest, float(numpy.max(sizes)))
            direction.append(way)
        return direction, ((LONGEST * max(1.0, 1.0 / longest), SHORTEST),)

    def line(self, where: str, line: Line) -> Entry:
        """Compare the derivative along a direction; one that looks wrong is measured again with other steps."""
        direction, ranges = line
        analytic, size = product(self.gradient, direction)
        rounding = ROUNDINGS * EPSILON * size

        def along(h: float) -> float:
            if h == 0.0:
                return self.value
            moved = [x if way is None else x + h * way for x, way in zip(self.start, direction)]
            try:
                return self.evaluate(moved)[0]
            except ArithmeticError:
                return math.nan

        def off(found: Estimate) -> bool:
            within = abs(analytic - found.value) <= CLEAR * (found.error + rounding)
            return not (within and math.isfinite(analytic))

        first = derivative(along, ranges, self.magnitude)
        if math.isinf(first.error) or not (first.reason or off(first)):
            return self.weighed(entry_of(where, analytic, first, "pass"), direction)
        rounding += self.spread(direction, analytic)
        first = derivative(along, ranges, self.magnitude, patient=True)
        if math.isinf(first.error) or not (first.reason or off(first)):
            return self.weighed(entry_of(where, analytic, first, "pass"), direction)
        if not math.isfinite(analytic) and first.error > DECIDES * abs(first.value):
            return entry_of(where, analytic, first, "undecided", "the derivative is too large for floats, or infinite")
        shifted = tuple((0.75 * longest, 0.75 * shortest) for longest, shortest in ranges)
        second = derivative(along, shifted, self.magnitude, patient=True)
        if bool(second.reason) != bool(first.reason) or not (second.reason or off(second)):
            reason = f"with other steps the numerical derivative is {second.value:.6g} ± {second.error:.1g}"
            return entry_of(where, analytic, first._replace(reason=""), "undecided", reason)
        return entry_of(where, analytic, first, "fail")

    def weighed(self, entry: Entry, direction: Numbers) -> Entry:
        """A pass whose error bar is too wide to have seen a mistake decides nothing, however small the number is."""
        size = max(abs(entry.analytic), abs(entry.numerical))
        if entry.verdict != "pass" or entry.error <= DECIDES * size:
            return entry
        if entry.analytic == 0.0 or abs(entry.analytic) <= CLEAR * self.spread(direction, entry.analytic):
            # Nothing, or rounding errors of nothing: there is no number to be wrong.
            return entry
        return entry._replace(verdict="undecided", reason="the error bar is too wide to see a mistake of 1 %")

    def spread(self, direction: Numbers, analytic: float) -> float:
        """Return how far the analytic derivative moves when the inputs move by a rounding."""
        gradients = [self.analytic([x * (1 + EPSILON * sign) for x in self.start])[0] for sign in (1, -1)]
        moves = [abs(product(gradient, direction)[0] - analytic) for gradient in gradients]
        return max((move for move in moves if math.isfinite(move)), default=0.0)

    def locate(self, start: int, stop: int, number: int) -> list[Entry]:
        """Find a number with a wrong derivative by halving; return its comparison, nothing if no half is wrong."""
        while stop - start > 1:
            middle = (start + stop) // 2
            for half in ((start, middle), (middle, stop)):
                if self.line("", self.direction(*half, number)).verdict == "fail":
                    start, stop = half
                    break
            else:
                return []
        return [self.entry(start)]

    def in_lower_precision(self) -> list[str]:
        """Say how the gradient in the precision of the inputs differs from that in float64."""
        lower = sorted({str(x.dtype) for x in self.given if type(x) is not float} - {"float64"})
        if not lower:
            return []
        found, _ = self.analytic(self.given)
        largest = max(float(abs(g).max(initial=0.0)) if shape(g) else abs(float(g)) for g in self.gradient)
        apart = max(distance(g, exact) for g, exact in zip(found, self.gradient))
        share = relative(apart, largest)
        said = f"checked in float64; the gradient in {' and '.join(lower)} differs by {share:.1e} of the largest entry"
        return [said + (f": {UNSTEADY}" if not share <= DECIDES else "")]


UNSTEADY = "rounding leaves too few digits to say more"
