"""The table of primitives, first half: operations that work element by element, on floats as on arrays.

Each row reads: how it is computed, the derivative for each argument (`g` is the gradient that arrives, `out` the
result), how it is written as text and in LaTeX, where it is defined, where it has a kink, and what it equals for a
special argument. Rules select where a product would be 0 * inf.
"""

from __future__ import annotations

import math
import operator
from typing import Any

from autograd._core.data import shape
from autograd._core.declare import primitive
from autograd._core.node import Node
from autograd._core.primitive import ANY, POSITIVE, REAL, TABLE, Operation, unchanged
from autograd._core.types import Namespace, Operand, Raw

__all__ = [
    "add", "atan", "ceil", "clip", "cos", "cosh", "divide", "equal", "exp", "expm1", "floor", "greater",
    "greater_equal", "less", "less_equal", "log", "log1p", "maximum", "minimum", "multiply", "negative",
    "not_equal", "positive", "relu", "sigmoid", "sign", "sin", "sinh", "softplus", "sqrt", "square", "subtract",
    "tan", "tanh", "trunc", "weighted_sum", "where",
]  # fmt: skip


def add_up(xp: Namespace, w0: Operand, *pairs: Operand) -> Any:
    """Return w0 + w1 x1 + w2 x2 + ... for the pairs w1, x1, w2, x2, ..."""
    z = w0
    for w, x in zip(pairs[::2], pairs[1::2]):
        z = z + w * x
    return z


def slopes_of_pairs(g: Operand, pairs: tuple[Operand, ...]) -> list[Any]:
    """Return the gradients of w0, w1, x1, w2, x2, ... for the gradient `g` of their sum."""
    found = [g] * (1 + len(pairs))
    found[1::2] = [g * x for x in pairs[1::2]]
    found[2::2] = [g * w for w in pairs[::2]]
    return found


def select(xp: Namespace, condition: Raw, a: Raw, b: Raw) -> Any:
    """Return `a` where the condition holds, else `b`."""
    if type(a) is float:
        return xp.where(condition, a, b)
    large = getattr(condition, "size", 0) > 1000 and condition.dtype.kind == "b"
    if large and type(b) is float and str(b) == "0.0" and fills(a, condition.shape):
        # A choice is a branch for each element, which the processor cannot foresee. Its bits times 0 or 1 are exact,
        # for infinities as well, and eight times faster.
        bits = f"int{8 * a.dtype.itemsize}"
        return xp.multiply(a.view(bits), condition, dtype=bits).view(a.dtype)
    return xp.where(condition, a, b)


def fills(a: Raw, lengths: tuple[int, ...]) -> bool:
    """Tell whether an array of floats broadcasts to a shape."""
    if not shape(a) or a.dtype.kind != "f" or len(a.shape) != len(lengths):
        return False
    return all(n in (1, m) for n, m in zip(a.shape, lengths))


def one_less(a: Operand, b: Operand) -> Any:
    """Return the exponent in the derivative of a ** b: b - 1, but 1 where that would make 0 * inf."""
    if isinstance(b, (float, int)) and b != 0:
        return b - 1
    return where(b == 0, where(abs(a) <= 2**-1024, 1.0, b - 1), b - 1)


def from_bound(a: Operand, bound: Operand | None) -> Any:
    """Return how far a number is from a bound, 1 without a bound."""
    return 1.0 if bound is None else a - bound


def inverse_square(c: Operand) -> Any:
    """Return 1 / c ** 2, right as long as that is a float: c ** 2 may overflow."""
    return 1 / c / c


def known_base(out: Operand, a: Operand, b: Operand) -> Any:
    """Return the base in the slope of a ** b for b: 1, so no slope, where a power of 0 is 0 or 1."""
    return where(out == 0, 1.0, where(abs(a) + abs(b) == 0, 1.0, a))


# The table is read by its rows, which a formatter would cut into one line an argument.
# fmt: off

