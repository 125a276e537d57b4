"""Where the elements of a register come from, and the loops in which they are computed."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from autograd._compiler.lower import instructions as to
from autograd._compiler.printers.nests import Nest
from autograd._core.types import Array

from .lines import Index, Lines, Value

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


def is_single(part: Tree, value: Value) -> bool:
    """Tell whether a number has single precision, or is a constant that has."""
    import numpy

    if isinstance(part, float):
        return part != part or float(numpy.float32(part)) == part
    return value.kind in ("float", "i1")


def best(nest: Nest, tables: list[Array], lines: Lines) -> int:
    """Return along which loop vectors cost least, where these tables are read."""
    lanes = lines.target.lanes("double")
    costs = []
    for k, length in enumerate(nest.lengths):
        steps = [None if (s := nest.strides(table)) is None else s[k] for table in tables]
        cost = sum({0: 0.1, 1: 1.0}.get(step, lanes) for step in steps if step is not None)
        cost += lanes * steps.count(None)
        costs.append((cost * -(-length // lanes) * lanes / length, -k))
    return -min(costs)[1]


def order_in_memory(tree: Tree, n: int) -> Array | None:
    """Return the order in which all arrays of n elements lie that a tree of n elements reads.

    None if they lie in the order of the tree, or not all in one.
    """
    import numpy

    found: Array | None = None
    for read in reads(tree):
        low, taken = read.table.min(), numpy.full(n, -1)
        if read.table.max() - low == n - 1:
            taken[read.table - low] = places(n)
            if (taken < 0).any():
                continue
            if found is not None and not numpy.array_equal(taken, found):
                return None
            found = taken
    return None if found is None or numpy.array_equal(found, places(n)) else found


def inverse(order: Array) -> Array:
    """Return for each place of an order where it stands there."""
    import numpy

    found = numpy.empty_like(order)
    found[order] = places(len(order))
    return found


def zeros(n: int) -> Array:
    import numpy

    return numpy.zeros(n, int)


def places(n: int) -> Array:
    import numpy

    return numpy.arange(n)
