"""The table of primitives: equations, inverses, determinants and decompositions. Rows read as in `elementwise`.

All work on stacks of matrices, (..., n, m). A decomposition has several results, which one row returns side by side on
one axis; `matrices` has the functions that people call, which take them apart. What is symmetric is taken to be the
mean of the matrix and its transpose, so that each element has the derivative that it has in what is computed. Libraries
choose the signs of vectors as they like; here they are fixed, so that every backend gives the same, without jumps.
Values have rows of their own: where some are equal, a gradient that reaches no vectors is known, and any other is not.
"""

from __future__ import annotations

import math
from typing import Any

from autograd._core.data import shape
from autograd._core.declare import primitive
from autograd._core.primitive import REAL, Example, Operation
from autograd._core.types import Namespace, Operand, Raw, Shape

from .elementwise import where
from .linalg import matmul, matrix_transpose
from .manipulation import concat, expand_dims, getitem, reshape

__all__ = ["cholesky", "det", "eigvalsh", "inv", "pinv", "solve", "svdvals"]


def transposed(xp: Namespace, a: Raw) -> Any:
    return xp.swapaxes(a, -1, -2)


def middle(xp: Namespace, a: Raw) -> Any:
    """Return the symmetric part of matrices."""
    return (a + transposed(xp, a)) / 2


def symmetric(g: Operand) -> Any:
    return (g + matrix_transpose(g)) / 2


def as_matrices(g: Operand) -> Any:
    """Return one number a matrix as something that broadcasts against the matrices."""
    return expand_dims(g, axis=(-2, -1))


def square_shape(a: Operand, what: str) -> Shape:
    """Return the shape of square matrices; raise ValueError for anything else."""
    lengths = shape(a)
    if len(lengths) < 2 or lengths[-1] != lengths[-2]:
        raise ValueError(f"{what} takes square matrices, (..., n, n)")
    return lengths


def side_by_side(xp: Namespace, lead: Shape, *parts: Raw) -> Any:
    """Return several results, each flattened but for the axes of the stack, on one axis."""
    return xp.concatenate([xp.reshape(part, (*lead, math.prod(shape(part)[len(lead) :]))) for part in parts], axis=-1)


def apart(y: Operand, lead: Shape, *forms: Shape) -> list[Any]:
    """Return the results of these shapes that stand side by side, or their gradients."""
    found, start = [], 0
    for form in forms:
        end = start + math.prod(form)
        part = getitem(y, index=(..., slice(start, end)))
        found.append(part if len(form) == 1 else reshape(part, shape=(*lead, *form)))
        start = end
    return found


def over(numerator: Operand, gap: Operand) -> Any:
    """Return a quotient, and nan where the gap is 0.

    Not even 0 / 0 is 0: V log(w) V' at the unit matrix sends nothing to V, and changes as the matrix does.
    """
    return numerator / where(gap == 0, math.nan, gap)


def eye(n: int) -> Any:
    import numpy

    return numpy.eye(n)


def lower(a: Operand, k: int = 0) -> Any:
    import numpy

    rows, columns = shape(a)[-2:]
    return where(numpy.tri(rows, columns, k, dtype=bool), a, 0.0)


def gaps_of(values: Operand) -> Any:
    """Return value j minus value i at place i, j, and 1 on the diagonal."""
    n = shape(values)[-1]
    return where(eye(n) == 1, 1.0, expand_dims(values, axis=-2) - expand_dims(values, axis=-1))


def eigen_forms(a: Operand) -> tuple[Shape, list[Shape]]:
    """Return the shape of the stack, and of the eigenvalues and V of one matrix."""
    lead, n = shape(a)[:-2], shape(a)[-1:]
    return lead, [n, n * 2]


