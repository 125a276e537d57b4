"""Rows of the table as JavaScript, for a page that computes a recorded graph again: value, gradients and slopes.

What a row computes is learned by running it, as `compile` does: its forward rule on symbols, its derivative rules on
nodes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from contextvars import Context
from typing import Any, NamedTuple

from autograd._core.data import shape
from autograd._core.modes import record, without_warnings
from autograd._core.node import Node, leaf
from autograd._core.tracing import CompileError, Trace, traced
from autograd._core.types import Operand, Raw
from autograd._grad.rules import one_like
from autograd._grad.sweep import sweep

from .passes import exact, live, shortened
from .printers.javascript import Function, printed
from .program import Program
from .record import replaced

LETTERS = "abcdefhklmnpqruvwxyz"


class Row(NamedTuple):
    """An operation on arguments of fixed kinds and shapes.

    `text` is an object of JavaScript, and `sends` says which arguments are sent a gradient.
    """

    text: str
    helpers: list[str]
    sends: list[bool]


def key_of(node: Node) -> Any:
    """Return a key that is the same for nodes that one row computes."""
    args = [
        (isinstance(given, Node), getattr(arg, "dtype", float), shape(arg))
        for given, arg in zip(node.inputs, node.args)
    ]
    return node.op, exact(node.settings), *args


def row_of(node: Node, kinds: Sequence[str] = ("forward", "backward", "slopes")) -> Row:
    """Return the row that computes a node, its gradients, and its slopes if it is a number computed from numbers.

    Of these three, it has only those in `kinds`.

    Raises CompileError for an operation that no JavaScript says.
    """
    # A context of its own: recording, and without anomaly detection, whatever the caller has switched.
    return Context().run(_row_of, node, kinds)


@without_warnings
def _row_of(node: Node, kinds: Sequence[str]) -> Row:
    op = node.op
    assert op is not None
    leaves = [leaf(_float(arg)) for arg in node.args]
    wanted = {a for a, given in zip(leaves, node.inputs) if isinstance(given, Node)}
    with record():
        out: Any = op.apply(([*leaves],) if op.arity is None else tuple(leaves), dict(node.settings))
    names = dict(zip([*leaves, out], [*_letters(len(leaves)), "out"]))
    try:
        # An array is given its name; a number stands where it is returned.
        forward = names if shape(out) else {a: names[a] for a in leaves}
        parts = [("forward", _program([*leaves], [out], out, forward))]
        g = leaf(one_like(out))
        names[g] = "g"
        sent, nodes = _sent(out, g, wanted, careful=True)
        parts.append(("backward", _program([*leaves, out, g], nodes, sent, names)))
        if not any(shape(x) for x in (out, *leaves)):
            slopes, nodes = _sent(out, one_like(out), wanted, careful=False)
            parts.append(("slopes", _program([*leaves, out], nodes, slopes, names)))
        functions = [(name, printed(program)) for name, program in parts if name in kinds]
    except CompileError as error:
        error.add_note(f"This is about the primitive {op.name}")
        raise
    inside = ",\n".join([f"op: {json.dumps(op.name)}", *(_method(name, function) for name, function in functions)])
    helpers = [helper for _, function in functions for helper in function.helpers]
    return Row("{" + inside + "}", helpers, [item is not None for item in sent])


def script(rows: Sequence[Row]) -> str:
    """Return rows as the constant ROWS of JavaScript."""
    helpers = list(dict.fromkeys(helper for row in rows for helper in row.helpers))
    inside = ",\n".join(f'"r{k}": {row.text}' for k, row in enumerate(rows))
    return "\n".join(["const ROWS = (() => {", *helpers, "return {", inside, "};", "})();", ""])


def _float(data: Raw) -> Any:
    """Return data as an argument: truths and whole numbers are floats."""
    if not hasattr(data, "dtype"):
        return float(data)
    return data if data.dtype.kind == "f" else data.astype(float)


def _letters(count: int) -> list[str]:
    return [LETTERS[k] if count <= len(LETTERS) else f"x{k}" for k in range(count)]


def _sent(out: Node, g: Operand, wanted: set[Node], careful: bool) -> tuple[list[Any], list[Node]]:
    """Return what a node sends to its arguments when g arrives, and the nodes that compute it."""
    trace = Trace(careful)
    with record(), traced(trace):
        [(_, _, sent)] = sweep([out], {out: g}, True, wanted, careful)
    if trace.refusal is not None:
        raise trace.refusal
    became: dict[Node, Any] = {a: a._data for a in trace.made}
    shortened(trace.nodes, became, Counter())
    found = replaced(sent, became)
    # The result itself is an argument of the rule.
    nodes = [new for node in trace.nodes if isinstance(new := became[node], Node) and new.op and new is not out]
    return found, live(nodes, found)


def _program(leaves: list[Node], nodes: list[Node], results: Any, names: dict[Node, str]) -> Program:
    arguments = [(names[a], a) for a in leaves]
    # All of it is one part.
    return Program(
        "row", arguments, [], [], nodes, len(nodes), results, {a: names[a] for a in [*leaves, *nodes] if a in names}
    )


def _method(name: str, function: Function) -> str:
    if not function.constants:
        return f"{name}{function.text}"
    return "\n".join([f"{name}: (() => {{", *function.constants, f"return function {function.text};", "})()"])
