"""`save` and `load`: a network, or a whole training, in one file of safetensors, which holds no code.

The tensors are the network's state, what the optimizer remembers, and the best weights so far. The header's metadata
hold, as JSON, what the network, the optimizer and the history are, and a checksum of everything.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from autograd import Tensor, Value
from autograd.files import brief, open_file, printable, replace_file
from nn._layers.convolution import AvgPool2d, Conv1d, Conv2d, Flatten, GlobalAvgPool2d, GlobalMaxPool2d, MaxPool2d
from nn._layers.dense import MLP, Layer, Perceptron
from nn._layers.dropout import Dropout
from nn._layers.module import Module, Sequential
from nn._layers.normalization import BatchNorm, LayerNorm
from nn._settings import whole
from nn._training.history import History
from nn._training.optimizers import SGD, Adam, Optimizer, RMSProp

from .safetensors import tensors_of, written

FORMAT = "glassgrad 1"

LAYERS: dict[str, type[Module]] = {
    kind.__name__: kind
    for kind in (
        Perceptron, Layer, MLP, Sequential, Conv1d, Conv2d, MaxPool2d, AvgPool2d, GlobalAvgPool2d, GlobalMaxPool2d,
        Flatten, BatchNorm, LayerNorm, Dropout,
    )
}  # fmt: skip
"""The modules that a file may name; all others are made by their own code, and `into` is given to `load`."""

OPTIMIZERS: dict[str, type[Optimizer]] = {kind.__name__: kind for kind in (SGD, Adam, RMSProp)}
"""The optimizers that a file may name."""

GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
"""NumPy's bit generators, of which a file may name one."""

DEEPEST, WIDEST, LONGEST, MOST_LISTS = 20, 4096, 10_000_000, 100_000
"""Of a structure: levels inside each other; layers, and a number that no parameter goes with; letters; JSON's lists."""


class FileError(ValueError):
    """A file that is no network, or a damaged one; the message says what is wrong with it.

    >>> import os, tempfile
    >>> handle, path = tempfile.mkstemp()
    >>> try:
    ...     load(path)
    ... except FileError as error:
    ...     print(str(error).partition(": ")[2].partition(" (")[0])
    is no file of safetensors, or a damaged one
    >>> os.close(handle), os.unlink(path)
    (None, None)
    """

    def __str__(self) -> str:
        # As of DataError: a stranger's names could move the cursor.
        return printable(super().__str__())


class Checkpoint(NamedTuple):
    """What a file holds; `optimizer` and `history` are None if only a network was saved.

    >>> Checkpoint(MLP(1, [1])).history is None
    True
    """

    model: Any
    optimizer: Any = None
    history: Any = None


def save(path: str | Path, model: Module, optimizer: Optimizer | None = None, history: History | None = None) -> None:
    """Write a network to a file, or with an optimizer and a history a training that `fit` can carry on.

    With it go the running means, the states of all random generators inside the network, and the best weights of
    early stopping. The file is written whole or not at all: what was there stays until the new one is on the disk.
    The same training gives the same bytes. Raises TypeError for what is no network, optimizer or history, and for an
    activation or another setting that cannot be named; ValueError for a network that `load` would refuse; OSError if
    nothing can be written there.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     save(f"{folder}/model.safetensors", MLP(2, [3, 1], "tanh"))
    ...     load(f"{folder}/model.safetensors").model
    MLP(
      Layer(2 -> 3, tanh, of=Value),
      Layer(3 -> 1, linear, of=Value),
    )
    """
    replace_file(path, packed(model, optimizer, history))


