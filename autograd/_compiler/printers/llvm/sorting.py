"""Sorting in LLVM's language: of a few numbers each is put where as many are smaller, counted one by one."""

from __future__ import annotations

from collections.abc import Sequence

from autograd._compiler.lower import instructions as to
from autograd._core.tracing import CompileError

from .elements import Elements
from .forms import Buffer
from .lines import Index, Lines, Value
from .scalars import as_kind

MOST_SORTED = 50
"""So many take three times as long as NumPy takes, 20 as long; a program that sorts more is left to NumPy."""


def write_order(elements: Elements, step: to.Order) -> None:
    """Write the places of numbers in ascending order. Raises CompileError for many numbers."""
    if step.length > MOST_SORTED:
        raise CompileError(f"no machine code sorts more than {MOST_SORTED} numbers along an axis")
    lines, source, found = elements.lines, elements.buffer(step.source), elements.allocate(step.out)
    row: Index = 0

    def element(k: Index) -> Value:
        return as_kind(lines, lines.load(source.root, source.kind, _terms(source, step.length, row, k)), "double")

    def put(i: Index) -> list[Value]:
        x = element(i)

        def count(j: Index, before: Value) -> Sequence[Value]:
            y = element(j)
            earlier = lines.made(f"icmp ult i64 {j}, {i}", "i1")
            # Of equal ones the first comes first.
            comes = lines.select(earlier, lines.do("xor", _smaller(lines, x, y), TRUE), _smaller(lines, y, x))
            return [lines.do("add", before, lines.cast("zext", comes, "i64"))]

        [place] = lines.loop(step.length, count, [lines.number(0, "i64", 1)])
        number = lines.made(f"uitofp i64 {i} to {found.kind}", found.kind)
        lines.store(number, found.root, _terms(found, step.length, row, place.name))
        return []

    def each(r: Index) -> list[Value]:
        nonlocal row
        row = r
        lines.loop(step.length, put)
        return []

    lines.loop(step.size // max(step.length, 1), each)
    elements.forms[step.out] = found


def write_take(elements: Elements, step: to.Take) -> None:
    """Write the numbers that stand at computed places."""
    lines, source, places = elements.lines, elements.buffer(step.source), elements.buffer(step.places)
    found = elements.allocate(step.out)

    def each(row: Index) -> list[Value]:
        def take(i: Index) -> list[Value]:
            place = lines.load(places.root, places.kind, _terms(places, step.length, row, i))
            at = lines.cast("fptosi", place, "i64").name
            x = lines.load(source.root, source.kind, _terms(source, step.length, row, at))
            lines.store(as_kind(lines, x, found.kind), found.root, _terms(found, step.length, row, i))
            return []

        lines.loop(step.length, take)
        return []

    lines.loop(step.size // max(step.length, 1), each)
    elements.forms[step.out] = found


TRUE = Value("1", "i1")


def _smaller(lines: Lines, x: Value, y: Value) -> Value:
    """Return whether x is smaller than y; nan is larger than all numbers."""
    return lines.do("and", lines.do("fcmp ult", x, y, kind="i1"), lines.do("fcmp ord", x, x, kind="i1"))


def _terms(buffer: Buffer, length: int, row: Index, k: Index) -> list[tuple[Index, int]]:
    return [(buffer.start, 1), (row, length), (k, 1)]
