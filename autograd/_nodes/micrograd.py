"""The names by which code that was written for micrograd reads a graph, and walks it backwards by hand."""

from __future__ import annotations

from typing import NoReturn

from autograd._core.modes import active
from autograd._core.node import Node, leaf
from autograd._core.tracing import read
from autograd._grad.sweep import sweep

SPELLED = {"relu": "ReLU"}
"""Operations that micrograd writes in another way."""


def inputs_of(node: Node) -> tuple[Node, ...]:
    """Return the inputs of a node in order, each constant as a new leaf."""
    pairs = zip(node.inputs, node.args)
    return tuple([i if isinstance(i, Node) else leaf(raw if hasattr(raw, "dtype") else float(raw)) for i, raw in pairs])


def spelling(node: Node) -> str:
    """Return the operation as micrograd writes it, such as +, **2, ReLU; an empty text for a leaf."""
    if node.op is None:
        return ""
    power = node.inputs[1] if node.op.name == "pow" and not isinstance(node.inputs[1], Node) else ""
    return SPELLED.get(node.op.name, node.op.symbol) + str(power)


def send(node: Node) -> None:
    """Add to `.grad` of each input what the node's own `.grad` is worth there, once."""
    if active:
        read(node, "._backward()")
    for _, _, sent in sweep([node], {node: node.grad}):
        for item, g in zip(node.inputs, sent):
            if isinstance(item, Node) and g is not None:
                item.grad = item.grad + g


def refuse_children() -> NoReturn:
    raise TypeError(
        "Value(data, label): an operation makes a node with inputs, and so knows its derivative; write a + b, or "
        "declare an operation of your own with autograd.primitive"
    )
