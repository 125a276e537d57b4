"""gradcheck is right, or says that it does not know; it never passes what is wrong."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd
from autograd import Tensor, Value, abs, exp, floor, gradcheck, gradcheck_module, primitive, relu, tanh, where
from autograd._checks.directions import spans
from autograd._checks.numerical import derivative
from nn import MLP, Sequential, cross_entropy, mse

# Functions of one number, with their derivatives by hand.
SMOOTH: list[tuple[Callable[[float], float], Callable[[float], float]]] = [
    (math.sin, math.cos),
    (math.tanh, lambda x: 1 / math.cosh(x) ** 2),
    (lambda x: x**3 - x, lambda x: 3 * x**2 - 1),
    (math.exp, math.exp),
    (math.atan, lambda x: 1 / (1 + x * x)),
]


@given(
    function=st.sampled_from(SMOOTH),
    x=st.floats(-3, 3, allow_subnormal=False),
    inner=st.integers(-8, 8).map(lambda k: 10.0**k),
    outer=st.integers(-30, 30).map(lambda k: 10.0**k),
)
@example(function=SMOOTH[0], x=0.0, inner=1e8, outer=1.0)
@example(function=SMOOTH[2], x=0.0, inner=1e-8, outer=1e30)
def test_the_error_bar_holds_at_every_scale(
    function: tuple[Callable[[float], float], Callable[[float], float]], x: float, inner: float, outer: float
) -> None:
    f, slope = function
    at = x / inner
    magnitude = outer * max(math.fabs(f(x)), math.fabs(x * slope(x)))
    found = derivative(lambda h: outer * f(inner * (at + h)), spans(math.fabs(at)), magnitude)
    true = outer * inner * slope(inner * at)
    assert not found.reason
    assert math.fabs(found.value - true) <= 8 * found.error + 1e-14 * math.fabs(true)
    typical = outer * inner * max(math.fabs(slope(x)), math.fabs(x))
    assert found.error <= 1e-6 * typical


def test_a_function_in_lower_precision_gets_a_wider_error_bar() -> None:
    found = derivative(lambda h: float(np.sin(np.float32(1.0 + h))), spans(1.0), 1.0)
    assert found.value == pytest.approx(math.cos(1.0), abs=found.error)
    assert 1e-8 < found.error < 1e-3


AT_0 = spans(0.0)


def test_numerical_derivatives_that_do_not_exist() -> None:
    assert "right" in derivative(lambda h: math.fabs(h), AT_0, 1.0).reason
    assert derivative(lambda h: math.fabs(h), AT_0, 1.0).reason.startswith(
        "a kink here: the derivative is 1 from the right"
    )
    assert "grow" in derivative(lambda h: float(h > 0), AT_0, 1.0).reason
    assert "grow" in derivative(lambda h: math.copysign(math.fabs(h) ** 0.5, h), AT_0, 1.0).reason
    left = derivative(lambda h: math.sqrt(h) if h >= 0 else math.nan, AT_0, 1.0)
    assert "left" in left.reason or "grow" in left.reason
    assert "right" in derivative(lambda h: math.nan if h > 0 else h, AT_0, 1.0).reason
    assert "too small" in derivative(lambda h: h, ((1e-323, 1e-322),), 1.0).reason
    # A kink beside the point, however near, is none at the point.
    for near in (1e-2, 1e-4, 1e-6, 1e-8):
        found = derivative(lambda h, near=near: max(h + near, 0.0), AT_0, 1.0)
        assert not found.reason
        assert found.value == pytest.approx(1.0, abs=8 * found.error)


def wrong(rule: Any) -> Any:
    return primitive("wrong_tanh", lambda xp, x: xp.tanh(x), rule)


MISTAKES = [
    (lambda g, out, x: 1.01 * g * (1 - out * out), "1.01 times what it should be"),
    (lambda g, out, x: 2 * g * (1 - out * out), "2 times what it should be"),
    (lambda g, out, x: -g * (1 - out * out), "the sign is wrong"),
    (None, "the analytic derivative is zero, the function is not constant"),
    (lambda g, out, x: g * (1 - out * out) * math.nan, "the analytic derivative is nan"),
]


@pytest.mark.parametrize(("rule", "reason"), MISTAKES)
@pytest.mark.parametrize("x", [0.3, 1e-8, -2.0])
def test_mistakes_are_found_and_named(rule: Any, reason: str, x: float) -> None:
    report = gradcheck(wrong(rule), x)
    assert (report.verdict, report.entries[0].where, report.entries[0].reason) == ("fail", "x", reason)
    assert not report


def test_a_derivative_that_should_be_zero() -> None:
    assert gradcheck(lambda x: Value(0.0) * x + 0 * wrong(lambda g, out, x: g)(x), 0.5)
    stairs = primitive("stairs", lambda xp, x: xp.floor(x), lambda g, out, x: g)
    assert gradcheck(stairs, 2.5).entries[0].reason == "the derivative should be zero"


@pytest.mark.slow
def test_one_wrong_number_of_ten_thousand_is_found() -> None:
    x = np.random.default_rng(0).normal(size=(100, 100))
    factor = np.ones_like(x)
    factor[12, 34] = 1.01
    skewed = primitive("skewed", lambda xp, x: xp.tanh(x), lambda g, out, x: g * (1 - out * out) * factor)
    for data in (x, x.astype(np.float32)):
        report = gradcheck(lambda w: skewed(w).sum(), data)
        assert report.verdict == "fail"
        assert "fail at w[12, 34]" in repr(report)
        assert report.entries[-1].reason == "1.01 times what it should be"


@pytest.mark.slow
def test_an_error_spread_over_all_numbers_is_found_in_every_half() -> None:
    report = gradcheck(lambda w: wrong(lambda g, out, x: 1.0001 * g * (1 - out * out))(w).sum(), np.linspace(-1, 1, 60))
    assert report.verdict == "fail"
    assert report.entries[-1].where.startswith("w[")


def test_an_underflow_is_undecided() -> None:
    assert gradcheck(lambda x: x * x, 1e-300).verdict == "undecided"


def test_an_error_too_small_to_be_seen_in_one_half_is_told_as_a_whole() -> None:
    slight = wrong(lambda g, out, x: (1 + 4e-5) * g * (1 - out * out))
    report = gradcheck(lambda w: slight(w).sum() + 1e7, np.linspace(-1, 1, 60))
    assert report.verdict == "fail"
    assert len(report.entries) == 2


@pytest.mark.slow
@pytest.mark.parametrize("x", [1e-150, 1e-8, 1.0, 1e8, 1e150])
def test_right_gradients_pass_at_every_scale(x: float) -> None:
    assert gradcheck(lambda x: x * x, x)
    assert gradcheck(autograd.log, x)
    assert gradcheck(autograd.sqrt, x)
    assert gradcheck(autograd.sin, x if x < 1e10 else 3.0)
    assert gradcheck(lambda w: (w * w).sum(), np.full(60, x) * np.linspace(1, 2, 60))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_precisions(dtype: str) -> None:
    x = np.linspace(-1, 1, 6).reshape(2, 3).astype(dtype)
    report = gradcheck(lambda w: tanh(w) @ w.T, x)
    assert report
    assert any("float32" in remark for remark in report.remarks) == (dtype == "float32")
    assert gradcheck(lambda w: (tanh(w) @ w.T).sum(), np.tile(x, (10, 1)))


def test_float32_that_keeps_too_few_digits_is_undecided() -> None:
    report = gradcheck(lambda x: ((x + 1000) - 1000) ** 2, np.array([0.001, 0.002], np.float32))
    assert report.verdict == "undecided"
    assert "rounding leaves too few digits" in repr(report)


KINKS: list[tuple[Callable[..., Any], tuple[Any, ...], str]] = [
    (relu, (0.0,), "a kink here: the derivative is 1 from the right and 0 from the left"),
    (abs, (0.0,), "a kink here: the derivative is 1 from the right and -1 from the left"),
    (autograd.maximum, (2.0, 2.0), "a kink"),
    (autograd.max, (np.array([1.0, 2.0, 2.0]),), "a kink"),
    (lambda a, b: where(a > b, a, b), (1.0, 1.0), "a kink"),
    (floor, (3.0,), "a jump"),
    (lambda x: abs(x - 1e6), (1e6,), "a kink"),
    (lambda x: exp(-3000.0 * abs(x)), (0.0,), "a kink here: the derivative is -3000 from the right and 3000"),
    (lambda x: x + 1e-5 * (x.data > 0.0), (0.0,), "a jump"),
    (autograd.sqrt, (0.0,), "infinite derivative"),
    (autograd.round, (0.5,), "a jump"),
    (lambda x: relu(x).sum(), (np.zeros(60),), "a kink"),
]


@pytest.mark.parametrize(("f", "args", "reason"), KINKS)
def test_kinks_and_jumps_are_no_wrong_gradients(f: Any, args: Any, reason: str) -> None:
    report = gradcheck(f, *args)
    assert report.verdict == "non-differentiable"
    assert reason in repr(report)


def test_beside_a_kink_the_gradient_is_checked() -> None:
    assert gradcheck(relu, 1e-5)
    assert gradcheck(relu, -1e-12)
    bent = primitive("bent", lambda xp, x: xp.maximum(x, 0.0), lambda g, out, x: where(out > 0, 1.01 * g, 0.0))
    assert gradcheck(bent, 1e-5).verdict == "fail"
    assert gradcheck(lambda x: bent(x - 1.0), 1.0 + 1e-7).verdict == "fail"


@pytest.mark.parametrize("factor", [1.0, 2.0])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_number_below_the_noise_is_undecided(factor: float, sign: float) -> None:
    """A wrong sign of 1e-14 beside 1 cannot be seen, so nobody says that it is right."""
    tiny = primitive("tiny", lambda xp, x: x * 1e-14, lambda g, out, x: sign * g * 1e-14)

    def f(a: Any, b: Any) -> Any:
        return (a + tiny(b)) * factor

    for inputs in ((1.0, 1.0), (np.ones(2), np.ones(2)), (np.ones(2, np.float32), np.ones(2, np.float32))):
        report = gradcheck(f, *inputs)
        assert report.verdict == "undecided"
        assert {e.where[0]: e.verdict for e in report.entries} == {"a": "pass", "b": "undecided"}
        assert "undecided at b" in repr(report)


def test_rounding_errors_of_nothing_are_nothing() -> None:
    """The sum of a softmax is 1: its derivatives are what rounding leaves of 0."""
    report = gradcheck(lambda x: autograd.sum(autograd.softmax(x)), np.array([1.0, 0.0, 1.0]))
    assert report
    assert "at most 0e+00 apart" in repr(report)


def test_what_is_too_noisy_to_tell_is_undecided() -> None:
    assert gradcheck(lambda x: x * 1e-9 + 1e9, 1.0).verdict == "undecided"
    report = gradcheck(lambda x: x + tanh((x - 1.0) * 1e6) * 1e-6, 1.0)
    assert report.verdict in ("pass", "undecided")
    # Steps that are too long see a slope of 1; the derivative is 2.
    assert gradcheck(lambda x: x + tanh((x - 1.0) * 1e9) * 1e-9, 1.0)


def test_features_however_narrow_are_seen() -> None:
    for k in range(0, 26, 5):
        assert gradcheck(lambda x, k=k: x + tanh(x * 10.0**k) * 10.0**-k, 0.0), k
    silent = primitive("silent", lambda xp, x: 1.0 + xp.exp(-((1e4 * x) ** 2)), lambda g, out, x: 0.0 * g)
    assert gradcheck(silent, 4e-4).verdict == "fail"


def test_a_global_generator_is_told_from_other_memory() -> None:
    def python(x: Any) -> Any:
        return x * random.random()

    def numpy(x: Any) -> Any:
        return x * np.random.random()  # noqa: NPY002

    for f in (python, numpy):
        report = gradcheck(f, 1.0)
        assert report.verdict == "invalid"
        assert "draws from a global random generator" in repr(report)
    generator = np.random.default_rng(0)
    report = gradcheck(lambda x: x * generator.random(), 1.0)
    assert "keeps something between calls" in repr(report)
    assert gradcheck(lambda x: x * np.random.default_rng(0).random(), 1.0)


def test_the_global_generators_go_on_as_if_nothing_had_happened() -> None:
    """Also where the function draws from them, and where it fails."""
    old = np.random

    def fails(x: Any) -> Any:
        old.rand()
        raise RuntimeError(random.random())

    def states() -> list[Any]:
        return [random.getstate(), *map(str, old.get_state())]

    random.seed(1)
    old.seed(1)
    before = states()
    for f in (lambda x: x * random.random(), lambda x: x * old.rand(), fails, tanh):
        with suppress(RuntimeError):
            gradcheck(f, 1.0)
        assert states() == before


def test_inputs_are_neither_changed_nor_may_they_be() -> None:
    x = np.ones(3)

    def careless(x: Any) -> Any:
        x.data[0] = 5.0
        return x.sum()

    report = gradcheck(careless, x)
    assert report.verdict == "invalid"
    assert "changes its input x in place" in repr(report)
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_a_function_that_knows_whether_it_is_recorded() -> None:
    def two_faced(x: Any) -> Any:
        y = x * 2.0
        return y if y.op is None else y + 1.0

    assert "while it is recorded" in repr(gradcheck(two_faced, 1.0))


@pytest.mark.covers
@pytest.mark.slow
def test_inputs_that_do_not_matter_and_gradients_that_are_lost() -> None:
    report = gradcheck(lambda a, b: a * a, 1.0, 2.0)
    assert report
    assert report.remarks == ("here the result does not depend on b",)
    lost = gradcheck(lambda x: Value(x.data) * x, 3.0)
    assert lost.verdict == "fail"
    large = gradcheck(lambda w: (Tensor(w.data) * 2.0).sum() + 0.0 * w.sum(), np.ones(100))
    assert large.verdict == "fail"
    assert "the analytic gradient is zero, the function is not constant" in repr(large)
    many = gradcheck(lambda *values: values[0] * 1.0, *[1.0] * 15)
    assert "argument 10 and 4 more" in many.remarks[0]


def test_structures_and_their_names() -> None:
    params = {"w": np.ones((2, 2)), "b": [0.5, Value(1.0)]}

    def f(params: Any, x: Any) -> Any:
        return {"y": tanh(params["w"] @ [1.0, 2.0]) * params["b"][0], "z": [params["b"][1] ** 2 * x]}

    assert gradcheck(f, params, 3.0)
    names = [entry.where for entry in gradcheck(f, params, 3.0).entries]
    assert names == [
        *(f"params['w'][{i}, {j}]" for i in (0, 1) for j in (0, 1)),
        *("params['b'][0]", "params['b'][1]", "x"),
    ]
    hidden = gradcheck(max, Value(0.5), Value(0.25))
    assert hidden
    assert hidden.entries[0].where == "argument 0"


def test_a_primitive_names_the_arguments_of_its_forward_rule() -> None:
    # Without and with settings, alone and differentiated, and one that takes a list.
    plain = primitive(
        "area", lambda xp, width, height: width * height, lambda g, out, w, h: g * h, lambda g, out, w, h: g * w
    )
    scaled = primitive("scaled", lambda xp, x, *, by=2.0: x * by, lambda g, out, x, by=2.0: g * by)
    for f, inputs, expected in (
        (plain, (2.0, 3.0), ["width", "height"]),
        (autograd.grad(plain), (2.0, 3.0), ["width", "height"]),
        (scaled, (2.0,), ["x"]),
        (autograd.concat, ([np.ones(1), np.ones(1)],), ["argument 0[0][0]", "argument 0[1][0]"]),
    ):
        assert [entry.where for entry in gradcheck(f, *inputs).entries] == expected


@pytest.mark.slow
def test_second_order() -> None:
    assert gradcheck(lambda x: x**3 * exp(x), 0.7, order=2)
    assert gradcheck(lambda w: tanh(w @ w.T), np.array([[0.1, 0.2], [0.3, -0.4]]), order=2)
    half = primitive("half", lambda xp, x: xp.sin(x), lambda g, out, x: g * np.cos(getattr(x, "data", x)))
    assert gradcheck(half, 0.7)
    report = gradcheck(half, 0.7, order=2)
    assert report.verdict == "fail"
    assert report.entries[-1].where == "x, second derivative"
    assert gradcheck(relu, 0.0, order=2).verdict == "non-differentiable"
    assert gradcheck(wrong(None), 0.7, order=2).verdict == "fail"


@pytest.mark.slow
def test_modules_and_their_names() -> None:
    X, y = np.random.default_rng(0).normal(size=(8, 4)), [0, 1, 2] * 2 + [0, 1]
    for model in (MLP(4, [5, 3], "tanh"), MLP(4, [5, 3], "tanh", of=Tensor)):
        before = model.state_dict()
        model.parameters()[0].grad = model.parameters()[0].detach().data * 0.0 + 7.0
        report = gradcheck_module(model, cross_entropy, X.tolist(), y)
        assert report
        after = model.state_dict()
        assert all(np.array_equal(before[name], after[name]) for name in before)
        assert np.all(np.asarray(model.parameters()[0].grad) == 7.0)
    clumsy = MLP(2, [3, 1], wrong(lambda g, out, x: 1.01 * g * (1 - out * out)), of=Tensor)
    report = gradcheck_module(clumsy, mse, [[0.5, -1.0]], [1.0])
    assert report.verdict == "fail"
    assert "fail at layers.0.w[" in repr(report)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gradcheck(tanh, 0.5, order=3), "order must be 1 or 2; got 3"),
        (lambda: gradcheck(tanh), "give the inputs"),
        (lambda: gradcheck(0.5, tanh), "gradcheck takes a function and its inputs; got 0.5"),
        (lambda: gradcheck(tanh, np.zeros((0, 3))), "no number to check"),
        (lambda: gradcheck(lambda x: x.data, 0.5), "return the node itself"),
        (lambda: gradcheck(lambda x: [], 0.5), "empty structure"),
        (lambda: gradcheck_module(tanh, mse, [1.0], [1.0]), "named_parameters"),
        (lambda: gradcheck_module(MLP(1, [1]), "mse", [[1.0]], [1.0]), r"loss must be a function \(y_hat, y\) such as"),
        (lambda: gradcheck_module(Sequential(), mse, [1.0], [1.0]), "no parameters"),
    ],
)
def test_errors_say_what_to_do(call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_values_that_are_not_finite() -> None:
    assert "the function is -inf" in repr(gradcheck(autograd.log, 0.0))
    assert gradcheck(lambda x: 1 / x, 1e-200).verdict != "pass"

    def fragile(x: Any) -> Any:
        return x * (1.0 if x.data >= 1.0 else 1.0 / 0.0)

    assert gradcheck(fragile, 1.0).verdict != "pass"


def test_a_derivative_that_is_infinite_in_floats_only() -> None:
    steep = primitive("steep", lambda xp, x: x, lambda g, out, x: g * math.inf)
    assert gradcheck(steep, 1.0).verdict == "fail"
    flat = primitive("flat", lambda xp, x: x * 1e-9 + 1e9, lambda g, out, x: g * math.inf)
    assert "too large for floats" in repr(gradcheck(flat, 1.0))
    assert not gradcheck(lambda x: 1 / x, 1e-200)


def test_a_function_that_loses_digits_is_no_wrong_gradient() -> None:
    """Near a singular matrix a rounding of the inputs is a large change of the result."""
    report = gradcheck(lambda a, b, c, d: 1 / (a * d - b * c), 1.0, 1.0, 1.0, 1.000001)
    assert report, report
    report = gradcheck(lambda x: autograd.mean(x * x) - autograd.mean(x) ** 2, 1e6 + np.array([-1.0, 0.5, 1.0]))
    assert report.verdict in ("pass", "undecided"), report
    report = gradcheck(lambda x: tanh(x.astype("float32")).astype("float64"), np.linspace(-1.5, 2, 5))
    assert report.verdict in ("pass", "undecided"), report
