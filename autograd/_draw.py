"""Drawing a computation graph with Graphviz."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from ._backward import topological_sort
from ._node import Node
from ._operators import Operators

# What only drawing needs is imported there: `import autograd` is to take milliseconds.
if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 1000
"""A drawing of more nodes takes Graphviz minutes and tells the eye nothing."""

FORMATS = ("svg", "png", "pdf", "dot")

# Okabe and Ito's palette, told apart by people with any colour vision; shapes differ as well.
FILL = {"leaf": "#56B4E9", "result": "#F0F0F0", "root": "#F0E442"}


class Drawing:
    """A drawn graph: shows itself in a notebook, `save`s itself to a file; `dot` is its Graphviz text."""

    def __init__(self, dot: str) -> None:
        self.dot = dot

    def save(self, path: str | Path) -> Path:
        """Write the picture; the suffix (.svg, .png, .pdf or .dot) says how. Returns the path.

        Raises ValueError for another suffix, RuntimeError if no Graphviz program is there (.dot needs none).
        """
        from pathlib import Path

        path = Path(path)
        form = path.suffix[1:].lower()
        if form not in FORMATS:
            raise ValueError(f"cannot draw to {path.name!r}; the suffix must be one of .{', .'.join(FORMATS)}")
        path.write_bytes(self.dot.encode() if form == "dot" else render(self.dot, form))
        return path

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "image/svg+xml": render(self.dot, "svg").decode()}

    def __repr__(self) -> str:
        return f"<drawing of {self.dot.count('[shape=box')} nodes; .save('graph.svg') writes it>"


def draw(root: Node) -> Drawing:
    """Return a drawing of everything that `root` was computed from, with data and gradients.

    Boxes are numbers and arrays (rounded and blue: leaves; double: `root`), circles are operations, plain text is a
    constant. Labels are shown as text whatever they hold. Raises TypeError for what is no node, ValueError for a graph
    of more than 1,000 nodes.

    >>> draw(Value(2.0, label="w") * 3).dot.count("shape=circle")
    1
    """
    if not isinstance(root, Node):
        raise TypeError(f"draw needs a Value or a Tensor; got {root!r:.60} of type {type(root).__name__}")
    order = topological_sort(root)
    if len(order) > LIMIT:
        raise ValueError(
            f"this graph has {len(order)} nodes; a drawing shows at most {LIMIT}. Draw a part of it (an inner node), a "
            f"single sample in place of a batch, or the same network of=Tensor"
        )
    name = {node: f"n{k}" for k, node in enumerate(order)}
    lines = [
        "digraph {",
        '  rankdir=LR; bgcolor="white"; node [fontname="Helvetica" fontsize=11]; edge [color="#555555"]',
    ]
    for node in order:
        kind = "root" if node is root else "result" if node.op else "leaf"
        style = "filled" if node.op else "filled,rounded"
        peripheries = 2 if node is root else 1
        lines.append(
            f'  {name[node]} [shape=box style="{style}" peripheries={peripheries} fillcolor="{FILL[kind]}" '
            f"label=<{_text(node)}>]"
        )
        if node.op is None:
            continue
        symbol = _escape(node.op.symbol)
        lines.append(f"  {name[node]}op [shape=circle style=filled fillcolor=white margin=0.02 label=<{symbol}>]")
        lines.append(f"  {name[node]}op -> {name[node]}")
        for k, item in enumerate(node.inputs):
            if isinstance(item, Node):
                lines.append(f"  {name[item]} -> {name[node]}op")
            else:
                lines.append(f"  {name[node]}c{k} [shape=plaintext label=<{_escape(_number(item))}>]")
                lines.append(f"  {name[node]}c{k} -> {name[node]}op")
    return Drawing("\n".join([*lines, "}"]))


def _text(node: Any) -> str:
    label = f"<b>{_escape(node.label)}</b><br/>" if node.label else ""
    return f"{label}data {_escape(_number(node.data))}<br/>grad {_escape(_number(node.grad))}"


def _number(data: Any) -> str:
    """Return four digits of a number, a small array whole, of a large one the shape."""
    if isinstance(data, (float, int)):
        return f"{data:.4g}"
    if data.size <= 4:
        import numpy

        return numpy.array2string(data, precision=3, separator=", ").replace("\n", "")
    return f"array {data.shape}"


def _escape(text: str) -> str:
    """Make any text a harmless part of a Graphviz label: no markup, no control characters, not too long."""
    from html import escape

    shown = "".join(c if c.isprintable() else " " for c in text)
    return escape(shown if len(shown) <= 60 else shown[:59] + "…")


def render(dot: str, form: str) -> bytes:
    """Return the picture of a Graphviz text in `form` ("svg", "png", "pdf"); raise RuntimeError if that cannot be."""
    import graphviz
    from graphviz.backend import dot_command

    program = graphviz_program()
    if program is None:
        raise RuntimeError(
            "no Graphviz program found: `pip install graphviz-pure`, or install your system's package graphviz, or "
            "save as .dot, which needs none"
        )
    dot_command.DOT_BINARY = program
    try:
        return bytes(graphviz.Source(dot).pipe(format=form, quiet=True))
    except graphviz.CalledProcessError as error:
        advice = "; a PDF needs your system's package graphviz" if form == "pdf" else ""
        raise RuntimeError(f"{program} could not make {form}: {error.stderr!r:.300}{advice}") from error


def graphviz_program() -> str | None:
    """Return the program that draws: $GLASSGRAD_DOT, else the system's `dot`, else the one that pip installed."""
    import shutil

    return (
        os.environ.get("GLASSGRAD_DOT")
        or shutil.which("dot")
        or shutil.which("graphviz-pure")
        or shutil.which("graphviz-pure", path=os.path.dirname(sys.executable))
    )


def _show(node: Any, include: Any = None, exclude: Any = None) -> dict[str, str]:
    """What a notebook shows for a node: its graph, or plain text where there is no picture to make."""
    shown = {"text/plain": repr(node)}
    if node.op is not None:
        try:
            shown["image/svg+xml"] = render(draw(node).dot, "svg").decode()
        except (ValueError, RuntimeError, ImportError) as error:
            shown["text/plain"] += f"\n(not drawn: {error})"
    return shown


# The engine knows nothing of its views, so the view enters itself.
setattr(Operators, "_repr_mimebundle_", _show)  # noqa: B010
