"""Explanations: the same number as backward, every path, formulas that mean what they say, labels that stay text."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Node, Tensor, Value, detect_anomaly, explain, no_grad, primitive, relu, sigmoid, tanh
from autograd._views.derivative import local
from autograd._views.explain.paths import Stations
from nn import MLP, mse

PERCEPTRON = """\
dJ/dw1 = 0.00492082, along 1 path

  w0 = 1, w1 = 3, x1 = -1, w2 = -2, x2 = 2
  z     = w0 + w1 * x1 + w2 * x2 = -6
  y_hat = sigmoid(z)             = 0.00247262
  J     = (y_hat - 1) ** 2       = 0.995061

  dJ/dw1 =    dJ/dy_hat    ·      dy_hat/dz      · dz/dw1
         = 2 * (y_hat - 1) · y_hat * (1 - y_hat) ·   x1
         =     -1.99505    ·      0.00246651     ·  (-1)
         = 0.00492082"""

TWO_WAYS = """\
dJ/db = 5, the sum over 2 paths

  a = 2, b = 1
  a1 = a + b   = 3
  a2 = b + 1   = 2
  J  = a1 * a2 = 6

  dJ/db = dJ/da1 · da1/db + dJ/da2 · da2/db

  path 1 = dJ/da1 · da1/db
         =   a2   ·   1
         =   2    ·   1
         = 2

  path 2 = dJ/da2 · da2/db
         =   a1   ·   1
         =   3    ·   1
         = 3

  dJ/db = 2 + 3
        = 5"""


def perceptron() -> tuple[Any, Any]:
    w0, w1, w2 = Value(1.0, label="w0"), Value(3.0, label="w1"), Value(-2.0, label="w2")
    x1, x2 = Value(-1.0, label="x1"), Value(2.0, label="x2")
    y_hat = sigmoid(w0 + w1 * x1 + w2 * x2)
    y_hat.label = "y_hat"
    return (y_hat - 1) ** 2, w1


def gradient(loss: Any, wrt: Any) -> Any:
    loss.backward()
    found = wrt.grad
    for node in autograd.topological_sort(loss):
        node.zero_grad()
    return found


UNARY: list[Any] = [
    tanh,
    sigmoid,
    autograd.sin,
    relu,
    lambda a: -a,
    lambda a: a * a,
    lambda a: 0.5 * a,
    lambda a: a**2,
    lambda a: a / (1 + a * a),
]
BINARY: list[Any] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    autograd.maximum,
    lambda a, b: autograd.weighted_sum([a, b, a]),
    lambda a, b: a * b + a,
]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Any, list[Any]]:
    """Draw a small graph of Values in which nodes are shared, some with labels."""
    leaves = [Value(draw(st.floats(-2.0, 2.0)), label=name) for name in ("x", "y", "")]
    nodes: list[Any] = list(leaves)
    for k in range(draw(st.integers(1, 8))):
        if draw(st.booleans()):
            node = draw(st.sampled_from(UNARY))(draw(st.sampled_from(nodes)))
        else:
            node = draw(st.sampled_from(BINARY))(draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes)))
        if draw(st.booleans()):
            node.label = f"n{k}"
        nodes.append(node)
    return nodes[-1], nodes


@given(graphs())
def test_the_sum_over_paths_is_the_gradient(drawn: tuple[Any, list[Any]]) -> None:
    loss, nodes = drawn
    inside = set(autograd.topological_sort(loss))
    for wrt in nodes:
        if wrt in inside and wrt is not loss:
            found = explain(loss, wrt)
            expected = gradient(loss, wrt)
            assert found.value == pytest.approx(expected, rel=1e-12, abs=1e-12)
            assert sum(path.value for path in found.paths) == pytest.approx(expected, rel=1e-12, abs=1e-12)
            if found.listed:
                for path in found.paths:
                    product = math.prod(float(factor.number) for factor in path.factors if factor)
                    assert product == pytest.approx(path.value, rel=1e-4, abs=1e-9)
            assert str(found) == str(explain(loss, wrt))
            assert found.latex.count(r"\begin") == found.latex.count(r"\end")


def brute_force(stations: Stations, node: Node) -> int:
    if node is stations.source:
        return 1
    return sum(brute_force(stations, lower) for lower in stations.below[node])


@given(graphs())
def test_the_number_of_paths_is_that_of_walking_them_all(drawn: tuple[Any, list[Any]]) -> None:
    loss, nodes = drawn
    for wrt in nodes[:3]:
        stations = Stations(loss, wrt)
        if loss in stations.station:
            walked = [[step[:2] for step in path] for path in stations.paths()]
            assert stations.count() == len(walked) == len({tuple(map(id, sum(path, ()))) for path in walked})
            assert stations.count() == brute_force(stations, loss)
            # Between two stations there is never more than one step.
            assert sum(map(len, stations.below.values())) == len(
                {(a, b) for a in stations.below for b in stations.below[a]}
            )


def raw_paths(node: Node, source: Node) -> int:
    """Count the paths through every single node; one that takes another twice has two edges to it, on one path."""
    if node is source:
        return 1
    return sum(raw_paths(given, source) for given in dict.fromkeys(node.inputs) if isinstance(given, Node))


@given(graphs())
def test_grouping_loses_no_path(drawn: tuple[Any, list[Any]]) -> None:
    """Expressions are written as one factor, but two ways from a node to another are never taken for one."""
    loss, nodes = drawn
    for wrt in nodes[:3]:
        stations = Stations(loss, wrt)
        if loss in stations.station:
            assert stations.count() == raw_paths(loss, wrt)


@given(graphs())
def test_layers_multiply_to_the_gradient(drawn: tuple[Any, list[Any]]) -> None:
    loss, nodes = drawn
    for wrt in nodes[:3]:
        stations = Stations(loss, wrt)
        if loss in stations.station and loss is not wrt:
            for link in stations.layers():
                last = link
                assert (link.step is None) == (len(link.arriving) + len(link.leaving) > 2)
            assert list(last.leaving) == [wrt]
            assert last.leaving[wrt] == pytest.approx(gradient(loss, wrt), rel=1e-12, abs=1e-12)


def test_the_perceptron_of_the_seminar() -> None:
    loss, w1 = perceptron()
    assert str(explain(loss, wrt=w1)) == PERCEPTRON
    assert w1.grad == 0.0
    assert explain(loss, w1).value == pytest.approx(gradient(loss, w1), rel=1e-12)


def test_where_paths_meet_their_sum_is_shown() -> None:
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    assert str(explain((a + b) * (b + 1), wrt=b)) == TWO_WAYS


def test_what_paths_share_is_written_once() -> None:
    x = Value(0.5, label="x")
    y = tanh(x)
    y.label = "y"
    text = str(explain(sigmoid(tanh(y) - relu(y)), x))
    assert "dJ/dx = dJ/dz · (dz/dy1 · dy1/dy + dz/dy2 · dy2/dy) · dy/dx" in text


def test_a_node_that_acts_in_two_ways_is_held_in_one() -> None:
    x = Value(2.0, label="x")
    found = explain((sigmoid(x) - 1) ** 2 + x, x)
    assert "dJ/dx = dJ/dy · dy/dx + dJ/dx|y" in str(found)
    assert r"\left.\dfrac{\partial J}{\partial x}\right|_{y}" in found.latex


def test_a_weight_of_the_first_layer() -> None:
    model = MLP(2, [3, 1], "tanh")
    loss = mse(model([[0.5, -1.0], [1.0, 2.0]]), [1.0, -1.0])
    w = model.layers[0].perceptrons[0].w[0]
    found = explain(loss, w)
    assert (found.path_count, found.listed) == (2, True)
    assert found.value == pytest.approx(gradient(loss, w), rel=1e-12)
    assert all(len(line) <= 96 for line in str(found).splitlines())


def test_many_paths_are_taken_layer_by_layer() -> None:
    model = MLP(2, [4, 4, 4, 1], "tanh")
    loss = mse(model([[0.5, -1.0], [1.0, 2.0]]), [1.0, -1.0])
    w = model.layers[0].perceptrons[0].w[0]
    found = explain(loss, w)
    text = str(found)
    assert (found.path_count, found.listed, len(found.paths)) == (32, False, 1)
    assert "over 32 paths: too many to list, so they are taken together, layer by layer" in text.splitlines()[0]
    assert "d(y1, y2)/d(z1, z2)" in text
    assert "8 × 8" in text
    assert "(and 7 more) = " in text
    assert r"\partial \left(z_{3}, \ldots, z_{10}\right)" in found.latex
    assert found.value == pytest.approx(gradient(loss, w), rel=1e-12)


def test_a_node_that_stands_in_several_cuts() -> None:
    w = Value(0.5, label="w")
    y: Any = Value(1.0)
    for _ in range(10):
        y = tanh(w * y)
    found = explain(y, w)
    assert (found.path_count, found.listed) == (10, False)
    assert found.value == pytest.approx(gradient(y, w), rel=1e-12)
    text = str(found)
    assert "dJ/dz6" in text
    assert "d(w, y6)/d(w, z5)" in text
    assert "[[1, 0], [0, 0.999997]]" in text


def test_numbers_of_paths_beyond_all_counting() -> None:
    x = Value(0.5, label="x")
    y = x
    for k in range(400):
        y = tanh(y) * 0.5 + sigmoid(y)
        if k == 19:
            assert "over 1,048,576 paths" in str(explain(y, x))
        if k == 99:
            assert "over 1.3e+30 paths" in str(explain(y, x))
    found = explain(y, x)
    assert found.path_count == 10**100
    assert "over more than 1e+100 paths" in str(found)
    assert str(found).count("…") > 2
    assert found.value == pytest.approx(gradient(y, x), rel=1e-12)


@pytest.mark.slow
def test_long_chains_show_their_ends() -> None:
    x = Value(1.0, label="x")
    y = x
    for _ in range(20_000):
        y = autograd.sin(y)
    found = explain(y, x)
    assert [factor is None for factor in found.paths[0].factors] == [False] * 6 + [True] + [False] * 6
    assert found.value == pytest.approx(gradient(y, x), rel=1e-12)
    assert "· … ·" in str(found)
    assert "…" in found.latex


def test_an_expression_of_many_nodes_is_one_factor() -> None:
    x = Value(1.0, label="x")
    y = x * 2
    for k in range(1200):
        y = y + k
    found = explain(tanh(y / 1e6) * 3, x)
    assert "z = …" in str(found)
    assert found.value == pytest.approx(gradient(tanh(y / 1e6) * 3, x), rel=1e-12)


def test_arrays_show_what_becomes_of_the_gradient() -> None:
    X = Tensor([[0.5, -1.0], [1.0, 2.0]], label="X")
    W = Tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], label="W")
    b = Tensor([0.0, 0.1, 0.2], label="b")
    loss = autograd.square(tanh(X @ W + b) - np.arange(6.0).reshape(2, 3)).mean()
    found = explain(loss, W)
    np.testing.assert_allclose(found.value, gradient(loss, W), rtol=1e-12)
    text = str(found)
    assert "dJ/dW = dJ/dy2 · dy2/dz2 · dz2/dy1 · dy1/dz1 · dz1/dW" in text
    assert re.search(r"dy1/dz1 +g \* \(1 - y1 \* y1\)", text)
    assert re.search(r"dz1/dW +X\.T @ g", text)
    assert "z1 = X @ W + b" in text
    assert "c = [[0, 1, 2], [3, 4, 5]]" in text
    assert r"X^{\top} \, g" in found.latex
    np.testing.assert_allclose(explain(loss, b).value, gradient(loss, b), rtol=1e-12)
    assert re.search(r"dz1/db +sum\(g, axis=0\)", str(explain(loss, b)))


def test_arrays_along_many_paths() -> None:
    w = Tensor(np.linspace(-1, 1, 8), label="w")
    y = w
    for _ in range(4):
        y = tanh(y) + sigmoid(y)
    found = explain(y.sum(), w)
    assert (found.path_count, found.listed) == (16, False)
    assert "of shape (8,)" in str(found).splitlines()[0]
    assert "16 × 8" in str(found)
    np.testing.assert_allclose(found.value, gradient(y.sum(), w), rtol=1e-12)
    single = Tensor([[1.0]], label="w")
    loss = (single * Tensor([[3.0]])).sum() + Value(1.0)
    np.testing.assert_allclose(explain(loss, single).value, [[3.0]])


def test_from_tensors_to_values() -> None:
    t, v = Tensor([1.0, 2.0], label="t"), Value(3.0, label="v")
    loss = autograd.item(t.sum()) * v
    np.testing.assert_allclose(explain(loss, t).value, [3.0, 3.0])
    assert explain(loss, v).value == 3.0


def test_an_array_that_is_used_twice() -> None:
    t = Tensor([1.0, 2.0], label="t")
    held = t.data
    loss = (t * t).sum()
    held[:] = 0.0
    found = explain(loss, t)
    assert found.value.tolist() == [2.0, 4.0]
    assert "g * t + g * t" in str(found)


def test_an_operation_of_ones_own() -> None:
    cube = primitive("cube", lambda xp, x: x * x * x, lambda g, out, x: g * 3 * x * x)
    norm = primitive("size", lambda xp, x: xp.abs(x), lambda g, out, x: g * x / out, written="‖{0}‖")
    bare = primitive("bare", lambda xp, x: xp.sin(x), lambda g, out, x: g * math.cos(x))
    both = primitive("both", lambda xp, x: xp.abs(x), lambda g, out, x: g * ((x > 0) & (x < 9)))
    x = Value(2.0, label="x")
    assert "3 * x * x" in str(explain(cube(x) + 1, x))
    assert r"3 \, x \, x" in explain(cube(x) + 1, x).latex
    found = explain(norm(x) * 2, x)
    assert "J = (‖x‖) * 2 = 4" in str(found)
    assert r"\mathrm{(‖}x\mathrm{‖)" in found.latex
    # What cannot be run on symbols has its number all the same.
    found = explain(bare(x), x)
    assert found.value == math.cos(2.0)
    assert "dJ/dx at bare(x)" in str(found)
    assert local(both(x), 0, {}).data == 1.0
    # Comparisons are recorded as far as a rule allows.
    for rule, formula in (
        (lambda g, out, x: autograd.where(x >= 1, g, 0.0), "where(x >= 1, 1, 0)"),
        (lambda g, out, x: autograd.where(x < 1, g, 0.0), "where(x < 1, 1, 0)"),
        (lambda g, out, x: autograd.where(x <= 1, g, 0.0), "where(x <= 1, 1, 0)"),
    ):
        assert local(primitive("step", lambda xp, x: x, rule)(x), 0, {}).text == formula
    t = Tensor([1.0, 20.0], label="t")
    assert local(both(t), 0, {}).data.tolist() == [1.0, 0.0]
    found = explain(both(t).sum(), t)
    assert found.value.tolist() == [1.0, 0.0]
    assert "g * [True, False]" in str(found)


def test_settings_of_the_caller_do_not_matter() -> None:
    loss, w1 = perceptron()
    with no_grad(), detect_anomaly():
        assert str(explain(loss, w1)) == PERCEPTRON
    x = Tensor([0.0], label="x")
    with np.errstate(all="ignore"):
        loss = autograd.log(x).sum()
    with np.errstate(all="raise"):
        assert explain(loss, x).value.tolist() == [math.inf]


def test_data_that_changed_since() -> None:
    w, x = Value(3.0, label="w"), Value(2.0, label="x")
    loss = (w * x) ** 2 + w * x
    w.data = 100.0
    assert explain(loss, x).value == 2 * 6 * 3 + 3


def test_the_loss_by_itself_and_what_no_gradient_passes() -> None:
    x = Value(2.0, label="x")
    loss = tanh(autograd.floor(x))
    assert str(explain(loss, loss)) == "dJ/dJ = 1, the loss itself\n\n  J = 0.964028"
    assert explain(x, x).latex.count("partial x") == 2
    found = explain(loss, x)
    assert found.value == 0.0
    assert "= (1 - J * J) · " in str(found)


HOSTILE = r"""</td><script>alert(1)</script>\end{array}$$\href{javascript:alert(1)}{x}&#%~^_{}'"`""" + "\n\x00\u202e"


