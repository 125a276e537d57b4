"""The steps of an epoch, in groups that are sent to the devices together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from nn._training.schedules import factor_within
from nn._training.streams import Batch
from nn._training.training import Training

MOST = 100
"""The steps of a small network that run in one loop on the devices, between which nothing is read."""

SMALL = 2**22
"""A network is small if its parameters, times the rows of a batch, are at most so many."""

STACKED = 2**26
"""The most bytes of batches that are sent together."""


class Planned(NamedTuple):
    """A step to do: its number in the epoch, its batch, the learning rate, and whether the parameters move then."""

    k: int
    given: Batch
    lr: float
    moves: bool


class Group(NamedTuple):
    """Steps with equal batches, and how many of these a program takes: one, or the most of a loop."""

    steps: list[Planned]
    many: int


def groups_of(training: Training, epoch: int) -> Iterator[Group]:
    """Yield the steps of an epoch: one by one of a large network, many of a small one together."""
    found: list[Planned] = []
    shapes: Any = None
    most = 1
    for step in _planned(training, epoch):
        own = signature(step.given)
        if found and (own != shapes or len(found) == most):
            yield Group(found, most if len(found) > 1 else 1)
            found = []
        if not found:
            shapes, most = own, _most(training, step.given)
        found.append(step)
    # An epoch has a batch at least.
    yield Group(found, most if len(found) > 1 else 1)


def _planned(training: Training, epoch: int) -> Iterator[Planned]:
    source, schedule, lr = training.source, training.schedule, training.optimizer.lr
    for k, (given, last) in enumerate(_with_last(source.batches(epoch))):
        factor = 1.0 if schedule is None else factor_within(schedule, epoch, k, source.number)
        yield Planned(k, given, lr * factor, last or (k + 1) % training.accumulate == 0)


def _with_last(batches: Iterable[Batch]) -> Iterator[tuple[Batch, bool]]:
    """Yield each batch, and whether it is the last one."""
    before: list[Batch] = []
    for batch in batches:
        yield from ((one, False) for one in before)
        before = [batch]
    yield from ((one, True) for one in before)


def _most(training: Training, given: Batch) -> int:
    """Return how many steps with batches like one are sent together."""
    size: int = sum(parameter.size for parameter in training.optimizer.parameters)
    if size * len(given[0]) > SMALL:
        return 1
    number = training.source.number or MOST
    most: int = max(1, min(MOST, STACKED // max(1, sum(part.nbytes for part in given))))
    # Equally many each time, so that one program serves.
    return math.ceil(number / math.ceil(number / most))


def check_tensors(of_values: bool) -> None:
    """Raise TypeError for a network of Values."""
    if of_values:
        raise TypeError("backend='jax' computes with arrays, and this network has Values: give model.to(Tensor)")


def signature(given: Sequence[Any]) -> tuple[Any, ...]:
    """Return the shapes and the types of the parts of a batch; raise TypeError for what is no array."""
    for part in given:
        if not hasattr(part, "dtype"):
            raise TypeError("backend='jax' needs arrays, and samples here are lists of different lengths")
    return tuple([(part.shape, part.dtype.str) for part in given])
