"""`assign`: a number that the program of a step computes for the next one."""

from __future__ import annotations

from autograd._core.modes import active, replaying, tracing
from autograd._core.node import Node


def assign(target: Node, node: Node) -> None:
    """Set the data of a leaf to those of a node. In a replayed step, they are computed with the rest.

    >>> total = Value(0.0)
    >>> assign(total, total + 1)
    >>> total.data
    1.0
    """
    step = replaying.get() if active and tracing.get() is None else None
    if step is None:
        target.data = node.snapshot()
    else:
        step.assign(target, node)
