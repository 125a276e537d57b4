"""The epochs of a training, one after the other: `fit` watches them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .history import History
from .schedules import factor_of
from .training import Training


def epochs_of(training: Training, let_through: Callable[..., None]) -> Iterator[History]:
    """Train for each epoch that is left, and yield the history after it.

    It calls `let_through` where a training may be interrupted: after whole steps.
    """
    history, optimizer, schedule = training.history, training.optimizer, training.schedule
    with training.engine.running(training):
        first = history.epochs
        for epoch in range(first, training.epochs):
            if epoch == first or not training.alone:
                optimizer.check()
            lr = optimizer.lr
            try:
                numbers = training.engine.epoch(training, epoch, let_through)
            finally:
                if schedule is not None:
                    # A callback sees, and may set, the learning rate that the schedule starts from.
                    optimizer.lr = lr
            if training.held_out is not None:
                numbers += training.engine.validated(training, epoch, training.held_out(epoch))
            numbers += [] if schedule is None else [lr * factor_of(schedule, epoch)]
            for name, number in zip(history, numbers):
                history[name].append(number)
            yield history
