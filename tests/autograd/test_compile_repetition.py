"""Compiled code that repeats, and code inside of other code: rolled up, counted, and laid out in memory."""

from __future__ import annotations

import math
import random
import sys
from typing import Any

import numpy as np
import pytest
from bitwise import bits
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import (
    Tensor,
    Value,
    compiling,
    exp,
    leaky_relu,
    log_softmax,
    relu,
    sigmoid,
    tanh,
    validate,
    value_and_grad,
    where,
)
from autograd._core.trees import flatten

compiled = autograd.compile


class TestInside:
    def test_a_compiled_function_inside_another(self) -> None:
        inner = compiled(lambda x: x * x)
        outer = compiled(lambda x: inner(x) + 1)
        assert outer(3.0) == 10.0
        assert inner.compilations == 0

    def test_compiling(self) -> None:
        seen = []

        def f(x: Any) -> Any:
            seen.append(compiling())
            return x

        compiled(f)(1.0)
        f(1.0)
        assert seen == [True, True, False]

    def test_validate(self) -> None:
        def positive(x: Any) -> None:
            if np.min(x) <= 0:
                raise ValueError("not positive")

        def f(x: Any, more: Any) -> Any:
            validate(positive, x)
            validate(positive, [more[1], x])
            validate(positive, x - 10)
            return x * more[1]

        fast = compiled(f)
        assert fast(2.0, [0.0, 1.0]) == 2.0
        for bad in ((-1.0, [0.0, 1.0]), (2.0, [1.0, -1.0])):
            with pytest.raises(ValueError, match="not positive"):
                fast(*bad)
        keyword = compiled(f)
        with pytest.raises(ValueError, match="not positive"):
            keyword(x=-1.0, more=[1.0, 1.0])

    def test_a_selection_is_made_at_every_call(self) -> None:
        fast = compiled(lambda x: leaky_relu(x) + log_softmax([x, -x, 2 * x])[0])
        for x in (1.5, -2.5, 0.0):
            assert fast(x) == pytest.approx(
                (leaky_relu(Value(x)) + log_softmax([Value(x), -x, 2 * x])[0]).data, rel=1e-14
            )


@pytest.mark.slow
@given(x=st.floats(-3, 3), y=st.floats(-3, 3))
def test_per_neuron_code_runs_over_a_batch(x: float, y: float) -> None:
    """The function is written for numbers; columns in their place compute every sample at once."""

    def neuron(w: Any, x1: Any, x2: Any) -> Any:
        return sigmoid(w[0] + w[1] * x1 + w[2] * x2)

    w = [0.1, -0.4, 0.7]
    batch = compiled(neuron)(w, np.array([x, y]), np.array([y, x]))
    one = compiled(neuron)
    assert batch == pytest.approx([one(w, x, y), one(w, y, x)], rel=1e-14)


