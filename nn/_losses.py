"""Losses: the mean over a batch of how wrong each prediction is. Lists of Values and Tensors alike.

Each takes a `weight` for each sample: its loss is multiplied by it before the mean is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

import autograd
from autograd import (
    Node,
    Tensor,
    block,
    blocked,
    compiling,
    equal,
    log,
    log1p,
    log_softmax,
    log_sum_exp,
    logsumexp,
    mean,
    minimum,
    relu,
    reshape,
    softplus,
    square,
    validate,
    where,
)

ROUNDING = 1e-5
"""So far may the probabilities of a target, such as those of float32, be from the sum 1."""


@blocked
def mse(y_hat: Any, y: Any, *, weight: Any = None) -> Any:
    """Return the mean squared error, mean of (y_hat - y)^2.

    Predictions and targets have the same shape: one number, lists, or arrays. `weight` are n numbers from 0, by which
    the losses of the n samples are multiplied: with [2, 1] the first counts twice as much as the second. Raises
    ValueError, with both shapes, if they do not fit, and for a weight that is negative or not finite.

    >>> mse([30.0, 80.0, 85.0], [90.0, 20.0, 95.0])
    2433.3333333333335
    >>> mse([1.0, 2.0], [0.0, 0.0], weight=[1.5, 0.5])
    1.75
    """
    return _mean(lambda p, t: square(p - t), y_hat, y, weight, "mse")


@blocked
def mae(y_hat: Any, y: Any, *, weight: Any = None) -> Any:
    """Return the mean absolute error, mean of |y_hat - y|; shapes, `weight` and errors as for `mse`.

    >>> mae([1.0, 2.0], [2.0, 4.0])
    1.5
    """
    return _mean(lambda p, t: abs(p - t), y_hat, y, weight, "mae")


@blocked
def huber(y_hat: Any, y: Any, delta: float = 1.0, *, weight: Any = None) -> Any:
    """Return the Huber loss: squared, halved, up to an error of `delta`, linear beyond.

    Shapes, `weight` and errors as for `mse`.

    >>> huber([0.5, 3.0], [0.0, 0.0])
    1.3125
    """
    validate(_positive, delta)

    def one(p: Any, t: Any) -> Any:
        error = abs(p - t)
        near = minimum(error, delta)
        return near * (error - near / 2)

    return _mean(one, y_hat, y, weight, "huber")


@blocked
def binary_cross_entropy(y_hat: Any, y: Any, *, from_logits: bool = False, weight: Any = None) -> Any:
    """Return the binary cross-entropy, mean of -(y log y_hat + (1 - y) log(1 - y_hat)).

    y_hat are probabilities, or with `from_logits` the numbers z that a sigmoid would turn into them, which loses no
    digits; y are 0, 1 or between; shapes and `weight` as for `mse`. Raises ValueError for shapes that differ and for
    numbers outside [0, 1].

    >>> round(binary_cross_entropy([0.9, 0.2], [1, 0]), 4)
    0.1643
    >>> binary_cross_entropy([1000.0], [1], from_logits=True)
    0.0
    """
    validate(_between_0_and_1, y, "the targets y", "")
    if from_logits:
        # -log(y_hat) is softplus(-z), and -log(1 - y_hat) is softplus(z).
        return _mean(lambda z, t: t * softplus(-z) + (1 - t) * softplus(z), y_hat, y, weight, "binary_cross_entropy")
    validate(
        _between_0_and_1, y_hat, "the probabilities y_hat", "; for the output of a linear layer use from_logits=True"
    )

    def one(p: Any, t: Any) -> Any:
        # 0 * log(0) is 0 here: the logarithm is taken of 1 where its factor is 0.
        yes = t * log(where(t == 0, 1.0, p))
        no = (1 - t) * log1p(-where(t == 1, 0.0, p))
        return -(yes + no)

    return _mean(one, y_hat, y, weight, "binary_cross_entropy")


@blocked
def cross_entropy(logits: Any, y: Any, *, weight: Any = None) -> Any:
    """Return the cross-entropy of softmax(logits) with the classes y: mean of log-sum-exp(logits) - logits[y].

    `logits` of a batch are (n, k), of a sample (k,); y is n class numbers from 0 to k - 1 (or one), or probabilities
    of the shape of the logits (one-hot); `weight` as for `mse`. Raises ValueError, with both shapes, for others, and
    for a class that is none.

    >>> round(cross_entropy([Value(2.0), Value(0.0)], 0).data, 4)
    0.1269
    """
    shape, given = shape_of(logits), shape_of(y)
    if len(shape) not in (1, 2) or given not in (shape, shape[:-1]):
        raise ValueError(
            f"cross_entropy takes logits (n, k) and either n class numbers or one-hot rows (n, k); got logits {shape} "
            f"and y {given}"
        )
    one_hot = given == shape
    if not one_hot:
        validate(_classes, y, shape[-1])
    check_weight(weight, shape[:-1], "cross_entropy")
    if hasattr(logits, "dtype"):
        return mean(_weighted(_cross_entropies(logits, y, one_hot), weight))
    if len(shape) == 1:
        logits, y = [logits], [y]
    rows = [
        log_sum_exp(row) - reduce(add, (z * p for z, p in zip(row, target)))
        if one_hot
        else -_element(log_softmax(row), target)
        for row, target in zip(logits, _plain(y))
    ]
    return block(_average, rows, weight)


def _cross_entropies(logits: Any, y: Any, one_hot: bool) -> Any:
    """Return the cross-entropy of each row of an array or Tensor of logits."""
    import numpy

    y = y.data if isinstance(y, Tensor) and not compiling() else y
    if one_hot:
        return logsumexp(logits, axis=-1) - autograd.sum(logits * y, axis=-1)
    if isinstance(y, Node):
        # Which class it is differs from call to call of a compiled function.
        chosen = equal(reshape(y, shape=(*y.shape, 1)), numpy.arange(float(logits.shape[-1])))
        return -autograd.sum(where(chosen, log_softmax(logits), 0.0), axis=-1)
    if logits.ndim == 1:
        return -log_softmax(logits)[int(y)]
    return -log_softmax(logits)[numpy.arange(len(y)), numpy.asarray(y).astype(int, copy=False)]


def _element(row: list[Any], k: Any) -> Any:
    """Return the element with the number k, in a compiled function as well, where k differs from call to call."""
    if compiling() and isinstance(k, Node):
        return reduce(add, (where(equal(k, float(i)), item, 0.0) for i, item in enumerate(row)))
    return row[int(k)]


@blocked
def hinge(y_hat: Any, y: Any, *, weight: Any = None) -> Any:
    """Return the hinge loss, mean of max(0, 1 - y y_hat), for labels y of -1 and +1.

    Shapes and `weight` as for `mse`. Raises ValueError for shapes that differ and for other labels.

    >>> hinge([2.0, -0.5], [1, 1])
    0.75
    """
    validate(_signs, y)
    return _mean(lambda p, t: relu(1 - p * t), y_hat, y, weight, "hinge")


def l1(parameters: Any) -> Any:
    """Return the sum of |w| over all numbers of a module's parameters, or of a list of nodes, as a node.

    Added to a loss it draws weights to 0: `lambda y_hat, y: mse(y_hat, y) + 1e-3 * l1(model)`. Raises ValueError if
    there are none.

    >>> l1([Value(2.0), Tensor([-1.0, 3.0])]).item()
    6.0
    """
    return _penalty(autograd.abs, parameters)


def l2(parameters: Any) -> Any:
    """Return the sum of w^2 over all numbers of a module's parameters, or of a list of nodes, as a node.

    Added to a loss it keeps weights small. The biases are often left out:
    `l2([p for name, p in model.named_parameters() if not name.endswith("w0")])`. Raises ValueError if there are none.

    >>> l2([Value(2.0), Tensor([-1.0, 3.0])]).item()
    14.0
    """
    return _penalty(square, parameters)


@blocked
def _penalty(of: Callable[[Any], Any], parameters: Any) -> Any:
    nodes = parameters.parameters() if hasattr(parameters, "parameters") else list(parameters)
    if not nodes:
        raise ValueError("there are no parameters; give a module or a list of nodes")
    return reduce(add, (autograd.sum(of(node)) if node.shape else of(node) for node in nodes))


def shape_of(x: Any) -> tuple[int, ...]:
    """Return the shape of a number, a node, an array or nested lists of equal length; raise ValueError if ragged."""
    if not isinstance(x, (list, tuple)):
        shape: tuple[int, ...] = getattr(x, "shape", ())
        return shape
    inner = {shape_of(part) for part in x}
    if len(inner) > 1:
        raise ValueError(f"lists of different lengths: the shapes inside are {sorted(inner)}")
    return (len(x), *(inner.pop() if inner else ()))


def _mean(one: Callable[[Any, Any], Any], y_hat: Any, y: Any, weight: Any, name: str) -> Any:
    """Return the mean of `one(prediction, target)`, having checked that there is a target for each prediction."""
    shape, given = shape_of(y_hat), shape_of(y)
    if shape != given:
        raise ValueError(
            f"{name} needs a target for each prediction: y_hat has shape {shape}, y has {given}; reshape one of them"
        )
    if 0 in shape:
        raise ValueError(f"{name} of no predictions at all: the shape is {shape}")
    check_weight(weight, shape[:1], name)
    if hasattr(y_hat, "dtype"):
        return mean(_weighted(one(y_hat, Tensor(y).data if isinstance(y, (list, tuple)) else y), weight))
    return block(_average, [one(p, t) for p, t in zip(_flat(y_hat), _flat(_plain(y)))], weight)


def _weighted(losses: Any, weight: Any) -> Any:
    """Return an array or Tensor of losses, a row for each sample, times the weight of each."""
    if weight is None:
        return losses
    weight = Tensor(weight).data if isinstance(weight, (list, tuple)) else weight
    return losses * reshape(weight, shape=(*losses.shape[:1], *[1] * (losses.ndim - 1)))


def _average(losses: list[Any], weight: Any) -> Any:
    """Return the mean of losses, as many for each sample, times the weight of each."""
    if weight is not None:
        weights = _flat(_plain(weight))
        each = len(losses) // len(weights)
        losses = [loss * weights[k // each] for k, loss in enumerate(losses)]
    total = reduce(add, losses)
    if not compiling() and math.isinf(total.data if isinstance(total, Node) else total):
        # The sum may overflow where the mean does not.
        return reduce(add, [loss / len(losses) for loss in losses])
    return total / len(losses)


def _plain(y: Any) -> Any:
    """Return an array as nested lists, anything else as it is."""
    return y.tolist() if hasattr(y, "tolist") else y


def _flat(x: Any) -> list[Any]:
    if isinstance(x, (list, tuple)):
        return [part for row in x for part in _flat(row)]
    return [x]


def check_weight(weight: Any, shape: tuple[int, ...], name: str) -> None:
    """Raise ValueError if the weights are not one for each sample, or one is negative or not finite."""
    if weight is None:
        return
    if shape_of(weight) != shape:
        raise ValueError(f"{name} needs a weight for each sample, shape {shape}; got shape {shape_of(weight)}")
    validate(_weights, weight)


def _positive(delta: Any) -> None:
    if not delta > 0:
        raise ValueError(f"delta must be a positive number; got {delta!r}")


def _weights(weight: Any) -> None:
    """Raise ValueError for a weight that is negative or not finite."""
    if type(weight).__name__ == "ndarray" and (weight >= 0).all() and (weight < math.inf).all():
        return
    for number in _flat(_plain(weight.data if isinstance(weight, Node) else weight)):
        if not 0 <= number < math.inf:
            raise ValueError(f"a weight must be a finite number from 0; got {number!r}")


def _classes(y: Any, k: int) -> None:
    """Raise ValueError for a label that is no class number from 0 to k - 1."""
    y = y.data if isinstance(y, Node) else y
    if hasattr(y, "dtype") and y.dtype.kind in "iu" and y.min() >= 0 and y.max() < k:
        return
    for label in _flat(_plain(y)):
        if label not in range(k):
            raise ValueError(f"y must be class numbers from 0 to {k - 1}, one for each row of logits; got {label!r}")


def check_distributions(rows: Any, name: str) -> None:
    """Raise ValueError for a row of targets that are no probabilities: negative, or with another sum than 1."""
    rows = rows.data if isinstance(rows, Node) else rows
    if type(rows).__name__ == "ndarray" and (rows >= 0).all() and (abs(rows.sum(axis=-1) - 1) <= ROUNDING).all():
        return
    for row in _plain(rows):
        if not all(p >= 0 for p in row) or not abs(math.fsum(row) - 1) <= ROUNDING:
            shown = ", ".join(f"{p:g}" for p in row)
            raise ValueError(
                f"{name} takes rows of probabilities as targets, from 0 and with the sum 1; got [{shown:.80}]. Of "
                f"several labels a sample each is a score of its own: binary_cross_entropy, and its columns one by one"
            )


def _signs(y: Any) -> None:
    """Raise ValueError for a label that is not -1 or +1."""
    if type(y).__name__ == "ndarray" and y.dtype.kind in "if" and (y * y == 1).all():
        return
    for label in _flat(_plain(y.data if isinstance(y, Node) else y)):
        if label not in (-1, 1):
            raise ValueError(f"hinge needs labels -1 and +1; got {label}: turn labels 0 and 1 into 2 * y - 1")


def _between_0_and_1(numbers: Any, what: str, advice: str) -> None:
    for number in _flat(_plain(numbers.data if isinstance(numbers, Node) else numbers)):
        if not 0 <= number <= 1:
            shown = getattr(number, "data", number)
            raise ValueError(f"binary_cross_entropy needs {what} between 0 and 1; got {shown}{advice}")
