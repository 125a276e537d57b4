"""The cases: a function, a point, and what is true there. Each is written once, for all libraries.

A function takes the operations `m` of a library (`libraries/`) and the inputs. `m.declare(forward, derivative)` is an
operation on each element that claims a derivative of its own: so a wrong gradient is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

RIGHT, WRONG = "right", "wrong"
"""The gradient is."""
KINK, JUMP = "kink", "jump"
"""There is no derivative: at a kink the gradient is one of the usual conventions, at a jump or a pole there is none."""
IMPURE = "impure"
"""It is no function: it changes from call to call, or changes its input."""


class Case(NamedTuple):
    """A function at a point; `without` are the libraries in which it cannot be written."""

    name: str
    truth: str
    f: Callable[..., Any]
    inputs: tuple[Any, ...]
    without: tuple[str, ...] = ()


rng = np.random.default_rng(0)
FIVE = rng.normal(size=5)
LOGITS, LABELS = rng.normal(size=(4, 3)), np.eye(3)[[0, 2, 1, 1]]
X, W, W0 = rng.normal(size=(6, 3)), rng.normal(size=(3, 4)), rng.normal(size=4)
CLASSES = np.eye(4)[[0, 1, 2, 3, 0, 1]]
SQUARE = rng.normal(size=(30, 30))
MANY = rng.normal(size=10_000)
MANY[57] = 0.7
AT_57 = 1.0 * (np.arange(10_000) == 57)
POWERS = np.logspace(0, -8, 9)

IMAGES, DIGITS = rng.integers(0, 17, (64, 64)) / 16, np.eye(10)[rng.integers(0, 10, 64)]
PARAMETERS = (
    rng.normal(0, math.sqrt(1 / 64), (64, 128)),
    rng.normal(0, 0.1, 128),
    rng.normal(0, math.sqrt(1 / 128), (128, 10)),
    rng.normal(0, 0.1, 10),
)
A_WEIGHT = 1.0 * (np.arange(64 * 128) == 1234).reshape(64, 128)


def same(m: Any, x: Any) -> Any:
    return x


def zero(m: Any, x: Any) -> Any:
    return 0 * x


def square(m: Any, x: Any) -> Any:
    return x * x


def tanh(m: Any, x: Any) -> Any:
    return m.tanh(x)


def tanh_slope(m: Any, x: Any) -> Any:
    return 1 - m.tanh(x) * m.tanh(x)


def minus_tanh_slope(m: Any, x: Any) -> Any:
    return -tanh_slope(m, x)


def tanh_slope_and_one_percent(m: Any, x: Any) -> Any:
    return 1.01 * tanh_slope(m, x)


def twice_tanh_slope(m: Any, x: Any) -> Any:
    return 2 * tanh_slope(m, x)


def gelu(m: Any, x: Any) -> Any:
    return 0.5 * x * (1 + m.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def gelu_slope_of_three_digits(m: Any, x: Any) -> Any:
    t = m.tanh(0.798 * (x + 0.044715 * x * x * x))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * 0.798 * (1 + 0.134145 * x * x)


def bell(m: Any, x: Any) -> Any:
    return m.exp(-x * x)


def minus_bell_slope(m: Any, x: Any) -> Any:
    return 2 * x * m.exp(-x * x)


def one_percent_at_57(m: Any, x: Any) -> Any:
    return 1 + 0.01 * m.array(AT_57)


def wrong_sign_at_57(m: Any, x: Any) -> Any:
    return 1 - 2 * m.array(AT_57)


def one_percent_in_a_weight(m: Any, x: Any) -> Any:
    return 1 + 0.01 * m.array(A_WEIGHT)


def large_powers_alone(m: Any, x: Any) -> Any:
    return m.array(1.0 * (POWERS > 1e-7))


def claims(forward: Callable[..., Any], derivative: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose derivative is said to be `derivative`."""
    return lambda m, x: m.declare(forward, derivative)(x)


