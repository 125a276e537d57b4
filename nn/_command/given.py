"""The data that options name, as one kind of table: made, shipped with scikit-learn, or a file of anybody's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from nn._core.types import Array
from nn.data import (
    DataError,
    Table,
    blobs,
    breast_cancer,
    circles,
    digits,
    iris,
    moons,
    read_table,
    spirals,
    wine,
)
from nn.data._bundled import names_in
from nn.data._cells import Sheet
from nn.data._columns import Column, plain_column
from nn.data._files import checksum
from nn.data._guessed import Values
from nn.data._like import Reading
from nn.data._prepared import others
from nn.data._target import Target

from .runs import SIDE
from .schema import MOST_SAMPLES

MADE: dict[str, Callable[..., Any]] = {
    "moons": moons,
    "circles": circles,
    "spirals": spirals,
    "blobs": partial(blobs, classes=2),
}
SHIPPED: dict[str, Callable[[], tuple[Any, Any]]] = {"iris": iris, "wine": wine, "breast_cancer": breast_cancer}
OWN = (*MADE, *SHIPPED, "digits")
NAMES = ", ".join(OWN)

FEWEST = 10
"""The samples that are needed to train and to test."""


class Data(NamedTuple):
    """All samples as a table, whether its numbers have a good size already, and the checksum of the file."""

    table: Table
    scaled: bool
    sha256: str | None = None

    def parts(self, apart: Sequence[int]) -> tuple[Table, Table]:
        """Return the samples to train on, and those to test with; both are made ready by the first ones alone."""
        table = self.table
        rows = others(apart, len(table))
        train = table.of_rows(table.rows[rows]) if self.scaled else table.taken(rows)
        return train, train.of_rows(table.rows[list(apart)])


def load(options: Mapping[str, Any]) -> Data:
    """Return the samples that the options name."""
    data, target, n, seed = (options[name] for name in ("data", "target", "samples", "seed"))
    if target is not None and data in OWN:
        raise DataError(f"--target {target}: is for files; {data} has no columns to choose from")
    if data == "digits":
        X, y = digits()
        return Data(_table(data, [f"pixel {k}" for k in range(SIDE * SIDE)], X, y, list(map(str, range(10)))), True)
    if data in MADE:
        if not FEWEST <= n <= MOST_SAMPLES:
            raise DataError(
                f"--samples {n}: at least {FEWEST} are needed to train and to test, at most {MOST_SAMPLES:,} made"
            )
        X, y = MADE[data](n, seed=seed)
        return Data(_table(data, ["x_1", "x_2"], X, y, ["class 0", "class 1"]), True)
    if data in SHIPPED:
        X, y = SHIPPED[data]()
        features, classes = names_in(data)
        return Data(_table(data, features, X, y, classes), False)
    return _file(data, target, options)


def _file(data: str, target: str | None, options: Mapping[str, Any]) -> Data:
    if not Path(data).suffix and not Path(data).exists():
        raise DataError(f"--data {data}: is neither {NAMES} nor a file")
    if target is None:
        raise DataError(f"--data {data}: say with --target which column is to be predicted{_columns_of(data, options)}")
    table = read_table(data, target, kind=options["kind"], **reading(options), drop=options["drop"])
    if len(table) < FEWEST:
        raise DataError(f"{data}: has {len(table)} samples; at least {FEWEST} are needed to train and to test")
    return Data(table, False, checksum(data))


def reading(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what options say about how a file is written."""
    return {name: options[name] for name in ("missing", "sheet", "separator", "decimal", "header", "day_first")}


def reading_of(options: Mapping[str, Any]) -> Reading:
    """Return what options say about the form of a file, for other files of this form."""
    return Reading(None, options["separator"], options["header"])


def _columns_of(data: str, options: Mapping[str, Any]) -> str:
    """Return the names of a file's columns, if it can be read."""
    try:
        found = read_table(data, **reading(options))
    except (DataError, ImportError):
        return ""
    return f"; its columns are {', '.join(column.name for column in found.columns):.300}"


def _table(name: str, features: list[str], X: Any, y: Any, classes: list[str]) -> Table:
    import numpy

    X, codes = numpy.asarray(X, float), numpy.asarray(y, float)
    columns = [plain_column(feature) for feature in features]
    sheet = Sheet(name, [], range(1, len(X) + 1), "sample", [], {})
    target = Target("class", "classes", "text", classes=tuple(classes))
    return Table(sheet, values_of(columns, X), numpy.arange(len(X)), columns, target, codes, frozenset())


def values_of(columns: Sequence[Column], X: Array) -> list[Values]:
    """Return n rows of numbers X (n, k) as k columns."""
    return [Values(column.name, column.way, column.unit, X[:, k], None, []) for k, column in enumerate(columns)]
