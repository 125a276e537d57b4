"""An oracle for the whole table: every primitive's value and derivatives in arithmetic of 50 digits, written by hand.

Nothing here reads a forward or a rule of the table. The rows are of several kinds:

* ELEMENTWISE: a formula for the value, then one for each partial derivative;
* ROWS: operations along axes: a function of one row of numbers, and one that pulls weights back through it;
* MOVES: operations that only move numbers: where each element goes;
* PRODUCTS: sums of products of two elements: which two meet, and where they go;
* MATRICES: functions of matrices, whose derivatives are differences in so many digits that nothing is lost.

A formula returns the exact result, or a pair of it and the size whose last place is a fairer unit: of the terms that
cancel, of what an underflow takes from a factor. An infinite size says that no float arithmetic in these steps could
do it. `ulps.UNITS` says the same in words.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from mpmath import MPContext

mp = MPContext()
mp.dps = 50
Exact = Any
"""A number of mpmath's, or a pair of the exact result and the size whose last place is the unit."""
Index = tuple[int, ...]

LARGEST, SMALLEST_NORMAL = sys.float_info.max, sys.float_info.min
_LARGEST = mp.mpf(LARGEST)


def representable(*exact: Exact) -> bool:
    """Tell whether exact results are finite and no larger than the largest float."""
    return all(mp.isfinite(x) and abs(x) <= _LARGEST for x in exact)


def pair(exact: Exact) -> tuple[Exact, Exact]:
    """Return a result and its size, which is its own unless a formula says otherwise."""
    return exact if isinstance(exact, tuple) else (exact, abs(exact))


# ---- element by element ---------------------------------------------------------------------------------------------


def one(*args: Exact) -> Exact:
    return mp.mpf(1)


def zero(*args: Exact) -> Exact:
    return mp.mpf(0)


def logistic(a: Exact) -> Exact:
    return 1 / (1 + mp.exp(-a))


def larger(a: Exact, b: Exact) -> Exact:
    """The part of the gradient that goes to the first of two as the larger: all of it, half in a tie, or none."""
    return mp.mpf("0.5") if a == b else mp.mpf(a > b)


def total_of(terms: Sequence[Exact]) -> Exact:
    return mp.fsum(terms), mp.fsum(terms, absolute=True)


def power_slope(a: Exact, b: Exact) -> Exact:
    slope = b * a ** (b - 1)
    rounded = 0 if mp.mpf(float(b - 1)) == b - 1 else abs((b - 1) * mp.log(a))
    least = SMALLEST_NORMAL * abs(b)
    return slope, max(abs(slope) * (1 + rounded), least) if representable(slope / b if b else 0) else mp.inf


def divided(a: Exact, b: Exact) -> tuple[Exact, Exact]:
    """Return the quotient rounded down and the remainder, from whole numbers of any length."""
    whole, rest = divmod(Fraction(float(a)), Fraction(float(b)))
    with mp.workdps(700):
        return mp.mpf(whole), mp.mpf(rest.numerator) / rest.denominator


def of_distance(a: Exact, b: Exact) -> Exact:
    """The least unit of what is divided by the distance from 0; none at all if that is not representable."""
    return SMALLEST_NORMAL if representable(mp.hypot(a, b)) else mp.inf


def log_of_gamma(a: Exact) -> Exact:
    """Of a large number by Stirling's series, as mpmath's own function takes long."""
    if a < 1e30:
        return mp.loggamma(a)
    return (a - 0.5) * mp.log(a) - a + mp.log(2 * mp.pi) / 2


def scaled_tail(a: Exact) -> Exact:
    """exp(a * a) * erfc(a), of a large number by its continued fraction."""
    if a < 100:
        return mp.exp(a * a) * mp.erfc(a) if a > -30 else mp.inf
    fraction = a
    for k in range(60, 0, -1):
        fraction = a + mp.mpf(k) / 2 / fraction
    return 1 / (fraction * mp.sqrt(mp.pi))


def sinc_slope(a: Exact) -> Exact:
    """Near 0 by its series, as the terms of the difference cancel; else in units of the larger of them."""
    if abs(a) < 1e-8:
        return -(mp.pi**2) * a / 3
    return (mp.cospi(a) - mp.sincpi(a)) / a, (abs(mp.cospi(a)) + abs(mp.sincpi(a))) / abs(a)


def sinc_bend(a: Exact) -> Exact:
    if abs(a) < 1e-8:
        return -(mp.pi**2) / 3
    slope, size = sinc_slope(a)
    return -(mp.pi**2) * mp.sincpi(a) - 2 * slope / a, (mp.pi * abs(mp.sinpi(a)) + 2 * size) / abs(a)


def compared(holds: Callable[[Exact, Exact], bool]) -> tuple[Callable[..., Exact], ...]:
    return lambda a, b: mp.mpf(holds(a, b)), zero, zero


