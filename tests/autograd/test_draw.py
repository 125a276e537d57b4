"""Drawings: their structure, every format and program, what is folded, and that labels stay text."""

from __future__ import annotations

import base64
import json
import pickle
import re
import shutil
import sys
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.image import imread
from matplotlib.textpath import TextPath

import autograd
from autograd import Replay, Tensor, Value, draw, exp, primitive, relu, sigmoid, tanh, topological_sort, weighted_sum
from autograd._views.draw import draw as _draw
from autograd._views.draw import layout as _graphviz
from autograd._views.groups import places
from autograd.picture import figure as _figure
from autograd.picture.shapes import _corners, clean, text_width
from nn import MLP, BatchNorm, Conv1d, Layer, LayerNorm, Perceptron, Sequential, cross_entropy, hinge, load, mse, save

SVG = "{http://www.w3.org/2000/svg}"
PURE = shutil.which("graphviz-pure", path=str(Path(sys.executable).parent)) or shutil.which("graphviz-pure")
PROGRAMS = [program for program in (shutil.which("dot"), PURE) if program]


def perceptron() -> Any:
    """The seminar's own: g(1 + 3 x1 - 2 x2) at (-1, 2)."""
    w0, w1, w2 = Value(1.0, label="w0"), Value(3.0, label="w1"), Value(-2.0, label="w2")
    x1, x2 = Value(-1.0, label="x1"), Value(2.0, label="x2")
    z = w0 + w1 * x1 + w2 * x2
    y_hat = sigmoid(z)
    loss = (y_hat - 1) ** 2
    z.label, y_hat.label, loss.label = "z", "y_hat", "J"
    loss.backward()
    return loss


def network(n_in: int = 2, sizes: tuple[int, ...] = (3, 1), activation: Any = "tanh") -> Any:
    loss = (MLP(n_in, list(sizes), activation, seed=0)([0.5, -1.0][:n_in]) - 1) ** 2
    loss.backward()
    return loss


def loss_of_samples(sizes: list[int], **settings: Any) -> Any:
    model = MLP(2, sizes, seed=0, **settings)
    X = [[k / 40, 1 - k / 20] for k in range(40)]
    return mse(model(X) if settings else [model(x) for x in X], [1.0] * 40)


def chain(n: int) -> Value:
    y = Value(0.5)
    for _ in range(n):
        y = tanh(y)
    return y


def sums(n: int, terms: int) -> Value:
    """Return the last of n sums, each of the numbers before it: few numbers, many arrows."""
    numbers = [Value(1.0 * k) for k in range(terms)]
    for _ in range(n):
        numbers.append(weighted_sum([1.0, *(x for number in numbers[-terms:] for x in (number, 0.1))]))
    return numbers[-1]


class Seen:
    """What is in an SVG: groups by id with their kinds, texts and titles."""

    def __init__(self, svg: str) -> None:
        self.root = ET.fromstring(svg)
        assert self.root.tag == f"{SVG}svg"
        self.groups = list(self.root.iter(f"{SVG}g"))
        self.by_id = {group.get("id"): group for group in self.groups if group.get("id")}
        assert len(self.by_id) == sum(group.get("id") is not None for group in self.groups), "an id stands twice"

    def of(self, kind: str) -> list[Any]:
        return [group for group in self.groups if kind in group.get("class").split()]

    def ids(self, kind: str) -> set[str]:
        return {group.get("id") for group in self.of(kind)}


def texts(group: Any) -> list[str]:
    return ["".join(text.itertext()) for text in group.iter(f"{SVG}text")]


def title(group: Any) -> str:
    return group.findtext(f"{SVG}title") or ""


def seen_places(root: Any) -> list[Any]:
    """Return the place of each node in order."""
    order = topological_sort(root)
    found = places(order)
    return [found.get(node, ()) for node in order]


def seen(root: Any, **settings: Any) -> Seen:
    return Seen(draw(root, **settings).svg)


