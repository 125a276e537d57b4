"""The inside of a network: activations, the surface of its loss, weights, gradients, filters, maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from autograd import Node, grad, no_grad
from autograd.files import brief
from autograd.picture import mixed
from nn._core.types import Activation, Cost, Nested, Output
from nn._layers.activations import ON_LAYERS, activation_function, activation_name
from nn._layers.module import Module

from ._style import BLUE, GREEN, VERMILION, VIOLET, axes, grid, new_figure, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def activation(g: Activation, ax: Axes | None = None, limit: float = 4.0) -> Axes:
    """Draw an activation g(z), and its derivative, dashed.

    `g` is a name (a key of nn.ACTIVATIONS) or a function of a Value. z goes from -limit to limit. Raises ValueError for
    an unknown name, and for softmax, which is no function of one z.

    >>> from nn.plots import activation
    >>> activation("tanh").get_title()
    'tanh'
    """
    import numpy

    name, of = activation_name(g), activation_function(g)
    if of in ON_LAYERS:
        raise ValueError(f"{name} is a function of all neurons of a layer; an activation of one number can be drawn")
    ax = axes(4.5, 3.2) if ax is None else ax
    z = numpy.linspace(-limit, limit, 401)
    numbers = z.tolist()
    with no_grad():
        outputs = [_raw(of(number)) for number in numbers]
    slopes = [grad(of)(number) for number in numbers]
    ax.axhline(0, color="gray", linewidth=0.6)
    ax.axvline(0, color="gray", linewidth=0.6)
    for numbers, color, style, label in ((outputs, BLUE, "-", "g(z)"), (slopes, GREEN, "--", "g'(z)")):
        values = numpy.array(numbers, float)
        # Where a derivative jumps, by far more than beside, there is no line.
        steps = numpy.pad(abs(numpy.diff(values)), 2)
        beside = numpy.maximum(steps[:-4], steps[4:])
        values[1:][(steps[2:-2] > 5 * beside) & (steps[2:-2] > 0.05 * numpy.ptp(values))] = numpy.nan
        ax.plot(z, values, color=color, ls=style, label=label)
    ax.set(xlabel="z", title=name, xlim=(-limit, limit))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.12), ncols=2, frameon=False)
    ax.grid(alpha=0.3)
    return ax


def surface(
    J: Callable[[float, float], Cost],
    path: Sequence[tuple[float, float]] = (),
    ax: Axes | None = None,
    *,
    between: tuple[tuple[float, float], tuple[float, float]] | None = None,
    names: tuple[str, str] = ("$w_1$", "$w_2$"),
    points: int = 60,
) -> Axes:
    """Draw a loss J(a, b) over two weights as contours, or as a surface, with the path of a descent.

    `J` takes two floats and returns a number or a node; `path` are the points (a, b) that a descent went through, the
    last of which is marked. `between` are the ends ((a1, a2), (b1, b2)) of both axes; without them the path and its
    surroundings are shown, or -3 to 3. For three dimensions give `ax=axes_3d()`. Raises ValueError for numbers that are
    all not finite.

    >>> from nn.plots import surface
    >>> surface(lambda a, b: a * a + 3 * b * b, path=[(2.0, 1.0), (1.0, 0.2)]).get_xlabel()
    '$w_1$'
    """
    import numpy

    if between is None:
        columns = list(zip(*path)) or [(-3.0, 3.0)] * 2
        first, second = ((min(c) - m, max(c) + m) for c in columns for m in [0.35 * (max(c) - min(c)) or 1.0])
        between = first, second
    a, b = numpy.meshgrid(*(numpy.linspace(*ends, points) for ends in between))
    with no_grad(), numpy.errstate(all="ignore"):
        heights = numpy.array([_number(J(x, y)) for x, y in zip(a.ravel().tolist(), b.ravel().tolist())])
        along = [_number(J(x, y)) for x, y in path]
    heights = heights.reshape(a.shape)
    if not numpy.isfinite(heights).any():
        raise ValueError("the loss is nowhere a finite number here; look between other ends")
    ax = axes(5.5, 4.5) if ax is None else ax
    x, y = (numpy.array(column) for column in zip(*path)) if path else (numpy.array([]), numpy.array([]))
    if hasattr(ax, "plot_surface"):
        ax.plot_surface(a, b, heights, cmap="viridis", alpha=0.75, linewidth=0, rcount=points, ccount=points)
        ax.plot(x, y, numpy.array(along), "o-", color=VERMILION, markersize=3, zorder=5)
        ax.plot(x[-1:], y[-1:], along[-1:], "*", color=VERMILION, markersize=12, zorder=6)
        ax.set(zlabel="J")
    else:
        drawn = ax.contourf(a, b, heights, levels=20, cmap="viridis", alpha=0.9)
        ax.contour(a, b, heights, levels=20, colors="white", linewidths=0.4)
        ax.figure.colorbar(drawn, ax=ax, label="J")
        ax.plot(x, y, "o-", color=VERMILION, markeredgecolor="white", markersize=5)
        ax.plot(x[-1:], y[-1:], "*", color=VERMILION, markeredgecolor="white", markersize=15)
    ax.set(xlabel=names[0], ylabel=names[1])
    return ax


def axes_3d(width: float = 6.0, height: float = 5.0) -> Axes:
    """Return 3-D axes of a new figure for `surface`, with its size in inches.

    >>> from nn.plots import axes_3d, surface
    >>> surface(lambda a, b: a * b, ax=axes_3d(), points=5).get_zlabel()
    'J'
    """
    ax: Axes = new_figure(width, height).add_subplot(projection="3d")
    return ax


def histograms(model: Module, of: str = "data") -> Figure:
    """Return a figure with a histogram of each layer's weights, or with of="grad" of their gradients.

    Shows of each layer how many numbers there are, and their standard deviation. Raises ValueError for a model without
    parameters, and for another `of`.

    >>> from nn.plots import histograms
    >>> histograms(MLP(2, [3, 1])).get_suptitle()
    'weights'
    """
    import numpy

    if of not in ("data", "grad"):
        raise ValueError(f"of must be 'data' (weights) or 'grad' (gradients); got {brief(of)}")
    parts = [part for part in getattr(model, "layers", [model]) if isinstance(part, Module) and part.parameters()]
    if not parts:
        raise ValueError("this model has no parameters")
    figure, places = grid(len(parts), 3, 3.2, 2.4)
    figure.suptitle("weights" if of == "data" else "gradients")
    for ax, part in zip(places, parts):
        numbers = numpy.concatenate([numpy.ravel(getattr(parameter, of)) for parameter in part.parameters()])
        ax.hist(numbers, bins=min(40, max(8, len(numbers) // 8)), color=BLUE if of == "data" else VIOLET)
        ax.set_title(plain(f"{part!r}".partition(", of=")[0] + ")" * (", of=" in f"{part!r}")), fontsize=9)
        ax.set_xlabel(f"{len(numbers):,} numbers, deviation {numbers.std():.2g}", fontsize=8)
        ax.set_yticks([])
        ax.ticklabel_format(axis="x", scilimits=(-2, 3))
    return figure


def filters(w: Module | Nested) -> Figure:
    """Return a figure of the filters of a convolution: negative weights orange, positive ones blue.

    `w` is a convolution, or its weights (channels out, channels in, height, width); of several
    channels in, the first is shown. Raises ValueError for another shape.

    >>> from nn import Conv2d
    >>> from nn.plots import filters
    >>> filters(Conv2d(1, 6, 3)).get_suptitle()
    '6 filters, 3 x 3'
    """
    import numpy
    from matplotlib.colors import LinearSegmentedColormap

    weights = numpy.asanyarray(_raw(getattr(w, "w", w)))
    if weights.ndim != 4:
        raise ValueError(f"filters are (channels out, channels in, height, width); got shape {weights.shape}")
    figure, places = grid(len(weights), 8, 1.1, 1.2)
    shown = " of the first channel" if weights.shape[1] > 1 else ""
    figure.suptitle(f"{len(weights)} filters{shown}, {weights.shape[2]} x {weights.shape[3]}")
    most = abs(weights[:, 0]).max() or 1.0
    signs = LinearSegmentedColormap.from_list("signs", [mixed(-1.0), "white", mixed(1.0)])
    for ax, window in zip(places, weights[:, 0]):
        ax.imshow(window, cmap=signs, vmin=-most, vmax=most)
        ax.set(xticks=[], yticks=[])
    return figure


def feature_maps(maps: Output) -> Figure:
    """Return a figure of a layer's output for one image: `maps` is (channels, height, width).

    Give the layer's output for a batch of one, without its first axis: `feature_maps(layer(images)[0])`. Raises
    ValueError for another shape.

    >>> import numpy
    >>> from nn.plots import feature_maps
    >>> feature_maps(numpy.ones((4, 8, 8))).get_suptitle()
    '4 feature maps, 8 x 8'
    """
    import numpy

    maps = numpy.asanyarray(_raw(maps))
    if maps.ndim != 3:
        raise ValueError(f"feature maps are (channels, height, width); got shape {maps.shape}")
    figure, places = grid(len(maps), 8, 1.1, 1.2)
    figure.suptitle(f"{len(maps)} feature maps, {maps.shape[1]} x {maps.shape[2]}")
    for ax, one in zip(places, maps):
        ax.imshow(one, cmap="gray", vmin=min(0.0, maps.min()), vmax=maps.max() or 1.0)
        ax.set(xticks=[], yticks=[])
    return figure


def _raw(x: Nested) -> Nested:
    return x.data if isinstance(x, Node) else x


def _number(J: Cost) -> float:
    return float(J.item() if hasattr(J, "item") else J)
