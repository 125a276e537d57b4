"""The commands that train and measure: train, evaluate."""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograd import Tensor, Value
from autograd.files import brief, printable
from nn._files.save import packed
from nn._training.history import History
from nn.data import DataError, Table
from nn.data._files import checksum
from nn.data._like import read_like
from nn.data._prepared import others, rows_apart
from nn.data._target import coded

from .alive import alive
from .folders import held, make_writable
from .given import OWN, Data, load, reading_of
from .learning import APART, best_of, goes_anew, learn, learn_anew, patience_of
from .measured import baseline_of, classes_table, figures_of, line_of, results_of
from .runs import (
    CONFIG,
    FILES,
    HISTORY,
    LIVE,
    MODEL,
    PAGE,
    SIDE,
    Run,
    network,
    outputs_of,
    read,
    read_history,
    write,
)

SETTINGS: dict[str, Any] = {
    "sizes": [16, 16], "activation": "tanh", "optimizer": "sgd", "lr": None, "patience": None, "epochs": 100,
    "batch_size": 32,
}  # fmt: skip
"""What is taken for data that come along unless options say otherwise: little, so that all of it can be looked at."""

OF_TABLES: dict[str, Any] = {
    "sizes": [100], "activation": "relu", "optimizer": "adam", "lr": 0.001, "patience": None, "epochs": 500,
    "batch_size": None,
}  # fmt: skip
"""The same for tables: what needs no tuning, as a held-out part ends the training."""


def settle(options: argparse.Namespace) -> None:
    """Fill in the options that were not given."""
    given = SETTINGS if options.data in OWN else OF_TABLES
    if options.optimizer not in (None, given["optimizer"]):
        given = given | {"lr": None}
    for name, value in given.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    options.lr = options.lr or (0.1 if options.optimizer == "sgd" else 0.01)


