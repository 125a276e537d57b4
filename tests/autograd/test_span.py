"""Steps that machine code does one after the other: `WholeStep.span`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd import Tensor, WholeStep, tanh

pytest.importorskip("llvmlite")
pytestmark = [pytest.mark.slow, pytest.mark.covers]

X = np.random.default_rng(0).normal(size=(12, 3))


def long(z: Any) -> Any:
    """Return much of z: shorter programs are no machine code."""
    for _ in range(12):
        z = tanh(z) + 0.1 * z
    return z


def ready(leaves: list[Any], loss: Any, rows: int = 4) -> WholeStep:
    """Return steps of gradient descent whose rate grows, and for which there is a program."""

    def update(slopes: Any, rate: Any, count: Any, memory: Any) -> Any:
        return [p - rate * count * g for p, g in zip(leaves, slopes)], []

    step = WholeStep(loss, update, leaves)
    step((X[:rows],), (0.1, 1.0, []))
    return step


def test_each_step_begins_where_the_last_one_ended() -> None:
    w, v = Tensor([[0.5], [-1.0], [2.0]]), Tensor([0.25])
    before = w.data, v.data
    step = ready([w, v], lambda x: (long(x @ w + v).mean(), None))
    one = step((X[:4],), (0.1, 1.0, []))
    for rates in ([0.1], [0.1, 0.2], [0.1, 0.2, 0.3]):
        span = step.span(1.0, [])
        assert span is not None
        losses, outputs = span.steps((X,), 4, rates)
        assert outputs is None
        slopes, data, memory = span.end()
        assert memory == []
        assert slopes is not None
        # The same by single steps, each from the numbers that the one before returned.
        want: Any = None
        for k, rate in enumerate(rates):
            want = step((X[4 * k : 4 * k + 4],), (rate, k + 1.0, []))
            w.data, v.data = want[3][0]
            assert losses[k] == want[0]
        for a, b in zip([*slopes, *data], [*want[2], *want[3][0]], strict=True):
            np.testing.assert_array_equal(a, b)
        w.data, v.data = before
        assert one is not None
        np.testing.assert_array_equal(step((X[:4],), (0.1, 1.0, []))[3][0][0], one[3][0][0])  # type: ignore[index]


@pytest.mark.parametrize("good", [0, 1, 2, 3])
def test_a_step_that_fails_is_not_done(good: int) -> None:
    w = Tensor([[0.5], [-1.0], [2.0]])
    step = ready([w], lambda x: (long(x @ w).mean(), None), rows=12)
    span = step.span(1.0, [])
    assert span is not None
    assert len(span.steps((X,), 12, [0.1] * good + [float("inf")] + [0.1])[0]) == good
    assert len(span.steps((X,), 12, [0.1])[0]) == 1
    slopes, (data,), _ = span.end()
    assert slopes is not None
    for k in range(good + 1):
        w.data = step((X,), (0.1, k + 1.0, []))[3][0][0]  # type: ignore[index]
    np.testing.assert_array_equal(data, w.data)


def test_no_gradients_are_told_of_a_step_that_failed() -> None:
    w = Tensor([[0.5], [-1.0], [2.0]])
    step = ready([w], lambda x: (long(x @ w).mean(), None), rows=12)
    span = step.span(1.0, [])
    assert span is not None
    assert len(span.steps((X,), 12, [0.1, float("inf")])[0]) == 1
    assert span.end()[0] is None


def test_where_results_are_no_arrays_of_their_own_steps_are_done_one_by_one() -> None:
    number, w, v = Tensor(0.5), Tensor([[0.5], [-1.0], [2.0]]), Tensor([[1.0], [1.0], [1.0]])
    assert ready([number], lambda x: (long(x * number).mean(), None)).span(1.0, []) is None
    cases: list[tuple[list[Any], Any]] = [
        ([w, v], lambda x: (long(x @ (w + v)).mean(), None)),
        ([w], lambda x: (long(x @ w).mean(), [x @ w, x])),
    ]
    for leaves, loss in cases:
        span = ready(leaves, loss).span(1.0, [])
        assert span is not None
        assert span.steps((X[:4],), 4, [0.1]) == ([], None)


def test_a_batch_for_which_there_is_no_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    w = Tensor([[0.5], [-1.0], [2.0]])
    step = ready([w], lambda x: (long(x @ w).mean(), None))
    monkeypatch.setattr("autograd._compiler.backends.backends.find_spec", lambda name: None)
    step((X[:3],), (0.1, 1.0, []))
    for size, done in ((3, 0), (4, 1)):
        span = step.span(1.0, [])
        assert span is not None
        assert len(span.steps((X,), size, [0.1])[0]) == done


def test_memory_that_stays_must_be_nothing() -> None:
    w = Tensor([[0.5], [-1.0], [2.0]])

    def update(slopes: Any, rate: Any, count: Any, memory: Any) -> Any:
        return [w - rate * memory[0][0] * slopes[0]], [None]

    step = WholeStep(lambda x: (long(x @ w).mean(), None), update, [w])
    for number, done in ((0.0, 1), (2.0, 0)):
        step((X,), (0.1, 1.0, [[number]]))
        span = step.span(1.0, [[number]])
        assert span is not None
        assert len(span.steps((X,), len(X), [0.1])[0]) == done
