"""Layers mark their parameters and outputs: drawings read these marks, and no labels."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

from autograd import Node, Value
from nn._core.types import Output

T = TypeVar("T")


def mark_parameters(w: Node | list[Value], w0: Node | list[Value], layer: int | str, neuron: int | str = "") -> None:
    """Mark weights and biases, nodes or lists of nodes, as those of a layer, or of one neuron in it."""
    for nodes, role in ((w, "weight"), (w0, "bias")):
        for node in nodes if isinstance(nodes, list) else [nodes]:
            node.mark = str(layer), str(neuron), role


def marked(result: T, layer: int | str, neuron: int | str = "") -> T:
    """Mark a result, a node or lists of nodes, as the output of a layer, or of one neuron in it; return it."""
    _mark(result, (str(layer), str(neuron), "output"))
    return result


@lru_cache
def neuron_marks(layer: int | str, n: int) -> list[tuple[str, str, str]]:
    """Return the marks of the outputs of a layer's n neurons."""
    return [(str(layer), str(neuron), "output") for neuron in range(1, n + 1)]


def marked_row(row: Output, marks: list[tuple[str, str, str]]) -> Output:
    """Mark the outputs of a layer's neurons, a list, for one sample; return it."""
    if isinstance(row, list):
        for node, mark in zip(row, marks):
            if type(node) is Value and node.op is not None:
                node.mark = mark
            else:
                _mark(node, mark)
    return row


def carried(before: Output, after: T) -> T:
    """Mark the result of a function of a layer's output as the output of that layer; return it.

    Where the function kept the lists, each node is the output of the neuron that the one in its place was of.
    """
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after):
            carried(one, other)
        return after
    several = not isinstance(after, Node)
    while isinstance(before, list) and before:
        several = several or len(before) > 1
        before = before[0]
    if isinstance(before, Node) and before.mark[2] == "output":
        layer, neuron, role = before.mark
        _mark(after, (layer, "" if several else neuron, role))
    return after


def _mark(result: object, mark: tuple[str, str, str]) -> None:
    for node in result if type(result) is list else (result,):
        if isinstance(node, Node):
            # A function of one's own may return its argument, for example a parameter.
            if node.op is not None:
                node.mark = mark
        elif isinstance(node, list):
            _mark(node, mark)
