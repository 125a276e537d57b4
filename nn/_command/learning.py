"""How the network of a run is trained: when it ends, and on which samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd import Tensor, Value
from nn._core.types import Loss, Rows, Targets
from nn._training.cross_entropy import cross_entropy
from nn._training.fit import fit
from nn._training.history import History
from nn._training.losses import mse
from nn._training.optimizers import NAMED
from nn._training.probabilities import logistic
from nn._training.schedules import Schedule, cosine, warm_up
from nn.data import Table
from nn.data._prepared import others, rows_apart

from .given import OWN
from .measured import accuracy_of
from .runs import Run, network, outputs_of, shaped

SCHEDULES: dict[str, Callable[[int], Schedule | None]] = {
    "constant": lambda epochs: None,
    "cosine": cosine,
    "warm-up": lambda epochs: warm_up(0.1 * epochs, then=cosine(0.9 * epochs)),
}
"""The schedules that may be given by name: each is made from the number of epochs."""

FEWEST_EPOCHS, FEWEST_STEPS = 20, 300
"""How long a training of a table goes on without a lower loss: so many epochs, of small tables so many steps."""

SHORTEST, MOST_STEPS = 5, 10_000
"""Of large tables it is fewer epochs, that make so many steps, but no fewer than these."""

GAIN = 1e-3
"""How much lower the loss of the held-out part must become while patience lasts: less is worth no time."""

APART, HELD, FEWEST_HELD = 0.2, 0.1, 50
"""The part of the samples to test with, the part of the others that stops a training, and how many that should be."""

MOST_ANEW = 10_000
"""The most samples that a network is trained on anew: of more, those that were held out teach little."""


def patience_of(n: int, batch_size: int) -> int:
    """Return how many epochs a training of n rows goes on without a lower loss.

    >>> from nn._command.learning import patience_of
    >>> [patience_of(n, size) for n, size in ((50, 32), (10_000, 128), (1_000_000, 512))]
    [192, 20, 5]
    """
    usual = max(SHORTEST, min(FEWEST_EPOCHS, MOST_STEPS * batch_size // n))
    return max(usual, FEWEST_STEPS * batch_size // n)


def goes_anew(run: Run, n: int) -> bool:
    """Tell whether a network of n samples is trained once more, on all of them: each counts in a small table."""
    options = run.options
    return options["patience"] is not None and options["data"] not in OWN and n <= MOST_ANEW


def best_of(history: History) -> int:
    """Return the number of the epoch, from 1, with the lowest loss of the held-out part."""
    losses = history["val_loss"]
    return 1 + losses.index(min(losses))


def learn(run: Run, train: Table, test: Table, history: History) -> None:
    """Train the network of a run, and fill the history."""
    options = run.options
    model: Any = run.model
    X, y, validation = train.X, train.y, (test.X, test.y)
    is_table = options["data"] not in OWN
    # A training that stops by the test samples can no longer be tested with them.
    if options["patience"] is not None:
        part = min(APART, max(HELD, FEWEST_HELD / len(y))) if is_table else APART
        apart = rows_apart(y, len(y), bool(run.classes), part, options["seed"])
        rest = others(apart, len(y))
        X, y, validation = X[rest], y[rest], (X[apart], y[apart])
    if history.epochs and options["patience"] is not None:
        # What was kept of an earlier training are its best weights.
        history.best = model.state_dict()
    of_values = options["of"] == "value" and not history.epochs
    ended = (_content(options["patience"]),) if options["patience"] is not None and is_table else ()
    _fit(
        run, model, *_given(run, X, y, of_values), options["epochs"], validation=_given(run, *validation, of_values),
        metrics=(accuracy_of(len(run.classes)),) if run.classes else (), patience=options["patience"], callbacks=ended,
        history=history,
    )  # fmt: skip


def learn_anew(run: Run, train: Table, epochs: int) -> None:
    """Train a fresh network on all samples, for as many epochs as were best, and take its numbers."""
    of_values = run.options["of"] == "value"
    fresh = network(run.options, len(run.inputs), outputs_of(run.target), Value if of_values else Tensor)
    _fit(run, fresh, *_given(run, train.X, train.y, of_values), epochs)
    run.model.load_state_dict(fresh.state_dict())


def _given(run: Run, X: Rows, y: Targets, of_values: bool) -> tuple[Rows, Targets]:
    X = shaped(X, run.options)
    return (X.tolist(), y.tolist()) if of_values else (X, y)


def _fit(run: Run, model: Any, X: Rows, y: Targets, epochs: int, **more: Any) -> None:
    options = run.options
    optimizer = NAMED[options["optimizer"]]
    fit(
        model,
        X,
        y,
        loss=loss_of(len(run.classes)),
        optimizer=optimizer(model.parameters(), options["lr"], options["momentum"], options["weight_decay"]),
        epochs=epochs,
        batch_size=options["batch_size"],
        class_weight=options["class_weight"],
        schedule=SCHEDULES[options["schedule"]](options["epochs"]),
        seed=options["seed"],
        **more,
    )


def _content(patience: int) -> Callable[[History], bool]:
    """Return a callback that ends a training whose loss hardly falls any more."""

    def content(history: History) -> bool:
        losses = history["val_loss"]
        before, lately = losses[:-patience], losses[-patience:]
        return bool(before) and min(before) - min(lately) < GAIN

    return content


def loss_of(classes: int) -> Loss:
    """Return the loss of a network that tells so many classes apart, or predicts numbers if there are none."""
    return mse if not classes else logistic if classes == 2 else cross_entropy
