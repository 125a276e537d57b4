"""Settings that users give: whole and real numbers, Python's or NumPy's."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from numbers import Real
from typing import Any

from autograd.files import brief

from .types import Unchecked


def whole(name: str, number: Unchecked, least: int | None = None, otherwise: str = "") -> int:
    """Check that a setting is a whole number from `least`, and return it as an int.

    Raises ValueError, also for 3.0 and True. `name` is the setting's name, `otherwise` names the other values that it
    may have.

    >>> whole("epochs", 3, 1)
    3
    >>> whole("epochs", 3.0, 1)
    Traceback (most recent call last):
    ValueError: epochs must be a whole number from 1; got 3.0
    """
    try:
        # A float has no index; a truth value of Python's has one, and of an old NumPy's.
        truth = isinstance(number, bool) or getattr(getattr(number, "dtype", None), "kind", "") == "b"
        found = None if truth else operator.index(number)
    except TypeError:
        found = None
    if found is None or (least is not None and found < least):
        start = "" if least is None else f" from {least}"
        raise ValueError(f"{name} must be a whole number{start}{otherwise}; got {brief(number)}")
    return found


def real(name: str, number: Unchecked, fits: Callable[[float], bool], what: str) -> float:
    """Check that a setting is a real number that `fits`, and return it as one of Python's.

    `what` says in words which numbers fit. Raises ValueError.

    >>> from nn._core.settings import real
    >>> real("lr", 0.1, lambda lr: lr > 0, "a positive number")
    0.1
    >>> real("lr", True, lambda lr: lr > 0, "a positive number")
    Traceback (most recent call last):
    ValueError: lr must be a positive number; got True
    """
    found: Any = None
    if isinstance(number, Real) and not isinstance(number, bool):
        found = number if isinstance(number, (int, float)) else float(number)
    elif getattr(number, "shape", None) == () and number.dtype.kind in "fiu" and not getattr(number, "mask", False):
        # An array of no dimensions, and not masked.
        found = number.item()
    if found is None or not fits(found):
        raise ValueError(f"{name} must be {what}; got {brief(number)}")
    return float(found) if isinstance(found, float) else found


def plain_number(number: Unchecked) -> Any:
    """Return a number of NumPy's, as searches give them, as one of Python's; all else as it is.

    >>> import numpy
    >>> plain_number(numpy.float64(0.5)), plain_number(None)
    (0.5, None)
    """
    return number.item() if hasattr(number, "dtype") and getattr(number, "shape", None) == () else number


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the question "did you mean" for a name that is like a known one, or nothing.

    >>> nearest("ReLU", ["relu", "tanh"])
    " (did you mean 'relu'?)"
    """
    plain = {known.replace("_", ""): known for known in names}
    found = get_close_matches(name.lower().replace("_", "").replace("-", ""), plain, 1)
    return f" (did you mean {plain[found[0]]!r}?)" if found else ""
