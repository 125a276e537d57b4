"""A program of numbers and columns as one loop over the samples, the form that Numba compiles best."""

from __future__ import annotations

from typing import Any, NamedTuple

from autograd._compiler.passes import relinked
from autograd._compiler.program import Program, nodes_in
from autograd._compiler.rules.expressions import (
    For,
    Let,
    Lines,
    Put,
    Return,
    called,
    indexed,
    literal,
    name,
)
from autograd._core.data import shape
from autograd._core.node import Node, leaf
from autograd._core.primitive import TABLE, Primitive
from autograd._core.tracing import CompileError
from autograd._core.types import Axis, Operand
from autograd._ops.statistical import sum_

from .names import Names
from .python import Body
from .text import Printer

MOST = 20_000
"""More operations take Numba minutes."""

BEFORE, INSIDE, AFTER = range(3)
"""Where an operation stands: before the loop, in it, or after it."""

REPEATED = {op.reduction: op for op in TABLE.values() if op.reduction}
"""The operation that a reduction of an array repeats: addition for the sum."""


class Loop(NamedTuple):
    """The source, the functions in it that add up, and its inputs and results."""

    source: str
    sums: list[str]
    numbers: list[Node]
    columns: list[Node]
    results: list[Node]


def loop_of(program: Program) -> Loop:
    """Return a program as a loop.

    Raises CompileError for a program with arrays of several shapes, or with operations that mix samples in another way
    than to add them all up.
    """
    leaves = [*nodes_in([tree for _, tree in program.arguments]), *program.captured]
    columns = [node for node in leaves if node.shape]
    nodes, became = _plain(program.nodes, columns)
    lengths = {node.shape for node in [*columns, *nodes] if node.shape}
    if len(lengths) > 1 or any(len(length) > 1 for length in lengths) or len(nodes) > MOST:
        raise CompileError(
            f"Numba takes up to {MOST:,} operations on numbers, and on columns of one length in place of numbers; this "
            f"function has {len(nodes):,}, and arrays of the shapes {sorted(lengths)}: use the backend 'numpy'"
        )
    names = Names(program.names, program.adjoints)
    names.new(program.name)
    names.wanted.update({tree: argument for argument, tree in program.arguments if isinstance(tree, Node)})
    parameters = [names.new("numbers"), *(names.of(node) for node in columns)]
    used = {item for node in nodes for item in node.inputs if isinstance(item, Node)}
    used.update(nodes_in(program.results))
    numbers = [node for node in leaves if not node.shape]
    parts: tuple[Lines, Lines, Lines] = ([], [], [])
    parts[BEFORE].extend(
        Let(name(node), indexed(name(parameters[0]), literal(k))) for k, node in enumerate(numbers) if node in used
    )
    index = names.new("k")
    for node, parameter in zip(columns, parameters[1:]):
        element = names.new(f"{parameter}_{index}")
        parts[INSIDE].append(Let(name(element), indexed(name(parameter), name(index))))
        names.rename(node, element)
    body, place = Body(program, names, functional=False), dict.fromkeys(leaves, BEFORE)
    place.update(dict.fromkeys(columns, INSIDE))
    sums = _Sums(names)
    for node in nodes:
        _add(node, body, names, place, parts, sums)
    results = list(dict.fromkeys(nodes_in(program.results)))
    last = [became.get(node, node) for node in results]
    if any(place[node] == INSIDE for node in last):
        raise CompileError("with Numba a result must be a number, not a column: use the backend 'numpy'")
    out = name(names.new("results"))
    loop: Lines = [For(name(index), name(parameters[1]), parts[INSIDE])] if columns else []
    ending: Lines = [Let(out, called("array", [literal(len(results))], what="empty"))]
    ending += [Put(indexed(out, literal(k)), name(node)) for k, node in enumerate(last)]
    printer = Printer(names)
    text = _function(printer, program.name, parameters, [*parts[BEFORE], *loop, *parts[AFTER], *ending, Return(out)])
    text = "".join(_summing(printer, op, of, body, names) for op, of in sums.items()) + text
    imports = "import math\n" * ("math" in printer.modules) + "import numpy as np\n"
    return Loop(imports + "\n\n" + text, list(sums.values()), numbers, columns, results)


