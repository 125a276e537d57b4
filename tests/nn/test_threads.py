"""Threads compute side by side as they do alone; processes may be forked, and pools started, while others compute."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fuzz import TESTS, python

import autograd
import nn
from autograd import Tensor, Value, tanh, value_and_grad


def at_once(work: Callable[[int], Any], count: int) -> list[Any]:
    """Run work(0), work(1), ... in threads that start together; return what they return."""
    found: list[Any] = [None] * count
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        found[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.slow
def test_a_compiled_function_is_called_from_many_threads() -> None:
    w = Tensor([0.5, 1.0, 2.0])
    fast = autograd.compile(value_and_grad(lambda x: (tanh(x * w) * x).sum(), wrt=[w]))

    def work(k: int) -> bool:
        right = []
        for n in range(10):
            x = np.full((1 + (n + k) % 3, 3), 0.1 * k + 0.01 * n)
            value, (slope,) = fast(x)
            right.append(np.isclose(value, (np.tanh(x * w.data) * x).sum()))
            right.append(np.allclose(slope, (x * x / np.cosh(x * w.data) ** 2).sum(axis=0)))
        return all(right)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert all(at_once(work, 8))
    # Each signature once, whichever thread was first.
    assert fast.compilations == 3


def test_what_another_thread_compiled_is_taken() -> None:
    fast = autograd.compile(lambda x: x * x)
    fast(2.0)
    ((key, made),) = fast._specialised.items()
    assert fast._record(key, (2.0,), {}) is made
    assert fast.compilations == 1


def trained(seed: int, of: Any) -> bytes:
    model = nn.MLP(2, [3, 1], of=of, seed=seed)
    X = np.random.default_rng(seed).normal(size=(12, 2))
    optimizer = nn.Adam(model.parameters())
    nn.fit(model, X, X[:, 0], loss=nn.mse, optimizer=optimizer, epochs=7, batch_size=4, seed=1, progress=False)
    return b"".join(np.asarray(data).tobytes() for data in model.state_dict().values())


@pytest.mark.slow
@pytest.mark.parametrize("of", [Value, Tensor])
def test_networks_are_trained_in_threads(of: Any) -> None:
    assert at_once(lambda seed: trained(seed, of), 4) == [trained(seed, of) for seed in range(4)]


def test_networks_are_made_in_threads() -> None:
    def work(k: int) -> list[float]:
        made = []
        for _ in range(10):
            if k == 0:
                nn.seed(5)
            made.append(nn.Perceptron(1).w[0].data)
        return made

    assert all(np.isfinite(at_once(work, 6)).ravel())
    nn.seed(5)
    first = nn.Perceptron(1).w[0].data
    nn.seed(5)
    assert nn.Perceptron(1).w[0].data == first


def test_threads_add_whole_gradients_to_shared_parameters() -> None:
    w = Value(1.0)
    at_once(lambda k: [(w * float(k)).backward() for _ in range(50)], 8)
    assert w.grad == 50 * sum(range(8))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_processes_are_forked_and_pooled_while_a_thread_computes() -> None:
    """In a process of its own: a fork may find the lock of what measures coverage taken."""
    done = python(str(TESTS / "forks.py"), "--forks", "10")
    assert done.returncode == 0, done.stdout + done.stderr
