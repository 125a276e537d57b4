"""An interrupt at any moment leaves every switch, lock and handler as it was, and all gradients whole."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from fuzz import TESTS, python

from autograd import Value, primitive
from autograd._core.modes import without_warnings
from autograd._grad.lean import set_gradients


@pytest.fixture(autouse=True)
def _default_handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers")
def test_signals_at_random_moments() -> None:
    """In a process of its own: an interrupt while coverage is measured may leave the lock of that taken for ever."""
    done = python(str(TESTS / "interrupts.py"), "--count", "20")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_rule_that_raises_leaves_gradients_as_they_were() -> None:
    def broken(g: float, out: float, x: float) -> float:
        raise KeyboardInterrupt

    stops = primitive("stops_of_a_test", lambda xp, x: x * 1.0, broken)
    a, b = Value(2.0), Value(3.0)
    a.grad, b.grad = 0.5, 0.25
    J = stops(a * b) + a * b * b
    with pytest.raises(KeyboardInterrupt):
        J.backward()
    assert (a.grad, b.grad) == (0.5, 0.25)


def test_gradients_are_set_together() -> None:
    nodes = [Value(1.0), Value(2.0)]
    set_gradients(nodes, [3.0, 4.0])
    assert [node.grad for node in nodes] == [3.0, 4.0]


def test_silence_ends_with_its_function() -> None:
    @without_warnings
    def silent(x: float, by: float = 0.0) -> float:
        assert np.geterr()["divide"] == "ignore"
        if x < 0:
            raise KeyboardInterrupt
        return float(np.float64(x) / by)

    before = np.geterr()
    assert silent(1.0) == np.inf
    with pytest.raises(KeyboardInterrupt):
        silent(-1.0)
    assert np.geterr() == before
    assert silent.__name__ == "silent"


def test_without_numpy_there_is_nothing_to_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert without_warnings(lambda x: x + 1)(1) == 2
