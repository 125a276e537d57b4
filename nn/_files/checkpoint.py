"""A callback for `fit` that keeps a training in a file."""

from __future__ import annotations

from pathlib import Path

from nn._layers.module import Module
from nn._training.callbacks import monitor_of
from nn._training.history import History
from nn._training.optimizer import Optimizer

from .save import packed, save


class ModelCheckpoint:
    """A callback that saves the training after every epoch: the network, the optimizer and the history.

    With `save_best_only` it saves after an epoch that is better than all before: by the loss of validation, or of
    training without validation, or by the series `monitor` of the history, for which `mode` is "min" or "max". The file
    is whole at any time, the old one or the new one; `nn.load` reads it, and `fit` carries the training on with what is
    in it. Place it after callbacks that change the learning rate. Raises what `save` raises for a network or an
    optimizer, and ValueError if it is not known which numbers are better.

    >>> path = getfixture("tmp_path") / "best.safetensors"
    >>> model = MLP(1, [1])
    >>> keep = ModelCheckpoint(path, model, save_best_only=True)
    >>> keep(History(loss=[0.5])), keep(History(loss=[0.5, 0.6]))
    (None, None)
    >>> load(path).history
    History(1 epochs: loss 0.5)
    """

    writes = True
    """Of several processes that train together, one alone calls it."""

    def __init__(
        self,
        path: str | Path,
        model: Module,
        optimizer: Optimizer | None = None,
        *,
        monitor: str | None = None,
        mode: str | None = None,
        save_best_only: bool = False,
    ) -> None:
        # What cannot be saved is told before anything is trained.
        packed(model, optimizer)
        self.path, self.model, self.optimizer = path, model, optimizer
        self.monitor, self.save_best_only = monitor_of(monitor, mode), bool(save_best_only)

    def __call__(self, history: History) -> None:
        """Save the training, if the last epoch is to be kept."""
        *before, last = self.monitor.of(history)
        # A metric may be nan, which is no number to be better than.
        if not self.save_best_only or all(last < number for number in before if number == number):
            save(self.path, self.model, self.optimizer, history)