def packed(model: Module, optimizer: Optimizer | None = None, history: History | None = None) -> bytes:
    """Return what `save` writes."""
    if not isinstance(model, Module):
        raise TypeError(f"save takes a network, then an optimizer and a history; got {brief(model)}")
    if not isinstance(optimizer, Optimizer | None) or not isinstance(history, History | None):
        raise TypeError(
            f"after the network save takes an optimizer and a History, as fit returns it; got {brief(optimizer)} and "
            f"{brief(history)}"
        )
    tensors = {f"model.{name}": _array(data) for name, data in model.state_dict().items()}
    told: dict[str, Any] = {"format": FORMAT, "model": structure_of(model), "generators": _generators(model)}
    told["frozen"] = [name for name, node in model.named_parameters() if node.frozen]
    if optimizer is not None:
        names = {id(node): name for name, node in model.named_parameters()}
        if any(id(node) not in names for node in optimizer.parameters):
            raise ValueError("the optimizer moves parameters of another network than the one to save")
        state = optimizer.state_dict()
        moved = [names[id(node)] for node in optimizer.parameters]
        for kept in optimizer.kept:
            tensors.update({f"{kept}.{name}": _array(item) for name, item in zip(moved, state.pop(kept))})
        told["optimizer"] = {"kind": type(optimizer).__name__, "parameters": moved, "state": state}
    if history is not None:
        tensors.update({f"best.{name}": _array(data) for name, data in history.best.items()})
        told["history"], told["order"] = dict(history), [history.seed, history.samples]
    text = json.dumps(told)
    try:
        # What is written can be read.
        _check_text(text)
        if not _is_own(told["model"]):
            _planned(told["model"], _Budget(tensors))
    except FileError as error:
        raise ValueError(f"this network cannot be kept in a file, as the file {error}") from None
    return written(tensors, {"glassgrad": text, "sha256": _checksum(text, tensors)})


def load(path: str | Path, into: Module | None = None) -> Checkpoint:
    """Return what `save` wrote: the network, and the optimizer and the history if they were saved with it.

    A network with modules of your own is made by your code and given as `into`; its numbers are set. Raises FileError,
    and changes nothing, for a file that is damaged, was altered, holds something else or another network; OSError for
    one that cannot be read. Nothing in a file is run, and a file cannot ask for more memory than some times its size.
    """
    with open_file(path) as file:
        data = file.read()
    return unpacked(data, path, into)


def unpacked(data: bytes, path: str | Path, into: Module | None = None) -> Checkpoint:
    """Return what `load` returns for the content of a file; the path stands in messages alone."""
    try:
        return _read(data, into)
    except FileError as error:
        raise FileError(f"{path}: {error.args[0]}") from None
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError, MemoryError) as error:
        raise FileError(
            f"{path}: does not hold what a network needs ({type(error).__name__}: {error!s:.200})"
        ) from None


def structure_of(module: Module, depth: int = 0) -> dict[str, Any]:
    """Return a module as the name of its class and the arguments that make another one like it.

    A class of your own is its name alone; what has one layer in two places is marked as made by your own code as well.
    Raises ValueError for more levels inside each other than a file may have.
    """
    if depth > DEEPEST:
        raise ValueError(f"a file holds Sequentials inside each other up to {DEEPEST} levels; put the layers into one")
    kind = type(module)
    if LAYERS.get(kind.__name__) is not kind:
        return {"kind": kind.__name__, "own": True}
    if kind is Sequential:
        layers = [layer for layer in module.layers if isinstance(layer, Module)]  # type: ignore[attr-defined]
        if len(layers) < len(module.layers):  # type: ignore[attr-defined]
            raise TypeError("this network has plain functions as layers, which a file cannot hold; make them modules")
        # Of the layers inside Sequentials; one that is shared is there twice, and so is a weight that two layers share.
        nodes = [id(node) for layer in _ends(module) for node in layer.parameters()]
        shared = {"own": True} if len(set(nodes)) < len(nodes) else {}
        return {"kind": "Sequential", "layers": [structure_of(layer, depth + 1) for layer in layers], **shared}
    given = {name: getattr(module, name) for name in _arguments(kind.__name__) if hasattr(module, name)}
    structure = {"kind": kind.__name__, **{name: _setting(kind, name, item) for name, item in given.items()}}
    if isinstance(module, MLP):
        fresh = MLP(**given, init=0.0, seed=0)
        if list(map(structure_of, module.layers)) != list(map(structure_of, fresh.layers)):
            raise TypeError("the layers of this MLP are not those that it was made with: put them into a Sequential")
    return structure


@cache
def _known(kind: str) -> tuple[str, ...]:
    """Return the names of all arguments of a class of LAYERS."""
    return tuple(inspect.signature(LAYERS[kind]).parameters)


def _arguments(kind: str) -> list[str]:
    # How numbers were drawn does not matter any more, and no file has labels.
    return [name for name in _known(kind) if name not in ("seed", "init", "label")]


def _is_own(structure: Any) -> bool:
    """Tell whether something in a network is made by the user's code alone."""
    return "own" in structure or any(map(_is_own, structure.get("layers", ())))


