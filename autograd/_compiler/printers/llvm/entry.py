"""The function of a module that takes Python's own objects: it looks whether they are as expected, and reads lists.

Python holds arrays, lists and floats in memory as C structures, of which `Layout` has the places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Layout(NamedTuple):
    """Where objects hold what, in bytes after their beginning: of an array, its numbers come first."""

    kind: int
    data: int
    rank: int
    lengths: int
    dtype: int
    flags: int


class Given(NamedTuple):
    """An array that is given: its place in the table, the letter of its dtype, and its shape."""

    place: int
    dtype: str
    shape: tuple[int, ...]


class Listed(NamedTuple):
    """A list of floats that is given: its place in the table, and where its numbers go among all numbers."""

    place: int
    slot: int
    length: int


WITHOUT_GAPS = 1
"""The flag of an array whose numbers lie in the order of its axes, without gaps."""

FIXED = ("list", "float", "array", "double", "single", "truth", "release", "hold")
"""What stands at the end of the table: the classes, the dtypes, and who lets go of Python's lock and takes it again."""

DTYPES = {"d": "double", "f": "single", "?": "truth"}

GATHER = """define internal i1 @gather(ptr %list, ptr %into, i64 %n, ptr %float, ptr %kind.list) {{
entry:
%is.at = getelementptr i8, ptr %list, i64 {kind}
%is.kind = load ptr, ptr %is.at
%is.list = icmp eq ptr %is.kind, %kind.list
br i1 %is.list, label %measure, label %other
measure:
%size.at = getelementptr i8, ptr %list, i64 {size}
%size = load i64, ptr %size.at
%whole = icmp eq i64 %size, %n
br i1 %whole, label %begin, label %other
begin:
%at = getelementptr i8, ptr %list, i64 {items}
%items = load ptr, ptr %at
br label %loop
loop:
%i = phi i64 [0, %begin], [%next, %more]
%place = getelementptr ptr, ptr %items, i64 %i
%item = load ptr, ptr %place
%kind.at = getelementptr i8, ptr %item, i64 {kind}
%kind = load ptr, ptr %kind.at
%is = icmp eq ptr %kind, %float
br i1 %is, label %more, label %other
more:
%number.at = getelementptr i8, ptr %item, i64 {number}
%number = load double, ptr %number.at
%to = getelementptr double, ptr %into, i64 %i
store double %number, ptr %to
%next = add i64 %i, 1
%again = icmp ult i64 %next, %n
br i1 %again, label %loop, label %done
other:
ret i1 false
done:
ret i1 true
}}
"""
"""Copies the numbers of a list of n floats; returns false if it is none, has more or fewer, or one is no float."""


def entry(
    layout: Layout, arrays: Iterable[Given], lists: Sequence[Listed], fixed: int, numbers: int, out: int, inner: str
) -> str:
    """Return the text of `@call`. It returns 0 where all went well and the results are finite, else 1.

    `fixed` is the place of FIXED in the table, `numbers` and `out` those of the arrays of numbers; `inner` is the name
    of the function that computes, during which others may have Python's lock.
    """
    writer = _Entry(layout, fixed)
    for given in arrays:
        writer.array(given)
    if lists:
        into = writer.data(writer.at(numbers))
        for listed in lists:
            writer.list(listed, into)
    writer.run(inner, out)
    texts = [GATHER.format(**_words(layout))] if lists else []
    body = [*writer.lines, "ret i32 0", "other:", "ret i32 1", "}", ""]
    return "\n".join([*texts, "define i32 @call(ptr %table) {", "entry:", *body])


def _words(layout: Layout) -> dict[str, int]:
    # The size of a list stands before the pointer to its items; a float is a head and a number.
    return {"kind": layout.kind, "size": layout.data, "items": layout.data + 8, "number": layout.data}


class _Entry:
    """Writes the lines of the function."""

    def __init__(self, layout: Layout, fixed: int) -> None:
        self._layout, self._fixed = layout, fixed
        self.lines: list[str] = []
        self._count = 0

    def _new(self, text: str) -> str:
        self._count += 1
        self.lines.append(f"%e{self._count} = {text}")
        return f"%e{self._count}"

    def _loaded(self, kind: str, pointer: str, offset: int) -> str:
        return self._new(f"load {kind}, ptr {self._new(f'getelementptr i8, ptr {pointer}, i64 {offset}')}")

    def _check(self, condition: str) -> None:
        self.lines += [f"br i1 {condition}, label %ok{self._count}, label %other", f"ok{self._count}:"]

    def at(self, place: int) -> str:
        """Return what stands at a place of the table."""
        return self._loaded("ptr", "%table", 8 * place)

    def data(self, array: str) -> str:
        """Return the pointer to the numbers of an array."""
        return self._loaded("ptr", array, self._layout.data)

    def _of(self, name: str) -> str:
        return self.at(self._fixed + FIXED.index(name))

    def array(self, given: Given) -> None:
        """Check an array: its class, before anything else of it is read, then its rank, lengths, dtype and order."""
        layout, array = self._layout, self.at(given.place)
        self._check(self._new(f"icmp eq ptr {self._loaded('ptr', array, layout.kind)}, {self._of('array')}"))
        rank = self._loaded("i32", array, layout.rank)
        self._check(self._new(f"icmp eq i32 {rank}, {len(given.shape)}"))
        self._check(
            self._new(f"icmp eq ptr {self._loaded('ptr', array, layout.dtype)}, {self._of(DTYPES[given.dtype])}")
        )
        order = self._new(f"and i32 {self._loaded('i32', array, layout.flags)}, {WITHOUT_GAPS}")
        self._check(self._new(f"icmp ne i32 {order}, 0"))
        lengths = self._loaded("ptr", array, layout.lengths)
        for axis, n in enumerate(given.shape):
            self._check(self._new(f"icmp eq i64 {self._loaded('i64', lengths, 8 * axis)}, {n}"))

    def list(self, listed: Listed, into: str) -> None:
        """Read a list of floats."""
        to = self._new(f"getelementptr double, ptr {into}, i64 {listed.slot}")
        given = f"ptr {self.at(listed.place)}, ptr {to}, i64 {listed.length}"
        kinds = f"ptr {self._of('float')}, ptr {self._of('list')}"
        self._check(self._new(f"call i1 @gather({given}, {kinds})"))

    def run(self, inner: str, out: int) -> None:
        """Compute while others may have the lock, and check that the results are finite."""
        release, hold = self._of("release"), self._of("hold")
        state = self._new(f"call ptr {release}()")
        self.lines += [f"call void @{inner}(ptr %table)", f"call void {hold}(ptr {state})"]
        first = self._new(f"load double, ptr {self.data(self.at(out))}")
        self._check(self._new(f"fcmp oeq double {first}, 0x0000000000000000"))