class TestGraph:
    def test_every_kind_of_node_has_its_place_and_its_look(self) -> None:
        loss = perceptron()
        picture = seen(loss)
        order = topological_sort(loss)
        position = {node.label: f"n{k}" for k, node in enumerate(order) if node.label}
        assert picture.ids("parameter") == {position["w0"], position["w1"], position["w2"]}
        assert picture.ids("input") == {position["x1"], position["x2"]}
        assert picture.ids("root") == {position["J"]}
        assert picture.ids("result") == {f"n{k}" for k, node in enumerate(order[:-1]) if node.op}
        assert picture.ids("operation") == {f"n{k}-op" for k, node in enumerate(order) if node.op}
        assert [texts(group) for group in picture.of("constant")] == [["1"], ["2"]]
        # Told apart without colour: a thick, a rounded, a dashed and a double border; circles.
        first = {kind: picture.of(kind)[0].find(f"{SVG}rect") for kind in ("parameter", "input", "constant", "result")}
        assert [kind for kind, rect in first.items() if rect.get("stroke-width")] == ["parameter"]
        assert [kind for kind, rect in first.items() if rect.get("rx")] == ["input"]
        assert [kind for kind, rect in first.items() if rect.get("stroke-dasharray")] == ["constant"]
        assert len(picture.of("root")[0].findall(f"{SVG}rect")) == 2
        assert all(group.find(f"{SVG}ellipse") is not None for group in picture.of("operation"))

    def test_arrows_lead_from_arguments_to_operations_to_results(self) -> None:
        a, b = Value(2.0, label="a"), Value(3.0, label="b")
        picture = seen(exp(b - a * b) + 1.5)
        assert [node.label or node.op.name for node in topological_sort(b - a * b)] == [
            "b",
            "a",
            "multiply",
            "subtract",
        ]
        arrows = {"e1-2-0", "e0-2-1", "e2", "e0-3-0", "e2-3-1", "e3", "e3-4-0", "e4", "e4-5-0", "ec0-5-1", "e5"}
        assert picture.ids("edge") == arrows
        assert all(group.find(f"{SVG}path") is not None for group in picture.of("edge"))

    def test_a_node_tells_label_data_gradient_and_operation(self) -> None:
        loss = perceptron()
        picture = seen(loss)
        k = {node.label: k for k, node in enumerate(topological_sort(loss)) if node.label}
        assert texts(picture.by_id[f"n{k['w1']}"]) == ["w1", "data", "3", "grad", "0.00492082"]
        assert texts(picture.by_id[f"n{k['y_hat']}"]) == ["ŷ", "data", "0.00247262", "grad", "−1.99505"]
        assert texts(picture.by_id[f"n{k['y_hat']}-op"]) == ["sigmoid"]
        assert {title(group).partition(" = ")[2] for group in picture.of("operation")} >= {"w1 * x1", "sigmoid(z)"}
        # On hovering, all digits.
        w1 = next(node for node in topological_sort(loss) if node.label == "w1")
        assert title(picture.by_id[f"n{k['w1']}"]) == f"w1 (parameter)\ndata 3.0\ngrad {w1.grad!r}"
        classes = {text.get("class"): text.text for text in picture.by_id[f"n{k['z']}"].iter(f"{SVG}text")}
        assert (classes["data"], classes["grad"]) == ("−6", "−0.00492082")

    @pytest.mark.parametrize(
        ("label", "small"),
        [
            ("w1", ["1"]),
            ("w(1)_2,3", ["(1)", "2,3"]),
            ("x_12", ["12"]),
            ("h_t", ["t"]),
            ("y_hat_2", ["2"]),
            ("w", []),
            ("loss", []),
            ("my loss", []),
            ("w1 + 2", []),
            ("w(<b>)_1", []),
            ("x_train", []),
        ],
    )
    def test_indices_are_set_as_such(self, label: str, small: list[str]) -> None:
        picture = seen(Value(1.0, label=label) * 2)
        heading = picture.by_id["n0"].find(f"{SVG}text")
        assert [part.text for part in heading.iter(f"{SVG}tspan")] == small
        expected = label.replace("_hat", "\u0302").replace("y\u0302", "ŷ")
        assert "".join(heading.itertext()) == (expected.replace("_", "") if small else expected)

    def test_arrays_tell_their_shape_and_their_range(self) -> None:
        X = np.arange(20.0).reshape(2, 10)
        loss = (Tensor([[1.0, 2.0]], label="w") @ X).sum(axis=1).sum()
        loss.backward()
        picture = seen(loss)
        assert texts(picture.by_id["n0"]) == ["w", "data", "[[1, 2]]", "grad", "[[45, 145]]"]
        assert texts(picture.by_id["c0"]) == ["shape", "2 × 10", "data", "0 … 19"]
        assert texts(picture.by_id["n1"]) == ["shape", "1 × 10", "data", "20 … 47", "grad", "1"]
        assert texts(picture.by_id["n2-op"]) == ["sum", "axis=1"]
        assert title(picture.by_id["c0"]).startswith("constant [[0.0, 1.0, 2.0, ")
        large = seen(Tensor(X) * np.ones((10, 2, 10)))
        assert title(large.by_id["n1"]) == "root\ndata 0 … 19\ngrad ?"
        assert texts(seen(Tensor(np.zeros((0, 3))) * 2).by_id["n0"]) == ["data", "[]", "grad", "?"]
        assert texts(seen(Tensor([np.nan] * 9) * 2).by_id["n0"])[:4] == ["shape", "9", "data", "nan … nan"]

    def test_settings_that_are_long_stand_in_the_title_alone(self) -> None:
        picture = seen(Tensor(np.ones((4, 4)))[np.array([0, 1]), np.array([1, 2])])
        assert texts(picture.by_id["n1-op"]) == ["getitem"]
        assert "n0[[0, 1], [1, 2]]" in title(picture.by_id["n1-op"])

    def test_a_leaf_is_drawn_alone(self) -> None:
        picture = seen(Value(2.0, label="w"))
        assert picture.ids("node") == {"n0"}
        assert repr(draw(Value(2.0))) == "<graph of 1 number; .save('graph.svg') writes it>"

    def test_few_leaves_stand_on_the_left(self) -> None:
        for n, columns in ((12, 1), (13, 12)):
            total: Any = Value(0.0)
            for _ in range(n - 1):
                total = total + Value(1.0)
            picture = seen(total)
            places = {_x(group) for group in picture.of("input")}
            assert len({round(x) for x in places}) == columns

    def test_an_argument_used_twice_has_two_arrows(self) -> None:
        x = Value(3.0, label="x")
        assert seen(x * x).ids("edge") == {"e0-1-0", "e0-1-1", "e1"}

    def test_an_own_primitive_is_drawn_like_any_other(self) -> None:
        far = primitive(
            "far_far_away", lambda xp, a, *, by=1.0: a * by, lambda g, out, a, by=1.0: g * by, written="{0} @@ {by}"
        )
        strange = primitive("_", lambda xp, a: a + 0.0, lambda g, out, a: g)
        y = strange(far(Value(2.0, label="x"), by=3.0))
        y.backward()
        picture = seen(y, gradients=True)
        assert texts(picture.by_id["n1-op"]) == ["far", "far", "away", "by=3.0"]
        assert title(picture.by_id["n1-op"]) == "n1 = x @@ 3.0"
        assert texts(picture.by_id["n2-op"]) == ["_"]
        assert title(picture.by_id["e0-1-0"]) == "gradient 3.0"

    def test_the_same_graph_gives_the_same_drawing(self) -> None:
        assert draw(perceptron()).dot == draw(perceptron()).dot
        assert draw(perceptron()).svg == draw(perceptron()).svg

    def test_a_drawing_shows_the_moment_it_was_made(self) -> None:
        w = Value(2.0, label="w")
        drawing = draw(w * 3)
        w.data = 7.0
        assert "2" in texts(Seen(drawing.svg).by_id["n0"])

    def test_all_shapes_lie_on_the_sheet(self) -> None:
        for drawing in (draw(perceptron(), gradients=True), draw(network(), fold="perceptron"), draw(network())):
            picture = drawing.picture
            for group in picture.groups:
                for shape in group.shapes:
                    for x, y in _corners(shape):
                        assert 0 <= group.x + x <= picture.width
                        assert 0 <= group.y + y <= picture.height


