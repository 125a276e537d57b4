"""A graph reads as the formula that a person would write, and means what the graph means."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import TABLE, Tensor, Value, primitive
from autograd._core import floats as _floats
from autograd._views.formula import assignments, formula

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
    norm = primitive("size", lambda xp, x: xp.abs(x), lambda g, out, x: g * x / out, written="‖{0}‖")
    assert assignments(norm(t + 1).sum())[-1] == ("out", "sum(‖(t + 1)‖)")


SPECIAL = [0.0, -0.0, 1.0, -1.0, 3.5, -2.25, 1e300, 5e-324, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("name", [name for name, op in TABLE.items() if op.identities])
def test_identities_hold_to_the_last_bit(name: str) -> None:
    op = TABLE[name]
    for position, special, rewrite in op.identities:
        for others in product(SPECIAL, repeat=(op.arity or 0) - 1):
            args = [*others[:position], 0.5 if special is None else float(special), *others[position:]]
            assert repr(op.forward(_floats, *args)).replace("-nan", "nan") == repr(rewrite(*args))
        array = np.array(SPECIAL)
        args = [array] * (op.arity or 0)
        args[position] = array if special is None else special
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(op.forward(np, *args), rewrite(*args))
            assert (np.signbit(op.forward(np, *args)) == np.signbit(rewrite(*args)))[:-1].all()


def test_a_formula_is_short() -> None:
    a, b = Value(2.0), Value(0.5)
    names = {a: "a", b: "b"}
    assert formula(1.0 * a * b / 1.0, names) == "a * b"
    assert formula(1.0 * a * b / 1.0, names, simplify=False) == "1 * a * b / 1"
    assert formula(-1.0 * a / b, names) == "-a / b"
    assert formula(a**1, names) == "a"
    assert formula(autograd.where(True, a, b) + autograd.where(False, a, b), names) == "a + b"
    assert formula(a * (1 / 3), names) == "a * 0.333333"
    assert formula(2.0, names) == "2"
    assert formula(a - (-1.5) * b - (-1.5), names) == "a - (-1.5 * b) - (-1.5)"
    assert formula(autograd.negative(-a), names) == "-(-a)"
    assert formula(a * b, {a: "a + b", b: "w(1)_2,3"}) == "(a + b) * w(1)_2,3"
    assert formula(Value(3.0) * a, names) == "3 * a"


def test_a_setting_that_a_call_may_leave_out_is_left_out() -> None:
    x = Tensor([[1.0, 2.0]])
    assert formula(autograd.log_softmax(x), {x: "z"}) == "log_softmax(z)"
    assert formula(autograd.log_softmax(x, axis=0), {x: "z"}) == "log_softmax(z, axis=0)"
    assert formula(autograd.sum(x, axis=1), {x: "z"}) == "sum(z, axis=1)"


def test_what_gets_long_is_cut() -> None:
    x = Value(0.5)
    y = x
    for _ in range(100):
        y = y + y
    assert "…" in formula(y, {x: "x"})
    assert len(formula(y, {x: "x"})) < 500


def test_arrays_in_formulas() -> None:
    t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    names = {t: "t"}
    assert formula(t * np.full((2, 2), 2.0), names) == "t * 2"
    assert formula(t * np.ones((2, 2)), names) == "t"
    assert formula(t * np.array([1.0, 2.0]), names) == "t * [1, 2]"
    assert formula(t.T @ t[0, :], names) == "t.T @ t[0, :]"
    assert formula(t[[0, 1]][..., None][()], names) == "t[[0, 1]][..., None][()]"
    assert formula(t[::-1][1:], names) == "t[::-1][1:]"
    assert formula(t.transpose(1, 0) @ (t + 1).T, names) == "permute_dims(t, axes=(1, 0)) @ (t + 1).T"
    assert formula(Tensor(3.0) * t, names) == "3 * t"
    assert formula(t * np.zeros((0, 2, 2)), names) == "t * []"


def test_an_array_without_a_name_is_written_as_it_is() -> None:
    x = Tensor([1.0, 2.0])
    assert formula(x * 2, {}) == "[1, 2] * 2"