class TestRepetition:
    """What is written for each neuron and each sample is computed as arrays, with the same numbers."""

    @staticmethod
    def score(p: Any, sample: Any) -> Any:
        """An MLP(2, [16, 16, 1]) on a flat list of 337 parameters."""
        ahead = iter(p)
        h = list(sample)
        for size in (16, 16):
            layer = [(next(ahead), [next(ahead) for _ in h]) for _ in range(size)]
            h = [relu(sum((w * x for w, x in zip(weights, h)), w0)) for w0, weights in layer]
        return next(ahead) + sum(next(ahead) * x for x in h)

    def loss(self, p: Any, X: Any, y: Any) -> Any:
        errors = [(self.score(p, x) - t) ** 2 for x, t in zip(X, y)]
        return sum(errors) / len(errors) + 1e-3 * sum(w * w for w in p)

    def data(self) -> tuple[Any, Any, Any]:
        rng = random.Random(0)
        X = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(30)]
        return [rng.gauss(0, 0.5) for _ in range(337)], X, [x1 * x2 for x1, x2 in X]

    @pytest.mark.slow
    def test_numbers(self) -> None:
        p, X, y = self.data()
        eager = value_and_grad(self.loss)
        fast = compiled(eager)
        J, slopes = fast(p, X, y)
        assert (J, slopes) == (pytest.approx(eager(p, X, y)[0], rel=1e-12), pytest.approx(eager(p, X, y)[1], rel=1e-10))
        assert "p = np.array(p)\n" in fast.source
        assert "return (J, dJ_dp.tolist())" in fast.source
        assert fast.source.count("\n") < 150
        assert "operations re-rolled" in fast.report()
        moved = [w + 0.01 for w in p]
        assert fast(moved, X, y)[1] == pytest.approx(eager(moved, X, y)[1], rel=1e-10)

    @pytest.mark.slow
    def test_one_sample_stays_floats_a_line_for_each_neuron(self) -> None:
        """Sixty calls of NumPy on some sixteen numbers each would take longer than 1,500 operations of Python."""
        p, X, y = self.data()
        eager = value_and_grad(lambda p, x, t: (self.score(p, x) - t) ** 2)
        fast = compiled(eager, backend="numpy")
        assert fast(p, X[0], y[0]) == eager(p, X[0], y[0])
        assert "np." not in fast.source
        forward = fast.source[: fast.source.index("# backward")].splitlines()
        assert [line.count(" * ") for line in forward if " * " in line] == [2] * 16 + [16] * 16 + [16]

    @pytest.mark.covers
    @pytest.mark.slow
    def test_structures_of_parameters(self) -> None:
        p, X, y = self.data()
        X, y = X[:10], y[:10]

        def nested(tree: Any, X: Any, y: Any) -> Any:
            return self.loss([*tree["first"], *(w for row in tree["rest"] for w in row)], X, y)

        tree = {"first": p[:5], "rest": [p[5:50], p[50:]]}
        J, slopes = compiled(value_and_grad(nested))(tree, X, y)
        expected = value_and_grad(nested)(tree, X, y)
        assert pytest.approx(expected[0], rel=1e-12) == J
        assert list(flatten(slopes)) == pytest.approx(list(flatten(expected[1])), rel=1e-10)
        assert slopes.keys() == tree.keys()

    @pytest.mark.slow
    def test_parameters_from_outside(self) -> None:
        p, X, y = self.data()
        weights = [Value(w, label=f"w{k}") for k, w in enumerate(p)]
        eager = value_and_grad(lambda X, y: self.loss(weights, X, y), wrt=weights)
        fast = compiled(eager)
        for _ in range(2):
            J, slopes = fast(X, y)
            expected, right = eager(X, y)
            assert pytest.approx(expected, rel=1e-12) == J
            assert slopes == pytest.approx(right, rel=1e-10)
            for w, g in zip(weights, slopes):
                w.data -= 0.1 * g
        assert fast.compilations == 1

    @pytest.mark.slow
    def test_columns_in_place_of_numbers(self) -> None:
        p, X, y = self.data()
        x1, x2 = np.array(X).T

        def loss(p: Any, x1: Any, x2: Any, y: Any) -> Any:
            return ((self.score(p, [x1, x2]) - y) ** 2).mean()

        fast = compiled(value_and_grad(loss))
        J, slopes = fast(p, x1, x2, np.array(y))
        expected, right = value_and_grad(loss)(p, x1, x2, np.array(y))
        assert pytest.approx(expected, rel=1e-12) == J
        assert slopes == pytest.approx(right, rel=1e-10)
        assert fast.source.count("@") >= 4

    @pytest.mark.slow
    def test_results_of_every_sample(self) -> None:
        p, X, _ = self.data()
        fast = compiled(lambda p, X: [self.score(p, x) for x in X])
        assert fast(p, X) == pytest.approx([self.score(p, x) for x in X], rel=1e-12)
        assert fast(p, [[math.inf, 0.0]] * 30)[0] == pytest.approx(self.score(p, [math.inf, 0.0]), nan_ok=True)

    @pytest.mark.covers
    @pytest.mark.slow
    def test_without_numpy_it_stays_as_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        p, X, y = self.data()
        monkeypatch.setitem(sys.modules, "numpy", None)
        fast = compiled(self.loss)
        assert fast(p, X[:2], y[:2]) == pytest.approx(self.loss(p, X[:2], y[:2]), rel=1e-12)
        assert "np." not in fast.source

    @pytest.mark.covers
    @pytest.mark.slow
    def test_a_few_numbers_stay_floats(self) -> None:
        """These are faster than arrays of a few numbers."""
        p, X, y = self.data()

        def loss(p: Any, X: Any, y: Any) -> Any:
            h = [[tanh(p[0] + p[1] * a + p[2] * b), tanh(p[3] + p[4] * a + p[5] * b)] for a, b in X]
            return sum((p[6] + p[7] * c + p[8] * d - t) ** 2 for (c, d), t in zip(h, y))

        fast = compiled(loss)
        # Of nodes, as from Python 3.12 on `sum` corrects the roundings of floats.
        assert fast(p[:9], X[:8], y[:8]) == loss([*map(Value, p[:9])], X[:8], y[:8]).data
        assert "np." not in fast.source
        assert fast(p[:9], X * 4, y * 4) == pytest.approx(loss(p[:9], X * 4, y * 4), rel=1e-12)
        assert "np." in fast.source


