"""The functions of primitives, written for speed: `apply` is the plain way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import floats
from .compute import as_data
from .data import ARRAYS, NUMBERS, PLAIN, SCALARS, keep, keep_setting, numpy_module
from .modes import active, plainly_traced
from .node import MANY, NO_SETTINGS, Node, kinds
from .primitive import Operation, Primitive
from .types import Operand, Setting


def lean_function(made: Primitive) -> Operation:
    """Return the function that applies a primitive, with lean paths for floats and Values, arrays and Tensors.

    A network spends its time here: the general path takes three times as long.
    """
    by_arity = {None: _variadic, 1: _unary, 2: _binary, 3: _ternary}
    if made.elementwise and not made.settings and made.arity in by_arity:
        return by_arity[made.arity](made)
    return _on_arrays(made)


def _on_arrays(made: Primitive) -> Operation:
    """Return the function that applies a primitive, with a lean path for arrays of floats, Tensors and numbers.

    All else, and what raises an error, is left to `apply`.
    """
    forward, new, apply, count = made.forward, object.__new__, made.apply, made.arity
    few, names, elementwise = count in (1, 2), frozenset(made.settings), made.elementwise
    pair = _pair(made) if count == 2 else None

    def on_arrays(*args: Operand, **settings: Setting) -> Any:
        if active or len(args) != count:
            return apply(args, settings)
        tensor = kinds["array"]
        if pair is not None and type(args[0]) is tensor and type(args[1]) is tensor and not settings:
            return pair(*args)
        raw: list[Any] = []
        recorded = arrays = False
        for arg in args:
            kind = type(arg)
            if kind is tensor:
                recorded = True
                raw.append(arg._data if arg.op is not None else arg.snapshot())
            elif kind in ARRAYS and arg.dtype.char in "dfe?":
                arrays = True
                raw.append(arg)
            elif kind in NUMBERS:
                raw.append(arg)
            elif kind in SCALARS and not elementwise:
                arrays = True
                raw.append(arg.item())
            else:
                return apply(args, settings)
        for name, item in settings.items():
            if name not in names or isinstance(item, Node):
                return apply(args, settings)
        if not recorded:
            return forward(numpy_module(), *raw, **settings) if arrays else apply(args, settings)
        if arrays:
            raw = [data if type(arg) is tensor else keep(data) for arg, data in zip(args, raw)]
            args = tuple([arg if type(arg) is tensor else data for arg, data in zip(args, raw)])
        if settings:
            settings = {k: item if type(item) in PLAIN else keep_setting(item) for k, item in settings.items()}
        try:
            out = forward(numpy_module(), *raw, **settings)
        except (ValueError, TypeError, IndexError):
            return apply(args, settings)
        if type(out) not in ARRAYS or out.dtype.kind != "f":
            out = as_data(made, out, raw)
        node = new(tensor if type(out) is not float else kinds["float"])
        node._data = out
        node._grad = 0.0
        node.op = made
        if settings or not few:
            node._a, node._x, node._b, node._y = args, tuple(raw), MANY, settings
        elif len(args) == 2:
            node._a, node._b = args
            node._x, node._y = raw
        else:
            (node._a,), (node._x,), node._b = args, raw, None
        return node

    return (lambda *args, **settings: apply(args, settings)) if made.foreign else on_arrays


def _pair(made: Primitive) -> Operation:
    """Return the function that applies a primitive to two Tensors, while no switch is on."""
    forward, new = made.forward, object.__new__

    def pair(a: Any, b: Any) -> Any:
        x = a._data if a.op is not None else a.snapshot()
        y = b._data if b.op is not None else b.snapshot()
        try:
            out = forward(numpy_module(), x, y)
        except (ValueError, TypeError, IndexError):
            return made.apply((a, b), {})
        if type(out) not in ARRAYS or out.dtype.kind != "f":
            out = as_data(made, out, [x, y])
        node = new(kinds["array" if type(out) is not float else "float"])
        node._data = out
        node._grad = 0.0
        node.op = made
        node._a = a
        node._b = b
        node._x = x
        node._y = y
        return node

    return pair


def _unary(made: Primitive) -> Operation:
    forward, new, on_arrays = made.forward, object.__new__, _on_arrays(made)

    def unary(a: Operand) -> Any:
        kind = type(a)
        if kind is kinds["float"]:
            trace = None
            if active and (trace := plainly_traced()) is None:
                return made.apply((a,), {})
            data = a._data
            out = forward(floats, data)
            node = new(kind)
            node._data = out if type(out) is float else float(out)
            node._grad = 0.0
            node.op = made
            node._a = a
            node._b = None
            node._x = data
            if trace is not None:
                trace.note(node)
            return node
        if kind is float:
            return forward(floats, a)
        return on_arrays(a)

    return unary


def _binary(made: Primitive) -> Operation:
    forward, new, on_arrays = made.forward, object.__new__, _on_arrays(made)

    def binary(a: Operand, b: Operand) -> Any:
        value = kinds["float"]
        kind, other = type(a), type(b)
        if (kind is float or kind is int) and (other is float or other is int):
            return forward(floats, a, b)
        if kind is not value and other is not value:
            return on_arrays(a, b)
        trace = None
        if active and (trace := plainly_traced()) is None:
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
        if trace is not None:
            trace.note(node)
        return node

    return binary


def _ternary(made: Primitive) -> Operation:
    forward, on_arrays = made.forward, _on_arrays(made)

    def ternary(a: Operand, b: Operand, c: Operand) -> Any:
        numbers = type(a) in NUMBERS and type(b) in NUMBERS and type(c) in NUMBERS
        if numbers:
            return forward(floats, a, b, c)
        if type(c) is float and type(a) in ARRAYS and type(b) in ARRAYS and a.dtype.char == "?" and b.dtype.char == "d":
            # The rule of relu, at every step of most networks.
            return made.apply((a, b, c), {}) if active else forward(numpy_module(), a, b, c)
        return on_arrays(a, b, c)

    return ternary


def _variadic(made: Primitive) -> Operation:
    forward, new = made.forward, object.__new__

    def variadic(args: Sequence[Operand]) -> Any:
        trace = None
        if active and (trace := plainly_traced()) is None:
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
        node.op = made
        node._a, node._x, node._b, node._y = tuple(args), tuple(raw), MANY, NO_SETTINGS
        if trace is not None:
            trace.note(node)
        return node

    return variadic
