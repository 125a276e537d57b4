"""The cells of a table, column by column: plain numbers as numbers, all else as text, each text once."""

from __future__ import annotations

import csv
import io
import math
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, BinaryIO, NamedTuple

from autograd.files import brief
from nn._core.types import Array

from ._blocks import is_plain, plain_numbers
from ._dialect import Dialect, lines_of, names_of
from ._files import DataError
from ._formats import MISSING, number
from ._opened import Path_, name_of, next_encoding, opened

ROWS = 2**10
"""The rows that are turned into columns at a time: few enough for the cache of a processor."""

CODES = (re.compile(r"\n0\d"), re.compile(r"\n-0\d"), re.compile(r"\n\+0\d"))
"""A number that begins with a zero: the code of a place, a telephone, of which the zero is a part."""

POINTED = re.compile(r"\n(?![-+]?[1-9]\d{0,2}(?:\.\d{3})+(?:\n|$))[^\n]*\.")
"""A number whose point cannot stand between thousands."""


class Cells(NamedTuple):
    """A column of n cells: `numbers` (n,), nan where nothing stands, or else the place (n,) of each in `texts`.

    `points` says of numbers whether their points can only be decimal points (True), or may part thousands (False).
    """

    name: str
    numbers: Array | None
    codes: Array | None
    texts: list[str]
    points: bool | None = None
    labels: bool = False

    def row_of(self, text: str) -> int:
        """Return the first row that has a text."""
        assert self.codes is not None
        return int((self.codes == self.texts.index(text)).argmax())


class Sheet(NamedTuple):
    """The columns of a table, and where each row stands; `faults` are the rows that could not be read."""

    source: str
    columns: list[Cells]
    lines: Sequence[int]
    place: str
    notes: list[str]
    faults: dict[int, str]
    separator: str = ","

    def at(self, row: int) -> str:
        """Return the place of a row in words."""
        return f"{self.source}, {self.place} {self.lines[row]}"


class _Other(Exception):
    """The file is to be read again: some columns as text, or by another code."""


class _Column:
    """A column that grows by pieces."""

    def __init__(self, as_text: bool, holes: Sequence[float]) -> None:
        self.as_text, self.holes = as_text, holes
        self.pieces: list[Array] = []
        self.texts: dict[str, int] = {}
        self.points: bool | None = None

    def is_plain(self, points: bool) -> bool:
        """Tell whether more plain numbers say nothing new of the column; `points` tells whether there are any."""
        return not self.as_text and bool(self.pieces) and (self.points is True or not points)

    def take(self, numbers: Array) -> None:
        """Take more numbers, nan for what is missing."""
        for hole in self.holes:
            numbers[numbers == hole] = math.nan
        self.pieces.append(numbers)

    def add(self, cells: Sequence[str]) -> bool:
        """Take more cells; return False if earlier numbers would be needed as text."""
        import numpy

        numbers = None if self.as_text else self._floats(cells)
        if numbers is None:
            if not self.as_text and self.pieces:
                return False
            self.as_text = True
            texts = self.texts
            codes = [texts.setdefault(cell.strip(), len(texts)) for cell in cells]
            self.pieces.append(numpy.array(codes, numpy.int32))
        else:
            self.take(numbers)
        return True

    def _floats(self, cells: Sequence[str]) -> Array | None:
        """Return plain numbers, nan for what is missing, or None if something else is among them."""
        import numpy

        joined = "\n" + "\n".join(cells)
        if not joined.isascii() or "_" in joined or any(code.search(joined) for code in CODES):
            return None
        try:
            numbers = numpy.fromiter(map(float, cells), float, len(cells))
        except ValueError:
            try:
                found = [math.nan if cell.strip() in MISSING else float(cell) for cell in cells]
            except ValueError:
                return None
            numbers = numpy.array(found, float)
        if numpy.isinf(numbers).any():
            return None
        if self.points is not True and "." in joined:
            self.points = POINTED.search(joined) is not None
        return numbers

    def done(self, name: str) -> Cells:
        import numpy

        whole = numpy.concatenate(self.pieces) if self.pieces else numpy.zeros(0)
        if self.as_text:
            return Cells(name, None, whole.astype(numpy.int32), list(self.texts))
        return Cells(name, whole, None, [], self.points)


