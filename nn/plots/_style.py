"""Axes, and colours and markers that any eyes tell apart."""

from __future__ import annotations

from io import BytesIO
from typing import Any

# Okabe and Ito's colours, told apart with any colour vision; markers differ as well.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
COLORS = (BLUE, ORANGE, GREEN, VERMILION, "#56B4E9", "#CC79A7", "#F0E442")
# Not as many as the colours, so that no pair returns before the 42nd class.
MARKERS = ("o", "^", "s", "D", "v", "P")


def axes(width: float = 6.0, height: float = 4.5) -> Any:
    """Return the axes of a new figure of so many inches, which no window and no global state knows of.

    >>> from nn.plots import axes
    >>> axes().figure.get_size_inches().tolist()
    [6.0, 4.5]
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").subplots()


def png(figure: Any) -> bytes:
    """Return a figure as the content of a PNG file."""
    file = BytesIO()
    figure.savefig(file, format="png", dpi=120)
    return file.getvalue()


def grid(n: int, columns: int, width: float = 1.5, height: float = 1.6) -> Any:
    """Return a new figure and its first n axes, in rows of `columns`, each so many inches large; the rest is empty.

    It is wide enough for its title.
    """
    from matplotlib.figure import Figure

    rows, columns = -(-n // columns), min(n, columns)
    figure = Figure(figsize=(max(width * columns, 4.0), height * rows), layout="constrained")
    found = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in found[n:]:
        ax.set_axis_off()
    return figure, found[:n]
