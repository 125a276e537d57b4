"""The scalar functions of the instructions in JavaScript, as texts that know where they need parentheses."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NamedTuple

ATOM = 20
"""The level of a name, a number or a call, which never needs parentheses."""


class Text(NamedTuple):
    """An expression: its text, how tightly its outermost operator binds, whether it is true or false, its length."""

    text: str
    level: int = ATOM
    truth: bool = False
    operations: int = 0


def number(x: float) -> Text:
    """Return a constant."""
    if math.isnan(x):
        return Text("NaN")
    text = "Infinity" if math.isinf(x) else repr(int(x)) if x.is_integer() and abs(x) < 1e15 else repr(abs(x))
    text = text.lstrip("-")
    return Text(f"-{text}", 14) if math.copysign(1.0, x) < 0 else Text(text)


def as_number(x: Text) -> Text:
    """Return true as 1 and false as 0."""
    return Text(f"Number({x.text})", ATOM, False, x.operations) if x.truth else x


def as_truth(x: Text) -> Text:
    """Return whether a number is not 0; nan counts as true, as in Python."""
    return x if x.truth else _infix("!==", 8, True)(x, Text("0"))


def rounded(x: Text) -> Text:
    """Return a number in single precision."""
    return _call("Math.fround")(x)


def _inside(x: Text, level: int) -> str:
    return x.text if x.level >= level else f"({x.text})"


def _infix(sign: str, level: int, truth: bool = False) -> Callable[[Text, Text], Text]:
    def write(x: Text, y: Text) -> Text:
        x, y = as_number(x), as_number(y)
        # Sums and products of floats are not associative.
        text = f"{_inside(x, level)} {sign} {_inside(y, level + 1)}"
        return Text(text, level, truth, x.operations + y.operations + 1)

    return write


def _between_truths(sign: str, level: int) -> Callable[[Text, Text], Text]:
    def write(x: Text, y: Text) -> Text:
        x, y = as_truth(x), as_truth(y)
        text = f"{_inside(x, level)} {sign} {_inside(y, level)}"
        return Text(text, level, True, x.operations + y.operations + 1)

    return write


def _call(name: str, truth: bool = False) -> Callable[..., Text]:
    def write(*args: Text) -> Text:
        args = tuple(map(as_number, args))
        return Text(f"{name}({', '.join(x.text for x in args)})", ATOM, truth, sum(x.operations for x in args) + 1)

    return write


def _negative(x: Text) -> Text:
    x = as_number(x)
    # Two signs in a row would be another operator.
    return Text(f"-{_inside(x, 15)}", 14, False, x.operations + 1)


def _not(x: Text) -> Text:
    return Text(f"!{_inside(as_truth(x), 15)}", 14, True, x.operations + 1)


def _pow(x: Text, y: Text) -> Text:
    if y.text == "2":
        # A power takes ten times as long.
        return _infix("*", 12)(x, x) if re.fullmatch(r"\w+", x.text) else _call("square")(x)
    constant = re.fullmatch(r"-?[\d.e+-]+", y.text)
    return _call("Math.pow" if constant else "power")(x, y)


def _where(condition: Text, x: Text, y: Text) -> Text:
    condition, x, y = as_truth(condition), as_number(x), as_number(y)
    text = f"{_inside(condition, 4)} ? {_inside(x, 3)} : {_inside(y, 3)}"
    return Text(text, 2, False, condition.operations + x.operations + y.operations + 1)


FUNCTIONS: dict[str, Callable[..., Text]] = {
    "add": _infix("+", 11),
    "subtract": _infix("-", 11),
    "multiply": _infix("*", 12),
    "divide": _infix("/", 12),
    "negative": _negative,
    "positive": as_number,
    # True and False stay what they are until a number is needed.
    "number": lambda x: x,
    "truth": as_truth,
    "pow": _pow,
    "greater": _infix(">", 9, True),
    "greater_equal": _infix(">=", 9, True),
    "less": _infix("<", 9, True),
    "less_equal": _infix("<=", 9, True),
    "equal": _infix("===", 8, True),
    "not_equal": _infix("!==", 8, True),
    "logical_and": _between_truths("&&", 4),
    "logical_or": _between_truths("||", 3),
    "logical_not": _not,
    "where": _where,
    "isfinite": _call("Number.isFinite", truth=True),
    "isnan": _call("Number.isNaN", truth=True),
    **{name: _call(name) for name in ("maximum", "minimum", "mantissa", "exponent", "copysign", "erf", "erfc", "tanh")},
    "round": _call("roundEven"),
    **{
        name: _call(f"Math.{name}")
        for name in (
            "abs", "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "sin", "cos", "tan", "sinh", "cosh",
            "asin", "acos", "atan", "atan2", "asinh", "acosh", "atanh", "hypot", "floor", "ceil",
            "trunc",
        )
    },
    # Of -0 it is 0.
    "sign": lambda x: _infix("+", 11)(_call("Math.sign")(x), Text("0")),
    "exp2": lambda x: _call("Math.pow")(Text("2"), x),
    "remainder": _call("remainder"),
    "floor_divide": _call("floorDivide"),
}  # fmt: skip
"""How each scalar function is written."""
