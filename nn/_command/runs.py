"""A training run in a folder: its settings, network and history, pictures, and a page of HTML."""

from __future__ import annotations

import base64
import csv
import html
import json
import os
from collections.abc import Iterable, Mapping, Sequence
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
from nn._training.callbacks import as_csv
from nn._training.history import History
from nn._training.metrics import checked_scores, decide
from nn._training.predict import predict
from nn.data import DataError
from nn.data._columns import Column, told
from nn.data._formats import missing_words
from nn.data._target import Target
from nn.plots._style import png

from .folders import content, write_together
from .schema import checked

SIDE = 8
"""The height and the width of an image, in pixels."""

CONFIG, MODEL, HISTORY, PAGE, LIVE = "config.json", "model.safetensors", "history.csv", "index.html", "live.html"
PICTURES = ("history", "confusion", "boundary", "misclassified", "predicted", "importance")
FILES = (CONFIG, MODEL, HISTORY, PAGE, LIVE, *(f"{name}.png" for name in PICTURES))
"""The files that a run may consist of."""

LONGEST = 2**25
"""The bytes that a configuration has at most: a table of a million rows needs a quarter of them."""


class Run(NamedTuple):
    """A training: its options, how columns become inputs, what is predicted, its results, and the network.

    `data_sha256` is of the file that was read, if there was one; `test_rows` are the samples, from 0, that were held
    out.
    """

    options: dict[str, Any]
    columns: list[Column]
    target: Target
    results: dict[str, float]
    data_sha256: str | None
    test_rows: list[int]
    model: Module

    @property
    def features(self) -> list[str]:
        """The names of the columns that the network learns from."""
        return [column.name for column in self.columns if column.inputs]

    @property
    def inputs(self) -> list[str]:
        """The names of the network's inputs."""
        return [name for column in self.columns for name in column.inputs]

    @property
    def classes(self) -> list[str]:
        """The classes, in the order of the scores; none if numbers are predicted."""
        return list(self.target.classes)

    @property
    def missing(self) -> frozenset[str]:
        """The cells of its data that hold nothing."""
        return missing_words(self.options["missing"])

    @property
    def held_out(self) -> str:
        """The name of the samples of `val_` in the history: "test" unless others were set apart to stop by."""
        return "test" if self.options["patience"] is None else "validation"

    @property
    def of_numbers(self) -> bool:
        """Whether all columns are numbers, each of which is one input."""
        return all(column.kind == "number" and not column.flag for column in self.columns if column.inputs)

    def outputs(self, X: Rows) -> Numbers:
        """Return the network's output for inputs that are ready (n, k): (n,) for two classes and for numbers."""
        return predict(self.model, shaped(X, self.options))

    def scores(self, X: Rows) -> Numbers:
        """Return the network's output (n, k) for raw samples (n, features), for two classes and for numbers (n,)."""
        return predict(self.model, self.prepared(X))

    def prepared(self, X: Rows) -> Rows:
        """Return raw samples (n, features), of numbers alone, as the network takes them."""
        import numpy

        means, spread = self.scaling
        return shaped((numpy.asarray(X, float) - means) / spread, self.options)

    @property
    def scaling(self) -> tuple[list[float], list[float]]:
        """What is taken from each feature, and what it is then divided by."""
        parts = [part for column in self.columns for part in column.parts]
        return [part.mean for part in parts], [part.spread for part in parts]


def outputs_of(target: Target) -> int:
    """Return the number of a network's outputs: one score for two classes, one number, else a score for each class."""
    return len(target.classes) if len(target.classes) > 2 else 1


def network(options: Mapping[str, Any], n_in: int, n_out: int, of: Form = Tensor) -> Module:
    """Return a fresh network."""
    seed, activation = options["seed"], options["activation"]
    if options["model"] == "mlp":
        # Of a table with few columns, He's weights make a network that says much before it has learned anything.
        init = None if options["target"] is None else "glorot"
        return MLP(n_in, [*options["sizes"], n_out], activation, of=of, init=init, seed=seed)
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


class Alive(NamedTuple):
    """The page in which a network lives, or no text; what is said of it, and of the training besides its history."""

    page: str
    told: str
    training: str = ""


