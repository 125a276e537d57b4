"""The instructions of a program, run in plain Python, compute what the engine does: every row, value and gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import cases, numbers

import autograd
from autograd import TABLE, CompileError, Tensor, Value, value_and_grad
from autograd._compiler.lower.interpret import run
from autograd._compiler.lower.lower import lowered
from autograd._compiler.program import Part, nodes_in
from autograd._core.trees import flatten
from autograd._core.varying import Varying

rng = np.random.default_rng(0)


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


@pytest.mark.parametrize(
    "name", ["solve", "inv", "det", "cholesky", "eigvalsh", "eigh_parts", "svd_parts", "qr_parts", "pinv"]
)
def test_decompositions_are_in_no_instruction(name: str) -> None:
    op = TABLE[name]
    fast = autograd.compile(lambda *a: op.function(*a))
    args = [np.eye(2) + 1.0 for _ in op.arguments]
    fast(*args)
    with pytest.raises(
        CompileError, match=rf"no instruction says linalg\.{name.removesuffix('_parts')}: for linear algebra"
    ):
        lowered(fast._last().program)


def agree(f: Any, *args: Any, rtol: float = 1e-12) -> autograd.Compiled:
    """Compare the instructions of a function with the function itself, and return it compiled."""
    fast = autograd.compile(f)
    fast(*args)
    for a, b in zip(through_instructions(fast, *args), flatten(f(*args)), strict=True):
        np.testing.assert_allclose(a, getattr(b, "data", b), rtol=rtol, atol=1e-300)
    return fast


@pytest.mark.slow
@pytest.mark.covers
def test_sorting() -> None:
    """Of all elements, along any axis, with ties, nan last, and back; places that are fixed are a movement."""
    X = np.array([[2.0, math.nan, -1.0], [0.0, 5.0, -1.0], [2.0, -math.inf, 3.0], [-0.0, math.inf, math.nan]])
    for axis in (None, 0, 1, -1):
        agree(lambda x, axis=axis: (autograd.sort(x, axis=axis), autograd.argsort(x, axis=axis)), X, rtol=0)
        agree(lambda x, axis=axis: autograd.sorted_by(2.0 * x, x, axis=axis or 0), X, rtol=0)
    agree(lambda x: autograd.sort(x[:, :0]).sum() + autograd.sort(x[:0], axis=0).sum(), X)
    agree(value_and_grad(lambda x: (autograd.sort(x, axis=0) ** 2).sum() + autograd.median(x)), X[:3, [0, 2]])


def test_a_rule_that_sorts(declare: Any) -> None:
    def forward(xp: Any, a: Any) -> Any:
        places = xp.argsort(a, axis=None)
        return xp.take_along_axis(a, places, None) + xp.take_along_axis(a, xp.asarray([[1], [0]]), 1).sum() * places

    own = declare(forward, elementwise=False)
    agree(lambda x: own(x), np.array([[3.0, 1.0], [2.0, -1.0]]))


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

    whole = declare(lambda xp, a: a * a if a > 0 else 0)
    agree(lambda x: whole(x), -0.5)


@pytest.mark.parametrize(
    ("forward", "said"),
    [
        (lambda xp, a: xp.partition(a, 1), "more than where elements come from"),
        (lambda xp, a: xp.take_along_axis(a, xp.argsort(a)[:2], 0), "no instruction computes int64"),
        (lambda xp, a: xp.take_along_axis(a, xp.argsort(a[:2]), 0), "in a computed order"),
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


def written(make: Any, index: Any, value: Any) -> Any:
    """Return a forward rule that writes to an array, and reads it."""

    def forward(xp: Any, a: Any) -> Any:
        out = make(xp)
        out[index] = value(a) if callable(value) else value
        return out * a

    return forward


def added_to_truths(xp: Any, a: Any) -> Any:
    out = xp.zeros(3, dtype=bool)
    xp.add.at(out, [0, 0], True)
    return out * a


def written_where_positive(xp: Any, a: Any) -> Any:
    out = xp.zeros(3) + a
    out[out > 0] = 9.0
    return out


BYTES, SINGLE = np.array([200, 100, 50], np.uint8), np.array([0.1, 0.2, 0.3], np.float32)
ARRAYS = [np.array([0.5, -1.5, 2.5]), np.array([-0.25, 3.0, 0.0]), np.array([math.inf, math.nan, -3e7])]
FLOATS = [0.5, -1.5, 0.0, math.inf, math.nan]

AGREE = {
    "truths are added": lambda xp, a: (a > 0) + (a < 1),
    "bounds by keyword": lambda xp, a: xp.clip(a, min=0.0, max=1.0) + a.clip(min=0.3),
    "filled with truths": lambda xp, a: xp.full(3, 2.7, dtype="bool") * a,
    "filled by keyword": lambda xp, a: xp.full(3, fill_value=2.7) * a,
    "running sums of truths": lambda xp, a: xp.cumsum(a > 0, dtype=float),
    "a sum as a truth": lambda xp, a: a.sum(dtype=bool),
    "the exponent": lambda xp, a: xp.frexp(a)[0] * xp.frexp(a)[1],
    "a constant of bytes": lambda xp, a: a * BYTES + xp.multiply(BYTES, BYTES),
    "a constant of single precision": lambda xp, a: a * xp.multiply(SINGLE, SINGLE),
    "truths are written": written(lambda xp: xp.zeros(3, dtype=bool), 0, lambda a: a[0] > 0),
}
REFUSED = {
    "where= of a sum": (lambda xp, a: xp.sum(a, where=a > 0), "says what where= of sum does"),
    "where= of a function": (
        lambda xp, a: xp.add(a, 1.0, where=True),
        "no instruction says what where= of add does",
    ),
    "out= of a function": (lambda xp, a: xp.take(a, [0], out=np.zeros(1)), "says what out= of take does"),
    "digits by keyword": (lambda xp, a: xp.round(a, decimals=1), "says what decimals= of round does"),
    "digits": (lambda xp, a: xp.round(a, 2), "says what round does with 2 arguments"),
    "a computed keyword": (lambda xp, a: xp.pad(a, 1, constant_values=a[0]), "constant_values= of pad does"),
    "around": (lambda xp, a: xp.around(a), "more than where elements come from"),
    "fmax": (lambda xp, a: xp.fmax(a, 0), "more than where elements come from"),
    "nan_to_num": (lambda xp, a: xp.nan_to_num(a), "more than where elements come from"),
    "cumprod": (lambda xp, a: xp.cumprod(a), "more than where elements come from"),
    "outer": (lambda xp, a: xp.outer(a, a), "more than where elements come from"),
    "add.reduce": (lambda xp, a: xp.add.reduce(a), "more than where elements come from"),
    "einsum": (lambda xp, a: xp.einsum("i,i->", a, a), "more than where elements come from"),
    "select": (lambda xp, a: xp.select([a > 0], [a], 0.0), "no instruction says own: TypeError"),
    "split": (lambda xp, a: xp.split(a, 3)[0], "no instruction computes list"),
    "small whole numbers": (lambda xp, a: a.astype("int8"), "no instruction computes int8"),
    "half precision": (lambda xp, a: a.astype("float16") * 1.1, "no instruction computes float16"),
    "bits": (lambda xp, a: a.astype(int) | 3, "no instruction computes int64"),
    "a power of truths": (lambda xp, a: (a > 0) ** (a < 1), "no instruction computes int8"),
    "a view as another dtype": (lambda xp, a: a.view("int32")[::2], "no instruction computes int32"),
    "a product of exponents": (lambda xp, a: xp.frexp(a)[1] * xp.frexp(a)[1], "no instruction computes int32"),
    "filled with whole numbers": (lambda xp, a: xp.full(3, 2.7, dtype="int64") * a, "computes int64"),
    "written to whole numbers": (written(lambda xp: xp.zeros(3, dtype=int), 0, 2.7), "computes int64"),
    "written to truths": (written(lambda xp: xp.zeros(3, dtype=bool), 0, 2.7), "writes numbers to truths"),
    "added to truths": (added_to_truths, "writes numbers to truths"),
    "written to a constant": (written(lambda xp: xp.asarray([1.0, 2.0, 3.0]), 0, 2.7), "writes to a constant"),
    "written to a computed index": (written_where_positive, "an index that is computed"),
    "a remainder": (lambda xp, a: a % 2.0, "no instruction says %"),
    "a product of truths": (lambda xp, a: (a > 0) @ (a > 0), "multiplies matrices of truths"),
    "ways of two shapes": (lambda xp, a: a if a.sum() > 0 else a[0], "different shapes or dtypes"),
}


@pytest.mark.parametrize("case", AGREE)
def test_what_instructions_say_on_hard_numbers(declare: Any, case: str) -> None:
    own = declare(AGREE[case], elementwise=False)
    fast = autograd.compile(lambda x: own(x))
    fast(ARRAYS[0])
    for x in ARRAYS:
        with np.errstate(all="ignore"):
            expected = own(Tensor(x)).data
        np.testing.assert_allclose(through_instructions(fast, x)[0], expected, rtol=1e-12)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(declare: Any, case: str) -> None:
    forward, said = REFUSED[case]
    test_what_no_instruction_says(declare, forward, said)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: autograd.sum(x, axis=-1),
        lambda x: autograd.max(x, axis=-1),
        lambda x: autograd.softmax(x, axis=-1),
        lambda x: autograd.log_softmax(x, axis=-1),
        lambda x: autograd.cumsum(x),
        lambda x: autograd.cumsum(x, axis=-1),
    ],
)
def test_one_number_is_reduced_over_its_last_axis(f: Any) -> None:
    agree(f, 0.5)


def test_a_number_beside_single_precision_is_rounded(declare: Any) -> None:
    """A tenth is another number in single precision, and equal to none in double."""
    own = declare(lambda xp, a: (a > 0.1) * 1.0, elementwise=False)
    agree(lambda x: own(x), SINGLE, rtol=0)
    agree(lambda x, y: x - y, SINGLE, 0.1, rtol=0)


STEPS = [
    lambda xp, a: a * 0.5 - 1.0, lambda xp, a: abs(a), lambda xp, a: (a > 0) * a, lambda xp, a: xp.where(a > 0, a, -1),
    lambda xp, a: xp.tanh(a), lambda xp, a: xp.clip(a, -1.0, 1.0), lambda xp, a: xp.round(a), lambda xp, a: a % 2.0,
    lambda xp, a: (a > 0) + (a < 1), lambda xp, a: xp.fabs(a), lambda xp, a: a.astype("int8"),
    lambda xp, a: a.astype("float32"), lambda xp, a: xp.sum(a, axis=-1), lambda xp, a: xp.cumsum(a),
    lambda xp, a: xp.maximum(a, 0), lambda xp, a: a[::-1], lambda xp, a: a[0], lambda xp, a: xp.sort(a),
    lambda xp, a: a if a > 0 else a * 3.0,
]  # fmt: skip


@pytest.mark.covers
@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.sampled_from(STEPS), min_size=1, max_size=5),
    st.sampled_from([*ARRAYS, *FLOATS]),
    st.booleans(),
)
def test_chains_agree_or_are_refused(steps: Any, x: Any, elementwise: bool) -> None:
    def forward(xp: Any, a: Any) -> Any:
        for step in steps:
            a = step(xp, a)
        return a

    own = autograd.primitive("own", forward, None, elementwise=elementwise)
    example = np.ones(3) if np.ndim(x) else 1.0
    fast = autograd.compile(lambda x: own(x))
    with np.errstate(all="ignore"):
        try:
            fast(example)
            expected = own(Tensor(x) if np.ndim(x) else Value(x))
        except Exception:
            return  # No rule at all, or none for this number.
        try:
            found = through_instructions(fast, x)[0]
        except CompileError:
            return
    np.testing.assert_allclose(found, getattr(expected, "data", expected), rtol=1e-6 if np.ndim(x) else 1e-12)


@pytest.mark.slow
def test_columns_that_become_rows_of_one_array() -> None:
    x1, x2 = rng.normal(size=(2, 5))
    w = rng.normal(size=16 * 3 + 16 * 17).tolist()

    def layer(w: Any, h: Any) -> Any:
        size = len(h) + 1
        return [autograd.tanh(sum((a * b for a, b in zip(w[k + 1 :], h)), w[k])) for k in range(0, len(w), size)]

    def f(w: Any, x1: Any, x2: Any) -> Any:
        return sum(layer(w[48:], layer(w[:48], [x1, x2])), 0.0).mean()

    fast = agree(value_and_grad(f), w, x1, x2)
    assert "np.array([x1, x2])" in fast.source
