"""Masked arrays: an element under a mask is no number, so nothing here computes with it."""

from __future__ import annotations

import sys
from types import ModuleType

from .trees import deeper
from .types import Data


def check_unmasked(data: Data, who: str) -> None:
    """Raise ValueError if an element of an array, or of arrays in lists, is masked. `who` begins the message.

    >>> import numpy
    >>> from autograd._core.masked import check_unmasked
    >>> check_unmasked([1.0, numpy.ma.masked], "this list")
    Traceback (most recent call last):
    ValueError: this list is masked in places: leave these out, or put numbers there with filled(...)
    """
    # NumPy imports this part of itself when it is first used.
    masked = sys.modules.get("numpy.ma")
    if masked is not None and _is_masked(data, masked):
        raise ValueError(f"{who} is masked in places: leave these out, or put numbers there with filled(...)")


def _is_masked(data: Data, masked: ModuleType, depth: int = 0) -> bool:
    if isinstance(data, masked.MaskedArray):
        return bool(masked.is_masked(data))
    if isinstance(data, (list, tuple)):
        inside = deeper(depth)
        return not _PLAIN.issuperset(map(type, data)) and any(_is_masked(part, masked, inside) for part in data)
    if getattr(getattr(data, "dtype", None), "kind", "") == "O" and hasattr(data, "tolist"):
        return _is_masked(data.tolist(), masked)
    return False


_PLAIN = {float, int, bool}
