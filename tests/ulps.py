"""The package against the exact oracle: how many units in the last place its results and derivatives are away."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import exact
import numpy as np
from exact import (
    DERIVED,
    ELEMENTWISE,
    KEEP_THE_SHAPE,
    LARGEST,
    LOSSES,
    MATRICES,
    MOVES,
    PAIRS_OF_ROWS,
    PRODUCTS,
    ROWS,
    SMALLEST_NORMAL,
    Index,
    mp,
    pair,
    representable,
)

import autograd
import nn
from autograd import TABLE, Tensor, Value

NAMES = [name for name, made in TABLE.items() if made.forward.__module__.startswith("autograd.")]
LISTS = {"logsumexp": autograd.log_sum_exp, "softmax": autograd.softmax, "log_softmax": autograd.log_softmax}
"""Operations on arrays that have a form for lists of Values, too."""

# mpmath would turn a float into a number of its own at every comparison.
_SMALLEST_NORMAL = mp.mpf(SMALLEST_NORMAL)

_TERMS = "the sum of the absolute terms, where that is representable"
_EXPONENTS = "a term exp(a - max) counts 1 + max - a times, since half an ulp of a - max changes it by so many"
_MEAN = "the mean of the absolute terms, where each sample's loss is representable"
_CONDITION = (
    "the largest number of the result, times the condition number (the largest singular value over the smallest, or "
    "over the least distance of two, and of eigenvalues); derivative: times its square"
)
UNITS = {
    "divide": "derivative for b: at least 2⁻¹⁰²² / b, since a / b may underflow",
    "pow": "derivative for a: where a^(b - 1) is representable, at least 2⁻¹⁰²² b; where b - 1 is rounded, "
    "1 + (b - 1) log a times as much. Derivative for b: at least 2⁻¹⁰²² log a",
    "weighted_sum": _TERMS,
    "atan": "derivative: where a² overflows it is 0, which counts in units of 2⁻¹⁰²²",
    "atan2": "derivatives: at least 2⁻¹⁰²² over the distance from 0, where that is representable",
    "hypot": "derivatives: as of atan2",
    "logaddexp": "value: the larger of the two in size. Derivatives: a - b times as much, which is rounded",
    "erfcx": "derivative: the terms of 2 a erfcx(a) - 2 / sqrt(pi)",
    "sinc": "derivative: the terms of cos(pi a) - sinc(a)",
    "sinc_slope": "the terms of the recurrence, each of its own size",
    "erf_slope": "derivative: at least 2⁻¹⁰²² a",
    "sum": _TERMS,
    "mean": _TERMS,
    "centered": "the terms of a - mean",
    "var": "value: where the elements are equal or differ by a millionth of their size. Derivative: the terms of a - "
    "mean",
    "std": "as var",
    "prod": "where no product of some of the factors over- or underflows",
    "logsumexp": f"value: the largest and the rest. Derivative for the largest of a list: g. Both: {_EXPONENTS}",
    "softmax": f"derivative: the terms of y (g - sum(g y)); {_EXPONENTS}",
    "log_softmax": f"derivative: the terms of g - y sum(g); {_EXPONENTS}",
    "softmax_centered": f"the terms of g - sum(g y); {_EXPONENTS}",
    "log_softmax_back": f"the terms of g - y sum(g); {_EXPONENTS}",
    "cumsum": _TERMS,
    "matmul": _TERMS,
    "scatter": _TERMS,
    **dict.fromkeys(MATRICES, _CONDITION),
    "conv": _TERMS,
    "conv_input": _TERMS,
    "conv_weight": _TERMS,
    "overlap_add": _TERMS,
    "silu": "derivative: the terms of y + x y (1 - y). Both: at least 2⁻¹⁰²² x",
    "gelu": f"derivative: the terms of y + x y'; {_EXPONENTS}",
    "mse": _MEAN,
    "mae": _MEAN,
    "huber": _MEAN,
    "binary_cross_entropy": f"{_MEAN}. Derivative: at least 2⁻¹⁰²² / p",
    "binary_cross_entropy, from_logits": f"{_MEAN}. Derivative: the terms of y - t, which cancel",
    "hinge": _MEAN,
    "cross_entropy": f"{_MEAN}. Derivative: the terms of y - 1 or 1 - sum(y), which cancel; {_EXPONENTS}",
    "cross_entropy, one-hot": "as cross_entropy; value: the largest logit and the chosen ones, too",
}
"""What an error is counted in ulps of, if not of the result, or where; in `exact` the same stands as formulas."""


class Error(NamedTuple):
    """How far one number is off: of the value (`argument` None), or of the derivative for an argument."""

    of: type
    argument: int | None
    ulps: float
    plain: float
    """In ulps of the result, whatever unit is the fair one."""
    at: Any
    actual: float
    exact: Any


def ulps(actual: float, exact: Any, size: Any = 0) -> float:
    """Return how far `actual` is from `exact` in ulps of the larger of `exact` and `size`; inf for nan.

    An infinity counts as the 2¹⁰²⁴ that it stands for when a result is rounded: one ulp beyond the largest float.
    """
    if math.isnan(actual):
        return math.inf
    number = mp.ldexp(mp.sign(actual), 1024) if math.isinf(actual) else mp.mpf(actual)
    if number == exact:
        return 0.0
    _, exponent = mp.frexp(max(abs(exact), size, _SMALLEST_NORMAL))
    return float(mp.ldexp(abs(number - exact), 53 - int(exponent)))


def compare(of: type, argument: int | None, actual: float, expected: Any, at: Any) -> Iterator[Error]:
    result, size = pair(expected)
    if representable(result, size):
        off = ulps(actual, result, size)
        plain = ulps(actual, result) if off and isinstance(expected, tuple) else off
        yield Error(of, argument, off, plain, at, actual, result)


# ---- inputs ---------------------------------------------------------------------------------------------------------

_POSITIVE = [
    0.0, 5e-324, 1e-320, 1e-310, 2.2250738585072014e-308, 3e-308, 1e-300, 1e-200, 1e-160, 1e-17, 2.0**-53, 1e-8, 0.1,
    0.5, 0.7, math.nextafter(1, 0), 1.0, math.nextafter(1, 2), 1.5, math.nextafter(math.pi / 2, 0), math.pi / 2, 2.0,
    3.0, math.pi, 9.3, 19.06, 30.0, 36.7, 345.0, 709.78, 710.0, 745.1, 746.0, 1e5, 2.0**53, 1e16, 1e154, 1.4e154, 1e200,
    1e300, 1e308, LARGEST,
]  # fmt: skip
NASTY = [sign * x for x in _POSITIVE for sign in (1.0, -1.0)]
"""Zeros, subnormal and huge numbers, and those near where something overflows, underflows, cancels or bends."""

SETTINGS: dict[str, dict[str, Any]] = {"clip": {"min": -0.5, "max": 1.0}}
EVERYWHERE = (-math.inf, math.inf)


def domains(name: str) -> list[tuple[float, float]]:
    """Return the open interval of each argument of an elementwise primitive; `weighted_sum` gets two pairs."""
    if name == "divide":
        return [EVERYWHERE, EVERYWHERE]
    domain = TABLE[name].domain
    assert domain is not None, name
    arity = len(ELEMENTWISE[name]) - 1
    return [domain[min(k, len(domain) - 1)] for k in range(arity)]


def nasty(domain: tuple[float, float]) -> list[float]:
    """Return the nasty numbers in an open interval, and those next to its ends."""
    low, high = domain
    ends = [math.nextafter(low, high), math.nextafter(high, low)]
    return [x for x in dict.fromkeys([*NASTY, *ends]) if low < x < high]


# ---- what is compared -----------------------------------------------------------------------------------------------


def call(name: str, args: Sequence[Any], settings: dict[str, Any]) -> Any:
    function = getattr(autograd, name)
    return function(list(args), **settings) if TABLE[name].arity is None else function(*args, **settings)


def elementwise_errors(name: str, points: Sequence[tuple[float, ...]]) -> Iterator[Error]:
    """Compute an elementwise primitive at each point, of Values and of one Tensor, with a gradient of 1 sent back."""
    settings = SETTINGS.get(name, {})
    yield from _pointwise(lambda *args: call(name, args, settings), ELEMENTWISE[name], points)


def derived_errors(name: str, points: Sequence[tuple[float, ...]]) -> Iterator[Error]:
    """Do the same for a function of one number that is made from primitives."""
    yield from _pointwise(getattr(autograd, name), DERIVED[name], points)


def _pointwise(
    function: Callable[..., Any], formulas: Sequence[Callable[..., Any]], points: Sequence[tuple[float, ...]]
) -> Iterator[Error]:
    tensors = [Tensor(column) for column in zip(*points)]
    with np.errstate(all="ignore"):
        out = function(*tensors)
        autograd.sum(out).backward()
    of_tensor = [out.data.tolist(), *(tensor.grad.tolist() for tensor in tensors)]
    for k, point in enumerate(points):
        values = [Value(x) for x in point]
        result = function(*values)
        result.backward()
        of_value = [result.data, *(value.grad for value in values)]
        numbers = [mp.mpf(x) for x in point]
        for place, formula in enumerate(formulas):
            try:
                expected = formula(*numbers)
            except ZeroDivisionError:
                continue
            argument = place - 1 if place else None
            yield from compare(Value, argument, of_value[place], expected, point)
            yield from compare(Tensor, argument, of_tensor[place][k], expected, point)


def array_errors(
    name: str, arrays: Sequence[Any], settings: dict[str, Any], weights: Callable[[Index], Any]
) -> Iterator[Error]:
    """Compute an operation on arrays and pull `weights(shape)` back through it; on a list of Values, too, if it can."""
    tensors = [Tensor(a) for a in arrays]
    with np.errstate(all="ignore"):
        out = call(name, tensors, settings)
        w = weights(out.shape)
        autograd.sum(out * w if isinstance(out, Tensor) else out * float(w)).backward()
    outs, grads = expected_arrays(name, arrays, settings, w)
    at = (*(a.tolist() for a in arrays), *([settings] if settings else []))
    yield from _compare_all(Tensor, None, np.ravel(out.data), outs, at)
    for argument, (tensor, expected) in enumerate(zip(tensors, grads, strict=True)):
        yield from _compare_all(Tensor, argument, tensor.grad.ravel(), expected, at)
    if name in LISTS and arrays[0].ndim == 1 and not settings:
        values = [Value(x) for x in arrays[0].tolist()]
        result = LISTS[name](values)
        results = result if isinstance(result, list) else [result]
        sum(r * float(x) for r, x in zip(results, w.ravel(), strict=True)).backward()
        slopes = [pair(slope) for slope in grads[0]]
        if name == "logsumexp":
            # The largest gets what the others leave: g minus their parts.
            top = int(np.argmax(arrays[0]))
            slopes[top] = slopes[top][0], max(slopes[top][1], abs(w.item()))
        yield from _compare_all(Value, None, [r.data for r in results], outs, at)
        yield from _compare_all(Value, 0, [v.grad for v in values], slopes, at)


def matrix_errors(name: str, arrays: Sequence[Any], weights: Any) -> Iterator[Error]:
    """Compute a function of matrices that are far from singular, and pull weights back through it.

    The unit is the largest number of a result, times the condition number, and times that again for a derivative.
    """
    tensors = [Tensor(a) for a in arrays]
    out = call(name, tensors, {})
    w = weights(out.shape)
    autograd.sum(out * w).backward()
    args = [mp.matrix(a.tolist()) for a in arrays]
    results = MATRICES[name](*args)
    slopes = exact.matrix_slopes(MATRICES[name], args, [mp.mpf(float(x)) for x in np.ravel(w)])
    condition, at = spread_of(arrays[0]), tuple(a.round(3).tolist() for a in arrays)
    for argument, (found, expected) in enumerate([(out.data, results), *zip([t.grad for t in tensors], slopes)]):
        size = max(map(abs, expected)) * condition * (condition if argument else 1)
        yield from _compare_all(
            Tensor, argument - 1 if argument else None, np.ravel(found), [(x, size) for x in expected], at
        )


def spread_of(a: Any) -> float:
    """Return the largest singular value, or eigenvalue of the symmetric part, over the smallest and their distances."""
    values = np.linalg.svd(a)[1]
    apart = [values.min(), *abs(np.diff(values))]
    if a.shape[0] == a.shape[1]:
        apart += abs(np.diff(np.linalg.eigvalsh((a + a.T) / 2))).tolist()
    return float(values.max() / min(apart))


def _compare_all(of: type, argument: int | None, actual: Any, expected: Any, at: Any) -> Iterator[Error]:
    for number, result in zip(actual, expected, strict=True):
        yield from compare(of, argument, float(number), result, at)


def expected_arrays(name: str, arrays: Sequence[Any], settings: dict[str, Any], weights: Any) -> tuple[Any, list[Any]]:
    """Return the exact result of an operation on arrays, flat, and the gradients of its sum weighted with `weights`."""
    data = [{i: mp.mpf(float(a[i])) for i in np.ndindex(a.shape)} for a in arrays]
    shapes = [a.shape for a in arrays]
    g = [mp.mpf(float(w)) for w in np.ravel(weights)]
    if name in PAIRS_OF_ROWS:
        return _expected_pairs(PAIRS_OF_ROWS[name], data, exact.rows(shapes[0], settings.get("axis", -1)), g)
    if name in ROWS:
        forward, pull_back = ROWS[name]
        ddof = {key: setting for key, setting in settings.items() if key == "ddof"}
        outs, grads = {}, {}
        indices = list(np.ndindex(shapes[0]))
        for k, row in enumerate(exact.rows(shapes[0], settings.get("axis", KEEP_THE_SHAPE.get(name)))):
            numbers = [data[0][i] for i in row]
            same = name in KEEP_THE_SHAPE
            outs.update(zip(row, forward(numbers, **ddof)))
            back = pull_back(numbers, [g[indices.index(i)] for i in row] if same else [g[k]], **ddof)
            grads.update(zip(row, back, strict=True))
        # A reduction has put each result at the first element of its row, and rows come in order.
        return [outs[i] for i in indices if i in outs], [[grads[i] for i in indices]]
    shape, terms = {**MOVES, **PRODUCTS}[name](*shapes, **settings)
    weight = dict(zip(np.ndindex(shape), g, strict=True))
    summed: dict[Index, list[Any]] = {o: [] for o in weight}
    sent: list[dict[Index, list[Any]]] = [{i: [] for i in part} for part in data]
    for *factors, o in terms:
        summed[o].append(mp.fprod(data[part][i] for part, i in factors))
        for k, (part, i) in enumerate(factors):
            others = [data[p][j] for p, j in (*factors[:k], *factors[k + 1 :])]
            sent[part][i].append(mp.fprod([weight[o], *others]))
    return [exact.total_of(x) for x in summed.values()], [[exact.total_of(x) for x in part.values()] for part in sent]


def _expected_pairs(formulas: Any, data: Any, rows: Sequence[Any], weights: Sequence[Any]) -> tuple[Any, list[Any]]:
    """Return the same for an operation on two rows that returns a row."""
    indices = list(data[0])
    found: list[dict[Index, Any]] = [{}, {}, {}]
    for row in rows:
        first, second = ([part[i] for i in row] for part in data)
        h = [weights[indices.index(i)] for i in row]
        forward, *slopes = formulas
        for place, results in enumerate([forward(first, second), *(slope(h, first, second) for slope in slopes)]):
            found[place].update(zip(row, results, strict=True))
    outs, *grads = ([part[i] for i in indices] for part in found)
    return outs, grads


def loss_errors(name: str, predictions: Sequence[float], targets: Sequence[float]) -> Iterator[Error]:
    """Compute a loss of a batch, of a list of Values and of a Tensor."""
    function, *option = name.split(", ")
    settings = dict.fromkeys(option, True)
    losses = [LOSSES[name](mp.mpf(p), mp.mpf(t)) for p, t in zip(predictions, targets, strict=True)]
    expected = exact.averaged([(value, [slope]) for value, slope in losses])
    yield from _compare_loss(lambda p, t: getattr(nn, function)(p, t, **settings), predictions, targets, expected)


def cross_entropy_errors(logits: Sequence[Sequence[float]], targets: Sequence[Any]) -> Iterator[Error]:
    """Compute the cross-entropy of a batch of logits with class numbers or rows of probabilities."""
    rows = [
        exact.cross_entropy([mp.mpf(x) for x in row], y if isinstance(y, int) else [mp.mpf(p) for p in y])
        for row, y in zip(logits, targets, strict=True)
    ]
    yield from _compare_loss(nn.cross_entropy, logits, targets, exact.averaged(rows))


def _compare_loss(
    function: Callable[[Any, Any], Any], predictions: Sequence[Any], targets: Sequence[Any], expected: Any
) -> Iterator[Error]:
    at = (predictions, targets)
    value, slopes = expected
    tensor = Tensor(predictions)
    values = [[Value(x) for x in row] if isinstance(row, Sequence) else Value(row) for row in predictions]
    flat = [v for row in values for v in (row if isinstance(row, list) else [row])]
    for of, argument in ((Tensor, tensor), (Value, values)):
        with np.errstate(all="ignore"):
            J = function(argument, targets)
            J.backward()
        grads = tensor.grad.ravel().tolist() if of is Tensor else [v.grad for v in flat]
        yield from compare(of, None, J.item(), value, at)
        yield from _compare_all(of, 0, grads, slopes, at)
