"""A recorded graph told as a network of neurons: which node is which, and which graphs are none."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Tensor, Value, explain, steps, tanh
from autograd._core.order import topological_sort
from autograd._views.groups import places
from autograd._views.live.data import live_data
from autograd._views.network import Network, network, placed
from nn import MLP, BatchNorm, Dropout, Layer, Perceptron, Sequential, cross_entropy, mse

G: dict[str, Callable[[float], float]] = {
    "linear": lambda z: z,
    "relu": lambda z: max(z, 0.0),
    "tanh": math.tanh,
    "silu": lambda z: z / (1 + math.exp(-z)),
    "softplus": lambda z: math.log1p(math.exp(z)),
}


def neurons(model: Any, layer: int) -> list[Perceptron]:
    found: list[Perceptron] = model.layers[layer].perceptrons
    return found


def told(loss: Any) -> Network | None:
    return network(topological_sort(loss))


def layers_of(loss: Any) -> list[dict[str, Any]]:
    found = told(loss)
    assert found is not None
    layers: list[dict[str, Any]] = found.tree["layers"]
    return layers


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_every_node_is_what_it_is_told_to_be(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    n_in, samples = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    kind = data.draw(st.sampled_from(sorted(G)))
    model = MLP(n_in, sizes, kind, seed=data.draw(st.integers(0, 99)))
    number = st.floats(-2, 2)
    X = [[data.draw(number) for _ in range(n_in)] for _ in range(samples)]
    y = [[data.draw(number) for _ in range(sizes[-1])] for _ in range(samples)]
    wanted: Any = y if sizes[-1] > 1 else [row[0] for row in y]
    found = told(mse(model(X), wanted))
    assert found is not None
    tree = found.tree
    assert [len(layer["w"]) for layer in tree["layers"]] == sizes
    assert [[x.data for x in row] for row in tree["x"]] == X
    assert [[target.data for target in row] for row in tree["y"]] == y
    for s in range(samples):
        before = X[s]
        for k, layer in enumerate(tree["layers"]):
            assert layer["from"] == [["x", j] if k == 0 else ["h", k - 1, j] for j in range(len(before))]
            after = []
            for i, perceptron in enumerate(neurons(model, k)):
                assert list(map(id, layer["w"][i])) == list(map(id, [perceptron.w0, *perceptron.w]))
                z = perceptron.w0.data + sum(w.data * x for w, x in zip(perceptron.w, before))
                assert layer["z"][s][i].data == pytest.approx(z, abs=1e-12)
                after.append(G[kind if k + 1 < len(sizes) else "linear"](z))
                assert layer["h"][s][i].data == pytest.approx(after[-1], abs=1e-12)
            before = after


def test_names_are_those_of_the_course() -> None:
    found = told((MLP(2, [3, 1])([1.0, 2.0]) - 2) ** 2)
    assert found is not None
    assert list(found.names.values()) == [
        "z(1)_1", "h(1)_1", "z(1)_2", "h(1)_2", "z(1)_3", "h(1)_3", "y_hat", "x1", "x2", "y",
    ]  # fmt: skip
    assert [node.data for node in found.leaves] == [1.0, 2.0, 2.0]
    two = told(mse(Layer(1, 2, "tanh")([Value(3.0, label="size")]), [1.0, Value(0.5)]))
    assert two is not None
    assert sorted(two.names.values()) == ["size", "y1", "y2", "y_hat1", "y_hat2", "z_1", "z_2"]
    alone = told((Perceptron(1, "tanh")([Value(2.0)]) - Value(1.0, label="goal")) ** 2)
    assert alone is not None
    assert (list(alone.names.values()), alone.leaves) == (["x1", "z", "y_hat", "goal"], [])


def test_activations_have_the_names_of_their_operations() -> None:
    own: Any = tanh_of_each
    model = Sequential(Layer(1, 2, "relu"), Layer(2, 2, "gelu"), Layer(2, 2), own, Layer(2, 2, "softmax"))
    layers = layers_of(mse(model([1.0]), [1.0, 0.0]))
    assert [layer["g"] for layer in layers] == ["relu", "g", "tanh", "g"]
    assert [layer["mixed"] for layer in layers] == [False, False, False, True]
    exps = [math.exp(z.data) for z in layers[-1]["z"][0]]
    assert [h.data for h in layers[-1]["h"][0]] == pytest.approx([e / sum(exps) for e in exps])
    assert [w[0] is perceptron.w0 for w, perceptron in zip(layers[-1]["w"], neurons(model, -1))] == [True, True]


def tanh_of_each(x: list[Value]) -> list[Value]:
    return [tanh(one) for one in x]


def test_targets_are_what_outputs_are_compared_with() -> None:
    model = MLP(1, [2, 2], seed=0)
    X = [[1.0], [2.0]]
    found = told(cross_entropy(model(X), [0, 1]))
    assert found is not None
    assert found.tree["y"] == [[None, None], [None, None]]
    # A square by itself, a product and a weight are no targets.
    one = MLP(1, [1], seed=0)
    y_hat = one([2.0])
    for loss in (y_hat**2, y_hat * 3, y_hat - one.parameters()[0]):
        found = told(loss)
        assert found is not None
        assert found.tree["y"] == [[None]]
    found = told((y_hat - 1) ** 2 + (y_hat - 2) ** 2)
    assert found is not None
    assert found.tree["y"][0][0].data == 1.0


def test_penalties_are_part_of_the_loss() -> None:
    model = MLP(2, [2, 1], seed=0)
    penalty = sum((w * w for w in model.parameters()), Value(0.0))
    assert len(layers_of((model([1.0, 2.0]) - 1) ** 2 + 0.1 * penalty)) == 2


def test_what_lies_between_layers_is_said() -> None:
    model = Sequential(Layer(2, 2, "tanh"), Dropout(0.5, seed=0), Layer(2, 1))
    layers = layers_of(mse(model([1.0, 2.0]), [1.0]))
    assert layers[1]["from"] == [["h", 0, 0, "via"], ["h", 0, 1, "via"]]
    first, second = Layer(1, 1, "tanh", number=1), Layer(1, 1, number=2)
    h = first([1.0])[0]
    assert layers_of(second([tanh(h * 2) + tanh(h * 2) * h])[0])[1]["from"] == [["h", 0, 0, "via"]]


def test_skip_connections() -> None:
    first, second = Layer(1, 2, "tanh", number=1), Layer(3, 1, number=2)
    x = Value(0.5)
    layers = layers_of(mse(second([*first([x]), x]), [1.0]))
    assert layers[1]["from"] == [["h", 0, 0], ["h", 0, 1], ["x", 0]]


def recurrent() -> Value:
    layer = Layer(1, 1, "tanh")
    result: Value = layer(layer([1.0]))[0]
    return result


def partly() -> Value:
    """A neuron of the first layer is used by one sample alone."""
    model = Layer(1, 2)
    (a, b), c = model([1.0]), model.perceptrons[0]([2.0])
    result: Value = a + b + c
    return result


def crossed() -> Value:
    """The second sample takes the first one's output."""
    first, second = Layer(1, 1, "tanh", number=1), Layer(2, 1, number=2)
    a, b = first([1.0])[0], first([2.0])[0]
    result: Value = second([a, b])[0] + second([a, b])[0]
    return result


