"""Code that is written twice for speed gives the same bits as its plain twin."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from autograd import (
    TABLE,
    Node,
    Tensor,
    Value,
    item,
    primitive,
    sqrt,
    weighted_sum,
)
from autograd._core.lean import lean_function
from autograd._core.order import topological_sort
from autograd._grad import lean
from autograd._grad.backward import _backward_general, _walked
from autograd._grad.lean import backward_values, sweep_arrays
from autograd._grad.rules import one_like
from autograd.testing import graphs

OWN = [made for made in TABLE.values() if made.forward.__module__.startswith("autograd.")]
ELEMENTWISE = [made for made in OWN if made.elementwise]

NUMBERS = st.one_of(st.floats(), st.integers(-3, 3), st.booleans())


def bits(data: Any) -> str:
    return float(data).hex()


@pytest.mark.parametrize("made", ELEMENTWISE, ids=[made.name for made in ELEMENTWISE])
@given(data=st.data())
def test_applying(made: Any, data: st.DataObject) -> None:
    """`lean` beside `apply`: the data, the inputs and the arguments, of Values and of numbers in any order."""
    count = data.draw(st.integers(1, 4)) if made.arity is None else made.arity
    numbers = data.draw(st.lists(NUMBERS, min_size=count, max_size=count))
    args = [Value(x) if data.draw(st.booleans()) else x for x in numbers]
    packed = (args,) if made.arity is None else tuple(args)
    found, plain = (_result(f) for f in (lambda: made.function(*packed), lambda: made.apply(packed, {})))
    assert type(found) is type(plain)
    if not isinstance(found, Node):
        assert found == plain or bits(found) == bits(plain)
        return
    assert isinstance(plain, Node)
    assert bits(found.data) == bits(plain.data)
    assert found.op is plain.op
    assert all(a is b for a, b in zip(found.inputs, plain.inputs, strict=True))
    assert [bits(x) for x in found.args] == [bits(x) for x in plain.args]


def _result(f: Any) -> Any:
    """Return what is computed, or the kind of the error: Python's floats raise where NumPy's are infinite."""
    try:
        return f()
    except (ArithmeticError, ValueError) as error:
        return type(error)


@given(data=st.data())
def test_the_backward_sweep(data: st.DataObject) -> None:
    """`lean` beside `sweep`: the gradient of every node, also where a graph branches and meets again."""
    leaves = data.draw(st.lists(st.floats(-2.0, 2.0), min_size=1, max_size=3))
    steps = []
    for k in range(len(leaves), len(leaves) + data.draw(st.integers(1, 12))):
        made = data.draw(st.sampled_from(ELEMENTWISE))
        count = made.arity or 3
        steps.append((made, data.draw(st.lists(st.integers(0, k - 1), min_size=count, max_size=count))))
    before = data.draw(st.lists(st.floats(-1.0, 1.0), max_size=len(leaves)))
    gradients = []
    for sweep in (backward_values, _backward_general):
        nodes = [Value(x) for x in leaves]
        for node, grad in zip(nodes, before):
            node.grad = grad
        try:
            for made, places in steps:
                args = [nodes[place] for place in places]
                nodes.append(made.function(args) if made.arity is None else made.function(*args))
        except (ArithmeticError, ValueError):
            reject()
        # All of them meet in the root.
        root = weighted_sum([0.0, *[x for node in nodes for x in (node, 1.0)]])
        assert sweep(root) is not False
        # A zero that was sent has no sign: the lean sweep sends none.
        gradients.append([bits(node.grad + 0.0) for node in nodes])
    assert gradients[0] == gradients[1]


SHAPES = ((), (3,), (2, 1), (2, 3))
FORMS = ("float64", "float32", "bool", "int8", "uint8")


def exact(data: Any) -> Any:
    """Return what says all about raw data: their class and their bits."""
    if isinstance(data, (tuple, list)):
        return type(data), [exact(item) for item in data]
    return (type(data), data.dtype, data.shape, data.tobytes()) if hasattr(data, "dtype") else (type(data), repr(data))


@pytest.mark.parametrize("made", OWN, ids=[made.name for made in OWN])
@given(data=st.data())
def test_applying_to_arrays(made: Any, data: st.DataObject) -> None:
    """`lean` beside `apply`: Tensors, arrays of any numbers and plain numbers, in any order, with settings."""
    count = made.arity or data.draw(st.integers(1, 3))
    one = data.draw(st.sampled_from(made.examples)) if made.examples else None
    shapes, settings = one if one else (data.draw(st.tuples(*[st.sampled_from(SHAPES)] * count)), {})
    rng = numpy.random.default_rng(data.draw(st.integers(0, 99)))
    args = [_argument(data, rng, shape) for shape in shapes]
    packed = (args,) if made.arity is None else tuple(args)
    with numpy.errstate(all="ignore"):
        found, plain = (
            _said(f)
            for f in (lambda: lean_function(made)(*packed, **settings), lambda: made.apply(packed, dict(settings)))
        )
    assert type(found) is type(plain)
    if not isinstance(found, Node):
        assert exact(found) == exact(plain)
        return
    assert isinstance(plain, Node)
    assert (found.op, exact(found.data)) == (plain.op, exact(plain.data))
    assert exact(found.args) == exact(plain.args)
    assert exact(tuple(found.settings.values())) == exact(tuple(plain.settings.values()))
    for a, b in zip(found.inputs, plain.inputs, strict=True):
        assert a is b if isinstance(a, Node) else exact(a) == exact(b)


def _argument(data: st.DataObject, rng: numpy.random.Generator, shape: tuple[int, ...]) -> Any:
    """Return a number or an array, or a leaf or a computed node of it."""
    kind = data.draw(st.sampled_from(("number", "array", "leaf", "lent", "node")))
    if kind == "number" and shape == ():
        return data.draw(st.sampled_from((1.5, 2, True, numpy.float64(0.5), numpy.float32(0.5))))
    array = (3 * rng.normal(size=shape)).astype(data.draw(st.sampled_from(FORMS)))
    if kind in ("number", "array"):
        return array
    tensor = Tensor(array)
    if kind == "lent":
        # Somebody may write to it: the graph needs a copy.
        assert tensor.data is not None
    return tensor if kind != "node" else tensor * 1.0


def _said(f: Any) -> Any:
    """Return what is computed, or what the error says."""
    try:
        return f()
    except (ArithmeticError, ValueError, TypeError, IndexError) as error:
        return str(error)


@given(data=st.data(), narrow=st.booleans())
def test_the_backward_sweep_of_arrays(data: st.DataObject, narrow: bool) -> None:
    """`lean` beside `sweep`: the gradients of all nodes, and which of them are shared."""
    foreign = primitive("doubled", lambda xp, x: x * 2, lambda g, out, x: g * 2).primitive
    graph = data.draw(graphs([*OWN, foreign]))
    leaves = [
        Value(float(x)) if numpy.shape(x) == () else Tensor(numpy.float32(x) if narrow else x) for x in graph.inputs
    ]
    with numpy.errstate(all="ignore"):
        root = graph(*leaves)
        if not isinstance(root, Node) or root.op is None:
            reject()
        order = topological_sort(root)
        found = []
        for walk in (lambda adjoints: sweep_arrays(order, adjoints), lambda adjoints: _walked(order, adjoints, False)):
            adjoints = {root: one_like(root)}
            shared = walk(adjoints)
            inner = [exact(node._grad) for node in order if node.op is not None]
            found.append((inner, [exact(adjoints.get(leaf)) for leaf in leaves], len(shared)))
    assert found[0] == found[1]


def test_floats_that_python_refuses_among_arrays() -> None:
    """A rule on floats that Python's own would raise for gives what IEEE 754 has, also below a Tensor."""
    x = Tensor([0.0, 0.0])
    sqrt(item(x.sum())).backward()
    assert x.grad.tolist() == [math.inf, math.inf]


