"""Columns made ready for a network: what is filled in, scaled and spread over several inputs, as plain data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from nn._core.types import Array

from ._files import DataError
from ._guessed import Values, described

LEVELS = 30
"""The most texts of a column that have an input each."""

LIKE_NAMES = 0.5
"""The part of the rows that have a text of their own, from which a column tells rows apart, not kinds of rows."""

IDS = frozenset(
    {
        "id",
        "index",
        "idx",
        "uuid",
        "guid",
        "rownames",
        "rowname",
        "row",
        "key",
        "no",
        "nr",
        "number",
        "unnamed 1",
        "unnamed: 0",
    }
)

LARGEST = 1e150
"""The largest number whose square is a number."""


class Part(NamedTuple):
    """An input made of a number: less its mean, over its spread."""

    name: str
    mean: float
    spread: float


class Column(NamedTuple):
    """How a column becomes inputs of a network; `kind` is "number", "date", "text" or "left out".

    A number is one input, a date several `parts`; `fill` stands where nothing stands, which a `flag` of 0 and 1 tells.
    A text is an input of 0 and 1 for each of `levels`, for all `other` texts together, and for `missing` ones.
    """

    name: str
    kind: str
    way: str
    unit: str = ""
    fill: float = 0.0
    flag: bool = False
    parts: tuple[Part, ...] = ()
    low: float = 0.0
    high: float = 0.0
    levels: tuple[str, ...] = ()
    other: bool = False
    missing: bool = False
    why: str = ""

    @property
    def inputs(self) -> list[str]:
        """The names of the network's inputs that are made of this column."""
        names = [f"{self.name}: {part.name}" if part.name else self.name for part in self.parts]
        names += [f"{self.name}: missing"] if self.flag else []
        names += [f"{self.name}: {level}" for level in self.levels]
        names += [f"{self.name}: other"] if self.other else []
        return names + ([f"{self.name}: missing"] if self.missing else [])


def plain_column(
    name: str, mean: float = 0.0, spread: float = 1.0, low: float = -math.inf, high: float = math.inf
) -> Column:
    """Return a column of numbers without missing ones."""
    # JSON has no infinite numbers; all finite ones lie between these.
    low, high = max(low, -1e308), min(high, 1e308)
    return Column(name, "number", "number", fill=mean, parts=(Part("", mean, spread),), low=low, high=high)


def fitted(source: str, values: Values, rows: Array) -> Column:
    """Return how a column becomes inputs; all numbers for it come from the given rows alone.

    Raises DataError, with the name of the `source`, for numbers that are too large.
    """
    import numpy

    base = Column(values.name, "left out", values.way, values.unit)
    missing = values.missing()[rows]
    n, held = len(missing), int((~missing).sum())
    if not held:
        return base._replace(why="empty")
    if values.numbers is None:
        return _fitted_text(base, values.codes[rows], values.texts, n, held)
    numbers = values.numbers[rows]
    low, high = float(numpy.nanmin(numbers)), float(numpy.nanmax(numbers))
    if max(-low, high) > LARGEST:
        raise DataError(
            f"{source}, column {values.name:.60}: holds {max(-low, high):g}, whose square is too large; divide it first"
        )
    flag = held < n
    if low == high and not flag:
        return base._replace(why=f"the same in every row: {shown(values, low)}")
    # Of some rows of a file, the numbers of the rows do not follow each other any more.
    if _is_id(values, values.numbers[~values.missing()]):
        return base._replace(why="numbers the rows")
    fill = float(numpy.nanmedian(numbers))
    is_date = values.way.startswith("date")
    spread = _moments(numpy.where(missing, fill, numbers), _date_parts if is_date else _number_parts)
    kind = "date" if is_date else "number"
    return base._replace(kind=kind, fill=fill, flag=flag, parts=spread, low=low, high=high)


def _is_id(values: Values, held: Array) -> bool:
    """Tell whether whole numbers only say which row it is: each once, counting, or under such a name."""
    import numpy

    if values.way != "number" or len(held) < 3 or not (held == numpy.floor(held)).all():
        return False
    words = values.name.lower().replace("-", "_").replace(" ", "_").split("_")
    named = values.name.lower() in IDS or words[-1] == "id" or words[0] == "id" or values.name.endswith(("Id", "ID"))
    steps = numpy.diff(held)
    counts = (steps == 1).all() or (steps == -1).all()
    return bool(counts or (named and len(numpy.unique(held)) == len(held)))


def _fitted_text(base: Column, codes: Array, texts: Sequence[str], n: int, held: int) -> Column:
    import numpy

    counts = numpy.bincount(codes[codes >= 0], minlength=len(texts))
    present = int((counts > 0).sum())
    if present == 1 and held == n:
        return base._replace(why=f"the same in every row: {texts[int(counts.argmax())]:.40}")
    if present > max(LIKE_NAMES * held, FEWEST):
        return base._replace(why=f"{present:,} different texts in {held:,} rows")
    # In a small table every text counts, in a large one what stands there once or twice teaches nothing.
    least = 1 if n < 20 else 2 if n < 100 else 3
    # The most frequent ones, of equals the first by name.
    order = sorted((k for k in range(len(texts)) if counts[k] >= least), key=lambda k: (-counts[k], texts[k]))
    levels = sorted(texts[k] for k in order[:LEVELS])
    if not levels:
        return base._replace(why=f"{present:,} different texts in {held:,} rows")
    return base._replace(kind="text", levels=tuple(levels), other=present > len(levels), missing=held < n)


