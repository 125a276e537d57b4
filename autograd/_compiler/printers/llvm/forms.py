"""Where the elements of a register come from, and the loops in which they are computed."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from autograd._compiler.lower import instructions as to
from autograd._compiler.printers.nests import Nest
from autograd._core.types import Array

from .lines import Index, Value

WORKSPACE = 0
"""The array, of bytes, in which all is kept that is neither given nor returned."""

CONSTANTS = {"double": 1, "float": 2, "i32": 3}
"""The arrays of what is the same at every call, by the type of their numbers; the last is of places."""


class Buffer(NamedTuple):
    """A register in memory: the number of the array, the type of its numbers, and the place of the first one."""

    root: int
    kind: str
    start: int = 0


class View(NamedTuple):
    """A register whose elements are those of another, in other places."""

    source: int
    table: Array


class Computed(NamedTuple):
    """A register that is computed where it is read."""

    step: to.Ew
    operations: int


Form: TypeAlias = Buffer | View | Computed | float
"""Where the elements of a register come from; a float is the same for all of them."""


class Read(NamedTuple):
    """Elements of an array."""

    buffer: Buffer
    table: Array


class Function(NamedTuple):
    """A function of elements."""

    step: to.Ew
    parts: list[Tree]


Tree: TypeAlias = "float | Value | Read | Function"
"""What the elements of a register are computed from; a Value is one number for all of them."""


class Place(NamedTuple):
    """The place of a vector inside loops: the variable of each, which of them runs along the vector, its lanes."""

    indices: list[Index]
    along: int
    lanes: int


class Loops(Nest):
    """Loops that know how far their steps go in the tables that were asked for."""

    def __init__(self, n: int, tables: list[Array], cuts: tuple[int, ...] = ()) -> None:
        super().__init__(n, tables, cuts)
        self._steps: dict[int, tuple[Array, list[int] | None]] = {}

    def strides(self, table: Array) -> list[int] | None:
        if id(table) not in self._steps:
            self._steps[id(table)] = table, super().strides(table)
        return self._steps[id(table)][1]


def reads(tree: Tree) -> list[Read]:
    """Return all that a tree reads."""
    if isinstance(tree, Function):
        return [read for part in tree.parts for read in reads(part)]
    return [tree] if isinstance(tree, Read) else []


def zeros(n: int) -> Array:
    import numpy

    return numpy.zeros(n, int)


def places(n: int) -> Array:
    import numpy

    return numpy.arange(n)
