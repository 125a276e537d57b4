"""A network as nested settings, and a network of its settings: at most as large as its file."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any

from autograd import Tensor, Value
from autograd.files import brief
from nn._core.types import Json
from nn._layers.dense import MLP
from nn._layers.module import Module
from nn._layers.portable import LAYERS, Portable, is_built_in
from nn._layers.sequential import Sequential

from .format import FileError
from .generators import all_ends

DEEPEST, WIDEST, LONGEST, MOST_LISTS = 20, 4096, 10_000_000, 100_000
"""Limits of a structure: its levels; its layers, and a number without a parameter; its letters; its lists in JSON."""


def structure_of(module: Module, depth: int = 0) -> dict[str, Json]:
    """Return a module as the name of its class and the arguments that make another one like it.

    A class of your own is its name alone; a network with one layer in two places is marked as your own code as well.
    Raises ValueError for more levels inside each other than a file may have.
    """
    if depth > DEEPEST:
        raise ValueError(f"a file holds Sequentials inside each other up to {DEEPEST} levels; put the layers into one")
    kind = type(module)
    if not is_built_in(module):
        return {"kind": kind.__name__, "own": True}
    if type(module) is Sequential:
        layers = [layer for layer in module.layers if isinstance(layer, Module)]
        if len(layers) < len(module.layers):
            raise TypeError("this network has plain functions as layers, which a file cannot hold; make them modules")
        # Of the layers inside Sequentials; one that is shared is there twice, and so is a weight that two layers share.
        nodes = [id(node) for layer in all_ends(module) for node in layer.parameters()]
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
    # How numbers were drawn does not matter any more, their type is that of the file's, and no file has labels.
    return [name for name in _known(kind) if name not in ("seed", "init", "dtype", "label")]


def is_own(structure: Json) -> bool:
    """Tell whether a network has a part that the user's code alone can make."""
    return "own" in structure or any(map(is_own, structure.get("layers", ())))


def _setting(kind: type[Module], name: str, item: object) -> Json:
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


def check_text(text: object) -> None:
    """Raise FileError for a description that would be many times as large in memory as in a file."""
    if not isinstance(text, str) or len(text) > LONGEST or text.count("[") + text.count("{") > MOST_LISTS:
        raise FileError(f"describes more than {LONGEST:,} letters or {MOST_LISTS:,} lists can say")


class Budget(Random):
    """A generator that draws zeros, and no more than a file has: a file that lies makes nothing large.

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
        """Count numbers and modules as they are made; raise FileError if they exceed those of the file."""
        self.left[self.of] -= numbers
        self.modules -= modules
        if self.modules < 0:
            raise FileError(f"describes a network of more than {WIDEST:,} layers")
        if self.left[self.of] < 0:
            raise FileError("describes a larger network than it holds numbers for")


Plan = tuple[Any, Any]
"""A class of modules and its arguments; a Sequential's arguments are plans."""


def plan_of(structure: Json, budget: Budget, depth: int = 0) -> Plan:
    """Return the plan of a structure; raise FileError for a structure that no `save` has written."""
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
        return kind, [plan_of(layer, budget, depth + 1) for layer in layers]
    arguments = {key: _argument(key, item, budget.size) for key, item in structure.items() if key != "kind"}
    unknown = set(arguments) - set(_arguments(kind.__name__))
    if unknown:
        raise FileError(f"has settings that {name} does not know: {', '.join(sorted(unknown)):.200}")
    if isinstance(sizes := arguments.get("sizes"), list):
        budget.take(0, modules=len(sizes))
    return kind, arguments


def make(plan: Plan, budget: Budget) -> Any:
    """Return the module of a plan; raise FileError if the file has too few numbers for it."""
    kind, arguments = plan
    if kind is Sequential:
        return Sequential(*(make(layer, budget) for layer in arguments))
    known = _known(kind.__name__)
    # A class that may be made of both is made of Values by default, and so is one that no other program knows.
    of_values = "of" in known or not issubclass(kind, Portable)
    budget.of = arguments.get("of", Value if of_values else Tensor)
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


def _argument(name: str, item: Json, size: int) -> Any:
    """Return a setting; raise FileError if no module takes it, or for a number larger than the file."""
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