class TestColours:
    @pytest.mark.slow
    def test_neighbours_on_a_path_differ(self) -> None:
        order = topological_sort(network(2, (4, 4, 1)))
        colour = _draw.colors(order)
        for node in order:
            for parent in node.inputs:
                if isinstance(parent, Value) and parent.op:
                    assert colour[node] != colour[parent]
        picture = seen(order[-1])
        k, first = next((k, node) for k, node in enumerate(order) if node.op)
        (arrow,) = (name for name in picture.by_id if re.fullmatch(rf"e\d+-{k}-0", name))
        assert picture.by_id[arrow].find(f"{SVG}path").get("stroke") == colour[first]

    def test_they_can_be_read_as_text_on_white(self) -> None:
        for colour in _draw.PALETTE:
            channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
            linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
            assert 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05) >= 4.5


class TestGradients:
    def test_what_flows_into_a_leaf_adds_up_to_its_gradient(self) -> None:
        for loss in (perceptron(), network(2, (4, 3, 1), relu)):
            order = topological_sort(loss)
            flow = _draw.flows(order)
            arriving: dict[Any, float] = {}
            for node in order:
                for position, parent in enumerate(node.inputs):
                    if isinstance(parent, Value):
                        arriving[parent] = arriving.get(parent, 0.0) + flow[node, position]
                    else:
                        assert (node, position) not in flow
            for node, total in arriving.items():
                assert total == pytest.approx(node.grad, abs=1e-15)
                if node.op:
                    assert flow[node, None] == node.grad

    def test_sign_and_size_are_colour_and_width(self) -> None:
        x, y = Value(1.0, label="x"), Value(1.0, label="y")
        picture = seen(x * 8.0 - y * 0.01 + Value(0.5) * 0.0, gradients=True)
        order = {title(group).removeprefix("gradient "): group.find(f"{SVG}path") for group in picture.of("edge")}
        strong, weak, zero = order["8.0"], order["-0.01"], order["0.0"]
        assert float(strong.get("stroke-width")) > float(weak.get("stroke-width")) >= 1
        red, blue = (int(strong.get("stroke")[k : k + 2], 16) for k in (1, 5))
        assert blue > red
        red, blue = (int(weak.get("stroke")[k : k + 2], 16) for k in (1, 5))
        assert red > blue
        assert [line.get("stroke-dasharray") for line in (strong, weak, zero)] == [None, "7 4", "2 3"]
        assert texts(picture.by_id["legend"]) == [
            "gradient that flows back along an arrow", "−8", "−0.08", "0", "0.08", "8",
        ]  # fmt: skip
        assert "legend" not in seen(x * 8.0).by_id

    def test_constants_get_no_gradient(self) -> None:
        picture = seen(Value(1.0) * 2.0, gradients=True)
        assert title(picture.by_id["ec0-1-1"]) == ""
        assert picture.by_id["ec0-1-1"].find(f"{SVG}path").get("stroke-dasharray") is None

    def test_what_is_no_number_stands_out(self) -> None:
        x = Value(0.0, label="x")
        picture = seen(x**0.5 + Value(float("nan")) * x, gradients=True)
        strokes = {title(group): group.find(f"{SVG}path").get("stroke") for group in picture.of("edge")}
        assert strokes["gradient inf"] == "#1769b5"
        assert strokes["gradient nan"] == "#000000"

    def test_gradients_that_are_all_zero(self) -> None:
        picture = seen(autograd.floor(Value(1.5)) * 0.0, gradients=True)
        assert texts(picture.by_id["legend"])[1:] == ["−1", "−0.01", "0", "0.01", "1"]
        picture = seen(network(), gradients=True, fold="layer")
        assert "legend" in picture.by_id

    def test_of_an_array_the_largest_element_is_told(self) -> None:
        t = Tensor([1.0, -5.0, 2.0])
        picture = seen((t * np.array([1.0, -3.0, 2.0])).sum(), gradients=True)
        assert title(picture.by_id["e0-1-0"]) == "gradient -3.0"
        assert _draw._largest(np.zeros(0)) == 0.0

    def test_only_a_scalar_has_gradients(self) -> None:
        with pytest.raises(ValueError, match=r"gradients need a scalar; the shape is \(2,\)"):
            draw(Tensor([1.0, 2.0]) * 2, gradients=True)

    def test_drawing_them_leaves_the_graph_alone(self) -> None:
        loss = perceptron()
        before = [node.grad for node in topological_sort(loss)]
        draw(loss, gradients=True)
        assert [node.grad for node in topological_sort(loss)] == before


