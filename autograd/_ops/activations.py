"""Functions derived from the primitives: activations, soft maxima and selections, stable over the whole float range."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

from autograd._core.node import Node
from autograd._core.tracing import compiling
from autograd._core.types import Index, Operand, Tree
from autograd.files import brief

from . import statistical
from .elementwise import clip, divide, equal, exp, expm1, log1p, maximum, sigmoid, where
from .manipulation import getitem, reshape
from .operands import axis_of
from .special import erfc

__all__ = ["elu", "gelu", "leaky_relu", "log_softmax", "log_sum_exp", "silu", "softmax", "take"]


def leaky_relu(x: Operand, slope: float = 0.01) -> Operand:
    """Return x where it is positive, else `slope` times x; any shape, the derivative at 0 is `slope`.

    >>> leaky_relu(Value(-2.0)).data
    -0.02
    """
    return where(x > 0, x, x * slope)


def elu(x: Operand, alpha: float = 1.0) -> Operand:
    """Return x where it is positive, else `alpha` * (exp(x) - 1); any shape (Clevert et al. 2015).

    >>> elu(Value(-1000.0)).data
    -1.0
    """
    return where(x > 0, x, expm1(where(x > 0, 0.0, x)) * alpha)


def silu(x: Operand) -> Operand:
    """Return x * sigmoid(x), also called swish; any shape (Elfwing et al. 2017).

    >>> silu(Value(0.0)).data
    0.0
    """
    return x * sigmoid(x)


def gelu(x: Operand, approximate: str = "tanh") -> Operand:
    """Return x times the normal distribution function of x; any shape (Hendrycks and Gimpel 2016).

    `approximate` is "tanh" for its tanh form, or "none" for the function itself, which is PyTorch's default. The tanh
    form is written with a sigmoid, since (1 + tanh(u)) / 2 = sigmoid(2 u) keeps its digits where tanh is near -1.
    Raises ValueError for another.

    >>> gelu(Value(100.0)).data, round(gelu(1.0), 4), round(gelu(1.0, approximate="none"), 4)
    (100.0, 0.8412, 0.8413)
    """
    if approximate not in ("tanh", "none"):
        raise ValueError(f"approximate is 'tanh' or 'none'; got {brief(approximate)}")
    if approximate == "none":
        return 0.5 * x * erfc(-math.sqrt(0.5) * x)
    # Beyond 30 the factor is 0 or 1 to the last bit; the cube of a larger number might overflow.
    bounded = clip(x, min=-30.0, max=30.0)
    return x * sigmoid(math.sqrt(8 / math.pi) * (bounded + 0.044715 * bounded * bounded * bounded))


def log_softmax(x: Tree, axis: int = -1) -> Tree:
    """Return the logarithm of `softmax`, which loses no digits where that is near 0 or 1.

    An array of any shape, or a list of n Values (then a list of n Values comes back, without NumPy).

    >>> log_softmax([Value(0.0), Value(0.0)])[0].data
    -0.6931471805599453
    """
    if not isinstance(x, (list, tuple)):
        return statistical.log_softmax(x, axis=axis)
    lower, _, total = _below_largest(x)
    return [item - total for item in lower]


def softmax(x: Tree, axis: int = -1) -> Tree:
    """Return exp(x) divided by its sum over `axis`: numbers between 0 and 1 that add up to 1.

    SciPy's softmax takes all axes where none is given: autograd.special.softmax.

    An array of any shape, or a list of n Values (then a list of n Values comes back, without NumPy).

    >>> [p.data for p in softmax([Value(1000.0), Value(1000.0)])]
    [0.5, 0.5]
    """
    if not isinstance(x, (list, tuple)):
        return statistical.softmax(x, axis=axis)
    powers = [exp(item) for item in _below_largest(x)[0]]
    total = builtins.sum(powers)
    return [divide(power, total) for power in powers]


def log_sum_exp(values: Sequence[Operand]) -> Operand:
    """Return log(exp(v1) + ... + exp(vn)) of a list of n Values or numbers, without NumPy and without overflow.

    For an array: `logsumexp`. Raises ValueError for an empty list.

    >>> log_sum_exp([Value(1000.0), Value(1000.0)]).data
    1000.6931471805599
    """
    _, largest, total = _below_largest(values)
    return largest + total


def _below_largest(values: Sequence[Operand]) -> tuple[list[Any], Any, Any]:
    """Return the values minus the largest, the largest, and the logarithm of the sum of the exponentials.

    No exponential of what is left overflows. The sum is that of the others plus 1, whose log1p keeps their digits. The
    largest minus itself is the number 0, so that its own gradient, which would cancel, takes no digits from others. If
    all are -inf, they stay so.
    """
    if not values:
        raise ValueError("softmax and log_sum_exp need at least one value; the list is empty")
    if compiling():
        return _below_any_largest(values)
    data = [item.data if isinstance(item, Node) else item for item in values]
    top = data.index(builtins.max(data))
    if data[top] == -math.inf:
        return list(values), values[top], 0.0
    lower = [item - values[top] if k != top or len(values) == 1 else 0.0 for k, item in enumerate(values)]
    return lower, values[top], log1p(builtins.sum(exp(item) for k, item in enumerate(lower) if k != top))


def _below_any_largest(values: Sequence[Operand]) -> tuple[list[Any], Any, Any]:
    """Return the same in a function that is compiled, where the largest differs from call to call."""
    largest = reduce(maximum, values)
    nothing = equal(largest, -math.inf)
    found, tops = nothing, []
    for item in values:
        tops.append(equal(item, largest) * (1 - found))
        found = found + tops[-1]
    chosen = reduce(add, (where(top, item, 0.0) for top, item in zip(tops, values)))
    lower = [where(top, 0.0, item - chosen) for top, item in zip(tops, values)]
    others = (where(top, 0.0, exp(item)) for top, item in zip(tops, lower))
    return lower, where(nothing, -math.inf, chosen), log1p(reduce(add, others))


def take(x: Operand, indices: Index, axis: int | None = None) -> Operand:
    """Return the elements of an array at integer `indices` along `axis` (of the flattened array if None).

    Raises TypeError for a mask or a slice, which x[...] takes.

    >>> take(Tensor([[1.0, 2.0], [3.0, 4.0]]), [1, 1], axis=0).data.tolist()
    [[3.0, 4.0], [3.0, 4.0]]
    """
    import numpy

    places = numpy.asarray(indices)
    if places.dtype.kind not in "iu" and places.size:
        raise TypeError(
            f"take takes integers that count elements; got {brief(indices)}: a mask or a slice is for x[...]"
        )
    if axis is None:
        return getitem(reshape(x, shape=(-1,)), index=(indices,))
    return getitem(x, index=(slice(None),) * axis_of(x, axis) + (indices,))
