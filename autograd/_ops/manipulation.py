"""The table of primitives, second half: operations on whole arrays. Rows read as in the first half.

Broadcasting is undone where gradients are added up, so a rule may return any shape that the argument broadcasts to.
"""

from __future__ import annotations

import math
from itertools import accumulate, pairwise
from typing import Any

from autograd._core.primitive import REAL, Example, Operation, primitive, shape, unchanged

from .elementwise import where

# The table is read by its rows, which a formatter would cut into one line an argument.
# fmt: off

ALL: Example = (((2, 3),), {})
ROWS: Example = (((2, 3),), {"axis": 0})
BOTH: Example = (((2, 3),), {"axis": (0, 1), "keepdims": True})
LAST: Example = (((2, 3, 2),), {"axis": -1})
PAIR: Example = (((2, 3, 2),), {"axis": (0, 2)})
BESIDE: tuple[Example, ...] = ((((2, 3), (2, 3)), {}), (((3, 4), (3, 4)), {"axis": 0}))


def restore(y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """Give a reduced `y` back the axes of length 1 that it lost, so that it broadcasts against `x`."""
    if keepdims or axis is None:
        return y
    lengths = list(shape(x))
    for k in axis if isinstance(axis, tuple) else (axis,):
        lengths[k] = 1
    return y.reshape(tuple(lengths))


def count(x: Any, axis: Any) -> int:
    """Return how many elements each result of a reduction of `x` over `axis` is made from."""
    lengths = shape(x)
    total = 1
    for k in range(len(lengths)) if axis is None else axis if isinstance(axis, tuple) else (axis,):
        total *= lengths[k]
    return total


def flip(x: Any, axis: int) -> Any:
    """Reverse `x` along `axis`."""
    return getitem(x, index=(slice(None),) * (axis % len(shape(x))) + (slice(None, None, -1),))


def spread_evenly(g: Any, out: Any, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Send `g` to the largest (or smallest) elements; equal ones share it equally."""
    chosen = a == restore(out, a, axis, keepdims)
    return where(chosen, restore(g, a, axis, keepdims) / sum_(chosen, axis=axis, keepdims=True), 0.0)


def average(xp: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    n = count(a, axis)
    if n == 0:
        return xp.full_like(xp.sum(a, axis=axis, keepdims=keepdims), math.nan)
    out = xp.sum(a, axis=axis, keepdims=keepdims) / n
    # The sum may overflow where the mean does not.
    return out if xp.isfinite(out).all() else xp.sum(a / n, axis=axis, keepdims=keepdims)


def deviations(xp: Any, a: Any, axis: Any) -> Any:
    """Return `a` minus its mean over `axis`: exactly 0 where all elements are equal, which the rounded mean is not."""
    lengths = shape(a)
    axes = range(len(lengths)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    first = tuple(slice(1) if k in {axis % len(lengths) for axis in axes} else slice(None) for k in range(len(lengths)))
    # Times 1.0: whole numbers without a sign would wrap around.
    lower = a - 1.0 * xp.asarray(a)[first]
    return lower - (lower / count(a, axis)).sum(axis=axis, keepdims=True)


def length(xp: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    """Return the root of the sum of squares; these are of numbers near 1, so that none over- or underflows."""
    largest = xp.max(xp.abs(a), axis=axis, keepdims=True, initial=0.0)
    largest = xp.where((largest > 0) & (largest < math.inf), largest, 1.0)
    # A power of two, by which nothing is rounded.
    scale = largest / (2 * xp.frexp(largest)[0])
    scaled = a / scale
    root = xp.sqrt((scaled * scaled).sum(axis=axis, keepdims=True)) * scale
    return root if keepdims else root.squeeze(axis)


def spread(xp: Any, a: Any, axis: Any, keepdims: bool, ddof: float) -> Any:
    """Return the standard deviation."""
    n = max(count(a, axis) - ddof, 0)
    return xp.divide(length(xp, deviations(xp, a, axis), axis, keepdims), math.sqrt(n))


def mean_square(xp: Any, a: Any, axis: Any, keepdims: bool, ddof: float) -> Any:
    """Return the variance."""
    squares = xp.square(deviations(xp, a, axis))
    return xp.divide(xp.sum(squares, axis=axis, keepdims=keepdims), max(count(a, axis) - ddof, 0))


def unless_zero(out: Any) -> Any:
    """Return a root to divide by: 1 where it is 0, and so is what is divided."""
    return where(out == 0, 1.0, out)


def other_factors(a: Any, axis: Any) -> Any:
    """Return, for each element, the product of all others over `axis`, without dividing: factors may be zero."""
    rank = len(shape(a))
    axes = sorted(k % rank for k in (range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)))
    order = (*(k for k in range(rank) if k not in axes), *axes)
    lengths = tuple(shape(a)[k] for k in order)
    rows = reshape(permute_dims(a, axes=order), shape=(*lengths[: rank - len(axes)], count(a, axis)))
    others = products_before(rows) * flip(products_before(flip(rows, -1)), -1)
    back = tuple(order.index(k) for k in range(rank))
    return permute_dims(reshape(others, shape=lengths), axes=back)


def products_before(rows: Any) -> Any:
    """Return, along the last axis, the product of all elements before each, in log2(n) multiplications of arrays."""
    import numpy

    def shifted(x: Any, by: int) -> Any:
        ones = numpy.ones((*shape(x)[:-1], by), x.dtype)
        return concat([ones, getitem(x, index=(..., slice(None, -by)))], axis=-1)

    n = shape(rows)[-1]
    if n == 0:
        return rows
    out, by = shifted(rows, 1), 1
    while by < n:
        out, by = out * shifted(out, by), 2 * by
    return out


def product(xp: Any, a: Any, b: Any) -> Any:
    left, right = shape(a), shape(b)
    if not left or not right:
        raise ValueError("@ multiplies vectors and matrices; use * for a number")
    rows, which = right[-2:][0], "first" if len(right) == 1 else "second-last"
    if left[-1] != rows:
        raise ValueError(
            f"the last axis of the first has length {left[-1]}, the {which} axis of the second {rows}; they must be "
            f"equal: transpose one with .T?"
        )
    return xp.matmul(a, b)


def matmul_left(g: Any, out: Any, a: Any, b: Any) -> Any:
    if len(shape(b)) == 1:
        return expand_dims(g, axis=-1) * b
    if len(shape(a)) == 1:
        return squeeze(matmul(b, expand_dims(g, axis=-1)), axis=-1)
    return matmul(g, matrix_transpose(b))


def matmul_right(g: Any, out: Any, a: Any, b: Any) -> Any:
    if len(shape(b)) == 1:
        return expand_dims(g, axis=-1) * a
    if len(shape(a)) == 1:
        return expand_dims(a, axis=-1) * expand_dims(g, axis=-2)
    return matmul(matrix_transpose(a), g)


def matrix_transpose(x: Any) -> Any:
    """Return x (..., n, m) as (..., m, n): the last two axes swapped.

    >>> matrix_transpose(Tensor([[1.0, 2.0, 3.0]])).shape
    (3, 1)
    """
    if len(shape(x)) == 2:
        return x.T
    axes = tuple(range(len(shape(x))))
    return permute_dims(x, axes=(*axes[:-2], axes[-1], axes[-2]))


def cut(g: Any, parts: tuple[Any, ...], axis: int | None) -> list[Any]:
    """Cut `g` into the pieces that belong to the parts of a concatenation (of the flattened parts if None)."""
    if axis is None:
        flat = [reshape(part, shape=(math.prod(shape(part)),)) for part in parts]
        return [like(piece, part) for piece, part in zip(cut(g, tuple(flat), 0), parts)]
    before = (slice(None),) * (axis % len(shape(g)))
    ends = list(accumulate(shape(part)[axis] for part in parts))
    return [getitem(g, index=(*before, slice(start, end))) for start, end in zip([0, *ends], ends)]


def through_floats(g: Any, out: Any, a: Any, dtype: Any) -> Any:
    """Pass a gradient on, unless the numbers became integers or truths: these do not change with what they are of."""
    import numpy

    return g if numpy.dtype(dtype).kind == "f" else where(False, g, 0.0)


def like(g: Any, a: Any) -> Any:
    """Give `g` the shape of `a`."""
    return reshape(g, shape=shape(a))


def gaps(a: Any) -> Any:
    """Return how far apart the elements are from their nearest neighbours in size: zero at a tie."""
    flat = sorted(a.ravel().tolist())
    return [high - low for low, high in pairwise(flat)]


def below_largest(xp: Any, a: Any, axis: Any) -> tuple[Any, Any]:
    """Return `a` minus its largest element over `axis`, and that element: exponentials of these cannot overflow."""
    a = xp.asarray(a)
    largest = a.max(axis=axis, keepdims=True)
    largest = xp.where(xp.isfinite(largest), largest, 0.0)
    return a - largest, largest


def log_of_sum(xp: Any, lower: Any, axis: Any) -> Any:
    """Return log(sum(exp(lower))) where the largest is 0: log1p of the sum of the others, which keeps their digits."""
    powers = xp.exp(lower)
    ties = powers == 1
    powers -= ties
    others = powers.sum(axis=axis, keepdims=True) + (ties.sum(axis=axis, keepdims=True, dtype=powers.dtype) - 1)
    # The sum is 1 at least, but of elements that are all -inf: then the others are fewer than none.
    return xp.where(others < 0, -math.inf, xp.log1p(xp.maximum(others, 0.0)))


def stable_logsumexp(xp: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    lower, largest = below_largest(xp, a, axis)
    total = largest + log_of_sum(xp, lower, axis)
    return total if keepdims else total.squeeze(axis)


def stable_log_softmax(xp: Any, a: Any, axis: Any) -> Any:
    lower, _ = below_largest(xp, a, axis)
    return lower - xp.maximum(log_of_sum(xp, lower, axis), 0.0)


def stable_softmax(xp: Any, a: Any, axis: Any) -> Any:
    powers = shares(xp, a, axis)
    return powers / powers.sum(axis=axis, keepdims=True)


def shares(xp: Any, a: Any, axis: Any) -> Any:
    """Return the exponentials of `a` divided by the largest over `axis`: all 1 in the limit where all are -inf."""
    lower, _ = below_largest(xp, a, axis)
    powers = xp.exp(lower)
    powers += powers.max(axis=axis, keepdims=True) == 0
    return powers


def without_mean(xp: Any, g: Any, a: Any, axis: Any) -> Any:
    """Return g - mean of g over `axis`, weighted by p = softmax(a)."""
    p = stable_softmax(xp, a, axis)
    out = g - (g * p).sum(axis=axis, keepdims=True)
    top = p > 0.5
    # The weighted sum of the results is 0, and of a row in which one has most of the weight the others have all digits.
    return xp.where(top, -(xp.where(top, 0.0, out) * p).sum(axis=axis, keepdims=True) / p, out)


def without_share(xp: Any, g: Any, a: Any, axis: Any) -> Any:
    """Return g - softmax(a) * sum of g over `axis`."""
    p = stable_softmax(xp, a, axis)
    out = g - p * xp.sum(g, axis=axis, keepdims=True)
    top = p > 0.5
    # As above: the sum of the results is 0.
    return xp.where(top, -xp.where(top, 0.0, out).sum(axis=axis, keepdims=True), out)


def expanded(xp: Any, a: Any, shape: tuple[int, ...]) -> Any:
    # NumPy's broadcast_to is slow to start and returns a view that nothing may write to.
    out = xp.empty(shape, xp.asarray(a).dtype)
    out[...] = a
    return out


def unpadded(lengths: tuple[int, ...], pad_width: Any) -> tuple[slice, ...]:
    """Return the index that undoes `pad`."""
    import numpy

    widths = numpy.broadcast_to(numpy.asarray(pad_width), (len(lengths), 2)).tolist()
    return tuple(slice(before, before + n) for n, (before, _) in zip(lengths, widths))


def written_index(index: Any) -> str:
    """Return an index as it stands between the brackets."""
    if isinstance(index, tuple):
        return ", ".join(map(written_index, index)) or "()"
    if isinstance(index, slice):
        first, last, step = ("" if part is None else str(part) for part in (index.start, index.stop, index.step))
        return f"{first}:{last}" + (f":{step}" if step else "")
    return "..." if index is ... else str(index.tolist() if hasattr(index, "tolist") else index)


def put(xp: Any, a: Any, shape: tuple[int, ...], index: Any) -> Any:
    out = xp.zeros(shape, xp.asarray(a).dtype)
    parts = index if isinstance(index, tuple) else (index,)
    if all(isinstance(p, (slice, int, type(None), type(...))) for p in parts):
        out[index] = a
    else:
        # An integer array may name an element twice; only add.at counts it twice.
        xp.add.at(out, index, a)
    return out


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
)
std: Operation = primitive(
    "std", lambda xp, a, *, axis=None, keepdims=False, ddof=0: spread(xp, a, axis, keepdims, ddof),
    lambda g, out, a, axis=None, keepdims=False, ddof=0:
        restore(g, a, axis, keepdims) / (count(a, axis) - ddof)
        * (centered(a, axis=axis) / restore(unless_zero(out), a, axis, keepdims)),
    elementwise=False, domain=(REAL,), kink=lambda a, **settings: std(a, **settings),
    examples=(ALL, ROWS, BOTH, (((3, 4),), {"axis": 1, "ddof": 1})),
    note="The derivative where all elements are equal is taken as 0.",
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
    examples=(ALL, ROWS, BOTH, LAST), note="Equal largest elements share the gradient equally.",
)
min_ = primitive(
    "min", lambda xp, a, *, axis=None, keepdims=False: xp.min(a, axis=axis, keepdims=keepdims), spread_evenly,
    elementwise=False, domain=(REAL,), kink=lambda a, axis=None, keepdims=False: gaps(a),
    examples=(ALL, ROWS, BOTH, LAST), note="Equal smallest elements share the gradient equally.",
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
    note="log(sum(exp(a))) without overflow; for a list of Values: log_sum_exp.",
)
softmax: Operation = primitive(
    "softmax", lambda xp, a, *, axis=-1: stable_softmax(xp, a, axis),
    lambda g, out, a, axis=-1: out * softmax_centered(g, a, axis=axis),
    elementwise=False, domain=(REAL,), examples=((((2, 3),), {}), (((3, 4),), {"axis": 0})),
)
log_softmax = primitive(
    "log_softmax", lambda xp, a, *, axis=-1: stable_log_softmax(xp, a, axis),
    lambda g, out, a, axis=-1: log_softmax_back(g, a, axis=axis),
    elementwise=False, domain=(REAL,), examples=((((2, 3),), {}), (((3, 4),), {"axis": 0})),
)
softmax_centered: Operation = primitive(
    "softmax_centered", lambda xp, g, a, *, axis=-1: without_mean(xp, g, a, axis),
    lambda h, out, g, a, axis=-1: log_softmax_back(h, a, axis=axis),
    lambda h, out, g, a, axis=-1: -sum_(h, axis=axis, keepdims=True) * softmax(a, axis=axis) * out,
    written=lambda g, a, axis=-1: f"{g} - sum({g} * softmax({a}, axis={axis}), axis={axis})",
    elementwise=False, domain=(REAL, REAL), examples=BESIDE,
    note="`g` minus its mean, weighted by softmax(a): a part of the derivative of softmax, without cancellation.",
)
log_softmax_back: Operation = primitive(
    "log_softmax_back", lambda xp, g, a, *, axis=-1: without_share(xp, g, a, axis),
    lambda h, out, g, a, axis=-1: softmax_centered(h, a, axis=axis),
    lambda h, out, g, a, axis=-1:
        -sum_(g, axis=axis, keepdims=True) * softmax(a, axis=axis) * softmax_centered(h, a, axis=axis),
    written=lambda g, a, axis=-1: f"{g} - softmax({a}, axis={axis}) * sum({g}, axis={axis})",
    elementwise=False, domain=(REAL, REAL), examples=BESIDE,
    note="`g` minus softmax(a) times its sum: the derivative of log_softmax, without cancellation.",
)
cumsum: Operation = primitive(
    "cumsum", lambda xp, a, *, axis=None: xp.cumsum(a, axis=axis),
    lambda g, out, a, axis=None:
        like(flip(cumsum(flip(g, axis or 0), axis=axis or 0), axis or 0), a),
    elementwise=False, domain=(REAL,), examples=((((4,),), {}), (((3, 4),), {"axis": 1}), (((2, 3),), {})),
    note="Of the flattened array without an axis, as in NumPy.",
)
matmul = primitive(
    "matmul", product, matmul_left, matmul_right,
    written="{0} @ {1}", elementwise=False, domain=(REAL, REAL), contraction=("multiply", "add"),
    examples=tuple(((a, b), {}) for a, b in (
        ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)),
        ((2, 1, 2, 3), (2, 3, 2)), ((3,), (2, 3, 2)), ((2, 2, 3), (3,)),
    )),
)
reshape = primitive(
    "reshape", lambda xp, a, *, shape: xp.reshape(a, shape),
    lambda g, out, a, shape: like(g, a),
    elementwise=False, domain=(REAL,), examples=((((3, 4),), {"shape": (2, 6)}), (((3, 4),), {"shape": (-1,)})),
)
permute_dims: Operation = primitive(
    "permute_dims", lambda xp, a, *, axes=None: xp.asarray(a).T if axes is None else xp.transpose(a, axes),
    lambda g, out, a, axes=None:
        permute_dims(g, axes=axes and tuple(sorted(range(len(axes)), key=lambda k: axes[k] % len(axes)))),
    written=lambda a, axes=None: f"{a}.T" if axes is None else f"permute_dims({a}, axes={axes})",
    elementwise=False, domain=(REAL,),
    examples=(ALL, (((2, 1, 3),), {"axes": (1, 2, 0)}), (((2, 1, 3),), {"axes": (-1, 0, -2)})),
)
expand_dims = primitive(
    "expand_dims", lambda xp, a, *, axis: xp.expand_dims(a, axis),
    lambda g, out, a, axis: like(g, a),
    elementwise=False, domain=(REAL,), examples=((((3,),), {"axis": 0}), (((3,),), {"axis": (0, -1)})),
)
squeeze = primitive(
    "squeeze", lambda xp, a, *, axis=None: xp.squeeze(a, axis),
    lambda g, out, a, axis=None: like(g, a),
    elementwise=False, domain=(REAL,), examples=((((1, 3, 1),), {}), (((1, 3, 1),), {"axis": 0})),
)
broadcast_to: Operation = primitive(
    "broadcast_to", lambda xp, a, *, shape: expanded(xp, a, shape), unchanged,
    elementwise=False, domain=(REAL,), examples=((((3,),), {"shape": (2, 3)}), (((2, 1),), {"shape": (2, 3)})),
)
concat = primitive(
    "concat", lambda xp, *parts, axis=0: xp.concatenate(parts, axis=axis),
    lambda g, out, *parts, axis=0: cut(g, parts, axis),
    elementwise=False, domain=(REAL,), examples=((((2, 3), (1, 3)), {}), (((3, 2), (3, 1)), {"axis": -1})),
)
stack = primitive(
    "stack", lambda xp, *parts, axis=0: xp.stack(parts, axis=axis),
    lambda g, out, *parts, axis=0:
        [getitem(g, index=(slice(None),) * (axis % len(shape(g))) + (k,)) for k in range(len(parts))],
    elementwise=False, domain=(REAL,), examples=((((3,), (3,)), {}), (((2, 3), (2, 3), (2, 3)), {"axis": -1})),
)
getitem: Operation = primitive(
    "getitem", lambda xp, a, *, index: xp.asarray(a)[index],
    lambda g, out, a, index: scatter(g, shape=shape(a), index=index),
    written=lambda a, index: f"{a}[{written_index(index)}]",
    elementwise=False, domain=(REAL,), note="Elements named twice get both gradients.",
    examples=tuple((((4, 3),), {"index": i}) for i in (
        1, -1, slice(1, 3), (slice(None), 0), (slice(None, None, -1), None), ([0, 2, 0],), ([0, 0], [1, 1]), ...,
    )),
)
scatter: Operation = primitive(
    "scatter", lambda xp, a, *, shape, index: put(xp, a, shape, index),
    lambda g, out, a, shape, index: getitem(g, index=index),
    elementwise=False, domain=(REAL,), note="Zeros of `shape`, with `a` added at `index`.",
    examples=((((2,),), {"shape": (4,), "index": slice(1, 3)}), (((3,),), {"shape": (2,), "index": ([0, 1, 0],)})),
)
pad = primitive(
    "pad", lambda xp, a, *, pad_width: xp.pad(a, pad_width),
    lambda g, out, a, pad_width: getitem(g, index=unpadded(shape(a), pad_width)),
    elementwise=False, domain=(REAL,), note="Adds zeros around `a`; `pad_width` as in NumPy.",
    examples=((((2, 3),), {"pad_width": ((1, 0), (0, 2))}), (((2, 3),), {"pad_width": 1})),
)
astype: Operation = primitive(
    "astype", lambda xp, a, *, dtype: xp.asarray(a).astype(dtype), through_floats,
    elementwise=False, domain=(REAL,), examples=((((3,),), {"dtype": "float64"}),),
)
item = primitive(
    "item", lambda xp, a: xp.asarray(a).item(),
    lambda g, out, a: broadcast_to(g, shape=shape(a)),
    elementwise=False, domain=(REAL,), examples=((((),), {}), (((1, 1),), {})), note="A Value from one element.",
)
