"""The mean of a loss over a batch, each sample with its weight."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from itertools import cycle
from operator import add
from typing import Any

from autograd import Node, block, compiling, equal, mean, reshape, validate, where
from nn._core.lists import flat
from nn._core.rows import shape_of
from nn._core.types import Cost, Operand, Output, Targets, Weights

from .targets import as_array, check_weight, check_weights, elements, like, one_column, operand


def where_counted(factor: Operand, x: Operand, bad: float, good: float) -> Operand:
    """Return x, but `good` where its factor is 0 and x may be `bad`, as 0 * inf would be nan."""
    if isinstance(factor, Node):
        # Elsewhere the derivative for the factor, a target, is x also where it is 0.
        return where(equal(factor, 0.0) * equal(x, bad), good, x)
    if isinstance(factor, (int, float)):
        return x if factor else good
    return where(factor == 0, good, x)


def mean_of(
    one: Callable[..., Any], y_hat: Output, y: Targets, weight: Weights | None, name: str, *columns: Operand
) -> Cost:
    """Return the mean of `one(prediction, target)`; raise ValueError unless each prediction has a target.

    `columns` are further arguments of `one`: a number, or as many as the last axis is long.
    """
    y_hat, y, weight = operand(y_hat, name, "y_hat"), operand(y, name, "y"), weight_operand(weight, name)
    shape, given = shape_of(y_hat), shape_of(y)
    if shape != given and not one_column(shape, given):
        raise ValueError(
            f"{name} needs a target for each prediction: y_hat has shape {shape}, y has {given}; reshape one of them"
        )
    if 0 in shape:
        raise ValueError(f"{name} of no predictions at all: the shape is {shape}")
    check_weight(weight, shape[:1], name)
    if hasattr(y_hat, "dtype"):
        if not isinstance(y_hat, Node) and y_hat.dtype.kind in "biu":
            # Differences of whole numbers without a sign would start again at 255.
            y_hat = y_hat.astype(float)
        return mean(
            weighted(one(y_hat, like(y, y_hat, shape), *(as_array(column, y_hat) for column in columns)), weight)
        )
    rest = [cycle(flat(elements(column))) for column in columns]
    return block(average, [one(*given) for given in zip(flat(y_hat), flat(elements(y)), *rest)], weight)


def column_weights(weight: Weights, shape: tuple[int, ...], what: str, name: str) -> Operand:
    """Return weights of columns; raise ValueError unless there is one number, or one for each column."""
    weight = operand(weight, name, what)
    accepted = [shape[1:][-1:] or (1,)] if what == "class_weight" else [(), shape[1:][-1:] or (1,)]
    if shape_of(weight) not in accepted:
        raise ValueError(f"{name}: {what} has shape {' or '.join(map(str, accepted))} here; got {shape_of(weight)}")
    validate(check_weights, weight, f"{what} of {name}")
    return weight


def weight_operand(weight: Weights | None, name: str) -> Operand | None:
    return None if weight is None else operand(weight, name, "weight")


def weighted(losses: Operand, weight: Weights | None) -> Operand:
    """Return an array or Tensor of losses, a row for each sample, times the weight of each."""
    if weight is None:
        return losses
    return losses * reshape(as_array(weight, losses), shape=(*losses.shape[:1], *[1] * (losses.ndim - 1)))


def times_weight(losses: list[Any], weight: Weights | None) -> list[Any]:
    """Return a list of losses, equally many a sample, times the weights of the samples."""
    if weight is None:
        return losses
    weights = flat(elements(weight))
    each = len(losses) // len(weights)
    return [loss * weights[k // each] for k, loss in enumerate(losses)]


def average(losses: list[Any], weight: Weights | None) -> Cost:
    """Return the mean of losses, equally many a sample, times the weights of the samples."""
    losses, n = times_weight(losses, weight), len(losses)
    total = reduce(add, losses)
    # The sum may overflow where the mean does not.
    if compiling():
        return where(equal(abs(total), math.inf), reduce(add, [loss / n for loss in losses]), total / n)
    if math.isinf(total.data if isinstance(total, Node) else total):
        return reduce(add, [loss / n for loss in losses])
    return total / n
