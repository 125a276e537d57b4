"""Linear algebra under the names of NumPy's `linalg`; all but `norm` stand in `autograd` as well, where `trace`
and `diagonal` are those of the first two axes.

>>> from autograd import linalg
>>> linalg.norm(Tensor([3.0, 4.0])).item(), linalg.norm(Tensor([[3.0, -4.0], [1.0, 2.0]]), 1).item()
(5.0, 6.0)
>>> linalg.trace(Tensor([[[1.0, 2.0], [3.0, 4.0]]])).data.tolist(), linalg.diagonal(Tensor([[1.0, 2.0]])).data.tolist()
([5.0], [1.0])
"""

from autograd._ops.decompositions import cholesky, det, inv, pinv
from autograd._ops.linalg import matmul, matrix_transpose
from autograd._ops.matrices import (  # fmt: skip
    diagonal,
    eigh,
    eigvalsh,
    matrix_norm,
    matrix_power,
    matrix_rank,
    multi_dot,
    norm,
    qr,
    slogdet,
    solve,
    svd,
    svdvals,
    trace,
    vector_norm,
)
from autograd._ops.products import cross, outer, tensordot, vecdot

__all__ = [
    "cholesky", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "matmul", "matrix_norm", "matrix_power",
    "matrix_rank", "matrix_transpose", "multi_dot", "norm", "outer", "pinv", "qr", "slogdet", "solve", "svd", "svdvals",
    "tensordot", "trace", "vecdot", "vector_norm",
]  # fmt: skip
