"""The probabilities of classes by a network's scores, and their logarithms."""

from __future__ import annotations

from nn._core.types import Array, Cost, Numbers, Output, Targets, Weights

from .losses import binary_cross_entropy


def logistic(y_hat: Output, y: Targets, *, weight: Weights | None = None) -> Cost:
    """Return the binary cross-entropy of scores, one for each of two classes 0 and 1, or for each label.

    >>> from nn._training.probabilities import logistic
    >>> round(logistic([0.0], [1]), 3)
    0.693
    """
    return binary_cross_entropy(y_hat, y, from_logits=True, weight=weight)


def log_probabilities(scores: Numbers) -> Array:
    """Return the logarithm (n, k) of the probability of each class, by k scores a sample or one of two classes, (n,).

    It has its digits where the probability itself rounds to 0 or 1.

    >>> from nn._training.probabilities import log_probabilities
    >>> log_probabilities([-800.0])
    array([[  -0., -800.]])
    """
    import numpy

    z = numpy.asarray(scores)
    if z.ndim == 1:
        return numpy.stack([-numpy.logaddexp(0.0, z), -numpy.logaddexp(0.0, -z)], axis=1)
    z = z - z.max(axis=1, keepdims=True)
    found: Array = z - numpy.log(numpy.exp(z).sum(axis=1, keepdims=True))
    return found


def probabilities(scores: Numbers) -> Array:
    """Return the probability (n, k) of each class, by k scores a sample or one of two classes, (n,).

    >>> from nn._training.probabilities import probabilities
    >>> probabilities([0.0, 800.0])
    array([[0.5, 0.5],
           [0. , 1. ]])
    """
    import numpy

    z = numpy.asarray(scores)
    if z.ndim == 1:
        return numpy.exp(log_probabilities(z))
    e = numpy.exp(z - z.max(axis=1, keepdims=True))
    found: Array = e / e.sum(axis=1, keepdims=True)
    return found
