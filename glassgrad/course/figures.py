"""Figures of the notebooks, so that their cells hold what they are about, and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nn import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLES = ("-", "--", ":", "-.")
COLORS = (plots.BLUE, plots.VERMILION, plots.GREEN, "black")
"""Of curves, which are no classes; dark enough for a thin line."""

Cost = Callable[[float, float], Any]


def lines(
    x: Sequence[float] | None, curves: Mapping[str, Sequence[float]], size: Any = (6, 3.5), **settings: Any
) -> Figure:
    """Return a figure with curves by name, each over `x`; without it, over 1, 2, and so on. Settings are for the axes.

    >>> lines(None, {"training": [2.0, 1.0]}, xlabel="epoch").axes[0].get_xlabel()
    'epoch'
    """
    ax = plots.axes(*size)
    for k, (name, y) in enumerate(curves.items()):
        over = range(1, len(y) + 1) if x is None else x
        ax.plot(over, y, color=COLORS[k % len(COLORS)], ls=STYLES[k % len(STYLES)], label=name)
    ax.set(**settings)
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
    return ax.figure  # type: ignore[return-value]


def side_by_side(n: int, width: float = 3.1, height: float = 3.2) -> tuple[Figure, list[Any]]:
    """Return a figure and its n axes in a row, each of a size in inches.

    >>> figure, places = side_by_side(3)
    >>> len(places)
    3
    """
    figure: Any = plots.axes(width * n, height).figure
    figure.clear()
    return figure, list(figure.subplots(1, n, squeeze=False)[0])


def activations(*names: str) -> Figure:
    """Return a figure of some activations and, dashed, their derivatives.

    >>> [ax.get_title() for ax in activations("tanh", "relu").axes]
    ['tanh', 'relu']
    """
    figure, places = side_by_side(len(names), height=3.4)
    for ax, name in zip(places, names):
        plots.activation(name, ax)
    return figure


def images(pictures: Sequence[Any], titles: Sequence[Any]) -> Figure:
    """Return a figure of grey images in a row, each with its title, dark for large numbers.

    >>> [ax.get_title() for ax in images([[[0, 1]], [[1, 0]]], [7, 1]).axes]
    ['7', '1']
    """
    figure, places = side_by_side(len(pictures), 0.7, 1.1)
    for ax, picture, title in zip(places, pictures, titles):
        ax.imshow(picture, cmap="gray_r")
        ax.set_title(title)
        ax.set_axis_off()
    return figure


def filtered(image: Any, filters: Sequence[Any], results: Sequence[Any], names: Sequence[str]) -> Figure:
    """Return a figure of an image and some filters, each with its name above and below it what it sees there.

    >>> [ax.get_title() for ax in filtered([[0, 1]], [[[1]]], [[[0, 1]]], ["itself"]).axes]
    ['the image', 'itself', '']
    """
    figure: Any = plots.axes(1.5 * (1 + len(filters)), 3.1).figure
    figure.clear()
    above, below = figure.subplots(2, 1 + len(filters))
    below[0].remove()
    for ax, title in zip(above, ["the image", *names]):
        ax.set_title(title, fontsize=9)
    for ax, one in zip([*above, *below[1:]], [image, *filters, *results]):
        ax.imshow(one, cmap="gray")
        ax.set(xticks=[], yticks=[])
    return figure  # type: ignore[no-any-return]


def loss_map(J: Cost, w1s: Sequence[float], w2s: Sequence[float], levels: Sequence[float]) -> Figure:
    """Return a map of the loss over two weights, light where it is low, its levels on a logarithmic scale.

    >>> loss_map(lambda a, b: a * a + b * b + 1, [-1, 0, 1], [-1, 0, 1], [1, 2, 4]).axes[0].get_ylabel()
    '$w_2$'
    """
    ax = plots.axes(6, 4.5)
    drawn = ax.contourf(w1s, w2s, heights(J, w1s, w2s), levels=levels, norm="log", cmap="viridis_r", extend="max")
    bar = ax.figure.colorbar(drawn, ax=ax, label="$J(w_1, w_2)$", ticks=levels)
    bar.ax.set_yticklabels([f"{level:g}" for level in levels])
    bar.ax.minorticks_off()
    ax.set(xlabel="$w_1$", ylabel="$w_2$")
    return ax.figure  # type: ignore[return-value]


def loss_surface(J: Cost, w1s: Sequence[float], w2s: Sequence[float]) -> Figure:
    """Return the loss over two weights as a surface in space.

    >>> loss_surface(lambda a, b: a * a + b * b, [-1, 0, 1], [-1, 0, 1]).axes[0].get_zlabel()
    '$J$'
    """
    import numpy

    ax: Any = plots.axes_3d(6, 4.5)
    points = len(w1s)
    ax.plot_surface(
        *numpy.meshgrid(w1s, w2s), numpy.array(heights(J, w1s, w2s)), cmap="viridis_r", rcount=points, ccount=points
    )
    ax.set(xlabel="$w_1$", ylabel="$w_2$", zlabel="$J$")
    ax.view_init(elev=40, azim=60)
    return ax.figure  # type: ignore[no-any-return]


def paths(
    J: Cost, runs: Mapping[str, Sequence[tuple[float, float]]], lowest: tuple[float, float], ends: tuple[float, float]
) -> Figure:
    """Return maps of the loss side by side, each with the points of one run of gradient descent.

    `lowest` is marked with a star; `ends` are those of both axes.

    >>> runs = {"one": [(1.0, 1.0), (0.5, 0.5)], "two": [(1.0, 1.0)]}
    >>> [ax.get_title() for ax in paths(lambda a, b: a * a + b * b + 1, runs, (0, 0), (-2, 2)).axes]
    ['one', 'two']
    """
    figure, places = side_by_side(len(runs), height=3.5)
    w = [ends[0] + (ends[1] - ends[0]) * k / 80 for k in range(81)]
    ground = heights(J, w, w)
    levels = [100 * 2**k for k in range(-4, 11)]
    for ax, (name, points) in zip(places, runs.items()):
        ax.contour(w, w, ground, levels=levels, norm="log", cmap="viridis_r", linewidths=1)
        ax.plot(*zip(*points), "o-", color=plots.VERMILION, markersize=3, linewidth=1)
        ax.plot(*points[0], "s", color="black", label="start")
        ax.plot(*lowest, "*", color="black", markersize=11, label="lowest point")
        ax.set(xlabel="$w_1$", ylabel="$w_2$", xlim=ends, ylim=ends, aspect="equal")
        ax.set_title(name, fontsize=11)
    places[-1].legend()
    return figure


def heights(J: Cost, w1s: Sequence[float], w2s: Sequence[float]) -> list[list[float]]:
    """Return the loss at each pair of weights, a row for each w2.

    >>> heights(lambda a, b: 10 * a + b, [1, 2], [3, 4])
    [[13, 23], [14, 24]]
    """
    return [[J(w1, w2) for w1 in w1s] for w2 in w2s]
