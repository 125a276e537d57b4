"""Arrays from outside as hidden arguments of a function: read at every call, neither compared nor kept.

The function is recorded once more with an `Opaque` array in the place of each. If the numbers of none are read, and the
same is computed from leaves in place of constants, nothing else depends on these numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import CellType, FunctionType
from typing import Any, NamedTuple

from autograd._core.node import Node, leaf
from autograd._core.signature import layout
from autograd._core.tracing import Trace
from autograd._core.types import Array, Item, Tree

from .record import Recording, once_only, recorded, same_twice
from .surroundings import Surroundings, Way, content

FEW = 64
"""An array of no more numbers is compared: it is written out in the source, and simplified."""


class Outside(NamedTuple):
    """Arrays from outside: where they stand, and the leaves that stand for them."""

    ways: list[Way]
    leaves: list[Node]
    forms: list[Any]

    def arrays(self) -> list[Any] | None:
        """Return the arrays as they are now, or None if one has another form."""
        found = [content(*way) for way in self.ways]
        formed = (type(array).__name__ == "ndarray" and layout(array) == form for array, form in zip(found, self.forms))
        return found if all(formed) else None


class Opaque:
    """Stands for an array, and notes whether its numbers are read; `apply` takes a leaf in its place."""

    __slots__ = ("_array", "_is_read")

    def __init__(self, array: Array) -> None:
        object.__setattr__(self, "_array", array)
        object.__setattr__(self, "_is_read", False)

    def __getattribute__(self, name: str) -> Any:
        array = object.__getattribute__(self, "_array")
        if name == "__class__":
            return type(array)
        if name not in _FORM:
            object.__setattr__(self, "_is_read", True)
        return getattr(array, name)

    def __len__(self) -> int:
        return len(object.__getattribute__(self, "_array"))


_FORM = frozenset(("shape", "dtype", "ndim", "size", "strides", "itemsize", "nbytes"))


def _operator(name: str) -> Callable[..., Any]:
    def operator(self: Opaque, *others: object) -> Any:
        return NotImplemented if any(isinstance(item, Node) for item in others) else getattr(self, name)(*others)

    return operator


# Python looks for these in the class alone, where some have an answer of their own.
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"):
    setattr(Opaque, f"__{_name}__", _operator(f"__{_name}__"))
    setattr(Opaque, f"__r{_name}__", _operator(f"__r{_name}__"))
for _name in ("eq", "ne", "lt", "le", "gt", "ge", "neg", "pos", "abs", "invert", "getitem", "iter", "contains", "repr"):
    setattr(Opaque, f"__{_name}__", _operator(f"__{_name}__"))
# The engine asks for arrays by the name of their class.
Opaque.__name__ = "ndarray"


def record_twice(
    f: Callable[..., Any], args: Sequence[Tree], kwargs: Mapping[str, Tree], careful: bool, surroundings: Surroundings
) -> tuple[Recording, Outside]:
    """Record a call of f, from leaves in place of arrays from outside if f only computes with them.

    Raises CompileError if f does something else when it is called again.
    """
    first = recorded(f, args, kwargs, Trace(careful))
    drawn_so_far = surroundings.drawn_so_far()
    try:
        second, outside = _from_leaves(first, surroundings, f, args, kwargs)
    except Exception:
        second, outside = None, Outside([], [], [])
    if second is None:
        same_twice(first, recorded(f, args, kwargs, Trace(careful)), f)
    if surroundings.drawn_so_far() != drawn_so_far:
        raise once_only(f, "draws random numbers")
    surroundings.leave_out(outside.ways)
    return second or first, outside


def _from_leaves(
    first: Recording, surroundings: Surroundings, f: Any, args: Sequence[Tree], kwargs: Mapping[str, Tree]
) -> tuple[Recording | None, Outside]:
    """Record a call of f from leaves in place of the arrays whose numbers it does not read, if there are any."""
    arrays = [(way, array) for way in surroundings.ways_to_arrays() if _may_be_leaf(array := content(*way))]
    # Draws and checks, which run at every call, must not find the stand-in for an array.
    while arrays and not first.trace.drawn and not first.trace.checks:
        ways, leaves = [way for way, _ in arrays], [leaf(array) for _, array in arrays]
        for node, (_, name) in zip(leaves, ways):
            node.label = name
        opaque, trace = [Opaque(array) for _, array in arrays], Trace(first.trace.careful)
        trace.outside.update(zip(map(id, opaque), leaves))
        second = recorded(_copy_with(f, ways, opaque), args, kwargs, trace)
        read = {id(array) for item, (_, array) in zip(opaque, arrays) if object.__getattribute__(item, "_is_read")}
        if not read:
            same_twice(first, second, f)
            return second, Outside(ways, leaves, [layout(array) for _, array in arrays])
        # One array may have two names.
        arrays = [(way, array) for way, array in arrays if id(array) not in read]
    return None, Outside([], [], [])


def _may_be_leaf(array: Item) -> bool:
    """Tell whether an array may be a leaf: as an argument, it lies without gaps."""
    kind = type(array).__name__ == "ndarray" and array.dtype.kind in "biuf" and array.itemsize <= 8
    return bool(kind and array.flags.forc and array.size > FEW)


def _copy_with(f: FunctionType, ways: list[Way], opaque: list[Opaque]) -> FunctionType:
    """Return a copy of a function with other data in its variables: other threads may call the function meanwhile."""
    cells = {id(holder): CellType(item) for (holder, _), item in zip(ways, opaque) if isinstance(holder, CellType)}
    scope = {name: item for (holder, name), item in zip(ways, opaque) if not isinstance(holder, CellType)}
    closure = tuple(cells.get(id(cell), cell) for cell in f.__closure__ or ())
    moved = FunctionType(f.__code__, {**f.__globals__, **scope}, f.__name__, f.__defaults__, closure)
    moved.__kwdefaults__, moved.__dict__ = f.__kwdefaults__, f.__dict__
    return moved
