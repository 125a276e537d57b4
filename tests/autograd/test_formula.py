"""A graph reads as the formula that a person would write, and means what the graph means."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Tensor, Value, primitive
from autograd._formula import assignments

OPERATORS: list[Any] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / b,
    lambda a, b: -a,
    lambda a, b: autograd.tanh(a),
    lambda a, b: autograd.square(a) ** 2,
    lambda a, b: autograd.weighted_sum([a, b, a]),
    lambda a, b: autograd.greater(a, b),
]


@given(data=st.data())
def test_the_text_means_what_the_graph_means(data: st.DataObject) -> None:
    """Python itself evaluates the lines: a missing or a misplaced parenthesis changes the result."""
    numbers = st.floats(0.5, 2.0) | st.floats(-2.0, -0.5)
    nodes: list[Any] = [Value(data.draw(numbers), label=name) for name in "xy"] + [Value(1.5), -0.75]
    for _ in range(data.draw(st.integers(1, 6))):
        operation, a, b = (data.draw(st.sampled_from(choices)) for choices in (OPERATORS, nodes, nodes))
        nodes.append(operation(a, b))
    root = nodes[-1]
    if isinstance(root, Value):
        scope = {name: getattr(autograd, name) for name in autograd.__all__}
        for name, text in assignments(root):
            scope[name] = eval(text, scope)
        assert scope["out" if root.op else assignments(root)[0][0]] == pytest.approx(root.data, nan_ok=True)


def test_lines_of_a_shared_node_labels_and_long_formulas() -> None:
    x = Value(2.0, label="x")
    y = x * 3
    y.label = "y"
    twice = y + y + Value(-1.0)
    assert assignments(twice * twice / (-x) ** 2) == [
        ("x", "2.0"),
        ("y", "x * 3"),
        ("t1", "-1.0"),
        ("t2", "y + y + t1"),
        ("out", "t2 * t2 / (-x) ** 2"),
    ]
    long = x
    for _ in range(12):
        long = autograd.sigmoid(long) - 1
    assert all(len(text) < 80 for _, text in assignments(long))
    assert len(assignments(long)) > 2


def test_names_that_appear_twice_are_told_apart() -> None:
    a, b = Value(1.0, label="w"), Value(2.0, label="w")
    assert assignments(a - b)[-1] == ("out", "w - w'2")
    assert assignments(a - b, {b: "v"})[-1] == ("out", "w - v")


def test_arrays_settings_and_symbols_that_are_no_python() -> None:
    t = Tensor([[1.0, 2.0]], label="t")
    assert assignments((t * 2.0).sum(axis=0).max()) == [("t", "[[1.0, 2.0]]"), ("out", "max(sum(t * 2.0, axis=0))")]
    assert assignments(Tensor([0.0] * 13))[0] == ("out", "array(13,)")
    norm = primitive("norm", lambda xp, x: xp.abs(x), lambda g, out, x: g * x / out, written="‖{0}‖")
    assert assignments(norm(t + 1).sum())[-1] == ("out", "sum(‖(t + 1)‖)")
