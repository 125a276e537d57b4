"""Arrays that a compiled function uses from outside: read at every call where it only computes with them."""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, value_and_grad, where
from autograd import compile as compiled
from autograd._core.data import same_bits
from nn import mse

W = np.linspace(-1.0, 1.0, 5)
X = np.linspace(-2.0, 3.0, 100).reshape(20, 5)
ALIAS = X


def bits(tree: Any) -> list[bytes]:
    return [np.asarray(item.data if isinstance(item, Tensor) else item).tobytes() for item in tree]


def agree(fast: Any, f: Any, *args: Any) -> None:
    assert bits(fast(*args)) == bits(f(*args))


@pytest.fixture(autouse=True)
def fresh_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "X", np.linspace(-2.0, 3.0, 100).reshape(20, 5))
    monkeypatch.setitem(globals(), "ALIAS", None)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8", "bool"])
def test_a_global_array_is_read_at_every_call(dtype: str) -> None:
    globals()["X"] = X.astype(dtype)
    f = value_and_grad(lambda w: ((X * w) ** 2).sum() / len(X) + X.shape[0])
    fast = compiled(f)
    agree(fast, f, W)
    assert "def f(w, X):" in fast.source
    X[0] = 7
    agree(fast, f, W)
    globals()["X"] = (X[::-1] > 1).astype(dtype)
    agree(fast, f, W)
    assert fast.compilations == 1


def test_a_variable_of_an_enclosing_function() -> None:
    data: Any = X.copy()
    f = value_and_grad(lambda w: (data @ w).sum())
    fast = compiled(f)
    agree(fast, f, W)
    data = data * 2
    agree(fast, f, W)
    assert fast.compilations == 1
    for other in (np.asfortranarray(data), data.astype("float32"), data[:15].copy(), Tensor(data)):
        data, before = other, fast.compilations
        agree(fast, f, W)
        assert fast.compilations == before + 1


def test_a_mask() -> None:
    f = value_and_grad(lambda w: where(X, w, w * w).sum())
    globals()["X"] = X > 1
    fast = compiled(f)
    agree(fast, f, W)
    X[3] = True
    agree(fast, f, W)
    assert fast.compilations == 1


def test_no_copy_is_kept() -> None:
    globals()["X"] = np.ones((100, 100))
    fast = compiled(value_and_grad(lambda w: (X * w).sum()))
    assert fast(2.0) == (2e4, 1e4)
    before = weakref.ref(X)
    globals()["X"] = np.zeros((100, 100))
    assert before() is None
    assert fast(2.0) == (0.0, 0.0)


def test_an_array_that_is_returned_is_a_copy() -> None:
    fast = compiled(lambda w: (w * 2, autograd.reshape(w * 0 + X, shape=(100,)), X))
    for number in (-2.0, 1.0):
        found = fast(W)[2]
        assert found[0, 0] == number
        found[0] = 9.0
        assert X[0, 0] == number
        globals()["X"] = np.ones((20, 5))


def helper(w: Any) -> Any:
    return (X @ w).sum()


def recursive(w: Any, n: int = 1) -> Any:
    return (X @ w).sum() * recursive(w, n - 1) if n else w.sum() * X.max()


def caught(w: Any) -> Any:
    try:
        highest = float(np.asarray(X).max())
    except Exception:
        highest = 1.0
    return (X @ w).sum() * highest


def reads_in_a_decision(w: Any) -> Any:
    return (X @ w).sum() * (2.0 if isinstance(X, np.ndarray) and X.max() > 5 else 1.0)


def asks_for_truth(w: Any) -> Any:
    return (X @ w).sum() * (2.0 if np.any(X == 9.0) else 1.0)


def as_text(w: Any) -> Any:
    return (X @ w).sum() * len(f"{X}{X!r}".replace("9", "99"))


class Named:
    def X(self, w: Any) -> Any:
        return helper(w)


NAMED = Named()


class Holder:
    def __init__(self) -> None:
        self.data = X

    def __call__(self, w: Any) -> Any:
        return (self.data @ w).sum()


READERS: list[tuple[str, Callable[..., Any]]] = [
    ("a method", lambda w: (X @ w).sum() * X.max()),
    ("an element", lambda w: (X @ w).sum() * X[0, 0]),
    ("an index", lambda w: w[X.astype(int) % 5].sum()),
    ("another name", lambda w: (X @ w).sum() * ALIAS.max()),
    ("a helper", lambda w: helper(w) * 2.0),
    ("a helper beside", lambda w: helper(w) * (X @ w).sum()),
    ("itself", recursive),
    ("what it catches", caught),
    ("a decision", reads_in_a_decision),
    ("truth", asks_for_truth),
    ("text", as_text),
    ("a constant", lambda w: (autograd.exp(X) * w).sum()),
    ("a leaf", lambda w: (Tensor(X) @ w).sum()),
    ("its type", lambda w: (X @ w).sum() if type(X) is np.ndarray else w.sum()),
    ("unlike", lambda w: (X @ w).sum() * (2.0 if np.all(X != 9.0) else 1.0)),
    ("an attribute of its name", lambda w: NAMED.X(w) * (X @ w).sum()),
    ("what is called for the attribute alone", lambda w: helper(w) * NAMED.X(w)),
    ("a draw", lambda w: (X @ w).sum() + autograd.fresh(lambda rng: float(X.max()), None)),
]


