"""Pictures of learning, on Matplotlib axes: each function takes `ax` (or makes one) and returns it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

# Okabe and Ito's colours, told apart with any colour vision; markers differ as well.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
MARKERS = (("o", BLUE), ("^", ORANGE), ("s", GREEN), ("D", VERMILION))


def axes(width: float = 6.0, height: float = 4.5) -> Any:
    """Return the axes of a new figure of so many inches, which no window and no global state knows of.

    >>> from nn.plots import axes
    >>> axes().figure.get_size_inches().tolist()
    [6.0, 4.5]
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").subplots()


def history(history: Mapping[str, Sequence[float]], ax: Any = None) -> Any:
    """Draw the loss of each epoch, and the accuracy if there is one on an axis to the right; validation dashed.

    >>> from nn.plots import history
    >>> history({"loss": [2.0, 1.0]}).get_xlabel()
    'epoch'
    """
    ax = axes() if ax is None else ax
    curves = {"loss": (ax, BLUE)}
    if "accuracy" in history:
        curves["accuracy"] = (ax.twinx(), VERMILION)
        curves["accuracy"][0].set(ylabel="accuracy", ylim=(0, 1.02))
    lines = []
    for name, numbers in history.items():
        kind = name.removeprefix("val_")
        if kind in curves:
            on, color = curves[kind]
            part, line = ("validation ", "--") if name.startswith("val_") else ("", "-")
            lines += on.plot(range(1, len(numbers) + 1), numbers, label=part + kind, linestyle=line, color=color)
    ax.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
    ax.legend(handles=lines, loc="center right", frameon=False)
    ax.grid(alpha=0.3)
    return ax


def decision_boundary(predict: Callable[[list[list[float]]], Any], X: Any, y: Any, ax: Any = None) -> Any:
    """Draw n points X (n, 2) of classes y (n,), and where in the plane a network decides for which.

    `predict` maps a list of points to scores: one each, above 0 for class 1, or k each, the largest of which decides.

    >>> from nn.plots import decision_boundary
    >>> decision_boundary(lambda points: [p[0] for p in points], [[-1.0, 0.0], [1.0, 0.0]], [0, 1]).get_xlabel()
    '$x_1$'
    """
    import numpy

    ax = axes(5.5, 4.5) if ax is None else ax
    X, y = numpy.asarray(X), numpy.asarray(y)
    low, high = X.min(axis=0) - 0.4, X.max(axis=0) + 0.4
    x1, x2 = numpy.meshgrid(*(numpy.linspace(a, b, 70) for a, b in zip(low, high)))
    scores = numpy.asarray(predict(numpy.column_stack([x1.ravel(), x2.ravel()]).tolist()))
    regions = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
    classes = sorted(set(y.tolist()))
    colors = [MARKERS[k % len(MARKERS)][1] for k in range(len(classes))]
    # Labels -1 and +1 stand for the regions 0 and 1.
    levels = numpy.arange(len(classes) + 1) - 0.5
    ax.contourf(x1, x2, regions.reshape(x1.shape), levels=levels, colors=colors, alpha=0.25)
    if scores.ndim == 1:
        ax.contour(x1, x2, scores.reshape(x1.shape), levels=[0.0], colors="black", linewidths=1)
    for k, label in enumerate(classes):
        marker, color = MARKERS[k % len(MARKERS)]
        points = X[y == label]
        ax.scatter(*points.T, marker=marker, color=color, edgecolor="black", linewidth=0.5, label=f"class {label}")
    ax.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    ax.legend(loc="upper right")
    return ax


def confusion_matrix(y_true: Any, y_pred: Any, ax: Any = None, classes: Sequence[str] | None = None) -> Any:
    """Draw how often each of k classes (a row) was taken for which (a column); y_true, y_pred (n,) from 0 to k - 1.

    >>> from nn.plots import confusion_matrix
    >>> [text.get_text() for text in confusion_matrix([0, 1, 1], [0, 1, 0]).texts]
    ['1', '1', '1']
    """
    import numpy

    y_true, y_pred = numpy.asarray(y_true), numpy.asarray(y_pred)
    k = len(classes) if classes else int(max(y_true.max(), y_pred.max())) + 1
    counts = numpy.zeros((k, k), int)
    numpy.add.at(counts, (y_true, y_pred), 1)
    ax = axes(5.6, 5.0) if ax is None else ax
    image = ax.imshow(counts, cmap="cividis")
    names = list(classes) if classes else [str(c) for c in range(k)]
    for row, column in zip(*counts.nonzero()):
        color = "black" if counts[row, column] > counts.max() / 2 else "white"
        ax.text(column, row, str(counts[row, column]), ha="center", va="center", color=color)
    right = float((y_true == y_pred).mean())
    ax.set(xlabel="predicted", ylabel="true", title=f"{right:.1%} of {len(y_true)} right")
    ax.set_xticks(range(k), names)
    ax.set_yticks(range(k), names)
    ax.figure.colorbar(image, ax=ax, shrink=0.8, label="samples")
    return ax


def misclassified(images: Any, y_true: Any, y_pred: Any) -> Any:
    """Return a figure of the first 24 images (n, height, width) whose y_pred (n,) differs from y_true (n,).

    >>> import numpy
    >>> from nn.plots import misclassified
    >>> misclassified(numpy.zeros((2, 8, 8)), numpy.array([3, 5]), numpy.array([3, 6])).get_suptitle()
    '1 of 2 taken for another'
    """
    from matplotlib.figure import Figure

    wrong = [k for k in range(len(y_true)) if y_true[k] != y_pred[k]]
    rows = max(1, -(-min(len(wrong), 24) // 6))
    figure = Figure(figsize=(8, 1.0 + 1.6 * rows), layout="constrained")
    figure.suptitle(f"{len(wrong)} of {len(y_true)} taken for another" + (", the first 24" if len(wrong) > 24 else ""))
    grid = figure.subplots(rows, 6, squeeze=False).ravel()
    for ax in grid:
        ax.set_axis_off()
    for ax, k in zip(grid, wrong):
        ax.imshow(images[k], cmap="gray_r")
        ax.set_title(f"{y_true[k]} taken for {y_pred[k]}", fontsize=9)
    return figure
