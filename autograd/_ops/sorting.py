"""The table of primitives: sorting along an axis, and functions made of it. Rows read as in `elementwise`.

>>> x = Tensor([3.0, 1.0, 2.0])
>>> y = sort(x)
>>> y[1].backward()
>>> y.data.tolist(), x.grad.tolist()
([1.0, 2.0, 3.0], [0.0, 0.0, 1.0])
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from autograd._core.data import shape
from autograd._core.declare import primitive
from autograd._core.primitive import REAL, TABLE, Operation
from autograd._core.types import Operand
from autograd.files import brief

from .examples import ROWS
from .manipulation import reshape
from .operands import as_array, axis_of
from .statistical import gaps

__all__ = ["partition", "sort"]

# fmt: off
_sort = primitive(
    "sort", lambda xp, a, *, axis=-1: xp.sort(a, axis=axis, stable=True),
    lambda g, out, a, axis=-1: sorted_by(g, order(a, axis=axis), axis=axis),
    elementwise=False, domain=(REAL,), kink=lambda a, axis=-1: gaps(a), examples=((((4,),), {}), ROWS),
    note="Each element gets the gradient of its new place; equal ones keep their order, nan comes last.",
)

order: Operation = primitive(
    "order", lambda xp, a, *, axis=-1: xp.argsort(a, axis=axis, stable=True).astype(float), None,
    written=lambda a, axis=-1: f"argsort({a}, axis={axis})",
    elementwise=False, domain=(REAL,), kink=lambda a, axis=-1: gaps(a), examples=((((4,),), {}), ROWS),
    note="Where each element of sort(a) stands in `a`: NumPy's argsort, as floats.",
)

sorted_by: Operation = primitive(
    "sorted_by",
    lambda xp, a, keys, *, axis=-1:
        xp.take_along_axis(a, xp.argsort(keys, axis=axis, stable=True), axis=axis),
    lambda g, out, a, keys, axis=-1: sorted_by(g, order(keys, axis=axis), axis=axis),
    None,
    elementwise=False, domain=(REAL, REAL), kink=lambda a, keys, axis=-1: gaps(keys),
    examples=((((4,), (4,)), {}), (((2, 3), (2, 3)), {"axis": 0})),
    note="The elements of `a` in the order that sorts `keys`; by order(keys) they go back to their places.",
)
# fmt: on


def sort(x: Operand, axis: int | None = -1, kind: object = None, *, stable: object = None) -> Any:
    """Return x in ascending order along `axis`, of the flattened x for None.

    Equal elements keep their order, and each gets the gradient of its own place; nan comes last. NumPy's `kind` and
    `stable` are taken, and change nothing.
    """
    rows, axis = _along(x, axis)
    return _sort(rows, axis=axis)


def argsort(x: Operand, axis: int | None = -1, kind: object = None, *, stable: object = None) -> Any:
    """Return the row that says where each element of `sort` stands in x, as floats."""
    rows, axis = _along(x, axis)
    return order(rows, axis=axis)


def partition(x: Operand, kth: int | Sequence[int], axis: int | None = -1) -> Any:
    """Return x with the elements number `kth` along `axis` where `sort` has them, smaller ones before and others after.

    All others are in order as well. Raises ValueError for a number that no element has.

    >>> partition(Tensor([3.0, 1.0, 2.0]), 1).data.tolist()
    [1.0, 2.0, 3.0]
    """
    rows, axis = _along(x, axis)
    n = shape(rows)[axis]
    numbers = kth.tolist() if hasattr(kth, "tolist") else kth
    for k in map(operator.index, numbers if isinstance(numbers, (list, tuple)) else [numbers]):
        if not -n <= k < n:
            raise ValueError(f"kth={brief(kth)} is no number of one of {n} elements")
    return _sort(rows, axis=axis)


def _along(x: Operand, axis: int | None) -> tuple[Any, int]:
    """Return x and an axis counted from 0, for None the flattened x and its only one."""
    x = as_array(x)
    return (reshape(x, shape=(-1,)), 0) if axis is None else (x, axis_of(x, axis))


TABLE["sort"].function = sort
vars(sort)["primitive"] = TABLE["sort"]
