"""Metrics, and the classes of scores and labels, which metrics and figures read."""

from __future__ import annotations

import math
import warnings
from itertools import chain
from typing import Any, NamedTuple

from autograd import Node
from autograd.files import brief
from nn._core.lists import mapped
from nn._core.rows import shape_of
from nn._core.types import Labels, Nested, Output, Targets

from .lean import decided
from .targets import check_distributions


class Decisions(NamedTuple):
    """The number of each sample's class by its scores, the number by its label, and the classes."""

    guesses: list[int]
    truths: list[int]
    classes: list[Any]


def accuracy(y_hat: Output, y: Targets, *, threshold: float | None = None, classes: Labels | None = None) -> float:
    """Return the part of the samples whose scores y_hat decide for the class of their label in y.

    k scores a sample, (n, k), decide for the class of the largest, the first of equals. One score, (n,) or (n, 1),
    decides for the second of two classes if it is above `threshold`. Without one that is 0.5 if every score lies in
    [0, 1], so that they are probabilities (a sigmoid), else 0, and 0 for labels -1 and +1; give `threshold=0` or 0.5
    where that may be wrong: for logits that all happen to lie in [0, 1], for the mean squared error of labels 0 and 1.

    y are n labels: numbers from 0 to k - 1, bool, -1 and +1 for one score, or names, which are sorted; `classes` are
    the k labels in another order. Or y are rows (n, k) of probabilities (one-hot), the largest of which is the label.
    Raises ValueError for shapes that do not fit, a score that is no number or nan, and a label that has no
    score.

    >>> accuracy([2.0, -1.0, 3.0, 0.5], [1, 0, 1, 0])
    0.75
    >>> accuracy([0.9, 0.2, 0.4], [True, False, True])
    0.6666666666666666
    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], ["dog", "cat"])
    1.0
    """
    guesses, truths, _ = decisions(y_hat, y, threshold, classes, "accuracy")
    return sum(guess == truth for guess, truth in zip(guesses, truths)) / len(truths)


def decisions(y_hat: Output, y: Targets, threshold: float | None, classes: Labels | None, who: str) -> Decisions:
    """Return the classes of n scores and of n labels, by the rules of `accuracy`; `who` asks.

    That of arrays is written twice: `lean.decided` does the same to all of them at once.
    """
    if classes is None and (found := decided(y_hat, y, threshold)) is not None:
        return Decisions(found[0].tolist(), found[1].tolist(), list(range(found[2])))
    scores, (labels, shape) = checked_scores(y_hat, who), listed(y)
    n, k = len(scores), columns(scores)
    if shape not in ((n,), (n, 1), (n, k)):
        swapped = f"; are they swapped? It is {who}(y_hat, y)" if k == 1 and len(shape) == 2 else ""
        raise ValueError(
            f"{who} takes scores y_hat, (n,) or (n, k), and n labels y or rows (n, k); got y_hat "
            f"{(n,) if k == 1 else (n, k)} and y {shape}{swapped}"
        )
    truths, names, signs = class_numbers(labels, k, classes, who)
    guesses = decide(scores, threshold_of(scores, signs, threshold, who))
    if threshold is None and k == 1 and not signs:
        _doubt(scores, guesses, truths, who)
    return Decisions(guesses, truths, names)


def _doubt(scores: list[Any], guesses: list[int], truths: list[int], who: str) -> None:
    """Warn if scores were read as logits, but seem to be learned as the numbers 0 and 1."""
    at_half = decide(scores, 0.5)
    right, rather = (sum(map(int.__eq__, found, truths)) / len(truths) for found in (guesses, at_half))
    if len(truths) >= 10 and rather >= 0.9 and rather - right >= 0.1 and len(set(at_half)) == 2:
        warnings.warn(
            f"{who} takes scores outside [0, 1] for logits, above 0 for the second class: {right:.0%} are right. Above "
            f"0.5 {rather:.0%} were: give threshold=0.5 if they learned the numbers 0 and 1, as by mse",
            stacklevel=4,
        )


def decide(scores: list[Any], threshold: float) -> list[int]:
    """Return the class number of each of checked scores: by the threshold, or the largest of a row."""
    if columns(scores) == 1:
        return [int(score > threshold) for score in scores]
    return [row.index(max(row)) for row in scores]


def columns(scores: list[Any]) -> int:
    """Return the number of scores of a sample."""
    return len(scores[0]) if isinstance(scores[0], list) else 1


