"""Cross-entropy: softmax and the logarithm in one, for classes as numbers or as distributions."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from operator import add

import autograd
from autograd import Node, block, compiling, equal, log_softmax, mean, not_equal, reshape, validate, where
from autograd.files import brief
from nn._core.lists import flat
from nn._core.rows import shape_of
from nn._core.types import Cost, Operand, Output, Targets, Weights

from .lean import mean_cost
from .mean import average, column_weights, times_weight, weight_operand, weighted, where_counted
from .targets import (
    as_array,
    check_classes,
    check_distributions,
    check_one_distribution,
    check_order,
    check_unit,
    check_weight,
    elements,
    like,
    made_by_softmax,
    one_column,
    operand,
)


def cross_entropy(
    logits: Output,
    y: Targets,
    *,
    weight: Weights | None = None,
    class_weight: Weights | None = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
) -> Cost:
    """Return the cross-entropy of softmax(logits) with y: mean of log-sum-exp(logits) - logits[y].

    `logits` of a batch are (n, k), of a sample (k,), with k of 2 at least; y is n class numbers from 0 to k - 1 (or
    one), or rows (n, k) of probabilities (one-hot). A logit of -inf masks its class. `weight` as for `mse`.

    The others are as in PyTorch. `class_weight` are k numbers from 0 (its `weight`): each sample's loss is multiplied
    by that of its class, and the sum divided by the sum of these; of rows, each class's term, and the sum by n.
    Samples of the class `ignore_index` do not count; if none does, the loss is 0. `label_smoothing` e takes
    (1 - e) y + e / k for the probabilities y. Raises ValueError, with both shapes, for other shapes, for a class out of
    range, for rows that are no probabilities, for the output of a softmax, and for one output.

    >>> round(cross_entropy([Value(2.0), Value(0.0)], 0).data, 4)
    0.1269
    >>> round(cross_entropy([[2.0, 0.0], [0.0, 1.0]], [0, -100], ignore_index=-100), 4)
    0.1269
    """
    if weight is class_weight is ignore_index is None and type(label_smoothing) is float and label_smoothing == 0.0:
        cost = mean_cost(logits, y)
        if cost is not None:
            return cost
    check_order(logits, y, "cross_entropy")
    if made_by_softmax(logits):
        raise ValueError(
            "cross_entropy takes the softmax itself, and these logits are the output of one already: leave that out, "
            "e.g. output='linear' in an MLP; for the probabilities, take softmax(model(X)) afterwards"
        )
    return block(_cross_entropy, logits, y, weight, class_weight, ignore_index, label_smoothing)


def _cross_entropy(
    logits: Output,
    y: Targets,
    weight: Weights | None,
    class_weight: Weights | None,
    ignore_index: Operand | None,
    label_smoothing: Operand,
) -> Cost:
    name = "cross_entropy"
    logits, y, weight = operand(logits, name, "logits"), operand(y, name, "y"), weight_operand(weight, name)
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
        class_weight = column_weights(class_weight, (1, k), "class_weight", name)
    # A node, in a function that is compiled, is not asked whether it is 0.
    smoothing = None if not isinstance(label_smoothing, Node) and label_smoothing == 0 else label_smoothing
    options = rows, class_weight, ignore_index, smoothing
    if not isinstance(logits, list):
        log_p = log_softmax(logits)
        costs, counts = _costs(log_p, _as_targets(y, log_p, shape, rows), *options, _pick, _dot)
        costs = weighted(costs, weight)
        return mean(costs) if counts is None else autograd.sum(costs) / _unless_0(autograd.sum(counts))
    if len(shape) == 1:
        logits, y = [logits], [y]
    targets = elements(y) if rows else flat(elements(y))
    pairs = [_costs(log_softmax(row), t, *options, _element, _dot_of_lists) for row, t in zip(logits, targets)]
    costs = [cost for cost, _ in pairs]
    if pairs[0][1] is None:
        return block(average, costs, weight)
    return reduce(add, times_weight(costs, weight)) / _unless_0(reduce(add, (count for _, count in pairs)))


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


def _as_targets(y: Operand, log_p: Operand, shape: tuple[int, ...], rows: bool) -> Operand:
    """Return rows of probabilities as an array or Tensor, class numbers as whole numbers if possible."""
    import numpy

    if rows:
        return as_array(y, log_p)
    y = like(y, None, shape[:-1])
    if isinstance(y, Node):
        if compiling():
            return y
        y = y.data
    return numpy.asarray(y).astype(int, copy=False)


Pick = Callable[[Operand, Operand], Operand]


def _costs(
    log_p: Operand,
    y: Operand,
    rows: bool,
    class_weight: Weights | None,
    ignore: Operand | None,
    smoothing: Operand | None,
    pick: Pick,
    dot: Pick,
) -> tuple[Operand, Operand | None]:
    """Return the cross-entropy of a sample, or of each in an array, and its weight (None: 1).

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
            cost = own * where_counted(own, cost, math.inf, 0.0)
            count = own if kept is None else where(kept, own, 0.0)
    if smoothing is not None:
        k = shape_of(log_p)[-1]
        others = [1.0] * k if class_weight is None else class_weight
        cost = (1 - smoothing) * cost + smoothing / k * dot(log_p, others)
    return cost if kept is None else where(kept, cost, 0.0), count


def _product(a: Operand, b: Operand) -> Operand:
    return [x * y for x, y in zip(a, flat(elements(b)))] if isinstance(a, list) else a * as_array(b, a)


def _pick(x: Operand, y: Operand) -> Operand:
    """Return the elements with the numbers y (n,) or () of x, (n, k) or (k,)."""
    import numpy

    if isinstance(y, Node):
        # Which class it is differs from call to call of a compiled function.
        chosen = equal(reshape(y, shape=(*y.shape, 1)), numpy.arange(float(x.shape[-1])))
        return autograd.sum(where(chosen, x, 0.0), axis=-1)
    y = numpy.asarray(y).astype(int, copy=False)
    return x[y if x.ndim == 1 else (numpy.arange(len(y)), y)]


def _dot(log_p: Operand, y: Operand) -> Operand:
    y = as_array(y, log_p)
    return -autograd.sum(y * where_counted(y, log_p, -math.inf, 0.0), axis=-1)


def _element(x: Operand, k: Operand) -> Operand:
    """Return the element with the number k, which may be a node in a compiled function."""
    x = flat(elements(x))
    if isinstance(k, Node) and compiling():
        return reduce(add, (where(equal(k, float(i)), item, 0.0) for i, item in enumerate(x)))
    return x[int(k.data if isinstance(k, Node) else k)]


def _dot_of_lists(log_p: Operand, y: Operand) -> Operand:
    terms = [
        t * where_counted(t, z, -math.inf, 0.0) for t, z in zip(flat(elements(y)), log_p) if isinstance(t, Node) or t
    ]
    return -reduce(add, terms) if terms else 0.0


def _unless_0(total: Operand) -> Operand:
    """Return `total` as a divisor: 1 in place of 0, so that a sum of nothing stays 0."""
    return where(equal(total, 0.0), 1.0, total)