def write(run: Run, history: History, figures: Mapping[str, tuple[Any, str]], live: Alive, folder: Path) -> None:
    """Write a run to a folder, whole or not at all; `figures` are pictures by name with their captions."""
    network = packed(run.model)
    config = {name: value for name, value in run._asdict().items() if name not in ("model", "test_rows")}
    config["target"] = run.target._asdict()
    config["columns"] = [
        column._asdict() | {"parts": [part._asdict() for part in column.parts]} for column in run.columns
    ]
    text = json.dumps({**config, "model_sha256": sha256(network).hexdigest()}, indent=2, ensure_ascii=False)
    # Of many rows each would have a line.
    text = f'{text[:-2]},\n  "test_rows": {json.dumps(run.test_rows)}\n}}\n'
    pictures = {name: (png(figure), shows) for name, (figure, shows) in figures.items()}
    contents: dict[str, bytes | str] = {
        CONFIG: text,
        MODEL: network,
        HISTORY: as_csv(history),
        PAGE: page(run, history, pictures, live),
        **({LIVE: live.page} if live.page else {}),
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
        scores = run.outputs(numpy.zeros((1, len(run.inputs))))
        n_out = outputs_of(run.target)
        if scores.shape != ((1,) if n_out == 1 else (1, n_out)):
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


def read_history(folder: Path, run: Run) -> History:
    """Return the history in a run's folder; raise DataError if it is missing or damaged."""
    path = folder / HISTORY
    try:
        head, *rows = csv.reader(content(folder, HISTORY, CONFIG).decode().splitlines())
        series = list(zip(*(map(float, row) for row in rows), strict=True))
        found = History({name: list(numbers) for name, numbers in zip(head[1:], series[1:], strict=True)})
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: is damaged ({error!s:.100}); train anew") from None
    found.seed = run.options["seed"]
    return found


def page(run: Run, history: History, pictures: Mapping[str, tuple[bytes, str]], live: Alive) -> str:
    """Return the summary of a run as one page of HTML that needs no other file, and runs no script.

    The page in which the network lives is another file, to which it has a link.
    """
    results = {named(name): as_text(name, number) for name, number in run.results.items()}
    last = {
        name.replace("val_", f"{run.held_out} "): f"{numbers[-1]:.4g}" for name, numbers in history.items() if numbers
    }
    given = run.options
    idle = {
        "filters": given["model"] != "cnn",
        "momentum": given["optimizer"] != "sgd",
        "samples": given["data"] == "digits" or given["target"] is not None,
        "kind": given["kind"] == "auto",
    }
    options = {
        name.replace("_", " "): ", ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None and value != [] and not idle.get(name)
    }
    drawn = "\n".join(
        f'<figure><img alt="{html.escape(shows, quote=True)}" src="data:image/png;base64,'
        f'{base64.b64encode(picture).decode()}"><figcaption>{html.escape(shows)}</figcaption></figure>'
        for picture, shows in pictures.values()
    )
    title = f"{run.options['model'].upper()} on {Path(run.options['data']).name}"
    sample = (1, SIDE, SIDE) if run.options["model"] == "cnn" else None
    tiles = "".join(f"<div><dt>{html.escape(name)}</dt><dd>{text}</dd></div>" for name, text in results.items())
    template = files(__package__).joinpath("run.html").read_text(encoding="utf-8")
    return Template(template).substitute(
        title=html.escape(title),
        tiles=tiles,
        pictures=drawn,
        summary=html.escape(run.model.summary(sample)),
        live=f'<a href="{LIVE}">Play with this network</a>. ' * bool(live.page) + html.escape(live.told),
        epochs=history.epochs,
        anew=html.escape(live.training),
        held_out=run.held_out,
        last=_table(("series", "last epoch"), last.items()),
        options=_table(("option", "value"), options.items()),
        classes=html.escape(_predicted(run)),
        columns=_table(("column", "taken as", "filled with"), [told(column) for column in run.columns[:MOST_SHOWN]]),
    )


MOST_SHOWN = 200
"""The most columns that a page lists."""


def _predicted(run: Run) -> str:
    unit = f" in {run.target.unit}" if run.target.unit else ""
    return f"{run.target.name}: {_shortened(run.classes)}" if run.classes else f"{run.target.name}: numbers{unit}"


SHORT = {"r2": "R2", "mae": "MAE", "rmse": "RMSE", "auc": "AUC"}


def named(name: str) -> str:
    """Return the name of a result as people write it.

    >>> from nn._command.runs import named
    >>> named("test_r2"), named("test_balanced_accuracy")
    ('test R2', 'test balanced accuracy')
    """
    return " ".join(SHORT.get(word, word) for word in name.split("_"))


def as_text(name: str, number: float) -> str:
    """Return a result as its name asks: an accuracy as a percentage.

    >>> from nn._command.runs import as_text
    >>> as_text("test_accuracy", 0.975), as_text("test_mae", 1234.5678)
    ('97.5%', '1235')
    """
    return f"{number:.1%}" if name.endswith("accuracy") else f"{number:.4g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    body = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th>'
        + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in rows
    )
    columns = "".join(f'<th scope="col">{name}</th>' for name in head)
    return f'<div class="wide"><table><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table></div>'


def _shortened(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 12 else f"{', '.join(names[:3])}, ..., {names[-1]} ({len(names)} in all)"
