"""The Array API standard, 2024.12: its names, and its special cases (nan, infinities, zeros with a sign, empty axes).

What the standard says of special cases is what NumPy does, and NumPy is compared with, signs of zero included.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Node, Tensor, Value, linalg


def words(text: str) -> list[str]:
    return text.split()


NAMES = words(
    "asarray full full_like ones_like zeros_like empty_like meshgrid tril triu astype abs acos acosh "
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
EVERY: dict[str, Callable[[Any, Any], Any]] = {
    **{name: (lambda xp, a, name=name: getattr(xp, name)(a)) for name in words(
        "ones_like zeros_like real imag sort argsort argmax argmin nonzero unique_all unique_counts unique_inverse "
        "unique_values flip squeeze unstack asarray matrix_transpose"
    )},
    "full_like": lambda xp, a: xp.full_like(a, math.nan),
    "full": lambda xp, a: xp.full((2, *a.shape), a),
    "empty_like": lambda xp, a: xp.empty_like(a).shape,
    "meshgrid": lambda xp, a: xp.meshgrid(a.reshape(-1), a.reshape(-1)[:2]),
    "astype": lambda xp, a: (a.astype("float32"), a[a < 9].astype(int), a.astype(bool)),
    "take": lambda xp, a: (xp.take(a, [0, 0], axis=-1) if a.shape[-1] else xp.take(a, [], axis=-1)),
    "take_along_axis": lambda xp, a: xp.take_along_axis(a, np.zeros((*a.shape[:-1], 0), int), axis=-1),
    "matmul": lambda xp, a: xp.matmul(a, np.ones((a.shape[-1], 2))),
    "tensordot": lambda xp, a: (xp.tensordot(a, a, axes=0), xp.tensordot(a, a, axes=((0,), (0,)))),
    "vecdot": lambda xp, a: (xp.vecdot(a, a), xp.vecdot(a, a, axis=0)),
    "broadcast_arrays": lambda xp, a: xp.broadcast_arrays(a, a[..., :1]),
    "broadcast_to": lambda xp, a: xp.broadcast_to(a, (2, *a.shape)),
    "concat": lambda xp, a: (xp.concat([a, a], axis=0), xp.concat([a, a[:0]], axis=None)),
    "expand_dims": lambda xp, a: xp.expand_dims(a, axis=-1),
    "moveaxis": lambda xp, a: xp.moveaxis(a, 0, -1),
    "permute_dims": lambda xp, a: xp.permute_dims(a, tuple(range(a.ndim))[::-1]),
    "repeat": lambda xp, a: (xp.repeat(a, 2, axis=0), xp.repeat(a, 0)),
    "reshape": lambda xp, a: (xp.reshape(a, (-1,)), xp.reshape(a, a.shape[::-1])),
    "roll": lambda xp, a: (xp.roll(a, 1), xp.roll(a, -2, axis=0)),
    "stack": lambda xp, a: xp.stack([a, a], axis=-1),
    "tile": lambda xp, a: (xp.tile(a, (2, 2)), xp.tile(a, (0,))),
    "searchsorted": lambda xp, a: xp.searchsorted(xp.sort(a.reshape(-1)), [0.0, math.inf, math.nan]),
    "where": lambda xp, a: (xp.where(a > 0, a, -0.0), xp.where(a == a, a, 1.0)),
    "linspace": lambda xp, a: (xp.linspace(a, a, 0), xp.linspace(0.0, xp.abs(a), 1), xp.linspace(2.0, 2.0, 3)),
    "diff": lambda xp, a: (xp.diff(a), xp.diff(a, n=5), xp.diff(a, axis=0, prepend=0.0)),
    "cumulative_sum": lambda xp, a: xp.cumulative_sum(a, axis=-1, include_initial=True),
    "cumulative_prod": lambda xp, a: xp.cumulative_prod(a, axis=0),
    "clip": lambda xp, a: (xp.clip(a, 0.0, 1.0), xp.clip(a, -math.inf, math.inf)),
    "count_nonzero": lambda xp, a: xp.count_nonzero(a, axis=-1),
}  # fmt: skip
"""What the standard's other functions do with special numbers and with nothing, as a call of either namespace."""
OF_MATRICES: dict[str, Callable[[Any, Any], Any]] = {
    **{name: (lambda xp, a, name=name: getattr(xp.linalg, name)(a)) for name in words(
        "det slogdet inv eigvalsh svdvals trace diagonal matrix_norm matrix_transpose pinv vector_norm"
    )},
    "tril": lambda xp, a: xp.tril(a),
    "triu": lambda xp, a: xp.triu(a, k=1),
    "cholesky": lambda xp, a: xp.linalg.cholesky(a + 0.0 * np.eye(a.shape[-1])),
    "cross": lambda xp, a: xp.linalg.cross(a[..., :1] * np.ones(3), a[..., 1:2] * np.ones(3)),
    "eigh": lambda xp, a: xp.linalg.eigh(a)[0],
    "matmul": lambda xp, a: xp.linalg.matmul(a, a),
    "matrix_power": lambda xp, a: (xp.linalg.matrix_power(a, 0), xp.linalg.matrix_power(a, 3)),
    "matrix_rank": lambda xp, a: xp.linalg.matrix_rank(a),
    "outer": lambda xp, a: xp.linalg.outer(a.reshape(-1), a.reshape(-1)),
    "qr": lambda xp, a: abs(xp.linalg.qr(a)[1]),
    "solve": lambda xp, a: xp.linalg.solve(a, np.ones((*a.shape[:-1], 1))),
    "svd": lambda xp, a: xp.linalg.svd(a, full_matrices=False)[1],
    "tensordot": lambda xp, a: xp.linalg.tensordot(a, a, axes=1),
    "vecdot": lambda xp, a: xp.linalg.vecdot(a, a),
}  # fmt: skip
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


