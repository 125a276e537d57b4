"""Checks of notebook 3."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from . import close, exercise, number, result

LECTURES_AND_HOURS = ((4, 5), (2, 1), (5, 8))
GRADES = (90, 20, 95)


@exercise
def exercise_1(loss: Any) -> str | None:
    """The mean squared error of guessing 50."""
    errors = [50 - grade for grade in GRADES]
    squares = [error**2 for error in errors]
    if close(loss, sum(squares)):
        return "That is the sum of the squares. The mean is wanted."
    if close(loss, math.sqrt(sum(squares) / 3)):
        return "That is the root of it. Leave the mean of the squares as it is."
    if close(loss, sum(map(abs, errors)) / 3):
        return "That is the mean of the distances. Square each first."
    if close(loss, (sum(errors) / 3) ** 2):
        return "That is the square of the mean. Square first, then take the mean: else mistakes cancel."
    if close(loss, sum(squares) / 2):
        return "Divide by the number of samples. How many are there?"
    if not close(loss, sum(squares) / 3, digits=4):
        return "Three differences, three squares, their sum, divided by three."
    return None


@exercise
def exercise_2(mse: Callable[..., Any]) -> str | None:
    """The mean squared error of two lists."""
    y_hat, y = [1.0, 2.5, -3.0, 0.0], [2.0, 0.5, -4.5, 1.0]
    errors = [a - b for a, b in zip(y_hat, y)]
    squares = [error**2 for error in errors]
    loss = result(mse, y_hat, y)
    if hasattr(loss, "__len__"):
        return "One number is wanted, not one for each sample."
    if close(loss, sum(squares) / 3):
        return "It divides by 3. There may be more samples: divide by len(y)."
    if close(loss, sum(squares)):
        return "That is the sum of the squares. The mean is wanted."
    if close(loss, sum(errors) / 4):
        return "The mean of the differences, in which mistakes up and down cancel. Square them."
    if close(loss, sum(map(abs, errors)) / 4):
        return "The mean of the distances. Square them instead."
    if close(loss, math.sqrt(sum(squares) / 4)):
        return "That is the root of it. Leave the mean of the squares as it is."
    if not close(loss, sum(squares) / 4):
        return f"For {y_hat} and {y} it returns {number(loss):.4f}. Square each difference, then take the mean."
    return None


@exercise
def exercise_3(loss: Any) -> str | None:
    """The binary cross-entropy of 0.5."""
    if close(loss, math.log(0.5)):
        return "Mind the minus sign: a loss is not negative."
    if close(loss, -math.log10(0.5)):
        return "That is with the logarithm to base 10. Here `log` is the natural one, as in Python's math.log."
    if close(loss, 1.0):
        return "That is with the logarithm to base 2, in bits. Here `log` is the natural one, as in Python's math.log."
    if close(loss, 0.25):
        return "That is the squared error. Put 0.5 and 1 into the formula with the logarithms."
    if close(loss, -2 * math.log(0.5)):
        return "One of the two terms is zero: which, where y = 1?"
    if not close(loss, -math.log(0.5)):
        return "Where y = 1, only -log(y_hat) is left of the formula."
    return None


@exercise
def exercise_4(weights: Sequence[Any]) -> str | None:
    """Two weights with a loss below 150."""
    if not hasattr(weights, "__len__") or len(weights) != 2:
        return "Two numbers are needed, in a list: [w1, w2]."
    w1, w2 = map(number, weights)
    errors = [w1 * x1 + w2 * x2 - grade for (x1, x2), grade in zip(LECTURES_AND_HOURS, GRADES)]
    loss = sum(error**2 for error in errors) / 3
    if loss < 150:
        return None
    if not math.isfinite(loss):
        return f"The loss is {loss}. Two ordinary numbers are needed; the map shows where to look."
    if w1 < 0 or w2 < 0:
        return f"The loss is {loss:.0f}. A weight below 0 would mean that more work makes the grade worse."
    if all(error < 0 for error in errors):
        return f"The loss is {loss:.0f}. All three guesses are too low: make the weights larger."
    if all(error > 0 for error in errors):
        return f"The loss is {loss:.0f}. All three guesses are too high: make the weights smaller."
    if loss > 200:
        return f"The loss is {loss:.0f}. You are near the valley: change one weight at a time, and keep what helps."
    return f"The loss is {loss:.0f}, on the floor of the valley. Follow it: one weight up, the other a little down."
