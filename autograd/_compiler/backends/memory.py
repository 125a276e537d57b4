"""Where Python keeps the numbers of arrays, lists and floats: read by machine code, if it is there where expected."""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache
from typing import Any

from autograd._compiler.printers.llvm.entry import DTYPES, FIXED, WITHOUT_GAPS, Layout

POINTER = ctypes.sizeof(ctypes.c_void_p)


@lru_cache(1)
def layout() -> Layout | None:
    """Return how objects lie in memory; None if they do not lie so, as in another Python than CPython.

    None too where Python has no lock: other threads might change a list while machine code reads it.
    """
    # A head (references, class), a pointer to numbers, the rank, pointers to lengths, steps, owner and dtype, flags.
    head = 2 * POINTER
    expected = Layout(head - POINTER, head, head + 8, head + 16, head + 40, head + 48)
    known = sys.implementation.name == "cpython" and POINTER == 8 and object.__basicsize__ == head
    locked = getattr(sys, "_is_gil_enabled", lambda: True)()
    return expected if known and locked and _lie(expected) else None


def _lie(layout: Layout) -> bool:
    """Tell whether arrays, and a list of floats, lie so in memory."""
    import numpy

    arrays: list[Any] = [
        numpy.zeros(3),
        numpy.ones((2, 2), numpy.float32),
        numpy.arange(6.0)[2:],
        numpy.zeros((2, 3), bool).T,
    ]
    numbers = [1.5, -0.0, 3e300, float("inf")]
    numbers.append(0.25)
    # The items then no longer lie at the beginning of what was allocated, if lists were made so.
    del numbers[0]
    return all(_is_array(layout, array) for array in arrays) and _is_list(layout, numbers)


def _is_array(layout: Layout, array: Any) -> bool:
    read, whole = ctypes.c_void_p.from_address, ctypes.c_int32.from_address
    place = id(array)
    lengths = read(place + layout.lengths).value
    return (
        read(place + layout.kind).value == id(type(array))
        and read(place + layout.data).value == array.__array_interface__["data"][0]
        and whole(place + layout.rank).value == array.ndim
        and lengths is not None
        and tuple(ctypes.c_ssize_t.from_address(lengths + 8 * k).value for k in range(array.ndim)) == array.shape
        and read(place + layout.dtype).value == id(array.dtype)
        and whole(place + layout.flags).value == array.flags.num
        and bool(array.flags.num & WITHOUT_GAPS) == array.flags.c_contiguous
    )


def _is_list(layout: Layout, numbers: list[float]) -> bool:
    read, place = ctypes.c_void_p.from_address, id(numbers)
    there = (
        list.__basicsize__ >= object.__basicsize__ + 2 * POINTER
        and float.__basicsize__ == object.__basicsize__ + 8
        and read(place + layout.kind).value == id(list)
        and ctypes.c_ssize_t.from_address(place + layout.data).value == len(numbers)
    )
    items = read(place + layout.data + POINTER).value if there else None
    return items is not None and all(
        read(items + POINTER * k).value == id(x)
        and read(id(x) + layout.kind).value == id(float)
        and ctypes.c_double.from_address(id(x) + layout.data).value == x
        for k, x in enumerate(numbers)
    )


def pointer(array: Any) -> int:
    """Return what stands for an array in a table of pointers."""
    return id(array) if layout() is not None else int(array.__array_interface__["data"][0])


@lru_cache(1)
def fixed() -> list[int]:
    """Return what stands at the end of a table, under the names of FIXED."""
    import numpy

    dtypes = {name: id(numpy.dtype(char)) for char, name in DTYPES.items()}
    functions = {"release": ctypes.pythonapi.PyEval_SaveThread, "hold": ctypes.pythonapi.PyEval_RestoreThread}
    places = {name: ctypes.cast(function, ctypes.c_void_p).value or 0 for name, function in functions.items()}
    known = {"list": id(list), "float": id(float), "array": id(numpy.ndarray), **dtypes, **places}
    return [known[name] for name in FIXED]
