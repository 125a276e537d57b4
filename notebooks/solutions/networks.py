"""Solutions of notebook 2."""

from __future__ import annotations

from math import exp

exercise_1 = 32  # (3 + 1) * 5 + (5 + 1) * 2

exercise_2 = (8, 3)  # 8 numbers come in, from layer 1, to each of 3 perceptrons


def exercise_3(z):
    """Return e^z_j / sum over k of e^z_k for each j."""
    powers = [exp(z_j) for z_j in z]
    return [power / sum(powers) for power in powers]
