"""Saving and loading: the same numbers, the same training, and every damaged or hostile file refused."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import nn
from autograd import Tensor, Value
from nn import (
    MLP,
    SGD,
    Adam,
    AvgPool2d,
    BatchNorm,
    Checkpoint,
    Conv1d,
    Conv2d,
    Dropout,
    FileError,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    History,
    Layer,
    LayerNorm,
    MaxPool2d,
    Module,
    Optimizer,
    Perceptron,
    RMSProp,
    Sequential,
    cosine,
    fit,
    load,
    mse,
    predict,
    save,
    warm_up,
)
from nn._files.generators import GENERATORS
from nn._files.load import unpacked
from nn._files.save import packed
from nn._files.structure import Budget, plan_of
from nn._layers.portable import LAYERS
from nn._training import optimizers as optimizers_module
from nn.testing import mlps

rng = np.random.default_rng(0)

NETWORKS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "perceptron": (lambda: Perceptron(3, "tanh", seed=4), (5, 3)),
    "values": (lambda: MLP(3, [4, 2], "tanh", "sigmoid", seed=2), (5, 3)),
    "tensors": (lambda: MLP(3, [4, 1], "gelu", of=Tensor, seed=2), (5, 3)),
    "layers": (lambda: Sequential(Layer(3, 4, "elu", of=Tensor, number=7), LayerNorm(4, of=Tensor)), (5, 3)),
    "norms": (lambda: Sequential(Layer(3, 4), BatchNorm(4), LayerNorm(4), Sequential(Layer(4, 1))), (5, 3)),
    "images": (
        lambda: Sequential(
            Conv2d(2, 4, (3, 2), "relu", stride=(1, 2), padding=((1, 0), (0, 1)), groups=2), BatchNorm(4, of=Tensor),
            AvgPool2d(2, stride=1), MaxPool2d(2, padding="same"), Dropout(0.5), Flatten(), Layer(8, 2, of=Tensor),
        ),
        (3, 2, 6, 5),
    ),
    "pooled": (lambda: Sequential(Conv2d(1, 3, 3, padding="same", dilation=2), GlobalAvgPool2d()), (2, 1, 5, 5)),
    "largest": (lambda: Sequential(Conv2d(1, 3, 3), GlobalMaxPool2d()), (2, 1, 5, 5)),
    "sequence": (lambda: Sequential(Conv1d(2, 3, 3, "tanh"), Flatten()), (2, 2, 5)),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_comes_back(name: str, tmp_path: Path) -> None:
    make, shape = NETWORKS[name]
    model, x = make(), rng.normal(size=shape)
    predict(model, x)
    for module in model.modules():
        if isinstance(module, BatchNorm):
            module(x if module.of is Tensor and x.ndim == 4 and x.shape[1] == 4 else np.ones((3, 4)))
    save(tmp_path / "a.safetensors", model)
    found = load(tmp_path / "a.safetensors")
    assert (found.optimizer, found.history) == (None, None)
    assert repr(found.model) == repr(model)
    assert not found.model.training
    before, after = model.state_dict(), found.model.state_dict()
    assert list(before) == list(after)
    for key, data in before.items():
        assert type(after[key]) is type(data)
        np.testing.assert_array_equal(after[key], data, strict=True)
    np.testing.assert_array_equal(predict(found.model, x), predict(model, x))
    np.testing.assert_array_equal(predict(deepcopy(found.model), x), predict(model, x))


class Own(Module):
    """A user's module, with a generator and a list of parameters."""

    def __init__(self) -> None:
        self.layers = [Layer(2, 3, "tanh", of=Tensor, seed=1), Layer(3, 1, of=Tensor, seed=2)]
        self.drop = Dropout(0.25, seed=np.random.default_rng(3))
        self.other = Dropout(0.1, seed=random.Random(3))

    def __call__(self, x: Any) -> Any:
        return self.layers[1](self.other(self.drop(self.layers[0](x))))


X = rng.normal(size=(30, 2))

y = X[:, :1] * X[:, 1:]

OPTIMIZERS: dict[str, Callable[[list[Any]], Optimizer]] = {
    "sgd": lambda p: SGD(p, lr=0.05, momentum=0.9),
    "adam": lambda p: Adam(p, lr=0.01),
    "rmsprop": lambda p: RMSProp(p, lr=0.01),
}

