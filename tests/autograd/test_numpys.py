"""NumPy's functions and keywords on nodes: the same numbers as on arrays, and the gradients that differences say."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from oracles import assert_close, numerical_gradient

import autograd
from autograd import Node, Tensor, Value, elementwise_grad, grad, jvp, special, stats, vjp

A = np.random.default_rng(0).permutation(np.linspace(-1.7, 2.3, 12)).reshape(3, 4)
SQUARE, CUBE, MASK = A[:, :3], A.reshape(3, 2, 2), A > -0.4
EVERY_OTHER = np.array([True, False, True, True])

SAME: dict[str, Callable[[Any], Any]] = {
    "sum where": lambda a: np.sum(a, where=MASK, initial=2.0),
    "sum of columns where": lambda a: np.sum(a, axis=0, where=MASK),
    "sum by keyword": lambda a: np.sum(a=a, axis=(0, 1), dtype=None, keepdims=True),
    "mean where": lambda a: np.mean(a, axis=1, where=MASK, keepdims=True),
    "mean where one row is": lambda a: np.mean(a, where=EVERY_OTHER),
    "max where": lambda a: np.max(a, where=MASK, initial=-9.0, axis=1),
    "min where": lambda a: np.min(a, where=MASK, initial=9.0),
    "prod where": lambda a: np.prod(a, where=MASK, axis=0, initial=0.5),
    "amax, amin": lambda a: np.amax(a, axis=0) - np.amin(a, 0),
    "var, corrected": lambda a: np.var(a, axis=1, correction=1),
    "std, corrected": lambda a: np.std(a, ddof=1),
    "bounds": lambda a: np.clip(a, a_min=-0.55, a_max=None) + np.clip(a, -1.05, 1.05),
    "var where": lambda a: np.var(a, axis=1, where=MASK),
    "var where one row is, corrected": lambda a: np.var(a, ddof=1, where=EVERY_OTHER, keepdims=True),
    "std where": lambda a: np.std(a, axis=0, where=A > -1.2),
    "sinc": lambda a: np.sinc(a),
    "split by axes": lambda a: np.vsplit(a, 3)[1] * np.hsplit(a, [1])[0] + np.dsplit(a[None], 2)[1].sum(),
    "a vector split": lambda a: np.hsplit(a[0], 2)[1],
    "crosses along others": lambda a: (
        np.cross(a[:, :3], a[:, 1:], axisa=0, axisb=1, axisc=0) + np.cross(a, a + 1, axis=0).sum()
    ),
    "selected": lambda a: np.select([a > 1, a < 0], [a, a * a], 2.0),
    "upside down": lambda a: np.flipud(a) * np.fliplr(a),
    "halves swapped": lambda a: np.fft.fftshift(a) * np.fft.ifftshift(a, axes=1),
    "axes rolled": lambda a: np.rollaxis(a.reshape(3, 2, 2), 2) + np.rollaxis(a.reshape(2, 2, 3), 0, -1).sum(),
    # Which of the others comes first is open.
    "parted": lambda a: np.partition(a, np.array([1, -3]), axis=None)[[1, -3]] * np.partition(a, 0)[:, 0].sum(),
    "degrees": lambda a: np.radians(a) + np.degrees(a) + np.fabs(a) + np.conjugate(a) + np.real_if_close(a),
    "real numbers": lambda a: np.imag(a) + np.angle(a) * a,
    "sums of powers of two": lambda a: np.logaddexp2(a, a[0]),
    "numbers at equal distances": lambda a: np.linspace(a, 2.0, 4) * np.linspace(1.0, a, 4, endpoint=False),
    "slopes": lambda a: np.gradient(a, 0.5, axis=0) + np.gradient(a, axis=1) * np.gradient(a[0], 2.0),
    "slopes of all axes": lambda a: np.stack(np.gradient(a, 0.5, 2.0)),
    "einsum by numbers": lambda a: np.einsum(a, [0, 1], a, [2, 1], [2, 0]) + np.einsum(a[:, :3], [3, 3]),
    "einsum by numbers, others": lambda a: np.einsum(a, [..., 0], a[0], [0], [...]),
    "nodes in lists": lambda a: np.append(a[0], [[2.0 * a[0, 0], 1.0]]) * np.dot([a[0, 1], 3.0], a[1:, 0]),
    "in the order of C": lambda a: np.reshape(a, (4, 3), order="C"),
    "running sums": lambda a: np.cumsum(a),
    "running sums of rows": lambda a: np.cumsum(a, axis=1, dtype=None),
    "running products": lambda a: np.cumprod(a, axis=0),
    "running products of all": lambda a: np.cumprod(a[:, :2]),
    "running sums after 0": lambda a: np.cumulative_sum(a, axis=1, include_initial=True),
    "running products after 1": lambda a: np.cumulative_prod(a[0], include_initial=True),
    "joined": lambda a: np.concatenate([a, a * 2], 1),
    "joined flat": lambda a: np.concatenate((a, a), axis=None, dtype=None),
    "transposed": lambda a: np.transpose(a, (1, 0)),
    "axes swapped": lambda a: np.swapaxes(a, 0, -1) * np.swapaxes(a, 1, 1).T,
    "axes moved": lambda a: np.moveaxis(a.reshape(3, 2, 2), (0, -1), (1, 0)),
    "raveled": lambda a: np.ravel(a),
    "flipped": lambda a: np.flip(a),
    "flipped rows": lambda a: np.flip(a, axis=1),
    "rolled": lambda a: np.roll(a, 2, axis=1),
    "rolled all": lambda a: np.roll(a, -5),
    "rolled twice": lambda a: np.roll(a, (1, 2), axis=(0, 1)),
    "turned": lambda a: np.rot90(a),
    "turned back": lambda a: np.rot90(a, k=-1, axes=(0, 1)),
    "repeated": lambda a: np.repeat(a, 2, axis=1),
    "repeated flat": lambda a: np.repeat(a, 3),
    "repeated in numbers": lambda a: np.repeat(a, [1, 0, 2], axis=0),
    "tiled": lambda a: np.tile(a, (2, 1, 3)),
    "tiled in a row": lambda a: np.tile(a, 2),
    "tiled to nothing": lambda a: np.tile(a, 0),
    "appended": lambda a: np.append(a, [[1.0, 2.0, 3.0, 4.0]], axis=0),
    "appended flat": lambda a: np.append(a, 1.0 * a),
    "split": lambda a: np.concatenate(np.split(a, 2, axis=1)[::-1]),
    "split at": lambda a: np.concatenate(np.split(a, [1], axis=0)[::-1]),
    "nearly split": lambda a: np.concatenate(np.array_split(a, 3, axis=1)[::-1], axis=1),
    "unstacked": lambda a: np.unstack(a, axis=1)[2],
    "one below the other": lambda a: np.vstack([a, a[0]]),
    "side by side": lambda a: np.hstack([a, a]),
    "end to end": lambda a: np.hstack([a[0], a[1]]),
    "behind each other": lambda a: np.dstack([a, a]),
    "columns": lambda a: np.column_stack([a, a[:, 0]]),
    "one axis": lambda a: np.atleast_1d(a[0, 0]),
    "two axes": lambda a: np.atleast_2d(a[0]),
    "three axes": lambda a: np.atleast_3d(a[0]),
    "three axes of a matrix": lambda a: np.atleast_3d(a),
    "three axes of a number": lambda a: np.atleast_3d(a[0, 0]),
    "broadcast": lambda a: np.broadcast_arrays(a, a[0])[1],
    "a grid": lambda a: np.meshgrid(a[0], a[:, 0])[0],
    "a grid by rows": lambda a: np.meshgrid(a[0], a[:, 0], indexing="ij")[1],
    "a grid of one": lambda a: np.meshgrid(a[0])[0],
    "lower": lambda a: np.tril(a, k=1),
    "upper": lambda a: np.triu(a),
    "diagonal": lambda a: np.diagonal(a, 1),
    "diagonal below": lambda a: np.diagonal(a.reshape(3, 2, 2), -1, axis1=0, axis2=2),
    "diag of a matrix": lambda a: np.diag(a, -1),
    "diag of a vector": lambda a: np.diag(a[0]) + np.diag(a[0, 1:], 1) @ np.diag(a[0, :3], k=-1),
    "taken along": lambda a: np.take_along_axis(a, np.array([[2, 0], [1, 1], [3, 3]]), axis=1),
    "taken along all": lambda a: np.take_along_axis(a, np.array([2, 0]), axis=None),
    "taken": lambda a: np.take(a, [1, 1], axis=1),
    "sorted": lambda a: np.sort(a, axis=0),
    "sorted flat": lambda a: np.sort(a, axis=None),
    "median": lambda a: np.median(a, axis=1),
    "median of all": lambda a: np.median(a),
    "quantiles": lambda a: np.quantile(a, [0.1, 0.5], axis=1, keepdims=True),
    "percentile": lambda a: np.percentile(a, 30.0, axis=(0, 1)),
    "average": lambda a: np.average(a, axis=0, weights=[1.0, 3.0, 0.5]),
    "average of all": lambda a: np.average(a, weights=MASK),
    "plain average": lambda a: np.average(a, axis=1, keepdims=True),
    "differences": lambda a: np.diff(a, n=2),
    "span": lambda a: np.ptp(a, axis=0),
    "matrix product": lambda a: np.matmul(a, a.T) + np.dot(a, a.T),
    "dot of vectors": lambda a: np.dot(a[0], a[1]),
    "dot with a number": lambda a: np.dot(a, 2.0),
    "dot of many axes": lambda a: np.dot(a.reshape(3, 2, 2), a.reshape(2, 2, 3)),
    "inner": lambda a: np.inner(a, a[:2]) + np.inner(2.0, a[:, :2]),
    "vdot": lambda a: np.vdot(a, a),
    "vecdot": lambda a: np.vecdot(a, a[0]),
    "outer": lambda a: np.outer(a, a[0]),
    "kron": lambda a: np.kron(a, a[:2, :2]) + np.kron(a, a[0]).sum(),
    "trace": lambda a: np.trace(a, offset=1),
    "tensordot": lambda a: np.tensordot(a, a, axes=((0,), (0,))) + np.tensordot(a, a.T, 1).sum(),
    "tensordot of all": lambda a: np.tensordot(a, a),
    "tensordot of one axis": lambda a: np.tensordot(a, a, axes=(1, 1)),
    "cross": lambda a: np.cross(a[:, :3], a[:, 1:]),
    "einsum": lambda a: np.einsum("ij,kj->ik", a, a),
    "einsum without an arrow": lambda a: np.einsum("ij,jk", a[:, :3], a),
    "einsum of a diagonal": lambda a: np.einsum("ii->i", a[:, :3]) * np.einsum("ii", a[:, :3]),
    "einsum of three": lambda a: np.einsum("ij,jk,lk->il", a[:, :3], a, a),
    "einsum that keeps": lambda a: np.einsum("ij,ij->ij", a, a),
    "einsum of one row": lambda a: np.einsum("ij,ij->j", a[:1], a) + np.einsum("ik,ij->kj", a[:1], a).sum(),
    "einsum of others": lambda a: np.einsum("...ij,...jk->...ik", a.reshape(3, 2, 2), a.reshape(3, 2, 2)),
    "einsum of others without an arrow": lambda a: np.einsum("...j,j", a, a[0]),
    "einsum, summed": lambda a: np.einsum("ij->", a, optimize=True),
    "einsum, axes in order": lambda a: np.einsum("ij->ji", a),
    "reciprocals": lambda a: np.reciprocal(a) + np.deg2rad(a) + np.rad2deg(a) + np.real(a),
    "the larger number": lambda a: np.fmax(a, math.nan) + np.fmin(np.array([1.04] * 3 + [math.nan]), a),
    "numbers for nan": lambda a: np.nan_to_num(a * 1.0, nan=1.0),
    "signs": lambda a: np.copysign(a, -1.0) + np.copysign(a, a[0] * -1),
    "squeezed": lambda a: np.squeeze(a[None], axis=0),
    "padded": lambda a: np.pad(a, 1),
    "single precision and back": lambda a: np.sum(a * 0.5, axis=0, dtype="float64"),
    "methods": lambda a: a.ravel() @ a.flatten() + a.dot(a.T).trace() + a.swapaxes(0, 1).sum(),
    "more methods": lambda a: a.repeat(2, axis=0).sum(axis=0, initial=1.0) + a.diagonal().max(),
    "methods of statistics": lambda a: a.cumprod(axis=1) + a.take([0], axis=1),
    "copies": lambda a: a.copy() * a.copy(),
    "column by column": lambda a: (
        np.reshape(a, (-1, 3), order="F")
        + a.reshape(4, 3, order="F") * a.reshape(np.array([4, 3]))
        + np.reshape(np.ravel(a, order="F") * a.flatten("F"), (4, 3))
        + np.reshape(a, -1, order="F")[0]
    ),
    "ufuncs over an axis": lambda a: (
        np.add.reduce(a) * np.maximum.reduce(a, axis=0) + np.logaddexp.reduce(a, axis=0, keepdims=True)
    ),
    "keywords that say nothing": lambda a: np.exp(a, where=True, casting="same_kind", order="K", subok=True),
    "differences to others": lambda a: (
        np.diff(a, 2, prepend=0.5, append=a[:, :2] * 2) + np.diff(a, 0, prepend=1.0).sum()
    ),
    "diagonals of matrices": lambda a: (
        np.linalg.diagonal(a.reshape(3, 2, 2))
        + np.linalg.trace(a.reshape(3, 2, 2), offset=1)[:, None]
        + np.linalg.trace(a, dtype=float)
    ),
    "numbers of NumPy's": lambda a: (
        np.roll(a, np.int64(1)) * np.roll(a, (1, 2), 1)
        + np.roll(a, (1, np.int8(2)), [0, 1])
        + np.moveaxis(a.T, np.int64(0), [-1])
        + np.tile(np.split(a, np.int64(2), axis=1)[0], np.array([1, 2]))
        + np.cumprod(a, axis=np.int64(0), dtype=float)
        + np.concatenate(np.split(a, np.array([1, 2]))) * np.median(a, axis=[0, 1])
    ),
    "rows of one array": lambda a: (
        np.concatenate(a.reshape(3, 2, 2)) * np.stack(a[:, :2]).sum() + np.vstack(a[:, :2]).sum()
    ),
    "as asked": lambda a: np.sort(a, kind="stable") * np.cumulative_prod(a, axis=1, dtype=float),
    "matrices transposed": lambda a: a.reshape(3, 2, 2).mT + a.transpose(None).sum(),
    "the largest of nothing": lambda a: a * np.max(a[:0], axis=0, initial=-2.0),
}

FACTS: dict[str, Callable[[Any], Any]] = {
    "argmax": lambda a: (np.argmax(a, axis=0), a.argmax(), np.argmin(a), a.argmin(axis=1)),
    "argsort": lambda a: (np.argsort(a, axis=0), a.argsort()),
    "nonzero": lambda a: (*np.nonzero(a > 0), np.count_nonzero(a), *a.nonzero()),
    "any, all": lambda a: (np.any(a > 2, axis=1), np.all(a), a.any(), a.all(axis=0), (a > 0).any()),
    "kinds": lambda a: (np.isnan(a), np.isinf(a), np.isfinite(a), np.signbit(a)),
    "logic": lambda a: (np.logical_and(a > 0, a), np.logical_or(a, 0), np.logical_xor(a, 1), np.logical_not(a)),
    "closeness": lambda a: (np.isclose(a, a), np.allclose(a, a + 1), np.array_equal(a, a)),
    "forms": lambda a: (np.shape(a), np.ndim(a), np.size(a), np.size(a, 1)),
    "of its form": lambda a: (np.zeros_like(a), np.ones_like(a), np.full_like(a, 2), np.isnan(np.empty_like(a)) * 0),
    "different ones": lambda a: (np.unique_values(a), *np.unique_counts(a), *np.unique_all(a)),
    "neighbours": lambda a: (np.nextafter(a, 9.0), np.unique(a)),
    "places": lambda a: (np.searchsorted(np.sort(a[0]), 0.3),),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_numbers_and_gradients(name: str) -> None:
    f = SAME[name]
    out = f(Tensor(A))
    assert isinstance(out, Node)
    np.testing.assert_allclose(out.data, f(A), rtol=1e-13, atol=1e-14)
    weights = np.random.default_rng(1).uniform(0.5, 1.5, out.shape)
    assert_close(grad(lambda a: (f(a) * weights).sum())(A), numerical_gradient(lambda a: np.sum(f(a) * weights), A))


def test_what_is_left_out_does_not_count() -> None:
    """Not even where it is nan, or where nothing else is left."""
    data, chosen = np.array([[1.0, math.nan, 3.0], [math.inf, 2.0, 2.0]]), np.array([[True, False, True], [False] * 3])
    for f in (np.mean, np.var, np.std):
        x = Tensor(data)
        y = f(x, where=chosen)
        assert y.item() == f(data, where=chosen)
        y.backward()
        assert not x.grad[~chosen].any()
        with np.errstate(invalid="ignore"):
            assert math.isnan(f(Tensor(data), axis=1, where=chosen).data[1])
    equal = Tensor([2.0, 2.0, 5.0])
    np.std(equal, where=[True, True, False]).backward()
    assert equal.grad.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("name", FACTS)
def test_facts_have_no_gradient(name: str) -> None:
    for found, expected in zip(FACTS[name](Tensor(A)), FACTS[name](A), strict=True):
        assert not isinstance(found, Node)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("f", [np.sum, np.prod, np.max, np.min, np.ptp, np.cumsum])
def test_the_only_axis_of_a_number(f: Callable[..., Any]) -> None:
    """NumPy has none to find the mean over, and yet sums over it."""
    for axis in (0, -1):
        assert f(Tensor(3.0), axis=axis).item() == f(3.0, axis=axis)
        assert grad(lambda x, axis=axis: f(x * x, axis=axis).sum())(np.array(3.0)) == (0.0 if f is np.ptp else 6.0)
    for g in (np.mean, np.var, np.std):
        with pytest.raises(np.exceptions.AxisError, match="axis -1 is out of bounds for array of dimension 0"):
            g(Tensor(3.0), axis=-1)


def test_facts_of_a_number() -> None:
    v = Value(-2.0)
    assert (np.isnan(v), np.signbit(v), np.zeros_like(v), np.ndim(v), np.any(v)) == (False, True, 0.0, 0, True)
    assert type(autograd.ones_like(v)) is float
    assert (v.ndim, v.size, v.shape) == (0, 1, ())


def test_facts_in_a_function_that_is_compiled() -> None:
    def f(a: Any) -> Any:
        a = np.where(np.isnan(a), 0.0, a) + autograd.ones_like(a) * autograd.logical_not(a) + autograd.isfinite(a)
        return a + np.logical_and(a, 1.0) + np.logical_or(a, 0.0) + np.logical_xor(a, 1.0) + np.isinf(a)

    data = np.array([1.0, math.nan, 0.0, -2.0])
    np.testing.assert_array_equal(autograd.compile(f)(data), f(Tensor(data)).data)
    with pytest.raises(autograd.CompileError, match="reads the number"):
        autograd.compile(lambda a: a * np.searchsorted(a, 1.0))(A[0])


def places_and_counts(a: Any) -> Any:
    found = [f(a) for f in (np.argmax, np.argmin, np.count_nonzero, np.any, np.all, np.signbit)]
    found += [f(a, axis=0) for f in (np.argmax, np.argmin, np.count_nonzero, np.any, np.all)]
    found += [f(a, axis=-1, keepdims=True) for f in (np.argmax, np.argmin, np.count_nonzero, np.any, np.all)]
    found += [f(a, keepdims=True) for f in (np.argmax, np.argmin)]
    return [*found, np.any(a, axis=(0, 1)), ~np.all(a, axis=1), np.rint(a), autograd.argmax(np.ones(3))]


@pytest.mark.slow
@pytest.mark.covers
@pytest.mark.parametrize("backend", ["numpy", "native", "javascript"])
def test_places_and_counts_are_compiled(backend: str) -> None:
    """The first of equal ones, nan before all others, as NumPy finds them."""
    odd = np.array([[0.0, 2.0, 2.0, -0.0], [math.nan, 1.0, math.nan, 3.0], [0.0, 0.0, -math.inf, -math.inf]])
    fast = autograd.compile(places_and_counts, backend=backend)
    for data in (A, odd, A * 0.0):
        with np.errstate(invalid="ignore"):
            for k, (one, numpys) in enumerate(zip(fast(data), places_and_counts(data), strict=True)):
                np.testing.assert_array_equal(one, numpys, err_msg=f"{k}")


def test_comparisons_are_joined() -> None:
    """By the signs that join arrays of bools, the same in a function that is compiled, also beside such an array."""

    def f(a: Any) -> Any:
        within = (a > 1.3) & ~(a >= 2.0) | (a == A[0, 0]) ^ np.isnan(a)
        return np.where(within & MASK | (MASK ^ (a < 0)) & ~np.isinf(a), a * a, 0.0), np.where(MASK | within, a, 0.0)

    for one, other, numpys in zip(autograd.compile(f)(A), f(Tensor(A)), f(A), strict=True):
        np.testing.assert_array_equal(one, other.data)
        np.testing.assert_array_equal(one, numpys)
    assert [(~(Value(1.0) == Value(x))).item() for x in (1.0, 2.0)] == [False, True]
    for wrong in (lambda a: ~a, lambda a: a & True, lambda a: True | a, lambda a: np.bitwise_xor(a, a)):
        for a in (Value(1.0), Tensor(A)):
            with pytest.raises(TypeError, match=r"for comparisons, such as .*: of these write logical_\w+\(a"):
                wrong(a)


def test_class_numbers_in_a_function_that_is_compiled() -> None:
    classes = np.array([0, 3, 2])
    with pytest.raises(autograd.CompileError, match=r"of y with NumPy.* write y\[:, None\] == np.arange\(k\)"):
        autograd.compile(lambda a, y: (np.eye(4)[y] * a).sum())(A, classes)
    f = autograd.compile(lambda a, y: (a * (y[:, None] == np.arange(4))).sum(axis=1))
    np.testing.assert_array_equal(f(A, classes), A[np.arange(3), classes])


def sorted_ways(a: Any) -> Any:
    few = (np.partition(a, 1, axis=0)[1], np.median(a), np.quantile(a, 0.3, axis=1), np.percentile(a, [10, 70], (0, 1)))
    return np.sort(a, axis=None), np.argsort(a), np.argsort(a, axis=None, kind="stable"), *few


@pytest.mark.slow
@pytest.mark.covers
@pytest.mark.parametrize("backend", ["numpy", "native", "javascript"])
def test_what_sorts_is_compiled(backend: str) -> None:
    """With ties and nan as well, and the same as NumPy's own."""
    fast = autograd.compile(sorted_ways, backend=backend)
    for data in (A, np.array([[2.0, 1.0, 2.0, -3.0]] * 3), np.array([[0.0, math.nan, -1.0, math.nan], A[0], A[1]])):
        for one, other, numpys in zip(fast(data), sorted_ways(Tensor(data)), sorted_ways(data), strict=True):
            np.testing.assert_array_equal(one, getattr(other, "data", other))
            np.testing.assert_allclose(one, numpys, rtol=1e-15)


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        ("sum has no setting 'ax'; it has axis, keepdims, dtype, initial, where, out", lambda a: a.sum(ax=1)),
        ("median of nodes has no overwrite_input=; it takes x", lambda a: np.median(a, overwrite_input=True)),
        ("writes to none: write a = f", lambda a: np.sum(a, out=np.zeros(()))),
        ("writes to none", lambda a: a.mean(out=np.zeros(()))),
        ("the order 'C' or 'F'; got 'K'", lambda a: np.ravel(a, order="K")),
        ("sum of nodes is computed with floats; got dtype=<class 'bool'>", lambda a: np.sum(a, dtype=bool)),
        ("mean of nodes is computed with floats", lambda a: a.mean(dtype=int)),
        ("where got None", lambda a: np.sum(a, where=None)),
        ("a node holds real numbers, and nothing else", lambda a: a.astype("U3")),
        ("'float' object cannot be interpreted", lambda a: np.round(a, 1.5)),
        ("integers that count elements; got", lambda a: np.take(a, [True, False, True])),
        ("a mask or a slice is for x", lambda a: a.take(slice(0, 1))),
        ("axis 2 is none of an array", lambda a: np.take(a, 0, axis=2)),
        ("'tuple' object cannot be interpreted", lambda a: np.diff(a, axis=(0, 1))),
        ("0 times or more; got n=-1", lambda a: np.diff(a, -1)),
        ("names one of the 2 axes twice", lambda a: np.flip(a, (0, -2))),
        ("into 1 part or more; got -1", lambda a: np.split(a, -1)),
        ("two axes or more; the shape is", lambda a: np.vsplit(a[0], 2)),
        ("a vector or a matrix; the shape is", lambda a: np.diag(a[None])),
        ("adds axes, and takes none away", lambda a: np.broadcast_to(a[0, :1], ())),
        (r"kth=\(0, 4\) is no number of one of 4 elements", lambda a: np.partition(a, (0, 4))),
        ("'float' object cannot be interpreted", lambda a: np.partition(a, 1.5)),
        ("unexpected keyword argument 'reverse'", lambda a: autograd.sort(a, reverse=True)),
        ("a quantile of nothing is no number", lambda a: np.median(a[:0], axis=0)),
        ("got .*spacing", lambda a: np.gradient(a, [1.0, 2.0, 4.0], axis=0)),
        ("np.exp of nodes has no where=; write np.where", lambda a: np.exp(a, where=MASK)),
        ("np.add of nodes has no dtype=; write x.astype", lambda a: np.add(a, a, dtype="f4")),
        ("np.add.accumulate takes no nodes: write sum", lambda a: np.add.accumulate(a)),
        ("max with where= needs initial=", lambda a: np.max(a, where=MASK)),
        ("NumPy's unwrap has no primitive", lambda a: np.unwrap(a)),
        ("12 elements do not split into 5", lambda a: np.split(a.ravel(), 5)),
        ("axis 2 is none of an array of shape", lambda a: autograd.flip(a, axis=2)),
        ("indexing must be 'xy' or 'ij'", lambda a: autograd.meshgrid(a[0], indexing="yx")),
        ("tril and triu take matrices", lambda a: autograd.tril(a[0])),
        ("one shift", lambda a: autograd.roll(a, (1, 2))),
        ("weights need the shape of x", lambda a: autograd.average(a, axis=0, weights=[1.0])),
        ("need an axis=", lambda a: autograd.cumulative_sum(a)),
        ("parts from 0 to 1; got 30", lambda a: autograd.quantile(a, 30)),
        ("lengths differ", lambda a: autograd.tensordot(a, a, 1)),
        ("vectors of length 3", lambda a: autograd.cross(a, a)),
        ("'ij,jk->ik' first", lambda a: autograd.einsum(a, "ij")),
        ("names 2 operands; got 1", lambda a: autograd.einsum("i,i", a)),
        ("'i' does not name the 2 axes", lambda a: autograd.einsum("i", a)),
        ("'ijk' does not name", lambda a: autograd.einsum("ijk", a)),
        ("'i_' does not name", lambda a: autograd.einsum("i_", a)),
        ("must name axes of the operands, each once", lambda a: autograd.einsum("ij->ijk", a)),
        ("unexpected keyword argument 'casting'", lambda a: np.clip(a, 0, 1, casting="no")),
        ("one choice for each condition", lambda a: autograd.select([a > 0], [a, a])),
        ("the gradient of a function is autograd.grad", lambda a: autograd.gradient(lambda x: x)),
        ("one spacing or one for each", lambda a: np.gradient(a, 1.0, 2.0, axis=0)),
        ("UPLO is 'L' or 'U'", lambda a: autograd.eigh(a[:, :3], "upper")),
        ("have different lengths", lambda a: autograd.einsum("ij,jk", a, a)),
        ("two axes of the name 'i' have different lengths", lambda a: autograd.einsum("ii", a)),
        ("the lengths differ", lambda a: np.vecdot(a, a[0, :1])),
        ("axis -1 is none of an array", lambda a: np.vecdot(a[0, 0], a)),
        ("parts from 0 to 1; got", lambda a: autograd.quantile(a, [])),
        ("a shift for each axis; got 3 for 2", lambda a: autograd.roll(a, (1, 2, 3), (0, 1))),
    ],
)
def test_what_is_refused(message: str, wrong: Callable[[Any], Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        wrong(Tensor(A))


@pytest.mark.parametrize("dtype", ["f2", "f4", "u1", "i8"])
def test_numbers_of_fewer_digits_beside_nodes(dtype: str) -> None:
    """What is computed of one argument alone has the digits of all of them, and whole numbers do not wrap around."""
    few = np.array([1, 200, 3], dtype)
    x, wide = np.array([0.3, 1.7, 2.9]), few.astype(float)
    cases: dict[str, Callable[[Any, Any], Any]] = {
        "logaddexp2": autograd.logaddexp2,
        "xlogy": special.xlogy,
        "betaln": lambda x, y: special.betaln(y, x),
        "average": lambda x, y: autograd.average(x, weights=y),
        "einsum": lambda x, y: autograd.einsum("i,i,i->i", y, y, x),
        **{name: lambda x, y, name=name: getattr(stats.norm, name)(x, x / 3, y) for name in stats.norm.__all__},
    }
    for name, f in cases.items():
        np.testing.assert_allclose(f(Tensor(x), few).data, f(Tensor(x), Tensor(wide)).data, 1e-15, err_msg=name)
        assert f(Tensor(x.astype("f4")), few.astype("f4")).dtype == np.float32
    assert_close(special.xlogy(Tensor(x), np.float32(0.1)).data, x * math.log(np.float32(0.1)))


def test_whole_numbers_without_a_sign() -> None:
    few = np.array([0, 1, 200], "u1")
    for f in (autograd.sigmoid, autograd.softplus, autograd.negative, autograd.silu, special.ndtr, special.logit):
        with np.errstate(divide="ignore", invalid="ignore"):
            np.testing.assert_allclose(f(few), f(few.astype(float)), rtol=1e-7)
    assert autograd.subtract(few, few[::-1]).tolist() == [-200, 0, 200]


def test_arrays_made_of_nodes() -> None:
    a, b = Value(2.0), Value(-3.0)
    y = autograd.asarray([[a, 1.0], [b, a]], dtype="float32") * autograd.full((2, 2), b) + autograd.full(2, a)
    assert (y.dtype, y.data.tolist()) == (np.float64, [[-4.0, -1.0], [11.0, -4.0]])
    y.sum().backward()
    # The sum is b * (2 a + 1 + b) + 4 a.
    assert (a.grad, b.grad) == (2 * -3.0 + 4, 5.0 + 2 * -3.0)
    assert type(autograd.asarray([1, 2])) is np.ndarray
    assert autograd.full((2,), 0.5).tolist() == [0.5, 0.5]


def test_statistics_of_a_list_of_numbers() -> None:
    a, b = Value(2.0), Value(-3.0)
    for f, slope in ((np.var, 5.0 / 2), (np.std, 0.5)):
        y = f([a, b])
        y.backward()
        assert (y.data, a.grad, b.grad) == (f([2.0, -3.0]), slope, -slope)
        a.grad = b.grad = 0.0


def test_matrices_to_the_power_of_nothing() -> None:
    x = Tensor([[math.nan, 1.0], [0.0, math.inf]])
    y = autograd.matrix_power(x, 0)
    y.sum().backward()
    assert (y.data.tolist(), x.grad.tolist()) == ([[1.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]])
    with pytest.raises(ValueError, match=r"axis \(-2, -1\) is none of an array of shape \(3,\)"):
        autograd.matrix_norm(np.ones(3), ord=-math.inf)


def test_quotients_with_remainders() -> None:
    x = Tensor(A)
    for found, expected in zip((*divmod(x, 0.7), *divmod(9.0, x)), (*divmod(A, 0.7), *divmod(9.0, A)), strict=True):
        np.testing.assert_allclose(found.data, expected, rtol=1e-13)


def test_functions_that_tell_no_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    """As those that are written in C do in older versions of NumPy."""

    def silent(function: Any) -> None:
        raise ValueError("no signature found")

    monkeypatch.setattr("inspect.signature", silent)
    assert np.concatenate([Tensor(A), A], axis=1).shape == (3, 8)
    assert np.where(MASK, Tensor(A), 0.0).shape == (3, 4)


def test_signs_in_a_function_that_is_compiled() -> None:
    a, b = np.array([1.0, -2.0, 0.0, 3.0]), np.array([-0.0, 0.0, -3.0, math.inf])
    fast = autograd.compile(lambda a, b: np.copysign(a, b) * 2.0)
    for x, y in ((a, b), (b, a)):
        found = fast(x, y)
        np.testing.assert_array_equal(found, 2 * np.copysign(x, y))
        np.testing.assert_array_equal(np.signbit(found), np.signbit(np.copysign(x, y)))


def test_decimals() -> None:
    x = Tensor(A)
    y = np.round(x, decimals=1) + np.around(x, 2) + np.round(x) + x.round(1)
    np.testing.assert_allclose(y.data, 2 * np.round(A, 1) + np.round(A, 2) + np.round(A), rtol=1e-14)
    y.sum().backward()
    assert not x.grad.any()


def test_lists_and_numbers_are_sorted() -> None:
    values = [Value(3.0), Value(1.0), Value(2.0)]
    autograd.median(values).backward()
    assert [v.grad for v in values] == [0.0, 0.0, 1.0]
    assert autograd.sort(values).data.tolist() == autograd.sort([3.0, 1.0, 2.0]).tolist() == [1.0, 2.0, 3.0]
    assert autograd.median(Value(2.0)).item() == autograd.quantile(Value(2.0), [0.1, 0.9]).data[1] == 2.0
    assert grad(autograd.median)(2.0) == 1.0


def test_a_median_beside_nan_and_infinity() -> None:
    assert math.isnan(autograd.median(Tensor([1.0, math.nan, 2.0])).item())
    assert autograd.median(Tensor([1.0, math.inf, 2.0])).item() == 2.0
    assert autograd.median(Tensor([1.0, -math.inf])).item() == -math.inf
    assert autograd.quantile(Tensor([-1.7e308, 1.7e308]), 0.5).item() == 0.0
    assert autograd.nan_to_num(Tensor([math.inf, -math.inf])).data.tolist() == [
        np.finfo(float).max,
        -np.finfo(float).max,
    ]


class TestGradients:
    @pytest.mark.parametrize("shape", [(1,), (1, 1)])
    def test_of_one_number_in_any_shape(self, shape: Any) -> None:
        assert grad(lambda x: autograd.reshape(x * x, shape=shape))(3.0) == 6.0
        assert grad(lambda x: autograd.sum(x * x, keepdims=True).reshape(shape))(np.array([3.0])).tolist() == [6.0]

    def test_of_one_number_compiled(self) -> None:
        slope = grad(lambda x: autograd.sum(x * x, axis=0, keepdims=True))
        assert autograd.compile(slope)(np.array([3.0, 1.0])).tolist() == [6.0, 2.0]

    def test_of_what_changes_with_nothing(self) -> None:
        """A comparison is flat, which is no news; a number may be a mistake, so a warning tells it."""
        assert grad(lambda x: x > 1)(2.0) == 0.0
        assert grad(lambda x: (x > 1).any())(A[0]).tolist() == [0.0] * 4
        with pytest.warns(UserWarning, match=r"returned 3.0, which depends on nothing.*return the node itself"):
            assert autograd.value_and_grad(lambda x: 3.0)(A[0])[1].tolist() == [0.0] * 4
        with pytest.warns(UserWarning, match="depends on nothing"):
            assert grad(grad(lambda x: np.float64(2.0)))(1.0) == 0.0

    @pytest.mark.parametrize("seed", [Value, Tensor])
    @pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "prod", "var", "std", "logsumexp", "norm"])
    def test_nodes_as_seeds_of_reductions(self, name: str, seed: Any) -> None:
        f, x = getattr(autograd, name), A[0]
        (found,) = vjp(f, x)[1](seed(2.0))
        assert isinstance(found, Tensor)
        assert_close(found.data, 2 * grad(f)(x))

    def test_directions(self) -> None:
        x, v = A[0], A[1]
        y, slope = jvp(lambda x: np.sin(x) * x[0], x, v)
        assert_close(y, np.sin(x) * x[0])
        assert_close(slope, np.cos(x) * x[0] * v + np.sin(x) * v[0])
        assert jvp(lambda x: x**3, 2.0, 1.0) == (8.0, 12.0)
        y, slope = jvp(lambda x: x**3, Value(2.0), 1.0)
        assert (y.data, slope.data) == (8.0, 12.0)
        with pytest.raises(ValueError, match="needs a direction v"):
            jvp(lambda x: x, x, 1.0)

    def test_raw_arguments_at_any_depth(self) -> None:
        """The leaf of an inner gradient is no node of the user's, for whom an outer one gives nodes."""
        cube = lambda a, b: a * a * b  # noqa: E731
        x, w = A[0], Value(2.0)
        cases: list[tuple[Any, float]] = [
            (grad(grad(cube), 1)(2.0, 3.0), 4.0),
            (grad(grad(grad(cube), 1))(2.0, 3.0), 2.0),
            (grad(lambda b: vjp(lambda a: cube(a, b), 2.0)[1](1.0)[0])(3.0), 4.0),
            (grad(lambda b: autograd.jacobian(lambda a: cube(a, b))(2.0))(3.0), 4.0),
            (grad(lambda b: grad(cube)(2.0, b) * grad(cube)(b, 2.0))(3.0), 96.0),
        ]
        assert [(type(found), found) for found, _ in cases] == [(float, expected) for _, expected in cases]
        mixed = grad(lambda a, b: grad(lambda a: cube(a, b).sum())(a).sum(), 1)(x, x + 1)
        assert type(mixed) is np.ndarray
        assert_close(mixed, 2 * x)
        # A node of the user's own, and one that is given, count as ever.
        for found in (grad(grad(lambda a, b: cube(a, b) * w), 1)(2.0, 3.0), grad(grad(cube), 1)(Value(4.0), 3.0)):
            assert isinstance(found, Value)
            assert found.data == 8.0

    def test_each_element_by_itself(self) -> None:
        assert_close(elementwise_grad(np.tanh)(A), 1 / np.cosh(A) ** 2)
        assert elementwise_grad(elementwise_grad(lambda x: x**3))(2.0) == 12.0
        assert_close(elementwise_grad(lambda x, y: x * y, 1)(A, 2 * A), A)
