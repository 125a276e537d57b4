"""Steps that machine code does many at once are the same steps, whoever looks between them."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value
from nn import MLP, SGD, Adam, History, RMSProp, accuracy, cross_entropy, fit, hinge, mse
from nn._training import whole

pytestmark = [pytest.mark.slow, pytest.mark.covers]

X = np.random.default_rng(0).normal(size=(11, 3))
T = np.random.default_rng(1).normal(size=11)
CLASSES = np.random.default_rng(2).integers(0, 3, 11)


@pytest.fixture(autouse=True)
def spans(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have short trainings compiled, and list how many steps were done at once."""
    listed: list[int] = []
    several = whole.Whole.several

    def noted(self: Any, *given: Any) -> Any:
        found = several(self, *given)
        listed.append(len(found))
        return found

    monkeypatch.setattr(whole.Whole, "several", noted)
    # Else a slow machine does fewer at once.
    monkeypatch.setattr(whole, "SPAN", 3600.0)
    monkeypatch.setattr("nn._training.training.MANY", 20)
    monkeypatch.setattr("nn._training.training.WHOLE", 20)
    monkeypatch.setattr("nn._training.training.MUCH", 20 * 9)
    return listed


def trained(
    of: Any = Tensor, out: int = 1, optimizer: Any = None, given: Any = (X, T), **settings: Any
) -> tuple[list[Any], Any]:
    """Return all that a training leaves, and the optimizer. An epoch has batches of 4, 4 and 3 rows."""
    model = MLP(3, [4, out], "tanh", of=of, seed=1)
    moving = SGD(model.parameters(), lr=0.05) if optimizer is None else optimizer(model.parameters())
    settings = {"loss": mse, "epochs": 60, "batch_size": 4, "seed": 0, "progress": False, **settings}
    history = fit(model, *given, optimizer=moving, **settings)
    memory = [item for name in moving.kept for item in getattr(moving, name)]
    left = [p.data for p in model.parameters()] + [p.grad for p in model.parameters()] + memory
    return [*left, *history.values()], moving


@pytest.mark.parametrize("of", [Tensor, Value])
@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": partial(Adam, weight_decay=0.01)},
        {"optimizer": partial(SGD, lr=0.1, momentum=0.9), "batch_size": None},
        {"optimizer": RMSProp, "out": 3, "given": (X, CLASSES), "loss": cross_entropy},
        {"given": (X.tolist(), T.tolist()), "batch_size": None},
        {"given": (X.tolist(), T.tolist()), "weight": np.arange(11.0)},
    ],
)
def test_it_is_the_same_whether_somebody_looks_or_not(of: Any, settings: Any, spans: list[int]) -> None:
    alone, optimizer = trained(of, **settings)
    assert max(spans) > 1
    watched, other = trained(of, **settings, callbacks=[lambda history: None])
    written, third = trained(of, **settings, compile=False)
    for a, b, c in zip(alone, watched, written, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a, c, rtol=1e-9, atol=1e-12)
    counts = [(moving.steps, moving.counts) for moving in (optimizer, other, third)]
    assert counts[0] == counts[1] == counts[2]


def test_steps_by_hand(spans: list[int]) -> None:
    model = MLP(3, [4, 1], "tanh", of=Tensor, seed=1)
    w0, w, u0, u = (p.data.copy() for p in model.parameters())
    v: Any = [0.0] * 4
    fit(model, X, T, loss=mse, optimizer=SGD(model.parameters(), lr=0.1, momentum=0.9), epochs=50, batch_size=None)
    for _ in range(50):
        h = np.tanh(X @ w + w0)
        e = 2 * (h @ u + u0 - T[:, None]) / len(X)
        back = e @ u.T * (1 - h * h)
        v = [0.9 * a + b for a, b in zip(v, (back.sum(0), X.T @ back, e.sum(0), h.T @ e))]
        w0, w, u0, u = (p - 0.1 * a for p, a in zip((w0, w, u0, u), v))
    for parameter, want in zip(model.parameters(), (w0, w, u0, u), strict=True):
        np.testing.assert_allclose(parameter.data, want, rtol=1e-10)
    assert sum(spans) == 48