ELEMENTWISE: dict[str, tuple[Callable[..., Exact], ...]] = {
    "add": (lambda a, b: a + b, one, one),
    "subtract": (lambda a, b: a - b, one, lambda a, b: mp.mpf(-1)),
    "multiply": (lambda a, b: a * b, lambda a, b: b, lambda a, b: a),
    "divide": (lambda a, b: a / b, lambda a, b: 1 / b, lambda a, b: (-a / b**2, SMALLEST_NORMAL / abs(b))),
    "negative": (lambda a: -a, lambda a: mp.mpf(-1)),
    "positive": (lambda a: a, one),
    "pow": (
        lambda a, b: a**b,
        power_slope,
        lambda a, b: (a**b * mp.log(a), SMALLEST_NORMAL * abs(mp.log(a))),
    ),
    "weighted_sum": (
        lambda w0, w1, x1, w2, x2: total_of([w0, w1 * x1, w2 * x2]),
        one,
        lambda w0, w1, x1, w2, x2: x1,
        lambda w0, w1, x1, w2, x2: w1,
        lambda w0, w1, x1, w2, x2: x2,
        lambda w0, w1, x1, w2, x2: w2,
    ),
    "square": (lambda a: a * a, lambda a: 2 * a),
    "sqrt": (mp.sqrt, lambda a: 1 / (2 * mp.sqrt(a))),
    "exp": (mp.exp, mp.exp),
    "expm1": (mp.expm1, mp.exp),
    "log": (mp.log, lambda a: 1 / a),
    "log1p": (mp.log1p, lambda a: 1 / (1 + a)),
    "sin": (mp.sin, mp.cos),
    "cos": (mp.cos, lambda a: -mp.sin(a)),
    "tan": (mp.tan, lambda a: 1 / mp.cos(a) ** 2),
    "sinh": (mp.sinh, mp.cosh),
    "cosh": (mp.cosh, mp.sinh),
    "tanh": (mp.tanh, lambda a: 1 / mp.cosh(a) ** 2),
    "tanh_slope": (
        lambda y, a: 1 / mp.cosh(a) ** 2,
        zero,
        lambda y, a: (-2 * mp.tanh(a) / mp.cosh(a) ** 2, SMALLEST_NORMAL),
    ),
    "atan": (mp.atan, lambda a: (1 / (1 + a * a), SMALLEST_NORMAL * 2**52 if a * a > LARGEST else 0)),
    "atan_slope": (
        lambda a: (1 / (1 + a * a), SMALLEST_NORMAL * 2**52 if a * a > LARGEST else 0),
        lambda a: (-2 * a / (1 + a * a) ** 2, SMALLEST_NORMAL),
    ),
    "sigmoid": (logistic, lambda a: logistic(a) * logistic(-a)),
    "sigmoid_slope": (
        lambda y, a: logistic(a) * logistic(-a),
        zero,
        lambda y, a: (-mp.tanh(a / 2) * logistic(a) * logistic(-a), SMALLEST_NORMAL),
    ),
    "softplus": (lambda a: max(a, 0) + mp.log1p(mp.exp(-abs(a))), logistic),
    "relu": (lambda a: max(a, mp.zero), lambda a: mp.mpf(a > 0)),
    "abs": (abs, mp.sign),
    "sign": (mp.sign, zero),
    "floor": (mp.floor, zero),
    "ceil": (mp.ceil, zero),
    "trunc": (lambda a: mp.sign(a) * mp.floor(abs(a)), zero),
    "round": (mp.nint, zero),
    "maximum": (max, larger, lambda a, b: larger(b, a)),
    "minimum": (min, lambda a, b: larger(b, a), larger),
    "where": (
        lambda condition, a, b: a if condition else b,
        zero,
        lambda condition, a, b: mp.mpf(condition != 0),
        lambda condition, a, b: mp.mpf(condition == 0),
    ),
    "clip": (lambda a: min(max(a, mp.mpf(-0.5)), mp.one), lambda a: mp.mpf(-0.5 <= a <= 1)),
    "remainder": (lambda a, b: divided(a, b)[1], one, lambda a, b: -divided(a, b)[0]),
    "floor_divide": (lambda a, b: divided(a, b)[0], zero, zero),
    "log2": (lambda a: mp.log(a, 2), lambda a: 1 / (a * mp.log(2))),
    "log10": (mp.log10, lambda a: 1 / (a * mp.log(10))),
    "exp2": (lambda a: mp.mpf(2) ** a, lambda a: (mp.log(2) * mp.mpf(2) ** a, SMALLEST_NORMAL)),
    "asin": (mp.asin, lambda a: 1 / mp.sqrt((1 - a) * (1 + a))),
    "acos": (mp.acos, lambda a: -1 / mp.sqrt((1 - a) * (1 + a))),
    "asinh": (mp.asinh, lambda a: 1 / mp.hypot(a, 1)),
    "acosh": (mp.acosh, lambda a: 1 / mp.sqrt((a - 1) * (a + 1))),
    "atanh": (mp.atanh, lambda a: 1 / ((1 - a) * (1 + a))),
    "atan2": (
        mp.atan2,
        lambda a, b: (b / (a * a + b * b), of_distance(a, b) / mp.hypot(a, b)),
        lambda a, b: (-a / (a * a + b * b), of_distance(a, b) / mp.hypot(a, b)),
    ),
    "hypot": (
        mp.hypot,
        lambda a, b: (a / mp.hypot(a, b), of_distance(a, b) / mp.hypot(a, b)) if a or b else mp.zero,
        lambda a, b: (b / mp.hypot(a, b), of_distance(a, b) / mp.hypot(a, b)) if a or b else mp.zero,
    ),
    "cbrt": (lambda a: mp.sign(a) * mp.cbrt(abs(a)), lambda a: 1 / (3 * mp.cbrt(abs(a)) ** 2)),
    "logaddexp": (
        lambda a, b: (max(a, b) + mp.log1p(mp.exp(-abs(a - b))), max(abs(a), abs(b))),
        lambda a, b: (logistic(a - b), logistic(a - b) * abs(a - b)),
        lambda a, b: (logistic(b - a), logistic(b - a) * abs(a - b)),
    ),
    "erf": (mp.erf, lambda a: 2 / mp.sqrt(mp.pi) * mp.exp(-a * a)),
    "erfc": (
        lambda a: mp.erfc(a) if abs(a) < 1e9 else mp.mpf(2 * (a < 0)),
        lambda a: -2 / mp.sqrt(mp.pi) * mp.exp(-a * a),
    ),
    "erfcx": (scaled_tail, lambda a: (2 * a * scaled_tail(a) - 2 / mp.sqrt(mp.pi), 1 + abs(a * scaled_tail(a)))),
    "erf_slope": (
        lambda a: 2 / mp.sqrt(mp.pi) * mp.exp(-a * a),
        lambda a: (-4 * a / mp.sqrt(mp.pi) * mp.exp(-a * a), SMALLEST_NORMAL * abs(a)),
    ),
    "gammaln": (lambda a: log_of_gamma(a), lambda a: mp.digamma(a)),
    "digamma": (lambda a: mp.digamma(a), lambda a: mp.polygamma(1, a)),
    "sinc": (mp.sincpi, sinc_slope),
    "sinc_slope": (sinc_slope, sinc_bend),
    "greater": compared(lambda a, b: a > b),
    "greater_equal": compared(lambda a, b: a >= b),
    "less": compared(lambda a, b: a < b),
    "less_equal": compared(lambda a, b: a <= b),
    "equal": compared(lambda a, b: a == b),
    "not_equal": compared(lambda a, b: a != b),
}

