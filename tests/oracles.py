"""Independent oracles: numerical derivatives that know nothing of the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def numerical_gradient(f: Callable[[np.ndarray], float], x: Any, h: float = 1e-3) -> np.ndarray:
    """Return the gradient of f at x by central differences of fourth order, entry by entry."""
    x = np.array(x, float)
    out = np.zeros_like(x)
    for k in np.ndindex(x.shape):

        def at(shift: float, k: tuple[int, ...] = k) -> float:
            moved = x.copy()
            moved[k] += shift
            return float(f(moved))

        out[k] = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
    return out


def assert_close(actual: Any, expected: Any, tolerance: float = 1e-7) -> None:
    """Compare to `tolerance`, relative to the largest entry or 1."""
    actual, expected = np.asarray(actual, float), np.asarray(expected, float)
    assert actual.shape == expected.shape, (actual.shape, expected.shape)
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * scale)
