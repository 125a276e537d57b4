"""The epochs of a training in NumPy, in this process."""

from __future__ import annotations

import math
import operator
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from typing import Any

from nn._core.rows import joined
from nn._core.types import Numbers, Targets

from .clipping import clip_grad_norm as clip
from .diverged import diverged, searched
from .given import number_of
from .objective import evaluated
from .schedules import factor_within
from .streams import Batch
from .training import Training

AHEAD, FEWEST = 2**16, 16
"""The samples, and the batches at least, whose order is made before they are needed."""

Steps = Iterator[tuple[float, Numbers, int, Batch]]
"""Of each step that was done its loss, the raw outputs if somebody needs them, the rows of its batch, and the batch."""


class Here:
    """Does the steps one by one, as they are written or replayed, or many at once if no Python runs between them."""

    leads = True

    def __init__(self) -> None:
        self._waiting: deque[Any] = deque()
        """The numbers of the rows in the next batches, also of later epochs if nobody looks before these."""
        self._coming: Iterator[Any] | None = None
        """Those of all batches after them."""
        self._done: deque[tuple[float, Numbers, Any]] = deque()
        """Steps that are done, but not told yet: loss, outputs and the numbers of the rows."""
        self._losses: deque[float] = deque()
        """Those of epochs of one step that are done, but not told yet."""

    @contextmanager
    def running(self, training: Training) -> Iterator[None]:
        """Do nothing."""
        yield

    def epoch(self, training: Training, epoch: int, let_through: Callable[..., None]) -> list[float]:
        """Go through all samples once; return the mean loss and the metrics of all outputs."""
        if self._losses:
            return [self._losses.popleft()]
        total, sizes = 0.0, list[int]()
        outputs, targets = [], []
        at_once = training.whole is not None and training.source.rows is not None
        for J, y_hat, rows, given in (self._at_once if at_once else _one_by_one)(training, epoch, let_through):
            sizes.append(rows)
            total += J * rows
            if training.metrics:
                outputs.append(y_hat)
                targets.append(training.objective.targets(y_hat, *given[1:]))
        whole_epoch = (joined(outputs, sizes), joined(targets, sizes)) if training.metrics else ()
        return [float(total / sum(sizes)), *(number_of(metric, *whole_epoch) for metric in training.metrics)]

    def _at_once(self, training: Training, epoch: int, let_through: Callable[..., None]) -> Steps:
        """Do the steps of an epoch, as many at once as take a moment."""
        source, whole = training.source, training.whole
        assert source.rows is not None
        assert source.take is not None
        assert whole is not None
        n, number, rate, told = len(source.rows[0]), source.number or 1, _rates(training, epoch), 0
        for k in range(number):
            if not self._done:
                # Here all steps that were done are told.
                let_through(told)
                most = max(AHEAD * number // n, FEWEST)
                self._fill(training, epoch, most if training.alone else min(number - k, most))
                found = whole.several(source, self._waiting, k, rate)
                told = len(found)
                if training.alone and number == 1:
                    self._losses.extend([J * n / n for J, _, _ in found[1:]])
                    found = found[:1]
                self._done.extend(found)
            if self._done:
                J, y_hat, numbers = self._done.popleft()
                given = source.take(numbers) if training.metrics else ()
                yield J, y_hat, n if numbers is None else len(numbers), given
            else:
                given = source.take(self._waiting.popleft())
                yield _one(training, epoch, k, rate, given)
                told = 1

    def _fill(self, training: Training, epoch: int, most: int) -> None:
        """Have so many batches wait, if there are as many from this epoch on."""
        if self._coming is None:
            assert training.source.order is not None
            self._coming = chain.from_iterable(map(training.source.order, range(epoch, training.epochs)))
        self._waiting.extend(islice(self._coming, max(0, most - len(self._waiting))))

    def validated(self, training: Training, epoch: int, held_out: Iterable[Batch]) -> list[float]:
        """Return the mean loss, and the metrics of all outputs, of the batches of validation."""
        own = partial(evaluated, training.model, training.objective)
        evaluate = own if training.whole is None else training.whole.evaluated
        return validated_by(evaluate, training, epoch, held_out)


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


def _one_by_one(training: Training, epoch: int, let_through: Callable[..., None]) -> Steps:
    """Do the steps of an epoch as they are written, or replayed."""
    rate, k = _rates(training, epoch), -1
    for k, given in enumerate(training.source.batches(epoch)):
        done = _one(training, epoch, k, rate, given)
        let_through()
        yield done
    if (k + 1) % training.accumulate:
        _move(training)


def _rates(training: Training, epoch: int) -> Callable[[int], float]:
    """Return the function that gives the learning rate of each step of an epoch."""
    lr, schedule, number = training.optimizer.lr, training.schedule, training.source.number
    return lambda k: lr if schedule is None else lr * factor_within(schedule, epoch, k, number)


def _one(
    training: Training, epoch: int, k: int, rate: Callable[[int], float], given: Batch
) -> tuple[float, Numbers, int, Batch]:
    """Do one step; raise FloatingPointError if its loss is not finite."""
    if training.schedule is not None:
        training.optimizer.lr = rate(k)
    J, y_hat = training.step(*given)
    if not math.isfinite(J):
        raise FloatingPointError(diverged(training, "loss", J, epoch, *searched(training.source, given, k)))
    if (k + 1) % training.accumulate == 0:
        _move(training)
    return J, y_hat, len(given[0]), given


def _move(training: Training) -> None:
    if training.max_norm is not None:
        clip(training.optimizer.parameters, training.max_norm)
    move = training.optimizer.step if training.whole is None else training.whole.move
    move()
