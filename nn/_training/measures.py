"""More than accuracy: how well each class is found, how well scores order samples, how near numbers come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from nn._core.types import Labels, Numbers, Output, Targets

from .lean import ranks_of
from .metrics import checked_scores, columns, decisions, listed


class ClassScores(NamedTuple):
    """How well a class is found: precision, recall and F1, from 0 to 1, and its number of samples.

    A score that cannot be computed is 0: no sample was taken for the class, or the class has none.
    """

    label: Any
    precision: float
    recall: float
    f1: float
    samples: int


def class_scores(
    y_hat: Output, y: Targets, *, threshold: float | None = None, classes: Labels | None = None
) -> list[ClassScores]:
    """Return precision, recall and F1 of each class; all arguments and errors are those of `accuracy`.

    Precision is the part of the samples taken for a class that are of it, recall the part of its samples that were
    found, F1 their harmonic mean.

    >>> for found in class_scores([2.0, 1.0, -1.0, -3.0], [1, 0, 1, 0]):
    ...     print(*found)
    0 0.5 0.5 0.5 2
    1 0.5 0.5 0.5 2
    >>> class_scores([[1.0, 0.0], [0.0, 1.0]], [0, 1], classes=["oak", "elm"])[0]
    ClassScores(label='oak', precision=1.0, recall=1.0, f1=1.0, samples=1)
    """
    return [
        ClassScores(label, _part(hits, t), _part(hits, n), _part(2 * hits, t + n), n)
        for label, t, n, hits in _counts(y_hat, y, threshold, classes, "class_scores")
    ]


def _counts(
    y_hat: Output, y: Targets, threshold: float | None, classes: Labels | None, who: str
) -> list[tuple[Any, int, int, int]]:
    """Return of each class its label, how many samples were taken for it, how many are of it, and how many both."""
    guesses, truths, labels = decisions(y_hat, y, threshold, classes, who)
    k = len(labels)
    taken, there, right = [0] * k, [0] * k, [0] * k
    for guess, truth in zip(guesses, truths):
        taken[guess] += 1
        there[truth] += 1
        right[truth] += guess == truth
    return list(zip(labels, taken, there, right))


def precision(y_hat: Output, y: Targets, *, threshold: float | None = None, classes: Labels | None = None) -> float:
    """Return the part of the samples taken for a class that are of it: 0 if none was taken for it.

    The class is the second of two; of more classes it is the mean over those that occur in y or among the guesses
    ("macro"). All arguments and errors are those of `accuracy`; `class_scores` has the numbers of each class.

    >>> precision([2.0, 1.0, -1.0, 3.0], [1, 0, 1, 1])
    0.6666666666666666
    """
    return _mean(y_hat, y, threshold, classes, "precision", lambda taken, there, right: _part(right, taken))


def recall(y_hat: Output, y: Targets, *, threshold: float | None = None, classes: Labels | None = None) -> float:
    """Return the part of the samples of a class that were taken for it; which class, as for `precision`.

    >>> recall([2.0, 1.0, -1.0, -3.0], [1, 0, 1, 1])
    0.3333333333333333
    """
    return _mean(y_hat, y, threshold, classes, "recall", lambda taken, there, right: _part(right, there))


def f1(y_hat: Output, y: Targets, *, threshold: float | None = None, classes: Labels | None = None) -> float:
    """Return the harmonic mean of precision and recall of a class; which class, as for `precision`.

    >>> f1([2.0, 1.0, -1.0, -3.0], [1, 0, 1, 1])
    0.4
    """
    return _mean(y_hat, y, threshold, classes, "f1", lambda taken, there, right: _part(2 * right, taken + there))


def _mean(
    y_hat: Output,
    y: Targets,
    threshold: float | None,
    classes: Labels | None,
    who: str,
    score: Callable[[int, int, int], float],
) -> float:
    counts = [found[1:] for found in _counts(y_hat, y, threshold, classes, who)]
    if len(counts) == 2:
        return score(*counts[1])
    found = [score(*count) for count in counts if any(count)]
    return sum(found) / len(found)


def balanced_accuracy(
    y_hat: Output, y: Targets, *, threshold: float | None = None, classes: Labels | None = None
) -> float:
    """Return the mean recall of the classes in y: 1 / k for a network that always says the same of k classes.

    All arguments and errors are those of `accuracy`.

    >>> balanced_accuracy([-1.0, -1.0, -2.0, -3.0], [0, 0, 0, 1])
    0.5
    """
    found = [c.recall for c in class_scores(y_hat, y, threshold=threshold, classes=classes) if c.samples]
    return sum(found) / len(found)


def auc(y_hat: Output, y: Targets) -> float:
    """Return how often a sample of the second class has a higher score than one of the first; equals count half.

    y_hat are n scores, (n,) or (n, 1), of two classes y, numbers 0 and 1, bool, or -1 and 1. Raises ValueError for
    other shapes, and if one class has no sample.

    >>> auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75
    """
    scores = checked_scores(y_hat, "auc")
    _, truths, _ = decisions(y_hat, y, 0.0, None, "auc") if columns(scores) == 1 else ([], [], [])
    if columns(scores) > 1 or len(set(truths)) < 2:
        raise ValueError("auc takes one score a sample, and samples of both classes")
    ranks: list[float] = ranks_of(y_hat).tolist() if type(y_hat).__name__ == "ndarray" else _ranks(scores)
    positive = sum(truths)
    above = sum(rank for rank, truth in zip(ranks, truths) if truth) - positive * (positive + 1) / 2
    return above / (positive * (len(truths) - positive))


def _ranks(scores: list[float]) -> list[float]:
    """Return the rank of each score from 1, of equal ones the mean of their places, as `lean.ranks_of` does."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    ranks, start = [0.0] * len(scores), 0
    while start < len(order):
        end = start
        while end < len(order) and scores[order[end]] == scores[order[start]]:
            end += 1
        for k in order[start:end]:
            ranks[k] = (start + end + 1) / 2
        start = end
    return ranks


def r2(y_hat: Output, y: Targets) -> float:
    """Return the part of the variance of y that y_hat explains: 1 if all are equal, 0 for the mean of y, or less.

    Both hold n numbers, (n,) or (n, 1). Raises ValueError for other shapes, and if all numbers in y are equal.

    >>> r2([1.0, 2.0, 4.0], [1.0, 2.0, 3.0])
    0.5
    """
    found, truths = pairs(y_hat, y, "r2")
    mean = sum(truths) / len(truths)
    total = sum((truth - mean) ** 2 for truth in truths)
    if not total:
        raise ValueError("r2 needs different numbers in y: there is nothing to explain")
    return 1 - float(sum((guess - truth) ** 2 for guess, truth in zip(found, truths)) / total)


def pairs(y_hat: Output, y: Targets, who: str) -> tuple[Numbers, Numbers]:
    """Return n numbers y_hat and n numbers y as two lists; `who` asks. Raises ValueError for other shapes."""
    (found, first), (truths, second) = listed(y_hat), listed(y)
    n = first[0] if first else 0
    if not n or first not in ((n,), (n, 1)) or second not in ((n,), (n, 1)):
        raise ValueError(f"{who} takes n numbers y_hat and n numbers y, (n,) or (n, 1); got {first} and {second}")
    flat = [[row[0] if isinstance(row, list) else row for row in part] for part in (found, truths)]
    return flat[0], flat[1]


def _part(number: int, of: int) -> float:
    return number / of if of else 0.0
