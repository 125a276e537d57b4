"""Perceptron, layer, MLP: both forms agree, and misuse is told."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import assert_close, numerical_gradient

import autograd
from autograd import Tensor, Value, grad, hessian, no_grad
from nn import ACTIVATIONS, MLP, SGD, Layer, Module, Perceptron, Sequential, clip_grad_norm, mse, predict

X = [[0.5, -1.0], [2.0, 0.25], [-0.75, 0.5]]


def gradients(model: Any) -> list[Any]:
    """Every layer's gradient as (weights n_in x n_out, biases), whatever the network is made of."""
    found = []
    for layer in model.layers:
        if layer.of is Tensor:
            found.append((layer.w.grad, layer.w0.grad))
        else:
            w = np.array([[w.grad for w in p.w] for p in layer.perceptrons]).T
            found.append((w, np.array([p.w0.grad for p in layer.perceptrons])))
    return found


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output", ["linear", "sigmoid", "softmax"])
def test_both_forms_are_the_same_network(activation: str, output: str) -> None:
    values = MLP(2, [3, 2], activation, output, seed=3)
    tensors = MLP(2, [3, 2], activation, output, seed=3, of=Tensor)
    for other in (tensors, values.to(Tensor), tensors.to(Value), values.to(Value)):
        for model in (values, other):
            model.zero_grad()
        y = [[0.0, 1.0], [1.0, 0.0], [0.0, 0.5]]
        mse(values(X), y).backward()
        mse(other(X), y).backward()
        assert_close(predict(other, X), predict(values, X), 1e-13)
        assert_close(predict(other, X[0]), predict(values, X[0]), 1e-13)
        for (w, w0), (v, v0) in zip(gradients(other), gradients(values), strict=True):
            assert_close(w, v, 1e-12)
            assert_close(w0, v0, 1e-12)


@pytest.mark.slow
@given(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3), seed=st.integers(0, 99))
def test_gradients_of_random_networks_against_differences(sizes: list[int], seed: int) -> None:
    model = MLP(2, sizes, "tanh", of=Tensor, seed=seed)
    shape = (3, sizes[-1]) if sizes[-1] > 1 else (3,)
    y = np.random.default_rng(seed).normal(size=shape)
    mse(model(X), y).backward()
    for parameter in model.parameters():
        start = parameter.data.copy()

        def loss(numbers: Any, parameter: Any = parameter) -> float:
            parameter.data = numbers
            with no_grad():
                return float(mse(model(X), y).item())

        expected = numerical_gradient(loss, start)
        parameter.data = start
        assert_close(parameter.grad, expected)


@pytest.mark.slow
def test_hessian_of_a_network_against_differences() -> None:
    rng = np.random.default_rng(0)
    start, y = rng.normal(size=13), rng.normal(size=3)

    def loss(p: Any) -> Any:
        w1, b1, w2, b2 = p[:6].reshape(2, 3), p[6:9], p[9:12], p[12]
        return mse(autograd.tanh(np.array(X) @ w1 + b1) @ w2 + b2, y)

    found = hessian(loss)(start)
    for k in range(13):
        assert_close(found[k], numerical_gradient(lambda p, k=k: grad(loss)(p)[k], start), 1e-8)
    assert_close(found, found.T, 1e-14)


def test_a_perceptron_is_the_seminars_formula() -> None:
    neuron = Perceptron(2, "sigmoid", seed=1)
    assert [p.label for p in neuron.parameters()] == ["w0", "w1", "w2"]
    neuron.w0.data, neuron.w[0].data, neuron.w[1].data = 1.0, 3.0, -2.0
    assert neuron([-1.0, 2.0]).data == pytest.approx(1 / (1 + math.exp(6)))
    assert neuron.z([-1.0, 2.0]).data == -6.0
    assert [v.data for v in neuron([[0.0, 0.0], [-1.0, 2.0]])] == pytest.approx(
        [1 / (1 + math.exp(-z)) for z in (1, -6)]
    )
    assert neuron.z([-1.0, 2.0]).op.text("w0", "w1", "x1", "w2", "x2") == "w0 + w1 * x1 + w2 * x2"


def test_code_written_for_micrograd_runs() -> None:
    model = MLP(3, [4, 4, 1])
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    ys = [1.0, -1.0, -1.0, 1.0]
    losses = []
    for _ in range(40):
        loss = sum((model(x) - y) ** 2 for x, y in zip(xs, ys, strict=True))
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data += -0.01 * p.grad
        losses.append(loss.data)
    assert len(model.parameters()) == 41
    assert losses[-1] < 0.3 * losses[0]