def train(options: argparse.Namespace) -> None:
    """Train on the data that the options name, print how good it is and write the run's folder."""
    if options.model == "cnn" and options.data != "digits":
        raise DataError(f"--model cnn: takes images; write --data digits, as {options.data} has none")
    if options.model == "cnn" and options.of == "value":
        raise DataError("--model cnn: is made of Tensors; leave out --of value")
    settle(options)
    earlier = read(options.save) if options.resume else None
    settings = _settings(options, earlier)
    data = load(settings)
    n = len(data.table)
    # A hundred batches or so an epoch, small ones of small tables.
    settings["batch_size"] = settings["batch_size"] or min(512, max(32, 2 ** (n // 100).bit_length()))
    if settings["patience"] is None and settings["data"] not in OWN:
        settings["patience"] = patience_of(n, settings["batch_size"])
    test_rows = rows_apart(data.table.y, n, bool(data.table.classes), APART, settings["seed"])
    train, test = data.parts(test_rows)
    assert train.target is not None
    if settings["target"] is not None:
        print("\n".join(lines_of(train)) + "\n")
    kind = Value if settings["of"] == "value" else Tensor
    model = network(settings, len(train.inputs), outputs_of(train.target), kind)
    run = Run(settings, train.columns, train.target, {}, data.sha256, test_rows, model)
    if earlier is not None:
        _check_same(options.save, earlier, data, train, test_rows)
        if not goes_anew(run, len(train)):
            run = run._replace(model=earlier.model)
    make_writable("--save", options.save)
    with held("--save", options.save), _terminated():
        if earlier is not None and packed(read(options.save).model) != packed(earlier.model):
            raise DataError(f"--resume: {options.save} was trained by another process meanwhile; go on with it again")
        _train(options, run, train, test)


def _settings(options: argparse.Namespace, earlier: Run | None) -> dict[str, Any]:
    """Return the options that belong to a run; those of an earlier one, with more epochs, if it goes on."""
    others = ("command", "save", "overwrite", "resume")
    settings = {name: value for name, value in vars(options).items() if name not in others}
    return settings if earlier is None else earlier.options | {"epochs": earlier.options["epochs"] + options.epochs}


def _check_same(folder: Path, earlier: Run, data: Data, train: Table, test_rows: list[int]) -> None:
    """Raise DataError if a run cannot go on, as its data are other ones."""
    if (earlier.data_sha256, earlier.columns, earlier.target, earlier.test_rows) != (
        data.sha256, train.columns, train.target, test_rows,
    ):  # fmt: skip
        raise DataError(f"--resume: the data of {folder} were changed since its training; train anew")


@contextmanager
def _terminated() -> Iterator[None]:
    """Take a polite request to end (SIGTERM) for Ctrl-C inside the block: what was learned is kept."""
    try:
        before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    except ValueError:
        # A thread handles no signals.
        yield
        return
    # A script's job in the background ignores Ctrl-C from its start; it must not ignore the request as well.
    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    if ignored:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if ignored:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def lines_of(table: Table) -> list[str]:
    """Return lines that say how each column of a table was read, and what was guessed."""
    return table.describe().splitlines()


def _train(options: argparse.Namespace, run: Run, train: Table, test: Table) -> None:
    odd = [name for name in FILES if (options.save / name).exists() and not (options.save / name).is_file()]
    if odd:
        raise DataError(f"--save {options.save}: its {odd[0]} is no regular file; name another folder")
    others = [name for name in (CONFIG, HISTORY, PAGE) if (options.save / name).exists()]
    if others and not (options.save / MODEL).exists():
        raise DataError(f"--save {options.save}: has another {others[0]}, of no run; name another folder")
    if not options.overwrite and not options.resume:
        _spare(options.save, run.options)
    print(run.model.summary((1, SIDE, SIDE) if run.options["model"] == "cnn" else None) + "\n")
    start = time.perf_counter()
    anew, told = goes_anew(run, len(train)), ""
    # What was trained on all samples has seen those that tell when to stop, so that it cannot simply go on.
    history = read_history(options.save, run) if options.resume and not anew else History()
    before = history.epochs
    try:
        learn(run, train, test, history)
        if anew:
            learn_anew(run, train, best_of(history))
            told = f"; trained anew on all {len(train)} samples for as many"
    except KeyboardInterrupt:
        # Without a whole epoch, the network is not worth an earlier run in the same folder.
        if history.epochs == before:
            raise
    best = "" if run.options["patience"] is None else f", the best was epoch {best_of(history)}{told}"
    print(f"{history.epochs} epochs in {time.perf_counter() - start:.1f} s{best}")
    # Kept as layers, which have the same numbers.
    model: Any = run.model
    run = run._replace(model=model.to(Tensor))
    baseline = baseline_of(run, train)
    results: dict[str, float] = {}
    for name, part in (("training", train), ("test", test)):
        found = results_of(run, part)
        results |= {f"{name}_{what}": number for what, number in found.items()}
        print(printable(line_of(name, found, len(part), run, baseline(part))))
    if run.options["target"] is not None and run.classes:
        print("\n" + printable("\n".join(classes_table(run, test))).replace("\\n", "\n"))
    run = run._replace(results=results)
    figures = figures_of(run, train, test, history)
    live = alive(run, train, test, history)
    if told:
        live = live._replace(
            training=f"Then the network was trained anew on all {len(train)} samples, up to the best epoch."
        )
    write(run, history, figures, live, options.save)
    names = ", ".join([PAGE, *[LIVE] * bool(live.page), CONFIG, HISTORY, *(f"{name}.png" for name in figures)])
    print(f"in {printable(str(options.save))}: {names}")


def evaluate(options: argparse.Namespace) -> None:
    """Print how good a run's network is, in all and for each class.

    The samples are those of the run, or those of another file.
    """
    run = read(options.run)
    given = options.data is not None
    if given and (options.target not in (None, run.options["target"]) or not _is_own(run, options.data)):
        parts = {printable(str(options.data)): _known(run, options.data, options.target or run.options["target"])}
        results = None
    else:
        train, test = _as_in_training(run, options.data)
        parts, results = {"training": train, "test": test}, baseline_of(run, train)
    for name, part in parts.items():
        baseline = results(part) if results else baseline_of(run, part)(part)
        print(printable(line_of(name, results_of(run, part), len(part), run, baseline)))
    if run.classes:
        print()
        for line in classes_table(run, part):
            print(printable(line))


def _is_own(run: Run, path: str) -> bool:
    """Tell whether a file is the one that a run was trained on, letter by letter."""
    return run.data_sha256 is not None and checksum(path) == run.data_sha256


def _as_in_training(run: Run, path: str | None) -> tuple[Table, Table]:
    """Return the samples of a run in their two parts; raise DataError if these are not known any more."""
    import numpy

    data = run.options["data"] if path is None else path
    if path is None and data not in OWN:
        # A stranger may have written the path of the data: no file is opened but one named here, or near.
        if Path(data).is_absolute() or ".." in Path(data).parts:
            raise DataError(f"{data}: has the data of this run; if it is yours, name it with --data {data}")
        if not _is_own(run, data):
            raise DataError(f"{data}: was changed since the training, so its test samples are not known; see --data")
    whole = load({**run.options, "data": data}).table
    names = [column.name for column in whole.columns]
    known = names == [column.name for column in run.columns] and whole.classes == run.classes
    if not known or max(run.test_rows) >= len(whole):
        raise DataError(f"{data}: has other columns, classes or rows than it had in training; see --data")
    train = others(run.test_rows, len(whole))
    first, second = (
        whole.made_as(run.columns, run.target, numpy.asarray(whole.rows[rows])) for rows in (train, run.test_rows)
    )
    return first, second


def _known(run: Run, path: str, target: str | None) -> Table:
    """Return another file's samples with the classes or the unit of a run; raise DataError for another class."""
    import numpy

    if target is None:
        raise DataError(f"--data {path}: say with --target which column is to be predicted")
    found = read_like(path, run.columns, run.missing, run.target._replace(name=target), reading=reading_of(run.options))
    assert found.target is not None
    codes = coded(run.target, found.target)
    if run.classes and (codes < 0).any():
        row, goal = int((codes < 0).argmax()), found.target
        label = goal.texts[goal.codes[row]] if goal.numbers is None else f"{goal.numbers[row]:g}"
        known = ", ".join(run.classes[:20]) + (", ..." if len(run.classes) > 20 else "")
        raise DataError(f"{found.sheet.at(row)}, column {target}: has the class {brief(label)}; known are {known:.300}")
    rows = numpy.flatnonzero(~numpy.isnan(codes))
    if not len(rows):
        raise DataError(f"{path}, column {target}: is empty")
    return Table(found.sheet, found.values, rows, run.columns, run.target, codes, run.missing)


def _spare(folder: Path, settings: Mapping[str, Any]) -> None:
    """Raise DataError if a folder has a run of other data or of another network, which would be lost."""
    try:
        earlier = read(folder).options
    except DataError:
        # No run, or a damaged one, which is of no use.
        return
    kind = ("model", "data", "target")
    if any(earlier[name] != settings[name] for name in kind):
        shown = " ".join(f"--{name} {earlier[name]}" for name in kind if earlier[name] is not None)
        raise DataError(f"--save {folder}: has a run of {shown}; name another folder, or replace it with --overwrite")