add = primitive(
    "add", lambda xp, a, b: a + b,
    unchanged,
    unchanged,
    written="{0} + {1}", domain=(REAL, REAL), reduction="sum",
)
subtract = primitive(
    "subtract", lambda xp, a, b: a - b,
    unchanged,
    lambda g, out, a, b: -g,
    written="{0} - {1}", domain=(REAL, REAL),
)
multiply = primitive(
    "multiply", lambda xp, a, b: a * b,
    lambda g, out, a, b: g * b,
    lambda g, out, a, b: g * a,
    written="{0} * {1}", domain=(REAL, REAL),
    identities=(
        (0, 1.0, lambda a, b: b), (1, 1.0, lambda a, b: a), (0, -1.0, lambda a, b: -b), (1, -1.0, lambda a, b: -a),
    ),
)
divide = primitive(
    "divide", lambda xp, a, b: xp.divide(a, b),
    lambda g, out, a, b: g / b,
    lambda g, out, a, b: -g * out / b,
    written="{0} / {1}", domain=(REAL, POSITIVE),
    identities=((1, 1.0, lambda a, b: a), (1, -1.0, lambda a, b: -a)),
)
negative = primitive("negative", lambda xp, a: -a, lambda g, out, a: -g, written="-{0}", domain=(REAL,))
positive = primitive(
    "positive", lambda xp, a: +a, unchanged, written="+{0}", domain=(REAL,), identities=((0, ANY, lambda a: a),)
)
pow_: Operation = primitive(
    "pow", lambda xp, a, b: xp.pow(a, b),
    lambda g, out, a, b: g * b * pow_(a, one_less(a, b)),
    lambda g, out, a, b: g * out * log(known_base(out, a, b)),
    written="{0} ** {1}", domain=(POSITIVE, REAL), identities=((1, 1.0, lambda a, b: a),),
)
weighted_sum = primitive(
    "weighted_sum", add_up,
    lambda g, out, w0, *pairs: slopes_of_pairs(g, pairs),
    written=lambda w0, *pairs: " + ".join([w0, *(f"{w} * {x}" for w, x in zip(pairs[::2], pairs[1::2]))]),
    domain=(REAL,), examples=((((), (), ()), {}), (((3,), (3,), (2, 1), (), (2, 3)), {})),
    note="Takes the list w0, w1, x1, w2, x2, ...; one node for the pre-activation of a neuron.",
)
square = primitive(
    "square", lambda xp, a: a * a, lambda g, out, a: g * 2 * a,
    # A function: alone, in a drawing, it stands by its name.
    written=lambda a: f"{a} ** 2", latex="{0}^{{2}}", domain=(REAL,),
)
sqrt = primitive(
    "sqrt", lambda xp, a: xp.sqrt(a), lambda g, out, a: g / (2 * out), latex=r"\sqrt{{{0}}}", domain=(POSITIVE,)
)
exp = primitive("exp", lambda xp, a: xp.exp(a), lambda g, out, a: g * out, domain=(REAL,))
expm1 = primitive("expm1", lambda xp, a: xp.expm1(a), lambda g, out, a: g * exp(a), domain=(REAL,))
log: Operation = primitive("log", lambda xp, a: xp.log(a), lambda g, out, a: g / a, domain=(POSITIVE,))
log1p = primitive("log1p", lambda xp, a: xp.log1p(a), lambda g, out, a: g / (1 + a), domain=((-1.0, math.inf),))
sin = primitive("sin", lambda xp, a: xp.sin(a), lambda g, out, a: g * cos(a), domain=(REAL,))
cos: Operation = primitive("cos", lambda xp, a: xp.cos(a), lambda g, out, a: -g * sin(a), domain=(REAL,))
tan = primitive(
    "tan", lambda xp, a: xp.tan(a), lambda g, out, a: g * (1 + out * out), domain=((-math.pi / 2, math.pi / 2),)
)
sinh = primitive("sinh", lambda xp, a: xp.sinh(a), lambda g, out, a: g * cosh(a), domain=(REAL,))
cosh: Operation = primitive("cosh", lambda xp, a: xp.cosh(a), lambda g, out, a: g * sinh(a), domain=(REAL,))
tanh: Operation = primitive(
    "tanh", lambda xp, a: xp.tanh(a), lambda g, out, a: g * tanh_slope(out, a), domain=(REAL,)
)
tanh_slope: Operation = primitive(
    "tanh_slope", lambda xp, y, a: inverse_square(xp.cosh(a)),
    None,
    lambda g, out, y, a: g * (-2 * tanh(a) * out),
    written="1 - {0} * {0}", domain=(REAL, REAL),
    note="The derivative of y = tanh(a), which is 1 - y * y, computed from a: that difference loses its digits.",
)
atan = primitive(
    "atan", lambda xp, a: xp.atan(a), lambda g, out, a: g * atan_slope(a), latex=r"\arctan", domain=(REAL,)
)
atan_slope: Operation = primitive(
    "atan_slope", lambda xp, a: 1 / (1 + a * a), lambda g, out, a: g * (-2 * (a * out) * out),
    written="1 / (1 + {0} * {0})", domain=(REAL,), note="The derivative of atan.",
)
sigmoid: Operation = primitive(
    "sigmoid", lambda xp, a: xp.divide(xp.exp(xp.minimum(a, 0.0)), 1 + xp.exp(-xp.abs(a))),
    lambda g, out, a: g * sigmoid_slope(out, a),
    domain=(REAL,), note="1 / (1 + exp(-z)) of a number z: always between 0 and 1.",
)
sigmoid_slope: Operation = primitive(
    "sigmoid_slope", lambda xp, y, a: inverse_square(2 * xp.cosh(a / 2)),
    None,
    lambda g, out, y, a: g * (-tanh(a / 2) * out),
    written="{0} * (1 - {0})", domain=(REAL, REAL),
    note="The derivative of y = sigmoid(a), which is y * (1 - y), computed from a: 1 - y loses its digits.",
)
softplus = primitive(
    "softplus", lambda xp, a: xp.maximum(a, 0.0) + xp.log1p(xp.exp(-xp.abs(a))),
    lambda g, out, a: g * sigmoid(a),
    domain=(REAL,), note="log(1 + exp(a)), written so that no exponential overflows.",
)
relu = primitive(
    "relu", lambda xp, a: xp.maximum(a, 0.0), lambda g, out, a: where(out > 0, g, 0.0),
    domain=(REAL,), kink=lambda a: a, note="The derivative at 0 is taken as 0.",
)
abs_ = primitive(
    "abs", lambda xp, a: xp.abs(a), lambda g, out, a: where(a == 0, 0.0, g * sign(a)),
    latex=r"\left|{0}\right|", domain=(REAL,), kink=lambda a: a, note="The derivative at 0 is taken as 0.",
)
sign: Operation = primitive("sign", lambda xp, a: xp.sign(a), None, domain=(REAL,), kink=lambda a: a)
floor = primitive("floor", lambda xp, a: xp.floor(a), None, domain=(REAL,), kink=lambda a: a - round_(a))
ceil = primitive("ceil", lambda xp, a: xp.ceil(a), None, domain=(REAL,), kink=lambda a: a - round_(a))
trunc = primitive("trunc", lambda xp, a: xp.trunc(a), None, domain=(REAL,), kink=lambda a: a - round_(a))
round_: Operation = primitive(
    "round", lambda xp, a: xp.round(a), None,
    domain=(REAL,), kink=lambda a: a - floor(a) - 0.5, note="Halves go to the even neighbour.",
)
maximum = primitive(
    "maximum", lambda xp, a, b: xp.maximum(a, b),
    lambda g, out, a, b: where(a > b, g, where(a == b, g / 2, 0.0)),
    lambda g, out, a, b: where(b > a, g, where(a == b, g / 2, 0.0)),
    latex=r"\max", domain=(REAL, REAL), kink=lambda a, b: a - b,
    note="Equal arguments share the gradient equally; MyGrad sends it to neither.",
)
minimum = primitive(
    "minimum", lambda xp, a, b: xp.minimum(a, b),
    lambda g, out, a, b: where(a < b, g, where(a == b, g / 2, 0.0)),
    lambda g, out, a, b: where(b < a, g, where(a == b, g / 2, 0.0)),
    latex=r"\min", domain=(REAL, REAL), kink=lambda a, b: a - b,
    note="Equal arguments share the gradient equally; MyGrad sends it to neither.",
)
where: Operation = primitive(
    "where", select,
    None,
    lambda g, out, condition, a, b: where(condition, g, 0.0),
    lambda g, out, condition, a, b: where(condition, 0.0, g),
    latex=r"\begin{{cases}} {1} & \text{{if }} {0} \\ {2} & \text{{else}} \end{{cases}}",
    domain=(REAL, REAL, REAL), kink=lambda condition, a, b: condition,
    identities=((0, True, lambda condition, a, b: a), (0, False, lambda condition, a, b: b)),
)
_clip = primitive(
    "clip", lambda xp, a, *, min=None, max=None: xp.clip(a, min, max),
    lambda g, out, a, min=None, max=None: where(out == a, g, 0.0),
    domain=(REAL,), kink=lambda a, min=None, max=None: from_bound(a, min) * from_bound(a, max),
    examples=((((),), {"min": -0.5, "max": 1.0}),),
    note="The derivative at both bounds is taken as 1.",
)
greater = primitive(
    "greater", lambda xp, a, b: xp.greater(a, b), None, None,
    written="{0} > {1}", domain=(REAL, REAL), kink=lambda a, b: a - b, note="1 where it holds, else 0.",
)
greater_equal = primitive(
    "greater_equal", lambda xp, a, b: xp.greater_equal(a, b), None, None,
    written="{0} >= {1}", domain=(REAL, REAL), kink=lambda a, b: a - b, note="1 where it holds, else 0.",
)
less = primitive(
    "less", lambda xp, a, b: xp.less(a, b), None, None,
    written="{0} < {1}", domain=(REAL, REAL), kink=lambda a, b: a - b, note="1 where it holds, else 0.",
)
less_equal = primitive(
    "less_equal", lambda xp, a, b: xp.less_equal(a, b), None, None,
    written="{0} <= {1}", domain=(REAL, REAL), kink=lambda a, b: a - b, note="1 where it holds, else 0.",
)
equal = primitive(
    "equal", lambda xp, a, b: xp.equal(a, b), None, None,
    written="{0} == {1}", domain=(REAL, REAL), kink=lambda a, b: a - b, note="1 where it holds, else 0.",
)
not_equal = primitive(
    "not_equal", lambda xp, a, b: xp.not_equal(a, b), None, None,
    written="{0} != {1}", domain=(REAL, REAL), kink=lambda a, b: a - b, note="1 where it holds, else 0.",
)
# fmt: on


