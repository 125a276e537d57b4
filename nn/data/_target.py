"""The column to predict: classes in an order that is kept, or numbers in their own unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from autograd.files import brief
from nn._core.types import Array

from ._cells import Sheet
from ._columns import LARGEST, LIKE_NAMES
from ._files import DataError
from ._guessed import Values, described

MOST_KINDS, EACH = 10, 4
"""Whole numbers are classes if there are at most so many of them, each in so many rows on average."""

MOST_CLASSES = 1000
"""The most classes: a picture of how often one is taken for another has a place for each pair."""


class Target(NamedTuple):
    """The column to predict: `kind` "classes", in this order, or "numbers", with the mean and spread of training."""

    name: str
    kind: str
    way: str
    unit: str = ""
    classes: tuple[str, ...] = ()
    mean: float = 0.0
    spread: float = 1.0


def targeted(sheet: Sheet, values: Values, kind: str, notes: list[str]) -> tuple[Target, Array]:
    """Return a column as the target, and its n class numbers or numbers, nan where nothing stands.

    `kind` is "classes", "numbers" or "auto". Raises DataError for a column that is neither.
    """
    name, at = values.name, f"{sheet.source}, column {values.name:.60}"
    if values.missing().all():
        raise DataError(f"{at}: is empty")
    if values.way.startswith("date") or values.way == "time of day":
        raise DataError(f"{at}: holds dates or times, which are neither classes nor numbers to predict")
    if kind == "numbers" or (kind == "auto" and values.numbers is not None and not _few(values)):
        if values.numbers is None:
            text = next(iter(values.texts))
            row = int((values.codes == 0).argmax())
            raise DataError(f"{sheet.at(row)}, column {name:.60}: {brief(text)} is not a number, and --kind is numbers")
        return _numbers(at, values, notes)
    return _classes(at, values, notes, kind)


def _few(values: Values) -> bool:
    """Tell whether numbers look like classes."""
    import numpy

    assert values.numbers is not None
    if values.way == "true or false":
        return True
    held = values.numbers[~numpy.isnan(values.numbers)]
    if values.unit or not (held == numpy.floor(held)).all():
        return False
    k = len(numpy.unique(held))
    return k <= 2 or (k <= MOST_KINDS and len(held) >= EACH * k)


def _numbers(at: str, values: Values, notes: list[str]) -> tuple[Target, Array]:
    import numpy

    numbers = values.numbers
    assert numbers is not None
    low, high = float(numpy.nanmin(numbers)), float(numpy.nanmax(numbers))
    if low == high:
        raise DataError(f"{at}: has the same number, {low:g}, in every row")
    if max(-low, high) > LARGEST:
        raise DataError(f"{at}: holds {max(-low, high):g}, whose square is too large; divide it first")
    notes.append(f"{values.name}: {described(values.way, values.unit)} to predict, from {low:g} to {high:g}")
    return Target(values.name, "numbers", values.way, values.unit), numbers


def _classes(at: str, values: Values, notes: list[str], kind: str) -> tuple[Target, Array]:
    import numpy

    missing = values.missing()
    if values.numbers is not None:
        found = numpy.unique(values.numbers[~missing])
        names = [_label(values, number) for number in found.tolist()]
        codes = numpy.searchsorted(found, values.numbers).astype(float)
    else:
        used = numpy.unique(values.codes[~missing])
        order = sorted(used.tolist(), key=lambda code: values.texts[code])
        names = [values.texts[code] for code in order]
        place = numpy.full(len(values.texts) + 1, numpy.nan)
        place[order] = range(len(order))
        codes = place[values.codes]
    codes[missing] = numpy.nan
    n = int((~missing).sum())
    if len(names) < 2:
        raise DataError(f"{at}: has a single class, {names[0]!r:.60}; two are needed to tell apart")
    if len(names) > max(LIKE_NAMES * n, 2) or len(names) > MOST_CLASSES:
        more = "; are they numbers? Then say kind='numbers' (--kind)" if values.numbers is not None else ""
        raise DataError(f"{at}: has {len(names):,} different values in {n:,} rows, too many for classes{more}")
    _tell_classes(values, codes, names, notes, kind)
    return Target(values.name, "classes", values.way, values.unit, tuple(names)), codes


def _tell_classes(values: Values, codes: Array, names: Sequence[str], notes: list[str], kind: str) -> None:
    import numpy

    counts = numpy.bincount(codes[~numpy.isnan(codes)].astype(int), minlength=len(names))
    shown = ", ".join(f"{name:.30} {count:,}" for name, count in list(zip(names, counts))[:8])
    notes.append(f"{values.name}: {len(names)} classes to tell apart: {shown}{', ...' if len(names) > 8 else ''}")
    if values.numbers is not None and kind == "auto" and len(names) > 2:
        notes.append(f"{values.name}: whole numbers taken as classes; to predict them as numbers: --kind numbers")
    alike: dict[str, str] = {}
    for name in names:
        other = alike.setdefault(name.casefold(), name)
        if other != name:
            notes.append(f"{values.name}: {other!r:.40} and {name!r:.40} differ in capitals alone, and are two classes")
    rare = [name for name, count in zip(names, counts) if count < 3]
    if rare:
        notes.append(f"{values.name}: in fewer than 3 rows: {', '.join(rare[:5]):.100}; such a class cannot be learned")
    if counts.max() > 0.8 * counts.sum():
        most = names[int(counts.argmax())]
        notes.append(
            f"{values.name}: {counts.max() / counts.sum():.1%} of the rows are {most!r:.30}; look at the balanced "
            f"accuracy, and see --class-weight"
        )


def _label(values: Values, number: float) -> str:
    if values.way == "true or false":
        return "true" if number else "false"
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def coded(target: Target, values: Values) -> Array:
    """Return the class numbers, or the numbers, of another table's column: nan where nothing stands, -1 for others."""
    import numpy

    if target.kind == "numbers":
        assert values.numbers is not None
        numbers: Array = values.numbers
        return numbers
    place = {name: k for k, name in enumerate(target.classes)}
    missing = values.missing()
    if values.numbers is None:
        known = numpy.array([*(place.get(text, -1) for text in values.texts), -1], float)
        codes = known[values.codes]
    else:
        found, inverse = numpy.unique(values.numbers, return_inverse=True)
        codes = numpy.array(
            [place.get(_label(values, number) if number == number else "", -1) for number in found.tolist()], float
        )[inverse]
    codes[missing] = numpy.nan
    found_codes: Array = codes
    return found_codes
