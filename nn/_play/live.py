"""`nn.live`: a page in which a model and its data live, linked with Python where a notebook makes that possible."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.files import brief, printable, replace_file
from nn._core.types import Json, Loss, Rows, Targets
from nn._layers.module import Module
from nn._training.history import History

if TYPE_CHECKING:
    from .bridge import Bridge
    from .network import Dense

FROZEN = "a parameter of the model is frozen, and a page moves all of them: call model.unfreeze() before"

SHORTEST = 1 / 30
"""The seconds from one push to the next."""

CURVE = 500
"""The most epochs that the loss curve of a page has of a training in Python."""

MOST_PICTURE = 60_000
"""The most bytes of the picture that stands where no script runs."""


def live(
    model: Module,
    X: Rows,
    y: Targets,
    *,
    loss: Loss | str,
    validation: tuple[Rows, Targets] | None = None,
    simple: bool = False,
) -> LiveModel:
    """Return a page in which this network can be trained, changed and explained, on these data; a notebook shows it.

    `model` is a Perceptron, an MLP or a Sequential of Layers and activations, of Values or Tensors. X (n, d) and y (n,)
    are as for `fit`, or X (n, h, w) for images; `validation` is a pair like it, which the page tests with. `loss` is a
    loss of nn or its name. A `simple` page has few controls, for a first lecture (of a model of two weights the map of
    the loss over them, with rate and momentum); its own button shows all. With the extra `notebook` the page is linked
    in a live notebook: a number that is dragged there changes `model` at once, and `fit(..., callbacks=[v])` shows in
    the page. `v.linked` tells whether it is; set it to False to play without touching the model. `v.save("page.html")`
    writes one file. The link was seen in JupyterLab. In marimo, and where outputs stand in frames as in Colab, the page
    lives by itself, and `v.linked` is False, with the reason. Raises TypeError or ValueError, which say what works, for
    a model, a loss and data that no page can show.

    >>> v = live(MLP(2, [3, 1], "tanh", "sigmoid"), [[0.0, 1.0], [1.0, 0.0]], [0, 1], loss="binary_cross_entropy")
    >>> v
    LiveModel(2-3-1, tanh, sigmoid, binary_cross_entropy; y: 2 classes; 2 rows)
    >>> v.linked
    False: it has not been shown in a notebook yet
    """
    return LiveModel(model, X, y, loss, validation, simple)


class Linked:
    """Whether a page is linked, true or false, and why."""

    def __init__(self, on: bool, why: str) -> None:
        self.on, self.why = on, why

    def __bool__(self) -> bool:
        return self.on

    def __repr__(self) -> str:
        return f"{self.on}: {self.why}"


class LiveModel:
    """A model's page: shows itself in a notebook, is `save`d as one file, and a callback of `fit`."""

    def __init__(
        self,
        model: Module,
        X: Rows,
        y: Targets,
        loss: Loss | str,
        validation: tuple[Rows, Targets] | None,
        simple: bool = False,
    ) -> None:
        from .given import data_of
        from .heads import check_classes, head_of, labels_of, loss_name
        from .network import any_frozen, dense_layers

        self._model: Any = model
        self._made_of = dense_layers(model)
        if any_frozen(self._made_of):
            raise ValueError(FROZEN)
        name, is_logit = loss_name(loss)
        activations = [layer.activation for layer in self._made_of]
        if is_logit:
            if activations[-1] != "linear":
                raise ValueError(
                    f"a loss with from_logits=True takes linear outputs; the model ends in {activations[-1]}"
                )
            # The same loss, the same gradients.
            activations[-1] = "sigmoid"
        outputs = self._made_of[-1].n_out
        head = head_of(activations[-1], name, outputs)
        target = getattr(y, "name", None)
        if validation is not None:
            validation = (validation[0], labels_of(validation[1], head, outputs))
        self._data = data_of(
            X,
            labels_of(y, head, outputs),
            head.task,
            validation=validation,
            target=target if isinstance(target, str) else "y",
        )
        sizes = [self._made_of[0].n_in, *(layer.n_out for layer in self._made_of)]
        self._network: Json = {"sizes": sizes, "activations": activations}
        if self._data["d"] != sizes[0]:
            raise ValueError(f"the model takes {sizes[0]} inputs; X has {self._data['d']}")
        check_classes(self._data, outputs)
        self._loss, self._history, self._simple = name, History(), simple
        self._bridges: list[Bridge] = []
        self._on, self._why = True, "it has not been shown in a notebook yet"
        self._version = self._fitted = 0
        self._pushed = 0.0
        self._told: Json = {"version": 0, "epoch": 0, "loss": None, "valLoss": None, "running": False}

    # What it shows.

    def __repr__(self) -> str:
        """Return the network, its loss, and what was guessed of the data."""
        names = list(dict.fromkeys(self._network["activations"]))
        data = self._data
        kind = f"{len(data['classes'])} classes" if data["classes"] else "numbers"
        shape = "-".join(map(str, self._network["sizes"]))
        told = f"{shape}, {', '.join(names)}, {self._loss}; {data['target']}: {kind}; {data['n']:,} rows"
        return printable(f"LiveModel({'; '.join([told, *data['notes']])})")

    def save(self, path: str | Path) -> Path:
        """Write the page with the numbers of now as one HTML file that needs nothing else; return the path.

        Raises ValueError for another suffix than .html.
        """
        from .page import page

        path = Path(path)
        if path.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"cannot save a page to {path.name!r}; the suffix must be .html")
        replace_file(path, page(self._state(), self._data, **self._options()))
        return path

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return self._bundle(_fresh_name())

    def _repr_html_(self) -> str:
        # For marimo, which runs no script of a bundle.
        self._why = "this front end shows the page apart from Python"
        return self._bundle(_fresh_name())["text/html"]

    def _ipython_display_(self) -> None:
        """Show the page in an output that can be written anew, and link it where that is possible."""
        from IPython.display import display

        from .bridge import Bridge, cell, obstacle

        name = _fresh_name()
        self._why = obstacle()
        if self._why:
            display(self._bundle(name), raw=True)
            return
        display(self._bundle(name), raw=True, display_id=name)
        bridge = Bridge(name, self._network, self._take)
        bridge.switch(self._on)
        self._bridges = [*(other for other in self._bridges if other.open), bridge]
        _forget(*cell(), bridge)
        self._push(bridge)

    def _bundle(self, name: str) -> dict[str, str]:
        from .page import view

        return {"text/plain": repr(self), "text/html": view(self._state(), self._data, name=name, **self._options())}

    def _layers(self) -> list[Dense]:
        """Return the layers that the model has now; raise ValueError if a page of them is not that of the start."""
        from .network import any_frozen, dense_layers

        layers = dense_layers(self._model)
        if [layer[:3] for layer in layers] != [layer[:3] for layer in self._made_of]:
            raise ValueError("the model has other layers than nn.live was called with: call it again")
        if any_frozen(layers):
            raise ValueError(FROZEN)
        return layers

    def _state(self) -> Json:
        from .network import numbers_of, parameters_of
        from .state import state_of

        layers = self._layers()
        if not all(map(math.isfinite, numbers_of(layers))):
            raise ValueError("a weight of the model is nan or infinite, and a page starts from finite numbers")
        return state_of(
            self._network["sizes"],
            self._network["activations"],
            self._loss,
            parameters=parameters_of(layers),
            epoch=self._history.epochs,
        )

    def _options(self) -> dict[str, Any]:
        found: dict[str, Any] = {"title": "A network that lives", "still": self._still(), "simple": self._simple}
        if self._history.get("loss"):
            epochs = range(1, self._history.epochs + 1)
            series = {"epochs": epochs, "loss": self._history.loss, "val_loss": self._history.get("val_loss")}
            found["history"] = {name: _thinned(numbers) for name, numbers in series.items() if numbers}
        return found

    def _still(self) -> str:
        """Return the network as HTML without a script: a line of text and a picture, if that is no large one."""
        from base64 import b64encode
        from html import escape

        svg = self._model._draw_().svg.encode()
        if len(svg) > MOST_PICTURE:
            return f"<p>{escape(repr(self))}</p>"
        source = f"data:image/svg+xml;base64,{b64encode(svg).decode()}"
        return f'<p>{escape(repr(self))}</p>\n<img alt="The network" style="background:white" src="{source}">'

    # The link.

    @property
    def linked(self) -> Linked:
        """Whether what is dragged in the page is set in the model, and why it is not."""
        bridges = [bridge for bridge in self._bridges if bridge.open]
        if not self._on:
            return Linked(False, "it was set to False; v.linked = True links it again")
        if why := self._apart():
            return Linked(False, why)
        if not bridges:
            return Linked(False, self._why or "the cell that showed it was run again: show the new one")
        if not any(bridge.answered for bridge in bridges):
            return Linked(False, "no page has answered yet; the front end may have no widgets, or show outputs apart")
        return Linked(True, "the page and the model have the same numbers")

    @linked.setter
    def linked(self, on: bool) -> None:
        if not isinstance(on, bool):
            raise TypeError(f"linked is True or False; got {brief(on)}")
        self._on = on
        for bridge in self._bridges:
            if bridge.open:
                bridge.switch(on)
                self._push(bridge)

    def _apart(self) -> str:
        """Return why the model cannot have the numbers of a page, or nothing."""
        try:
            self._layers()
        except ValueError as error:
            return str(error)
        return ""

    def _is_tied(self, bridge: Bridge) -> bool:
        """Tell whether a page and the model have the same numbers, and the page as well."""
        tied = self._on and bridge.open and not self._apart()
        if bridge.open:
            bridge.switch(tied)
        return tied

    def _take(self, bridge: Bridge, numbers: Any, known: int, epoch: int) -> None:
        """Set the model's numbers to those of a page, unless a training has gone on from others."""
        from .network import put_numbers

        if not self._is_tied(bridge):
            return
        if known < self._fitted:
            self._push(bridge)
            return
        put_numbers(self._layers(), numbers)
        self._told |= {"epoch": epoch, "loss": None, "valLoss": None, "running": False}
        for other in self._bridges:
            if other is not bridge:
                self._push(other)

    def _push(self, bridge: Bridge) -> None:
        from .network import numbers_of

        if self._is_tied(bridge):
            self._version += 1
            self._told["version"] = self._version
            bridge.push(numbers_of(self._layers()), self._told)

    # A callback of `fit`.

    def __call__(self, history: History) -> None:
        """Show the numbers of now in the pages, at most thirty times a second."""
        self._history = history
        if time.monotonic() - self._pushed >= SHORTEST:
            self._pushed = time.monotonic()
            self._show(history, True)

    def end_of_fit(self, history: History) -> None:
        """Show the trained network, and write the outputs anew: a saved notebook starts from its numbers."""
        from .network import numbers_of

        self._history = history
        self._show(history, False)
        self._fitted = self._version
        # After a training that diverged, what was shown before stays.
        is_finite = not self._apart() and all(map(math.isfinite, numbers_of(self._layers())))
        for bridge in self._bridges:
            if bridge.open and self._on and is_finite:
                from IPython.display import display

                display(self._bundle(bridge.view), raw=True, display_id=bridge.view, update=True)

    def _show(self, history: History, running: bool) -> None:
        losses, others = history.get("loss"), history.get("val_loss")
        self._told |= {
            "epoch": history.epochs,
            "loss": losses[-1] if losses else None,
            "valLoss": others[-1] if others else None,
            "running": running,
        }
        for bridge in self._bridges:
            self._push(bridge)


_CELLS: dict[str, tuple[str, list[Any]]] = {}
"""The run of each cell that showed pages, and their links."""


def _forget(place: str, run: str, bridge: Bridge) -> None:
    """End the links of pages that an earlier run of this cell has shown: they are gone."""
    if not place:
        return
    before, bridges = _CELLS.get(place, (run, []))
    if before != run:
        for other in bridges:
            other.close()
        bridges = []
    _CELLS[place] = (run, [*bridges, bridge])


def _fresh_name() -> str:
    return f"glassgrad-{os.urandom(8).hex()}"


def _thinned(numbers: Sequence[float]) -> list[float]:
    """Return at most CURVE of many numbers, the last among them."""
    step = -(-len(numbers) // CURVE)
    return list(numbers[::-1][::step][::-1])
