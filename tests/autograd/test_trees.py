"""Structures of every class that is a list, a tuple or a dict: results have the class that the arguments have."""

from __future__ import annotations

import collections
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value, fresh, grad, gradcheck, hessian, hvp, jacobian, value_and_grad, vjp
from autograd._core.trees import flatten, mapped

compiled = autograd.compile


class Point(NamedTuple):
    x: Any
    y: Any


class Checked(collections.namedtuple("Checked", "x y")):
    """Is made from one argument, and takes floats alone."""

    __slots__ = ()

    def __new__(cls, both: Any) -> Checked:
        assert all(isinstance(item, float) for item in both)
        return super().__new__(cls, *both)


class Pair(tuple):
    def __new__(cls, x: Any, y: Any) -> Pair:
        return super().__new__(cls, (x, y))


class Row(list):
    pass


def defaulting(**items: Any) -> Any:
    return collections.defaultdict(list, items)


TREES = [
    Point(2.0, 3.0), Checked((2.0, 3.0)), Pair(2.0, 3.0), Row([2.0, 3.0]), collections.OrderedDict(b=2.0, a=3.0),
    defaulting(b=2.0, a=3.0), collections.Counter({"b": 2.0, "a": 3.0}),
    {"p": Point(2.0, [Point(3.0, ())])}, [Pair(Point(2.0, 3.0), {})], (Point(np.array([2.0, 3.0]), 4.0),),
]  # fmt: skip


def loss(tree: Any, power: float = 2.0) -> Any:
    total: Any = 0.0
    for k, item in enumerate(flatten(tree)):
        total = total + (k + 1.0) * (item**power if item.shape == () else (item**power).sum())
    return total


def alike(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    if isinstance(one, (list, tuple, dict)):
        if isinstance(one, dict):
            assert list(one) == list(other)
        for a, b in zip(*(x.values() if isinstance(x, dict) else x for x in (one, other)), strict=True):
            alike(a, b)
    else:
        np.testing.assert_allclose(one, other, rtol=1e-12)


def slopes(tree: Any) -> Any:
    count = iter(range(1, 100))
    return mapped(lambda item: 2.0 * next(count) * item, tree)


@pytest.mark.parametrize("tree", TREES, ids=[type(tree).__name__ for tree in TREES])
class TestClasses:
    def test_gradients(self, tree: Any) -> None:
        alike(grad(loss)(tree), slopes(tree))
        value, found = value_and_grad(loss)(tree)
        alike(found, slopes(tree))
        alike(vjp(loss, tree)[1](1.0)[0], slopes(tree))
        alike(compiled(grad(loss))(tree), slopes(tree))
        again = compiled(value_and_grad(loss))(tree)
        assert again[0] == pytest.approx(value)
        alike(again[1], slopes(tree))
        assert gradcheck(loss, tree)

    def test_second_derivatives(self, tree: Any) -> None:
        ones = mapped(lambda item: item * 0 + 1.0, tree)
        count = iter(range(1, 100))
        alike(hvp(loss)(tree, ones), mapped(lambda item: 2.0 * next(count) + 0 * item, tree))
        alike(compiled(hvp(loss))(tree, ones), hvp(loss)(tree, ones))

    def test_arguments_and_results(self, tree: Any) -> None:
        def double(tree: Any) -> Any:
            return mapped(lambda item: item * 2, tree)

        fast = compiled(double)
        alike(fast(tree), mapped(lambda item: item * 2, tree))
        alike(fast(tree), mapped(lambda item: item * 2, tree))
        nodes = mapped(lambda item: Value(item) if isinstance(item, float) else Tensor(item), tree)
        alike(fast(nodes), mapped(lambda item: item * 2, tree))

    def test_results_by_the_table(self, tree: Any) -> None:
        def shared(tree: Any, by: float) -> Any:
            return mapped(lambda item: item / by, tree)

        fast = compiled(shared)
        fast(tree, 2.0)
        alike(fast(tree, 0.0), mapped(lambda item: item * np.inf, tree))


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "native"])
def test_other_backends(backend: str) -> None:
    """Of all classes in one program: each takes long to compile."""
    pytest.importorskip({"native": "llvmlite"}.get(backend, backend))
    found = compiled(grad(lambda trees: sum(loss(tree) for tree in trees)), backend=backend)(TREES)
    for slope, tree in zip(found, TREES, strict=True):
        alike(slope, slopes(tree))


def test_the_source_names_the_class() -> None:
    fast = compiled(lambda p: Point(p.x * p.y, [p.x]))
    assert fast(Point(2.0, 3.0)) == Point(6.0, [2.0])
    assert "return Point(" in fast.source
    assert compiled(grad(lambda p: p.x * p.y))(Point(2.0, 3.0)) == Point(x=3.0, y=2.0)


def test_a_class_is_a_signature_of_its_own() -> None:
    fast = compiled(lambda p: p[0] * p[1])
    assert [fast(p) for p in ((2.0, 3.0), Point(2.0, 3.0), Pair(2.0, 3.0))] == [6.0] * 3
    assert fast.compilations == 3


def test_jacobian_and_hessian() -> None:
    assert jacobian(lambda p: [p.x * p.y, p.x])(Point(2.0, 3.0)) == [Point(3.0, 2.0), Point(1.0, 0.0)]
    assert hessian(lambda p: p.x * p.x * p.y)(Point(2.0, 3.0)) == Point(Point(6.0, 4.0), Point(4.0, 0.0))
    assert hessian(lambda d: d["x"] * d["y"])({"x": 2.0, "y": 3.0})["x"] == {"x": 0.0, "y": 1.0}
    x = np.array([2.0, 3.0])
    first, second = jacobian(lambda t: (t * t, t.sum()))(x)
    assert (first.tolist(), second.tolist()) == ([[4.0, 0.0], [0.0, 6.0]], [1.0, 1.0])


def test_drawn_numbers() -> None:
    import random

    fast = compiled(lambda x: x * fresh(lambda rng: Point(rng.random(), 1.0), random.Random(0)).y)
    assert fast(3.0) == 3.0


def test_what_is_no_such_structure_is_refused() -> None:
    import dataclasses

    @dataclasses.dataclass
    class Data:
        x: Any

    for f in (grad(lambda d: d.x), compiled(lambda d: d.x), lambda d: vjp(lambda d: d.x, d)):
        for thing in (Data(1.0), {1.0, 2.0}):
            with pytest.raises(TypeError, match=r"got .* of type (Data|set)"):
                f(thing)
    with pytest.raises(CompileError, match="of type Data"):
        compiled(lambda x: Data(x))(1.0)


CompileError = autograd.CompileError
