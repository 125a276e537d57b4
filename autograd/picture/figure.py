"""A picture as PNG or PDF, with Matplotlib: the same with any Graphviz, and needing nothing of the system."""

from __future__ import annotations

import math
from io import BytesIO
from typing import Any
from warnings import catch_warnings, filterwarnings

import matplotlib
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.patches import Ellipse as EllipsePatch
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path as Outline
from matplotlib.text import Text as Line
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D

from .shapes import Curve, Ellipse, Picture, Shape, Text, arrow_head, parts_of

PIXELS = 25e6
"""At most this many in a PNG: the program that opens it may have little memory."""

LONGEST = 14_400.0
"""In points: Acrobat opens no longer page, LaTeX none that is much longer."""

EAST_ASIAN = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "PingFang SC", "Hiragino Sans", "Microsoft YaHei", "Yu Gothic",
    "Malgun Gothic", "WenQuanYi Zen Hei", "Arial Unicode MS",
)  # fmt: skip

SETTINGS: Any = {
    "text.usetex": False,
    "pdf.fonttype": 42,
    "path.effects": [],
    "path.sketch": None,
    "savefig.bbox": None,
    "savefig.dpi": "figure",
    "savefig.transparent": False,
}
"""A picture looks the same whatever the settings of a notebook are."""


def figure_bytes(picture: Picture, form: str) -> bytes:
    """Return the bytes of a picture's file; `form` is "png" or "pdf"."""
    width, height = picture.width, picture.height
    zoom = min(1.0, LONGEST / max(width, height)) / 72
    dpi = min(144.0, math.sqrt(PIXELS / (width * height)) / zoom)
    installed = {font.name for font in fontManager.ttflist}
    fonts = ["DejaVu Sans", *(name for name in EAST_ASIAN if name in installed)]
    with matplotlib.rc_context({**SETTINGS, "font.family": fonts}), catch_warnings():
        # A character that no font has is drawn as an empty box; the SVG shows it.
        filterwarnings("ignore", "Glyph .* missing")
        figure = Figure((width * zoom, height * zoom), dpi=dpi, facecolor="white")
        onto_paper = Affine2D().scale(zoom, -zoom).translate(0, height * zoom) + figure.dpi_scale_trans
        for group in picture.groups:
            place = Affine2D().translate(group.x, group.y) + onto_paper
            for shape in group.shapes:
                for artist in _artists(shape, 72 * zoom):
                    artist.set_transform(place)
                    figure.add_artist(artist)
        file = BytesIO()
        # Without the time, so that the same picture is the same file.
        figure.savefig(file, format=form, metadata={"CreationDate": None} if form == "pdf" else None)
        return file.getvalue()


def _artists(shape: Shape, zoom: float) -> list[Any]:
    """Return Matplotlib's artists for a shape; sizes of texts and widths of lines are zoomed, places are not."""
    if isinstance(shape, Text):
        return _text(shape, zoom)
    if isinstance(shape, Curve):
        step = Outline.LINETO if len(shape.points) == 2 else Outline.CURVE4
        path = Outline(shape.points, [Outline.MOVETO] + [step] * (len(shape.points) - 1))
        dashes = (0, tuple(length / shape.width for length in shape.dashes)) if shape.dashes else "solid"
        look: dict[str, Any] = {"edgecolor": shape.color, "linewidth": shape.width * zoom, "linestyle": dashes}
        line = PathPatch(path, fill=False, capstyle="butt", **look)
        head = arrow_head(shape)
        return [line, Polygon(head, facecolor=shape.color, linewidth=0)] if head else [line]
    look = {"facecolor": shape.fill, "edgecolor": shape.stroke, "linewidth": shape.stroke_width * zoom}
    if isinstance(shape, Ellipse):
        return [EllipsePatch((shape.x, shape.y), 2 * shape.rx, 2 * shape.ry, **look)]
    if shape.dashed:
        look["linestyle"] = (0, (4, 3))
    corner = (shape.x - shape.width / 2, shape.y - shape.height / 2)
    style = f"round,pad=0,rounding_size={shape.radius}" if shape.radius else "square,pad=0"
    return [FancyBboxPatch(corner, shape.width, shape.height, boxstyle=style, **look)]


def _text(shape: Text, zoom: float) -> list[Line]:
    """Return the base of a symbol with its superscript and its subscript behind it, one above the other."""
    lines, widths = [], []
    for part, size, rise in parts_of(shape):
        weight = "bold" if shape.bold else "normal"
        line = Line(
            0, shape.y - rise, part, color=shape.color, fontsize=size * zoom, fontweight=weight, parse_math=False
        )
        width, _, _ = text_to_path.get_text_width_height_descent(part, line.get_fontproperties(), ismath=False)
        lines.append(line)
        widths.append(width / zoom)
    behind = {"start": 0.0, "middle": 0.5, "end": 1.0}[shape.anchor] * (widths[0] + max(widths[1:], default=0.0))
    for k, line in enumerate(lines):
        line.set_x(shape.x - behind + widths[0] * (k > 0))
    return lines