# ---- along axes -----------------------------------------------------------------------------------------------------

Row = list[Exact]


def mean_and_spread(a: Row) -> tuple[Exact, Exact]:
    middle = mp.fsum(a) / len(a)
    return middle, mp.fsum((x - middle) ** 2 for x in a)


def mean_size(a: Row) -> Exact:
    """The size of the numbers that a mean and a difference of such numbers are made from."""
    size = mp.fsum(map(abs, a)) / len(a) + max(map(abs, a))
    return size if representable(size) else mp.inf


def variance(a: Row, ddof: int = 0) -> tuple[Exact, Exact]:
    spread = mean_and_spread(a)[1] / (len(a) - ddof)
    size = max(map(abs, a))
    # In a narrower row the rounding of the mean shows.
    clear = spread == 0 or spread > (1e-6 * size) ** 2
    return spread, SMALLEST_NORMAL if clear and representable(2 * size) else mp.inf


def deviation(a: Row, ddof: int = 0) -> tuple[Exact, Exact]:
    spread, size = variance(a, ddof)
    return mp.sqrt(spread), 0 if not mp.isinf(size) else mp.inf


def variance_slopes(a: Row, g: Row, ddof: int = 0) -> Row:
    middle, size = mean_and_spread(a)[0], mp.fsum(a, absolute=True) / len(a)
    factor = 2 * g[0] / (len(a) - ddof)
    fits = representable(max(a) - min(a))
    return [(factor * (x - middle), abs(factor) * (abs(x) + size) if fits else mp.inf) for x in a]


def deviation_slopes(a: Row, g: Row, ddof: int = 0) -> Row:
    out, size = deviation(a, ddof)
    if mp.isinf(size) or not out:
        # Where all are equal, the derivative is taken as 0.
        return [(mp.zero, size)] * len(a)
    return [(slope / (2 * out), unit / (2 * out) + size) for slope, unit in variance_slopes(a, g, ddof)]


def extreme(pick: Callable[[Row], Exact]) -> tuple[Callable[[Row], Row], Callable[[Row, Row], Row]]:
    return lambda a: [pick(a)], lambda a, g: [g[0] / a.count(pick(a)) if x == pick(a) else mp.zero for x in a]


