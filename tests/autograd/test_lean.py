"""Code that is written twice for speed gives the same bits as its plain twin."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from autograd import TABLE, Node, Value, weighted_sum
from autograd._grad.backward import _backward_general
from autograd._grad.lean import backward_values

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
