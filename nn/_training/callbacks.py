"""Callbacks for `fit`: they decide by the history alone, so that a training that is carried on goes the same way."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING, NamedTuple

from autograd.files import brief, replace_file
from nn._core.settings import nearest, real, whole

from .history import History
from .optimizer import Optimizer

if TYPE_CHECKING:
    from pathlib import Path


class Monitor(NamedTuple):
    """A series of a history that is watched: its name, None for the loss of validation or else of training."""

    name: str | None
    sign: int

    def of(self, history: History) -> list[float]:
        """Return the series with the sign with which lower is better; raise ValueError if there is no such series."""
        name = self.name or ("val_loss" if "val_loss" in history else "loss")
        if name not in history:
            raise ValueError(f"monitor is none of {', '.join(history)}: {name!r}{nearest(name, history)}")
        return [self.sign * number for number in history[name]]


def monitor_of(name: str | None, mode: str | None) -> Monitor:
    """Return what is watched; raise ValueError unless it is known whether lower or higher numbers of it are better."""
    if mode not in (None, "min", "max"):
        raise ValueError(f'mode must be "min" or "max", or None; got {brief(mode)}')
    if mode is None and name not in (None, "loss", "val_loss"):
        raise ValueError(f'say with mode="min" or mode="max" whether {brief(name)} is to be low or high')
    return Monitor(name, -1 if mode == "max" else 1)


class ReduceLROnPlateau:
    """A callback that multiplies the learning rate by `factor` after `patience` epochs without a better number.

    The number is the loss of validation, or of training without validation, or the series `monitor` of the history,
    for which `mode` is "min" or "max". It is better if it is so by more than `min_delta`. Then `cooldown` epochs do not
    count. The rate does not fall below `min_lr`. All as in Keras. Raises TypeError for no optimizer, ValueError for
    settings out of range, and when it is called if there is no such series.

    >>> optimizer = SGD([Value(1.0)], lr=0.1)
    >>> lower = ReduceLROnPlateau(optimizer, factor=0.5, patience=2)
    >>> for losses in ([3.0], [3.0, 2.0], [3.0, 2.0, 2.0], [3.0, 2.0, 2.0, 2.5]):
    ...     lower(History(loss=losses))
    >>> optimizer.lr
    0.05
    """

    def __init__(
        self,
        optimizer: Optimizer,
        *,
        monitor: str | None = None,
        mode: str | None = None,
        factor: float = 0.1,
        patience: int = 10,
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"ReduceLROnPlateau takes the optimizer that fit has; got {brief(optimizer)}")
        self.optimizer, self.monitor = optimizer, monitor_of(monitor, mode)
        self.factor = real("factor", factor, lambda factor: 0 < factor < 1, "a number between 0 and 1")
        self.patience, self.cooldown = whole("patience", patience, 1), whole("cooldown", cooldown, 0)
        self.min_delta, self.min_lr = _from_0("min_delta", min_delta), _from_0("min_lr", min_lr)

    def __call__(self, history: History) -> None:
        """Lower the learning rate if the last epoch is one too many."""
        if self._is_over(self.monitor.of(history)) and self.optimizer.lr > self.min_lr:
            self.optimizer.lr = max(self.factor * self.optimizer.lr, self.min_lr)

    def _is_over(self, numbers: list[float]) -> bool:
        best, waited, cooling, over = math.inf, 0, 0, False
        for number in numbers:
            over = False
            if cooling:
                cooling, waited = cooling - 1, 0
            if number < best - self.min_delta:
                best, waited = number, 0
            elif not cooling:
                waited += 1
                over = waited >= self.patience
            if over:
                cooling, waited = self.cooldown, 0
        return over


def _from_0(name: str, number: float) -> float:
    return real(name, number, lambda number: 0 <= number < math.inf, "a finite number from 0")


class CSVLogger:
    """A callback that writes the history to a CSV file: a line for each epoch, as soon as it is finished.

    A file of this name is written anew at the first epoch, with all epochs that a carried-on history has. Raises
    OSError, when it is called, if nothing can be written there.

    >>> path = getfixture("tmp_path") / "history.csv"
    >>> CSVLogger(path)(History(loss=[0.5, 0.25]))
    >>> print(path.read_text())
    epoch,loss
    1,0.5
    2,0.25
    <BLANKLINE>
    """

    writes = True
    """Of several processes that train together, one alone calls it."""

    def __init__(self, path: str | Path) -> None:
        self.path = path
        self._written = -1

    def __call__(self, history: History) -> None:
        """Write the last epoch, or all of them the first time."""
        if history.epochs == self._written + 1 and self._written > 0:
            with open(self.path, "a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerow([history.epochs, *(numbers[-1] for numbers in history.values())])
        else:
            replace_file(self.path, as_csv(history))
        self._written = history.epochs


def as_csv(history: History) -> str:
    """Return a history as CSV: the names, and a line for each epoch, from 1.

    >>> from nn._training.callbacks import as_csv
    >>> as_csv(History(loss=[0.5], val_loss=[0.25])).splitlines()
    ['epoch,loss,val_loss', '1,0.5,0.25']
    """
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["epoch", *history])
    writer.writerows([k, *numbers] for k, numbers in enumerate(zip(*history.values()), 1))
    return table.getvalue()
