"""Solutions of notebook 1."""

from __future__ import annotations

from autograd import tanh

exercise_1 = 5.0  # 1 + 3 * 2 - 2 * 1

exercise_2 = [-1.5, 1.0, 1.0]  # the line x1 + x2 = 1.5 passes between (1, 1) and the other three

exercise_3 = 0.25  # at z = 0, where g = 0.5, it is g (1 - g) = 0.5 * 0.5


def exercise_4(x, w0, w):
    """Return tanh(w0 + x . w)."""
    z = w0
    for x_i, w_i in zip(x, w):
        z = z + w_i * x_i
    return tanh(z)