def length(a: Row) -> Exact:
    return mp.sqrt(mp.fsum(a, squared=True))


def of_root(a: Row) -> Exact:
    """No unit at all, if the root is no normal number: it is what is divided by."""
    return 0 if SMALLEST_NORMAL <= length(a) <= LARGEST else mp.inf


def factors(a: Row) -> tuple[Exact, Exact]:
    """The product, and no unit at all if some partial product over- or underflows."""
    large = mp.fprod(abs(x) for x in a if abs(x) > 1)
    small = mp.fprod(abs(x) for x in a if 0 < abs(x) < 1)
    return mp.fprod(a), 0 if large <= LARGEST and small >= SMALLEST_NORMAL else mp.inf


def product_slopes(a: Row, g: Row) -> Row:
    others = [factors([*a[:k], *a[k + 1 :]]) for k in range(len(a))]
    return [(g[0] * x, size) for x, size in others]


class Soft:
    """What exponentials of a row have in common. `blur` is what a rounding of the exponents does to a probability."""

    def __init__(self, a: Row) -> None:
        self.largest = max(a)
        self.gaps = [self.largest - x for x in a]
        powers = [mp.exp(-gap) for gap in self.gaps]
        top = self.gaps.index(0)
        rest = mp.fsum(power for k, power in enumerate(powers) if k != top)
        self.tail = mp.log1p(rest)
        self.p = [power / (1 + rest) for power in powers]
        self.spread = mp.fsum(gap * p for gap, p in zip(self.gaps, self.p))
        self.blur = [p * (1 + gap + self.spread) for gap, p in zip(self.gaps, self.p)]


def log_sum_exp(a: Row) -> Row:
    soft = Soft(a)
    return [(soft.largest + soft.tail, abs(soft.largest) + soft.tail + soft.spread)]


def softmax_slopes(a: Row, g: Row) -> Row:
    soft = Soft(a)
    middle, size = total_of([x * p for x, p in zip(g, soft.p)])
    blur = mp.fsum(abs(x) * y for x, y in zip(g, soft.blur))
    return [
        (p * (x - middle), y * (abs(x) + size) + p * blur + SMALLEST_NORMAL * (abs(x) + size))
        for x, p, y in zip(g, soft.p, soft.blur)
    ]


def log_softmax_slopes(a: Row, g: Row) -> Row:
    soft = Soft(a)
    total, size = total_of(g)
    size = size if representable(4 * size) else mp.inf
    return [(x - p * total, abs(x) + (y + p * soft.tail) * size) for x, p, y in zip(g, soft.p, soft.blur)]


def standing(keys: Row) -> list[int]:
    """Return where the smallest of some numbers stands, then the next, the first of equal ones first."""
    return sorted(range(len(keys)), key=lambda k: keys[k])


def put_back(g: Row, keys: Row) -> Row:
    """Return to each key the weight of the place that it has among the sorted keys."""
    return [g[standing(keys).index(k)] for k in range(len(keys))]


ROWS: dict[str, tuple[Callable[..., Row], Callable[..., Row]]] = {
    "sum": (lambda a: [total_of(a)], lambda a, g: [g[0]] * len(a)),
    "mean": (lambda a: [total_of([x / len(a) for x in a])], lambda a, g: [g[0] / len(a)] * len(a)),
    "var": (lambda a, ddof=0: [variance(a, ddof)], variance_slopes),
    "std": (lambda a, ddof=0: [deviation(a, ddof)], deviation_slopes),
    "centered": (
        lambda a: [(x - mean_and_spread(a)[0], 2 * mean_size(a)) for x in a],
        lambda a, g: [(x - mean_and_spread(g)[0], 2 * mean_size(g)) for x in g],
    ),
    "norm": (
        lambda a: [length(a)],
        lambda a, g: [(g[0] * x / length(a), of_root(a)) if length(a) else mp.zero for x in a],
    ),
    "max": extreme(max),
    "min": extreme(min),
    "prod": (lambda a: [factors(a)], product_slopes),
    "logsumexp": (
        log_sum_exp,
        lambda a, g: [(g[0] * p, abs(g[0]) * (y + SMALLEST_NORMAL)) for p, y in zip(Soft(a).p, Soft(a).blur)],
    ),
    "softmax": (lambda a: [*zip(Soft(a).p, Soft(a).blur)], softmax_slopes),
    "log_softmax": (
        lambda a: [(-gap - soft.tail, gap + soft.tail + soft.spread) for soft in [Soft(a)] for gap in soft.gaps],
        log_softmax_slopes,
    ),
    "cumsum": (
        lambda a: [total_of(a[: k + 1]) for k in range(len(a))],
        lambda a, g: [total_of(g[k:]) for k in range(len(a))],
    ),
    "sort": (sorted, lambda a, g: put_back(g, a)),
    "order": (lambda a: [*map(mp.mpf, standing(a))], lambda a, g: [mp.zero] * len(a)),
}
KEEP_THE_SHAPE = {"softmax": -1, "log_softmax": -1, "cumsum": None, "centered": None, "sort": -1, "order": -1}
"""Those that return a row as long as they got, and their default axis; the others reduce all axes by default."""


