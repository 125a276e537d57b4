"""Checks of the exercises of notebook 5."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Value, tanh

from . import close, exercise, result


@exercise
def exercise_1(answer: Any) -> str | None:
    """dJ/dw1 of (tanh(w0 + w1 x) - y)^2 at w0 = -1, w1 = 0.5, x = 3, y = 1."""
    x, y, w1 = 3.0, 1.0, 0.5
    y_hat = math.tanh(-1.0 + w1 * x)
    outer, slope = 2 * (y_hat - y), 1 - y_hat**2
    if close(answer, outer * slope * x):
        return None
    return _told(
        answer,
        [
            (-outer * slope * x, "The size is right, the sign is not: is it y_hat - y or y - y_hat?"),
            (outer * slope * x / 2, "A factor 2 is missing: what is the derivative of a square?"),
            (outer * slope, "You have dJ/dz. One factor is left: how does z change with w1?"),
            (outer * x, "The non-linearity has a slope, too: one factor is missing between dJ/dy_hat and dz/dw1."),
            (outer * slope * w1, "The last factor is dz/dw1. In w1 * x, what stands beside w1?"),
            (outer * (1 - y_hat) * x, "Look at the slope of tanh again: 1 - tanh(z) squared."),
            (outer * y_hat * (1 - y_hat) * x, "That is the slope of the sigmoid; this neuron has tanh."),
            (outer * (1 - math.tanh(y_hat) ** 2) * x, "y_hat is tanh(z) already; you have taken tanh of it again."),
            (outer * (1 - (w1 * x - 1) ** 2) * x, "Look at the slope of tanh again: tanh(z) is squared, not z."),
            ((y_hat - y) ** 2, "That is the loss itself; how does it change with w1?"),
        ],
        "Not yet. There are three factors: dJ/dy_hat, dy_hat/dz and dz/dw1. Print each of them.",
    )


@exercise
def exercise_2(answer: Any) -> str | None:
    """dJ/dw of z + w z with z = w x, at w = 2, x = 3."""
    if close(answer, 15.0):
        return None
    return _told(
        answer,
        [
            (3.0, "That is one path: w, z, J. But w acts on J in other ways as well."),
            (6.0, "That is one path of several: w stands in more than one place. Draw the arrows out of w and z."),
            (9.0, "Two paths of three. Two arrows leave w, and two leave z: follow all of them."),
            (12.0, "That is the derivative of w * z alone. J has another term."),
            (18.0, "That is J itself, and a derivative is asked for."),
            (54.0, "Over paths gradients are added, not multiplied."),
            (108.0, "Over paths gradients are added, not multiplied."),
        ],
        "Not yet. List the paths from w to J; multiply along each; add.",
    )


@exercise
def exercise_3(answer: Callable[..., Any]) -> str | None:
    """Gradients of the hidden weights of a network with one hidden layer of tanh and a linear output."""
    rng = np.random.default_rng(5)
    x, w1, w2, y = rng.normal(size=3), rng.normal(size=(3, 4)), rng.normal(size=4), 0.5
    h = np.tanh(x @ w1)
    y_hat = float(h @ w2)
    right = _hidden_gradients(x, w1, w2, y)
    given = np.asarray(result(answer, x.copy(), h.copy(), w2.copy(), y_hat, y), dtype=float)
    if given.shape == (4, 3) and np.allclose(given.T, right):
        return "The numbers are right, in the wrong places: rows are for inputs, columns for neurons."
    if given.shape == (4, 4):
        return (
            "Rows are for the inputs x, columns for the neurons; yours has a row for each neuron. Where does x come in?"
        )
    if given.shape != right.shape:
        return (
            f"The shape should be {right.shape}, for {right.shape[0]} inputs and {right.shape[1]} neurons; "
            f"yours is {given.shape}. Try np.outer."
        )
    if np.allclose(given, right):
        return None
    outer, slope = 2 * (y_hat - y), 1 - h**2
    for wrong, hint in (
        (-right, "All signs are wrong: is it y_hat - y or y - y_hat?"),
        (right / 2, "All are half of what they should be: what is the derivative of a square?"),
        (np.outer(x, slope * w2), "The gradient of the loss by y_hat is missing: where does delta start?"),
        (np.outer(x, w2 * outer), "The hidden neurons have a slope, too: g'(z_i) is missing."),
        (np.outer(x, slope * outer), "What comes back to a hidden neuron comes through its weight to the output."),
        (np.outer(x, (1 - h) * w2 * outer), "Look at the slope of tanh again: 1 - tanh(z) squared."),
        (np.outer(x, h * (1 - h) * w2 * outer), "That is the slope of the sigmoid; these neurons have tanh."),
        (np.outer(x, (1 - np.tanh(h) ** 2) * w2 * outer), "h is tanh(z) already; you have taken tanh of it again."),
    ):
        if np.allclose(given, wrong):
            return hint
    return "Not yet. First delta at the output, then delta_i at each hidden neuron i, then x_j times delta_i."


@exercise
def exercise_4(answer: Callable[..., Any]) -> str | None:
    """The central difference quotient."""

    def J(w: float) -> float:
        return w**3

    w, eps = 2.0, 0.1
    given = result(answer, J, w, eps)
    if close(given, 12.01, 9):
        return None if close(result(answer, math.sin, 1.0, 0.1), 0.5394022522, 9) else "Use the J that is given."
    return _told(
        given,
        [
            (-12.01, "The sign is wrong: the value further right comes first."),
            (12.61, "That looks to the right only: take J(w - eps), too."),
            (11.41, "That looks to the left only: take J(w + eps), too."),
            (24.02, "From w - eps to w + eps it is further than eps."),
            (0.1201, "Python divides from left to right: a / 2 * eps is (a / 2) * eps. Use parentheses."),
            (2.402, "That is the change of J; divide it by the change of w."),
            (1.0, "eps belongs to the weight: J(w + eps), not J(w) + eps."),
            (
                12.0,
                "That is the exact derivative, or a smaller eps than the one given: use w + eps and w - eps.",
            ),
            (9.261 - 6.859 / 0.2, "Division comes before subtraction: put parentheses around the difference."),
            (9.261 - 6.859 / 2 * 0.1, "Division comes before subtraction: put parentheses around the difference."),
        ],
        "Not yet. For J(w) = w ** 2, w = 3, eps = 1 print J(w + eps) and J(w - eps): 16 and 4; the derivative is 6.",
    )


def _told(answer: Any, mistakes: list[tuple[float, str]], otherwise: str) -> str:
    return next((hint for wrong, hint in mistakes if close(answer, wrong)), otherwise)


def _hidden_gradients(x: Any, w1: Any, w2: Any, y: float) -> Any:
    """By the engine, number by number."""
    weights = [[Value(float(w)) for w in row] for row in w1]
    y_hat: Any = 0.0
    for j, out in enumerate(w2):
        z: Any = 0.0
        for i, value in enumerate(x):
            z = z + weights[i][j] * float(value)
        y_hat = y_hat + tanh(z) * float(out)
    ((y_hat - y) ** 2).backward()
    return np.array([[w.grad for w in row] for row in weights])
