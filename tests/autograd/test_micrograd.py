"""Code that was written for micrograd runs with its import changed: its README, its tests, and habits."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, Value


def trace(root: Any) -> tuple[set[Any], set[Any]]:
    """micrograd's own way through a graph."""
    nodes: set[Any] = set()
    edges: set[Any] = set()

    def build(v: Any) -> None:
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(root)
    return nodes, edges


def readme(of: Any) -> tuple[Any, Any, Any]:
    a, b = of(-4.0), of(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return a, b, g


@pytest.mark.parametrize("of", [Value, Tensor])
def test_the_readme(of: Any) -> None:
    a, b, g = readme(of)
    assert f"{g.item():.4f}" == "24.7041"
    g.backward()
    assert (f"{a.grad:.4f}", f"{b.grad:.4f}") == ("138.8338", "645.5773")


def test_the_graph_of_a_lecture() -> None:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    e = a * b
    d = e + 10
    L = d * Value(-2.0)
    assert d._prev[0] is e
    assert (d._prev[1].data, d._prev[1]._prev, type(d._prev[1])) == (10.0, (), Value)
    assert a._prev == ()
    nodes, edges = trace(L)
    assert (len(nodes), len(edges)) == (7, 6)
    assert sorted(n._op for n in nodes) == ["", "", "", "", "*", "*", "+"]
    assert [child.shape for child in (Tensor([1.0, 2.0]) + np.ones(2))._prev] == [(2,), (2,)]


def test_how_operations_are_spelled() -> None:
    a, b = Value(2.0), Value(3.0)
    cases = [a + b, a * b, a**2, a**-0.5, a**b, a.relu(), a.tanh(), a.exp(), a - b, a / b, -a]
    assert [y._op for y in cases] == ["+", "*", "**2", "**-0.5", "**", "ReLU", "tanh", "exp", "-", "/", "-"]


@pytest.mark.parametrize("of", [Value, Tensor])
def test_backward_by_hand(of: Any) -> None:
    a, b, g = readme(of)
    c, d, expected = readme(of)
    expected.backward()
    topo: list[Any] = []
    visited: set[Any] = set()

    def build_topo(v: Any) -> None:
        if v not in visited:
            visited.add(v)
            for child in v._prev:
                build_topo(child)
            topo.append(v)

    build_topo(g)
    g.grad = 1.0
    for node in reversed(topo):
        node._backward()
    assert (a.grad, b.grad) == (pytest.approx(c.grad, rel=1e-14), pytest.approx(d.grad, rel=1e-14))


def test_a_node_sends_its_gradient_each_time_it_is_asked() -> None:
    a = Value(3.0)
    y = a + a
    y.grad = 0.5
    y._backward()
    y._backward()
    a._backward()
    assert (a.grad, y.grad) == (2.0, 0.5)
    x = Tensor([1.0, 2.0])
    z = (x * np.ones((2, 2))).sum()
    (row,) = z._prev
    z.grad = 2.0
    z._backward()
    row._backward()
    assert x.grad.tolist() == [4.0, 4.0]
    with pytest.raises(autograd.CompileError, match=r"_backward\(\)"):
        autograd.compile(lambda x: (x * 2)._backward())(1.0)


@pytest.mark.parametrize("more", [((Value(1.0), Value(2.0)), "+"), ((Value(1.0),),), ({Value(1.0)}, "*")])
def test_a_node_with_inputs_of_ones_own(more: Any) -> None:
    with pytest.raises(TypeError, match="an operation makes a node with inputs"):
        Value(1.0, *more)
    with pytest.raises(TypeError, match="_children"):
        Value(1.0, _children=(Value(1.0),), _op="+")  # type: ignore[call-arg]
    assert Value(1.0, (), "")._prev == ()  # type: ignore[arg-type]


def test_numbers_that_would_lose_their_gradient() -> None:
    v = Value(2.5)
    for way in (int, float, math.exp, lambda v: "%.4f" % v):  # noqa: UP031
        with pytest.raises(TypeError, match="would lose the gradient of a Value"):
            way(v)
    assert f"{v:.2f}" == "2.50"
    with pytest.raises(AttributeError, match=r"for a difference by hand add h, \(y \+ h\)"):
        (v * 2).data = 1.0


def test_neurons() -> None:
    neuron, plain = nn.Neuron(2), nn.Neuron(2, nonlin=False, seed=1)
    assert (repr(neuron), repr(plain)) == ("Perceptron(2 -> 1, relu)", "Perceptron(2 -> 1, linear)")
    assert neuron.b is neuron.w0
    layer = nn.Layer(2, 3, nonlin=False)
    assert [type(n) for n in layer.neurons] == [nn.Perceptron] * 3
    assert (layer.activation, nn.Layer(2, 3, nonlin=True).activation) == ("linear", "relu")
    with pytest.raises(AttributeError, match="perceptrons"):
        _ = nn.Layer(2, 3, of=Tensor).neurons


@pytest.mark.covers
@pytest.mark.slow
def test_the_demo_trains() -> None:
    """micrograd's own loop: a max-margin loss, penalties, and steps by hand."""
    rng = random.Random(0)
    X = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(40)]
    y = [1 if a * b > 0 else -1 for a, b in X]
    model = nn.MLP(2, [8, 1], seed=0)
    losses = []
    for k in range(60):
        scores = list(map(model, [list(map(Value, row)) for row in X]))
        data_loss = sum((1 + -yi * s).relu() for yi, s in zip(y, scores)) * (1.0 / len(X))
        total_loss = data_loss + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        total_loss.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 60) * p.grad
        losses.append(total_loss.data)
    assert losses[-1] < 0.4 * losses[0]
