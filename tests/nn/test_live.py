"""`nn.live` without a browser: what goes into its page, and what is refused."""

from __future__ import annotations

import base64
import struct
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor, Value, relu, tanh
from nn._play import given, network
from nn.data import DataError, read_table

X, y = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1]


def mlp(of: Any = Value, last: int = 1, output: Any = "sigmoid") -> nn.MLP:
    return nn.MLP(2, [3, last], "tanh", output, of=of, seed=0)


@pytest.mark.parametrize("of", [Value, Tensor])
def test_numbers_go_there_and_back(of: Any) -> None:
    model = mlp(of)
    layers = network.dense_layers(model)
    before = network.numbers_of(layers)
    w, w0 = model.layers[0].numbers()
    # Rows are inputs, columns neurons; the biases follow.
    assert before[:9] == [*w[0], *w[1], *w0]
    assert network.parameters_of(layers)["layers.1.w"] == before[9:12]
    network.put_numbers(layers, [x + 1 for x in before])
    assert network.numbers_of(layers) == [x + 1 for x in before]
    assert model.layers[0].numbers()[0][1][2] == w[1][2] + 1
    with pytest.raises(ValueError, match="the model has 13 weights and biases; got 2"):
        network.put_numbers(layers, [1.0, 2.0])


def test_numbers_keep_their_type() -> None:
    model = nn.Layer(2, 1, of=Tensor)
    model.w = Tensor(model.w.data.astype(np.float32))
    network.put_numbers(network.dense_layers(model), [0.1, 0.2, 0.3])
    assert (model.w.data.dtype, model.w.data.shape) == (np.float32, (2, 1))


def test_layers_of_all_kinds_are_read() -> None:
    model = nn.Sequential(nn.Layer(2, 3, of=Tensor), tanh, nn.Sequential(nn.Layer(3, 2, "relu", of=Tensor)))
    assert [(layer.n_in, layer.n_out, layer.activation) for layer in network.dense_layers(model)] == [
        (2, 3, "tanh"),
        (3, 2, "relu"),
    ]
    (neuron,) = network.dense_layers(nn.Perceptron(2, "sigmoid"))
    assert (neuron.n_in, neuron.n_out, neuron.activation, len(neuron.nodes)) == (2, 1, "sigmoid", 3)
    assert network.dense_layers(nn.Layer(2, 2, "softmax"))[0].activation == "softmax"


def odd_neuron() -> nn.Perceptron:
    neuron = nn.Perceptron(2)
    neuron.z = lambda x: x[0]
    return neuron


def mixed() -> nn.Layer:
    layer = nn.Layer(2, 2, "tanh")
    layer.perceptrons[1].g = relu
    return layer


def odd_inside() -> nn.Layer:
    layer = nn.Layer(2, 2)
    layer.perceptrons[0] = odd_neuron()
    return layer


def tied() -> nn.Sequential:
    model = nn.Sequential(nn.Layer(2, 2, of=Tensor), nn.Layer(2, 2, of=Tensor))
    model.layers[1].w = model.layers[0].w
    return model


@pytest.mark.parametrize(
    ("model", "error", "said"),
    [
        ([1], TypeError, "takes a model first"),
        (nn.Sequential(), ValueError, "has no layer"),
        (nn.Sequential(nn.Conv2d(1, 2, 3)), ValueError, "no place for Conv2d.*live.loss. shows any graph"),
        (nn.Sequential(tanh), ValueError, "no place for"),
        (nn.Sequential(nn.Layer(2, 1, "tanh"), tanh), ValueError, "tanh comes after tanh"),
        (nn.Layer(2, 1, lambda z: z * z), ValueError, "not one of nn's"),
        (odd_neuron(), ValueError, "a way of its own"),
        (odd_inside(), ValueError, "a way of its own"),
        (mixed(), ValueError, "different activations"),
        (tied(), ValueError, "share a weight"),
        (nn.Sequential(nn.Layer(2, 3), nn.Layer(2, 1)), ValueError, "3 neurons comes before one that takes 2"),
        (nn.Layer(2, 513, of=Tensor), ValueError, "up to 513 inputs or neurons"),
        (nn.MLP(2, [1] * 13, of=Tensor), ValueError, "13 layers"),
        (nn.MLP(200, [100, 1], of=Tensor), ValueError, "20,201 weights and biases"),
    ],
)
def test_other_models_are_refused(model: Any, error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        nn.live(model, X, y, loss="mse")


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        ("mze", "unknown loss 'mze' .did you mean 'mse'"),
        (3, "must be a function"),
        (lambda y_hat, y: y_hat, "one of your own"),
        (partial(nn.binary_cross_entropy, pos_weight=2), "one of your own"),
        (partial(nn.binary_cross_entropy, from_logits=True), None),
        (partial(nn.binary_cross_entropy), "ends in 1 x linear, trained by binary_cross_entropy"),
        (nn.mse, None),
        ("huber", None),
        (nn.cross_entropy, "for one output: sigmoid with binary_cross_entropy"),
    ],
)
def test_a_loss_is_a_name_or_a_function_of_nn(loss: Any, said: str | None) -> None:
    if said is None:
        nn.live(mlp(output="linear"), X, y, loss=loss)
        return
    with pytest.raises((TypeError, ValueError), match=said):
        nn.live(mlp(output="linear"), X, y, loss=loss)


