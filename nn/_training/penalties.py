"""Penalties on parameters, which a loss may add: they keep weights small."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from operator import add
from typing import Any

import autograd
from autograd import Node, block, square
from autograd.files import brief
from nn._core.types import Cost
from nn._layers.module import Module


def l1(parameters: Module | Node | Iterable[Node]) -> Cost:
    """Return the sum of |w| over all numbers of a module's parameters, or of a list of nodes, as a node.

    Added to a loss it draws weights to 0: `lambda y_hat, y: mse(y_hat, y) + 1e-3 * l1(model)`. A node that is given
    twice counts once. Raises ValueError for no nodes at all, TypeError for an item that is no node.

    >>> l1([Value(2.0), Tensor([-1.0, 3.0])]).item()
    6.0
    """
    return _penalty(autograd.abs, parameters)


def l2(parameters: Module | Node | Iterable[Node]) -> Cost:
    """Return the sum of w^2 over all numbers of a module's parameters, or of a list of nodes, as a node.

    Added to a loss it keeps weights small. The biases are often left out:
    `l2([p for name, p in model.named_parameters() if not name.endswith("w0")])`. All else as for `l1`.

    >>> l2([Value(2.0), Tensor([-1.0, 3.0])]).item()
    14.0
    """
    return _penalty(square, parameters)


def _penalty(of: Callable[[Any], Any], parameters: Module | Node | Iterable[Node]) -> Cost:
    if isinstance(parameters, Node):
        parameters = [parameters]
    nodes = list(parameters.parameters() if hasattr(parameters, "parameters") else parameters)
    wrong = [node for node in nodes if not isinstance(node, Node)]
    if wrong:
        raise TypeError(f"a penalty is on parameters: give a module or a list of nodes; got {brief(wrong[0])}")
    if not nodes:
        raise ValueError("there are no parameters; give a module or a list of nodes")
    return block(_total, of, list({id(node): node for node in nodes}.values()))


def _total(of: Callable[[Any], Any], nodes: list[Any]) -> Cost:
    return reduce(add, (autograd.sum(of(node)) if node.shape else of(node) for node in nodes))