def mixed_inputs() -> Value:
    """Two neurons of a layer with inputs of their own."""
    one, two = Layer(1, 2, number=1).perceptrons
    result: Value = one([1.0]) + two([2.0])
    return result


def rewired() -> Value:
    """The second neuron takes the outputs in another order."""
    first = Layer(1, 2, "tanh", number=1)([1.0])
    one, two = Layer(2, 2, number=2).perceptrons
    result: Value = one(first) + two(first[::-1])
    return result


def constant_input() -> Value:
    first = Layer(1, 1, "tanh", number=1)([1.0])
    result: Value = Layer(2, 1, number=2)([*first, 3.0])[0]
    return result


def summed_outputs() -> Value:
    a, b = Layer(1, 2, "tanh", number=1)([1.0])
    result: Value = Layer(1, 1, number=2)([a + b])[0]
    return result


def different_sizes() -> Value:
    """Two layers of one number, side by side."""
    x = [Value(1.0), Value(2.0)]
    result: Value = Layer(2, 1)(x)[0] + Layer(1, 1)(x[:1])[0]
    return result


NONE: dict[str, Callable[[], Any]] = {
    "no network": lambda: Value(2.0) * 3,
    "tensors": lambda: mse(MLP(2, [2, 1], of=Tensor)([[1.0, 2.0]]), [1.0]),
    "normalised": lambda: mse(Sequential(Layer(1, 2), BatchNorm(2, of=Value))([[1.0], [2.0]]), [[1.0, 2.0]] * 2),
    "computed input": lambda: Layer(1, 1)([Value(1.0) * 2])[0],
    "array beside": lambda: Layer(1, 1)([1.0])[0] * Tensor([1.0, 2.0]).sum(),
    "recurrent": recurrent,
    "partly": partly,
    "crossed": crossed,
    "mixed inputs": mixed_inputs,
    "rewired": rewired,
    "constant input": constant_input,
    "summed outputs": summed_outputs,
    "different sizes": different_sizes,
}  # fmt: skip