class _Sums(dict[Primitive, str]):
    """The names of the functions that add up, by operation, of those that are used."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def __missing__(self, op: Primitive) -> str:
        self[op] = self._names.new(f"{op.name}_up")
        return self[op]


def _function(printer: Printer, function: str, parameters: list[str], lines: Lines) -> str:
    return "\n".join([f"def {function}({', '.join(parameters)}):", *printer.rows(lines)]) + "\n"


def _summing(printer: Printer, op: Primitive, function: str, body: Body, names: Names) -> str:
    """Return the function that adds one more term to a total, whose terms Numba may take in any order."""
    total, term, both = leaf(0.0), leaf(0.0), leaf(0.0)
    names.rename(total, "total")
    names.rename(term, "term")
    both.link(op, (total, term), (0.0, 0.0), {})
    lines = [*body.from_template("total", both), Return(name("total"))]
    return _function(printer, function, ["total", "term"], lines) + "\n\n"


def _add(
    node: Node,
    body: Body,
    names: Names,
    place: dict[Node, int],
    parts: tuple[Lines, Lines, Lines],
    sums: dict[Primitive, str],
) -> None:
    """Add the lines of an operation where it can stand first."""
    assert node.op is not None
    inputs = [item for item in node.inputs if isinstance(item, Node)]
    latest = max((place[item] for item in inputs), default=BEFORE)
    repeated = REPEATED.get(node.op.name)
    if node.op.elementwise:
        if latest == AFTER and any(place[item] == INSIDE for item in inputs):
            raise CompileError("this function goes through the samples twice, which Numba's loop cannot: use 'numpy'")
        parts[latest].extend(body.from_template(node, node))
        place[node] = latest
    elif repeated is not None and latest == INSIDE and not node.shape:
        total = name(node)
        parts[BEFORE].append(Let(total, literal(0.0)))
        parts[INSIDE].append(Let(total, called("call", [name(sums[repeated]), total, name(inputs[0])])))
        place[node] = AFTER
    elif len(inputs) == 1 and latest != INSIDE and (node.args[0] == node._data).all():
        # A number in another form: an array of one, a column of equals.
        names.rename(node, names.of(inputs[0]))
        place[node] = latest
    else:
        raise CompileError(f"{node.op.name} of shape {inputs[0].shape} cannot stand in a loop: use the backend 'numpy'")


def _plain(nodes: list[Node], columns: list[Node]) -> tuple[list[Node], dict[Any, Node]]:
    """Return operations with leaves for constant columns and sums for means, and the new node for each old one.

    The leaves are added to `columns`.
    """
    became: dict[Node, Node] = {}
    found: list[Node] = []
    for node in nodes:
        inputs: list[Any] = []
        for item in node.inputs:
            if not isinstance(item, Node) and shape(item):
                columns.append(leaf(item))
                item = columns[-1]
            inputs.append(became.get(item, item) if isinstance(item, Node) else item)
        new = relinked(node, inputs)
        assert new.op is not None
        if not new.op.elementwise and new.op.name not in REPEATED and len(inputs) == 1 and not new.shape:
            try:
                made = new.op.forward(_Nodes(), *inputs, **new.settings)
            except AttributeError:
                made = None
            if isinstance(made, Node) and made.op is not None:
                found += [item for item in made.inputs if isinstance(item, Node) and item is not inputs[0]]
                new = made
        found.append(new)
        became[node] = new
    return found, became


class _Nodes:
    """A namespace `xp` on which some rules, such as that of the mean, come out as operations on nodes."""

    def sum(self, a: Operand, axis: Axis = None, keepdims: bool = False) -> Any:
        return sum_(a, axis=axis, keepdims=keepdims)

    def isfinite(self, a: Operand) -> _Nodes:
        return self

    def all(self) -> bool:
        return True
