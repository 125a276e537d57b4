"""The engine of `fit(..., backend="jax")`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from autograd import Value
from nn._training.here import validated_by
from nn._training.streams import Batch
from nn._training.training import Training

from .agreement import Agreement
from .epoch import Epoch
from .evaluation import Evaluation
from .mesh import Mesh, chosen, processes
from .plan import check_tensors
from .programs import Programs
from .state import State


class OnDevices:
    """Computes the steps of a training as programs of JAX, on one or several devices."""

    def __init__(self, devices: Any) -> None:
        import jax

        self._mesh = Mesh(chosen(devices), processes())
        self.leads = jax.process_index() == 0

    @contextmanager
    def running(self, training: Training) -> Iterator[None]:
        """Be ready for the epochs inside the block; raise TypeError for a network of Values."""
        check_tensors(any(isinstance(node, Value) for node in training.optimizer.parameters))
        self._state = State(training, self._mesh)
        self._programs = Programs(training, self._mesh, self._state)
        self._evaluation = Evaluation(training.model, training.objective, self._mesh)
        self._agreement = Agreement(self._mesh.processes)
        with self._agreement.kept():
            yield

    def epoch(self, training: Training, epoch: int, let_through: Callable[[], None]) -> list[float]:
        """Go through all samples once; return the mean loss and the metrics of all outputs."""
        import jax

        with jax.enable_x64(True):
            return Epoch(training, epoch, self._mesh, self._state, self._programs, self._agreement).run(let_through)

    def validated(self, training: Training, epoch: int, held_out: Iterable[Batch]) -> list[float]:
        """Return the mean loss, and the metrics of all outputs, of the batches of validation."""
        import jax

        with jax.enable_x64(True):
            self._evaluation.begin()
            return validated_by(self._evaluation, training, epoch, held_out)
