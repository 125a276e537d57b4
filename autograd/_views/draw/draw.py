"""Drawing a computation graph: numbers are boxes, operations circles, laid out by Graphviz."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from autograd._core.data import shape
from autograd._core.modes import without_warnings
from autograd._core.node import Node
from autograd._core.order import topological_sort
from autograd._core.types import Raw
from autograd._grad.rules import one_like
from autograd._grad.sweep import sweep
from autograd._views.formula import formula
from autograd._views.groups import Place, input_names, places
from autograd._views.numbers import drawn_text
from autograd.files import brief
from autograd.picture.drawing import Drawing
from autograd.picture.shapes import (
    FAINT,
    GREY,
    SOLID,
    Box,
    Curve,
    Group,
    Pen,
    Picture,
    Shape,
    Symbol,
    Text,
    clean,
    legend,
    pen,
    sheet,
)

from .boxes import INPUTS, LOSS, Item, Link, box_id, constant_box, folded_box, has_gradient, node_box, operation_circle
from .layout import Layout, Point, dot_text, frames, lay_out, shortened

LIMIT = 1000
"""A picture of more numbers takes long to lay out and tells the eye nothing."""

IN_A_CELL = 150
"""What a cell of a notebook ends with is folded beyond: no one asked for a picture that large."""

ARROWS_IN_A_CELL = 4 * IN_A_CELL
"""More make a tangle, for which no one waits."""

BYTES_IN_A_CELL = 200_000
"""Every run of a cell is kept in the notebook; HTML takes a third more than the SVG in it."""

MANY = 12
"""How many numbers outside of all layers a folded graph shows one by one; it folds more."""

# Dark enough to be read as text on white, and different for any colour vision.
PALETTE = ("#1f78a8", "#c43400", "#141452", "#a030d0", "#5a2a00")

DECADES = 4
"""Gradients that are smaller than the largest by more powers of ten are all drawn alike, as the thinnest line."""

Flow = dict[tuple[Node, int | None], float]


def draw(root: Node, *, gradients: bool = False, fold: str | None = None) -> Drawing:
    """Return a drawing of everything that `root` was computed from, with data, gradients and operations.

    Boxes are numbers and arrays: parameters (leaves labelled w...) have a thick border, other leaves are rounded,
    constants dashed, and `root` has a double border; circles are operations. With `gradients`, each arrow tells the
    gradient of `root` that flows back along it: blue if positive, orange and dashed if negative, and wide if large (of
    an array: its largest element by size). `fold` draws every "layer" or every "perceptron" of a network as one box;
    its layers mark what is theirs. A network itself is drawn as columns of neurons, its weights in the same colours. A
    gradient is "?" until a backward pass has gone through the graph. Labels are shown as text whatever they hold.

    Raises TypeError for an object that is no node and no network, and ValueError for a graph of more than 1,000
    numbers, for gradients of a result that is no scalar, and for a graph that has nothing to fold.

    >>> w = Value(2.0, label="w")
    >>> draw(w * 3)
    <graph of 3 numbers and 1 operation; .save('graph.svg') writes it>
    """
    if hasattr(root, "_draw_") and not isinstance(root, type):
        if gradients or fold:
            raise ValueError("gradients and fold are for what a network computes: draw(loss, fold='layer')")
        drawing: Drawing = root._draw_()
        return drawing
    if not isinstance(root, Node):
        raise TypeError(f"draw needs a Value, a Tensor or a network; got {brief(root)} of type {type(root).__name__}")
    if fold not in (None, "layer", "perceptron"):
        raise ValueError(f"fold must be 'layer', 'perceptron' or None; got {brief(fold)}")
    if gradients and root.shape != ():
        raise ValueError(
            f"gradients need a scalar; the shape is {root.shape}. Draw what you reduced it to, e.g. with .mean()"
        )
    order = topological_sort(root)
    boxes = folded(order, fold)
    drawn, _ = size(order, boxes)
    if drawn > LIMIT:
        raise ValueError(
            f"this graph has {drawn:,} numbers{' even when folded' * (fold is not None)}; a drawing shows at most "
            f"{LIMIT:,}. If it is a network, fold it: fold='layer' or fold='perceptron'; or draw a part: an inner "
            f"node, or the loss of one sample; or make the network of=Tensor, where a layer is one node"
        )
    return drawing_of(order, boxes, gradients)


def drawing_of(
    order: list[Node], boxes: dict[Node, Place], gradients: bool = False, later: Mapping[Node, Any] | None = None
) -> Drawing:
    """Return the drawing of a topological order, however long. Nodes in `boxes` disappear in their boxes.

    There is room for the data that nodes will have `later`.

    In the SVG, the box of the node at place k of `order` has the id "nk" and its operation "nk-op"; the arrow from the
    node at j to that operation, as its argument p, has "ej-k-p", and the arrow from the operation to its result "ek".
    The texts of data and gradient in a box have the classes "data" and "grad".
    """
    flow = flows(order) if gradients else {}
    raw = constants(order, boxes)
    data = {name for (node, position), name in raw.items() if is_data(node, node.inputs[position])}
    crowd = data if boxes and len(data) > MANY else set()
    items = items_of(order, boxes, raw, crowd, later or {})
    links = links_of(order, boxes, {k: box_id(INPUTS) if name in crowd else name for k, name in raw.items()}, flow)
    kinds = Counter(item.kind if item.kind in ("operation", "folded") else "number" for item in items)
    counts = ((kinds["folded"], "folded part"), (kinds["number"], "number"), (kinds["operation"], "operation"))
    *most, last = [f"{n:,} {what}{'s' * (n != 1)}" for n, what in counts if n]
    name = clean(order[-1].label, 40)
    title = f"graph of {name}{': ' * bool(name)}{', '.join(most)}{' and ' * bool(most)}{last}"
    items, links = shortened(items, links)
    return Drawing(title, dot_text(items, links), partial(picture_of, title, items, links))


def colors(order: list[Node]) -> dict[Node, str]:
    """Return the colour of the arrows into the operation of each node, and so of its local derivatives.

    It goes by the distance from the leaves: all of a layer have one colour, neighbours on a path different ones.
    """
    level: dict[Node, int] = {}
    for node in order:
        level[node] = max((level[i] + 1 for i in node.inputs if isinstance(i, Node)), default=0)
    return {node: PALETTE[k % len(PALETTE)] for node, k in level.items()}


@without_warnings
def flows(order: list[Node]) -> Flow:
    """Return the gradient that flows from each node to its operation (None), and on to each argument."""
    found: Flow = {}
    for node, g, sent in sweep(order, {order[-1]: one_like(order[-1])}):
        found[node, None] = _largest(g)
        for position, (argument, contribution) in enumerate(zip(node.inputs, sent)):
            if isinstance(argument, Node):
                found[node, position] = 0.0 if contribution is None else _largest(contribution)
    return found


def _largest(g: Raw) -> float:
    """Return the element of largest size."""
    if isinstance(g, (float, int)):
        return float(g)
    return float(g.flat[abs(g).argmax()]) if g.size else 0.0


def folded(order: list[Node], fold: str | None) -> dict[Node, Place]:
    """Return the box that hides each node; raise ValueError for a graph without layers or perceptrons."""
    if fold is None:
        return {}
    found = places(order)
    if not found:
        raise ValueError(
            "there is nothing to fold: no layer of nn that has a number computed any of this, as those of an MLP or a "
            "Sequential have, or Layer(2, 3, number=1)"
        )
    boxes: dict[Node, Place] = {node: place for node, place in found.items() if len(place) == 2}
    if fold == "layer":
        boxes = {node: place[:1] for node, place in found.items()}
    elif not boxes:
        raise ValueError(
            "there are no perceptrons to fold: in a network of=Tensor a layer is one matrix; use fold='layer', or "
            "model.to(Value)"
        )
    after: set[Node] = set()
    for node in order:
        if node not in found and any(i in found or i in after for i in node.inputs if isinstance(i, Node)):
            after.add(node)
    before = [node for node in order if node not in found and node not in after]
    for box, rest in ((INPUTS, before), (LOSS, [node for node in order[:-1] if node in after])):
        if len(rest) > MANY:
            boxes.update(dict.fromkeys(rest, box))
    return boxes


def size(order: list[Node], boxes: dict[Node, Place]) -> tuple[int, int]:
    """Count the numbers and boxes to draw, where nodes disappear in boxes, and the arrows.

    In a folded graph all data are taken for one box, as many of them are.
    """
    arrows: set[Any] = {
        (boxes.get(given, given) if isinstance(given, Node) else not boxes and position, boxes.get(node, node))
        for node in order
        for position, given in enumerate(node.inputs)
    }
    return len(order) - len(boxes) + len(set(boxes.values())), len(arrows)


def constants(order: list[Node], boxes: dict[Node, Place]) -> dict[tuple[Node, int], str]:
    """Return the id of each constant argument that is drawn.

    Data are drawn once for all operations that take the same, as the perceptrons of a layer take the same sample; all
    other constants belong to their operation alone, and disappear with it.
    """
    keys: dict[tuple[Node, int], tuple[Any, int]] = {}
    for node in order:
        sample = tuple(id(given) for given in node.inputs if not isinstance(given, Node))
        for position, given in enumerate(node.inputs):
            if isinstance(given, Node):
                continue
            if is_data(node, given) and boxes.get(node) not in (INPUTS, LOSS):
                keys[node, position] = sample, position
            elif node not in boxes:
                keys[node, position] = node, position
    number = {key: k for k, key in enumerate(dict.fromkeys(keys.values()))}
    return {argument: f"c{number[key]}" for argument, key in keys.items()}


def is_data(node: Node, constant: Raw) -> bool:
    """Tell whether a constant is data: an array, or a number in a list of arguments, as x in a weighted sum."""
    return shape(constant) != () or (node.op is not None and node.op.arity is None)


def items_of(
    order: list[Node],
    boxes: dict[Node, Place],
    raw: dict[tuple[Node, int], str],
    crowd: set[str],
    later: Mapping[Node, Any],
) -> list[Item]:
    """Return the boxes and circles of a graph; a crowd of constants disappears in a box for all inputs."""
    found = places(order)
    inputs = input_names(order)
    names = {node: node.label or inputs.get(node) or f"n{k}" for k, node in enumerate(order)}
    contents: dict[Place, list[Node]] = {INPUTS: []} if crowd else {}
    for node in order:
        if node in boxes:
            contents.setdefault(boxes[node], []).append(node)
    used = {i for node in order for i in node.inputs if isinstance(i, Node) and boxes.get(i) != boxes.get(node)}
    # Between many perceptrons there are many arrows.
    room = 5.0 * max(Counter(box[0] for box in contents if len(box) == 2).values(), default=0)
    # A backward pass leaves a gradient in the node that it began with, and in others.
    swept = any(has_gradient(node) for node in reversed(order) if node.op is not None or node is order[-1])
    items = []
    for box, nodes in contents.items():
        outputs = [node for node in nodes if node in used and box != INPUTS]
        item = folded_box(box_id(box), box, nodes, len(crowd), outputs, swept)
        items.append(item._replace(room=room * len(item.place)))
    for k, node in enumerate(order):
        if node in boxes:
            continue
        place = found.get(node, ())
        items.append(
            node_box(
                f"n{k}", node, node is order[-1], place, node.label or inputs.get(node, ""), swept, later.get(node)
            )
        )
        if node.op is not None:
            given = {i: names[i] for i in node.inputs if isinstance(i, Node)}
            title = f"{names[node]} = {formula(node, given, simplify=False)}"
            items.append(operation_circle(f"n{k}-op", node, title, place))
    drawn = set(crowd)
    for (node, position), name in raw.items():
        if name not in drawn:
            drawn.add(name)
            given = node.inputs[position]
            place = () if is_data(node, given) else found.get(node, ())
            items.append(constant_box(name, given, place, inputs.get((node, position), "")))
    return items


def links_of(order: list[Node], boxes: dict[Node, Place], raw: dict[tuple[Node, int], str], flow: Flow) -> list[Link]:
    """Return the arrows of a graph, one for several to or from a folded part: that of the largest gradient."""
    color = colors(order)
    ids = {node: box_id(boxes[node]) if node in boxes else f"n{k}" for k, node in enumerate(order)}
    links: dict[str, Link] = {}
    for node in order:
        me = ids[node]
        end = me if node in boxes else f"{me}-op"
        if node.op is not None and node not in boxes:
            name = f"e{me[1:]}"
            links[name] = Link(name, end, me, GREY, flow.get((node, None)))
        for position, argument in enumerate(node.inputs):
            start = ids[argument] if isinstance(argument, Node) else raw.get((node, position), me)
            if start == me:
                continue
            name = f"e{start.removeprefix('n')}-{me.removeprefix('n')}"
            shade, flowing = color[node], flow.get((node, position))
            if start.startswith("g-") or node in boxes:
                shade = GREY
                flowing = max((links[name].flow if name in links else None, flowing), key=lambda g: abs(g or 0.0))
            else:
                name += f"-{position}"
            links[name] = Link(name, start, end, FAINT if flow and flowing is None else shade, flowing)
    return list(links.values())


def picture_of(title: str, items: Sequence[Item], links: Sequence[Link]) -> Picture:
    """Return the shapes in the places that Graphviz found for them."""
    at = lay_out(items, links)
    groups = [Group("", "cluster", _frame(place, items, at), " ".join(place)) for place in frames(items)]
    flowing = [abs(link.flow) for link in links if link.flow is not None and math.isfinite(link.flow)]
    largest = max(flowing, default=0.0)
    thickest = 6.0 if len(links) <= 100 else 3.0
    by_id = {item.id: item for item in items}
    for link in links:
        drawn = (link.color, 1.2, SOLID) if link.flow is None else _weight(link.flow, largest, thickest)
        points, tip = _route(link, by_id, at)
        shown = "" if link.flow is None else f"gradient {link.flow!r}"
        groups.append(Group(link.id, "edge", [Curve(points, *drawn, tip)], shown))
    for item in items:
        x, y = at.nodes[item.id]
        groups.append(Group(item.id, f"node {item.kind}", item.shapes, item.title, x, y))
    if not flowing:
        return sheet(groups, title)
    marks = sorted({0.0, -largest, -largest / 100, largest / 100, largest})
    samples = [(*_weight(g, largest, thickest), drawn_text(g)) for g in marks]
    return sheet(groups, title, legend("gradient that flows back along an arrow", samples))


def _frame(place: Place, items: Sequence[Item], at: Layout) -> list[Shape]:
    """Return the frame around all placed items, with its name. The perceptrons of a layer are equally wide."""
    layer = [(item, *at.nodes[item.id]) for item in items if item.place[:1] == place[:1]]
    inside = [(item, y) for item, _, y in layer if item.place[: len(place)] == place]
    margin = 9.0 if any(len(item.place) > len(place) for item, _ in inside) else 0.0
    x0 = min(x - item.width / 2 for item, x, _ in layer) - 8 - margin
    x1 = max(x + item.width / 2 for item, x, _ in layer) + 8 + margin
    y0 = min(y - item.height / 2 for item, y in inside) - 26 - 3 * margin
    y1 = max(y + item.height / 2 for item, y in inside) + 8 + margin
    fill = "#f6f6f6" if len(place) == 1 else "white"
    box = Box((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0, fill, "#bbbbbb", radius=6)
    return [box, Text(x0 + 8, y0 + 16, Symbol(clean(place[-1], 40)), 11, "start", color=GREY)]


def _route(link: Link, items: dict[str, Item], at: Layout) -> tuple[list[Point], Point | None]:
    """Return the points of an arrow and its tip."""
    start, end = items[link.start], items[link.end]
    if start.room or end.room or link.id not in at.edges:
        # Many arrows side by side are read best if they are straight.
        (x0, y0), (x1, y1) = at.nodes[start.id], at.nodes[end.id]
        x1 -= end.width / 2
        return [(x0 + start.width / 2, y0), (x1 - 5, y1)], (x1, y1)
    points, tip = at.edges[link.id]
    before, _ = at.edges.get(f"{link.id}-in", ([], None))
    return ([*before, before[-1], points[0], *points] if before else points), tip


def _weight(flow: float, largest: float, thickest: float) -> Pen:
    """Return colour, width and dashes of an arrow that carries a gradient."""
    if flow == 0:
        return pen(flow, 1.0)
    if not math.isfinite(flow):
        return pen(flow, thickest)
    share = max(0.0, 1 + math.log10(abs(flow) / largest) / DECADES)
    return pen(math.copysign(0.25 + 0.75 * share, flow), 1 + (thickest - 1) * share)


def fitting(root: Node) -> Drawing:
    """Return a drawing that a cell has room for: open, or else folded by perceptrons, or else by layers."""
    order = topological_sort(root)
    for fold in (None, "perceptron", "layer"):
        try:
            boxes = folded(order, fold)
        except ValueError:
            break
        numbers, arrows = size(order, boxes)
        if numbers <= IN_A_CELL and arrows <= ARROWS_IN_A_CELL:
            drawing = drawing_of(order, boxes)
            if len(drawing.svg) <= BYTES_IN_A_CELL:
                return drawing
    raise ValueError(
        f"a graph of {len(order):,} numbers is too large for a cell; draw(loss) shows up to {LIMIT:,}, "
        f"draw(loss, fold='layer') a network by its layers. Or draw a part: an inner node, or the loss of one sample; "
        f"or make the network of=Tensor, where a layer is one node"
    )