class TestFolding:
    def test_layers_become_boxes(self) -> None:
        picture = seen(network(2, (16, 16, 1)), fold="layer")
        assert picture.ids("folded") == {"g-layer-1", "g-layer-2", "g-layer-3"}
        assert texts(picture.by_id["g-layer-2"]) == ["layer 2", "parameters", "272"]
        assert texts(picture.by_id["g-layer-3"])[:4] == ["layer 3", "parameters", "17", "data"]
        assert {"ec0-g-layer-1", "ec1-g-layer-1", "eg-layer-1-g-layer-2", "eg-layer-2-g-layer-3"} < picture.ids("edge")
        assert picture.of("parameter") == []
        assert len(picture.of("root")) == 1

    @pytest.mark.slow
    def test_perceptrons_become_boxes_in_their_layers(self) -> None:
        picture = seen(network(2, (16, 16, 1)), fold="perceptron")
        assert len(picture.of("folded")) == 33
        assert [title(frame) for frame in picture.of("cluster")] == ["layer 1", "layer 2", "layer 3"]
        assert len([name for name in picture.ids("edge") if "g-layer-1" in name and "g-layer-2" in name]) == 256
        height = {k: _y(picture.by_id[f"g-layer-1-perceptron-{k}"]) for k in range(1, 17)}
        assert sorted(height, key=height.__getitem__) == list(range(1, 17))

    def test_open_networks_have_frames(self) -> None:
        picture = seen(network())
        names = ["layer 1", *(f"layer 1 perceptron {k}" for k in (1, 2, 3)), "layer 2", "layer 2 perceptron 1"]
        assert [title(frame) for frame in picture.of("cluster")] == names

    @pytest.mark.slow
    @pytest.mark.parametrize("program", PROGRAMS)
    def test_weights_and_perceptrons_stand_in_order(self, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
        monkeypatch.setenv("GLASSGRAD_DOT", program)
        model = MLP(2, [4, 11, 1])
        loss = model([0.5, -1.0]) * 2
        picture = seen(loss)
        number = {node: k for k, node in enumerate(topological_sort(loss))}
        heights = [
            _y(picture.by_id[f"n{number[w]}"])
            for layer in model.layers
            for perceptron in layer.perceptrons
            for w in (perceptron.w0, *perceptron.w)
        ]
        for first, last in ((0, 12), (12, 12 + 55), (12 + 55, 79)):
            assert heights[first:last] == sorted(heights[first:last])

    @pytest.mark.parametrize("program", PROGRAMS)
    def test_perceptrons_that_no_other_follows_stand_in_order(
        self, monkeypatch: pytest.MonkeyPatch, program: str
    ) -> None:
        monkeypatch.setenv("GLASSGRAD_DOT", program)
        model = MLP(2, [3, 2])
        first, second = model([0.5, -1.0])
        loss = first + second
        picture = seen(loss)
        number = {node: k for k, node in enumerate(topological_sort(loss))}
        for layer in model.layers:
            heights = [_y(picture.by_id[f"n{number[perceptron.w0]}"]) for perceptron in layer.perceptrons]
            assert heights == sorted(heights)

    def test_batches_fold_their_inputs_and_their_loss(self) -> None:
        X = [[float(k), 1.0] for k in range(20)]
        loss = hinge(MLP(2, [3, 1])(X), [1, -1] * 10)
        picture = seen(loss, fold="layer")
        assert picture.ids("folded") == {"g-inputs", "g-layer-1", "g-layer-2", "g-loss"}
        assert texts(picture.by_id["g-inputs"]) == ["inputs", "numbers", "40"]
        assert {"eg-inputs-g-layer-1", "eg-layer-2-g-loss"} < picture.ids("edge")
        assert texts(picture.by_id["g-loss"])[:3] == ["loss", "operations", "79"]
        nodes = seen(hinge(MLP(2, [3, 1])([[Value(x) for x in row] for row in X]), [1, -1] * 10), fold="layer")
        assert texts(nodes.by_id["g-inputs"]) == ["inputs", "numbers", "40"]

    def test_networks_of_tensors_fold_too(self) -> None:
        model = MLP(8, [5, 3], of=Tensor)
        loss = cross_entropy(model(np.ones((4, 8))), [0, 1, 2, 0])
        loss.backward()
        picture = seen(loss, fold="layer", gradients=True)
        assert picture.ids("folded") == {"g-layer-1", "g-layer-2"}
        assert texts(picture.by_id["g-layer-1"])[:5] == ["layer 1", "parameters", "45", "shape", "4 × 5"]
        assert {texts(group)[0] for group in picture.of("operation")} == {"log", "getitem", "mean", "−"}
        assert title(picture.by_id["eg-layer-1-g-layer-2"]).startswith("gradient ")
        with pytest.raises(ValueError, match=r"no perceptrons to fold.*of=Tensor.*model.to\(Value\)"):
            draw(loss, fold="perceptron")

    def test_the_strongest_gradient_stands_for_all(self) -> None:
        w = Value(1.0, label="w")
        w.mark = "1", "1", "weight"
        x = Value(2.0, label="x")
        picture = seen((w * x + w * x * 5) * 1.0, fold="layer", gradients=True)
        assert (
            title(picture.by_id["e1-g-layer-1"] if "e1-g-layer-1" in picture.by_id else picture.by_id["e0-g-layer-1"])
            == "gradient 5.0"
        )

    def test_what_cannot_be_folded_is_told(self) -> None:
        with pytest.raises(ValueError, match=r"nothing to fold: no layer of nn.*Layer\(2, 3, number=1\)"):
            draw(perceptron(), fold="layer")
        with pytest.raises(ValueError, match="fold must be 'layer', 'perceptron' or None; got 'neuron'"):
            draw(perceptron(), fold="neuron")

    @pytest.mark.parametrize("activation", ["relu", "silu", "gelu", "leaky_relu", "softmax"])
    def test_operations_between_layers_belong_to_the_first(self, activation: str) -> None:
        loss = (MLP(2, [3, 1], activation)([0.5, -1.0]) - 1) ** 2
        order = topological_sort(loss)
        found = places(order)
        outside = [node for node in order if node not in found]
        assert [node.op.name for node in outside] == ["subtract", "pow"]
        assert {place[0] for place in found.values()} == {"layer 1", "layer 2"}

    def test_the_last_activation_belongs_to_its_layer_and_the_loss_to_none(self) -> None:
        model = Sequential(Layer(2, 2, "tanh"), Layer(2, 1, "sigmoid"))
        (y_hat,) = model([1.0, 2.0])
        loss = -autograd.log(y_hat * 1.0)
        found = places(topological_sort(loss))
        assert found[y_hat] == ("layer 2", "perceptron 1")
        assert loss.inputs[0] not in found
        assert y_hat.inputs[0] in found

    def test_what_is_drawn_stands_by_itself(self) -> None:
        y_hat = MLP(2, [3, 1], "tanh", "sigmoid")([0.5, -1.0])
        picture = seen(y_hat, fold="layer")
        assert len(picture.of("root")) == 1
        assert len(picture.of("operation")) == 1

    def test_a_connection_that_skips_a_layer_ends_in_the_later_one(self) -> None:
        first, second, third = (Layer(2, 2, "tanh", number=k) for k in (1, 2, 3))
        h1 = first([0.5, -1.0])
        joined = [a + b for a, b in zip(h1, second(h1))]
        found = places(topological_sort(sum(third(joined))))
        assert found[joined[0]] == ("layer 2", "perceptron 1")

    def test_samples_that_share_a_number_are_told_apart(self) -> None:
        zero = 0.0
        y = [x * 1.5 for row in Layer(2, 2)([[zero, 1.0], [zero, 2.0]]) for x in row]
        constants = [texts(group) for group in seen(sum(y)).of("constant")]
        assert constants.count(["x1", "data", "0"]) == 2
        assert constants.count(["0"]) == 1  # the start of the sum
        assert constants.count(["x2", "data", "1"]) == constants.count(["x2", "data", "2"]) == 1

    def test_inputs_without_a_label_have_the_names_of_the_course(self) -> None:
        x = [Value(0.5), Value(-1.0, label="price"), 2.0]
        picture = seen(MLP(3, [2, 1])(x))
        names = [texts(group)[0] for kind in ("input", "constant") for group in picture.of(kind)]
        assert sorted(names) == ["price", "x1", "x3"]
        assert "x1 (input)" in title(picture.of("input")[0])
        assert any("x1 * " not in title(group) and " * x1 + " in title(group) for group in picture.of("operation"))
        samples = np.ones((5, 3))
        for batch, model, name in (
            (samples, MLP(3, [2], of=Tensor), "X"),
            (samples[0], MLP(3, [2], of=Tensor), "x"),
            (Tensor(samples[None]), Conv1d(5, 1, 2), "X"),
        ):
            drawn = seen(model(batch).sum())
            names = [texts(group)[0] for kind in ("input", "constant") for group in drawn.of(kind)]
            assert names.count(name) == 1
        # Whose weight is no layer's, and what is no input of one, has no name of its own.
        assert texts(seen(Value(2.0) * 3.0).of("input")[0])[0] == "data"

    def test_a_gradient_that_was_never_computed_is_unknown(self) -> None:
        def gradients(picture: Seen) -> list[str]:
            return [rows[rows.index("grad") + 1] for g in picture.groups if "grad" in (rows := texts(g))]

        x, y = Value(2.0), Value(0.0)
        product = x * y
        loss = product + 1
        assert set(gradients(seen(loss))) == {"?"}
        assert all(title(group).endswith("grad ?") for group in seen(loss).of("input"))
        loss.backward()
        assert gradients(seen(loss)) == ["0", "2", "1", "1"]
        assert gradients(seen(product)) == ["0", "2", "1"]
        # Another graph of the same leaves: theirs are known, the others not.
        assert gradients(seen(tanh(y))) == ["2", "?"]
        loss.zero_grad()
        for leaf in (x, y):
            leaf.zero_grad()
        assert gradients(seen(tanh(y * 2))) == ["?", "?", "?"]
        t = Tensor([1.0, 0.0])
        assert gradients(seen(t * 2)) == ["?", "?"]
        (t * t).sum().backward()
        assert gradients(seen(t * 2)) == ["[2, 0]", "?"]
        model = MLP(2, [2, 1])
        loss = mse(model([1.0, 2.0]), 1.0)
        assert "?" in gradients(seen(loss, fold="perceptron"))
        loss.backward()
        assert "?" not in gradients(seen(loss, fold="perceptron"))

    def test_what_two_perceptrons_share_belongs_to_the_layer(self) -> None:
        found = places(topological_sort(MLP(2, [2, 1], "softmax")([1.0, 2.0]) * 1))
        assert ("layer 1",) in found.values()

    def test_a_layer_without_a_number(self) -> None:
        loss = sum(Layer(2, 2)([1.0, 2.0]))
        assert [title(frame) for frame in seen(loss).of("cluster")] == [
            "layer",
            "layer perceptron 1",
            "layer perceptron 2",
        ]

    def test_layers_with_names_are_sorted_by_name(self) -> None:
        loss = Layer(1, 1, number="b")(Layer(1, 1, number="a")([2.0]))[0] * 1
        assert seen(loss, fold="layer").ids("folded") == {"g-layer-a", "g-layer-b"}
        assert [title(frame) for frame in seen(loss).of("cluster")][::2] == ["layer a", "layer b"]

    def test_a_label_builds_no_frame(self) -> None:
        w, x = Value(2.0, label="w(1)_3,2"), Value(1.0, label="x")
        assert seen(w * x * 2).of("cluster") == []
        with pytest.raises(ValueError, match="nothing to fold"):
            draw(w * x * 2, fold="layer")

    @pytest.mark.parametrize("of", [Value, Tensor])
    def test_the_softmax_of_the_loss_stands_in_no_layer(self, of: Any) -> None:
        logits = MLP(2, [3, 2], of=of, seed=0)([[0.5, -1.0]])
        found = places(topological_sort(cross_entropy(logits, [1])))
        assert {node.op.name for node in found if node.op} == (
            {"matmul", "add", "relu"} if of is Tensor else {"weighted_sum", "relu"}
        )

    def test_the_softmax_of_a_layer_stands_in_it(self) -> None:
        y_hat = MLP(2, [3, 2], output="softmax", of=Tensor)([0.5, -1.0])
        assert places(topological_sort(y_hat.sum()))[y_hat] == ("layer 2",)
        # A last axis of length 1 is taken away within the layer, too.
        y_hat = MLP(2, [3, 1], output="sigmoid", of=Tensor)([[0.5, -1.0]])
        assert places(topological_sort(y_hat.sum()))[y_hat] == ("layer 2",)

    def test_a_perceptron_of_a_layer_has_its_place_and_one_alone_has_none(self) -> None:
        one = Layer(2, 2, "tanh", number=1).perceptrons[1]
        y_hat = one([0.5, -1.0])
        assert places(topological_sort(y_hat * 1))[y_hat] == ("layer 1", "perceptron 2")
        assert places(topological_sort(Perceptron(2, "tanh")([0.5, -1.0]) * 1)) == {}
        one.w0 = 1.0
        assert isinstance(one([0.5, -1.0]), Value)

    def test_a_function_after_the_last_layer_belongs_to_it(self) -> None:
        (y_hat,) = Sequential(Layer(2, 1), lambda x: [tanh(x[0])])([0.5, -1.0])
        assert places(topological_sort(y_hat * 1))[y_hat] == ("layer 1", "perceptron 1")

    @pytest.mark.parametrize(
        "layer",
        [Conv1d(1, 1, 1, "tanh", number=1), BatchNorm(1, of=Tensor, number=1), LayerNorm(2, of=Tensor, number=1)],
        ids=repr,
    )
    def test_all_that_a_layer_does_to_its_parameters_stands_in_it(self, layer: Any) -> None:
        y = layer([[[1.0, 2.0]], [[3.0, 5.0]]])
        assert places(topological_sort(y.sum()))[y] == ("layer 1",)

    @pytest.mark.parametrize("layer", [BatchNorm(2, number=1), LayerNorm(2, number=1)], ids=repr)
    def test_neurons_that_are_normalised_have_frames(self, layer: Any) -> None:
        (first, second), _ = layer([[1.0, 2.0], [3.0, 5.0]])
        found = places(topological_sort(first + second))
        assert found[first] == ("layer 1", "perceptron 1")
        assert found[second] == ("layer 1", "perceptron 2")

    def test_parameters_with_other_labels_have_frames(self) -> None:
        model = MLP(2, [3, 1], "tanh", seed=0)
        before = seen(model([0.5, -1.0]) * 1)
        for parameter in model.parameters():
            parameter.label = "gain"
        after = seen(model([0.5, -1.0]) * 1)
        assert [title(frame) for frame in after.of("cluster")] == [title(frame) for frame in before.of("cluster")] != []
        assert len(after.of("parameter")) == len(before.of("parameter")) == 13

    def test_networks_from_files_and_copies_have_frames(self, tmp_path: Path) -> None:
        model = MLP(2, [3, 1], "tanh", "sigmoid", seed=0)
        save(tmp_path / "model.safetensors", model)
        expected = seen_places(model([0.5, -1.0]) * 2)
        assert ("layer 2", "perceptron 1") in expected
        for other in (load(tmp_path / "model.safetensors").model, deepcopy(model), pickle.loads(pickle.dumps(model))):
            assert seen_places(other([0.5, -1.0]) * 2) == expected
        assert seen_places(model.to(Tensor).to(Value)([0.5, -1.0]) * 2) == expected
        loss = model([0.5, -1.0]) * 2
        assert seen_places(deepcopy(loss)) == seen_places(pickle.loads(pickle.dumps(loss))) == expected

    @pytest.mark.parametrize("changed", [False, True])
    def test_what_a_replayed_step_keeps_has_frames(self, changed: bool) -> None:
        model = MLP(2, [3, 1], "tanh", "sigmoid", seed=0)
        expected = seen_places(model([0.5, -1.0]) * 2)
        run, kept = Replay(), []

        def step() -> Any:
            kept[:] = [model([0.5, -1.0])]
            return kept[0] * 2, None

        for _ in range(4):
            run(step, model.zero_grad)
        if changed:
            model.parameters()[0].data = 3.0
        assert run.compilations == 1
        assert seen_places(kept[0] * 2) == expected

    def test_a_layer_whose_name_is_no_word_has_no_frame(self) -> None:
        assert places(topological_sort(Layer(1, 1, number='1"]<b>')([1.0])[0] * 2)) == {}
        assert places(topological_sort(Layer(1, 1, number="x" * 13)([1.0])[0] * 2)) == {}

    def test_an_activation_that_returns_a_parameter_leaves_it_one(self) -> None:
        w = Value(1.0, label="w")
        w.mark = "1", "1", "weight"
        assert Layer(1, 1, lambda z: w, number=2)([1.0]) == [w]
        assert w.mark == ("1", "1", "weight")
        assert Layer(1, 1, lambda z: 3.0)([1.0]) == [3.0]

    def test_parameters_that_meet_constants_alone(self) -> None:
        w = Value(3.0, label="w(1)_1,1")
        picture = seen(w**2 + 1.0)
        assert len(picture.of("constant")) == 2


def _x(group: Any) -> float:
    return float(re.search(r"translate\((.*),.*\)", group.get("transform"))[1])


def _y(group: Any) -> float:
    return float(re.search(r"translate\(.*,(.*)\)", group.get("transform"))[1])


class TestLimits:
    def test_a_large_graph_is_refused_with_three_ways_out(self) -> None:
        y = Value(1.0)
        for _ in range(1000):
            y = y + 1.0
        with pytest.raises(
            ValueError, match=r"has 1,001 numbers; .* at most 1,000.*fold='layer'.*inner node.*of=Tensor"
        ):
            draw(y)
        assert "not drawn: a graph of 1,001 numbers is too large" in y._repr_mimebundle_()["text/plain"]

    @pytest.mark.slow
    def test_a_large_graph_may_be_too_large_even_when_folded(self) -> None:
        loss = MLP(1, [1001, 1])([1.0]) * 2
        with pytest.raises(ValueError, match="has 1,003 numbers even when folded"):
            draw(loss, fold="perceptron")
        assert len(draw(loss, fold="layer").picture.groups) > 5

    @pytest.mark.slow
    def test_a_notebook_shows_a_large_network_folded(self) -> None:
        shown = (MLP(1, [1001, 1])([1.0]) * 2)._repr_mimebundle_()
        assert "g-layer-1" in shown["image/svg+xml"]

    @pytest.mark.covers
    @pytest.mark.slow
    def test_a_notebook_says_what_is_too_large_in_every_form(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loss = MLP(2, [2, 1], seed=0)([1.0, 2.0]) * 2
        assert "image/svg+xml" in loss._repr_mimebundle_()
        monkeypatch.setattr("autograd._views.draw.draw.BYTES_IN_A_CELL", 0)
        shown = loss._repr_mimebundle_()
        assert set(shown) == {"text/plain"}
        assert "not drawn: a graph of 1" in shown["text/plain"]

    @pytest.mark.slow
    def test_337_open_parameters(self) -> None:
        picture = seen(network(2, (16, 16, 1)))
        assert len(picture.of("parameter")) == 337

    def test_what_is_no_node(self) -> None:
        for thing in (3, "x", MLP, None):
            with pytest.raises(TypeError, match="draw needs a Value, a Tensor or a network; got"):
                draw(thing)


class TestLabels:
    HOSTILE = '</text></svg><script>alert(1)</script>&amp;"]; n0 -> n9 [label="\\x\\N\n\x00\u202e\ud800' + "ü" * 10_000

    def check(self, label: str) -> None:
        drawing = draw(Value(1.0, label=label) * Value(2.0, label="x"))
        picture = Seen(drawing.svg)
        assert {element.tag.removeprefix(SVG) for element in picture.root.iter()} <= {
            "svg", "g", "title", "rect", "ellipse", "path", "polygon", "text", "tspan",
        }  # fmt: skip
        assert picture.ids("node") == {"n0", "n1", "n2", "n2-op"}
        assert set(_graphviz.layout(drawing.dot).nodes) == {"n0", "n1", "n2", "n2-op"}
        heading = texts(picture.by_id["n0"])
        if label:
            kind = picture.by_id["n0"].get("class").removeprefix("node ")
            assert title(picture.by_id["n0"]).split("\n")[0] == f"{clean(label, 500)} ({kind})"
            assert len(heading) == 5
            assert len(heading[0]) <= 26
            assert len(drawing.dot) < 2000
        else:
            assert len(heading) == 4

    @pytest.mark.slow
    @given(st.text())
    @example(HOSTILE)
    @example('"')
    @example("\\")
    @example("\\n\\l\\G")
    @example("<b>bold</b>")
    @example("&#34;&quot;&lt;")
    @example("𝔘𝔫𝔦 漢字 עברית 👩‍👩‍👧")
    @example("")
    def test_any_label_is_text_in_svg_and_dot(self, label: str) -> None:
        self.check(label)

    @pytest.mark.slow
    @pytest.mark.parametrize("label", [HOSTILE, "$\\frac{$", "漢字", "%s {0}"])
    def test_any_label_is_text_in_png_and_pdf(self, label: str, tmp_path: Path) -> None:
        drawing = draw(Value(1.0, label=label) * 2)
        assert drawing.save(tmp_path / "a.png").stat().st_size > 1000
        assert drawing.save(tmp_path / "a.pdf").stat().st_size > 1000

    def test_settings_are_text_in_dot(self) -> None:
        odd = primitive("odd", lambda xp, a, *, s: a, lambda g, out, a, s: g)
        drawing = draw(odd(Value(1.0, label="\\N\\G"), s='"\\'))
        assert set(_graphviz.layout(drawing.dot).nodes) == {"n0", "n1", "n1-op"}
        assert texts(Seen(drawing.svg).by_id["n1-op"]) == ["odd", 's="\\']
        assert 'label="\\\\N\\\\G\\ndata 1' in drawing.dot

    def test_any_label_of_the_root_is_text_in_html(self) -> None:
        y = Value(1.0) * 2
        y.label = '"><script>alert(1)</script>'
        html = draw(y)._repr_mimebundle_()["text/html"]
        assert [element.tag for element in ET.fromstring(html.replace("></div>", "/></div>")).iter()] == ["div", "img"]

    @pytest.mark.covers
    @pytest.mark.slow
    def test_widths_are_rather_too_large(self) -> None:
        for text in (
            "data",
            "grad",
            "−0.004921",
            "w(1)2,3",
            "perceptron 16",
            "parameters",
            "MW%@mw",
            "1.2e−05 … 3",
            "ŷ θ",
        ):
            for bold in (False, True):
                font = matplotlib.font_manager.FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
                real = TextPath((0, 0), text, size=10, prop=font).get_extents().width
                assert real < text_width(text, 10, bold) < 1.5 * real + 5
        assert text_width("漢", 10) == 10
        assert text_width(unicodedata.normalize("NFD", "ŷ"), 10) == text_width("y", 10)


class TestFiles:
    @pytest.mark.slow
    def test_every_format(self, tmp_path: Path) -> None:
        drawing = draw(perceptron())
        assert Seen(drawing.save(tmp_path / "a.svg").read_text(encoding="utf-8")).ids("root")
        assert imread(drawing.save(str(tmp_path / "a.PNG"))).shape[0] == pytest.approx(
            2 * drawing.picture.height, abs=2
        )
        assert drawing.save(tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
        assert drawing.save(tmp_path / "a.dot").read_text(encoding="utf-8") == drawing.dot
        with pytest.raises(ValueError, match=r"'a.jpg'; the suffix must be one of .svg, .png, .pdf, .dot"):
            drawing.save(tmp_path / "a.jpg")

    @pytest.mark.parametrize("program", PROGRAMS)
    @pytest.mark.parametrize("settings", [{}, {"gradients": True}, {"fold": "layer"}, {"fold": "perceptron"}])
    def test_every_program_gives_the_same(
        self, monkeypatch: pytest.MonkeyPatch, program: str, settings: dict[str, Any]
    ) -> None:
        expected = seen(network(), **settings)
        monkeypatch.setenv("GLASSGRAD_DOT", program)
        found = seen(network(), **settings)
        assert list(found.by_id) == list(expected.by_id)
        for name, group in found.by_id.items():
            assert texts(group) == texts(expected.by_id[name])
        width, height = (float(found.root.get(side)) for side in ("width", "height"))
        assert (width, height) == pytest.approx([float(expected.root.get(s)) for s in ("width", "height")], rel=0.02)

    @pytest.mark.slow
    def test_the_settings_of_a_notebook_change_nothing(self, tmp_path: Path) -> None:
        drawing = draw(perceptron())
        plain = imread(drawing.save(tmp_path / "a.png"))
        rude = {"savefig.bbox": "tight", "savefig.dpi": 30, "font.family": "serif", "path.sketch": (1, 2, 3)}
        with matplotlib.rc_context(rude | {"savefig.transparent": True, "text.usetex": True}):
            assert np.array_equal(imread(drawing.save(tmp_path / "b.png")), plain)

    @pytest.mark.slow
    def test_large_pictures_are_zoomed_out(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        drawing = draw(perceptron())
        monkeypatch.setattr(_figure, "PIXELS", 40_000)
        assert imread(drawing.save(tmp_path / "a.png")).size / 4 == pytest.approx(40_000, rel=0.02)
        monkeypatch.setattr(_figure, "LONGEST", 360)
        box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", drawing.save(tmp_path / "a.pdf").read_bytes())
        assert float(box[1]) == pytest.approx(360)

    def test_fonts_for_east_asian_labels_are_used_if_installed(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(_figure, "EAST_ASIAN", ("DejaVu Sans Mono", "no such font"))
        assert draw(Value(1.0) * 2).save(tmp_path / "a.png").exists()


class TestNotebook:
    def test_a_drawing_is_an_image_in_html_that_scrolls(self) -> None:
        drawing = draw(perceptron())
        shown = drawing._repr_mimebundle_()
        assert shown["text/plain"] == "<graph of J: 14 numbers and 7 operations; .save('graph.svg') writes it>"
        assert shown["image/svg+xml"] == drawing.svg
        html = shown["text/html"]
        assert "overflow:auto" in html
        assert "max-height" in html
        assert 'alt="graph of J: 14 numbers and 7 operations"' in html
        data = re.search(r"data:image/svg\+xml;base64,([^\"]+)", html)[1]
        assert base64.b64decode(data).decode() == drawing.svg

    def test_a_result_shows_its_graph_and_a_leaf_its_text(self) -> None:
        shown = perceptron()._repr_mimebundle_()
        assert set(shown) == {"text/plain", "text/html", "image/svg+xml"}
        assert shown["text/plain"].startswith("Value(data=")
        assert set(Value(1.0)._repr_mimebundle_()) == {"text/plain"}
        assert set((Tensor([1.0, 2.0]) * 2)._repr_mimebundle_()) == {"text/plain", "text/html", "image/svg+xml"}

    @pytest.mark.covers
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("result", "shows"),
        [
            (lambda: loss_of_samples([4, 1]), 'id="g-layer-1-perceptron-1"'),
            (lambda: loss_of_samples([16, 16, 1]), 'id="g-layer-2-perceptron-16"'),
            (lambda: cross_entropy([MLP(64, [10])([0.5] * 64)], [3]), 'id="g-layer-1-perceptron-10"'),
            (lambda: MLP(1, [200, 1])([1.0]) * 2, 'id="g-layer-1"'),
            (lambda: loss_of_samples([16, 1], of=Tensor), "node parameter"),
            (lambda: chain(100), 'id="n100"'),
            (lambda: chain(1000), "a graph of 1,001 numbers is too large"),
            (lambda: sum((Value(1.0 * k) for k in range(300)), Value(0.0)), "a graph of 601 numbers is too large"),
            (lambda: sums(80, terms=60), "a graph of 140 numbers is too large"),
            (lambda: sums(45, terms=6), "a graph of 51 numbers is too large"),
        ],
    )
    def test_a_cell_keeps_at_most_300_kb_of_a_result(self, result: Callable[[], Any], shows: str) -> None:
        shown = result()._repr_mimebundle_()
        assert len(json.dumps(shown)) < 300_000
        image = re.search(r"base64,([^\"]+)", shown.get("text/html", ""))
        assert shows in (base64.b64decode(image[1]).decode() if image else shown["text/plain"])

    def test_without_graphviz_text_is_left(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        _nothing_installed(monkeypatch, tmp_path)
        shown = perceptron()._repr_mimebundle_()
        assert set(shown) == {"text/plain"}
        assert "not drawn: no Graphviz program found: `pip install graphviz-pure`" in shown["text/plain"]


def _nothing_installed(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.delenv("GLASSGRAD_DOT", raising=False)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(_graphviz.sys, "executable", str(folder / "python"))


class TestProgram:
    def test_it_is_started_without_a_shell(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for text in ("touch {}", "dot; touch {}", "$(touch {})", "`touch {}`", "dot\ntouch {}"):
            monkeypatch.setenv("GLASSGRAD_DOT", text.format(tmp_path / "ran"))
            with pytest.raises(RuntimeError, match="could not lay out the graph"):
                _ = draw(Value(1.0, label=text) * 2).svg
        assert not (tmp_path / "ran").exists()

    def test_it_is_given_the_text_of_the_drawing_alone(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        spy = tmp_path / "spy"
        spy.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\ncat > {tmp_path}/text\nexit 3\n')
        spy.chmod(0o755)
        monkeypatch.setenv("GLASSGRAD_DOT", str(spy))
        drawing = draw(Value(1.0, label='"]; evil [label="') * 2)
        with pytest.raises(RuntimeError):
            _ = drawing.svg
        assert (tmp_path / "arguments").read_text() == "-Tjson0\n"
        assert (tmp_path / "text").read_text(encoding="utf-8") == drawing.dot
        assert '\\"]; evil [label=\\"' in drawing.dot

    def test_which_program_lays_out(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("GLASSGRAD_DOT", "/somewhere/dot")
        assert _graphviz.program() == "/somewhere/dot"
        monkeypatch.delenv("GLASSGRAD_DOT")
        monkeypatch.setenv("PATH", str(tmp_path))
        assert _graphviz.program() == PURE
        _nothing_installed(monkeypatch, tmp_path)
        assert _graphviz.program() is None
        with pytest.raises(RuntimeError, match="no Graphviz program found"):
            draw(perceptron()).save(tmp_path / "a.svg")
        assert draw(perceptron()).save(tmp_path / "a.dot").exists()
        (tmp_path / "dot").write_text("#!/bin/sh\n")
        (tmp_path / "dot").chmod(0o755)
        assert _graphviz.program() == str(tmp_path / "dot")

    @pytest.mark.covers
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("script", "told"),
        [
            ("echo broken >&2; exit 3", "could not lay out the graph: broken"),
            ("exec sleep 10", "was not done after 0.2 s: draw less"),
            (None, "could not lay out the graph: failed to execute"),
        ],
    )
    def test_a_failing_program_is_told(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str | None, told: str
    ) -> None:
        program = tmp_path / "fails"
        if script is not None:
            program.write_text(f"#!/bin/sh\ncat >/dev/null\n{script}\n")
            program.chmod(0o755)
        monkeypatch.setenv("GLASSGRAD_DOT", str(program))
        monkeypatch.setattr(_graphviz, "SECONDS", 0.2)
        with pytest.raises(RuntimeError, match=f"fails {told}"):
            draw(perceptron()).save(tmp_path / "a.pdf")
        assert "not drawn" in perceptron()._repr_mimebundle_()["text/plain"]

    def test_arrows_that_graphviz_lost_or_drew_twice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        drawing = draw(Value(1.0, label="x") * 2.0)
        told = {
            "bb": "0,0,100,50",
            "objects": [{"name": name, "pos": f"{x},25"} for x, name in enumerate(("n0", "n1", "n1-op", "c0"))],
            "edges": [{"id": "e1", "pos": "e,9,9 1,2 3,4 5,6 7,8;e,9,9 1,2 3,4 5,6 7,8"}, {"id": "e0-1-0"}, {}],
        }
        found = _graphviz._read(told)
        assert found.edges == {"e1": ([(1, 48), (3, 46), (5, 44), (7, 42)], (9, 41))}
        monkeypatch.setattr(_graphviz, "layout", lambda dot: found)
        assert Seen(drawing.svg).ids("edge") == {"e1", "e0-1-0", "ec0-1-1"}


@pytest.mark.slow
def test_a_number_that_is_used_all_over_the_graph_is_drawn_again_where_it_is_used() -> None:
    # Graphviz finds a place for every arrow in every column that it passes: with 100 uses it took more than a minute.
    x = Value(1.01, label="x")
    p = x
    for _ in range(150):
        p = p * x + 1.0
    drawing = draw(p)
    ids = re.findall('<g id="([^"]+)"', drawing.svg)
    again = [name for name in ids if name.startswith("n0-for-")]
    edges = [name for name in ids if name.startswith("e0-")]
    assert len(edges) == 151  # an arrow for every use, and twice the first
    assert 130 < len(again) < 150
    assert "again" not in draw(x * x + x).svg