def test_each_name_has_special_cases() -> None:
    assert {*NAMES} - {*ONE, *TWO, *REDUCTIONS, *EVERY, *OF_MATRICES} == set()
    assert {*LINALG} - {*OF_MATRICES} == set()


def parts(found: Any) -> list[Any]:
    return [part for item in found for part in parts(item)] if isinstance(found, (tuple, list)) else [found]


def alike(f: Callable[[Any, Any], Any], a: Any, name: str) -> None:
    """Compare what a call gives here and with NumPy, or that both refuse."""
    with np.errstate(all="ignore"):
        try:
            expected = parts(f(np, a))
        except (ValueError, IndexError, np.linalg.LinAlgError):
            with pytest.raises((ValueError, IndexError, np.linalg.LinAlgError)):
                f(autograd, Tensor(a))
            return
        for x, y in zip(parts(f(autograd, Tensor(a))), expected, strict=True):
            same(x, np.asarray(y), name)


@pytest.mark.parametrize("name", EVERY)
def test_special_numbers_and_nothing(name: str) -> None:
    for data in ([[math.nan, 1.0, -0.0], [math.inf, -math.inf, 2.0]], [-0.0, 0.0, math.nan, math.nan]):
        alike(EVERY[name], np.array(data), name)
    for form in ((0, 3), (2, 0), (0,), (2, 0, 3)):
        alike(EVERY[name], np.zeros(form), name)


@pytest.mark.parametrize("name", OF_MATRICES)
def test_special_matrices(name: str) -> None:
    # The decomposition of no numbers at all is refused here.
    for form in ((0, 2, 2), *(((0, 0), (2, 0, 0)) if name not in ("svd", "svdvals", "cross") else ())):
        alike(OF_MATRICES[name], np.zeros(form), name)
    for data in ([[math.nan, 1.0], [1.0, 2.0]], [[math.inf, 0.0], [0.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]):
        alike(OF_MATRICES[name], np.array(data), name)


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
