"""The epochs of a training, one after the other: `fit` watches them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from nn._core.rows import fault, joined
from nn._core.settings import real

from .clipping import clip_grad_norm as clip
from .given import number_of
from .history import History
from .objective import evaluated
from .schedules import Schedule
from .streams import Batch, Source
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
            numbers += _validated(training, epoch, training.held_out(epoch))
        numbers += [] if schedule is None else [lr * _factor(schedule, epoch)]
        for name, number in zip(history, numbers):
            history[name].append(number)
        yield history


def _epoch(training: Training, epoch: int, let_through: Callable[[], None]) -> list[float]:
    """Go through all samples once; return the mean loss and the metrics of all outputs."""
    optimizer, source = training.optimizer, training.source
    lr, total, sizes = optimizer.lr, 0.0, list[int]()
    outputs, targets = [], []
    for k, given in enumerate(source.batches(epoch)):
        if training.schedule is not None:
            passed = 0.0 if source.number is None else min(k / source.number, 1.0)
            optimizer.lr = lr * _factor(training.schedule, epoch + passed)
        J, y_hat = training.step(*given)
        if not math.isfinite(J):
            raise FloatingPointError(_diverged(training, "loss", J, epoch, *_searched(source, given, k)))
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


def _move(training: Training) -> None:
    if training.max_norm is not None:
        clip(training.optimizer.parameters, training.max_norm)
    training.optimizer.step()


def _searched(source: Source, given: Batch, k: int) -> tuple[Sequence[str], Batch]:
    """Return where a number that is not finite is looked for, with names: in all rows, or in a batch of a stream."""
    names = ("X", "y", "weight")
    return (names, source.rows) if source.rows else ([f"{name} of batch {k + 1}" for name in names], given)


def _factor(schedule: Schedule, epochs: float) -> float:
    """Return the factor of the learning rate; raise ValueError if it is negative or no finite number."""
    name = f"schedule({epochs:g})"
    return real(name, schedule(epochs), lambda factor: 0 <= factor < math.inf, "a finite number from 0, a factor of lr")


def _validated(training: Training, epoch: int, held_out: Iterable[Batch]) -> list[float]:
    """Return the mean loss, and the metrics of all outputs, of the batches of validation."""
    losses, sizes, outputs, targets = list[float](), list[int](), [], []
    for given in held_out:
        J, y_hat, turned = evaluated(training.model, training.objective, *given)
        if not math.isfinite(J):
            names = ("X of validation", "y of validation")
            raise FloatingPointError(_diverged(training, "validation loss", J, epoch, names, given))
        losses.append(J)
        sizes.append(len(given[0]))
        if training.metrics:
            outputs.append(y_hat)
            targets.append(turned)
    # Not by the sizes if there is one batch, so that no rounding is added.
    mean = losses[0] if len(losses) == 1 else sum(map(operator.mul, losses, sizes)) / sum(sizes)
    whole = (joined(outputs, sizes), joined(targets, sizes)) if training.metrics else ()
    return [mean, *(number_of(metric, *whole) for metric in training.metrics)]


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