def read_text(
    path: Path_,
    dialect: Dialect,
    *,
    as_text: Callable[[str], bool] = lambda name: False,
    wanted: Callable[[list[str], int], Any] = lambda names, line: None,
    early: Callable[[Sheet], Any] = lambda sheet: None,
    holes: Sequence[float] = (),
    tolerant: bool = False,
) -> Sheet:
    """Return the columns of a text file; those whose name says `as_text` are kept as they are written.

    `wanted` is called with the names before anything is read, `early` with the first rows. Raises DataError for rows
    of other lengths; with `tolerant` they are empty, and told in `faults`.
    """
    texts: set[int] = set()
    for _ in range(10_000):
        try:
            return _read_once(path, dialect, as_text, wanted, early, holes, tolerant, texts)
        except _Other as other:
            (found,) = other.args
            if isinstance(found, str):
                note = f"read as {found}, as it is not UTF-8"
                dialect = dialect._replace(encoding=found, notes=[*dialect.notes, note])
            else:
                texts.add(found)
    raise AssertionError("a file changes while it is read")  # pragma: no cover


def _read_once(
    path: Path_,
    dialect: Dialect,
    as_text: Callable[[str], bool],
    wanted: Callable[[list[str], int], Any],
    early: Callable[[Sheet], Any],
    holes: Sequence[float],
    tolerant: bool,
    texts: set[int],
) -> Sheet:
    name, numbers, faults = name_of(path), array("q"), dict[int, str]()
    sheet = Sheet(name, [], numbers, "line", dialect.notes, faults, dialect.separator)
    with opened(path) as file, _text_of(file, dialect.encoding) as text:
        lines = _Lines(text)
        try:
            rows = _rows(lines, sheet, 0, dialect.above)
            line, first = next(rows, (0, []))
            if not first:
                raise DataError(f"{name}: is empty; a header line and a line for each sample are needed")
            if dialect.header:
                header = names_of(path, line, first)
            else:
                header = [f"column {k + 1}" for k in range(len(first))]
                rows = _after((line, first), rows)
            wanted(header, line)
            columns = [_Column(k in texts or as_text(title), holes) for k, title in enumerate(header)]

            def other(k: int, cells: Sequence[str]) -> None:
                """Stop: column k, which was of numbers, is not; a mistake among numbers is told at once."""
                # In a sorted column text may begin in the middle of a block, and goes on to its end.
                if number(cells[-1]) is not None:
                    (column := _Column(True, ())).add(cells)
                    early(sheet._replace(columns=[column.done(header[k])], lines=numbers[-len(cells) :]))
                raise _Other(k)

            _add_rows(columns, islice(rows, ROWS), sheet, tolerant, other)
            if numbers:
                early(sheet._replace(columns=[column.done(title) for column, title in zip(columns, header)]))
            _add_lines(columns, lines, sheet, tolerant, other)
        except UnicodeDecodeError as error:
            if not dialect.encoding.startswith("utf-8"):
                raise DataError(f"{name}, line {lines.number}: is damaged text ({error.reason})") from None
            raise _Other(next_encoding(error.object)) from None
    if not numbers:
        raise DataError(f"{name}: has a header, but no samples")
    return sheet._replace(columns=[column.done(title) for column, title in zip(columns, header)])


@contextmanager
def _text_of(file: BinaryIO, encoding: str) -> Iterator[io.TextIOWrapper]:
    """Read a file as text, and leave it open: it may be somebody else's, or be read again."""
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield text
    finally:
        text.detach()


class _Lines:
    """The lines of a text, counted."""

    def __init__(self, text: Iterable[str]) -> None:
        self.text, self.number = iter(text), 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self.text)
        self.number += 1
        return line

    def block(self) -> list[str]:
        """Return so many lines as are turned into columns at a time; none at the end."""
        found = list(islice(self.text, ROWS))
        self.number += len(found)
        return found


Other = Callable[[int, Sequence[str]], None]
"""What is called with the number of a column, and its cells, when text comes where numbers were; it raises."""


def _add_lines(columns: list[_Column], lines: _Lines, sheet: Sheet, tolerant: bool, other: Other) -> None:
    """Take the lines that are left: those of plain numbers by NumPy, all others by csv."""
    place: Any = sheet.lines
    plain = is_plain(sheet.separator, len(columns))
    while block := lines.block():
        start, whole = lines.number - len(block), "".join(block)
        if not plain or '"' in whole:
            # A cell in quotes may go on in the next block.
            _add_rows(columns, _rows(chain(block, lines), sheet, start, 0), sheet, tolerant, other)
            return
        points = "." in whole
        chosen = [k for k, column in enumerate(columns) if column.is_plain(points)]
        found = plain_numbers(block, whole, sheet.separator, len(columns), chosen)
        if found is None:
            _add_rows(columns, _rows(block, sheet, start, 0), sheet, tolerant, other)
            continue
        numbers, others = found
        place.extend(range(start + 1, lines.number + 1))
        for k, column in zip(chosen, numbers.T):
            columns[k].take(column)
        for k, cells in zip(sorted({*range(len(columns))} - {*chosen}), others):
            if not columns[k].add(cells):
                other(k, cells)


