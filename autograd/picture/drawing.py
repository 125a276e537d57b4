"""`Drawing`: a picture that shows and saves itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from autograd.files import replace_file

from .shapes import Picture
from .svg import svg_text

if TYPE_CHECKING:
    from pathlib import Path

TWICE = 100_000
"""Up to this many bytes, a notebook holds a picture in two forms."""

FORMATS = ("svg", "png", "pdf", "dot")


class Drawing:
    """A drawing, which a notebook shows; `save` writes it to a file, `dot` and `svg` are its texts.

    >>> drawing = draw(Value(2.0, label="w") * 3)
    >>> isinstance(drawing, Drawing), drawing.svg[:4]
    (True, '<svg')
    """

    def __init__(self, title: str, dot: str, picture: Callable[[], Picture]) -> None:
        self.title = title
        self.dot = dot
        self._make = picture

    @cached_property
    def picture(self) -> Picture:
        """The shapes, laid out when they are first needed."""
        return self._make()

    @cached_property
    def svg(self) -> str:
        """The picture as SVG; raises RuntimeError if no Graphviz program is there to lay out a graph."""
        return svg_text(self.picture)

    def save(self, path: str | Path) -> Path:
        """Write the picture; the suffix (.svg, .png, .pdf or .dot) says how. Returns the path.

        The file is written whole or not at all, and the same drawing gives the same bytes. Raises ValueError for
        another suffix, RuntimeError if no Graphviz program is there (.dot needs none), OSError if nothing can be
        written there.
        """
        from pathlib import Path

        path = Path(path)
        form = path.suffix[1:].lower()
        if form not in FORMATS:
            raise ValueError(f"cannot draw to {path.name!r}; the suffix must be one of .{', .'.join(FORMATS)}")
        replace_file(path, self._content(form))
        return path

    def _content(self, form: str) -> bytes | str:
        if form in ("svg", "dot"):
            return self.svg if form == "svg" else self.dot
        # Matplotlib takes its time to start; SVG needs none of it.
        from .figure import figure_bytes

        return figure_bytes(self.picture, form)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), **bundle(self)}

    def __repr__(self) -> str:
        return f"<{self.title}; .save('graph.svg') writes it>"


def bundle(drawing: Drawing) -> dict[str, str]:
    """Return a drawing in the forms that a notebook shows.

    An image in HTML is shown everywhere, in a notebook that is not trusted, too; it shrinks to half its size to fit
    the page, then scrolls. The bare SVG is for exports that know no HTML, unless it would double a large output.
    """
    from base64 import b64encode
    from html import escape

    width = drawing.picture.width
    data = b64encode(drawing.svg.encode()).decode()
    html = (
        '<div style="max-width:100%;max-height:85vh;overflow:auto;background:white;border-radius:4px">'
        f'<img alt="{escape(drawing.title)}" style="display:block;width:{width:.0f}px;max-width:100%;'
        f'min-width:{width / 2:.0f}px;height:auto" src="data:image/svg+xml;base64,{data}"></div>'
    )
    return {"text/html": html} | ({"image/svg+xml": drawing.svg} if len(drawing.svg) <= TWICE else {})
