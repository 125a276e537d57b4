"""What was not chosen never reaches a gradient, however steep it is there: of Values, arrays, compiled, twice."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value, compile, grad, where

CHOICES: dict[str, tuple[Callable[[Any], Any], Callable[[float], tuple[float, float]], tuple[float, ...]]] = {
    "where, a root of what is negative": (
        lambda x: where(x >= 0, x * x, autograd.sqrt(-x)),
        lambda x: (2 * x, 2.0),
        (1.0, 0.0),
    ),
    "where, a logarithm at 0": (
        lambda x: where(x > -1, x**3, autograd.log(x)),
        lambda x: (3 * x * x, 6 * x),
        (0.0, 2.0),
    ),
    "where, an overflow": (
        lambda x: where(x > 100, x, autograd.exp(x * x)),
        lambda x: (1.0, 0.0),
        (1000.0,),
    ),
    "where, sin(x) / x": (lambda x: where(x == 0, 1.0, autograd.sin(x) / x), lambda x: (0.0, 0.0), (0.0,)),
    "maximum": (lambda x: autograd.maximum(autograd.sqrt(x), 1.0), lambda x: (0.0, 0.0), (0.0, 0.5)),
    "minimum": (lambda x: autograd.minimum(1 / x, 2.0), lambda x: (0.0, 0.0), (0.0,)),
    "clip": (lambda x: autograd.clip(1 / x, min=-5.0, max=5.0), lambda x: (0.0, 0.0), (0.0,)),
    "relu": (lambda x: autograd.relu(autograd.log(x)), lambda x: (0.0, 0.0), (0.0, 0.5)),
    "a factor of 0": (lambda x: 0.0 * autograd.sqrt(x) + x, lambda x: (1.0, 0.0), (0.0,)),
    "elu": (lambda x: autograd.elu(x), lambda x: (1.0, 0.0), (1e4,)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHOICES)
def test_what_was_not_chosen_does_not_reach_a_gradient(name: str) -> None:
    f, exact, points = CHOICES[name]
    for x in points:
        slope, bend = exact(x)
        w = Value(x)
        f(w).backward()
        assert w.grad == slope
        twice = grad(grad(f))
        assert (grad(f)(x), twice(x)) == (slope, bend)
        assert (compile(grad(f))(x), compile(twice)(x)) == (slope, bend)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nor_one_of_arrays(name: str, dtype: str) -> None:
    f, exact, points = CHOICES[name]
    x = np.array(points, dtype)

    def slopes(t: Any) -> Any:
        return grad(lambda t: f(t).sum())(t)

    def bends(t: Any) -> Any:
        return grad(lambda t: slopes(t).sum())(t)

    w = Tensor(x)
    f(w).sum().backward()
    expected = np.array([exact(p) for p in points])
    for found, column in ((w.grad, 0), (slopes(x), 0), (compile(slopes)(x), 0), (bends(x), 1), (compile(bends)(x), 1)):
        np.testing.assert_allclose(found, expected[:, column], rtol=1e-6 if dtype == "float32" else 1e-12)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_masks_choose_as_where_does() -> None:
    x, chosen = np.array([4.0, 0.0, -1.0]), np.array([True, False, False])
    target = np.array([1.0, math.nan, math.inf])
    losses = {
        "an index": lambda t: autograd.sqrt(t)[chosen].sum(),
        "a factor": lambda t: where(chosen, autograd.sqrt(t) * chosen, 0.0).sum(),
        "missing targets": lambda t: where(chosen, (t - target) ** 2, 0.0).sum() / 24,
    }
    for name, f in losses.items():
        for slope in (grad(f), compile(grad(f))):
            np.testing.assert_array_equal(slope(x), [0.25, 0.0, 0.0], err_msg=name)


def test_a_slope_that_is_infinite_stays_so() -> None:
    for f in (autograd.sqrt, lambda x: -1 / x, autograd.log):
        assert grad(f)(0.0) == compile(grad(f))(0.0) == math.inf
        w = Tensor([0.0, 4.0])
        with np.errstate(all="ignore"):
            f(w).sum().backward()
            assert w.grad[0] == compile(grad(lambda t, f=f: f(t).sum()))(np.array([0.0, 4.0]))[0] == math.inf
        assert math.isfinite(w.grad[1])


def test_views_show_what_backward_found() -> None:
    w = Value(1.0, label="w")
    J = where(w >= 0, w, autograd.sqrt(-w))
    J.backward()
    sums = re.findall(r"= (\S+) +(?:sum so far (\S+), )?complete", str(autograd.steps(J)))
    assert sums
    assert "nan" not in {number for pair in sums for number in pair}


@pytest.mark.parametrize("nan", [math.nan, [math.nan, 0.0], np.array([math.nan, 0.0]), Tensor([math.nan, 0.0])])
def test_a_bound_that_is_nan_makes_the_result_nan(nan: Any) -> None:
    raw = nan.data if isinstance(nan, Tensor) else nan
    for bounds, right in (({"min": nan}, np.maximum([3.0, 0.0], raw)), ({"max": nan}, np.minimum([3.0, 0.0], raw))):
        np.testing.assert_array_equal(autograd.clip(Tensor([3.0, 0.0]), **bounds).data, right)
        np.testing.assert_array_equal(
            compile(lambda x, bounds=bounds: autograd.clip(x, **bounds))(np.array([3.0, 0.0])), right
        )
    assert math.isnan(autograd.clip(Value(3.0), min=Value(math.nan)).data)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("form", [(40, 50), (40, 1), (1, 50), (1, 1), (50,), (), (3, 40, 50)])
def test_large_arrays_are_chosen_from_bit_by_bit(form: tuple[int, ...], dtype: str) -> None:
    """Infinities, nans and minus zeros among them, also where the array is stretched."""
    rng = np.random.default_rng(0)
    a = rng.choice([1.5, -2.0, -0.0, math.inf, -math.inf, math.nan], size=form).astype(dtype)
    chosen = rng.random((40, 50)) < 0.5
    expected = np.where(chosen, a, np.array(0.0, dtype))
    for found in (where(chosen, a, 0.0), where(chosen, Tensor(a), 0.0).data):
        assert found.dtype == expected.dtype
        assert found.tobytes() == expected.tobytes()


def test_who_is_largest_stays_a_truth_in_compiled_code() -> None:
    a = np.round(np.random.default_rng(0).normal(size=(40, 50)))
    fast = compile(grad(lambda a: (autograd.max(a, axis=1) ** 2).sum()), backend="numpy")
    assert np.array_equal(fast(a), grad(lambda a: (autograd.max(a, axis=1) ** 2).sum())(a))
    assert re.search(r"== \w+\.reshape\(\(40, 1\)\)\n", fast.source)
    largest = a == a.max(axis=1, keepdims=True)
    assert np.array_equal(fast(a), largest * (2 * a.max(axis=1) / largest.sum(axis=1))[:, None])
