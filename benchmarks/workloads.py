"""The workloads and their data: made once by the driver, sent to every contender as JSON."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

Data = dict[str, Any]


def layers(rng: random.Random, sizes: list[int]) -> list[Data]:
    """Return weights: for each layer biases `w0` (n_out) and a matrix `w` (n_in, n_out)."""
    return [
        {
            "w0": [rng.gauss(0, 0.1) for _ in range(n_out)],
            "w": [[rng.gauss(0, math.sqrt(2 / n_in)) for _ in range(n_out)] for _ in range(n_in)],
        }
        for n_in, n_out in pairwise(sizes)
    ]


def moons(seed: int) -> Data:
    """Return 100 noisy points of two moons, labels -1 and 1, and weights of MLP(2, [16, 16, 1])."""
    rng = random.Random(seed)
    points: list[list[float]] = []
    labels: list[float] = []
    for i in range(100):
        angle = rng.uniform(0, math.pi)
        upper = i % 2 == 0
        x1 = math.cos(angle) if upper else 1 - math.cos(angle)
        x2 = math.sin(angle) if upper else 0.5 - math.sin(angle)
        points.append([x1 + rng.gauss(0, 0.1), x2 + rng.gauss(0, 0.1)])
        labels.append(1.0 if upper else -1.0)
    return {"x": points, "y": labels, "layers": layers(rng, [2, 16, 16, 1]), "l2": 1e-4, "lr": 0.05}


def digits(seed: int, samples: int, batch: int) -> Data:
    """Return random inputs of the digits' shape and range, in batches, and weights of 64-128-64-10."""
    rng = random.Random(seed)
    images = [[rng.randint(0, 16) / 16 for _ in range(64)] for _ in range(samples)]
    labels = [rng.randrange(10) for _ in range(samples)]
    return {"x": images, "y": labels, "batch": batch, "layers": layers(rng, [64, 128, 64, 10]), "lr": 0.05}


def images(seed: int) -> Data:
    """Return 64 random images of 8 x 8, and weights of conv 1-8 3x3, max-pool 2, conv 8-16 3x3 and a layer 256-10."""
    rng = random.Random(seed)

    def filters(n_in: int, n_out: int) -> Data:
        sigma = math.sqrt(2 / (9 * n_in))
        rows = [
            [[[rng.gauss(0, sigma) for _ in range(3)] for _ in range(3)] for _ in range(n_in)] for _ in range(n_out)
        ]
        return {"w0": [rng.gauss(0, 0.1) for _ in range(n_out)], "w": rows}

    return {
        "x": [[[[rng.random() for _ in range(8)] for _ in range(8)]] for _ in range(64)],
        "y": [rng.randrange(10) for _ in range(64)],
        "batch": 64,
        "layers": [filters(1, 8), filters(8, 16), *layers(rng, [256, 10])],
        "lr": 0.05,
    }


def chain(seed: int, operations: int) -> Data:
    """Return x, w and b of the chain y = exp(tanh(y * w + b)), repeated, beginning at x.

    The fixed point lies at z = y * w + b = -0.3, where w makes one round's derivative 0.99: the
    values neither grow nor settle on special numbers, and no long chain's gradient underflows.
    """
    z = -0.3
    t = math.tanh(z)
    y = math.exp(t)
    w = 0.99 / (y * (1 - t * t))
    x = y - random.Random(seed).uniform(0.1, 0.2)
    return {"x": x, "w": w, "b": z - w * y, "operations": operations}


def mnist(seed: int, samples: int) -> Data:
    """Return what makes random images of MNIST's size, too many to be sent, and weights of 784-128-10."""
    weights = layers(random.Random(seed), [784, 128, 10])
    return {"seed": seed, "samples": samples, "batch": 64, "layers": weights, "lr": 0.05}


CASES: dict[str, dict[str, Callable[[int], Data]]] = {
    "moons": {"moons": moons},
    "gradient": {"gradient": lambda seed: moons(seed) | {"lr": 0.0}},
    "chain": {
        "1,000": lambda seed: chain(seed, 1_000),
        "100,000": lambda seed: chain(seed, 100_000),
    },
    "digits": {
        "batch of 64": lambda seed: digits(seed, 64, 64),
        "epoch of 28": lambda seed: digits(seed, 28 * 64, 64),
        "full batch of 1,797": lambda seed: digits(seed, 1_797, 1_797),
    },
    "images": {"batch of 64": images},
    "mnist": {"938 batches of 64": lambda seed: mnist(seed, 938 * 64)},
}
"""The cases of each workload: a name, and what makes the data from a seed."""
