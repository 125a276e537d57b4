"""`live`: a loss as a page in which every number can be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd._core.node import Node
from autograd._views.steps.names import check_loss
from autograd._views.steps.steps import steps

if TYPE_CHECKING:
    from pathlib import Path


class Live:
    """A loss whose numbers can be changed, in a notebook or in a page that `save` writes."""

    def __init__(self, loss: Node) -> None:
        self.loss = loss
        self._steps = steps(loss)

    def save(self, path: str | Path) -> Path:
        """Write the view as one HTML page that needs nothing else, and no network; return the path.

        Raises ValueError for another suffix than .html and for a graph too large to be shown, RuntimeError if no
        Graphviz program is there to lay it out.
        """
        from pathlib import Path

        from autograd.files import replace_file

        from .page import page

        path = Path(path)
        if path.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"cannot save a live page to {path.name!r}; the suffix must be .html")
        replace_file(path, page(self._steps, alive=True))
        return path

    def __repr__(self) -> str:
        leaves = sum(node.op is None for node in self._steps.order)
        return f"<live page of {len(self._steps.order):,} numbers, {leaves:,} to change; .save('page.html') writes it>"

    def _repr_html_(self) -> str:
        # What makes a page takes longer to import than all the rest.
        from .page import view

        return view(self._steps, alive=True)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        try:
            return {"text/plain": repr(self), "text/html": self._repr_html_()}
        except (ValueError, RuntimeError, ImportError) as error:
            return {"text/plain": f"{self!r}\n(not shown: {error})"}


def live(loss: Node) -> Live:
    """Return a scalar loss as a page that lives: every number it was computed from can be dragged or typed.

    All values and gradients follow at once, with the chain rule of a chosen number, what really happens if that number
    grows a little, and steps of gradient descent. It shows the pass that was recorded and changes nothing in Python.
    Raises TypeError if `loss` is no node, ValueError if it is no scalar, or is a leaf.

    >>> from autograd import Value, live
    >>> w, x = Value(3.0, label="w"), Value(2.0, label="x")
    >>> live((w * x - 5) ** 2)
    <live page of 5 numbers, 2 to change; .save('page.html') writes it>
    """
    check_loss(loss, "live", "change")
    return Live(loss)
