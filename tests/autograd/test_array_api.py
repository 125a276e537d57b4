"""The Array API standard, 2024.12: its names, and its special cases (nan, infinities, zeros with a sign, empty axes).

What the standard says of special cases is what NumPy does, and NumPy is compared with, signs of zero included.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Node, Tensor, Value, linalg


def words(text: str) -> list[str]:
    return text.split()


NAMES = words(
    "full_like ones_like zeros_like empty_like meshgrid tril triu astype abs acos acosh "
    "add asin asinh atan atan2 atanh "
    "ceil clip copysign cos cosh divide equal exp expm1 floor "
    "floor_divide greater greater_equal hypot isfinite isinf "
    "isnan less less_equal log log1p log2 log10 logaddexp logical_and logical_not logical_or logical_xor maximum "
    "minimum multiply negative nextafter not_equal positive pow real imag reciprocal "
    "remainder round sign signbit sin "
    "sinh square sqrt subtract tan tanh trunc take take_along_axis matmul matrix_transpose tensordot vecdot "
    "broadcast_arrays broadcast_to concat expand_dims flip moveaxis permute_dims repeat "
    "reshape roll squeeze stack tile "
    "unstack argmax argmin count_nonzero nonzero searchsorted where unique_all unique_counts unique_inverse "
    "unique_values argsort sort cumulative_prod cumulative_sum max mean min prod std sum var all any diff linspace"
)
LINALG = words(
    "cholesky cross det diagonal eigh eigvalsh inv matmul "
    "matrix_norm matrix_power matrix_rank matrix_transpose outer "
    "pinv qr slogdet solve svd svdvals tensordot trace vecdot vector_norm"
)
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, -4.0, 1e308, -5e-324, math.inf, -math.inf, math.nan]
ONE = words(
    "abs acos acosh asin asinh atan atanh ceil cos cosh exp expm1 floor isfinite isinf isnan log log1p log2 log10 "
    "logical_not negative positive reciprocal round sign signbit sin sinh square sqrt tan tanh trunc"
)
TWO = words(
    "add atan2 copysign divide equal floor_divide greater greater_equal hypot less less_equal logaddexp logical_and "
    "logical_or logical_xor maximum minimum multiply nextafter not_equal pow remainder subtract"
)
REDUCTIONS = words("sum prod mean var std max min any all argmax argmin count_nonzero")


def same(found: Any, expected: Any, what: object) -> None:
    """Compare to the last bits but two, and with the signs of zero."""
    data = np.asarray(found.data if isinstance(found, Node) else found)
    np.testing.assert_array_equal(data.shape, expected.shape)
    data = data.astype(expected.dtype)
    if data.dtype.kind == "f":
        np.testing.assert_array_max_ulp(data, expected, 4)
    else:
        np.testing.assert_array_equal(data, expected)
    # Which of two zeros is the larger, the standard leaves open.
    zeros = np.flatnonzero(np.ravel(expected) == 0) if what not in ("maximum", "minimum", "max", "min") else []
    np.testing.assert_array_equal(np.signbit(np.ravel(data)[zeros]), np.signbit(np.ravel(expected)[zeros]), str(what))


def number(found: Any) -> Any:
    return found.data if isinstance(found, Node) else found


@pytest.mark.parametrize(("home", "names"), [(autograd, NAMES), (linalg, LINALG)])
def test_names(home: Any, names: list[str]) -> None:
    assert [name for name in names if not callable(getattr(home, name, None))] == []


@pytest.mark.parametrize("name", ONE)
def test_special_cases(name: str) -> None:
    function = getattr(autograd, name)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(np.array(SPECIAL))
        same(function(Tensor(SPECIAL)), expected, name)
        same([number(function(Value(x))) for x in SPECIAL], expected, name)


@pytest.mark.parametrize("name", TWO)
def test_special_cases_of_pairs(name: str) -> None:
    function = getattr(autograd, name)
    pairs = list(itertools.product(SPECIAL, SPECIAL))
    a, b = (np.array(column) for column in zip(*pairs, strict=True))
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(a, b)
        same(function(Tensor(a), Tensor(b)), expected, name)
        same([number(function(Value(x), Value(y))) for x, y in pairs], expected, name)


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:Degrees of freedom")
@pytest.mark.parametrize("name", REDUCTIONS)
def test_special_cases_of_reductions(name: str) -> None:
    function, numpys = getattr(autograd, name), getattr(np, name)
    rows = [[math.nan, 1.0], [math.inf, -math.inf], [math.inf, 1.0], [-0.0, -0.0], [0.0, -0.0], [0.0, math.inf]]
    with np.errstate(all="ignore"):
        same(function(Tensor(rows), axis=1), numpys(np.array(rows), axis=1), name)
        for shape, axis in (((0,), 0), ((0, 2), 0), ((2, 0), 0), ((2, 0), 1), ((0, 2), None)):
            empty = np.zeros(shape)
            try:
                expected = np.asarray(numpys(empty, axis=axis))
            except ValueError:
                with pytest.raises(ValueError, match=r"empty|zero-size"):
                    function(Tensor(empty), axis=axis)
            else:
                same(function(Tensor(empty), axis=axis), expected, name)


@pytest.mark.parametrize("of", [Tensor, Value])
def test_special_cases_of_clip(of: Any) -> None:
    bounds = itertools.product([None, -1.0, math.nan, -math.inf], [None, 2.0, math.nan, math.inf])
    for low, high in [*bounds][1:]:
        found = [number(autograd.clip(of(x), low, high)) for x in SPECIAL]
        same(np.array(found), np.clip(np.array(SPECIAL), low, high), (low, high))


def test_sums_and_products_from_nothing() -> None:
    for name in ("cumulative_sum", "cumulative_prod"):
        function, numpys = getattr(autograd, name), getattr(np, name)
        for data in (np.zeros(0), np.array([math.inf, math.nan]), np.array([-0.0, -0.0])):
            for initial in (False, True):
                found = function(Tensor(data), include_initial=initial)
                same(found, numpys(data, include_initial=initial), (name, data, initial))
    assert autograd.sort(Tensor([math.nan, -math.inf, 0.0, -0.0])).data.tolist()[0] == -math.inf
    assert autograd.diff(Tensor(np.zeros((2, 0)))).shape == np.diff(np.zeros((2, 0))).shape
