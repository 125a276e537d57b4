"""The commands: train, evaluate, predict, export."""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from autograd import Tensor, Value
from autograd.files import brief, printable
from nn import plots
from nn._core.rows import pick
from nn._core.types import Cost, Loss, Metric, Output, Rows, Targets
from nn._layers.normalization import BatchNorm
from nn._layers.sequential import Sequential
from nn._training import metrics as _metrics
from nn._training.cross_entropy import cross_entropy
from nn._training.fit import fit
from nn._training.history import History
from nn._training.losses import binary_cross_entropy
from nn._training.optimizers import NAMED
from nn._training.predict import predict
from nn._training.schedules import Schedule, cosine, warm_up
from nn.data import (
    DataError,
    blobs,
    breast_cancer,
    circles,
    digits,
    iris,
    moons,
    read_csv,
    read_features,
    read_labels,
    spirals,
    train_test_split,
    wine,
)
from nn.data._files import checksum, is_number
from nn.data._prepared import centre_and_spread
from nn.plots._style import plain

from .folders import held, make_writable
from .runs import CONFIG, FILES, HISTORY, MODEL, PAGE, SIDE, Run, decided, network, read, shaped, write
from .schema import MOST_SAMPLES

MADE: dict[str, Callable[..., Any]] = {
    "moons": moons,
    "circles": circles,
    "spirals": spirals,
    "blobs": partial(blobs, classes=2),
}
SHIPPED: dict[str, Callable[[], tuple[Any, Any]]] = {"iris": iris, "wine": wine, "breast_cancer": breast_cancer}
NAMES = ", ".join([*MADE, *SHIPPED, "digits"])

SCHEDULES: dict[str, Callable[[int], Schedule | None]] = {
    "constant": lambda epochs: None,
    "cosine": cosine,
    "warm-up": lambda epochs: warm_up(0.1 * epochs, then=cosine(0.9 * epochs)),
}
"""The schedules that may be given by name: each is made from the number of epochs."""


class Data(NamedTuple):
    """All samples, the names of the features and of the classes, and the checksum of the file."""

    X: Any
    y: Any
    features: list[str]
    classes: list[str]
    sha256: str | None = None


class Samples(NamedTuple):
    """Data in two parts, lists or arrays, with the names of the features and of the classes."""

    X_train: Any
    X_test: Any
    y_train: Any
    y_test: Any
    features: list[str]
    classes: list[str]


def train(options: argparse.Namespace) -> None:
    """Train on the data that the options name, print the accuracy and write the run's folder."""
    if options.model == "cnn" and options.data != "digits":
        raise DataError(f"--model cnn: takes images; write --data digits, as {options.data} has none")
    if options.model == "cnn" and options.of == "value":
        raise DataError("--model cnn: is made of Tensors; leave out --of value")
    options.lr = options.lr or (0.1 if options.optimizer == "sgd" else 0.01)
    settings = {name: value for name, value in vars(options).items() if name not in ("command", "save", "overwrite")}
    data = load(settings)
    samples, test_rows = split(data, options.seed)
    means, spread = scaling(settings, samples.X_train)
    kind = Value if options.of == "value" else Tensor
    model = network(settings, len(data.features), len(data.classes), kind)
    run = Run(settings, data.features, data.classes, means, spread, {}, data.sha256, test_rows, model)
    make_writable("--save", options.save)
    with held("--save", options.save):
        _train(options, run, samples)


