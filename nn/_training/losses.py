"""Losses: the mean over a batch of how wrong each prediction is. Lists of Values and Tensors alike.

Each takes a `weight` for each sample: its loss is multiplied by it before the mean is taken.
"""

from __future__ import annotations

import math

from autograd import block, blocked, log, log1p, maximum, minimum, relu, softplus, square, validate
from nn._core.rows import shape_of
from nn._core.types import Cost, Operand, Output, Targets, Weights

from .mean import column_weights, mean_of, where_counted
from .targets import check_order, check_positive, check_probabilities, check_signs, made_by, operand


@blocked
def mse(y_hat: Output, y: Targets, *, weight: Weights | None = None) -> Cost:
    """Return the mean squared error, mean of (y_hat - y)^2.

    Predictions and targets have the same shape: one number, lists, or arrays; a column (n, 1) are n numbers like (n,).
    `weight` are n numbers from 0, by which the losses of the n samples are multiplied: with [2, 1] the first counts
    twice as much as the second. Raises ValueError, with both shapes, if they do not fit, and for a weight that is
    negative or not finite; TypeError for text.

    >>> mse([30.0, 80.0, 85.0], [90.0, 20.0, 95.0])
    2433.3333333333335
    >>> mse([1.0, 2.0], [0.0, 0.0], weight=[1.5, 0.5])
    1.75
    """
    return mean_of(lambda p, t: square(p - t), y_hat, y, weight, "mse")


@blocked
def mae(y_hat: Output, y: Targets, *, weight: Weights | None = None) -> Cost:
    """Return the mean absolute error, mean of |y_hat - y|; shapes, `weight` and errors as for `mse`.

    >>> mae([1.0, 2.0], [2.0, 4.0])
    1.5
    """
    return mean_of(lambda p, t: abs(p - t), y_hat, y, weight, "mae")


@blocked
def huber(y_hat: Output, y: Targets, delta: float = 1.0, *, weight: Weights | None = None) -> Cost:
    """Return the Huber loss: squared, halved, up to an error of `delta`, linear beyond.

    Shapes, `weight` and errors as for `mse`.

    >>> huber([0.5, 3.0], [0.0, 0.0])
    1.3125
    """
    validate(check_positive, delta, "delta")

    def one(p: Operand, t: Operand) -> Operand:
        error = p - t
        # Not of |error|: at 0, where that has a kink, the loss is smooth.
        near = maximum(minimum(error, delta), -delta)
        return near * (error - near / 2)

    return mean_of(one, y_hat, y, weight, "huber")


def binary_cross_entropy(
    y_hat: Output,
    y: Targets,
    *,
    from_logits: bool = False,
    weight: Weights | None = None,
    pos_weight: Weights | float | None = None,
) -> Cost:
    """Return the binary cross-entropy, mean of -(y log y_hat + (1 - y) log(1 - y_hat)).

    y_hat are probabilities, or with `from_logits` the numbers z that a sigmoid would turn into them, which loses no
    digits; y are 0, 1 or between; shapes and `weight` as for `mse`. `pos_weight`, a number or one for each column,
    multiplies the first term: 3 makes a sample of class 1 count like three. Raises ValueError for shapes that differ,
    for numbers outside [0, 1], and for the output of a sigmoid as logits.

    >>> round(binary_cross_entropy([0.9, 0.2], [1, 0]), 4)
    0.1643
    >>> binary_cross_entropy([1000.0], [1], from_logits=True)
    0.0
    """
    check_order(y_hat, y, "binary_cross_entropy")
    if from_logits and made_by(y_hat, "sigmoid"):
        raise ValueError(
            "binary_cross_entropy with from_logits=True takes the sigmoid itself, and y_hat is the output of one "
            "already: leave out from_logits=True, or the sigmoid (which keeps more digits)"
        )
    return block(_binary_cross_entropy, y_hat, y, from_logits, weight, pos_weight)


def _binary_cross_entropy(
    y_hat: Output, y: Targets, from_logits: bool, weight: Weights | None, pos_weight: Weights | float | None
) -> Cost:
    name = "binary_cross_entropy"
    y_hat, y = operand(y_hat, name, "y_hat"), operand(y, name, "y")
    validate(check_probabilities, y, "the targets y", "")
    more = [] if pos_weight is None else [column_weights(pos_weight, shape_of(y_hat), "pos_weight", name)]
    if from_logits:
        return mean_of(_logistic, y_hat, y, weight, name, *more)
    advice = "; for the output of a linear layer use from_logits=True"
    validate(check_probabilities, y_hat, "the probabilities y_hat", advice)

    def one(p: Operand, t: Operand, positive: Operand | None = None) -> Operand:
        yes = t * log(where_counted(t, p, 0.0, 1.0))
        no = (1 - t) * log1p(-where_counted(1 - t, p, 1.0, 0.0))
        return -((yes if positive is None else positive * yes) + no)

    return mean_of(one, y_hat, y, weight, name, *more)


def _logistic(z: Operand, t: Operand, positive: Operand | None = None) -> Operand:
    """Return the binary cross-entropy of a logit z: -log(y_hat) is softplus(-z)."""
    yes = t * where_counted(t, softplus(-z), math.inf, 0.0)
    return (yes if positive is None else positive * yes) + (1 - t) * where_counted(1 - t, softplus(z), math.inf, 0.0)


@blocked
def hinge(y_hat: Output, y: Targets, *, weight: Weights | None = None) -> Cost:
    """Return the hinge loss, mean of max(0, 1 - y y_hat), for labels y of -1 and +1.

    Shapes and `weight` as for `mse`. Raises ValueError for shapes that differ and for other labels.

    >>> hinge([2.0, -0.5], [1, 1])
    0.75
    """
    y = operand(y, "hinge", "y")
    validate(check_signs, y)
    return mean_of(lambda p, t: relu(1 - p * t), y_hat, y, weight, "hinge")
