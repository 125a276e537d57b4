"""The view to step through: one piece of HTML, the same in a notebook, in its exports, and as a page."""

from __future__ import annotations

import json
import re
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from autograd._core.node import Node
from autograd._views.draw.boxes import box_id
from autograd._views.draw.draw import colors, drawing_of, folded, size
from autograd._views.formula import LONG, formula
from autograd._views.labels import read
from autograd.picture.drawing import Drawing

from .step import Sent, Step, Walk, rows, shown

LIMIT = 2000
"""More numbers in one drawing make a browser slow."""

ARROWS = 2 * LIMIT
"""More arrows into operations do so, too: as many as sums of two have."""

MOVES = 20_000
"""More products make a page too large."""

ROWS = 100
"""About how many rows the table has that stands in for the view where no script runs."""

IMAGE = 3e6
"""A larger drawing (in square pixels) is left out where no script runs: its image would be most of the page."""


def page(walk: Walk) -> str:
    """Return the view as a page of its own; raises as `view` does."""
    return Template(_file("page.html")).substitute(title=escape(_title(walk)), view=view(walk, alone=True))


def view(walk: Walk, alone: bool = False) -> str:
    """Return the view as HTML: an image and a table, which a script replaces where it may run.

    Raises ValueError for a graph that is too large, RuntimeError if no Graphviz program is there to lay it out.
    """
    from hashlib import sha256

    moves = sum(1 + len(step.sent) for step in walk)
    if moves > MOVES:
        raise ValueError(
            f"these steps have {moves:,} products; a page holds at most {MOVES:,}. print(steps(loss)) and "
            f"steps(loss)[k] show any number of them; or step through the loss of one sample"
        )
    order = _drawn(walk)
    boxes = _folding(order)
    moved = {step.node: step.result for step in walk if step.phase == "update"}
    later = {twin: moved[node] for node, twin in zip(walk.order, order, strict=True) if node in moved}
    drawing = drawing_of(order, boxes, later=later)
    state = {
        "title": _title(walk),
        "drawn": drawing.title,
        "svg": _bare(drawing.svg),
        "style": _file("stepper.css"),
    } | _state(walk, order, boxes)
    text = json.dumps(state, ensure_ascii=False, separators=(",", ":"))
    # A script ends at the first </script>, wherever it stands.
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    name = f"glassgrad-{sha256(text.encode()).hexdigest()[:16]}"
    script = (
        f"(() => {{\n{_file('stepper.js')}\nconst page = {text};\n"
        f'for (const host of document.querySelectorAll("#{name}"))\n'
        f"  if (!host.shadowRoot) stepper(host, page, {json.dumps(alone)});\n}})();"
    )
    still = f"{_image(drawing)}\n{_table(walk)}"
    # In a notebook, a dollar in a label is no LaTeX.
    return (
        f'<div id="{name}" class="glassgrad mathjax_ignore tex2jax_ignore">\n{still}\n</div>\n<script>{script}</script>'
    )


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _bare(svg: str) -> str:
    """Return a drawing without its titles on hovering: they hold numbers that the steps have yet to compute."""
    return re.sub("<title>[^<]*</title>\n?", "", svg).replace(' xml:space="preserve"', "")


def _title(walk: Walk) -> str:
    return f"Backpropagation of {walk.names[walk.order[-1]]}, step by step"


def _drawn(walk: Walk) -> list[Node]:
    """Return a copy of the graph to draw, each node with its name, data and gradient of this pass."""

    copies: dict[Node, Node] = {}
    gradients: dict[Node, Any] = {}
    for step in walk:
        if step.phase == "backward":
            gradients[step.node] = step.result
            gradients.update((sent.node, sent.total) for sent in step.sent)
    for node in walk.order:
        twin = object.__new__(type(node))
        twin._data = walk.data[node]
        twin._grad = gradients.get(node, 0.0)
        twin.op = None
        twin.label, twin.mark = walk.names[node], node.mark
        if node.op is not None:
            inputs = tuple(copies[given] if isinstance(given, Node) else given for given in node.inputs)
            twin.link(node.op, inputs, node.args, node.settings)
        copies[node] = twin
    return list(copies.values())


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


