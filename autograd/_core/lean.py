"""The functions of primitives on floats and Values, written for speed: `apply` is the plain way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import floats
from .data import NUMBERS
from .modes import active
from .node import NO_SETTINGS, kinds
from .primitive import Operation, Primitive
from .types import Operand, Setting


def lean_function(made: Primitive) -> Operation:
    """Return the function that applies a primitive, with a lean path for floats and Values.

    A scalar network spends its time here: the general path takes three times as long.
    """
    by_arity = {None: _variadic, 1: _unary, 2: _binary, 3: _ternary}
    if made.elementwise and not made.settings and made.arity in by_arity:
        return by_arity[made.arity](made)

    def general(*args: Operand, **settings: Setting) -> Any:
        return made.apply(args, settings)

    return general


def _unary(made: Primitive) -> Operation:
    forward, new = made.forward, object.__new__

    def unary(a: Operand) -> Any:
        kind = type(a)
        if kind is kinds["float"] and not active:
            data = a._data
            out = forward(floats, data)
            node = new(kind)
            node._data = out if type(out) is float else float(out)
            node._grad = 0.0
            node.op = made
            node._a = a
            node._b = None
            node._x = data
            return node
        return forward(floats, a) if kind is float else made.apply((a,), {})

    return unary


def _binary(made: Primitive) -> Operation:
    forward, new = made.forward, object.__new__

    def binary(a: Operand, b: Operand) -> Any:
        value = kinds["float"]
        kind, other = type(a), type(b)
        if kind is not value and other is not value:
            numbers = (kind is float or kind is int) and (other is float or other is int)
            return forward(floats, a, b) if numbers else made.apply((a, b), {})
        if active:
            return made.apply((a, b), {})
        x = a._data if kind is value else a
        y = b._data if other is value else b
        if type(x) not in NUMBERS or type(y) not in NUMBERS:
            return made.apply((a, b), {})
        out = forward(floats, x, y)
        node = new(value)
        node._data = out if type(out) is float else float(out)
        node._grad = 0.0
        node.op = made
        node._a = a
        node._b = b
        node._x = x
        node._y = y
        return node

    return binary


def _ternary(made: Primitive) -> Operation:
    forward = made.forward

    def ternary(a: Operand, b: Operand, c: Operand) -> Any:
        numbers = type(a) in NUMBERS and type(b) in NUMBERS and type(c) in NUMBERS
        return forward(floats, a, b, c) if numbers else made.apply((a, b, c), {})

    return ternary


def _variadic(made: Primitive) -> Operation:
    forward, new = made.forward, object.__new__

    def variadic(args: Sequence[Operand]) -> Any:
        if active:
            return made.apply((args,), {})
        value = kinds["float"]
        raw = [a._data if type(a) is value else a for a in args]
        if not NUMBERS.issuperset(map(type, raw)):
            return made.apply((args,), {})
        out = forward(floats, *raw)
        if value not in map(type, args):
            return out
        node = new(value)
        node._data = out if type(out) is float else float(out)
        node._grad = 0.0
        node.link(made, tuple(args), tuple(raw), NO_SETTINGS)
        return node

    return variadic
