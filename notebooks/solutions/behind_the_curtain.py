"""Solutions of the exercises of notebook 9."""

from autograd import where

# dz/dw0 is 1.
exercise_1 = "dJ_dz"

# w * x, tanh, + 1.0, and the last sum.
exercise_2 = 4


def exercise_3(z):
    return where(z > 0, z, 0.1 * z)
