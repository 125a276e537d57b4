"""`fresh`: what a compiled function draws at every call is what the function itself would draw."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import CompileError, Tensor, fresh, sqrt, value_and_grad, where

compiled = autograd.compile


def noisy(rng: Any) -> Any:
    def f(x: Any) -> Any:
        def noise(rng: Any) -> Any:
            return rng.gauss(0.0, 1.0)

        return x * fresh(noise, rng) + fresh(noise, rng) ** 2

    return f


def test_the_same_numbers_in_the_same_order() -> None:
    one, two = random.Random(3), random.Random(3)
    fast, slow = compiled(value_and_grad(noisy(one))), value_and_grad(noisy(two))
    assert [fast(1.5) for _ in range(5)] == [slow(1.5) for _ in range(5)]
    assert fast.compilations == 1
    assert "def f(x, noise, noise_2):" in fast.source
    assert one.getstate() == two.getstate()


def test_outside_of_compile_it_is_what_was_drawn() -> None:
    assert fresh(lambda rng: rng.random(), random.Random(0)) == random.Random(0).random()


def test_structures_and_generators_of_numpy() -> None:
    def f(x: Any, rng: Any = None) -> Any:
        drawn = fresh(
            lambda rng: {"a": rng.normal(size=3), "b": [(rng.random(), 2), np.float32(rng.random())]}, generator
        )
        (b, two), c = drawn["b"]
        return autograd.sum(x * drawn["a"]) * b * two + c

    generator = np.random.default_rng(0)
    fast = compiled(f)
    results = [fast(np.ones(3)) for _ in range(3)]
    generator = np.random.default_rng(0)
    assert results == [f(np.ones(3)) for _ in range(3)]
    assert "drawn" in fast.source


@pytest.mark.covers
@pytest.mark.slow
def test_scalar_code_that_is_computed_as_arrays() -> None:
    rng, other = random.Random(1), random.Random(1)

    def loss(w: Any, X: Any, rng: Any) -> Any:
        mask = fresh(lambda rng: [rng.random() for _ in X], rng)
        return sum((w[0] * x + w[1] - 2 * x) ** 2 * m for x, m in zip(X, mask, strict=True))

    X = [k / 50 for k in range(150)]
    fast = compiled(value_and_grad(lambda w, X: loss(w, X, rng)))
    for _ in range(3):
        J, slopes = fast([0.5, 0.25], X)
        expected, others = value_and_grad(lambda w: loss(w, X, other))([0.5, 0.25])
        assert pytest.approx(expected, rel=1e-12) == J
        assert slopes == pytest.approx(others, rel=1e-12)
    assert "np." in fast.source


def test_where_floats_raise() -> None:
    """What has been drawn is not drawn again for the table, which computes 1 / 0."""
    rng = random.Random(1)
    fast = compiled(lambda x: x / 0.0 + fresh(lambda rng: rng.random(), rng) * 0.0)
    assert fast(1.0) == float("inf")
    other = random.Random(1)
    other.random()
    assert rng.getstate() == other.getstate()


def test_what_must_not_differ_from_call_to_call() -> None:
    rng = random.Random(0)
    for some in (lambda rng: np.ones(rng.choice([1, 2])), lambda rng: [1.0] * rng.choice([1, 2])):
        fast = compiled(lambda x, some=some: x * fresh(some, rng)[0])
        with pytest.raises(ValueError, match="drew numbers of another structure or shape"):
            [fast(2.0) for _ in range(50)]


def test_its_numbers_decide_nothing() -> None:
    def f(x: Any) -> Any:
        return x if fresh(lambda rng: rng.random(), random.Random(0)) > 0.5 else -x

    with pytest.raises(CompileError, match="reads the number"):
        compiled(f)(1.0)


def test_a_number_drawn_otherwise_is_refused_with_advice() -> None:
    rng = random.Random(0)
    with pytest.raises(CompileError, match=r"Draw random numbers with fresh\(\.\.\.\), or outside"):
        compiled(lambda x: x * rng.random())(1.0)


def test_a_tensor_that_is_drawn() -> None:
    """What was drawn may be raw or not: a node counts as its number."""
    rng = np.random.default_rng(0)
    fast = compiled(lambda x: fresh(lambda rng: rng.normal(size=2), rng) + x)
    assert not np.array_equal(fast(Tensor([0.0, 0.0])), fast(np.zeros(2)))


@pytest.mark.parametrize("of", [float, np.array])
def test_what_is_drawn_is_kept_where_a_slope_is_infinite(of: Any) -> None:
    """0 times that slope spoils the gradient, so that it is computed again, with the same numbers."""

    def noisy_root(rng: Any) -> Any:
        return value_and_grad(lambda x: where(x > 0, sqrt(x), 0.0 * x) * fresh(lambda rng: rng.random(), rng))

    written, fast = noisy_root(random.Random(0)), compiled(noisy_root(random.Random(0)))
    rng = random.Random(0)
    for x in (1.0, 0.0, 4.0, 0.0, 0.0, 9.0):
        factor = rng.random()
        want = (x**0.5 * factor, factor / (2 * x**0.5) if x else 0.0)
        for f in (written, fast):
            assert [float(item) for item in f(of(x))] == pytest.approx(want)
