"""Functions of matrices that are a line or two over the rows of `decompositions`, `matmul` and `norm`.

Equal eigenvalues, or singular values, have vectors that turn freely: where any are equal, a loss of vectors has the
gradient nan. A loss of the values alone has its gradient there, too, if it treats equal ones alike; else it has a kink.

>>> a = Tensor([[2.0, 1.0], [1.0, 2.0]])
>>> solve(a, [3.0, 3.0]).data.round(12).tolist(), inv(a).data.round(3).tolist(), round(det(a).item(), 12)
([1.0, 1.0], [[0.667, -0.333], [-0.333, 0.667]], 3.0)
>>> sign, size = slogdet(a)
>>> sign.item(), round(size.item(), 4), cholesky(a).data.round(4).tolist()
(1.0, 1.0986, [[1.4142, 0.0], [0.7071, 1.2247]])
>>> [x.data.round(4).tolist() for x in eigh(a)], eigvalsh(a).data.round(4).tolist()
([[1.0, 3.0], [[0.7071, 0.7071], [-0.7071, 0.7071]]], [1.0, 3.0])
>>> [x.shape for x in svd(a[:1], full_matrices=False)], svdvals(a).data.round(4).tolist()
([(1, 1), (1,), (1, 2)], [3.0, 1.0])
>>> [x.shape for x in qr(a[:, :1])], matrix_power(a, 2).data.tolist(), pinv(a[:1]).data.round(3).tolist()
([(2, 1), (1, 1)], [[5.0, 4.0], [4.0, 5.0]], [[0.4], [0.2]])
>>> matrix_norm(a).item() == vector_norm(a).item(), matrix_rank(a).item(), multi_dot([a, a, a[0]]).data.tolist()
(True, 2, [14.0, 13.0])
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import Any

from autograd._core.data import shape
from autograd._core.primitive import TABLE
from autograd._core.types import Axis, Dtype, Operand
from autograd.files import brief

from . import arrange, decompositions, statistical
from .arrange import moveaxis
from .decompositions import (
    apart,
    eigen_forms,
    eigh_parts,
    inv,
    orthogonal_forms,
    qr_parts,
    singular_forms,
    slogdet_parts,
    svd_parts,
    svdvals,
)
from .elementwise import abs_, where
from .facts import fact
from .linalg import matmul
from .manipulation import astype, expand_dims, getitem, squeeze
from .operands import as_array, axes_of
from .statistical import max_, min_, sum_

__all__ = [
    "eigh", "eigvalsh", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "qr", "slogdet", "solve", "svd",
    "svdvals", "vector_norm",
]  # fmt: skip


def solve(a: Operand, b: Operand) -> Any:
    """Return the x of a @ x = b, for a vector `b` (n,) or right-hand sides (..., n, m)."""
    a, b = as_array(a), as_array(b)
    if len(shape(b)) != 1:
        return decompositions.solve(a, b)
    return squeeze(decompositions.solve(a, expand_dims(b, axis=-1)), axis=-1)


vars(solve)["primitive"] = TABLE["solve"]


def slogdet(a: Operand) -> tuple[Any, Any]:
    """Return the sign of the determinant, which gets no gradient, and the logarithm of its size."""
    parts = slogdet_parts(a)
    return getitem(parts, index=(..., 0)), getitem(parts, index=(..., 1))


def eigvalsh(a: Operand, UPLO: str = "L") -> Any:
    """Return the eigenvalues of symmetric matrices in ascending order; `UPLO` as in `eigh`."""
    if UPLO not in ("L", "U"):
        raise ValueError(f"UPLO is 'L' or 'U'; got {brief(UPLO)}")
    return decompositions.eigvalsh(a)


vars(eigvalsh)["primitive"] = TABLE["eigvalsh"]


def eigh(a: Operand, UPLO: str = "L") -> tuple[Any, Any]:
    """Return the eigenvalues of symmetric matrices in ascending order, and the eigenvectors as columns.

    Of a matrix that is not symmetric the symmetric part is taken, where NumPy reads the triangle `UPLO` ("L" or "U").
    The first row of the vectors is positive.
    """
    lead, forms = eigen_forms(a)
    return eigvalsh(a, UPLO), apart(eigh_parts(a), lead, *forms)[1]


def svd(a: Operand, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Return U, S and V' of a = U * S @ V' (S alone for `compute_uv=False`); the first row of U is positive.

    A matrix that is not square needs `full_matrices=False`, for the vectors of the singular values alone: the others
    are not determined by it, and have no derivative. Raises ValueError.
    """
    if not compute_uv:
        return svdvals(a)
    lead, forms = singular_forms(a)
    if full_matrices and forms[0][0] != forms[2][1]:
        raise ValueError(f"svd of shape {shape(a)} has full matrices that are not determined: give full_matrices=False")
    u, _, vt = apart(svd_parts(a), lead, *forms)
    return u, svdvals(a), vt


