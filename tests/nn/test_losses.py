"""Losses against hand-written NumPy, in both forms; and what they refuse."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracles import assert_close, numerical_gradient

from autograd import Tensor, Value, compile, grad, softmax, topological_sort
from nn import MLP, SGD, binary_cross_entropy, cross_entropy, fit, hinge, huber, mae, mse, predict
from nn._training.cross_entropy import _cross_entropy
from nn._training.lean import mean_cost


def bce_logits(z: Any, y: Any, weight: Any = None) -> Any:
    return binary_cross_entropy(z, y, from_logits=True, weight=weight)


REFERENCE = {
    mse: lambda p, y: np.mean((p - y) ** 2),
    mae: lambda p, y: np.mean(np.abs(p - y)),
    huber: lambda p, y: np.mean(np.where(np.abs(p - y) < 1, (p - y) ** 2 / 2, np.abs(p - y) - 0.5)),
    hinge: lambda p, y: np.mean(np.maximum(0, 1 - y * p)),
    bce_logits: lambda p, y: np.mean(np.log1p(np.exp(-np.abs(p))) + np.maximum(p, 0) - y * p),
    binary_cross_entropy: lambda p, y: -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)),
}


@pytest.mark.parametrize("loss", REFERENCE)
@pytest.mark.parametrize("shape", [(), (4,), (2, 3)])
@given(data=st.data())
def test_values_and_gradients(loss: Any, shape: tuple[int, ...], data: st.DataObject) -> None:
    low, high = (0.05, 0.95) if loss is binary_cross_entropy else (-3.0, 3.0)
    p = data.draw(hnp.arrays(float, shape, elements=st.floats(low, high)))
    targets = {hinge: [-1.0, 1.0], bce_logits: [0.0, 1.0, 0.3], binary_cross_entropy: [0.0, 1.0, 0.3]}
    y = data.draw(hnp.arrays(float, shape, elements=st.sampled_from(targets.get(loss, [-10.0, 0.111, 9.0]))))
    expected = REFERENCE[loss](p, y)
    tensor = Tensor(p)
    J = loss(tensor, y)
    assert J.item() == pytest.approx(expected, rel=1e-12, abs=1e-14)
    J.backward()
    nodes = np.vectorize(Value, otypes=[object])(p)
    values = nodes.tolist()
    J = loss(values, y.tolist())
    assert J.item() == pytest.approx(expected, rel=1e-12, abs=1e-14)
    if isinstance(J, Value):
        J.backward()
        assert_close([v.grad for v in nodes.ravel()], tensor.grad.ravel(), 1e-12)
    kinks = {hinge: 1 - y * p, mae: p - y, huber: np.abs(p - y) - 1}
    if np.all(np.abs(kinks.get(loss, np.ones(()))) > 0.01):
        assert_close(tensor.grad, numerical_gradient(lambda p: REFERENCE[loss](p, y), p), 1e-6)
    assert loss(p, y) == pytest.approx(expected, rel=1e-12, abs=1e-14)


@given(z=hnp.arrays(float, (3, 4), elements=st.floats(-5, 5)), y=hnp.arrays(int, 3, elements=st.integers(0, 3)))
def test_cross_entropy(z: np.ndarray, y: np.ndarray) -> None:
    probabilities = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    expected = -np.mean(np.log(probabilities[np.arange(3), y]))
    one_hot = np.eye(4)[y]
    slope = (probabilities - one_hot) / 3
    nodes = Tensor(one_hot)
    for target in (y, one_hot, nodes, y.tolist(), y[:, None], one_hot == 1, Tensor(y), y.astype("uint8")):
        assert cross_entropy(Tensor(z), target).item() == pytest.approx(expected)
        found = grad(lambda t, target=target: cross_entropy(t, target))(z)
        assert_close(found.data if target is nodes else found, slope, 1e-12)
    for target in (y.tolist(), one_hot.tolist(), y):
        rows = [[Value(v) for v in row] for row in z]
        J = cross_entropy(rows, target)
        J.backward()
        assert J.item() == pytest.approx(expected)
        assert_close([[v.grad for v in row] for row in rows], slope, 1e-12)
    assert cross_entropy(Tensor(z[0]), int(y[0])).item() == pytest.approx(-math.log(probabilities[0, y[0]]))
    assert cross_entropy([Value(v) for v in z[0]], int(y[0])).item() == pytest.approx(-math.log(probabilities[0, y[0]]))


@pytest.mark.parametrize("kind", ["int64", "int8", "uint64"])
def test_the_lean_cross_entropy_is_the_plain_one(kind: str) -> None:
    """The same operations on the same numbers; whatever else is given, the plain one takes or refuses."""
    z = Tensor([[2.0, -1.0, 0.5], [0.0, 3.0, 3.0]])
    y = np.array([2, 0], kind)
    lean, plain = mean_cost(z, y), _cross_entropy(z, y, None, None, None, 0.0)
    assert lean is not None
    for a, b in zip(topological_sort(lean), topological_sort(plain), strict=True):
        assert (a.op, a.data.tobytes()) == (b.op, b.data.tobytes())
    others: list[Any] = [[2, 0], y * 1.0, y[:1], y + 1, y - np.array(3, kind), Tensor(y), y.reshape(2, 1)]
    assert [mean_cost(z, other) for other in others] == [None] * len(others)
    assert [mean_cost(x, y) for x in (z.data, z[0], z[:, :1], z[:0], softmax(z))] == [None] * 5


def test_extreme_predictions_stay_finite() -> None:
    assert grad(lambda z: bce_logits(z, np.array([0.0, 1.0])))(np.array([1e300, -1e300])).tolist() == [0.5, -0.5]
    assert grad(lambda p: binary_cross_entropy(p, np.array([1.0, 0.0])))(np.array([1.0, 0.0])).tolist() == [-0.5, 0.5]
    z = np.array([[1e300, -1e300], [-1e300, 1e300]])
    assert grad(lambda z: cross_entropy(z, [0, 1]))(z).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    p = Value(0.0)
    binary_cross_entropy(p, 0.0).backward()
    assert p.grad == 1.0


@pytest.mark.parametrize("loss", [mse, mae, huber, hinge, bce_logits])
@pytest.mark.parametrize(("p", "y"), [((3, 1), (1, 3)), ((3,), (4, 1)), ((3,), ()), ((2, 3), (3,)), ((3,), (4,))])
def test_shapes_that_differ_are_refused(loss: Any, p: tuple[int, ...], y: tuple[int, ...]) -> None:
    for make in (np.ones, lambda shape: Tensor(np.ones(shape)), lambda shape: np.ones(shape).tolist()):
        both = rf"y_hat has shape {re.escape(str(p))}, y has {re.escape(str(y))}"
        with pytest.raises(ValueError, match=both):
            loss(make(p), np.ones(y))


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        ("hinge needs labels -1 and .1; got 0", lambda: hinge([1.0], [0])),
        ("probabilities y_hat between 0 and 1; got 1.5; for the output", lambda: binary_cross_entropy([1.5], [1])),
        ("probabilities y_hat between 0 and 1; got -1.0", lambda: binary_cross_entropy([Value(-1.0)], [1])),
        ("targets y between 0 and 1; got 2", lambda: bce_logits(Tensor([1.5]), [2])),
        ("delta must be a positive number; got 0", lambda: huber([1.0], [1.0], delta=0)),
        ("no predictions at all", lambda: mse([], [])),
        ("lists of different lengths", lambda: mse([[1.0], [1.0, 2.0]], [[1.0], [1.0]])),
        (
            "class numbers from 0 to 1, one for each row of logits; got 2",
            lambda: cross_entropy(Tensor([[1.0, 2]]), [2]),
        ),
        ("class numbers from 0 to 1.*got -1", lambda: cross_entropy([[1.0, 2.0]], np.array([-1]))),
        (r"got logits \(1, 2\) and y \(3,\)", lambda: cross_entropy([[1.0, 2.0]], [0, 1, 0])),
    ],
)
def test_mistakes_are_told(message: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match=message):
        wrong()


def test_the_grades_of_the_seminar() -> None:
    assert mse([30, 80, 85], [90, 20, 95]) == pytest.approx((3600 + 3600 + 100) / 3)


@pytest.mark.parametrize("loss", [*REFERENCE, cross_entropy])
@pytest.mark.parametrize("of", [Value, Tensor])
@pytest.mark.parametrize("columns", [(), (3,)])
def test_a_weight_is_a_factor_of_its_samples_loss(loss: Any, of: Any, columns: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.1, 0.9, size=(4, *(columns or ((3,) if loss is cross_entropy else ()))))
    y = np.where(rng.random((4, *columns)) < 0.5, 1, -1 if loss is hinge else 0)
    if loss is cross_entropy and columns:
        y = rng.dirichlet(np.ones(3), 4)
    weight = np.array([0.0, 1.0, 2.5, 3.0])
    expected = np.mean([w * loss(a, b) for w, a, b in zip(weight, p, y)])
    nodes = Tensor(p) if of is Tensor else np.vectorize(Value, otypes=[object])(p).tolist()
    for form in (weight, weight.tolist()):
        assert loss(nodes, y, weight=form).item() == pytest.approx(expected, rel=1e-12)
    form = weight if of is Tensor else weight.tolist()
    assert compile(lambda w: loss(nodes, y, weight=w))(form) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("message", "weight"),
    [
        (r"needs a weight for each sample, shape \(2,\); got shape \(3,\)", [1.0, 1.0, 1.0]),
        ("must be a finite number from 0; got -1", [1.0, -1.0]),
        ("must be a finite number from 0; got inf", np.array([1.0, np.inf])),
        ("must be a finite number from 0; got nan", np.array([1.0, np.nan])),
    ],
)
@pytest.mark.parametrize("loss", [mse, cross_entropy])
def test_weights_that_do_not_fit(loss: Any, message: str, weight: Any) -> None:
    logits, y = ([[1.0, 2.0], [3.0, 4.0]], [0, 1]) if loss is cross_entropy else ([1.0, 2.0], [3.0, 4.0])
    with pytest.raises(ValueError, match=message):
        loss(Tensor(logits), y, weight=weight)


@pytest.mark.slow
@pytest.mark.parametrize("of", [Value, Tensor])
@pytest.mark.parametrize("batch_size", [None, 2])
def test_fit_gives_weights_to_the_loss(of: Any, batch_size: int | None) -> None:
    X, y, weight = [[0.0], [1.0], [2.0], [5.0]], [1.0, 2.0, 3.0, 4.0], [1.5, 1.5, 1.0, 0.0]
    histories = []
    for faster in (True, False):
        model = MLP(1, [1], of=of, seed=0)
        optimizer = SGD(model.parameters(), lr=0.1)
        settings = {"batch_size": batch_size, "weight": weight, "compile": faster, "seed": 0}
        histories.append(fit(model, X, y, loss=mse, optimizer=optimizer, epochs=400, **settings).loss)
        # The fourth sample, which is off the line, does not count.
        assert_close(predict(model, [[0.0], [3.0]]), [1.0, 4.0], 1e-3)
    assert_close(*histories, 1e-10)
    with pytest.raises(ValueError, match="fit needs a weight for each sample"):
        fit(model, X, y, loss=mse, optimizer=optimizer, epochs=1, weight=[1.0])


@pytest.mark.parametrize("of", [Value, Tensor])
@pytest.mark.parametrize("options", [{}, {"from_logits": True}])
def test_an_output_in_the_place_of_the_targets_is_refused(of: Any, options: dict[str, Any]) -> None:
    X, y = [[0.0], [1.0]], [0.1, 0.9]
    model = MLP(1, [1], output="sigmoid", of=of, seed=0)
    with pytest.raises(ValueError, match=r"swapped\? It is binary_cross_entropy\(y_hat, y\)"):
        binary_cross_entropy(y, model(X), **options)
    model = MLP(1, [2], output="softmax", of=of, seed=0)
    with pytest.raises(ValueError, match=r"swapped\? It is cross_entropy\(y_hat, y\)"):
        cross_entropy([[1.0, 0.0], [0.0, 1.0]], model(X))
    targets = Tensor(y) if of is Tensor else [Value(t) for t in y]
    assert math.isfinite(binary_cross_entropy(y, targets, **options).data)
