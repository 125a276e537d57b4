"""`Tensor`: a node that holds a NumPy array."""

from __future__ import annotations

import operator
import sys
from collections.abc import Iterator, Sequence
from typing import Any, SupportsIndex

from autograd._core import data as arrays
from autograd._core.data import is_varying
from autograd._core.masked import check_unmasked
from autograd._core.modes import active
from autograd._core.names import plain
from autograd._core.node import Node, kinds
from autograd._core.tracing import made, read, write
from autograd._core.types import Array, Data, Dtype, Index, Operand, Shape
from autograd._ops import (  # fmt: skip
    activations,
    arrange,
    derived,
    elementwise,
    facts,
    linalg,
    manipulation,
    products,
    statistical,
)
from autograd.files import brief

from .operators import Operators


class Tensor(Operators):
    """An array in a computation graph: it remembers its inputs, so that its gradient can be found.

    `data` is an array, a (nested) list of real numbers or a number; it is copied. float32 stays float32, everything
    else becomes float64. `label` names it in pictures and errors. Raises TypeError for anything that is not real
    numbers, and ValueError for ragged lists.

    >>> W = Tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> (W @ [1.0, 1.0]).sum().backward()
    >>> W.grad.tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """

    __slots__ = ("_lent",)

    _data: Array
    _lent: bool
    """Whether somebody may hold the array of this leaf, and so may write to it."""

    def __init__(self, data: Data, label: str = "") -> None:
        self._data = _array(data)
        self._grad = 0.0
        self.op = self._b = None
        if label:
            self.label = label
        if active:
            made(self, data)

    @property
    def data(self) -> Array:
        """The array of numbers. That of a leaf may be set or written to, that of a result only read."""
        if active:
            read(self, ".data")
        if self.op is not None:
            return _read_only(self._data)
        if not getattr(self, "_lent", False):
            # A graph may already hold the array itself; nothing written from now on may reach it.
            self._data = self._data.copy("K")
            self._lent = True
        return self._data

    @data.setter
    def data(self, data: Data) -> None:
        if self.op is not None:
            raise AttributeError(
                f"this Tensor was computed by {self.op.name}, so its data cannot be set; set the data of a leaf and "
                f"compute again, or start a new Tensor"
            )
        if active:
            write(self)
        if data is self._data:
            return
        own = self._data
        alike = type(data) is type(own) and data.dtype == own.dtype
        array = data if alike else _array(data, copy=False)
        if array.shape != own.shape:
            raise ValueError(
                f"the data of this Tensor has shape {own.shape}; got {array.shape}: make a new Tensor for that"
            )
        self._data = array if alike else array.astype(own.dtype, copy=False)
        self._lent = True

    def snapshot(self) -> Array:
        """Return the array as it is now, safe from every later change: do not write to it."""
        if self.op is None and getattr(self, "_lent", False):
            # Two references are the tensor's and that of the call: nobody else holds the array any more.
            if sys.getrefcount(self._data) > 2:
                return self._data.copy("K")
            self._lent = False
        return self._data

    @property
    def grad(self) -> Array:
        """The derivative of the loss that `backward()` was called on, in the tensor's shape; zeros before."""
        if active:
            read(self, ".grad")
        if type(self._grad) is not type(self._data):
            import numpy

            self._grad = numpy.full_like(self._data, self._grad)
        return self._grad if self.op is None else _read_only(self._grad)

    @grad.setter
    def grad(self, grad: Data | None) -> None:
        if grad is None:
            self._grad = 0.0
            return
        array = _array(grad, copy=False)
        if array.shape not in ((), self._data.shape):
            raise ValueError(f"the gradient of this Tensor has shape {self._data.shape}; got {array.shape}")
        self._grad = array if array.shape == self._data.shape else float(array)

    @property
    def shape(self) -> Shape:
        """The lengths of the axes."""
        lengths: tuple[int, ...] = _form(self).shape if active else self._data.shape
        return lengths

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(_form(self).shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        count: int = _form(self).size
        return count

    @property
    def dtype(self) -> Dtype:
        """float64 or float32, as NumPy names them."""
        return _form(self).dtype

    sum = statistical.sum_
    mean = statistical.mean
    max = statistical.max_
    min = statistical.min_
    prod = statistical.prod
    var = statistical.var
    std = statistical.std
    cumsum = statistical.cumsum
    squeeze = manipulation.squeeze
    astype = manipulation.astype
    round = elementwise.rounded
    cumprod, ptp = derived.cumprod, derived.ptp
    ravel = flatten = arrange.ravel
    swapaxes, repeat, diagonal, take = arrange.swapaxes, arrange.repeat, arrange.diagonal, activations.take
    dot, trace = products.dot, products.trace
    argmax, argmin, argsort, any, all = facts.argmax, facts.argmin, facts.argsort, facts.any_, facts.all_
    nonzero, searchsorted = facts.nonzero, facts.searchsorted

    @property
    def T(self) -> Operand:
        """The tensor with its axes in reverse order."""
        return manipulation.permute_dims(self)

    @property
    def mT(self) -> Operand:
        """The tensor with its last two axes swapped."""
        return linalg.matrix_transpose(self)

    def transpose(self, *axes: int | Sequence[int] | None) -> Operand:
        """Return the tensor with its axes in the given order (reversed without one, or for None)."""
        return manipulation.permute_dims(self, axes=_flat(axes)) if axes and axes != (None,) else self.T

    def reshape(self, *shape: int | Sequence[int], **order: str) -> Operand:
        """Return the same elements in another shape; -1 stands for the length that is left.

        They are counted row by row, or column by column with `order="F"`.
        """
        return manipulation.reshape(self, shape=_flat(shape), **order)

    def __getitem__(self, index: Index) -> Operand:
        return manipulation.getitem(self, index=_fixed(index))

    def __len__(self) -> int:
        return len(_form(self))

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))

    def item(self) -> float:
        """Return the number in a tensor of one element; raise ValueError for any other size."""
        if self._data.size != 1:
            raise ValueError(f"item() needs one element; the shape is {self.shape}")
        if active:
            read(self, ".item()")
        number: float = self._data.item()
        return number

    def __bool__(self) -> bool:
        if self._data.size != 1:
            raise ValueError(f"a Tensor of shape {self.shape} is neither true nor false; compare one element, or .data")
        if active:
            read(self, "bool()")
        return bool(self._data)

    def __array__(self, *args: object, **kwargs: object) -> Any:
        if active:
            read(self, "NumPy")
        raise TypeError("turning a Tensor into an array would lose its gradient: take .data, if that is meant")

    def __format__(self, spec: str) -> str:
        if active:
            read(self, "print or format")
        return format(self.item(), spec) if spec else repr(self)

    def __repr__(self) -> str:
        if active:
            read(self, "print or format")
        import numpy

        data = numpy.array2string(self._data, prefix="Tensor(", separator=", ", threshold=50)
        dtype = "" if self._data.dtype == float else f", dtype={self._data.dtype}"
        op = "" if self.op is None else f", op={self.op.name}"
        label = plain(f", label={self.label!r}") if self.label else ""
        return f"Tensor({data}, shape={self.shape}{dtype}{op}{label})"


