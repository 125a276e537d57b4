"""Anybody's table: read, guessed, and made ready for a network, with a word about each column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property, partial
from typing import Any

from autograd.files import brief, printable
from nn._core.types import Array, Numbers

from ._cells import Sheet
from ._columns import Column, fitted, prepared, told
from ._files import DataError
from ._formats import missing_words
from ._guessed import Values, Ways, check_start, guessed
from ._like import Reading, Source, called, check_columns, holes_of, read_like, sheet_of
from ._prepared import others, rows_apart
from ._target import Target, targeted

KINDS = ("auto", "classes", "numbers")


class Table:
    """A table of n rows that is ready for a network: `X` (n, k), `y` (n,), and how each column was read.

    `columns` say how each column of the table becomes inputs, `inputs` are the names of the k columns of X.
    `y` are class numbers in the order of `classes`, or standardised numbers, which `restore` gives back in their unit;
    it is None without a target. `notes` tell which things were guessed or left out, `lines` where each row stands.
    """

    def __init__(
        self, sheet: Sheet, values: list[Values], rows: Array, columns: list[Column], target: Target | None, codes: Any,
        missing: frozenset[str],
    ) -> None:  # fmt: skip
        self._sheet, self._values, self.rows, self._codes, self._missing = sheet, values, rows, codes, missing
        self.columns, self.target, self.notes = columns, target, sheet.notes
        self.inputs = [name for column in columns for name in column.inputs]
        self.classes = [] if target is None else list(target.classes)
        self.lines = [sheet.lines[row] for row in rows.tolist()]
        self.y: Any = None if codes is None else codes[rows].astype(int) if self.classes else self._scaled(codes[rows])

    @cached_property
    def X(self) -> Array:
        """The inputs (n, k) of a network."""
        return _joined(self.columns, [_picked(column, self.rows) for column in self._values])

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        """Return the size of the table, and what is to be predicted."""
        aim = ""
        if self.target is not None:
            kind = f"{len(self.classes)} classes" if self.classes else "numbers"
            aim = f", {self.target.name} to predict: {kind}"
        return printable(f"Table({len(self)} rows, {len(self.columns)} columns as {len(self.inputs)} inputs{aim})")

    def _scaled(self, numbers: Array) -> Array:
        assert self.target is not None
        scaled: Array = (numbers - self.target.mean) / self.target.spread
        return scaled

    def prepare(self, new: Source) -> Array:
        """Return the inputs (m, k) of other rows, made by the numbers of this table: a file or a frame.

        Raises DataError, with line and column, for a missing column and for a cell that is written in another way.

        >>> table = read_table({"size": [1.0, 3.0, 2.0], "kind": ["a", "b", "a"]}, target="kind")
        >>> table.prepare({"size": [2.0]})
        array([[0.]])
        """
        return _joined(self.columns, read_like(new, self.columns, self._missing).values)

    def restore(self, outputs: Numbers) -> Any:
        """Turn a network's outputs into names of classes, or into numbers in their own unit.

        Of two classes there is one score (m,), above 0 for the second; of more classes the largest of a row decides.

        >>> table = read_table({"size": [1.0, 3.0, 2.0], "price": [10.5, 30.5, 20.5]}, target="price")
        >>> table.restore([0.0]).tolist()
        [20.5]
        """
        import numpy

        if self.target is None:
            raise ValueError("the table has no column to predict; read it with target=...")
        found = numpy.asarray(outputs)
        if not self.classes:
            return found.reshape(len(found)) * self.target.spread + self.target.mean
        places = (found.reshape(len(found)) > 0) * 1 if found.size == len(found) else found.argmax(axis=1)
        return [self.classes[place] for place in places.tolist()]

    def split(self, test: float = 0.2, seed: int = 0) -> tuple[Table, Table]:
        """Return two tables: to train on, and a fraction `test` to test with, made ready by the first one's numbers.

        Each class has its part in both. Raises ValueError if a part would be empty.

        >>> table = read_table({"size": range(10), "kind": "ababababab"}, target="kind", drop=["none"])
        Traceback (most recent call last):
        nn.data.DataError: the table: has no column 'none' to drop; its columns are size, kind
        >>> [len(part) for part in read_table({"size": [5, 1] * 5, "kind": list("ab") * 5}, target="kind").split()]
        [8, 2]
        """
        apart = rows_apart(None if self.target is None else self.y, len(self), bool(self.classes), test, seed)
        first = self.taken(others(apart, len(self)))
        return first, first.of_rows(self.rows[apart])

    def taken(self, rows: Array | list[int]) -> Table:
        """Return a table of some rows, by their numbers from 0, made ready by the numbers in these rows alone."""
        kept = self.rows[rows]
        dropped = [column.name for column in self.columns if column.why == DROPPED]
        columns = fitted_columns(self._sheet.source, self._values, kept, dropped)
        target = self.target
        if target is not None and target.kind == "numbers":
            target = _centred(target, self._codes[kept])
        return Table(self._sheet, self._values, kept, columns, target, self._codes, self._missing)

    def of_rows(self, rows: Array) -> Table:
        """Return a table of other rows of the same file, by their numbers in it, made ready as this one is."""
        return self.made_as(self.columns, self.target, rows)

    def made_as(self, columns: list[Column], target: Target | None, rows: Array) -> Table:
        """Return a table of some rows of the same file, made ready in another way."""
        return Table(self._sheet, self._values, rows, columns, target, self._codes, self._missing)

    @property
    def numbers(self) -> Array:
        """The n class numbers, or the numbers to predict in their own unit; their rows are those of X."""
        if self._codes is None:
            raise ValueError("the table has no column to predict; read it with target=...")
        found: Array = self._codes[self.rows]
        return found

    def describe(self) -> str:
        """Return a text: how each column was read, which cells are filled in, and all else that was guessed.

        >>> print(read_table({"size": [1.0, 3.0, None], "kind": ["a", "b", "a"]}, target="kind").describe())
        column  taken as  filled with
        size    a number  2 and a flag
        kind: 2 classes to tell apart: a 2, b 1
        kind: in fewer than 3 rows: a, b; such a class cannot be learned
        """
        rows = [("column", "taken as", "filled with"), *map(told, self.columns)]
        widths = [max(len(_short(row[k])) for row in rows) for k in (0, 1)]
        lines = [
            "  ".join([*(_short(cell).ljust(width) for cell, width in zip(row, widths)), _short(row[2])])
            for row in rows
        ]
        return "\n".join(printable(line.rstrip()) for line in [*lines, *self.notes])


DROPPED = "as asked for"


def _short(text: str) -> str:
    return printable(text if len(text) <= 70 else f"{text[:69]}…")


def read_table(
    source: Source,
    target: str | None = None,
    *,
    kind: str = "auto",
    drop: Iterable[str] = (),
    missing: Iterable[str] = (),
    sheet: str | None = None,
    separator: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    day_first: bool | None = None,
) -> Table:
    """Return a table, read from a file or a frame, guessed and made ready for a network; `target` is to be predicted.

    Files are CSV in any dialect and code (also packed by gzip, bzip2, xz or zip) and JSON; workbooks of Excel and
    parquet need the extra `tables`. Frames are of pandas, polars or pyarrow, or a dict of columns. Cells are numbers,
    amounts such as $1,660 or 84%, dates, true and false, or text; `describe` says how each column was read.
    `kind` is "classes" or "numbers" to predict, where "auto" takes text and few whole numbers as classes. Columns in
    `drop` are left out, as are those that are constant or only number the rows. Cells with a word in `missing`, such as
    "-999", hold nothing, besides the usual ones. The rest is guessed unless it is given: the `sheet` of a workbook, the
    `separator` between cells, the `decimal` "." or ",", whether there is a `header`, whether days stand before months
    (`day_first`). Rows without a target are left out. Raises DataError, with line and column, for rows of other
    lengths, a cell among numbers that is none, and text that can be read in two ways; ImportError without the extra.

    >>> from pathlib import Path
    >>> from nn.data import read_table
    >>> _ = (path := Path(getfixture("tmp_path")) / "boats.csv").write_text("m;made\\n1,5;oak\\n4,25;elm\\n2,5;oak\\n")
    >>> table = read_table(path, target="made")
    >>> table, table.y.tolist(), table.classes
    (Table(3 rows, 1 columns as 1 inputs, made to predict: 2 classes), [1, 0, 1], ['elm', 'oak'])
    """
    import numpy

    _check(kind, decimal, separator)
    drop = _names("drop", drop)
    words = missing_words(_names("missing", missing))
    ways = Ways(words, decimal, day_first)
    wanted = partial(check_columns, called(source), [*([] if target is None else [target])], drop)
    found, values = _read(
        source, Reading(sheet, separator, header, tuple(drop if target is None else [target, *drop])), ways, wanted
    )
    wanted([column.name for column in values], 0)
    n = len(found.lines)
    goal = None if target is None else next(column for column in values if column.name == target)
    features = [column for column in values if column.name != target]
    if not features:
        raise DataError(f"{found.source}: has no column besides {target!r} to learn from")
    aim, codes, rows = None, None, numpy.arange(n)
    if goal is not None:
        aim, codes = targeted(found, goal, kind, found.notes)
        rows = numpy.flatnonzero(~numpy.isnan(codes))
        _tell_missing(found, goal, n - len(rows))
        aim = _centred(aim, codes[rows]) if aim.kind == "numbers" else aim
    columns = fitted_columns(found.source, features, rows, drop)
    if not any(column.inputs for column in columns):
        raise DataError(
            f"{found.source}: has no column to learn from; {_short('; '.join(f'{c.name}: {c.why}' for c in columns))}"
        )
    return Table(found, features, rows, columns, aim, codes, words)


def fitted_columns(source: str, values: list[Values], rows: Array, drop: Sequence[str]) -> list[Column]:
    """Return how columns become inputs by the numbers of some rows, without those to drop."""
    return [
        Column(column.name, "left out", column.way, column.unit, why=DROPPED)
        if column.name in drop
        else fitted(source, column, rows)
        for column in values
    ]


def _centred(target: Target, numbers: Array) -> Target:
    mean = float(numbers.mean())
    return target._replace(mean=mean, spread=float((numbers - mean).std()) or 1.0)


def _tell_missing(sheet: Sheet, goal: Values, missing: int) -> None:
    if missing:
        first = int(goal.missing().argmax())
        rows = "1 row" if missing == 1 else f"{missing:,} rows"
        sheet.notes.append(
            f"left out: {rows} in which {goal.name} is missing, the first in {sheet.place} {sheet.lines[first]}"
        )


def _joined(columns: list[Column], values: list[Values]) -> Array:
    import numpy

    return numpy.concatenate([prepared(column, held) for column, held in zip(columns, values)], axis=1)


def _picked(values: Values, rows: Array) -> Values:
    if values.numbers is not None:
        return values._replace(numbers=values.numbers[rows])
    return values._replace(codes=values.codes[rows])


def _check(kind: str, decimal: str | None, separator: str | None) -> None:
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {brief(kind)}")
    if decimal not in (None, ".", ","):
        raise ValueError(f"decimal must be '.' or ',', or None; got {brief(decimal)}")
    if separator is not None and (not isinstance(separator, str) or len(separator) != 1 or separator in '\r\n"'):
        raise ValueError(f"separator must be one character, or None; got {brief(separator)}")


def _names(name: str, given: Any) -> list[str]:
    found = [given] if isinstance(given, str) else list(given)
    if not all(isinstance(item, str) for item in found):
        raise ValueError(f"{name} must be a list of texts; got {brief(given)}")
    return found


def _read(source: Source, reading: Reading, ways: Ways, wanted: Any) -> tuple[Sheet, list[Values]]:
    """Return a table's sheet and its columns, guessed."""
    texts: set[str] = set()
    holes = holes_of(ways.missing)
    while True:
        found = sheet_of(
            source,
            reading,
            as_text=texts.__contains__,
            wanted=wanted,
            early=partial(check_start, ways=ways),
            holes=holes,
        )
        try:
            return found, guessed(found, ways)
        except LookupError as error:
            # Its points turned out to stand between thousands.
            texts.add(error.args[0])
