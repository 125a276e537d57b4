"""Hypothesis strategies for numbers, arrays and shapes; the simplest come first, so failures shrink to them."""

from __future__ import annotations

import math
from typing import Any, Literal

from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd import Tensor, Value
from autograd._core.primitive import REAL, Interval
from autograd._core.types import Shape
from autograd.files import brief

MODERATE = 4.0
"""Numbers of an unbounded domain lie so near to 0, or to its other end: no result of a few operations overflows."""

MARGIN = 1 / 16
"""So far from the ends of their domain numbers keep, as a part of its length up to 1."""


def values(domain: Interval = REAL) -> st.SearchStrategy[Value]:
    """Return a strategy for Values with data inside an open interval, `domain`.

    An infinite end is taken as 4 away from the other end or from 0. Raises ValueError for an empty interval.

    >>> from hypothesis import find
    >>> from autograd.testing import values
    >>> find(values(domain=(0.0, 10.0)), lambda v: v.data > 5)
    Value(data=6.0, grad=0.0)
    """
    return floats(domain).map(Value)


def tensors(
    shape: Shape | st.SearchStrategy[Shape] = (), dtype: str = "float64", domain: Interval = REAL
) -> st.SearchStrategy[Tensor]:
    """Return a strategy for Tensors of a shape, or of shapes from a strategy, with data in an open interval.

    `dtype` is "float64" or "float32". Raises ValueError for another dtype or an empty interval.

    >>> from hypothesis import find
    >>> from autograd.testing import tensors
    >>> find(tensors((2, 3)), lambda t: True).shape
    (2, 3)
    """
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype must be 'float32' or 'float64'; got {brief(dtype)}")
    return hnp.arrays(dtype, shape, elements=floats(domain, 32 if dtype == "float32" else 64)).map(Tensor)


def broadcastable_shapes(count: int = 2) -> st.SearchStrategy[tuple[tuple[int, ...], ...]]:
    """Return a strategy for `count` shapes that broadcast together, of up to three axes, each up to 3 long.

    >>> from hypothesis import find
    >>> from autograd.testing import broadcastable_shapes
    >>> find(broadcastable_shapes(2), lambda shapes: len(shapes[0]) > len(shapes[1]) > 0)
    ((1, 1), (1,))
    """
    shapes = hnp.mutually_broadcastable_shapes(num_shapes=count, max_dims=3, max_side=3)
    return shapes.map(lambda found: found.input_shapes)


def floats(domain: Interval = REAL, width: Literal[32, 64] = 64) -> st.SearchStrategy[float]:
    """Return a strategy for floats well inside an open interval: short ones first, then any."""
    low, high = inside(domain)
    unit = 2.0 ** math.floor(math.log2((high - low) / 100))
    short = sorted((k * unit for k in range(math.ceil(low / unit), math.floor(high / unit) + 1)), key=_length)
    anything = st.floats(low, high, width=width, allow_subnormal=False)
    return st.integers(0, len(short) - 1).map(short.__getitem__) | anything


def _length(x: float) -> tuple[Any, ...]:
    """Order numbers by how much there is to read; 0 and 1 come last, as they hide the most mistakes."""
    numerator, denominator = x.as_integer_ratio()
    return numerator in (-1, 0, 1) and denominator == 1, abs(numerator) + denominator, x < 0, x


def inside(domain: Interval) -> Interval:
    """Return the closed interval of the numbers to try for an open one."""
    low, high = domain
    if not low < high:
        raise ValueError(f"a domain is an interval (low, high) with low < high; got {brief(domain)}")
    if math.isinf(low):
        low = -MODERATE if math.isinf(high) else high - MODERATE
    if math.isinf(high):
        high = low + MODERATE if math.isfinite(domain[0]) else MODERATE
    margin = MARGIN * min(high - low, 1.0)
    return (low if math.isinf(domain[0]) else low + margin), (high if math.isinf(domain[1]) else high - margin)