@pytest.mark.parametrize("cut", range(0, len(HOSTILE), 7))
def test_hostile_labels_are_text(cut: int) -> None:
    x = Value(2.0, label=HOSTILE[cut:])
    y = tanh(x * 3)
    y.label = HOSTILE[cut:] * 100
    found = explain(y**2, x)
    for shown in (found.latex, found._repr_mimebundle_()["text/latex"][3:-3]):
        assert set(re.findall(r"\\[a-zA-Z]+", shown)) <= {
            r"\begin", r"\end", r"\dfrac", r"\partial", r"\mathrm", r"\quad", r"\color", r"\cdot", r"\left",
            r"\right", r"\tanh", r"\backslash", r"\lt", r"\gt", r"\wedge", r"\sim", r"\times",
        }  # fmt: skip
        assert "$" not in shown
        assert re.sub(r"\\[{}]", "", shown).count("{") == re.sub(r"\\[{}]", "", shown).count("}")
    assert all(line.isprintable() for line in str(found).splitlines())


def test_all_forms_show_the_same() -> None:
    loss, w1 = perceptron()
    found = explain(loss, w1)
    bundle = found._repr_mimebundle_()
    assert bundle["text/plain"] == PERCEPTRON == repr(found)
    assert bundle["text/latex"] == f"$$\n{found.latex}\n$$"
    assert found._repr_html_() == bundle["text/html"].replace(' hidden=""', "") != bundle["text/html"]
    assert (
        r"2 \, \left(\hat{y} - 1\right) &{}\cdot{}& \hat{y} \, \left(1 - \hat{y}\right) &{}\cdot{}& x_{1}"
        in found.latex
    )
    for number in ("-1.99505", "0.00246651", "0.00492082"):
        assert number in found.latex
    colors = [factor.color for factor in found.paths[0].factors if factor]
    for color in colors:
        assert (rf"\color{{{color}}}" in found.latex) == (color not in ("#141452", "#5a2a00"))


