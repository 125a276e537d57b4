"""What stands in the place of a page that lives where no script runs: a drawing and a table."""

from __future__ import annotations

import re
from collections import Counter
from html import escape
from urllib.parse import quote

from autograd._views.steps.step import Walk, rows
from autograd.picture.drawing import Drawing

from .packed import bare, single

ROWS = 50
"""About how many rows the table has."""

IMAGE = 16_000
"""A drawing of more bytes is left out: it would be most of the page."""


ARROWS = re.compile("(<g(?P<place> transform='[^']*')?>(<path [^>]*>)+</g>)(<g(?P=place)>(<path [^>]*>)+</g>)+")
SHAPE = re.compile("<(?:rect|ellipse)[^>]*/>|<text[^>]*>[^<]*</text>")


def still(walk: Walk, drawing: Drawing) -> str:
    """Return the steps as HTML without a script."""
    return f"{_image(drawing)}\n{_table(walk)}"


def _image(drawing: Drawing) -> str:
    """Return the drawing as an image, which is shown where a bare drawing would not be; none, if it is too large."""
    # Ids and classes are for scripts and styles.
    svg = once(re.sub(" (id|class)='[^']*'", "", single(bare(drawing.svg))))
    if len(svg) > IMAGE:
        return ""
    # Signs that mean something in an address; the rest may stand in an attribute.
    data = quote(svg, safe=" <>'=/:;,.()|!*+@$?[]^_`{}~-")
    return (
        f'<img alt="{escape(drawing.title)}" style="width:{drawing.picture.width:.0f}px;max-width:100%;height:auto;'
        f'background:white" src="data:image/svg+xml,{data}">'
    )


def once(svg: str) -> str:
    """Return a drawing whose shapes that occur again are written once, and the arrows in one place as one a colour.

    >>> from autograd._views.live.still import once
    >>> once("<svg>" + "<ellipse cx='0' cy='0' rx='3' ry='3' fill='white'/>" * 3 + "</svg>")[:70]
    "<svg><defs><ellipse id='a0' cx='0' cy='0' rx='3' ry='3' fill='white'/>"
    """
    svg = ARROWS.sub(_together, svg)
    again = [shape for shape, count in Counter(SHAPE.findall(svg)).items() if count > 2 and len(shape) > 40]
    for k, shape in enumerate(again):
        svg = svg.replace(shape, f"<use href='#a{k}'/>")
    defined = "".join(re.sub("[a-z]+", rf"\g<0> id='a{k}'", shape, count=1) for k, shape in enumerate(again))
    return re.sub("<svg[^>]*>", rf"\g<0><defs>{defined}</defs>", svg, count=1) if again else svg


def _together(arrows: re.Match[str]) -> str:
    """Return arrows in one place as a group of their lines and one of their heads for each colour."""
    lines: dict[str, list[str]] = {}
    for places, look in re.findall("<path d='([^']*)'([^>]*)/>", arrows[0]):
        lines.setdefault(look, []).append(places)
    shapes = "".join(f"<path d='{''.join(places)}'{look}/>" for look, places in lines.items())
    return f"<g{arrows['place']}>{shapes}</g>"


def _table(walk: Walk) -> str:
    """Return the steps as a table."""
    lines = [f"<details><summary>All {len(walk):,} steps</summary>", "<table>"]
    written = 0
    for step in walk:
        if len(lines) > ROWS:
            break
        for k, row in enumerate(rows(step)):
            # Rows and cells end where the next begins.
            head = f"<th>{step.phase}" if k == 0 else "<th>"
            lines.append(f"<tr>{head}{''.join(f'<td>{escape(part)}' for part in row)}")
        written += 1
    lines.append("</table>")
    if written < len(walk):
        lines.append(f"<p>and {len(walk) - written:,} more: print(*steps(loss), sep='\\n') shows all</p>")
    return "\n".join([*lines, "</details>"])
