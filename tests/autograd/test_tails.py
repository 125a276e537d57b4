"""Derivatives where they are small, at the ends of the floats, and where there is nothing to differentiate."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from exact import logistic, mp
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Tensor, Value, grad, hessian, primitive, value_and_grad, vjp

STRETCH = mp.sqrt(8 / mp.pi)

SMOOTH: dict[str, Callable[[Any], Any]] = {
    "tanh": mp.tanh,
    "sigmoid": logistic,
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "silu": lambda x: x * logistic(x),
    "gelu": lambda x: x * logistic(STRETCH * (x + mp.mpf(0.044715) * x**3)),
    "elu": lambda x: x if x > 0 else mp.expm1(x),
    "expm1": mp.expm1,
}
FARTHEST = {"gelu": 12.0}
"""Beyond, its exponent has rounding errors of its own."""


def of_one_element(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: autograd.sum(f(x))


@pytest.mark.slow
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", SMOOTH)
@given(data=st.data())
def test_derivatives_keep_their_digits(name: str, order: int, data: st.DataObject) -> None:
    far = FARTHEST.get(name, 340.0)
    x = data.draw(st.floats(-far, far).filter(lambda x: abs(x) > 1e-3))
    # Slopes of 1e-300 beside values of 1 are computed from their differences.
    with mp.workdps(400):
        slope, curvature = (mp.diff(SMOOTH[name], mp.mpf(x), k) for k in (1, 2))
    expected = slope if order == 1 else curvature
    terms = abs(slope) + abs(curvature) if abs(x) < 4 else abs(expected)
    f = getattr(autograd, name)
    one, many = f, of_one_element(f)
    for _ in range(order):
        one, many = grad(one), of_one_element(grad(many))
    for actual in (one(x), many(np.array([x])), autograd.compile(one)(x)):
        # Where a derivative changes its sign, it is as exact as its terms.
        assert abs(actual - expected) <= 1e-12 * terms


@pytest.mark.parametrize("order", [1, 2])
def test_slopes_of_large_angles(order: int) -> None:
    exact = [lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2][order - 1]
    slope: Any = autograd.atan
    for _ in range(order):
        slope = grad(slope)
    for x in (1e-9, -0.7, 3e5, -1e90, 1e100):
        assert slope(x) == pytest.approx(float(exact(mp.mpf(x))), rel=1e-14, abs=0)


def certain(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: make(x)[0]


@pytest.mark.parametrize("lead", [40.0, 300.0])
def test_soft_maxima_of_certain_rows(lead: float) -> None:
    """With a lead of c, softmax is 1 / (1 + e^-c), and its slopes p (1 - p), -p (1 - p)."""
    rest = float(mp.exp(-lead) / (1 + mp.exp(-lead)))
    p = 1 - rest
    row = np.array([lead, 0.0])
    pairs = np.array([1.0, -1.0])
    for function in (grad, lambda f: autograd.compile(grad(f))):
        assert function(certain(autograd.softmax))(row) == pytest.approx(rest * p * pairs, rel=1e-13, abs=0)
        assert function(certain(autograd.log_softmax))(row) == pytest.approx(rest * pairs, rel=1e-13, abs=0)
    square = np.outer(pairs, pairs)
    assert hessian(certain(autograd.log_softmax))(row) == pytest.approx(-rest * p * square, rel=1e-13, abs=0)
    assert hessian(autograd.logsumexp)(row) == pytest.approx(rest * p * square, rel=1e-13, abs=0)
    assert hessian(certain(autograd.softmax))(row) == pytest.approx(rest * p * (rest - p) * square, rel=1e-13, abs=0)


def test_rows_without_any_share() -> None:
    nothing = np.array([-math.inf, -math.inf])
    assert autograd.softmax(nothing).tolist() == [0.5, 0.5]
    assert grad(autograd.logsumexp)(nothing).tolist() == [0.5, 0.5]
    assert autograd.logsumexp(nothing) == -math.inf


@pytest.mark.parametrize("a", [-math.inf, math.inf])
def test_equal_infinities_share(a: float) -> None:
    """As equal numbers do, and as the sums of any number of them; each alone is followed or left."""
    x = Tensor([a, a, a, -a, 1.0])
    with np.errstate(invalid="ignore"):
        autograd.logaddexp(x, Tensor([a, 1.0, -a, a, 1.0])).sum().backward()
    assert x.grad.tolist() == [0.5, float(a > 0), float(a > 0), float(a < 0), 0.5]
    assert grad(grad(lambda x: autograd.logaddexp(x, 1.0)))(1.0) == 0.25
    assert math.isnan(grad(autograd.logaddexp)(math.nan, 1.0))
    assert math.isnan(grad(autograd.logaddexp)(a, math.nan))


class TestLengths:
    """Roots of sums of squares have derivatives where the squares have none."""

    @pytest.mark.parametrize("name", ["std", "var", "norm"])
    @pytest.mark.parametrize("x", [[0.0], [0.0, 0.0, 0.0]])
    def test_the_slope_at_zero_is_zero(self, name: str, x: list[float]) -> None:
        for dtype in ("float64", "float32"):
            f = getattr(autograd, name)
            for function in (grad(f), autograd.compile(grad(f)), grad(lambda x, f=f: f(x) ** 2)):
                assert function(np.array(x, dtype)).tolist() == [0.0] * len(x)

    @pytest.mark.parametrize("name", ["std", "var"])
    def test_equal_elements_do_not_spread(self, name: str) -> None:
        x = np.array([0.1, 0.1, 0.1])
        assert getattr(autograd, name)(x) == 0.0
        assert grad(getattr(autograd, name))(x).tolist() == [0.0, 0.0, 0.0]
        rows = np.array([[0.1, 0.1, 0.1], [1.0, 2.0, 3.0]])
        assert grad(lambda x: getattr(autograd, name)(x, axis=1).sum())(rows)[0].tolist() == [0.0, 0.0, 0.0]

    @pytest.mark.parametrize(("size", "dtype"), [(1e-170, "float64"), (1e170, "float64"), (1e30, "float32")])
    def test_extreme_scales(self, size: float, dtype: str) -> None:
        x = np.array([1.0, 3.0, 5.0, 7.0]) * np.array(size, dtype)
        x = x.astype(dtype)
        near = 1e-6 if dtype == "float32" else 1e-14
        assert autograd.std(x) == pytest.approx(math.sqrt(5) * size, rel=near, abs=0)
        assert grad(autograd.std)(x) == pytest.approx(np.array([-3, -1, 1, 3]) / (4 * math.sqrt(5)), rel=near)
        assert autograd.norm(x) == pytest.approx(math.sqrt(84) * size, rel=near, abs=0)
        assert grad(autograd.norm)(x) == pytest.approx(np.array([1, 3, 5, 7]) / math.sqrt(84), rel=near)

    def test_the_largest_floats(self) -> None:
        assert autograd.norm(np.array([1.7976931348623157e308, 0.0])) == 1.7976931348623157e308
        assert autograd.norm(np.array([3e-323, 4e-323])) == 5e-323
        assert autograd.norm(np.array([math.inf, 1.0])) == math.inf


class TestNothing:
    def test_means_and_products_of_nothing(self) -> None:
        assert math.isnan(autograd.mean(np.zeros(0)))
        assert np.isnan(autograd.mean(np.zeros((0, 2)), axis=0)).tolist() == [True, True]
        assert grad(autograd.prod)(np.zeros(0)).shape == (0,)
        assert grad(lambda x: autograd.prod(x, axis=1).sum())(np.zeros((2, 0))).shape == (2, 0)

    @pytest.mark.filterwarnings("ignore:divide by zero")
    def test_a_power_of_zero_and_zero(self) -> None:
        assert grad(lambda b: 0.0**b)(0.0) == 0.0
        assert grad(lambda x: autograd.sum(0.0**x))(np.array([0.0, 1.0, -1.0])).tolist() == [0.0, 0.0, -math.inf]

    def test_whole_numbers_and_truths_have_no_slope(self) -> None:
        for kind in ("int64", "bool", "uint8"):
            f = lambda x, kind=kind: (x.astype(kind) * 3.0 + x).sum()  # noqa: E731 - one for each kind
            assert grad(f)(np.array([1.0, 2.5])).tolist() == [1.0, 1.0]


class TestFlattened:
    def test_cumsum_without_an_axis(self) -> None:
        x = np.arange(6.0).reshape(2, 3)
        weights = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
        assert autograd.cumsum(x).tolist() == np.cumsum(x).tolist()
        assert grad(lambda x: (autograd.cumsum(x) * weights).sum())(x).tolist() == [[63, 62, 60], [56, 48, 32]]

    def test_concat_without_an_axis(self) -> None:
        x, y = np.ones((2, 2)), np.ones(3)
        weights = np.arange(7.0)
        f = lambda x, y: (autograd.concat([x, y], axis=None) * weights).sum()  # noqa: E731 - called thrice
        a, b = grad(f, (0, 1))(x, y)
        assert (a.tolist(), b.tolist()) == ([[0, 1], [2, 3]], [4, 5, 6])

    def test_axes_of_a_number(self) -> None:
        for turn in (lambda t: t.T, autograd.permute_dims, autograd.cumsum, autograd.logsumexp):
            t = Tensor(2.0)
            autograd.sum(turn(t) * 3).backward()
            assert t.grad == 3.0


class TestClip:
    X = np.array([1.0, 2.0, 3.0])
    WEIGHTS = np.array([1.0, 2.0, 4.0])

    def test_bounds_get_what_they_decide(self) -> None:
        f = grad(lambda x, low, high: (autograd.clip(x, low, high) * self.WEIGHTS).sum(), (0, 1, 2))
        for function in (f, autograd.compile(f)):
            x, low, high = function(self.X, np.array([2.0, 0.0, 0.0]), 2.0)
            assert (x.tolist(), low.tolist(), high) == ([0, 2, 0], [1, 0, 0], 4)

    def test_values(self) -> None:
        assert grad(autograd.clip, (0, 1))(1.0, 2.0) == (0.0, 1.0)
        assert grad(autograd.clip, (0, 1, 2))(1.0, 0.0, 1.0) == (1.0, 0.0, 0.0)

    def test_lists_and_the_ways_of_numpy(self) -> None:
        t = Tensor(self.X)
        for clipped in (t.clip([0, 0, 0], 2), np.clip(t, 0, 2), np.clip(t, a_min=0, a_max=2), np.clip(t, 0, [2, 2, 2])):
            assert clipped.data.tolist() == [1, 2, 2]


class TestWhatIsShared:
    """Arrays of gradients belong to who gets them."""

    def test_gradients_share_no_memory(self) -> None:
        x, kept = np.ones(4), np.ones(4)
        constant = primitive("constant_slope", lambda xp, x: x + 1, lambda g, out, x: kept)
        cases: list[tuple[Callable[..., Any], Any]] = [
            (lambda a, b: (a + b).sum(), (0, 1)),
            (lambda a, b: (a.reshape(2, 2) + b.reshape(2, 2)).sum(), (0, 1)),
            (lambda a, b: autograd.sum(autograd.concat([a, b])), (0, 1)),
            (lambda a, b: (constant(a) + constant(b)).sum(), (0, 1)),
        ]
        for f, argnums in cases:
            a, b = grad(f, argnums)(x, x)
            assert not any(
                np.shares_memory(one, other) for one, other in ((a, b), (a, x), (b, x), (a, kept), (b, kept))
            )
            a += 1
            assert b.tolist() == [1, 1, 1, 1]

    def test_a_parameter_named_twice(self) -> None:
        w = Tensor([1.0, 2.0])
        _, (a, b) = value_and_grad(lambda: (w * w).sum(), wrt=[w, w])()
        assert a.tolist() == b.tolist() == [2, 4]
        assert not np.shares_memory(a, b)

    def test_a_rule_that_writes_to_what_it_is_given(self) -> None:
        def in_place(g: Any, out: Any, x: Any) -> Any:
            g *= 2
            return g

        def list_of(g: Any, out: Any, *args: Any) -> Any:
            args[0][...] = 0
            return [g for _ in args]

        one = primitive("doubled_in_place", lambda xp, x: x * 2, in_place)
        many = primitive("many_in_place", lambda xp, *x: x[0] + x[1], list_of)
        written = primitive("written_to", lambda xp, x: xp.add(x, 1, out=x), lambda g, out, x: g)
        a, b = Tensor([1.0]), Tensor([1.0])
        with pytest.raises(ValueError, match="the rule of doubled_in_place writes to an array"):
            (one(a) + b).sum().backward()
        with pytest.raises(ValueError, match="the rule of many_in_place writes to an array"):
            many([a, b]).sum().backward()
        with pytest.raises(ValueError, match="written_to"):
            written(a)
        assert (a.data, b.data) == (1.0, 1.0)
        # Numbers cannot be written to, and nodes are made anew.
        assert grad(lambda x: one(x) + x)(1.0) == 3.0
        assert grad(grad(lambda x: one(x) * x))(1.0) == 4.0

    def test_other_errors_of_a_rule_stay_as_they_are(self) -> None:
        def fails(g: Any, out: Any, x: Any) -> Any:
            raise ValueError("no such slope")

        failing = primitive("failing_rule", lambda xp, x: x * 2, fails)
        with pytest.raises(ValueError, match=r"^no such slope$"):
            failing(Tensor([1.0])).sum().backward()


class TestLeavesThatChange:
    """A recorded derivative reads nodes again; one that has other numbers now is refused, whatever its size."""

    @pytest.mark.parametrize("change", [100.0, 5e-324, math.nan])
    def test_one_of_many_numbers(self, change: float) -> None:
        w = Tensor(np.zeros(2000))
        _, pull_back = vjp(lambda x: (w * x).sum(), Tensor(np.ones(2000)))
        w.data[1000] = change
        with pytest.raises(RuntimeError, match="changed after it was used"):
            pull_back(1.0)

    def test_the_same_numbers_in_another_array(self) -> None:
        w = Tensor([math.nan, -0.0])
        _, pull_back = vjp(lambda x: (w * x).sum(), Tensor([1.0, 1.0]))
        w.data = w.data.copy()
        assert np.array_equal(pull_back(1.0)[0].data, [math.nan, 0.0], equal_nan=True)

    def test_a_zero_of_the_other_sign(self) -> None:
        w = Value(0.0)
        _, pull_back = vjp(lambda x: w * x, Value(1.0))
        w.data = -0.0
        with pytest.raises(RuntimeError, match="changed after it was used"):
            pull_back(1.0)


class TestWhatIsRefused:
    def test_wrt_that_holds_no_nodes(self) -> None:
        for wrt, told in (([0, 7], "argnums"), (Tensor([1.0]), "a list of nodes"), (3, "a list of nodes")):
            with pytest.raises(TypeError, match=told):
                value_and_grad(lambda x: x * 3, wrt=wrt)  # type: ignore[arg-type]
        w = Value(2.0)
        assert value_and_grad(lambda x: w * x, wrt=iter([w]))(3.0) == (6.0, [3.0])  # type: ignore[arg-type]

    def test_settings_that_are_none(self) -> None:
        with pytest.raises(TypeError, match="sum has no setting 'axes'; it has axis, keepdims"):
            autograd.sum(Tensor([1.0]), axes=0)
        with pytest.raises(TypeError, match="matmul has no setting 'axis'; it has none"):
            autograd.matmul(Tensor([1.0]), Tensor([1.0]), axis=0)
        with pytest.raises(TypeError, match="the setting axis of mean must not be a node"):
            autograd.mean(Tensor([1.0]), axis=Value(0.0))
        with pytest.raises(TypeError, match=r"^exp\(\) got an unexpected keyword"):
            autograd.exp(Value(1.0), axis=0)

    def test_decimals(self) -> None:
        assert round(Value(2.344), 2).data == 2.34
        assert round(Tensor([1234.5]), -2).data.tolist() == [1200.0]
        assert round(Value(2.5)).data == 2.0

    def test_seeds_of_the_other_kind(self) -> None:
        assert vjp(lambda t: t.sum(), np.ones(3))[1](Value(2.0))[0].data.tolist() == [2, 2, 2]
        assert vjp(lambda t: t * 3, 1.0)[1](Tensor(2.0))[0].data == 6.0
