"""What the text of a cell may mean: a number, an amount, a truth, a date; each way of writing has a name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple

MISSING = frozenset(
    word
    for plain in ("", "na", "n/a", "#n/a", "<na>", "nan", "null", "?", "-", "--", ".", "nat")
    for word in (plain, plain.upper(), plain.capitalize(), "NaN", "NaT", "N/a", "<NA>")
)
"""Cells that hold nothing, in any column."""

NOTHING = frozenset({"none", "missing", "unknown", "nil", "#value!", "#div/0!", "#ref!", "#name?", "#num!"})
"""Words, in small letters, that hold nothing in a column of numbers or of dates; elsewhere they may be a class."""

_SIGNS = "$€£¥₹"
_NUMBER = r"""
    (?P<open>\()? (?P<sign>[-+−])? (?P<before>[{signs}]|USD|EUR|GBP|CHF)? \s? (?P<inner>-)?
    (?P<digits> [1-9]\d{{0,2}} (?P<group>[{groups}]) \d{{3}} (?: (?P=group) \d{{3}} )* | \d+ )?
    (?: [{point}] (?P<part>\d*) )? (?P<power>[eE][-+]?\d+)?
    \s? (?P<after>[{signs}%]|USD|EUR|GBP|CHF)? (?P<close>\))?
