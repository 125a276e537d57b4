"""Files and frames read as sheets of cells, and rows that are written as an earlier table's were."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from autograd.files import brief

from ._cells import Sheet, read_text
from ._columns import Column
from ._dialect import dialect_of
from ._files import DataError
from ._formats import number
from ._frames import is_frame, read_frame, read_json, read_parquet, read_workbook
from ._guessed import Values, known
from ._opened import kind_of, name_of
from ._target import Target

Source = Any
"""A table: the name of a file, an open file, or a frame of pandas, polars or pyarrow, or a dict of columns."""


class Reading(NamedTuple):
    """How a file is to be read; None is guessed. One of the `names` makes a first row a header."""

    sheet: str | None = None
    separator: str | None = None
    header: bool | None = None
    names: tuple[str, ...] = ()


def called(source: Source) -> str:
    """Return how a table is called in messages."""
    return "the table" if is_frame(source) else name_of(source)


def check_columns(source: str, needed: Sequence[str], drop: Sequence[str], header: Sequence[str], line: int) -> None:
    """Raise DataError for a column that is asked for and not there."""
    for name in (*needed, *drop):
        if name not in header:
            shown = ", ".join(header[:20]) + (", ..." if len(header) > 20 else "")
            at, to = f", line {line}" if line else "", " to drop" if name in drop else ""
            raise DataError(f"{source}{at}: has no column {brief(name)}{to}; its columns are {shown:.300}")
    if set(needed) & set(drop):
        raise DataError(
            f"{source}: {brief(next(iter(set(needed) & set(drop))))} is to be predicted, and cannot be dropped"
        )


def holes_of(missing: frozenset[str]) -> list[float]:
    """Return the numbers among the words that stand for nothing."""
    found = (number(word) for word in missing)
    return [item.value for item in found if item is not None]


def sheet_of(source: Source, reading: Reading, **how: Any) -> Sheet:
    """Return a file or a frame as a sheet of cells; `how` is for `read_text`."""
    if is_frame(source):
        return _without(read_frame(source), how.get("holes", ()))
    if not isinstance(source, (str, Path)) and not hasattr(source, "seek"):
        raise TypeError(f"a table is the name of a file, or a frame of pandas, polars or pyarrow; got {brief(source)}")
    kind, encoding = kind_of(source)
    if reading.sheet is not None and kind != "workbook":
        raise DataError(f"{called(source)}: has no sheets, as it is no workbook; leave out sheet={reading.sheet!r}")
    if kind == "csv":
        return read_text(source, dialect_of(source, encoding, reading.separator, reading.header, reading.names), **how)
    found = (
        read_workbook(source, reading.sheet)
        if kind == "workbook"
        else read_parquet(source)
        if kind == "parquet"
        else read_json(source, encoding)
    )
    return _without(found, how.get("holes", ()))


def _without(sheet: Sheet, holes: Sequence[float]) -> Sheet:
    """Return a sheet whose numbers that stand for nothing are nan."""
    import numpy

    if not holes:
        return sheet
    return sheet._replace(
        columns=[
            column
            if column.numbers is None
            else column._replace(numbers=numpy.where(numpy.isin(column.numbers, holes), numpy.nan, column.numbers))
            for column in sheet.columns
        ]
    )


class Like(NamedTuple):
    """Rows of another table: their columns, where they stand, and what is wrong with some of them."""

    values: list[Values]
    target: Values | None
    sheet: Sheet
    faults: dict[int, str]


def read_like(
    source: Source,
    columns: Sequence[Column],
    missing: frozenset[str],
    target: Target | None = None,
    *,
    reading: Reading = Reading(),  # noqa: B008
    tolerant: bool = False,
) -> Like:
    """Return columns of another table, written as those of the first one were; other columns are left out.

    Raises DataError for the first fault; with `tolerant` faults of rows are returned, each with its column.
    """
    plain = {column.name for column in columns if column.way == "number" and column.unit != "%"}
    plain |= {target.name} if target is not None and target.way == "number" and target.unit != "%" else set()
    needed = [column.name for column in columns if column.kind != "left out"]
    needed += [] if target is None else [target.name]
    wanted = partial(check_columns, called(source), needed, [])
    sheet = sheet_of(
        source,
        reading._replace(names=tuple(needed)),
        as_text=lambda name: name not in plain,
        wanted=wanted,
        holes=holes_of(missing),
        tolerant=tolerant,
    )
    wanted([column.name for column in sheet.columns], 0)
    faults = dict(sheet.faults)
    held = {column.name: column for column in sheet.columns}

    def read(name: str, way: str, unit: str) -> Values:
        def tell(row: int, fault: str) -> None:
            if not tolerant:
                raise DataError(f"{sheet.at(row)}, column {name:.60}: {fault}")
            faults.setdefault(row, f"column {name:.60}: {fault}")

        return known(sheet, held[name], way, unit, missing, tell)

    values = [
        read(column.name, column.way, column.unit) if column.kind != "left out" else _nothing(column, len(sheet.lines))
        for column in columns
    ]
    goal = None if target is None else read(target.name, target.way, target.unit)
    return Like(values, goal, sheet, faults)


def _nothing(column: Column, n: int) -> Values:
    import numpy

    return Values(column.name, column.way, column.unit, numpy.zeros(n), None, [])
