"""Functions without a derivative: facts about the numbers or the shape of a node, as plain numbers and arrays.

>>> x = Tensor([[3.0, -1.0], [float("nan"), 2.0]])
>>> argmax(x, axis=1).tolist(), argmin(x[0]).item(), argsort(x[0]).tolist()
([0, 0], 1, [1, 0])
>>> isnan(x).tolist(), isfinite(x).tolist(), isinf(x).tolist(), signbit(x[0]).tolist()
([[False, False], [True, False]], [[True, True], [False, True]], [[False, False], [False, False]], [False, True])
>>> nonzero(x[0] > 0)[0].tolist(), count_nonzero(x[0]).item(), searchsorted(Tensor([1.0, 2.0]), 1.5).item()
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
from operator import attrgetter
from typing import Any

from autograd._core.node import Node
from autograd._core.primitive import Operation
from autograd._core.tracing import compiling
from autograd._core.trees import mapped

from .elementwise import abs_, equal, less, not_equal, where

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
        if compiled is not None and compiling():
            return compiled(*args, **keywords)
        import numpy

        found = attrgetter(name)(numpy)(*mapped(of, args), **mapped(of, keywords))
        whole = args and type(of(args[0])) is float and getattr(found, "shape", None) == ()
        return found.item() if whole else found

    function.__name__ = function.__qualname__ = name.rpartition(".")[2]
    function.__doc__ = f"NumPy's {name} of the numbers of nodes, without a gradient."
    return function


allclose, argmax, argmin, argsort, array_equal = map(fact, ("allclose", "argmax", "argmin", "argsort", "array_equal"))
count_nonzero, isclose, nonzero = map(fact, ("count_nonzero", "isclose", "nonzero"))
searchsorted, signbit, any_, all_ = map(fact, ("searchsorted", "signbit", "any", "all"))
nextafter, unique, argpartition = map(fact, ("nextafter", "unique", "argpartition"))
unique_all, unique_counts, unique_inverse, unique_values = (
    fact(f"unique_{what}") for what in ("all", "counts", "inverse", "values")
)
isnan = fact("isnan", lambda x: not_equal(x, x))
isinf = fact("isinf", lambda x: equal(abs_(x), math.inf))
isfinite = fact("isfinite", lambda x: less(abs_(x), math.inf))
logical_not = fact("logical_not", lambda x: equal(x, 0.0))
logical_and = fact("logical_and", lambda x, y: where(x, not_equal(y, 0.0), 0.0))
logical_or = fact("logical_or", lambda x, y: where(x, 1.0, not_equal(y, 0.0)))
logical_xor = fact("logical_xor", lambda x, y: not_equal(not_equal(x, 0.0), not_equal(y, 0.0)))
full_like, ones_like, zeros_like, empty_like, shape, ndim, size = (
    fact(name, of=form_of) for name in ("full_like", "ones_like", "zeros_like", "empty_like", "shape", "ndim", "size")
)