def test_floats_that_python_refuses_in_a_rule_of_many() -> None:
    """The same of an operation with any number of arguments; one without a rule sends nothing."""
    logs = primitive("logs", lambda xp, *a: float(len(a)), lambda g, out, *a: [g / x for x in a])
    count = primitive("count", lambda xp, *a: float(len(a)), None)
    a, b = Value(0.0), Value(4.0)
    (logs([a, b]) + count([a, b])).backward()
    assert (a.grad, b.grad) == (math.inf, 0.25)


def test_what_the_lean_path_leaves_is_refused() -> None:
    with pytest.raises(TypeError, match="must not be a node"):
        Tensor([1.0]).sum(axis=Value(0.0))
    with pytest.raises(ValueError, match=r"matmul of shape \(2,\) and \(3,\)"):
        Tensor([1.0, 2.0]) @ Tensor([1.0, 2.0, 3.0])


def test_values_of_a_class_of_ones_own_need_no_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are swept as arrays are, which may not be there."""

    class Own(Value):
        pass

    monkeypatch.setattr(lean, "numpy_module", lambda: pytest.fail("NumPy is imported"))
    x = Own(2.0)
    (x * x + 3.0).backward()
    assert x.grad == 4.0


def test_where_equal_floats_are_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyPy: no float can mark a node there, and each leaf would be taken for one that was found before."""
    monkeypatch.setattr(lean, "OBJECTS", False)
    x = Value(0.5)
    y = x * x
    assert not backward_values(y)
    y.backward()
    assert x.grad == 1.0
