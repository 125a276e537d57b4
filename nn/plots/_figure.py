"""The figure of a notebook; imported where Matplotlib is in use, which takes its time to start."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

MAX_WORDS = 300
"""As many characters as anybody listens to."""


class ShownOnce(Figure):
    """A figure of pyplot's that a notebook shows once: where a cell asks for it, or else at its end."""

    def _ipython_display_(self) -> None:
        """Leave a figure on the screen to its backend; let IPython show any other, and pyplot forget it."""
        # A canvas of Agg alone is a still picture; all that can be touched have a class of their own.
        if pyplot.fignum_exists(self.number) and type(self.canvas) is not FigureCanvasAgg:
            return
        pyplot.close(self)
        # Only IPython calls this.
        from IPython import get_ipython

        shell = get_ipython()
        for formatter in shell.display_formatter.formatters.values() if shell else ():
            formatter.pop(ShownOnce, None)
            if printer := formatter.type_printers.get(Figure):
                formatter.for_type(ShownOnce, partial(_with_words, printer))
        raise NotImplementedError  # IPython's word for "as any other figure"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": in_words(self)}


def _with_words(printer: Callable[[Figure], Any], figure: Figure) -> tuple[Any, dict[str, Any]]:
    """Return a picture and what is told of it, with a text for who does not see it, which exported pages use."""
    picture = printer(figure)
    picture, told = picture if isinstance(picture, tuple) else (picture, {})
    return picture, {**told, "alt": in_words(figure)}


def in_words(figure: Figure) -> str:
    """Return a figure in words: its titles, the names of its axes, and those in its legends.

    >>> from nn.plots import axes
    >>> ax = axes()
    >>> _ = ax.set(title="training", xlabel="epoch", ylabel="$J$")
    >>> in_words(ax.figure)
    'Figure: training: J over epoch'
    """
    told = [figure.get_suptitle()]
    for ax in figure.axes:
        over = " over ".join(filter(None, (ax.get_ylabel(), ax.get_xlabel())))
        legend = ax.get_legend()
        names = ", ".join(text.get_text() for text in legend.get_texts()) if legend else ""
        told.append(": ".join(filter(None, (ax.get_title(), over))) + (f" ({names})" if names else ""))
    # Matplotlib's formulas stand between dollars.
    text = " ".join("; ".join(dict.fromkeys(filter(None, told))).replace("$", "").split())
    return f"Figure: {text}"[:MAX_WORDS] if text else "Figure"
