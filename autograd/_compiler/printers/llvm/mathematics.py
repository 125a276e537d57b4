"""Functions of mathematics on vectors of doubles, with an error below one unit in the last place.

Reductions and series are those of FreeBSD's libm; where it adds a correction, these take a fused product and sum.
"""

from __future__ import annotations

from math import factorial, inf, nan
from typing import Any

from .lines import Lines, Value

LOG2E, LN2_HIGH, LN2_LOW = 1.4426950408889634, 6.93147180369123816490e-01, 1.90821492927058770002e-10
TWO_OVER_PI = 0.6366197723675814
HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33)
"""Half of pi in three parts."""
FAR = 1e5
"""Angles beyond it are left to the library of C."""

EXP = [1 / factorial(n) for n in range(14, 1, -1)]
LOG = [
    1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01,
    2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01,
]  # fmt: skip
SIN = [
    1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06, -1.98412698298579493134e-04,
    8.33333333332248946124e-03,
]  # fmt: skip
SIN_FIRST = -1.66666666666666324348e-01
COS = [
    -1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07, 2.48015872894767294178e-05,
    -1.38888888888741095749e-03, 4.16666666666666019037e-02,
]  # fmt: skip
HALF_ROOT = 0x3FE6A09E667F3BCD
"""The bits of the root of a half: a mantissa between it and its double has the smallest logarithm."""


class _Number:
    """A vector on which Python's operators write lines."""

    def __init__(self, lines: Lines, value: Value) -> None:
        self.lines, self.value = lines, value

    def _of(self, x: Any) -> Value:
        return x.value if isinstance(x, _Number) else self.lines.number(x, self.value.kind, self.value.lanes)

    def _do(self, op: str, x: Any, y: Any, kind: str | None = None) -> _Number:
        return _Number(self.lines, self.lines.do(op, self._of(x), self._of(y), kind=kind))

    def __add__(self, y: Any) -> _Number:
        return self._do("fadd", self, y)

    def __radd__(self, y: Any) -> _Number:
        return self._do("fadd", y, self)

    def __sub__(self, y: Any) -> _Number:
        return self._do("fsub", self, y)

    def __rsub__(self, y: Any) -> _Number:
        return self._do("fsub", y, self)

    def __mul__(self, y: Any) -> _Number:
        return self._do("fmul", self, y)

    def __truediv__(self, y: Any) -> _Number:
        return self._do("fdiv", self, y)

    def __neg__(self) -> _Number:
        return _Number(self.lines, self.lines.do("fneg", self.value))

    def is_(self, relation: str, y: Any) -> _Number:
        """Compare as the instruction fcmp or icmp names it."""
        op = f"icmp {relation}" if self.value.kind == "i64" else f"fcmp {relation}"
        return self._do(op, self, y, "i1")

    def where(self, condition: _Number, other: Any) -> _Number:
        """Return this number where the condition holds, else the other."""
        return _Number(self.lines, self.lines.select(condition.value, self.value, self._of(other)))

    def fma(self, y: Any, z: Any) -> _Number:
        """Return self y + z, rounded once."""
        return _Number(self.lines, self.lines.intrinsic("fma", self.value, self._of(y), self._of(z)))

    def whole(self, op: str, y: Any) -> _Number:
        """Do an operation of whole numbers."""
        return self._do(op, self, y)

    def to(self, cast: str, kind: str) -> _Number:
        return _Number(self.lines, self.lines.cast(cast, self.value, kind))

    def plain(self, name: str, *args: Any) -> _Number:
        """Apply a function that LLVM has."""
        return _Number(self.lines, self.lines.intrinsic(name, self.value, *map(self._of, args)))

    def polynomial(self, coefficients: list[float]) -> _Number:
        """Return the value of a polynomial, whose coefficients start with that of the highest power."""
        first, second, *rest = coefficients
        found = self.fma(first, second)
        for c in rest:
            found = found.fma(self, c)
        return found


def _reduced(x: _Number) -> tuple[_Number, _Number, _Number]:
    """Return k, r and t of x = k log 2 + r + t, where r is at most half of log 2, and t its rounding error."""
    k = (x * LOG2E).plain("rint")
    high, low = k.fma(-LN2_HIGH, x), k * LN2_LOW
    r = high - low
    return k, r, (high - r) - low


def _scaled(x: _Number, k: _Number) -> _Number:
    """Return x 2^k, in two steps: a power may be too large or too small, and its product with x not."""
    whole = k.to("fptosi", "i64")
    half = whole.whole("ashr", 1)
    for part in (half, whole.whole("sub", half)):
        x = x * part.whole("add", 1023).whole("shl", 52).to("bitcast", "double")
    return x


def _exp(x: _Number) -> _Number:
    near = _clamped(x, -746.0, 710.0)
    k, r, t = _reduced(near)
    return _scaled(1.0 + (r + (r * r).fma(r.polynomial(EXP), t)), k)


def _clamped(x: _Number, low: float, high: float) -> _Number:
    """Return x between two numbers, or nan."""
    x = x.where(x.is_("ule", high), high)
    return x.where(x.is_("uge", low), low)


def _two_parts(x: _Number) -> tuple[_Number, _Number]:
    """Return expm1 of numbers of at most 50 as a sum of two."""
    k, r, t = _reduced(x)
    p = (r * r).fma(r.polynomial(EXP), t)
    power = _scaled(r * 0.0 + 1.0, k)
    m, a = power - 1.0, power * r
    high = m + a
    b = high - m
    error = (m - (high - b)) + (a - b)
    return high, power.fma(p, error)


