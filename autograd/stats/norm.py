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
from autograd._ops.arrange import as_array
from autograd._ops.elementwise import exp, log, log1p, maximum, minimum, where
from autograd._ops.special import erfc, erfcx

__all__ = ["cdf", "logcdf", "logpdf", "logsf", "pdf", "sf"]

ROOT_HALF = math.sqrt(0.5)


def logpdf(x: Operand, loc: Operand = 0.0, scale: Operand = 1.0) -> Any:
    """Return the logarithm of the density."""
    scale = as_array(scale)
    z = (as_array(x) - as_array(loc)) / scale
    return -0.5 * z * z - (log(scale) + 0.5 * math.log(2 * math.pi))


def pdf(x: Operand, loc: Operand = 0.0, scale: Operand = 1.0) -> Any:
    """Return the density."""
    scale = as_array(scale)
    z = (as_array(x) - as_array(loc)) / scale
    return exp(-0.5 * z * z) / (scale * math.sqrt(2 * math.pi))


def cdf(x: Operand, loc: Operand = 0.0, scale: Operand = 1.0) -> Any:
    """Return the probability of a smaller number, with all digits where that is near 0."""
    return 0.5 * erfc((as_array(loc) - as_array(x)) / as_array(scale) * ROOT_HALF)


def sf(x: Operand, loc: Operand = 0.0, scale: Operand = 1.0) -> Any:
    """Return the probability of a larger number, with all digits where that is near 0."""
    return 0.5 * erfc((as_array(x) - as_array(loc)) / as_array(scale) * ROOT_HALF)


def logcdf(x: Operand, loc: Operand = 0.0, scale: Operand = 1.0) -> Any:
    """Return the logarithm of `cdf`, which does not end where that underflows."""
    return _log_tail((as_array(loc) - as_array(x)) / as_array(scale))


def logsf(x: Operand, loc: Operand = 0.0, scale: Operand = 1.0) -> Any:
    """Return the logarithm of `sf`, which does not end where that underflows."""
    return _log_tail((as_array(x) - as_array(loc)) / as_array(scale))


def _log_tail(z: Operand) -> Any:
    """Return the logarithm of the probability above z."""
    near = minimum(z, 0.0) * ROOT_HALF
    far = maximum(z, 0.0)
    return where(z > 0, log(0.5 * erfcx(far * ROOT_HALF)) - 0.5 * far * far, log1p(-0.5 * erfc(-near)))
