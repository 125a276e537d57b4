"""Checks of notebook 1."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from . import close, exercise, number, result


@exercise
def exercise_1(z: Any) -> str | None:
    """The sum z of g(1 + 3 x1 - 2 x2) at (2, 1)."""
    if close(z, 4.0):
        return "Almost: is there a number in the formula that no input is multiplied with?"
    if close(z, 9.0):
        return "Mind the sign of w2: it is -2."
    if close(z, 1 / (1 + math.exp(-5))):
        return "That is y_hat = g(z). The question is about z, before the sigmoid."
    if close(z, 0.0):
        return "Mind the order: the first weight belongs to the first input."
    if not close(z, 5.0):
        return "z is the bias, plus each weight times its input. Write the three terms down one by one."
    return None


@exercise
def exercise_2(weights: Sequence[Any]) -> str | None:
    """A bias and two weights that compute `and`."""
    if not hasattr(weights, "__len__") or len(weights) != 3:
        return "Three numbers are needed, in a list: [w0, w1, w2]."
    w0, w1, w2 = map(number, weights)
    if not all(map(math.isfinite, (w0, w1, w2))):
        return "Three finite numbers are needed."
    if w0 >= 0:
        return "At (0, 0) the weights count for nothing, so z is the bias. It must be negative there."
    for x1, x2 in ((0, 1), (1, 0)):
        if w0 + w1 * x1 + w2 * x2 >= 0:
            return f"At ({x1}, {x2}) z is not negative: one input alone must not be enough to make up for the bias."
    if w0 + w1 + w2 <= 0:
        return "At (1, 1) z is not positive: both weights together must make up for the bias."
    return None


@exercise
def exercise_3(slope: Any) -> str | None:
    """The largest derivative of sigmoid."""
    if close(slope, 0.0):
        return "That is where the derivative is largest, z. How large is it there?"
    if close(slope, 0.5):
        return "That is g(0), the height of the curve. The derivative there is g(0) times something."
    if close(slope, 1.0):
        return "That is tanh's. Sigmoid climbs from 0 to 1 only, and more slowly: look at its dashed curve."
    if not close(slope, 0.25):
        return "Look where sigmoid is steepest, and put the height of the curve there into g (1 - g)."
    return None


@exercise
def exercise_4(perceptron: Callable[..., Any]) -> str | None:
    """A perceptron with tanh."""
    x, w0, w = [-1.0, 2.0, 0.5], 0.3, [0.4, 0.1, -0.6]
    z = w0 + sum(a * b for a, b in zip(x, w))
    answer = result(perceptron, x, w0, w)
    if close(answer, z):
        return "That is the sum z. It still has to go through tanh."
    if close(answer, 1 / (1 + math.exp(-z))):
        return "That is a perceptron with sigmoid; this one has tanh."
    if close(answer, math.tanh(z - w0)):
        return "The bias w0 is missing."
    if close(answer, math.tanh(w0 + x[0] * w[0] + x[1] * w[1])):
        return "It works for two inputs; there may be more. Go through all pairs of x and w."
    if close(answer, w0 + math.tanh(z - w0)):
        return "The bias belongs inside: it is added before tanh, not after."
    if not close(answer, math.tanh(z)):
        return f"For x = {x}, w0 = {w0}, w = {w} it returns {number(answer):.4f}. First make the sum z, then tanh(z)."
    return None
