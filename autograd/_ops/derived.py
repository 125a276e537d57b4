"""Statistics and elementwise functions that are a line or two over the rows of the table.

>>> x = Tensor([4.0, 1.0, 3.0, 2.0])
>>> median(x).item(), quantile(x, 0.25).item(), percentile(x, [0, 50]).data.tolist(), ptp(x).item()
(2.5, 1.75, [1.0, 2.5], 3.0)
>>> average(x, weights=[1.0, 0.0, 0.0, 1.0]).item(), diff(x).data.tolist(), cumprod(x).data.tolist()
(3.0, [-3.0, 2.0, -1.0], [4.0, 4.0, 12.0, 24.0])
>>> cumulative_sum(x, include_initial=True).data.tolist(), cumulative_prod(x).data.tolist()
([0.0, 4.0, 5.0, 8.0, 10.0], [4.0, 4.0, 12.0, 24.0])
>>> reciprocal(x).data[0].item(), round(deg2rad(180.0), 5), round(rad2deg(1.0), 5)
(0.25, 3.14159, 57.29578)
>>> fmax(x, float("nan")).data.tolist(), fmin(x, 2.5).data.tolist(), nan_to_num(Value(float("inf")), posinf=1.0).data
([4.0, 1.0, 3.0, 2.0], [2.5, 1.0, 2.5, 2.0], 1.0)
>>> copysign(x[0], -0.0).item(), real(x) is x, imag(Value(2.0)).data, angle(Value(-2.0)).data == math.pi
(-4.0, True, 0.0, True)
>>> logaddexp2(3.0, 3.0), linspace(Value(1.0), 2.0, 3).data.tolist(), gradient(x, 0.5).shape
(4.0, [1.0, 1.5, 2.0], (4,))
>>> amax(x).item(), amin(x).item()
(4.0, 1.0)
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

from autograd._core.data import shape
from autograd._core.types import Axis, Dtype, Operand
from autograd.files import brief

from .arrange import moveaxis, ravel
from .elementwise import abs_, maximum, minimum, where
from .facts import isnan, numbers_of, signbit
from .functions import logaddexp
from .manipulation import astype, broadcast_to, concat, reshape, stack
from .operands import along, as_array, as_floats, axes_of, axis_of
from .sorting import sort
from .statistical import cumsum, max_, mean, min_, products_before, sum_

__all__ = [
    "amax", "amin", "angle", "average", "copysign", "cumprod", "cumulative_prod", "cumulative_sum", "deg2rad",
    "diff", "fmax", "fmin", "gradient", "imag", "linspace", "logaddexp2", "median", "nan_to_num", "percentile",
    "ptp", "quantile", "rad2deg", "real", "reciprocal", "select",
]  # fmt: skip


amax, amin = max_, min_


def reciprocal(x: Operand) -> Any:
    """Return 1 / x."""
    return 1.0 / x


def deg2rad(x: Operand) -> Any:
    """Return an angle of degrees in radians."""
    return x * (math.pi / 180)


def rad2deg(x: Operand) -> Any:
    """Return an angle of radians in degrees."""
    return x * (180 / math.pi)


def real(x: Operand) -> Any:
    """Return x: the numbers of this package are real."""
    return x


def imag(x: Operand) -> Any:
    """Return 0: the numbers of this package are real."""
    return where(False, x, 0.0)


def angle(x: Operand) -> Any:
    """Return the angle of a real number in the plane: pi where it is negative, else 0; it has no gradient."""
    return where(as_array(x) < 0, math.pi, 0.0 * where(False, x, 0.0))


def logaddexp2(a: Operand, b: Operand) -> Any:
    """Return log2(2 ** a + 2 ** b) without overflow."""
    a, b = as_floats(a, b)
    return logaddexp(a * math.log(2), b * math.log(2)) / math.log(2)


def linspace(start: Operand, stop: Operand, num: int = 50, endpoint: bool = True) -> Any:
    """Return `num` numbers from `start` on at equal distances along the first axis, up to `stop` if `endpoint`."""
    import numpy

    start, stop = as_array(start) + 0.0, as_array(stop) + 0.0
    rank = max(len(shape(start)), len(shape(stop)))
    parts = numpy.arange(num).reshape(-1, *(1,) * rank) / max(num - bool(endpoint), 1)
    return start * (1 - parts) + stop * parts


def gradient(x: Operand, *spacing: float, axis: Axis = None) -> Any:
    """Return slopes along each axis (a list for several): differences of both neighbours, at the ends of one.

    `spacing` is the distance of neighbours, one number for all axes or one for each. Raises ValueError for an axis of
    fewer than two elements.
    """
    axes = axes_of(x, axis)
    steps = spacing * len(axes) if len(spacing) == 1 else spacing or (1.0,) * len(axes)
    if (
        not axes
        or len(steps) != len(axes)
        or any(shape(as_array(h)) for h in steps)
        or any(shape(x)[k] < 2 for k in axes)
    ):
        raise ValueError(
            f"gradient takes an array of two elements or more along each axis, and one spacing or one for each; got "
            f"{shape(x)}, axis {brief(axis)}, spacing {brief(spacing)} (the gradient of a function is autograd.grad)"
        )
    found = []
    for k, h in zip(axes, steps):
        middle = (along(x, k, slice(2, None)) - along(x, k, slice(-2))) / (2 * h)
        first, last = (diff(along(x, k, part), axis=k) / h for part in (slice(2), slice(-2, None)))
        found.append(concat([first, middle, last], axis=k))
    return found[0] if len(axes) == 1 else found


def select(condlist: Sequence[Any], choicelist: Sequence[Operand], default: Operand = 0.0) -> Any:
    """Return the elements of the first choice whose condition holds, and `default` where none does.

    >>> select([[True, False, False], [True, True, False]], [Tensor([1.0, 2.0, 3.0]), 5.0]).data.tolist()
    [1.0, 5.0, 0.0]
    """
    if len(condlist) != len(choicelist):
        raise ValueError(f"select takes one choice for each condition; got {len(choicelist)} for {len(condlist)}")
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        default = where(as_array(condition), as_array(choice), default)
    return default


def fmax(a: Operand, b: Operand) -> Any:
    """Return the larger of two numbers, or the one that is not nan; ties share (PyTorch: the first has all)."""
    a, b = as_array(a), as_array(b)
    return where(isnan(a), b, where(isnan(b), a, maximum(a, b)))


def fmin(a: Operand, b: Operand) -> Any:
    """Return the smaller of two numbers, or the one that is not nan; ties share (PyTorch: the first has all)."""
    a, b = as_array(a), as_array(b)
    return where(isnan(a), b, where(isnan(b), a, minimum(a, b)))


def nan_to_num(x: Operand, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """Return x with numbers in place of nan and infinities, whose gradient is 0; None is the largest float."""
    largest = sys.float_info.max
    x = where(isnan(x), nan, x)
    x = where(x == math.inf, largest if posinf is None else posinf, x)
    return where(x == -math.inf, -largest if neginf is None else neginf, x)


def copysign(a: Operand, b: Operand) -> Any:
    """Return the size of `a` with the sign of `b`, which gets no gradient; the derivative at 0 is taken as 0."""
    a, b = as_floats(a, b)
    size = abs_(a)
    return where(signbit(b), -size, size)


def average(x: Operand, axis: Axis = None, weights: Operand | None = None, *, keepdims: bool = False) -> Any:
    """Return the mean over `axis`, each element as often as its weight, of the shape of x or along the one axis."""
    if weights is None:
        return mean(x, axis=axis, keepdims=keepdims)
    x, weights = as_floats(x, weights)
    if shape(weights) != shape(x):
        if axis is None or isinstance(axis, tuple) or shape(weights) != (shape(x)[axis_of(x, axis)],):
            raise ValueError(f"weights need the shape of x, {shape(x)}, or that of the axis; got {shape(weights)}")
        weights = moveaxis(weights * (moveaxis(x, axis, -1) * 0 + 1), -1, axis)
    return sum_(x * weights, axis=axis, keepdims=keepdims) / sum_(weights, axis=axis, keepdims=keepdims)


def ptp(x: Operand, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the largest minus the smallest over `axis`."""
    return max_(x, axis=axis, keepdims=keepdims) - min_(x, axis=axis, keepdims=keepdims)