def test_a_loss_of_logits_is_a_sigmoid_in_the_page() -> None:
    v = nn.live(mlp(output="linear"), X, y, loss=partial(nn.binary_cross_entropy, from_logits=True))
    assert v._state()["activations"] == ["tanh", "sigmoid"]
    with pytest.raises(ValueError, match="takes linear outputs; the model ends in sigmoid"):
        nn.live(mlp(), X, y, loss=partial(nn.binary_cross_entropy, from_logits=True))


@pytest.mark.parametrize("of", [Value, Tensor])
def test_a_page_would_move_what_is_frozen(of: Any) -> None:
    model = mlp(of)
    model.parameters()[0].frozen = True
    with pytest.raises(ValueError, match="a parameter of the model is frozen"):
        nn.live(model, X, y, loss="mse")
    v = nn.live(model.unfreeze(), X, y, loss="mse")
    model.layers[1].freeze()
    assert "is frozen" in repr(v.linked)
    with pytest.raises(ValueError, match=r"call model.unfreeze\(\) before"):
        v._state()


def test_a_page_has_the_layers_of_now() -> None:
    model = nn.Sequential(nn.Layer(2, 3, "tanh", of=Tensor), nn.Layer(3, 1, "sigmoid", of=Tensor))
    v = nn.live(model, X, y, loss="mse")
    fresh = nn.Layer(3, 1, "sigmoid", of=Tensor)
    fresh.w0.data = np.array([7.0])
    model.layers[1] = fresh
    assert v._state()["parameters"]["layers.1.w0"] == [7.0]
    model.layers[1] = nn.Layer(3, 1, "tanh", of=Tensor)
    with pytest.raises(ValueError, match=r"has other layers than nn\.live was called with: call it again"):
        v._state()


def test_class_numbers_in_rows_of_their_own_are_no_one_hot_rows() -> None:
    data = nn.live(mlp(last=2, output="linear"), X, [[1], [1], [1]], loss="cross_entropy")._data
    assert data["y"] == [1.0, 1.0, 1.0]


def test_labels_of_one_sign_are_known_by_those_of_validation() -> None:
    data = nn.live(mlp(output="linear"), X, [1, 1, 1], loss="hinge", validation=(X, [-1, 1, 1]))._data
    assert (data["y"], data["test"]["y"]) == ([1.0, 1.0, 1.0], [0.0, 1.0, 1.0])


def test_what_is_guessed_is_said() -> None:
    assert "y: 2 classes; 3 rows" in repr(nn.live(mlp(), X, y, loss="mse"))
    assert "y: numbers; 3 rows" in repr(nn.live(mlp(output="linear"), X, y, loss="mse"))
    assert "y: 3 classes; 3 rows" in repr(nn.live(mlp(last=3, output="linear"), X, y, loss=nn.cross_entropy))
    one = nn.live(mlp(), X, [1, 1, 1], loss="mse")
    assert "All samples have one class" in repr(one)