def checked_scores(y_hat: Output, who: str) -> list[Any]:
    """Return scores as a list of n numbers, or of n lists of k; raise ValueError for anything else."""
    scores: list[Any]
    scores, shape = listed(y_hat)
    if len(shape) not in (1, 2) or 0 in shape:
        raise ValueError(f"{who} takes scores y_hat, (n,) or (n, k), of one sample at least; got shape {shape}")
    if shape[1:] == (1,):
        scores = [row[0] for row in scores]
    numbers: list[Any] = list(chain.from_iterable(scores)) if isinstance(scores[0], list) else scores
    wrong = [number for number in numbers if not isinstance(number, (int, float)) or number != number]
    if wrong:
        raise ValueError(
            f"{who} takes the scores that a network gives, y_hat, before the labels y; got the score "
            f"{brief(wrong[0], 40)}"
        )
    if numbers is scores and max(scores) > 1 and min(scores) >= 0 and all(type(number) is int for number in scores):
        raise ValueError(
            f"{who} takes the scores that a network gives, y_hat, before the labels y; whole numbers such as "
            f"{max(scores)} may be class numbers: give predict(model, X) itself, or nn.data.one_hot(y_hat)"
        )
    return scores


def threshold_of(scores: list[Any], signs: bool, threshold: float | None, who: str) -> float:
    """Return the threshold of the second class: the given one, or the one that the scores suggest."""
    if threshold is None:
        return 0.5 if columns(scores) == 1 and not signs and all(0 <= score <= 1 for score in scores) else 0.0
    if columns(scores) > 1 or not hasattr(threshold, "__float__") or not math.isfinite(threshold):
        raise ValueError(f"{who}: threshold is a finite number, for one score a sample; got {brief(threshold)}")
    return float(threshold)


def class_numbers(labels: list[Any], k: int, classes: Labels | None, who: str) -> tuple[list[int], list[Any], bool]:
    """Return the number of each label's class, the classes, and whether the labels are -1 and +1.

    `labels` are n of them, in rows of one, or rows of k probabilities; k are the scores of a sample.
    """
    if isinstance(labels[0], list) and len(labels[0]) == 1:
        labels = [row[0] for row in labels]
    single, k = k == 1, max(k, 2)
    named = None if classes is None else list(listed(classes)[0])
    if named is not None and len(set(named)) != k:
        raise ValueError(f"{who}: classes are the {k} labels that the scores tell apart; got {brief(classes, 80)}")
    if isinstance(labels[0], list):
        check_distributions(labels, who)
        return [row.index(max(row)) for row in labels], named or list(range(k)), False
    known: list[Any] = [-1, 1] if single and -1 in labels else list(range(k))
    texts = sum(isinstance(label, (str, bytes)) for label in labels)
    if texts == len(labels):
        known = sorted(set(labels)) if named is None else named
        if len(known) != k:
            raise ValueError(
                f"{who}: the scores tell {k} classes apart, the labels are {len(known)}: {brief(known, 80)}. Give "
                f"classes=[...], all {k} in the order of the scores"
            )
    elif named is not None and not any(isinstance(label, (str, bytes)) for label in named):
        known = named
    number = {label: k for k, label in enumerate(known)}
    unknown = [label for label in labels if label not in number]
    if unknown:
        wrong = unknown[0]
        swapped = f"; are they swapped? It is {who}(y_hat, y)" if isinstance(wrong, float) and wrong % 1 else ""
        raise ValueError(
            f"{who}: the scores tell the classes {brief(known, 80)} apart; y has {brief(wrong, 40)} as well{swapped}"
        )
    return [number[label] for label in labels], named or known, known == [-1, 1]


def listed(x: Nested) -> tuple[Any, tuple[int, ...]]:
    """Return nodes, arrays, tables and lists as lists of plain numbers and labels, and their shape."""
    x = x.data if isinstance(x, Node) else x
    x = x.to_numpy() if hasattr(x, "to_numpy") else x
    if getattr(getattr(x, "dtype", None), "kind", "O") != "O":
        return x.tolist(), tuple(x.shape)
    x = _plain(x)
    return x, shape_of(x)


def _plain(x: Nested) -> Nested:
    # Nodes in it may be arrays, and arrays hold nodes.
    x = raw(x)
    x = x.tolist() if hasattr(x, "tolist") else x
    return [_plain(part) for part in x] if isinstance(x, (list, tuple, range)) else x


def raw(x: Nested) -> Nested:
    """Return nodes, in lists or alone, as their raw data."""
    return mapped(lambda item: item.data if isinstance(item, Node) else item, x)