def clip(
    a: Operand,
    min: Operand | None = None,
    max: Operand | None = None,
    *,
    a_min: Operand | None = None,
    a_max: Operand | None = None,
) -> Operand:
    """Return `a` where it lies between `min` and `max`, else the nearer of these; None is no bound.

    The derivative at both bounds is taken as 1, as in PyTorch (MyGrad: 0). Bounds that are nodes get the gradient where
    `a` gets none; they and arrays broadcast against `a`. `a_min` and `a_max` are NumPy's names for them.

    >>> clip(Tensor([-2.0, 0.5, 2.0]), -1, 1).data
    array([-1. ,  0.5,  1. ])
    """
    min, max = (a_min if min is None else min), (a_max if max is None else max)
    if not any(isinstance(bound, (Node, list, tuple)) or getattr(bound, "shape", ()) for bound in (min, max)):
        return _clip(a, min=min, max=max)
    for bound, side in ((min, -1), (max, 1)):
        if bound is not None:
            if isinstance(bound, (list, tuple)):
                import numpy

                bound = numpy.array(bound)
            outside = a < bound if side < 0 else a > bound
            # A bound that is nan compares with nothing, and makes the result nan, as in NumPy.
            a = where(bound <= math.inf, where(outside, bound, a), bound)
    return a


def rounded(a: Operand, decimals: int = 0) -> Any:
    """Return `a` rounded to `decimals` places; halves go to the even neighbour, and the derivative is 0.

    >>> from autograd import round
    >>> round(Tensor([1.2345, 2.5]), decimals=2).data.tolist(), round(Value(2.5)).data
    ([1.23, 2.5], 2.0)
    """
    decimals = operator.index(decimals)
    return round_(a * 10.0**decimals) / 10.0**decimals if decimals else round_(a)


for _made, _function in (("clip", clip), ("round", rounded)):
    vars(_function)["primitive"] = TABLE[_made]
    TABLE[_made].function = _function
