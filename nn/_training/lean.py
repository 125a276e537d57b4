"""What is computed of arrays without a closer look: lean twins of `decisions` in metrics.py and of the cross-entropy.

What needs a closer look, and each error, is left to the plain twins.
"""

from __future__ import annotations

import math

from autograd import Tensor, log_softmax, mean
from nn._core.types import Array, Cost, Output, Targets

from .targets import made_by


def mean_cost(logits: Output, y: Targets) -> Cost | None:
    """Return the cross-entropy of a Tensor of logits (n, k) with an array of n class numbers; None if it is not plain.

    >>> import numpy
    >>> from nn._training.lean import mean_cost
    >>> round(mean_cost(Tensor([[2.0, 0.0], [0.0, 1.0]]), numpy.array([0, 1])).item(), 4)
    0.2201
    """
    if type(logits) is not Tensor or type(y).__name__ != "ndarray" or y.dtype.kind not in "iu":
        return None
    shape = logits.shape
    if len(shape) != 2 or y.shape != shape[:1] or not shape[0] or shape[1] < 2 or made_by(logits, "softmax"):
        return None
    import numpy

    classes = y.astype(int, copy=False)
    # Without a sign, a number below 0 is a large one.
    if classes.view(numpy.uint64).max() >= shape[1]:
        return None
    return mean(-log_softmax(logits)[numpy.arange(shape[0]), classes])


def decided(y_hat: Output, y: Targets, threshold: float | None) -> tuple[Array, Array, int] | None:
    """Return the class numbers of n scores and of n labels, and how many classes there are; None if it is not plain.

    >>> import numpy
    >>> from nn._training.lean import decided
    >>> decided(numpy.array([2.0, -1.0]), numpy.array([1, 1]), 0.0)
    (array([1, 0]), array([1, 1]), 2)
    """
    scores = y_hat.data if isinstance(y_hat, Tensor) else y_hat
    if type(scores).__name__ != "ndarray" or type(y).__name__ != "ndarray" or scores.ndim not in (1, 2):
        return None
    n, single = len(scores), scores.shape[1:] in ((), (1,))
    k = 2 if single else scores.shape[1]
    if not n or not k or scores.dtype.kind != "f" or y.dtype.kind not in "biu" or y.shape not in ((n,), (n, 1)):
        return None
    truths = y.reshape(n).astype(int)
    if truths.min() < 0 or truths.max() >= k or (scores != scores).any():
        return None
    if not single:
        return (scores.argmax(axis=1), truths, k) if threshold is None else None
    guesses = _over(scores.reshape(n), truths, threshold)
    return None if guesses is None else (guesses, truths, 2)


def _over(scores: Array, truths: Array, threshold: float | None) -> Array | None:
    """Return which scores decide for the second class, as 0 and 1; None for an odd threshold, or a doubtful one."""
    if threshold is not None:
        fine = isinstance(threshold, (int, float)) and math.isfinite(threshold)
        return (scores > threshold).astype(int) if fine else None
    if ((scores >= 0) & (scores <= 1)).all():
        return (scores > 0.5).astype(int)
    right, rather = ((guesses == truths).mean() for guesses in (scores > 0, scores > 0.5))
    return (scores > 0).astype(int) if rather < 0.9 or rather == right else None


def ranks_of(scores: Array) -> Array:
    """Return the rank of each score from 1: of equal ones the mean of their places.

    >>> import numpy
    >>> from nn._training.lean import ranks_of
    >>> ranks_of(numpy.array([0.5, 0.1, 0.5]))
    array([2.5, 1. , 2.5])
    """
    import numpy

    _, places, counts = numpy.unique(scores.ravel(), return_inverse=True, return_counts=True)
    found: Array = (counts.cumsum() - (counts - 1) / 2)[places]
    return found
