"""Numbers and arrays as text, the same in every view: six digits, a small array whole, of a large one the shape.

Drawings, formulas, steps, explanations and the command line read it. All digits of a number stand only in what Python
is to read, and where one points at a picture.
"""

from __future__ import annotations

import math

from autograd._core.data import shape
from autograd._core.types import Raw
from autograd.picture.shapes import number

MAX_WRITTEN_ELEMENTS = 6
"""An array of more elements is written as its shape."""

MAX_DRAWN_ELEMENTS = 4
"""In a box there is less room."""


def number_text(x: float) -> str:
    """Return six digits of a number, as Python reads them.

    >>> from autograd._views.numbers import number_text
    >>> number_text(-1 / 3), number_text(2.0), number_text(1e-7)
    ('-0.333333', '2', '1e-07')
    """
    return number(x, minus="-")


def data_text(data: Raw, large: str = "array{}", zero: str = "0") -> str:
    """Return a number, a small array whole, or of a large one its shape, which `large` has a place for; `zero` is -0.

    >>> from autograd._views.numbers import data_text
    >>> data_text(Tensor([[1 / 3, 2.0]]).data), data_text(Tensor([0.0] * 7).data)
    ('[[0.333333, 2]]', 'array(7,)')
    """
    if is_large(data):
        return large.format(data.shape)
    return _nested(data.tolist() if hasattr(data, "tolist") else data, "-", zero)


def is_large(data: Raw) -> bool:
    """Tell whether an array has too many elements to be written whole."""
    return bool(shape(data)) and data.size > MAX_WRITTEN_ELEMENTS


def drawn_text(data: Raw) -> str:
    """Return data as text for a picture: of a larger array, only the smallest and largest element.

    >>> from autograd._views.numbers import drawn_text
    >>> drawn_text(-1 / 3), drawn_text(Tensor([-1.0, 0.0, 1.0, 2.0, 3.0]).data)
    ('−0.333333', '−1 … 3')
    """
    if shape(data) and data.size > MAX_DRAWN_ELEMENTS:
        least, most = data.min().item(), data.max().item()
        ends = [most] if least == most else [least, most]
        return " … ".join(_nested(end, "−") for end in ends)
    return _nested(data.tolist() if hasattr(data, "tolist") else data, "−")


def _nested(data: Raw, minus: str, zero: str = "0") -> str:
    if isinstance(data, (list, tuple)):
        return f"[{', '.join(_nested(part, minus, zero) for part in data)}]"
    if isinstance(data, bool):
        return str(data)
    return zero if data == 0 and math.copysign(1.0, data) < 0 else number(data, minus)
