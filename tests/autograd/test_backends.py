"""The backend JAX: its source runs as plain NumPy as well; with the real library where installed."""

from __future__ import annotations

import math
import sys
from contextlib import nullcontext
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import CompileError, Tensor, Value, primitive, relu, sigmoid, tanh, value_and_grad, where
from autograd._core.trees import flatten
from autograd.testing._graphs import domain_of
from nn import MLP, cross_entropy

compiled = autograd.compile
X1, X2, Y = np.linspace(-1, 1, 7), np.linspace(0, 2, 7) ** 2, np.sign(np.linspace(-1, 1.5, 7))
W = [0.3, -0.2, 0.9]


def neuron(w: Any, x1: Any, x2: Any) -> Any:
    return sigmoid(w[0] + w[1] * x1 + w[2] * x2)


def one_sample(w: Any, x1: Any, x2: Any, y: Any) -> Any:
    return (neuron(w, x1, x2) - y) ** 2


def whole_batch(w: Any, x1: Any, x2: Any, y: Any) -> Any:
    h = [relu(w[0] * x1 + w[k] * x2 + Y) for k in (0, 1, 2)]
    z = tanh(h[0] + h[1] - h[2])
    errors = where(z > 0.1, z, 2 * z) - y
    return (errors * errors).mean() + 0.1 * sum(p * p for p in w) + abs(h[0]).sum()


class Holder:
    bias = Value(0.25, label="bias")


def captured(w: Any) -> Any:
    return {"J": tanh(w[0]["a"] + Holder.bias), "more": [w[1], (w[0]["a"] * 2, None)]}


PROGRAMS: list[tuple[str, Any, tuple[Any, ...]]] = [
    ("numbers", value_and_grad(one_sample), (W, 0.5, -0.25, 1.0)),
    ("columns", value_and_grad(whole_batch), (W, X1, X2, Y)),
    ("structures", captured, ([{"a": 0.5}, 2.0],)),
]
CASES = pytest.mark.parametrize(("f", "args"), [case[1:] for case in PROGRAMS], ids=[case[0] for case in PROGRAMS])


def close(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    for a, b in zip(flatten(found), flatten(expected), strict=True):
        assert a is b is None or np.allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.fixture
def plain_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    """JAX that is NumPy."""
    jax = ModuleType("jax")
    jax.jit = lambda f, static_argnums: f  # type: ignore[attr-defined]
    jax.enable_x64 = lambda on: nullcontext()  # type: ignore[attr-defined]
    jax.numpy = np  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "jax", jax)
    monkeypatch.setitem(sys.modules, "jax.numpy", np)
    monkeypatch.setattr("autograd._compiler.compile.find_spec", lambda name: name)


@CASES
@pytest.mark.usefixtures("plain_jax")
def test_the_functional_source(f: Any, args: Any) -> None:
    fast = compiled(f, backend="jax")
    close(fast(*args), compiled(f)(*args))
    assert "import jax.numpy as np" in fast.source
    assert "out=" not in fast.source


@pytest.mark.usefixtures("plain_jax")
def test_comparisons_of_numbers_in_the_functional_source() -> None:
    """JAX does not know the number when it compiles: float() of it is an error there."""
    fast = compiled(lambda a, b: autograd.greater(a, b) * a, backend="jax")
    assert (fast(2.0, 1.0), fast(1.0, 2.0)) == (2.0, 0.0)
    assert "float(" not in fast.source
    assert 'np.asarray(a > b, "float64")' in fast.source.replace("'", '"')


@pytest.mark.usefixtures("plain_jax")
def test_masks_and_structures_in_the_functional_source() -> None:
    many, x = np.arange(200) % 3 == 0, np.linspace(0, 1, 200)
    fast = compiled(lambda t: (t[many], t[[True, *[False] * 199]], {many.size: t[::50]}), backend="jax")
    close(fast(x), (x[many], x[:1], {200: x[::50]}))
    large = np.linspace(-1, 1, 1200)
    slope = autograd.grad(lambda t: (autograd.relu(t) ** 2).sum())
    fast = compiled(slope, backend="jax")
    close(fast(large), 2 * np.maximum(large, 0))
    assert "dtype=" not in fast.source
    for always in (True, np.array(True)):
        with pytest.raises(CompileError, match="JAX puts the axis that True stands for elsewhere"):
            compiled(lambda t, always=always: t[always], backend="jax")(x)
    assert compiled(lambda t: t[np.array(1)], backend="jax")(x) == x[1]


@pytest.mark.usefixtures("plain_jax")
def test_a_function_of_jax_takes_no_dtype() -> None:
    own = primitive(
        "own", lambda xp, x: xp.add(x, 1, dtype="float32").sum(axis=0, dtype="float64"), None, elementwise=False
    )
    fast = compiled(lambda x: own(x), backend="jax")
    close(fast(np.array([1.0, 2.0])), 5.0)
    assert "np.add(x, 1).astype('float32').sum(axis=0, dtype='float64')" in fast.source


@pytest.mark.usefixtures("plain_jax")
def test_what_jax_cannot_run() -> None:
    def forward(xp: Any, x: Any) -> Any:
        return math.floor(x)

    odd = primitive("odd", forward, None)
    with pytest.raises(CompileError, match="JAX cannot run odd, which cannot be written down"):
        compiled(lambda x: odd(x) * x, backend="jax")(0.5)
    del autograd.TABLE["odd"]