def diff(
    x: Operand, n: int = 1, axis: int = -1, *, prepend: Operand | None = None, append: Operand | None = None
) -> Any:
    """Return the differences of neighbours along `axis`, `n` times over.

    `prepend` and `append` are put before and after x: numbers, or arrays of its other lengths. Raises ValueError for a
    negative `n`.
    """
    if n < 0:
        raise ValueError(f"diff takes differences 0 times or more; got n={n}")
    if n and (prepend is not None or append is not None):
        axis = axis_of(x, axis)
        one = (*shape(x)[:axis], 1, *shape(x)[axis + 1 :])
        parts = [as_array(part) for part in (prepend, x, append) if part is not None]
        x = concat([part if shape(part) else broadcast_to(part, shape=one) for part in parts], axis=axis)
    for _ in range(n):
        x = along(x, axis, slice(1, None)) - along(x, axis, slice(-1))
    return x


def cumprod(x: Operand, axis: int | None = None, dtype: Dtype | None = None) -> Any:
    """Return running products along `axis`, of the flattened x for None; right where factors are zero, too."""
    x = x if dtype is None else astype(x, dtype=dtype)
    rows = ravel(x) if axis is None else moveaxis(x, axis_of(x, axis), -1)
    rows = products_before(rows) * rows
    return rows if axis is None else moveaxis(rows, -1, axis)