def cross_entropy(m: Any, logits: Any, labels: Any) -> Any:
    """Return the mean over the rows; labels are one-hot."""
    return m.sum(m.logsumexp(logits) - m.sum(logits * m.array(labels), 1)) / len(labels)


def network(m: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    """Return the loss of an MLP 64-128-10 on 64 images: the function that is also timed."""
    return cross_entropy(m, m.tanh(m.array(IMAGES) @ w1 + b1) @ w2 + b2, DIGITS)


def weight_off(m: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    return network(m, m.declare(same, one_percent_in_a_weight)(w1), b1, w2, b2)


def bias_forgotten(m: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    return network(m, w1, m.declare(same, zero)(b1), w2, b2)


def penalty_forgotten(m: Any, w: Any) -> Any:
    return cross_entropy(m, m.array(X) @ w, CLASSES) + 1e-6 * m.sum(m.declare(square, zero)(w))


def not_transposed(m: Any, w: Any) -> Any:
    """The value is w @ SQUARE, the gradient that of w @ SQUARE.T."""
    constant = m.declare(same, zero)
    product, other = w @ m.array(SQUARE), w @ m.array(SQUARE.T)
    return m.sum(m.tanh(constant(product) + other - constant(other)))


def batch_norm(m: Any, x: Any) -> Any:
    centred = x - m.sum(x, 0) / 6
    return centred / m.sqrt(m.sum(centred * centred, 0) / 6 + 1e-5)


def dropout(m: Any, x: Any) -> Any:
    return m.sum(m.tanh(x) * (m.random(5) < 0.8))


def noise(m: Any, x: Any) -> Any:
    return m.sum(m.tanh(x)) + 1e-10 * m.random(1)[0]


class Annealed:
    """A loss that keeps its own count of steps."""

    def __init__(self) -> None:
        self.temperature = 1.0

    def __call__(self, m: Any, x: Any) -> Any:
        self.temperature *= 0.999
        return m.sum(m.tanh(x / self.temperature))


def centred_in_place(m: Any, x: Any) -> Any:
    x.data -= x.data.mean()
    return m.sum(m.tanh(x))


IMMUTABLE = ("jax", "jax_x64", "hips")

CASES = [
    # Ordinary functions, which everybody should pass.
    Case("tanh of 5 numbers", RIGHT, tanh, (FIVE,)),
    Case("cross-entropy of 4 rows of logits", RIGHT, lambda m, x: cross_entropy(m, x, LABELS), (LOGITS,)),
    Case("tanh(x @ w + w0)", RIGHT, lambda m, x, w, w0: m.tanh(x @ w + w0), (X, W, W0)),
    Case("batch normalisation of 6 rows", RIGHT, batch_norm, (X,)),
    Case("loss of an MLP 64-128-10 by its 9,610 parameters", RIGHT, network, PARAMETERS),
    Case("sin(a) + 0 b: the second input does nothing", RIGHT, lambda m, a, b: m.sin(a) + 0 * b, (0.7, 0.4)),
    Case("x |x| at 0, where it is smooth enough", RIGHT, lambda m, x: x * m.abs(x), (0.0,)),
    # Scale.
    Case("log(x) at 1e-8", RIGHT, lambda m, x: m.log(x), (1e-8,)),
    Case("sqrt(x) at 1e-8", RIGHT, lambda m, x: m.sqrt(x), (1e-8,)),
    Case("1 / x at 1e-6", RIGHT, lambda m, x: 1 / x, (1e-6,)),
    Case("x² at 1e8", RIGHT, square, (1e8,)),
    Case("x² at 1e12", RIGHT, square, (1e12,)),
    Case("sin(1e8 x) at 3e-9", RIGHT, lambda m, x: m.sin(1e8 * x), (3e-9,)),
    Case("exp(1e8 x) at 0", RIGHT, lambda m, x: m.exp(1e8 * x), (0.0,)),
    Case("1e10 + sin(x) at 0.5", RIGHT, lambda m, x: 1e10 + m.sin(x), (0.5,)),
    Case("(x + 1e8) - 1e8 at 0.5", RIGHT, lambda m, x: (x + 1e8) - 1e8, (0.5,)),
    Case("1e8 tanh(x) at 0.5", RIGHT, lambda m, x: 1e8 * m.tanh(x), (0.5,)),
    Case("1e-8 tanh(x) at 0.5", RIGHT, lambda m, x: 1e-8 * m.tanh(x), (0.5,)),
    Case("tanh(20 x) at 1, flat but for 1e-16", RIGHT, lambda m, x: m.tanh(20 * x), (1.0,)),
    # Near-singular functions.
    Case(
        "1 / (a d - b c), with the determinant 1e-6",
        RIGHT,
        lambda m, x: 1 / (x[0] * x[3] - x[1] * x[2]),
        (np.array([1.0, 1.0, 1.0, 1.0 + 2.0**-20]),),
    ),
    Case("sqrt(x² + 1e-14) at 1e-7, a smooth |x|", RIGHT, lambda m, x: m.sqrt(x * x + 1e-14), (1e-7,)),
    Case("tanh(1e7 (x - 1)) at 1 + 1e-7, a steep step", RIGHT, lambda m, x: m.tanh(1e7 * (x - 1)), (1 + 2.0**-23,)),
    Case("relu at ±1e-7, near its kink", RIGHT, lambda m, x: m.relu(x), (np.array([1e-7, -1e-7]),)),
    Case("1000 + relu(x) at 1e-9, near its kink", RIGHT, lambda m, x: 1000 + m.relu(x), (1e-9,)),
    Case("x² sin(1 / x) at 1e-5, a chirp", RIGHT, lambda m, x: x * x * m.sin(1 / x), (1e-5,)),
    Case(
        "variance as mean of x² less square of mean, x near 1e6",
        RIGHT,
        lambda m, x: m.sum(x * x) / 3 - (m.sum(x) / 3) ** 2,
        (np.array([1e6 + 1, 1e6 + 2, 1e6 + 4]),),
    ),
    # float32.
    Case("float32: tanh of 5 numbers", RIGHT, tanh, (FIVE.astype("f"),)),
    Case("float32: x² at 300", RIGHT, square, (np.array([300.0], "f"),)),
    Case("float32: sum of 1,000 squares", RIGHT, lambda m, x: m.sum(x * x), (MANY[:1000].astype("f"),)),
    Case("float64, but tanh in float32", RIGHT, lambda m, x: m.tanh(m.float32(x)), (FIVE,)),
    # Kinks and jumps.
    Case("relu at 0", KINK, lambda m, x: m.relu(x), (0.0,)),
    Case("|x| at 0", KINK, lambda m, x: m.abs(x), (0.0,)),
    Case("maximum(a, b) at a = b", KINK, lambda m, a, b: m.maximum(a, b), (1.5, 1.5)),
    Case("max of a vector with a tie", KINK, lambda m, x: m.max(x), (np.array([0.5, 2.0, 2.0]),)),
    Case("exp(-3000 |x|) at 0, a narrow peak", KINK, lambda m, x: m.exp(-3000 * m.abs(x)), (0.0,)),
    Case("|x - 1e6| at 1e6", KINK, lambda m, x: m.abs(x - 1e6), (1e6,)),
    Case("sum of relu(x @ w) at w = 0", KINK, lambda m, w: m.sum(m.relu(m.array(X) @ w)), (0 * W,)),
    Case("floor at 2", JUMP, lambda m, x: m.floor(x), (2.0,)),
    Case("floor at 1e6", JUMP, lambda m, x: m.floor(x), (1e6,)),
    Case("where(x > 0, x + 1, x) at 0, a jump", JUMP, lambda m, x: m.where(x > 0, x + 1, x), (0.0,)),
    Case("sqrt(x) at 0", JUMP, lambda m, x: m.sqrt(x), (0.0,)),
    Case("length of a vector at 0", JUMP, lambda m, x: m.sqrt(m.sum(x * x)), (np.zeros(3),)),
    # Wrong gradients of the usual size, which everybody should see.
    Case("tanh: wrong sign", WRONG, claims(tanh, minus_tanh_slope), (FIVE,)),
    Case("tanh: 1 % too large", WRONG, claims(tanh, tanh_slope_and_one_percent), (FIVE,)),
    Case("tanh: zero by mistake", WRONG, claims(tanh, zero), (FIVE,)),
    Case("a matrix product, 30 by 30: the factor not transposed", WRONG, not_transposed, (SQUARE.T / 5,)),
    Case("MLP 64-128-10: the gradient of a bias zero by mistake", WRONG, bias_forgotten, PARAMETERS),
    # Wrong gradients that are easily missed.
    Case(
        "(1 - cos x) / x² at 1e-5: rounding destroys the gradient",
        WRONG,
        lambda m, x: (1 - m.cos(x)) / (x * x),
        (1e-5,),
    ),
    Case(
        "float32: mean of 1,000 tanh, wrong sign",
        WRONG,
        lambda m, x: m.sum(m.declare(tanh, minus_tanh_slope)(x)) / 1000,
        (MANY[:1000].astype("f"),),
    ),
    Case("gelu: 0.798 for sqrt(2 / pi) in the rule", WRONG, claims(gelu, gelu_slope_of_three_digits), (FIVE,)),
    Case(
        "1e-8 tanh(x) at 0.5: twice too large",
        WRONG,
        lambda m, x: 1e-8 * m.declare(tanh, twice_tanh_slope)(x),
        (0.5,),
    ),
    Case("exp(-x²) at 4: wrong sign", WRONG, claims(bell, minus_bell_slope), (4.0,)),
    Case(
        "1 + exp(-(1e4 x)²) at 4e-4, a narrow bump: zero by mistake",
        WRONG,
        lambda m, x: 1 + m.declare(bell, zero)(1e4 * x),
        (4e-4,),
    ),
    Case("loss + 1e-6 |w|²: the gradient of the penalty zero by mistake", WRONG, penalty_forgotten, (W,)),
    Case(
        "sum of 10,000 squares: 1 % error in one entry",
        WRONG,
        lambda m, x: m.sum(square(m, m.declare(same, one_percent_at_57)(x))),
        (MANY,),
    ),
    Case(
        "mean of 10,000 squares: 1 % error in one entry",
        WRONG,
        lambda m, x: m.sum(square(m, m.declare(same, one_percent_at_57)(x))) / 10_000,
        (MANY,),
    ),
    Case(
        "mean of 10,000 tanh: wrong sign of one entry",
        WRONG,
        lambda m, x: m.sum(m.tanh(m.declare(same, wrong_sign_at_57)(x))) / 10_000,
        (MANY,),
    ),
    Case("MLP 64-128-10: 1 % error in one weight of 8,192", WRONG, weight_off, PARAMETERS),
    Case(
        "sum of c tanh(x), c from 1 to 1e-8: the last two zero by mistake",
        WRONG,
        lambda m, x: m.sum(m.array(POWERS) * m.tanh(m.declare(same, large_powers_alone)(x))),
        (MANY[:9],),
    ),
    Case(
        "1e8 sin(a) + b: the gradient of b zero by mistake",
        WRONG,
        lambda m, a, b: 1e8 * m.sin(a) + m.declare(same, zero)(b),
        (0.7, 0.4),
    ),
    # Functions that cannot be checked.
    Case("dropout without a seed", IMPURE, dropout, (FIVE,)),
    Case("noise of 1e-10", IMPURE, noise, (FIVE,)),
    Case("a temperature that falls from call to call", IMPURE, Annealed(), (FIVE,)),
    Case("the input is centred in place", IMPURE, centred_in_place, (FIVE,), IMMUTABLE),
]
