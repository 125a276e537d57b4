"""Linear algebra: the numbers are NumPy's, up to the signs of vectors, and the gradients those that differences say."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from oracles import assert_close, numerical_gradient

import autograd
from autograd import Node, Tensor, grad, linalg
from autograd.testing._graphs import is_clear

A = np.random.default_rng(3).normal(size=(3, 3))
STACK = np.random.default_rng(4).normal(size=(2, 3, 3))
B = np.random.default_rng(5).normal(size=(3, 2))


def spd(a: Any) -> Any:
    return a @ a.swapaxes(-1, -2) + np.eye(3)


def three(a: Any) -> Any:
    """As many matrices as each has rows: a number of each, spread over rows in place of matrices, is no error."""
    return np.stack([a, 2 * a, a.swapaxes(-1, -2) + 0.5])


SAME: dict[str, Callable[[Any], Any]] = {
    "solve": lambda a: np.linalg.solve(a, B) + np.linalg.solve(a, a)[:, :2],
    "solve a vector": lambda a: np.linalg.solve(a, a[0]),
    "solve in a stack": lambda a: np.linalg.solve(STACK, a),
    "inv": lambda a: np.linalg.inv(a) + np.linalg.inv(STACK),
    "det": lambda a: np.linalg.det(a),
    "slogdet": lambda a: np.linalg.slogdet(a)[1] * np.linalg.slogdet(a)[0],
    "det of three": lambda a: np.linalg.det(three(a)),
    "slogdet of three": lambda a: np.linalg.slogdet(three(a))[1],
    "cholesky of three": lambda a: np.linalg.cholesky(three(spd(a))),
    "vectors of three": lambda a: np.linalg.eigh(three(spd(a)))[1] ** 2,
    "singular vectors of three": lambda a: np.linalg.svd(three(a)[..., :2], full_matrices=False)[0] ** 2,
    "projections of three": lambda a: np.linalg.qr(three(a)[..., :2])[0] ** 2,
    "pinv": lambda a: np.linalg.pinv(a[:2]) @ np.linalg.pinv(a[:, :2]),
    "cholesky": lambda a: np.linalg.cholesky(spd(a)),
    "eigenvalues": lambda a: np.linalg.eigvalsh(spd(a)),
    "eigenvalues of a pair": lambda a: np.linalg.eigh(spd(a))[0],
    "a function of a matrix": lambda a: (lambda w, v: v @ np.diag(np.exp(-w)) @ v.T)(*np.linalg.eigh(spd(a))),
    "singular values": lambda a: np.linalg.svd(a[:2], compute_uv=False) + np.linalg.svdvals(a[:, :2]),
    "a low rank": lambda a: (lambda u, s, vt: s[0] * np.outer(u[:, 0], vt[0]))(*np.linalg.svd(a)),
    "a projection": lambda a: np.linalg.qr(a[:, :2])[0] @ np.linalg.qr(a[:, :2])[0].T,
    "a triangle": lambda a: np.abs(np.linalg.qr(a[:2], mode="r")),
    "powers": lambda a: (
        np.linalg.matrix_power(a, 5) + np.linalg.matrix_power(spd(a), -2) + np.linalg.matrix_power(a, 1)
    ),
    "no power": lambda a: np.linalg.matrix_power(a, 0) + a,
    "a chain": lambda a: np.linalg.multi_dot([a[0], a, B]),
    "length": lambda a: np.linalg.norm(a) + np.linalg.norm(a[0]) + np.linalg.norm(a, "fro"),
    "lengths of rows": lambda a: np.linalg.norm(a, axis=1, keepdims=True),
    "sums of rows": lambda a: np.linalg.norm(a, 1, axis=1) + np.linalg.norm(a, 2, axis=1, keepdims=True),
    "largest of rows": lambda a: np.linalg.norm(a, math.inf, axis=0) + np.linalg.norm(a, -math.inf, axis=0),
    "cubes": lambda a: np.linalg.norm(a, 3, axis=-1) + np.linalg.norm(a[0], -2),
    "columns": lambda a: np.linalg.norm(a, 1) + np.linalg.norm(a, -1),
    "rows": lambda a: np.linalg.norm(a, math.inf) + np.linalg.norm(a, -math.inf, keepdims=True),
    "values": lambda a: np.linalg.norm(a, "nuc") + np.linalg.norm(a, 2) + np.linalg.norm(a, -2),
    "by axes": lambda a: np.linalg.norm(np.stack([a, 2 * a]), "nuc", axis=(2, 1)),
    "of the standard": lambda a: np.linalg.matrix_norm(a, keepdims=True) + np.linalg.vector_norm(a, axis=1, ord=3),
    "of matrices, kept": lambda a: np.linalg.matrix_norm(a, ord=1, keepdims=True),
    "of vectors": lambda a: np.linalg.vector_norm(a) + np.linalg.outer(a[0], a[1]),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_numbers_and_gradients(name: str) -> None:
    f = SAME[name]
    out = f(Tensor(A))
    assert isinstance(out, Node)
    np.testing.assert_allclose(out.data, f(A), rtol=1e-10, atol=1e-12)
    weights = np.random.default_rng(1).uniform(0.5, 1.5, out.shape)
    assert_close(grad(lambda a: (f(a) * weights).sum())(A), numerical_gradient(lambda a: np.sum(f(a) * weights), A))


def parts(*found: Any) -> Any:
    """Return the sum of all numbers with weights that differ."""
    return sum((x * np.cos(np.arange(math.prod(x.shape))).reshape(x.shape)).sum() for x in found)


def each(*found: Any) -> Any:
    """Return for each matrix of a stack (2, 3) the sum of the numbers of its results, with weights that differ."""
    weigh = lambda x: x * np.cos(np.arange(math.prod(x.shape[2:]))).reshape(x.shape[2:])  # noqa: E731
    return sum(weigh(x).reshape((2, 3, -1)).sum(-1) for x in found)


def along(f: Callable[[Any], Any], a: Any, direction: Any, h: float = 1e-3) -> Any:
    """Return how f changes along a direction, by differences of fourth order."""
    at = lambda k: f(a + k * h * direction)  # noqa: E731
    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)


STACKED: dict[str, tuple[Callable[[Any], Any], tuple[int, int]]] = {
    "eigh": (lambda a: each(*linalg.eigh(a)), (3, 3)),
    "svd": (lambda a: each(*linalg.svd(a)), (3, 3)),
    "tall svd": (lambda a: each(*linalg.svd(a, full_matrices=False)), (3, 2)),
    "wide svd": (lambda a: each(*linalg.svd(a, full_matrices=False)), (2, 3)),
    "tall qr": (lambda a: each(*linalg.qr(a)), (3, 2)),
    "wide qr": (lambda a: each(*linalg.qr(a)), (2, 3)),
    "cholesky": (lambda a: each(linalg.cholesky(a)), (3, 3)),
}


@pytest.mark.parametrize("name", STACKED)
def test_stacks(name: str) -> None:
    """Far from equal values, and not symmetric; one number of all matrices is changed at a time."""
    f, form = STACKED[name]
    a = np.diag((3.0, 6.0, 9.0))[: form[0], : form[1]] + 0.4 * np.random.default_rng(7).normal(size=(2, 3, *form))
    slope = grad(lambda a: f(a).sum())
    found = slope(a)
    for place in np.ndindex(form):
        one = np.zeros(form)
        one[place] = 1.0
        assert_close(found[(..., *place)], along(f, a, one))
    direction = np.random.default_rng(8).normal(size=a.shape)
    assert_close(grad(lambda a: (slope(a) * direction).sum())(a), along(slope, a, direction), 1e-6)
    if name in ("eigh", "cholesky"):
        # A step along it leaves a symmetric matrix symmetric, to the last bit.
        values = grad(lambda a: (linalg.eigvalsh(a) * [1.0, 0.3, 0.7]).sum())(a)
        assert all((g == g.swapaxes(-1, -2)).all() for g in (found, values))


def test_the_signs_of_vectors_are_fixed() -> None:
    for a in (STACK[0], STACK[1], -STACK[0]):
        q, r = linalg.qr(a)
        assert (np.diagonal(r) >= 0).all()
        np.testing.assert_allclose(q @ r, a, rtol=1e-12)
        u, s, vt = linalg.svd(a)
        assert (u[0] >= 0).all()
        np.testing.assert_allclose(u * s @ vt, a, rtol=1e-12)
        w, v = linalg.eigh(a)
        assert (v[0] >= 0).all()
        np.testing.assert_allclose(v * w @ v.T, (a + a.T) / 2, rtol=1e-12)


def test_equal_values() -> None:
    """What is made of the values alone has a gradient; vectors that turn freely have none, and that is nan."""
    unit, flat = np.eye(3), np.eye(3, 2) * [1.0, 0.0]
    np.testing.assert_allclose(grad(lambda a: (linalg.eigvalsh(a) ** 2).sum())(unit), 2 * unit)
    np.testing.assert_allclose(grad(lambda a: (linalg.eigh(a)[0] ** 2).sum())(unit), 2 * unit)
    np.testing.assert_allclose(grad(lambda a: linalg.norm(a, "nuc"))(unit), unit)
    np.testing.assert_allclose(grad(lambda a: (linalg.svd(a, False)[1] ** 2).sum())(flat), 2 * flat)
    np.testing.assert_allclose(grad(lambda a: (linalg.svd(a.T, False)[1] ** 2).sum())(flat), 2 * flat)
    for f, a in (
        (lambda a: parts(linalg.eigh(a)[1]), unit),
        (lambda a: parts(linalg.svd(a)[0]), unit),
        (lambda a: parts(linalg.svd(a, False)[0]), flat),
        (lambda a: parts(linalg.svd(a.T, False)[2]), flat),
    ):
        assert np.isnan(grad(f)(a)).all()
        assert np.isnan(autograd.compile(grad(f))(a)).all()
    assert not grad(lambda x: linalg.norm(x))(np.zeros(3)).any()
    for ord in (None, "nuc", 2, -2, 1):
        assert not grad(lambda x, ord=ord: linalg.norm(x, ord))(np.zeros((2, 2))).any()
    np.testing.assert_allclose(grad(lambda a: linalg.norm(a, "nuc"))(flat), flat)


def logarithm(a: Any) -> Any:
    w, v = linalg.eigh(a)
    return v * autograd.log(w) @ v.T


def cube(a: Any) -> Any:
    """Return a @ a.T @ a."""
    u, s, vt = linalg.svd(a, full_matrices=False)
    return u * s**3 @ vt


@pytest.mark.parametrize(("f", "a"), [(logarithm, np.eye(3)), (cube, np.eye(3)), (cube, np.eye(3, 2) * [1.0, 0.0])])
def test_a_function_that_sends_nothing_to_the_vectors_is_not_known(f: Callable[[Any], Any], a: Any) -> None:
    """What vectors get is 0 there, and with equal values 0 / 0 is not 0: each function has a derivative elsewhere."""
    same = np.ones(a.shape)
    assert np.isnan(grad(lambda a: (f(a) * same).sum())(a)).all()


def test_one_value_may_be_0() -> None:
    """The slope of the sum of w * (a @ a.T @ a) is w @ a.T @ a + a @ w.T @ a + a @ a.T @ w."""
    a, w = np.array([[2.0, 0.0], [0.0, 0.0]]), B[:2]
    np.testing.assert_allclose(grad(lambda a: (cube(a) * w).sum())(a), w @ a.T @ a + a @ w.T @ a + a @ a.T @ w)


def everything(a: Any) -> Any:
    s = spd(a)
    w, v = linalg.eigh(s)
    return parts(linalg.solve(s, a), linalg.inv(s), linalg.cholesky(s), w, v, *linalg.svd(a[:2], False)) + (
        parts(*linalg.qr(a)) + linalg.slogdet(s)[1] + linalg.det(s) + linalg.pinv(a[:2]).sum()
    )


def test_compiled() -> None:
    fast = autograd.compile(grad(everything))
    np.testing.assert_allclose(fast(A), grad(everything)(A), rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(fast(STACK[0]), grad(everything)(STACK[0]), rtol=1e-10, atol=1e-11)
    assert "np.linalg.eigh(" in fast.source


@pytest.mark.slow
@pytest.mark.parametrize("f", [everything, grad(lambda a: linalg.solve(spd(a), a).sum())], ids=["values", "a gradient"])
def test_on_jax(f: Any) -> None:
    pytest.importorskip("jax")
    found, expected = autograd.compile(f, backend="jax")(A), f(A)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        ("solve takes square matrices", lambda: linalg.solve(Tensor(B), B)),
        ("right-hand sides", lambda: linalg.solve(Tensor(A), B[:2])),
        ("cholesky takes square matrices", lambda: linalg.cholesky(Tensor(B))),
        ("eigh takes square matrices", lambda: linalg.eigh(Tensor(B))),
        ("UPLO is 'L' or 'U'", lambda: linalg.eigh(Tensor(A), "l")),
        ("slogdet takes square matrices", lambda: linalg.slogdet(Tensor(A[0]))),
        ("inv of shape .* Singular", lambda: linalg.inv(Tensor(np.ones((2, 2))))),
        ("give full_matrices=False", lambda: linalg.svd(Tensor(B), full_matrices=True)),
        ("give full_matrices=False", lambda: np.linalg.svd(Tensor(B), True)),
        ("the mode of qr is", lambda: linalg.qr(Tensor(A), mode="complete")),
        ("a number but 0", lambda: linalg.norm(Tensor(A), 0, axis=0)),
        ("is 'fro', 'nuc'", lambda: linalg.norm(Tensor(A), 3)),
        ("over one axis or two", lambda: linalg.norm(Tensor(STACK), 1)),
        ("NumPy's cond has no primitive", lambda: np.linalg.cond(Tensor(A))),
    ],
)
def test_what_is_refused(message: str, wrong: Callable[[], Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        wrong()


def test_facts() -> None:
    assert linalg.matrix_rank(Tensor(A)) == np.linalg.matrix_rank(Tensor(A)) == 3
    assert linalg.vector_norm(Tensor(A), keepdims=True).shape == (1, 1)
    assert autograd.draw(linalg.eigh(Tensor(A))[1].sum()).svg.count("eigh_parts") > 0


def test_kinks_are_where_values_meet_and_signs_turn() -> None:
    apart = np.array([[2.0, 1.0], [0.5, 3.0]])
    for name, meeting in {
        "qr_parts": [[0.0, 1.0], [0.0, 2.0]],
        "eigh_parts": np.eye(2),
        "svd_parts": np.eye(2),
    }.items():
        kink: Any = autograd.TABLE[name].kink
        assert float(kink(np.array(meeting))) == 0
        assert float(kink(apart)) > 0.05


def test_a_singular_matrix_is_not_clear_of_kinks() -> None:
    inv = autograd.TABLE["inv"]
    assert is_clear(inv, [np.eye(2)], {}, 1e3)
    assert not is_clear(inv, [np.zeros((2, 2))], {}, 1e3)


def test_single_precision_stays() -> None:
    a = Tensor(np.array([[2.0, 1.0, 0.5], [1.0, -3.0, 0.2], [0.5, 0.2, 1.0]], np.float32))
    for f in (linalg.eigh, linalg.svd, linalg.qr, linalg.slogdet):
        for part in f(a):
            assert part.dtype == np.float32
            a.zero_grad()
            (part * part).sum().backward()
            assert a.grad.dtype == np.float32


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("other", ["C", "F"])
def test_the_gradient_of_a_matrix_lies_in_memory_as_the_matrix_does(order: Any, other: Any) -> None:
    rng = np.random.default_rng(0)
    matrix, b = rng.normal(size=(5, 4)).copy(order), rng.normal(size=(4, 3)).copy(other)
    x = Tensor(matrix)
    x.data = matrix
    ((x @ b) ** 2).sum().backward()
    np.testing.assert_allclose(x.grad, 2 * (matrix @ b) @ b.T, rtol=1e-13)
    assert x.grad.strides == matrix.strides


def test_the_gradient_of_a_stack_that_is_turned() -> None:
    rng = np.random.default_rng(0)
    stack, b = rng.normal(size=(3, 2, 4)).copy("F"), rng.normal(size=(4, 3))
    x = Tensor(stack)
    x.data = stack
    ((x @ b) ** 2).sum().backward()
    np.testing.assert_allclose(x.grad, 2 * (stack @ b) @ b.T, rtol=1e-13)
