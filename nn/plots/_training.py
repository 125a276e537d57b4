"""How training went, and what a trained network does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._losses import shape_of
from ._style import BLUE, COLORS, MARKERS, VERMILION, axes, grid


def history(history: Mapping[str, Sequence[float]], ax: Any = None, *, held_out: str = "validation") -> Any:
    """Draw the loss of each epoch, and the accuracy if there is one on an axis to the right; validation dashed.

    Each series holds a number an epoch; those of other names than loss, accuracy and val_ before them are left out.
    `held_out` is what the samples of val_ are called: "test", if they are those.

    >>> from nn.plots import history
    >>> history({"loss": [2.0, 1.0]}).get_xlabel()
    'epoch'
    """
    ax = axes() if ax is None else ax
    curves = {"loss": (ax, BLUE)}
    if "accuracy" in history:
        curves["accuracy"] = (ax.twinx(), VERMILION)
        curves["accuracy"][0].set_ylabel("accuracy", color=VERMILION)
        curves["accuracy"][0].set_ylim(0, 1.02)
    lines = []
    for name, numbers in history.items():
        kind = name.removeprefix("val_")
        if kind in curves:
            on, color = curves[kind]
            part, line, fill = (f"{held_out} ", "--", "none") if name.startswith("val_") else ("", "-", "full")
            # A line through a single epoch would not be seen.
            dot = "o" if len(numbers) == 1 else ""
            epochs = range(1, len(numbers) + 1)
            lines += on.plot(epochs, numbers, label=part + kind, ls=line, color=color, marker=dot, fillstyle=fill)
    # A loss is read by its distance from zero; from epoch 0 on, even a single epoch has whole numbers on its axis.
    ax.update_datalim([(0.0, 0.0)])
    ax.autoscale_view()
    ax.set(xlabel="epoch", ylim=(0, None))
    ax.set_ylabel("loss", color=BLUE)
    ax.xaxis.get_major_locator().set_params(integer=True)
    # Above the axes: inside, it would cover curves.
    ax.legend(handles=lines, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    ax.grid(alpha=0.3)
    return ax


def decision_boundary(predict: Callable[[list[list[float]]], Any], X: Any, y: Any, ax: Any = None) -> Any:
    """Draw n points X (n, 2) of classes y (n,), and where in the plane a network decides for which.

    `predict` maps a list of m points to scores: (m,), above 0 for the higher of two classes, or (m, k), the largest of
    which decides among the classes 0 to k - 1. Raises ValueError for other shapes of X and y, and for a class that the
    scores do not tell.

    >>> from nn.plots import decision_boundary
    >>> decision_boundary(lambda points: [p[0] for p in points], [[-1.0, 0.0], [1.0, 0.0]], [0, 1]).get_xlabel()
    '$x_1$'
    """
    import numpy
    from matplotlib.colors import ListedColormap

    X, y = numpy.asarray(X), numpy.asarray(y)
    if X.ndim != 2 or X.shape[1] != 2 or y.shape != X.shape[:1] or not len(X):
        raise ValueError(f"decision_boundary draws points X (n, 2) of classes y (n,); got {X.shape} and {y.shape}")
    low, high = X.min(axis=0), X.max(axis=0)
    margin = numpy.where(high > low, 0.15 * (high - low), 1.0)
    low, high = low - margin, high + margin
    x1, x2 = numpy.meshgrid(*(numpy.linspace(a, b, 150) for a, b in zip(low, high)))
    scores = numpy.asarray(predict(numpy.column_stack([x1.ravel(), x2.ravel()]).tolist()))
    if scores.ndim == 1:
        # Labels -1 and +1, as the hinge loss has them, stand for the same regions as 0 and 1.
        classes = [-1, 1] if (y < 0).any() else [0, 1]
        regions = (scores > 0).astype(int)
    else:
        classes = list(range(scores.shape[1]))
        regions = scores.argmax(axis=1)
    unknown = sorted(set(y.tolist()) - set(classes))
    if unknown:
        raise ValueError(f"the scores tell the classes {classes} apart; y has {unknown[0]} as well")
    ax = axes(5.5, 4.5) if ax is None else ax
    colors = [COLORS[k % len(COLORS)] for k in range(len(classes))]
    ax.pcolormesh(
        x1,
        x2,
        regions.reshape(x1.shape),
        cmap=ListedColormap(colors),
        vmin=-0.5,
        vmax=len(classes) - 0.5,
        alpha=0.25,
        shading="nearest",
        linewidth=0,
        rasterized=True,
    )
    for k in range(1 if scores.ndim == 1 else 0, len(classes)):
        # How far ahead of all others class k is: the boundary is where this is zero.
        lead = scores if scores.ndim == 1 else scores[:, k] - numpy.delete(scores, k, axis=1).max(axis=1)
        if lead.min() < 0 < lead.max():
            ax.contour(x1, x2, lead.reshape(x1.shape), levels=[0.0], colors="black", linewidths=1)
    for k, label in enumerate(classes):
        ax.scatter(
            *X[y == label].T,
            marker=MARKERS[k % len(MARKERS)],
            color=colors[k],
            edgecolor="black",
            linewidth=0.5,
            label=f"class {label}",
        )
    ax.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(len(classes), 4), frameon=False)
    return ax


def confusion_matrix(y_true: Any, y_pred: Any, ax: Any = None, classes: Sequence[str] | None = None) -> Any:
    """Draw how often each of k classes (a row) was taken for which (a column); y_true, y_pred (n,) from 0 to k - 1.

    `classes` are the k names. Raises ValueError for different lengths, no samples and numbers that are no class.

    >>> from nn.plots import confusion_matrix
    >>> [text.get_text() for text in confusion_matrix([0, 1, 1], [0, 1, 0]).texts]
    ['1', '1', '1']
    """
    import numpy

    y_true, y_pred = numpy.asarray(y_true), numpy.asarray(y_pred)
    if y_true.shape != y_pred.shape or y_true.ndim != 1 or not len(y_true):
        raise ValueError(f"y_true and y_pred must be n classes each; got shapes {y_true.shape} and {y_pred.shape}")
    if not {y_true.dtype.kind, y_pred.dtype.kind} <= set("iub"):
        raise ValueError(
            f"y_true and y_pred must be class numbers, whole ones; got {y_true.dtype} and {y_pred.dtype}. Of names: "
            f"[classes.index(name) for name in y]"
        )
    least, most = int(min(y_true.min(), y_pred.min())), int(max(y_true.max(), y_pred.max()))
    k = most + 1 if classes is None else len(classes)
    if least < 0 or most >= k:
        raise ValueError(f"classes are numbers from 0 to {max(k - 1, 0)} here; got {least if least < 0 else most}")
    counts = numpy.zeros((k, k), int)
    numpy.add.at(counts, (y_true, y_pred), 1)
    side = max(5.2, 0.36 * k)
    ax = axes(side, side) if ax is None else ax
    ax.imshow(counts, cmap="Blues", vmin=0)
    names = [str(c) for c in range(k)] if classes is None else list(classes)
    for row, column in zip(*counts.nonzero()):
        color = "white" if counts[row, column] > counts.max() / 2 else "black"
        ax.text(column, row, str(counts[row, column]), ha="center", va="center", color=color)
    right = float((y_true == y_pred).mean())
    ax.set(xlabel="predicted", ylabel="true", title=f"{right:.1%} of {len(y_true)} right")
    # Many or long names side by side would run into each other.
    slanted = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if sum(map(len, names)) > 30 else {}
    ax.set_xticks(range(k), names, **slanted)
    ax.set_yticks(range(k), names)
    return ax


def misclassified(images: Any, y_true: Any, y_pred: Any) -> Any:
    """Return a figure of the first 24 images (n, height, width) whose y_pred (n,) differs from y_true (n,).

    Raises ValueError if the lengths differ, and for what are no images.

    >>> import numpy
    >>> from nn.plots import misclassified
    >>> misclassified(numpy.zeros((2, 8, 8)), numpy.array([3, 5]), numpy.array([3, 6])).get_suptitle()
    '1 of 2 taken for another'
    """
    n = len(images)
    if len(y_true) != n or len(y_pred) != n:
        raise ValueError(f"each image has a y_true and a y_pred; got {n} images, {len(y_true)} and {len(y_pred)}")
    if len(shape_of(images)) != 3:
        raise ValueError(f"images are (n, height, width); got {shape_of(images)}: give e.g. images.reshape(-1, 8, 8)")
    wrong = [k for k in range(n) if y_true[k] != y_pred[k]]
    if not wrong:
        figure, _ = grid(1, 1, 8, 1)
        figure.axes[0].set_axis_off()
        figure.suptitle(f"no mistakes: all {n} right", y=0.6)
        return figure
    shown = wrong[:24]
    figure, places = grid(len(shown), 6, 1.35, 1.7)
    figure.suptitle(f"{len(wrong)} of {n} taken for another" + (", the first 24" if len(wrong) > 24 else ""))
    for ax, k in zip(places, shown):
        ax.imshow(images[k], cmap="gray_r")
        ax.set_axis_off()
        ax.set_title(f"{y_true[k]} taken for {y_pred[k]}", fontsize=9)
    return figure
