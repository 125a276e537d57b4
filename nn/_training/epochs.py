"""The epochs of a training, one after the other: `fit` watches them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from nn._core.rows import fault, joined, pick
from nn._core.settings import real
from nn._core.types import Rows, Targets

from .clipping import clip_grad_norm as clip
from .given import number_of
from .history import History
from .objective import evaluated
from .schedules import Schedule
from .training import Training


def epochs_of(training: Training, let_through: Callable[[], None]) -> Iterator[History]:
    """Train for each epoch that is left, and yield the history after it.

    It calls `let_through` where a training may be interrupted: after whole steps.
    """
    history, optimizer, schedule = training.history, training.optimizer, training.schedule
    for epoch in range(history.epochs, training.epochs):
        optimizer.check()
        lr = optimizer.lr
        try:
            numbers = _epoch(training, epoch, let_through)
        finally:
            if schedule is not None:
                # A callback sees, and may set, the learning rate that the schedule starts from.
                optimizer.lr = lr
        if training.held_out is not None:
            numbers += _validated(training, epoch, *training.held_out)
        numbers += [] if schedule is None else [lr * _factor(schedule, epoch)]
        for name, number in zip(history, numbers):
            history[name].append(number)
        yield history


def _epoch(training: Training, epoch: int, let_through: Callable[[], None]) -> list[float]:
    """Go through all samples once; return the mean loss and the metrics of all outputs."""
    optimizer, data, accumulate = training.optimizer, training.data, training.accumulate
    n, lr = len(data[0]), optimizer.lr
    total = 0.0
    outputs, targets = [], []
    batches = _batches(n, training.batch_size, training.history.seed, epoch)
    for k, batch in enumerate(batches):
        given = data if training.batch_size is None else tuple(pick(part, batch) for part in data)
        if training.schedule is not None:
            optimizer.lr = lr * _factor(training.schedule, epoch + k / len(batches))
        J, y_hat = training.step(*given)
        if not math.isfinite(J):
            raise FloatingPointError(_diverged(training, "loss", J, epoch, ("X", "y", "weight"), data))
        if (k + 1) % accumulate == 0 or k + 1 == len(batches):
            if training.max_norm is not None:
                clip(optimizer.parameters, training.max_norm)
            optimizer.step()
        let_through()
        total += J * len(batch)
        if training.metrics:
            outputs.append(y_hat)
            targets.append(training.objective.targets(y_hat, *given[1:]))
    sizes = [len(batch) for batch in batches]
    whole_epoch = (joined(outputs, sizes), joined(targets, sizes)) if training.metrics else ()
    return [float(total / n), *(number_of(metric, *whole_epoch) for metric in training.metrics)]


def _factor(schedule: Schedule, epochs: float) -> float:
    """Return the factor of the learning rate; raise ValueError if it is negative or no finite number."""
    name = f"schedule({epochs:g})"
    return real(name, schedule(epochs), lambda factor: 0 <= factor < math.inf, "a finite number from 0, a factor of lr")


def _validated(training: Training, epoch: int, X: Rows, y: Targets) -> list[float]:
    J, y_hat, targets = evaluated(training.model, training.objective, X, y)
    if not math.isfinite(J):
        names = ("X of validation", "y of validation")
        raise FloatingPointError(_diverged(training, "validation loss", J, epoch, names, (X, y)))
    return [J, *(number_of(metric, y_hat, targets) for metric in training.metrics)]


def _diverged(training: Training, what: str, J: float, epoch: int, names: Sequence[str], data: tuple[Any, ...]) -> str:
    """Return the probable cause of a loss that is not finite: the data, the network, or the steps."""
    told = f"the {what} is {J} in epoch {epoch + 1}"
    for name, part in zip(names, data):
        if where := fault(part, name):
            return f"{told}, as {where}: leave such rows out, or put a number there"
    optimizer = training.optimizer
    if optimizer.steps > training.steps:
        return (
            f"{told}: the steps are probably too large. Try a smaller learning rate (lr={optimizer.lr / 10:g} in place "
            f"of {optimizer.lr:g}), or find the first bad number with detect_anomaly()"
        )
    for name, node in training.model.named_parameters():
        if where := fault([node.data], f"the parameter {name}"):
            return f"{told}, as {where.partition(' in row')[0]} before the first step: make the network anew"
    return (
        f"{told}, before the first step: numbers in the data are too large (see nn.data.standardise), or the loss is "
        f"not defined for them; detect_anomaly() finds the first bad number"
    )


def _batches(n: int, size: int | None, seed: int | None, epoch: int) -> list[list[int]]:
    """Return the samples of each batch of an epoch, by their numbers."""
    order = list(range(n))
    if size is None:
        return [order]
    # By the epoch, so that a training that is carried on goes the same way.
    Random(f"{seed} {epoch}").shuffle(order)
    return [order[start : start + size] for start in range(0, n, size)]
