"""Saving and loading: the same numbers, the same training, and every damaged or hostile file refused."""

from __future__ import annotations

import errno
import json
import os
import random
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damage import killed, mutated
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

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
from nn._files.format import checksum_of
from nn._files.generators import GENERATORS
from nn._files.load import unpacked
from nn._files.safetensors import tensors_of, written
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


def with_header(start: int, stop: int, shape: Any = (1,)) -> bytes:
    """A file with one number, which may not lie where its header says."""
    text = json.dumps({"a": {"dtype": "F64", "shape": shape, "data_offsets": [start, stop]}}).encode()
    return len(text).to_bytes(8, "little") + text + bytes(8)


@pytest.mark.slow
@given(st.dictionaries(st.text(max_size=5), hnp.arrays(
    st.sampled_from(["float64", "float32"]), hnp.array_shapes(min_dims=0, min_side=0, max_side=3))
))  # fmt: skip
def test_files_are_those_of_safetensors(arrays: dict[str, Any]) -> None:
    """Its own library reads what is written, and what it writes is read, in whatever order it writes."""
    from safetensors.numpy import load as theirs
    from safetensors.numpy import save as theirs_written

    arrays.pop("__metadata__", None)
    ours, found = written(arrays, {"a": "b"}), tensors_of(theirs_written(arrays, {"a": "b", "c": "d"}))
    assert found[1] == {"a": "b", "c": "d"}
    for got in (theirs(ours), tensors_of(ours)[0], found[0]):
        assert got.keys() == arrays.keys()
        for name, array in arrays.items():
            np.testing.assert_array_equal(got[name], array, strict=True)


@pytest.mark.parametrize("kind", ["device", "pipe", "folder"])
def test_only_regular_files_are_loaded(kind: str, tmp_path: Path) -> None:
    """Others might never end, or wait for ever."""
    path = Path("/dev/zero") if kind == "device" else tmp_path / "a"
    if kind == "pipe":
        os.mkfifo(path)
    if kind == "folder":
        path.mkdir()
    with pytest.raises(OSError, match=r"is a device or a pipe|s a directory"):
        load(path)


