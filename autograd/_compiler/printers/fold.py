"""A line that is used once is written where it is used: `z = w0 + w1 * x1` in place of two lines."""

from __future__ import annotations

from collections import Counter

from autograd._compiler.program import Program, nodes_in
from autograd._compiler.rules.expressions import Expression, Let, Line, Lines, changed, read_by, replaced, walk
from autograd._core.node import Node

MOST = 5
"""A line with more operations is harder to read than two."""

Written = list[tuple[Node, Lines]]
"""The nodes of a program in order, with the lines that compute each."""


def folded(program: Program, written: Written) -> Written:
    """Return the lines of a program; each unnamed line that one other line uses stands inside that one.

    A line that writes over an array ends the waiting of all before it: they may read that array, or a view of it.
    """
    read = [[tree for line in lines for tree in read_by(line)] for _, lines in written]
    names = [[tree.what for tree in trees if tree.kind == "name"] for trees in read]
    free = _unnamed(program, written, names)
    waiting: dict[Node, Let] = {}
    out = []
    for (node, lines), trees, used in zip(written, read, names):
        here = {item: waiting.pop(item) for item in used if item in waiting}
        if here:
            lines = _joined(here, lines)
        if any(map(_writes, trees)):
            lines = [*waiting.values(), *lines]
            waiting.clear()
            out.append((node, lines))
            continue
        if node in free and len(lines) == 1 and isinstance(lines[0], Let):
            waiting[node] = lines[0]
            lines = []
        out.append((node, lines))
    return out


def _joined(here: dict[Node, Let], lines: Lines) -> Lines:
    """Return lines with others inside them, as far as they stay short, and else before them."""
    room = MOST - _operations(lines[0]) if len(lines) == 1 and isinstance(lines[0], Let) else 0
    before: Lines = []
    inside: dict[Node, Expression] = {}
    for item, line in here.items():
        room -= _operations(line)
        if room >= 0:
            inside[item] = line.value
        else:
            before.append(line)

    def found(tree: Expression) -> Expression | None:
        return inside.get(tree.what) if tree.kind == "name" else None

    return [*before, *(changed(line, lambda tree: replaced(tree, found)) for line in lines)]


def _unnamed(program: Program, written: Written, names: list[list[Node]]) -> set[Node]:
    """Return the nodes that may have no line of their own; `names` are those that the lines of each node read."""
    uses = Counter(item for used in names for item in used)
    part = {node: k < program.forward for k, (node, _) in enumerate(written)}
    user = {item: node for (node, _), used in zip(written, names) for item in used}
    # A gradient is named after its two nodes.
    named = {*program.names, *program.adjoints, *nodes_in(program.results)}
    named.update(node for pair in program.adjoints.values() for node in pair)
    return {node for node, _ in written if uses[node] == 1 and node not in named and part[node] == part[user[node]]}


def _writes(tree: Expression) -> bool:
    """Tell whether an expression gives its result the memory of an array."""
    return tree.kind == "array" and "out" in tree.what


def _operations(line: Line) -> int:
    assert isinstance(line, Let)
    return sum(bool(tree.parts) for tree in walk(line.value))
