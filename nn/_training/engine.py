"""What goes through the batches of an epoch: NumPy here, or JAX on many devices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .streams import Batch
    from .training import Training


class Engine(Protocol):
    """Computes the steps of a training, and the numbers of validation."""

    leads: bool
    """Whether this process writes the files and shows the bar: all others do the same training beside it."""

    def running(self, training: Training) -> AbstractContextManager[None]:
        """Be ready for the epochs inside the block."""

    def epoch(self, training: Training, epoch: int, let_through: Callable[..., None]) -> list[float]:
        """Go through all samples once; return the mean loss and the metrics of all outputs.

        `let_through` is called between steps, with how many there were since, or without a number for one.
        """

    def validated(self, training: Training, epoch: int, held_out: Iterable[Batch]) -> list[float]:
        """Return the mean loss, and the metrics of all outputs, of the batches of validation."""
