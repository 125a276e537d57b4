"""The boxes and circles of a drawn graph: their text, and the look of each kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd._core.data import shape
from autograd._core.node import Node
from autograd._core.types import Raw
from autograd._views.groups import Place
from autograd._views.labels import is_parameter, read
from autograd._views.numbers import MAX_DRAWN_ELEMENTS, drawn_text
from autograd.picture.shapes import GREY, Box, Ellipse, Shape, Symbol, Text, clean, symbol_width, text_width

LOOKS: dict[str, dict[str, Any]] = {
    "parameter": {"fill": "#dcebfa", "stroke": "#1f5a99", "stroke_width": 2.5},
    "input": {"fill": "#e3f3e6", "stroke": "#2d6a3e", "radius": 9.0},
    "constant": {"fill": "white", "stroke": "#777777", "dashed": True},
    "result": {"fill": "white", "stroke": "#333333"},
    "root": {"fill": "#fdf3c4", "stroke": "#333333"},
    "folded": {"fill": "#f0f0f0", "stroke": "#333333", "radius": 4.0},
    "operation": {"fill": "white", "stroke": "#333333"},
}
"""Every kind of number has a border of its own, so that no one needs the colours; the root's is double."""


# The nodes of a folded graph that are outside of all layers.
INPUTS: Place = ("inputs",)
LOSS: Place = ("loss",)


class Item(NamedTuple):
    """A box or a circle that Graphviz is to find a place for; its shapes lie around (0, 0)."""

    id: str
    kind: str
    width: float
    height: float
    shapes: list[Shape]
    lines: list[str]
    title: str
    place: Place = ()
    # To be left free on both sides.
    room: float = 0.0


class Link(NamedTuple):
    """An arrow between two items; `flow` is the gradient that flows back along it."""

    id: str
    start: str
    end: str
    color: str
    flow: float | None = None


def box_id(box: Place) -> str:
    """Return the id of a folded part: "g-layer-1-perceptron-2"."""
    return "-".join(["g", *box]).replace(" ", "-")


def _facts(data: Raw, name: str) -> list[tuple[str, str]]:
    lengths = [("shape", " × ".join(map(str, data.shape)))] if math.prod(shape(data)) > MAX_DRAWN_ELEMENTS else []
    return [*lengths, (name, drawn_text(data))]


def has_gradient(node: Node) -> bool:
    """Tell whether the gradient of a node is other than the 0 that it began with."""
    other = node._grad != 0
    return bool(other.any() if shape(other) else other)


def _rows(node: Node, swept: bool) -> list[tuple[str, str]]:
    """Return the rows of a node; `swept` if its 0 is a gradient, and not that none has arrived yet."""
    gradient = drawn_text(node.grad) if swept or has_gradient(node) else "?"
    return [*_facts(node.data, "data"), ("grad", gradient)]


def _digits(data: Raw) -> str:
    """Return a number or an array with all its digits, if they are not too many to be read."""
    if math.prod(shape(data)) > 100:
        return drawn_text(data)
    return clean(repr(data.tolist() if hasattr(data, "tolist") else data), 500)


def node_box(
    id: str, node: Node, is_root: bool, place: Place, name: str, swept: bool, later: Raw | None = None
) -> Item:
    """Return the box of a node, with room for its `later` data. Its title has the whole name and all digits.

    A gradient of 0 is drawn as "?", unless a backward pass has `swept` the graph.
    """
    leaf = "parameter" if is_parameter(node) else "input"
    kind = "root" if is_root else "result" if node.op is not None else leaf
    heading = f"{clean(name, 500)} ({kind})" if name else kind
    rows = _rows(node, swept)
    gradient = rows[-1][1] if rows[-1][1] == "?" else _digits(node.grad)
    title = f"{heading}\ndata {_digits(node.data)}\ngrad {gradient}"
    room = [] if later is None else _facts(later, "data")
    return _box(id, kind, name, rows, title, place, room)


def echo(of: Item, id: str, place: Place) -> Item:
    """Return a small box for a number that is drawn elsewhere: its label, or its data."""
    return _box(id, of.kind, of.lines[0].removeprefix("data "), [], f"{of.title}\n(drawn again)", place)


