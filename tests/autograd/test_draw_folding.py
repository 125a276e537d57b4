"""Drawings of networks, whose layers and perceptrons are frames, or fold into one box."""

from __future__ import annotations

import pickle
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawings import (
    PROGRAMS,
    Seen,
    network,
    perceptron,
    seen,
    seen_places,
    texts,
    title,
    y_of,
)

import autograd
from autograd import Replay, Tensor, Value, draw, tanh, topological_sort
from autograd._views.groups import places
from nn import MLP, BatchNorm, Conv1d, Layer, LayerNorm, Perceptron, Sequential, cross_entropy, hinge, load, mse, save


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
        height = {k: y_of(picture.by_id[f"g-layer-1-perceptron-{k}"]) for k in range(1, 17)}
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
            y_of(picture.by_id[f"n{number[w]}"])
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
            heights = [y_of(picture.by_id[f"n{number[perceptron.w0]}"]) for perceptron in layer.perceptrons]
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
