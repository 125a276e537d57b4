"""Why a loss is no longer a finite number, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nn._core.rows import fault

from .streams import Batch, Source
from .training import Training


def searched(source: Source, given: Batch, k: int) -> tuple[Sequence[str], Batch]:
    """Return where a number that is not finite is looked for, with names: in all rows, or in a batch of a stream."""
    names = ("X", "y", "weight")
    return (names, source.rows) if source.rows else ([f"{name} of batch {k + 1}" for name in names], given)


def diverged(training: Training, what: str, J: float, epoch: int, names: Sequence[str], data: tuple[Any, ...]) -> str:
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
