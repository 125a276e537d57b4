"""What two rules compute alike is computed once in compiled code, and only what may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, compile, conv, log_softmax, primitive, value_and_grad
from autograd._core.primitive import TABLE


def compiled(f: Any, *args: Any) -> Any:
    fast = compile(f, backend="numpy")
    fast(*args)
    return fast


def test_the_powers_of_a_softmax_and_the_windows_of_a_convolution_are_computed_once() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(3, 2, 5, 5)), rng.normal(size=(4, 2, 3, 3))

    def loss(w: Any, x: Any) -> Any:
        return log_softmax(conv(x, w, padding=1).reshape((3, -1)))[:, 0].sum()

    fast = compiled(value_and_grad(loss), w, x)
    assert fast.source.count("np.exp(") == fast.source.count("np.full(") == 1
    value, slope = fast(w, x)
    expected, other = value_and_grad(loss)(w, x)
    assert value == expected
    assert np.array_equal(slope, other)


def decides(xp: Any, a: Any) -> Any:
    b = xp.exp(a)
    return b * b if b.sum() > 0 else b


def leaves_views(xp: Any, a: Any) -> Any:
    b = xp.zeros(a.shape)
    b[1:][...] = a[1:]
    return b * b


def writes_to_views(xp: Any, a: Any) -> Any:
    b = xp.zeros(a.shape)
    rest = b[1:]
    rest[0] = a[1]
    rest[1] = a[2]
    return b * b


def looks_at_half(xp: Any, a: Any) -> Any:
    b = xp.zeros(a.shape)
    b[0] = a[0]
    c = b + 1.0
    b[1] = a[1]
    return b + c * c


def adds_its_own(xp: Any, a: Any) -> Any:
    b = xp.exp(a)
    b = b + 0.0
    b[1] += b[0]
    return b * b


def changes(xp: Any, a: Any) -> Any:
    b = xp.exp(a)
    xp.copyto(b, 1.0)
    return b * b


def writes_out(xp: Any, a: Any) -> Any:
    b = xp.exp(a)
    xp.add(b, 1.0, out=b)
    return b * b


def writes_third(xp: Any, a: Any) -> Any:
    b = xp.exp(a)
    xp.add(b, 1.0, b)
    return b * b


def whole(xp: Any, a: Any) -> Any:
    b = xp.zeros(a.shape)
    b[0] = a[0]
    b[1] = a[1]
    return b * b


def nothing(xp: Any, a: Any) -> Any:
    b = xp.zeros(a.shape)
    return (b + a) * (b + 1.0)


def powers(xp: Any, a: Any) -> Any:
    b = xp.exp(a)
    return b * b * b


RULES: list[Callable[..., Any]] = [
    powers, whole, decides, leaves_views, writes_to_views, looks_at_half, adds_its_own, changes, writes_out,
    writes_third,
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_rules_that_write_to_arrays_are_compiled_as_they_are(rule: Callable[..., Any]) -> None:
    """Before and after two rules that compute the same and write to nothing else."""
    try:
        first, last, between, after = (
            primitive(name, f, lambda g, out, a: g, elementwise=False)
            for name, f in (("powers", powers), ("whole", whole), ("other", rule), ("nothing", nothing))
        )

        def f(a: Any) -> Any:
            return first(a) + last(a) + between(a) + first(a + 0.0) * after(a)

        x = np.arange(1.0, 4.0)
        assert compiled(f, x)(x).tolist() == f(Tensor(x)).data.tolist()
    finally:
        for name in ("powers", "whole", "other", "nothing"):
            TABLE.pop(name, None)
