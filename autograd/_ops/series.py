"""How special functions are computed: by operations that floats, arrays, JAX and JavaScript have.

The polynomials are Chebyshev interpolations computed with mpmath in 60 digits. In x / (x + c) half an axis is an
interval, on which a function without poles needs few terms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from autograd._core.types import Namespace, Raw

ERF = (
    5.957176147748911e-11,
    -1.1372848856791674e-09,
    1.4659775274047436e-08,
    -1.6350312701054695e-07,
    1.6461000484121368e-06,
    -1.4925595266831182e-05,
    0.0001205533111164271,
    -0.000854832698083379,
    0.0052239776248180145,
    -0.026866170645076792,
    0.11283791670954879,
    -0.3761263890318375,
    1.1283791670955126,
)
"""erf(x) / x in x * x, up to 1."""

ERFCX = (
    3.4238599655102397e-09,
    -9.752941425191894e-09,
    -2.30775672736564e-08,
    1.0358588303681392e-07,
    8.187721285705348e-08,
    -8.199551611794782e-07,
    2.880833478272064e-07,
    5.706822301859325e-06,
    -1.1219239450968377e-05,
    -2.4398198695781975e-05,
    0.0001506208125905374,
    -0.00019925692900828166,
    -0.0007577731198845029,
    0.0050319700130714105,
    -0.016197734077877748,
    0.03716751553423657,
    -0.06633036581087434,
    0.09373283499851863,
    -0.10103906603634742,
    0.06809705425468858,
    0.01537965210262021,
    -0.1396211168405625,
    1.2329951186255526,
)
"""(1 + 2 * x) * exp(x * x) * erfc(x) in (x - 4) / (x + 4), from 0.5."""

LOG_GAMMA = (
    -0.026808898649008046,
    0.036631183216113326,
    -0.017512703585184322,
    -0.01716242610734601,
    0.029645667939068827,
    -0.039475550433592674,
    0.03663418915555191,
    -0.0460599121996347,
    0.042600942315269924,
    -0.05633568657874039,
    0.05136002657913631,
    -0.07249650804041113,
    0.06462417157782574,
    -0.10147337746692033,
    0.08701556722487065,
    -0.1682009506445802,
    0.1312343264106513,
    -0.49050273704516034,
    0.5772156649015329,
)
"""The logarithm of gamma, divided by (y - 1) * (y - 2), in (y - 1) / (y + 1), from 0.75 to 2.5."""

DIGAMMA = (
    -0.15640403553554993,
    0.5093622051783053,
    -0.914222190876086,
    1.1830711008336345,
    -1.3175363395194484,
    1.3517145693537622,
    -1.3716017451987486,
    1.3614307326373203,
    -1.376809872892686,
    1.3570584756136317,
    -1.3840117050068017,
    1.3450715646181408,
    -1.40596623664951,
    1.3004863679554541,
    -1.709386721203573,
    1.2503801375034054,
)
"""digamma divided by (y - ROOT), in (y - 1) / (y + 1), from 1 to 2."""

ROOT, ROOTS_REST = 1.4616321449683622, 9.549995429965697e-17
"""Where digamma is 0: the float, and what it lacks."""

LARGE = 10.0
"""From here on a series in 1 / x needs eight terms."""


def polynomial(x: Raw, coefficients: Sequence[float]) -> Any:
    total: Any = coefficients[0]
    for c in coefficients[1:]:
        total = total * x + c
    return total


def bell(xp: Namespace, a: Raw, sign: float = -1.0) -> Any:
    """Return exp(-a * a). The square is cut in two, as its rounding would be multiplied by it."""
    a = xp.minimum(xp.abs(a), 30.0)
    head = xp.trunc(a * 16.0) * (1 / 16)
    return xp.exp(sign * head * head) * xp.exp(sign * (a - head) * (a + head))


def erf(xp: Namespace, a: Raw) -> Any:
    size = xp.abs(a)
    return xp.copysign(xp.where(size < 1.0, near(xp, size), 1.0 - tail(xp, size)), a)


def erfc(xp: Namespace, a: Raw) -> Any:
    size = xp.abs(a)
    right = xp.where(size < 0.5, 1.0 - near(xp, size), tail(xp, size))
    return xp.where(a < 0.0, 2.0 - right, right)


def erfcx(xp: Namespace, a: Raw) -> Any:
    size = xp.abs(a)
    small = xp.minimum(size, 0.5)
    right = xp.where(size < 0.5, (1.0 - near(xp, small)) * xp.exp(small * small), scaled_tail(xp, size))
    return xp.where(a < 0.0, 2.0 * bell(xp, xp.minimum(a, 0.0), 1.0) - right, right)


def near(xp: Namespace, x: Raw) -> Any:
    """Return erf of numbers from 0 to 1."""
    x = xp.minimum(x, 1.0)
    return x * polynomial(x * x, ERF)


def tail(xp: Namespace, x: Raw) -> Any:
    """Return erfc of numbers that are not below 0.5."""
    x = xp.minimum(x, 30.0)
    return bell(xp, x) * scaled_tail(xp, x)


def scaled_tail(xp: Namespace, x: Raw) -> Any:
    bounded = xp.minimum(x, 1e30)
    return polynomial((bounded - 4.0) / (bounded + 4.0), ERFCX) * (0.5 / (x + 0.5))


def log_gamma(xp: Namespace, a: Raw) -> Any:
    """Return log(|gamma(a)|), from what is left of its zeros at 1 and 2, steps to there, or Stirling's series."""
    x = xp.where(a < 0.0, 1.0 - a, a)
    low = x < 0.75
    y = xp.where(low, x + 1.0, xp.minimum(x, LARGE))
    factor: Any = xp.where(low, x, 1.0)
    for _ in range(8):
        step = y > 2.5
        y = xp.where(step, y - 1.0, y)
        factor = xp.where(step, factor * y, factor)
    logs = xp.log(factor)
    close = (y - 1.0) * (y - 2.0) * polynomial((y - 1.0) / (y + 1.0), LOG_GAMMA) + xp.where(low, -logs, logs)
    far = xp.maximum(x, LARGE)
    stirling = (far - 0.5) * (xp.log(far) - 1.0) + (0.5 * math.log(2 * math.pi) - 0.5)
    right = xp.where(x < LARGE, close, stirling + polynomial(1.0 / far / far, log_gamma_terms()) / far)
    sine = xp.abs(turned(xp, a)[0])
    left = xp.log(math.pi / xp.where(sine > 0.0, sine, 1.0)) - right
    return xp.where(a < 0.0, xp.where(sine > 0.0, left, math.inf), right)


