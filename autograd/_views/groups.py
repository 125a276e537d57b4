"""Which layer, and which perceptron of it, each node of a graph belongs to: read from marks, when it is drawn."""

from __future__ import annotations

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
    if role == "output" or not name.isalnum() or len(name) > MAX_NAME:
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
        if node in joins or node in leading or node.mark[2] == "output":
            leading.update(i for i in node.inputs if isinstance(i, Node))
        elif node.op is not None:
            found.pop(node, None)
    # The node that is drawn stands by itself.
    found.pop(order[-1], None)
    return found
