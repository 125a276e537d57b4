"""`Value` and `Tensor` as Python objects: operators, conversions, text forms, and an error for every misuse."""

from __future__ import annotations

import math
import pickle
from enum import IntEnum
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import TABLE, Tensor, Value

finite = st.floats(-1e3, 1e3)


@given(a=finite, b=st.floats(0.1, 10.0))
def test_operators_compute_what_python_does(a: float, b: float) -> None:
    for make in (Value, Tensor):
        for x, y in ((make(a), make(b)), (make(a), b), (a, make(b))):
            got = [x + y, x - y, x * y, x / y, abs(x), -x, +x, y**2.0, 2.0**y, round(y)]
            want = [a + b, a - b, a * b, a / b, abs(a), -a, a, b**2.0, 2.0**b, float(round(b))]
            assert [float(g.item() if hasattr(g, "item") else g) for g in got] == pytest.approx(want, abs=1e-9)
            compared = [x < y, x <= y, x > y, x >= y, x == y, x != y]
            assert [bool(c.item() if hasattr(c, "item") else c) for c in compared] == [
                a < b,
                a <= b,
                a > b,
                a >= b,
                a == b,
                a != b,
            ]


@pytest.mark.parametrize("other", [2, 2.0, True, np.float64(2), np.float32(2), np.int64(2), np.bool_(True), Value(2.0)])
def test_numbers_of_any_kind_on_either_side(other: Any) -> None:
    number = float(other.item() if hasattr(other, "item") else other)
    v, t = Value(3.0), Tensor([3.0, 4.0])
    for x, kind in ((v, Value), (t, Tensor)):
        for got, want in (
            (x * other, 3 * number),
            (other * x, 3 * number),
            (x - other, 3 - number),
            (other - x, number - 3),
            (other / x, number / 3),
            (x**other, 3**number),
            (other + x, 3 + number),
        ):
            assert type(got) is kind, (other, got)
            assert np.ravel(got.data)[0] == pytest.approx(want)


def test_arrays_on_either_side() -> None:
    a, t, v = np.array([1.0, 2.0]), Tensor([3.0, 4.0]), Value(2.0)
    for got in (a * t, t * a, a * v, v * a, t * [1.0, 2.0], [1.0, 2.0] * t):
        assert isinstance(got, Tensor)
    y = a * v * t
    y.sum().backward()
    assert (v.grad, t.grad.tolist()) == (11.0, [2.0, 4.0])
    assert (np.array([1.0, 2.0]) @ Tensor([[1.0], [2.0]])).data.tolist() == [5.0]
    assert ([1.0, 2.0] @ Tensor([[1.0], [2.0]])).data.tolist() == [5.0]
    assert sum([v, v, v]).data == 6.0
    assert np.maximum(t, 3.5).data.tolist() == [3.5, 4.0]


def test_float32_is_kept_and_everything_else_becomes_float64() -> None:
    t = Tensor(np.array([1.0, 2.0], np.float32))
    for y in (
        t * 2,
        t * 2.5,
        t + np.float64(1),
        autograd.exp(t),
        t.mean(),
        t**2,
        autograd.relu(t),
        t > 1,
        t * Value(2.0),
    ):
        assert y.dtype == np.float32 or y.dtype == bool
    (t * np.array([1.0, 2.0])).sum().backward()
    assert t.grad.dtype == np.float32
    assert autograd.greater(t, 1.5).dtype == np.float32
    for data in ([1, 2], [True, False], np.array([1.0], np.float16)):
        assert Tensor(data).dtype == np.float64
    assert t.astype("float64").dtype == np.float64


def test_booleans_of_comparisons_are_recorded_as_numbers() -> None:
    assert autograd.greater(Value(2.0), 1.0).data == 1.0
    assert autograd.less(Tensor([1.0, 3.0]), 2.0).data.tolist() == [1.0, 0.0]
    assert autograd.less(1.0, 2.0) is True


def test_nodes_hash_by_identity_and_compare_by_data() -> None:
    a, b = Value(1.0), Value(1.0)
    assert len({a, b}) == 2
    assert (a == 1.0) is True
    assert a == np.float64(1.0)
    assert (a == None) is False  # noqa: E711
    assert a != "1.0"
    assert (Tensor([1.0, 2.0]) == [1.0, 3.0]) is False
    assert (Tensor([1.0, 2.0]) == np.array([1.0, 3.0])).tolist() == [True, False]


