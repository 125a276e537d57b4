"""A graph as a formula: how each operation is written comes from the table, where it needs parentheses from Python."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from itertools import count
from typing import Any

from ._backward import topological_sort
from ._node import Node
from ._primitive import Primitive, shape

ATOM = "x"
"""Stands for a text that never needs parentheses: a name, a positive number, a call."""

UNKNOWN = "x if x else x"
"""Stands for a text that is no Python: whatever needs parentheses anywhere needs them."""

WIDTH = 60


def assignments(root: Node, names: dict[Node, str] | None = None) -> list[tuple[str, str]]:
    """Return the computation of `root` as lines (name, text), inputs first and `root` last.

    A node has a line of its own if it is an input, has a label, is used more than once, or would make a formula too
    long; all others are written where they are used. `names` gives names to nodes; others get their labels, or t1, t2.

    >>> x = Value(2.0, label="x")
    >>> assignments(tanh((x + 1) * x))
    [('x', '2.0'), ('out', 'tanh((x + 1) * x)')]
    """
    order = topological_sort(root)
    uses: dict[Node, int] = {}
    for node in order:
        for item in node.inputs:
            if isinstance(item, Node):
                uses[item] = uses.get(item, 0) + 1
    names = unique(order, names or {})
    texts: dict[Node, tuple[str, str]] = {}
    lines: list[tuple[str, str]] = []
    fresh = (f"t{k}" for k in count(1))
    for node in order:
        if node.op is None:
            text, outline = number(node._data)
        else:
            inputs = [texts[item] if isinstance(item, Node) else number(item) for item in node.inputs]
            text, outline = written(node.op, inputs, node.settings)
        if node.op is None or node is root or node in names or uses[node] > 1 or len(text) > WIDTH:
            name = names.get(node) or ("out" if node is root else next(fresh))
            lines.append((name, text))
            text, outline = name, ATOM
        texts[node] = text, outline
    return lines


def unique(nodes: list[Node], names: dict[Node, str]) -> dict[Node, str]:
    """Return the names of nodes: those given, else their labels; what would appear twice gets a number."""
    found: dict[Node, str] = {}
    taken: dict[str, int] = {}
    for node in nodes:
        name = names.get(node) or node.label
        if name:
            taken[name] = taken.get(name, 0) + 1
            found[node] = name if taken[name] == 1 else f"{name}'{taken[name]}"
    return found


def written(op: Primitive, inputs: list[tuple[str, str]], settings: Mapping[str, Any]) -> tuple[str, str]:
    """Return an operation on texts as text, and its outline: the same with short texts in place of the inputs.

    Each input is a text with its outline, which tells whether the text needs parentheses here.
    """
    bare = tuple((name, repr(setting)) for name, setting in settings.items())
    outlines = tuple(outline for _, outline in inputs)
    args = [f"({text})" if need else text for (text, _), need in zip(inputs, _parentheses(op, outlines, bare))]
    return op.text(*args, **settings), _outline(op, len(inputs), bare)


@cache
def _outline(op: Primitive, inputs: int, settings: tuple[tuple[str, str], ...]) -> str:
    text = op.text(*[ATOM] * inputs, **dict(settings))
    tree = _parsed(text)
    if tree is None:
        return UNKNOWN
    return ATOM if isinstance(tree.body, (ast.Call, ast.Name)) else text


@cache
def _parentheses(op: Primitive, outlines: tuple[str, ...], settings: tuple[tuple[str, str], ...]) -> tuple[bool, ...]:
    """Say which inputs need parentheses: those without which the text would be read differently."""
    needs = []
    for k, outline in enumerate(outlines):
        texts = [[outline if k == i else ATOM for i in range(len(outlines))] for _ in range(2)]
        texts[1][k] = f"({outline})"
        bare, wrapped = (_parsed(op.text(*given, **dict(settings))) for given in texts)
        same = bare is not None and wrapped is not None and ast.dump(bare) == ast.dump(wrapped)
        needs.append(outline != ATOM and not same)
    return tuple(needs)


def _parsed(text: str) -> ast.Expression | None:
    """Return the syntax of a text, or None where it is no Python: a symbol of the user's own."""
    try:
        return ast.parse(text, mode="eval")
    except SyntaxError:
        return None


def number(data: Any) -> tuple[str, str]:
    """Return the text and the outline of a number, a small array whole, of a large one the shape."""
    if not shape(data):
        value = data if isinstance(data, (float, int)) else data.item()
        return repr(value), "-1" if repr(value).startswith("-") else ATOM
    if data.size <= 12:
        return str(data.tolist()), ATOM
    return f"array{data.shape}", ATOM
