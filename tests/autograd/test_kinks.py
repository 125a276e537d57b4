"""Second derivatives of compositions that are smooth where their parts have a kink."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas
import pytest

import autograd
from autograd import Tensor, Value, compile, fresh, grad, hessian, hvp, leaky_relu, relu, vjp, where
from nn import huber

kinds: dict[Any, Any] = {float: Value, np.array: Tensor}

SMOOTH: dict[str, tuple[Callable[[Any], Any], float, float]] = {
    "|t| squared": (lambda t: abs(t) ** 2, 0.0, 2.0),
    "|t| times |t|": (lambda t: abs(t) * abs(t), 0.0, 2.0),
    "both halves of a square": (lambda t: relu(t) ** 2 + relu(-t) ** 2, 0.0, 2.0),
    "both halves elsewhere": (lambda t: relu(t - 3) ** 2 + relu(3 - t) ** 2, 3.0, 2.0),
    "larger and smaller": (lambda t: autograd.maximum(t, 0.0) ** 2 + autograd.minimum(t, 0.0) ** 2, 0.0, 2.0),
    "clipped from both sides": (
        lambda t: autograd.clip(t, min=0.0) ** 2 + autograd.clip(t, max=0.0) ** 2,
        0.0,
        2.0,
    ),
    "halves chosen by comparisons": (lambda t: where(t > 0, t, 0.0) ** 2 + where(t < 0, -t, 0.0) ** 2, 0.0, 2.0),
    "halves that both hold": (lambda t: where(t >= 0, t, 0.0) ** 2 + where(t <= 0, -t, 0.0) ** 2, 0.0, 2.0),
    "a number times its sign": (lambda t: (t * autograd.sign(t)) ** 2, 0.0, 2.0),
    "a function that is leaky": (lambda t: leaky_relu(t, 0.0) ** 2 + leaky_relu(-t, 0.0) ** 2, 0.0, 2.0),
    "steps": (lambda t: autograd.floor(t) * t**2, 2.0, 3.0),
    "halves that never meet": (lambda t: relu(t) * relu(-t), 0.0, 0.0),
    "t |t|, which bends both ways": (lambda t: t * abs(t), 0.0, 0.0),
    "|t|, which does not bend": (lambda t: abs(t) + t, 0.0, 0.0),
    "what bends quickly, beside a kink": (
        lambda t: relu(t * 0.0) + autograd.sin(1e8 * t),
        1.0,
        -1e16 * math.sin(1e8),
    ),
    "no kink at all": (lambda t: t**3 + relu(t + 1), 2.0, 12.0),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_second_derivative_is_the_mean_of_both_sides(name: str) -> None:
    f, x, bend = SMOOTH[name]
    twice = grad(grad(f))
    assert twice(x) == pytest.approx(bend, rel=1e-9)
    assert compile(twice)(x) == pytest.approx(bend, rel=1e-9)
    assert hessian(f)(x) == pytest.approx(bend, rel=1e-9)
    assert hvp(f)(x, 3.0) == pytest.approx(3 * bend, rel=1e-9)
    assert vjp(grad(f), x)[1](3.0) == (pytest.approx(3 * bend, rel=1e-9),)
    assert compile(lambda x: vjp(grad(f), x)[1](3.0))(x) == (pytest.approx(3 * bend, rel=1e-9),)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", SMOOTH)
def test_of_arrays_element_by_element(name: str, dtype: str) -> None:
    f, x, bend = SMOOTH[name]

    def bends(t: Any) -> Any:
        return grad(lambda t: grad(lambda t: f(t).sum())(t).sum())(t)

    point = np.array([x, 0.5], dtype)
    beside = grad(grad(f))(0.5)
    for found in (bends(point), compile(bends)(point)):
        assert found.dtype == dtype
        np.testing.assert_allclose(found, [bend, beside], rtol=1e-5 if dtype == "float32" else 1e-9)


SMOOTH_OF_TWO: dict[str, tuple[Callable[[Any], Any], list[float], list[list[float]]]] = {
    "equal numbers": (lambda t: abs(t[0] - t[1]) ** 2, [1.0, 1.0], [[2, -2], [-2, 2]]),
    "zeros": (lambda t: abs(t[0] - t[1]) ** 2, [0.0, 0.0], [[2, -2], [-2, 2]]),
    "the larger plus the smaller": (lambda t: (autograd.max(t) + autograd.min(t)) ** 2, [3.0, 3.0], [[2, 2], [2, 2]]),
    "a squared length": (lambda t: autograd.norm(t) ** 2, [0.0, 0.0], [[2, 0], [0, 2]]),
    "a length, which does not bend along any line": (autograd.norm, [0.0, 0.0], [[0, 0], [0, 0]]),
    "a deviation, which does not": (autograd.std, [1.0, 1.0], [[0, 0], [0, 0]]),
    "a hypotenuse, which does not": (lambda t: autograd.hypot(t[0], t[1]), [0.0, 0.0], [[0, 0], [0, 0]]),
    "|t| as a hypotenuse": (lambda t: autograd.hypot(t[0], t[0]), [0.0, 0.0], [[0, 0], [0, 0]]),
    "a squared hypotenuse": (lambda t: autograd.hypot(t[0], t[1]) ** 2, [0.0, 0.0], [[2, 0], [0, 2]]),
    "a squared deviation": (lambda t: autograd.std(t) ** 2, [1.0, 1.0], [[0.5, -0.5], [-0.5, 0.5]]),
}


@pytest.mark.parametrize("name", SMOOTH_OF_TWO)
def test_numbers_that_meet_on_a_kink(name: str) -> None:
    f, x, bend = SMOOTH_OF_TWO[name]
    for found in (hessian(f), compile(hessian(f))):
        np.testing.assert_allclose(found(np.array(x)), bend, rtol=1e-9, atol=1e-9)


def test_numbers_in_a_list_that_meet_on_a_kink() -> None:
    assert hessian(lambda t: abs(t[0] - t[1]) ** 2)([1.0, 1.0]) == [[2.0, -2.0], [-2.0, 2.0]]


def test_first_derivatives_keep_their_conventions() -> None:
    assert (grad(relu)(0.0), grad(abs)(0.0), grad(lambda t: autograd.maximum(t, 0.0))(0.0)) == (0.0, 0.0, 0.5)
    assert hessian(lambda p: huber(p, [0.0, 5.0]))([0.0, 0.0]) == [[0.5, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("zero", [0, np.int64(0), np.float32(0), np.float64(0), Value(0.0)])
def test_whole_numbers_and_nodes_that_a_compiled_function_takes_have_both_sides(zero: Any) -> None:
    twice = grad(grad(lambda t: abs(t) ** 2))
    assert compile(twice)(zero) == 2.0
    assert isinstance(zero, Value) or twice(zero) == 2.0
    assert twice(False) == 2.0


def test_what_holds_an_array_has_both_sides() -> None:
    table = pandas.DataFrame({"a": [0, 1], "b": [2, 0]}, index=[1, 0])
    twice = grad(lambda t: grad(lambda t: (abs(t) ** 2).sum())(t).sum())
    for found in (twice, compile(twice)):
        assert found(table).tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_text_beside_a_derivative_stays() -> None:
    twice = grad(grad(lambda t: abs(t) ** 2))
    assert compile(lambda t: ("text", None, twice(t), True))(0.0) == ("text", None, 2.0, True)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool", "float16"])
def test_arrays_of_any_numbers_have_both_sides(dtype: str) -> None:
    bends = hessian(lambda t: (abs(t) ** 2).sum())
    for found in (bends, compile(bends)):
        assert found(np.array([0, 1], dtype)).tolist() == [[2.0, 0.0], [0.0, 2.0]]


def test_branches_have_both_sides() -> None:
    assert grad(grad(lambda t: (t if t > 0 else -t) ** 2 if t != 0 else t * 0.0))(0.0) == pytest.approx(2.0)


def test_data_stay_what_they_are_beside_a_kink() -> None:
    """A label of 1 is no longer 1 a little beside."""

    def loss(w: Any, label: Any) -> Any:
        return autograd.sum(where(autograd.equal(label, 1.0), abs(w) ** 2, 3 * w**2))

    def bends(w: Any, label: Any) -> Any:
        return hessian(lambda w: loss(w, label))(w)

    for label in ([1.0, 0.0], [1, 0]):
        for found in (bends, compile(bends)):
            assert found(np.zeros(2), np.array(label)).tolist() == [[2.0, 0.0], [0.0, 6.0]]
    for twice in (grad(grad(loss)), compile(grad(grad(loss)))):
        assert (twice(0.0, 1.0), twice(0.0, 0.0), twice(0.0, label=1.0)) == (2.0, 6.0, 2.0)
    assert compile(lambda *, w: grad(grad(loss))(w, 1.0))(w=0.0) == 2.0


@pytest.mark.slow
def test_many_numbers_computed_as_arrays_have_both_sides() -> None:
    def bends(x: Any) -> Any:
        return grad(lambda x: sum((g for g in grad(lambda x: sum((abs(t) ** 2 for t in x), start=0.0))(x)), start=0.0))(
            x
        )

    x = [0.0, 1.0] * 100
    assert bends(x) == compile(bends)(x) == [2.0] * 200
    inner = grad(lambda x: sum((abs(t) ** 2 for t in x), start=0.0))
    whole = grad(lambda x: sum(inner(x), start=0.0))
    assert compile(whole)(x) == [2.0] * 200


def test_where_a_second_derivative_is_not_finite_both_sides_may_be() -> None:
    def spoilt(t: Any) -> Any:
        return abs(t) ** 2 if t != 0 else abs(t) ** 2 + (t * 1e200) ** 2 * 1e200

    assert grad(grad(spoilt))(0.0) == pytest.approx(2.0)
    bends = hessian(lambda t: (abs(t) ** 2).sum() if t.data.any() else (abs(t) ** 2 + (t * 1e200) ** 2 * 1e200).sum())
    assert bends(np.zeros(1)).tolist() == [[pytest.approx(2.0)]]


def test_the_third_derivative_is_a_mean_as_well() -> None:
    assert grad(grad(grad(lambda t: abs(t) ** 3 + t**3)))(0.0) == pytest.approx(6.0, rel=1e-9)


@pytest.mark.parametrize("of", [float, np.array])
def test_nodes_that_the_function_uses(of: Any) -> None:
    """The derivative is made of nodes then, and can be differentiated with respect to them."""
    for w in (kinds[of](of(3.0)), kinds[of](of(3.0)) * 1.0):
        bend = grad(lambda x, w=w: grad(lambda t: abs(t) ** 2 * w)(x))(of(0.0))
        assert bend.item() == pytest.approx(6.0)
        bend.backward()
        assert float(w.grad) == pytest.approx(2.0)
        w.grad = None if of is np.array else 0.0


def test_what_is_drawn_is_the_same_on_both_sides() -> None:
    def bends(rng: random.Random) -> Callable[[float], float]:
        return grad(grad(lambda t: abs(t) ** 2 * fresh(lambda rng: rng.random(), rng)))

    rng = random.Random(0)
    written, compiled = bends(random.Random(0)), compile(bends(random.Random(0)))
    for t in (1.0, 0.0, -1.0, 0.0):
        factor = rng.random()
        assert written(t) == compiled(t) == pytest.approx(2 * factor)


def test_more_may_be_drawn_beside_a_kink() -> None:
    rng = random.Random(0)
    bend = grad(grad(lambda t: abs(t) ** 2 if t == 0 else abs(t) ** 2 + 0 * fresh(lambda rng: rng.random(), rng)))(0.0)
    assert bend == pytest.approx(2.0)


def test_nodes_and_other_arguments_are_left_as_they_are() -> None:
    w = Tensor([0.0, 1.0])
    slope = grad(lambda t: grad(lambda t: (relu(t) ** 2).sum())(t).sum())(w)
    assert slope.data.tolist() == [0.0, 2.0]
    twice = grad(lambda p: grad(lambda p: abs(p["t"]) ** p["n"])(p)["t"])
    assert twice({"t": 0.0, "n": 2})["t"] == pytest.approx(2.0)
