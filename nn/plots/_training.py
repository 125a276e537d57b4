"""The course of a training, and the decisions of a trained network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nn._core.rows import rows, shape_of
from nn._core.types import Array, Labels, Output, Rows, Targets
from nn._training.metrics import checked_scores, class_numbers, columns, decide, decisions, listed, threshold_of

from ._style import BLUE, COLORS, MARKERS, VERMILION, axes, grid, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def history(history: Mapping[str, Sequence[float]], ax: Axes | None = None, *, held_out: str = "validation") -> Axes:
    """Draw the loss of each epoch, and any accuracy on an axis to the right; validation dashed.

    Each series holds a number an epoch; those of other names than loss, accuracy and val_ before them are left out.
    `held_out` is the name of the samples of val_: "test", if they are those.

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
            lines += on.plot(
                epochs, numbers, label=plain(part + kind), ls=line, color=color, marker=dot, fillstyle=fill
            )
    # A loss is read by its distance from zero; from epoch 0 on, even a single epoch has whole numbers on its axis.
    ax.update_datalim([(0.0, 0.0)])
    ax.autoscale_view()
    ax.set(xlabel="epoch", ylim=(0, None))
    ax.set_ylabel("loss", color=BLUE)
    # In Matplotlib's types no locator takes `integer`.
    locator: Any = ax.xaxis.get_major_locator()
    locator.set_params(integer=True)
    # Above the axes: inside, it would cover curves.
    ax.legend(handles=lines, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    ax.grid(alpha=0.3)
    return ax


def decision_boundary(
    predict: Callable[[list[list[float]]], Output],
    X: Rows,
    y: Targets,
    ax: Axes | None = None,
    *,
    threshold: float | None = None,
    classes: Labels | None = None,
) -> Axes:
    """Draw n points X (n, 2) with their labels y, and the regions of a network's decisions.

    `predict` maps a list of m points to scores, (m,) or (m, k). `y`, `threshold`, `classes` and the rule are as
    for `nn.accuracy`: one score decides at 0.5 if all of them lie in [0, 1], else at 0. Raises ValueError for other
    shapes of X and y, and for a label that the scores do not tell.

    >>> from nn.plots import decision_boundary
    >>> decision_boundary(lambda points: [p[0] for p in points], [[-1.0, 0.0], [1.0, 0.0]], [0, 1]).get_xlabel()
    '$x_1$'
    """
    import numpy
    from matplotlib.colors import ListedColormap

    who = "decision_boundary"
    X, (labels, shape) = numpy.asarray(rows(X, "X")), listed(y)
    if X.ndim != 2 or X.shape[1] != 2 or shape[:1] != X.shape[:1] or not len(X):
        raise ValueError(f"{who} draws points X (n, 2) of classes y (n,); got {X.shape} and {shape}")
    x1, x2 = _around(X)
    found = checked_scores(predict(numpy.column_stack([x1.ravel(), x2.ravel()]).tolist()), who)
    k = columns(found)
    if shape[1:] not in ((), (1,), (k,)):
        raise ValueError(f"{who} draws points of n labels y, or of rows (n, {k}); got {shape}")
    truths, names, signs = class_numbers(labels, k, classes, who)
    level = threshold_of(found, signs, threshold, who)
    scores, regions, truth = numpy.array(found), numpy.array(decide(found, level)), numpy.array(truths)
    ax = axes(5.5, 4.5) if ax is None else ax
    colors = [COLORS[k % len(COLORS)] for k in range(len(names))]
    ax.pcolormesh(
        x1, x2, regions.reshape(x1.shape), cmap=ListedColormap(colors), vmin=-0.5, vmax=len(names) - 0.5, alpha=0.25,
        shading="nearest", linewidth=0, rasterized=True,
    )  # fmt: skip
    for k in range(1 if scores.ndim == 1 else 0, len(names)):
        # How far ahead of all others class k is: the boundary is where this is zero.
        lead = scores - level if scores.ndim == 1 else scores[:, k] - numpy.delete(scores, k, axis=1).max(axis=1)
        if lead.min() < 0 < lead.max():
            ax.contour(x1, x2, lead.reshape(x1.shape), levels=[0.0], colors="black", linewidths=1)
    for k, label in enumerate(names):
        ax.scatter(
            *X[truth == k].T, marker=MARKERS[k % len(MARKERS)], color=colors[k], edgecolor="black", linewidth=0.5,
            label=plain(f"class {label}"),
        )  # fmt: skip
    ax.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(x1.min(), x1.max()), ylim=(x2.min(), x2.max()))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(len(names), 4), frameon=False)
    return ax