def cumulative_prod(
    x: Operand, *, axis: int | None = None, dtype: Dtype | None = None, include_initial: bool = False
) -> Any:
    """Return running products along `axis`, which only a vector need not name, after a 1 if `include_initial`."""
    axis = _only_axis(x, axis)
    found = cumprod(x, axis, dtype)
    return concat([_before(found, axis, 1.0), found], axis=axis) if include_initial else found


def cumulative_sum(
    x: Operand, *, axis: int | None = None, dtype: Dtype | None = None, include_initial: bool = False
) -> Any:
    """Return running sums along `axis`, which only a vector need not name, after a 0 if `include_initial`."""
    axis = _only_axis(x, axis)
    found = cumsum(x, axis=axis, dtype=dtype)
    return concat([_before(found, axis, 0.0), found], axis=axis) if include_initial else found


def _before(x: Operand, axis: int, start: float) -> Any:
    """Return what stands before the first element of x along `axis`, of which there may be none."""
    import numpy

    axis = axis_of(x, axis)
    return numpy.full((*shape(x)[:axis], 1, *shape(x)[axis + 1 :]), start)


def _only_axis(x: Operand, axis: int | None) -> int:
    if axis is None and len(shape(x)) != 1:
        raise ValueError(f"running sums and products of shape {shape(x)} need an axis=")
    return 0 if axis is None else axis_of(x, axis)


def quantile(x: Operand, q: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the number below which a part `q` of the elements over `axis` lies, linear between neighbours.

    `q` is a number from 0 to 1, or a list of them, which comes first in the shape of the result. Raises ValueError for
    another number, and for no elements. The gradient goes to the two neighbours.
    """
    import numpy

    parts = numpy.asarray(numbers_of(q), float)
    if not parts.size or not ((parts >= 0) & (parts <= 1)).all():
        raise ValueError(f"a quantile is for parts from 0 to 1; got {brief(q)}")
    x = as_array(x)
    axes = axes_of(x, axis)
    left = tuple(n for k, n in enumerate(shape(x)) if k not in axes)
    rows = x
    if axes != tuple(range(len(left), len(shape(x)))):
        rows = moveaxis(x, axes, tuple(range(-len(axes), 0)))
    if len(axes) != 1:
        rows = reshape(rows, shape=(*left, math.prod(shape(x)[k] for k in axes)))
    if not shape(rows)[-1]:
        raise ValueError(f"a quantile of nothing is no number; the shape is {shape(x)}, the axis {brief(axis)}")
    rows = sort(rows)
    # It comes last.
    spoilt = isnan(along(rows, -1, -1))
    found = [where(spoilt, math.nan, _at(rows, part)) for part in parts.ravel().tolist()]
    if keepdims:
        found = [each.reshape(tuple(1 if k in axes else n for k, n in enumerate(shape(x)))) for each in found]
    return stack(found).reshape((*parts.shape, *shape(found[0]))) if parts.shape else found[0]


def _at(rows: Any, part: float) -> Any:
    """Return what stands at a part of sorted rows."""
    place = part * (shape(rows)[-1] - 1)
    below = math.floor(place)
    low, high = along(rows, -1, below), along(rows, -1, math.ceil(place))
    # The difference of the two would be infinite, and lose a number beside -inf.
    return low if below == place else low * (1 - (place - below)) + high * (place - below)


def percentile(x: Operand, q: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the quantile of `q` hundredths."""
    import numpy

    return quantile(x, numpy.asarray(numbers_of(q), float) / 100, axis, keepdims)


def median(x: Operand, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the middle element over `axis`, or the mean of the two in the middle (PyTorch: the lower of them).

    The gradient goes to these. Beside nan it is nan. Raises ValueError for no elements.
    """
    return quantile(x, 0.5, axis, keepdims)
