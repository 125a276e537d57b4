"""Drawings of graphs: their structure, their colours, and the gradients on their arrows."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from drawings import (
    SVG,
    Seen,
    network,
    perceptron,
    seen,
    texts,
    title,
    x_of,
)

import autograd
from autograd import Tensor, Value, draw, exp, primitive, relu, topological_sort
from autograd._views.draw import draw as _draw
from autograd.picture.shapes import _corners


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
            places = {x_of(group) for group in picture.of("input")}
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
