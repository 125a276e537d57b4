"""Functions without a derivative: facts about the numbers or the shape of a node, as plain numbers and arrays.

>>> x = Tensor([[3.0, -1.0], [float("nan"), 2.0]])
>>> argmax(x, axis=1).tolist(), argmin(x[0]).item(), argsort(x[0]).tolist()
([0, 0], 1, [1, 0])
>>> isnan(x).tolist(), isfinite(x).tolist(), isinf(x).tolist(), signbit(x[0]).tolist()
([[False, False], [True, False]], [[True, True], [False, True]], [[False, False], [False, False]], [False, True])
>>> nonzero(x[0] > 0)[0].tolist(), int(count_nonzero(x[0])), searchsorted(Tensor([1.0, 2.0]), 1.5).item()
([0], 2, 1)
>>> isclose(x[0], [3.0, -1.0]).tolist(), allclose(x[0], 3.0), array_equal(x[0], x[0])
([True, True], False, True)
>>> zeros_like(x[0]).tolist(), ones_like(x[0]).tolist(), full_like(x[0], 7.0).tolist(), ones_like(Value(2.0))
([0.0, 0.0], [1.0, 1.0], [7.0, 7.0], 1.0)
>>> logical_and(x[0] > 0, True).tolist(), logical_or(x[0], 0).tolist(), logical_xor(x[0], 1).tolist()
([True, False], [True, True], [False, False])
>>> ties = Tensor([2.0, 1.0, 2.0])
>>> unique_values(ties).tolist(), unique_counts(ties).counts.tolist(), unique_inverse(ties).inverse_indices.tolist()
([1.0, 2.0], [1, 2], [1, 0, 1])
>>> unique_all(ties).indices.tolist()
[1, 0]
>>> logical_not(x[0]).tolist(), unique(ties).tolist(), nextafter(Value(1.0), 2.0) - 1.0 == 2**-52
([False, False], [1.0, 2.0], True)
>>> empty_like(x).shape, argpartition(ties, 0)[0].item()
((2, 2), 1)
"""

from __future__ import annotations

import math
from functools import partial
from operator import attrgetter
from typing import Any

from autograd._core.data import shape as shape_of
from autograd._core.node import Node
from autograd._core.primitive import Operation
from autograd._core.tracing import compiling
from autograd._core.trees import mapped
from autograd._core.types import Axis, Operand

from . import sorting
from .elementwise import abs_, equal, greater, less, not_equal, where
from .functions import atan2
from .manipulation import reshape
from .operands import axis_of
from .statistical import max_, min_, sum_

__all__ = [
    "allclose", "argmax", "argmin", "argpartition", "argsort", "array_equal", "count_nonzero", "empty_like",
    "full_like", "isclose", "isfinite", "isinf", "isnan", "logical_and", "logical_not", "logical_or",
    "logical_xor", "nextafter", "nonzero", "ones_like", "searchsorted", "signbit", "unique", "unique_all",
    "unique_counts", "unique_inverse", "unique_values", "zeros_like",
]  # fmt: skip


def numbers_of(item: Any) -> Any:
    """Return the numbers of a node, which a function that is being compiled must not read; other things as they are."""
    return item.data if isinstance(item, Node) else item


def form_of(item: Any) -> Any:
    """Return an array of the shape and the dtype of a node, of which the numbers do not count."""
    return item._data if isinstance(item, Node) else item


def fact(name: str, compiled: Operation | None = None, of: Operation = numbers_of) -> Operation:
    """Return NumPy's function, which takes nodes as it takes arrays, and gives what has no gradient.

    `compiled` says it with rows of the table, which a function that is being compiled needs.
    """

    def function(*args: Any, **keywords: Any) -> Any:
        if compiled is not None and compiling() and any(isinstance(arg, Node) for arg in args):
            return compiled(*args, **keywords)
        import numpy

        found = attrgetter(name)(numpy)(*mapped(of, args), **mapped(of, keywords))
        whole = args and type(of(args[0])) is float and getattr(found, "shape", None) == ()
        return found.item() if whole else found

    function.__name__ = function.__qualname__ = name.rpartition(".")[2]
    then = "; of a node in a function that is compiled, as floats" if compiled else ""
    function.__doc__ = f"NumPy's {name} of the numbers of nodes, without a gradient{then}."
    return function


def first_of(extreme: Operation, x: Operand, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """Return where the first of the largest or smallest elements along an axis stands, nan being both, as floats."""
    import numpy

    rows, along = (reshape(x, shape=(-1,)), 0) if axis is None else (x, axis_of(x, axis))
    chosen = logical_or(equal(rows, extreme(rows, axis=along, keepdims=True)), isnan(rows))
    places = numpy.arange(shape_of(rows)[along]).reshape(-1, *(1,) * (len(shape_of(rows)) - 1 - along))
    found = min_(where(chosen, places, math.inf), axis=along, keepdims=keepdims)
    return reshape(found, shape=(1,) * len(shape_of(x))) if axis is None and keepdims else found


def unlike_zero(x: Operand, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """Return how many elements are not 0, as floats."""
    return sum_(not_equal(x, 0.0), axis=axis, keepdims=keepdims)


allclose, array_equal, isclose, nonzero = map(fact, ("allclose", "array_equal", "isclose", "nonzero"))
nextafter, searchsorted, unique, argpartition = map(fact, ("nextafter", "searchsorted", "unique", "argpartition"))
unique_all, unique_counts, unique_inverse, unique_values = (
    fact(f"unique_{what}") for what in ("all", "counts", "inverse", "values")
)
argmax, argmin = fact("argmax", partial(first_of, max_)), fact("argmin", partial(first_of, min_))
argsort = fact("argsort", sorting.argsort)
count_nonzero = fact("count_nonzero", unlike_zero)
any_ = fact("any", lambda x, axis=None, *, keepdims=False: greater(unlike_zero(x, axis, keepdims=keepdims), 0.0))
all_ = fact(
    "all", lambda x, axis=None, *, keepdims=False: equal(unlike_zero(equal(x, 0.0), axis, keepdims=keepdims), 0.0)
)
# The angle tells the two zeros apart.
signbit = fact("signbit", lambda x: less(atan2(x, -1.0), 0.0))
isnan = fact("isnan", lambda x: not_equal(x, x))
isinf = fact("isinf", lambda x: equal(abs_(x), math.inf))
isfinite = fact("isfinite", lambda x: less(abs_(x), math.inf))
logical_not = fact("logical_not", lambda x: equal(x, 0.0))
logical_and = fact("logical_and", lambda x, y: not_equal(where(x, y, 0.0), 0.0))
logical_or = fact("logical_or", lambda x, y: not_equal(where(x, 1.0, y), 0.0))
logical_xor = fact("logical_xor", lambda x, y: not_equal(not_equal(x, 0.0), not_equal(y, 0.0)))
full_like, ones_like, zeros_like, empty_like, shape, ndim, size = (
    fact(name, of=form_of) for name in ("full_like", "ones_like", "zeros_like", "empty_like", "shape", "ndim", "size")
)
