"""A training run in a folder: its settings, network and history, pictures, and a page of HTML."""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from autograd import Tensor
from autograd.files import open_file
from nn._core.types import Numbers, Rows
from nn._files.format import FileError
from nn._files.load import unpacked
from nn._files.save import packed
from nn._layers.batches import Form
from nn._layers.convolution import Conv2d, Flatten, MaxPool2d
from nn._layers.dense import MLP
from nn._layers.module import Module
from nn._layers.sequential import Sequential
from nn._training.history import History
from nn._training.metrics import checked_scores, decide
from nn._training.predict import predict
from nn.data import DataError
from nn.plots._style import png

from .folders import content, write_together
from .schema import checked

SIDE = 8
"""The height and the width of an image, in pixels."""

CONFIG, MODEL, HISTORY, PAGE = "config.json", "model.safetensors", "history.csv", "index.html"
FILES = (CONFIG, MODEL, HISTORY, PAGE, "history.png", "confusion.png", "boundary.png", "misclassified.png")
"""The files that a run may consist of."""

LONGEST = 2**25
"""The bytes that a configuration has at most: a table of a million rows needs a quarter of them."""


class Run(NamedTuple):
    """A training: its options, the meaning of its numbers, its results, and the network.

    Each feature is given to the network less its number in `means`, over its number in `spread`. `data_sha256` is of
    the file that was read, if there was one; `test_rows` are the samples, from 0, that were held out.
    """

    options: dict[str, Any]
    features: list[str]
    classes: list[str]
    means: list[float]
    spread: list[float]
    results: dict[str, float]
    data_sha256: str | None
    test_rows: list[int]
    model: Module

    @property
    def held_out(self) -> str:
        """The name of the samples of `val_` in the history: "test" unless others were set apart to stop by."""
        return "test" if self.options["patience"] is None else "validation"

    def scores(self, X: Rows) -> Numbers:
        """Return the network's output (n, k) for samples (n, features), for two classes (n,)."""
        return predict(self.model, self.prepared(X))

    def prepared(self, X: Rows) -> Rows:
        """Return samples (n, features) as the network takes them."""
        import numpy

        return shaped((numpy.asarray(X, float) - self.means) / self.spread, self.options)


def network(options: Mapping[str, Any], n_in: int, n_classes: int, of: Form = Tensor) -> Module:
    """Return a fresh network: one score for two classes, else one for each."""
    n_out, seed, activation = 1 if n_classes == 2 else n_classes, options["seed"], options["activation"]
    if options["model"] == "mlp":
        return MLP(n_in, [*options["sizes"], n_out], activation, of=of, seed=seed)
    first, second = options["filters"]
    side = SIDE // 4
    return Sequential(
        Conv2d(1, first, 3, activation, padding="same", seed=seed),
        MaxPool2d(2),
        Conv2d(first, second, 3, activation, padding="same", seed=seed + 1),
        MaxPool2d(2),
        Flatten(),
        *MLP(second * side * side, [*options["sizes"], n_out], activation, of=Tensor, seed=seed + 2).layers,
    )


def shaped(X: Rows, options: Mapping[str, Any]) -> Rows:
    """Return samples as the network takes them: images for convolution."""
    return X.reshape(-1, 1, SIDE, SIDE) if options["model"] == "cnn" else X


def decided(scores: Numbers) -> list[int]:
    """Return the class number of each sample by its scores: (n,) for two classes, (n, k) for k."""
    return decide(checked_scores(scores, "a run"), 0.0)


def write(run: Run, history: History, figures: Mapping[str, tuple[Any, str]], folder: Path) -> None:
    """Write a run to a folder, whole or not at all; `figures` are pictures by name with their captions."""
    network, table = packed(run.model), io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["epoch", *history])
    writer.writerows([k, *numbers] for k, numbers in enumerate(zip(*history.values()), 1))
    config = {name: value for name, value in run._asdict().items() if name not in ("model", "test_rows")}
    text = json.dumps({**config, "model_sha256": sha256(network).hexdigest()}, indent=2, ensure_ascii=False)
    # Of many rows each would have a line.
    text = f'{text[:-2]},\n  "test_rows": {json.dumps(run.test_rows)}\n}}\n'
    pictures = {name: (png(figure), shows) for name, (figure, shows) in figures.items()}
    contents: dict[str, bytes | str] = {
        CONFIG: text,
        MODEL: network,
        HISTORY: table.getvalue(),
        PAGE: page(run, history, pictures),
    }
    contents |= {f"{name}.png": picture for name, (picture, _) in pictures.items()}
    write_together(folder, contents, CONFIG, FILES)


