"""The shapes of drawings, and the sizes of texts, the colours and the legend that they share.

Lengths are pixels of the SVG and points of the PDF; x goes to the right, y down.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

INK, GREY, FAINT = "#111111", "#595959", "#b5b5b5"
NEGATIVE, ZERO, POSITIVE = (0xBD, 0x5A, 0x08), (0xB5, 0xB5, 0xB5), (0x17, 0x69, 0xB5)
"""As `--neg` and `--pos` of the live pages: one colour code everywhere."""

Dashes = tuple[float, ...]
SOLID: Dashes = ()
DASHED: Dashes = (7.0, 4.0)
DOTTED: Dashes = (2.0, 3.0)

Pen = tuple[str, float, Dashes]
"""Colour, width and dashes of a line."""

MARGIN = 8.0

SMALL = 0.7
"""How large super- and subscripts are, compared to their base."""


class Symbol(NamedTuple):
    """A text with a superscript and a subscript; both may be empty."""

    base: str
    above: str = ""
    below: str = ""


class Box(NamedTuple):
    """A rectangle; (x, y) is its centre."""

    x: float
    y: float
    width: float
    height: float
    fill: str = "none"
    stroke: str = "none"
    stroke_width: float = 1.0
    radius: float = 0.0
    dashed: bool = False


class Ellipse(NamedTuple):
    """An ellipse; (x, y) is its centre."""

    x: float
    y: float
    rx: float
    ry: float
    fill: str = "white"
    stroke: str = "black"
    stroke_width: float = 1.0


class Curve(NamedTuple):
    """A line through two points, or cubic Bézier curves (1 + 3 n points), with an arrow head at `tip`, if given."""

    points: Sequence[tuple[float, float]]
    color: str
    width: float = 1.0
    dashes: Dashes = SOLID
    tip: tuple[float, float] | None = None


class Text(NamedTuple):
    """A line of text on the baseline y, whose `anchor` ("start", "middle" or "end") stands at x."""

    x: float
    y: float
    symbol: Symbol
    size: float = 11.0
    anchor: str = "middle"
    bold: bool = False
    color: str = INK
    kind: str = ""


Shape = Box | Ellipse | Curve | Text


class Group(NamedTuple):
    """Shapes that are one thing, around (x, y); id and kinds stand in the SVG, which shows the title on hovering."""

    id: str
    kind: str
    shapes: Sequence[Shape]
    title: str = ""
    x: float = 0.0
    y: float = 0.0


class Picture(NamedTuple):
    """Groups from back to front on a white sheet; a screen reader says the `title`."""

    width: float
    height: float
    groups: Sequence[Group]
    title: str


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return about how wide a text is, rather too wide: every viewer has fonts of its own.

    >>> from autograd.picture import text_width
    >>> round(text_width("Width 3", 10))
    41
    """
    from unicodedata import combining, east_asian_width

    width = 0.0
    for c in text:
        if c.isascii():
            width += 0.4 if c in "fijlrtI.,:;'|!()[]/\\ -" else 1.0 if c in "mwMW@%" else 0.8 if c.isupper() else 0.65
        elif not combining(c):
            width += 1.0 if east_asian_width(c) in "WF" else 0.8
    return width * size * (1.1 if bold else 1.0)


def symbol_width(symbol: Symbol, size: float, bold: bool = False) -> float:
    """Return about how wide a base with its super- and subscript is."""
    small = max(text_width(part, SMALL * size, bold) for part in (symbol.above, symbol.below))
    return text_width(symbol.base, size, bold) + small


def clean(text: str, limit: int) -> str:
    """Return a text without control characters (they become spaces), cut to `limit` characters."""
    text = text[: limit + 1]
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def number(x: float, minus: str = "−") -> str:
    """Return six digits of a number; the minus sign of a picture is as wide as a plus, and zero has none.

    >>> from autograd.picture import number
    >>> number(-0.0049261357), number(-0.0049261357, minus="-"), number(-0.0)
    ('−0.00492614', '-0.00492614', '0')
    """
    return f"{x + 0.0:.6g}".replace("-", minus)