@pytest.mark.parametrize("make", NONE.values(), ids=NONE)
def test_other_graphs_are_no_networks(make: Callable[[], Any]) -> None:
    found = told(make())
    if make is NONE["array beside"]:
        assert found is not None
    else:
        assert found is None


def test_an_input_that_is_not_a_number() -> None:
    a, b = Layer(1, 2)([math.nan])
    found = told(a + b)
    assert found is not None
    assert math.isnan(found.tree["x"][0][0].data)


def test_a_page_gets_places_for_nodes() -> None:
    model = MLP(1, [1], seed=0)
    loss = (model([2.0]) - 1) ** 2
    live = live_data(loss)
    tree = live.data["network"]
    names = dict(tree["names"])
    assert names == {k: live.data["nodes"][k]["name"] for k in names}
    assert [live.data["nodes"][k]["data"] for k in (tree["x"][0][0], tree["y"][0][0])] == [2.0, 1.0]
    assert live.order[-1] is loss
    assert placed([None, "x", {"a": [loss]}], {loss: 3}) == [None, "x", {"a": [3]}]
    assert "network" not in live_data(Value(2.0) * 3).data


def test_frames_of_drawings_are_as_before() -> None:
    model = MLP(2, [2, 1], seed=0)
    order = topological_sort(mse(model([[1.0, 2.0]]), [1.0]))
    assert {place[0] for place in places(order).values()} == {"layer 1", "layer 2"}
    assert [node.mark for node in order if node.mark[2] == "output"] == [
        ("1", "1", "output"), ("1", "2", "output"), ("2", "1", "output"),
    ]  # fmt: skip
    alone = Perceptron(1, "tanh")(Layer(1, 1, "tanh", number=1)([1.0]))
    assert len(places(topological_sort(alone * 2))) == 4


class Summed(Layer):
    """A layer of one's own, whose outputs are no list."""

    def outputs(self, sample: Any) -> Any:
        return sum(super().outputs(sample), Value(0.0))


def test_a_layer_of_ones_own_has_no_marks() -> None:
    layer: Any = Summed(1, 2)
    assert layer([1.0]).mark == ("", "", "")
    assert told(layer([1.0]) ** 2) is not None
    own: Any = halved
    both = Sequential(Layer(1, 2), own)
    assert [one.mark for one in both([1.0])] == [("1", "", "output")]


def test_one_number_of_a_whole_layer_is_of_no_neuron() -> None:
    own: Any = added
    both = Sequential(Layer(1, 2), own)
    assert both([1.0]).mark == ("1", "", "output")


