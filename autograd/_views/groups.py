"""Which layer, and which perceptron of it, each node of a graph belongs to, and which are the inputs.

These are read from marks, when a graph is drawn.
"""

from __future__ import annotations

from typing import Any

from autograd._core.data import shape
from autograd._core.node import Node

Place = tuple[str, ...]
"""("layer 1",) or ("layer 1", "perceptron 2")."""

MAX_NAME = 12
"""A layer of a longer name, or of one that is no word, has no frame: its name is part of an id."""


def place_of(mark: tuple[str, str, str]) -> Place:
    """Return the place of a parameter with this mark; empty for one of no layer.

    >>> from autograd._views.groups import place_of
    >>> place_of(("1", "2", "weight")), place_of(("1", "", "bias")), place_of(("", "", "weight"))
    (('layer 1', 'perceptron 2'), ('layer 1',), ())
    """
    layer, neuron, role = mark
    name = layer + neuron
    if role not in ("weight", "bias") or not name.isalnum() or len(name) > MAX_NAME:
        return ()
    place = f"layer {layer}".strip()
    return (place, f"perceptron {neuron}") if neuron else (place,)


def places(order: list[Node]) -> dict[Node, Place]:
    """Return the place of every node of a topological order that has one.

    A parameter's mark says it. An operation that takes a parameter belongs where that does, and so do those from there
    to the layer's output, which is marked. One between two layers belongs to the first, one after the last to none.
    """
    own = {node: place for node in order if node.op is None and (place := place_of(node.mark))}
    found = dict(own)
    rank: dict[str, int] = {}
    joins: set[Node] = set()
    for node in order:
        parents = [i for i in node.inputs if isinstance(i, Node)]
        joined = [own[i] for i in parents if i in own]
        for place in joined:
            rank.setdefault(place[0], len(rank))
            joins.add(node)
        candidates = joined or [found[i] for i in parents if i in found]
        if candidates:
            layer = max((place[0] for place in candidates), key=rank.__getitem__)
            inside = {place for place in candidates if place[0] == layer}
            found[node] = inside.pop() if len(inside) == 1 else (layer,)
    leading: set[Node] = set()
    for node in reversed(order):
        # The output of a perceptron that is part of no layer ends no frame.
        ends = node.mark[2] == "output" and any(node.mark[:2])
        if node in joins or node in leading or ends:
            leading.update(i for i in node.inputs if isinstance(i, Node))
        elif node.op is not None:
            found.pop(node, None)
    # The node that is drawn stands by itself.
    found.pop(order[-1], None)
    return found


def input_names(order: list[Node]) -> dict[Any, str]:
    """Name the inputs of layers that have no label, leaves and constants by (node, position), as the course does.

    Numbers in a list of arguments are x1, x2, ..., an array of samples is X, one of a single sample x.
    """
    names: dict[Any, str] = {}
    for node in order:
        roles = [given.mark[2] if isinstance(given, Node) else "" for given in node.inputs]
        if node.op is None or "weight" not in roles:
            continue
        others = [position for position, role in enumerate(roles) if role not in ("weight", "bias")]
        for k, position in enumerate(others, 1):
            given, lengths = node.inputs[position], shape(node.args[position])
            if (lengths or node.op.arity is None) and not (isinstance(given, Node) and (given.op or given.label)):
                name = ("X" if len(lengths) > 1 else "x") if lengths else f"x{k}"
                names.setdefault(given if isinstance(given, Node) else (node, position), name)
    return names
