"""Registers, and the instructions that fill them from arrays with axes and from constants."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from autograd._compiler.rules.expressions import Expression
from autograd._core import floats
from autograd._core.data import shape
from autograd._core.tracing import CompileError
from autograd._core.types import Array, Axis, Index, Raw, Shape

from . import instructions as to
from .interpret import FUNCTIONS, scalar_function

DTYPES = ("float64", "float32", "bool")
"""Those that an instruction computes with: whole numbers would wrap around, and half precision be rounded."""

TRIED = (math.nan, math.inf, -math.inf, 0.0, -1.5, 0.5)
"""Each element is each of these once while a function is tried: one that moves elements treats all numbers alike."""

RANDOM_TRIES = 2
"""With how many rows of random numbers such a function is tried as well."""

OF_TRUTHS = {"add": "logical_or", "multiply": "logical_and"}
"""What NumPy's functions do where the result is a truth."""


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
        """Return a new register for data such as the example; raise CompileError for a dtype of no register."""
        if dtype_of(data) not in DTYPES:
            raise CompileError(f"no instruction computes {dtype_of(data)}, only float64, float32 and bool")
        number = len(self.listing.shapes)
        self.listing.shapes.append(shape(data))
        if dtype_of(data) == "float32":
            self.listing.single.add(number)
        return Register(number, data)

    def held(self, item: Held) -> Register:
        """Return the register itself, or a new register for a constant."""
        if isinstance(item, Register):
            if item.number in self._stale:
                raise CompileError("no instruction writes to an array and then reads it through a view")
            return item
        if dtype_of(item) not in DTYPES:
            item = item.astype(float, casting="same_kind") if shape(item) else float(item)
        out = self.new(item)
        self.code.append(to.Const(out.number, tuple(_row(item))))
        return out

    def filled(self, value: float, data: Raw) -> Register:
        """Return a register of equal numbers."""
        out = self.new(data)
        self.code.append(to.Fill(out.number, value, data.size))
        return out

    def joined(self, parts: list[Register], data: Raw) -> Register:
        """Return a register of several numbers, or rows of them."""
        out = self.new(data)
        self.code.append(to.Gather(out.number, tuple(part.number for part in parts), tuple(range(size_of(data)))))
        return out

    def ew(self, function: str, args: list[Any], data: Raw) -> Register:
        """Add a scalar function of each element."""
        function = _of_truths(function, data)
        try:
            scalar_function(function)(*[1.0 for _ in args])
        except TypeError:
            raise CompileError(f"no instruction says what {function} does with {len(args)} arguments") from None
        out = self.new(data)
        # A number of Python's takes the precision of the arrays beside it.
        arrays = [data, *(arg.data for arg in arrays_in(args) if type(arg.data) is not float)]
        single = {"float32"} == {*map(dtype_of, arrays)} - {"bool"}
        operands = [self._operand(arg, data, single) for arg in args]
        self.code.append(to.Ew(out.number, function, tuple(operands), size_of(data)))
        return out

    def _operand(self, arg: Held, data: Raw, single: bool) -> to.Operand:
        if not isinstance(arg, Register) and not shape(arg):
            return _single(arg) if single else float(arg)
        import numpy

        register = self.held(arg)
        if single and type(register.data) is float:
            rounded = self.new(numpy.float32(register.data))
            self.code.append(to.Ew(rounded.number, "number", (register.number,), 1))
            return rounded.number
        if size_of(register.data) in (1, size_of(data)):
            return register.number
        stretched = numpy.broadcast_to(register.data, shape(data))
        return self.moved(lambda a: numpy.broadcast_to(a, shape(data)), [register], stretched).number

    def moved(self, function: Callable[..., Any], args: Held, data: Raw) -> Register:
        """Add a movement: the function, applied to the numbers of the elements, gives its table."""
        import numpy

        args = self._with_constants(args)
        sources = [*map(self.held, arrays_in(args))]
        out = self.new(data)
        starts = numpy.cumsum([1, *(size_of(source.data) for source in sources)])

        def numbered(row: Array) -> Any:
            parts = iter(
                row[start : start + size_of(s.data)].reshape(shape(s.data)) for s, start in zip(sources, starts)
            )
            return numpy.asarray(function(*_put_in(args, parts))).reshape(-1)

        # Number 0, before the elements, stands for the zeros of a pad.
        length = int(starts[-1])
        table = numbered(numpy.arange(length))
        moves = all(dtype_of(data) in (dtype_of(source.data), "float64") for source in sources)
        moves = moves and table.dtype.kind == "i" and table.size == size_of(data)
        moves = moves and all(0 <= place < length for place in table.tolist())
        for other in _rows(length) if moves else [table]:
            if not moves or not numpy.array_equal(numbered(other.copy()), other[table], equal_nan=True):
                raise CompileError("a function computes more than where elements come from: no instruction says it")
        numbers = tuple(source.number for source in sources)
        self.code.append(to.Gather(out.number, numbers, tuple((table - 1).tolist())))
        for source in sources:
            if shape(data) and shape(source.data) and numpy.may_share_memory(source.data, data):
                self._root[out.number] = self._root.get(source.number, source.number)
        return out

    def _with_constants(self, tree: Held) -> Any:
        """Return arguments with registers in place of floats and arrays of them, whose elements move as well."""
        if isinstance(tree, (list, tuple)):
            return type(tree)([self._with_constants(part) for part in tree])
        moves = type(tree) is float or getattr(getattr(tree, "dtype", None), "kind", "") == "f"
        return self.held(tree) if moves else tree

    def reduce(self, function: str, initial: float, a: Held, axis: Axis, data: Raw) -> Register:
        """Add a repetition over axes, which are brought to the end."""
        a = self.held(a)
        rank = len(shape(a.data))
        axes = axis if isinstance(axis, (tuple, list)) else range(rank) if axis is None else [axis]
        # A number has no axis, but NumPy reduces it over the last.
        over = [k % rank for k in axes if rank]
        a = self._with_axes_last(a, over)
        out, function = self.new(data), _of_truths(function, data)
        length = math.prod(shape(a.data)[rank - len(over) :])
        self.code.append(to.Reduce(out.number, function, a.number, length, size_of(data), float(initial)))
        return out

    def cumsum(self, a: Held, axis: int | None, data: Raw) -> Register:
        """Add running sums along an axis, or along all elements."""
        inner = self._rows(self.held(a), axis)
        out = self.new(inner.data.astype(data.dtype))
        self.code.append(to.Cumsum(out.number, inner.number, shape(inner.data)[-1], size_of(data)))
        return self._back(out, axis, data)

    def order(self, a: Held, axis: int | None) -> Register:
        """Add a sorting along an axis, or of all elements. As whole numbers the places only serve to `take`."""
        import numpy

        a = self.held(a)
        data, rows = numpy.argsort(a.data, axis=axis), self._rows(a, axis)
        out = self.new(rows.data.astype(float))
        self.code.append(to.Order(out.number, rows.number, shape(rows.data)[-1], size_of(rows.data)))
        return Register(self._back(out, axis, data.astype(float)).number, data)

    def take(self, a: Held, places: Held, axis: int | None, data: Raw) -> Register:
        """Add a movement to places along an axis, or among all elements: those of an `order`, or the same ones."""
        import numpy

        if not isinstance(places, Register):
            return self.moved(lambda x: numpy.take_along_axis(x, places, axis), [a], data)
        rows = self._rows(self.held(a), axis)
        order = self._rows(Register(places.number, places.data.astype(float)), axis)
        if shape(order.data) != shape(rows.data):
            raise CompileError("no instruction takes other elements than all of them, in a computed order")
        out = self.new(rows.data)
        self.code.append(to.Take(out.number, rows.number, order.number, shape(rows.data)[-1], size_of(data)))
        return self._back(out, axis, data)

    def _rows(self, a: Register, axis: int | None) -> Register:
        """Return an array with an axis at the end, or all elements on one."""
        import numpy

        if axis is None or not shape(a.data):
            return self.moved(lambda x: x.reshape(-1), [a], numpy.reshape(a.data, -1))
        return self._with_axes_last(a, [axis % len(shape(a.data))])

    def _back(self, rows: Register, axis: int | None, data: Raw) -> Register:
        """Return rows as `_rows` makes them in the order of axes of `data`."""
        rank = len(shape(data))
        along = rank - 1 if axis is None else axis % rank
        if along == rank - 1:
            return rows
        back = [*range(along), rank - 1, *range(along, rank - 1)]
        return self.moved(lambda x: x.transpose(back), [rows], data)

    def _with_axes_last(self, a: Register, axes: list[int]) -> Register:
        order = [*(k for k in range(len(shape(a.data))) if k not in axes), *axes]
        if order == sorted(order):
            return a
        return self.moved(lambda x: x.transpose(order), [a], a.data.transpose(order))

    def matmul(self, a: Held, b: Held, data: Raw) -> Register:
        """Add products of matrices, one of them perhaps a vector; axes before those of the matrices become one."""
        import numpy

        if dtype_of(data) == "bool":
            raise CompileError("no instruction multiplies matrices of truths")
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

        if not isinstance(array, Register):
            raise CompileError("no instruction writes to a constant")
        array, source = self.held(array), self.held(value)
        if dtype_of(array.data) == "bool" and (adds or dtype_of(source.data) != "bool"):
            raise CompileError("no instruction writes numbers to truths")
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
    """Return the value of an expression of constants alone that is no line of its own."""
    if tree.kind == "literal":
        return tree.what
    if tree.kind == "constant":
        return getattr(math, tree.what)
    return slice(*parts[-3:]) if tree.kind in ("slice", "call") else -parts[0]