def _train(options: argparse.Namespace, run: Run, samples: Samples) -> None:
    odd = [name for name in FILES if (options.save / name).exists() and not (options.save / name).is_file()]
    if odd:
        raise DataError(f"--save {options.save}: its {odd[0]} is no regular file; name another folder")
    others = [name for name in (CONFIG, HISTORY, PAGE) if (options.save / name).exists()]
    if others and not (options.save / MODEL).exists():
        raise DataError(f"--save {options.save}: has another {others[0]}, of no run; name another folder")
    if not options.overwrite:
        _spare(options.save, run.options)
    model: Any = run.model
    X_train, X_test = run.prepared(samples.X_train), run.prepared(samples.X_test)
    y_train, y_test = samples.y_train, samples.y_test
    if options.of == "value":
        X_train, X_test = X_train.tolist(), X_test.tolist()
        y_train, y_test = (y.tolist() if hasattr(y, "tolist") else y for y in (y_train, y_test))
    print(model.summary((1, SIDE, SIDE) if options.model == "cnn" else None) + "\n")
    # A training that stops by the test samples can no longer be tested with them.
    validation = (X_test, y_test)
    if options.patience is not None:
        X_train, X_apart, y_train, y_apart = train_test_split(X_train, y_train, seed=options.seed)
        validation = (X_apart, y_apart)
    start = time.perf_counter()
    history = History()
    try:
        fit(
            model,
            X_train,
            y_train,
            loss=_loss(samples.classes),
            optimizer=NAMED[options.optimizer](model.parameters(), options.lr, options.momentum, options.weight_decay),
            epochs=options.epochs,
            batch_size=options.batch_size,
            validation=validation,
            schedule=SCHEDULES[options.schedule](options.epochs),
            patience=options.patience,
            metrics=(_accuracy(samples.classes),),
            history=history,
            seed=options.seed,
        )
    except KeyboardInterrupt:
        # Without a whole epoch, the network is not worth an earlier run in the same folder.
        if not history.epochs:
            raise
    print(f"{history.epochs} epochs in {time.perf_counter() - start:.1f} s")
    # Kept as layers, which have the same numbers.
    run = run._replace(model=model.to(Tensor))
    results = _measured(run, samples)
    run = run._replace(results={f"{name}_accuracy": right for name, (right, _) in results.items()})
    for name, (right, n) in results.items():
        print(f"{name:<9} accuracy {right:7.1%}  ({n} samples)")
    figures = _figures(run, samples, history)
    write(run, history, figures, options.save)
    names = ", ".join(f"{name}.png" for name in figures)
    print(f"in {printable(str(options.save))}: index.html, config.json, history.csv, {names}")


def evaluate(options: argparse.Namespace) -> None:
    """Print how often a run's network is right, in all and for each class.

    The samples are those of the run, or those of another CSV file.
    """
    run = read(options.run)
    given = options.data is not None
    if given and (options.target not in (None, run.options["target"]) or not _is_own(run, options.data)):
        X, y = _known(run, options.data, options.target or run.options["target"])
        parts = {printable(str(options.data)): (X, y)}
    else:
        samples = _as_in_training(run, options.data)
        parts = {"training": (samples.X_train, samples.y_train), "test": (samples.X_test, samples.y_test)}
    for name, (X, y) in parts.items():
        scores = run.scores(X)
        print(f"{name:<9} accuracy {_accuracy(run.classes)(scores, y):7.1%}  ({len(y)} samples)")
    guesses = decided(scores)
    names = list(map(printable, run.classes))
    width = max(len(name) for name in ("class", *names))
    print(f"\n{'class':<{width}}  {'right':>7}  samples")
    counts, rights = Counter(map(int, y)), Counter(int(true) for guess, true in zip(guesses, y) if guess == true)
    for k, label in enumerate(names):
        right = f"{rights[k] / counts[k]:.1%}" if counts[k] else "-"
        print(f"{label:<{width}}  {right:>7}  {counts[k]:7}")


def _is_own(run: Run, path: str) -> bool:
    """Tell whether a file is the one that a run was trained on, letter by letter."""
    return run.data_sha256 is not None and checksum(path) == run.data_sha256


def _as_in_training(run: Run, path: str | None) -> Samples:
    """Return the samples of a run in their two parts; raise DataError if these are not known any more."""
    data = run.options["data"] if path is None else path
    if path is None and data not in (*MADE, *SHIPPED, "digits"):
        # A stranger may have written the path of the data: no file is opened but one named here, or near.
        if Path(data).is_absolute() or ".." in Path(data).parts:
            raise DataError(f"{data}: has the data of this run; if it is yours, name it with --data {data}")
        if not _is_own(run, data):
            raise DataError(f"{data}: was changed since the training, so its test samples are not known; see --data")
    whole = load({**run.options, "data": data})
    if (whole.features, whole.classes) != (run.features, run.classes) or max(run.test_rows) >= len(whole.y):
        raise DataError(f"{data}: has other columns, classes or rows than it had in training; see --data")
    apart = set(run.test_rows)
    return _parts(whole, [row for row in range(len(whole.y)) if row not in apart], run.test_rows)