NODES = [
    Value(1.0),
    Value(1.0),
    Tensor(1.0),
    Tensor([1.0]),
    Tensor([1.0, 2.0]),
    Tensor(np.ones((3, 2))),
    Tensor(np.ones(4)),
]


@pytest.mark.parametrize(
    "search",
    [
        lambda a, b: a in [b],
        lambda a, b: a not in (b,),
        lambda a, b: [b].index(a),
        lambda a, b: [b].remove(a),
        lambda a, b: [b].count(a),
        lambda a, b: bool(a == b),
        lambda a, b: bool(a != b),
        lambda a, b: (a, 1) == (b, 1),
    ],
)
def test_the_truth_of_two_nodes_being_equal_is_refused(search: Any) -> None:
    for a, b in product(NODES, NODES):
        if a is b:
            assert a in [b]
            assert [b].index(a) == 0
        else:
            with pytest.raises(
                (TypeError, ValueError), match=r"a is b.*any\(p is q for q in nodes\) in place of p in nodes"
            ):
                search(a, b)


def test_what_was_compared_can_be_computed_with() -> None:
    a, b, c = Value(1.0), Value(1.0), Value(2.0)
    assert [str(a == b), f"{a == c}", repr(a != c)] == ["True", "False", "True"]
    assert [(a == b).item(), (a == c).item()] == [True, False]
    assert sum(x == b for x in (a, b, c)) == 2
    assert [autograd.where(a == b, 3.0, 4.0), autograd.where(a == c, a, c).data, (a == b) * 2.5] == [3.0, 2.0, 2.5]
    t, u = Tensor([1.0, 2.0, 3.0]), Tensor([1.0, 2.5, 3.0])
    same = t == u
    assert repr(same) == "array([ True, False,  True])"
    for counted in (same.sum(), np.sum(same), same.mean() * 3, sum(same), (same * 1.0).sum()):
        assert counted == 2
    assert not same.all()
    assert same.any()
    assert (t != u).tolist() == (~same).tolist() == [False, True, False]
    assert type(same & True) is np.ndarray
    assert t[same].data.tolist() == t.data[same].tolist() == [1.0, 3.0]
    assert autograd.where(same, t, 0.0).data.tolist() == np.where(same, t.data, 0.0).tolist()
    assert (Tensor(2.0) == c).item() is True
    assert (Tensor(2.0) == c).all()
    choose = autograd.compile(lambda x, y: autograd.where(x == y, x * 2, y))
    assert (choose(1.0, 1.0), choose(t, u).tolist()) == (2.0, [2.0, 2.5, 6.0])


def test_text_forms() -> None:
    assert repr(Value(2, label="w")) == "Value(data=2.0, grad=0.0, label='w')"
    assert repr(Value(2.0) * 3) == "Value(data=6.0, grad=0.0, op=multiply)"
    assert repr(Tensor([1.0, 2.0], label="t")) == "Tensor([1., 2.], shape=(2,), label='t')"
    assert repr(Tensor(np.ones(1, np.float32)) * 2) == "Tensor([2.], shape=(1,), dtype=float32, op=multiply)"
    assert f"{Value(1.0):.3f} {Tensor(2.0):.1f} {Value(1.0)}" == "1.000 2.0 Value(data=1.0, grad=0.0)"
    assert f"{Tensor([1.0])}" == "Tensor([1.], shape=(1,))"
    assert repr(TABLE["exp"]) == "<primitive exp>"
    assert TABLE["sum"].text("x", axis=0) == "sum(x, axis=0)"
    assert [TABLE[n].symbol for n in ("multiply", "tanh", "negative", "weighted_sum", "greater")] == [
        "*",
        "tanh",
        "-",
        "weighted_sum",
        ">",
    ]


def test_subclasses_of_numbers_and_truth() -> None:
    three = IntEnum("Three", [("three", 3)]).three
    assert autograd.maximum(Value(2.0), three).data == 3.0
    assert (Value(2.0) * three).data == 6.0
    assert Value(0.5)
    assert not Value(0.0)


