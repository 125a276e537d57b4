"""What a rule finds as `xp` while it is run on symbols: NumPy and `math`, written down."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from autograd._core import floats

from .symbols import Function, Symbol, Writer, example, infix, syntax


class ArrayNamespace:
    """The namespace `xp` of arrays: NumPy's functions, written as operators where there is one."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def __getattr__(self, name: str) -> Any:
        import numpy

        function = getattr(numpy, name)
        if name in _INFIX:
            return lambda a, b: infix(self._writer, function, _INFIX[name], a, b)
        if name == "asarray":
            return lambda a: a if isinstance(example(a), numpy.ndarray) else self._call(name, function)(a)
        if hasattr(numpy.ndarray, name) and name not in _IN_PLACE:
            # The method computes the same, and is quicker to start than the function.
            return partial(self._method, name, function)
        return self._call(name, function) if callable(function) else function

    def _method(self, name: str, function: Any, a: Any, *rest: Any, **given: Any) -> Any:
        if isinstance(a, Symbol) and hasattr(a.data, name):
            return getattr(a, name)(*rest, **given)
        return self._call(name, function)(a, *rest, **given)

    def _call(self, name: str, function: Any) -> Function:
        return Function(self._writer, ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load()), function)


_IN_PLACE = ("sort", "partition", "resize", "put")
"""Methods of arrays that do something else than the functions of the same name."""

_INFIX: dict[str, ast.AST] = {
    "divide": ast.Div(), "greater": ast.Gt(), "greater_equal": ast.GtE(), "less": ast.Lt(), "less_equal": ast.LtE(),
    "equal": ast.Eq(), "not_equal": ast.NotEq(), "matmul": ast.MatMult(),
}  # fmt: skip


class FloatNamespace:
    """The namespace `xp` of floats: `math`, and plain Python where `math` has no such function.

    Python's floats raise where IEEE 754 has a result; a compiled function that raises is computed again, by the table.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def __getattr__(self, name: str) -> Callable[..., Any]:
        write = _PYTHON.get(name)

        def function(*args: Any) -> Symbol:
            if write is None:
                function_ = ast.Attribute(ast.Name("math", ast.Load()), name, ast.Load())
                tree: ast.expr = ast.Call(function_, list(map(syntax, args)), [])
            else:
                # The names of the arguments are put in as text: they are names or numbers.
                tree = ast.parse(write(*(ast.unparse(syntax(arg)) for arg in args)), mode="eval").body
            return self._writer.symbol(tree, getattr(floats, name)(*map(example, args)))

        if not hasattr(floats, name):
            raise AttributeError(name)
        return function


def _is_number(text: str) -> bool:
    return isinstance(ast.parse(text, mode="eval").body, (ast.Constant, ast.UnaryOp))


def _power(x: str, y: str) -> str:
    whole = _is_number(y) and float(y).is_integer()
    return f"({x}) ** ({y})" if whole else f"math.pow({x}, {y})"


def _real(text: str) -> str:
    """Write an integer as the float that it counts as: it may be the result."""
    return f"{text}.0" if re.fullmatch(r"-?\d+", text) else text


def _choice(condition: str, x: str, y: str) -> str:
    return f"({_real(x)}) if {condition} else ({_real(y)})"


def _extreme(sign: str, function: str) -> Callable[[str, str], str]:
    # max(x, y) is x unless y is greater, so a nan in y would be lost.
    return lambda x, y: (
        f"{function}({_real(x)}, {_real(y)})" if _is_number(y) else _choice(f"{x} {sign} {y} or {x} != {x}", x, y)
    )


def _clipped(x: str, low: str, high: str) -> str:
    x = x if low == "None" else _extreme(">=", "max")(x, low)
    return x if high == "None" else _extreme("<=", "min")(f"({x})", high)


_PYTHON: dict[str, Callable[..., str]] = {
    "divide": "({}) / ({})".format,
    "pow": _power,
    "abs": "abs({})".format,
    "maximum": _extreme(">=", "max"),
    "minimum": _extreme("<=", "min"),
    "where": _choice,
    "clip": _clipped,
    "sign": "({0}) if {0} == 0 or {0} != {0} else math.copysign(1.0, {0})".format,
    "floor": "math.copysign(math.floor({0}), {0})".format,
    "ceil": "math.copysign(math.ceil({0}), {0})".format,
    "trunc": "math.copysign(math.trunc({0}), {0})".format,
    "round": "math.copysign(round({0}), {0})".format,
    "greater": "{} > {}".format,
    "greater_equal": "{} >= {}".format,
    "less": "{} < {}".format,
    "less_equal": "{} <= {}".format,
    "equal": "{} == {}".format,
    "not_equal": "{} != {}".format,
}
