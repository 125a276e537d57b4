"""The dialect of a text file: the character between its cells, lines above its header, whether it has a header."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from autograd.files import brief

from ._files import DataError
from ._formats import DATES, MISSING, days, number
from ._opened import ENCODINGS, HEAD, Path_, name_of, opened

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", " ": "spaces"}
"""What may stand between cells, in the order in which equals are chosen."""

SEEN = 200
"""The lines by which a dialect is known."""


class Dialect(NamedTuple):
    """How a text file is written; `above` are the lines before the header, `notes` what was guessed."""

    encoding: str
    separator: str
    above: int
    header: bool
    notes: list[str]


def dialect_of(
    path: Path_, encoding: str, separator: str | None, header: bool | None, known: Sequence[str] = ()
) -> Dialect:
    """Return the dialect of a text file by its first lines; a `separator` or `header` that is given is taken.

    A first row with one of the names `known` is a header.
    """
    with opened(path) as file:
        head = file.read(HEAD).decode(encoding, "replace")
    # A line that is cut off has fewer cells.
    complete = head if len(head) < HEAD // 4 else head.rpartition("\n")[0] or head
    notes = [f"read as {ENCODINGS[encoding]}, as it is not UTF-8"] if encoding in ENCODINGS else []
    told = re.match(r"sep=(.)\r?\n", complete)
    if told and separator is None:
        separator = told[1]
    found = max(
        (_tried(complete, candidate) for candidate in ([separator] if separator else SEPARATORS)),
        key=lambda tried: tried[:2],
    )
    (_, width), chosen, rows = found[:2], found[2], found[3]
    if separator is None and width > 1 and chosen != ",":
        notes.append(f"cells are separated by {SEPARATORS[chosen]}")
    # A title has one cell, and stands above rows of several.
    above = next((k for k, row in enumerate(rows) if _filled(row) > 1), 0) if width > 1 else 0
    above += bool(told) and above == 0
    notes += [f"left out above the header: {brief(' '.join(row), 40)}" for row in rows[: 0 if told else above]]
    if header is None:
        first = [cell.strip() for cell in rows[above]] if rows[above:] else []
        header = any(name in first for name in known) or has_header(rows[above:])
        if not header:
            notes.append("no header: the columns are named column 1, column 2, ...")
    return Dialect(encoding, chosen, above, header, notes)


def _tried(text: str, separator: str) -> tuple[float, int, str, list[list[str]]]:
    """Return how well a separator fits (the part of the lines with as many cells as most), and that number."""
    rows: list[list[str]] = []
    try:
        for row in lines_of(io.StringIO(text, newline=""), separator):
            if any(map(str.strip, row)):
                rows.append(row)
            if len(rows) == SEEN:
                break
    except csv.Error:
        pass
    if not rows:
        return 0.0, 0, separator, rows
    # Of equally frequent widths the larger one: titles have one cell.
    (width, count) = max(Counter(map(len, rows)).items(), key=lambda found: (found[1], found[0]))
    # Text has spaces and commas of its own, but seldom as many in each line.
    fit = count / len(rows) if width > 1 else 0.0
    return (
        (round(fit, 1) if separator != " " or fit == 1.0 else 0.0),
        (width if separator != " " else 0),
        separator,
        rows,
    )


def lines_of(text: Iterable[str], separator: str) -> Iterator[list[str]]:
    """Return csv's reader of a text, which has `line_num` as well."""
    return csv.reader(text, delimiter=separator, strict=True, skipinitialspace=separator != "\t")


def _filled(row: list[str]) -> int:
    return sum(cell.strip() != "" for cell in row)


def has_header(rows: list[list[str]]) -> bool:
    """Tell whether the first row has the names of the columns: text above numbers, or nothing but text.

    >>> from nn.data._dialect import has_header
    >>> has_header([["a", "b"], ["1", "x"]]), has_header([["1", "x"], ["2", "y"]]), has_header([["a"], ["b"]])
    (True, False, True)
    """
    if not rows:
        return True
    first, rest = rows[0], rows[1:]
    if not rest:
        return not all(map(_is_datum, first))
    columns = list(zip(*(row for row in rest if len(row) == len(first))))
    kinds = [
        (_is_datum(name), all(_is_datum(cell) or cell.strip() in MISSING for cell in column))
        for name, column in zip(first, columns)
    ]
    # Years may be names above numbers, so that one name above numbers is enough.
    return not any(datum for datum, _ in kinds) or any(below and not datum for datum, below in kinds)


def _is_datum(cell: str) -> bool:
    """Tell whether a cell is a number or a date, which names seldom are."""
    cell = cell.strip()
    return (
        (cell in MISSING and cell != "")
        or number(cell) is not None
        or number(cell, "decimal comma") is not None
        or any(days(cell, way) is not None for way in DATES)
    )


def names_of(path: Path_, line: int, header: list[str]) -> list[str]:
    """Return the names of columns; raise DataError for a name that stands twice. A column without one gets a number."""
    seen: set[str] = set()
    names = []
    for column, cell in enumerate(header, 1):
        name = cell.strip() or f"unnamed {column}"
        if name in seen:
            raise DataError(f"{name_of(path)}, line {line}, column {column}: is named twice: {name:.60}")
        seen.add(name)
        names.append(name)
    return names