MODELS: dict[str, Callable[[], Any]] = {
    "tensors": lambda: Sequential(
        Layer(2, 6, "tanh", of=Tensor, seed=1),
        BatchNorm(6, of=Tensor),
        Dropout(0.3, seed=2),
        Layer(6, 1, of=Tensor, seed=3),
    ),
    "values": lambda: Sequential(
        Layer(2, 3, "tanh", seed=0),
        Dropout(0.3, seed=0),
        Layer(3, 3, seed=0),
        Dropout(0.3, seed=1),
        Layer(3, 1, seed=0),
    ),
    "own": Own,
}


def train(
    model: Any, optimizer: Any, epochs: int, history: Any = None, compile: bool = True, seed: int | None = None
) -> History:
    data = (X.tolist(), y.tolist()) if isinstance(model.parameters()[0], Value) else (X, y)
    return fit(
        model, *data, loss=mse, optimizer=optimizer, epochs=epochs, batch_size=8, history=history, patience=50,
        schedule=warm_up(2, then=cosine(8)), validation=data, compile=compile, seed=seed,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("compile", [True, False])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_resuming_equals_an_uninterrupted_run_to_the_bit(
    optimizer: str, model: str, compile: bool, tmp_path: Path
) -> None:
    whole, path = MODELS[model](), tmp_path / "run.safetensors"
    moved = OPTIMIZERS[optimizer](whole.parameters())
    uninterrupted = train(whole, moved, 10, compile=compile, seed=3)

    part = MODELS[model]()
    first = OPTIMIZERS[optimizer](part.parameters())

    def stop(history: History) -> bool:
        save(path, part, first, history)
        return history.epochs == 4

    data = (X.tolist(), y.tolist()) if model == "values" else (X, y)
    fit(
        part, *data, loss=mse, optimizer=first, epochs=10, batch_size=8, patience=50, validation=data, callbacks=[stop],
        schedule=warm_up(2, then=cosine(8)), compile=compile, seed=3,
    )  # fmt: skip
    found = load(path, into=MODELS[model]() if model == "own" else None)
    assert isinstance(found, Checkpoint)
    assert found.history.epochs == 4
    resumed = train(found.model, found.optimizer, 10, found.history, compile)
    assert resumed == uninterrupted
    for a, b in zip(whole.parameters(), found.model.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)
    assert found.optimizer.steps == moved.steps


def test_a_shared_generator_stays_shared(tmp_path: Path) -> None:
    shared = random.Random(1)
    model = Sequential(Dropout(0.5, seed=shared), Dropout(0.5, seed=shared), Layer(2, 1, of=Tensor))
    save(tmp_path / "a", model)
    found = load(tmp_path / "a").model
    assert found.layers[0].rng is found.layers[1].rng


@pytest.mark.parametrize("bits", GENERATORS)
def test_numpy_s_generators_go_on_where_they_were(bits: str, tmp_path: Path) -> None:
    generator = np.random.Generator(getattr(np.random, bits)(7))
    generator.random(5)
    save(tmp_path / "a", Sequential(Dropout(0.5, seed=generator), Layer(2, 1, of=Tensor)))
    assert load(tmp_path / "a").model.layers[0].rng.random(9).tolist() == generator.random(9).tolist()


def test_what_stood_there_stays_if_saving_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.safetensors"
    save(path, MLP(1, [1]))
    before = path.read_bytes()

    def full(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(path, MLP(2, [1]))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_one_layer_in_two_places(tmp_path: Path) -> None:
    def make() -> Sequential:
        twice = Layer(2, 2, of=Tensor, seed=3)
        return Sequential(twice, Sequential(twice))

    model = make()
    model.layers[0].w.data = np.ones((2, 2))
    save(tmp_path / "a", model, Adam(model.parameters()))
    with pytest.raises(
        FileError, match="has one layer in two places: make it with your own code and give it as `into`"
    ):
        load(tmp_path / "a")
    np.testing.assert_array_equal(load(tmp_path / "a", into=make()).model.layers[1].layers[0].w.data, np.ones((2, 2)))


def test_lengths_may_be_numbers_of_numpy(tmp_path: Path) -> None:
    """As in MLP(X.shape[1], [8, y.max() + 1])."""
    k = np.arange(3).max() + 1
    for module in (MLP(k, [8, k]), Layer(k, k), Conv2d(k, k, 3), BatchNorm(k), LayerNorm(k)):
        save(tmp_path / "a", module)
        assert repr(load(tmp_path / "a").model) == repr(module)


@pytest.mark.parametrize(("bits", "change"), [
    ("MT19937", lambda state: state["state"].update(pos=10**9)),
    ("MT19937", lambda state: state["state"].update(pos=-1)),
    ("Philox", lambda state: state.update(buffer_pos=10**6)),
])  # fmt: skip
def test_a_generator_that_would_read_foreign_memory(bits: str, change: Callable[[Any], Any], tmp_path: Path) -> None:
    """NumPy takes any place, and reads what lies there, or ends Python."""
    from nn._files.generators import _generator, _state_of

    state = _state_of(np.random.Generator(getattr(np.random, bits)(0)))
    change(state[1])
    with pytest.raises(FileError, match="stands where none can"):
        _generator(state)


def test_a_layer_s_number_is_no_template(tmp_path: Path) -> None:
    """From a file it could ask for a label of gigabytes."""
    layer = Layer(1, 1, number="{0.real} {:>99}")
    assert [p.label for p in layer.parameters()] == ["w({0.real} {:>99})_0,1", "w({0.real} {:>99})_1,1"]
    save(tmp_path / "a", layer)
    assert load(tmp_path / "a").model.number == layer.number


def test_a_link_stays_one(tmp_path: Path) -> None:
    link, file = tmp_path / "latest", tmp_path / "first.safetensors"
    link.symlink_to(file)
    for sizes in ([1], [4]):
        save(link, MLP(1, sizes))
        assert link.is_symlink()
        assert load(file).model.sizes == sizes


def test_a_folder_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path, "."):
        with pytest.raises(IsADirectoryError, match="is a folder; name a file in it"):
            save(path, MLP(1, [1]))
    assert list(tmp_path.iterdir()) == []


def test_a_training_saved_twice_is_the_same_file(tmp_path: Path) -> None:
    model = Sequential(Layer(2, 3, of=Tensor), Dropout(0.5), Layer(3, 1, of=Tensor))
    optimizer = Adam(model.parameters())
    found = set()
    for _ in range(8):
        save(tmp_path / "a", model, optimizer, History({"loss": [1.0]}))
        found.add((tmp_path / "a").read_bytes())
    assert len(found) == 1


@given(mlps())
def test_any_network_comes_back_to_the_bit(model: Any) -> None:
    found = unpacked(packed(model), "a").model
    assert repr(found) == repr(model)
    for data, back in zip(model.state_dict().values(), found.state_dict().values(), strict=True):
        assert type(data) is type(back)
        assert np.array_equal(data, back)
    assert packed(found) == packed(model)


class TestLayersOfUsers:
    @pytest.mark.parametrize("name", ["Heir", "Layer"])
    def test_one_that_inherits_from_ours_is_not_made_from_a_file(self, name: str, tmp_path: Path) -> None:
        """Also not one that has the name of ours, which would come back as that."""
        kind: Any = type(name, (Layer,), {})
        path, own = tmp_path / "a", Sequential(kind(2, 1, of=Tensor))
        save(path, own)
        with pytest.raises(FileError, match=f"with the module '{name}', which is not one of nn's"):
            load(path)
        assert load(path, into=own).model is own
        assert set(LAYERS) == {name for name in nn.__all__ if LAYERS.get(name) is getattr(nn, name)}

    def test_its_name_in_a_file_makes_nothing(self) -> None:
        for name in ("Heir", "Module", "Convolution", "Portable", "nn.Layer"):
            with pytest.raises(FileError, match="which is not one of nn's"):
                plan_of({"kind": name, "n_in": 2, "n_out": 1}, Budget({}))


def test_every_layer_and_every_optimizer_of_ours_can_be_loaded() -> None:
    public = {name: item for name in nn.__all__ if isinstance(item := getattr(nn, name), type)}
    layers = {name for name, kind in public.items() if issubclass(kind, nn.Module) and kind is not nn.Module}
    assert layers == set(LAYERS)
    optimizers = {name for name, kind in public.items() if issubclass(kind, nn.Optimizer) and kind is not nn.Optimizer}
    assert optimizers == set(optimizers_module.OPTIMIZERS)