def _setting(kind: type[Module], name: str, item: Any) -> Any:
    if item is Value or item is Tensor:
        return item.__name__
    if isinstance(item, (tuple, list)):
        return [_setting(kind, name, part) for part in item]
    if item is None or isinstance(item, (str, int, float)):
        return item
    raise TypeError(
        f"{kind.__name__} has {name}={brief(item)}, which a file cannot hold: use a name, such as 'tanh', or keep the "
        f"numbers with state_dict() and make the network in your own code"
    )


def _check_text(text: Any) -> None:
    """Raise FileError for a description that would be many times as large in memory as in a file."""
    if not isinstance(text, str) or len(text) > LONGEST or text.count("[") + text.count("{") > MOST_LISTS:
        raise FileError(f"describes more than {LONGEST:,} letters or {MOST_LISTS:,} lists can say")


def _read(data: bytes, into: Module | None) -> Checkpoint:
    try:
        tensors, metadata = tensors_of(data)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:
        raise FileError(f"is no file of safetensors, or a damaged one ({error!s:.200})") from None
    text = metadata.get("glassgrad")
    if text is None:
        raise FileError("holds tensors, but no network of this library")
    _check_text(text)
    if metadata.get("sha256") != _checksum(text, tensors):
        raise FileError("was altered or damaged: its checksum does not fit")
    told = json.loads(text)
    if told.get("format") != FORMAT:
        raise FileError(f"has the format {brief(told.get('format'), 40)}; this version reads {FORMAT!r}")
    if into is not None and told["model"] != structure_of(into):
        raise FileError("holds another network than `into`")
    budget = _Budget(tensors)
    model = into if into is not None else _made(_planned(told["model"], budget), budget)
    # All is made, and may fail, before anything of the network that was given is changed.
    nodes = dict(model._state())
    held = {key.removeprefix("model.") for key in tensors if key.startswith("model.")}
    if held != set(nodes):
        other = ", ".join(sorted(held ^ set(nodes))[:3])
        raise FileError(f"holds the numbers of another network: the names differ in {other:.200}")
    state = {name: _number(tensors[f"model.{name}"], node) for name, node in nodes.items()}
    generators = list(_set_generators(model, told["generators"]))
    optimizer = history = None
    if "optimizer" in told:
        optimizer = _optimizer(told["optimizer"], model, tensors)
    if "history" in told:
        history = History({str(name): [float(x) for x in numbers] for name, numbers in told["history"].items()})
        history.seed, history.samples = (
            whole("the order", number) if number is not None else None for number in told.get("order", (None, None))
        )
        best = {name: tensors[f"best.{name}"] for name in state if f"best.{name}" in tensors}
        history.best = {name: _number(array, nodes[name]) for name, array in best.items()}
    if into is None:
        for name, data in state.items():
            _take_type(nodes[name], data)
    frozen = {nodes[name] for name in told.get("frozen", [])}
    for node in nodes.values():
        node.frozen = node in frozen
    model.load_state_dict(state)
    for set_state in generators:
        set_state()
    model.eval()
    return Checkpoint(model, optimizer, history)


class _Budget(Random):
    """Draws no numbers, and no more of them than a file has: so nothing large is made for a file that lies.

    A Value is a tensor of its own, and takes more memory than a number of an array: they are counted apart.
    """

    def __init__(self, tensors: Mapping[str, Any]) -> None:
        super().__init__(0)
        own = [array for name, array in tensors.items() if name.startswith("model.")]
        self.size = sum(array.size for array in own)
        self.modules = WIDEST
        self.left: dict[Any, int] = {Value: sum(not array.shape for array in own), Tensor: self.size}
        self.of: Any = Tensor

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        self.take(1)
        return 0.0

    def take(self, numbers: int, modules: int = 0) -> None:
        """Count what is made; raise FileError if that is more than there can be."""
        self.left[self.of] -= numbers
        self.modules -= modules
        if self.modules < 0:
            raise FileError(f"describes a network of more than {WIDEST:,} layers")
        if self.left[self.of] < 0:
            raise FileError("describes a larger network than it holds numbers for")


Plan = tuple[Any, Any]
"""A class of modules and its arguments, those of Sequential as plans."""


