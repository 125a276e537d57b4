"""`save` and `load`: a network, or a whole training, in one file of safetensors, which holds no code.

The tensors are the network's state, the optimizer's memory, and the best weights so far. The header's metadata
hold, as JSON, the settings of network, optimizer and history, and a checksum of everything.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from autograd.files import brief, replace_file
from nn._layers.module import Module
from nn._training.history import History
from nn._training.optimizer import Optimizer

from .format import FORMAT, FileError, as_array, checksum_of
from .generators import generators_of
from .live import live_text
from .safetensors import written
from .structure import Budget, check_text, is_own, plan_of, structure_of


def save(path: str | Path, model: Module, optimizer: Optimizer | None = None, history: History | None = None) -> None:
    """Write a network to a file, or with an optimizer and a history a training that `fit` can carry on.

    With it go the running means, the states of all random generators inside the network, and the best weights of
    early stopping. The file is written whole or not at all: an old file stays until the new one is on the disk.
    The same training gives the same bytes. A path that ends with .json gets a network of dense layers as JSON, which
    pages read and write, and nothing with it. Raises TypeError for no network, optimizer or history, and for an
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
    if Path(path).suffix.lower() == ".json":
        if optimizer is not None or history is not None:
            raise ValueError("a file of JSON holds a network alone; save a training as .safetensors")
        replace_file(path, live_text(model))
    else:
        replace_file(path, packed(model, optimizer, history))


def packed(model: Module, optimizer: Optimizer | None = None, history: History | None = None) -> bytes:
    """Return the bytes that `save` writes."""
    if not isinstance(model, Module):
        raise TypeError(f"save takes a network, then an optimizer and a history; got {brief(model)}")
    if not isinstance(optimizer, Optimizer | None) or not isinstance(history, History | None):
        raise TypeError(
            f"after the network save takes an optimizer and a History, as fit returns it; got {brief(optimizer)} and "
            f"{brief(history)}"
        )
    tensors = {f"model.{name}": as_array(data) for name, data in model.state_dict().items()}
    told: dict[str, Any] = {"format": FORMAT, "model": structure_of(model), "generators": generators_of(model)}
    told["frozen"] = [name for name, node in model.named_parameters() if node.frozen]
    if optimizer is not None:
        names = {id(node): name for name, node in model.named_parameters()}
        if any(id(node) not in names for node in optimizer.parameters):
            raise ValueError("the optimizer moves parameters of another network than the one to save")
        state = optimizer.state_dict()
        moved = [names[id(node)] for node in optimizer.parameters]
        for kept in optimizer.kept:
            tensors.update({f"{kept}.{name}": as_array(item) for name, item in zip(moved, state.pop(kept))})
        told["optimizer"] = {"kind": type(optimizer).__name__, "parameters": moved, "state": state}
    if history is not None:
        tensors.update({f"best.{name}": as_array(data) for name, data in history.best.items()})
        told["history"], told["order"] = dict(history), [history.seed, history.samples]
    text = json.dumps(told)
    try:
        # Every file that is written can be read.
        check_text(text)
        if not is_own(told["model"]):
            plan_of(told["model"], Budget(tensors))
    except FileError as error:
        raise ValueError(f"this network cannot be kept in a file, as the file {error}") from None
    return written(tensors, {"glassgrad": text, "sha256": checksum_of(text, tensors)})