def test_labels_and_gradients_may_be_set() -> None:
    v, t = Value(1.0), Tensor([1.0, 2.0])
    v.label = "v"
    v.grad, t.grad = 3, [1.0, 2.0]
    assert (v.label, v.grad, t.grad.tolist()) == ("v", 3.0, [1.0, 2.0])
    (v * 2).backward()
    (t * 2).sum().backward()
    assert (v.grad, t.grad.tolist()) == (5.0, [3.0, 4.0])
    v.grad = t.grad = None
    assert (v.grad, t.grad.tolist()) == (0.0, [0.0, 0.0])
    t.grad = 0.5
    assert t.grad.tolist() == [0.5, 0.5]
    v.zero_grad()
    assert v.detach().op is None
    assert (v * 2).detach().data == 2.0


def test_a_leaf_has_no_inputs() -> None:
    v, t = Value(1.0), Tensor([1.0])
    for leaf in (v, t):
        assert (leaf.op, leaf.inputs, leaf.args, dict(leaf.settings), leaf.source) == (None, (), (), {}, "")
    y = t.sum(axis=0)
    assert (y.inputs, dict(y.settings), len(y.args)) == ((t,), {"axis": 0}, 1)
    assert (v + 2).inputs == (v, 2)
    assert (v + 2).args == (1.0, 2)
    assert autograd.exp(v).args == (1.0,)
    assert v.shape == ()


def test_array_methods() -> None:
    t = Tensor(np.arange(6.0).reshape(2, 3))
    assert (t.ndim, t.size, len(t), t.T.shape) == (2, 6, 2, (3, 2))
    assert t.reshape(3, 2).shape == t.reshape((3, 2)).shape == t.transpose().shape == t.transpose(1, 0).shape == (3, 2)
    assert [row.data.tolist() for row in t] == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert t[[1, 0], [0, 2]].data.tolist() == [3.0, 2.0]
    assert t[:, None, ::2].shape == (2, 1, 2)
    assert t[t > 2].data.tolist() == [3.0, 4.0, 5.0]
    assert t.sum().item() == 15.0
    assert bool(Tensor([1.0]))
    assert autograd.take(t, [1, 1]).data.tolist() == [1.0, 1.0]
    assert Value(2.5).item() == 2.5
    assert t.max(axis=1).data.tolist() == [2.0, 5.0]
    assert t.var().item() == pytest.approx(np.var(t.data))
    assert autograd.item(t[0, 1]).data == 1.0


