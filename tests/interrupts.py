"""Interrupt what computes at random moments, by real signals: `python tests/interrupts.py --count 300`.

Afterwards every switch, lock and handler is as it was, all gradients are the old or all the new ones, and the next call
works.
"""

from __future__ import annotations

import argparse
import gc
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, Value, grad, no_grad, tanh, value_and_grad
from autograd._core import copies as copies_module
from autograd._core.modes import active, anomaly, recording, replaying, tracing
from autograd._grad import backward as backward_module
from nn import MLP, SGD, History, fit, mse

Round = Callable[[], tuple[Callable[[], Any], Callable[[], None]]]
"""Prepares one interrupt: returns what is interrupted, and what then looks at the result and calls it again."""


class Pressed:
    """A with-block that is interrupted, as by Ctrl-C, some time after it began, if it is not over by then."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.hit = False

    def __enter__(self) -> Pressed:
        self._before = signal.signal(signal.SIGALRM, lambda number, frame: signal.raise_signal(signal.SIGINT))
        signal.setitimer(signal.ITIMER_REAL, self._seconds)
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)
        self.hit = kind is KeyboardInterrupt
        return self.hit


def interrupted(round_: Round, count: int, seed: int = 0) -> tuple[int, list[str]]:
    """Interrupt until it hit `count` times; return how many rounds that took, and what was wrong after each hit."""
    rng, faults, hits, rounds = random.Random(seed), [], 0, 0
    body, after = round_()
    # Without what is done once, such as imports.
    body()
    after()
    body, after = round_()
    start = time.perf_counter()
    body()
    longest = time.perf_counter() - start
    while hits < count:
        body, after = round_()
        before = state()
        pressed = Pressed(rng.uniform(1e-6, longest))
        rounds += 1
        try:
            with pressed:
                body()
        except KeyboardInterrupt:
            # It came when the block was being left.
            continue
        if not pressed.hit:
            continue
        hits += 1
        found = state()
        faults += [f"{name}: {found[name]} for {before[name]}" for name in before if found[name] != before[name]]
        try:
            after()
        except AssertionError as error:
            faults.append(f"after: {str(error)[:200]}")
    return rounds, faults


def state() -> dict[str, Any]:
    """Return all that a computation switches, and has to switch back."""
    return {
        "recording": recording.get(), "anomaly": anomaly.get(), "tracing": tracing.get(), "replaying": replaying.get(),
        "active": set(active), "a node records": (Value(1.0) * 2).op is not None, "profiler": sys.getprofile(),
        "collector": gc.isenabled(), "handler": signal.getsignal(signal.SIGINT), "warnings": list(warnings.filters),
        "floating-point errors": np.geterr(), "lock of backward": is_free(backward_module._lock),
        "lock of nodes": is_free(copies_module._lock),
    }  # fmt: skip


def is_free(lock: Any) -> bool:
    """Tell whether another thread could take a lock."""
    taken: list[bool] = []

    def take() -> None:
        taken.append(lock.acquire(blocking=False))
        if taken[0]:
            lock.release()

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    return taken[0]


def backward_of(of: Any) -> Round:
    """Interrupt `backward`; gradients that stood there before are as they were, or have the new ones added."""
    rng = np.random.default_rng(0)
    model: Any = MLP(3, [10, 10, 1], of=of, seed=0)
    X = rng.normal(size=(5, 3)).tolist()

    def loss() -> Any:
        return mse(model(X), [0.5] * 5)

    loss().backward()
    new = [np.copy(p.grad) for p in model.parameters()]

    def round_() -> Any:
        J = loss()
        for p in model.parameters():
            p.grad = np.full(p.shape, 0.25) if p.shape else 0.25

        def after() -> None:
            whole = [
                [np.array_equal(p.grad, 0.25 + more * g) for p, g in zip(model.parameters(), new)] for more in (0, 1)
            ]
            near = [[np.allclose(p.grad, 0.25 + g, atol=1e-12) for p, g in zip(model.parameters(), new)]]
            assert all(whole[0]) or all(near[0]), f"{sum(whole[0])} old, {sum(near[0])} new of {len(new)}"
            model.zero_grad()
            J.backward()
            assert all(np.array_equal(p.grad, g) for p, g in zip(model.parameters(), new)), "the next backward"

        return J.backward, after

    return round_


def compiling() -> Any:
    """Interrupt the first call, which compiles."""
    w = Tensor(np.arange(3.0))

    def f(x: Any) -> Any:
        for _ in range(20):
            x = tanh(x * w) + 0.1 * (x * x).mean()
        return x.sum()

    x = np.array([0.3, 0.2, 0.1])
    want = grad(f)(x)
    fast = autograd.compile(value_and_grad(f))

    def after() -> None:
        assert is_free(fast._lock), "the lock of a compiled function"
        for _ in range(2):
            found = fast(x)[1]
            np.testing.assert_allclose(getattr(found, "data", found), getattr(want, "data", want), rtol=1e-12)
        assert len(fast._specialised) == 1, "the cache"

    return lambda: fast(x), after


def called() -> Round:
    """Interrupt calls of compiled functions, of which some compile."""
    fast = autograd.compile(grad(lambda x: (tanh(x) * x).sum()))

    def round_() -> Any:
        def body() -> None:
            for n in range(2, 5):
                for _ in range(60):
                    fast(np.ones(n))

        def after() -> None:
            assert is_free(fast._lock), "the lock of a compiled function"
            for n in range(2, 5):
                x = np.linspace(0.1, 0.9, n)
                np.testing.assert_allclose(fast(x), np.tanh(x) + x / np.cosh(x) ** 2, rtol=1e-12)

        return body, after

    return round_


def training(of: Any, compile: bool, epochs: int = 4) -> Round:
    """Interrupt `fit`; the network is one that whole steps lead to, and training goes on."""
    X = np.random.default_rng(0).normal(size=(16, 3))
    y = X[:, 0]

    def round_() -> Any:
        model: Any = MLP(3, [4, 1], of=of, seed=1)
        optimizer = SGD(model.parameters(), lr=0.01, momentum=0.5)
        history = History()
        settings: dict[str, Any] = {"loss": mse, "optimizer": optimizer, "batch_size": 8, "compile": compile}

        def body() -> None:
            # Where it says after how many epochs it stopped.
            with redirect_stderr(StringIO()):
                fit(model, X, y, epochs=epochs, history=history, progress=False, **settings)

        def after() -> None:
            assert not any(module.training for module in model.modules()) or history.epochs == 0, "the training mode"
            assert len(set(optimizer.counts)) == 1, f"parts of a step: {optimizer.counts}"
            assert history.epochs <= optimizer.steps / 2 <= history.epochs + 1, "steps that nobody was told of"
            again = fit(model, X, y, epochs=history.epochs + 2, history=history, progress=False, **settings)
            assert again.epochs == history.epochs, "it goes on"
            assert all(np.isfinite(data).all() for data in model.state_dict().values()), "the numbers"

        return body, after

    return round_


def without_recording() -> Any:
    """Interrupt code under `no_grad`, and blocks that are entered and left."""

    def body() -> None:
        x = Value(1.0)
        for _ in range(40):
            with no_grad():
                y = x * 2
                with autograd.detect_anomaly():
                    y = y + 1
            x * y

    return body, lambda: None


WAYS: dict[str, Round] = {
    "backward of Values": backward_of(Value),
    "backward of Tensors": backward_of(Tensor),
    "compiling": compiling,
    "calls of what is compiled": called(),
    "fit of Values": training(Value, compile=False),
    "fit of Tensors, compiled": training(Tensor, compile=True),
    "fit of Values, steps at once": training(Value, compile=True, epochs=4_000),
    "fit of Tensors, steps at once": training(Tensor, compile=True, epochs=4_000),
    "no_grad": without_recording,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="interrupts of each (300)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    wrong = 0
    for name, round_ in WAYS.items():
        rounds, faults = interrupted(round_, args.count, args.seed)
        print(f"{name:<32}{args.count} interrupts in {rounds} rounds, {len(faults)} faults", flush=True)
        for fault in sorted(set(faults)):
            print(f"    {faults.count(fault)} times {fault}")
        wrong += len(faults)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