def softmax_centered(g: Row, a: Row) -> Row:
    soft = Soft(a)
    middle, size = total_of([x * p for x, p in zip(g, soft.p)])
    if not representable(mp.fsum(g, absolute=True) * 4):
        return [(x, mp.inf) for x in g]
    return [(x - middle, abs(x) + size + mp.fsum(abs(y) * b for y, b in zip(g, soft.blur))) for x in g]


def softmax_centered_slopes(h: Row, g: Row, a: Row) -> Row:
    total, size = total_of(h)
    size = size if representable(4 * size) else mp.inf
    parts = zip(Soft(a).p, Soft(a).blur, softmax_centered(g, a))
    least = SMALLEST_NORMAL
    return [(-total * p * x, size * (blur + least) * (unit + least)) for p, blur, (x, unit) in parts]


def log_softmax_back_slopes(h: Row, g: Row, a: Row) -> Row:
    return softmax_centered_slopes(g, h, a)


PAIRS_OF_ROWS: dict[str, tuple[Callable[..., Row], Callable[..., Row], Callable[..., Row]]] = {
    "softmax_centered": (softmax_centered, lambda h, g, a: log_softmax_slopes(a, h), softmax_centered_slopes),
    "log_softmax_back": (
        lambda g, a: log_softmax_slopes(a, g),
        lambda h, g, a: softmax_centered(h, a),
        log_softmax_back_slopes,
    ),
    "sorted_by": (
        lambda a, keys: [a[k] for k in standing(keys)],
        lambda h, a, keys: put_back(h, keys),
        lambda h, a, keys: [mp.zero] * len(keys),
    ),
}
"""Of a row and another of the same length; the slopes for both, of weights and both rows."""


def rows(shape: Index, axis: Any) -> list[list[Index]]:
    """Return the rows that an operation over `axis` works on, each as the indices of its elements."""
    rank = len(shape)
    axes = {k % rank for k in (range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,))}
    grouped: dict[Index, list[Index]] = {}
    for index in np.ndindex(shape):
        grouped.setdefault(tuple(i for k, i in enumerate(index) if k not in axes), []).append(index)
    return list(grouped.values())


# ---- movements ------------------------------------------------------------------------------------------------------

Place = tuple[int, Index]
"""Which argument, and an index into it."""
Moves = tuple[Index, list[tuple[Place, Index]]]
"""The shape of the result, and which element goes where in it; those that meet are added."""


