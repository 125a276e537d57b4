"""The table of primitives: sums, means, extremes and soft maxima along axes. Rows read as in `elementwise`."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from autograd._core.data import numpy_module, shape
from autograd._core.declare import primitive
from autograd._core.primitive import REAL, Operation
from autograd._core.types import Array, Axis, Namespace, Operand, Raw

from .elementwise import exp, log, where
from .examples import ALL, BESIDE, BOTH, LAST, PAIR, ROWS
from .manipulation import broadcast_to, concat, flip, getitem, like, permute_dims, reshape

__all__ = ["centered", "cumsum", "logsumexp", "mean", "norm", "prod", "std", "var"]


def restore(y: Operand, x: Operand, axis: Axis, keepdims: bool) -> Any:
    """Give a reduced `y` back the axes of length 1 that it lost, so that it broadcasts against `x`."""
    if keepdims or axis is None:
        return y
    lengths = list(shape(x))
    if not lengths:
        # NumPy reduces a number over axis 0 as well.
        return y
    for k in axis if isinstance(axis, tuple) else (axis,):
        lengths[k] = 1
    return y.reshape(tuple(lengths))


def count(x: Operand, axis: Axis) -> int:
    """Return how many elements each result of a reduction of `x` over `axis` is made from; AxisError as in NumPy."""
    lengths = shape(x)
    if axis is None:
        return math.prod(lengths)
    total = 1
    for k in axis if isinstance(axis, tuple) else (axis,):
        try:
            total *= lengths[k]
        except IndexError:
            raise numpy_module().exceptions.AxisError(k, len(lengths)) from None
    return total


def spread_evenly(g: Operand, out: Operand, a: Operand, axis: Axis = None, keepdims: bool = False) -> Any:
    """Send `g` to the largest (or smallest) elements; equal ones share it equally."""
    chosen = a == restore(out, a, axis, keepdims)
    return where(chosen, restore(g, a, axis, keepdims) / sum_(chosen, axis=axis, keepdims=True), 0.0)


def average(xp: Namespace, a: Raw, axis: Axis, keepdims: bool) -> Any:
    a = xp.asarray(a)
    n = a.size if axis is None else count(a, axis)
    if n == 0:
        return xp.full_like(xp.sum(a, axis=axis, keepdims=keepdims), math.nan)
    out = a.sum(axis=axis, keepdims=keepdims) / n
    # The sum may overflow where the mean does not.
    return out if xp.isfinite(out).all() else xp.sum(a / n, axis=axis, keepdims=keepdims)


def deviations(xp: Namespace, a: Raw, axis: Axis) -> Any:
    """Return `a` minus its mean over `axis`, exactly 0 where all elements are equal."""
    lengths = shape(a)
    axes = range(len(lengths)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    first = tuple(slice(1) if k in {axis % len(lengths) for axis in axes} else slice(None) for k in range(len(lengths)))
    # Times 1.0: whole numbers without a sign would wrap around.
    lower = a - 1.0 * xp.asarray(a)[first]
    return lower - (lower / count(a, axis)).sum(axis=axis, keepdims=True)


def length(xp: Namespace, a: Raw, axis: Axis, keepdims: bool) -> Any:
    """Return the root of the sum of squares of numbers scaled near 1, so that none over- or underflows."""
    largest = xp.max(xp.abs(a), axis=axis, keepdims=True, initial=0.0)
    largest = xp.where((largest > 0) & (largest < math.inf), largest, 1.0)
    # A power of two, by which nothing is rounded.
    scale = largest / (2 * xp.frexp(largest)[0])
    scaled = a / scale
    root = xp.sqrt((scaled * scaled).sum(axis=axis, keepdims=True)) * scale
    return root if keepdims else root.squeeze(axis)


def spread(xp: Namespace, a: Raw, axis: Axis, keepdims: bool, ddof: float) -> Any:
    """Return the standard deviation."""
    n = max(count(a, axis) - ddof, 0)
    return xp.divide(length(xp, deviations(xp, a, axis), axis, keepdims), math.sqrt(n))


def mean_square(xp: Namespace, a: Raw, axis: Axis, keepdims: bool, ddof: float) -> Any:
    """Return the variance."""
    squares = xp.square(deviations(xp, a, axis))
    return xp.divide(xp.sum(squares, axis=axis, keepdims=keepdims), max(count(a, axis) - ddof, 0))


def unless_zero(out: Operand) -> Any:
    """Return a root to divide by: inf where it is 0, as is the dividend, so that derivatives of any order are 0."""
    return where(out == 0, math.inf, out)


def other_factors(a: Operand, axis: Axis) -> Any:
    """Return for each element the product of all others over `axis`. Nothing is divided: factors may be zero."""
    rank = len(shape(a))
    # A number has no axis.
    axis = axis if rank else None
    axes = sorted(k % rank for k in (range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)))
    order = (*(k for k in range(rank) if k not in axes), *axes)
    lengths = tuple(shape(a)[k] for k in order)
    rows = reshape(permute_dims(a, axes=order), shape=(*lengths[: rank - len(axes)], count(a, axis)))
    others = products_before(rows) * flip(products_before(flip(rows, -1)), -1)
    back = tuple(order.index(k) for k in range(rank))
    return permute_dims(reshape(others, shape=lengths), axes=back)


def products_before(rows: Operand) -> Any:
    """Return for each element the product of those before it on the last axis, in log2(n) multiplications."""
    import numpy

    def shifted(x: Operand, by: int) -> Any:
        ones = numpy.ones((*shape(x)[:-1], by), x.dtype)
        return concat([ones, getitem(x, index=(..., slice(None, -by)))], axis=-1)

    n = shape(rows)[-1]
    if n == 0:
        return rows
    out = shifted(rows, 1)
    for k in range((n - 1).bit_length()):
        out = out * shifted(out, 2**k)
    return out


def gaps(a: Array) -> Any:
    """Return how far apart the elements are from their nearest neighbours in size: zero at a tie."""
    import numpy

    flat = sorted(numpy.ravel(a).tolist())
    return [high - low for low, high in pairwise(flat)]


def below_largest(xp: Namespace, a: Raw, axis: Axis) -> tuple[Any, Any]:
    """Return `a` minus its largest element over `axis`, whose exponentials cannot overflow, and that element."""
    a = xp.asarray(a)
    largest = a.max(axis=axis, keepdims=True)
    largest = xp.where(xp.isfinite(largest), largest, 0.0)
    return a - largest, largest


def sum_of_others(xp: Namespace, lower: Raw, axis: Axis) -> Any:
    """Return sum(exp(lower)) - 1, the largest being 0, as the sum of the others, to keep digits.

    The sum of powers is 1 at least, but of elements that are all -inf: then the others are fewer than none.
    """
    powers = xp.exp(lower)
    ties = powers == 1
    powers -= ties
    return powers.sum(axis=axis, keepdims=True) + (ties.sum(axis=axis, keepdims=True, dtype=powers.dtype) - 1)


def stable_logsumexp(xp: Namespace, a: Raw, axis: Axis, keepdims: bool) -> Any:
    lower, largest = below_largest(xp, a, axis)
    others = sum_of_others(xp, lower, axis)
    total = largest + xp.where(others < 0, -math.inf, xp.log1p(xp.maximum(others, 0.0)))
    return total if keepdims else total.squeeze(axis)


def stable_log_softmax(xp: Namespace, a: Raw, axis: Axis) -> Any:
    lower, _ = below_largest(xp, a, axis)
    return lower - xp.log1p(xp.maximum(sum_of_others(xp, lower, axis), 0.0))


def stable_softmax(xp: Namespace, a: Raw, axis: Axis) -> Any:
    powers = shares(xp, a, axis)
    return powers / powers.sum(axis=axis, keepdims=True)


def shares(xp: Namespace, a: Raw, axis: Axis) -> Any:
    """Return the exponentials of `a` divided by the largest over `axis`, all 1 where all of `a` are -inf."""
    a = xp.asarray(a)
    top = a.max(axis=axis, keepdims=True)
    powers = xp.exp(a - xp.where(xp.isfinite(top), top, 0.0))
    powers += top == -math.inf
    return powers


def without_mean(xp: Namespace, g: Raw, a: Raw, axis: Axis) -> Any:
    """Return g - mean of g over `axis`, weighted by p = softmax(a)."""
    p = stable_softmax(xp, a, axis)
    out = g - (g * p).sum(axis=axis, keepdims=True)
    top = p > 0.5
    # The weighted sum of the results is 0, and of a row in which one has most of the weight the others have all digits.
    return xp.where(top, -(xp.where(top, 0.0, out) * p).sum(axis=axis, keepdims=True) / p, out)


def without_share(xp: Namespace, g: Raw, a: Raw, axis: Axis) -> Any:
    """Return g - softmax(a) * sum of g over `axis`."""
    p = stable_softmax(xp, a, axis)
    out = g - p * xp.asarray(g).sum(axis=axis, keepdims=True)
    top = p > 0.5
    # As above: the sum of the results is 0.
    return xp.where(top, -xp.where(top, 0.0, out).sum(axis=axis, keepdims=True), out)


# fmt: off
sum_ = primitive(
    "sum", lambda xp, a, *, axis=None, keepdims=False: xp.sum(a, axis=axis, keepdims=keepdims),
    lambda g, out, a, axis=None, keepdims=False: broadcast_to(restore(g, a, axis, keepdims), shape=shape(a)),
    elementwise=False, domain=(REAL,), examples=(ALL, ROWS, BOTH, LAST, PAIR),
)

mean = primitive(
    "mean", lambda xp, a, *, axis=None, keepdims=False: average(xp, a, axis, keepdims),
    lambda g, out, a, axis=None, keepdims=False:
        broadcast_to(restore(g, a, axis, keepdims) / count(a, axis), shape=shape(a)),
    elementwise=False, domain=(REAL,), examples=(ALL, ROWS, BOTH, LAST),
)

centered: Operation = primitive(
    "centered", lambda xp, a, *, axis=None: deviations(xp, a, axis),
    lambda g, out, a, axis=None: centered(g, axis=axis),
    elementwise=False, domain=(REAL,), examples=(ALL, ROWS, LAST, PAIR), note="`a` minus its mean.",
)

var = primitive(
    "var", lambda xp, a, *, axis=None, keepdims=False, ddof=0: mean_square(xp, a, axis, keepdims, ddof),
    lambda g, out, a, axis=None, keepdims=False, ddof=0:
        restore(g, a, axis, keepdims) * 2 / (count(a, axis) - ddof) * centered(a, axis=axis),
    elementwise=False, domain=(REAL,), examples=(ALL, ROWS, BOTH, (((3, 4),), {"axis": 1, "ddof": 1})),
    note="Divides by n; `ddof=1` by n - 1, which is PyTorch's default.",
)

std: Operation = primitive(
    "std", lambda xp, a, *, axis=None, keepdims=False, ddof=0: spread(xp, a, axis, keepdims, ddof),
    lambda g, out, a, axis=None, keepdims=False, ddof=0:
        restore(g, a, axis, keepdims) / (count(a, axis) - ddof)
        * (centered(a, axis=axis) / restore(unless_zero(out), a, axis, keepdims)),
    elementwise=False, domain=(REAL,), kink=lambda a, **settings: std(a, **settings),
    examples=(ALL, ROWS, BOTH, (((3, 4),), {"axis": 1, "ddof": 1})),
    note="The root of var, `ddof` as there; the derivative where all elements are equal is taken as 0.",
)

norm: Operation = primitive(
    "norm", lambda xp, a, *, axis=None, keepdims=False: length(xp, a, axis, keepdims),
    lambda g, out, a, axis=None, keepdims=False:
        restore(g, a, axis, keepdims) * (a / restore(unless_zero(out), a, axis, keepdims)),
    elementwise=False, domain=(REAL,), kink=lambda a, **settings: norm(a, **settings),
    examples=(ALL, ROWS, BOTH, LAST), note="The root of the sum of squares; the derivative at 0 is taken as 0.",
)

max_ = primitive(
    "max", lambda xp, a, *, axis=None, keepdims=False: xp.max(a, axis=axis, keepdims=keepdims), spread_evenly,
    elementwise=False, domain=(REAL,), kink=lambda a, axis=None, keepdims=False: gaps(a),
    examples=(ALL, ROWS, BOTH, LAST),
    note="Equal largest elements share the gradient equally, as in PyTorch's amax; its max along an axis chooses one.",
)

min_ = primitive(
    "min", lambda xp, a, *, axis=None, keepdims=False: xp.min(a, axis=axis, keepdims=keepdims), spread_evenly,
    elementwise=False, domain=(REAL,), kink=lambda a, axis=None, keepdims=False: gaps(a),
    examples=(ALL, ROWS, BOTH, LAST),
    note="Equal smallest elements share the gradient equally, as in PyTorch's amin; its min along an axis chooses one.",
)

prod = primitive(
    "prod", lambda xp, a, *, axis=None, keepdims=False: xp.prod(a, axis=axis, keepdims=keepdims),
    lambda g, out, a, axis=None, keepdims=False:
        restore(g, a, axis, keepdims) * other_factors(a, axis),
    elementwise=False, domain=(REAL,), examples=(ALL, ROWS, BOTH, LAST), note="Right where factors are zero, too.",
)

logsumexp = primitive(
    "logsumexp", lambda xp, a, *, axis=None, keepdims=False: stable_logsumexp(xp, a, axis, keepdims),
    lambda g, out, a, axis=None, keepdims=False: restore(g, a, axis, keepdims) * softmax(a, axis=axis),
    elementwise=False, domain=(REAL,), examples=(ALL, ROWS, BOTH, LAST),
    meaning=lambda a, axis=None, keepdims=False: log(sum_(exp(a), axis=axis, keepdims=keepdims)),
    note="log(sum(exp(a))) without overflow; for a list of Values: log_sum_exp.",
)

softmax: Operation = primitive(
    "softmax", lambda xp, a, *, axis=-1: stable_softmax(xp, a, axis),
    lambda g, out, a, axis=-1: out * softmax_centered(g, a, axis=axis),
    meaning=lambda a, axis=-1: exp(a) / sum_(exp(a), axis=axis, keepdims=True),
    elementwise=False, domain=(REAL,), examples=((((2, 3),), {}), (((3, 4),), {"axis": 0})),
)

log_softmax = primitive(
    "log_softmax", lambda xp, a, *, axis=-1: stable_log_softmax(xp, a, axis),
    lambda g, out, a, axis=-1: log_softmax_back(g, a, axis=axis),
    meaning=lambda a, axis=-1: a - log(sum_(exp(a), axis=axis, keepdims=True)),
    elementwise=False, domain=(REAL,), examples=((((2, 3),), {}), (((3, 4),), {"axis": 0})),
    note="a - log(sum(exp(a))) of each row, or column, computed without overflow.",
)

softmax_centered: Operation = primitive(
    "softmax_centered", lambda xp, g, a, *, axis=-1: without_mean(xp, g, a, axis),
    lambda h, out, g, a, axis=-1: log_softmax_back(h, a, axis=axis),
    lambda h, out, g, a, axis=-1: -sum_(h, axis=axis, keepdims=True) * softmax(a, axis=axis) * out,
    written=lambda g, a, axis=-1: f"{g} - sum({g} * softmax({a}, axis={axis}), axis={axis})",
    meaning=lambda g, a, axis=-1: g - sum_(g * softmax(a, axis=axis), axis=axis, keepdims=True),
    elementwise=False, domain=(REAL, REAL), examples=BESIDE,
    note="`g` minus its mean, weighted by softmax(a): a part of the derivative of softmax, without cancellation.",
)

log_softmax_back: Operation = primitive(
    "log_softmax_back", lambda xp, g, a, *, axis=-1: without_share(xp, g, a, axis),
    lambda h, out, g, a, axis=-1: softmax_centered(h, a, axis=axis),
    lambda h, out, g, a, axis=-1:
        -sum_(g, axis=axis, keepdims=True) * softmax(a, axis=axis) * softmax_centered(h, a, axis=axis),
    written=lambda g, a, axis=-1: f"{g} - softmax({a}, axis={axis}) * sum({g}, axis={axis})",
    meaning=lambda g, a, axis=-1: g - softmax(a, axis=axis) * sum_(g, axis=axis, keepdims=True),
    elementwise=False, domain=(REAL, REAL), examples=BESIDE,
    note="`g` minus softmax(a) times its sum: the derivative of log_softmax, without cancellation.",
)

cumsum: Operation = primitive(
    "cumsum", lambda xp, a, *, axis=None: xp.cumsum(a, axis=axis),
    lambda g, out, a, axis=None:
        like(flip(cumsum(flip(g, axis or 0), axis=axis or 0), axis or 0), a),
    elementwise=False, domain=(REAL,),
    examples=((((4,),), {}), (((3, 4),), {"axis": 1}), (((3, 4),), {"axis": 0}), (((2, 3),), {})),
    note="Of the flattened array without an axis, as in NumPy.",
)