@pytest.mark.parametrize("f", [f for _, f in READERS], ids=[name for name, _ in READERS])
def test_what_reads_the_numbers_is_never_out_of_date(f: Any) -> None:
    globals()["ALIAS"] = X
    f = value_and_grad(f)
    fast = compiled(f)
    agree(fast, f, W)
    X[0, 0] = 9.0
    agree(fast, f, W)
    globals()["X"] = X * 2
    agree(fast, f, W)


def test_what_is_called_at_every_call_finds_the_array() -> None:
    def checked(w: Any) -> Any:
        def check(w: Any) -> None:
            if X.max() > 9:
                raise ValueError("too large")

        autograd.validate(check, w)
        return (X @ w).sum()

    def drawn(w: Any) -> Any:
        return (X @ w).sum() + autograd.fresh(lambda rng: float(X.max()) if rng.random() < 0.5 else 0.0, coin)

    coin = Random(0)
    fast, noisy = compiled(checked), compiled(drawn)
    assert fast(W) == noisy(W) == noisy(W)
    globals()["X"] = X * 9
    assert noisy(W) == (X @ W).sum() + 27.0
    with pytest.raises(ValueError, match="too large"):
        fast(W)


TARGETS = np.linspace(0.0, 1.0, 100)


@pytest.mark.parametrize(
    "f",
    [
        lambda w: mse(autograd.tanh(X @ w), TARGETS[:20]),
        lambda w: (X * w).sum() * (2 * TARGETS - TARGETS**2 / 3.0).sum(),
        lambda w: (X * w).sum() * (-TARGETS)[TARGETS > 0.5][3],
        lambda w: (X * w).sum() * sum(TARGETS) * (0.5 in TARGETS) * (W[0] < TARGETS).mean(),
        lambda w: (X * w).sum() * ([*TARGETS] == list(TARGETS)),
    ],
)
def test_one_array_that_is_read_leaves_the_others(f: Any) -> None:
    f = value_and_grad(f)
    fast = compiled(f)
    for compilations in (1, 2):
        agree(fast, f, W)
        X[0] += 1.0
        agree(fast, f, W)
        assert fast.compilations == compilations
        TARGETS[:] = np.linspace(3.0, 5.0, 100)
    TARGETS[:] = np.linspace(0.0, 1.0, 100)


def test_an_array_of_an_object() -> None:
    holder = Holder()
    f = value_and_grad(lambda w: holder(w))
    fast = compiled(f)
    agree(fast, f, W)
    holder.data[0] = 9.0
    agree(fast, f, W)
    holder.data = X + 1
    agree(fast, f, W)


def test_infinite_slopes_and_kinks() -> None:
    for g in (lambda w: autograd.sqrt(w * X * X).sum() * 0.0, lambda w: abs(w * X).sum() ** 2):
        f = value_and_grad(g)
        fast = compiled(f)
        for number in (1.0, 0.0, 5.0):
            X[0] = number
            for w in (W * 0, abs(W)):
                agree(fast, f, w)
        assert fast.compilations == 1


def test_threads_that_put_another_array_there() -> None:
    fast = compiled(lambda w: (w * X - X).sum())
    arrays = [np.full((20, 5), float(k)) for k in range(8)]
    fast(2.0)
    globals()["X"] = arrays[0]
    ended, found = threading.Event(), set()

    def call() -> None:
        while not ended.is_set():
            found.add(float(fast(2.0)))

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    for k in range(800):
        globals()["X"] = arrays[k % 8]
    ended.set()
    for thread in threads:
        thread.join()
    assert found <= {100.0 * k for k in range(8)}
    assert fast.compilations == 1


def test_another_form_between_the_look_and_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = compiled(lambda w: w * X)
    fast(2.0)
    monkeypatch.setattr(fast._last(), "holds", lambda: True)
    globals()["X"] = np.ones((30, 5), "float32")
    assert fast(2.0).shape == (30, 5)


def test_what_stands_for_an_array_is_one_afterwards() -> None:
    kept: list[Any] = []

    def f(w: Any) -> Any:
        kept.append(X)
        return (X @ w).sum()

    compiled(f)(W)
    for item in kept:
        assert isinstance(item, np.ndarray)
        assert item.sum() == X.sum()
        assert bool(item.any() and repr(item) == repr(X))


def test_what_tells_arrays_apart() -> None:
    one = np.array([1.0, -0.0, math.nan])
    assert same_bits(one, one.copy())
    assert not same_bits(one, np.array([1.0, 0.0, math.nan]))
    assert not same_bits(one, one[:2])
    assert not same_bits(one, one.astype(np.float32))
    assert same_bits(one + 1j, one + 1j)
    assert not same_bits(one + 1j, one - 1j)