def _planned(structure: Any, budget: _Budget, depth: int = 0) -> Plan:
    """Return what is to be made of a structure; raise FileError for one that no `save` has written."""
    if not isinstance(structure, dict) or depth > DEEPEST:
        raise FileError(f"describes a network that is none: {brief(structure)}")
    name = structure.get("kind")
    kind = LAYERS.get(name) if isinstance(name, str) else None
    budget.take(0, modules=1)
    if kind is None or "own" in structure:
        raise FileError(
            f"was saved from a network with the module {brief(name)}, which is not one of nn's, or has one layer in "
            f"two places: make it with your own code and give it as `into`"
        )
    if kind is Sequential:
        layers = structure["layers"]
        if set(structure) != {"kind", "layers"} or not isinstance(layers, list):
            raise FileError(f"describes a Sequential that is none: {brief(structure)}")
        return kind, [_planned(layer, budget, depth + 1) for layer in layers]
    arguments = {key: _argument(key, item, budget.size) for key, item in structure.items() if key != "kind"}
    unknown = set(arguments) - set(_arguments(kind.__name__))
    if unknown:
        raise FileError(f"has settings that {name} does not know: {', '.join(sorted(unknown)):.200}")
    if isinstance(sizes := arguments.get("sizes"), list):
        budget.take(0, modules=len(sizes))
    return kind, arguments


def _made(plan: Plan, budget: _Budget) -> Any:
    """Return the module that was planned; raise FileError if the file has not so many numbers."""
    kind, arguments = plan
    if kind is Sequential:
        return Sequential(*(_made(layer, budget) for layer in arguments))
    known = _known(kind.__name__)
    # Where a class may be made of both, that of Values is its default.
    budget.of = arguments.get("of", Value if kind is Perceptron or "of" in known else Tensor)
    if "seed" in known:
        module = kind(**arguments, seed=budget)
        if hasattr(module, "seed"):
            # The numbers come from the file, and so do the states of generators.
            module.seed = 0
        if getattr(module, "rng", None) is budget:
            module.rng = Random(0)
        return module
    if "n_in" in arguments:
        lengths = arguments["n_in"]
        budget.take(math.prod(lengths if isinstance(lengths, tuple) else (lengths,)))
    return kind(**arguments)


def _argument(name: str, item: Any, size: int) -> Any:
    """Return a setting; raise FileError for one that no module takes, or for a number larger than the file."""
    if name == "of":
        return {"Value": Value, "Tensor": Tensor}[item]
    if isinstance(item, list) and len(item) <= WIDEST:
        # Sizes stay a list, as in MLP(2, [16, 1]); pairs of an image's axes are tuples.
        return (list if name == "sizes" else tuple)(_argument("", part, size) for part in item)
    if isinstance(item, bool) or item is None or isinstance(item, float) or (isinstance(item, str) and len(item) < 100):
        return item
    if isinstance(item, int) and abs(item) <= max(size, WIDEST):
        return item
    raise FileError(f"has a setting that no network has: {name}={brief(item)}")


def _optimizer(told: Any, model: Module, tensors: Mapping[str, Any]) -> Optimizer:
    kind = OPTIMIZERS.get(told["kind"])
    if kind is None:
        raise FileError(
            f"was saved with the optimizer {brief(told['kind'])}, which is not one of nn's: load the network alone"
        )
    parameters = dict(model.named_parameters())
    if len(set(told["parameters"])) < len(told["parameters"]):
        raise FileError("has an optimizer that moves a parameter twice")
    nodes = [parameters[name] for name in told["parameters"]]
    state = dict(told["state"])
    # What a file of an earlier version does not say.
    counts = {"counts": [state["steps"]] * len(nodes), "param_groups": [{"params": list(range(len(nodes)))}]}
    counts = {"steps": state.pop("steps"), **{name: state.pop(name, item) for name, item in counts.items()}}
    settings = {name: tuple(item) if isinstance(item, list) else item for name, item in state.items()}
    if set(settings) != set(kind.settings):
        raise FileError(f"has settings that {kind.__name__} does not know")
    make: Callable[..., Optimizer] = kind
    optimizer = make(nodes, **settings)
    # Before the first step there is 0.0 for each parameter, of whatever shape.
    memory = {
        name: [
            _number(array, node) if (array := tensors[f"{name}.{path}"]).shape else float(array)
            for path, node in zip(told["parameters"], nodes)
        ]
        for name in kind.kept
    }
    optimizer.load_state_dict({**settings, **counts, **memory})
    return optimizer


def _ends(model: Any) -> Iterator[Module]:
    """Yield the layers inside Sequentials inside each other."""
    for layer in model.layers:
        yield from _ends(layer) if isinstance(layer, Sequential) else (layer,)


