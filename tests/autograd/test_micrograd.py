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


class Digraph:
    """Notes what a notebook's `draw_dot` draws."""

    def __init__(self, format: str, graph_attr: dict[str, str]) -> None:
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []

    def node(self, name: str, label: str = "", **look: str) -> None:
        self.nodes[name] = label

    def edge(self, start: str, end: str) -> None:
        assert {start, end} <= self.nodes.keys()
        self.edges.append((start, end))


def draw_dot(root: Any) -> Digraph:
    """The drawing of the lectures, in its own words."""
    dot = Digraph(format="svg", graph_attr={"rankdir": "LR"})
    nodes, edges = trace(root)
    for n in nodes:
        uid = str(id(n))
        dot.node(name=uid, label="{ %s | data %.4f | grad %.4f }" % (n.label, n.data, n.grad), shape="record")  # noqa: UP031
        if n._op:
            dot.node(name=uid + n._op, label=n._op)
            dot.edge(uid + n._op, uid)
    for n1, n2 in edges:
        dot.edge(str(id(n1)), str(id(n2)) + n2._op)
    return dot


def test_a_copied_drawing_of_a_neuron() -> None:
    x1, x2, w1, w2 = (Value(x, label=s) for x, s in ((2.0, "x1"), (0.0, "x2"), (-3.0, "w1"), (1.0, "w2")))
    b = Value(6.8813735870195432, label="b")
    n = x1 * w1 + x2 * w2 + b
    n.label = "n"
    e = (2 * n).exp()
    o = (e - 1) / (e + 1)
    o.backward()
    slopes = [p.grad for p in (x1, x2, w1, w2, b)]
    assert slopes == pytest.approx([-1.5, 0.5, 1.0, 0.0, 0.5], rel=1e-12)
    other = (x1 * w1 + x2 * w2 + b).tanh()
    for p in (x1, x2, w1, w2, b):
        p.grad = 0.0
    other.backward()
    assert [p.grad for p in (x1, x2, w1, w2, b)] == pytest.approx(slopes, rel=1e-12)
    dot = draw_dot(o)
    assert "{ n | data 0.8814 | grad 0.5000 }" in dot.nodes.values()
    # 5 leaves, the constants 2, 1 and 1, 9 results and their operations; two lines to each but exp, one from each.
    assert (len(dot.nodes), len(dot.edges)) == (5 + 3 + 2 * 9, 8 * 2 + 1 + 9)


def test_the_tests_of_the_engine() -> None:
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    assert (y.data, x.grad) == (-20.0, 46.0)


def test_a_difference_by_hand() -> None:
    def loss(h: float, which: str) -> float:
        at = {"a": 2.0, "b": -3.0, "c": 10.0, "f": -2.0}
        v = {name: Value(x, label=name) for name, x in at.items()}
        v[which].data += h
        found: float = ((v["a"] * v["b"] + v["c"]) * v["f"]).data
        return found

    slopes = {which: (loss(0.001, which) - loss(0.0, which)) / 0.001 for which in "abcf"}
    assert slopes == pytest.approx({"a": 6.0, "b": -4.0, "c": -2.0, "f": 4.0})


class Neuron:
    def __init__(self, nin: int) -> None:
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(random.uniform(-1, 1))

    def __call__(self, x: Any) -> Any:
        act = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        return act.tanh()  # type: ignore[union-attr]

    def parameters(self) -> list[Any]:
        return [*self.w, self.b]


class MLP:
    """The network that the lectures write, as they write it."""

    def __init__(self, nin: int, nouts: list[int]) -> None:
        sz = [nin, *nouts]
        self.layers = [[Neuron(sz[i]) for _ in range(sz[i + 1])] for i in range(len(nouts))]

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            outs = [n(x) for n in layer]
            x = outs[0] if len(outs) == 1 else outs
        return x

    def parameters(self) -> list[Any]:
        return [p for layer in self.layers for neuron in layer for p in neuron.parameters()]


@pytest.mark.parametrize("made", [MLP, lambda nin, nouts: nn.MLP(nin, nouts, activation="tanh", seed=3)])
def test_the_network_of_the_lecture(made: Any) -> None:
    random.seed(1)
    n = made(3, [4, 4, 1])
    assert len(n.parameters()) == 41
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    ys = [1.0, -1.0, -1.0, 1.0]
    losses = []
    for _ in range(12):
        ypred = [n(x) for x in xs]
        loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
        for p in n.parameters():
            p.grad = 0.0
        loss.backward()
        for p in n.parameters():
            p.data += -0.05 * p.grad
        losses.append(loss.data)
    assert losses[-1] < 0.5 * losses[0]
    for layer in getattr(n, "layers", []):
        for neuron in getattr(layer, "neurons", layer):
            assert all(isinstance(w.grad, float) for w in neuron.w)


def test_the_exercise() -> None:
    """The probability of one of four classes, and what its logarithm asks of the logits."""
    logits = [Value(x) for x in (0.0, 3.0, -2.0, 1.0)]
    counts = [logit.exp() for logit in logits]
    denominator = sum(counts)
    probs = [c / denominator for c in counts]
    loss = -probs[3].log()
    loss.backward()
    total = sum(math.exp(x.data) for x in logits)
    assert loss.data == pytest.approx(math.log(total) - 1.0)
    expected = [math.exp(x.data) / total - (k == 3) for k, x in enumerate(logits)]
    assert [x.grad for x in logits] == pytest.approx(expected, rel=1e-12)


def test_what_else_a_notebook_does_with_numbers() -> None:
    a, b = Value(5.5, label="a"), Value(-2.0, label="b")
    assert [v.data for v in (a % 2, a // 2, 7 % a, 7 // a, *divmod(a, b))] == [1.5, 2.0, 1.5, 1.0, *divmod(5.5, -2.0)]
    (a % 2 * b).backward()
    assert (a.grad, b.grad) == (-2.0, 1.5)
    assert max([b, a], key=lambda v: v.data) is a
    assert [v.label for v in sorted([a, b])] == ["b", "a"]
    assert len({a, b, a}) == 2
    assert {a: "first"}[a] == "first"
    assert (0 < a < 6, a > b, a >= 5.5, b != 1, bool(a - 5.5)) == (True, True, True, True, False)
    assert np.array([b, a]).dot(np.array([1.0, 2.0])).data == np.sum([a, a, b]).data == 9.0
    assert (sum([a, b]) / len([a, b])).data == np.mean([a, b]).data == 1.75  # type: ignore[operator]
    assert np.array([v.data > 0 for v in (a, b)]).tolist() == [True, False]
    assert isinstance(np.float64(2.0) * a + np.float32(1.0), Value)


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