def _state(walk: Walk, order: list[Node], boxes: dict[Node, Any]) -> dict[str, Any]:
    """Return the graph and its steps as data for the script."""
    place = {node: k for k, node in enumerate(walk.order)}
    moved = [step.node for step in walk if step.phase == "update" and step.node not in place]
    place.update((node, len(place) + k) for k, node in enumerate(moved))
    names = [walk.names[node] for node in place]
    shades = colors(order)
    palette = list(dict.fromkeys(shades.values()))
    used_outside = {
        given for node in order for given in node.inputs
        if isinstance(given, Node) and given in boxes and boxes.get(node) != boxes[given]
    }  # fmt: skip
    outputs: dict[Any, list[int]] = {}
    for k, node in enumerate(order):
        if node in used_outside:
            outputs.setdefault(boxes[node], []).append(k)
    return {
        "loss": walk.names[walk.order[-1]],
        "names": names,
        "symbols": {name: list(symbol) for name in names if (symbol := read(name)).base != name},
        "ids": [box_id(boxes[node]) if node in boxes else f"n{k}" for k, node in enumerate(order)],
        "shows": {box_id(box): found[0] if len(found) == 1 else -1 for box, found in outputs.items()},
        "inputs": [[place.get(i, -1) if isinstance(i, Node) else -1 for i in node.inputs] for node in place],
        "formula": _whole(walk),
        "notes": {
            place[step.node]: f"{step.node.op.name}: {step.node.op.note}"
            for step in walk
            if step.phase == "forward" and step.node.op is not None and step.node.op.note
        },
        "formulas": {place[step.node]: step.formula for step in walk if step.phase == "forward"},
        "color": [palette.index(shades[node]) for node in order],
        "colors": [[color, in_the_dark(color)] for color in palette],
        "steps": [_told(step, place[step.node]) for step in walk],
    }


def _whole(walk: Walk) -> str:
    """Return the loss as one formula of the leaves, empty if nobody would read it."""
    leaves = {node: walk.names[node] for node in walk.order if node.op is None}
    text = formula(walk.order[-1], leaves)
    return text if len(text) <= LONG and "…" not in text else ""


def _told(step: Step, k: int) -> list[Any]:
    result = shown(step.result)[0]
    if step.phase == "backward":
        return [1, k, result, [_sent(step, sent) for sent in step.sent]] if step.formula else [1, k, result]
    told = [step.formula, step.numbers, result]
    return [0, k, *told] if step.phase == "forward" else [2, k, *told, shown(step.change)[0]]


def _sent(step: Step, sent: Sent) -> list[Any]:
    local = "" if sent.local is None else shown(sent.local)[0]
    values = (shown(sent.contribution)[0], shown(sent.total)[0])
    return [sent.position, sent.derivative, local, *values, sent.arrived, sent.expected]


def in_the_dark(color: str) -> str:
    """Return a colour as it appears where the drawing is inverted and its hues are turned back.

    >>> from autograd._views.steps.page import in_the_dark
    >>> in_the_dark("#ffffff"), in_the_dark("#1f78a8")
    ('#000000', '#4da6d6')
    """
    red, green, blue = (255 - int(color[k : k + 2], 16) for k in (1, 3, 5))
    turned = (
        -0.574 * red + 1.43 * green + 0.144 * blue,
        0.426 * red + 0.43 * green + 0.144 * blue,
        0.426 * red + 1.43 * green - 0.856 * blue,
    )
    return "#" + "".join(f"{min(max(round(part), 0), 255):02x}" for part in turned)


def _image(drawing: Drawing) -> str:
    """Return the drawing as an image of few colours; none, if it is too large or a library is missing."""
    from base64 import b64encode
    from io import BytesIO

    if drawing.picture.width * drawing.picture.height > IMAGE:
        return ""
    try:
        from PIL import Image

        from autograd.picture.figure import figure_bytes

        with Image.open(BytesIO(figure_bytes(drawing.picture, "png"))) as picture:
            small = BytesIO()
            picture.convert("RGB").quantize(64).save(small, "png", optimize=True)
    except ImportError:
        return ""
    data = b64encode(small.getvalue()).decode()
    return (
        f'<img alt="{escape(drawing.title)}" style="width:{drawing.picture.width:.0f}px;max-width:100%;height:auto;'
        f'background:white" src="data:image/png;base64,{data}">'
    )


def _table(walk: Walk) -> str:
    """Return the steps as a table."""
    lines = [f"<details><summary>All {len(walk):,} steps</summary>", "<table>"]
    written = 0
    for step in walk:
        if len(lines) > ROWS:
            break
        for k, row in enumerate(rows(step)):
            head = f"<th>{step.phase}</th>" if k == 0 else "<th></th>"
            lines.append(f"<tr>{head}{''.join(f'<td>{escape(part)}</td>' for part in row)}</tr>")
        written += 1
    lines.append("</table>")
    if written < len(walk):
        lines.append(f"<p>and {len(walk) - written:,} more: print(*steps(loss), sep='\\n') shows all</p>")
    return "\n".join([*lines, "</details>"])
