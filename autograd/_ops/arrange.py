"""Functions that only move elements, each a line over `getitem`, `reshape`, `permute_dims`, `concat` and `where`.

>>> x = Tensor([[1.0, 2.0], [3.0, 4.0]])
>>> swapaxes(x, 0, 1).data.tolist(), moveaxis(x, 0, -1).data.tolist()
([[1.0, 3.0], [2.0, 4.0]], [[1.0, 3.0], [2.0, 4.0]])
>>> flipud(x).data.tolist(), fliplr(x).data.tolist(), rollaxis(x, 1).data.tolist()
([[3.0, 4.0], [1.0, 2.0]], [[2.0, 1.0], [4.0, 3.0]], [[1.0, 3.0], [2.0, 4.0]])
>>> fftshift(x[0]).data.tolist(), ifftshift(fftshift(x)).data.tolist()
([2.0, 1.0], [[1.0, 2.0], [3.0, 4.0]])
>>> ravel(x).data.tolist(), flip(x).data.tolist(), roll(x, 1).data.tolist(), rot90(x).data.tolist()
([1.0, 2.0, 3.0, 4.0], [[4.0, 3.0], [2.0, 1.0]], [[4.0, 1.0], [2.0, 3.0]], [[2.0, 4.0], [1.0, 3.0]])
>>> repeat(x, 2, axis=0).shape, tile(x, (1, 3)).shape, append(x, [5.0]).shape
((4, 2), (2, 6), (5,))
>>> tril(x).data.tolist(), triu(x).data.tolist(), diagonal(x).data.tolist(), diag(x[0]).data.tolist()
([[1.0, 0.0], [3.0, 4.0]], [[1.0, 2.0], [0.0, 4.0]], [1.0, 4.0], [[1.0, 0.0], [0.0, 2.0]])
>>> [part.shape for part in split(x, 2)], [part.shape for part in array_split(x[0], 3)], len(unstack(x))
([(1, 2), (1, 2)], [(1,), (1,), (0,)], 2)
>>> [part.shape for part in (*hsplit(x, 2), *vsplit(x, 2), *dsplit(atleast_3d(x), 1))]
[(2, 1), (2, 1), (1, 2), (1, 2), (2, 2, 1)]
>>> vstack([x, x]).shape, hstack([x, x]).shape, dstack([x, x]).shape, column_stack([x[0], x[1]]).shape
((4, 2), (2, 4), (2, 2, 2), (2, 2))
>>> copy(x) is x
False
>>> atleast_1d(Value(1.0)).shape, atleast_2d(x[0]).shape, atleast_3d(x).shape
((1,), (1, 2), (2, 2, 1))
>>> [y.shape for y in broadcast_arrays(x, x[0])], [y.shape for y in meshgrid(x[0], [1.0, 2.0, 3.0])]
([(2, 2), (2, 2)], [(3, 2), (3, 2)])
>>> take_along_axis(x, [[1], [0]], axis=1).data.tolist()
[[2.0], [3.0]]
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from autograd._core.data import shape
from autograd._core.types import Axis, Dtype, Operand, Shape
from autograd.files import brief

from .elementwise import positive, where
from .manipulation import astype, broadcast_to, concat, getitem, permute_dims, reshape
from .operands import along, as_array, axes_of, axis_of

__all__ = [
    "append", "array_split", "asarray", "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "column_stack",
    "copy", "diag", "diagonal", "dsplit", "dstack", "fftshift", "flip", "fliplr", "flipud", "full", "hsplit",
    "hstack", "ifftshift", "meshgrid", "moveaxis", "ravel", "repeat", "roll", "rollaxis", "rot90",
    "split", "swapaxes", "take_along_axis", "tile", "tril", "triu", "unstack", "vsplit", "vstack",
]  # fmt: skip


def asarray(x: Operand, dtype: Dtype | None = None) -> Any:
    """Return a list as an array, or as a Tensor if there are nodes in it; a node or an array as it is.

    >>> a = Value(3.0)
    >>> asarray([[a, 1.0], [0.0, a]]).data.tolist()
    [[3.0, 1.0], [0.0, 3.0]]
    """
    return as_array(x) if dtype is None else astype(as_array(x), dtype=dtype)


def full(shape: int | Shape, fill_value: Operand, dtype: Dtype | None = None) -> Any:
    """Return an array full of a number, or of one that broadcasts; of a node it is a node.

    >>> full((2, 2), Value(3.0)).data.tolist()
    [[3.0, 3.0], [3.0, 3.0]]
    """
    lengths = shape if isinstance(shape, tuple) else (operator.index(shape),)
    return broadcast_to(asarray(fill_value, dtype), shape=lengths)


def copy(x: Operand) -> Any:
    """Return a node of the same numbers, which the gradient goes through."""
    return positive(x)


def ravel(x: Operand, order: str = "C") -> Any:
    """Return all elements on one axis, row by row, or column by column for the order "F"."""
    return reshape(x, shape=(-1,)) if order == "C" else reshape(x, shape=(-1,), order=order)


def swapaxes(x: Operand, axis1: int, axis2: int) -> Any:
    """Return x with two axes swapped."""
    order = list(range(len(shape(x))))
    a, b = axis_of(x, axis1), axis_of(x, axis2)
    order[a], order[b] = order[b], order[a]
    return permute_dims(x, axes=tuple(order))


def moveaxis(x: Operand, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """Return x with axes moved from `source` to `destination`."""
    a, b = axes_of(x, source), axes_of(x, destination)
    order = [k for k in range(len(shape(x))) if k not in a]
    for place, axis in sorted(zip(b, a, strict=True)):
        order.insert(place, axis)
    return permute_dims(x, axes=tuple(order))


def flip(x: Operand, axis: Axis = None) -> Any:
    """Return x in reverse order along `axis` (all axes for None)."""
    axes = axes_of(x, axis)
    return getitem(x, index=tuple(slice(None, None, -1 if k in axes else None) for k in range(len(shape(x)))))


def flipud(x: Operand) -> Any:
    """Return x with its first axis in reverse order."""
    return flip(x, 0)


def fliplr(x: Operand) -> Any:
    """Return x with its second axis in reverse order."""
    return flip(x, 1)


def roll(x: Operand, shift: int | tuple[int, ...], axis: Axis = None) -> Any:
    """Return x with its elements moved on by `shift`, those that fall off coming in at the other end.

    Several shifts go with as many axes, or all of them along one.
    """
    if axis is None:
        if isinstance(shift, (tuple, list)):
            raise ValueError(f"roll without an axis takes one shift; got {brief(shift)}: give as many axes as shifts")
        return reshape(roll(ravel(x), shift, 0), shape=shape(x))
    axes = axes_of(x, axis)
    shifts = shift if isinstance(shift, (tuple, list)) else (shift,) * len(axes)
    if len(axes) not in (1, len(shifts)):
        raise ValueError(f"roll takes a shift for each axis; got {len(shifts)} for {len(axes)} axes")
    for k, by in zip(axes * len(shifts) if len(axes) == 1 else axes, shifts):
        start = -operator.index(by) % max(shape(x)[k], 1)
        x = concat([along(x, k, slice(start, None)), along(x, k, slice(start))], axis=k)
    return x


def fftshift(x: Operand, axes: Axis = None) -> Any:
    """Return x with the first half of each of the axes after the second: a spectrum with 0 in its middle."""
    axes = axes_of(x, axes)
    return roll(x, tuple(shape(x)[k] // 2 for k in axes), axes)


def ifftshift(x: Operand, axes: Axis = None) -> Any:
    """Return x with the shift of `fftshift` undone."""
    axes = axes_of(x, axes)
    return roll(x, tuple(-(shape(x)[k] // 2) for k in axes), axes)


def rollaxis(x: Operand, axis: int, start: int = 0) -> Any:
    """Return x with `axis` moved to before the axis `start`."""
    (axis,) = axes_of(x, axis)
    start += len(shape(x)) * (start < 0)
    return moveaxis(x, axis, start - (start > axis))


def rot90(x: Operand, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """Return x turned by `k` right angles, from the first of two axes to the second."""
    a, b = axes_of(x, tuple(axes))
    for _ in range(k % 4):
        x = swapaxes(flip(x, b), a, b)
    return x


def repeat(x: Operand, repeats: int | Sequence[int], axis: int | None = None) -> Any:
    """Return x with each element along `axis` (of the flattened x for None) `repeats` times."""
    import numpy

    x, axis = (ravel(x), 0) if axis is None else (x, axis)
    return along(x, axis, numpy.repeat(numpy.arange(shape(x)[axis_of(x, axis)]), repeats))


def tile(x: Operand, reps: int | Sequence[int]) -> Any:
    """Return copies of x side by side; `reps` says how many along each axis."""
    import numpy

    counts = tuple(map(operator.index, numpy.atleast_1d(reps).tolist()))
    lengths = shape(x)
    counts = (1,) * (len(lengths) - len(counts)) + counts
    lengths = (1,) * (len(counts) - len(lengths)) + lengths
    x = reshape(x, shape=lengths)
    for k, count in enumerate(counts):
        x = concat([x] * count, axis=k) if count else along(x, k, slice(0))
    return x


def append(x: Operand, values: Operand, axis: int | None = None) -> Any:
    """Return x with `values` after it along `axis`, both flattened for None."""
    return concat([as_array(x), as_array(values)], axis=axis)


def split(x: Operand, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """Return x in a number of equal parts, or cut before the given indices. Raises ValueError for parts that differ."""
    n = shape(x)[axis_of(x, axis)]
    if isinstance(parts := _cuts(indices_or_sections), int) and n % parts:
        raise ValueError(f"{n} elements do not split into {parts} equal parts: use array_split")
    return array_split(x, parts, axis)


def array_split(x: Operand, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """Return x in a number of parts, the first ones longer by one if need be, or cut before the given indices."""
    n = shape(x)[axis_of(x, axis)]
    cuts = _cuts(indices_or_sections)
    if isinstance(cuts, int):
        each, more = divmod(n, cuts)
        cuts = [k * each + min(k, more) for k in range(1, cuts)]
    return [along(x, axis, slice(start, end)) for start, end in zip([0, *cuts], [*cuts, n])]


def _cuts(given: int | Sequence[int]) -> int | list[int]:
    """Return a number of parts, 1 or more, or the indices to cut at."""
    plain = given.tolist() if hasattr(given, "tolist") else given
    if isinstance(plain, Sequence):
        return list(map(operator.index, plain))
    parts = operator.index(plain)
    if parts < 1:
        raise ValueError(f"an array is split into 1 part or more; got {parts}")
    return parts


def vsplit(x: Operand, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """Return x, of two axes or more, split along the first."""
    if len(shape(x)) < 2:
        raise ValueError(f"vsplit takes two axes or more; the shape is {shape(x)}: use split")
    return split(x, indices_or_sections, 0)


def hsplit(x: Operand, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """Return x split along its second axis, or the only one."""
    return split(x, indices_or_sections, min(1, len(shape(x)) - 1))


def dsplit(x: Operand, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """Return x split along its third axis."""
    return split(x, indices_or_sections, 2)


def unstack(x: Operand, *, axis: int = 0) -> tuple[Any, ...]:
    """Return the parts of x along `axis`, without that axis."""
    return tuple(along(x, axis, k) for k in range(shape(x)[axis_of(x, axis)]))


def atleast_1d(x: Operand) -> Any:
    """Return x with one axis or more."""
    return reshape(x, shape=shape(x) or (1,))


def atleast_2d(x: Operand) -> Any:
    """Return x with two axes or more, those that it lacks before its own."""
    return reshape(x, shape=(1,) * (2 - len(shape(x))) + shape(x))


def atleast_3d(x: Operand) -> Any:
    """Return x with three axes or more: a vector (n,) as (1, n, 1), a matrix (n, m) as (n, m, 1)."""
    lengths = shape(x)
    return reshape(x, shape=(1, *lengths, 1) if len(lengths) == 1 else lengths + (1,) * (3 - len(lengths)))


def vstack(parts: Sequence[Operand]) -> Any:
    """Return the parts one below the other, a vector as a row."""
    return concat([atleast_2d(as_array(part)) for part in parts], axis=0)


def hstack(parts: Sequence[Operand]) -> Any:
    """Return the parts side by side, vectors end to end."""
    rows = [atleast_1d(as_array(part)) for part in parts]
    return concat(rows, axis=0 if len(shape(rows[0])) == 1 else 1)


def dstack(parts: Sequence[Operand]) -> Any:
    """Return the parts one behind the other, along the third axis."""
    return concat([atleast_3d(as_array(part)) for part in parts], axis=2)


def column_stack(parts: Sequence[Operand]) -> Any:
    """Return the parts side by side, a vector as a column."""
    parts = [as_array(part) for part in parts]
    return concat([part if len(shape(part)) > 1 else reshape(part, shape=(-1, 1)) for part in parts], axis=1)


def broadcast_arrays(*arrays: Operand) -> tuple[Any, ...]:
    """Return the arrays in the shape that they broadcast to."""
    import numpy

    arrays = tuple(map(as_array, arrays))
    lengths: Shape = numpy.broadcast_shapes(*map(shape, arrays))
    return tuple(broadcast_to(array, shape=lengths) for array in arrays)


def meshgrid(*vectors: Operand, indexing: str = "xy") -> list[Any]:
    """Return the coordinates of a grid over vectors, each in the shape of the grid; `indexing` is "xy" or "ij"."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing must be 'xy' or 'ij'; got {brief(indexing)}")
    vectors = tuple(map(as_array, vectors))
    rank = len(vectors)
    grids = broadcast_arrays(
        *(reshape(v, shape=(*(1,) * k, -1, *(1,) * (rank - 1 - k))) for k, v in enumerate(vectors))
    )
    return [swapaxes(grid, 0, 1) if indexing == "xy" and rank > 1 else grid for grid in grids]


