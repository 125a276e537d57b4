"""Losses: the mean over a batch of how wrong each prediction is. Lists of Values and Tensors alike.

Each takes a `weight` for each sample: its loss is multiplied by it before the mean is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from itertools import cycle
from operator import add
from typing import Any

import autograd
from autograd import (
    Node,
    block,
    blocked,
    compiling,
    equal,
    log,
    log1p,
    log_softmax,
    maximum,
    mean,
    minimum,
    not_equal,
    relu,
    reshape,
    softplus,
    square,
    validate,
    where,
)
from autograd.files import brief

from .targets import (
    as_array,
    check_classes,
    check_distributions,
    check_one_distribution,
    check_order,
    check_positive,
    check_probabilities,
    check_signs,
    check_unit,
    check_weight,
    check_weights,
    elements,
    flat,
    like,
    made_by,
    made_by_softmax,
    one_column,
    operand,
    shape_of,
)


@blocked
def mse(y_hat: Any, y: Any, *, weight: Any = None) -> Any:
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
    validate(check_positive, delta, "delta")

    def one(p: Any, t: Any) -> Any:
        error = p - t
        # Not of |error|: at 0, where that has a kink, the loss is smooth.
        near = maximum(minimum(error, delta), -delta)
        return near * (error - near / 2)

    return _mean(one, y_hat, y, weight, "huber")


def binary_cross_entropy(
    y_hat: Any, y: Any, *, from_logits: bool = False, weight: Any = None, pos_weight: Any = None
) -> Any:
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


def _binary_cross_entropy(y_hat: Any, y: Any, from_logits: bool, weight: Any, pos_weight: Any) -> Any:
    name = "binary_cross_entropy"
    y_hat, y = operand(y_hat, name, "y_hat"), operand(y, name, "y")
    validate(check_probabilities, y, "the targets y", "")
    more = [] if pos_weight is None else [_column_weights(pos_weight, shape_of(y_hat), "pos_weight", name)]
    if from_logits:
        return _mean(_logistic, y_hat, y, weight, name, *more)
    advice = "; for the output of a linear layer use from_logits=True"
    validate(check_probabilities, y_hat, "the probabilities y_hat", advice)

    def one(p: Any, t: Any, positive: Any = None) -> Any:
        yes = t * log(_where_counted(t, p, 0.0, 1.0))
        no = (1 - t) * log1p(-_where_counted(1 - t, p, 1.0, 0.0))
        return -((yes if positive is None else positive * yes) + no)

    return _mean(one, y_hat, y, weight, name, *more)


def _logistic(z: Any, t: Any, positive: Any = None) -> Any:
    """Return the binary cross-entropy of a logit: -log(y_hat) is softplus(-z), and -log(1 - y_hat) is softplus(z)."""
    yes = t * _where_counted(t, softplus(-z), math.inf, 0.0)
    return (yes if positive is None else positive * yes) + (1 - t) * _where_counted(1 - t, softplus(z), math.inf, 0.0)


def _where_counted(factor: Any, x: Any, bad: float, good: float) -> Any:
    """Return x, but `good` where its factor is 0 and x may be the number `bad`, with which 0 * inf would be nan."""
    if isinstance(factor, Node):
        # Elsewhere the derivative for the factor, a target, is x also where it is 0.
        return where(equal(factor, 0.0) * equal(x, bad), good, x)
    if isinstance(factor, (int, float)):
        return x if factor else good
    return where(factor == 0, good, x)


def cross_entropy(
    logits: Any,
    y: Any,
    *,
    weight: Any = None,
    class_weight: Any = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
) -> Any:
    """Return the cross-entropy of softmax(logits) with the classes y: mean of log-sum-exp(logits) - logits[y].

    `logits` of a batch are (n, k), of a sample (k,), with k of 2 at least; y is n class numbers from 0 to k - 1 (or
    one), or rows (n, k) of probabilities (one-hot). A logit of -inf masks its class. `weight` as for `mse`.

    The others are as in PyTorch. `class_weight` are k numbers from 0 (its `weight`): each sample's loss is multiplied
    by that of its class, and the sum divided by the sum of these; of rows, each class's term, and the sum by n.
    Samples of the class `ignore_index` do not count; if none does, the loss is 0. `label_smoothing` e takes
    (1 - e) y + e / k for the probabilities y. Raises ValueError, with both shapes, for others, for a class that is
    none, for rows that are no probabilities, for the output of a softmax, and for one output.

    >>> round(cross_entropy([Value(2.0), Value(0.0)], 0).data, 4)
    0.1269
    >>> round(cross_entropy([[2.0, 0.0], [0.0, 1.0]], [0, -100], ignore_index=-100), 4)
    0.1269
    """
    check_order(logits, y, "cross_entropy")
    if made_by_softmax(logits):
        raise ValueError(
            "cross_entropy takes the softmax itself, and these logits are the output of one already: leave that out, "
            "e.g. output='linear' in an MLP; for the probabilities, take softmax(model(X)) afterwards"
        )
    return block(_cross_entropy, logits, y, weight, class_weight, ignore_index, label_smoothing)


def _cross_entropy(logits: Any, y: Any, weight: Any, class_weight: Any, ignore_index: Any, label_smoothing: Any) -> Any:
    name = "cross_entropy"
    logits, y, weight = operand(logits, name, "logits"), operand(y, name, "y"), _weight_operand(weight, name)
    shape, given = shape_of(logits), shape_of(y)
    _check_logits(shape, given)
    rows, k = given == shape, shape[-1]
    validate(check_unit, label_smoothing, "label_smoothing")
    if ignore_index is not None and (rows or shape_of(ignore_index)):
        raise ValueError(f"ignore_index is one of the class numbers in y (n,); got {brief(ignore_index)} and y {given}")
    if not rows:
        validate(check_classes, y if ignore_index is None else [y, ignore_index], k, ignore_index is not None)
    else:
        validate(check_distributions if len(shape) == 2 else check_one_distribution, y, name)
    check_weight(weight, shape[:-1], name)
    if class_weight is not None:
        class_weight = _column_weights(class_weight, (1, k), "class_weight", name)
    # A node, in a function that is compiled, is not asked whether it is 0.
    smoothing = None if not isinstance(label_smoothing, Node) and label_smoothing == 0 else label_smoothing
    options = rows, class_weight, ignore_index, smoothing
    if not isinstance(logits, list):
        log_p = log_softmax(logits)
        costs, counts = _costs(log_p, _as_targets(y, log_p, shape, rows), *options, _pick, _dot)
        costs = _weighted(costs, weight)
        return mean(costs) if counts is None else autograd.sum(costs) / _unless_0(autograd.sum(counts))
    if len(shape) == 1:
        logits, y = [logits], [y]
    targets = elements(y) if rows else flat(elements(y))
    pairs = [_costs(log_softmax(row), t, *options, _element, _dot_of_lists) for row, t in zip(logits, targets)]
    costs = [cost for cost, _ in pairs]
    if pairs[0][1] is None:
        return block(_average, costs, weight)
    return reduce(add, _times_weight(costs, weight)) / _unless_0(reduce(add, (count for _, count in pairs)))


def _check_logits(shape: tuple[int, ...], given: tuple[int, ...]) -> None:
    """Raise ValueError for shapes that do not fit, and for one output."""
    if shape[-1:] == (1,) or (len(shape) == 1 and one_column(shape, given)):
        raise ValueError(
            f"cross_entropy compares the logits of two classes at least; got one output, shape {shape}: its loss is "
            f"binary_cross_entropy(y_hat, y, from_logits=True)"
        )
    column = len(shape) == 2 and one_column(shape[:1], given)
    if len(shape) not in (1, 2) or not (column or given in (shape, shape[:-1])) or 0 in shape:
        raise ValueError(
            f"cross_entropy takes logits (n, k) and either n class numbers or one-hot rows (n, k); got logits {shape} "
            f"and y {given}"
        )


def _as_targets(y: Any, log_p: Any, shape: tuple[int, ...], rows: bool) -> Any:
    """Return rows of probabilities as an array or Tensor, class numbers as whole ones, if they can be read."""
    import numpy

    if rows:
        return as_array(y, log_p)
    y = like(y, None, shape[:-1])
    if isinstance(y, Node):
        if compiling():
            return y
        y = y.data
    return numpy.asarray(y).astype(int, copy=False)


Pick = Callable[[Any, Any], Any]


def _costs(
    log_p: Any, y: Any, rows: bool, class_weight: Any, ignore: Any, smoothing: Any, pick: Pick, dot: Pick
) -> tuple[Any, Any]:
    """Return the cross-entropy of a sample, or of each in an array, and for how much it counts (None: 1).

    `pick(x, y)` is the number of class y in x, and `dot(log_p, y)` minus the sum of their products.
    """
    kept = None if ignore is None else not_equal(y, ignore)
    y = y if kept is None else where(kept, y, 0)
    count = kept
    if rows:
        cost = dot(log_p, y) if class_weight is None else dot(log_p, _product(y, class_weight))
    else:
        cost = -pick(log_p, y)
        if class_weight is not None:
            own = pick(class_weight if isinstance(log_p, list) else as_array(class_weight, log_p), y)
            cost = own * _where_counted(own, cost, math.inf, 0.0)
            count = own if kept is None else where(kept, own, 0.0)
    if smoothing is not None:
        k = shape_of(log_p)[-1]
        others = [1.0] * k if class_weight is None else class_weight
        cost = (1 - smoothing) * cost + smoothing / k * dot(log_p, others)
    return cost if kept is None else where(kept, cost, 0.0), count


def _product(a: Any, b: Any) -> Any:
    return [x * y for x, y in zip(a, flat(elements(b)))] if isinstance(a, list) else a * as_array(b, a)


def _pick(x: Any, y: Any) -> Any:
    """Return the elements with the numbers y (n,) or () of x, (n, k) or (k,)."""
    import numpy

    if isinstance(y, Node):
        # Which class it is differs from call to call of a compiled function.
        chosen = equal(reshape(y, shape=(*y.shape, 1)), numpy.arange(float(x.shape[-1])))
        return autograd.sum(where(chosen, x, 0.0), axis=-1)
    y = numpy.asarray(y).astype(int, copy=False)
    return x[y if x.ndim == 1 else (numpy.arange(len(y)), y)]


def _dot(log_p: Any, y: Any) -> Any:
    y = as_array(y, log_p)
    return -autograd.sum(y * _where_counted(y, log_p, -math.inf, 0.0), axis=-1)


def _element(x: Any, k: Any) -> Any:
    """Return the element with the number k, in a compiled function as well, where k differs from call to call."""
    x = flat(elements(x))
    if isinstance(k, Node) and compiling():
        return reduce(add, (where(equal(k, float(i)), item, 0.0) for i, item in enumerate(x)))
    return x[int(k.data if isinstance(k, Node) else k)]


def _dot_of_lists(log_p: Any, y: Any) -> Any:
    terms = [
        t * _where_counted(t, z, -math.inf, 0.0) for t, z in zip(flat(elements(y)), log_p) if isinstance(t, Node) or t
    ]
    return -reduce(add, terms) if terms else 0.0


def _unless_0(total: Any) -> Any:
    """Return by how much a sum is divided: of nothing it is 0 and stays so."""
    return where(equal(total, 0.0), 1.0, total)


@blocked
def hinge(y_hat: Any, y: Any, *, weight: Any = None) -> Any:
    """Return the hinge loss, mean of max(0, 1 - y y_hat), for labels y of -1 and +1.

    Shapes and `weight` as for `mse`. Raises ValueError for shapes that differ and for other labels.

    >>> hinge([2.0, -0.5], [1, 1])
    0.75
    """
    y = operand(y, "hinge", "y")
    validate(check_signs, y)
    return _mean(lambda p, t: relu(1 - p * t), y_hat, y, weight, "hinge")


def _mean(one: Callable[..., Any], y_hat: Any, y: Any, weight: Any, name: str, *columns: Any) -> Any:
    """Return the mean of `one(prediction, target)`, having checked that there is a target for each prediction.

    `columns` are further arguments of `one`: a number, or as many as the last axis is long.
    """
    y_hat, y, weight = operand(y_hat, name, "y_hat"), operand(y, name, "y"), _weight_operand(weight, name)
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
            _weighted(one(y_hat, like(y, y_hat, shape), *(as_array(column, y_hat) for column in columns)), weight)
        )
    rest = [cycle(flat(elements(column))) for column in columns]
    return block(_average, [one(*given) for given in zip(flat(y_hat), flat(elements(y)), *rest)], weight)


def _column_weights(weight: Any, shape: tuple[int, ...], what: str, name: str) -> Any:
    """Return weights of the columns of a shape, having checked that there is one number, or one for each."""
    weight = operand(weight, name, what)
    accepted = [shape[1:][-1:] or (1,)] if what == "class_weight" else [(), shape[1:][-1:] or (1,)]
    if shape_of(weight) not in accepted:
        raise ValueError(f"{name}: {what} has shape {' or '.join(map(str, accepted))} here; got {shape_of(weight)}")
    validate(check_weights, weight, f"{what} of {name}")
    return weight


def _weight_operand(weight: Any, name: str) -> Any:
    return None if weight is None else operand(weight, name, "weight")


def _weighted(losses: Any, weight: Any) -> Any:
    """Return an array or Tensor of losses, a row for each sample, times the weight of each."""
    if weight is None:
        return losses
    return losses * reshape(as_array(weight, losses), shape=(*losses.shape[:1], *[1] * (losses.ndim - 1)))


def _times_weight(losses: list[Any], weight: Any) -> list[Any]:
    """Return a list of losses, as many for each sample, times the weight of each."""
    if weight is None:
        return losses
    weights = flat(elements(weight))
    each = len(losses) // len(weights)
    return [loss * weights[k // each] for k, loss in enumerate(losses)]


def _average(losses: list[Any], weight: Any) -> Any:
    """Return the mean of losses, as many for each sample, times the weight of each."""
    losses, n = _times_weight(losses, weight), len(losses)
    total = reduce(add, losses)
    # The sum may overflow where the mean does not.
    if compiling():
        return where(equal(abs(total), math.inf), reduce(add, [loss / n for loss in losses]), total / n)
    if math.isinf(total.data if isinstance(total, Node) else total):
        return reduce(add, [loss / n for loss in losses])
    return total / n