def write_predictions(options: argparse.Namespace) -> None:
    """Print the class of each sample in a CSV file, and its probability, as CSV."""
    import numpy

    run = read(options.run)
    z = numpy.asarray(run.scores(read_features(options.file, run.features)))
    scores = numpy.stack([numpy.zeros_like(z), z], axis=1) if z.ndim == 1 else z
    e = numpy.exp(scores - scores.max(axis=1, keepdims=True))
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["class", "probability"])
    for k, p in zip(decided(z), (e / e.sum(axis=1, keepdims=True)).max(axis=1)):
        table.writerow([cell(run.classes[k]), f"{p:.4f}"])


def cell(text: str) -> str:
    """Return a text that a spreadsheet shows as it is, and a terminal too: no formula, no escape code.

    >>> from nn._command.commands import cell
    >>> cell("=1+1"), cell("-1"), cell("tall")
    ("'=1+1", '-1', 'tall')
    """
    shown = printable(text)
    return f"'{shown}" if shown[:1] in tuple("=+-@＝＋－＠") and not is_number(shown) else shown


def export(options: argparse.Namespace) -> None:
    """Write a run's network as an ONNX file that takes raw features; print its input and output."""
    run = read(options.run)
    image = run.options["model"] == "cnn"
    network: Any = run.model
    model = network.to(Tensor)
    if not image:
        # After training, BatchNorm subtracts means and divides by spreads; the square of a spread, as a
        # variance, may be too small or too large for single precision.
        scaled = BatchNorm(len(run.features), of=Tensor, eps=0.0)
        scaled.running_mean.data, scaled.w.data = run.means, [1 / spread for spread in run.spread]
        model = Sequential(scaled, *model.layers)
    if not options.onnx.parent.is_dir():
        raise DataError(f"--onnx {options.onnx}: there is no folder {options.onnx.parent}")
    shape = (1, SIDE, SIDE) if image else (len(run.features),)
    model.to_onnx(options.onnx, shape)
    scores = "1 score, above 0 for the second" if len(run.classes) == 2 else f"{len(run.classes)} scores, one for each"
    classes = printable(", ".join(run.classes))
    print(f"{printable(str(options.onnx))}: x (n, {', '.join(map(str, shape))}) in, y out: {scores} of {classes}")


def _spare(folder: Path, settings: Mapping[str, Any]) -> None:
    """Raise DataError if a folder has a run of other data or of another network, which would be lost."""
    try:
        earlier = read(folder).options
    except DataError:
        # No run, or a damaged one, which is of no use.
        return
    kind = ("model", "data", "target")
    if any(earlier[name] != settings[name] for name in kind):
        told = " ".join(f"--{name} {earlier[name]}" for name in kind if earlier[name] is not None)
        raise DataError(f"--save {folder}: has a run of {told}; name another folder, or replace it with --overwrite")


def load(options: Mapping[str, Any]) -> Data:
    """Return the samples that the options name."""
    data, target, n, seed = (options[name] for name in ("data", "target", "samples", "seed"))
    if target is not None and data in (*MADE, *SHIPPED, "digits"):
        raise DataError(f"--target {target}: is for CSV files; {data} has no columns to choose from")
    if data == "digits":
        X, y = digits()
        return Data(X, y, [f"pixel {k}" for k in range(SIDE * SIDE)], [str(k) for k in range(10)])
    if data in MADE:
        if not 10 <= n <= MOST_SAMPLES:
            raise DataError(
                f"--samples {n}: at least 10 are needed to train and to test, at most {MOST_SAMPLES:,} made"
            )
        X, y = MADE[data](n, seed=seed)
        return Data(X, y, ["x_1", "x_2"], ["class 0", "class 1"])
    if data in SHIPPED:
        X, y = SHIPPED[data]()
        features = [f"feature {k}" for k in range(1, X.shape[1] + 1)]
        return Data(X, y, features, [f"class {k}" for k in range(int(y.max()) + 1)])
    if not data.lower().endswith(".csv") and not Path(data).exists():
        raise DataError(f"--data {data}: is neither {NAMES} nor a CSV file")
    if target is None:
        raise DataError(f"--data {data}: say with --target which column holds the classes")
    table = read_csv(data, target)
    if len(table.y) < 10:
        raise DataError(f"{data}: has {len(table.y)} samples; at least 10 are needed to train and to test")
    return Data(table.X, table.y, table.features, table.classes, checksum(data))


