"""Learning-rate schedules: functions from the epochs so far to a factor of the learning rate.

`fit` asks at every step, so the epochs are a fraction inside an epoch: 2.5 is the middle of the third. A schedule keeps
nothing, and any function of a number is one.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from nn._core.settings import real

Schedule = Callable[[float], float]


def step_decay(every: float, factor: float = 0.1) -> Schedule:
    """Return the schedule that multiplies the learning rate by `factor` every `every` epochs.

    Raises ValueError for numbers that are not positive.

    >>> schedule = step_decay(10, factor=0.5)
    >>> [schedule(epochs) for epochs in (0, 9.9, 10, 25)]
    [1.0, 1.0, 0.5, 0.25]
    """
    every, factor = _positive("every", every), _positive("factor", factor)
    return lambda epochs: float(factor ** (epochs // every))


def cosine(over: float, to: float = 0.0) -> Schedule:
    """Return the schedule that falls from 1 to `to` along half a cosine, over `over` epochs.

    From Loshchilov & Hutter 2017. Raises ValueError for `over` that is not positive, and for `to` that is not from 0 to
    1.

    >>> schedule = cosine(10)
    >>> [round(schedule(epochs), 3) for epochs in (0, 5, 10, 20)]
    [1.0, 0.5, 0.0, 0.0]
    """
    over = _positive("over", over)
    to = real("to", to, lambda to: 0 <= to <= 1, "from 0 to 1")
    return lambda epochs: to + (1 - to) * (1 + math.cos(math.pi * min(epochs / over, 1.0))) / 2


def warm_up(over: float, then: Schedule | None = None) -> Schedule:
    """Return the schedule that rises in a line from 0 to 1 over `over` epochs, then goes on as `then`.

    `then` is asked about the epochs since the end of the rise; without it the factor stays 1. Raises ValueError for
    `over` that is not positive.

    >>> schedule = warm_up(4, then=step_decay(2, factor=0.5))
    >>> [schedule(epochs) for epochs in (1, 4, 6)]
    [0.25, 1.0, 0.5]
    """
    over = _positive("over", over)
    return lambda epochs: epochs / over if epochs < over else then(epochs - over) if then else 1.0


def factor_of(schedule: Schedule, epochs: float) -> float:
    """Return the factor of the learning rate; raise ValueError if it is negative or no finite number."""
    name = f"schedule({epochs:g})"
    return real(name, schedule(epochs), lambda factor: 0 <= factor < math.inf, "a finite number from 0, a factor of lr")


def factor_within(schedule: Schedule, epoch: int, k: int, number: int | None) -> float:
    """Return the factor of the learning rate for batch k of `number` in an epoch: inside it, if that is known."""
    return factor_of(schedule, epoch + (0.0 if number is None else min(k / number, 1.0)))


def _positive(name: str, number: float) -> float:
    return real(name, number, lambda number: 0 < number < math.inf, "a positive number")
