"""Code that is written twice for speed gives the same bits as its plain twin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import TABLE, Node, Value
from autograd._grad.backward import _backward_general
from autograd._grad.lean import backward_values
from autograd.testing import Graph, graphs
from autograd.testing._graphs import Step

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


@given(graph=graphs(ELEMENTWISE, max_operations=12), numbers=st.data())
def test_the_backward_sweep(graph: Graph, numbers: st.DataObject) -> None:
    """`lean` beside `sweep`: the gradient of every node, also where a graph branches and meets again."""
    if any(
        np.ndim(x)
        for line in graph.lines
        for x in (line.args if isinstance(line, Step) else [line])
        if not isinstance(x, tuple)
    ):
        return
    gradients = []
    for sweep in (backward_values, _backward_general):
        nodes = [Value(x) for x in graph.inputs]
        out: Any = graph(*nodes)
        root = sum(out[1:], out[0]) if isinstance(out, list) else out
        assert sweep(root) is not False
        gradients.append([bits(node.grad) for node in nodes])
    assert gradients[0] == gradients[1]
