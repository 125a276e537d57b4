"""How a notebook shows a node: by its drawing, whose code is imported when the first one is shown."""

from __future__ import annotations

from autograd._core.node import Node
from autograd._nodes.operators import Operators


def show(node: Node, include: object = None, exclude: object = None) -> dict[str, str]:
    """Return a node as a notebook shows it: its graph, folded if it is large, or else plain text."""
    shown = {"text/plain": repr(node)}
    if node.op is not None:
        from autograd.picture.drawing import bundle

        from .draw.draw import fitting

        try:
            shown |= bundle(fitting(node))
        except (ValueError, RuntimeError, ImportError) as error:
            shown["text/plain"] += f"\n(not drawn: {error})"
    return shown


# The engine knows nothing of its views, so the view enters itself.
setattr(Operators, "_repr_mimebundle_", show)  # noqa: B010
