"""Files of strangers, and damaged ones: refused in one sentence, in little memory, and nothing has changed."""

from __future__ import annotations

import json
import os
import random
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damage import killed, mutated
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd import Tensor
from nn import (
    MLP,
    SGD,
    Adam,
    Conv2d,
    Dropout,
    FileError,
    Flatten,
    History,
    Layer,
    MaxPool2d,
    Module,
    Optimizer,
    Sequential,
    load,
    save,
)
from nn._files.format import checksum_of
from nn._files.load import unpacked
from nn._files.safetensors import tensors_of, written


class Own(Module):
    """A user's module, with a generator and a list of parameters."""

    def __init__(self) -> None:
        self.layers = [Layer(2, 3, "tanh", of=Tensor, seed=1), Layer(3, 1, of=Tensor, seed=2)]
        self.drop = Dropout(0.25, seed=np.random.default_rng(3))
        self.other = Dropout(0.1, seed=random.Random(3))

    def __call__(self, x: Any) -> Any:
        return self.layers[1](self.other(self.drop(self.layers[0](x))))


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
