"""The forms of a sample or a batch that layers take: lists for Values, an array for Tensors."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

from autograd import Node, Tensor, Value, deeper, item, stack
from autograd.files import brief
from nn._core.rows import rows
from nn._core.types import Dtype, Input, Nested, Unchecked


def is_batch(x: Input) -> bool:
    """Tell whether x, as `as_values` returns it, is a list of samples, perhaps empty, not one sample."""
    return not x or isinstance(x[0], (list, tuple))


def as_values(x: Input, n_in: int, depth: int = 0) -> Input:
    """Return a sample as a list of n_in numbers or Values, a batch as a list of samples; check lengths."""
    if not isinstance(x, (list, tuple)):
        x = _listed(x, n_in)
    if x and (isinstance(x[0], (list, tuple)) or getattr(x[0], "shape", ())):
        return [_checked(as_values(row, n_in, deeper(depth)), n_in) for row in x]
    return _checked(x, n_in) if x else x


def _listed(x: Input, n_in: int) -> Input:
    """Return a number, a node, an array or a table as a list."""
    x = known(x)
    shape = getattr(x, "shape", ())
    if len(shape) > 2 or (shape[:1] == (0,) and shape[1:] != (n_in,)):
        raise ValueError(f"this layer takes {n_in} inputs, so shape ({n_in},) or (n, {n_in}); got shape {shape}")
    if isinstance(x, Tensor) and len(shape) > 0:
        return [list(row) if len(shape) == 2 else item(row) for row in x]
    if hasattr(x, "tolist"):
        x = x.tolist()
    if isinstance(x, (Value, Tensor, int, float)):
        x = [x]
    if not isinstance(x, list):
        raise TypeError(f"a sample is a list of {n_in} numbers or Values, or an array; got {brief(x)}")
    return x


def as_tensor(x: Input, n_in: int, w: Tensor) -> Input:
    """Return a sample or a batch for weights w as a Tensor or an array whose last axis has length n_in; check that."""
    x = x if type(x) is Tensor else as_array(x, w.dtype)
    shape = x.shape
    if not shape or shape[-1] != n_in:
        raise ValueError(f"this layer takes {n_in} inputs, so shape ({n_in},) or (n, {n_in}); got shape {shape}")
    return x


def as_array(x: Input, dtype: Dtype | None = None) -> Input:
    """Return numbers, lists of these or of nodes, arrays and tables as a Tensor or an array.

    Lists and whole numbers, which have no precision of their own, get the `dtype` if one is given.
    """
    x = known(x)
    if isinstance(x, (list, tuple)) and any(isinstance(part, Node) for row in x for part in _parts(row)):
        x = stack([stack(list(_parts(row))) if isinstance(row, (list, tuple)) else row for row in x])
    given = isinstance(x, Tensor) or hasattr(x, "dtype")
    x = x if given else Tensor(x).data
    if dtype is None or isinstance(x, Tensor) or (given and x.dtype.kind == "f"):
        return x
    return x.astype(dtype, copy=False)


def known(x: Input) -> Input:
    """Return tables, series, masked arrays and PyTorch's tensors as arrays, an array of nodes as lists.

    Raises ValueError, with the place, for text and for a missing or masked number.
    """
    if type(x) in (list, tuple, Tensor):
        return x
    if type(x).__name__ == "ndarray" and x.dtype.kind in "biufO":
        return x.tolist() if x.dtype.kind == "O" else x
    is_foreign = type(x).__name__ == "ndarray" or any(hasattr(x, name) for name in ("to_numpy", "mask", "detach"))
    return rows(x, "the input") if is_foreign and not isinstance(x, Node) else x


def _parts(row: Nested) -> Iterable[Any]:
    return row if isinstance(row, (list, tuple)) else (row,)


def _checked(sample: Input, n_in: int) -> Input:
    if len(sample) != n_in:
        raise ValueError(
            f"a sample has {n_in} inputs here; got {len(sample)} (a batch is a list of samples: [[...], [...]])"
        )
    return sample


Form = type[Value] | type[Tensor]


def count(n: Unchecked, name: str) -> int:
    """Check that n, of inputs, neurons or channels, is a positive integer, and return it as an int."""
    if not isinstance(n, Integral) or isinstance(n, bool) or n < 1:
        raise ValueError(f"{name} must be a whole number from 1; got {brief(n)}")
    return int(n)


def form(of: Unchecked) -> Form:
    if of is not Value and of is not Tensor:
        raise ValueError(f"a network is made of=Value (neurons) or of=Tensor (layers); got {brief(of)}")
    return of
