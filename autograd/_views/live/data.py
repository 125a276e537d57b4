"""A recorded graph as data that a page computes again: `glassgrad-live/1`, and the rows of the table that it uses."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from contextvars import Context
from typing import Any, NamedTuple

from autograd._compiler.passes import exact
from autograd._compiler.rows import Row, key_of, row_of, script
from autograd._core.data import shape
from autograd._core.modes import without_warnings
from autograd._core.node import Node, leaf
from autograd._core.order import topological_sort
from autograd._core.tracing import CompileError
from autograd._core.types import Raw
from autograd._grad.rules import one_like
from autograd._grad.sweep import sweep
from autograd._views.derivative import local
from autograd._views.formula import formula
from autograd._views.labels import is_parameter
from autograd._views.network import Network, network, placed
from autograd._views.steps.names import check_loss, names_of

from .loss import loss_texts
from .meaning import as_data, meaning

FORMAT = "glassgrad-live/1"

PLAIN = 64
"""The most numbers of an array that are written as text."""

FORMULAS = ("row", "text", "slopes")
"""What many nodes have in common."""

MOST = 10_000
"""A page of more nodes would show nobody anything."""


class Live(NamedTuple):
    """A graph for a page: `data` is JSON, `rows` a script that defines ROWS; `order` are its nodes.

    Of a network of neurons, numbers that it took are leaves as well, which come first.
    """

    data: dict[str, Any]
    rows: str
    order: list[Node]
    network: Network | None

    def json(self) -> str:
        """Return the data as JSON that may stand inside a script.

        A node whose row and formulas are those of an earlier one names that with `like`; no shape is that of a number.
        """
        first: dict[str, int] = {}
        nodes = []
        for k, node in enumerate(self.data["nodes"]):
            entry = {name: part for name, part in node.items() if name != "shape" or part}
            if "row" in node:
                at = first.setdefault(repr([node[name] for name in FORMULAS]), k)
                entry = entry if at == k else {n: part for n, part in entry.items() if n not in FORMULAS} | {"like": at}
            nodes.append(entry)
        text = json.dumps({**self.data, "nodes": nodes}, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        for sign in ("<", "\u2028", "\u2029"):
            text = text.replace(sign, f"\\u{ord(sign):04x}")
        return text


def live_data(loss: Node, title: str = "", rate: float | None = None, parameters: list[Node] | None = None) -> Live:
    """Return the graph of a scalar loss as data, with the rows that compute it, as it was recorded.

    With a `rate`, the page may take steps of gradient descent, of `parameters` or else of all leaves that are some.
    Raises TypeError if `loss` is no node, ValueError if it is no scalar, is a leaf, or depends on too many nodes,
    CompileError for an operation that no JavaScript says.

    >>> from autograd._views.live.data import live_data
    >>> w, x = Value(3.0, label="w"), Value(2.0, label="x")
    >>> [node["name"] for node in live_data(w * x).data["nodes"]]
    ['w', 'x', 'J']
    """
    check_loss(loss, "live", "change")
    # A context of its own: without anomaly detection, whatever the caller has switched.
    return Context().run(_live_data, loss, title, rate, parameters)


@without_warnings
def _live_data(loss: Node, title: str, rate: float | None, parameters: list[Node] | None) -> Live:
    order = topological_sort(loss)
    found = network(order)
    if len(order) > MOST:
        raise ValueError(
            f"this graph has {len(order):,} nodes, and a page shows at most {MOST:,}: take fewer samples, or Tensors "
            f"in place of Values"
        )
    names = names_of(order)
    given = _used(order, names) | {loss: loss._data}
    twins = found.twins if found else {}
    if found:
        order = [*found.leaves, *order]
        names |= found.names
        given |= {node: node._data for node in found.leaves}
    places = {node: k for k, node in enumerate(order)}
    rows: dict[Any, tuple[str, Row]] = {}
    texts: dict[Any, tuple[str, list[str | None]]] = {}
    nodes: list[dict[str, Any]] = []
    reached = {loss}
    checked = _checked(order, loss)
    for node in order:
        entry: dict[str, Any] = {"name": names[node], "shape": list(shape(given[node]))}
        nodes.append(entry)
        if any(node.mark):
            entry["mark"] = list(node.mark)
        if node.op is None:
            entry["data"] = numbers(given[node])
            continue
        if node in checked:
            value = numbers(given.get(node, node._data))
            entry["recorded"] = {"value": value, "sent": [None if x is None else numbers(x) for x in checked[node]]}
        node = twins.get(node, node)
        key = key_of(node)
        if key not in rows:
            rows[key] = f"r{len(rows)}", _row(node)
        entry["row"], row = rows[key]
        entry["args"] = [_argument(item, places) for item in node.inputs]
        key = (*key, *_pattern(node))
        if key not in texts:
            texts[key] = _templates(node, row)
        entry["text"], entry["slopes"] = texts[key]
        if found_meaning := meaning(node):
            for part, _ in found_meaning.parts:
                rows.setdefault(part.text, (f"r{len(rows)}", part))
            entry["meaning"] = as_data(found_meaning, {text: rows[text][0] for text in rows if isinstance(text, str)})
    for node in reversed(order):
        if node.op is not None and node in reached:
            node = twins.get(node, node)
            sends = rows[key_of(node)][1].sends
            reached.update(item for item, sent in zip(node.inputs, sends) if isinstance(item, Node) and sent)
    for node, entry in zip(order, nodes):
        if node.op is None:
            entry["kind"] = "constant" if node not in reached else "parameter" if is_parameter(node) else "input"
    data = {"format": FORMAT, "title": title, "loss": places[loss], "nodes": nodes, "update": None}
    if found:
        data["network"] = placed(found.tree, places) | {"loss": loss_texts(order, found, places)}
    if rate is not None:
        chosen = [places[node] for node in parameters or () if node in places]
        if parameters is None:
            chosen = [k for k, entry in enumerate(nodes) if entry.get("kind") == "parameter"]
        data["update"] = {"rate": rate, "parameters": chosen}
    return Live(data, script([row for _, row in rows.values()]), order, found)


def _used(order: list[Node], names: Mapping[Node, str]) -> dict[Node, Any]:
    """Return the data of each input when it was used: it may have been changed since.

    Raises CompileError for a leaf that was changed between two of its uses.
    """
    given: dict[Node, Any] = {}
    for node in order:
        for item, arg in zip(node.inputs, node.args):
            if isinstance(item, Node) and given.setdefault(item, arg) is not arg and exact(given[item]) != exact(arg):
                raise CompileError(
                    f"{names[item]} was changed between two of its uses, and a page has one number for it: compute the "
                    f"loss anew, or take another leaf for the second use"
                )
    return given


def _checked(order: list[Node], loss: Node) -> dict[Node, list[Any]]:
    """Return the nodes of operations that people declared, whose rules may read anything, and what they send."""
    own = {node for node in order if node.op is not None and node.op.foreign}
    if not own:
        return {}
    sent = {node: sent for node, _, sent in sweep(order, {loss: one_like(loss)})}
    return {node: sent.get(node, []) for node in own}


def _row(node: Node) -> Row:
    """Return the row of a node; raise CompileError also for a rule that only knows bare numbers."""
    try:
        return row_of(node)
    except TypeError as error:
        assert node.op is not None
        raise CompileError(f"{node.op.name} cannot be written down: TypeError: {error}") from error


def numbers(data: Raw) -> Any:
    """Return a number, or the elements of an array row by row; many of them, nan and infinities as base64."""
    if not shape(data) and math.isfinite(data):
        return float(data)
    import numpy

    row = numpy.asarray(data, "<f8").reshape(-1)
    if row.size > PLAIN or not numpy.isfinite(row).all():
        return {"f64": base64.b64encode(row.tobytes()).decode()}
    return row.tolist()


def _argument(item: object, places: Mapping[Node, int]) -> Any:
    if isinstance(item, Node):
        return places[item]
    held: dict[str, Any] = {"c": numbers(item)}
    return held | {"shape": list(shape(item))} if shape(item) else held


def _pattern(node: Node) -> list[Any]:
    """Return what, beside the row, decides how a node is written: equal inputs, and constants."""
    inputs = list(node.inputs)
    return [
        next(k for k, other in enumerate(inputs) if other is item) if isinstance(item, Node) else exact(item)
        for item in inputs
    ]


def _templates(node: Node, row: Row) -> tuple[str, list[str | None]]:
    """Return how a node is computed and its derivative for each argument, with «k» in place of argument k.

    Of arrays, whose derivative would be a large matrix, the latter says what becomes of the gradient g.
    """
    names: dict[Any, str] = {}
    for k, item in enumerate(node.inputs):
        if isinstance(item, Node):
            names.setdefault(item, f"«{k}»")
        elif shape(item):
            names[node, k] = f"«{k}»"
    text = formula(_with_leaves(node, names), names, simplify=False)
    scalar = not any(map(shape, (node, *node.inputs)))
    g = None if scalar else one_like(node)
    slopes = [
        # An equals sign in a name would get parentheses.
        local(node, k, {**names, node: "«out»"}, g).text.replace("«out»", "«=»")
        if isinstance(item, Node) and sent
        else None
        for k, (item, sent) in enumerate(zip(node.inputs, row.sends))
    ]
    return text, slopes


def _with_leaves(node: Node, names: dict[Any, str]) -> Node:
    """Return a node, or a copy of it that has leaves in the place of its constant arrays; they get their names."""
    constants = {k: leaf(node.inputs[k]) for k in range(len(node.inputs)) if (node, k) in names}
    if not constants or node.op is None:
        return node
    names |= {constant: names[node, k] for k, constant in constants.items()}
    twin = leaf(node._data)
    twin.link(node.op, tuple(constants.get(k, item) for k, item in enumerate(node.inputs)), node.args, node.settings)
    return twin
