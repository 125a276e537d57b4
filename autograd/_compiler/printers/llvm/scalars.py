"""The scalar functions of the instructions in LLVM's language, on numbers and on vectors."""

from __future__ import annotations

import math
from collections.abc import Callable

from .lines import Lines, Value
from .mathematics import INLINED, inlined

TRUTHS = frozenset({
    "greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_not",
    "isfinite", "isnan", "truth",
})  # fmt: skip
"""The functions whose results are true or false."""

EXPENSIVE = 30
"""How many operations a function counts as that is no instruction of the processor."""


def as_kind(lines: Lines, x: Value, kind: str) -> Value:
    """Return numbers as those of another type; true is 1."""
    if x.kind == kind:
        return x
    if kind == "i1":
        return lines.do("fcmp une", x, lines.number(0.0, x.kind, x.lanes), kind="i1")
    if x.kind == "i1":
        return lines.select(x, lines.number(1.0, kind, x.lanes), lines.number(0.0, kind, x.lanes))
    return lines.cast("fpext" if kind == "double" else "fptrunc", x, kind)


Scalar = Callable[..., Value]


def _op(op: str) -> Scalar:
    return lambda lines, *args: lines.do(op, *args)


def _compare(relation: str) -> Scalar:
    return lambda lines, x, y: lines.do(f"fcmp {relation}", x, y, kind="i1")


def _between_truths(op: str) -> Scalar:
    return lambda lines, x, y: lines.do(op, as_kind(lines, x, "i1"), as_kind(lines, y, "i1"))


def _intrinsic(name: str) -> Scalar:
    return lambda lines, *args: lines.intrinsic(name, *args)


def _library(name: str) -> Scalar:
    """Return the function of C's library, in double precision; in line where that is as exact."""

    def write(lines: Lines, *args: Value) -> Value:
        kind = args[0].kind
        args = tuple(as_kind(lines, x, "double") for x in args)
        if name in INLINED and args[0].lanes > 1 and lines.target.fma:
            found = inlined(lines, name, args[0])
        else:
            found = lines.call(name, *args)
        return as_kind(lines, found, kind)

    return write


def _extreme(relation: str) -> Scalar:
    """Return the maximum or minimum: x if it is as large or nan, else y, which may be nan."""

    def write(lines: Lines, x: Value, y: Value) -> Value:
        chosen = lines.do("or", lines.do(f"fcmp {relation}", x, y, kind="i1"), _isnan(lines, x))
        return lines.select(chosen, x, y)

    return write


def _isnan(lines: Lines, x: Value) -> Value:
    return lines.do("fcmp uno", x, x, kind="i1")


def _constant(lines: Lines, value: float, like: Value) -> Value:
    return lines.number(value, like.kind, like.lanes)


def _isfinite(lines: Lines, x: Value) -> Value:
    return lines.do("fcmp one", lines.intrinsic("fabs", x), _constant(lines, math.inf, x), kind="i1")


def _sign(lines: Lines, x: Value) -> Value:
    same = lines.do("fcmp ueq", x, _constant(lines, 0.0, x), kind="i1")
    return lines.select(same, x, lines.intrinsic("copysign", _constant(lines, 1.0, x), x))


def _not(lines: Lines, x: Value) -> Value:
    x = as_kind(lines, x, "i1")
    return lines.do("xor", x, lines.number(1, "i1", x.lanes))


def _where(lines: Lines, condition: Value, x: Value, y: Value) -> Value:
    return lines.select(as_kind(lines, condition, "i1"), x, y)


def _remainder(lines: Lines, x: Value, y: Value) -> Value:
    zero = _constant(lines, 0.0, x)
    rest = as_kind(lines, lines.call("fmod", as_kind(lines, x, "double"), as_kind(lines, y, "double")), x.kind)
    other = lines.do("xor", lines.do("fcmp olt", rest, zero, kind="i1"), lines.do("fcmp olt", y, zero, kind="i1"))
    found = lines.select(other, lines.do("fadd", rest, y), rest)
    return lines.select(lines.do("fcmp oeq", rest, zero, kind="i1"), lines.intrinsic("copysign", zero, y), found)


