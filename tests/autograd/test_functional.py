"""`grad` and its relatives against closed forms and differences."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import assert_close, numerical_gradient

import autograd
from autograd import Tensor, Value, exp, grad, hessian, hvp, jacobian, sin, tanh, value_and_grad, vjp


@pytest.mark.slow
@given(x=st.floats(-2, 2))
def test_derivatives_of_tanh_in_closed_form(x: float) -> None:
    y = math.tanh(x)
    assert grad(tanh)(x) == pytest.approx(1 - y**2, abs=1e-15)
    assert grad(grad(tanh))(x) == pytest.approx(-2 * y * (1 - y**2), abs=1e-14)
    assert grad(grad(grad(tanh)))(x) == pytest.approx((1 - y**2) * (6 * y**2 - 2), abs=1e-12)


def test_fifth_derivative_of_sine() -> None:
    f = sin
    for _ in range(5):
        f = grad(f)
    assert f(0.3) == pytest.approx(math.cos(0.3), rel=1e-14)


def test_nested_gradients_do_not_confuse_their_variables() -> None:
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(2.0) == 1.0
    assert grad(lambda x: grad(lambda y: x * y)(x))(3.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y * y)(x))(3.0) == 54.0
    assert grad(grad(lambda x: 3 * x))(2.0) == 0.0
    assert grad(lambda x: autograd.sum(grad(lambda t: autograd.sum(3 * t))(x)))(np.ones(2)).tolist() == [0.0, 0.0]


def test_structures_of_arguments() -> None:
    def loss(p: Any, x: Any) -> Any:
        w, (b, more) = p["w"], p["rest"]
        return autograd.sum(w * x) * b + more[0]

    p = {"w": np.array([1.0, 2.0]), "rest": (3.0, [4.0])}
    value, slope = value_and_grad(loss)(p, np.array([5.0, 6.0]))
    assert value == 55.0
    assert slope["w"].tolist() == [15.0, 18.0]
    assert slope["rest"] == (17.0, [1.0])
    by_both = grad(loss, argnums=(1, 0))(p, np.array([5.0, 6.0]))
    assert by_both[0].tolist() == [3.0, 6.0]
    assert grad(lambda a, b: a * b, argnums=-1)(2.0, 5.0) == 2.0


def test_raw_arguments_give_raw_results_and_nodes_give_nodes() -> None:
    assert type(grad(exp)(1.0)) is float
    assert type(grad(lambda x: x.sum())(np.ones(2))) is np.ndarray
    assert type(grad(exp)(Value(1.0))) is Value
    assert type(grad(lambda x: 3 * x)(Value(1.0))) is Value
    assert grad(lambda x: 3 * x.sum())(Tensor([1.0, 2.0])).shape == (2,)
    w = Value(2.0)
    slope = grad(lambda x: w * x * x)(3.0)
    slope.backward()
    assert (slope.data, w.grad) == (12.0, 6.0)


def test_a_gradient_adds_nothing_to_grad() -> None:
    x = Value(2.0)
    grad(lambda x: x * x)(x)
    assert x.grad == 0.0


def test_only_what_leads_to_the_target_is_differentiated() -> None:
    calls: Counter[str] = Counter()

    def rule(g: Any, out: Any, x: Any) -> Any:
        calls["rule"] += 1
        return g

    counted = autograd.primitive("counted", lambda xp, x: x, rule)
    w = Value(1.0)
    grad(lambda x: counted(w) * x)(2.0)
    assert calls["rule"] == 0
    grad(lambda x: counted(x) * w)(2.0)
    assert calls["rule"] == 1


def test_mixed_values_and_tensors() -> None:
    t = np.array([1.0, 2.0, 3.0])
    assert grad(lambda a: autograd.sum(a * t))(2.0) == 6.0
    assert grad(grad(lambda a: autograd.sum(exp(a * t))))(0.5) == pytest.approx(float(np.sum(t**2 * np.exp(0.5 * t))))
    a, b = Value(2.0), Tensor([1.0, 2.0])
    slope = grad(lambda a: autograd.sum(a * a * b))(a)
    assert isinstance(slope, Value)
    slope.backward()
    assert (a.grad, b.grad.tolist()) == (6.0, [4.0, 4.0])


def test_jacobian_of_every_combination() -> None:
    def f(x: Any) -> Any:
        return [x[0] * x[1], x[0] + x[1], exp(x[1])]

    expected = np.array([[5.0, 2.0], [1.0, 1.0], [0.0, math.exp(5)]])
    assert_close(jacobian(f)([2.0, 5.0]), expected)
    assert_close(jacobian(f)(np.array([2.0, 5.0])), expected)
    assert_close(jacobian(lambda x: autograd.stack(f(x)))([2.0, 5.0]), expected)
    assert_close(jacobian(lambda x: autograd.stack(f(x)))(np.array([2.0, 5.0])), expected)
    assert jacobian(exp)(0.0) == 1.0
    matrix = np.arange(6.0).reshape(2, 3)
    found = jacobian(lambda x: matrix @ x)(np.ones((3, 2)))
    assert found.shape == (2, 2, 3, 2)
    assert_close(found[1, 0, :, 0], matrix[1])
    assert not found[1, 0, :, 1].any()


def test_hessian_and_its_products() -> None:
    def f(x: Any) -> Any:
        return autograd.sum(x**3) + x[0] * x[1] * x[2]

    x, v = np.array([1.0, -2.0, 0.5]), np.array([0.3, 0.7, -1.0])
    H = hessian(f)(x)
    for k in range(3):
        assert_close(H[k], numerical_gradient(lambda x, k=k: grad(f)(x)[k], x))
    assert_close(hvp(f)(x, v), H @ v, 1e-13)
    assert hvp(lambda p: p[0] ** 2 * p[1])([3.0, 5.0], [0.0, 1.0]) == [6.0, 0.0]


def test_vjp_pulls_any_gradient_back() -> None:
    W = np.arange(6.0).reshape(2, 3)
    y, pull_back = vjp(lambda x: tanh(W @ x), np.array([0.1, 0.2, 0.3]))
    assert type(y) is np.ndarray
    for g in (np.array([1.0, 0.0]), [0.5, -2.0]):
        (found,) = pull_back(g)
        assert_close(found, W.T @ (np.asarray(g) * (1 - y**2)), 1e-13)
    y, pull_back = vjp(lambda a, b: a * b, Value(2.0), 5.0)
    assert isinstance(y, Value)
    assert [g.data for g in pull_back(Value(1.0))] == [5.0, 2.0]
    with pytest.raises(ValueError, match=r"has shape \(2,\), so its gradient needs that shape; got \(3,\)"):
        vjp(lambda x: W @ x, np.ones(3))[1](np.ones(3))


def test_a_direction_is_matched_by_key() -> None:
    product = hvp(lambda p: p["w"] ** 2 * p["b"])
    point, direction = {"w": 3.0, "b": 5.0}, {"b": 0.0, "w": 1.0}
    assert product(point, direction) == autograd.compile(product)(point, direction) == {"w": 10.0, "b": 6.0}


def test_writing_to_the_result_leaves_what_vjp_pulls_back_as_it_is() -> None:
    y, pull_back = vjp(exp, np.zeros(3))
    y[0] = 5.0
    assert pull_back(np.ones(3))[0].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        ("returned 6.0 of type float, which has no gradient", lambda: autograd.vjp(lambda x: (x * 2).data, 3.0)),
        ("list, .* grad needs one number, .* there is jacobian", lambda: grad(lambda x: [x, x])(1.0)),
        ("dict, .* grad needs one number, .* there is jacobian", lambda: grad(lambda x: {"y": x})(1.0)),
        ("returned .1.0. of type list, .* return the node itself", lambda: grad(lambda x: [x.data])(1.0)),
        ("compile its gradient", lambda: grad(autograd.compile(lambda x: x * 2))(3.0)),
        (r"returned shape \(2,\). Reduce it", lambda: grad(lambda x: x * 2)(np.ones(2))),
        ("argnums=1 but 1 positional arguments", lambda: grad(exp, argnums=1)(1.0)),
        ("argnums=-2 but 1 positional", lambda: grad(exp, argnums=-2)(1.0)),
        ("a Value holds one real number; got 'a'", lambda: grad(exp)("a")),
        ("returned None", lambda: jacobian(lambda x: None)(1.0)),
        ("is a list of length 2; got a list of length 1", lambda: hvp(lambda x: x[0] * x[1])([1.0, 2.0], [1.0])),
        (r"is of shape \(3,\); got of shape \(3, 3\)", lambda: hvp(autograd.norm)(np.ones(3), np.ones((3, 3)))),
        (r"is of shape \(3,\); got of shape \(1,\)", lambda: hvp(autograd.norm)(np.ones(3), np.ones(1))),
        ("is a dict of 'w'; got a dict of 'b'", lambda: hvp(lambda p: p["w"] ** 2)({"w": 1.0}, {"b": 1.0})),
        ("is a dict of 'w'; got of shape ()", lambda: hvp(lambda p: p["w"] ** 2)({"w": 1.0}, 1.0)),
    ],
)
def test_mistakes_are_told(message: str, wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        wrong()


def test_gradients_of_what_a_function_uses() -> None:
    w, b = Value(3.0), Tensor([1.0, 2.0])
    f = value_and_grad(lambda x: (w * x * b).sum().reshape(()) + 0.0, wrt=[w, b])
    value, (dw, db) = f(2.0)
    assert (value, dw, db.tolist()) == (18.0, 6.0, [6.0, 6.0])
    pair = value_and_grad(lambda x: (x * x, [x, "more"]), has_aux=True)
    (value, aux), slope = pair(3.0)
    assert (value, aux[0].data, aux[1], slope) == (9.0, 3.0, "more", 6.0)
    with pytest.raises(TypeError, match=r"with has_aux <lambda> must return a pair"):
        value_and_grad(lambda x: x * x, has_aux=True)(3.0)


def test_text_and_none_beside_a_loss_are_compiled() -> None:
    pair = value_and_grad(lambda x: (x * x, [x * 1.0, "more", None, True]), has_aux=True)
    assert autograd.compile(pair)(3.0) == ((9.0, [3.0, "more", None, True]), 6.0)


def test_what_holds_an_array_is_an_argument_compiled_or_not(tmp_path: Path) -> None:
    slope = grad(lambda x: (x**2).sum())
    fast = autograd.compile(slope)
    mapped = np.memmap(tmp_path / "x", dtype=float, mode="w+", shape=(2,))
    mapped[:] = [1.0, 2.0]
    for x in (mapped, pandas.Series([1, 2], index=[1, 0]), pandas.DataFrame({"a": [1.0, 2.0]}, dtype="float32")):
        right = 2 * np.asarray(x)
        for found in (slope(x), fast(x), fast(x)):
            np.testing.assert_array_equal(found, right)
            assert found.dtype == (float if right.dtype != "float32" else "float32")
    assert fast(np.ma.array([1.0, 2.0])).tolist() == [2.0, 4.0]
    with pytest.raises(ValueError, match="masked in places"):
        fast(np.ma.array([1.0, 2.0], mask=[False, True]))


@pytest.mark.parametrize("of", [lambda f: f, autograd.compile])
def test_matrices_without_rows(of: Any) -> None:
    assert of(jacobian(lambda x: x**2))(np.zeros(0)).shape == (0, 0)
    found = of(jacobian(lambda x: x[:, :0] ** 2))(np.zeros((2, 3), "float32"))
    assert (found.shape, found.dtype) == ((2, 0, 2, 3), "float32")
    assert of(hessian(lambda x: (x**2).sum()))(np.zeros(0)).shape == (0, 0)
    assert of(jacobian(lambda x: x[0][:0]))([np.zeros(3), 1.0]) == []
    assert of(jacobian(lambda x: x * np.ones(0)))(2.0).shape == (0,)