def test_a_primitive_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(TABLE["exp"])) is TABLE["exp"]


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        ("got '3' of type str: convert text", lambda: Value("3")),
        ("got 1j of type complex", lambda: Value(1j)),
        (r"got \[1, 2\] of type list: use Tensor", lambda: Value([1, 2])),
        (
            "matmul of shape .*: operands could not be broadcast",
            lambda: Tensor(np.ones((2, 3, 4))) @ np.ones((3, 4, 5)),
        ),
        (r"matmul of shape \(\) and \(2,\): @ multiplies vectors", lambda: Tensor(2.0) @ Tensor([1.0, 2.0])),
        (r"got array\(\[1., 2.\]\) of type ndarray: use Tensor", lambda: Value(np.array([1.0, 2.0]))),
        ("it is a node already; use .detach", lambda: Value(Value(1.0))),
        ("got None of type NoneType", lambda: Value(None)),
        ("a Value holds one real number", lambda: Value(np.complex128(1j))),
        ("a Value holds one real number", lambda: Value(np.str_("a"))),
        ("a Tensor holds real numbers; got 'abc'", lambda: Tensor("abc")),
        ("a Tensor holds real numbers; got .*complex128", lambda: Tensor([1j])),
        ("join nodes with stack", lambda: Tensor([Value(1.0), Value(2.0)])),
        ("a Tensor needs lists of equal length", lambda: Tensor([[1.0], [1.0, 2.0]])),
        ("got a node: use it as it is", lambda: Tensor(Tensor([1.0]))),
        (r"has shape \(2,\); got \(3,\): make a new", lambda: setattr(Tensor([1.0, 2.0]), "data", [1.0, 2.0, 3.0])),
        (r"the gradient of this Tensor has shape \(2,\); got", lambda: setattr(Tensor([1.0, 2.0]), "grad", [1.0] * 3)),
        (r"backward\(\) needs a scalar; the shape is \(2,\). Reduce", lambda: (Tensor([1.0, 2.0]) * 2).backward()),
        (r"backward\(\) on a leaf", lambda: Value(1.0).backward()),
        ("would lose the gradient of a Value: use the function", lambda: math.exp(Value(1.0))),
        ("turning a Tensor into an array would lose", lambda: np.asarray(Tensor([1.0]))),
        ("neither true nor false", lambda: bool(Tensor([1.0, 2.0]))),
        (r"item\(\) needs one element; the shape is \(2,\)", lambda: Tensor([1.0, 2.0]).item()),
        ("add got 'a' of type str", lambda: Value(1.0) + "a"),
        (r"multiply got \[1, 2\] of type list.*wrap a list", lambda: Value(1.0) * [1, 2]),
        ("exp got None", lambda: autograd.exp(None)),
        ("add got .* of type ndarray", lambda: Tensor([1.0]) + np.array(["a"])),
        (
            r"matmul of shape \(2,\) and \(3,\): the last axis .* 2, the first axis .* 3",
            lambda: Tensor([1.0, 2.0]) @ Tensor([1.0, 2.0, 3.0]),
        ),
        (r"add of shape \(2,\) and \(3,\): .*broadcast", lambda: Tensor([1.0, 2.0]) + np.ones(3)),
        (r"reshape of shape \(2,\), shape=\(3,\)", lambda: Tensor([1.0, 2.0]).reshape(3)),
        (r"getitem of shape \(2,\), index=5", lambda: Tensor([1.0, 2.0])[5]),
        ("an index must be integers, a slice or a mask", lambda: Tensor([1.0, 2.0])[Tensor([1.0])]),
        ("concat takes a list of nodes or arrays", lambda: autograd.concat(Tensor(1.0))),
        ("stack takes a list", lambda: autograd.stack([])),
        ("sum takes 1 argument and the settings axis, keepdims; 4", lambda: autograd.sum(Tensor([1.0]), 0, True, 1)),
        ("where takes 3 arguments; 1", lambda: TABLE["where"].apply((Tensor([1.0]),), {})),
        ("NumPy.s cond has no primitive", lambda: np.linalg.cond(Tensor([[1.0]]))),
        ("cannot write a node into an array in place", lambda: np.add(Tensor([1.0]), 1.0, out=np.ones(1))),
        ("np.add.accumulate takes no nodes", lambda: np.add.accumulate(Tensor([1.0]))),
        ("np.add of nodes has no dtype=", lambda: np.add(Tensor([1.0]), 1.0, dtype="float32")),
        ("need at least one value; the list is empty", lambda: autograd.log_sum_exp([])),
        ("a Value holds one real number", lambda: setattr(Value(1.0), "data", 10**400)),
    ],
)
def test_misuse_is_told(message: str, wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError, IndexError, OverflowError), match=message):
        wrong()


def test_derived_functions_are_stable_over_the_whole_range() -> None:
    for name in ("sigmoid", "softplus", "silu", "gelu", "elu", "leaky_relu", "relu", "tanh"):
        function = getattr(autograd, name)
        for x in (-1e308, -1e5, -800.0, -40.0, 0.0, 40.0, 800.0, 1e5, 1e308):
            v, t = Value(x), Tensor([x])
            for y in (function(v), function(t).sum()):
                y.backward()
                assert math.isfinite(y.item()), (name, x)
            assert math.isfinite(v.grad), (name, x)
            assert t.grad[0] == pytest.approx(v.grad, rel=1e-13, abs=1e-300)


@given(x=st.floats(-30, 30))
def test_derived_functions_are_what_their_names_say(x: float) -> None:
    want = {
        "leaky_relu": x if x > 0 else 0.01 * x,
        "elu": x if x > 0 else math.expm1(x),
        "silu": x / (1 + math.exp(-x)),
        "gelu": 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
        "softplus": math.log1p(math.exp(x)),
        "sigmoid": 1 / (1 + math.exp(-x)),
    }
    for name, number in want.items():
        assert getattr(autograd, name)(Value(x)).data == pytest.approx(number, rel=1e-9, abs=1e-14)


def test_softmax_of_lists_and_of_arrays() -> None:
    x = [1.0, -2.0, 1000.0, 1000.5]
    values = [Value(v) for v in x]
    p = autograd.softmax(values)
    t = Tensor([x, x])
    q = autograd.softmax(t)
    assert [v.data for v in p] == pytest.approx(q.data[0].tolist())
    assert sum(v.data for v in p) == pytest.approx(1.0)
    p[3].backward()
    q[0, 3].backward()
    assert [v.grad for v in values] == pytest.approx(t.grad[0].tolist(), rel=1e-12, abs=1e-15)
    assert autograd.softmax(t, axis=0).data.tolist() == [[0.5] * 4] * 2
