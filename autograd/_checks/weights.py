"""Several results as one number: a sum with random weights, and its gradient."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from autograd._core.node import Node
from autograd._core.types import Shape
from autograd._grad.transforms import pull
from autograd.files import brief


def weigher(seed: int) -> Callable[[list[Any]], list[Any]]:
    """Return a function of the outputs that returns a random weight for each number, 1.0 if there is only one.

    A check asks for the same weights thousands of times: they are made once for each form of the outputs.
    """
    known: dict[tuple[Shape | None, ...], list[Any]] = {}

    def weigh(outputs: list[Any]) -> list[Any]:
        if not outputs:
            raise TypeError("the function returned an empty structure: there is nothing to differentiate")
        for output in outputs:
            if not isinstance(output, Node):
                raise TypeError(
                    f"the function returned {brief(output)} of type {type(output).__name__}, which has no gradient: "
                    f"return the node itself, not its .data or .item()"
                )
        forms = tuple(None if type(output._data) is float else output._data.shape for output in outputs)
        if forms not in known:
            known.clear()
            known[forms] = [_weight(form, len(forms) > 1, seed, k) for k, form in enumerate(forms)]
        return known[forms]

    return weigh


def _weight(form: Shape | None, several: bool, seed: int, k: int) -> Any:
    if form is None:
        rng = random.Random(f"{seed} {k}")
        return rng.choice((-1, 1)) * rng.uniform(0.5, 1.5) if several else 1.0
    import numpy

    generator = numpy.random.default_rng([seed, k])
    way = generator.choice((-1.0, 1.0), form) * generator.uniform(0.5, 1.5, form)
    return numpy.asarray(way if several or way.size > 1 else 1.0 + 0.0 * way)


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