def _floor_divide(lines: Lines, x: Value, y: Value) -> Value:
    """Return the quotient that goes with the remainder, as NumPy finds it."""
    zero, kind = _constant(lines, 0.0, x), x.kind
    rest = as_kind(lines, lines.call("fmod", as_kind(lines, x, "double"), as_kind(lines, y, "double")), kind)
    quotient = lines.do("fdiv", lines.do("fsub", x, rest), y)
    other = lines.do("xor", lines.do("fcmp olt", rest, zero, kind="i1"), lines.do("fcmp olt", y, zero, kind="i1"))
    other = lines.do("and", other, lines.do("fcmp une", rest, zero, kind="i1"))
    quotient = lines.select(other, lines.do("fsub", quotient, _constant(lines, 1.0, x)), quotient)
    ratio = lines.do("fdiv", x, y)
    none = lines.do("fcmp oeq", quotient, zero, kind="i1")
    found = lines.select(none, lines.intrinsic("copysign", zero, ratio), lines.intrinsic("rint", quotient))
    return lines.select(lines.do("fcmp oeq", y, zero, kind="i1"), ratio, found)


def _exponent_of(lines: Lines, x: Value) -> tuple[Value, Value, Value]:
    """Return the bits of a number that is not subnormal, their exponent, and whether x is 0, infinite or nan."""
    size = lines.intrinsic("fabs", x)
    small = lines.do("fcmp olt", size, _constant(lines, 2.2250738585072014e-308, x), kind="i1")
    large = lines.select(small, lines.do("fmul", x, _constant(lines, 2.0**54, x)), x)
    bits = lines.cast("bitcast", large, "i64")
    whole = lines.do("lshr", lines.do("shl", bits, _constant(lines, 1, bits)), _constant(lines, 53, bits))
    shift = lines.select(small, _constant(lines, 1022 + 54, bits), _constant(lines, 1022, bits))
    special = lines.do(
        "or", _isnan(lines, lines.do("fsub", x, x)), lines.do("fcmp oeq", x, _constant(lines, 0.0, x), kind="i1")
    )
    return bits, lines.do("sub", whole, shift), special


def _exponent(lines: Lines, x: Value) -> Value:
    double = as_kind(lines, x, "double")
    _, exponent, special = _exponent_of(lines, double)
    found = lines.cast("sitofp", exponent, "double")
    return as_kind(lines, lines.select(special, _constant(lines, 0.0, double), found), x.kind)


def _mantissa(lines: Lines, x: Value) -> Value:
    double = as_kind(lines, x, "double")
    bits, _, special = _exponent_of(lines, double)
    kept = lines.do("and", bits, _constant(lines, -0x7FF0000000000001, bits))
    found = lines.cast("bitcast", lines.do("or", kept, _constant(lines, 1022 << 52, bits)), "double")
    return as_kind(lines, lines.select(special, double, found), x.kind)


FUNCTIONS: dict[str, Scalar] = {
    "add": _op("fadd"), "subtract": _op("fsub"), "multiply": _op("fmul"), "divide": _op("fdiv"),
    "negative": _op("fneg"), "positive": lambda lines, x: x, "number": lambda lines, x: x,
    "truth": lambda lines, x: as_kind(lines, x, "i1"),
    "greater": _compare("ogt"), "greater_equal": _compare("oge"), "less": _compare("olt"),
    "less_equal": _compare("ole"), "equal": _compare("oeq"), "not_equal": _compare("une"),
    "logical_and": _between_truths("and"), "logical_or": _between_truths("or"), "logical_not": _not,
    "where": _where, "isfinite": _isfinite, "isnan": _isnan, "maximum": _extreme("oge"), "minimum": _extreme("ole"),
    "abs": _intrinsic("fabs"), "sqrt": _intrinsic("sqrt"), "copysign": _intrinsic("copysign"), "sign": _sign,
    "round": _intrinsic("rint"), "floor": _intrinsic("floor"), "ceil": _intrinsic("ceil"),
    "trunc": _intrinsic("trunc"), "mantissa": _mantissa, "exponent": _exponent, "remainder": _remainder,
    "floor_divide": _floor_divide,
    **{
        name: _library(name)
        for name in (
            "exp", "expm1", "log", "log1p", "log2", "log10", "exp2", "cbrt", "sin", "cos", "tan", "sinh", "cosh",
            "tanh", "asin", "acos", "atan", "atan2", "asinh", "acosh", "atanh", "hypot", "pow", "erf", "erfc",
        )
    },
}  # fmt: skip
"""How each scalar function is written."""

CHEAP = frozenset(FUNCTIONS) - {
    name for name, write in FUNCTIONS.items() if write.__qualname__.startswith("_library")
} - {"remainder", "floor_divide"}  # fmt: skip
"""Those of a few instructions."""
