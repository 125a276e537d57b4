"""What functions take beside nodes: axes as numbers of any kind, and lists, in which nodes may be, as arrays."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from autograd._core.data import numpy_module, shape
from autograd._core.node import Node
from autograd._core.trees import flatten
from autograd._core.types import Axis, Index, Operand
from autograd.files import brief

from .manipulation import astype, getitem, stack


def axes_of(x: Operand, axis: Axis | Sequence[int]) -> tuple[int, ...]:
    """Return axes, counted from 0; all for None. Raises ValueError for one that there is not, or that comes twice."""
    rank = len(shape(x))
    given = range(rank) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = tuple(map(operator.index, given))
    if any(not -rank <= k < rank for k in axes):
        raise ValueError(f"axis {brief(axis)} is none of an array of shape {shape(x)}, which has {rank}")
    axes = tuple(k % rank for k in axes)
    if len(set(axes)) < len(axes):
        raise ValueError(f"axis {brief(axis)} names one of the {rank} axes twice")
    return axes


def axis_of(x: Operand, axis: int) -> int:
    """Return an axis, counted from 0. Raises TypeError for anything but one whole number."""
    return axes_of(x, operator.index(axis))[0]


def along(x: Operand, axis: int, part: Index) -> Any:
    """Return the elements at `part` of an axis."""
    return getitem(x, index=(*(slice(None),) * axis_of(x, axis), part))


def as_array(x: Operand) -> Any:
    """Return a list, in which nodes may be, as an array or a Tensor, and a node or an array as it is."""
    if not isinstance(x, (list, tuple)):
        return x
    if _holds_node(x):
        return stack([as_array(part) for part in x])
    import numpy

    return numpy.asarray(x, float)


def as_floats(*operands: Operand) -> tuple[Any, ...]:
    """Return operands as `as_array` does, arrays as floats of one precision: the most that one of them has.

    What is computed from one of them alone has then the digits that NumPy's function of them all has, and no whole
    numbers wrap around.
    """
    found = [as_array(x) for x in operands]
    arrays = [hasattr(x, "dtype") and isinstance(x, (Node, numpy_module().ndarray)) for x in found]
    if any(arrays):
        numpy = numpy_module()
        widest = numpy.result_type(*(x.dtype for x, is_array in zip(found, arrays) if is_array))
        widest = widest if widest == numpy.float32 else numpy.dtype(float)
        found = [astype(x, dtype=widest) if is_array and x.dtype != widest else x for x, is_array in zip(found, arrays)]
    return tuple(float(x) if hasattr(x, "dtype") and isinstance(x, numpy_module().generic) else x for x in found)


def _holds_node(x: Operand) -> bool:
    return any(isinstance(part, Node) for part in flatten(x))