def _every_module(model: Module) -> Iterator[Module]:
    """Yield every module inside a network; one that stands in two places is yielded twice, as a file describes it."""
    if isinstance(model, Sequential):
        yield model
        for layer in model.layers:
            yield from _every_module(layer)
    else:
        yield from model.modules()


def _generators(model: Module) -> list[dict[str, Any]]:
    """Return the state of each random generator in a module, and at which modules it is found."""
    found: dict[int, dict[str, Any]] = {}
    for place, module in enumerate(_every_module(model)):
        for name, item in vars(module).items():
            # What a module was seeded with is spent.
            state = None if name == "seed" else _state_of(item)
            if state is not None:
                found.setdefault(id(item), {"state": state, "at": []})["at"].append([place, name])
    return list(found.values())


def _state_of(item: Any) -> Any:
    if isinstance(item, Random):
        version, numbers, spare = item.getstate()
        return ["Random", version, list(numbers), spare]
    if type(item).__module__.startswith("numpy.random") and hasattr(item, "bit_generator"):
        return ["Generator", _plain(item.bit_generator.state)]
    return None


def _plain(item: Any) -> Any:
    """Return a state of NumPy's as JSON takes it: arrays are lists, marked as such."""
    if isinstance(item, dict):
        return {key: _plain(part) for key, part in item.items()}
    return {"array": item.tolist(), "dtype": item.dtype.name} if hasattr(item, "dtype") else item


def _rich(item: Any) -> Any:
    if isinstance(item, dict) and set(item) == {"array", "dtype"}:
        import numpy

        if item["dtype"] not in ("uint32", "uint64"):
            raise FileError(f"has the state of a random generator with numbers of type {brief(item['dtype'], 40)}")
        return numpy.array(item["array"], item["dtype"])
    return {key: _rich(part) for key, part in item.items()} if isinstance(item, dict) else item


def _set_generators(model: Module, told: Any) -> Iterator[Callable[[], None]]:
    """Yield functions, each of which puts a generator with its state where it was."""
    modules = list(_every_module(model))
    filled: set[tuple[int, str]] = set()
    for one in told:
        generator = _generator(one["state"])
        for place, name in one["at"]:
            if place < 0 or (place, name) in filled or _state_of(getattr(modules[place], name, None)) is None:
                raise FileError(f"has a random generator where the network has none: {brief(name, 40)}")
            filled.add((place, name))
            yield partial(setattr, modules[place], name, generator)


def _generator(state: Any) -> Any:
    kind, *rest = state
    if kind == "Random":
        version, numbers, spare = rest
        made: Any = Random()
        made.setstate((version, tuple(numbers), spare))
        return made
    (inner,) = rest
    if kind != "Generator" or inner["bit_generator"] not in GENERATORS:
        raise FileError(f"has a random generator of an unknown kind: {brief(kind, 40)}")
    # NumPy reads what it is to draw next from these places, also where they lie beyond its memory.
    places = inner["state"].get("pos", 0), inner.get("buffer_pos", 0)
    if not (0 <= places[0] <= 624 and 0 <= places[1] <= 4):
        raise FileError(f"has a random generator that stands where none can: {places}")
    import numpy

    bits = getattr(numpy.random, inner["bit_generator"])()
    bits.state = _rich(inner)
    return numpy.random.Generator(bits)


def _array(data: Any) -> Any:
    import numpy

    return numpy.ascontiguousarray(data) if getattr(data, "ndim", 0) else numpy.array(data)


def _number(array: Any, node: Any) -> Any:
    """Return an array of a file as the data of a node: a float for a Value; raise FileError for another shape."""
    if array.shape != node.shape:
        raise FileError(f"has an array of shape {array.shape} for numbers of shape {node.shape}")
    return float(array) if type(node) is Value else array.copy()


def _take_type(node: Any, data: Any) -> None:
    """Make a node that was made for a file anew if its numbers have another type there, such as float32."""
    if getattr(data, "dtype", None) != getattr(node.snapshot(), "dtype", None):
        node.__init__(data, node.label)


def _checksum(text: str, tensors: Mapping[str, Any]) -> str:
    found = sha256(text.encode())
    for name in sorted(tensors):
        array = tensors[name]
        found.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        found.update(array.tobytes())
    return found.hexdigest()
