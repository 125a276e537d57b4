"""The page of a loss: its graph as data, its drawing and its steps, for the scripts of `autograd.web`."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from autograd._core.node import Node
from autograd._core.tracing import CompileError
from autograd._grad.sweep import sweep
from autograd._views.draw.boxes import box_id
from autograd._views.draw.draw import drawing_of, folded, size
from autograd._views.formula import LONG, formula
from autograd._views.network import Network
from autograd._views.numbers import data_text
from autograd._views.steps.step import Step, Walk
from autograd.picture.drawing import Drawing
from autograd.web.page import page as whole_page
from autograd.web.page import view as whole_view

from .data import live_data, numbers
from .packed import packed
from .still import still

LIMIT = 2000
"""More numbers in one drawing make a browser slow."""

ARROWS = 2 * LIMIT
"""More arrows into operations do so, too: as many as sums of two have."""

MOVES = 20_000
"""More products make a page too large."""

RATE = 0.1
"""The learning rate of a page that was given no optimizer; it can be changed there."""

FORMS = 150
"""Of a graph of more nodes there is one drawing alone, not one more for each way to fold it."""

ROOM = -0.123456
"""Boxes are as wide as this number, since those in them change."""


def page(walk: Walk, alive: bool = False) -> str:
    """Return the view as a page of its own; raises as `view` does."""
    return whole_page(_title(walk), view(walk, alive, alone=True))


def view(walk: Walk, alive: bool = False, alone: bool = False) -> str:
    """Return the view of a loss as HTML: an image and a table, which a script replaces where it may run.

    It begins with the task, a graph of numbers that is to be `alive` with all gradients, and ends with a step of
    gradient descent.
    Raises ValueError for a graph that is too large, RuntimeError if no Graphviz program is there to lay it out.
    """
    moves = sum(1 + len(step.sent) for step in walk)
    if moves > MOVES:
        raise ValueError(
            f"these steps have {moves:,} products; a page holds at most {MOVES:,}. print(steps(loss)) and "
            f"steps(loss)[k] show any number of them; or step through the loss of one sample"
        )
    try:
        live = live_data(walk.order[-1], _title(walk))
    except CompileError as error:
        if alive:
            raise
        order = _drawn(walk, None, walk.names)
        drawing = drawing_of(order, _folding(order))
        return f"<p>No page to step through: {escape(str(error))}</p>\n{still(walk, drawing)}"
    named = _names(walk, live.network)
    order = _drawn(walk, live.network, named)
    boxes = _folding(order)
    later = {node: ROOM for node in order if node.shape == ()}
    drawing = drawing_of(order, boxes, later=later)
    place = {node: k for k, node in enumerate(live.order)}
    for node, entry in zip(live.order, live.data["nodes"]):
        entry["name"] = named.get(node, entry["name"])
    if live.network and len(live.network.tree["x"]) == 1:
        # The nodes have these names already.
        live.data["network"]["names"] = []
    moved = {place[step.node]: numbers(step.result) for step in walk if step.phase == "update" and step.node in place}
    moving = [place[node] for node in walk.updates if node in place and not node.frozen]
    if walk.updates:
        live.data["update"] = {"rate": walk.rate, "parameters": moving}
    elif alive:
        kinds = [entry.get("kind") for entry in live.data["nodes"]]
        weights = [k for k, node in enumerate(live.order) if kinds[k] == "parameter" and not node.frozen]
        live.data["update"] = {"rate": RATE, "parameters": weights} if weights else None
    found = _forms(order, boxes, drawing, later)
    forms = [form for _, form in found]
    patterns, shapes = packed([one.svg for one, _ in found])
    options = {
        "title": _title(walk),
        "formula": _whole(order),
        "alive": alive,
        "updated": moved,
        "graph": {
            "title": drawing.title,
            "patterns": patterns,
            "forms": [form | shape for form, shape in zip(forms, shapes)],
            "walk": [_told(step, place, live.network) for step in walk],
            "notes": {
                live.data["nodes"][place[step.node]]["row"]: f"{step.node.op.name}: {step.node.op.note}"
                for step in walk
                if step.phase == "forward" and step.node.op is not None and step.node.op.note
            },
        },
    }
    views = (
        *VIEWS,
        *(NETWORK if "network" in live.data else ()),
        *(RECORDED if any("recorded" in entry for entry in live.data["nodes"]) else ()),
        *(ARRAYS if any(entry["shape"] for entry in live.data["nodes"]) else ()),
    )
    return whole_view(live.json(), live.rows, options, views, still(walk, found[0][0]), alone)


VIEWS = ("graph", "drawing", "told")
"""The scripts of the views that a page has."""

ARRAYS = tuple(f"matrices{part}" for part in ("", "_local", "_layout", "_heat", "_grid", "_equation", "_tell"))
"""Those of a page whose graph has arrays."""

RECORDED = ("recorded",)
"""The script of a page with operations that people declared."""

NETWORK = (
    "network", "network_plan", "network_steps", "network_layout", "network_curves", "network_edges", "network_cards",
    "network_open", "network_tell", "network_ways",
)  # fmt: skip
"""The scripts of the view of a network of neurons."""


def _title(walk: Walk) -> str:
    return f"Backpropagation of {walk.names[walk.order[-1]]}, step by step"


def _names(walk: Walk, found: Network | None) -> Mapping[Node, str]:
    """Return the names of nodes: of one sample those that a network has in all views, of several each its own."""
    alone = found and len(found.tree["x"]) == 1
    return {**walk.names, **(found.names if found and alone else {})}


def _drawn(walk: Walk, found: Network | None, names: Mapping[Node, str]) -> list[Node]:
    """Return a copy of the graph to draw, each node with its name, data and gradient of this pass.

    In a network of neurons, numbers that it took are leaves, which come first.
    """
    copies: dict[Node, Node] = {}
    gradients: dict[Node, Any] = {}
    for step in walk:
        if step.phase == "backward":
            gradients[step.node] = step.result
            gradients.update((sent.node, sent.total) for sent in step.sent)
    if found:
        _send_to_leaves(found, gradients)
    for node in [*(found.leaves if found else ()), *walk.order]:
        twin = object.__new__(type(node))
        twin._data = walk.data.get(node, node._data)
        twin._grad = gradients.get(node, 0.0)
        twin.op = None
        twin.label, twin.mark = names[node] if node in names or not found else found.names[node], node.mark
        if node.op is not None:
            recorded = found.twins.get(node, node) if found else node
            inputs = tuple(copies[given] if isinstance(given, Node) else given for given in recorded.inputs)
            twin.link(node.op, inputs, node.args, node.settings)
        copies[node] = twin
    return list(copies.values())


def _send_to_leaves(found: Network, gradients: dict[Node, Any]) -> None:
    """Add the gradients of numbers that became leaves, of which the steps tell nothing."""
    leaves = {*found.leaves}
    for node, twin in found.twins.items():
        arrived: dict[Node, Any] = {twin: gradients[node]} if node in gradients else {}
        for _ in sweep([twin], arrived, wanted=leaves):
            gradients |= {leaf: gradients.get(leaf, 0.0) + sent for leaf, sent in arrived.items()}


def _folding(order: list[Node]) -> dict[Node, Any]:
    """Return the boxes that parts of the graph disappear in, if it is too large to be drawn open."""
    if _is_smooth(order, {}):
        return {}
    for fold in ("perceptron", "layer"):
        try:
            boxes = folded(order, fold)
        except ValueError:
            continue
        if _is_smooth(order, boxes):
            return boxes
    arrows = sum(len(node.inputs) for node in order)
    raise ValueError(
        f"this graph has {len(order):,} numbers and {arrows:,} arrows between them; the view shows at most {LIMIT:,} "
        f"and {ARROWS:,}, or a network of nn by its layers. print(steps(loss)) and steps(loss)[k] work for any graph; "
        f"or step through a part, such as the loss of one sample; or make the network of=Tensor, where a layer is one "
        f"node"
    )


def _is_smooth(order: list[Node], boxes: dict[Node, Any]) -> bool:
    """Tell whether a browser is quick to show a graph whose parts may disappear in boxes."""
    numbers, arrows = size(order, boxes)
    return numbers <= LIMIT and arrows <= ARROWS


def _forms(
    order: list[Node], boxes: dict[Node, Any], drawing: Drawing, later: Mapping[Node, Any]
) -> list[tuple[Drawing, dict[str, Any]]]:
    """Return the drawing, and of a small network its folded forms, from the most folded to the open one, as data."""
    first = _form("open" if not boxes else "folded", order, boxes) | {"first": True}
    forms = []
    for fold, name in (("layer", "layers"), ("perceptron", "neurons")) if len(order) <= FORMS and not boxes else ():
        try:
            parts = folded(order, fold)
        except ValueError:
            continue
        forms.append((drawing_of(order, parts, later=later), _form(name, order, parts)))
    return [*forms, (drawing, first)]


def _form(name: str, order: list[Node], boxes: dict[Node, Any]) -> dict[str, Any]:
    """Return what a drawing shows: the box of each node, and which node a folded box shows."""
    used_outside = {
        given for node in order for given in node.inputs
        if isinstance(given, Node) and given in boxes and boxes.get(node) != boxes[given]
    }  # fmt: skip
    outputs: dict[Any, list[int]] = {}
    for k, node in enumerate(order):
        if node in used_outside:
            outputs.setdefault(boxes[node], []).append(k)
    names = list(dict.fromkeys(map(box_id, boxes.values())))
    return {
        "name": name,
        "boxes": names,
        "ids": [names.index(box_id(boxes[node])) if node in boxes else -1 for node in order] if boxes else [],
        "shows": {box_id(box): found[0] if len(found) == 1 else -1 for box, found in outputs.items()},
    }


def _whole(order: list[Node]) -> str:
    """Return the loss as one formula of the leaves with «k» in the place of leaf k, empty if nobody would read it."""
    leaves = {node: k for k, node in enumerate(order) if node.op is None}
    text = formula(order[-1], {node: node.label for node in leaves})
    if len(text) > LONG or "…" in text:
        return ""
    return formula(order[-1], {node: f"«{k}»" for node, k in leaves.items()})


def _told(step: Step, place: Mapping[Node, int], found: Network | None) -> list[Any]:
    """Return a step as data: its kind, its node, and backward the places of the arguments that get a gradient.

    A parameter that the loss does not depend on has no node; its update is a text.
    """
    if step.phase == "forward":
        return [0, place[step.node]]
    if step.phase == "backward":
        sent = [sent.position for sent in step.sent]
        if found and step.node in found.twins:
            # A number that became a leaf is sent a gradient, too.
            inputs = zip(found.twins[step.node].inputs, step.node.inputs)
            sent = sorted([*sent, *(k for k, (leaf, given) in enumerate(inputs) if leaf is not given)])
        return [1, place[step.node], sent] if step.formula else [1, place[step.node]]
    if step.node in place:
        return [2, place[step.node]]
    return [2, None, [step.name, f"{step.name} ← {step.formula} = {step.numbers} = {data_text(step.result)}"]]
