"""IEEE 754 arithmetic on Python floats, under NumPy's names.

Python's `math` raises where IEEE 754 has a result (`1/0`, `log(0)`, `exp(1000)`); these functions return it, so that a
`Value` and a `Tensor` agree on every input. The module is the namespace `xp` that forward rules get for floats.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from math import asinh as asinh
from math import atan as atan
from math import atan2 as atan2
from math import cbrt as cbrt
from math import copysign, inf, isnan, nan
from math import erf as erf
from math import erfc as erfc
from math import fabs as abs
from math import hypot as hypot
from math import tanh as tanh


def _total(function: Callable[[float], float], beyond: Callable[[float], float]) -> Callable[[float], float]:
    """Extend a function of `math` to every float: `beyond(x)` where `math` raises."""

    def extended(x: float) -> float:
        try:
            return function(x)
        except (ValueError, OverflowError):
            return beyond(x)

    return extended


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    """Keep the sign of zero, infinities and nan, which an int has not."""
    return lambda x: copysign(float(function(x)), x) if math.isfinite(x) else x


greater, greater_equal, less, less_equal = operator.gt, operator.ge, operator.lt, operator.le
equal, not_equal = operator.eq, operator.ne
exp = _total(math.exp, lambda x: inf)
expm1 = _total(math.expm1, lambda x: inf)
log = _total(math.log, lambda x: -inf if x == 0 else nan)
log1p = _total(math.log1p, lambda x: -inf if x == -1 else nan)
log2 = _total(math.log2, lambda x: -inf if x == 0 else nan)
log10 = _total(math.log10, lambda x: -inf if x == 0 else nan)
exp2 = _total(math.exp2, lambda x: inf)
asin = _total(math.asin, lambda x: nan)
acos = _total(math.acos, lambda x: nan)
acosh = _total(math.acosh, lambda x: nan)
atanh = _total(math.atanh, lambda x: copysign(inf, x) if abs(x) == 1 else nan)
sqrt = _total(math.sqrt, lambda x: nan)
sin = _total(math.sin, lambda x: nan)
cos = _total(math.cos, lambda x: nan)
tan = _total(math.tan, lambda x: nan)
sinh = _total(math.sinh, lambda x: copysign(inf, x))
cosh = _total(math.cosh, lambda x: inf)
floor = _whole(math.floor)
ceil = _whole(math.ceil)
trunc = _whole(math.trunc)
round = _whole(round)


def sign(x: float) -> float:
    # Of -0.0 it is 0.0, as in NumPy and in the Array API standard.
    return x + 0.0 if x == 0 or isnan(x) else copysign(1.0, x)


def divide(x: float, y: float) -> float:
    if y != 0:
        return x / y
    return nan if x == 0 or isnan(x) else copysign(inf, x) * copysign(1.0, y)


def remainder(x: float, y: float) -> float:
    return float(x) % y if y else nan


def floor_divide(x: float, y: float) -> float:
    return float(x) // y if y else divide(x, y)


def pow(x: float, y: float) -> float:
    try:
        return math.pow(x, y)
    except (ValueError, OverflowError):
        if x < 0 and math.isfinite(y) and y != math.floor(y):
            return nan
        odd = abs(math.fmod(y, 2)) == 1
        return copysign(inf, x) if odd else inf


def maximum(x: float, y: float) -> float:
    return x if x >= y or isnan(x) else y


def minimum(x: float, y: float) -> float:
    return x if x <= y or isnan(x) else y


def where(condition: float, x: float, y: float) -> float:
    return x if condition else y


def clip(x: float, min: float | None = None, max: float | None = None) -> float:
    x = x if min is None else maximum(x, min)
    return x if max is None else minimum(x, max)
