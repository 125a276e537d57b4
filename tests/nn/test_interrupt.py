"""Ctrl-C: training ends at a whole step, leaves nothing behind, and so does whatever stands around it."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograd import Tensor
from nn import MLP, SGD, History, fit, mse
from nn._command.commands import _terminated
from nn._training.interrupt import held_back

X = np.random.default_rng(0).normal(size=(40, 3))
Y = X[:, 0] * 2


class Counting(SGD):
    """Counts how often it moved each parameter."""

    def __init__(self, parameters: list[Any], lr: float = 0.01) -> None:
        super().__init__(parameters, lr, momentum=0.5)
        self.moved = [0] * len(self.parameters)

    def change(self, k: int) -> Any:
        self.moved[k] += 1
        return super().change(k)


@pytest.fixture(autouse=True)
def _default_handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def train(model: Any, optimizer: Any, **options: Any) -> History:
    settings: dict[str, Any] = {"loss": mse, "epochs": 10**6, "batch_size": 8, **options}
    return fit(model, X, Y, optimizer=optimizer, **settings)


@pytest.mark.slow
@pytest.mark.parametrize("compile", [True, False])
def test_it_ends_at_a_whole_step_at_whatever_moment_it_comes(compile: bool, capsys: pytest.CaptureFixture[str]) -> None:
    delays = random.Random(int(compile))
    for _ in range(10):
        model, history = MLP(3, [4, 1], of=Tensor, seed=1), History()
        optimizer = Counting(model.parameters())
        timer = threading.Timer(delays.uniform(0.0, 0.1), press)

        def begin(history: History, timer: threading.Timer = timer) -> None:
            if history.epochs == 1:
                timer.start()

        settings: dict[str, Any] = {"schedule": lambda epochs: 0.5, "compile": compile, "history": history}
        with pytest.raises(KeyboardInterrupt) as stop:
            train(model, optimizer, patience=10**6, callbacks=[begin], **settings)
        timer.join()
        assert set(optimizer.moved) == {optimizer.steps}
        assert (optimizer.lr, model.training) == (0.01, False)
        assert "history=History()" in stop.value.__notes__[0]
        assert f"stopped after {history.epochs} of 1000000 epochs\n" in capsys.readouterr().err
        best = history.loss.index(min(history.loss))
        assert (best == history.epochs - 1) or all(
            np.array_equal(data, history.best[name]) for name, data in model.state_dict().items()
        )
        epochs = history.epochs
        assert train(model, optimizer, epochs=epochs + 1, **settings).epochs == epochs + 1


def test_a_loop_around_it_ends_as_well() -> None:
    rates = []

    def compare() -> None:
        for lr in (0.1, 0.01, 0.001):
            rates.append(lr)
            model = MLP(3, [1], of=Tensor)
            train(model, SGD(model.parameters(), lr=lr), epochs=5, callbacks=[lambda history: press()])

    with pytest.raises(KeyboardInterrupt):
        compare()
    assert rates == [0.1]


def test_one_that_comes_with_the_last_step_is_not_swallowed() -> None:
    model, history = MLP(3, [1], of=Tensor), History()
    with pytest.raises(KeyboardInterrupt):
        train(model, SGD(model.parameters()), epochs=1, history=history, callbacks=[lambda history: press() or True])
    assert history.epochs == 1


def test_a_second_one_breaks_off() -> None:
    model = MLP(3, [1], of=Tensor)
    reached = []

    def slow(history: History) -> None:
        press()
        reached.append("the first is held back")
        press()
        time.sleep(1)
        reached.append("the second is not")

    with pytest.raises(KeyboardInterrupt):
        train(model, SGD(model.parameters()), callbacks=[slow])
    assert reached == ["the first is held back"]
    assert model.training is False


def test_where_somebody_else_handles_it_nothing_is_changed() -> None:
    seen = []
    signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    with held_back() as let_through:
        press()
        let_through()
        assert seen == [signal.SIGINT]
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_in_a_thread_nothing_is_changed() -> None:
    found = []

    def run() -> None:
        model = MLP(3, [1], of=Tensor)
        found.append(train(model, SGD(model.parameters()), epochs=2).epochs)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [2]


@pytest.mark.parametrize("ctrl_c", [signal.default_int_handler, signal.SIG_IGN])
def test_a_polite_end_is_heard_where_ctrl_c_is_ignored_too(ctrl_c: Any) -> None:
    before = signal.signal(signal.SIGINT, ctrl_c), signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(KeyboardInterrupt), _terminated():
            signal.raise_signal(signal.SIGTERM)
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == (ctrl_c, before[1])
    finally:
        signal.signal(signal.SIGINT, before[0])