def digamma(xp: Namespace, a: Raw, order: int) -> Any:
    """Return the derivative number order + 1 of the logarithm of gamma; of a negative number, from its mirror image."""
    x = xp.where(a < 0.0, 1.0 - a, a)
    right = sum_of_powers(xp, x, order) if order else steps_to_the_root(xp, x)
    sine, cosine = turned(xp, a)
    cotangent = cosine / xp.where(sine == 0.0, math.nan, sine)
    left = (-1.0) ** order * right - math.pi ** (order + 1) * polynomial(cotangent, cotangent_slope(order))
    return xp.where(a < 0.0, left, right)


def steps_to_the_root(xp: Namespace, x: Raw) -> Any:
    """Return digamma of positive numbers."""
    low = x < 1.0
    y = xp.where(low, x + 1.0, xp.minimum(x, LARGE))
    total: Any = xp.where(low, xp.divide(-1.0, xp.where(low, x, 1.0)), 0.0)
    for _ in range(8):
        step = y > 2.0
        y = xp.where(step, y - 1.0, y)
        total = xp.where(step, total + 1.0 / y, total)
    close = total + (y - ROOT - ROOTS_REST) * polynomial((y - 1.0) / (y + 1.0), DIGAMMA)
    far = xp.maximum(x, LARGE)
    series = polynomial(1.0 / far / far, digamma_terms(0)) / far / far
    return xp.where(x < LARGE, close, xp.log(far) - 0.5 / far - series)


