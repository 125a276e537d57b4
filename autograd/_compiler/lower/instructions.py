"""The eleven instructions, all that a language needs to run any program: loops over numbers that lie in a row.

A register holds an array as its elements in a row, or one number, which is a row of one. Shapes are known, so an
instruction says how many elements there are and where they come from; nothing is broadcast, and nothing has an axis.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from autograd._core.node import Node

Operand = int | float
"""A register by its number, or a constant, which is a float."""


class Ew(NamedTuple):
    """Element by element: out[i] = function(args[0][i], ...); an argument of one element is the same for every i."""

    out: int
    function: str
    args: tuple[Operand, ...]
    size: int


class Gather(NamedTuple):
    """Movement: out[i] = sources[table[i]], the sources joined in a row. `fill` stands where the table has -1."""

    out: int
    sources: tuple[int, ...]
    table: tuple[int, ...]
    fill: float = 0.0


class Put(NamedTuple):
    """Writing: into[places[i]] = source[table[i]], or += if it adds, in this order."""

    into: int
    places: tuple[int, ...]
    source: int
    table: tuple[int, ...]
    add: bool


class Reduce(NamedTuple):
    """Repetition: out[i] = initial, function'd with source[i * length], source[i * length + 1], ..."""

    out: int
    function: str
    source: int
    length: int
    size: int
    initial: float


class Matmul(NamedTuple):
    """Products of matrices: out[b, i, j] = sum of left[b, i, k] * right[b, k, j] over k."""

    out: int
    left: int
    right: int
    batch: int
    rows: int
    inner: int
    columns: int


class Cumsum(NamedTuple):
    """Running sums of every `length` elements."""

    out: int
    source: int
    length: int
    size: int


class Order(NamedTuple):
    """Sorting: where the smallest of every `length` elements stands among them, then the next; nan comes last."""

    out: int
    source: int
    length: int
    size: int


class Take(NamedTuple):
    """Movement by computed places: of every `length` elements those that stand at `places` among them."""

    out: int
    source: int
    places: int
    length: int
    size: int


class Fill(NamedTuple):
    """The same number everywhere."""

    out: int
    value: float
    size: int


class Const(NamedTuple):
    """Numbers that are the same at every call."""

    out: int
    values: tuple[float, ...]


class If(NamedTuple):
    """A decision: out is `yes_out`, computed by `yes`, where the condition is not 0, else `no_out`."""

    out: int
    condition: int
    yes: list[Instruction]
    yes_out: int
    no: list[Instruction]
    no_out: int


Instruction = Ew | Gather | Put | Reduce | Matmul | Cumsum | Order | Take | Fill | Const | If


@dataclass
class Listing:
    """The instructions of a program, and the registers that go in and out."""

    inputs: list[int] = field(default_factory=list)
    """The registers of the leaves: of the arguments in order, then of the captured leaves."""
    code: list[Instruction] = field(default_factory=list)
    results: list[int] = field(default_factory=list)
    """Those of the nodes among the results, in order, each once."""
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    """Of each register."""
    single: set[int] = field(default_factory=set)
    """The registers whose numbers have single precision: a number written to them is rounded."""
    nodes: dict[int, Node] = field(default_factory=dict)
    """Which node's numbers a register holds, for those that hold a node's: names are given to nodes."""
    forward: int = 0
    """How many of the instructions are the forward pass; the others are the backward pass."""
