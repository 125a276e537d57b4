"""Data for the playground: arrays, tables and files as JSON that its page reads, of many rows a sample."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from random import Random
from typing import Any

from autograd.files import brief
from nn._core.lists import flat
from nn._core.rows import fault, rows, shape_of
from nn._core.types import Json, Rows, Targets
from nn.data import DataError, Table

from .coded import coded

MOST_ROWS = 2000
"""The most rows of a page: it computes all of them many times a second."""

FEW_ROWS = 10
"""Of so many rows of a table, or fewer, all are to train on."""

MOST_CLASSES = 10
"""The most classes that shapes and colours tell apart."""

MOST_INPUTS = 512
"""The most inputs of a network in a page."""

PLAIN = 64
"""The most numbers that stand in the page as such; more are base64."""

SIXTEENTHS = 16.0
"""Pixels of the handwritten digits are whole multiples of 1 / 16: three bits or so each in place of 64."""


def data_of(
    X: Rows,
    y: Targets,
    task: str,
    *,
    validation: tuple[Rows, Targets] | None = None,
    name: str = "Your data",
    target: str = "y",
    seed: int = 0,
) -> Json:
    """Return samples as data of the page; `task` is "classes", numbered from 0, or "number".

    X has n rows of d numbers, y n numbers, held as `fit` takes them; labels of -1 and 1 are the classes 0 and 1. Of
    more than MOST_ROWS rows a sample is taken, in which every class is, and a note says so; of the rows of
    `validation`, too. An array (n, h, w) holds images, which the page shows as such. Raises ValueError for shapes and
    numbers that do not fit.

    >>> data = data_of([[0.0, 1.0], [1.0, 3.0]], [0, 1], "classes")
    >>> data["n"], data["columns"], data["classes"], data["X"]
    (2, ['x1', 'x2'], ['0', '1'], [0.0, 1.0, 1.0, 3.0])
    """
    X, image = _flat(X)
    if validation is not None:
        validation = (_flat(validation[0])[0], validation[1])
    columns = _names(X)
    inputs, targets = _samples(X, y, "")
    d = len(inputs[0])
    if d > MOST_INPUTS:
        raise ValueError(f"X has {d:,} inputs; a page shows networks of at most {MOST_INPUTS:,}")
    test = ([], []) if validation is None else _samples(*validation, "validation ")
    if test[0] and len(test[0][0]) != d:
        raise ValueError(f"validation X has {len(test[0][0])} inputs, X has {d}")
    classes = None
    if task == "classes":
        signs = -1.0 in {*targets, *test[1]} <= {-1.0, 1.0}
        classes = ["\u22121", "1"] if signs else [str(k) for k in range(_count(targets, test[1]))]
        targets, test = _classes(targets, signs), (test[0], _classes(test[1], signs))
    notes = ["All samples have one class: there is nothing to tell apart"] if classes and len(set(targets)) < 2 else []
    train = _sampled(inputs, targets, bool(classes), seed, notes, "")
    test = _sampled(*test, bool(classes), seed, notes, "validation ")
    columns = columns or [f"x{k}" for k in range(1, d + 1)]
    return _written(name, train, test, columns=columns, classes=classes, target=target, notes=notes) | {"image": image}


def _flat(X: Any) -> tuple[Any, list[int] | None]:
    """Return images as rows of pixels, and their height and width; other samples as they are, and None."""
    shape = tuple(getattr(X, "shape", ()))
    return (X.reshape((shape[0], -1)), [*shape[1:]]) if len(shape) == 3 else (X, None)


def data_of_table(table: Table, name: str, *, test: float = 0.2, seed: int = 0, scaled: bool = False) -> Json:
    """Return a table with a column to predict as data of the page, a part of its rows set apart to `test` with.

    Inputs and numbers to predict are standardised by the rows to train on, and their own unit goes along; if the table
    is `scaled`, it stays as it is. Raises DataError for too many classes, and for a table of one class.

    >>> from nn.data import read_table
    >>> table = read_table({"size": [5, 1] * 10, "kind": list("ab") * 10}, target="kind")
    >>> data = data_of_table(table, "boats.csv")
    >>> data["n"], data["test"]["n"], data["classes"], data["scale"]["mean"]
    (16, 4, ['a', 'b'], [3.0])
    """
    target = table.target
    if target is None:
        raise DataError(f"{name}: say which column is to be predicted")
    many = len(table.classes)
    if many > MOST_CLASSES:
        raise DataError(f"{name}, column {target.name:.60}: has {many:,} classes; a page tells {MOST_CLASSES} apart")
    if len(set(table.numbers.tolist())) < 2:
        raise DataError(f"{name}, column {target.name:.60}: is the same in every row, so there is nothing to learn")
    notes = [f"{column.name} is left out: {column.why}" for column in table.columns if column.kind == "left out"]
    notes += [note for note in table.notes if note.startswith("left out")]
    order = [*range(len(table))]
    if len(table) > MOST_ROWS:
        labels = table.numbers.tolist() if many else [0.0] * len(table)
        order = _chosen(labels, seed)
        notes.append(f"{MOST_ROWS:,} of {len(table):,} rows are shown, drawn at random")
        table = table.of_rows(table.rows[order]) if scaled else table.taken(order)
    parts = (table, table.of_rows(table.rows[:0])) if len(table) <= FEW_ROWS else table.split(test, seed)
    if scaled:
        parts = (table.of_rows(parts[0].rows), table.of_rows(parts[1].rows))
    return data_of_parts(*parts, name, notes, scaled=scaled)


def data_of_parts(first: Table, test: Table, name: str, notes: list[str], *, scaled: bool = False) -> Json:
    """Return a table to train on and one to test with as data of the page; a sample of each if there are many rows."""
    target = first.target
    assert target is not None
    moments = [moment for column in first.columns for moment in _moments(column)]
    if len(moments) > MOST_INPUTS:
        raise DataError(f"{name}: gives {len(moments):,} inputs; a page shows networks of at most {MOST_INPUTS:,}")
    parts = [_few(part, notes, owner) for part, owner in ((first, ""), (test, "test "))]
    written = _written(
        name,
        *((part.X.tolist(), part.y.tolist()) for part in parts),
        columns=first.inputs,
        classes=list(first.classes) or None,
        target=target.name,
        notes=notes,
    )
    if not scaled:
        written["scale"] = {"mean": [mean for mean, _ in moments], "spread": [spread for _, spread in moments]}
    if not first.classes:
        written["targetScale"] = {"mean": target.mean, "spread": target.spread}
    return written


def _few(table: Table, notes: list[str], owner: str) -> Table:
    """Return a table, or MOST_ROWS of its rows, made ready as they are, and a note."""
    if len(table) <= MOST_ROWS:
        return table
    notes.append(f"{MOST_ROWS:,} of {len(table):,} {owner}rows are shown, drawn at random")
    order = _chosen(table.y.tolist() if table.classes else [0.0] * len(table), 0)
    return table.of_rows(table.rows[order])


def _moments(column: Any) -> list[tuple[float, float]]:
    """Return mean and spread of the inputs of a column; flags and texts are 0 or 1 as they are."""
    found = [(part.mean, part.spread) for part in column.parts]
    return found + [(0.0, 1.0)] * (len(column.inputs) - len(found))


Samples = tuple[list[list[float]], list[float]]


def _written(
    name: str,
    train: Samples,
    test: Samples,
    *,
    columns: list[str],
    classes: list[str] | None,
    target: str,
    notes: list[str],
) -> Json:
    """Return data as `readData` of data.js reads them."""
    return {
        "name": name, "task": "number" if classes is None else "classes", "columns": columns, "classes": classes,
        "target": target, "d": len(columns), **_part(train), "test": _part(test), "scale": None, "targetScale": None,
        "image": None, "notes": notes, "recipe": None,
    }  # fmt: skip


def _part(samples: Samples) -> Json:
    X, y = samples
    return {"n": len(X), "X": written([number for row in X for number in row]), "y": written(y)}


def written(numbers: Sequence[float]) -> Json:
    """Return numbers as JSON: few of them in a list, more as base64 of doubles, or as codes of multiples of 1 / 16.

    >>> written([0.5, 1.0]), written([0.0625] * 65)["over"]
    ([0.5, 1.0], 16)
    """
    if len(numbers) <= PLAIN:
        return [float(x) for x in numbers]
    if all(0 <= x < 16 and (x * SIXTEENTHS).is_integer() for x in map(float, numbers)):
        return coded([int(x * SIXTEENTHS) for x in numbers]) | {"over": int(SIXTEENTHS)}
    return {"f64": base64.b64encode(struct.pack(f"<{len(numbers)}d", *numbers)).decode()}


def _names(X: Rows) -> list[str] | None:
    """Return the names of a frame's columns."""
    found = getattr(X, "columns", None)
    return None if found is None else [str(name) for name in found]


