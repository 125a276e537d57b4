"""Checks of notebook 2."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from . import close, exercise, number, result


@exercise
def exercise_1(count: Any) -> str | None:
    """The number of parameters of MLP(3, [5, 2])."""
    if close(count, 25):
        return "Those are the weights, the lines. Each perceptron has one number more, which has no line."
    if close(count, 7):
        return "Those are the biases, one a perceptron. Add a weight for each line."
    if close(count, 20):
        return "That is the first layer. There is a second."
    if close(count, 12):
        return "That is the second layer. There is a first."
    if close(count, 35):
        return "Inputs compute nothing, and so have no bias."
    if not close(count, 32):
        return "Go layer by layer: (numbers coming in + 1 for the bias) times (perceptrons)."
    return None


@exercise
def exercise_2(shape: Any) -> str | None:
    """The shape of the second matrix of MLP(4, [8, 3])."""
    if not hasattr(shape, "__len__") or len(shape) != 2:
        return "A matrix has two sizes: (rows, columns)."
    rows, columns = map(number, shape)
    if (rows, columns) == (3, 8):
        return "The right sizes in the other order: x is a row, and stands left of w; so w has a row for each x_j."
    if (rows, columns) == (9, 3):
        return "The biases are not in the matrix; they have a vector of their own, w0."
    if (rows, columns) in ((4, 8), (8, 4)):
        return "That would be the first layer. What goes into the second?"
    if (rows, columns) == (4, 3):
        return "The second layer does not see the inputs of the network, but the outputs of the first layer."
    if (rows, columns) != (8, 3):
        return "A row for each number that comes into the layer, a column for each perceptron in it."
    return None


@exercise
def exercise_3(softmax: Callable[..., Any]) -> str | None:
    """Softmax of a list."""
    z = [0.5, -1.0, 2.0, 0.0]
    answer = result(softmax, z)
    if not hasattr(answer, "__len__") or len(answer) != len(z):
        return f"It should return a list with one probability for each z_j, however many; it returned {answer!r:.60}"
    powers = [math.exp(z_j) for z_j in z]

    def are(right: list[float]) -> bool:
        return all(close(a, b) for a, b in zip(answer, right))

    if are(powers):
        return "These are the powers of e. They still have to be divided by their sum."
    if are([z_j / sum(z) for z_j in z]):
        return "Divided by the sum, but some are negative: take e to the power of each first."
    if are([1 / (1 + math.exp(-z_j)) for z_j in z]):
        return "That is sigmoid of each: together they are more than 1. Divide by the sum over all."
    if are([p / max(powers) for p in powers]):
        return "Divided by the largest. Divide by the sum instead, and together they are 1."
    if are([math.log(p / sum(powers)) for p in powers]):
        return "These are the logarithms of the probabilities."
    if are([p / sum(powers) for p in powers]):
        return None
    found = [number(a) for a in answer]
    shown = f"for {z} they are {[round(a, 4) for a in found]}"
    if close(sum(found), 1) and min(found) > 0:
        return f"Each is positive, and together they are 1, but they are not powers of e over their sum: {shown}."
    return f"Together they should be 1, and each positive; {shown}."
