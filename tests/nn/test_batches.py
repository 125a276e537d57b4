"""Whatever holds a sample or a batch is taken by position or refused; settings may be NumPy's numbers."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

from autograd import Tensor, Value, tanh
from nn import (
    ACTIVATIONS,
    MLP,
    AvgPool2d,
    BatchNorm,
    Conv1d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    Layer,
    LayerNorm,
    MaxPool2d,
    Perceptron,
    Sequential,
    load,
    predict,
    save,
)  # fmt: skip

FORMS = pytest.mark.parametrize("of", [Value, Tensor])
X = np.array([[1.0, -2.0], [3.0, 0.5], [0.25, 4.0]])


class Torch:
    """As a tensor of PyTorch shows itself."""

    def __init__(self, array: Any) -> None:
        self.array, self.dtype, self.shape = array, "torch.float64", array.shape

    def detach(self) -> Torch:
        return self

    def cpu(self) -> Torch:
        return self

    def numpy(self) -> Any:
        return self.array


HOLDERS = {
    "list": lambda x: x.tolist(),
    "tuple": lambda x: tuple(map(tuple, x.tolist())),
    "list of arrays": list,
    "list of Tensors": lambda x: [Tensor(row) for row in x],
    "lists of Values": lambda x: [[Value(item) for item in row] for row in x],
    "array": lambda x: x,
    "float32": lambda x: x.astype("float32"),
    "whole numbers": lambda x: (4 * x).astype(int) * 0.25,
    "fortran": np.asfortranarray,
    "Tensor": Tensor,
    "objects": lambda x: x.astype(object),
    "Values": lambda x: np.array([[Value(item) for item in row] for row in x], object),
    "DataFrame": lambda x: pandas.DataFrame(x, index=[2, 0, 1], columns=["b", "a"]),
    "not masked": lambda x: np.ma.array(x),
    "torch": Torch,
}


def numbers(x: Any) -> Any:
    return [numbers(row) for row in x] if isinstance(x, list) else x.data


@FORMS
@pytest.mark.parametrize("holder", HOLDERS)
def test_a_batch_is_taken_by_position_whatever_holds_it(holder: str, of: Any) -> None:
    given = HOLDERS[holder](X)
    for layer in (MLP(2, [3, 1], "tanh", of=of, seed=0), LayerNorm(2, of=of)):
        np.testing.assert_allclose(numbers(layer(given)), numbers(layer(X.tolist())), rtol=1e-6)


@FORMS
def test_a_sample_and_a_batch_of_none(of: Any) -> None:
    model = MLP(2, [3, 1], "tanh", of=of, seed=0)
    for sample in (X[0], X[0].tolist(), pandas.Series(X[0], index=[1, 0]), Tensor(X[0])):
        assert float(model(sample).data) == pytest.approx(float(predict(model, X)[0]))
    assert len(model(np.zeros((0, 2)))) == 0
    assert np.shape(getattr(MLP(2, [2], of=of)(np.zeros((0, 2))), "data", []))[0] == 0
    assert len(BatchNorm(2, of=of).eval()(np.zeros((0, 2)))) == 0
    for wrong in (np.zeros((0, 3)), np.zeros(0), np.zeros((0, 2, 2, 3))):
        with pytest.raises(ValueError, match="takes 2 inputs"):
            model(wrong)


@FORMS
@pytest.mark.parametrize(
    ("error", "message", "wrong"),
    [
        (ValueError, r"the input is masked in row 0, column 1", np.ma.array(X, mask=[[0, 1], [0, 0], [0, 0]])),
        (ValueError, "the input holds 'x' in row 1, column 0", pandas.DataFrame({"a": [1.0, "x"], "b": [1.0, 2.0]})),
        (ValueError, "2 inputs", X[:, :1]),
        (ValueError, "2 inputs", 1.0),
        (TypeError, "numbers", None),
        (TypeError, "numbers", {"a": 1.0, "b": 2.0}),
        (TypeError, "numbers", {1.0, 2.0}),
        (TypeError, "numbers", ["1", "2"]),
        (ValueError, "the input holds .*'1'.* in row 0, which is no number", np.array(["1", "2"])),
        (ValueError, "the input holds .*1j.* in row 0, column 0, which is no number", X * 1j),
        (ValueError, "2 inputs|equal length", [[1.0, 2.0], [1.0]]),
    ],
)
def test_what_is_no_batch_is_refused_in_one_line(error: Any, message: str, wrong: Any, of: Any) -> None:
    with pytest.raises(error, match=message) as caught:
        MLP(2, [3], of=of)(wrong)
    assert "\n" not in str(caught.value)


def test_a_batch_of_tables_is_for_tensors_alone() -> None:
    assert Layer(2, 3, of=Tensor)(np.zeros((5, 4, 2))).shape == (5, 4, 3)
    for given in (np.zeros((5, 4, 2)), Tensor(np.zeros((5, 4, 2)))):
        with pytest.raises(ValueError, match=r"shape \(2,\) or \(n, 2\); got shape \(5, 4, 2\)"):
            Layer(2, 3)(given)


@pytest.mark.parametrize("kind", ["bool", "uint8", "int64", "float32"])
@pytest.mark.parametrize(
    "layer",
    [
        Conv2d(1, 2, 3, padding=1, seed=0), MaxPool2d(2), MaxPool2d(2, padding=1), AvgPool2d(2, padding=1),
        GlobalAvgPool2d(), GlobalMaxPool2d(), Flatten(), BatchNorm(1, of=Tensor), LayerNorm((4, 4), of=Tensor),
    ],
    ids=repr,
)  # fmt: skip
def test_images_of_whole_numbers(layer: Any, kind: str) -> None:
    x = (np.arange(32).reshape(2, 1, 4, 4) * 7 % 32 - (16 if kind in ("int64", "float32") else 0)).astype(kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, expected = (getattr(y, "data", y) for y in (layer(x), layer(x.astype(float))))
    np.testing.assert_allclose(np.asarray(found, float), expected, rtol=1e-5, atol=1e-6)


class TestDropout:
    def test_what_it_takes(self) -> None:
        layer = Dropout(np.float32(0.5), seed=1)
        assert type(layer(pandas.Series([1.0, 1.0], index=[1, 0]))) is np.ndarray
        assert [layer(np.ones(2, kind)).dtype for kind in ("float16", "float32", "int64")] == [
            "float16", "float32", "float64",
        ]  # fmt: skip
        for wrong in (3.0, "abc", None):
            with pytest.raises(TypeError, match="Dropout takes lists of numbers and Values, Tensors and arrays; got"):
                layer(wrong)


n = np.int64
PLAIN: dict[str, Any] = {
    "mlp": lambda: MLP(n(2), np.array([3, 1])),
    "range": lambda: MLP(2, range(1, 3)),
    "layer": lambda: Layer(n(2), n(3), init=np.float32(0.5), number=n(2)),
    "conv": lambda: Conv2d(n(2), n(2), n(3), stride=n(1), padding=n(1), dilation=n(1), groups=n(2)),
    "conv of arrays": lambda: Conv2d(1, 2, np.array([3, 1]), stride=(n(1), n(2)), padding=np.array([[1, 0], [0, 1]])),
    "conv of a pair": lambda: Conv1d(1, 2, [n(3)], padding=(n(1), n(0))),
    "pool": lambda: MaxPool2d(n(2), stride=n(1), padding=[n(1), 0], dilation=n(1)),
    "mean": lambda: AvgPool2d(np.array([2, 2])),
    "batch": lambda: BatchNorm(n(2), momentum=np.float32(0.5), eps=np.float64(0.1)),
    "sample": lambda: LayerNorm(np.array([2, 3]), of=Tensor, eps=np.float32(0.1)),
    "dropout": lambda: Dropout(np.float32(0.5)),
}


@pytest.mark.parametrize("make", PLAIN.values(), ids=PLAIN)
def test_numpy_s_numbers_are_settings_that_a_file_holds(make: Any, tmp_path: Path) -> None:
    model = Sequential(make(), Layer(1, 1))
    save(tmp_path / "a", model)
    assert repr(load(tmp_path / "a").model) == repr(model)


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        (r"each of sizes must be a whole number from 1; got \[3, 1\]", lambda: MLP(2, np.array([[3, 1]]))),
        ("each of sizes must be a whole number from 1; got 3.0", lambda: MLP(2, np.array([3.0]))),
        ("did you mean 'relu'", lambda: MLP(2, [1], "ReLU")),
        ("did you mean 'leaky_relu'", lambda: Layer(2, 1, "LeakyReLU")),
        ("choose one of linear, .*, or give a function", lambda: Layer(2, 1, "heaviside")),
        ("init must be 'he', .*; got 'He' .did you mean 'he'", lambda: Layer(2, 1, init="He")),
        ("init must be 'he', .*; got True", lambda: Layer(2, 1, init=True)),
        (r"number must be a whole number, or a text; got \[1\]", lambda: Layer(2, 1, number=[1])),  # type: ignore[arg-type]
        ("size must be a whole number from 1; got 2.5", lambda: MaxPool2d(2.5)),  # type: ignore[arg-type]
        ("stride must be a whole number from 1; got -1", lambda: AvgPool2d(2, stride=-1)),
        ("stride must be a whole number from 1; got 0", lambda: Conv2d(1, 1, 1, stride=0)),
        ("dilation of the window must be a number, or 2", lambda: Conv2d(1, 1, 1, dilation=(1, 1, 1))),
        ("padding must be 'same', 'valid' or numbers; got 'smae'", lambda: Conv2d(1, 1, 1, padding="smae")),
        ("padding must be a whole number from 0, 'same' or 'valid'; got -1", lambda: MaxPool2d(2, padding=-1)),
        ("padding must be 'same', .* a pair", lambda: Conv2d(1, 1, 1, padding=((1, 2, 3), 1))),
        ("padding must be 'same', .* for each of 2 axes", lambda: Conv2d(1, 1, 1, padding=(1,))),
        ("momentum must be above 0 and at most 1; got 'a'", lambda: BatchNorm(2, momentum="a")),  # type: ignore[arg-type]
        ("eps must be 0 or a positive number; got None", lambda: LayerNorm(2, eps=None)),  # type: ignore[arg-type]
        ("p must be the part .*; got '0.5'", lambda: Dropout("0.5")),  # type: ignore[arg-type]
    ],
)
def test_settings_that_are_none(message: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match=message):
        wrong()


@pytest.mark.parametrize("make", [lambda: Layer(2, 1, Perceptron), lambda: MLP(2, [1], None), lambda: Layer(2, 1, 3)])  # type: ignore[arg-type]
def test_an_activation_that_is_none(make: Any) -> None:
    with pytest.raises(TypeError, match="activation must be a name or a function; got"):
        make()


def test_a_sequence_of_classes_or_a_list_is_refused() -> None:
    for wrong in (Flatten, [Flatten()]):
        with pytest.raises(TypeError, match=r"one after the other, Sequential\(a, b\); got"):
            Sequential(wrong)  # type: ignore[arg-type]


class TestActivationsOfUsers:
    @pytest.mark.slow
    def test_one_more_works_everywhere_and_hinders_no_export(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        pytest.importorskip("onnx")
        monkeypatch.setitem(ACTIVATIONS, "steep", lambda z: tanh(3 * z))
        own = MLP(2, [3, 1], "steep", of=Tensor, seed=0)
        save(tmp_path / "a", own)
        np.testing.assert_array_equal(load(tmp_path / "a").model(X).data, own(X).data)
        MLP(2, [3, 1], "tanh", of=Tensor).to_onnx(tmp_path / "b.onnx")
        with pytest.raises(ValueError, match=r"has an activation of its own.*take one of linear, relu"):
            own.to_onnx(tmp_path / "c.onnx")

    def test_one_that_has_the_name_of_another_is_not_written_as_that(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        pytest.importorskip("onnx")
        monkeypatch.setitem(ACTIVATIONS, "tanh", lambda z: tanh(3 * z))
        with pytest.raises(ValueError, match="has an activation of its own"):
            MLP(2, [3, 1], "tanh", of=Tensor).to_onnx(tmp_path / "c.onnx")
