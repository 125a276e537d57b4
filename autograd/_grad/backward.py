"""`.backward()`: the gradient of a loss, added to that of every leaf."""

from __future__ import annotations

from typing import Any

from autograd._core.modes import active, anomaly, new_lock, without_warnings
from autograd._core.node import Node
from autograd._core.order import topological_sort

from .lean import backward_values, set_gradients, sweep_arrays
from .rules import all_finite, one_like
from .sweep import sweep

# Two threads may share parameters: each must add its gradient whole.
_lock = new_lock()


def backward(root: Node) -> None:
    """Add the gradient of the scalar `root` to `.grad` of every leaf, and set `.grad` of the nodes between.

    Raises ValueError if `root` is no scalar, or depends on no node.
    """
    if root.shape != ():
        raise ValueError(
            f"backward() needs a scalar; the shape is {root.shape}. Reduce it first, e.g. with .sum() or .mean()"
        )
    if root.op is None:
        raise ValueError(
            "backward() on a leaf: this loss was not computed from any Value or Tensor. Was it made from raw numbers, "
            "under no_grad(), after detach() or from .data? Compute it from nodes"
        )
    with _lock:
        _swept(root)


@without_warnings
def _swept(root: Node) -> None:
    if active or not backward_values(root):
        _backward_general(root)


def _backward_general(root: Node) -> None:
    order = topological_sort(root)
    for node in order:
        if node.op is not None:
            node._grad = 0.0
    careful = bool(active) and anomaly.get()
    while True:
        adjoints = {root: one_like(root)}
        passed_on = _walked(order, adjoints, careful) if active or careful else sweep_arrays(order, adjoints)
        if careful or all_finite(adjoints.values()):
            break
        # Nearly always there is nothing to take care of.
        careful = True
    grads = []
    for node, g in adjoints.items():
        # A gradient belongs to its leaf, which may write to it: one that other nodes share is copied by the addition.
        fresh = type(node._grad) is float and type(g) is not float and g.base is None and id(g) not in passed_on
        grads.append(g if fresh and node._grad == 0.0 else node._grad + g)
    set_gradients(adjoints, grads)


def _walked(order: list[Node], adjoints: dict[Node, Any], careful: bool) -> set[int]:
    """Sweep, and set the gradient of each node; those of the leaves stay in `adjoints`."""
    passed_on = set()
    for node, g, _ in sweep(order, adjoints, careful=careful):
        node._grad = g
        passed_on.add(id(g))
    return passed_on