def from_eigen(g: Operand, out: Operand, a: Operand) -> Any:
    """Return V (diag(gw) + V' gV / gaps) V', made symmetric."""
    lead, forms = eigen_forms(a)
    (gw, gv), (w, v) = (apart(y, lead, *forms) for y in (g, out))
    turned = where(eye(*forms[0]) == 1, 0.0, matmul(matrix_transpose(v), gv))
    found = matmul(v, over(turned, gaps_of(w))) + v * expand_dims(gw, axis=-2)
    return symmetric(matmul(found, matrix_transpose(v)))


def from_values(g: Operand, out: Operand, a: Operand) -> Any:
    """Return V diag(g) V'."""
    lead, forms = eigen_forms(a)
    _, v = apart(eigh_parts(a), lead, *forms)
    return symmetric(matmul(v * expand_dims(g, axis=-2), matrix_transpose(v)))


def singular_forms(a: Operand) -> tuple[Shape, list[Shape]]:
    """Return the shape of the stack, and of U, S and V' of one matrix."""
    lead, (n, m) = shape(a)[:-2], shape(a)[-2:]
    k = min(n, m)
    return lead, [(n, k), (k,), (k, m)]


def from_sizes(g: Operand, out: Operand, a: Operand) -> Any:
    """Return U diag(g) V'."""
    lead, forms = singular_forms(a)
    u, _, vt = apart(svd_parts(a), lead, *forms)
    return matmul(u * expand_dims(g, axis=-2), vt)


def from_singular(g: Operand, out: Operand, a: Operand) -> Any:
    """Return the gradient of a matrix from those of U, S and V', each of which may be 0."""
    lead, forms = singular_forms(a)
    (gu, gs, gvt), (u, s, vt) = (apart(y, lead, *forms) for y in (g, out))
    row, column = expand_dims(s, axis=-2), expand_dims(s, axis=-1)
    gap = gaps_of(s) * where(eye(*forms[1]) == 1, 1.0, row + column)
    around, beside = matmul(matrix_transpose(u), gu), matmul(vt, matrix_transpose(gvt))
    inner = over(around - matrix_transpose(around), gap) * row + column * over(beside - matrix_transpose(beside), gap)
    found = matmul(matmul(u, inner) + u * expand_dims(gs, axis=-2), vt)
    n, m = shape(a)[-2:]
    if n > m:
        outside = gu - matmul(u, around)
        found = found + matmul(over(outside, row), vt)
    if m > n:
        outside = gvt - matmul(matrix_transpose(beside), vt)
        found = found + matmul(u, over(outside, column))
    return found


def orthogonal_forms(a: Operand) -> tuple[Shape, list[Shape]]:
    """Return the shape of the stack, and of Q and R of one matrix."""
    lead, (n, m) = shape(a)[:-2], shape(a)[-2:]
    k = min(n, m)
    return lead, [(n, k), (k, m)]


def from_orthogonal(g: Operand, out: Operand, a: Operand) -> Any:
    """Return the gradient of a matrix from those of Q and R; the columns beyond a square follow from Q."""
    lead, forms = orthogonal_forms(a)
    (gq, gr), (q, r) = (apart(y, lead, *forms) for y in (g, out))
    n, m = shape(a)[-2:]
    if m <= n:
        return from_tall(gq, gr, q, r)
    own, rest = (..., slice(n)), (..., slice(n, None))
    gv, y = getitem(gr, index=rest), getitem(a, index=rest)
    gq = gq + matmul(y, matrix_transpose(gv))
    left = from_tall(gq, getitem(gr, index=own), q, getitem(r, index=own))
    return concat([left, matmul(q, gv)], axis=-1)


def from_tall(gq: Operand, gr: Operand, q: Operand, r: Operand) -> Any:
    inner = matmul(r, matrix_transpose(gr)) - matmul(matrix_transpose(gq), q)
    mirrored = lower(inner) + matrix_transpose(lower(inner, -1))
    return matrix_transpose(solve(r, matrix_transpose(gq + matmul(q, mirrored))))


