"""The page in which the network of a run lives: it can be trained on, changed and explained, on the run's samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograd import Tensor
from nn._play.given import MOST_CLASSES, MOST_ROWS, data_of_parts
from nn._play.network import dense_layers, parameters_of
from nn._play.page import page
from nn._play.state import state_of
from nn._training.history import History
from nn._training.optimizers import OPTIMIZERS
from nn.data import DataError, Table

from .given import MADE
from .runs import SIDE, Alive, Run

LOSSES = {0: ("linear", "mse"), 2: ("sigmoid", "binary_cross_entropy")}
"""The last activation in the page, and its loss, by the number of classes: scores of two are logits of a sigmoid."""


def alive(run: Run, train: Table, test: Table, history: History) -> Alive:
    """Return the page in which a run's network lives, or why there is none."""
    try:
        found = live_page(run, train, test, history)
    except (ValueError, TypeError) as error:
        return Alive("", f"This network cannot be played with: {error}.")
    most = min(len(train), MOST_ROWS) + min(len(test), MOST_ROWS)
    return Alive(found, f"Train it on, change it, explain any weight; {most:,} of the samples are in that file.")


def live_page(run: Run, train: Table, test: Table, history: History) -> str:
    """Return the page of a run's network as one file; raise ValueError or TypeError if a page cannot show it."""
    name, k = Path(run.options["data"]).name, len(run.classes)
    if k > MOST_CLASSES:
        raise DataError(f"it tells {k} classes apart, and a page {MOST_CLASSES}")
    if run.options["model"] == "cnn":
        raise DataError("a page shows layers of neurons, and no convolutions")
    model: Any = run.model
    layers = dense_layers(model.to(Tensor))
    activations = [layer.activation for layer in layers]
    activations[-1], loss = LOSSES.get(k, ("linear", "cross_entropy"))
    options = run.options
    kind = next(name for name in OPTIMIZERS if name.lower() == options["optimizer"])
    moved = {"lr": options["lr"]} | ({"momentum": options["momentum"]} if options["optimizer"] == "sgd" else {})
    state = state_of(
        [layers[0].n_in, *(layer.n_out for layer in layers)],
        activations,
        loss,
        parameters=parameters_of(layers),
        epoch=history.epochs,
        optimizer={"name": kind, **moved},
        batch=options["batch_size"],
    )
    data = data_of_parts(train, test, name, [], scaled=name in (*MADE, "digits"))
    if name == "digits":
        data["image"] = [SIDE, SIDE]
    # The page calls this the loss of the test, which it is unless other samples ended the training.
    shown = ["loss", *["val_loss"] * (run.held_out == "test")]
    losses = {"epochs": [*range(1, history.epochs + 1)], **{key: history[key] for key in shown}}
    return page(state, data, title=f"The network of {name}", history=losses)
