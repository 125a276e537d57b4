"""The table of primitives: inverse functions, other bases, remainders. Rows read as in `elementwise`.

>>> Value(7.0) % 3, 7 % Value(3.0)
(Value(data=1.0, grad=0.0, op=remainder), Value(data=1.0, grad=0.0, op=remainder))
>>> Value(7.0) // 2, -7 // Value(2.0)
(Value(data=3.0, grad=0.0, op=floor_divide), Value(data=-4.0, grad=0.0, op=floor_divide))
>>> remainder(-1.5, 1.0), floor_divide(-1.5, 1.0), log2(8.0), log10(1000.0), exp2(3.0), cbrt(8.0), hypot(3.0, 4.0)
(0.5, -2.0, 3.0, 3.0, 8.0, 2.0, 5.0)
>>> asin(1.0) == acos(-1.0) / 2 == atan2(1.0, 0.0), asinh(0.0), acosh(1.0), atanh(0.0), logaddexp(0.0, -800.0)
(True, 0.0, 0.0, 0.0, 0.0)
"""

from __future__ import annotations

import math
from typing import Any

from autograd._core.declare import primitive
from autograd._core.primitive import POSITIVE, REAL, Operation, unchanged
from autograd._core.types import Namespace, Operand, Raw

from .elementwise import abs_, divide, round_, sigmoid, sqrt, where

__all__ = [
    "acos", "acosh", "asin", "asinh", "atan2", "atanh", "cbrt", "exp2", "floor_divide", "hypot", "log2", "log10",
    "logaddexp", "remainder",
]  # fmt: skip


def log_of_two(xp: Namespace, a: Raw, b: Raw) -> Any:
    return xp.maximum(a, b) + xp.log1p(xp.exp(-xp.abs(xp.where(xp.equal(a, b), 0.0, a - b))))


def part(a: Operand, whole: Operand) -> Any:
    """Return a / whole; where both are 0, that and its derivatives are 0."""
    return a / where(whole == 0, math.inf, whole)


def ahead(a: Operand, b: Operand) -> Any:
    """Return a - b, and 0 for equal infinite ones, which share as equal numbers do."""
    return where(abs_(a) == math.inf, where(a == b, 0.0, a - b), a - b)


def leg(a: Operand) -> Any:
    """Return the root of 1 - a * a, with all digits where a is near 1."""
    return sqrt((1 - a) * (1 + a))


def jumps(a: Operand, b: Operand) -> Any:
    """Return how far a / b is from a whole number."""
    return a / b - round_(a / b)


UNIT = (-1.0, 1.0)

# fmt: off
remainder: Operation = primitive(
    "remainder", lambda xp, a, b: xp.remainder(a, b),
    unchanged,
    lambda g, out, a, b: -g * floor_divide(a, b),
    written="{0} % {1}", latex=r"{0} \bmod {1}",
    domain=(REAL, POSITIVE), kink=jumps, note="Has the sign of the second, as in Python.",
)
floor_divide: Operation = primitive(
    "floor_divide", lambda xp, a, b: xp.floor_divide(a, b), None, None,
    written="{0} // {1}", latex=r"\left\lfloor\frac{{{0}}}{{{1}}}\right\rfloor",
    domain=(REAL, POSITIVE), kink=jumps, note="The quotient, rounded down.",
)
log2 = primitive("log2", lambda xp, a: xp.log2(a), lambda g, out, a: g * (1 / math.log(2)) / a, domain=(POSITIVE,))
log10 = primitive("log10", lambda xp, a: xp.log10(a), lambda g, out, a: g * (1 / math.log(10)) / a, domain=(POSITIVE,))
exp2 = primitive("exp2", lambda xp, a: xp.exp2(a), lambda g, out, a: g * out * math.log(2), domain=(REAL,))
asin = primitive("asin", lambda xp, a: xp.asin(a), lambda g, out, a: g / leg(a), latex=r"\arcsin", domain=(UNIT,))
acos = primitive("acos", lambda xp, a: xp.acos(a), lambda g, out, a: -g / leg(a), latex=r"\arccos", domain=(UNIT,))
asinh = primitive("asinh", lambda xp, a: xp.asinh(a), lambda g, out, a: g / hypot(a, 1.0), domain=(REAL,))
acosh = primitive(
    "acosh", lambda xp, a: xp.acosh(a), lambda g, out, a: g / (sqrt(a - 1) * sqrt(a + 1)), domain=((1.0, math.inf),)
)
atanh = primitive("atanh", lambda xp, a: xp.atanh(a), lambda g, out, a: g / ((1 - a) * (1 + a)), domain=(UNIT,))
atan2 = primitive(
    "atan2", lambda xp, a, b: xp.atan2(a, b),
    lambda g, out, a, b: divide(g * part(b, hypot(a, b)), hypot(a, b)),
    lambda g, out, a, b: divide(-g * part(a, hypot(a, b)), hypot(a, b)),
    domain=(REAL, POSITIVE),
    note="The angle of the point (b, a). Where it jumps, at b < 0, the derivative goes on; at 0, 0 it is nan.",
)
hypot: Operation = primitive(
    "hypot", lambda xp, a, b: xp.hypot(a, b),
    lambda g, out, a, b: g * part(a, out),
    lambda g, out, a, b: g * part(b, out),
    domain=(REAL, REAL), kink=lambda a, b: abs_(a) + abs_(b),
    note="The root of a * a + b * b without overflow; the derivative at 0, 0 is taken as 0 (PyTorch: nan).",
)
cbrt = primitive(
    "cbrt", lambda xp, a: xp.cbrt(a), lambda g, out, a: divide(g, 3 * out * out),
    domain=(REAL,), kink=lambda a: a, note="The cube root, of negative numbers as well.",
)
logaddexp = primitive(
    "logaddexp", log_of_two,
    lambda g, out, a, b: g * sigmoid(ahead(a, b)),
    lambda g, out, a, b: g * sigmoid(ahead(b, a)),
    domain=(REAL, REAL), note="log(exp(a) + exp(b)) without overflow; equal infinities share.",
)
# fmt: on
