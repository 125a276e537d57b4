"""What the views of a loss share: whether it is one, and how its nodes are called."""

from __future__ import annotations

from collections.abc import Sequence

from autograd._core.names import name_of
from autograd._core.node import Node
from autograd._views.explain.paths import letter, numbered
from autograd._views.formula import unique
from autograd._views.network import names_in_network
from autograd.files import brief
from autograd.picture.shapes import clean


def check_loss(loss: object, face: str, purpose: str) -> None:
    """Raise TypeError for what is no node, ValueError for a loss that is no scalar, or a leaf."""
    if not isinstance(loss, Node):
        raise TypeError(f"{face} needs a Value or a Tensor; got {brief(loss)} of type {type(loss).__name__}")
    if loss.shape != ():
        raise ValueError(
            f"{face} needs a scalar loss; the shape is {loss.shape}. Reduce it first, e.g. with .sum() or .mean()"
        )
    if loss.op is None:
        raise ValueError(
            f"there is nothing to {purpose}: {name_of(loss)} was not computed from any Value or Tensor. Was it made "
            f"from raw numbers, under no_grad(), after detach() or from .data? Compute it from nodes"
        )


def names_of(order: list[Node], more: Sequence[Node] = ()) -> dict[Node, str]:
    """Name every node: by its label, by its part in a network, or by a letter, with a number if there are several."""
    nodes = list(dict.fromkeys([*order, *more]))
    parts = names_in_network(order)
    names = unique(nodes, {node: clean(node.label, 30) for node in nodes}) | parts
    users = {given: node for node in order for given in node.inputs if isinstance(given, Node)}
    letters = {
        node: letter(node, users.get(node, node if node.op is None else None), bool(parts))
        for node in nodes
        if node not in names
    }
    return names | numbered(letters, set(names.values()))
