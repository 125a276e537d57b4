"""Points in the plane, made from a seed with the standard library alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from nn._core.settings import real, whole

Points = tuple[list[list[float]], list[int]]


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> Points:
    """Return n points on two interleaving half circles, X (n, 2) and classes y (n,) of 0 and 1.

    `noise` is the standard deviation that is added to each coordinate. Raises ValueError for n < 2 and for
    a noise that is negative or not finite.

    >>> from nn.data import moons
    >>> X, y = moons(100)
    >>> len(X), sum(y)
    (100, 50)
    """

    def point(label: int, t: float) -> tuple[float, float]:
        angle = math.pi * t
        return (1 - math.cos(angle), 0.5 - math.sin(angle)) if label else (math.cos(angle), math.sin(angle))

    return _two_curves(point, n, noise, seed)


def circles(n: int = 100, noise: float = 0.05, seed: int = 0) -> Points:
    """Return n points on two circles, of radius 1 (class 0) and 0.5 (class 1); otherwise as `moons`.

    >>> from nn.data import circles
    >>> X, y = circles(10, noise=0.0)
    >>> round(X[0][0] ** 2 + X[0][1] ** 2, 6) in (0.25, 1.0)
    True
    """

    def point(label: int, t: float) -> tuple[float, float]:
        radius, angle = (0.5 if label else 1.0), 2 * math.pi * t
        return radius * math.cos(angle), radius * math.sin(angle)

    return _two_curves(point, n, noise, seed)


def spirals(n: int = 200, noise: float = 0.05, seed: int = 0) -> Points:
    """Return n points on two spirals wound into each other; otherwise as `moons`.

    >>> from nn.data import spirals
    >>> sorted(set(spirals(20)[1]))
    [0, 1]
    """

    def point(label: int, t: float) -> tuple[float, float]:
        radius, angle = 0.1 + t, 3 * math.pi * t + math.pi * label
        return radius * math.cos(angle), radius * math.sin(angle)

    return _two_curves(point, n, noise, seed)


def _two_curves(point: Callable[[int, float], tuple[float, float]], n: int, noise: float, seed: int) -> Points:
    """Return n points spread over two curves, `point(class, t)` for t from 0 to 1, in random order."""
    n, noise, rng = _settings(n, noise, seed, 2)
    samples = []
    for label in (0, 1):
        count = (n + 1 - label) // 2
        for k in range(count):
            x1, x2 = point(label, k / max(1, count - 1))
            samples.append(([x1 + rng.gauss(0, noise), x2 + rng.gauss(0, noise)], label))
    rng.shuffle(samples)
    return [x for x, _ in samples], [label for _, label in samples]


def blobs(n: int = 100, classes: int = 3, noise: float = 0.3, seed: int = 0) -> Points:
    """Return n points X (n, 2) around `classes` centres on the unit circle; y (n,) are the centres.

    `noise` is the standard deviation around the centre. Raises ValueError for fewer points than classes, fewer than two
    classes, and a noise that is negative or not finite.

    >>> from nn.data import blobs
    >>> X, y = blobs(9, noise=0.0)
    >>> sorted(y), [round(x, 3) for x in X[y.index(0)]]
    ([0, 0, 0, 1, 1, 1, 2, 2, 2], [1.0, 0.0])
    """
    classes = whole("classes", classes, 2)
    n, noise, rng = _settings(n, noise, seed, classes)
    angles = [2 * math.pi * (k % classes) / classes for k in range(n)]
    samples = [
        ([math.cos(a) + rng.gauss(0, noise), math.sin(a) + rng.gauss(0, noise)], k % classes)
        for k, a in enumerate(angles)
    ]
    rng.shuffle(samples)
    return [x for x, _ in samples], [label for _, label in samples]


def _settings(n: int, noise: float, seed: int, least: int) -> tuple[int, float, Random]:
    noise = real("noise", noise, lambda noise: 0 <= noise < math.inf, "0 or a positive number")
    return whole("n", n, least), noise, Random(whole("seed", seed))
