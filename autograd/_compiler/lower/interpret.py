"""The reference interpreter: instructions run in plain Python, as every printer of them should make them run."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from ctypes import c_float
from typing import Any

from autograd._core import floats

from .instructions import Const, Cumsum, Ew, Fill, Gather, If, Instruction, Listing, Matmul, Order, Put, Reduce, Take

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "negative": operator.neg,
    "positive": operator.pos, "isfinite": math.isfinite, "logical_and": lambda x, y: bool(x and y),
    "logical_or": lambda x, y: bool(x or y), "logical_not": operator.not_,
    "mantissa": lambda x: math.frexp(x)[0], "exponent": lambda x: math.frexp(x)[1],
    "truth": bool, "number": float,
}  # fmt: skip
"""The scalar functions beside those that the rules of floats call."""


def scalar_function(text: str) -> Callable[..., Any]:
    """Return the scalar function of a name."""
    return FUNCTIONS.get(text) or getattr(floats, text)


def run(listing: Listing, inputs: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the elements of each result for those of each input."""
    registers: list[list[Any]] = [[] for _ in listing.shapes]
    for register, elements in zip(listing.inputs, inputs, strict=True):
        registers[register] = list(elements)
    _run(listing, listing.code, registers)
    return [registers[register] for register in listing.results]


def _run(listing: Listing, code: list[Instruction], registers: list[list[Any]]) -> None:
    for step in code:
        if isinstance(step, Put):
            into, source = registers[step.into], registers[step.source]
            for place, k in zip(step.places, step.table):
                into[place] = into[place] + source[k] if step.add else source[k]
            registers[step.into] = _rounded(listing, step.into, into)
            continue
        if isinstance(step, If):
            yes = bool(registers[step.condition][0])
            _run(listing, step.yes if yes else step.no, registers)
            made = registers[step.yes_out if yes else step.no_out]
        else:
            made = _made(step, registers)
        registers[step.out] = _rounded(listing, step.out, list(made))


def _made(step: Instruction, registers: list[list[Any]]) -> list[Any]:
    """Return the elements that an instruction computes."""
    if isinstance(step, Ew):
        function = scalar_function(step.function)
        # A register is an int, and a constant none.
        args = [registers[arg] if type(arg) is int else [arg] for arg in step.args]
        return [function(*(arg[i if len(arg) > 1 else 0] for arg in args)) for i in range(step.size)]
    if isinstance(step, Gather):
        row = [element for source in step.sources for element in registers[source]]
        return [row[k] if k >= 0 else step.fill for k in step.table]
    if isinstance(step, Reduce):
        function = scalar_function(step.function)
        out = [step.initial] * step.size
        for i in range(step.size * step.length):
            out[i // step.length] = function(out[i // step.length], registers[step.source][i])
        return out
    if isinstance(step, Matmul):
        return _product(step, registers[step.left], registers[step.right])
    if isinstance(step, Cumsum):
        out = list(registers[step.source])
        for i in range(step.size):
            if i % step.length:
                out[i] += out[i - 1]
        return out
    if isinstance(step, Order):
        rows = [registers[step.source][start : start + step.length] for start in range(0, step.size, step.length or 1)]
        # Not a number is larger than all numbers.
        return [k for row in rows for k in sorted(range(step.length), key=lambda k: (row[k] != row[k], row[k]))]
    if isinstance(step, Take):
        return [registers[step.source][k - k % step.length + registers[step.places][k]] for k in range(step.size)]
    if isinstance(step, Fill):
        return [step.value] * step.size
    assert isinstance(step, Const)
    return list(step.values)


def _product(step: Matmul, left: list[float], right: list[float]) -> list[float]:
    out = []
    for b in range(step.batch):
        for i in range(step.rows):
            for j in range(step.columns):
                total = 0.0
                for k in range(step.inner):
                    total += left[(b * step.rows + i) * step.inner + k] * right[(b * step.inner + k) * step.columns + j]
                out.append(total)
    return out


def _rounded(listing: Listing, register: int, elements: list[Any]) -> list[Any]:
    if register not in listing.single:
        return elements
    # C's own conversion, in which a number that is too large becomes infinite.
    return [c_float(element).value for element in elements]
