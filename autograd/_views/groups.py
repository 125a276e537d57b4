"""Which layer, and which perceptron of it, each node of a graph belongs to: read from labels, when it is drawn."""

from __future__ import annotations

from collections import Counter

from autograd._core.node import Node

from .labels import is_parameter, read

Place = tuple[str, ...]
"""("layer 1",) or ("layer 1", "perceptron 2")."""


def place_of(label: str) -> Place:
    """Return the place that a parameter's label names; empty if it names none.

    >>> from autograd._views.groups import place_of
    >>> place_of("w(1)_3,2"), place_of("w(1)"), place_of("w1")
    (('layer 1', 'perceptron 2'), ('layer 1',), ())
    """
    if not is_parameter(label):
        return ()
    _, above, below = read(label)
    _, comma, perceptron = below.rpartition(",")
    if not above and not comma:
        return ()
    layer = f"layer {above[1:-1]}".strip()
    return (layer, f"perceptron {perceptron}") if comma else (layer,)


def places(order: list[Node]) -> dict[Node, Place]:
    """Return the place of every node of a topological order that has one.

    A parameter's label says it. An operation that takes a parameter belongs where that does, and one between two
    layers to the first of them. After the last layer, one operation on its result that nothing else uses (an
    activation) still belongs to it, and everything from there on (the loss) to none.
    """
    own = {node: place for node in order if node.op is None and (place := place_of(node.label))}
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
    before_a_join: set[Node] = set()
    uses: Counter[Node] = Counter()
    for node in reversed(order):
        parents = [i for i in node.inputs if isinstance(i, Node)]
        uses.update(parents)
        if node in joins or node in before_a_join:
            before_a_join.update(parents)
    for node in order:
        if node.op is None or node in joins or node in before_a_join:
            continue
        (first, *others) = node.inputs
        if others or first not in joins or uses[first] > 1:
            found.pop(node, None)
    # What is drawn stands by itself.
    found.pop(order[-1], None)
    return found
