"""What stands in the place of a page that lives where no script runs: a drawing and a table."""

from __future__ import annotations

from html import escape

from autograd._views.steps.step import Walk, rows
from autograd.picture.drawing import Drawing

ROWS = 100
"""About how many rows the table has."""

IMAGE = 3e6
"""A larger drawing (in square pixels) is left out: its image would be most of the page."""


def still(walk: Walk, drawing: Drawing) -> str:
    """Return the steps as HTML without a script."""
    return f"{_image(drawing)}\n{_table(walk)}"


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
            half = picture.convert("RGB").reduce(2)
            half.quantize(16, Image.Quantize.FASTOCTREE).save(small, "png", optimize=True)
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
