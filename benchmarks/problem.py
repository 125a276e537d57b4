"""What a contender hands over for one workload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def batches(data: dict[str, Any], convert: Callable[[Any], Any]) -> list[tuple[Any, Any]]:
    """Return the samples and labels of `data`, converted whole and cut into batches."""
    x, y, size = convert(data["x"]), convert(data["y"]), data["batch"]
    return [(x[k : k + size], y[k : k + size]) for k in range(0, len(data["x"]), size)]


def random_images(data: dict[str, Any]) -> tuple[Any, Any]:
    """Return random images of MNIST's size in single precision, and their labels."""
    import numpy

    rng = numpy.random.default_rng(data["seed"])
    return rng.random((data["samples"], 784), numpy.float32), rng.integers(0, 10, data["samples"])


@dataclass(frozen=True)
class Problem:
    """A training step, an epoch, or one pass over the chain, ready to be run again and again.

    `step` runs forward, backward and (if the workload has one) the update, and returns the loss as
    it was before the update. `gradients` returns the gradients of the last step in the data's order
    (for each layer `w0`, then `w`), as numbers, lists or arrays. `clock` takes a number of steps in another process
    and returns the seconds of CPU that they took there.
    """

    step: Callable[[], float]
    gradients: Callable[[], list[Any]]
    clock: Callable[[int], float] | None = None
