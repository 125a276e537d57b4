"""Axes, and colours and markers that any eyes tell apart."""

from __future__ import annotations

import sys
from io import BytesIO
from typing import TYPE_CHECKING
from warnings import catch_warnings, filterwarnings

from autograd.files import printable
from nn._core.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart with any colour vision; markers differ as well.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
# A gradient, and nothing else: as on the live pages.
VIOLET = "#6A2BB8"
# As the live pages have it: class 0 is orange, and class 1, to which a positive z leads, blue like what is positive.
COLORS = (ORANGE, BLUE, GREEN, "#CC79A7", "#56B4E9", VERMILION, "#F0E442")
# Not as many as the colours, so that no pair returns before the 42nd class.
MARKERS = ("o", "^", "s", "D", "v", "P")


def new_figure(width: float, height: float) -> Figure:
    """Return a new figure: pyplot's if pyplot is in use or in a notebook, else one unknown to pyplot.

    Its size is in inches. A notebook shows pyplot's figures at the end of a cell, `plt.show()` shows them in windows,
    `plt.savefig` saves the last one; a program that never imports pyplot has no use for its global state, and nothing
    to close.
    """
    if "matplotlib.pyplot" not in sys.modules and not _in_kernel():
        from matplotlib.figure import Figure

        return Figure(figsize=(width, height), layout="constrained")
    from matplotlib import pyplot

    from ._figure import ShownOnce

    return pyplot.figure(figsize=(width, height), layout="constrained", FigureClass=ShownOnce)


def _in_kernel() -> bool:
    """Tell whether this is a notebook: IPython with a kernel that shows pictures."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    return hasattr(get_ipython(), "kernel")


def axes(width: float = 6.0, height: float = 4.5) -> Axes:
    """Return the axes of a new figure, with its size in inches; `ax.figure.savefig(path)` saves it.

    >>> from nn.plots import axes
    >>> axes().figure.get_size_inches().tolist()
    [6.0, 4.5]
    """
    return new_figure(width, height).subplots()


LONGEST = 30
"""The most letters of a name that are shown: with thousands, Matplotlib would not be done in a minute."""


def plain(text: str) -> str:
    """Return a text of one line that Matplotlib shows as it is: a dollar would start a formula.

    >>> from nn.plots._style import plain
    >>> print(plain("3 $"), len(plain("x" * 100)))
    3 \\$ 30
    """
    return printable(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…").replace("$", r"\$")


def png(figure: Figure) -> bytes:
    """Return a figure as the content of a PNG file; pyplot then neither keeps nor shows it."""
    file = BytesIO()
    with catch_warnings():
        # A character that no font has is drawn as an empty box.
        filterwarnings("ignore", "Glyph .* missing")
        figure.savefig(file, format="png", dpi=120)
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close(figure)
    return file.getvalue()


def grid(n: int, columns: int, width: float = 1.5, height: float = 1.6) -> tuple[Figure, Array]:
    """Return a new figure and n axes in rows of `columns`, each of a size in inches.

    The rest of the last row is empty. The figure is wide enough for its title.
    """
    rows, columns = -(-n // columns), min(n, columns)
    figure = new_figure(max(width * columns, 4.0), height * rows)
    found = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in found[n:]:
        ax.set_axis_off()
    return figure, found[:n]
