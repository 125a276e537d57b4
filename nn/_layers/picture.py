"""A network drawn as on a slide: columns of neurons, and a line for each weight between them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from autograd import Drawing
from autograd.picture.shapes import (
    GREY,
    Box,
    Curve,
    Ellipse,
    Group,
    Pen,
    Picture,
    Shape,
    Symbol,
    Text,
    clean,
    legend,
    number,
    pen,
    sheet,
    text_width,
)

from .activations import activation_name
from .blocks import draw_blocks
from .module import Module
from .portable import Portable

MOST = 16
"""The most neurons of a column that are all drawn; of more, the first and the last ENDS are."""

ENDS = 4
FEW = 12
"""The most weights that are written as numbers, too."""

RADIUS = 18.0
ROW = 46.0


class Column(NamedTuple):
    """Neurons one above the other; the first column are the inputs, which have no biases."""

    size: int
    heading: list[str]
    biases: list[float]

    def heights(self) -> dict[int, float]:
        """Return the neurons that are drawn, counted from 1, and the height of each around 0."""
        shown = [k for k in range(1, self.size + 1) if self.size <= MOST or k <= ENDS or k > self.size - ENDS]
        rows = [row + (k > row + 1) for row, k in enumerate(shown)]
        return {k: ROW * (row - rows[-1] / 2) for k, row in zip(shown, rows)}


def draw_network(module: Module) -> Drawing:
    """Return the drawing of a perceptron, a layer, or a sequence of them; with other layers, it is a row of blocks.

    Raises TypeError for a module made of modules of your own, or of no layer, and ValueError if a layer does not take
    the outputs of the layer before it.
    """
    parts = list(parts_of(module))
    if any(isinstance(part, Module) and not hasattr(part, "numbers") for part in parts):
        return draw_blocks(parts)
    columns: list[Column] = []
    matrices: list[list[list[float]]] = []
    heading = ["inputs", ""]
    for part in parts:
        if not hasattr(part, "numbers"):
            # A function between layers works on each neuron of the one before.
            heading.append(clean(activation_name(part), 24))
            continue
        weights, biases = part.numbers()
        if not columns:
            heading[1] = f"{len(weights):,}"
            columns.append(Column(len(weights), heading, []))
        if len(weights) != columns[-1].size:
            n = len(columns)
            raise ValueError(f"layer {n} takes {len(weights)} inputs, but layer {n - 1} has {columns[-1].size} outputs")
        perceptrons = f"{len(biases):,} perceptron{'s' * (len(biases) > 1)}"
        heading = [f"layer {len(columns)}", perceptrons, clean(activation_name(part.activation), 24)]
        columns.append(Column(len(biases), heading, biases))
        matrices.append(weights)
    if not columns:
        raise TypeError("draw shows the neurons of a network; this one has no layer of them")
    title = "network " + " – ".join(f"{column.size:,}" for column in columns)
    return Drawing(title, dot_text(columns, matrices), partial(picture_of, title, columns, matrices))


def parts_of(module: Module) -> Iterator[Any]:
    """Yield the layers and functions inside a module, in order."""
    for part in getattr(module, "layers", [module]):
        if isinstance(part, Module) and hasattr(part, "layers"):
            yield from parts_of(part)
        elif isinstance(part, Module) and not hasattr(part, "numbers") and not isinstance(part, Portable):
            raise TypeError(
                f"draw shows networks of Perceptron, Layer and MLP as neurons, not {type(part).__name__}; draw what it "
                f"computes: draw(model(x))"
            )
        else:
            yield part


def lines_of(columns: list[Column], matrices: list[list[list[float]]]) -> list[tuple[float, int, int, int]]:
    """Return the weights between drawn neurons, each with its layer, its input and its perceptron."""
    return [
        (weights[i - 1][j - 1], layer, i, j)
        for layer, weights in enumerate(matrices, 1)
        for i in columns[layer - 1].heights()
        for j in columns[layer].heights()
    ]


def picture_of(title: str, columns: list[Column], matrices: list[list[list[float]]]) -> Picture:
    """Return the shapes of a network."""
    lines = lines_of(columns, matrices)
    finite = [abs(w) for weights in matrices for row in weights for w in row if math.isfinite(w)]
    largest = max(finite, default=0.0) or 1.0
    widest = 4.0 if len(lines) <= 100 else 2.0
    heights = [column.heights() for column in columns]
    told = len(lines) <= FEW
    gap = 280.0 if told else max(130.0, 9.0 * max(map(len, heights)))
    groups, numbers = [], []
    # The strongest weights are drawn last, on top.
    for w, layer, i, j in sorted(lines, key=lambda line: abs(line[0])):
        start = (gap * (layer - 1) + RADIUS, heights[layer - 1][i])
        end = (gap * layer - RADIUS, heights[layer][j])
        line = Curve([start, end], *weight(w, largest, widest))
        groups.append(Group(f"w{layer}-{i}-{j}", "weight", [line], f"w({layer})_{i},{j} = {w!r}"))
        if told:
            # The numbers at one neuron stand one below the other, those at the next neuron further on.
            share = 0.1 + 0.8 * i / (len(heights[layer - 1]) + 1)
            x, y = (a + share * (b - a) for a, b in zip(start, end))
            text = Text(0, 3.5, Symbol(number(w)), 10)
            behind = Box(0, 0, text_width(number(w), 10) + 3, 12, fill="white")
            numbers.append(Group("", "number", [behind, text], "", x, y))
    groups += numbers
    top = min(min(rows.values()) for rows in heights) - RADIUS - 12
    for layer, column in enumerate(columns):
        heading = [
            Text(0, 14 * (k - len(column.heading) + 1), Symbol(line), 11, bold=k == 0, color=GREY)
            for k, line in enumerate(column.heading)
        ]
        groups.append(Group("", "heading", heading, "", gap * layer, top))
        groups += neurons(layer, column, gap * layer, layer == len(matrices))
    marks = (-largest, -largest / 2, 0.0, largest / 2, largest)
    samples = [(*weight(w, largest, widest), number(w)) for w in marks]
    return sheet(groups, title, legend("weight; the number in a neuron is its bias", samples))


def weight(w: float, largest: float, widest: float) -> Pen:
    """Return colour, width and dashes of the line of a weight; the line of nan is black."""
    share = min(abs(w) / largest, 1.0) if math.isfinite(w) else 1.0
    return pen(w / largest, 0.4 + (widest - 0.4) * share)


def neurons(layer: int, column: Column, x: float, last: bool) -> list[Group]:
    """Return the groups of a column: its neurons, and dots for those that are left out."""
    groups = []
    heights = column.heights()
    for k, y in heights.items():
        if layer == 0:
            shapes: list[Shape] = [Box(0, 0, 2 * RADIUS, 2 * RADIUS, "#e3f3e6", "#2d6a3e", radius=9)]
            shapes.append(Text(0, 4, Symbol("x", below=str(k)), 13))
            name = f"input {k}"
        else:
            bias = column.biases[k - 1]
            shapes = [Ellipse(0, 0, RADIUS, RADIUS, "#fdf3c4" if last else "white", "#333333")]
            # Adding 0.0 takes the sign from -0.0.
            shapes.append(Text(0, 3.5, Symbol(number(round(bias, 2) + 0.0)), 9.5))
            name = f"perceptron {k} of layer {layer}: bias w({layer})_0,{k} = {bias!r}"
        if last:
            y_hat = Symbol("ŷ", below=str(k) if column.size > 1 else "")
            shapes.append(Curve([(RADIUS, 0), (RADIUS + 18, 0)], "#333333", 1.2, tip=(RADIUS + 23, 0)))
            shapes.append(Text(RADIUS + 28, 4, y_hat, 13, "start"))
        groups.append(Group(f"p{layer}-{k}", "neuron", shapes, name, x, y))
    if len(heights) < column.size:
        dots = [Ellipse(0, y, 1.8, 1.8, GREY, GREY) for y in (-8.0, 0.0, 8.0)]
        groups.append(Group("", "more", dots, f"{column.size - len(heights):,} more", x, 0))
    return groups


def dot_text(columns: list[Column], matrices: list[list[list[float]]]) -> str:
    """Return the network in Graphviz's language."""
    lines = ["digraph {", "  graph [rankdir=LR ranksep=2 splines=line]", "  node [shape=circle]"]
    for layer, column in enumerate(columns):
        for k in column.heights():
            label = number(column.biases[k - 1]) if layer else f"x{k}"
            lines.append(f'  "p{layer}-{k}" [label="{label}"]')
    for w, layer, i, j in lines_of(columns, matrices):
        lines.append(f'  "p{layer - 1}-{i}" -> "p{layer}-{j}" [label="{number(w)}"]')
    return "\n".join([*lines, "}", ""])
