"""Solutions of notebook 4."""

from __future__ import annotations

exercise_1 = 1 - 0.1 * 2 * (1 - 3)  # 1.4

exercise_2 = 1.0  # there 1 - 2 eta = -1: from one slope to the same height on the other, for ever


def exercise_3(w, v, gradient, eta, m):
    """Return the weight and the velocity after a step with momentum."""
    v = m * v + gradient
    return w - eta * v, v


exercise_4 = 7  # six batches of 16, and one of the remaining 4
