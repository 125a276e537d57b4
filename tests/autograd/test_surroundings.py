"""A compiled function sees what changes around it, however it reaches that."""

from __future__ import annotations

import math
import sys
import types
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value
from autograd import compile as compiled

G = 1.0


@pytest.mark.parametrize("backend", ["numpy", "native", "jax"])
def test_a_keyword_default_that_is_changed_in_place(backend: str) -> None:
    pytest.importorskip({"native": "llvmlite", "jax": "jax"}.get(backend, "numpy"))

    def inner(x: Any, *, k: float = 2.0) -> Any:
        return x * k

    fast = compiled(lambda x: inner(x) + 1, backend=backend)
    assert fast(3.0) == 7.0
    inner.__kwdefaults__["k"] = 5.0
    assert fast(3.0) == 16.0
    inner.__kwdefaults__ = {"k": 6.0}
    assert fast(3.0) == 19.0


def test_a_function_that_is_put_into_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    factor = [2.0]
    fast = compiled(lambda x: autograd.tanh(x) + np.linalg.norm([3.0, 4.0]) + math.sqrt(4.0))
    assert fast(0.0) == 7.0
    monkeypatch.setattr(math, "sqrt", lambda x: x * factor[0])
    assert fast(0.0) == 13.0
    # It is somebody's own, so that what it uses counts as well.
    factor[0] = 3.0
    assert fast(0.0) == 17.0
    monkeypatch.setattr(autograd, "tanh", lambda x: x + 100.0)
    assert fast(0.0) == 117.0
    monkeypatch.setattr(np.linalg, "norm", lambda x: 0.0)
    assert fast(0.0) == 112.0
    assert fast.compilations == 5
    assert fast(1.0) == 113.0
    assert fast.compilations == 5


@pytest.mark.parametrize(
    "read",
    [lambda m: globals()["G"], lambda m: getattr(m, "G", None), lambda m: vars(m)["G"], lambda m: m.__dict__["G"]],
)
def test_a_variable_whose_name_is_text(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules[__name__]
    fast = compiled(lambda x: x * read(module))
    assert fast(2.0) == 2.0
    monkeypatch.setattr(module, "G", 3.0)
    assert fast(2.0) == 6.0


class Scale:
    """Multiplies by a number that may be set."""

    def __init__(self) -> None:
        self.k = 2.0

    def times(self, x: Any) -> Any:
        return x * self.k


def test_a_method_and_a_row_of_somebodys_own(monkeypatch: pytest.MonkeyPatch) -> None:
    scale, factor = Scale(), [2.0]
    times = scale.times
    own = autograd.primitive("own", lambda xp, a: a * factor[0], lambda g, out, a: g * factor[0])
    monkeypatch.delitem(autograd.TABLE, "own")
    fast = compiled(lambda x: autograd.tanh(times(own(x))))
    assert fast(0.1) == math.tanh(0.4)
    scale.k = 3.0
    assert fast(0.1) == math.tanh(0.1 * 2.0 * 3.0)
    factor[0] = 5.0
    assert fast(0.1) == math.tanh(0.1 * 5.0 * 3.0)


class Held:
    """Numbers that are no array of NumPy's, but hold one, as a Series or a tensor."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.shape, self.dtype = data.shape, data.dtype

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.data


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_an_array_by_another_name_after_an_array(backend: str) -> None:
    pandas, torch = pytest.importorskip("pandas"), sys.modules.get("torch")
    if backend == "native":
        pytest.importorskip("llvmlite")
    x = np.array([1.0, 2.0, 4.0])
    others = [Held(x), pandas.Series(x, index=[2, 1, 0]), *([torch.from_numpy(x)] if torch else [])]

    def f(a: Any, b: Any) -> Any:
        return a[::-1] * b

    for other in others:
        for given in (lambda x: (x, x), lambda x: ([x], x)):
            fast = compiled(lambda a, b: f(a[0] if isinstance(a, list) else a, b), backend=backend)
            for each in (x, other, x, Tensor(x), other):
                found = fast(*given(each))
                assert type(found) is np.ndarray
                assert found.tolist() == [4.0, 4.0, 4.0]
    assert compiled(lambda x: x * 2.0, backend=backend)(Value(3.0)) == 6.0


def test_a_module_of_ones_own_inside_an_installed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    own = types.ModuleType("own_functions")
    own.rate = 2.0  # type: ignore[attr-defined]
    monkeypatch.setattr(math, "own_functions", own, raising=False)
    fast = compiled(lambda x: x * math.own_functions.rate)  # type: ignore[attr-defined]
    assert fast(3.0) == 6.0
    own.rate = 4.0  # type: ignore[attr-defined]
    assert fast(3.0) == 12.0
