"""Layers mark their parameters and outputs: drawings read these marks, and no labels."""

from __future__ import annotations

from typing import TypeVar

from autograd import Node, Value
from nn._core.types import Output

T = TypeVar("T")


def mark_parameters(w: Node | list[Value], w0: Node | list[Value], layer: int | str, neuron: int | str = "") -> None:
    """Mark weights and biases, nodes or lists of nodes, as those of a layer, or of one neuron in it."""
    for nodes, role in ((w, "weight"), (w0, "bias")):
        for node in nodes if isinstance(nodes, list) else [nodes]:
            node.mark = str(layer), str(neuron), role


def marked(result: T, layer: int | str) -> T:
    """Mark a result, a node or lists of nodes, as the output of a layer; return it."""
    _mark(result, (str(layer), "", "output"))
    return result


def carried(before: Output, after: T) -> T:
    """Mark the result of a function of a layer's output as the output of that layer; return it."""
    while isinstance(before, list) and before:
        before = before[0]
    if isinstance(before, Node) and before.mark[2] == "output":
        _mark(after, before.mark)
    return after


def _mark(result: object, mark: tuple[str, str, str]) -> None:
    for node in result if type(result) is list else (result,):
        if isinstance(node, Node):
            # A function of one's own may return its argument, for example a parameter.
            if node.op is not None:
                node.mark = mark
        elif isinstance(node, list):
            _mark(node, mark)
