"""Long sums of products as products of matrices."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from autograd._core.data import shape
from autograd._core.primitive import TABLE, Primitive
from autograd._core.types import Operand
from autograd._ops.manipulation import permute_dims, reshape

Placed: TypeAlias = tuple[Operand, tuple[int, ...]]
"""An array, and which axes of the whole its own are."""


def sum_of(made: Primitive, count: int, term: list[tuple[Any, tuple[int, ...]]], rank: int) -> Any:
    """Sum `count` terms, or products of two, over their axis `rank`; align the result for the axes before."""
    (array, axes), *others = term
    for other, across in others:
        product, times = next(
            (row, row.contraction[0]) for row in TABLE.values() if row.contraction and row.contraction[1] == made.name
        )
        left, right = set(axes), set(across)
        if rank in left & right and (left & right == {rank} or (left - right and right - left)):
            return _contracted(product, (array, axes), (other, across), rank)
        factors = align(array, axes, rank + 1), align(other, across, rank + 1)
        array = TABLE[times].apply(factors, {})
        axes = tuple(sorted(left | right))
        array = reshape(array, tuple(n for n in shape(array) if n > 1))
    if count > 1:
        if rank not in axes:
            array, axes = TABLE["broadcast_to"].apply((array,), {"shape": (count, *shape(array))}), (rank, *axes)
        array = TABLE[made.reduction].apply((array,), {"axis": axes.index(rank)})
        axes = tuple(axis for axis in axes if axis != rank)
    return align(array, axes, rank)


def _contracted(product: Primitive, left: Placed, right: Placed, rank: int) -> Any:
    """Multiply two arrays and sum over the axis `rank`; align the result for the axes before."""
    shared = sorted(set(left[1]) & set(right[1]) - {rank})
    if min(set(right[1]) - set(left[1]), default=rank) < min(set(left[1]) - set(right[1]), default=-1):
        left, right = right, left
    rows, columns = (sorted(set(a) - set(b)) for a, b in ((left[1], right[1]), (right[1], left[1])))
    if not rows and right[1][-1] == rank:
        # A vector goes to the side where the matrix need not be transposed.
        left, right, rows, columns = right, left, columns, rows
    elif not columns and left[1][0] == rank:
        left, right, rows, columns = right, left, columns, rows
    one = [_merged(left[0], left[1], [*([k] for k in shared), *([rows] if rows else []), [rank]])]
    one.append(_merged(right[0], right[1], [*([k] for k in shared), [rank], *([columns] if columns else [])]))
    lengths = {axis: n for array, axes in (left, right) for axis, n in zip(axes, shape(array))}
    axes = (*shared, *rows, *columns)
    out = product.apply(tuple(one), {})
    full = tuple(lengths[axis] for axis in axes)
    return align(shape_to(out, full), axes, rank)


def _merged(array: Operand, axes: tuple[int, ...], parts: list[list[int]]) -> Any:
    """Return an array with its axes in the order of `parts`, those in one part merged into one."""
    array = _permuted(array, axes, [axis for part in parts for axis in part])
    lengths = iter(shape(array))
    merged = tuple(math.prod(next(lengths) for _ in part) for part in parts)
    return shape_to(array, merged)


def shape_to(array: Operand, lengths: tuple[int, ...]) -> Any:
    return array if shape(array) == lengths else reshape(array, lengths)


def _permuted(array: Operand, axes: tuple[int, ...], order: list[int]) -> Any:
    permutation = tuple(axes.index(axis) for axis in order)
    if permutation == tuple(range(len(axes))):
        return array
    return permute_dims(array, None if permutation == (1, 0) else permutation)


def align(array: Operand, axes: tuple[int, ...], rank: int) -> Any:
    """Return an array that has some axes of an array of `rank` axes so that it broadcasts against that."""
    array = _permuted(array, axes, sorted(axes))
    if not axes or len(axes) == rank - min(axes):
        return array
    lengths = dict(zip(sorted(axes), shape(array)))
    return reshape(array, tuple(lengths.get(axis, 1) for axis in range(min(axes), rank)))