def nested(levels: int) -> Any:
    module: Any = Layer(1, 1, of=Tensor)
    for _ in range(levels):
        module = Sequential(module)
    return module


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.parametrize(("message", "make"), [
    ("inside each other up to 20 levels", lambda: nested(21)),
    ("inside each other up to 20 levels", lambda: nested(50)),
    ("more than 4,096 layers", lambda: Sequential(*(Flatten() for _ in range(4096)))),
    ("more than 4,096 layers", lambda: MLP(1, [1] * 4096, of=Tensor)),
    ("no network has: stride=5000", lambda: Conv2d(1, 1, 3, stride=5000)),
    ("no network has: =5000", lambda: MaxPool2d(2, stride=(5000, 1))),
    ("no network has: number='xxx", lambda: Layer(1, 1, number="x" * 100)),
    ("100,000 lists can say", lambda: Sequential(*(Dropout(0.1, seed=Many()) for _ in range(4)))),
])  # fmt: skip
def test_what_could_not_be_loaded_is_not_saved(message: str, make: Callable[[], Any], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        save(tmp_path / "a", make())
    assert list(tmp_path.iterdir()) == []


class Many(random.Random):
    """Of a state as no generator has it."""

    def getstate(self) -> Any:
        return 3, [[]] * 30_000, None


@pytest.mark.parametrize(("levels", "stride"), [(20, 1), (1, 4096)])
def test_what_can_be_saved_can_be_loaded(levels: int, stride: int, tmp_path: Path) -> None:
    for model in (nested(levels), Conv2d(1, 1, 3, stride=stride)):
        save(tmp_path / "a", model)
        assert repr(load(tmp_path / "a").model) == repr(model)


TENSORS = {"model.x": np.zeros(50_000, "float32")}
STATE, AT = json.dumps(random.Random(0).getstate()), '[1,"rng"]'


def told(model: Any, generators: str = "[]", more: str = "") -> str:
    return f'{{"format":"glassgrad 1","model":{json.dumps(model)},"generators":{generators}{more}}}'


def mlp(sizes: list[int], of: str, n_in: int = 100) -> Any:
    return {"kind": "MLP", "n_in": n_in, "sizes": sizes, "of": of}


HOSTILE: dict[str, Callable[[int], tuple[str, dict[str, Any]]]] = {
    "empty tensors": lambda k: (told(mlp([1], "Tensor")), {str(n): TENSORS["model.x"][:0] for n in range(700 * k)}),
    "Values for numbers": lambda k: (told(mlp([100 * k], "Value")), {"model.x": np.zeros(10_000 * k, "float32")}),
    "Values for other numbers": lambda k: (told(mlp([100 * k], "Value")), {"x": np.zeros(10_000 * k, "float32")}),
    "Values": lambda k: (told(mlp([5 * k], "Value")), {f"model.{n}": np.float32(0.0)[()] for n in range(505 * k)}),
    "Tensors": lambda k: (told(mlp([99 * k], "Tensor")), {"model.x": np.zeros(10_000 * k, "float32")}),
    "one neuron after the other": lambda k: (
        told({"kind": "Sequential", "layers": [mlp([1] * 1000, "Tensor", 1)] * 5 * k}),
        {"model.x": np.zeros(9000 * k, "float32")},
    ),
    "layers without numbers": lambda k: (told({"kind": "Sequential", "layers": [{"kind": "Flatten"}] * 300 * k}), {}),
    "lists": lambda k: (told(mlp([1], "Value"), more=f',"x":[{",".join(["[]"] * 12_000 * k)}]'), {}),
    "one generator": lambda k: (
        told(
            {"kind": "Sequential", "layers": [{"kind": "Dropout", "p": 0.5}]},
            f'[{{"state":["Random",{STATE[1:-1]}],"at":[{",".join([AT] * 4000 * k)}]}}]',
        ),
        {},
    ),
}


def peak(data: bytes) -> int:
    """Return how much memory the content of a file takes while it is read."""
    tracemalloc.start()
    try:
        with suppress(FileError):
            unpacked(data, "a")
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_takes_a_small_multiple_of_its_size(name: str) -> None:
    def content(k: int) -> bytes:
        text, tensors = HOSTILE[name](k)
        tensors = {name: np.asarray(array) for name, array in tensors.items()}
        return written(tensors, {"glassgrad": text, "sha256": checksum_of(text, tensors)})

    small, large = content(1), content(4)
    assert len(large) > 2 * len(small)
    more = peak(large) - peak(small)
    assert more < 25 * (len(large) - len(small)) + 2**20
    assert calls(lambda: unpacked(large, "a")) < 6 * calls(lambda: unpacked(small, "a"))


def calls(job: Callable[[], Any]) -> int:
    """Return how many functions are called, in Python and below it: a measure of time that is the same each time."""
    count = 0

    def watch(frame: Any, event: str, what: Any) -> None:
        nonlocal count
        count += "call" in event

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        with suppress(FileError):
            job()
    finally:
        sys.setprofile(before)
    return count


PADDED = {"kind": "Perceptron", "n_in": 1, "label": "{:>9999999999}"}
ODD = {"array": [], "dtype": "object"}


class Strange(Optimizer):
    def change(self, k: int) -> Any:
        return 0.0


class TestMistakes:
    def test_what_cannot_be_saved(self, tmp_path: Path) -> None:
        changed_mlp = MLP(2, [3, 1])
        changed_mlp.layers.append(Layer(1, 1))
        cases: list[tuple[str, Callable[[], Any]]] = [
            ("save takes a network", lambda: save(tmp_path / "a", [1.0])),  # type: ignore[arg-type]
            ("has activation=<.*, which a file cannot hold", lambda: save(tmp_path / "a", Layer(2, 1, lambda z: z))),
            ("takes an optimizer and a History", lambda: save(tmp_path / "a", MLP(1, [1]), History())),  # type: ignore[arg-type]
            ("takes an optimizer and a History", lambda: save(tmp_path / "a", MLP(1, [1]), None, {})),  # type: ignore[arg-type]
            ("plain functions as layers", lambda: save(tmp_path / "a", Sequential(Layer(1, 1), lambda x: x))),  # type: ignore[arg-type]
            ("are not those that it was made with", lambda: save(tmp_path / "a", changed_mlp)),
        ]
        for message, call in cases:
            with pytest.raises(TypeError, match=message):
                call()
        with pytest.raises(ValueError, match="parameters of another network"):
            save(tmp_path / "a", MLP(1, [1]), SGD(MLP(1, [1]).parameters()))
        assert list(tmp_path.iterdir()) == []

    def test_what_cannot_be_loaded(self, tmp_path: Path) -> None:
        from safetensors.numpy import save as written

        path, model = tmp_path / "a.safetensors", MLP(2, [1])
        with pytest.raises(FileNotFoundError):
            load(path)
        cases: list[tuple[str, Callable[[], Any]]] = [
            ("is no file of safetensors, or a damaged one", lambda: path.write_bytes(b"hello")),
            ("is no file of safetensors, or a damaged one", lambda: path.write_bytes(b"hello there, this is no file")),
            ("a damaged one \\(it holds other numbers", lambda: path.write_bytes(written({"a": np.ones(2)}) + b"?")),
            ("\\(its numbers do not lie one after", lambda: path.write_bytes(with_header(8, 16))),
            ("\\(its numbers do not lie one after", lambda: path.write_bytes(with_header(0, 4))),
            (
                "\\(its numbers do not lie one after",
                lambda: path.write_bytes(with_header(start=0, stop=8, shape=[-1, -1])),
            ),
            ("a damaged one \\('I64'", lambda: path.write_bytes(written({"a": np.ones(2, "int64")}))),
            ("holds tensors, but no network", lambda: path.write_bytes(written({"a": np.ones(2)}))),
            ("the module 'Own', which is not one of nn's, or", lambda: save(path, Own())),
            ("the optimizer 'Strange'", lambda: save(path, model, Strange(model.parameters(), lr=0.1))),
        ]
        for message, make in cases:
            make()
            with pytest.raises(FileError, match=message):
                load(path)
        save(path, MLP(2, [1], of=Tensor))
        with pytest.raises(FileError, match="holds another network than `into`"):
            load(path, into=model)

    @pytest.mark.parametrize(
        ("message", "change"),
        [
            ("has the format 'glassgrad 9'", lambda told: told.update(format="glassgrad 9")),
            ("larger network than it holds numbers for", lambda told: told["model"].update(n_in=2000)),
            ("has a setting that no network has: n_in=1000000", lambda told: told["model"].update(n_in=10**6)),
            ("describes a network that is none", lambda told: told.update(model=[1])),
            ("a Sequential that is none", lambda told: told.update(model={"kind": "Sequential", "layers": 3})),
            ("that Layer does not know: colour", lambda told: told.update(model={"kind": "Layer", "colour": 1})),
            ("that Perceptron does not know: label", lambda told: told.update(model=PADDED)),
            ("ValueError: unknown activation", lambda told: told["model"].update(activation="bang")),
            ("another network: the names differ in layers", lambda told: told["model"].update(of="Tensor")),
            ("generator of an unknown kind", lambda told: told["generators"][0].update(state=["os", {}])),
            ("generator of an unknown kind", lambda told: told["generators"][0]["state"][1].update(bit_generator="os")),
            ("generator where the network has none", lambda told: told["generators"][0].update(at=[[0, "layers"]])),
            ("numbers of type 'object'", lambda told: told["generators"][0]["state"][1].update(state=ODD)),
            ("settings that Adam does not know", lambda told: told["optimizer"]["state"].update(speed=3)),
            ("moves a parameter twice", lambda told: told["optimizer"].update(parameters=["w", "w"])),
            ("KeyError", lambda told: told["optimizer"].update(parameters=["w"])),
        ],
    )  # fmt: skip
    def test_what_somebody_hostile_writes(self, message: str, change: Callable[[Any], Any], tmp_path: Path) -> None:
        from safetensors.numpy import load as tensors_of
        from safetensors.numpy import save as written

        from nn._files.format import checksum_of

        path = tmp_path / "a.safetensors"
        model: Any = MLP(2, [2, 1])
        if "enerator" in message or "object" in message:
            model = Sequential(Dropout(0.5, seed=np.random.default_rng(0)), Layer(2, 1))
        save(path, model, Adam(model.parameters()))
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        told = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["glassgrad"])
        change(told)
        text, tensors = json.dumps(told), tensors_of(data)
        path.write_bytes(written(tensors, {"glassgrad": text, "sha256": checksum_of(text, tensors)}))
        with pytest.raises(FileError, match=message):
            load(path)

    @pytest.mark.parametrize("name", ["model.w0", "best.w0", "means.w0"])
    def test_an_array_of_another_shape(self, name: str, tmp_path: Path) -> None:
        from safetensors.numpy import load as tensors_of
        from safetensors.numpy import save as written

        from nn._files.format import checksum_of

        path, model = tmp_path / "a.safetensors", Layer(2, 3, of=Tensor)
        optimizer, history = Adam(model.parameters()), History({"loss": [1.0]})
        history.best = model.state_dict()
        save(path, model, optimizer, history)
        data = path.read_bytes()
        text = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["glassgrad"]
        tensors = {**tensors_of(data), name: np.zeros(1)}
        path.write_bytes(written(tensors, {"glassgrad": text, "sha256": checksum_of(text, tensors)}))
        with pytest.raises(FileError, match=r"has an array of shape \(1,\) for numbers of shape \(3,\)"):
            load(path)

    def test_a_damaged_file_changes_nothing(self, tmp_path: Path) -> None:
        path, own = tmp_path / "a.safetensors", Own()
        save(path, own)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        other = Own()
        other.layers[0].w.data = other.layers[0].w.data + 1
        before = other.state_dict()
        with pytest.raises(FileError, match=r"a.safetensors: was altered or damaged: its checksum does not fit"):
            load(path, into=other)
        for name, data in other.state_dict().items():
            np.testing.assert_array_equal(data, before[name])


@pytest.mark.slow
def test_no_changed_file_is_taken_for_a_network() -> None:
    found = mutated(300)
    assert (found["accepted"], found["crashes"], found["memory"]) == (0, 0, 0)
    assert found["refused"] > 200


@pytest.mark.slow
def test_killed_while_saving() -> None:
    assert killed(2) == 0


def test_an_array_of_many_axes_is_refused_at_once(tmp_path: Path) -> None:
    """Their product has a million digits: one megabyte kept `load` busy for 20 seconds, four for minutes."""
    header = '{"a":{"dtype":"F64","shape":[' + "99999999999," * 400_000 + '1],"data_offsets":[0,8]}}'
    path = tmp_path / "axes.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header.encode() + bytes(8))
    with pytest.raises(FileError, match="it has an array of 400,001 axes"):
        load(path)


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