def from_factor(g: Operand, out: Operand, a: Operand) -> Any:
    """Return L'^-1 (the lower half of L' g, its diagonal halved) L^-1, made symmetric."""
    inner = matmul(matrix_transpose(out), g)
    half = (lower(inner) + lower(inner, -1)) / 2
    turned = matrix_transpose(out)
    return symmetric(solve(turned, matrix_transpose(solve(turned, half))))


def from_pseudo(g: Operand, out: Operand, a: Operand) -> Any:
    """Return the gradient through a pseudo-inverse of constant rank (Golub and Pereyra 1973)."""
    gt, pt = matrix_transpose(g), matrix_transpose(out)
    beyond = matmul(gt, out) - matmul(a, matmul(out, matmul(gt, out)))
    before = matmul(out, gt) - matmul(matmul(matmul(out, gt), out), a)
    return -matmul(matmul(pt, g), pt) + matmul(beyond, pt) + matmul(pt, before)


def triangle(xp: Namespace, a: Raw) -> Any:
    square_shape(a, "cholesky")
    return xp.linalg.cholesky(middle(xp, a))


def solved(xp: Namespace, a: Raw, b: Raw) -> Any:
    if shape(b)[-2:-1] != square_shape(a, "solve")[-1:]:
        raise ValueError("solve takes square matrices (..., n, n) and right-hand sides (..., n, m)")
    return xp.linalg.solve(a, b)


def turned(xp: Namespace, vectors: Raw, leading: Raw) -> Any:
    """Return vectors, each with the other sign if its leading number is negative."""
    return xp.where(leading < 0, -vectors, vectors)


def eigenvalues(xp: Namespace, a: Raw) -> Any:
    square_shape(a, "eigh")
    return xp.linalg.eigvalsh(middle(xp, a))


def eigen(xp: Namespace, a: Raw) -> Any:
    lead = square_shape(a, "eigh")[:-2]
    found = xp.linalg.eigh(middle(xp, a))
    return side_by_side(xp, lead, found[0], turned(xp, found[1], found[1][..., :1, :]))


def singular(xp: Namespace, a: Raw) -> Any:
    found = xp.linalg.svd(a, False)
    leading = found[0][..., 0, :]
    u, vt = turned(xp, found[0], leading[..., None, :]), turned(xp, found[2], leading[..., :, None])
    return side_by_side(xp, shape(a)[:-2], u, found[1], vt)


def orthogonal(xp: Namespace, a: Raw) -> Any:
    found = xp.linalg.qr(a)
    leading = xp.diagonal(found[1], 0, -2, -1)
    q, r = turned(xp, found[0], leading[..., None, :]), turned(xp, found[1], leading[..., :, None])
    return side_by_side(xp, shape(a)[:-2], q, r)


def sign_and_size(xp: Namespace, a: Raw) -> Any:
    lead = square_shape(a, "slogdet")[:-2]
    found = xp.linalg.slogdet(a)
    return side_by_side(xp, lead, found[0], found[1])


def clearance(a: Raw) -> Any:
    """Return the smallest singular value: 0 where the rank changes."""
    import numpy

    return numpy.linalg.svd(a)[1].min(-1) / 8


def clear_of_flips(a: Raw) -> Any:
    """Return how far Q and R are from where a diagonal element of R is 0."""
    import numpy

    return abs(numpy.diagonal(numpy.linalg.qr(a)[1], 0, -2, -1)).min(-1) / 8


def clear_of_equals(a: Raw) -> Any:
    """Return how far eigenvalues are from each other, and the vectors from where their signs turn."""
    import numpy

    values, vectors = numpy.linalg.eigh((a + numpy.swapaxes(a, -1, -2)) / 2)
    return numpy.minimum(numpy.diff(values).min(-1, initial=1.0), abs(vectors[..., 0, :]).min(-1)) / 8


def clear_of_equal_sizes(a: Raw) -> Any:
    """Return how far singular values are from each other and from 0, and the vectors from where their signs turn."""
    import numpy

    u, values, _ = numpy.linalg.svd(a, full_matrices=False)
    apart = numpy.minimum(values.min(-1), -numpy.diff(values).max(-1, initial=-1.0))
    return numpy.minimum(apart, abs(u[..., 0, :]).min(-1)) / 8


