"""Pictures of what a network learned from a table: numbers predicted, and which columns mattered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nn._core.types import Output, Targets
from nn._training.measures import pairs

from ._style import BLUE, axes, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_POINTS, MOST_BARS = 5000, 30
"""The most points and bars that can be told apart."""


def predicted(y_hat: Output, y: Targets, ax: Axes | None = None, *, name: str = "") -> Axes:
    """Draw n predicted numbers y_hat over the true numbers y, and the line on which both are equal.

    Both hold n numbers, (n,) or (n, 1); of many, evenly chosen ones are drawn. `name` says what they are. Raises
    ValueError for other shapes.

    >>> from nn.plots import predicted
    >>> predicted([1.0, 2.5], [1.0, 2.0], name="price").get_xlabel()
    'true price'
    """
    found, truths = pairs(y_hat, y, "predicted")
    step = -(-len(truths) // MOST_POINTS)
    found, truths = found[::step], truths[::step]
    ax = axes(5.2, 5.2) if ax is None else ax
    low, high = min(truths), max(truths)
    ax.plot([low, high], [low, high], color="black", linewidth=1, label="equal")
    ax.scatter(truths, found, s=14, color=BLUE, alpha=max(0.1, min(0.8, 200 / len(truths))), label="a sample")
    ax.set(xlabel=plain(f"true {name}".strip()), ylabel=plain(f"predicted {name}".strip()))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    ax.grid(alpha=0.3)
    return ax


def importance(mattered: Mapping[str, float], ax: Axes | None = None, *, what: str = "accuracy") -> Axes:
    """Draw how much each column mattered, the largest first: the loss of `what` when the column is shuffled.

    >>> from nn.plots import importance
    >>> [text.get_text() for text in importance({"a": 0.1, "b": 0.4}).get_yticklabels()]
    ['b', 'a']
    """
    order = sorted(mattered, key=lambda name: -mattered[name])[:MOST_BARS]
    ax = axes(6.0, max(2.0, 0.32 * len(order) + 1.2)) if ax is None else ax
    ax.barh(range(len(order)), [mattered[name] for name in order], color=BLUE)
    ax.set_yticks(range(len(order)), [plain(name) for name in order])
    ax.invert_yaxis()
    ax.set(xlabel=f"{what} lost when the column is shuffled")
    ax.axvline(0.0, color="black", linewidth=1)
    ax.grid(alpha=0.3, axis="x")
    return ax
