"""Machine code that runs a program many times: what it returns is what it is given the next time."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from autograd._compiler.printers.native import FIRST
from autograd._core.node import Node
from autograd._core.tracing import CompileError
from autograd._core.types import Array

from .machine import Machine, host
from .memory import layout
from .native import Native

REPEAT = """define i64 @repeat(ptr %given, i64 %n) {
entry:
LOADS
%fed.twice = mul i64 %fed, 2
%fed.thrice = mul i64 %fed, 3
br label %find
find:
%o = phi i64 [0, %entry], [%o.next, %find]
%o.cell = getelementptr ptr, ptr %cells, i64 %o
%object = load ptr, ptr %o.cell
%numbers.at = getelementptr i8, ptr %object, i64 %offset
%numbers = load ptr, ptr %numbers.at
store ptr %numbers, ptr %o.cell
%o.next = add i64 %o, 1
%finds = icmp ult i64 %o.next, %objects
br i1 %finds, label %find, label %begin
begin:
%rates = load ptr, ptr %rates.cell
%losses = load ptr, ptr %losses.cell
br label %next
next:
%i = phi i64 [0, %begin], [%i.next, %move]
%more = icmp ult i64 %i, %n
br i1 %more, label %run, label %done
run:
%rates.at = getelementptr double, ptr %rates, i64 %i
%rate.now = load double, ptr %rates.at
store double %rate.now, ptr %rate
call void %program(ptr %table)
%flag = load double, ptr %out
%finite = fcmp oeq double %flag, 0.0
br i1 %finite, label %note, label %done
note:
%loss.now = load double, ptr %loss
%losses.at = getelementptr double, ptr %losses, i64 %i
store double %loss.now, ptr %losses.at
%count.now = load double, ptr %count
%count.next = fadd double %count.now, 1.0
store double %count.next, ptr %count
br label %feed
feed:
%k = phi i64 [0, %note], [%k.next, %fed.one]
%feeds = icmp ult i64 %k, %fed
br i1 %feeds, label %fed.one, label %move
fed.one:
%given.at = getelementptr ptr, ptr %cells, i64 %k
%made.place = add i64 %k, %fed
%made.at = getelementptr ptr, ptr %cells, i64 %made.place
%spare.place = add i64 %k, %fed.twice
%spare.at = getelementptr ptr, ptr %cells, i64 %spare.place
%new = load ptr, ptr %made.at
%old = load ptr, ptr %spare.at
store ptr %new, ptr %given.at
store ptr %old, ptr %made.at
store ptr %new, ptr %spare.at
%k.next = add i64 %k, 1
br label %feed
move:
%m = phi i64 [0, %feed], [%m.next, %moved.one]
%i.next = add i64 %i, 1
%moves = icmp ult i64 %m, %moved
br i1 %moves, label %moved.one, label %next
moved.one:
%place = add i64 %m, %fed.thrice
%cell = getelementptr ptr, ptr %cells, i64 %place
%at = load ptr, ptr %cell
%stride.at = getelementptr i64, ptr %strides, i64 %m
%stride = load i64, ptr %stride.at
%further = getelementptr i8, ptr %at, i64 %stride
store ptr %further, ptr %cell
%m.next = add i64 %m, 1
br label %move
done:
ret i64 %i
}
"""
"""Runs a program up to n times, until a result is infinite or nan; returns how often it ran.

The cells hold arrays: those that are given, made of them, and spare ones, which change places after each run, so that
what was given last is never written over; then those that move on by their strides, those that are kept, the rates and
the losses.
"""

GIVEN = {
    "program": "ptr", "table": "ptr", "fed": "i64", "moved": "i64", "objects": "i64", "offset": "i64", "rate": "ptr",
    "count": "ptr", "out": "ptr", "loss": "ptr", "cells": "ptr", "strides": "ptr", "rates.cell": "ptr",
    "losses.cell": "ptr",
}  # fmt: skip
"""What REPEAT is given in a row, with its types."""


class Roles(NamedTuple):
    """The leaves and results of a program by what becomes of them from run to run."""

    fed: list[tuple[Node, Node]]
    """Leaves that take the numbers of a result at the next run."""
    rows: list[Node]
    """Leaves that take the next rows of an array."""
    rate: Node
    steps: Node
    """The numbers of a step: one that is given for each, and one that grows by 1."""
    loss: Node
    output: Node | None
    """A number and an array that are kept of each run."""
    kept: list[Node]
    """Arrays that are kept of the last run."""


class Repeat:
    """A program in machine code that runs many times. Raises CompileError for one whose numbers lie otherwise."""

    def __init__(self, native: Native, roles: Roles) -> None:
        code, found = native.code, layout()
        offset = found and found.data
        given, made = [leaf for leaf, _ in roles.fed], [node for _, node in roles.fed]
        moved = [*roles.rows, *([] if roles.output is None else [roles.output])]
        cells = [*given, *made, *range(len(given)), *moved, *roles.kept, "rates", "losses"]
        places = {item: k for k, item in enumerate(cells)}
        alike = all(a.shape == b.shape != () and a._data.dtype == b._data.dtype for a, b in roles.fed)
        whole = len(places) == len(cells) and {*code.arrays, *code.made} <= {*places}
        if offset is None or not whole or not alike or not {*made, *roles.kept, *moved} <= {*code.made, *roles.rows}:
            raise CompileError("the results of a step are no arrays of their own")
        self.roles, self._native = roles, native
        self._work = work = native.workspace()
        n = len(cells)
        self._memory = (ctypes.c_int64 * (len(GIVEN) + n + len(moved)))()
        self._address = ctypes.addressof(self._memory)
        at = self._address + 8 * len(GIVEN)
        # The program takes objects that have the address of their numbers so many bytes after their beginning.
        pointers = [at + 8 * places[node] - offset for node in (*code.arrays, *code.made)]
        struct.pack_into(f"{len(pointers)}P", work.table, 8 * FIRST, *pointers)
        numbers, out = (int(array.__array_interface__["data"][0]) for array in (work.numbers, work.out))
        self._count = code.slots[roles.steps]
        self._memory[: len(GIVEN)] = [
            native.address, work.address, len(given), len(moved), n, offset, numbers + 8 * code.slots[roles.rate],
            numbers + 8 * self._count, out, out + 8 * code.returned[roles.loss], at, at + 8 * n, at + 8 * (n - 2),
            at + 8 * (n - 1),
        ]  # fmt: skip
        self._pack = struct.Struct(f"{n + len(moved)}q").pack_into

    def run(self, arrays: Sequence[Array], strides: Sequence[int], rates: Array, count: float) -> list[float]:
        """Run once for each rate, until a result is infinite or nan; return the losses.

        The arrays are those that are given, made of these and spare, those that move on by their strides, and those
        that are kept.
        """
        losses = rates.copy()
        self._pack(self._memory, 8 * len(GIVEN), *map(id, arrays), id(rates), id(losses), *strides)
        self._work.numbers[self._count] = count
        found: list[float] = losses[: repeat()(self._address, len(rates))].tolist()
        return found


@lru_cache(1)
def repeat() -> Any:
    """Return the function of REPEAT; others run meanwhile."""
    loads = [
        f"%{name}.in = getelementptr i64, ptr %given, i64 {k}\n%{name} = load {kind}, ptr %{name}.in"
        for k, (name, kind) in enumerate(GIVEN.items())
    ]
    text = REPEAT.replace("LOADS", "\n".join(loads))
    machine = Machine(text, host(), lambda: (text, b""))
    return machine.function("repeat", False, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)
