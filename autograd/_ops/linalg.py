"""The table of primitives: products of matrices. A row reads as in `elementwise`."""

from __future__ import annotations

from typing import Any

from autograd._core.data import shape
from autograd._core.declare import primitive
from autograd._core.primitive import REAL
from autograd._core.types import Namespace, Operand, Raw, Shape

from .manipulation import expand_dims, permute_dims, squeeze

__all__ = ["matmul", "matrix_transpose"]


def product(xp: Namespace, a: Raw, b: Raw) -> Any:
    try:
        return xp.matmul(a, b)
    except ValueError:
        _refuse(shape(a), shape(b))
        raise


def _refuse(left: Shape, right: Shape) -> None:
    """Raise ValueError with a hint for shapes that cannot be multiplied."""
    if not left or not right:
        raise ValueError("@ multiplies vectors and matrices; use * for a number")
    rows, which = right[-2:][0], "first" if len(right) == 1 else "second-last"
    if left[-1] != rows:
        raise ValueError(
            f"the last axis of the first has length {left[-1]}, the {which} axis of the second {rows}; they must be "
            f"equal: transpose one with .T?"
        )


def is_turned(a: Operand) -> bool:
    """Tell whether the columns of a matrix are its rows in memory: so should be its gradient's, which meets it later.

    To bring numbers into another order takes longer than many a product.
    """
    data: Any = getattr(a, "_data", a)
    found: bool = data.strides[0] < data.strides[1]
    return found


def matmul_left(g: Operand, out: Operand, a: Operand, b: Operand) -> Any:
    if b.ndim == 2:
        return (b @ g.T).T if a.ndim == 2 and is_turned(a) else g @ b.T
    if len(shape(b)) == 1:
        return expand_dims(g, axis=-1) * b
    if len(shape(a)) == 1:
        return squeeze(matmul(b, expand_dims(g, axis=-1)), axis=-1)
    return g @ matrix_transpose(b)


def matmul_right(g: Operand, out: Operand, a: Operand, b: Operand) -> Any:
    if b.ndim == 1:
        return expand_dims(g, axis=-1) * a
    if a.ndim == 1:
        return expand_dims(a, axis=-1) * expand_dims(g, axis=-2)
    return matrix_transpose(a) @ g


def matrix_transpose(x: Operand) -> Operand:
    """Return x (..., n, m) as (..., m, n): the last two axes swapped.

    >>> matrix_transpose(Tensor([[1.0, 2.0, 3.0]])).shape
    (3, 1)
    """
    if len(shape(x)) == 2:
        return x.T
    axes = tuple(range(len(shape(x))))
    return permute_dims(x, axes=(*axes[:-2], axes[-1], axes[-2]))


# fmt: off
matmul = primitive(
    "matmul", product, matmul_left, matmul_right,
    written="{0} @ {1}", elementwise=False, domain=(REAL, REAL), contraction=("multiply", "add"),
    examples=tuple(((a, b), {}) for a, b in (
        ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)),
        ((2, 1, 2, 3), (2, 3, 2)), ((3,), (2, 3, 2)), ((2, 2, 3), (3,)),
    )),
)
