"""The epochs of a training in NumPy, in this process."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from nn._core.rows import joined
from nn._core.types import Numbers, Targets

from .clipping import clip_grad_norm as clip
from .diverged import diverged, searched
from .given import number_of
from .objective import evaluated
from .schedules import factor_within
from .streams import Batch
from .training import Training


class Here:
    """Does the steps as they are written, or replayed, one by one."""

    leads = True

    @contextmanager
    def running(self, training: Training) -> Iterator[None]:
        """Do nothing."""
        yield

    def epoch(self, training: Training, epoch: int, let_through: Callable[[], None]) -> list[float]:
        """Go through all samples once; return the mean loss and the metrics of all outputs."""
        optimizer, source = training.optimizer, training.source
        lr, total, sizes = optimizer.lr, 0.0, list[int]()
        outputs, targets = [], []
        for k, given in enumerate(source.batches(epoch)):
            if training.schedule is not None:
                optimizer.lr = lr * factor_within(training.schedule, epoch, k, source.number)
            J, y_hat = training.step(*given)
            if not math.isfinite(J):
                raise FloatingPointError(diverged(training, "loss", J, epoch, *searched(source, given, k)))
            sizes.append(len(given[0]))
            if (k + 1) % training.accumulate == 0:
                _move(training)
            let_through()
            total += J * sizes[-1]
            if training.metrics:
                outputs.append(y_hat)
                targets.append(training.objective.targets(y_hat, *given[1:]))
        if len(sizes) % training.accumulate:
            _move(training)
        whole_epoch = (joined(outputs, sizes), joined(targets, sizes)) if training.metrics else ()
        return [float(total / sum(sizes)), *(number_of(metric, *whole_epoch) for metric in training.metrics)]

    def validated(self, training: Training, epoch: int, held_out: Iterable[Batch]) -> list[float]:
        """Return the mean loss, and the metrics of all outputs, of the batches of validation."""
        return validated_by(partial(evaluated, training.model, training.objective), training, epoch, held_out)


def validated_by(
    evaluate: Callable[..., tuple[float, Numbers, Targets]], training: Training, epoch: int, held_out: Iterable[Batch]
) -> list[float]:
    """Return the mean loss, and the metrics of all outputs, of batches that `evaluate` computes one by one."""
    losses, sizes, outputs, targets = list[float](), list[int](), [], []
    for given in held_out:
        J, y_hat, turned = evaluate(*given)
        if not math.isfinite(J):
            names = ("X of validation", "y of validation")
            raise FloatingPointError(diverged(training, "validation loss", J, epoch, names, given))
        losses.append(J)
        sizes.append(len(given[0]))
        if training.metrics:
            outputs.append(y_hat)
            targets.append(turned)
    # Not by the sizes if there is one batch, so that no rounding is added.
    mean = losses[0] if len(losses) == 1 else sum(map(operator.mul, losses, sizes)) / sum(sizes)
    whole = (joined(outputs, sizes), joined(targets, sizes)) if training.metrics else ()
    return [mean, *(number_of(metric, *whole) for metric in training.metrics)]


def _move(training: Training) -> None:
    if training.max_norm is not None:
        clip(training.optimizer.parameters, training.max_norm)
    move = training.move or training.optimizer.step
    move()
