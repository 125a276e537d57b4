"""Second derivatives of compositions that are smooth where their parts have a kink."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value, compile, fresh, grad, hessian, hvp, relu
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
    "halves that never meet": (lambda t: relu(t) * relu(-t), 0.0, 0.0),
    "t |t|, which bends both ways": (lambda t: t * abs(t), 0.0, 0.0),
    "|t|, which does not bend": (lambda t: abs(t) + t, 0.0, 0.0),
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