FEWEST = 10
"""A column with fewer texts than that has kinds of rows, even if there are few rows."""


DATE_PARTS = ("year", "month", "weekday", "days", "hour")
"""What a network may see of a date."""


def _number_parts(numbers: Array) -> dict[str, Array]:
    return {"": numbers}


def _date_parts(days: Array) -> dict[str, Array]:
    """Return the numbers that a network sees of dates, given as days from 1970."""
    import numpy

    whole = numpy.floor(days)
    dates = whole.astype("int64").astype("datetime64[D]")
    months = dates.astype("datetime64[M]").astype("int64")
    found = (months // 12 + 1970, months % 12 + 1, (whole + 3) % 7, days, (days - whole) * 24)
    return {name: part.astype(float) for name, part in zip(DATE_PARTS, found)}


def _moments(numbers: Array, parts: Any) -> tuple[Part, ...]:
    """Return the parts that are not the same everywhere, with mean and spread."""
    import numpy

    found = []
    for name, part in parts(numbers).items():
        if part.min() == part.max():
            if not name:
                # What is missing makes the difference.
                found.append(Part(name, float(part[0]), 1.0))
            continue
        mean = float(part.sum() / len(part))
        moved = part - mean
        # The second sum is what rounding of the mean leaves.
        square = (numpy.sum(moved * moved) - numpy.sum(moved) ** 2 / len(part)) / len(part)
        found.append(Part(name, mean, math.sqrt(max(float(square), 0.0)) or 1.0))
    return tuple(found)


def prepared(column: Column, values: Values) -> Array:
    """Return the inputs (n, k) of a column for n rows."""
    import numpy

    made: list[Any] = []
    missing = values.missing()
    if column.kind in ("number", "date"):
        numbers = numpy.where(missing, column.fill, values.numbers)
        parts = (_date_parts if column.kind == "date" else _number_parts)(numbers)
        made = [(parts[part.name] - part.mean) / part.spread for part in column.parts]
        made += [missing.astype(float)] if column.flag else []
    elif column.kind == "text":
        place = {level: k for k, level in enumerate(column.levels)}
        inputs, k = len(column.inputs), len(column.levels)
        # Where there is no input for it, all of them are 0.
        other, none = (k if column.other else -1), (k + column.other if column.missing else -1)
        places = numpy.array([*(place.get(text, other) for text in values.texts), none])[values.codes]
        hot = numpy.zeros((len(places), inputs))
        rows = numpy.flatnonzero(places >= 0)
        hot[rows, places[rows]] = 1.0
        made = list(hot.T)
    return numpy.stack(made, axis=1) if made else numpy.zeros((len(missing), 0))


def strange(column: Column, values: Values) -> dict[int, str]:
    """Return what is far outside of the data that a column was made ready by, in words for each row."""
    import numpy

    found = {}
    if column.kind in ("number", "date"):
        width = column.high - column.low
        with numpy.errstate(invalid="ignore"):
            far = (values.numbers > column.high + width) | (values.numbers < column.low - width)
        for row in numpy.flatnonzero(far).tolist():
            number = shown(values, values.numbers[row])
            limits = f"{shown(values, column.low)} to {shown(values, column.high)}"
            found[row] = f"{number} is far outside of the training data ({limits})"
    elif column.kind == "text" and not column.other:
        new = [k for k, text in enumerate(values.texts) if text not in column.levels]
        for row in numpy.flatnonzero(numpy.isin(values.codes, new)).tolist():
            found[row] = f"{values.texts[values.codes[row]]!r:.40} was not in the training data"
    return found


def shown(values: Values | Column, number: float) -> str:
    """Return a number of a column as the column shows it: a date as a date, with its unit."""
    import numpy

    if values.way.startswith("date"):
        day = numpy.datetime64(math.floor(number), "D")
        return str(day)
    if values.way == "true or false":
        return "true" if number else "false"
    after = values.unit if values.unit == "%" else f" {values.unit}" if values.unit else ""
    return f"{number:.6g}{after}"


def told(column: Column) -> tuple[str, str, str]:
    """Return name, what a column is taken as, and what stands where nothing stands, in words."""
    if column.kind == "left out":
        return column.name, "left out", column.why
    if column.kind == "text":
        levels = ", ".join(column.levels[:4]) + (", ..." if len(column.levels) > 4 else "")
        number = f"{len(column.levels)} kinds" + (" and other" if column.other else "")
        return column.name, f"text, {number}: {levels:.60}", "a kind of its own" if column.missing else ""
    filled = f"{shown(column, column.fill)} and a flag" if column.flag else ""
    way = described(column.way, column.unit)
    names = ", ".join(part.name for part in column.parts)
    return column.name, f"{way}{f': {names}' if column.kind == 'date' else ''}", filled