def _form(node: Tensor) -> Any:
    """Return the array of a node or, if it is not computed yet, one of its shape and dtype."""
    late = getattr(node, "_late", None) if active else None
    return node._data if late is None else late.form


def _array(data: Data, copy: bool = True) -> Array:
    """Return data as an array of float64 or float32; raise TypeError or ValueError for other data."""
    import numpy

    if isinstance(data, Node):
        raise TypeError("Tensor() makes a leaf from raw numbers; got a node: use it as it is, or .detach() for a leaf")
    if type(data) is not numpy.ndarray:
        check_unmasked(data, "the data of a Tensor")
    try:
        array = numpy.asarray(data)
    except ValueError as error:
        raise ValueError(f"a Tensor needs lists of equal length; got {brief(data, 80)} ({error})") from None
    if array.dtype.kind not in "biuf":
        nodes = array.dtype == object and any(isinstance(item, Node) for item in array.flat)
        raise TypeError(
            f"a Tensor holds real numbers; got {brief(data, 80)} of {array.dtype.name} elements"
            + (": join nodes with stack([...])" if nodes else "")
        )
    dtype = array.dtype if array.dtype == numpy.float32 else numpy.dtype(float)
    return numpy.array(array, dtype, copy=True if copy else None)


def _read_only(array: Array) -> Array:
    view = array.view()
    view.flags.writeable = False
    return view


def _flat(lengths: tuple[Any, ...]) -> tuple[int, ...]:
    """Read `(2, 3)` and `((2, 3),)` alike."""
    one = len(lengths) == 1 and (isinstance(lengths[0], (tuple, list)) or arrays.shape(lengths[0]))
    return tuple(lengths[0]) if one else lengths


def _fixed(index: Index) -> Index:
    """Return an index that nobody can change later: integers, slices, None, ... and copies of arrays."""
    return tuple(map(_fixed_part, index)) if isinstance(index, tuple) else _fixed_part(index)


def _fixed_part(part: Index) -> Any:
    kind = type(part)
    if kind in arrays.ARRAYS and part.ndim and part.dtype.kind in "biu":
        fixed = part.copy("K")
        # A node that is to keep it need not copy it again.
        fixed.flags.writeable = False
        return fixed
    if isinstance(part, _SINGLE):
        return part
    if kind is slice:
        ends = part.start, part.stop, part.step
        plain = _ENDS.issuperset(map(type, ends))
        return part if plain else slice(*(None if x is None else _whole(x) for x in ends))
    if isinstance(part, Node):
        if active:
            read(part, "an index")
        raise TypeError("an index must be integers, a slice or a mask; got a node: compare or convert its .data")
    import numpy

    if isinstance(part, numpy.generic):
        return part.item()
    if not hasattr(part, "dtype") and not isinstance(part, Sequence):
        return _whole(part)
    check_unmasked(part, "an index")
    array = numpy.array(part, subok=is_varying(part))
    if not array.shape and not is_varying(array):
        return array.item()
    # NumPy takes an empty list for one of floats, and yet as an index.
    return array.astype(int) if array.size == 0 and isinstance(part, Sequence) else array


_SINGLE = (bool, int, type(None), type(...))
_ENDS = {int, type(None)}


def _whole(x: SupportsIndex) -> int:
    """Return an integer of any kind; raise TypeError for anything else."""
    if isinstance(x, Node):
        raise TypeError("the bounds of a slice must be integers; got a node: compare or convert its .data")
    return operator.index(x)


kinds["array"] = Tensor
