"""Networks for other programs give the same numbers there: ONNX Runtime, and PyTorch where it is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest

from autograd import Tensor, Value
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
    Module,
    Perceptron,
    Sequential,
    load,
    predict,
    save,
)
from nn._layers.activations import ROWS, Row

rng = np.random.default_rng(0)


def awake(model: Any, x: Any) -> Any:
    """Return a network after some batches, so that its running means are no longer those of the start."""
    for _ in range(3):
        model.train()(x + rng.normal(size=x.shape))
    return model.eval()


NETWORKS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    **{
        name: (lambda name=name: Sequential(Layer(3, 5, name, of=Tensor), Layer(5, 4, "linear", of=Tensor)), (6, 3))
        for name in ACTIVATIONS
    },
    "one output": (lambda: MLP(3, [4, 1], "tanh", of=Tensor), (6, 3)),
    "of Values": (lambda: MLP(3, [4, 2], "gelu", "softmax"), (6, 3)),
    "norms": (
        lambda: Sequential(Layer(3, 4, of=Tensor), BatchNorm(4, of=Tensor), Dropout(0.5), LayerNorm(4, of=Tensor)),
        (6, 3),
    ),
    "images": (
        lambda: Sequential(
            Conv2d(2, 4, (3, 2), "relu", stride=(1, 2), padding=((1, 0), (0, 1)), groups=2), BatchNorm(4, of=Tensor),
            MaxPool2d(2, stride=1, padding=1), AvgPool2d((2, 1), padding=((1, 0), 0)), Flatten(),
            Layer(48, 2, of=Tensor),
        ),
        (3, 2, 6, 5),
    ),
    "same": (
        lambda: Sequential(Conv2d(1, 3, (4, 3), "elu", padding="same", dilation=(1, 2)), GlobalAvgPool2d()),
        (2, 1, 9, 7),
    ),
    "valid": (
        lambda: Sequential(Conv2d(1, 3, 3, padding="valid"), MaxPool2d(2, dilation=2), GlobalMaxPool2d()),
        (2, 1, 9, 9),
    ),
    "sequence": (
        lambda: Sequential(Conv1d(2, 3, 3, "silu", stride=2, padding=(1, 2)), Flatten(), Layer(15, 2, of=Tensor)),
        (2, 2, 8),
    ),
    "normalised images": (
        lambda: Sequential(LayerNorm((2, 3, 3), of=Tensor), Conv2d(2, 1, 3), Flatten()),
        (4, 2, 3, 3),
    ),
}  # fmt: skip
EACH = pytest.mark.parametrize("name", NETWORKS)


def made(name: str) -> tuple[Any, Any, Any]:
    make, shape = NETWORKS[name]
    x = rng.normal(size=shape)
    model = awake(make(), x)
    return model, x, np.asarray(predict(model, x))


@EACH
def test_onnx_runtime_agrees(name: str, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    model, x, expected = made(name)
    path = tmp_path / "model.onnx"
    model.to_onnx(path, x.shape[1:])
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for batch in (x, x[:1]):
        (found,) = session.run(["y"], {"x": batch.astype("float32")})
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected[: len(batch)], rtol=1e-5, atol=1e-6)


@EACH
def test_pytorch_agrees_and_gives_the_numbers_back(name: str) -> None:
    torch = pytest.importorskip("torch")
    model, x, expected = made(name)
    other = model.to_torch()
    with torch.no_grad():
        np.testing.assert_allclose(other(torch.tensor(x)).numpy(), expected, rtol=1e-9, atol=1e-12)
    if name != "of Values":
        fresh = NETWORKS[name][0]()
        assert fresh.from_torch(other.state_dict()) is fresh
        np.testing.assert_array_equal(predict(fresh, x), expected)


@pytest.mark.covers
@pytest.mark.slow
@EACH
def test_every_layer_has_its_place_in_pytorch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyTorch: it is asked for the right modules, and given as many tensors as it has places."""
    torch = MagicMock()

    class Norm:
        def __init__(self, *args: Any, **settings: Any) -> None:
            torch.made.append((args, settings))

    torch.made = []
    torch.nn.modules.batchnorm._BatchNorm = Norm
    model, _, _ = made(name)
    count = sum(1 for _ in model.to(Tensor).named_parameters()) + sum(1 for _ in model.named_buffers())
    torch.nn.Sequential.return_value.double.return_value.state_dict.return_value = {f"{k}": None for k in range(count)}
    monkeypatch.setitem(sys.modules, "torch", torch)
    model.to_torch()
    layers = [layer for layer in model.layers if isinstance(layer, Layer)]
    assert torch.nn.Linear.call_args_list == [((layer.n_in, layer.n_out),) for layer in layers]
    for norm in torch.made:
        assert norm == ((4,), {"eps": 1e-5, "momentum": 0.1})
    ((state,), _) = torch.nn.Sequential.return_value.double.return_value.load_state_dict.call_args
    assert len(state) == count


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.parametrize("name", ["steep", "tanh"])
def test_an_activation_that_a_user_adds_changes_no_export(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it takes the name of one of ours: networks that were made before have the one of ours."""
    pytest.importorskip("onnx")
    cases = [made(network) for network in NETWORKS]
    path = tmp_path / "a.onnx"

    def exported() -> list[bytes]:
        files = []
        for model, x, _ in cases:
            model.to_onnx(path, x.shape[1:])
            files.append(path.read_bytes())
        return files

    before = exported()
    monkeypatch.setitem(ACTIVATIONS, name, lambda z: 3 * z)
    assert exported() == before
    with pytest.raises(ValueError, match="has an activation of its own"):
        Layer(2, 1, name, of=Tensor).to_onnx(path)


def test_a_row_is_all_that_an_activation_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row more is drawn for, computed, saved and written elsewhere."""
    pytest.importorskip("onnx")
    row = Row(lambda z: 2 * z, "he", lambda graph: graph.add("Mul", 2.0), lambda nn: [nn.Double()])
    monkeypatch.setitem(ROWS, "double", row)
    monkeypatch.setitem(ACTIVATIONS, "double", row.function)
    layer = Layer(2, 3, "double", of=Tensor, seed=0)
    np.testing.assert_array_equal(layer.w.data, Layer(2, 3, "relu", of=Tensor, seed=0).w.data)
    save(tmp_path / "a", layer)
    assert load(tmp_path / "a").model.activation == "double"
    layer.to_onnx(tmp_path / "a.onnx")
    torch = MagicMock()
    torch.nn.Sequential.return_value.double.return_value.state_dict.return_value = {"weight": None, "bias": None}
    monkeypatch.setitem(sys.modules, "torch", torch)
    layer.to_torch()
    torch.nn.Double.assert_called_once_with()


class Own(Module):
    def __call__(self, x: Any) -> Any:
        return x


class TestMistakes:
    @pytest.mark.parametrize(
        ("package", "call"), [("onnx", lambda: MLP(1, [1]).to_onnx("x")), ("torch", lambda: MLP(1, [1]).to_torch())]
    )
    def test_packages_that_are_missing(self, package: str, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(ImportError, match="pip install"):
            call()

    @pytest.mark.covers
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("message", "model", "sample"),
        [
            ("do not know Own", Sequential(Own()), None),
            ("do not know Perceptron", Perceptron(2), None),
            ("has an activation of its own", Layer(2, 1, lambda z: z, of=Tensor), None),
            ("loses an axis; use its layers", Sequential(MLP(2, [1], of=Tensor), Flatten()), None),
            ("does not tell the shape of a sample; give it", Sequential(Flatten()), None),
            ("no padding as wide as the window; got padding=2", MaxPool2d(2, padding=2), (1, 4, 4)),
            ("no padding as wide as the window", AvgPool2d((3, 2), padding=((1, 0), (0, 2))), (1, 4, 4)),
            ("this network has no layers", Sequential(), None),
            ("this layer takes 9 inputs", Sequential(Conv2d(1, 2, 3), Flatten(), Layer(9, 2, of=Tensor)), (1, 8, 8)),
            (r"this layer takes \(n, 1, height, width\)", Conv2d(1, 2, 3), (8, 8)),
            ("this layer takes 4 inputs", Sequential(Layer(2, 3, of=Tensor), Layer(4, 2, of=Tensor)), None),
            (
                r"is made of Values; other programs have .*: put its layers into a Sequential, which converts them",
                type("Net", (Own,), {"of": Value})(),
                None,
            ),
        ],
    )
    def test_what_cannot_be_written(self, message: str, model: Any, sample: Any, tmp_path: Path) -> None:
        pytest.importorskip("onnx")
        with pytest.raises(ValueError, match=message):
            model.to_onnx(tmp_path / "a.onnx", sample)
        assert list(tmp_path.iterdir()) == []

    def test_the_shape_of_a_sample_is_told_as_far_as_it_is_known(self, tmp_path: Path) -> None:
        onnx = pytest.importorskip("onnx")
        for model, lengths in (
            (Layer(3, 2, of=Tensor), ["n", 3]),
            (Sequential(Conv2d(2, 1, 3)), ["n", 2, "height", "width"]),
            (Sequential(Conv1d(2, 1, 3)), ["n", 2, "length"]),
        ):
            model.to_onnx(tmp_path / "a.onnx")
            (x,) = onnx.load(tmp_path / "a.onnx").graph.input
            assert [d.dim_param or d.dim_value for d in x.type.tensor_type.shape.dim] == lengths

    def test_same_with_a_stride_on_onnx(self, tmp_path: Path) -> None:
        onnxruntime = pytest.importorskip("onnxruntime")
        model, x = Conv2d(1, 2, 3, stride=2, padding="same"), rng.normal(size=(2, 1, 8, 5))
        model.to_onnx(tmp_path / "a.onnx")
        (found,) = onnxruntime.InferenceSession(tmp_path / "a.onnx").run(["y"], {"x": x.astype("float32")})
        np.testing.assert_allclose(found, predict(model, x), rtol=1e-5, atol=1e-6)
        with pytest.raises(ValueError, match="give the padding in numbers"):
            Conv2d(1, 2, 3, stride=2, dilation=2, padding="same").to_onnx(tmp_path / "a.onnx")

    def test_same_with_a_stride(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "torch", MagicMock())
        with pytest.raises(ValueError, match="give the padding in numbers"):
            Conv2d(1, 1, 3, stride=2, padding="same").to_torch()

    def test_a_state_of_another_network(self) -> None:
        model = Layer(2, 3, of=Tensor)
        before = model.state_dict()
        with pytest.raises(ValueError, match="the state has 1 tensors; this network has 2"):
            model.from_torch({"weight": np.ones((3, 2))})
        with pytest.raises(ValueError, match=r"bias has shape \(4,\); w0 of Layer.* has shape \(3,\)"):
            model.from_torch({"weight": np.ones((3, 2)), "bias": np.ones(4)})
        for numbers in (np.full(3, 1j), np.full(3, None)):
            with pytest.raises(ValueError, match="bias must hold real numbers; got"):
                model.from_torch({"weight": np.ones((3, 2)), "bias": numbers})
        with pytest.raises(TypeError, match=r"as in from_torch\(module.state_dict\(\)\); got Layer"):
            model.from_torch(model)  # type: ignore[arg-type]
        for name, data in model.state_dict().items():
            np.testing.assert_array_equal(data, before[name])
