"""Special functions under the names of SciPy's `special`, which is not needed for them.

>>> from autograd import special
>>> special.expit(0.0), special.logit(0.5), special.polygamma(1, 1.0) == special.digamma(1.0, order=1)
(0.5, 0.0, True)
>>> special.xlogy(Tensor([0.0, 1.0]), [0.0, 1.0]).data.tolist(), special.ndtr(0.0)
([0.0, 0.0], 0.5)
>>> round(special.gamma(Value(-0.5)).data, 12), round(special.beta(2.0, 3.0) * 12, 12)
(-3.544907701811, 1.0)
>>> special.gammaln(2.5) == special.multigammaln(2.5, 1)
True
>>> special.logsumexp(Tensor([0.0, 0.0]), b=[3.0, 1.0]).item() == math.log(4)
True
"""

from __future__ import annotations

import math
from typing import Any

from autograd._core.types import Axis, Operand
from autograd._ops import statistical
from autograd._ops.arrange import broadcast_arrays
from autograd._ops.elementwise import abs_, divide, exp, expm1, floor, log, log1p, sigmoid, sign, where
from autograd._ops.facts import isfinite
from autograd._ops.functions import cbrt, exp2
from autograd._ops.manipulation import reshape, squeeze
from autograd._ops.operands import as_array, as_floats
from autograd._ops.special import digamma, erf, erfc, erfcx, gammaln, sinc

__all__ = [
    "beta", "betaln", "cbrt", "digamma", "erf", "erfc", "erfcx", "exp2", "expit", "expm1", "gamma", "gammaln",
    "gammasgn", "log1p", "log_softmax", "logit", "logsumexp", "multigammaln", "ndtr", "polygamma", "psi", "rgamma",
    "sinc", "softmax", "xlogy",
]  # fmt: skip

expit, psi = sigmoid, digamma


def polygamma(n: int, x: Operand) -> Any:
    """Return the derivative number `n` of digamma; also where x is negative."""
    return digamma(x, order=n)


def gammasgn(x: Operand) -> Any:
    """Return the sign of the gamma function, which has no gradient."""
    below = floor(x)
    return where(x < 0, 1.0 - 2.0 * (below % 2.0), 1.0)


def gamma(x: Operand) -> Any:
    """Return the gamma function, from its logarithm: one of 100 costs two digits, one of 10 costs one.

    At 0, -1, -2, ... it is infinite, where SciPy says nan.
    """
    return gammasgn(x) * exp(gammaln(x))


def rgamma(x: Operand) -> Any:
    """Return 1 / gamma(x), which is 0 at the poles of gamma; it has as many digits as `gamma`.

    Below 0.5 it is gamma(1 - x) * sin(pi x) / pi, whose slope at a pole is not 0. It overflows below -170, where it has
    no slope.
    """
    (x,) = as_floats(x)
    below = x < 0.5
    low, high = where(below, x, 0.0), where(below, 1.0, x)
    # Two roots: where gamma overflows, the product need not.
    root = exp(0.5 * gammaln(1 - low))
    return where(below, root * (low * sinc(low)) * root, exp(-gammaln(high)))


def betaln(a: Operand, b: Operand) -> Any:
    """Return the logarithm of the size of the beta function, gamma(a) * gamma(b) / gamma(a + b).

    From 20 on, the difference of the logarithms of gamma(b) and gamma(a + b) is taken of Stirling's formulas of both,
    in which each large term stands once. The gradient of b is digamma(b) - digamma(a + b): for a tiny a it is tiny, and
    has few digits.
    """
    a, b = as_floats(a, b)
    ordered = a <= b
    small, large = where(ordered, a, b), where(ordered, b, a)
    near = large < 20.0
    few, many = where(near, 1.0, small), where(near, 20.0, large)
    both = few + many
    far = gammaln(few) - (many - 0.5) * log1p(few / many) - few * (log(both) - 1) + _rest(many) - _rest(both)
    return where(near, gammaln(a) + gammaln(b) - gammaln(a + b), far)


def _rest(x: Operand) -> Any:
    """Return gammaln(x) - (x - 0.5) * log(x) + x - log(2 pi) / 2 for large x, the rest of Stirling's formula."""
    y = 1 / (x * x)
    return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - y / 1188) * y) * y) * y) / x


def beta(a: Operand, b: Operand) -> Any:
    """Return the beta function of positive numbers, from its logarithm."""
    return exp(betaln(a, b))


def multigammaln(a: Operand, d: int) -> Any:
    """Return the logarithm of the gamma function of matrices of `d` dimensions, for a > (d - 1) / 2."""
    constant = 0.25 * d * (d - 1) * math.log(math.pi)
    return constant + sum(gammaln(a - 0.5 * k) for k in range(d))


def logit(x: Operand) -> Any:
    """Return log(x / (1 - x)), the number whose sigmoid is x."""
    (x,) = as_floats(x)
    return log(divide(x, 1 - x))


def softmax(x: Operand, axis: Axis = None) -> Any:
    """Return exp(x) divided by its sum over `axis`, all axes without it; autograd.softmax takes the last.

    >>> from autograd import special
    >>> special.softmax(Tensor([[0.0, 0.0], [0.0, 0.0]])).data.tolist()
    [[0.25, 0.25], [0.25, 0.25]]
    """
    return statistical.softmax(as_array(x), axis=axis)


def log_softmax(x: Operand, axis: Axis = None) -> Any:
    """Return the logarithm of `softmax`, over all axes without `axis`."""
    return statistical.log_softmax(as_array(x), axis=axis)


def xlogy(x: Operand, y: Operand) -> Any:
    """Return x * log(y), and 0 where x is 0, unless y is nan.

    The gradient of x is log(y) there as well, and taken as 0 where that is not finite.
    """
    x, y = as_floats(x, y)
    finite = where(y <= 0, 1.0, where(y == math.inf, 1.0, y))
    return x * log(where(x == 0, finite, y))


def ndtr(x: Operand) -> Any:
    """Return the probability that a standard normal variable is below x, with all digits where that is near 0."""
    (x,) = as_floats(x)
    return 0.5 * erfc(-x * math.sqrt(0.5))


def logsumexp(
    a: Operand, axis: Axis = None, b: Operand | None = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """Return log(sum(b * exp(a))) over `axis` without overflow; nan where that sum is negative.

    `b` are factors, 1 without them, which broadcast against `a` and may be negative or nodes. With `return_sign=True`
    the result is a pair: the logarithm of the size of the sum, and its sign.
    """
    if b is None and not return_sign:
        return statistical.logsumexp(a, axis=axis, keepdims=keepdims)
    a, factors = broadcast_arrays(a, 1.0 if b is None else b)
    counted = factors != 0
    largest = statistical.max_(where(counted, a, -math.inf), axis=axis, keepdims=True)
    largest = where(isfinite(largest), largest, 0.0)
    terms = where(counted, factors, 0.0) * exp(where(counted, a - largest, 0.0))
    total = statistical.sum_(terms, axis=axis, keepdims=True)
    size = log(abs_(total) if return_sign else total) + largest
    parts = [size, sign(total)] if return_sign else [size]
    if not keepdims:
        parts = [reshape(part, shape=()) if axis is None else squeeze(part, axis=axis) for part in parts]
    return tuple(parts) if return_sign else parts[0]
