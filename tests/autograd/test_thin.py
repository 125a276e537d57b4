"""The short way of a compiled function of floats: what it takes and what it leaves to the long way."""

from __future__ import annotations

import gc
import math
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd
from autograd import Value, exp, log, relu, tanh, value_and_grad
from autograd._core.signature import as_raw

Numbers = list[float]


def loss(w: Any, x: Any) -> Any:
    """A curve in twelve numbers."""
    return sum(wi * wi * x + tanh(wi) for wi in w)


def fast_of(f: Callable[..., Any], *args: Any) -> Any:
    """Return f compiled for arguments like these, which takes a short way for them."""
    fast = autograd.compile(f, backend="numpy")
    assert repr(fast(*args)) == repr(as_raw(f(*args)))
    thin = fast._last().thin
    assert thin is not None
    assert repr(thin(args)) == repr(as_raw(f(*args)))
    return fast


def takes(fast: Any, *args: Any) -> bool:
    """Tell whether the short way takes these arguments."""
    return isinstance(fast._last().thin(args), (float, tuple, list, dict))


W = [0.5 + k for k in range(12)]


CHANGES: list[tuple[float, Any]] = [
    (0.25, 0.75), (0.0, -0.0), (-0.0, 0.0), (3.0, 3), (1.0, True), (7.5, Value(7.5)), (7.5, Value(8.5)), (11.5, 1e-200),
    (2.0, math.inf), (1.0, math.nan), (math.nan, 2.0), (2.0, np.float64(2.0)), (0.5, np.float32(0.25)),
]  # fmt: skip


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_a_list_that_changes_in_place(before: float, after: Any) -> None:
    """A list that comes again is not looked at number by number, unless something in it is another."""
    given: list[Any] = [*W]
    given[3] = before
    eager = value_and_grad(lambda w, x: (loss(w, x), [wi * x for wi in w]), has_aux=True)
    fast = autograd.compile(eager, backend="numpy")
    for given[3] in (before, after, before):
        expected = repr(as_raw(eager(given, 2.0)))
        assert [repr(fast(given, 2.0)) for _ in range(4)] == [expected] * 4


@pytest.mark.slow
def test_what_is_not_like_the_first_arguments() -> None:
    fast = fast_of(value_and_grad(loss), W, 2.0)
    assert takes(fast, W, 2.0)
    others: list[Any] = [
        (W, 2),
        (W, Value(2.0)),
        (W[:-1], 2.0),
        (tuple(W), 2.0),
        ([*W[:-1], 1], 2.0),
        (W,),
        (W, 2.0, 1.0),
    ]
    assert not any(takes(fast, *args) for args in others)
    for args in others[:5]:
        assert repr(fast(*args)) == repr(as_raw(value_and_grad(loss)(*args)))
    assert fast(W, x=2.0) == fast(W, 2.0)


def test_arrays_in_a_list_that_comes_again() -> None:
    given: list[Any] = [*W]
    fast = fast_of(lambda w, x: [wi * x for wi in w], given, 2.0)
    for _ in range(3):
        fast(given, 2.0)
    given[0] = autograd.Tensor([1.0, 2.0])
    assert fast(given, 2.0)[0].tolist() == [2.0, 4.0]
    assert fast(given, 2.0)[1] == 3.0


def test_what_is_infinite_goes_the_long_way() -> None:
    """Python's floats raise where arithmetic has a result, and a gradient may need more care."""
    fast = fast_of(value_and_grad(lambda x, y: exp(x) / y + log(y)), 1.0, 2.0)
    for args in [(1000.0, 2.0), (1.0, 0.0), (1.0, math.inf), (math.nan, 1.0)]:
        assert not takes(fast, *args)
        assert repr(fast(*args)) == repr(as_raw(value_and_grad(lambda x, y: exp(x) / y + log(y))(*args)))


class Pair(NamedTuple):
    first: Any
    second: Any


@pytest.mark.parametrize(
    ("short", "f"),
    [
        (True, lambda x, y: {"a": x * y, "b": [x, (y, None)], 3: True, "text": "text"}),
        (True, lambda x, y: (x * 2, 0.5)),
        (True, lambda x, y: ()),
        (False, lambda x, y: (x * 2, math.inf)),
        (False, lambda x, y: Pair(x * 2, y)),
        (False, lambda x, y: (x * 2, autograd.Tensor([1.0, 2.0]))),
        (False, lambda x, y: autograd.stack([x, y])),
    ],
)
def test_structures_of_results(short: bool, f: Any) -> None:
    fast = autograd.compile(f, backend="numpy")
    expected = as_raw(f(Value(2.0), Value(3.0)))
    for _ in range(2):
        assert repr(fast(2.0, 3.0)) == repr(expected)
    assert (fast._last().thin is not None) == short


def test_structures_of_arguments() -> None:
    def f(tree: Any, flag: Any, text: Any = None) -> Any:
        return tree["w"][0] * tree["w"][1] + tree["b"] if flag else tree["b"]

    fast = fast_of(value_and_grad(f), {"w": (2.0, 3.0), "b": 1.0}, True)
    assert fast({"w": (4.0, 3.0), "b": 1.0}, True) == (13.0, {"w": (3.0, 4.0), "b": 1.0})
    assert not takes(fast, {"b": 1.0, "w": (4.0, 3.0)}, True)
    assert fast({"w": (4.0, 3.0), "b": 1.0}, False)[0] == 1.0
    odd = autograd.compile(lambda x, t: x * 2, backend="numpy")
    assert (odd(2.0, "text"), odd._last().thin) == (4.0, None)


def test_weights_from_outside() -> None:
    w = [Value(0.5 * k) for k in range(4)]
    fast = fast_of(lambda x: relu(sum(wi * x for wi in w)), 2.0)
    w[1].data = -3.0
    assert fast(2.0) == max(sum(wi.data * 2.0 for wi in w), 0.0)
    assert takes(fast, 2.0)


def test_what_the_function_uses_is_compared_on_the_short_way_too() -> None:
    scale = [2.0]
    fast = fast_of(lambda x: x * scale[0], 3.0)
    scale[0] = 5.0
    assert fast(3.0) == 15.0


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_a_compiled_function_is_freed_at_once(backend: str) -> None:
    """No circle holds it, nor what it was recorded from and computes in."""
    if backend == "native":
        pytest.importorskip("llvmlite")
    scale = [2.0]
    fast = autograd.compile(value_and_grad(lambda w, x: loss(w, x) * scale[0]), backend=backend)
    for _ in range(3):
        fast(W, 2.0)
    parts = [weakref.ref(item) for item in (fast, fast._last(), fast._last().program, fast._last()._surroundings)]
    if backend == "native":
        parts.append(weakref.ref(fast._last().function))
    gc.disable()
    try:
        del fast
        assert [part() for part in parts] == [None] * len(parts)
    finally:
        gc.enable()
