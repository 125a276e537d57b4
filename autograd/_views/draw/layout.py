"""Graphviz: a drawing in its language, and the places that it finds for everything. The shapes are ours."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from autograd._views.groups import Place

from .boxes import LOOKS, Item, Link, echo

SECONDS = 60
"""A layout that takes longer is given up: no one waits for it."""

ON_THE_LEFT = 12
"""How many leaves stand in the first column, as on a slide; the arrows from more would be long."""

FAR = 8
"""An arrow over more columns is long."""

COLUMNS = 2_000
"""How many columns all arrows together may pass: Graphviz has to find a place for each arrow in each column."""

Point = tuple[float, float]


class Layout(NamedTuple):
    """Where Graphviz put everything, from the top left corner: nodes by name; lines and their tips by id."""

    nodes: dict[str, Point]
    edges: dict[str, tuple[list[Point], Point | None]]


def program() -> str | None:
    """Return the layout program: $GLASSGRAD_DOT, else the system's `dot`, else the one that pip installed."""
    import shutil

    return (
        os.environ.get("GLASSGRAD_DOT")
        or shutil.which("dot")
        or shutil.which("graphviz-pure")
        or shutil.which("graphviz-pure", path=os.path.dirname(sys.executable))
    )


def layout(dot: str) -> Layout:
    """Return the places of all items that a Graphviz text draws; raise RuntimeError if that cannot be."""
    import json
    import subprocess

    from graphviz.backend import execute

    found = program()
    if found is None:
        raise RuntimeError(
            "no Graphviz program found: `pip install graphviz-pure`, or install your system's package graphviz, or "
            "save as .dot, which needs none"
        )
    # The package's pipe() runs a program called dot alone, unless a global of it is changed for everyone.
    try:
        done = execute.run_check(
            [found, "-Tjson0"], input=dot, encoding="utf-8", capture_output=True, quiet=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(
            f"{found} was not done after {SECONDS} s: draw less, an inner node or a folded graph"
        ) from None
    except (execute.CalledProcessError, execute.ExecutableNotFound, OSError) as error:
        told = getattr(error, "stderr", "") or error
        raise RuntimeError(f"{found} could not lay out the graph: {told!s:.300}") from error
    return _read(json.loads(done.stdout))


def _read(told: dict[str, Any]) -> Layout:
    height = float(told["bb"].split(",")[3])

    def point(text: str) -> Point:
        x, y = text.split(",")
        return float(x), height - float(y)

    nodes = {part["name"]: point(part["pos"]) for part in told.get("objects", ()) if "pos" in part}
    edges: dict[str, tuple[list[Point], Point | None]] = {}
    for edge in told.get("edges", ()):
        # Some versions lose an arrow now and then, or draw one twice.
        if "id" in edge and "pos" in edge:
            places = edge["pos"].partition(";")[0].split(" ")
            tip = point(places.pop(0).removeprefix("e,")) if places[0].startswith("e,") else None
            edges[edge["id"]] = [point(text) for text in places], tip
    return Layout(nodes, edges)


def lay_out(items: Sequence[Item], links: Sequence[Link]) -> Layout:
    """Return the places of items and links. The perceptrons of a layer stand in order with any Graphviz."""
    stacked = any(len(frame) == 2 for frame in frames(items))
    return layout(dot_text(items, links, upwards=stacked and _stacks_upwards(program())))


@cache
def _stacks_upwards(program: str | None) -> bool:
    """Tell whether a program puts the first of the frames in a frame at the bottom; versions differ."""
    inside = "subgraph cluster0 { subgraph cluster1 { a } subgraph cluster2 { b } }"
    at = layout(f"digraph {{ rankdir=LR {inside} a -> c b -> c }}").nodes
    return at["a"][1] > at["b"][1]


def dot_text(items: Sequence[Item], links: Sequence[Link], upwards: bool = False) -> str:
    """Return a graph in Graphviz's language, enough to lay it out, and for Graphviz to draw it, too.

    With `upwards`, the perceptrons of a layer are told in reverse order.
    """
    framed = frames(items)
    place = {item.id: item.place for item in items}
    folded = any(item.place for item in items if item.kind == "folded")
    # Outside of frames, arguments keep their order from top to bottom.
    circle = " shape=circle" if framed and not folded else " shape=circle ordering=in"
    lines = [
        "digraph {",
        "  graph [rankdir=LR ranksep=0.25 nodesep=0.13 labeljust=l fontsize=11 fontname=Verdana color=gray]",
        "  node [shape=box fixedsize=true fontsize=9 fontname=Verdana]",
        "  edge [arrowsize=0.5]",
        *(_node(item, circle * (item.kind == "operation")) for item in items),
    ]
    circles = {item.id for item in items if item.kind == "operation"}
    # In a frame nothing else keeps an operation and its arguments on one line.
    heavy = {item.id for item in items if item.kind == "result"} if framed else set()
    doors: dict[str, Place] = {}
    if folded:
        # Each layer is a column by itself; a frame would put it out of order.
        for layer in framed:
            column = [item for item in items if item.place == layer and item.kind == "folded"]
            lines.append(_column([item.id for item in sorted(column, key=lambda item: _natural(item.lines[0]))]))
    elif framed:
        doors = doors_of(items, links)
        lines += [f'  "{door}" [shape=point width=0.01 height=0.01 style=invis]' for door in doors]
        lines += _clusters(items, links, doors, upwards)
    elif leaves := first_column(items):
        lines.append(_column(leaves))
    for link in links:
        weight = 9 if link.start in circles else 3 if link.start in heavy else 1
        look = f'color="{link.color}" weight={weight}'
        if framed and place[link.start] and not place[link.end]:
            # Beyond the frame, so that there is room for the constants beside its outputs.
            look += " minlen=2"
        door, start = f"{link.id}-in", link.start
        if door in doors:
            lines.append(f'  "{start}" -> "{door}" [id="{door}" {look} dir=none headport=w]')
            start, look = door, f"{look} tailport=e"
        lines.append(f'  "{start}" -> "{link.end}" [id="{link.id}" {look}]')
    return "\n".join([*lines, "}", ""])


def shortened(items: list[Item], links: list[Link]) -> tuple[list[Item], list[Link]]:
    """Return a graph that draws a number again where it is used far away, if there are too many long arrows.

    Graphviz would need hours, and no one could follow the arrows.
    """
    column = _columns(items, links)
    passed = {link: column[link.start] - column[link.end] for link in links}
    if sum(passed.values()) <= COLUMNS:
        return items, links
    known = {item.id: item for item in items}
    more: dict[str, Item] = {}
    moved = []
    for link in links:
        if passed[link] > FAR and not known[link.start].room:
            name = f"{link.start}-for-{link.end}"
            more[name] = echo(known[link.start], name, known[link.end].place)
            link = link._replace(start=name)
        moved.append(link)
    return [*items, *more.values()], moved


def _columns(items: Sequence[Item], links: Sequence[Link]) -> dict[str, int]:
    """Return the column that Graphviz will put each item in, counted from the last one."""
    ends: dict[str, list[str]] = {item.id: [] for item in items}
    starts: dict[str, list[str]] = {item.id: [] for item in items}
    for link in links:
        ends[link.start].append(link.end)
        starts[link.end].append(link.start)
    left = {name: len(some) for name, some in ends.items()}
    ready = [name for name, n in left.items() if not n]
    column: dict[str, int] = {}
    for name in ready:
        column[name] = 1 + max((column[end] for end in ends[name]), default=-1)
        for start in starts[name]:
            left[start] -= 1
            if not left[start]:
                ready.append(start)
    first = first_column(items)
    return column | dict.fromkeys(first, max((column[name] for name in first), default=0))


def first_column(items: Sequence[Item]) -> list[str]:
    """Return the leaves that stand in the first column."""
    leaves = [item.id for item in items if item.kind in ("parameter", "input")]
    return leaves if len(leaves) <= ON_THE_LEFT and not frames(items) else []


def frames(items: Sequence[Item]) -> list[Place]:
    """Return the frames around items, in order: layers, and after each the perceptrons inside it."""
    found = {item.place[:depth] for item in items for depth in range(1, len(item.place) + 1)}
    return sorted(found, key=lambda place: [_natural(part) for part in place])


def _natural(name: str) -> tuple[str, int, str]:
    """Return a key that sorts "layer 10" after "layer 9"."""
    kind, _, number = name.rpartition(" ")
    return (kind, int(number), "") if number.isdecimal() else (kind, 0, number)


def doors_of(items: Sequence[Item], links: Sequence[Link]) -> dict[str, Place]:
    """Return the points where arrows enter frames. Without them, Graphviz leads an arrow around the inside."""
    place = {item.id: item.place for item in items}
    return {
        f"{link.id}-in": place[link.end]
        for link in links
        if link.end.endswith("-op") and place[link.start][: len(place[link.end])] != place[link.end]
    }


def _clusters(items: Sequence[Item], links: Sequence[Link], doors: dict[str, Place], upwards: bool) -> Iterator[str]:
    """Yield a frame for each layer and perceptron, each operation's arguments in it from top to bottom."""
    place = {item.id: item.place for item in items} | doors
    leaves = {item.id for item in items if item.kind in ("parameter", "input", "constant")} | set(doors)
    contents: dict[Place, list[str]] = {}
    for name, inside in place.items():
        contents.setdefault(inside, []).append(name)
    columns: dict[Place, dict[str, list[str]]] = {}
    standing: set[str] = set()
    for link in links:
        inside = place[link.end]
        name = f"{link.id}-in" if f"{link.id}-in" in doors else link.start
        if inside and name in leaves and place[name] == inside and name not in standing:
            standing.add(name)
            columns.setdefault(inside, {}).setdefault(link.end, []).append(name)
    depth = 0
    layers = [frame for frame in frames(items) if len(frame) == 1]
    inner = [frame for frame in frames(items)[:: -1 if upwards else 1] if len(frame) == 2]
    order = [frame for layer in layers for frame in (layer, *(f for f in inner if f[:1] == layer))]
    for number, frame in enumerate(order):
        yield "  " + "} " * (depth + 1 - len(frame)) + f"subgraph cluster{number} {{ label={_quoted(frame[-1])}"
        depth = len(frame)
        yield "    " + " ".join(f'"{name}"' for name in contents.get(frame, ()))
        # In a frame, Graphviz stacks from below.
        yield from (_column(column[::-1]) for column in columns.get(frame, {}).values())
    yield "  " + "}" * depth


def _column(names: Sequence[str]) -> str:
    return "  { rank=same edge [style=invis] " + " -> ".join(f'"{name}"' for name in names) + " }"


def _node(item: Item, more: str) -> str:
    look = LOOKS[item.kind]
    style = ",".join(["filled", *(["rounded"] * ("radius" in look)), *(["dashed"] * ("dashed" in look))])
    pen = 3 if item.kind == "root" else look.get("stroke_width", 1)
    return (
        f'  "{item.id}" [width={(item.width + 2 * item.room) / 72:.3f} height={item.height / 72:.3f} '
        f'label={_quoted(*item.lines)} style="{style}" fillcolor="{look["fill"]}" color="{look["stroke"]}" '
        f"penwidth={pen}{more}]"
    )


def _quoted(*lines: str) -> str:
    """Return lines as one string of Graphviz's without markup and escapes."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for line in lines)
    return '"' + "\\n".join(escaped) + '"'
