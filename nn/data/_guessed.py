"""What each column of a table holds, by one rule: numbers, dates, truths or text; guessed from all its cells."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd.files import brief
from nn._core.types import Array

from ._cells import Cells, Sheet, as_text
from ._files import DataError
from ._formats import DATES, NOTHING, NUMBERS, READERS, number, reads_twice, value_of

FEW = 20
"""The most different texts that are surely classes of something, even if most of them are numbers."""

MOSTLY, SURELY = 0.9, 0.99
"""The part of the cells that are numbers, from which the others are mistakes: of all rows, and of the first."""

SEEN = 200
"""The texts that show whether a column may be one of dates."""

_INFINITE = re.compile(r"[-+]?(?:inf|infinity|\d+[eE]\d+)", re.IGNORECASE)


class Values(NamedTuple):
    """A column of n cells, read: `numbers` (n,) with nan, or `codes` (n,) of `texts`, -1 where nothing stands.

    `way` is how it is written, a name in KNOWN; `unit` stands beside its numbers. Dates are days from 1970.
    """

    name: str
    way: str
    unit: str
    numbers: Any
    codes: Any
    texts: list[str]

    def missing(self) -> Array:
        """Return which cells hold nothing, (n,) of True and False."""
        import numpy

        found: Array = numpy.isnan(self.numbers) if self.numbers is not None else self.codes < 0
        return found


class Ways(NamedTuple):
    """What a user says about how cells are written: None is guessed."""

    missing: frozenset[str]
    decimal: str | None = None
    day_first: bool | None = None


def points_of(column: Cells, missing: frozenset[str]) -> set[str]:
    """Return the ways of NUMBERS in which a column is surely written: one, none, or both of them in different cells."""
    if column.numbers is not None:
        return {"number"} if column.points else set()
    found = set()
    for text in column.texts:
        if text in missing or ("." not in text and "," not in text):
            continue
        fits = [way for way in NUMBERS if number(text, way) is not None]
        if len(fits) == 1:
            found.add(fits[0])
    return found


def guessed(sheet: Sheet, ways: Ways) -> list[Values]:
    """Return all columns of a sheet, read; raise DataError, with the place, for text that can be read in two ways."""
    texts = {column.name: points_of(column, ways.missing) for column in sheet.columns if _may_be_numbers(column, ways)}
    return [guess(sheet, column, ways, texts) for column in sheet.columns]


def _may_be_numbers(column: Cells, ways: Ways) -> bool:
    """Tell whether all cells of a column are numbers in some way: only such columns say which way a file has."""
    if column.numbers is not None:
        return True
    filled = [text for text in column.texts if text not in ways.missing and text.lower() not in NOTHING]
    return not column.labels and any(all(number(text, way) is not None for text in filled) for way in NUMBERS)


def guess(sheet: Sheet, column: Cells, ways: Ways, others: dict[str, set[str]]) -> Values:
    """Return a column, read as the cells themselves suggest, then as the `others` of the file are written."""
    if column.numbers is not None:
        if column.points is False and (point_of(sheet, column, ways, others) == "decimal comma"):
            raise LookupError(column.name)
        return _compact(column)
    filled = [text for text in column.texts if text not in ways.missing]
    held = [text for text in filled if text.lower() not in NOTHING]
    way, unit = ("text", "") if column.labels or not held else _way(sheet, column, held, ways, others)
    if way == "text":
        return _texts(column, ways)
    if way in NUMBERS and (twice := next(filter(reads_twice, held), None)):
        sheet.notes.append(f"{column.name}: {twice} is taken as {value_of(twice, way, unit):.15g}")
    return _numbers(column, way, unit, held)


def _compact(column: Cells) -> Values:
    """Return a column of numbers, as dates if all of them have the eight digits of a date."""
    import numpy

    numbers = column.numbers
    assert numbers is not None
    held = numbers[~numpy.isnan(numbers)]
    if len(held) > 1 and (held >= 19000101).all() and (held <= 20991231).all() and (held == held.round()).all():
        unique, inverse = numpy.unique(numbers, return_inverse=True)
        way = "date of eight digits"
        found = [math.nan if number != number else READERS[way](f"{number:.0f}") for number in unique]
        if None not in found:
            return Values(column.name, way, "", numpy.array(found, float)[inverse], None, [])
    return Values(column.name, "number", "", numbers, None, [])


def _texts(column: Cells, ways: Ways) -> Values:
    """Return a column of text; its texts stand in the order of the file."""
    import numpy

    kept = [text for text in column.texts if text not in ways.missing]
    place = {text: k for k, text in enumerate(kept)}
    codes = numpy.array([place.get(text, -1) for text in column.texts], numpy.int32)[column.codes]
    return Values(column.name, "text", "", None, codes, kept)


def _numbers(column: Cells, way: str, unit: str, held: Sequence[str]) -> Values:
    import numpy

    known = {text: value_of(text, way, unit) for text in held}
    numbers = numpy.array([known.get(text, math.nan) for text in column.texts], float)
    return Values(column.name, way, unit, numbers[column.codes], None, [])


def _way(sheet: Sheet, column: Cells, held: list[str], ways: Ways, others: dict[str, set[str]]) -> tuple[str, str]:
    """Return how the texts of a column are written, and their unit."""
    for way in ("true or false", "time of day"):
        if all(READERS[way](text) is not None for text in held):
            return way, ""
    if found := _dates(sheet, column, held, ways):
        return found, ""
    # Of numbers that begin with a zero the zero is a part.
    if all(re.fullmatch(r"0\d+|\d+", text) for text in held) and any(re.fullmatch(r"0\d+", text) for text in held):
        return "text", ""
    fits = {way: sum(number(text, way) is not None for text in held) for way in NUMBERS}
    way = max(fits, key=lambda name: fits[name])
    if fits[way] < len(held):
        _check_mostly(sheet, column, held, way)
        return "text", ""
    if len(set(fits.values())) == 1:
        way = point_of(sheet, column, ways, others)
    return way, _unit(sheet, column, held, way)


def point_of(sheet: Sheet, column: Cells, ways: Ways, others: dict[str, set[str]]) -> str:
    """Return the way of a column whose numbers fit both: that of the file, if it has one.

    Raises DataError if nothing says whether 1,234 is a thousand or a little more than one.
    """
    if ways.decimal is not None:
        return "decimal comma" if ways.decimal == "," else "number"
    if column.numbers is not None:
        twice = "" if column.points is not False else "such as 1.234"
    else:
        twice = next((text for text in column.texts if reads_twice(text)), "")
    if not twice:
        return "number"
    found = set().union(*(way for name, way in others.items() if name != column.name))
    if len(found) == 1:
        return found.pop()
    # Between commas a comma in a cell stands in quotes, and a file with commas is of a country with decimal points.
    if not found and (sheet.separator == "," or (sheet.separator != ";" and "," not in twice)):
        return "number"
    at = sheet.source if column.numbers is not None else sheet.at(column.row_of(twice))
    shown = "a number such as 1.234" if column.numbers is not None else brief(twice)
    raise DataError(
        f"{at}, column {column.name:.60}: {shown} may be thousands, or have a fraction; say which with "
        f"decimal={'.'!r} or decimal={','!r} (--decimal)"
    )


def _unit(sheet: Sheet, column: Cells, held: list[str], way: str) -> str:
    """Return the unit of a column of numbers; raise DataError if there are two, or % is missing at some."""
    units: dict[str, str] = {}
    for text in held:
        found = number(text, way)
        assert found is not None
        if found.value or found.unit:
            units.setdefault(found.unit, text)
    named = [unit for unit in units if unit]
    if len(named) > 1 or (named == ["%"] and "" in units):
        one, other = list(units.values())[:2]
        at = sheet.at(column.row_of(other))
        raise DataError(f"{at}, column {column.name:.60}: {brief(other)} is in another unit than {brief(one)}")
    return named[0] if named else ""


def check_start(sheet: Sheet, ways: Ways) -> None:
    """Raise DataError for a mistake among numbers in the first rows of a table, before the others are read."""
    for column in sheet.columns:
        if column.codes is not None:
            held = [text for text in column.texts if text not in ways.missing and text.lower() not in NOTHING]
            way = max(NUMBERS, key=lambda way: sum(number(text, way) is not None for text in held))
            if held and not all(number(text, way) is not None for text in held):
                _check_mostly(sheet, column, held, way, SURELY)


def _check_mostly(sheet: Sheet, column: Cells, held: list[str], way: str, part: float = MOSTLY) -> None:
    """Raise DataError if a column has numbers, but for a few cells that are mistakes."""
    import numpy

    wrong = [text for text in held if number(text, way) is None]
    endless = next((text for text in wrong if _INFINITE.fullmatch(text)), None)
    if endless is None and len(held) <= FEW:
        return
    place = {text: k for k, text in enumerate(held)}
    places = numpy.array([place.get(text, -1) for text in column.texts])[column.codes]
    counts = numpy.bincount(places[places >= 0], minlength=len(held))
    right = counts[[number(text, way) is not None for text in held]].sum()
    if right < part * counts.sum():
        return
    text = endless or wrong[0]
    raise _mistake(sheet, column, text, "a finite number" if endless else "a number", int(right), int(counts.sum()))


def _mistake(sheet: Sheet, column: Cells, text: str, kind: str, right: int, n: int) -> DataError:
    """Return what is wrong with a cell of another kind than the `right` ones of n."""
    return DataError(
        f"{sheet.at(column.row_of(text))}, column {column.name:.60}: {brief(text)} is not {kind}, as {right:,} of "
        f"{n:,} cells are; correct it, or say that it stands for nothing: missing=[{brief(text, 20)}] (--missing)"
    )


def _check_dates(sheet: Sheet, column: Cells, held: list[str]) -> None:
    """Raise DataError if a column has different dates, but for a few cells that are mistakes."""
    if len(held) <= FEW:
        return
    # Of text, a few cells show that it is none.
    start = held[:SEEN]
    way = max(DATES, key=lambda way: sum(READERS[way](text) is not None for text in start))
    if sum(READERS[way](text) is not None for text in start) < MOSTLY * len(start):
        return
    wrong = [text for text in held if READERS[way](text) is None]
    if len(wrong) <= (1 - MOSTLY) * len(held):
        raise _mistake(sheet, column, wrong[0], f"a {way}", len(held) - len(wrong), len(held))


def _dates(sheet: Sheet, column: Cells, held: list[str], ways: Ways) -> str:
    """Return the way of a column of dates, or nothing; raise DataError if day and month cannot be told apart."""
    fits = [way for way in DATES if all(READERS[way](text) is not None for text in held)]
    if not fits:
        _check_dates(sheet, column, held)
    if len(fits) < 2:
        return fits[0] if fits else ""
    first, second = (f"date, {part} first" for part in ("day", "month"))
    if ways.day_first is not None:
        return first if ways.day_first else second
    parts = list(zip(*(re.split("[-/]", text)[:2] for text in held)))
    # The first of each month.
    for part, way in zip(parts, (first, second)):
        if len(held) > 2 and set(map(int, part)) == {1}:
            return way
    text = next((text for text in held if READERS[first](text) != READERS[second](text)), "")
    if not text:
        return first
    raise DataError(
        f"{sheet.at(column.row_of(text))}, column {column.name:.60}: of {brief(text)} nothing says whether the day "
        f"or the month stands first; say which with day_first=True or False (--day-first, --no-day-first)"
    )


def known(
    sheet: Sheet, column: Cells, way: str, unit: str, missing: frozenset[str], tell: Callable[[int, str], None]
) -> Values:
    """Return a column that is written as another table's was; `tell` is called with the row of each other cell."""
    import numpy

    if column.numbers is not None and way == "number" and unit != "%":
        return Values(column.name, way, unit, column.numbers, None, [])
    column = as_text(column)
    if way == "text":
        return _texts(column, Ways(missing))
    found = []
    for text in column.texts:
        held = text not in missing and text.lower() not in NOTHING
        value = value_of(text, way, unit) if held else None
        found.append(math.nan if value is None else value)
        fault = f"{brief(text, 40)} is not {described(way, unit)}" if held and value is None else ""
        # Of a file with semicolons nobody knows whether 1,234 is a thousand.
        if way == "number" and sheet.separator not in (",", " ") and "," in text and reads_twice(text):
            fault = f"{brief(text, 40)} may be thousands, or have a fraction"
        if fault:
            for row in numpy.flatnonzero(column.codes == len(found) - 1).tolist():
                tell(row, fault)
    return Values(column.name, way, unit, numpy.array(found, float)[column.codes], None, [])


def described(way: str, unit: str) -> str:
    """Return a way of writing in words.

    >>> from nn.data._guessed import described
    >>> described("number", "%"), described("decimal comma", ""), described("date, day first", "")
    ('a number in %', 'a number with a decimal comma', 'a date, day first')
    """
    if way not in NUMBERS:
        return way if way.startswith("true") else f"a {way}"
    return "a number" + (" with a decimal comma" if way == "decimal comma" else "") + (f" in {unit}" if unit else "")
