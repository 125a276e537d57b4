"""The normal distribution of mean `loc` and standard deviation `scale`, of nodes, numbers and arrays that broadcast.

>>> from autograd.stats import norm
>>> norm.pdf(0.0) == 1 / math.sqrt(2 * math.pi), norm.cdf(3.0, loc=3.0, scale=2.0), round(norm.logcdf(-40.0), 3)
(True, 0.5, -804.608)
>>> loss = -norm.logpdf(Value(1.0), loc=Value(2.0), scale=0.5)
>>> round(loss.data, 6)
2.225791
"""

from __future__ import annotations

import math
from typing import Any

from autograd._core.types import Operand
from autograd._ops.elementwise import exp, log, log1p, where
from autograd._ops.operands import as_floats
from autograd._ops.special import erfc, erfcx

__all__ = ["cdf", "logcdf", "logpdf", "logsf", "pdf", "sf"]

ROOT_HALF = math.sqrt(0.5)


def _given(x: Operand, loc: Operand, scale: Operand) -> tuple[Any, Any, Any]:
    """Return arguments of one precision, nan for a scale that is not positive: nothing has such a distribution."""
    x, loc, scale = as_floats(x, loc, scale)
    return x, loc, where(scale > 0, scale, math.nan)


def logpdf(x: Operand, loc: Operand = 0.0, scale: Operand = 1.0) -> Any:
    """Return the logarithm of the density."""
    x, loc, scale = _given(x, loc, scale)
    z = (x - loc) / scale
    return -0.5 * z * z - (log(scale) + 0.5 * math.log(2 * math.pi))


def pdf(x: Operand, loc: Operand = 0.0, scale: Operand = 1.0) -> Any:
    """Return the density."""
    x, loc, scale = _given(x, loc, scale)
    z = (x - loc) / scale
    return exp(-0.5 * z * z) / (scale * math.sqrt(2 * math.pi))


def cdf(x: Operand, loc: Operand = 0.0, scale: Operand = 1.0) -> Any:
    """Return the probability of a smaller number, with all digits where that is near 0."""
    x, loc, scale = _given(x, loc, scale)
    return 0.5 * erfc((loc - x) / scale * ROOT_HALF)


def sf(x: Operand, loc: Operand = 0.0, scale: Operand = 1.0) -> Any:
    """Return the probability of a larger number, with all digits where that is near 0."""
    x, loc, scale = _given(x, loc, scale)
    return 0.5 * erfc((x - loc) / scale * ROOT_HALF)


def logcdf(x: Operand, loc: Operand = 0.0, scale: Operand = 1.0) -> Any:
    """Return the logarithm of `cdf`, which does not end where that underflows."""
    x, loc, scale = _given(x, loc, scale)
    return _log_tail((loc - x) / scale)


def logsf(x: Operand, loc: Operand = 0.0, scale: Operand = 1.0) -> Any:
    """Return the logarithm of `sf`, which does not end where that underflows."""
    x, loc, scale = _given(x, loc, scale)
    return _log_tail((x - loc) / scale)


def _log_tail(z: Operand) -> Any:
    """Return the logarithm of the probability above z."""
    # Chosen, not maximum and minimum: these share the gradient at 0, where all of it goes one way.
    beyond = z > 0
    near, far = where(beyond, 0.0, z) * ROOT_HALF, where(beyond, z, 0.0)
    return where(beyond, log(0.5 * erfcx(far * ROOT_HALF)) - 0.5 * far * far, log1p(-0.5 * erfc(-near)))
