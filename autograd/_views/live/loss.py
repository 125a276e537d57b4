"""The loss of a network as formulas of its outputs and targets, which the table gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograd._core.node import Node, leaf
from autograd._views.derivative import derivative
from autograd._views.formula import formula
from autograd._views.network import Network

MOST = 60
"""Of a loss of more operations on the outputs there are no formulas."""

LONGEST = 100
"""Longer formulas do not fit beside a network."""


def loss_texts(order: Sequence[Node], found: Network, places: Mapping[Node, int]) -> dict[str, Any]:
    """Return the loss as a formula, and for each sample and output its derivative as one, or None if it is long.

    In the texts, «k» stands for the node at place k. The loss of several samples has no formula: their outputs have
    the same names.
    """
    outputs = found.tree["layers"][-1]["h"]
    edges: dict[Node, set[tuple[Node, int]]] = {h: set() for row in outputs for h in row}
    copies: dict[Node, Node] = {}
    for node in order:
        recorded = found.twins.get(node, node)
        given = {k: item for k, item in enumerate(recorded.inputs) if isinstance(item, Node)}
        if recorded.op is None or not any(item in copies or item in edges for item in given.values()):
            continue
        twin = copies[node] = leaf(node._data)
        inputs = tuple(copies.get(given[k], item) if k in given else item for k, item in enumerate(recorded.inputs))
        twin.link(recorded.op, inputs, recorded.args, recorded.settings)
        for k in given:
            if given[k] in edges:
                edges[given[k]].add((twin, k))
    whole = list(copies.values())
    if not whole or len(whole) > MOST or any(node.shape for node in whole):
        return {"text": None, "slopes": None}
    names = {node: f"«{k}»" for node, k in places.items() if node not in copies}
    slopes = [[_readable(derivative(whole, edges[h], names).text) for h in row] for row in outputs]
    return {"text": _readable(formula(whole[-1], names)) if len(outputs) == 1 else None, "slopes": slopes}


def _readable(text: str) -> str | None:
    """Return a text that is short and a formula: of a rule that no symbols can run, there is d/dx alone."""
    return None if len(text) > LONGEST or "…" in text or text.startswith("d") else text
