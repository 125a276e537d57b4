"""Functions of floats in plain Python: those of `math`, and else operators and choices.

Python's floats raise where IEEE 754 has a result; a compiled function that raises is computed again, by the table.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from autograd._compiler.rules.expressions import (
    Expression,
    called,
    choice,
    infix,
    is_number,
    is_variable,
    literal,
    name,
    replaced,
)

MOST = 1 << 1023
"""Larger integers may be no floats."""


def in_python(tree: Expression) -> Expression:
    """Return an expression with functions of floats written in Python."""
    return replaced(tree, _one)


def _one(tree: Expression) -> Expression | None:
    if tree.kind != "scalar":
        return None
    args = tuple(map(in_python, tree.parts))
    write = _PYTHON.get(tree.what)
    return Expression("math", args, tree.what) if write is None else write(*args)


def _math(function: str, *args: Expression) -> Expression:
    return Expression("math", args, function)


def _builtin(function: str, *args: Expression) -> Expression:
    return called("call", [name(function), *args])


def _power(x: Expression, y: Expression) -> Expression:
    number = (y if y.kind == "literal" else y.parts[0]).what if is_number(y) else 0.5
    return infix("**", x, y) if float(number).is_integer() else _math("pow", x, y)


def _real(x: Expression) -> Expression:
    """Write an integer as the float that it counts as: it may be the result."""
    if x.kind == "prefix":
        return Expression("prefix", (_real(x.parts[0]),), x.what)
    return literal(float(x.what)) if x.kind == "literal" and type(x.what) is int and x.what < MOST else x


def _compared(sign: str, x: Expression, y: Expression) -> Expression:
    # Python compares floats with each other faster than with integers.
    return infix(sign, _real(x), _real(y))


def _choice(condition: Expression, x: Expression, y: Expression) -> Expression:
    return choice(condition, _real(x), _real(y))


def _extreme(sign: str, other: str, function: str) -> Callable[[Expression, Expression], Expression]:
    def write(x: Expression, y: Expression) -> Expression:
        if not is_number(y):
            # max(x, y) is x unless y is greater, so a nan in y would be lost.
            return _choice(infix("or", infix(sign, x, y), infix("!=", x, x)), x, y)
        # A call takes four times as long.
        return _choice(infix(other, x, y), y, x) if is_variable(x) else _builtin(function, _real(x), _real(y))

    return write


def _clip(x: Expression, low: Expression, high: Expression) -> Expression:
    x = x if low.what is None else _extreme(">=", "<", "max")(x, low)
    return x if high.what is None else _extreme("<=", ">", "min")(x, high)


def _sign(x: Expression) -> Expression:
    zero_or_nan = infix("or", infix("==", x, literal(0)), infix("!=", x, x))
    return choice(zero_or_nan, infix("+", x, literal(0.0)), _math("copysign", literal(1.0), x))


_PYTHON: dict[str, Callable[..., Expression]] = {
    "divide": lambda x, y: infix("/", x, y),
    "remainder": lambda x, y: infix("%", x, y),
    "floor_divide": lambda x, y: infix("//", x, y),
    "pow": _power,
    "abs": lambda x: _builtin("abs", x),
    "maximum": _extreme(">=", "<", "max"),
    "minimum": _extreme("<=", ">", "min"),
    "where": _choice,
    "clip": _clip,
    "sign": _sign,
    "floor": lambda x: _math("copysign", _math("floor", x), x),
    "ceil": lambda x: _math("copysign", _math("ceil", x), x),
    "trunc": lambda x: _math("copysign", _math("trunc", x), x),
    "round": lambda x: _math("copysign", _builtin("round", x), x),
    "greater": partial(_compared, ">"),
    "greater_equal": partial(_compared, ">="),
    "less": partial(_compared, "<"),
    "less_equal": partial(_compared, "<="),
    "equal": partial(_compared, "=="),
    "not_equal": partial(_compared, "!="),
}
