"""Every primitive, derived function and loss against arithmetic of 50 digits, in units in the last place."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from exact import DERIVED, ELEMENTWISE, LOSSES, MATRICES, MOVES, PAIRS_OF_ROWS, PRODUCTS, ROWS
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from ulps import (
    LISTS,
    NAMES,
    NASTY,
    UNITS,
    Error,
    array_errors,
    cross_entropy_errors,
    derived_errors,
    domains,
    elementwise_errors,
    loss_errors,
    matrix_errors,
    nasty,
    ulps,
)

import autograd
import nn
from autograd import TABLE, Tensor, Value, compile, grad

EXACT = 0.0
ROUNDED = 0.5
# What the makers of C libraries and of NumPy promise for their functions is more than what we measured.
LIBRARY = 2.0

WITHIN: dict[str, tuple[float, float]] = {
    "add": (ROUNDED, EXACT),
    "subtract": (ROUNDED, EXACT),
    "multiply": (ROUNDED, EXACT),
    "divide": (ROUNDED, 1.5),
    "negative": (EXACT, EXACT),
    "positive": (EXACT, EXACT),
    "pow": (LIBRARY, 3),
    "weighted_sum": (2, EXACT),
    "square": (ROUNDED, EXACT),
    "sqrt": (ROUNDED, 1.5),
    "exp": (LIBRARY, LIBRARY),
    "expm1": (LIBRARY, LIBRARY),
    "log": (LIBRARY, ROUNDED),
    "log1p": (LIBRARY, 1.5),
    "sin": (LIBRARY, LIBRARY),
    "cos": (LIBRARY, LIBRARY),
    "tan": (LIBRARY, 4),
    "sinh": (3, 3),
    "cosh": (3, 3),
    "tanh": (3, 4),
    "tanh_slope": (4, 6),
    "atan": (LIBRARY, 2.5),
    "atan_slope": (2.5, 5),
    "sigmoid": (3, 4),
    "sigmoid_slope": (4, 6),
    "softplus": (2, 3),
    "relu": (EXACT, EXACT),
    "abs": (EXACT, EXACT),
    "sign": (EXACT, EXACT),
    "floor": (EXACT, EXACT),
    "ceil": (EXACT, EXACT),
    "trunc": (EXACT, EXACT),
    "round": (EXACT, EXACT),
    "maximum": (EXACT, EXACT),
    "minimum": (EXACT, EXACT),
    "where": (EXACT, EXACT),
    "clip": (EXACT, EXACT),
    "remainder": (ROUNDED, 2),
    "floor_divide": (2, EXACT),
    "log2": (LIBRARY, 2),
    "log10": (LIBRARY, 2),
    "exp2": (LIBRARY, 3),
    "asin": (LIBRARY, 2.5),
    "acos": (LIBRARY, 2.5),
    "asinh": (LIBRARY, 2),
    "acosh": (3, 3),
    "atanh": (LIBRARY, 2.5),
    "atan2": (LIBRARY, 3),
    "hypot": (LIBRARY, 2),
    "cbrt": (4, 8),
    "logaddexp": (2, 3),
    "erf": (3, 4),
    "erfc": (4, 4),
    "erfcx": (4, 4),
    "erf_slope": (4, 6),
    "gammaln": (4, 4),
    "digamma": (4, 4),
    "sinc": (3, 4),
    "sinc_slope": (4, 6),
    "greater": (EXACT, EXACT),
    "greater_equal": (EXACT, EXACT),
    "less": (EXACT, EXACT),
    "less_equal": (EXACT, EXACT),
    "equal": (EXACT, EXACT),
    "not_equal": (EXACT, EXACT),
    "sum": (3, EXACT),
    "mean": (3, ROUNDED),
    "centered": (3, 3),
    "var": (6, 4),
    "std": (4, 5),
    "norm": (4, 5),
    "max": (EXACT, ROUNDED),
    "min": (EXACT, ROUNDED),
    "prod": (6, 6),
    "logsumexp": (3, 3),
    "softmax": (3, 3),
    "log_softmax": (3, 3),
    "softmax_centered": (4, 6),
    "log_softmax_back": (4, 6),
    "cumsum": (2, 2),
    "sort": (EXACT, EXACT),
    "order": (EXACT, EXACT),
    "sorted_by": (EXACT, EXACT),
    "matmul": (3, 3),
    **dict.fromkeys(MATRICES, (4, 4)),
    "reshape": (EXACT, EXACT),
    "permute_dims": (EXACT, EXACT),
    "expand_dims": (EXACT, EXACT),
    "squeeze": (EXACT, EXACT),
    "broadcast_to": (EXACT, EXACT),
    "concat": (EXACT, EXACT),
    "stack": (EXACT, EXACT),
    "getitem": (EXACT, EXACT),
    "scatter": (ROUNDED, EXACT),
    "pad": (EXACT, EXACT),
    "astype": (EXACT, EXACT),
    "item": (EXACT, EXACT),
    # Where products underflow, each of up to 15 is off by half of the smallest number.
    "conv": (4, 8),
    "conv_input": (4, 8),
    "conv_weight": (4, 8),
    "windows": (EXACT, EXACT),
    "overlap_add": (2, EXACT),
    "leaky_relu": (ROUNDED, EXACT),
    "elu": (LIBRARY, LIBRARY),
    "silu": (4, 4),
    "gelu": (3, 3),
    "mse": (4, 2),
    "mae": (3, ROUNDED),
    "huber": (3, 2),
    "binary_cross_entropy": (4, 3),
    "binary_cross_entropy, from_logits": (3, 5),
    "hinge": (3, ROUNDED),
    "cross_entropy": (3, 3),
    "cross_entropy, one-hot": (3, 3),
}
"""How many units in the last place a value and a derivative may be off; `ulps.UNITS` says of what."""


def assert_within(name: str, errors: Iterable[Error]) -> None:
    for error in errors:
        bound = WITHIN[name][error.argument is not None]
        assert error.ulps <= bound, f"{name} is off by more than {bound} ulps: {error}"


def of_module(package: Any, module: str) -> set[str]:
    return {name for name in package.__all__ if getattr(getattr(package, name), "__module__", "") == module}


def test_nothing_is_missing() -> None:
    """A new primitive, activation or loss needs a row in the oracle, and a bound."""
    assert {*ELEMENTWISE, *ROWS, *PAIRS_OF_ROWS, *MOVES, *PRODUCTS, *MATRICES} == set(NAMES)
    functions = of_module(autograd, "autograd._ops.activations")
    # take is getitem; log_sum_exp is logsumexp of a list.
    assert functions - {"take", "log_sum_exp"} == {*DERIVED, *LISTS} - {"logsumexp"}
    losses = of_module(nn, "nn._training.losses") | of_module(nn, "nn._training.cross_entropy")
    # l1 and l2 are sums of abs and square.
    assert losses - {"cross_entropy"} == {name.split(",")[0] for name in LOSSES}
    assert set(WITHIN) == {*NAMES, *DERIVED, *LOSSES, "cross_entropy", "cross_entropy, one-hot"}
    assert set(UNITS) <= set(WITHIN)


def test_ulps() -> None:
    assert ulps(1.0, 1.0) == 0
    assert ulps(1.0 + 2.0**-52, 1.0) == 1
    assert ulps(1.0 - 2.0**-53, 1.0) == 0.5
    assert ulps(0.5, 0.5 + 2.0**-53) == 1
    assert ulps(5e-324, 0.0) == 1
    assert ulps(0.0, 1.5 * 2.0**-1022) == 1.5 * 2.0**52
    assert ulps(2.0**-52, 0.0, size=1) == 1
    assert ulps(math.nan, 1.0) == math.inf
    assert ulps(math.inf, 1.0) > 1e300
    assert ulps(math.inf, 1.7976931348623157e308) == 1
    assert ulps(-math.inf, 1.7976931348623157e308) > 1e15


# ---- element by element ---------------------------------------------------------------------------------------------


def inside(interval: tuple[float, float]) -> st.SearchStrategy[float]:
    """Any float in an open interval, and often a nasty one."""
    low, high = (x if math.isfinite(x) else None for x in interval)
    anywhere = st.floats(
        low, high, exclude_min=low is not None, exclude_max=high is not None, allow_nan=False, allow_infinity=False
    )
    moderate = st.floats(max(interval[0], -4), min(interval[1], 4), exclude_min=True, exclude_max=True)
    return moderate | anywhere | st.sampled_from(nasty(interval))


@pytest.mark.slow
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_nasty_numbers(name: str) -> None:
    """Zeros, subnormal and huge numbers, the edge of the domain: all of them, and of several arguments a sample."""
    choices = [nasty(interval) for interval in domains(name)]
    rng = random.Random(0)
    if len(choices) == 1:
        points = [(x,) for x in choices[0]]
    else:
        points = [tuple(rng.choice(numbers) for numbers in choices) for _ in range(300)]
        points += [(x,) * len(choices) for x in nasty((0.0, math.inf))]
    assert_within(name, elementwise_errors(name, points))


@pytest.mark.slow
@pytest.mark.parametrize("name", ELEMENTWISE)
@given(data=st.data())
def test_elementwise(name: str, data: st.DataObject) -> None:
    points = data.draw(st.lists(st.tuples(*map(inside, domains(name))), min_size=1, max_size=20))
    assert_within(name, elementwise_errors(name, points))


@pytest.mark.slow
def test_powers_of_negative_numbers() -> None:
    """The domain of pow is positive, but whole exponents are fine; the slope for the exponent is not real then."""
    points = [(-x, float(n)) for x in nasty((0.0, math.inf)) for n in (-3, -2, -1, 0, 1, 2, 3, 10)]
    assert_within("pow", (error for error in elementwise_errors("pow", points) if error.argument != 1))


# ---- arrays ---------------------------------------------------------------------------------------------------------

MODERATE = st.floats(-4, 4)
ELEMENTS = [
    MODERATE,
    st.integers(-2, 2).map(float),
    st.floats(-750, 750),
    st.floats(-4, 4).map(lambda x: 1e5 + x),
    st.floats(-60, 60).map(lambda x: math.copysign(10**x, x)),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(NASTY),
    st.sampled_from([1e308, -1e308, 1.7e308, 1000.0, -1000.0, 37.0, 0.0]),
]
SOME_ROWS: list[Any] = [(((n,),), {}) for n in (1, 2, 4)]
CASES = [
    pytest.param(name, shapes, dict(settings), id=f"{name}-{k}")
    for name in NAMES
    if name not in ELEMENTWISE and name not in MATRICES
    for k, (shapes, settings) in enumerate([*TABLE[name].examples, *(SOME_ROWS if name in ROWS else [])])
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "shapes", "settings"), CASES)
@given(data=st.data())
def test_arrays(name: str, shapes: Any, settings: dict[str, Any], data: st.DataObject) -> None:
    elements = data.draw(st.sampled_from(ELEMENTS))
    arrays = [data.draw(hnp.arrays(float, shape, elements=elements)) for shape in shapes]
    # Sums of whole numbers are exact, so a movement has no error at all.
    weights = st.integers(-9, 9).map(float) if name in MOVES else st.floats(0.1, 2) | st.floats(-2, -0.1)
    assert_within(
        name, array_errors(name, arrays, settings, lambda shape: data.draw(hnp.arrays(float, shape, elements=weights)))
    )


# ---- matrices -------------------------------------------------------------------------------------------------------

FORMS: dict[str, list[Any]] = {
    "solve": [((3, 3), (3, 2))],
    **{name: [((3, 3),), ((3, 2),), ((2, 3),)] for name in ("pinv", "qr_parts", "svd_parts", "svdvals")},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("seed", range(4))
def test_matrices(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for shapes in FORMS.get(name, [((3, 3),)]):
        arrays = [rng.normal(size=shape) * 10.0 ** rng.integers(-3, 4) for shape in shapes]
        if name == "cholesky":
            arrays = [a @ a.T for a in arrays]
        assert_within(name, matrix_errors(name, arrays, lambda shape: rng.uniform(0.5, 1.5, shape)))


# ---- functions and losses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DERIVED)
@given(points=st.lists(st.tuples(inside((-math.inf, math.inf))), min_size=1, max_size=20))
@example(points=[(x,) for x in NASTY])
def test_derived_functions(name: str, points: list[tuple[float]]) -> None:
    assert_within(name, derived_errors(name, points))


def targets(name: str, n: int) -> st.SearchStrategy[list[float]]:
    if name == "hinge":
        one: st.SearchStrategy[float] = st.sampled_from([-1.0, 1.0])
    elif name.startswith("binary"):
        one = st.sampled_from([0.0, 1.0, 0.5, 5e-324, 2.0**-53, 1 - 2.0**-53]) | st.floats(0, 1)
    else:
        one = st.one_of(ELEMENTS)
    return st.lists(one, min_size=n, max_size=n)


@pytest.mark.parametrize("name", LOSSES)
@given(data=st.data())
def test_losses(name: str, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 4))
    probabilities = st.floats(0, 1) | st.sampled_from([0.0, 1.0, 5e-324, 1e-310, 2.0**-53, 1 - 2.0**-53])
    elements = probabilities if name == "binary_cross_entropy" else data.draw(st.sampled_from(ELEMENTS))
    predictions = data.draw(st.lists(elements, min_size=n, max_size=n))
    assert_within(name, loss_errors(name, predictions, data.draw(targets(name, n))))


@pytest.mark.slow
@pytest.mark.parametrize("name", LOSSES)
def test_losses_of_nasty_numbers(name: str) -> None:
    choices = [x for x in NASTY if 0 <= x <= 1] if name == "binary_cross_entropy" else NASTY
    wanted = [0.0, 1.0, 0.5] if name.startswith("binary") else [-1.0, 1.0] if name == "hinge" else [0.0, 1e308, -1e-310]
    for p, t in itertools.product(choices, wanted):
        assert_within(name, loss_errors(name, [p], [t]))
        assert_within(name, loss_errors(name, [p, p, choices[3]], [t, t, wanted[0]]))


def logits(rows: int) -> st.SearchStrategy[list[list[float]]]:
    return st.sampled_from(ELEMENTS).flatmap(
        lambda x: st.lists(st.lists(x, min_size=3, max_size=3), min_size=rows, max_size=rows)
    )


EXTREME = [[1e308, -1e308, 0.0], [-1e308, 5e-324, 1.7e308], [1000.0, -1000.0, 1000.0], [1e16, 1e16 + 2, -745.0]]


@given(z=logits(2), y=st.lists(st.integers(0, 2), min_size=2, max_size=2))
@example(z=EXTREME, y=[0, 1, 2, 0])
@example(z=EXTREME, y=[1, 0, 1, 2])
@example(z=EXTREME[:1] * 3, y=[0, 0, 2])
def test_cross_entropy(z: list[list[float]], y: list[int]) -> None:
    assert_within("cross_entropy", cross_entropy_errors(z, y))


ONE_HOT = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.0], [0.25, 0.25, 0.5]]


@given(z=logits(2), y=st.lists(st.sampled_from(ONE_HOT), min_size=2, max_size=2))
@example(z=EXTREME, y=ONE_HOT)
@example(z=EXTREME, y=ONE_HOT[::-1])
@example(z=EXTREME[:1], y=[[0.5, 0.5, 0.0]])
def test_cross_entropy_of_probabilities(z: list[list[float]], y: list[list[float]]) -> None:
    assert_within("cross_entropy, one-hot", cross_entropy_errors(z, y))


class TestDigitsThatWereLost:
    """Numbers worked out by hand, which a plainer formula gets wrong."""

    def test_slopes_in_the_tails(self) -> None:
        assert grad(autograd.expm1)(-40.0) == math.exp(-40)
        assert grad(autograd.elu)(-40.0) == math.exp(-40)

    def test_elu_is_smooth_at_zero(self) -> None:
        assert grad(autograd.elu)(0.0) == 1.0
        assert grad(lambda x: autograd.sum(autograd.elu(x)))(np.zeros(2)).tolist() == [1.0, 1.0]

    def test_a_power_of_zero_is_flat(self) -> None:
        for x in (5e-324, 1e-310, 0.0, -1e-310, 1.0):
            assert grad(lambda x: x**0)(x) == 0.0

    @pytest.mark.parametrize("make", [lambda x: x, lambda x: [Value(v) for v in x], Tensor])
    def test_certain_predictions(self, make: Any) -> None:
        """The loss is exp(-50) where the right class has a lead of 50."""
        tiny = pytest.approx(math.exp(-50), rel=1e-15, abs=0)

        def number(loss: Any) -> float:
            return loss if isinstance(loss, float) else loss.item()

        if make is not Tensor:
            assert number(autograd.log_sum_exp(make([0.0, -50.0]))) == tiny
        assert -number(autograd.log_softmax(make([50.0, 0.0]))[0]) == tiny
        assert number(nn.cross_entropy(make([50.0, 0.0]), 0)) == tiny
        assert number(nn.binary_cross_entropy(make([50.0, -50.0]), [1, 0], from_logits=True)) == tiny

    @pytest.mark.parametrize("way", [lambda f: f, compile])
    def test_the_largest_of_a_list_has_the_slope_of_the_others(self, way: Any) -> None:
        """Its own part cancels: 1 - p, where p is 1 to the last digit."""
        tail = math.exp(-40) / (1 + math.exp(-40))
        for function in (autograd.log_softmax, autograd.softmax):
            slopes = way(grad(lambda *z, function=function: function(list(z))[0], (0, 1)))(40.0, 0.0)
            assert slopes == pytest.approx((tail, -tail), rel=1e-15, abs=0)
        slopes = way(grad(lambda *z: nn.cross_entropy([list(z)], [0]), (0, 1, 2)))(0.0, -700.0, -math.inf)
        assert slopes == pytest.approx((-math.exp(-700), math.exp(-700), 0.0), rel=1e-12, abs=0)

    def test_nothing_but_infinities(self) -> None:
        none = [-math.inf, -math.inf]
        for f in (autograd.log_softmax, lambda z: [autograd.log_sum_exp(list(z))]):
            assert {float(y) for y in f(none)} == {-math.inf}
            assert set(compile(lambda *z, f=f: f(list(z)))(*none)) == {-math.inf}
        assert autograd.log_softmax(np.array([none, [0.0, -math.inf]])).tolist() == [none, [0.0, -math.inf]]
        assert autograd.logsumexp(np.array(none)) == -math.inf

    def test_large_logits(self) -> None:
        """A sum of exponentials is rounded away in 10¹⁶, its slopes are not."""
        z, expected = [1e16, 1e16 + 2], [1 / (1 + math.exp(2)), 1 / (1 + math.exp(-2))]
        assert grad(autograd.logsumexp)(np.array(z)) == pytest.approx(expected, rel=1e-15)
        values = [Value(x) for x in z]
        autograd.log_sum_exp(values).backward()
        assert [v.grad for v in values] == pytest.approx(expected, rel=1e-15)
        assert nn.cross_entropy(z, 0) == pytest.approx(math.log1p(math.exp(2)), rel=1e-15)

    @pytest.mark.filterwarnings("ignore:overflow")
    def test_means_that_no_sum_overflows(self) -> None:
        assert autograd.mean(np.array([1.7e308, 1.7e308])) == 1.7e308
        assert autograd.mean(np.full((2, 2), -1.7e308), axis=0).tolist() == [-1.7e308, -1.7e308]
        assert nn.mae([1.7e308, -1.7e308], [0.0, 0.0]) == 1.7e308
        p = [Value(1.7e308), Value(-1.7e308)]
        J = nn.mae(p, [0.0, 0.0])
        J.backward()
        assert (J.data, p[0].grad, p[1].grad) == (1.7e308, 0.5, -0.5)