"""
NUMBERS = {
    "number": re.compile(_NUMBER.format(signs=_SIGNS, groups=",'’ \u00a0\u202f", point="."), re.VERBOSE | re.ASCII),
    "decimal comma": re.compile(
        _NUMBER.format(signs=_SIGNS, groups=".'’ \u00a0\u202f", point=","), re.VERBOSE | re.ASCII
    ),
}
"""The two ways to write a number: a point or a comma before its fraction."""

_CLOCK = (
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:[.,]\d+)?))?\s?(?P<half>[aApP][mM])?"
    r"(?:Z|[-+]\d\d:?\d\d)?)?"
)
_MONTH = r"(?P<word>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _dates(*patterns: str) -> list[re.Pattern[str]]:
    return [re.compile(pattern + _CLOCK, re.IGNORECASE | re.ASCII) for pattern in patterns]


DATES = {
    "date": _dates(
        r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})",
        r"(?P<year>\d{4})[-/](?P<month>\d{1,2})",
        r"(?P<day>\d{1,2})[-. ]+" + _MONTH + r"[-,. ]*(?P<year>\d{4}|\d{2})",
        _MONTH + r"\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})",
        _MONTH + r"[-\s]+(?P<year>\d{4})",
        # In German and most of Europe the day stands first wherever points are.
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4}|\d{2})",
    ),
    "date of eight digits": _dates(r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)"),
    "date, day first": _dates(r"(?P<day>\d{1,2})([-/])(?P<month>\d{1,2})\2(?P<year>\d{4}|\d{2})"),
    "date, month first": _dates(r"(?P<month>\d{1,2})([-/])(?P<day>\d{1,2})\2(?P<year>\d{4}|\d{2})"),
}
"""The ways to write a date."""

_TIME = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:\.\d+)?))?\s?(?P<half>[ap]m)?", re.I | re.A
)
_TRUTHS = {"true": 1.0, "false": 0.0}
_EPOCH = date(1970, 1, 1).toordinal()


class Number(NamedTuple):
    """A number with the unit that stands beside it: a currency, "%" or nothing."""

    value: float
    unit: str = ""


def number(text: str, way: str = "number") -> Number | None:
    """Return the number that a text is, in a way of NUMBERS, or None; brackets around an amount mean minus.

    >>> from nn.data._formats import number
    >>> number("$1,234.50"), number("84%"), number("-1.234,5 €", "decimal comma"), number("1,5")
    (Number(value=1234.5, unit='$'), Number(value=84.0, unit='%'), Number(value=-1234.5, unit='€'), None)
    """
    found = NUMBERS[way].fullmatch(text)
    if found is None:
        return None
    digits, part, power = found["digits"] or "", found["part"] or "", found["power"] or ""
    if not digits + part or bool(found["open"]) != bool(found["close"]) or (found["before"] and found["after"]):
        return None
    if found["group"] and power:
        return None
    whole = digits.replace(found["group"], "") if found["group"] else digits
    value = float(f"{whole or 0}.{part or 0}{power}")
    minus = (found["sign"] in ("-", "−")) + bool(found["open"]) + bool(found["inner"])
    if minus > 1 or not math.isfinite(value):
        return None
    return Number(-value if minus else value, found["before"] or found["after"] or "")


def reads_twice(text: str) -> bool:
    """Tell whether a text is a number with a point and with a comma before the fraction, and another one.

    >>> from nn.data._formats import reads_twice
    >>> [reads_twice(text) for text in ("1,234", "1.234", "1,23", "1,234.5", "12")]
    [True, True, False, False, False]
    >>> reads_twice("0.123")  # nobody writes 123 like that
    False
    """
    point, comma = number(text), number(text, "decimal comma")
    return point is not None and comma is not None and point != comma


def days(text: str, way: str = "date") -> float | None:
    """Return the days from 1970 to a date, in a way of DATES; its time of day is the fraction.

    >>> from nn.data._formats import days
    >>> days("1970-01-03"), days("3 Jan 1970 12:00"), days("02/01/70", "date, day first"), days("1970-13-01")
    (2.0, 2.5, 1.0, None)
    """
    for pattern in DATES[way]:
        found = pattern.fullmatch(text)
        if found is None:
            continue
        parts = found.groupdict()
        year = int(parts["year"]) if len(parts["year"]) > 2 else 1900 + (int(parts["year"]) - 70) % 100 + 70
        month = int(parts["month"]) if parts.get("month") else _MONTHS.index(parts["word"].lower()) + 1
        time = 0.0 if parts["hour"] is None else _hours(parts)
        try:
            # A month alone stands for its first day.
            day = date(year, month, int(parts.get("day") or 1)).toordinal()
        except ValueError:
            return None
        return None if time is None else day - _EPOCH + time / 24
    return None


def _hours(parts: dict[str, str | None]) -> float | None:
    hour, minute = int(parts["hour"] or 0), int(parts["minute"] or 0)
    second = float((parts["second"] or "0").replace(",", "."))
    if half := (parts["half"] or "").lower():
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (half == "pm")
    return hour + minute / 60 + second / 3600 if hour < 24 and minute < 60 and second < 60 else None


def hours(text: str) -> float | None:
    """Return the hours from midnight to a time of day, or None.

    >>> from nn.data._formats import hours
    >>> hours("13:30"), hours("1:30 pm"), hours("25:00")
    (13.5, 13.5, None)
    """
    found = _TIME.fullmatch(text)
    return None if found is None else _hours(found.groupdict())


Reader = Callable[[str], float | None]

READERS: dict[str, Reader] = {
    "true or false": lambda text: _TRUTHS.get(text.lower()),
    "time of day": hours,
    **{way: lambda text, way=way: days(text, way) for way in DATES},  # type: ignore[misc]
}
"""How each way of writing that has no unit is read: a function of a text, which returns None for another way."""

KNOWN = (*NUMBERS, *READERS, "text")
"""The names of all ways to write what is in a column."""


def value_of(text: str, way: str, unit: str) -> float | None:
    """Return the number of a cell that is written as its column is, or None; a unit of its own is another way.

    >>> from nn.data._formats import value_of
    >>> value_of("$5", "number", "$"), value_of("5", "number", "$"), value_of("5", "number", "%")
    (5.0, 5.0, None)
    """
    if way not in NUMBERS:
        return READERS[way](text)
    found = number(text, way)
    # Of a percentage without its sign nobody knows whether 0.5 is a half.
    if found is None or found.unit not in (unit, "") or (unit == "%" and found.unit == ""):
        return None
    return found.value


def missing_words(more: Iterable[str] = ()) -> frozenset[str]:
    """Return the cells that hold nothing: those of MISSING and a user's own."""
    return MISSING | {word.strip() for word in more}
