"""Products of matrices in LLVM's language: tiles whose sums stay in the registers of the processor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from .elements import Elements
from .forms import Buffer
from .lines import Index, Terms, Value

LONG = 32
"""From this length on the products of rows and columns in memory are added up as vectors."""

NEAR = 256
"""So many rows of a matrix stay near the processor until they are used again."""

Places: TypeAlias = tuple[Index, ...]
"""Places to be added up."""

REGISTERS = {64: 32, 32: 16, 16: 16}
"""How many registers a processor has, by the bytes of each: a tile is what fits in."""


def tile_of(rows: int, vectors: int, registers: int) -> tuple[int, int]:
    """Return how many rows and vectors a tile has: many, and if possible so that none are left over.

    >>> from autograd._compiler.printers.llvm.products import tile_of
    >>> tile_of(100, 4, 16), tile_of(7, 3, 16)
    ((5, 2), (4, 3))
    """
    wide = next((n for n in (4, 3, 2) if n * 5 < registers and vectors % n == 0), min(2, max(vectors, 1)))
    most = min((registers - 1) // wide - 1, 8)
    return next((n for n in range(most, most // 2, -1) if rows % n == 0), min(most, max(rows, 1))), wide


class Matrix(NamedTuple):
    """Matrices in memory: where the first element is, and the steps from one to the next, of rows and of columns."""

    buffer: Buffer
    steps: list[int]

    @property
    def turned(self) -> Matrix:
        return Matrix(self.buffer, [self.steps[0], self.steps[2], self.steps[1]])


class Product:
    """The loops of one product of matrices."""

    def __init__(self, elements: Elements, kind: str, form: tuple[int, int, int]) -> None:
        self._elements, self._lines, self._kind = elements, elements.lines, kind
        self._rows, self._inner, self._columns = form
        self._lanes = elements.lines.target.lanes(kind)

    def write(self, left: Matrix, right: Matrix, out: Matrix, batch: Index) -> None:
        """Write out = left right."""
        self._left, self._right, self._out, self._batch = left, right, out, batch
        rows, inner, columns = self._rows, self._inner, self._columns
        if right.steps[2] == 1 or columns == 1 == rows == inner:
            self._by_columns()
            return
        down, across = right.steps[1] == 1 or inner == 1, left.steps[2] == 1 or inner == 1
        if left.steps[1] == 1 and not (down and across):
            self._turn()
        elif down and across and inner >= LONG:
            self._by_products()
        elif columns == 1 and across and inner >= self._lanes:
            if not down:
                self._right = self._packed(right.turned, columns, inner).turned
            self._by_products()
        elif columns == 1 and rows > 1:
            self._turn()
        else:
            if columns > 1:
                self._right = self._packed(right, inner, columns)
            self._by_columns()

    def _turn(self) -> None:
        """Write the transposed product."""
        other = Product(self._elements, self._kind, (self._columns, self._inner, self._rows))
        left, right = self._right.turned, self._left.turned
        if right.steps[2] != 1 and self._rows > 1:
            other._batch = self._batch
            right = other._packed(right, self._inner, self._rows)
        other.write(left, right, self._out.turned, self._batch)

    def _packed(self, matrix: Matrix, rows: int, columns: int) -> Matrix:
        """Copy a matrix, so that its rows are rows in memory."""
        elements, lines = self._elements, self._lines
        found = Matrix(elements.reserve(self._kind, rows * columns), [0, columns, 1])

        def row(i: Index) -> list[Value]:
            def chunk(j: Index, n: int) -> None:
                value = lines.load(matrix.buffer.root, self._kind, self._at(matrix, i, j), n, matrix.steps[2])
                lines.store(value, found.buffer.root, self._at(found, i, j))

            elements.along(columns, self._lanes, chunk)
            return []

        lines.loop(rows, row)
        return found

    def _at(self, matrix: Matrix, i: Index, j: Index, row: int = 0, column: int = 0) -> Terms:
        """Return the place of an element, `row` and `column` after that of a tile."""
        batch, down, across = matrix.steps
        return [
            (matrix.buffer.start, 1), (self._batch, batch), (i, down), (row, down), (j, across), (column, across),
        ]  # fmt: skip

    def _load(
        self,
        matrix: Matrix,
        i: Index,
        j: Index,
        row: int = 0,
        column: int = 0,
        lanes: int = 1,
        further: Terms | None = None,
    ) -> Value:
        terms = self._at(matrix, i, j, row, column) + (further or [])
        return self._lines.load(matrix.buffer.root, self._kind, terms, lanes, matrix.steps[2])

    def _zero(self, lanes: int) -> Value:
        return self._lines.number(0.0, self._kind, lanes)

    def _by_columns(self) -> None:
        """Write tiles whose vectors run along the columns."""
        lanes, registers = self._lanes, REGISTERS[self._lines.target.width]
        whole, rest = divmod(self._columns, lanes)
        wide = tile_of(self._rows, whole, registers)[1]
        groups, left = divmod(whole, wide)
        tail = [lanes] * left + [rest] * bool(rest)

        def tiles(j: Index, widths: list[int], first: Places, inner: int, adds: bool) -> list[Value]:
            high = tile_of(self._rows, len(widths), registers)[0]
            self._in_steps(self._rows, high, lambda i, n: self._tile(i, j, n, widths, first, inner, adds))
            return []

        def part(first: Places, inner: int, adds: bool) -> list[Value]:
            self._lines.loop(
                groups * wide * lanes, lambda j: tiles(j, [lanes] * wide, first, inner, adds), step=wide * lanes
            )
            if tail:
                tiles(groups * wide * lanes, tail, first, inner, adds)
            return []

        # Rows that are far apart are used again while they are near the processor.
        most = self._inner if self._out.steps[2] != 1 or self._inner < 2 * NEAR else NEAR
        rest = self._inner % most
        part((), most, False)
        self._lines.loop(self._inner - rest - most, lambda k: part((k, most), most, True), step=most)
        if rest:
            part((self._inner - rest,), rest, True)

    def _in_steps(self, n: int, size: int, body: Callable[[Index, int], None]) -> None:
        """Run body(start, length) over n elements, in steps of a size and for the rest."""

        def turn(index: Index) -> list[Value]:
            body(index, size)
            return []

        whole = n // size * size
        self._lines.loop(whole, turn, step=size)
        if n > whole:
            body(whole, n - whole)

    def _tile(
        self, i: Index, j: Index, rows: int, widths: Sequence[int], first: Places, inner: int, adds: bool
    ) -> None:
        """Write sums of `inner` products from some place on, or add them to what is there."""
        starts = [sum(widths[:k]) for k in range(len(widths))]
        lines = self._lines
        down, across = [[(place, steps) for place in first] for steps in (self._right.steps[1], self._left.steps[2])]

        def turn(k: Index, *sums: Value) -> list[Value]:
            vectors = [self._load(self._right, k, j, 0, s, w, down) for s, w in zip(starts, widths)]
            found = []
            for row in range(rows):
                number = self._load(self._left, i, k, row, further=across)
                for n, vector in enumerate(vectors):
                    spread = lines.spread(number, vector.lanes)
                    found.append(lines.multiply_add(spread, vector, sums[row * len(vectors) + n]))
            return found

        before = [
            self._load(self._out, i, j, row, s, w) if adds else self._zero(w)
            for row in range(rows) for s, w in zip(starts, widths)
        ]  # fmt: skip
        sums = lines.loop(inner, turn, before)
        for place, total in enumerate(sums):
            row, n = divmod(place, len(widths))
            self._save(total, i, j, row, starts[n])

    def _save(self, x: Value, i: Index, j: Index, row: int, column: int) -> None:
        out = self._out
        self._lines.store(x, out.buffer.root, self._at(out, i, j, row, column), out.steps[2])

    def _by_products(self) -> None:
        """Write tiles whose vectors run along what is added up."""
        high, wide = min(4, self._rows), min(4 if self._lines.target.width == 64 else 2, self._columns)
        self._in_steps(
            self._rows, high,
            lambda i, rows: self._in_steps(self._columns, wide, lambda j, n: self._corner(i, j, rows, n)),
        )  # fmt: skip

    def _corner(self, i: Index, j: Index, rows: int, columns: int) -> None:
        lanes, lines = self._lanes, self._lines
        whole = self._inner // lanes * lanes

        def turn(k: Index, sums: Sequence[Value], n: int) -> list[Value]:
            right = self._right.turned
            vectors = [self._load(right, j, k, column, 0, n) for column in range(columns)]
            found = []
            for row in range(rows):
                left = self._load(self._left, i, k, row, 0, n)
                found += [lines.multiply_add(left, v, sums[row * columns + c]) for c, v in enumerate(vectors)]
            return found

        count = rows * columns
        sums = lines.loop(whole, lambda k, *sums: turn(k, sums, lanes), [self._zero(lanes)] * count, step=lanes)
        rest: Sequence[Value] = ()
        if self._inner > whole:
            rest = turn(whole, [self._zero(self._inner - whole)] * count, self._inner - whole)
        for row, start in enumerate(range(0, count, columns)):
            total = self._across(sums[start : start + columns])
            if rest:
                more = lines.joined([self._sum(x) for x in rest[start : start + columns]])
                total = lines.do("fadd", total, more)
            self._save(total, i, j, row, 0)

    def _across(self, vectors: Sequence[Value]) -> Value:
        """Return a vector with the sum of the numbers in each of the vectors, neighbours first."""
        n, found = len(vectors), list(vectors)
        held, lanes = 1, found[0].lanes
        # Each holds parts of so many sums, one after the other, then the next parts of these.
        while len(found) > 1:
            found += found[-1:] * (len(found) % 2)
            found = [self._halved(a, b, lanes, held) for a, b in zip(found[::2], found[1::2])]
            held *= 2
        [total] = found
        while total.lanes > held:
            total = self._halved(total, None, total.lanes, held)
        return total if total.lanes == n else self._lines.joined([self._lines.lane(total, k) for k in range(n)])

    def _halved(self, a: Value, b: Value | None, lanes: int, held: int) -> Value:
        """Return the sums of every two neighbours among the parts of `held` numbers in a vector, or in two."""
        starts = range(0, lanes, 2 * held)
        firsts = [start + other for start in starts for other in ((0,) if b is None else (0, lanes))]
        even = [first + k for first in firsts for k in range(held)]
        parts = [self._lines.chosen(a, b or a, [place + odd for place in even]) for odd in (0, held)]
        return self._lines.do("fadd", *parts)

    def _sum(self, x: Value) -> Value:
        numbers = [self._lines.lane(x, k) for k in range(x.lanes)]
        while len(numbers) > 1:
            numbers = [
                self._lines.do("fadd", numbers[k], numbers[k + 1]) if k + 1 < len(numbers) else numbers[k]
                for k in range(0, len(numbers), 2)
            ]
        return numbers[0]