@pytest.mark.parametrize(
    ("model", "loss", "labels", "classes"),
    [
        (mlp(output="linear"), "hinge", [-1, 1, 1], ["−1", "1"]),
        (mlp(output="tanh"), "mse", [-1.0, 1.0, 1.0], ["−1", "1"]),
        (mlp(last=3, output="softmax"), "mse", np.eye(3), ["0", "1", "2"]),
        (mlp(last=2, output="linear"), "cross_entropy", [[1, 0], [0, 1], [0, 1]], ["0", "1"]),
        (mlp(last=2, output="linear"), "cross_entropy", [[0], [1], [1]], ["0", "1"]),
        (mlp(), "binary_cross_entropy", np.array([[0], [1], [1]]), ["0", "1"]),
    ],
)
def test_classes_are_numbered_from_0(model: Any, loss: str, labels: Any, classes: list[str]) -> None:
    data = nn.live(model, X, labels, loss=loss)._data
    assert data["classes"] == classes
    assert data["y"][:2] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("model", "loss", "labels", "said"),
    [
        (mlp(output="tanh"), "mse", [0, 1, 1], "y is -1 or 1; got 0"),
        (mlp(), "binary_cross_entropy", np.array([0.0, 0.5, 1.0]), "y is 0 or 1; got 0.5"),
        (mlp(last=2, output="softmax"), "mse", [0, 1, 1], "takes a row of 0 and 1"),
        (mlp(last=2, output="linear"), "cross_entropy", [[0.5, 0.5], [1, 0], [1, 0]], "must have one 1"),
        (mlp(last=2, output="linear"), "cross_entropy", [0, 1, 2], "y has the class 2; the model has 2 outputs"),
        (mlp(last=2, output="linear"), "cross_entropy", [0, 1, -2], "class numbers from 0 to 1; got -2"),
        (mlp(last=2, output="linear"), "cross_entropy", [-1, 1, 1], "class numbers from 0 to 1; got -1"),
        (mlp(last=3, output="linear"), "cross_entropy", np.eye(2)[y], "rows of 2 numbers, the model has 3 outputs"),
        (mlp(last=2, output="linear"), "cross_entropy", [0, 1, 10], "y has 11 classes"),
    ],
)
def test_targets_that_the_page_would_take_for_others(model: Any, loss: str, labels: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        nn.live(model, X, labels, loss=loss)


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        ([[0.0, float("nan")], [1.0, 0.0]], [0, 1], "X holds nan in row 0, column 1; a page computes"),
        ([[0.0], [1.0]], [0, 1], "the model takes 2 inputs; X has 1"),
        ([0.0, 1.0], [0, 1], "the model takes 2 inputs; X has 1"),
        ([[0.0, 1.0]], [0, 1], "one number for each of the 1 samples"),
        ([[[0.0]]], [0], r"shape \(n, d\); got shape \(1, 1, 1\)"),
        (np.zeros((2, 600)), [0, 1], "X has 600 inputs"),
    ],
)
def test_data_that_do_not_fit(X: Any, y: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        nn.live(mlp(), X, y, loss="mse")


def test_names_come_from_a_frame() -> None:
    import pandas

    frame = pandas.DataFrame({"length": [1.0, 2.0], "width": [0.0, 1.0]}, index=[7, 3])
    data = nn.live(mlp(), frame, pandas.Series([0, 1], index=[7, 3], name="kind"), loss="mse")._data
    assert (data["columns"], data["target"], data["X"]) == (["length", "width"], "kind", [1.0, 0.0, 2.0, 1.0])


@pytest.mark.covers
@pytest.mark.slow
def test_many_rows_are_sampled_and_each_class_stays() -> None:
    rng = np.random.default_rng(0)
    n = 100_000
    labels = np.zeros(n, int)
    labels[::2], labels[5] = 1, 2
    data = given.data_of(rng.normal(size=(n, 2)), labels, "classes", validation=(np.ones((3, 2)), [0, 1, 2]))
    kept = struct.unpack("<2000d", base64.b64decode(data["y"]["f64"])) if "f64" in data["y"] else None
    assert data["n"] == 2000
    assert data["notes"] == ["2,000 of 100,000 rows are shown, drawn at random"]
    found = kept or decoded(data["y"], 2000)
    assert sorted(set(found)) == [0.0, 1.0, 2.0]
    assert data["test"]["n"] == 3
    with pytest.raises(ValueError, match="validation X has 1 inputs, X has 2"):
        given.data_of(X, y, "classes", validation=([[1.0]], [0]))


def decoded(found: Any, count: int) -> list[float]:
    """The numbers of codes, found by trying all codes at every place."""
    ordered = sorted((length, number) for number, length in enumerate(found["lengths"]) if length)
    codes, code, before = {}, 0, 0
    for length, number in ordered:
        code <<= length - before
        codes[f"{code:0{length}b}"], before, code = number, length, code + 1
    assert not any(a != b and b.startswith(a) for a in codes for b in codes)
    bits = "".join(f"{byte:08b}" for byte in base64.b64decode(found["codes"]))
    numbers, part = [], ""
    for bit in bits:
        part += bit
        if part in codes:
            numbers.append(codes[part] / found["over"])
            part = ""
    return numbers[:count]


def test_arrays_are_written_as_the_page_reads_them() -> None:
    numbers = [k / 7 for k in range(100)]
    assert list(struct.unpack("<100d", base64.b64decode(given.written(numbers)["f64"]))) == numbers
    pixels = [k / 16 for k in range(100)]
    found = given.written(pixels)
    assert decoded(found, 100) == pixels
    assert decoded(given.written([0.0] * 65), 65) == [0.0] * 65


def test_a_table_goes_with_its_units(tmp_path: Path) -> None:
    rows = [f"{k};{10 + k % 3};{'ab'[k % 2]};7;{2 * k},5" for k in range(40)]
    path = tmp_path / "boats.csv"
    path.write_text("\n".join(["size;width;kind;same;price", *rows]))
    data = given.data_of_table(read_table(path, target="price", drop=["size"]), "boats.csv")
    assert (data["n"], data["test"]["n"], data["task"], data["target"]) == (32, 8, "number", "price")
    assert data["columns"] == ["width", "kind: a", "kind: b"]
    assert "same is left out: the same in every row: 7" in data["notes"]
    assert data["scale"]["spread"][1:] == [1.0, 1.0]
    # Mean and spread of 0.5, 2.5, ..., 78.5, less the rows to test with.
    assert data["targetScale"]["mean"] == pytest.approx(39.5, abs=8)
    whole = given.data_of_table(read_table(path, target="kind"), "boats.csv", scaled=True)
    assert (whole["scale"], whole["classes"], whole["targetScale"]) == (None, ["a", "b"], None)


def test_tables_that_a_page_cannot_show() -> None:
    many = {"size": [0.5, 0.25, 1.5] * 20, "kind": [f"k{k % 12}" for k in range(60)]}
    with pytest.raises(DataError, match="boats, column kind: has 12 classes; a page tells 10 apart"):
        given.data_of_table(read_table(many, target="kind", kind="classes", drop=[]), "boats")
    with pytest.raises(DataError, match="say which column"):
        given.data_of_table(read_table({"size": [1.5, 2.5, 4.5]}), "boats")
    few = read_table({"size": [1.5, 2.5, 4.5], "price": [1.5, 2.5, 3.5]}, target="price")
    assert given.data_of_table(few, "boats")["test"]["n"] == 0
    same = few.taken([0, 0, 0])
    with pytest.raises(DataError, match="the same in every row, so there is nothing to learn"):
        given.data_of_table(same, "boats")
    wide = {f"c{k}": np.random.default_rng(k).normal(size=4) for k in range(600)} | {"price": [1.5, 2.5, 3.5, 4.5]}
    with pytest.raises(DataError, match="gives 600 inputs"):
        given.data_of_table(read_table(wide, target="price"), "boats")
    long = read_table({"size": np.arange(3000) / 7, "price": np.arange(3000) / 3}, target="price")
    for scaled in (False, True):
        data = given.data_of_table(long, "boats", scaled=scaled)
        assert (data["n"], data["test"]["n"]) == (1600, 400)
        assert "2,000 of 3,000 rows are shown, drawn at random" in data["notes"]


def test_images_are_shown_as_such() -> None:
    X = np.arange(24.0).reshape(2, 3, 4)
    v = nn.live(nn.MLP(12, [2], of=Tensor), X, [0, 1], loss="cross_entropy", validation=(X, [1, 0]))
    assert v._data["image"] == [3, 4]
    assert v._data["d"] == 12
    assert nn.live(nn.MLP(12, [2], of=Tensor), X.reshape(2, 12), [0, 1], loss="cross_entropy")._data["image"] is None


@pytest.mark.parametrize("label", [0.5, -2.0])
def test_what_is_no_number_of_a_class_is_refused(label: float) -> None:
    with pytest.raises(ValueError, match=r"y must be class numbers from 0, or -1 and 1; got"):
        given.data_of([[0.0], [1.0]], [0.0, label], "classes")
