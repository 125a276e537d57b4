"""The instructions of operations on floats, written for speed: `lower` is the plain way to them.

A long scalar program has few different operations: each is lowered once, and then copied with other registers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from autograd._compiler.passes import exact, on_floats
from autograd._core.node import Node

from . import instructions as to
from .registers import Register, Registers


class Pattern(NamedTuple):
    """The instructions of an operation on floats."""

    first: int
    """The number of its first register: those before are its arguments."""
    args: list[int]
    code: list[to.Instruction]
    shapes: list[tuple[int, ...]]
    """Of its registers."""
    result: int


def key_of(node: Node) -> Any:
    """Return a key that is the same for operations on floats with the same instructions; None for others."""
    if not on_floats(node):
        return None
    seen: dict[Node, int] = {}
    parts = [seen.setdefault(item, k) if isinstance(item, Node) else exact(item) for k, item in enumerate(node.inputs)]
    return node.op, *parts, exact(node.settings) if node.settings else ()


def copied(pattern: Pattern, registers: Registers, args: list[int], data: float) -> Register:
    """Add the instructions of a pattern for other arguments; return the result."""
    shapes = registers.listing.shapes
    names = dict(zip(pattern.args, args))
    names.update((pattern.first + k, len(shapes) + k) for k in range(len(pattern.shapes)))
    shapes += pattern.shapes
    registers.code += [_renamed(step, names) for step in pattern.code]
    return Register(names[pattern.result], data)


def _renamed(step: to.Instruction, names: dict[int, int]) -> to.Instruction:
    if isinstance(step, to.Ew):
        args = tuple([names[arg] if type(arg) is int else arg for arg in step.args])
        return to.Ew(names[step.out], step.function, args, step.size)
    if isinstance(step, to.If):
        yes, no = ([_renamed(inner, names) for inner in steps] for steps in (step.yes, step.no))
        return to.If(names[step.out], names[step.condition], yes, names[step.yes_out], no, names[step.no_out])
    # Of numbers there is nothing to be moved, put, summed or filled.
    assert isinstance(step, to.Const)
    return step._replace(out=names[step.out])
