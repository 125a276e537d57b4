"""Layers that are known outside: the list of those that a file may name, and what others are in ONNX and in PyTorch."""

from __future__ import annotations

from abc import abstractmethod
from types import ModuleType
from typing import Any, ClassVar, Protocol, TypeVar

from .module import Module

Kind = TypeVar("Kind", bound=type[Module])

LAYERS: dict[str, type[Module]] = {}
"""The modules that a file may name; all others are made by their own code, and `into` is given to `load`."""


def built_in(kind: Kind) -> Kind:
    """Enter a class of this package in LAYERS; what inherits from it, or has its name, is not entered."""
    LAYERS[kind.__name__] = kind
    return kind


def is_built_in(module: object) -> bool:
    """Tell whether a module is of a class of LAYERS itself."""
    return LAYERS.get(type(module).__name__) is type(module)


class Graph(Protocol):
    """An ONNX graph that is being written; `last` is the name of what its last node computes."""

    last: str

    def add(self, operator: str, *more: object, **attributes: object) -> str:
        """Add an operation on what was computed last and on `more`, names or arrays; return the name of its result."""


class Portable(Module):
    """A layer that other programs have as well.

    `_torch_state` names its tensors in the order of PyTorch's state, "w.T" being transposed there; `_flattens` says
    that its output has two axes, whatever its input has.
    """

    _torch_state: ClassVar[tuple[str, ...]] = ()
    _flattens: ClassVar[bool] = False

    @abstractmethod
    def _write_onnx(self, graph: Graph) -> None:
        """Add what the layer computes to a graph."""

    @abstractmethod
    def _make_torch(self, nn: ModuleType) -> list[Any]:
        """Return the modules of `torch.nn`, which is given, that compute the same."""

    def _sample(self) -> list[Any] | None:
        """Return the shape of a sample, with names for lengths that may vary; None if the layer does not tell it."""
        return None