@pytest.mark.parametrize("of", [Tensor, Value])
def test_outputs_for_metrics(of: Any, spans: list[int]) -> None:
    seen: list[list[Any]] = [[], []]

    def noting(y_hat: Any, y: Any, kept: list[Any]) -> float:
        kept.append(np.array(y_hat))
        return accuracy(y_hat, y)

    for compile, kept in zip((True, False), seen):
        metric = partial(noting, kept=kept)
        metric.__name__ = "noting"  # type: ignore[attr-defined]
        trained(of, 3, given=(X, CLASSES), loss=cross_entropy, metrics=[metric], compile=compile)
    np.testing.assert_allclose(*seen, rtol=1e-9)
    assert max(spans) == 3


def test_what_somebody_holds_is_not_written_over(spans: list[int]) -> None:
    model = MLP(3, [4, 1], "tanh", of=Tensor, seed=1)
    kept: list[Any] = []

    def keep(history: Any) -> None:
        kept.append([(a, a.copy()) for p in model.parameters() for a in (p.data, p.grad)])

    optimizer = Adam(model.parameters())
    fit(model, X, T, loss=mse, optimizer=optimizer, epochs=30, batch_size=2, callbacks=[keep])
    assert max(spans) == 6
    for pairs in kept:
        for array, copy in pairs:
            np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("batch_size", [None, 4])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loss_that_grows_without_end_leaves_the_same(batch_size: Any, spans: list[int]) -> None:
    left: list[Any] = []
    for compile in (True, False):
        model, history = MLP(3, [4, 1], "relu", of=Tensor, seed=1), History()
        optimizer = SGD(model.parameters(), lr=3.0)
        with pytest.raises(FloatingPointError) as error:
            fit(model, X, T, loss=mse, optimizer=optimizer, epochs=500, batch_size=batch_size, seed=0, history=history,
                compile=compile)  # fmt: skip
        left.append((f"{error.value}", history.epochs, optimizer.steps, [p.data for p in model.parameters()]))
    assert max(spans) > 1
    assert left[0][:3] == left[1][:3]
    for a, b in zip(left[0][3], left[1][3], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


@pytest.mark.parametrize("broken", [25.5, 40.9])
def test_a_schedule_that_fails_ends_after_the_step_before(broken: float, spans: list[int]) -> None:
    def schedule(epochs: float) -> float:
        if epochs >= broken:
            raise RuntimeError(f"no rate at {epochs}")
        return 1.0

    left: list[Any] = []
    for compile in (True, False):
        model, history = MLP(3, [4, 1], "tanh", of=Tensor, seed=1), History()
        optimizer = SGD(model.parameters(), lr=0.05)
        with pytest.raises(RuntimeError) as error:
            fit(model, X, T, loss=mse, optimizer=optimizer, epochs=60, batch_size=1, seed=0, history=history,
                schedule=schedule, compile=compile)  # fmt: skip
        left.append((f"{error.value}", history.epochs, optimizer.steps, [p.data for p in model.parameters()]))
    assert max(spans) > 1
    assert left[0][:3] == left[1][:3]
    for a, b in zip(left[0][3], left[1][3], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def test_an_interrupt_ends_between_steps_that_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    several = whole.Whole.several

    def pressing(self: Any, *given: Any) -> Any:
        found = several(self, *given)
        if len(found) > 1:
            signal.raise_signal(signal.SIGINT)
        return found

    monkeypatch.setattr(whole.Whole, "several", pressing)
    monkeypatch.setattr("nn._training.here.AHEAD", 900)
    left, history = [], History()
    model = MLP(3, [4, 1], "tanh", of=Tensor, seed=1)
    optimizer = SGD(model.parameters(), lr=0.1)
    run = partial(fit, model, X, T, loss=mse, optimizer=optimizer, batch_size=None, progress=False)
    with pytest.raises(KeyboardInterrupt):
        run(epochs=2000, history=history)
    assert 2 < history.epochs == optimizer.steps < 2000
    monkeypatch.undo()
    left = [p.data for p in model.parameters()]
    other = MLP(3, [4, 1], "tanh", of=Tensor, seed=1)
    fit(other, X, T, loss=mse, optimizer=SGD(other.parameters(), lr=0.1), epochs=history.epochs, batch_size=None,
        compile=False)  # fmt: skip
    for a, parameter in zip(left, other.parameters(), strict=True):
        np.testing.assert_allclose(a, parameter.data, rtol=1e-9)


def _at(epoch: int, do: Callable[[], Any]) -> Callable[[Any], None]:
    return lambda history: do() if history.epochs == epoch else None


def test_rows_that_change_are_checked_and_taken(spans: list[int]) -> None:
    for compile in (True, False):
        y = np.sign(T)
        spoil = _at(10, lambda y=y: y.put(3, 0.5))
        with pytest.raises(ValueError, match=r"hinge needs labels -1 and \+1; got 0.5"):
            trained(given=(X, y), loss=hinge, callbacks=[spoil], compile=compile)
    assert max(spans) == 3
    left = []
    for compile in (True, False):
        inputs = X.copy()
        left.append(trained(given=(inputs, T), callbacks=[_at(10, lambda x=inputs: x.put(3, 0.5))], compile=compile)[0])
    for a, b in zip(*left, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_a_learning_rate_that_is_a_whole_number(spans: list[int]) -> None:
    left = []
    for compile in (True, False):
        optimizers: list[Any] = []

        def make(parameters: Any, optimizers: list[Any] = optimizers) -> Any:
            optimizers.append(SGD(parameters, lr=0.1))
            return optimizers[0]

        one = _at(20, lambda optimizers=optimizers: setattr(optimizers[0], "lr", 1))
        left.append(trained(optimizer=make, callbacks=[one], epochs=22, compile=compile)[0])
    for a, b in zip(*left, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    assert spans[-1] == 3


def test_memory_that_is_no_longer_used(spans: list[int]) -> None:
    left = []
    for compile in (True, False):
        optimizers: list[Any] = []

        def make(parameters: Any, optimizers: list[Any] = optimizers) -> Any:
            optimizers.append(SGD(parameters, lr=0.1, momentum=0.9))
            return optimizers[0]

        end = _at(20, lambda optimizers=optimizers: setattr(optimizers[0], "momentum", 0.0))
        left.append(trained(optimizer=make, callbacks=[end], compile=compile)[0])
    for a, b in zip(*left, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    assert spans.count(3) == 19
    assert spans[-1] == 0


def test_who_begins_to_look_for_anomalies_sees_every_step(spans: list[int]) -> None:
    looking = autograd.detect_anomaly()
    callbacks = [_at(20, looking.__enter__), _at(40, lambda: looking.__exit__(None, None, None))]
    trained(callbacks=callbacks)
    assert spans.count(3) == 19 + 20


def test_without_machine_code_steps_are_done_one_by_one(monkeypatch: pytest.MonkeyPatch, spans: list[int]) -> None:
    monkeypatch.setattr("autograd._compiler.backends.backends.find_spec", lambda name: None)
    monkeypatch.delattr(whole.Whole, "_rows")
    left = [trained(compile=compile)[0] for compile in (True, False)]
    for a, b in zip(*left, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    assert max(spans) == 0


def test_few_rows_are_taken_for_steps_that_are_not_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = set()

    def refused(self: Any, given: Any, size: int, rates: Any) -> Any:
        taken.add(len(given[0]))
        return [], None

    monkeypatch.setattr("autograd._compiler.replay.span.Span.steps", refused)
    trained()
    assert taken == {3, 4}
