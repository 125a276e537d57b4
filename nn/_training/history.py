"""The history of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class History(dict[str, list[float]]):
    """The history of a training: a number an epoch under "loss" and the name of each metric.

    Names with "val_" before them are of validation. With a schedule, "lr" is the learning rate at the start of each
    epoch. Given to `fit`, a history is carried on; an empty one is filled.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.best: dict[str, Any] = {}
        """The `state_dict` of the model in its best epoch, if training is to stop early."""
        self.seed: int | None = None
        """The seed of the order of the samples."""
        self.samples: int | None = None
        """The number of samples for each step of the optimizer."""

    @property
    def loss(self) -> list[float]:
        """The training loss of each epoch."""
        return self["loss"]

    @property
    def epochs(self) -> int:
        """The number of epochs that were finished."""
        return len(self.get("loss", ()))

    if TYPE_CHECKING:
        # Attached in nn/_methods.py.
        def plot(self, ax: Axes | None = None, *, held_out: str = "validation") -> Axes: ...

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {numbers[-1]:.4g}" for name, numbers in self.items() if numbers)
        steps = f", {self.samples} samples a step" if self.samples else ""
        return f"History({self.epochs} epochs{steps}{': ' if last else ''}{last})"
