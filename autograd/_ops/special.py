"""The table of primitives: error functions, gamma and its logarithm's derivatives, sinc. Rows read as in `elementwise`.

Python's `math` has the error functions of floats; `series` computes the rest, for which NumPy is enough.

>>> erf(0.0), erfc(0.0), round(gammaln(5.0) - math.log(24), 12), round(digamma(1.0), 6), sinc(0.5) * math.pi
(0.0, 1.0, 0.0, -0.577216, 2.0)
>>> round(digamma(1.0, order=1) - math.pi**2 / 6, 12), erf(Tensor([0.0, 10.0])).data.tolist()
(0.0, [0.0, 1.0])
"""

from __future__ import annotations

import math
from typing import Any

from autograd._core.declare import primitive
from autograd._core.primitive import POSITIVE, REAL, Example, Operation
from autograd._core.types import Namespace, Raw
from autograd.files import brief

__all__ = ["digamma", "erf", "erfc", "erfcx", "gammaln", "sinc"]


def computed(xp: Namespace, name: str, *args: Any) -> Any:
    """Call a function of `series`, which is imported when the first is called."""
    from . import series

    return getattr(series, name)(xp, *args)


def derivative(xp: Namespace, name: str, a: Raw, order: int) -> Any:
    """Return the derivative of a number. Raises ValueError for what is no number of a derivative."""
    if order != abs(int(order)):
        raise ValueError(f"order counts derivatives, so it is 0, 1, 2, ...; got {brief(order)}")
    return computed(xp, name, a, int(order))


ORDERS: tuple[Example, ...] = ((((),), {"order": 1}), (((3,),), {"order": 2}))

# fmt: off
erf: Operation = primitive(
    "erf", lambda xp, a: xp.erf(a) if hasattr(xp, "erf") else computed(xp, "erf", a),
    lambda g, out, a: g * erf_slope(a), domain=(REAL,),
    note="The integral of 2 / sqrt(pi) * exp(-t * t) from 0 to a.",
)
erfc = primitive(
    "erfc", lambda xp, a: xp.erfc(a) if hasattr(xp, "erfc") else computed(xp, "erfc", a),
    lambda g, out, a: -g * erf_slope(a), domain=(REAL,),
    note="1 - erf(a), with all digits where that is near 0.",
)
erfcx: Operation = primitive(
    "erfcx", lambda xp, a: computed(xp, "erfcx", a),
    lambda g, out, a: g * (2 * (a * out) - 2 / math.sqrt(math.pi)),
    domain=(REAL,), note="exp(a * a) * erfc(a), which does not underflow.",
)
erf_slope: Operation = primitive(
    "erf_slope", lambda xp, a: computed(xp, "bell", a) * (2 / math.sqrt(math.pi)),
    lambda g, out, a: g * (a * out * -2),
    written="1.1283791670955126 * exp(-{0} * {0})", domain=(REAL,),
    note="The derivative of erf: 1.12837... is 2 / sqrt(pi).",
)
gammaln = primitive(
    "gammaln", lambda xp, a: computed(xp, "log_gamma", a), lambda g, out, a: g * digamma(a),
    latex=r"\ln\left|\Gamma\left({0}\right)\right|", domain=(POSITIVE,),
    note="The logarithm of the size of the gamma function, which is (a - 1)! at whole numbers.",
)
digamma: Operation = primitive(
    "digamma", lambda xp, a, *, order=0: derivative(xp, "digamma", a, order),
    lambda g, out, a, order=0: g * digamma(a, order=order + 1),
    latex=r"\psi", domain=(POSITIVE,), examples=ORDERS,
    note="The derivative of gammaln, and with order=1, 2, ... the derivatives of that (polygamma).",
)
sinc: Operation = primitive(
    "sinc", lambda xp, a: computed(xp, "sinc", a, 0), lambda g, out, a: g * sinc_slope(a),
    domain=(REAL,), note="sin(pi a) / (pi a), and 1 at 0.",
)
sinc_slope: Operation = primitive(
    "sinc_slope", lambda xp, a, *, order=1: derivative(xp, "sinc", a, order),
    lambda g, out, a, order=1: g * sinc_slope(a, order=order + 1),
    domain=(REAL,), examples=ORDERS, note="A derivative of sinc.",
)
# fmt: on