@pytest.mark.slow
def test_initial_weights_have_the_scale_that_was_asked_for() -> None:
    for init, sigma in (("he", math.sqrt(2 / 400)), ("glorot", math.sqrt(2 / 500)), (0.3, 0.3)):
        w = Layer(400, 100, of=Tensor, init=init, seed=0).w.data
        assert np.std(w) == pytest.approx(sigma, rel=0.02)
        assert abs(np.mean(w)) < sigma / 50
    assert np.std(Layer(400, 100, "relu", of=Tensor, seed=0).w.data) == pytest.approx(math.sqrt(2 / 400), rel=0.02)
    assert np.std(Layer(400, 100, "tanh", of=Tensor, seed=0).w.data) == pytest.approx(math.sqrt(2 / 500), rel=0.02)
    assert not Layer(3, 3, of=Tensor).w0.data.any()
    assert MLP(2, [3, 1], seed=1).parameters()[1].data == MLP(2, [3, 1], seed=random.Random(1)).parameters()[1].data


def test_labels_are_those_of_the_seminar() -> None:
    names = {p.label for p in MLP(2, [3, 1]).parameters()}
    assert {"w(1)_0,3", "w(1)_2,3", "w(2)_3,1"} <= names
    assert [p.label for p in MLP(2, [3], of=Tensor).parameters()] == ["w(1)_0", "w(1)"]
    assert MLP(2, [3], of=Tensor).to(Value).parameters()[0].label == "w(1)_0,1"


def test_inputs_may_be_nodes_and_get_gradients() -> None:
    model = MLP(2, [3, 1], "tanh")
    tensors = model.to(Tensor)
    x = [Value(0.5), Value(-1.0)]
    model(x).backward()
    t = Tensor([0.5, -1.0])
    tensors(t).backward()
    again, more = Tensor([0.5, -1.0]), [Value(0.5), Value(-1.0)]
    model(again).backward()
    tensors(more).backward()
    assert_close([v.grad for v in x], t.grad, 1e-14)
    assert_close(again.grad, t.grad, 1e-14)
    assert_close([v.grad for v in more], t.grad, 1e-14)
    batch = Tensor([[0.5, -1.0], [1.0, 1.0]])
    sum(model(batch)).backward()
    assert_close(batch.grad[0], t.grad, 1e-14)
    nested = [[Value(0.5), Value(-1.0)], [Value(1.0), Value(1.0)]]
    tensors(nested).sum().backward()
    assert_close([v.grad for v in nested[0]], t.grad, 1e-14)


def test_one_input_may_be_a_bare_number() -> None:
    model = MLP(1, [2, 1], "tanh")
    assert model(0.5).data == model([0.5]).data
    assert model(Value(0.5)).data == model([0.5]).data
    assert model(np.array([[0.5]]))[0].data == model([0.5]).data


def test_a_gradient_with_respect_to_the_input_can_be_trained_on() -> None:
    """Second derivatives through a network: d/dw of dy/dx, as a physics-informed loss needs."""
    model = MLP(1, [3, 1], "tanh", of=Tensor)
    slope = grad(lambda x: model(x))(np.array([0.3]))
    (slope * slope).sum().backward()
    w = model.layers[0].w
    start = w.data.copy()

    def loss(numbers: Any) -> float:
        w.data = numbers
        return float((grad(lambda x: model(x))(np.array([0.3])).data ** 2).sum())

    expected = numerical_gradient(loss, start)
    w.data = start
    assert_close(w.grad, expected)


