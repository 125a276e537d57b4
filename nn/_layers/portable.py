"""Layers known outside: the list of those that a file may name, and their forms in ONNX and PyTorch."""

from __future__ import annotations

from abc import abstractmethod
from types import ModuleType
from typing import Any, ClassVar, Protocol, TypeVar

from .module import Module

Kind = TypeVar("Kind", bound=type[Module])

LAYERS: dict[str, type[Module]] = {}
"""The modules that a file may name; any other is made by its own code, and given to `load` as `into`."""


def built_in(kind: Kind) -> Kind:
    """Enter a class of this package in LAYERS; a subclass, or a class of its name, is not entered."""
    LAYERS[kind.__name__] = kind
    return kind


def is_built_in(module: object) -> bool:
    """Tell whether a module is of a class of LAYERS itself."""
    return LAYERS.get(type(module).__name__) is type(module)


class Graph(Protocol):
    """An ONNX graph that is being written; `last` is the name of the result of its last node."""

    last: str

    def add(self, operator: str, *more: object, **attributes: object) -> str:
        """Add an operation on the last result and on `more`, names or arrays; return the new result's name."""


class Portable(Module):
    """A layer that other programs have as well.

    `_torch_state` names its tensors in the order of PyTorch's state, "w.T" being transposed there; `_flattens` says
    that its output has two axes for any input.
    """

    _torch_state: ClassVar[tuple[str, ...]] = ()
    _flattens: ClassVar[bool] = False

    @abstractmethod
    def _write_onnx(self, graph: Graph) -> None:
        """Add the layer's operations to a graph."""

    @abstractmethod
    def _make_torch(self, nn: ModuleType) -> list[Any]:
        """Return modules of the given `torch.nn` that compute the same."""

    def _sample(self) -> list[Any] | None:
        """Return the shape of a sample, with names for lengths that may vary; None if it is unknown."""
        return None