def read(folder: Path) -> Run:
    """Return the run in a folder; raise DataError, with the file's name, if it is missing or damaged.

    It reads the two files and no other, whatever is in them, and writes nothing.
    """
    import numpy

    path = folder / CONFIG
    try:
        with open_file(path) as file:
            size = os.fstat(file.fileno()).st_size
            text = file.read() if size <= LONGEST else b""
    except FileNotFoundError:
        raise DataError(
            f"{folder}: is no run, as it has no {CONFIG}; make one: python -m nn train --save {folder}"
        ) from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        config = checked(text)
        expected = config.pop("model_sha256")
        data = content(folder, MODEL, CONFIG)
        if sha256(data).hexdigest() != expected:
            raise FileError(f"{folder / MODEL}: was damaged, or is that of another run than {CONFIG}")
        run = Run(**config, model=unpacked(data, folder / MODEL).model)
        scores = run.scores(numpy.zeros((1, len(run.features))))
        if scores.shape != ((1,) if len(run.classes) == 2 else (1, len(run.classes))):
            raise ValueError(f"the network of {MODEL} tells other classes apart")
    except FileError as error:
        raise DataError(f"{error}; train again") from None
    except FileNotFoundError:
        raise DataError(f"{folder / MODEL}: is missing; train again") from None
    except OSError as error:
        raise DataError(f"{folder / MODEL}: cannot be read ({error.strerror}); train again") from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError) as error:
        raise DataError(f"{path}: is damaged ({error!s:.200}); train again") from None
    return run


def page(run: Run, history: History, pictures: Mapping[str, tuple[bytes, str]]) -> str:
    """Return the summary of a run as one page of HTML that needs no other file."""
    results = {name.replace("_", " "): f"{number:.1%}" for name, number in run.results.items()}
    last = {
        name.replace("val_", f"{run.held_out} "): f"{numbers[-1]:.4g}" for name, numbers in history.items() if numbers
    }
    given = run.options
    idle = {
        "filters": given["model"] != "cnn",
        "momentum": given["optimizer"] != "sgd",
        "samples": given["data"] == "digits" or given["target"] is not None,
    }
    options = {
        name.replace("_", " "): ", ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None and not idle.get(name)
    }
    drawn = "\n".join(
        f'<figure><img alt="{html.escape(shows, quote=True)}" src="data:image/png;base64,'
        f'{base64.b64encode(picture).decode()}"><figcaption>{html.escape(shows)}</figcaption></figure>'
        for picture, shows in pictures.values()
    )
    title = f"{run.options['model'].upper()} on {run.options['data']}"
    sample = (1, SIDE, SIDE) if run.options["model"] == "cnn" else None
    tiles = "".join(f"<div><dt>{html.escape(name)}</dt><dd>{text}</dd></div>" for name, text in results.items())
    template = files(__package__).joinpath("run.html").read_text(encoding="utf-8")
    return Template(template).substitute(
        title=html.escape(title),
        tiles=tiles,
        pictures=drawn,
        summary=html.escape(run.model.summary(sample)),
        epochs=history.epochs,
        held_out=run.held_out,
        last=_table(("series", "last epoch"), last),
        options=_table(("option", "value"), options),
        classes=html.escape(", ".join(run.classes)),
        features=html.escape(_shortened(run.features)),
    )


def _table(head: tuple[str, str], rows: Mapping[str, Any]) -> str:
    body = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>'
        for name, value in rows.items()
    )
    columns = "".join(f'<th scope="col">{name}</th>' for name in head)
    return f'<div class="wide"><table><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table></div>'


def _shortened(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 12 else f"{', '.join(names[:3])}, ..., {names[-1]} ({len(names)} in all)"