def sum_of_powers(xp: Namespace, x: Raw, order: int) -> Any:
    """Return the derivative number `order` of digamma at positive numbers, to which all terms add up."""
    terms = int(LARGE) + order
    far = x + float(terms)
    series = polynomial(1.0 / far / far, digamma_terms(order)) / far / far
    series = series + math.factorial(order) * 0.5 / far + math.factorial(order - 1)
    powers: Any = 0.0
    for k in reversed(range(1, terms)):
        powers = powers + xp.pow(x + float(k), -1.0 - order)
    total = (xp.pow(far, -1.0 * order) * series + math.factorial(order) * powers) + (
        math.factorial(order) * xp.pow(x, -1.0 - order)
    )
    return total if order % 2 else -total


def sinc(xp: Namespace, a: Raw, order: int) -> Any:
    """Return a derivative of sin(z) / z, z = pi a, for a."""
    z = math.pi * xp.clip(a, -1e30, 1e30)
    away = xp.abs(z) > max(order, 1e-9)
    sine, cosine = turned(xp, a)
    divisor = xp.where(away, a, 1.0)
    found: Any = sine / divisor / math.pi
    for k in range(1, order + 1):
        found = ((cosine, -sine, -cosine, sine)[(k - 1) % 4] - k * found) / divisor / math.pi
    small = xp.where(away, 0.0, z)
    series = polynomial(small * small, sinc_terms(order)) * (small if order % 2 else 1.0)
    return math.pi**order * xp.where(away, found, series)


def turned(xp: Namespace, a: Raw) -> tuple[Any, Any]:
    """Return sin(pi a) and cos(pi a), exactly 0 where they are 0."""
    a = xp.clip(a, -(2.0**53), 2.0**53)
    whole = xp.round(a)
    sign, part = 1.0 - 2.0 * xp.remainder(whole, 2.0), a - whole
    return sign * xp.sin(math.pi * part), sign * xp.sin(math.pi * (0.5 - xp.abs(part)))


@cache
def bernoulli(n: int) -> Fraction:
    return 1 - sum((math.comb(n, k) * bernoulli(k) / (n - k + 1) for k in range(n)), Fraction(0))


@cache
def log_gamma_terms() -> list[float]:
    """Return what stands before the powers of 1 / x ** 2 in Stirling's series, times x, the highest first."""
    return [float(bernoulli(2 * k) / (2 * k * (2 * k - 1))) for k in range(9, 0, -1)]


@cache
def digamma_terms(order: int) -> list[float]:
    """Return the same for a derivative of digamma, but for its first two terms and its sign."""
    return [
        float(bernoulli(2 * k) * math.factorial(2 * k + order - 1) / math.factorial(2 * k)) for k in range(9, 0, -1)
    ]


@cache
def sinc_terms(order: int) -> list[float]:
    """Return the coefficients of even powers in a derivative of sin(z) / z, divided by z if it is odd."""
    return [
        float(Fraction((-1) ** m * math.perm(2 * m, order), math.factorial(2 * m + 1)))
        for m in range(order + 12, (order + 1) // 2 - 1, -1)
    ]


@cache
def cotangent_slope(order: int) -> list[float]:
    """Return a derivative of the cotangent as a polynomial in it, the highest power first."""
    powers = [0, 1]
    for _ in range(order):
        slopes = [k * c for k, c in enumerate(powers)][1:]
        powers = [-(low + high) for low, high in zip([*slopes, 0, 0], [0, 0, *slopes])]
    return [float(c) for c in reversed(powers)]
