"""Networks as JSON of the pages: the same numbers, and every damaged or hostile text refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Tensor, Value
from nn import ACTIVATIONS, MLP, SGD, BatchNorm, Dropout, FileError, Layer, Perceptron, Sequential, load, save

X = np.linspace(-2, 2, 12).reshape(6, 2)


def state(**changes: Any) -> Any:
    """A file of the page as a dict, with some entries of its network changed."""
    model = {
        "sizes": [2, 3, 1], "activations": ["tanh", "sigmoid"], "loss": "binary_cross_entropy", "dropout": 0,
        "optimizer": {"name": "SGD", "lr": 0.1}, "seed": 1, "epoch": 7,
        "parameters": {
            "layers.0.w": [0.1, 0.2, 0.3, -1, -2, -3], "layers.0.w0": [0, 0.5, 1],
            "layers.1.w": [[1.5], [-0.5], [2.0]], "layers.1.w0": {"f64": base64.b64encode(np.array([0.25])).decode()},
        },
    }  # fmt: skip
    return {"format": "glassgrad-live/1", "model": model | changes, "data": {"recipe": {"name": "moons"}}}


def written(path: Path, told: Any) -> Path:
    path.write_text(told if isinstance(told, str) else json.dumps(told), encoding="utf-8")
    return path


def test_the_network_of_a_page(tmp_path: Path) -> None:
    found = load(written(tmp_path / "page.json", state()))
    assert found.optimizer is found.history is None
    assert not found.model.training
    hidden = np.tanh(X @ [[0.1, 0.2, 0.3], [-1, -2, -3]] + [0, 0.5, 1])
    wanted = 1 / (1 + np.exp(-(hidden @ [1.5, -0.5, 2.0] + 0.25)))
    np.testing.assert_allclose(found.model(X).data, wanted, rtol=1e-14)
    into = MLP(2, [3, 1], "tanh", "sigmoid", of=Tensor, seed=5)
    assert load(tmp_path / "page.json", into).model is into
    np.testing.assert_array_equal(into(X).data, found.model(X).data)
    for other in (MLP(2, [3, 1], "relu", "sigmoid", of=Tensor), MLP(2, [3, 1], "tanh", "sigmoid")):
        before = other.state_dict()
        with pytest.raises(FileError, match="holds another network than `into`"):
            load(tmp_path / "page.json", other)
        assert all(np.array_equal(before[name], item) for name, item in other.state_dict().items())


def test_dropout_and_several_activations(tmp_path: Path) -> None:
    names = {f"layers.{k}.{name}": [0.5] * n for k in range(2) for name, n in (("w", 4), ("w0", 2))}
    several = state(sizes=[2, 2, 2], activations=["relu", "linear"], parameters=names)
    assert type(load(written(tmp_path / "a.json", several)).model) is MLP
    several["model"]["dropout"] = 0.25
    model = load(written(tmp_path / "b.json", several)).model
    assert [type(layer) for layer in model.layers] == [Layer, Dropout, Layer]
    assert (model.layers[1].p, model.layers[1].seed) == (0.25, 1)
    several["model"] |= {"seed": "x", "sizes": [2, 2, 2, 2], "activations": ["relu", "tanh", "softmax"]}
    several["model"]["parameters"] |= {"layers.2.w": [0.5] * 4, "layers.2.w0": [0.5] * 2}
    assert load(written(tmp_path / "c.json", several)).model.layers[1].seed == 0
    del several["model"]["dropout"]
    assert [layer.g for layer in load(written(tmp_path / "d.json", several)).model.layers] == [
        ACTIVATIONS[name] for name in ("relu", "tanh", "softmax")
    ]


@pytest.mark.parametrize(
    "model",
    [
        MLP(2, [3, 1], "tanh", seed=0),
        MLP(2, [1], output="sigmoid", of=Tensor, seed=0),
        MLP(2, [40, 3], "gelu", "softmax", of=Tensor, seed=0),
        Sequential(Layer(2, 3, "tanh", of=Tensor), Layer(3, 3, "relu", of=Tensor), Layer(3, 1, of=Tensor)),
        Sequential(Layer(2, 3, "tanh"), Dropout(0.5, seed=3), Layer(3, 3, "tanh"), Dropout(0.5), Layer(3, 1)),
    ],
)
def test_a_saved_network_comes_back(model: Any, tmp_path: Path) -> None:
    save(tmp_path / "model.json", model)
    found = load(tmp_path / "model.json").model
    wanted, got = model.eval().to(Tensor)(X).data, found(X).data
    np.testing.assert_array_equal(got, wanted)
    assert got.shape == wanted.shape
    save(tmp_path / "again.json", found)
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "model.json").read_bytes()


def test_numbers_that_are_not_finite(tmp_path: Path) -> None:
    model = MLP(2, [1], of=Tensor)
    model.layers[0].w.data = np.array([[np.nan], [-np.inf]])
    save(tmp_path / "model.json", model)
    found = load(tmp_path / "model.json").model.layers[0].w.data
    np.testing.assert_array_equal(found, [[np.nan], [-np.inf]])
    json.loads((tmp_path / "model.json").read_text(), parse_constant=pytest.fail)


@pytest.mark.parametrize(
    "model",
    [
        Sequential(Layer(2, 3, of=Tensor), Layer(3, 1, of=Tensor)),  # read as an MLP, whose output has another shape
        Sequential(Layer(2, 3), Dropout(0.5), Layer(3, 3), Dropout(0.4), Layer(3, 1)),
        Sequential(Layer(2, 3), Dropout(0.5), Layer(3, 3), Layer(3, 1)),
        Sequential(Layer(2, 3), BatchNorm(3), Layer(3, 1)),
        Sequential(Layer(2, 3, lambda z: z * z)),
        Layer(2, 3),
        Perceptron(2),
        Sequential(),
    ],
)
def test_networks_that_json_does_not_hold(model: Any, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"a file of JSON holds an MLP, .* save any other network as .safetensors"):
        save(tmp_path / "model.json", model)
    assert not (tmp_path / "model.json").exists()


def test_json_holds_a_network_alone(tmp_path: Path) -> None:
    model = MLP(2, [1], of=Tensor)
    with pytest.raises(ValueError, match="a file of JSON holds a network alone"):
        save(tmp_path / "model.json", model, SGD(model.parameters()))
    with pytest.raises(TypeError, match="save takes a network"):
        save(tmp_path / "model.JSON", 3)  # type: ignore[arg-type]


def parameters(**changes: Any) -> Any:
    return state(parameters=state()["model"]["parameters"] | {f"layers.{name}": item for name, item in changes.items()})


BROKEN = [
    ("{", "does not hold what a network needs"),
    ("{}", "is JSON of the format None; this version reads 'glassgrad-live/1'"),
    ('{"format": "glassgrad-live/2"}', "is JSON of the format 'glassgrad-live/2'"),
    ('{"format": "glassgrad-live/1", "nodes": []}', "holds a page, but no network"),
    ('{"format": "glassgrad-live/1", "model": [1]}', "has no list of sizes"),
    (json.dumps(state()).replace('"seed": 1', '"sizes": [2, 3, 1]'), "has 'sizes' twice"),
    ('{"a": ' + "[" * 200_000, "describes more than"),
    ('{"a": ' + "[" * 5_000, "does not hold what"),
    (state(sizes=[2]), "has no list of sizes"),
    (state(sizes=[2] * 5_000), "has no list of sizes"),
    (state(sizes=[2, 3.0, 1]), "no whole numbers above 0"),
    (state(sizes=[2, True, 1]), "no whole numbers above 0"),
    (state(sizes=[2, 0, 1]), "no whole numbers above 0"),
    (state(sizes=[10**9, 10**9, 1]), "has 6 numbers for layers.0.w"),
    (state(activations=["tanh"]), "needs 2 activations"),
    (state(activations="ab"), "needs 2 activations"),
    (state(activations=["tanh", "__class__"]), "has the activation '__class__'; nn knows linear, relu"),
    (state(activations=["tanh", ["tanh"]]), "has the activation"),
    (state(dropout=1), "has a dropout that is no number from 0 to below 1"),
    (state(dropout="0.5"), "has a dropout"),
    (state(dropout=True), "has a dropout"),
    (state(parameters=None), "the names of parameters differ in layers.0.w"),
    (state(parameters={}), "the names of parameters differ in layers.0.w"),
    (parameters(**{"2.w": [1]}), "the names of parameters differ in layers.2.w"),
    (parameters(**{"0.w0": [1, 2]}), "has 2 numbers for layers.0.w0"),
    (parameters(**{"0.w0": [1, 2, None]}), "has None among the numbers of layers.0.w0"),
    (parameters(**{"0.w0": [1, 2, "3"]}), "has '3' among the numbers"),
    (parameters(**{"0.w0": [1, 2, False]}), "has False among the numbers"),
    (parameters(**{"0.w0": "abc"}), "has 'abc' among the numbers"),
    (parameters(**{"0.w0": [[1, 2, 3]]}), "among the numbers of layers.0.w0"),
    (parameters(**{"0.w": [[1, 2], [3, 4], [5, 6]]}), "among the numbers of layers.0.w"),
    (parameters(**{"0.w": [[1, 2, 3], [4, 5]]}), "has rows of layers.0.w that are not 3 long"),
    (parameters(**{"0.w0": {"f64": "!!!!"}}), "does not hold what a network needs"),
    (parameters(**{"0.w0": {"f64": "AAAA"}}), "does not hold what a network needs"),
    (parameters(**{"0.w0": {"f64": "A" * 43 + "="}}), "has 4 numbers for layers.0.w0"),
    (parameters(**{"0.w0": [1, 2, 10**400]}), "does not hold what a network needs"),
]


@pytest.mark.parametrize(("told", "message"), BROKEN)
def test_broken_texts_are_refused(told: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"page\.json: ") as error:
        load(written(tmp_path / "page.json", told))
    assert message in str(error.value)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists), st.data())
def test_no_text_does_anything_else(item: Any, data: Any) -> None:
    """Any value in any place: a network, or FileError."""
    told = state()
    place, name = told["model"], data.draw(st.sampled_from(sorted(told["model"])))
    if name == "parameters":
        place, name = place[name], data.draw(st.sampled_from(sorted(place[name])))
    place[name] = item
    from nn._files.load import unpacked

    try:
        model = unpacked(json.dumps(told).encode(), "page.json").model
    except FileError:
        return
    assert model(X).shape == (6,)


def test_values_are_read_as_tensors(tmp_path: Path) -> None:
    model = MLP(2, [3, 1], "tanh", of=Value, seed=0)
    save(tmp_path / "model.json", model)
    text = (tmp_path / "model.json").read_text()
    told = json.loads(text)["model"]["parameters"]
    assert told["layers.1.w0"] == [0.0]
    assert list(np.array(told["layers.0.w"]).reshape(2, 3)[:, 0]) == [w.data for w in model.layers[0].perceptrons[0].w]
