"""Every layer that nn exports is trained, drawn, converted, saved and exported, or refuses it with its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor, Value, draw
from nn import MLP, SGD, Layer, LayerNorm, Module, Perceptron, Sequential, load, save
from nn._files.exchange import _tensors

ENTRIES: dict[str, tuple[Callable[[], Module], tuple[int, ...]]] = {
    "AvgPool2d": (lambda: nn.AvgPool2d(2), (1, 4, 4)),
    "BatchNorm": (lambda: nn.BatchNorm(3, of=Tensor), (3,)),
    "Conv1d": (lambda: nn.Conv1d(2, 3, 2), (2, 5)),
    "Conv2d": (lambda: nn.Conv2d(1, 2, 2), (1, 4, 4)),
    "Dropout": (lambda: nn.Dropout(0.5), (3,)),
    "Flatten": (lambda: nn.Flatten(), (2, 3)),
    "GlobalAvgPool2d": (lambda: nn.GlobalAvgPool2d(), (2, 4, 4)),
    "GlobalMaxPool2d": (lambda: nn.GlobalMaxPool2d(), (2, 4, 4)),
    "Layer": (lambda: Layer(3, 2, "tanh", of=Tensor), (3,)),
    "LayerNorm": (lambda: LayerNorm(3, of=Tensor), (3,)),
    "MLP": (lambda: MLP(3, [2, 2], of=Tensor), (3,)),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), (1, 4, 4)),
    "Perceptron": (lambda: Perceptron(3), (3,)),
    "Sequential": (lambda: Sequential(Layer(3, 2, of=Tensor), LayerNorm(2, of=Tensor)), (3,)),
}

OF_VALUES_ALONE = ("Perceptron",)
"""One neuron: it computes one sample, other programs have none of it, and in a drawing only its layer has a frame."""


OF_TENSORS_ALONE = ("Conv1d", "Conv2d")


def exported() -> list[str]:
    kinds = {name: getattr(nn, name) for name in nn.__all__}
    return [
        name
        for name, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, Module) and kind is not Module
    ]


def test_no_layer_is_missing() -> None:
    assert sorted(exported()) == sorted(ENTRIES)


def batch(shape: tuple[int, ...]) -> Any:
    return np.random.default_rng(0).normal(size=(4, *shape))


def outputs(model: Any, X: Any) -> Any:
    return model.eval()(X).data


@pytest.mark.parametrize("name", ENTRIES)
def test_a_step_of_training(name: str) -> None:
    make, shape = ENTRIES[name]
    layer = make()
    assert repr(layer).startswith(f"{name}(")
    X = [Value(0.5), Value(-1.0), Value(2.0)] if name in OF_VALUES_ALONE else Tensor(batch(shape))
    result: Any = layer(X)
    # Unlike a plain sum, these tell the elements apart, which a normalization has at a mean of 0.
    loss = (
        result * 1.0
        if name in OF_VALUES_ALONE
        else (result * np.cumsum(np.ones(result.shape)).reshape(result.shape)).sum()
    )
    loss.backward()
    assert any(np.any(x.grad) for x in (X if isinstance(X, list) else [X]))
    before = [np.array(parameter.data) for parameter in layer.parameters()]
    assert all(np.any(parameter.grad) for parameter in layer.parameters())
    if before:
        SGD(layer.parameters(), lr=0.1).step()
    assert not any(np.array_equal(old, parameter.data) for old, parameter in zip(before, layer.parameters()))


@pytest.mark.parametrize("name", [name for name in ENTRIES if name not in OF_VALUES_ALONE])
def test_a_frame_where_there_are_parameters(name: str) -> None:
    make, shape = ENTRIES[name]
    layer = make()
    loss: Any = (Sequential(layer)(Tensor(batch(shape))) * 1.0).sum()
    if layer.parameters():
        assert "folded part" in repr(draw(loss, fold="layer"))
    else:
        with pytest.raises(ValueError, match="there is nothing to fold"):
            draw(loss, fold="layer")


@pytest.mark.parametrize("name", [name for name in ENTRIES if name not in OF_VALUES_ALONE])
def test_zoomed_in_and_out_saved_and_loaded(name: str, tmp_path: Path) -> None:
    make, shape = ENTRIES[name]
    model, X = Sequential(make()), batch(shape)
    expected = outputs(model, X)
    if name in OF_TENSORS_ALONE:
        with pytest.raises(ValueError, match=f"{name} is made of Tensors alone; a network of Values has Layers"):
            model.to(Value)
    else:
        np.testing.assert_array_equal(outputs(model.to(Value).to(Tensor), X), expected)
    save(tmp_path / "a.safetensors", model)
    np.testing.assert_array_equal(outputs(load(tmp_path / "a.safetensors").model, X), expected)


@pytest.mark.parametrize("name", ENTRIES)
def test_other_programs_have_it_or_it_is_refused(name: str, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    make, shape = ENTRIES[name]
    layer, X = make(), batch(shape)
    if name in OF_VALUES_ALONE:
        for export in (lambda: layer.to_onnx(tmp_path / "a.onnx"), lambda: layer.from_torch({})):
            with pytest.raises(ValueError, match=f"do not know {name}.*make the network of these"):
                export()
        return
    model = Sequential(layer)
    expected = outputs(model, X)
    model.to_onnx(tmp_path / "a.onnx", shape)
    (found,) = onnxruntime.InferenceSession(tmp_path / "a.onnx").run(["y"], {"x": X.astype("float32")})
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    parts = getattr(layer, "layers", [layer])
    state = {f"{k}": data for k, data in enumerate(_tensors(parts))}
    fresh = Sequential(make())
    np.testing.assert_array_equal(outputs(fresh.from_torch(state), X), expected)


def test_values_are_converted_first() -> None:
    with pytest.raises(
        ValueError, match=r"is made of Values; other programs have .*: convert it first: model.to\(Tensor\)"
    ):
        MLP(2, [1]).from_torch({})