def mixed(t: float) -> str:
    """Return a colour between orange (t = -1), grey (0) and blue (1), for any colour vision; nan is black.

    >>> from autograd.picture import mixed
    >>> mixed(-1.0), mixed(0.0), mixed(2.0)
    ('#bd5a08', '#b5b5b5', '#1769b5')
    """
    if math.isnan(t):
        return "#000000"
    end = POSITIVE if t > 0 else NEGATIVE
    share = min(abs(t), 1.0)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(ZERO, end))


def pen(t: float, width: float) -> Pen:
    """Return colour, width and dashes of a line that tells a number t from -1 to 1: its sign also without colours.

    >>> from autograd.picture import pen
    >>> pen(1.0, 2.0), pen(-1.0, 2.0), pen(0.0, 1.0)
    (('#1769b5', 2.0, ()), ('#bd5a08', 2.0, (7.0, 4.0)), ('#b5b5b5', 1.0, (2.0, 3.0)))
    """
    return mixed(t), width, DASHED if t < 0 else DOTTED if t == 0 else SOLID


def legend(title: str, samples: Sequence[tuple[str, float, Dashes, str]]) -> Group:
    """Return a row of lines, each of a colour, a width, dashes and a text, under a title."""
    shapes: list[Shape] = [Text(0, 0, Symbol(title), 10.5, "start", color=GREY)]
    column = max([64.0, *(text_width(text, 9.5) + 8 for *_, text in samples)])
    for k, (color, width, dashes, text) in enumerate(samples):
        left = column * k
        shapes.append(Curve([(left + 6, 11), (left + 54, 11)], color, width, dashes=dashes))
        shapes.append(Text(left + 30, 26, Symbol(text), 9.5))
    return Group("legend", "legend", shapes)


def sheet(groups: Sequence[Group], title: str, below: Group | None = None) -> Picture:
    """Return groups on a sheet that is as large as they are, with a margin, and one more below all others."""
    left, top, right, bottom = bounds(groups)
    if below is not None:
        x0, y0, x1, y1 = bounds([below])
        groups = [*groups, below._replace(x=left - x0, y=bottom + 12 - y0)]
        right, bottom = max(right, left + x1 - x0), bottom + 12 + y1 - y0
    moved = [group._replace(x=group.x + MARGIN - left, y=group.y + MARGIN - top) for group in groups]
    return Picture(right - left + 2 * MARGIN, bottom - top + 2 * MARGIN, moved, title)


def bounds(groups: Sequence[Group]) -> tuple[float, float, float, float]:
    """Return how far groups reach to the left, to the top, to the right and to the bottom."""
    corners = [(group.x + x, group.y + y) for group in groups for shape in group.shapes for x, y in _corners(shape)]
    across, down = zip(*corners)
    return min(across), min(down), max(across), max(down)


def _corners(shape: Shape) -> Sequence[tuple[float, float]]:
    if isinstance(shape, Curve):
        return shape.points
    if isinstance(shape, Text):
        width = symbol_width(shape.symbol, shape.size, shape.bold)
        left = shape.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[shape.anchor] * width
        return [(left, shape.y - shape.size), (left + width, shape.y + 0.3 * shape.size)]
    half = shape.stroke_width / 2
    across, down = (shape.rx, shape.ry) if isinstance(shape, Ellipse) else (shape.width / 2, shape.height / 2)
    return [(shape.x + sign * (across + half), shape.y + sign * (down + half)) for sign in (-1, 1)]


def parts_of(text: Text) -> list[tuple[str, float, float]]:
    """Return base, superscript and subscript of a symbol, each as text, size and height above the baseline."""
    base, above, below = text.symbol
    small = SMALL * text.size
    return [(base, text.size, 0.0)] + [
        (part, small, rise * text.size) for part, rise in ((above, 0.42), (below, -0.25)) if part
    ]


def arrow_head(curve: Curve) -> list[tuple[float, float]]:
    """Return the corners of the head, from the last point of a curve to its tip."""
    if curve.tip is None:
        return []
    (x, y), (tip_x, tip_y) = curve.points[-1], curve.tip
    dx, dy = tip_x - x, tip_y - y
    long = math.hypot(dx, dy) or 1.0
    half = (2.2 + curve.width / 2) / long
    return [(x - dy * half, y + dx * half), (tip_x, tip_y), (x + dy * half, y - dx * half)]
