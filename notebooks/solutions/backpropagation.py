"""Solutions of the exercises of notebook 5."""

import math

import numpy as np

w0, w1, x, y = -1.0, 0.5, 3.0, 1.0
y_hat = math.tanh(w0 + w1 * x)
exercise_1 = 2 * (y_hat - y) * (1 - y_hat**2) * x

# Three paths: w -> z -> J, w -> w * z -> J, and w -> z -> w * z -> J.
exercise_2 = 3 + 2 * 3 + 3 * 2


def exercise_3(x, h, w, y_hat, y):
    delta = 2 * (y_hat - y)
    deltas = (1 - h**2) * w * delta
    return np.outer(x, deltas)


def exercise_4(J, w, eps):
    return (J(w + eps) - J(w - eps)) / (2 * eps)