@pytest.mark.parametrize(("backend", "package", "extra"), [("native", "llvmlite", "fast"), ("jax", "jax", "jax")])
def test_a_backend_that_is_not_installed(
    backend: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograd._compiler.compile.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=rf"needs {package}: pip install 'glassgrad\[{extra}\]'"):
        compiled(tanh, backend=backend)


@pytest.mark.slow
@CASES
@pytest.mark.parametrize("backend", ["jax"])
def test_the_real_backend(f: Any, args: Any, backend: str) -> None:
    pytest.importorskip(backend)
    close(compiled(f, backend=backend)(*args), compiled(f)(*args))


@pytest.mark.slow
def test_a_network_of_tensors_on_jax() -> None:
    pytest.importorskip("jax")
    model = MLP(3, [5, 4], "tanh", of=Tensor)
    X, y = np.random.default_rng(0).normal(size=(6, 3)), np.array([0, 1, 2, 3, 0, 1])
    step = value_and_grad(lambda X: cross_entropy(model(X), y), wrt=model.parameters())
    close(compiled(step, backend="jax")(X), compiled(step)(X))


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.usefixtures("plain_jax")
def test_what_is_repeated_on_jax() -> None:
    def loss(p: Any, b: Any, X: Any) -> Any:
        return sum(sum(tanh(w * x + c) for w, c in zip(p, b)) for x in X)

    args = [0.1 * k for k in range(20)], [0.2 * k for k in range(20)], [0.5, -1.0, 2.0] * 5
    f = value_and_grad(loss, argnums=(0, 1))
    fast = compiled(f, backend="jax")
    close(fast(*args), compiled(f)(*args))
    assert "operations re-rolled" in fast.report()


@pytest.mark.usefixtures("plain_jax")
def test_arrays_that_are_written_to_become_changed_copies_for_jax() -> None:
    fast = compiled(value_and_grad(lambda x: (x[[0, 0, 2]] ** 2).sum() + (x[1:] ** 2).sum()), backend="jax")
    with pytest.raises(AttributeError, match="at"):
        fast(np.ones(3))  # NumPy's arrays, which stand for JAX's here, have no .at
    assert ".at[" in fast.source
    assert "].add(" in fast.source
    assert "].set(" in fast.source


@pytest.mark.slow
def test_indices_on_jax() -> None:
    pytest.importorskip("jax")
    f = value_and_grad(lambda x: (x[[0, 0, 2]] ** 2).sum() + (x[1:] ** 2).sum())
    close(compiled(f, backend="jax")(np.ones(3)), f(np.ones(3)))


ROWS = [name for name in autograd.TABLE if name != "astype"]


def row_of(name: str) -> tuple[Any, list[Any]]:
    """Return a loss of a row on its first example, with arguments inside its domain."""
    op, rng = autograd.TABLE[name], np.random.default_rng(0)
    shapes, settings = next(iter(op.examples), ((((),) * (op.arity or 1)), {}))
    if op.elementwise:
        # Some rules take another way on arrays of more than 1,000 elements.
        shapes = ((40, 50),) * len(shapes)

    def number(position: int, length: tuple[int, ...]) -> Any:
        low, high = np.clip(domain_of(op, position), -1.5, 1.5)
        drawn = rng.uniform(low + 0.1 * (high - low), high - 0.1 * (high - low), length)
        return drawn if length else float(drawn)

    def loss(args: Any) -> Any:
        y = op.apply(tuple(args) if op.arity is not None else (list(args),), dict(settings))
        return autograd.sin(y * 3.0).sum() if y.shape else autograd.sin(y * 3.0)

    return loss, [number(k, length) for k, length in enumerate(shapes)]


@pytest.mark.slow
def test_every_row_of_the_table_on_jax() -> None:
    """All rows are one program: JAX takes a quarter of a second for each that it compiles."""
    pytest.importorskip("jax")
    losses, args = zip(*map(row_of, ROWS), strict=True)

    def f(all_args: Any) -> Any:
        results = [loss(given) for loss, given in zip(losses, all_args, strict=True)]
        return sum(results), results

    step = value_and_grad(f, has_aux=True)
    (_, found), slopes = compiled(step, backend="jax")(args)
    (_, expected), right = compiled(step)(args)
    for name, y, z, g, h in zip(ROWS, found, expected, slopes, right, strict=True):
        for a, b in [(y, z), *zip(g, h, strict=True)]:
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_large_choices_on_jax(dtype: str) -> None:
    pytest.importorskip("jax")
    x = np.linspace(-1.0, 1.0, 2000, dtype=dtype).reshape(40, 50)
    x[0, :5] = [0.0, -0.0, np.inf, -np.inf, np.nan]
    weights = np.linspace(-3.0, 2.0, 2000, dtype=dtype).reshape(40, 50)
    functions = (
        relu,
        lambda t: autograd.maximum(t, 0.0),
        lambda t: where(t > 0, t, 0.0),
        lambda t: autograd.clip(t, min=0.5),
    )
    slopes = autograd.grad(lambda xs: sum((f(t) * weights).sum() for f, t in zip(functions, xs, strict=True)))
    xs = [x.copy() for _ in functions]
    for found, expected in zip(compiled(slopes, backend="jax")(xs), compiled(slopes)(xs), strict=True):
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, expected)
