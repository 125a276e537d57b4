"""No text of a stranger is run: labels, keys, names and classes that write themselves in odd ways."""

from __future__ import annotations

import ast
import builtins
import random
from collections.abc import Iterator
from typing import Any

import canary
import pytest

import autograd
from autograd import Value


@pytest.fixture(autouse=True)
def _nothing_was_run() -> Iterator[None]:
    yield
    assert not hasattr(builtins, "canary")


@pytest.mark.slow
@pytest.mark.parametrize("attack", [canary.compiled, canary.shown])
def test_texts_of_a_stranger(attack: Any) -> None:
    for seed in range(100):
        attack(random.Random(seed))


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "native"])
def test_other_backends(backend: str) -> None:
    pytest.importorskip({"native": "llvmlite"}.get(backend, backend))
    for seed in range(8):
        canary.compiled(random.Random(seed), backend)


@pytest.mark.parametrize("text", canary.HOSTILE, ids=range(len(canary.HOSTILE)))
def test_names_of_arguments_and_functions(text: str) -> None:
    def f(**named: Any) -> Any:
        (x,) = named.values()
        return x * 2.0

    f.__name__ = text
    fast = autograd.compile(f)
    assert fast(**{text: 1.5}) == 3.0
    canary.check_source(str(fast.source))


@pytest.mark.slow
def test_classes_of_results() -> None:
    for text in canary.HOSTILE:
        kind: Any = type(text.replace("\x00", "").replace("\ud800", "") or "K", (list,), {})
        fast = autograd.compile(lambda x, kind=kind: kind([x * 2.0]))
        assert type(fast(1.5)) is kind
        canary.check_source(str(fast.source))


def test_the_check_finds_what_it_is_for() -> None:
    for source in ("x = evil(1)", "x = ().__class__", "import os", "f = lambda: 1", "x = f'{1}'"):
        with pytest.raises(AssertionError):
            canary.check_source(source)
    assert ast.literal_eval(repr(canary.SET)) == canary.SET
    exec(canary.SET)
    del builtins.canary  # type: ignore[attr-defined]


def test_labels_in_errors() -> None:
    for text in canary.HOSTILE:
        with pytest.raises((ValueError, TypeError, FloatingPointError)) as told, autograd.detect_anomaly():
            autograd.log(Value(0.0, label=text))
        assert "\n" not in str(told.value)
        assert "\x1b" not in str(told.value)
