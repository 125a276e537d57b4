"""The instructions of a program, run in plain Python, compute what the engine does: every row, value and gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import TABLE, CompileError, Tensor, Value, value_and_grad
from autograd._compiler.lower.interpret import run
from autograd._compiler.lower.lower import lowered
from autograd._compiler.program import Part, nodes_in
from autograd._core.trees import flatten
from autograd._core.varying import Varying

EACH = [((),), ((3,),), ((2, 3),)]
PAIRS = [((), ()), ((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((2, 3), ())]
rng = np.random.default_rng(0)


def cases() -> list[Any]:
    """Return the name, the shapes and the settings of every row on all its examples."""
    out = []
    for op in TABLE.values():
        given: Any = op.examples
        if not given:
            given = [
                (shapes, {}) for shapes in {1: EACH, 2: PAIRS}.get(op.arity or 2, [((2, 3), (3,), ()), ((), (), ())])
            ]
        out += [pytest.param(op.name, *example, id=f"{op.name} {k}") for k, example in enumerate(given)]
    return out


def numbers(op: Any, k: int, form: tuple[int, ...]) -> Any:
    """Return random numbers inside the domain of an argument."""
    low, high = op.domain[k] if op.domain is not None and k < len(op.domain) else (-2.0, 2.0)
    data = rng.uniform(max(low, -2.0) + 0.1 * (low > -math.inf), min(high, 2.0) - 0.1 * (high < math.inf), form)
    return data if form else float(data)


def through_instructions(fast: Any, *args: Any) -> list[Any]:
    """Return the results of a compiled function as its instructions compute them, one after the other."""
    program = fast._last().program
    given = [*flatten(args), *(node._data for node in program.captured)]
    found = run(lowered(program), [np.reshape(item, -1).tolist() for item in given])
    nodes = list(dict.fromkeys(nodes_in(program.results)))
    by_node = {node: np.reshape(item, node.shape) for node, item in zip(nodes, found, strict=True)}
    return [
        by_node[item.node][item.place]
        if isinstance(item, Part)
        else by_node.get(item, item)
        if isinstance(item, autograd.Node)
        else item
        for item in flatten(program.results)
    ]


@pytest.mark.parametrize(("name", "shapes", "settings"), cases())
def test_every_row_value_and_gradient(name: str, shapes: Any, settings: Any) -> None:
    op = TABLE[name]
    args = [numbers(op, k, form) for k, form in enumerate(shapes)]
    inputs = [Value(a) if type(a) is float else Tensor(a) for a in args]
    several = op.arity is None
    weights = rng.normal(size=op.apply((inputs,) if several else tuple(inputs), dict(settings)).shape)

    def f(*xs: Any) -> Any:
        y = op.apply((xs,) if several else xs, dict(settings))
        return (y * weights).sum() if weights.shape else y * float(weights)

    both = value_and_grad(f, argnums=tuple(range(len(args))))
    fast = autograd.compile(both)
    fast(*args)
    expected = [getattr(item, "data", item) for item in flatten(both(*args))]
    for a, b in zip(through_instructions(fast, *args), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def agree(f: Any, *args: Any, rtol: float = 1e-12) -> autograd.Compiled:
    """Compare the instructions of a function with the function itself, and return it compiled."""
    fast = autograd.compile(f)
    fast(*args)
    for a, b in zip(through_instructions(fast, *args), flatten(f(*args)), strict=True):
        np.testing.assert_allclose(a, getattr(b, "data", b), rtol=rtol, atol=1e-300)
    return fast


def test_a_loss_over_samples_that_is_rolled_into_arrays() -> None:
    X, y = rng.normal(size=(40, 2)), rng.normal(size=40)

    def loss(w: Any) -> Any:
        J = 0.0
        for x, t in zip(X, y):
            J = J + (autograd.tanh(w[0] + w[1] * x[0] + w[2] * x[1]) - t) ** 2
        return J

    fast = agree(value_and_grad(loss), [0.1, 0.2, -0.3])
    assert "operations re-rolled" in fast.report()


def test_single_precision_is_rounded() -> None:
    """Each operation on its own: so much is a third of it from a third of the other."""
    x = np.array([0.1, 1.0, 1e-30, 3e38], np.float32)
    agree(lambda x: (x * 0.1 + 1.0) / 3.0, x, rtol=0)
    squares = autograd.compile(lambda x: x * x)
    squares(x[:2])
    assert through_instructions(squares, x[2:])[0].tolist() == [0.0, math.inf]
    agree(lambda x: x * 3.0, x[:3], rtol=0)


@pytest.fixture
def declare() -> Any:
    return lambda forward, **more: autograd.primitive("own", forward, None, **more)


def test_decisions_are_followed(declare: Any) -> None:
    own = declare(lambda xp, a: xp.exp(a) - 1 if a > 0 else a)
    fast = autograd.compile(lambda x: own(x) * 2)
    fast(0.5)
    for x in (0.5, -0.5):
        assert through_instructions(fast, x) == [pytest.approx(2 * (math.exp(x) - 1) if x > 0 else 2 * x, rel=1e-15)]


@pytest.mark.parametrize(
    ("forward", "said"),
    [
        (lambda xp, a: xp.sort(a), "more than where elements come from"),
        (lambda xp, a: xp.pad(a, 1, constant_values=1.0), "more than where elements come from"),
        (lambda xp, a: xp.full(3, a[0]), "fills an array with a computed number"),
        (lambda xp, a: a[a > 0] + 1.0, "an index that is computed"),
        (lambda xp, a: put_in_place(xp, a), "how put changes an array"),
        (lambda xp, a: np.sort(a), "own cannot be written down"),
        (lambda xp, a: written_through_a_view(xp, a), "through a view"),
    ],
)
def test_what_no_instruction_says(declare: Any, forward: Any, said: str) -> None:
    own = declare(forward, elementwise=False)
    fast = autograd.compile(lambda x: own(x))
    fast(np.array([1.0, 3.0, 2.0]))
    with pytest.raises(CompileError, match=said):
        lowered(fast._last().program)


def put_in_place(xp: Any, a: Any) -> Any:
    out = xp.zeros(3)
    xp.put(out, [0], a[0])
    return out


def test_constants_are_computed_while_lowering(declare: Any) -> None:
    def forward(xp: Any, a: Any) -> Any:
        return a * xp.asarray([[1.0, 2.0, 4.0]]).T[1:][0] + xp.sum(xp.asarray([1.0, 2.0]))

    own = declare(forward, elementwise=False)
    agree(lambda x: own(x), np.array([1.0, 3.0]))
    other = autograd.primitive("other", lambda xp, a: a + xp.exp(1.0), None)
    agree(lambda x: other(x), 2.0)


def written_through_a_view(xp: Any, a: Any) -> Any:
    out = xp.zeros(3)
    view = out[1:]
    view[0] = 1.0
    return out + a


def test_an_index_that_changes_from_call_to_call() -> None:
    places = np.array([2, 0]).view(Varying)
    fast = autograd.compile(lambda x: autograd.getitem(x, index=places))
    fast(np.array([1.0, 3.0, 2.0]))
    with pytest.raises(CompileError, match="changes from call to call"):
        lowered(fast._last().program)
