"""Sums and other repetitions in LLVM's language."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograd._compiler.lower import instructions as to

from .elements import Elements
from .forms import Buffer, Loops, Place, Tree, best, places, reads, zeros
from .lines import Index, Value
from .scalars import FUNCTIONS, as_kind

UNROLLED = 4
"""How many totals are added up beside each other: one alone would wait for itself."""

TURNS = 64
"""After so many turns of a loop their sum is added to that of all: so rounding errors grow slowly."""

FIRST = {"add": 0.0, "multiply": 1.0}


class Reduction:
    """The loops of a repetition: vectors run along what is repeated, or along what is not, whichever costs less."""

    def __init__(self, elements: Elements, step: to.Reduce, tree: Tree, found: Buffer) -> None:
        self._elements, self._lines, self._step, self._found = elements, elements.lines, step, found
        n, self._lanes = step.size * step.length, elements.lanes(tree, found.kind)
        self._nest = Loops(n, [read.table for read in reads(tree)], (step.length,))
        self._out = self._nest.strides(places(step.size).repeat(step.length))
        self._tree = elements.ahead(tree)
        tables = [read.table for read in reads(self._tree)]
        points = self._nest.points[1:]
        self._outer = [k for k, point in enumerate(points) if point >= step.length]
        self._inner = [k for k in range(len(points)) if k not in self._outer]
        self._along = best(self._nest, tables or [zeros(n)], self._lines) if points else -1
        self._indices: list[Index] = [0] * len(points)

    def write(self) -> None:
        outer = [k for k in self._outer if k != self._along]
        self._elements.around(self._nest, outer, self._indices, self._row)

    def _row(self) -> None:
        if self._along in self._outer:
            self._elements.along(self._nest.lengths[self._along], self._lanes, self._beside)
            return
        if not self._inner:
            self._save([self._more(self._identity(1), 1)])
            return
        length, lanes = self._nest.lengths[self._along], self._lanes
        beside = min(UNROLLED, length // lanes)
        rest = length % lanes
        start = [self._identity(lanes)] * beside + ([self._identity(rest)] if rest else [])
        loops = [k for k in self._inner if k != self._along]
        totals = self._carried(loops, start, lambda totals: self._length(totals, beside, length - rest, rest))
        vectors = list(totals[:beside])
        vectors = [self._all(vectors)] if vectors else []
        self._save([self._across(total) for total in (*vectors, *totals[beside:])])

    def _beside(self, index: Index, lanes: int) -> None:
        """Write one vector of results."""
        self._indices[self._along] = index
        start = [self._identity(lanes)]
        self._save(self._carried(self._inner, start, lambda t: [self._more(t[0], lanes)]), lanes)

    def _carried(
        self, loops: Sequence[int], totals: Sequence[Value], body: Callable[[Sequence[Value]], Sequence[Value]]
    ) -> Sequence[Value]:
        """Write loops that carry totals."""
        if not loops:
            return body(totals)

        def turn(index: Index, *totals: Value) -> Sequence[Value]:
            self._indices[loops[0]] = index
            return self._carried(loops[1:], totals, body)

        return self._lines.loop(self._nest.lengths[loops[0]], turn, totals)

    def _length(self, totals: Sequence[Value], beside: int, whole: int, rest: int) -> Sequence[Value]:
        """Add the elements of one loop to the totals: vectors beside each other, then the rest."""
        lanes, found = self._lanes, list(totals)
        at = 0
        turns = [TURNS * beside * lanes] if beside else []
        for size in [*turns, beside * lanes, lanes]:
            part = (whole - at) // size * size if size else 0
            if part:
                found[:beside] = self._blocks(found[:beside], at, part, size)
            at += part
        if rest:
            self._indices[self._along] = whole
            found[-1] = self._more(found[-1], rest)
        return found

    def _blocks(self, totals: list[Value], start: int, part: int, size: int) -> list[Value]:
        beside, lanes = len(totals), self._lanes

        def block(index: Index, *totals: Value) -> list[Value]:
            if size <= beside * lanes:
                return turn(self._shifted(index, start), *totals)
            first = [self._identity(lanes)] * beside
            base = self._shifted(index, start)
            made = self._lines.loop(
                size, lambda k, *sums: turn(self._shifted(k, base), *sums), first, step=beside * lanes
            )
            return [self._together(a, b) for a, b in zip(totals, made)]

        def turn(index: Index, *totals: Value) -> list[Value]:
            found = list(totals)
            for k in range(min(beside, size // lanes)):
                self._indices[self._along] = self._shifted(index, k * lanes)
                found[k] = self._more(found[k], lanes)
            return found

        return list(self._lines.loop(part, block, totals, step=size))

    def _shifted(self, index: Index, by: Index) -> Index:
        if isinstance(index, int) and isinstance(by, int):
            return index + by
        return index if by == 0 else by if index == 0 else self._lines.made(f"add i64 {index}, {by}", "i64").name

    def _identity(self, lanes: int) -> Value:
        value = {"add": 0.0, "multiply": 1.0, "logical_and": 1.0, "logical_or": 0.0}.get(self._step.function)
        value = self._step.initial if value is None else value
        return (
            as_kind(self._lines, self._lines.number(value, "double", lanes), self._kind())
            if self._kind() != "float"
            else self._lines.number(value, "float", lanes)
        )

    def _kind(self) -> str:
        return "i1" if self._step.function.startswith("logical") else self._found.kind

    def _together(self, x: Value, y: Value) -> Value:
        return FUNCTIONS[self._step.function](self._lines, x, y)

    def _more(self, total: Value, lanes: int) -> Value:
        load = self._elements.loader(self._nest, Place(self._indices, self._along, lanes))
        value = self._elements.render(self._tree, load, lanes)
        return self._together(total, as_kind(self._lines, value, self._kind()))

    def _across(self, x: Value) -> Value:
        """Return the total of a vector."""
        return self._all([self._lines.lane(x, k) for k in range(x.lanes)])

    def _all(self, totals: list[Value]) -> Value:
        """Return the total of several: of halves of them, and so on."""
        while len(totals) > 1:
            half = -(-len(totals) // 2)
            totals = [*map(self._together, totals, totals[half:]), *totals[len(totals) - half : half]]
        return totals[0]

    def _save(self, totals: Sequence[Value], lanes: int = 1) -> None:
        lines, found = self._lines, totals[0]
        for other in totals[1:]:
            found = self._together(found, other)
        if self._step.function in ("add", "multiply") and self._step.initial != FIRST[self._step.function]:
            found = self._together(lines.number(self._step.initial, found.kind, lanes), found)
        assert self._out is not None
        terms = [(self._found.start, 1), *((i, s) for i, s in zip(self._indices, self._out) if s)]
        # Neighbours in the loop of vectors may be far apart among the results.
        step = self._out[self._along] if lanes > 1 else 1
        lines.store(as_kind(lines, found, self._found.kind), self._found.root, terms, step)