def added(x: list[Value]) -> Value:
    return x[0] + x[1]


def halved(x: list[Value]) -> list[Value]:
    return [x[0] + x[1]]


def test_a_node_has_one_name_in_steps_explanations_and_pages() -> None:
    model = MLP(2, [2, 1], "tanh", seed=0)
    loss = mse([model([1.0, 2.0])], [1.0])
    walk = steps(loss)
    told = ["z(1)_1", "h(1)_1", "z(1)_2", "h(1)_2", "y_hat", "a1", "a2", "J"]
    assert [step.name for step in walk if step.phase == "forward"] == told
    page = live_data(loss)
    assert [page.data["nodes"][k]["name"] for k, node in enumerate(page.order) if node.op is not None] == told
    assert "h(1)_2 = tanh(z(1)_2)" in str(explain(loss, wrt=model.parameters()[3]))
    model.parameters()[0].label = "y_hat"
    assert [step.name for step in steps(loss) if step.phase == "forward"][4:] == ["a1", "a2", "a3", "J"]
    several = steps(mse(model([[1.0, 2.0], [0.5, 0.0]]), [1.0, 2.0]))
    assert len(set(several.names.values())) == len(several.names)


def mean_of_absolutes(model: MLP) -> Any:
    return sum(abs(h - 1.0) for h in model([0.5, 2.0])) / 2


LOSSES: dict[str, Callable[[], Any]] = {
    "square": lambda: mse([MLP(2, [3, 1], "tanh", seed=0)([0.5, 2.0])], [1.0]),
    "samples": lambda: mse(MLP(2, [3, 1], "tanh", seed=0)([[0.5, 2.0], [1.0, -1.0]]), [1.0, 0.5]),
    "outputs": lambda: mean_of_absolutes(MLP(2, [3, 2], seed=1)),
    "entropy": lambda: cross_entropy([MLP(2, [3, 2], seed=2)([0.5, 2.0])], [1]),
    "many": lambda: mse(MLP(2, [1], seed=3)([[0.1 * k, 1.0] for k in range(30)]), [1.0] * 30),
    "long": lambda: sum((h - 0.5) ** 3 * (h + 0.5) for h in MLP(1, [9], seed=4)([1.0])),
    "none": lambda: MLP(2, [1], seed=5)([0.5, 2.0]),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_is_a_formula_of_the_outputs(name: str) -> None:
    """Both its value and its slopes, computed from the texts as Python reads them."""
    loss = LOSSES[name]()
    loss.backward()
    live = live_data(loss)
    told = live.data["network"]["loss"]
    values = {f"«{k}»": node.data for k, node in enumerate(live.order)}

    def computed(text: str) -> float:
        for place, value in values.items():
            text = text.replace(place, f"({value!r})")
        return float(eval(text, {"exp": math.exp, "log1p": math.log1p, "sign": lambda x: math.copysign(1, x)}))

    assert (told["text"] is None) == (name in ("samples", "many", "long", "none"))
    if told["text"] is not None:
        assert computed(told["text"]) == pytest.approx(loss.data, rel=1e-12)
    assert (told["slopes"] is None) == (name in ("many", "none"))
    rows = live.data["network"]["layers"][-1]["h"]
    for places_, texts in zip(rows, told["slopes"] or []):
        assert any(texts)
        for k, text in zip(places_, texts):
            assert text is None or computed(text) == pytest.approx(live.order[k].grad, rel=1e-12)


def test_nodes_of_a_page_name_an_earlier_one_that_is_like_them() -> None:
    live = live_data(LOSSES["samples"]())
    written = json.loads(live.json())["nodes"]
    assert any("like" in node for node in written)
    for node in written:
        node |= {name: written[node["like"]][name] for name in ("row", "text", "slopes")} if "like" in node else {}
        node.pop("like", None)
        node.setdefault("shape", [])
    assert written == live.data["nodes"]
