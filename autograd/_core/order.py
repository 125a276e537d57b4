"""The order of a graph: inputs before results."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from .node import Node


def topological_sort(root: Node, until: Collection[Node] = ()) -> list[Node]:
    """Return every node that `root` depends on, in a fixed order: inputs before results and `root` last.

    Nothing below a node in `until` is visited. A chain of a million nodes is no deeper than one of ten: no recursion.

    >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
    >>> [node.label or node.op.name for node in topological_sort(a * b + a)]
    ['a', 'b', 'multiply', 'add']
    """
    order: list[Node] = []
    until, seen = set(until), {root}
    path: list[tuple[Node, Iterator[Any]]] = []
    node, ahead = root, iter(root.inputs if root not in until else ())
    while True:
        for parent in ahead:
            if isinstance(parent, Node) and parent not in seen:
                seen.add(parent)
                if parent.op is not None and parent not in until:
                    path.append((node, ahead))
                    node, ahead = parent, iter(parent.inputs)
                    break
                order.append(parent)
        else:
            order.append(node)
            if not path:
                return order
            node, ahead = path.pop()
