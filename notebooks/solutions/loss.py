"""Solutions of notebook 3."""

from __future__ import annotations

from math import log

exercise_1 = (40**2 + 30**2 + 45**2) / 3  # 1508.33


def exercise_2(y_hat, y):
    """Return the mean of (y_hat - y)^2."""
    return sum((a - b) ** 2 for a, b in zip(y_hat, y)) / len(y)


exercise_3 = -log(0.5)  # 0.6931

exercise_4 = [12.0, 5.4]  # guesses 75, 29.4 and 103.2: a loss of 127
