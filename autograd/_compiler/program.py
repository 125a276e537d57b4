"""A program: nodes, their inputs and their names, before it is text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from autograd._core.node import Node
from autograd._core.trees import flatten
from autograd._core.types import Tree

from .passes import on_floats

MANY = 8
"""So many numbers in a list are looked at together."""


class Pack(NamedTuple):
    """An array that holds the numbers of many leaves."""

    name: str
    node: Any
    leaves: list[Node]
    captured: bool
    """Whether the leaves are used from outside, rather than arguments."""

    def data(self, found: Mapping[Node, Any]) -> Any:
        """Return the array for leaves whose numbers are found, or are those that they hold."""
        import numpy

        return numpy.array([found.get(leaf, leaf._data) for leaf in self.leaves])


@dataclass(frozen=True)
class Part:
    """One element of a computed array, as a result."""

    node: Any
    place: int


def nodes_in(tree: Tree) -> list[Node]:
    """Return the nodes of a structure, in order."""
    items = (item.node if isinstance(item, Part) else item for item in flatten(tree))
    return [item for item in items if isinstance(item, Node)]


@dataclass
class Program:
    """A function to write: its parameters, each with its structure of leaves, its operations and its results."""

    name: str
    arguments: list[tuple[str, Any]]
    captured: list[Node]
    packs: list[Pack]
    nodes: list[Node]
    forward: int
    results: Any
    names: dict[Node, str] = field(default_factory=dict)
    adjoints: dict[Node, tuple[Node, Node]] = field(default_factory=dict)
    """For each gradient, the node that is differentiated and the one with respect to which it is."""
    given: dict[str, Any] = field(default_factory=dict)
    """The objects from outside, beside the captured leaves: large arrays, functions that cannot be written."""
    written_over: int = 0
    """How many results take the memory of an array that is no longer needed."""
    refused: str = ""
    """Why there is no machine code of it, where there was to be."""

    @cached_property
    def on_floats(self) -> bool:
        """Whether all operations work on floats, not on arrays."""
        return all(map(on_floats, self.nodes))
