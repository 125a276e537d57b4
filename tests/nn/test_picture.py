"""A network drawn as neurons: what stands where, and what the lines tell."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, Value, draw, relu, tanh
from autograd.picture.shapes import Box, Text, mixed
from nn import MLP, BatchNorm, Conv1d, Conv2d, Flatten, Layer, MaxPool2d, Module, Perceptron, Sequential

SVG = "{http://www.w3.org/2000/svg}"


def groups(model: Module, kind: str) -> list[Any]:
    root = ET.fromstring(draw(model).svg)
    return [group for group in root.iter(f"{SVG}g") if kind in group.get("class").split()]


def texts(group: Any) -> list[str]:
    return ["".join(text.itertext()) for text in group.iter(f"{SVG}text")]


def place(group: Any) -> tuple[float, float]:
    x, y = re.search(r"translate\((.*),(.*)\)", group.get("transform")).groups()
    return float(x), float(y)


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_columns_of_neurons_with_their_weights(kind: Any) -> None:
    model = MLP(2, [3, 1], "tanh", of=kind)
    neurons = {group.get("id"): group for group in groups(model, "neuron")}
    assert list(neurons) == ["p0-1", "p0-2", "p1-1", "p1-2", "p1-3", "p2-1"]
    assert [texts(neurons[name])[0] for name in ("p0-1", "p0-2", "p1-1")] == ["x1", "x2", "0"]
    assert texts(neurons["p2-1"]) == ["0", "ŷ"]
    assert [texts(group) for group in groups(model, "heading")] == [
        ["inputs", "2"],
        ["layer 1", "3 perceptrons", "tanh"],
        ["layer 2", "1 perceptron", "linear"],
    ]
    columns = [place(group)[0] for group in neurons.values()]
    assert len(set(columns)) == 3
    assert columns == sorted(columns)
    heights = [place(neurons[f"p1-{k}"])[1] for k in (1, 2, 3)]
    assert heights == sorted(heights)
    weights, _ = model.layers[0].numbers()
    titles = {group.findtext(f"{SVG}title") for group in groups(model, "weight")}
    assert len(titles) == 9
    assert f"w(1)_2,3 = {weights[1][2]!r}" in titles


def test_lines_tell_sign_and_size() -> None:
    neuron = Perceptron(3, "sigmoid")
    neuron.w0.data, neuron.w[0].data, neuron.w[1].data, neuron.w[2].data = -0.5, 3.0, -1.5, 0.0
    lines = {group.get("id"): group.find(f"{SVG}path") for group in groups(neuron, "weight")}
    width = [float(lines[f"w1-{k}-1"].get("stroke-width")) for k in (1, 2, 3)]
    assert width[0] > width[1] > width[2]
    # As on the live pages: blue and solid above zero, orange and dashed below.
    assert [lines[f"w1-{k}-1"].get("stroke") for k in (1, 3)] == ["#1769b5", "#b5b5b5"]
    red, blue = (int(lines["w1-2-1"].get("stroke")[k : k + 2], 16) for k in (1, 5))
    assert red > blue
    assert [lines[f"w1-{k}-1"].get("stroke-dasharray") for k in (1, 2, 3)] == [None, "7 4", "2 3"]
    assert sorted(text for group in groups(neuron, "number") for text in texts(group)) == ["0", "3", "−1.5"]
    (legend,) = groups(neuron, "legend")
    assert texts(legend) == ["weight; the number in a neuron is its bias", "−3", "−1.5", "0", "1.5", "3"]
    assert texts(groups(neuron, "neuron")[-1]) == ["−0.5", "ŷ"]
    neuron.w0.data = -0.0012
    assert texts(groups(neuron, "neuron")[-1]) == ["0", "ŷ"]
    # The strongest lies on top.
    assert list(lines) == ["w1-3-1", "w1-2-1", "w1-1-1"]


def test_large_layers_show_their_ends() -> None:
    model = MLP(64, [128, 10], of=Tensor)
    names = [group.get("id") for group in groups(model, "neuron")]
    assert names[:8] == [f"p0-{k}" for k in (1, 2, 3, 4, 61, 62, 63, 64)]
    assert [name for name in names if name.startswith("p2")] == [f"p2-{k}" for k in range(1, 11)]
    assert [group.findtext(f"{SVG}title") for group in groups(model, "more")] == ["56 more", "120 more"]
    assert len(groups(model, "weight")) == 8 * 8 + 8 * 10
    assert groups(model, "number") == []
    assert texts(groups(model, "neuron")[-1]) == ["0", "ŷ10"]


def test_weights_that_are_no_numbers_stand_out() -> None:
    neuron = Perceptron(2)
    neuron.w[0].data, neuron.w[1].data = float("nan"), float("inf")
    lines = {group.get("id"): group.find(f"{SVG}path").get("stroke") for group in groups(neuron, "weight")}
    assert lines == {"w1-1-1": "#000000", "w1-2-1": "#1769b5"}


def test_functions_between_layers_are_named() -> None:
    model = Sequential(relu, Layer(2, 3), relu, Sequential(Layer(3, 2, "softmax")))
    headings = [texts(group) for group in groups(model, "heading")]
    assert [heading[1:] for heading in headings] == [
        ["2", "relu"],
        ["3 perceptrons", "linear", "relu"],
        ["2 perceptrons", "softmax"],
    ]


@pytest.mark.slow
def test_every_format(tmp_path: Path) -> None:
    drawing = draw(MLP(2, [3, 1]))
    assert repr(drawing) == "<network 2 – 3 – 1; .save('graph.svg') writes it>"
    for name in ("a.svg", "a.png", "a.pdf", "a.dot"):
        assert drawing.save(tmp_path / name).stat().st_size > 500
    assert drawing.dot.count("->") == 9


def test_no_graphviz_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSGRAD_DOT", "/nowhere")
    assert groups(Layer(2, 2), "neuron")


def test_a_notebook_shows_the_neurons_of_a_network() -> None:
    model = MLP(2, [3, 1])
    shown = model._repr_mimebundle_()
    assert set(shown) == {"text/plain", "text/html", "image/svg+xml"}
    assert shown["text/plain"] == repr(model)


class Own(Module):
    def __init__(self) -> None:
        self.w = Value(1.0, label="w")

    def __call__(self, x: Any) -> Any:
        return self.w * x


def test_what_has_no_neurons() -> None:
    with pytest.raises(TypeError, match=r"Perceptron, Layer and MLP as neurons, not Own; .* draw\(model\(x\)\)"):
        draw(Own())
    with pytest.raises(TypeError, match="as neurons, not Own"):
        draw(Sequential(Layer(2, 2), Own()))
    with pytest.raises(TypeError, match="no layer"):
        draw(Sequential(relu))
    assert set(Own()._repr_mimebundle_()) == {"text/plain"}
    with pytest.raises(ValueError, match="layer 2 takes 4 inputs, but layer 1 has 3 outputs"):
        draw(Sequential(Layer(2, 3), Layer(4, 1)))
    with pytest.raises(ValueError, match="gradients and fold are for what a network computes"):
        draw(Layer(2, 2), fold="layer")


def test_layers_in_a_sequence_are_numbered() -> None:
    for kind, first, last in ((Value, "w(1)_0,1", "w(2)_3,1"), (Tensor, "w(1)_0", "w(2)")):
        labels = [p.label for p in Sequential(Layer(2, 3, of=kind), relu, Layer(3, 1, of=kind)).parameters()]
        assert (labels[0], labels[-1]) == (first, last)
    named = Layer(2, 2, number="a")
    assert Sequential(named).parameters()[0].label == "w(a)_0,1"
    model = Sequential(Layer(2, 3), Layer(3, 1))
    loss = model([1.0, 2.0])[0] * 2
    assert {"g-layer-1", "g-layer-2"} <= set(re.findall(r'id="(g-[^"]*)"', draw(loss, fold="layer").svg))
    assert np.isclose(model.to(Tensor)([1.0, 2.0]).data[0], loss.data / 2)


@pytest.mark.parametrize("name", ["\ud800", "\x00", "x" * 10_000, "</text><script>"])
def test_an_activation_may_have_any_name(name: str, tmp_path: Path) -> None:
    def same(x: Any) -> Any:
        return x

    same.__name__ = name
    drawing = draw(MLP(2, [2, 1], same))
    root = ET.parse(drawing.save(tmp_path / "network.svg")).getroot()
    assert float(root.attrib["width"]) < 700
    assert not root.findall(".//{*}script")


class TestARowOfBlocks:
    """Layers that have no neurons are blocks."""

    def test_a_block_a_layer_with_its_shapes_and_kernels(self) -> None:
        model = Sequential(Conv2d(1, 4, 3, "relu"), MaxPool2d(2), tanh, Flatten(), Layer(36, 10, of=Tensor))
        drawing = draw(model)
        blocks = [group for group in drawing.picture.groups if group.kind == "block"]
        assert [group.title.partition(": ")[2].partition(",")[0] for group in blocks] == [
            "Conv2d", "MaxPool2d", "tanh", "Flatten", "Layer",
        ]  # fmt: skip
        texts = [[shape.symbol.base for shape in group.shapes if isinstance(shape, Text)] for group in blocks]
        assert texts[0] == ["Conv2d", "1 → 4", "size=3", "relu", "w: 4 × 1 × 3 × 3", "w0: 4"]
        assert texts[4] == ["Layer", "36 → 10", "linear", "w: 36 × 10", "w0: 10"]
        boxes = [[shape for shape in group.shapes if isinstance(shape, Box)] for group in blocks]
        assert [len(shapes) for shapes in boxes] == [1 + 4 * 9, 1, 1, 1, 1]
        weights = model.layers[0].w.data
        assert boxes[0][1].fill == mixed(float(weights[0, 0, 0, 0] / abs(weights).max()))
        assert drawing.dot.count("->") == 4
        edges = [(group.x + group.shapes[0].x, group.shapes[0].width) for group in blocks]
        assert all(x + w / 2 < other - v / 2 for (x, w), (other, v) in pairwise(edges))

    def test_large_kernels_and_no_kernels_are_not_drawn(self) -> None:
        for layer, count in ((Conv2d(1, 1, 8), 0), (Conv1d(1, 2, 5), 10), (BatchNorm(3), 0), (Conv2d(9, 9, 3), 16 * 9)):
            (block,) = (group for group in draw(layer).picture.groups if group.kind == "block")
            assert sum(isinstance(shape, Box) for shape in block.shapes) == 1 + count
        model = Sequential(Conv2d(1, 1, 1))
        model.layers[0].w.data = np.array([[[[math.nan]]]])
        assert "#000000" in draw(model).svg