def split(data: Data, seed: int) -> tuple[Samples, list[int]]:
    """Return data in two parts, and which rows the second has."""
    rows = list(range(len(data.y)))
    train, test, _, _ = train_test_split(rows, rows, seed=seed)
    return _parts(data, train, test), test


def _parts(data: Data, train: list[int], test: list[int]) -> Samples:
    X_train, X_test, y_train, y_test = (pick(part, rows) for part in (data.X, data.y) for rows in (train, test))
    return Samples(X_train, X_test, y_train, y_test, data.features, data.classes)


def scaling(options: Mapping[str, Any], X: Rows) -> tuple[list[float], list[float]]:
    """Return mean and spread of each column of measured data.

    They are 0 and 1 for made data and digits, whose numbers have a good size already.
    """
    import numpy

    X = numpy.asarray(X, float)
    if options["data"] in (*MADE, "digits"):
        return [0.0] * X.shape[1], [1.0] * X.shape[1]
    try:
        means, spread = centre_and_spread(X)
    except ValueError as error:
        raise DataError(f"{options['data']}: {error}") from None
    return means.tolist(), spread.tolist()


def _known(run: Run, path: str, target: str | None) -> tuple[Rows, list[int]]:
    """Return a CSV file's samples with the class numbers of a run; raise DataError for another class."""
    if target is None:
        raise DataError(f"--data {path}: say with --target which column holds the classes")
    labels = read_labels(path, target)
    places = {name: k for k, name in enumerate(run.classes)}
    unknown = next((label for label in labels if label not in places), None)
    if unknown is not None:
        known = ", ".join(run.classes[:20]) + (", ..." if len(places) > 20 else "")
        raise DataError(f"{path}, column {target}: has the class {brief(unknown)}; known are {known:.300}")
    return read_features(path, run.features), [places[label] for label in labels]


def _loss(classes: list[str]) -> Loss:
    def logistic(y_hat: Output, y: Targets) -> Cost:
        return binary_cross_entropy(y_hat, y, from_logits=True)

    return logistic if len(classes) == 2 else cross_entropy


def _threshold(classes: list[str]) -> float | None:
    """Return the logit above which the second of two classes is chosen; None for more classes."""
    return 0.0 if len(classes) == 2 else None


def _accuracy(classes: list[str]) -> Metric:
    def accuracy(y_hat: Output, y: Targets) -> float:
        return _metrics.accuracy(y_hat, y, threshold=_threshold(classes))

    return accuracy


def _measured(run: Run, samples: Samples) -> dict[str, tuple[float, int]]:
    """Return the accuracy on both parts, each with the number of samples."""
    parts = {"training": (samples.X_train, samples.y_train), "test": (samples.X_test, samples.y_test)}
    return {name: (_accuracy(run.classes)(run.scores(X), y), len(y)) for name, (X, y) in parts.items()}


def _figures(run: Run, samples: Samples, history: History) -> dict[str, tuple[Any, str]]:
    """Return the pictures of a run by name, each with its caption."""
    scores, y_test, threshold = run.scores(samples.X_test), samples.y_test, _threshold(run.classes)
    confusion = plots.confusion_matrix(scores, y_test, classes=run.classes, threshold=threshold)
    figures = {
        "history": (
            history.plot(held_out=run.held_out).figure,
            f"Loss and accuracy of each epoch; {run.held_out} dashed",
        ),
        "confusion": (confusion.figure, "How often each class of the test samples was taken for which"),
    }
    if len(run.features) == 2:
        made = run.options["data"] in MADE
        boundary: Any = plots.decision_boundary(
            lambda points: predict(run.model, shaped(points, run.options)),
            run.prepared(samples.X_train),
            samples.y_train,
            threshold=threshold,
        )
        names = [f"${name}$" if made else plain(f"{name} (standardised)") for name in run.features]
        boundary.set(xlabel=names[0], ylabel=names[1])
        for text, name in zip(boundary.get_legend().get_texts(), map(plain, run.classes)):
            text.set_text(name)
        figures["boundary"] = (boundary.figure, "The training samples, and where the network decides for which class")
    if run.options["data"] == "digits":
        images = samples.X_test.reshape(-1, SIDE, SIDE)
        wrong = plots.misclassified(images, scores, y_test)
        figures["misclassified"] = (wrong, "Test samples that were taken for another class")
    return figures
