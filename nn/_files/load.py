"""`load`: a network, or a whole training, from a file that a stranger may have written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from autograd import Node, Value
from autograd.files import brief, open_file
from nn._core.settings import whole
from nn._core.types import Array, Json, Numbers
from nn._layers.module import Module, retype
from nn._training.history import History
from nn._training.optimizer import Optimizer
from nn._training.optimizers import OPTIMIZERS

from .format import FORMAT, Checkpoint, FileError, checksum_of
from .generators import set_generators
from .live import is_live, live_model
from .safetensors import tensors_of
from .structure import Budget, check_text, make, plan_of, structure_of


def load(path: str | Path, into: Module | None = None) -> Checkpoint:
    """Return the network from a file, with the optimizer and the history if they were saved with it.

    A network with modules of your own is made by your code and given as `into`; its numbers are set. Raises FileError,
    and changes nothing, for a file that is damaged, was altered, holds something else or another network; OSError for
    one that cannot be read. Nothing in a file is run, and a file cannot ask for more memory than some times its size.

    JSON that the page of a network saves, or `save` for a path that ends with .json, is read as well: the network
    alone, of Tensors.
    """
    with open_file(path) as file:
        data = file.read()
    return unpacked(data, path, into)


def unpacked(data: bytes, path: str | Path, into: Module | None = None) -> Checkpoint:
    """Return the Checkpoint of the content of a file; the path stands in messages alone."""
    try:
        return _read(data, into)
    except FileError as error:
        raise FileError(f"{path}: {error.args[0]}") from None
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError, MemoryError) as error:
        raise FileError(
            f"{path}: does not hold what a network needs ({type(error).__name__}: {error!s:.200})"
        ) from None


def _read(data: bytes, into: Module | None) -> Checkpoint:
    if is_live(data):
        return _read_live(data, into)
    try:
        tensors, metadata = tensors_of(data)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:
        raise FileError(f"is no file of safetensors, or a damaged one ({error!s:.200})") from None
    text = metadata.get("glassgrad")
    if text is None:
        raise FileError("holds tensors, but no network of this library")
    check_text(text)
    if metadata.get("sha256") != checksum_of(text, tensors):
        raise FileError("was altered or damaged: its checksum does not fit")
    told = json.loads(text)
    if told.get("format") != FORMAT:
        raise FileError(f"has the format {brief(told.get('format'), 40)}; this version reads {FORMAT!r}")
    if into is not None and told["model"] != structure_of(into):
        raise FileError("holds another network than `into`")
    budget = Budget(tensors)
    model = into if into is not None else make(plan_of(told["model"], budget), budget)
    # All is made, and may fail, before anything of the network that was given is changed.
    nodes = dict(model._state())
    held = {key.removeprefix("model.") for key in tensors if key.startswith("model.")}
    if held != set(nodes):
        other = ", ".join(sorted(held ^ set(nodes))[:3])
        raise FileError(f"holds the numbers of another network: the names differ in {other:.200}")
    state = {name: _number(tensors[f"model.{name}"], node) for name, node in nodes.items()}
    generators = list(set_generators(model, told["generators"]))
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
            retype(nodes[name], data)
    frozen = {nodes[name] for name in told.get("frozen", [])}
    for node in nodes.values():
        node.frozen = node in frozen
    model.load_state_dict(state)
    for set_state in generators:
        set_state()
    model.eval()
    return Checkpoint(model, optimizer, history)


def _read_live(data: bytes, into: Module | None) -> Checkpoint:
    model = live_model(data)
    if into is None:
        return Checkpoint(model)
    if structure_of(model) != structure_of(into):
        raise FileError("holds another network than `into`")
    into.load_state_dict(model.state_dict())
    into.eval()
    return Checkpoint(into)


def _optimizer(told: Json, model: Module, tensors: Mapping[str, Any]) -> Optimizer:
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
    # Files of an earlier version lack these.
    counts = {"counts": [state["steps"]] * len(nodes), "param_groups": [{"params": list(range(len(nodes)))}]}
    counts = {"steps": state.pop("steps"), **{name: state.pop(name, item) for name, item in counts.items()}}
    settings = {name: tuple(item) if isinstance(item, list) else item for name, item in state.items()}
    if set(settings) != set(kind.settings):
        raise FileError(f"has settings that {kind.__name__} does not know")
    make: Callable[..., Optimizer] = kind
    optimizer = make(nodes, **settings)
    # Before the first step there is 0.0 for each parameter of any shape.
    memory = {
        name: [
            _number(array, node) if (array := tensors[f"{name}.{path}"]).shape else float(array)
            for path, node in zip(told["parameters"], nodes)
        ]
        for name in kind.kept
    }
    optimizer.load_state_dict({**settings, **counts, **memory})
    return optimizer


def _number(array: Array, node: Node) -> Numbers:
    """Return a file's array as data of a node, a float for a Value; raise FileError for another shape."""
    if array.shape != node.shape:
        raise FileError(f"has an array of shape {array.shape} for numbers of shape {node.shape}")
    return float(array) if type(node) is Value else array.copy()
