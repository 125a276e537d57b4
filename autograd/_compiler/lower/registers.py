"""Registers, and the instructions that fill them from arrays with axes and from constants."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from autograd._compiler.rules.expressions import Expression
from autograd._core import floats
from autograd._core.data import shape
from autograd._core.tracing import CompileError
from autograd._core.types import Array, Axis, Index, Raw, Shape

from . import instructions as to
from .interpret import FUNCTIONS

MORE_ORDERS = 2
"""In how many random orders, beside the reverse one, a function that moves elements is tried."""


class Register:
    """A register as a rule sees it: its number, and an example of the array or number in it."""

    def __init__(self, number: int, data: Raw) -> None:
        self.number, self.data = number, data


Held: TypeAlias = Any
"""A register, or a number, an array or a setting that is the same at every call; also in lists and tuples."""


class Registers:
    """The registers of a program, and the instructions so far."""

    def __init__(self) -> None:
        self.listing = to.Listing()
        self.code = self.listing.code
        self.functions = {*FUNCTIONS, *(text for text in vars(floats) if text[0] != "_")}
        self._root: dict[int, int] = {}
        """For each register that NumPy would make a view the one that it is a view of."""
        self._stale: set[int] = set()
        """Those that NumPy would have changed when it wrote to another view of the same: nobody may read them."""

    def new(self, data: Raw) -> Register:
        """Return a new register for data such as the example."""
        number = len(self.listing.shapes)
        self.listing.shapes.append(shape(data))
        if getattr(data, "dtype", None) == "float32":
            self.listing.single.add(number)
        return Register(number, data)

    def held(self, item: Held) -> Register:
        """Return the register itself, or a new register for a constant."""
        if isinstance(item, Register):
            if item.number in self._stale:
                raise CompileError("no instruction writes to an array and then reads it through a view")
            return item
        out = self.new(item)
        self.code.append(to.Const(out.number, tuple(_row(item))))
        return out

    def filled(self, value: float, data: Raw) -> Register:
        """Return a register of equal numbers."""
        out = self.new(data)
        self.code.append(to.Fill(out.number, value, data.size))
        return out

    def joined(self, parts: list[Register], data: Raw) -> Register:
        """Return a register of several numbers."""
        out = self.new(data)
        self.code.append(to.Gather(out.number, tuple(part.number for part in parts), tuple(range(len(parts)))))
        return out

    def ew(self, function: str, args: list[Any], data: Raw) -> Register:
        """Add a scalar function of each element."""
        out = self.new(data)
        operands = [self._operand(arg, data) for arg in args]
        self.code.append(to.Ew(out.number, function, tuple(operands), size_of(data)))
        return out

    def _operand(self, arg: Held, data: Raw) -> to.Operand:
        if not isinstance(arg, Register) and not shape(arg):
            # A number of Python's takes the precision of the array beside it.
            return _single(arg) if getattr(data, "dtype", None) == "float32" else _double(arg)
        import numpy

        register = self.held(arg)
        if size_of(register.data) in (1, size_of(data)):
            return register.number
        stretched = numpy.broadcast_to(register.data, shape(data))
        return self.moved(lambda a: numpy.broadcast_to(a, shape(data)), [register], stretched).number

    def moved(self, function: Callable[..., Any], args: Held, data: Raw) -> Register:
        """Add a movement: the function, applied to the numbers of the elements, gives its table."""
        import numpy

        args = self._with_constants(args)
        sources = [*map(self.held, arrays_in(args))]
        starts = numpy.cumsum([1, *(size_of(source.data) for source in sources)])

        def numbered(row: Array) -> Any:
            parts = iter(
                row[start : start + size_of(s.data)].reshape(shape(s.data)) for s, start in zip(sources, starts)
            )
            return numpy.asarray(function(*_put_in(args, parts))).reshape(-1)

        # Number 0, before the elements, stands for the zeros of a pad.
        row = numpy.arange(starts[-1])
        table = numbered(row)
        rng = numpy.random.default_rng(0)
        for order in (row[:0:-1], *(rng.permutation(row[1:]) for _ in range(MORE_ORDERS))):
            # Other numbers as well, as a constant may be the number of an element.
            other = numpy.array([0, *(order + starts[-1])])
            if table.dtype.kind not in "iu" or not numpy.array_equal(numbered(other), other[table]):
                raise CompileError("a function computes more than where elements come from: no instruction says it")
        out = self.new(data)
        numbers = tuple(source.number for source in sources)
        self.code.append(to.Gather(out.number, numbers, tuple((table - 1).tolist())))
        for source in sources:
            if shape(data) and shape(source.data) and numpy.may_share_memory(source.data, data):
                self._root[out.number] = self._root.get(source.number, source.number)
        return out

    def _with_constants(self, tree: Held) -> Any:
        """Return arguments with registers in place of arrays of floats, whose elements move as well."""
        if isinstance(tree, (list, tuple)):
            return type(tree)([self._with_constants(part) for part in tree])
        return self.held(tree) if getattr(getattr(tree, "dtype", None), "kind", "") == "f" else tree

    def reduce(self, function: str, initial: float, a: Held, axis: Axis, data: Raw) -> Register:
        """Add a repetition over axes, which are brought to the end."""
        a = self.held(a)
        rank = len(shape(a.data))
        over = (
            range(rank) if axis is None else [k % rank for k in (axis if isinstance(axis, (tuple, list)) else [axis])]
        )
        a = self._with_axes_last(a, [*over])
        out = self.new(data)
        length = math.prod(shape(a.data)[rank - len(over) :])
        self.code.append(to.Reduce(out.number, function, a.number, length, size_of(data), float(initial)))
        return out

    def cumsum(self, a: Held, axis: int | None, data: Raw) -> Register:
        """Add running sums along an axis, or along all elements."""
        a = self.held(a)
        if axis is None:
            a = self.moved(lambda x: x.reshape(-1), [a], a.data.reshape(-1))
        rank = len(shape(a.data))
        along = (rank - 1 if axis is None else axis) % rank
        inner = self._with_axes_last(a, [along])
        out = self.new(inner.data)
        self.code.append(to.Cumsum(out.number, inner.number, shape(inner.data)[-1], size_of(data)))
        back = [*range(along), rank - 1, *range(along, rank - 1)]
        return self.moved(lambda x: x.transpose(back), [out], data)

    def _with_axes_last(self, a: Register, axes: list[int]) -> Register:
        order = [*(k for k in range(len(shape(a.data))) if k not in axes), *axes]
        if order == sorted(order):
            return a
        return self.moved(lambda x: x.transpose(order), [a], a.data.transpose(order))

    def matmul(self, a: Held, b: Held, data: Raw) -> Register:
        """Add products of matrices, one of them perhaps a vector; axes before those of the matrices become one."""
        import numpy

        a, b = self.held(a), self.held(b)
        left = a.data[None] if a.data.ndim == 1 else a.data
        right = b.data[:, None] if b.data.ndim == 1 else b.data
        batch = numpy.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        (rows, inner), columns = left.shape[-2:], right.shape[-1]
        numbers: list[int] = []
        for register, matrix in ((a, left), (b, right)):
            whole = (*batch, *matrix.shape[-2:])
            if math.prod(whole) != matrix.size:

                def stretch(x: Array, matrix: Array = matrix, whole: Shape = whole) -> Any:
                    return numpy.broadcast_to(x.reshape(matrix.shape), whole)

                register = self.moved(stretch, [register], stretch(register.data))
            numbers.append(register.number)
        out = self.new(data)
        self.code.append(to.Matmul(out.number, numbers[0], numbers[1], math.prod(batch), rows, inner, columns))
        return out

    def put(self, array: Register, index: Index, value: Held, adds: bool) -> None:
        """Add a writing to elements of an array."""
        import numpy

        array, source = self.held(array), self.held(value)
        root = self._root.get(array.number, array.number)
        self._stale.update({root, *(view for view, of in self._root.items() if of == root)} - {array.number})
        places = numpy.arange(array.data.size).reshape(array.data.shape)[index]
        table = numpy.broadcast_to(numpy.arange(size_of(source.data)).reshape(shape(source.data)), places.shape)
        both = (tuple(numbers.reshape(-1).tolist()) for numbers in (places, table))
        self.code.append(to.Put(array.number, next(both), source.number, next(both), adds))


def arrays_in(tree: Held) -> Iterator[Register]:
    """Yield the registers among arguments, in order."""
    if isinstance(tree, Register):
        yield tree
    elif isinstance(tree, (list, tuple)):
        for part in tree:
            yield from arrays_in(part)


def _put_in(tree: Held, arrays: Iterator[Any]) -> Any:
    """Return arguments with arrays in place of the registers."""
    if isinstance(tree, Register):
        return next(arrays)
    return type(tree)([_put_in(part, arrays) for part in tree]) if isinstance(tree, (list, tuple)) else tree


def now(tree: Expression, parts: list[Any]) -> Any:
    """Return the value of an expression of constants alone."""
    if tree.kind == "literal":
        return tree.what
    if tree.kind == "constant":
        return getattr(math, tree.what)
    if tree.kind in ("slice", "call"):
        return slice(*parts[-3:])
    if tree.kind == "index":
        return parts[0][parts[1]]
    if tree.kind == "attribute":
        return getattr(parts[0], tree.what)
    if tree.kind in ("scalar", "math"):
        return getattr(floats, tree.what)(*parts)
    return (_BETWEEN if tree.kind == "infix" else _BEFORE)[tree.what](*parts)


_BEFORE: dict[str, Callable[..., Any]] = {"-": operator.neg, "+": operator.pos, "~": operator.invert}
_BETWEEN: dict[str, Callable[..., Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "@": operator.matmul, "&": operator.and_, "|": operator.or_,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def size_of(data: Raw) -> int:
    return math.prod(shape(data))


def _row(data: Raw) -> list[Any]:
    return [*map(float, data.reshape(-1).tolist())] if shape(data) or hasattr(data, "dtype") else [float(data)]


def _double(item: float) -> float:
    return float(item)


def _single(item: float) -> float:
    import numpy

    return float(numpy.float32(item))
