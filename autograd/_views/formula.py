"""A graph as a formula: how each operation is written comes from the table, where it needs parentheses from Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import lru_cache, partial
from itertools import count
from typing import Any

from autograd._core.data import shape, uniform
from autograd._core.node import Node
from autograd._core.order import topological_sort
from autograd._core.primitive import ANY, Primitive
from autograd._core.types import Operand, Raw

from .latex import parsed
from .numbers import data_text

ATOM = "x"
"""Stands for a text that never needs parentheses: a name, a positive number, a call."""

UNKNOWN = "x if x else x"
"""Stands for a text that is no Python: whatever needs parentheses anywhere needs them."""

WIDTH = 60

MAX_EXACT_ELEMENTS = 12
"""A larger array is written as its shape, not as a line that Python could read."""

LONG = 200
"""A text beyond this many characters is read by nobody; texts of shared parts may grow exponentially."""

PLACE = "\ue000"
"""Stands for an argument, whatever that is; no text has this letter."""

_AFTER_A_SIGN = re.compile(rf"[-+*/@]\s*{PLACE}")

_AMBIGUOUS = re.compile(r"[\s+\-*/=<>]")
"""A label with one of these looks like a formula, so it is written in parentheses."""


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
            text, outline = exact(node._data)
        else:
            inputs = [texts[item] if isinstance(item, Node) else exact(item) for item in node.inputs]
            text, outline = written(node.op, inputs, node.settings)
        if node.op is None or node is root or node in names or uses[node] > 1 or len(text) > WIDTH:
            name = names.get(node) or ("out" if node is root else next(fresh))
            lines.append((name, text))
            text, outline = name, ATOM
        texts[node] = text, outline
    return lines


def unique(nodes: list[Node], names: dict[Node, str]) -> dict[Node, str]:
    """Return the names of nodes: those given, else their labels; a name that would appear twice gets a number."""
    found: dict[Node, str] = {}
    taken: dict[str, int] = {}
    for node in nodes:
        name = names.get(node) or node.label
        if name:
            taken[name] = taken.get(name, 0) + 1
            found[node] = name if taken[name] == 1 else f"{name}'{taken[name]}"
    return found


def formula(root: Operand, names: Mapping[Node, str], simplify: bool = True, calls: bool = False) -> str:
    """Return the computation of `root` as one text. Nodes with a name stand by it, all others written out.

    Numbers have six digits, and parts that would get too long are written as "…". With `simplify`, operations on
    special numbers are written as what they equal: `1.0 * x` as `x`, see `identities` of a primitive. With `calls`,
    operations that have LaTeX of their own are written as calls by name, for `latex_formula` to find.

    >>> x = Value(2.0)
    >>> formula(1.0 * (x + 0.1) / x, {x: "x"})
    '(x + 0.1) / x'
    """
    texts = {node: (name, UNKNOWN if _AMBIGUOUS.search(name) else ATOM) for node, name in names.items()}
    for node in topological_sort(root, until=names) if isinstance(root, Node) else ():
        if node not in texts:
            texts[node] = _text(_simpler(node) if simplify else node, texts, calls)
    return _text(root, texts, calls)[0]


def _text(item: Operand, texts: dict[Node, tuple[str, str]], calls: bool) -> tuple[str, str]:
    """Return the text and the outline of a node or a constant, given those of the inputs."""
    if not isinstance(item, Node):
        return short_number(item)
    if item in texts:
        return texts[item]
    if item.op is None:
        return short_number(item._data)
    inputs = [
        _text(given, texts, calls)
        if isinstance(given, Node) or is_one_number(item, given)
        else outlined(data_text(given))
        for given in item.inputs
    ]
    inputs = [part if len(part[0]) <= LONG else ("…", ATOM) for part in inputs]
    return written(item.op, inputs, item.settings, calls)


def _simpler(node: Node) -> Any:
    """Return an equal of a node by an identity of its operation: an input, a number, or a simpler node."""
    for position, special, rewrite in node.op.identities if node.op else ():
        given = node.inputs[position]
        if special is ANY or (not isinstance(given, Node) and uniform(given) == special):
            return rewrite(*node.inputs)
    return node


def is_one_number(node: Node, data: Raw) -> bool:
    """Tell whether an argument is written as one number, as in 2 * X, but not in a product of matrices."""
    return not shape(data) or (node.op is not None and node.op.elementwise and uniform(data) is not None)


def short_number(data: Raw) -> tuple[str, str]:
    """Return the text and the outline of raw data, an array that repeats one number as that number."""
    value = uniform(data)
    return outlined(data_text(data if value is None else value))


def outlined(text: str) -> tuple[str, str]:
    """Return the text of a number or an array with its outline."""
    return text, "-1" if text.startswith("-") else ATOM


def written(
    op: Primitive, inputs: list[tuple[str, str]], settings: Mapping[str, Any], calls: bool = False
) -> tuple[str, str]:
    """Return an operation on texts as text, and its outline, which has short texts in place of the inputs.

    Each input is a text with its outline, which tells whether the text needs parentheses here.
    """
    rule = partial(_call, op.name) if calls and op.latex else op.text
    atoms = [ATOM] * len(inputs)
    args = []
    for k, (text, outline) in enumerate(inputs):
        if outline != ATOM:
            # Parentheses are needed where the operation would be read differently without them, or as two signs.
            parts = (outline, f"({outline})", PLACE)
            bare, wrapped, empty = (rule(*atoms[:k], part, *atoms[k + 1 :], **settings) for part in parts)
            signs = text.startswith(("-", "+")) and _AFTER_A_SIGN.search(empty)
            text = text if _same(bare, wrapped) and not signs else f"({text})"
        args.append(text)
    return rule(*args, **settings), _outline(rule(*atoms, **settings))


def _call(name: str, *args: str, **settings: object) -> str:
    return f"{name}({', '.join([*args, *(f'{key}={value}' for key, value in settings.items())])})"


@lru_cache(4096)
def _outline(bare: str) -> str:
    tree = parsed(bare)
    if tree is None:
        return UNKNOWN
    return ATOM if isinstance(tree, (ast.Call, ast.Name)) else bare


@lru_cache(4096)
def _same(one: str, other: str) -> bool:
    """Tell whether Python reads two texts alike."""
    first, second = parsed(one), parsed(other)
    return first is not None and second is not None and ast.dump(first) == ast.dump(second)


def as_factor(text: str, first: bool = False) -> str:
    """Return a formula as a factor: in parentheses, if a product would be read differently without them.

    >>> from autograd._views.formula import as_factor
    >>> as_factor("1 - y * y"), as_factor("-2 * y"), as_factor("-2 * y", first=True)
    ('(1 - y * y)', '(-2 * y)', '-2 * y')
    """
    tree = parsed(text)
    if tree is None:
        return f"({text})" if " " in text else text
    if isinstance(tree, ast.BinOp):
        loose = isinstance(tree.op, (ast.Add, ast.Sub))
    else:
        loose = isinstance(tree, (ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp)) and not (first and text[0] == "-")
    return f"({text})" if loose or (text[0] == "-" and not first) else text


def exact(data: Raw) -> tuple[str, str]:
    """Return the text and the outline of a number or a small array with all digits, for Python to read."""
    if shape(data) and data.size > MAX_EXACT_ELEMENTS:
        return outlined(data_text(data))
    return outlined(repr(data.tolist() if hasattr(data, "tolist") else data))
