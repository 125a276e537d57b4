"""A line that is used once is written where it is used: `z = w0 + w1 * x1` in place of two lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple

from autograd._compiler.program import Program, nodes_in
from autograd._compiler.rules.expressions import Expression, Let, Lines, changed, read_by, replaced
from autograd._compiler.rules.tidy import DEEPEST
from autograd._core.node import Node
from autograd._core.trees import CONTAINERS

MOST = 5
"""A line with more operations is harder to read than two; but for sums, of which each term is read by itself."""

LISTED = 20
"""Of a list with more results, one that is computed for it alone is written there, not above under a name."""

Written = list[tuple[Node, Lines]]
"""The nodes of a program in order, with the lines that compute each."""


def folded(program: Program, written: Written) -> tuple[Written, dict[Node, Expression]]:
    """Return the lines of a program; each unnamed line that one other line uses stands inside that one.

    A line that writes over an array ends the waiting of all before it: they may read that array, or a view of it. Also
    return the results that have no line: their expressions are to stand in the list that is returned.
    """
    read = [[tree for line in lines for tree in read_by(line)] for _, lines in written]
    names = [[tree.what for tree in trees if tree.kind == "name"] for trees in read]
    uses = Counter(chain.from_iterable(names))
    listed = long_listed(program, uses)
    free = unnamed(program, names, uses) | listed
    waiting: dict[Node, Let] = {}
    sizes: dict[Node, Size] = {}
    out = []
    for (node, lines), trees, used in zip(written, read, names):
        here = {item: waiting.pop(item) for item in used if item in waiting}
        inside = _fitting(here, sizes, lines)
        line = lines[0] if len(lines) == 1 else None
        size = size_of(line.value, inside) if isinstance(line, Let) and node in free else None
        if here:
            lines = _joined(here, inside, lines)
        if any(map(_writes, trees)):
            lines = [*waiting.values(), *lines]
            waiting.clear()
        elif size is not None and (node not in listed or size.operations <= MOST):
            *lines, last = lines
            assert isinstance(last, Let)
            waiting[node], sizes[node] = last, size
        out.append((node, lines))
    return out, {node: line.value for node, line in waiting.items()}


class Size(NamedTuple):
    """How long an expression is."""

    operations: int
    terms: int = 1
    longest: int = 0
    """The operations of its longest term; of a sum it is 0 where all terms are names."""

    @property
    def fits(self) -> bool:
        return self.longest <= MOST and self.terms <= DEEPEST


def size_of(tree: Expression, inside: Mapping[Any, Size]) -> Size:
    """Return the size of an expression, with those of known sizes in place of their names."""
    if not tree.parts:
        return inside.get(tree.what, NAME) if tree.kind == "name" else NAME
    sizes = [size_of(part, inside) for part in tree.parts]
    operations = 1 + sum(size.operations for size in sizes)
    if tree.kind == "infix" and tree.what in ("+", "-"):
        # What stands on the right of a sign is one term: another sum there has brackets.
        sum_, term = sizes
        return Size(operations, sum_.terms + 1, max(sum_.longest, term.operations))
    return Size(operations, 1, operations)


NAME = Size(0)


def _fitting(here: dict[Node, Let], sizes: dict[Node, Size], lines: Lines) -> dict[Node, Size]:
    """Return those of some lines, each with its size, that may stand inside others, as these then stay short."""
    inside: dict[Node, Size] = {}
    if len(lines) == 1 and isinstance(lines[0], Let):
        for item in here:
            more = {**inside, item: sizes[item]}
            if size_of(lines[0].value, more).fits:
                inside = more
    return inside


def _joined(here: dict[Node, Let], inside: Mapping[Node, Size], lines: Lines) -> Lines:
    """Return lines with others inside them, and the rest of these before them."""

    def found(tree: Expression) -> Expression | None:
        return here[tree.what].value if tree.kind == "name" and tree.what in inside else None

    before = [line for item, line in here.items() if item not in inside]
    return [*before, *(changed(line, lambda tree: replaced(tree, found)) for line in lines)]


def long_listed(program: Program, uses: Mapping[Node, int]) -> set[Node]:
    """Return the results that are floats and computed for one long list alone."""
    often = Counter(nodes_in(program.results))
    found: set[Node] = set()
    waiting = [program.results]
    while waiting:
        tree = waiting.pop()
        if isinstance(tree, (list, tuple)) and len(tree) > LISTED:
            found.update(item for item in tree if isinstance(item, Node) and type(item._data) is float)
        if isinstance(tree, CONTAINERS):
            waiting += tree.values() if isinstance(tree, dict) else tree
    by = {item for pair in program.adjoints.values() for item in pair}
    return {node for node in found if often[node] == 1 and not uses[node] and node not in program.names} - by


def unnamed(program: Program, names: list[list[Node]], uses: Mapping[Node, int]) -> set[Node]:
    """Return the nodes that may have no line of their own; `names` are those that the lines of each node read."""
    # A gradient is named after its two nodes.
    named = {*program.names, *program.adjoints, *nodes_in(program.results), *chain(*program.adjoints.values())}
    free: set[Node] = set()
    for part in (slice(program.forward), slice(program.forward, None)):
        here = set(chain.from_iterable(names[part]))
        free.update(node for node in program.nodes[part] if uses[node] == 1 and node in here and node not in named)
    return free


def _writes(tree: Expression) -> bool:
    """Tell whether an expression gives its result the memory of an array."""
    return tree.kind == "array" and "out" in tree.what
