"""What an operation that takes care of rounding says plainly: formulas, and the numbers in them."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Context
from typing import Any, NamedTuple

from autograd._compiler.rows import Row, row_of
from autograd._core.data import shape
from autograd._core.modes import record, without_warnings
from autograd._core.node import Node, leaf
from autograd._core.order import topological_sort
from autograd._grad.rules import one_like
from autograd._grad.sweep import sweep
from autograd._views.formula import formula


class Meaning(NamedTuple):
    """An operation as its row in the table says what it means.

    `text` has «k» for argument k; `slopes` say what becomes of the gradient g, with a number of its own for each of
    `parts`, (row, argument), which follow the arguments. Where that says nothing, a slope is None.
    """

    text: str
    slopes: list[str | None]
    parts: list[tuple[Row, int]]


def meaning(node: Node) -> Meaning | None:
    """Return what an operation on arrays means, or None if its row does not say it in another way.

    >>> y = log_softmax(Tensor([1.0, 2.0]))
    >>> found = meaning(y)
    >>> found.text
    '«0» - log(sum(exp(«0»), axis=-1, keepdims=True))'
    >>> found.slopes
    ['g - «1» * sum(g, axis=-1, keepdims=True)']
    """
    # A context of its own: recording, and without anomaly detection, whatever the caller has switched.
    return Context().run(_meaning, node) if node.op and node.op.meaning and shape(node._data) else None


@without_warnings
def _meaning(node: Node) -> Meaning:
    op, settings = node.op, dict(node.settings)
    assert op is not None
    assert op.meaning is not None
    leaves = [leaf(arg) for arg in node.args]
    position = {a: k for k, a in enumerate(leaves)}
    names: dict[Node, str] = {a: f"«{k}»" for a, k in position.items()}
    with record():
        text = formula(op.meaning(*leaves, **settings), names)
        out: Any = op.apply(tuple(leaves), settings)
        g = leaf(one_like(out))
        [(_, _, sent)] = sweep([out], {out: g}, True, position)
        found = [_plainly(one, out) if shape(one) == shape(out) else None for one in sent]
    # An equals sign in a name would get parentheses.
    names |= {out: "«out»", g: "g"}
    parts: dict[Node, int] = {}
    for one in found:
        for inner in topological_sort(one, until=names) if one is not None else ():
            given = inner.inputs[0] if len(inner.inputs) == 1 else None
            if inner not in names and isinstance(given, Node) and given in position:
                names[inner] = f"«{len(leaves) + len(parts)}»"
                parts[inner] = position[given]
    slopes = [None if one is None else formula(one, names).replace("«out»", "«=»") for one in found]
    return Meaning(text, slopes, [(row_of(part, ("forward",)), k) for part, k in parts.items()])


def _plainly(result: Node, out: Node) -> Node:
    """Return a gradient with what its operations mean in their place."""
    plain: dict[Any, Any] = {out: out}
    for node in topological_sort(result, until=plain):
        if node.op is None or node is out:
            plain[node] = node
            continue
        inputs = [plain[given] if isinstance(given, Node) else given for given in node.inputs]
        means, settings = node.op.meaning, dict(node.settings)
        # What has no gradient among its arguments is one number of the formula.
        if means is None or len(inputs) == 1:
            plain[node] = node.op.apply(tuple(inputs), settings)
        else:
            plain[node] = means(*inputs, **settings)
    found: Node = plain[result]
    return found


def as_data(found: Meaning, row: Mapping[str, str]) -> dict[str, Any]:
    """Return it as data, with the names of the rows of its parts by their texts."""
    return {"text": found.text, "slopes": found.slopes, "parts": [[row[part.text], k] for part, k in found.parts]}