def test_mistakes_are_told() -> None:
    x, other = Value(1.0, label="x"), Value(1.0, label="other")
    with pytest.raises(ValueError, match="the loss was not computed from other: wrt must be a node of its graph"):
        explain(x * 2, other)
    with pytest.raises(ValueError, match="the loss was not computed from multiply"):
        explain(x * 2, x * 2)
    with pytest.raises(TypeError, match=r"explain takes a loss and the node .* loss is 3 of type int"):
        explain(3, x)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="wrt is 'x' of type str"):
        explain(x * 2, "x")  # type: ignore[arg-type]
    t = Tensor([1.0, 2.0])
    with pytest.raises(ValueError, match=r"explain needs a scalar loss; the shape is \(2,\)"):
        explain(t * 2, t)


def test_an_array_of_ones_is_a_matrix_in_a_product_of_matrices() -> None:
    W = Tensor([[0.5, 0.5], [0.5, 0.5]], label="W")
    text = str(explain((np.ones((8, 2)) @ W * np.full((8, 2), 3.0)).mean(), W))
    assert "c.T @ " in text
    assert "1 @" not in text
    assert "* 3" in text


def test_the_colours_of_latex_can_be_read_on_black() -> None:
    x = h = Value(0.5, label="x")
    for k in range(8):
        h = tanh(h)
        h.label = f"h{k}"
    used = set(re.findall(r"\\color\{#(\w+)\}", explain(h, x).latex))
    assert len(used) == 3
    for colour in used:
        channels = [int(colour[k : k + 2], 16) / 255 for k in (0, 2, 4)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        assert (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05) / 0.05 >= 3


@pytest.mark.parametrize("text", ["x" * 100, "\ud800 b", "(" * 300, "a b " * 30, " " + "y" * 100])
def test_an_operation_may_be_written_in_any_way(text: str) -> None:
    odd = primitive("odd", lambda xp, x: x * x, lambda g, out, x: g * 2 * x, written=lambda x: text)
    x = Value(2.0, label="x")
    loss = odd(x) * 3
    try:
        shown = explain(loss, x)
        assert shown.value == 12.0
        assert max(map(len, str(shown).splitlines())) < 150
        assert "12" in shown.latex
        assert len(autograd.steps(loss)) > 2
    finally:
        del autograd.TABLE["odd"]
