"""Every index that NumPy takes: values and gradients, eager and compiled, as NumPy computes them by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import CompileError, Tensor, Value, grad

compiled = autograd.compile


def part(n: int) -> st.SearchStrategy[Any]:
    """An index for one axis of length n."""
    place = st.integers(-n, n - 1)
    several = st.lists(place, min_size=2, max_size=2)
    mask = st.permutations([True, True, *[False] * (n - 2)])
    ends = st.sampled_from([None, 0, 1, -1, n, np.int64(1)])
    return st.one_of(
        place,
        place.map(np.int64),
        st.builds(slice, ends, ends, st.sampled_from([None, 1, 2, -1])),
        several,
        several.map(np.array),
        several.map(lambda x: np.array(x, np.int32)[:, None]),
        mask,
        mask.map(np.array),
    )


@st.composite
def indices(draw: st.DrawFn, lengths: tuple[int, ...]) -> Any:
    parts: list[Any] = [draw(part(n)) for n in lengths[: draw(st.integers(0, len(lengths)))]]
    for extra in (None, ..., True, np.True_, np.array(True)):
        if draw(st.integers(0, 3)) == 0:
            where = draw(st.integers(0, len(parts)))
            parts.insert(where, extra)
    return parts[0] if len(parts) == 1 and draw(st.booleans()) else tuple(parts)


def expected(x: Any, index: Any, weights: Any) -> Any:
    """The gradient of sum(weights * x[index] ** 2), added up element by element."""
    g = np.zeros_like(x)
    np.add.at(g, index, 2 * weights * x[index])
    return g


@pytest.mark.covers
@pytest.mark.slow
@given(data=st.data(), lengths=st.sampled_from([(4,), (3, 4), (2, 3, 4)]))
def test_mixed_indices(data: st.DataObject, lengths: tuple[int, ...]) -> None:
    x = np.linspace(-1, 2, int(np.prod(lengths))).reshape(lengths)
    index = data.draw(indices(lengths))
    try:
        picked = x[index]
    except IndexError:
        with pytest.raises(IndexError):
            Tensor(x)[index]
        return
    weights = np.arange(1.0, picked.size + 1).reshape(picked.shape)

    def f(t: Any) -> Any:
        return (weights * t[index] ** 2).sum()

    def second(t: Any) -> Any:
        return (grad(f)(t) ** 2).sum()

    want = expected(x, index, weights)
    np.testing.assert_array_equal(Tensor(x)[index].data, picked)
    np.testing.assert_array_equal(compiled(lambda t: t[index])(x), picked)
    np.testing.assert_allclose(grad(f)(x), want, rtol=1e-14)
    np.testing.assert_allclose(compiled(grad(f))(x), want, rtol=1e-14)
    # The gradient is 2 c x, where c adds up the weights of each element; so that of its squared length is 8 c ** 2 x.
    c = want / np.where(x == 0, 1, 2 * x)
    np.testing.assert_allclose(grad(second)(x), 8 * c * c * x, rtol=1e-13)
    np.testing.assert_allclose(compiled(grad(second))(x), 8 * c * c * x, rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_slice_and_a_list(dtype: Any) -> None:
    x = np.arange(6, dtype=dtype).reshape(2, 3)
    fast = compiled(grad(lambda t: (t[:, [0, 2]] ** 2).sum()))
    assert fast(x).tolist() == [[0, 0, 4], [6, 0, 10]]
    assert fast(x).dtype == dtype
    assert "slice(None, None, None), np.array([0, 2])" in fast.source


@pytest.mark.parametrize(
    "index",
    [[], ([], 0), range(2), (slice(None), range(2)), np.array([], int), ((0, 1), (1, 2)), np.ix_([0, 1], [2, 0]), ()],
)
def test_sequences_of_other_kinds(index: Any) -> None:
    x = np.arange(6.0).reshape(2, 3)
    assert Tensor(x)[index].data.tolist() == x[index].tolist()
    assert compiled(lambda t: t[index])(x).tolist() == x[index].tolist()
    g = expected(x, index, np.ones(x[index].shape))
    assert compiled(grad(lambda t: (t[index] ** 2).sum()))(x).tolist() == g.tolist()


def test_an_index_is_of_the_moment() -> None:
    x, rows = Tensor(np.arange(6.0).reshape(2, 3)), [0, 0]
    y = (x[rows, 1:] * 3).sum()
    rows[:] = [1, 1]
    y.backward()
    assert x.grad.tolist() == [[0, 6, 6], [0, 0, 0]]


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (Value(1.0), "an index must be integers, a slice or a mask; got a node"),
        ((slice(Value(1.0), None), 0), "the bounds of a slice must be integers; got a node"),
        (1.5, "cannot be interpreted as an integer"),
        ((0, slice(0.5)), "cannot be interpreted as an integer"),
    ],
)
def test_what_is_no_index(index: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Tensor(np.ones((2, 3)))[index]


MASK = np.arange(12).reshape(3, 4) % 5 == 0
ON_JAX = [
    1,
    (slice(None), [0, 2]),
    MASK,
    ([True, False, True], 1),
    (None, ..., [1, 1]),
    (slice(2, None), np.arange(4) > 1),
]


@pytest.mark.slow
def test_jax() -> None:
    """Of few and of many elements; one program, as JAX takes long to compile each."""
    pytest.importorskip("jax")
    small = np.arange(12.0).reshape(3, 4)
    large = np.tile(small, (9, 1))
    longer = [([True, False, True] * 9, 1) if index is ON_JAX[3] else index for index in ON_JAX]
    longer[2] = np.tile(MASK, (9, 1))
    cases = [*((small, index) for index in ON_JAX), *((large, index) for index in longer)]
    f = grad(lambda ts: sum((t[index] ** 2).sum() for t, (_, index) in zip(ts, cases, strict=True)))
    found = compiled(f, backend="jax")([x for x, _ in cases])
    for slope, (x, index) in zip(found, cases, strict=True):
        np.testing.assert_allclose(slope, expected(x, index, np.ones(x[index].shape)), err_msg=str(index))


def test_true_as_an_axis_is_refused_on_jax() -> None:
    pytest.importorskip("jax")
    with pytest.raises(CompileError, match="JAX puts the axis that True stands for elsewhere"):
        compiled(lambda t: t[:, True, 0], backend="jax")(np.ones((2, 3)))
