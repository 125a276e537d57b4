"""Metrics: how well a network does, in a number that people read."""

from __future__ import annotations

from typing import Any

from autograd import Node

from ._losses import shape_of


def accuracy(y_hat: Any, y: Any) -> float:
    """Return the part of predictions that are right.

    One number a sample is a score: above 0 means class 1, else the other (0 or -1); k numbers a sample are the scores
    of k classes. y holds n labels. Raises ValueError, with both shapes, for anything else.

    >>> accuracy([2.0, -1.0, 3.0, 0.5], [1, 0, 1, 0])
    0.75
    """
    shape, given = shape_of(y_hat), shape_of(y)
    if len(shape) not in (1, 2) or given != shape[:1] or not shape[0]:
        raise ValueError(f"accuracy takes n scores or (n, k) scores and n labels; got y_hat {shape} and y {given}")
    scores, labels = (x.tolist() if hasattr(x, "tolist") else x for x in (raw(y_hat), y))
    if len(shape) == 1:
        right = [(score > 0) == (label > 0) for score, label in zip(scores, labels)]
    else:
        right = [max(range(shape[1]), key=row.__getitem__) == label for row, label in zip(scores, labels)]
    return float(sum(right) / len(right))


def raw(x: Any) -> Any:
    """Return nodes, in lists or alone, as their raw data."""
    if isinstance(x, (list, tuple)):
        return [raw(part) for part in x]
    return x.data if isinstance(x, Node) else x
