"""What a contender hands over for one workload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """A training step, or one pass over the chain, ready to be run again and again.

    `step` runs forward, backward and (if the workload has one) the update, and returns the loss as
    it was before the update. `gradients` returns the gradients of the last step in the data's order
    (for each layer `w0`, then `w`), as numbers, lists or arrays.
    """

    step: Callable[[], float]
    gradients: Callable[[], list[Any]]