def tril(x: Operand, k: int = 0) -> Any:
    """Return matrices (..., n, m) with zeros above the diagonal number `k`."""
    return where(_below(x, k), x, 0.0)


def triu(x: Operand, k: int = 0) -> Any:
    """Return matrices (..., n, m) with zeros below the diagonal number `k`."""
    return where(_below(x, k - 1), 0.0, x)


def _below(x: Operand, k: int) -> Any:
    """Return a mask of the places of matrices below the diagonal number `k`, and on it."""
    import numpy

    if len(shape(x)) < 2:
        raise ValueError(f"tril and triu take matrices (..., n, m); the shape is {shape(x)}")
    rows, columns = shape(x)[-2:]
    return numpy.tri(rows, columns, k, dtype=bool)


def diagonal(x: Operand, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the diagonal number `offset` of two axes, as the last axis."""
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    rows, columns = shape(x)[-2:]
    length = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    first, second = ([start + i for i in range(length)] for start in (max(-offset, 0), max(offset, 0)))
    return getitem(x, index=(..., first, second))


def diag(x: Operand, k: int = 0) -> Any:
    """Return the diagonal number `k` of a matrix, or a matrix with a vector on it and else zeros."""
    if len(shape(x)) not in (1, 2):
        raise ValueError(f"diag takes a vector or a matrix; the shape is {shape(x)}: diagonal(x, axis1=, axis2=)?")
    if len(shape(x)) > 1:
        return diagonal(x, k)
    import numpy

    wide = reshape(x, shape=(1, -1)) if k >= 0 else reshape(x, shape=(-1, 1))
    n = shape(x)[0] + abs(k)
    padded = concat([numpy.zeros((1, k)), wide], axis=1) if k > 0 else wide
    padded = concat([numpy.zeros((-k, 1)), wide], axis=0) if k < 0 else padded
    return where(numpy.eye(n, k=k, dtype=bool), padded, 0.0)


def take_along_axis(x: Operand, indices: Any, axis: int | None = -1) -> Any:
    """Return the elements of x at `indices` along `axis`, an array of as many axes as x."""
    import numpy

    x, axis = (ravel(x), 0) if axis is None else (x, axis_of(x, axis))
    indices = numpy.asarray(indices)
    rank = len(shape(x))
    lengths = [n if k != axis else indices.shape[axis] for k, n in enumerate(shape(x))]
    index = [numpy.arange(n).reshape(*(1,) * k, -1, *(1,) * (rank - 1 - k)) for k, n in enumerate(lengths)]
    index[axis] = numpy.broadcast_to(indices, lengths)
    return getitem(x, index=tuple(index))