class TestModule:
    def test_state_goes_out_and_in(self) -> None:
        for of in (Value, Tensor):
            a, b = MLP(2, [3, 1], of=of, seed=1), MLP(2, [3, 1], of=of, seed=2)
            state = a.state_dict()
            b.load_state_dict(state)
            assert predict(a, X) == pytest.approx(predict(b, X), rel=1e-15)
            a.parameters()[1].data = a.parameters()[1].data * 0
            b.load_state_dict(state)
            assert predict(a, X) != pytest.approx(predict(b, X))

    def test_a_wrong_state_changes_nothing(self) -> None:
        model = MLP(2, [3, 1], of=Tensor)
        before = model.state_dict()
        with pytest.raises(ValueError, match=r"missing layers.0.w0.*model.to"):
            model.load_state_dict(MLP(2, [3, 1]).state_dict())
        with pytest.raises(ValueError, match=r"layers.0.w0 has shape \(3,\); the state has shape \(4,\)"):
            model.load_state_dict(MLP(2, [4, 1], of=Tensor).state_dict())
        with pytest.raises(ValueError, match="unknown more"):
            model.load_state_dict({**before, "more": 1.0})
        after = model.state_dict()
        assert all(np.array_equal(before[name], after[name]) for name in before)

    def test_structure_is_shown(self) -> None:
        model = MLP(64, [128, 10], of=Tensor)
        assert repr(model) == "MLP(\n  Layer(64 -> 128, relu, of=Tensor),\n  Layer(128 -> 10, linear, of=Tensor),\n)"
        assert repr(Perceptron(2, autograd.tanh)) == "Perceptron(2 -> 1, tanh)"
        lines = model.summary().splitlines()
        assert lines[2].split()[-2:] == ["128", "8,320"]
        assert lines[-1].split() == ["total", "9,610"]
        assert Perceptron(2).summary().splitlines()[-1].split() == ["total", "3"]

    def test_train_and_eval_reach_every_part(self) -> None:
        model = Sequential(Layer(2, 3), Sequential(Layer(3, 1)))
        assert not any(m.training for m in model.eval().modules())
        assert all(m.training for m in model.train().modules())
        assert len(list(model.modules())) == 8

    def test_shared_and_nested_parameters_are_found_once(self) -> None:
        class Tied(Module):
            def __init__(self) -> None:
                self.w = Value(1.0)
                self.parts = {"a": self.w, "b": (Value(2.0), [Tensor([3.0])])}

        assert [name for name, _ in Tied().named_parameters()] == ["w", "parts.b.0", "parts.b.1.0"]
        with pytest.raises(TypeError, match="Tied defines no __call__"):
            Tied()(1.0)

    def test_sequential_of_functions(self) -> None:
        model = Sequential(Layer(2, 3, of=Tensor), autograd.tanh)
        assert model(X).shape == (3, 3)
        assert_close(model.to(Tensor)(X).data, model(X).data)
        with pytest.raises(TypeError, match=r"Sequential takes modules or functions .*; got 3"):
            Sequential(3)


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        ("sizes must be a list", lambda: MLP(2, 3)),
        ("n_in must be a whole number from 1; got 0", lambda: MLP(0, [1])),
        ("each of sizes must be a whole number from 1; got 2.5", lambda: MLP(2, [2.5])),
        ("unknown activation 'rleu' .did you mean 'relu'..; choose one of", lambda: MLP(2, [2], "linear", "rleu")),
        ("init must be 'he', 'glorot' or", lambda: MLP(2, [2], init="xavier")),
        ("of=Value .neurons. or of=Tensor .layers.; got <class 'float'>", lambda: MLP(2, [2], of=float)),
        ("a sample has 2 inputs here; got 3", lambda: MLP(2, [2])([1.0, 2.0, 3.0])),
        ("a sample has 2 inputs here; got 3", lambda: MLP(2, [2])([[1.0, 2.0], [1.0, 2.0, 3.0]])),
        ("a sample is a list of 2 numbers", lambda: MLP(2, [2])("ab")),
        (r"shape \(2,\) or \(n, 2\); got shape \(3,\)", lambda: MLP(2, [2], of=Tensor)([1.0, 2.0, 3.0])),
        ("there are no parameters", lambda: SGD([])),
        ("a parameter must be a Value or Tensor that was not computed", lambda: SGD([Value(1.0) * 2])),
        ("a parameter must be a Value or Tensor", lambda: SGD([1.0])),
        ("lr must be a positive number; got 0", lambda: SGD([Value(1.0)], lr=0)),
        ("momentum must be from 0 to below 1; got 1", lambda: SGD([Value(1.0)], momentum=1)),
        ("weight_decay must be 0 or a positive number", lambda: SGD([Value(1.0)], weight_decay=-1)),
        ("nesterov needs a momentum", lambda: SGD([Value(1.0)], nesterov=True)),
        ("max_norm must be a positive number; got 0", lambda: clip_grad_norm([Value(1.0)], 0)),
    ],
)
def test_mistakes_are_told(message: str, wrong: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        wrong()


class TestSGD:
    @pytest.mark.parametrize("of", [Value, Tensor])
    @pytest.mark.parametrize("nesterov", [False, True])
    def test_momentum_and_decay_against_the_formula_by_hand(self, of: Any, nesterov: bool) -> None:
        w = of(2.0)
        optimizer = SGD([w], lr=0.1, momentum=0.5, nesterov=nesterov, weight_decay=0.25)
        position, velocity = 2.0, 0.0
        for _ in range(4):
            optimizer.zero_grad()
            (w * w).backward()
            optimizer.step()
            slope = 2 * position + 0.25 * position
            velocity = 0.5 * velocity + slope
            position -= 0.1 * (slope + 0.5 * velocity if nesterov else velocity)
        assert w.data == pytest.approx(position, rel=1e-14)
        assert (
            repr(optimizer)
            == f"SGD(1 parameters, lr=0.1, momentum=0.5, {'nesterov=True, ' * nesterov}weight_decay=0.25)"
        )

    def test_clipping_keeps_the_direction(self) -> None:
        a, b = Value(3.0), Tensor([4.0, 0.0])
        a.grad, b.grad = 3.0, [4.0, 0.0]
        assert clip_grad_norm([a, b], 10.0) == 5.0
        assert clip_grad_norm([a, b], 1.0) == 5.0
        assert (a.grad, b.grad.tolist()) == (pytest.approx(0.6), pytest.approx([0.8, 0.0]))


def test_sequentials_inside_each_other_have_a_limit() -> None:
    """Thousands of levels ended in a bare RecursionError wherever something was computed, shown or saved."""
    network: Any = Layer(1, 1)
    for _ in range(100):
        network = Sequential(network)
    assert len(network([1.0])) == 1
    assert repr(network).count("Sequential") == 100
    with pytest.raises(ValueError, match="Sequentials may be inside each other up to 100 levels"):
        Sequential(network)
