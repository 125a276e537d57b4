"""A network that is more than columns of neurons, drawn as a row of blocks: one for each layer, with its kernels."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from autograd import Drawing
from autograd.picture.shapes import (
    GREY,
    INK,
    Box,
    Curve,
    Group,
    Picture,
    Shape,
    Symbol,
    Text,
    clean,
    mixed,
    sheet,
    text_width,
)

from .activations import activation_name
from .module import Module

KERNELS = 16
"""The most kernels of a layer that are drawn."""

CELLS = 49
"""A kernel of more weights is not drawn."""

LINE = 15.0
CELL = 7.0
GAP = 44.0


def draw_blocks(parts: list[Any]) -> Drawing:
    """Return the drawing of layers and functions, in order, as blocks with arrows from each to the next."""
    texts = [lines_of(part) for part in parts]
    title = "network " + " – ".join(lines[0] for lines in texts)
    return Drawing(title, dot_text(texts), partial(picture_of, title, parts, texts))


def lines_of(part: Any) -> list[str]:
    """Return what stands in a block: its kind, its settings, and the shapes of its parameters."""
    if not isinstance(part, Module):
        return [clean(activation_name(part), 24)]
    kind, _, settings = repr(part).partition("(")
    told = [setting for setting in settings.removesuffix(")").split(", ") if setting and not setting.startswith("of=")]
    arrays = sorted(part.named_parameters(), key=lambda named: -len(named[1].shape))
    shapes = [f"{name}: {' × '.join(map(str, p.shape))}" for name, p in arrays if p.shape]
    return [clean(line.replace("->", "→"), 32) for line in (kind, *told, *shapes[:4])]


def kernels_of(part: Any) -> list[list[list[float]]]:
    """Return the first kernels of a convolution as rows of weights; none for any other layer, or if they are large."""
    weights: Any = getattr(part, "w", None)
    shape: tuple[int, ...] = getattr(weights, "shape", ())
    if len(shape) < 3 or math.prod(shape[-2:] if len(shape) > 3 else shape[-1:]) > CELLS:
        return []
    rows = weights.data.reshape(-1, 1 if len(shape) == 3 else shape[-2], shape[-1])
    found: list[list[list[float]]] = rows[:KERNELS].tolist()
    return found


def picture_of(title: str, parts: list[Any], texts: list[list[str]]) -> Picture:
    """Return the shapes of a row of blocks."""
    groups, x = [], 0.0
    for k, (part, lines) in enumerate(zip(parts, texts), 1):
        inside, width, height = contents(lines, kernels_of(part))
        if k > 1:
            arrow = Curve([(x - GAP + 6, 0), (x - 14, 0)], "#333333", 1.5, tip=(x - 8, 0))
            groups.append(Group("", "edge", [arrow]))
        filled = "#dcebfa" if isinstance(part, Module) and any(True for _ in part.parameters()) else "white"
        frame = Box(0, 0, width, height, filled, "#333333", radius=7)
        groups.append(Group(f"b{k}", "block", [frame, *inside], f"{k}: {', '.join(lines)}", x + width / 2, 0))
        x += width + GAP
    return sheet(groups, title)


def contents(lines: list[str], kernels: list[list[list[float]]]) -> tuple[list[Shape], float, float]:
    """Return what is drawn inside a block around (0, 0), and the block's width and height."""
    across = math.ceil(math.sqrt(len(kernels)))
    down = math.ceil(len(kernels) / across) if kernels else 0
    rows, columns = (len(kernels[0]), len(kernels[0][0])) if kernels else (0, 0)
    wide, high = across * (columns + 1) * CELL - CELL, down * (rows + 1) * CELL
    width = 20 + max(wide, *(text_width(line, 12 if k == 0 else 10.5, k == 0) for k, line in enumerate(lines)))
    height = 16 + LINE * len(lines) + high
    shapes: list[Shape] = []
    for k, line in enumerate(lines):
        color = GREY if k else INK
        y = -height / 2 + 8 + LINE * (k + 0.75)
        shapes.append(Text(0, y, Symbol(line), 12 if k == 0 else 10.5, bold=k == 0, color=color))
    sizes = [abs(w) for kernel in kernels for row in kernel for w in row if math.isfinite(w)]
    largest = max(sizes, default=0.0) or 1.0
    top = -height / 2 + 12 + LINE * len(lines) + CELL / 2
    for n, kernel in enumerate(kernels):
        left = -wide / 2 + CELL / 2 + (n % across) * (columns + 1) * CELL
        for i, row in enumerate(kernel):
            y = top + ((n // across) * (rows + 1) + i) * CELL
            shapes += [Box(left + j * CELL, y, CELL, CELL, mixed(w / largest)) for j, w in enumerate(row)]
    return shapes, width, height


def dot_text(texts: list[list[str]]) -> str:
    """Return the blocks in Graphviz's language."""
    quoted = ["\\n".join(lines).replace('"', "'") for lines in texts]
    nodes = [f'  "b{k}" [label="{text}"]' for k, text in enumerate(quoted, 1)]
    edges = [f'  "b{k}" -> "b{k + 1}"' for k in range(1, len(texts))]
    return "\n".join(["digraph {", "  graph [rankdir=LR]", "  node [shape=box]", *nodes, *edges, "}", ""])
