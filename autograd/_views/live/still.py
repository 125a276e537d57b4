"""What stands in the place of a page that lives where no script runs: a drawing and a table."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import quote

from autograd._views.steps.step import Walk, rows
from autograd.picture.drawing import Drawing

from .packed import bare, single

ROWS = 100
"""About how many rows the table has."""

IMAGE = 24_000
"""A drawing of more bytes is left out: it would be most of the page."""


def still(walk: Walk, drawing: Drawing) -> str:
    """Return the steps as HTML without a script."""
    return f"{_image(drawing)}\n{_table(walk)}"


def _image(drawing: Drawing) -> str:
    """Return the drawing as an image, which is shown where a bare drawing would not be; none, if it is too large."""
    # Ids and classes are for scripts and styles.
    svg = re.sub(" (id|class)='[^']*'", "", single(bare(drawing.svg)))
    if len(svg) > IMAGE:
        return ""
    # Signs that mean something in an address; the rest may stand in an attribute.
    data = quote(svg, safe=" <>'=/:;,.()|!*+@$?[]^_`{}~-")
    return (
        f'<img alt="{escape(drawing.title)}" style="width:{drawing.picture.width:.0f}px;max-width:100%;height:auto;'
        f'background:white" src="data:image/svg+xml,{data}">'
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
