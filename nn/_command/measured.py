"""How good a run is, in numbers, in words, and in pictures."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from nn import plots
from nn._core.types import Metric, Output, Targets
from nn._training import metrics as _metrics
from nn._training.history import History
from nn._training.measures import auc, balanced_accuracy, class_scores, r2
from nn._training.predict import predict
from nn._training.probabilities import log_probabilities
from nn.data import Table
from nn.plots._style import plain

from .given import MADE
from .runs import SIDE, Run, shaped

MOST_CLASSES = 50
"""The most classes of which a picture shows how often one was taken for another."""

MOST_COLUMNS, MOST_SHUFFLED = 100, 2000
"""The most columns and samples by which it is found out what mattered."""


def accuracy_of(classes: int) -> Metric:
    """Return the accuracy of a network that tells so many classes apart."""

    def accuracy(y_hat: Output, y: Targets) -> float:
        return _metrics.accuracy(y_hat, y, threshold=threshold_of(classes))

    return accuracy


def threshold_of(classes: int) -> float | None:
    """Return the score above which the second of two classes is chosen; None for more classes."""
    return 0.0 if classes == 2 else None


def explained(y_hat: Output, y: Targets) -> float:
    """Return R2; 0 if there is nothing to explain, as in a small part of the samples."""
    try:
        return r2(y_hat, y)
    except ValueError:
        return 0.0


def results_of(run: Run, part: Table) -> dict[str, float]:
    """Return how good a run is on samples with their targets: a number under each name."""
    import numpy

    outputs = run.outputs(part.X)
    if not run.classes:
        error = (outputs - part.y) * run.target.spread
        return {
            "r2": explained(outputs, part.y),
            "mae": float(numpy.abs(error).mean()),
            "rmse": float(numpy.sqrt((error**2).mean())),
        }
    k = len(run.classes)
    found = {"accuracy": accuracy_of(k)(outputs, part.y)}
    found["balanced_accuracy"] = balanced_accuracy(outputs, part.y, threshold=threshold_of(k))
    found["log_loss"] = float(-log_probabilities(outputs)[numpy.arange(len(part)), part.y].mean())
    if k == 2 and len(set(part.y.tolist())) == 2:
        found["auc"] = auc(outputs, part.y)
    return found


def baseline_of(run: Run, train: Table) -> Callable[[Table], str]:
    """Return what somebody reaches who always gives the same answer, as a text for each part."""
    import numpy

    if not run.classes:
        return lambda part: (
            f"always the mean, {run.target.mean:.4g}: MAE {numpy.abs(part.y * run.target.spread).mean():.4g}"
        )
    most = int(numpy.bincount(train.y).argmax())
    return lambda part: f"always {run.classes[most]!r:.30}: {(part.y == most).mean():.1%}"


def line_of(name: str, results: dict[str, float], n: int, run: Run, baseline: str) -> str:
    """Return the results of a part in one line."""
    if not run.classes:
        unit = f" {run.target.unit}" if run.target.unit else ""
        errors = f"MAE {results['mae']:.4g}{unit}, RMSE {results['rmse']:.4g}{unit}"
        return f"{name:<9} R2 {results['r2']:7.3f}  ({n} samples)  {errors}; {baseline}"
    more = [f"balanced {results['balanced_accuracy']:.1%}", f"log-loss {results['log_loss']:.3f}"]
    more += [f"AUC {results['auc']:.3f}"] if "auc" in results else []
    return f"{name:<9} accuracy {results['accuracy']:7.1%}  ({n} samples)  {', '.join(more)}; {baseline}"


def classes_table(run: Run, part: Table) -> list[str]:
    """Return how well each class is found, in lines."""
    found = class_scores(run.outputs(part.X), part.y, threshold=threshold_of(len(run.classes)))
    width = max(len(name) for name in ("class", *run.classes))
    lines = [f"{'class':<{width}}  precision     F1    right  samples"]
    for name, score in zip(run.classes, found):
        right = f"{score.recall:.1%}" if score.samples else "-"
        lines.append(f"{name:<{width}}  {score.precision:9.1%}  {score.f1:5.1%}  {right:>7}  {score.samples:7}")
    return lines


def mattered(run: Run, part: Table) -> dict[str, float]:
    """Return how much worse a run is on samples if a column is shuffled among them: in accuracy, or in R2."""
    import numpy

    X, y = part.X[:MOST_SHUFFLED], part.y[:MOST_SHUFFLED]
    score = accuracy_of(len(run.classes)) if run.classes else explained
    whole, random, first = score(run.outputs(X), y), Random(0), 0
    found: dict[str, float] = {}
    for column in run.columns:
        last = first + len(column.inputs)
        if last > first and len(found) < MOST_COLUMNS:
            lost = 0.0
            for _ in range(3):
                order = list(range(len(X)))
                random.shuffle(order)
                moved = numpy.array(X)
                moved[:, first:last] = X[order, first:last]
                lost += (whole - score(run.outputs(moved), y)) / 3
            found[column.name] = lost
        first = last
    return found


def figures_of(run: Run, train: Table, test: Table, history: History) -> dict[str, tuple[Any, str]]:
    """Return the pictures of a run by name, each with its caption."""
    outputs, k = run.outputs(test.X), len(run.classes)
    kind = "accuracy" if run.classes else "R2"
    figures: dict[str, tuple[Any, str]] = {
        "history": (
            history.plot(held_out=run.held_out).figure,
            f"Loss{' and accuracy' if run.classes else ''} of each epoch; {run.held_out} dashed",
        )
    }
    if not run.classes:
        true, guessed = test.restore(test.y), test.restore(outputs)
        name = f"{run.target.name} ({run.target.unit})" if run.target.unit else run.target.name
        drawn = plots.predicted(guessed, true, name=name)
        figures["predicted"] = (drawn.figure, "Each test sample: the number predicted over the true one")
    elif k <= MOST_CLASSES:
        confusion = plots.confusion_matrix(outputs, test.y, classes=run.classes, threshold=threshold_of(k))
        figures["confusion"] = (confusion.figure, "How often each class of the test samples was taken for which")
    if run.classes and run.of_numbers and len(run.features) == 2:
        figures["boundary"] = (
            _boundary(run, train),
            "The training samples, and where the network decides for which class",
        )
    if run.options["data"] == "digits":
        images = (test.X).reshape(-1, SIDE, SIDE)
        wrong = plots.misclassified(images, outputs, test.y)
        figures["misclassified"] = (wrong, "Test samples that were taken for another class")
    elif len(run.features) > 1 and run.options["target"] is not None:
        drawn = plots.importance(mattered(run, test), what=kind)
        figures["importance"] = (
            drawn.figure,
            f"What mattered: the {kind} lost when a column is shuffled",
        )
    return figures


def _boundary(run: Run, train: Table) -> Any:
    made = run.options["data"] in MADE
    boundary: Any = plots.decision_boundary(
        lambda points: predict(run.model, shaped(points, run.options)),
        train.X,
        train.y,
        threshold=threshold_of(len(run.classes)),
    )
    names = [f"${name}$" if made else plain(f"{name} (standardised)") for name in run.features]
    boundary.set(xlabel=names[0], ylabel=names[1])
    for text, name in zip(boundary.get_legend().get_texts(), map(plain, run.classes)):
        text.set_text(name)
    return boundary.figure