def _around(X: Array) -> list[Array]:
    """Return a grid of points (150, 150) around points (n, 2): the first coordinate of each, and the second."""
    import numpy

    low, high = X.min(axis=0), X.max(axis=0)
    margin = numpy.where(high > low, 0.15 * (high - low), 1.0)
    return list(numpy.meshgrid(*(numpy.linspace(a, b, 150) for a, b in zip(low - margin, high + margin))))


def confusion_matrix(
    y_hat: Output, y: Targets, ax: Axes | None = None, classes: Labels | None = None, *, threshold: float | None = None
) -> Axes:
    """Draw how often a class in y (a row) was taken for each class by the scores y_hat (a column).

    y_hat are the scores that a network gives, (n,) or (n, k). They come first, then the labels, as in every loss and
    metric of nn. `y`, `threshold` and the rule are as for `nn.accuracy`; `classes` are the k labels, or names of the
    numbers in y. Class numbers as y_hat are refused, as they might be y:
    `nn.data.one_hot(guesses, k)` makes scores of them. Raises ValueError as `nn.accuracy` does, too.

    >>> from nn.plots import confusion_matrix
    >>> [text.get_text() for text in confusion_matrix([-2.0, 3.0, -1.0], [0, 1, 1]).texts]
    ['1', '1', '1']
    """
    import numpy

    _check_scores(y_hat, "confusion_matrix")
    guesses, truths, labels = decisions(y_hat, y, threshold, classes, "confusion_matrix")
    names, k = [plain(str(label)) for label in labels], len(labels)
    counts = numpy.zeros((k, k), int)
    numpy.add.at(counts, (truths, guesses), 1)
    side = max(5.2, 0.36 * k)
    ax = axes(side, side) if ax is None else ax
    ax.imshow(counts, cmap="Blues", vmin=0)
    for row, column in numpy.argwhere(counts).tolist():
        color = "white" if counts[row, column] > counts.max() / 2 else "black"
        ax.text(column, row, str(counts[row, column]), ha="center", va="center", color=color)
    right = counts.trace() / len(truths)
    ax.set(xlabel="predicted", ylabel="true", title=f"{right:.1%} of {len(truths)} right")
    # Many or long names side by side would run into each other.
    slanted: dict[str, Any] = (
        {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if sum(map(len, names)) > 30 else {}
    )
    ax.set_xticks(range(k), names, **slanted)
    ax.set_yticks(range(k), names)
    return ax


def misclassified(
    images: Rows, y_hat: Output, y: Targets, *, threshold: float | None = None, classes: Labels | None = None
) -> Figure:
    """Return a figure of the first 24 images (n, height, width) whose scores y_hat contradict y.

    y_hat, `y`, `threshold` and `classes` are as for `confusion_matrix`. Raises ValueError as that does, if
    the lengths differ, and for another shape of `images`.

    >>> import numpy
    >>> from nn.plots import misclassified
    >>> misclassified(numpy.zeros((2, 8, 8)), [[0.9, 0.1], [0.8, 0.2]], [0, 1]).get_suptitle()
    '1 of 2 taken for another'
    """
    n, shape = len(images), shape_of(images)
    if len(shape) != 3:
        raise ValueError(f"images are (n, height, width); got {shape}: give e.g. images.reshape(-1, 8, 8)")
    _check_scores(y_hat, "misclassified")
    guesses, truths, names = decisions(y_hat, y, threshold, classes, "misclassified")
    if len(truths) != n:
        raise ValueError(f"misclassified takes scores and a label for each image; got {n} images and {len(truths)}")
    wrong = [k for k in range(n) if truths[k] != guesses[k]]
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
        ax.set_title(f"{plain(str(names[truths[k]]))} taken for {plain(str(names[guesses[k]]))}", fontsize=9)
    return figure


def _check_scores(y_hat: Output, who: str) -> None:
    """Raise ValueError for class numbers as scores: they could be the labels, in the wrong place."""
    scores = checked_scores(y_hat, who)
    if columns(scores) == 1 and all(isinstance(score, int) for score in scores):
        raise ValueError(
            f"{who} takes the scores that a network gives, y_hat, before the labels y, not whole numbers, which may be "
            f"class numbers: give predict(model, X) itself, or nn.data.one_hot(y_hat)"
        )
