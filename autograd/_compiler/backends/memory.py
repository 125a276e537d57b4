"""Where Python keeps the numbers of arrays and lists: read by machine code, if it is there where it is expected."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .machine import Machine, host

POINTER = ctypes.sizeof(ctypes.c_void_p)

GATHER = """define i32 @gather(ptr %list, ptr %into, i64 %n, ptr %float) {{
entry:
%size.at = getelementptr i8, ptr %list, i64 {size}
%size = load i64, ptr %size.at
%whole = icmp eq i64 %size, %n
br i1 %whole, label %begin, label %other
begin:
%at = getelementptr i8, ptr %list, i64 {items}
%items = load ptr, ptr %at
br label %loop
loop:
%i = phi i64 [0, %begin], [%next, %more]
%place = getelementptr ptr, ptr %items, i64 %i
%item = load ptr, ptr %place
%kind.at = getelementptr i8, ptr %item, i64 {kind}
%kind = load ptr, ptr %kind.at
%is = icmp eq ptr %kind, %float
br i1 %is, label %more, label %other
more:
%number.at = getelementptr i8, ptr %item, i64 {number}
%number = load double, ptr %number.at
%to = getelementptr double, ptr %into, i64 %i
store double %number, ptr %to
%next = add i64 %i, 1
%again = icmp ult i64 %next, %n
br i1 %again, label %loop, label %done
other:
ret i32 1
done:
ret i32 0
}}
"""
"""Copies the numbers of a list of n floats; returns 1 if there are more or fewer, or one is no float."""


@lru_cache(1)
def data_offset() -> int | None:
    """Return how many bytes after the beginning of an array the pointer to its numbers is; None if it is not there."""
    import numpy

    offset = object.__basicsize__
    arrays: list[Any] = [
        numpy.zeros(3),
        numpy.ones((2, 2), numpy.float32),
        numpy.arange(6.0)[2:],
        numpy.zeros((2, 3)).T,
    ]
    there = sys.implementation.name == "cpython" and all(
        ctypes.c_void_p.from_address(id(a) + offset).value == a.__array_interface__["data"][0] for a in arrays
    )
    return offset if there else None


def pointer(array: Any) -> int:
    """Return what stands for an array in a table of pointers."""
    return id(array) if data_offset() is not None else int(array.__array_interface__["data"][0])


@lru_cache(1)
def gather() -> Callable[[int, int, int, int], int]:
    """Return the function that copies n floats of a list to an address; it returns 1 if there is something else.

    The list and the class of floats are given by their identity, and Python's lock is held meanwhile.
    """
    assert data_offset() is not None
    # The size of a list stands before the pointer to its items; a float is a head and a number.
    head, word = object.__basicsize__, POINTER
    text = GATHER.format(size=head, items=head + word, kind=head - word, number=head)
    arguments = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)
    function = Machine(text, "gather", host()).function(True, ctypes.c_int32, *arguments)
    return function if _gathers(function) else _slowly


def _gathers(call: Callable[[int, int, int, int], int]) -> bool:
    """Tell whether lists and floats are as expected."""
    given, found = [1.5, -0.0, 3e300, float("inf")], (ctypes.c_double * 4)()
    given.append(0.25)
    del given[0]
    there = (
        ctypes.c_void_p.from_address(id(given) + object.__basicsize__ - POINTER).value == id(list)
        and ctypes.c_void_p.from_address(id(given[0]) + object.__basicsize__ - POINTER).value == id(float)
        and ctypes.c_ssize_t.from_address(id(given) + object.__basicsize__).value == len(given)
        and list.__basicsize__ >= object.__basicsize__ + 2 * POINTER
        and float.__basicsize__ == object.__basicsize__ + 8
    )
    items = ctypes.c_void_p.from_address(id(given) + object.__basicsize__ + POINTER).value if there else None
    there = bool(items) and ctypes.c_void_p.from_address(items or 0).value == id(given[0])
    if not there or call(id(given), ctypes.addressof(found), 4, id(float)):
        return False
    return list(found) == given and call(id([1.0, 2]), ctypes.addressof(found), 2, id(float)) == 1


def _slowly(of: int, to: int, n: int, kind: int) -> int:
    """Take the long way."""
    return 1