def test_the_report_counts_what_was_recorded_once() -> None:
    def f(w: Any, x: Any) -> Any:
        return 1.0 * tanh(w * x) + tanh(w * x)

    fast = autograd.compile(f)
    fast(0.5, 2.0)
    rows = dict(line.rsplit(maxsplit=1) for line in fast.report().splitlines())
    assert {name.strip(): int(count) for name, count in rows.items()} | {"milliseconds to compile": 0} == {
        "operations recorded": 6,
        "computed already": 2,
        "exact identities": 1,
        "arrays written over": 0,
        "arrays allocated": 0,
        "operations left": 3,
        "milliseconds to compile": 0,
        "signatures compiled": 1,
    }


@pytest.mark.parametrize("same", [lambda x: x * 1.0, lambda x: +x, lambda x: where(True, x, 0.0), lambda x: x.detach()])
def test_views_of_what_equals_an_argument_are_views_of_it(same: Any) -> None:
    """An exact identity puts the argument itself in place of a copy."""
    x = np.asfortranarray(np.random.default_rng(0).normal(size=(100, 90)))
    before = x.copy()
    fast = compiled(lambda x: (exp(same(x).T.reshape(-1)).sum(), same(x)[1:], same(x)[1:].T[0]))
    for result in fast(x)[1:]:
        result[...] = 0.0
    assert (x == before).all()


class TestLayouts:
    """The layout of an array in memory decides what is a view, and in which order NumPy adds."""

    ROWS = np.random.default_rng(0).normal(size=(100, 90))
    COLUMNS = np.asfortranarray(ROWS)

    @pytest.mark.parametrize(("first", "then"), [(ROWS, COLUMNS), (COLUMNS, ROWS)])
    @pytest.mark.parametrize("turned", [False, True])
    def test_arguments_are_neither_written_to_nor_returned(self, first: Any, then: Any, turned: bool) -> None:
        fast = compiled(lambda x: (exp((x.T if turned else x).reshape(-1)).sum(), x.reshape(-1), x.T.reshape(-1)))
        for x in (first, then):
            before = x.copy()
            for result in fast(x)[1:]:
                result[...] = 0.0
            assert (x == before).all()

    @pytest.mark.parametrize(("first", "then"), [(ROWS, COLUMNS), (COLUMNS, ROWS)])
    def test_parameters(self, first: Any, then: Any) -> None:
        W = Tensor(first)
        fast = compiled(lambda x: exp((W * x).reshape(-1)).sum() + (W * x).reshape(-1)[0])
        assert bits(fast(2.0)) == bits((exp((W * 2.0).reshape(-1)).sum() + W[0, 0] * 2.0).data)
        W.data = then
        assert bits(fast(2.0)) == bits((exp((W * 2.0).reshape(-1)).sum() + W[0, 0] * 2.0).data)

    def test_a_look_at_the_numbers_keeps_the_layout(self) -> None:
        x = self.COLUMNS.astype("float32")
        fast, t = compiled(lambda x: where(x > 0, x, 0.1).sum()), Tensor(x)
        assert t.data.strides == x.strides
        assert bits(fast(x)) == bits(where(t > 0, t, 0.1).sum().data)

    def test_a_comparison_has_the_precision_of_what_is_compared(self) -> None:
        x = np.array(0.5, "float32")
        assert compiled(lambda x: (x < 1) * x)(x).dtype == "float32"
        assert compiled(lambda x: (x.mean() < 1) * x)(x[None]).dtype == "float32"

    @pytest.mark.parametrize("kind", ["float64", "float32"])
    def test_sums_of_every_layout_to_the_bit(self, kind: str) -> None:
        x = self.ROWS.astype(kind)
        fast = compiled(lambda x: x.sum() + x.mean(axis=0))
        for laid in (x, np.asfortranarray(x), x[::2], x[:, 1::2], x.T[::-1], np.broadcast_to(x[0], (5, 90))):
            assert bits(fast(laid)) == bits((Tensor(laid).sum() + Tensor(laid).mean(axis=0)).data)