def dtype_of(data: Raw) -> str:
    """Return the name of the dtype of an array or a number."""
    return _dtype_name(data.dtype) if hasattr(data, "dtype") else _FLOATS.get(type(data).__name__, type(data).__name__)


@lru_cache(64)
def _dtype_name(dtype: Any) -> str:
    return str(dtype)


_FLOATS = {"float": "float64"}


def _of_truths(function: str, data: Raw) -> str:
    return OF_TRUTHS.get(function, function) if dtype_of(data) == "bool" else function


@lru_cache(16)
def _rows(length: int) -> list[Array]:
    """Return rows of floats, the first of which is 0, for a function that may only move them."""
    import numpy

    rng = numpy.random.default_rng(0)
    rows = [rng.normal(size=length) for _ in range(RANDOM_TRIES)]
    rows += [numpy.resize(numpy.roll(TRIED, k), length) for k in range(len(TRIED))]
    for row in rows:
        row[0] = 0.0
    return rows


def size_of(data: Raw) -> int:
    return math.prod(shape(data))


def _row(data: Raw) -> list[Any]:
    return [*map(float, data.reshape(-1).tolist())] if shape(data) or hasattr(data, "dtype") else [float(data)]


def _single(item: float) -> float:
    import numpy

    return float(numpy.float32(item))