def _add_rows(
    columns: list[_Column], rows: Iterable[tuple[int, list[str]]], sheet: Sheet, tolerant: bool, other: Other
) -> None:
    """Take rows of cells."""
    for piece in _pieces(rows, len(columns), sheet, tolerant):
        for k, cells in enumerate(piece):
            if not columns[k].add(cells):
                other(k, cells)


def _after(first: tuple[int, list[str]], rest: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from rest


def _rows(lines: Iterable[str], sheet: Sheet, start: int, above: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold something, with the numbers of their lines, without those `above` the header.

    `start` is the number of the lines before; raises DataError for what is not CSV.
    """
    reader: Any = lines_of(lines, sheet.separator)
    try:
        found = ((start + reader.line_num, row) for row in reader if row and (len(row) > 1 or row[0].strip()))
        yield from islice(found, above, None)
    except csv.Error as error:
        raise DataError(f"{sheet.source}, line {start + reader.line_num}: is not CSV ({error})") from None


def _pieces(rows: Iterable[tuple[int, list[str]]], width: int, sheet: Sheet, tolerant: bool) -> Iterator[list[Any]]:
    """Yield the columns of some rows at a time; put the lines, and what is wrong with them, into the sheet."""
    lines: Any = sheet.lines
    rows = iter(rows)
    while True:
        piece = []
        for line, row in islice(rows, ROWS):
            if len(row) != width:
                fault = f"has {len(row)} cells; the header has {width}"
                if not tolerant:
                    raise DataError(f"{sheet.source}, line {line}: {fault}")
                sheet.faults[len(lines)] = fault
                row = [""] * width
            piece.append(row)
            lines.append(line)
        if not piece:
            return
        yield list(zip(*piece))


def sheet_of(source: str, columns: Iterable[tuple[str, Any, bool]], place: str, first: int, notes: list[str]) -> Sheet:
    """Return columns of Python's objects, (name, items, whether they are labels), as those of a text file.

    `first` is the number of the first row.
    """
    found = [_typed(name, items, labels) for name, items, labels in columns]
    lengths = {len(part) for column in found for part in (column.numbers, column.codes) if part is not None}
    if not found or lengths == {0}:
        raise DataError(f"{source}: has no samples")
    if len(lengths) > 1:
        raise DataError(f"{source}: has columns of different lengths, {min(lengths)} and {max(lengths)}")
    return Sheet(source, found, range(first, first + lengths.pop()), place, notes, {})


def _typed(name: str, items: Any, labels: bool) -> Cells:
    import numpy

    if getattr(getattr(items, "dtype", None), "kind", "") in ("f", "i", "u") and not labels:
        numbers = numpy.array(items, float)
        if not numpy.isinf(numbers).any():
            return Cells(name, numbers, None, [], True)
    texts: dict[str, int] = {}
    codes, plain = [], not labels
    for item in items:
        if hasattr(item, "__len__") and not isinstance(item, str):
            raise DataError(f"column {name}: holds {brief(item, 40)}, which is neither a number nor a text")
        plain = plain and (item is None or (isinstance(item, (int, float)) and not isinstance(item, bool)))
        codes.append(texts.setdefault(text_of(item), len(texts)))
    if plain and texts.keys() != {""} and not {"inf", "-inf"} & texts.keys():
        found = numpy.array([math.nan if text in MISSING else float(text) for text in texts])
        return Cells(name, found[codes], None, [], True)
    return Cells(name, None, numpy.array(codes, numpy.int32), list(texts), None, labels)


def text_of(item: Any) -> str:
    """Return an object in a cell as text: nothing for what is missing, dates as ISO 8601 writes them.

    >>> from nn.data._cells import text_of
    >>> text_of(None), text_of(True), text_of(2.0), text_of(" a ")
    ('', 'true', '2', 'a')
    """
    if item is None or type(item).__name__ in ("NAType", "NaTType") or item != item:
        return ""
    if type(item).__name__ in ("bool", "bool_"):
        return str(bool(item)).lower()
    if hasattr(item, "isoformat"):
        return str(item.isoformat(" ") if hasattr(item, "hour") and hasattr(item, "year") else item.isoformat())
    if isinstance(item, float) and item.is_integer() and abs(item) < 2**53:
        return str(int(item))
    return str(item).strip()


def as_text(column: Cells) -> Cells:
    """Return a column of numbers as if they had been written as text."""
    if column.numbers is None:
        return column
    import numpy

    found, codes = numpy.unique(column.numbers, return_inverse=True)
    return Cells(column.name, None, codes.astype(numpy.int32), list(map(text_of, found.tolist())))
