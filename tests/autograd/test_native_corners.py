"""Machine code at the corners of its printer: empty arrays, constant results, odd products, other memory."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import CompileError, Tensor, Value, tanh
from autograd._compiler.backends import machine, memory
from autograd._compiler.printers import native
from autograd._compiler.printers.llvm import statements
from autograd._compiler.program import Part
from autograd._core.trees import flatten

llvm = pytest.importorskip("llvmlite")

rng = np.random.default_rng(0)
X = rng.normal(size=(5, 20))
W = rng.normal(size=(20, 3))


@pytest.fixture(autouse=True)
def _no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSGRAD_CACHE", "")


def agree(f: Any, *args: Any, rtol: float = 1e-13) -> Any:
    fast = autograd.compile(f, backend="native")
    found, expected = fast(*args), autograd.compile(f, backend="numpy")(*args)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-14)
        assert np.shape(a) == np.shape(b)
    assert fast.machine, fast.report()
    return fast


def test_nothing_in_it() -> None:
    agree(lambda x: (x[:, :0] @ x[:0, :3], x[:0] @ x.T, x[:0].cumsum(axis=0), x[:, :0].sum(axis=1), x[:0] * 2), X)
    agree(lambda x: (autograd.sort(x[:, :0]), autograd.sort(x[:0], axis=0)), X)
    agree(lambda x: (autograd.concat([x * 2, x[:0], x]), autograd.concat([x[:0], x[:0]])), X)


def test_sums_from_a_number_and_not() -> None:
    agree(lambda x: (autograd.sum(x, initial=2.0), autograd.prod(x, axis=0, initial=3.0)), X)
    agree(lambda x: (autograd.where(autograd.logical_not(x > 0), x, 1.0),), X)


def test_results_that_are_constant() -> None:
    agree(lambda x: (x * 2, autograd.zeros_like(x), autograd.ones_like(x[0])), X)
    agree(lambda x: autograd.grad(lambda x: (x * W.T[0]).sum())(x), X)
    agree(lambda x: autograd.grad(lambda x: x.sum())(x), X)
    agree(lambda x: (autograd.grad(lambda x: x[0, 0] * 3.0)(x[:1, :1]),), X)
    agree(lambda x: (x.T, x[0], x[:1, :1]), X)
    agree(lambda x: (autograd.broadcast_to(autograd.zeros_like(x)[0], (2, 20)), autograd.tile(x[0, :1] * 0.0, 3)), X)
    agree(lambda x: (x * autograd.astype(Tensor([1.0] * 20), float), autograd.astype(x > 0, float)), X)


@pytest.mark.parametrize("shapes", [((5, 20), (20, 1)), ((5, 2), (2, 1)), ((2, 5, 20), (20, 3)), ((1, 3), (3, 1))])
def test_products(shapes: Any) -> None:
    a, b = (rng.normal(size=shape) for shape in shapes)
    agree(lambda a, b: (a @ b,), a, b)
    agree(lambda a, b: autograd.value_and_grad(lambda a, b: tanh(a @ b).sum(), argnums=(0, 1))(a, b)[1], a, b)


def test_products_of_parts() -> None:
    agree(lambda x, w: (x @ w[:, 1], x @ w[::-1], x[1:3] @ w, x[:, 1] @ x, w.T @ x.T, x[:, ::2] @ w[1::2]), X, W)
    stack = rng.normal(size=(2, 5, 4))
    turned = autograd.matrix_transpose
    agree(lambda a: (turned(a) @ a, a @ turned(a), turned(a) @ a[:, :, :1], a[:, :1] @ turned(a)), stack)
    agree(lambda x, w: (x @ w, x[1:3] @ w, x[::2] @ w), X.astype("f"), W, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.covers
@pytest.mark.parametrize("dtype", ["d", "f"])
def test_sorting(dtype: str) -> None:
    """Ties, nan and infinities, truths, along each axis and of one element; more numbers are left to NumPy."""
    x = X[:3, :7].astype(dtype)
    x[:2, [0, 3, 5]] = [[0.5, 0.5, np.nan], [np.nan, np.inf, np.nan]]

    def f(x: Any) -> Any:
        moved = [autograd.sorted_by(x, -x, axis=k) for k in (0, 1)]
        return *moved, autograd.sort(x * 2, axis=None), autograd.argsort(x > 0, axis=1), autograd.sort(x[:1], axis=0)

    agree(f, x)
    agree(lambda x: autograd.grad(lambda x: (autograd.sort(x, axis=0) * W.T[:, :7]).sum())(x), x, rtol=1e-6)
    fast = autograd.compile(lambda x: (autograd.sort(x[:, 0]), autograd.sort(x, axis=None)), backend="native")
    assert [*map(list, fast(X))] == [sorted(X[:, 0]), sorted(X.ravel())]
    assert "no machine code sorts more than 50 numbers along an axis" in fast.report()


@pytest.mark.slow
@pytest.mark.covers
@pytest.mark.parametrize("inner", [511, 512, 513])
def test_products_of_many_rows(inner: int) -> None:
    a, b = rng.random(size=(inner, 7)), rng.random(size=(inner, 19))
    agree(lambda a, b: (a.T @ b, (b.T @ a).T, a.T @ b[:, 2:5], b.T @ a[:, 0]), a, b)
    agree(lambda a, b: (a.T @ b,), a.astype("f"), b.astype("f"), rtol=1e-5)


def test_one_element_that_is_chosen_twice() -> None:
    agree(lambda x: (autograd.grad(lambda x: (x[[0, 0]] * [1.0, 2.0]).sum())(x),), np.array([2.0]))
    agree(lambda x: (autograd.grad(lambda x: (x[[0, 0]] * x[[0, 0]]).sum())(x),), np.array([2.0]))


def test_numbers_one_by_one() -> None:
    agree(lambda a, b: [a * b, a + b, a * b], 2.0, 3.0)
    agree(lambda a, b: [autograd.erf(a) * b, autograd.erfc(b) * a], 0.7, 3.0)
    agree(lambda x: [tanh(x)[0], tanh(x)[1]], np.array([1.0, 2.0]))
    agree(lambda a, b: (autograd.stack([a * b, tanh(a), b]),), 2.0, 3.0)


def test_a_function_that_nobody_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "FUNCTIONS", {k: f for k, f in statements.FUNCTIONS.items() if k != "tanh"})
    fast = autograd.compile(tanh, backend="native")
    assert fast(0.0) == 0.0
    assert "no machine code is written for the function tanh" in fast.report()


LOCK = "_is_gil_enabled"


def test_another_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    there = memory.layout()
    assert there is not None
    assert memory._lie(there)
    assert memory.fixed.__wrapped__() == memory.fixed()
    for field in there._fields:
        assert not memory._lie(there._replace(**{field: there.kind if field != "kind" else there.data}))
    # PyPy; 32 bits, where a head of twice a pointer has eight; Python without its lock.
    for place, name, item in [(sys.implementation, "name", "another"), (memory, "POINTER", 4), (sys, LOCK, bool)]:
        with monkeypatch.context() as other:
            other.setattr(place, name, item, raising=False)
            assert memory.layout.__wrapped__() is None
    monkeypatch.delattr(machine.os, "getuid")
    assert machine._is_mine(machine.Path("/nowhere"))


def test_a_variable_that_is_gone() -> None:
    def make() -> Any:
        n = 2.0

        def drop() -> None:
            nonlocal n
            del n

        return (lambda x: tanh(x * n)), drop

    f, drop = make()
    fast = autograd.compile(f, backend="native")
    assert fast(1.0) == fast(1.0) == np.tanh(2.0)
    drop()
    with pytest.raises(NameError):
        fast(1.0)


def filled(xp: Any, a: Any) -> Any:
    out = xp.zeros((3,))
    out[0] = a[1]
    return out


def single(xp: Any, a: Any) -> Any:
    out = xp.zeros((1,))
    out[0] = a[0]
    return out * a[1]


@pytest.mark.parametrize(
    "rule",
    [
        filled,
        single,
        lambda xp, a: xp.sum(a, initial=2.0),
        lambda xp, a: xp.where(~(a > 0), a, 1.0),
        lambda xp, a: xp.broadcast_to(xp.full((1,), 2.0), (2, 1)).reshape((2,)),
        lambda xp, a: a.reshape((1, 2))[0][::-1],
        lambda xp, a: xp.concatenate([xp.exp(a), a[:0], a]),
        lambda xp, a: xp.asarray([1.0, 2.0]),
    ],
)
def test_rules_of_ones_own(rule: Any) -> None:
    own = autograd.primitive("own", rule, lambda g, out, a: g)
    agree(lambda a: (own(a) * 1.0, own(a * 2)), np.array([0.5, -1.5]))
    agree(lambda a: (own(a),), np.array([0.5, -1.5]))


def test_numbers_of_a_list_in_another_order() -> None:
    many = [Value(0.1 * k) for k in range(20)]

    def f(x: Any) -> Any:
        return many[3] * x + sum(tanh(p * x + q) for p, q in zip(many, reversed(many)))

    fast = autograd.compile(autograd.value_and_grad(f, wrt=many), backend="native")
    np.testing.assert_allclose(fast(0.5)[1], autograd.value_and_grad(f, wrt=many)(0.5)[1], rtol=1e-12)


def test_what_has_no_place_of_its_own_is_refused() -> None:
    x = Tensor([1.0, 2.0])
    whole: Any = SimpleNamespace(results=(x, Part(x, 0)))
    results: Any = SimpleNamespace(results=[0])
    with pytest.raises(CompileError, match="whole and in parts"):
        native._homes(whole, results, native.Code())
    pack = SimpleNamespace(captured=True, leaves=[Value(1.0), Value(2.0)])
    program: Any = SimpleNamespace(packs=[pack])
    listing: Any = SimpleNamespace(inputs=[], nodes={})
    with pytest.raises(CompileError, match="in another way"):
        native._enter(program, listing, native.Code(), {})


def test_what_is_given_is_returned_as_a_copy() -> None:
    x = np.array([1.0, 2.0])
    fast = agree(lambda x: (x,), x)
    assert fast(x)[0] is not x


@pytest.mark.slow
@pytest.mark.covers
def test_an_array_without_axes_is_no_float() -> None:
    """Such an array makes numbers of double precision of single ones, and a float does not."""
    x, double = np.array([1.0, 2.0], np.float32), np.array(0.5)
    fast = autograd.compile(lambda x, y, z: x * y + sum(z), backend="native")
    for y, z in [(0.5, [0.5] * 12), (double, [0.5] * 12), (0.5, [double] * 12)] * 2:
        found = fast(x, y, z)
        assert found.dtype == (np.float32 if y is not double and z[0] is not double else float)
        assert found.tolist() == [6.5, 7.0]


@pytest.mark.slow
def test_a_list_that_begins_with_no_float() -> None:
    """The numbers after it have the first places of all."""
    numbers = [0.5 * k for k in range(8)]
    for first in (True, None, X[0]):
        fast = autograd.compile(lambda x: sum(x[1:]) * x[8], backend="native")
        assert fast([first, *numbers]) == sum(numbers) * numbers[-1]
        assert fast._last().thin(([first, *numbers],)) == sum(numbers) * numbers[-1]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_root_is_that_of_numpy(dtype: str) -> None:
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, 5e-324]
    x = np.array([*np.random.default_rng(0).random(999), *special], dtype)
    fast = autograd.compile(lambda x: x**0.5, backend="native")
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(fast(x), x**0.5)
    assert fast.machine


def in_other_orders(a: Any, b: Any) -> list[Any]:
    """Keep what is turned over, mirrored, turned in two ways at once, and taken twice or in part."""
    both = [autograd.exp(a), autograd.exp(b)]
    turned, mixed, mirrored = both[0].T * 2.0, both[0].T * both[1], both[0][::-1].T + both[1].T[::-1].T
    half, twice = both[0][:, ::2].T + 1.0, both[0].reshape(-1)[[0, 1, 1, 3]] + 1.0
    kept = [x * x + x for x in (turned, mixed, mirrored, half, twice)]
    return [*kept, *(x.sum(axis=0) ** 2 for x in kept), *(autograd.max(x.T, axis=0) for x in kept), turned @ both[1].T]


def test_what_is_kept_lies_as_what_it_is_computed_from() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(4, 6)), rng.normal(size=(6, 4))
    agree(in_other_orders, a, b)
    loss = autograd.value_and_grad(lambda a, b: sum((x * x).sum() for x in in_other_orders(a, b)), argnums=(0, 1))
    fast, slow = (autograd.compile(loss, backend=backend) for backend in ("native", "numpy"))
    for found, expected in zip(flatten(fast(a, b)), flatten(slow(a, b)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_a_small_convolutional_network() -> None:
    rng = np.random.default_rng(1)
    shapes = ((3, 2, 6, 6), (4, 2, 3, 3), (9, 4, 2, 3), (81, 3))
    x, w, v, u = (rng.normal(size=shape) for shape in shapes)

    def loss(w: Any, v: Any, u: Any) -> Any:
        h = autograd.relu(autograd.conv(x, w, padding=1))
        h = autograd.windows(h, size=2, stride=2).max(axis=(-2, -1))
        h = autograd.tanh(autograd.conv(h, v, padding=((1, 0), (1, 1))))
        return -autograd.log_softmax(h.reshape((3, -1)) @ u).mean()

    whole = autograd.value_and_grad(loss, argnums=(0, 1, 2))
    fast = autograd.compile(whole, backend="native")
    for found, expected in zip(flatten(fast(w, v, u)), flatten(whole(w, v, u)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)
    assert fast.machine