def _expm1(x: _Number) -> _Number:
    high, low = _two_parts(_clamped(x, -50.0, 50.0))
    found = (high + low).where(x.is_("ule", 40.0), _exp(x))
    # A zero has its sign.
    return found.where(x.is_("une", 0.0), x)


def _tanh(x: _Number) -> _Number:
    size = x.plain("fabs")
    high, low = _two_parts(_clamped(size, 0.0, 22.0) * 2.0)
    # e / (e + 2), where e is expm1(2 x), with what each rounding has lost.
    n = high + low
    lost = low - (n - high)
    d = n + 2.0
    # What the sum has lost is the smaller number less the part of it that arrived.
    rest = (2.0 - (d - n)).where(n.is_("ogt", 2.0), n - (d - 2.0)) + lost
    q = n / d
    q = q + ((-q).fma(d, n) + (lost - q * rest)) / d
    q = q.where(x.is_("ord", x), x).where(size.is_("une", 0.0), size)
    return q.plain("copysign", x)


def _parts_of(x: _Number) -> tuple[_Number, _Number]:
    """Return k and f of x = 2^k (1 + f), with 1 + f between the root of a half and that of 2."""
    bits = x.to("bitcast", "i64").whole("add", 0x3FF0000000000000 - HALF_ROOT)
    k = bits.whole("ashr", 52).whole("sub", 1023).to("sitofp", "double")
    mantissa = bits.whole("and", 0x000FFFFFFFFFFFFF).whole("add", HALF_ROOT).to("bitcast", "double")
    return k, mantissa - 1.0


def _log_of(k: _Number, f: _Number, correction: Any) -> _Number:
    s = f / (2.0 + f)
    z = s * s
    half = f * f * 0.5
    inner = s.fma(half + z * z.polynomial(LOG), k.fma(LN2_LOW, correction))
    return k * LN2_HIGH - ((half - inner) - f)


def _outside(found: _Number, x: _Number, pole: float) -> _Number:
    """Return what a logarithm is where its argument is none, and at its pole and its end."""
    found = found.where(x.is_("une", inf), x).where(x.is_("une", pole), -inf)
    return found.where(x.is_("uge", pole), nan).where(x.is_("ord", x), x)


def _log(x: _Number) -> _Number:
    small = x.is_("olt", 2.2250738585072014e-308)
    k, f = _parts_of((x * 2.0**54).where(small, x))
    k = (k - 54.0).where(small, k)
    return _outside(_log_of(k, f, 0.0), x, 0.0)


def _log1p(x: _Number) -> _Number:
    u = 1.0 + x
    k, f = _parts_of(u)
    near = k.is_("oeq", 0.0)
    lost = ((1.0 - (u - x)).where(x.is_("ogt", 1.0), x - (u - 1.0)) / u).where(k.is_("olt", 54.0), 0.0)
    f, lost = x.where(near, f), (lost * 0.0).where(near, lost)
    found = _log_of(k, f, lost)
    return _outside(found.where(x.is_("une", 0.0), x), x, -1.0)


def _angle(x: _Number) -> tuple[_Number, _Number, _Number]:
    """Return the quarter that an angle lies in, and how far in it, as a sum of two numbers."""
    k = (x * TWO_OVER_PI).plain("rint")
    first = k.fma(-HALF_PI[0], x)
    second = k * HALF_PI[1]
    high = first - second
    # What the product and the difference have lost, whichever of the two numbers is larger.
    other = high - first
    lost = (first - (high - other)) - (second + other)
    low = k.fma(-HALF_PI[2], lost - k.fma(HALF_PI[1], -second))
    return k.to("fptosi", "i64"), high, low


def _wave(x: _Number, ahead: int) -> _Number:
    """Return the sine, or with one quarter ahead the cosine, of angles that are not far."""
    quarter, high, low = _angle(x)
    quarter = quarter.whole("add", ahead)
    z = high * high
    v = z * high
    sine = high - ((z * (low * 0.5 - v * z.polynomial(SIN)) - low) - v * SIN_FIRST)
    half = z * 0.5
    w = 1.0 - half
    cosine = w + (((1.0 - w) - half) + (z * z * z.polynomial(COS) - high * low))
    found = sine.where(quarter.whole("and", 1).is_("eq", 0), cosine)
    return found.where(quarter.whole("and", 2).is_("eq", 0), -found)


def _sin(x: _Number) -> _Number:
    return _wave(x, 0).where(x.is_("une", 0.0), x)


def _cos(x: _Number) -> _Number:
    return _wave(x, 1)


INLINED = {"exp": _exp, "expm1": _expm1, "tanh": _tanh, "log": _log, "log1p": _log1p, "sin": _sin, "cos": _cos}


def inlined(lines: Lines, name: str, x: Value) -> Value:
    """Return a function of a vector, written out."""
    found = INLINED[name](_Number(lines, x)).value
    if name not in ("sin", "cos"):
        return found
    # Of a far angle the quarter needs more digits of pi; nan and infinity are as far.
    far = lines.do("fcmp uge", lines.intrinsic("fabs", x), lines.number(FAR, x.kind, x.lanes), kind="i1")
    any_far = lines.made(f"bitcast <{x.lanes} x i1> {far.name} to i{x.lanes}", f"i{x.lanes}")
    some = lines.do("icmp ne", any_far, lines.number(0, f"i{x.lanes}", 1), kind="i1")
    return lines.either(some, lambda: [lines.call(name, x)], lambda: [found])[0]