def _samples(X: Rows, y: Targets, owner: str) -> Samples:
    """Return n rows of numbers, and n targets."""
    found = []
    for what, data in ((f"{owner}X", X), (f"{owner}y", y)):
        data = rows(data, what)
        if where := fault(data, what):
            raise ValueError(f"{where}; a page computes with finite numbers")
        found.append(data.tolist() if hasattr(data, "tolist") else data)
    inputs, targets = found
    shape = shape_of(inputs)
    if len(shape) == 1:
        inputs, shape = [[x] for x in inputs], (*shape, 1)
    if len(shape) != 2 or 0 in shape:
        raise ValueError(f"{owner}X must have a row of numbers for each sample, shape (n, d); got shape {shape}")
    if shape_of(targets) not in ((shape[0],), (shape[0], 1)):
        raise ValueError(
            f"{owner}y must have one number for each of the {shape[0]} samples, the number of its class or the number "
            f"to predict; got shape {shape_of(targets)}"
        )
    return [[float(x) for x in row] for row in inputs], [float(x) for x in flat(targets)]


def _count(targets: list[float], others: list[float]) -> int:
    """Return how many classes there are; raise ValueError for a label that is no class number."""
    for label in (*targets, *others):
        if not label.is_integer() or label < 0:
            raise ValueError(f"y must be class numbers from 0, or -1 and 1; got {brief(label)}")
    found = int(max(*targets, *others, 1.0)) + 1
    if found > MOST_CLASSES:
        raise ValueError(f"y has {found:,} classes; a page tells at most {MOST_CLASSES} apart")
    return found


def _classes(labels: list[float], signs: bool) -> list[float]:
    return [(label + 1) / 2 for label in labels] if signs else labels


def _sampled(X: list[list[float]], y: list[float], classes: bool, seed: int, notes: list[str], owner: str) -> Samples:
    """Return at most MOST_ROWS samples, in their order; add a note if there were more."""
    if len(X) <= MOST_ROWS:
        return X, y
    notes.append(f"{MOST_ROWS:,} of {len(X):,} {owner}rows are shown, drawn at random")
    order = _chosen(y if classes else [0.0] * len(y), seed)
    return [X[k] for k in order], [y[k] for k in order]


def _chosen(labels: list[float], seed: int) -> list[int]:
    """Return the numbers of MOST_ROWS rows, in order, with one at least of each label."""
    order = [*range(len(labels))]
    Random(seed).shuffle(order)
    first: dict[float, int] = {}
    for k in order:
        first.setdefault(labels[k], k)
    needed = set(first.values())
    rest = [k for k in order if k not in needed]
    return sorted([*needed, *rest][:MOST_ROWS])