def qr(a: Operand, mode: str = "reduced") -> Any:
    """Return Q with orthogonal columns and R, an upper triangle, of a = Q @ R; the diagonal of R is positive.

    `mode` is "reduced", or "r" for R alone; the other columns of Q are not determined by `a`.
    """
    if mode not in ("reduced", "r"):
        raise ValueError(f"the mode of qr is 'reduced' or 'r' here; got {brief(mode)}")
    lead, forms = orthogonal_forms(a)
    q, r = apart(qr_parts(a), lead, *forms)
    return r if mode == "r" else (q, r)


def matrix_power(a: Operand, n: int) -> Any:
    """Return the product of `n` copies of the matrix, or of its inverse for negative n; 0 gives the unit matrix."""
    import numpy

    a = inv(a) if n < 0 else a
    squares, out = a, None
    for bit in reversed(f"{abs(n):b}"):
        if bit == "1":
            out = squares if out is None else matmul(squares, out)
        squares = matmul(squares, squares) if n not in (0, 1) else squares
    return where(False, a, numpy.eye(shape(a)[-1])) if out is None else out


def multi_dot(arrays: Sequence[Operand]) -> Any:
    """Return the product of matrices, the first and the last of which may be vectors, from left to right."""
    return reduce(matmul, map(as_array, arrays))


def trace(x: Operand, *, offset: int = 0, dtype: Dtype | None = None) -> Any:
    """Return the sum of the diagonal number `offset` of matrices (..., n, m), which `diagonal` says."""
    found = sum_(diagonal(x, offset=offset), axis=-1)
    return found if dtype is None else astype(found, dtype=dtype)


def diagonal(x: Operand, *, offset: int = 0) -> Any:
    """Return the diagonal number `offset` of matrices (..., n, m): of the last two axes, not the first two."""
    return arrange.diagonal(x, offset, -2, -1)


matrix_rank = fact("linalg.matrix_rank")


def norm(x: Operand, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return a norm of vectors along one axis or of matrices along two, as NumPy's linalg.norm does.

    `ord` is None for the root of the sum of squares, a number, inf, -inf, and of matrices "fro", "nuc", 1, 2 and their
    negatives. Where all is 0, the gradient is 0. Raises ValueError for another.
    """
    if ord is None:
        return statistical.norm(x, axis=axis, keepdims=keepdims)
    axes = axes_of(x, axis)
    if len(axes) not in (1, 2):
        raise ValueError(f"norm with ord={brief(ord)} is over one axis or two; the shape is {shape(x)}: give axis=")
    if len(axes) == 1:
        return vector_norm(x, axis=axes[0], keepdims=keepdims, ord=ord)
    found = matrix_norm(moveaxis(x, axes, (-2, -1)), ord=ord)
    return expand_dims(found, axis=axes) if keepdims else found


def vector_norm(x: Operand, *, axis: Axis = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """Return (sum of |x| ** ord) ** (1 / ord) over `axis`; for inf and -inf the largest and the smallest |x|."""
    if ord == 2:
        return statistical.norm(x, axis=axis, keepdims=keepdims)
    if ord in (math.inf, -math.inf):
        return (max_ if ord > 0 else min_)(abs_(x), axis=axis, keepdims=keepdims)
    if ord == 1:
        return sum_(abs_(x), axis=axis, keepdims=keepdims)
    if not isinstance(ord, (int, float)) or ord == 0:
        raise ValueError(f"the ord of a vector's norm is a number but 0, inf or -inf; got {brief(ord)}")
    return sum_(abs_(x) ** ord, axis=axis, keepdims=keepdims) ** (1.0 / ord)


def matrix_norm(x: Operand, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Return a norm of matrices (..., n, m): "fro", "nuc" (the sum of the singular values), 1, inf, 2, and negatives.

    1 is the largest sum of a column, inf that of a row, 2 the largest singular value; negative, the smallest.
    """
    axes = axes_of(x, (-2, -1))
    if ord == "fro":
        return statistical.norm(x, axis=axes, keepdims=keepdims)
    if ord in ("nuc", 2, -2):
        # Where a singular value is 0 it has a kink, with the slope that `abs` has there.
        found = {"nuc": sum_, 2: max_, -2: min_}[ord](abs_(svdvals(x)), axis=-1)
    elif ord in (1, -1, math.inf, -math.inf):
        sums = sum_(abs_(x), axis=-2 if abs(ord) == 1 else -1)
        found = (max_ if ord > 0 else min_)(sums, axis=-1)
    else:
        raise ValueError(f"the ord of a matrix's norm is 'fro', 'nuc', 1, 2, inf or a negative; got {brief(ord)}")
    return expand_dims(found, axis=(-2, -1)) if keepdims else found