MATRICES: tuple[Example, ...] = ((((2, 2),), {}),)
TALL_AND_WIDE: tuple[Example, ...] = ((((2, 1),), {}), (((1, 2),), {}))

# fmt: off
solve: Operation = primitive(
    "solve", solved,
    lambda g, out, a, b: -matmul(solve(matrix_transpose(a), g), matrix_transpose(out)),
    lambda g, out, a, b: solve(matrix_transpose(a), g),
    elementwise=False, domain=(REAL, REAL), kink=lambda a, b: clearance(a),
    examples=((((2, 2), (2, 1)), {}),), note="The x of a @ x = b.",
)
inv: Operation = primitive(
    "inv", lambda xp, a: xp.linalg.inv(a),
    lambda g, out, a: -matmul(matmul(matrix_transpose(out), g), matrix_transpose(out)), latex="{0}^{{-1}}",
    elementwise=False, domain=(REAL,), kink=clearance, examples=MATRICES, note="The inverse; to solve, use `solve`.",
)
pinv: Operation = primitive(
    "pinv", lambda xp, a: xp.linalg.pinv(a), from_pseudo,
    elementwise=False, domain=(REAL,), kink=clearance, examples=TALL_AND_WIDE,
    note="The pseudo-inverse; where the rank changes there is no derivative.",
)
det: Operation = primitive(
    "det", lambda xp, a: xp.linalg.det(a),
    lambda g, out, a: as_matrices(g * out) * matrix_transpose(inv(a)), latex=r"\det",
    elementwise=False, domain=(REAL,), kink=clearance, examples=MATRICES,
    note="The determinant; of a singular matrix it has no gradient here, as that is computed with the inverse.",
)
slogdet_parts = primitive(
    "slogdet_parts", sign_and_size,
    lambda g, out, a: as_matrices(getitem(g, index=(..., 1))) * matrix_transpose(inv(a)),
    elementwise=False, domain=(REAL,), kink=clearance, examples=MATRICES,
    note="The sign of the determinant and the logarithm of its size.",
)
cholesky: Operation = primitive(
    "cholesky", triangle, from_factor,
    elementwise=False, domain=((0.0, math.inf),), examples=((((2, 1, 1),), {}),),
    note="The lower triangle L with L @ L.T = a, of the symmetric part of `a`.",
)
qr_parts: Operation = primitive(
    "qr_parts", orthogonal, from_orthogonal,
    elementwise=False, domain=(REAL,), kink=clear_of_flips, examples=TALL_AND_WIDE,
    note="Q and R of a = Q @ R, the diagonal of R positive.",
)
eigh_parts: Operation = primitive(
    "eigh_parts", eigen, from_eigen,
    elementwise=False, domain=(REAL,), kink=clear_of_equals, examples=MATRICES,
    note="Eigenvalues in ascending order, and eigenvectors, their first row positive, of the symmetric part of `a`.",
)
eigvalsh: Operation = primitive(
    "eigvalsh", eigenvalues, from_values,
    elementwise=False, domain=(REAL,), kink=clear_of_equals, examples=MATRICES,
    note="Eigenvalues in ascending order of the symmetric part of `a`.",
)
svdvals: Operation = primitive(
    "svdvals", lambda xp, a: xp.linalg.svd(a, compute_uv=False), from_sizes,
    elementwise=False, domain=(REAL,), kink=clear_of_equal_sizes, examples=TALL_AND_WIDE,
    note="Singular values in descending order.",
)
svd_parts: Operation = primitive(
    "svd_parts", singular, from_singular,
    elementwise=False, domain=(REAL,), kink=clear_of_equal_sizes, examples=TALL_AND_WIDE,
    note="U, S and V' of a = U * S @ V', the first row of U positive.",
)
# fmt: on
