"""Copies and pickles of nodes: a graph is walked as a list, so that nothing recurses over it."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy, deepcopy
from typing import Any, SupportsIndex, cast
from weakref import ref

from .modes import new_lock
from .node import NO_MARK, Node

State = tuple[Any, ...]

_NAMED = ("_label", "_source", "mark")
"""Attributes that few nodes have."""

_WITHOUT = (None, "", NO_MARK)


def _state(node: Node) -> State:
    """Return all that a node holds."""
    others = {name: item for name in _NAMED if (item := getattr(node, name, None)) not in _WITHOUT}
    others.update(getattr(node, "__dict__", {}))
    if node.frozen:
        others["frozen"] = True
    return node.op, node.inputs, node.args, node.settings, node._data, node._grad, others


def _restore(node: Node, state: State) -> None:
    """Make a node hold a state."""
    op, inputs, args, settings, node._data, node._grad, others = state
    node.op = None
    if op is not None:
        node.link(op, inputs, args, settings)
    for name, item in others.items():
        setattr(node, name, item)


def _reached(root: Node, known: Callable[[Node], bool]) -> list[Node]:
    """Return `root` and the nodes that it depends on, but for known ones and nodes that only these depend on."""
    found = {root: None}
    waiting = [root]
    while waiting:
        for item in waiting.pop().inputs:
            if isinstance(item, Node) and item not in found and not known(item):
                found[item] = None
                waiting.append(item)
    return list(found)


class _Graph:
    """The nodes of a graph in a pickle.

    It holds them while it is pickled, which is as long as the pickler lives, and finds that a node was pickled before.
    Whoever pickles it again later, reads what the nodes hold then.
    """

    def __init__(self, nodes: list[Node]) -> None:
        self.places = {node: k for k, node in enumerate(nodes)}
        found = ref(self)
        _graphs.update((id(node), found) for node in nodes)

    def __del__(self) -> None:
        for node in self.places:
            _graphs.pop(id(node), None)

    def __reduce__(self) -> tuple[Any, ...]:
        # The nodes are made first, then linked: each may be in the state of any.
        return _Unpickled, ([type(node) for node in self.places],), list(map(self._state, self.places))

    def _state(self, node: Node) -> State:
        """Return the state of a node, with places for its inputs; a constant stands among the arguments."""
        op, inputs, *rest = _state(node)
        # An input in a graph that was pickled before has no place in this one.
        return op, tuple([self.places.get(i, i) if isinstance(i, Node) else None for i in inputs]), *rest


class _Unpickled:
    """The nodes of a graph that is read from a pickle."""

    def __init__(self, kinds: list[type[Node]]) -> None:
        self.nodes = [object.__new__(kind) for kind in kinds]

    def __setstate__(self, states: list[State]) -> None:
        nodes = self.nodes
        for node, (op, places, args, *rest) in zip(nodes, states, strict=True):
            given = zip(places, args, strict=True)
            inputs = tuple([nodes[p] if type(p) is int else x if p is None else p for p, x in given])
            _restore(node, (op, inputs, args, *rest))


def _node_at(graph: _Unpickled, place: int) -> Node:
    return graph.nodes[place]


_graphs: dict[int, ref[_Graph]] = {}
"""In which graph that is being pickled a node is, by its identity; a graph takes its nodes out when it goes."""

_lock = new_lock()


def copy_of(node: Node) -> Node:
    """Return a node with the same inputs, and with data and a gradient of its own."""
    op, inputs, args, settings, data, grad, others = _state(node)
    new = object.__new__(type(node))
    _restore(new, (op, inputs, args, settings, copy(data), copy(grad), others))
    return new


def deep_copy_of(node: Node, memo: dict[int, Any]) -> Node:
    """Return a node with a graph of its own; nothing recurses over the graph."""
    nodes = _reached(node, lambda node: id(node) in memo)
    memo.update((id(each), object.__new__(type(each))) for each in nodes)
    # An object that is gone could lend its identity to another.
    memo.setdefault(id(memo), []).append(nodes)

    def copied(item: object) -> Any:
        return item if type(item) is float else deepcopy(item, memo)

    for each in nodes:
        op, inputs, args, *rest = _state(each)
        inputs = tuple([memo[id(item)] if isinstance(item, Node) else copied(item) for item in inputs])
        _restore(memo[id(each)], (op, inputs, tuple(map(copied, args)), *map(copied, rest)))
    return cast(Node, memo[id(node)])


def pickled(node: Node, protocol: SupportsIndex) -> tuple[Any, ...]:
    """Pickle the node as a place in its graph, which is pickled whole: nothing recurses over it."""
    with _lock:
        found = _graphs.get(id(node))
        graph = None if found is None else found()
        if graph is None:
            graph = _Graph(_reached(node, lambda other: id(other) in _graphs))
    return _node_at, (graph, graph.places[node])