def constant_box(id: str, data: Raw, place: Place, name: str = "") -> Item:
    """Return the box of a constant."""
    rows = _facts(data, "data" if shape(data) or name else "")
    return _box(id, "constant", name, rows, f"{name or 'constant'} {_digits(data)}", place)


def folded_box(id: str, box: Place, nodes: list[Node], constants: int, outputs: list[Node], swept: bool) -> Item:
    """Return a box that stands for many nodes and constants. It shows the data of a single output."""
    size = sum(math.prod(node.shape) for node in nodes if node.op is None and is_parameter(node))
    operations = sum(node.op is not None for node in nodes)
    rows = [("parameters", f"{size:,}")] if size else [("operations", f"{operations:,}")]
    if box == INPUTS:
        rows = [("numbers", f"{len(nodes) + constants:,}")]
    if len(outputs) == 1:
        rows += _rows(outputs[0], swept)
    item = _box(id, "folded", box[-1], rows, " ".join(box), box[:-1])
    card = item.shapes[0]
    assert isinstance(card, Box)
    behind = [card._replace(x=d, y=d) for d in (5.0, 2.5)]
    return item._replace(shapes=[*behind, *item.shapes], width=item.width + 2, height=item.height + 2)


def _box(
    id: str,
    kind: str,
    label: str,
    rows: list[tuple[str, str]],
    title: str,
    place: Place,
    room: Sequence[tuple[str, str]] = (),
) -> Item:
    """Return a box of a heading and rows, each with its name to the left and its text to the right.

    It is wide enough for the rows in `room`, too, which are not written yet.
    """
    heading = read(clean(label, 24))
    named = any(name for name, _ in rows)
    texts = [text_width(name, 10.5) + 10 * bool(name) + text_width(text, 10.5) for name, text in (*rows, *room)]
    width = max([symbol_width(heading, 12, bold=True), *texts]) + 14
    if named:
        # A column of boxes is calmer if most are equally wide.
        width = max(16.0 * math.ceil(width / 16), 128.0 * (kind == "folded"))
    height = 10 + 16 * bool(label) + 14 * len(rows)
    border = 6 * (kind == "root")
    shapes: list[Shape] = [Box(0, 0, width + border, height + border, **LOOKS[kind])]
    if border:
        shapes.append(Box(0, 0, width, height, stroke=LOOKS[kind]["stroke"]))
    y = 2 - height / 2
    if label:
        y += 16
        shapes.append(Text(0, y - 2, heading, 12, bold=True))
    for name, text in rows:
        y += 14
        if name:
            shapes.append(Text(7 - width / 2, y, Symbol(name), 10.5, "start", color=GREY))
        at, anchor = (width / 2 - 7, "end") if named else (0, "middle")
        shapes.append(Text(at, y, Symbol(text), 10.5, anchor, kind=name))
    lines = [clean(label, 24)] * bool(label) + [f"{name} {text}".strip() for name, text in rows]
    return Item(id, kind, width + border, height + border, shapes, lines, title, place)


def operation_circle(id: str, node: Node, title: str, place: Place) -> Item:
    """Return a circle with the symbol of an operation and its short settings."""
    assert node.op is not None
    symbol = {"*": "×", "-": "−"}.get(node.op.symbol, node.op.symbol)
    size = 15 if len(symbol) == 1 else 11
    rows = [(clean(part, 12), size) for part in symbol.split("_") if part][:3] or [(symbol, size)]
    settings = [
        clean(f"{key}={setting}", 15)
        for key, setting in node.settings.items()
        if setting is not None and setting is not False
    ]
    rows += [(text, 9) for text in settings if len(text) < 15]
    height = sum(size + 2 for _, size in rows)
    radius = max(12.0, math.hypot(max(text_width(*row) for row in rows), height - 4) / 2 + 2)
    shapes: list[Shape] = [Ellipse(0, 0, radius, radius, **LOOKS["operation"])]
    y = -height / 2 - 1
    for line, size in rows:
        y += size + 1.5
        shapes.append(Text(0, y - 0.12 * size, Symbol(line), size))
    return Item(id, "operation", 2 * radius, 2 * radius, shapes, [line for line, _ in rows], clean(title, 300), place)
