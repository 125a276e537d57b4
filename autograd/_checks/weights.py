"""Several results as one number: a sum with random weights, and its gradient."""

from __future__ import annotations

import random
from typing import Any

from autograd._core.node import Node
from autograd._grad.transforms import pull
from autograd.files import brief


def weigh(outputs: list[Any], seed: int) -> list[Any]:
    """Return a random weight for each number of the outputs, 1.0 if there is only one."""
    if not outputs:
        raise TypeError("the function returned an empty structure: there is nothing to differentiate")
    for output in outputs:
        if not isinstance(output, Node):
            raise TypeError(
                f"the function returned {brief(output)} of type {type(output).__name__}, which has no gradient: return "
                f"the node itself, not its .data or .item()"
            )
    weights: list[Any] = []
    for k, output in enumerate(outputs):
        if type(output._data) is float:
            rng = random.Random(f"{seed} {k}")
            weights.append(rng.choice((-1, 1)) * rng.uniform(0.5, 1.5) if len(outputs) > 1 else 1.0)
        else:
            import numpy

            generator = numpy.random.default_rng([seed, k])
            way = generator.choice((-1.0, 1.0), output.shape) * generator.uniform(0.5, 1.5, output.shape)
            weights.append(numpy.asarray(way if len(outputs) > 1 or output._data.size > 1 else 1.0 + 0.0 * way))
    return weights


def weighted_gradient(outputs: list[Any], weights: list[Any], targets: list[Any]) -> list[Any]:
    """Return the gradient of the weighted sum of the outputs, nodes or raw.

    The sum itself is not recorded: a check of `sum` and `multiply` must not rest on them.
    """
    total: list[Any] = []
    for output, weight in zip(outputs, weights):
        seed = weight if type(weight) is float else weight.astype(output._data.dtype)
        gradient, _ = pull(output, targets, seed)
        total = [a + b for a, b in zip(total, gradient)] if total else gradient
    return total


def weighted_sum(outputs: list[Any], weights: list[Any]) -> tuple[float, float]:
    """Return the weighted sum of the outputs, and that of their sizes."""
    total, size = 0.0, 0.0
    for output, weight in zip(outputs, weights):
        part = output._data * weight
        total += float(part if type(part) is float else part.sum())
        size += float(abs(part) if type(part) is float else abs(part).sum())
    return total, size