def in_order(shape: Index, out: Sequence[int]) -> Moves:
    """The same elements in the same order in another shape, in which -1 stands for what is left."""
    size = math.prod(shape)
    lengths = tuple(size // -math.prod(out) if n == -1 else n for n in out)
    return lengths, [((0, i), o) for i, o in zip(np.ndindex(shape), np.ndindex(lengths), strict=True)]


def permuted(shape: Index, axes: Index | None = None) -> Moves:
    axes = tuple(reversed(range(len(shape)))) if axes is None else axes
    return tuple(shape[k] for k in axes), [((0, i), tuple(i[k] for k in axes)) for i in np.ndindex(shape)]


def with_ones(shape: Index, axis: Any) -> Moves:
    axes = axis if isinstance(axis, tuple) else (axis,)
    rank = len(shape) + len(axes)
    left = iter(shape)
    return in_order(shape, [1 if k in {a % rank for a in axes} else next(left) for k in range(rank)])


def without_ones(shape: Index, axis: Any = None) -> Moves:
    rank = len(shape)
    axes = {k for k in range(rank) if shape[k] == 1} if axis is None else {axis % rank}
    return in_order(shape, [n for k, n in enumerate(shape) if k not in axes])


def stretched(lengths: Index, shape: Index) -> Moves:
    extra = len(shape) - len(lengths)
    return shape, [((0, tuple(0 if n == 1 else i for i, n in zip(o[extra:], lengths))), o) for o in np.ndindex(shape)]


def joined(*shapes: Index, axis: int = 0) -> Moves:
    axis %= len(shapes[0])
    starts = [0, *itertools.accumulate(shape[axis] for shape in shapes)]
    lengths = (*shapes[0][:axis], starts[-1], *shapes[0][axis + 1 :])
    return lengths, [
        ((part, i), (*i[:axis], starts[part] + i[axis], *i[axis + 1 :]))
        for part, shape in enumerate(shapes)
        for i in np.ndindex(shape)
    ]


def stacked(*shapes: Index, axis: int = 0) -> Moves:
    axis %= len(shapes[0]) + 1
    lengths = (*shapes[0][:axis], len(shapes), *shapes[0][axis:])
    return lengths, [
        ((part, i), (*i[:axis], part, *i[axis:])) for part, shape in enumerate(shapes) for i in np.ndindex(shape)
    ]


def chosen(shape: Index, index: Any) -> Moves:
    """NumPy itself says what an index means: it is asked with the elements' own numbers."""
    places = list(np.ndindex(shape))
    picked = np.arange(len(places)).reshape(shape)[index]
    return picked.shape, [((0, places[picked[o]]), o) for o in np.ndindex(picked.shape)]


def scattered(lengths: Index, shape: Index, index: Any) -> Moves:
    return shape, [((0, o), i) for (_, i), o in chosen(shape, index)[1]]


def padded(shape: Index, pad_width: Any) -> Moves:
    widths = [(pad_width, pad_width)] * len(shape) if isinstance(pad_width, int) else pad_width
    lengths = tuple(before + n + after for n, (before, after) in zip(shape, widths))
    return lengths, [((0, i), tuple(k + before for k, (before, _) in zip(i, widths))) for i in np.ndindex(shape)]


def numbers(setting: Any, rank: int) -> tuple[Any, ...]:
    return setting if isinstance(setting, tuple) else (setting,) * rank


def in_windows(
    lengths: Index, size: Index, stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> tuple[Index, list[tuple[Index, Index, Index | None]]]:
    """Return how many windows there are, and (window, place in it, place in the image or None) for each of them."""
    rank = len(lengths)
    strides, dilations, firsts, counts = numbers(stride, rank), numbers(dilation, rank), [], []
    for axis, (n, k) in enumerate(zip(lengths, size)):
        reach = dilations[axis] * (k - 1) + 1
        if padding == "same":
            count = math.ceil(n / strides[axis])
            missing = (count - 1) * strides[axis] + reach - n
            before, after = missing // 2, missing - missing // 2
        else:
            before, after = numbers(numbers(padding, rank)[axis], 2)
            count = (n + before + after - reach) // strides[axis] + 1
        firsts.append(-before)
        counts.append(count)
    found = []
    for o in np.ndindex(*counts):
        for k in np.ndindex(*size):
            i = tuple(f + a * s + b * d for f, a, s, b, d in zip(firsts, o, strides, k, dilations))
            found.append((o, k, i if all(0 <= j < n for j, n in zip(i, lengths)) else None))
    return tuple(counts), found


def seen(x: Index, size: Any, fill: float = 1.0, **settings: Any) -> Any:
    """What windows see; a place outside the image is a term without a factor, which is 1."""
    assert fill == 1.0
    size = numbers(size, len(x) - 2)
    counts, found = in_windows(x[2:], size, **settings)
    images = list(np.ndindex(x[:2]))
    out = (*x[:2], *counts, *size)
    return out, [(*(((0, (*b, *i)),) if i else ()), (*b, *o, *k)) for b in images for o, k, i in found]


def overlapped(a: Index, lengths: Index, **settings: Any) -> Moves:
    _, terms = seen((*a[:2], *lengths), a[2 + len(lengths) :], **settings)
    return (*a[:2], *lengths), [((0, o), term[0][1]) for *term, o in terms if term]


def convolution(x: Index, w: Index, groups: int = 1, **settings: Any) -> tuple[Index, list[tuple[Index, Index, Index]]]:
    """Return the shape, and the places in image, weights and result that meet."""
    counts, found = in_windows(x[2:], w[2:], **settings)
    return (x[0], w[0], *counts), [
        ((n, c + out * groups // w[0] * w[1], *i), (out, c, *k), (n, out, *o))
        for n in range(x[0])
        for out in range(w[0])
        for c in range(w[1])
        for o, k, i in found
        if i
    ]


def conv(x: Index, w: Index, **settings: Any) -> Any:
    shape, meeting = convolution(x, w, **settings)
    return shape, [((0, i), (1, k), o) for i, k, o in meeting]


def conv_input(y: Index, w: Index, lengths: Index, **settings: Any) -> Any:
    x = (y[0], w[1] * settings.get("groups", 1), *lengths)
    return x, [((0, o), (1, k), i) for i, k, o in convolution(x, w, **settings)[1]]


def conv_weight(x: Index, y: Index, size: Index, **settings: Any) -> Any:
    w = (y[1], x[1] // settings.get("groups", 1), *size)
    return w, [((0, i), (1, o), k) for i, k, o in convolution(x, w, **settings)[1]]


MOVES: dict[str, Callable[..., Moves]] = {
    "reshape": lambda a, shape: in_order(a, shape),
    "permute_dims": permuted,
    "expand_dims": with_ones,
    "squeeze": without_ones,
    "broadcast_to": stretched,
    "concat": joined,
    "stack": stacked,
    "getitem": chosen,
    "scatter": scattered,
    "pad": padded,
    "astype": lambda a, dtype: in_order(a, a),
    "item": lambda a: in_order(a, ()),
    "windows": seen,
    "overlap_add": overlapped,
}


def products(left: Index, right: Index) -> tuple[Index, list[tuple[Place, Place, Index]]]:
    """Return the shape of a matrix product, and the two factors of each term with the place of the sum they are in."""
    a, b = left if len(left) > 1 else (1, *left), right if len(right) > 1 else (*right, 1)
    batch = np.broadcast_shapes(a[:-2], b[:-2])

    def lot(place: Index, lengths: Index) -> Index:
        return tuple(0 if n == 1 else x for x, n in zip(place[len(batch) - len(lengths) + 2 :], lengths[:-2]))

    terms: list[tuple[Place, Place, Index]] = []
    for *place, i, j, k in np.ndindex((*batch, a[-2], b[-1], a[-1])):
        first = (*lot(place, a), i, k) if len(left) > 1 else (k,)
        second = (*lot(place, b), k, j) if len(right) > 1 else (k,)
        terms.append(((0, first), (1, second), (*place, *[i] * (len(left) > 1), *[j] * (len(right) > 1))))
    return (*batch, *a[-2:-1] * (len(left) > 1), *b[-1:] * (len(right) > 1)), terms


PRODUCTS: dict[str, Callable[..., Any]] = {
    "matmul": products,
    "conv": conv,
    "conv_input": conv_input,
    "conv_weight": conv_weight,
}


# ---- matrices -------------------------------------------------------------------------------------------------------

Matrix = Any
"""A matrix of mpmath's."""


def flipped(vectors: Matrix, leading: Sequence[Exact]) -> Matrix:
    """Return columns, each times -1 if its leading number is negative."""
    signs = mp.diag([-1 if x < 0 else 1 for x in leading])
    return vectors * signs


def eigen(a: Matrix) -> Row:
    values, vectors = mp.eigsy((a + a.T) / 2)
    order = sorted(range(a.rows), key=lambda k: values[k])
    vectors = flipped(vectors, vectors[0, :])
    return [*(values[k] for k in order), *(vectors[i, k] for i in range(a.rows) for k in order)]


def singular(a: Matrix) -> Row:
    u, s, vt = mp.svd_r(a)
    signs = mp.diag([-1 if u[0, k] < 0 else 1 for k in range(len(s))])
    return [*(u * signs), *s, *(signs * vt)]


def orthogonal(a: Matrix) -> Row:
    """Gram and Schmidt; of a wide matrix the columns beyond a square are written in those of Q."""
    columns: list[Matrix] = []
    for k in range(min(a.rows, a.cols)):
        rest = a[:, k]
        for q in columns:
            rest = rest - q * (q.T * rest)[0]
        columns.append(rest / mp.norm(rest))
    q = mp.matrix(a.rows, len(columns))
    for k, column in enumerate(columns):
        q[:, k] = column
    r = q.T * a
    return [*q, *(r[i, j] if j >= i else mp.zero for i in range(r.rows) for j in range(r.cols))]


def pseudo(a: Matrix) -> Matrix:
    return mp.inverse(a.T * a) * a.T if a.rows >= a.cols else a.T * mp.inverse(a * a.T)


MATRICES: dict[str, Callable[..., Sequence[Exact]]] = {
    "solve": lambda a, b: list(mp.inverse(a) * b),
    "inv": lambda a: list(mp.inverse(a)),
    "pinv": lambda a: list(pseudo(a)),
    "det": lambda a: [mp.det(a)],
    "slogdet_parts": lambda a: [mp.sign(mp.det(a)), mp.log(abs(mp.det(a)))],
    "cholesky": lambda a: list(mp.cholesky((a + a.T) / 2)),
    "qr_parts": orthogonal,
    "eigvalsh": lambda a: eigen(a)[: a.rows],
    "svdvals": lambda a: singular(a)[a.rows * min(a.rows, a.cols) :][: min(a.rows, a.cols)],
    "eigh_parts": eigen,
    "svd_parts": singular,
}
"""Functions of matrices: all numbers of the result, in order."""


def matrix_slopes(function: Callable[..., Sequence[Exact]], args: list[Matrix], weights: Row) -> list[Row]:
    """Return the gradients of the weighted sum of the results, from differences of twenty digits."""
    h = mp.mpf(10) ** -20
    found: list[Row] = []
    for arg in args:
        slopes = []
        for i, j in np.ndindex(arg.rows, arg.cols):
            ends = []
            for step in (h, -h):
                arg[i, j] += step
                ends.append(mp.fdot(weights, function(*args)))
                arg[i, j] -= step
            slopes.append((ends[0] - ends[1]) / (2 * h))
        found.append(slopes)
    return found


# ---- functions derived from the primitives ---------------------------------------------------------------------------

BEND = mp.mpf("0.044715")
STRETCH = mp.sqrt(8 / mp.pi)


def gelu_slope(x: Exact) -> Exact:
    z = STRETCH * (x + BEND * x**3)
    y, steepness = logistic(z), STRETCH * (x + 3 * BEND * x**3) * logistic(-z)
    # Beyond 30 the exponent is cut off: the factor is 0 or 1 to the last bit.
    return y * (1 + steepness), (y * (1 + abs(z)) * (1 + abs(steepness)) + y * abs(x) if abs(x) < 30 else 0)


def gelu(x: Exact) -> Exact:
    z = STRETCH * (x + BEND * x**3)
    return x * logistic(z), abs(x) * logistic(z) * (1 + abs(z) * logistic(-z)) + SMALLEST_NORMAL * abs(x)


DERIVED: dict[str, tuple[Callable[[Exact], Exact], Callable[[Exact], Exact]]] = {
    "leaky_relu": (lambda x: x if x > 0 else x * mp.mpf(0.01), lambda x: mp.mpf(1 if x > 0 else 0.01)),
    "elu": (lambda x: x if x > 0 else mp.expm1(x), lambda x: mp.exp(min(x, 0))),
    "silu": (
        lambda x: (x * logistic(x), SMALLEST_NORMAL * abs(x)),
        lambda x: (logistic(x) * (1 + x * logistic(-x)), logistic(x) * (1 + abs(x)) + SMALLEST_NORMAL * abs(x)),
    ),
    "gelu": (gelu, gelu_slope),
}
"""Functions of one number: the value and the slope."""


def log_logistic(z: Exact) -> Exact:
    return min(z, 0) - mp.log1p(mp.exp(-abs(z)))


def squared(p: Exact, t: Exact) -> Exact:
    return (p - t) ** 2, (2 * (p - t), 0 if representable(p - t) else mp.inf)


def absolute(p: Exact, t: Exact) -> Exact:
    return abs(p - t), mp.sign(p - t)


def huber(p: Exact, t: Exact) -> Exact:
    error = abs(p - t)
    return error**2 / 2 if error <= 1 else error - mp.mpf("0.5"), mp.sign(p - t) * min(error, 1)


def cross_entropy_of_probability(p: Exact, t: Exact) -> Exact:
    if (t and not p) or (t < 1 and p == 1):
        return mp.inf, mp.inf
    slopes = [-t / p if t else 0, (1 - t) / (1 - p) if t < 1 else 0]
    value = (-t * mp.log(p) if t else 0) - ((1 - t) * mp.log1p(-p) if t < 1 else 0)
    lost = SMALLEST_NORMAL / p if t else 0
    return value, (mp.fsum(slopes), mp.fsum(slopes, absolute=True) + lost)


def cross_entropy_of_logit(z: Exact, t: Exact) -> Exact:
    slopes = [-t * logistic(-z), (1 - t) * logistic(z)]
    return -t * log_logistic(z) - (1 - t) * log_logistic(-z), (mp.fsum(slopes), mp.fsum(slopes, absolute=True))


def hinge(p: Exact, t: Exact) -> Exact:
    return max(1 - p * t, mp.zero), -t if p * t < 1 else mp.zero


LOSSES: dict[str, Callable[[Exact, Exact], Exact]] = {
    "mse": squared,
    "mae": absolute,
    "huber": huber,
    "binary_cross_entropy": cross_entropy_of_probability,
    "binary_cross_entropy, from_logits": cross_entropy_of_logit,
    "hinge": hinge,
}
"""The loss and the slope of one prediction and its target."""


def cross_entropy(z: Row, y: Exact) -> tuple[Exact, Row]:
    """The loss and the slopes of a row of logits, of a class number or of the probabilities of all classes."""
    soft = Soft(z)
    if isinstance(y, int):
        value = soft.gaps[y] + soft.tail, soft.gaps[y] + soft.tail + soft.spread
        y = [mp.mpf(k == y) for k in range(len(z))]
    else:
        value = (
            mp.fsum(w * (gap + soft.tail) for w, gap in zip(y, soft.gaps)),
            abs(soft.largest) + soft.tail + soft.spread + mp.fsum(abs(w * x) for w, x in zip(y, z)),
        )
    # In a list the largest gets what the others leave: 1 minus their parts.
    return value, [(p - w, blur + w + (gap == 0)) for p, blur, w, gap in zip(soft.p, soft.blur, y, soft.gaps)]


def averaged(losses: list[tuple[Exact, Row]]) -> tuple[Exact, Row]:
    """The mean of samples' losses, which is not compared if one of them is not representable, and all their slopes."""
    n = len(losses)
    values = [pair(value) for value, _ in losses]
    size = mp.fsum(size for _, size in values) / n if all(representable(*value) for value in values) else mp.inf
    slopes = [pair(slope) for _, row in losses for slope in row]
    return (mp.fsum(value for value, _ in values) / n, size), [(slope / n, size / n) for slope, size in slopes]
