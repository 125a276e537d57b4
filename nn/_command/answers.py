"""The commands that use a run: predict, export."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from autograd import Tensor
from autograd.files import printable, replace_file
from nn._core.types import Array
from nn._layers.normalization import BatchNorm
from nn._layers.sequential import Sequential
from nn._training.probabilities import probabilities
from nn.data import DataError
from nn.data._columns import prepared, strange
from nn.data._files import is_number
from nn.data._like import Like, read_like

from .given import reading_of
from .runs import SIDE, Run, decided, read

MOST_TOLD = 10
"""The most rows that are told one by one."""


class Typed(io.BytesIO):
    """What is typed, or comes from another program."""

    name = "standard input"


def write_predictions(options: argparse.Namespace) -> int:
    """Write a prediction for each row of a file, as CSV; return 1 if some rows could not be predicted."""
    import numpy

    run = read(options.run)
    source: Any = Typed(sys.stdin.buffer.read()) if str(options.file) == "-" else options.file
    found = read_like(source, run.columns, run.missing, reading=reading_of(run.options), tolerant=True)
    good = [row for row in range(len(found.sheet.lines)) if row not in found.faults]
    inputs = numpy.concatenate([prepared(c, values) for c, values in zip(run.columns, found.values)], axis=1)
    outputs = run.outputs(inputs[good]) if good else numpy.zeros(0)
    head, answers = answers_of(run, outputs, options.proba)
    lines = dict(zip(good, answers))
    empty = [""] * len(head)
    rows = (lines.get(row, empty) for row in range(len(found.sheet.lines)))
    _write(options.out, [head, *rows])
    _warn(found, run, set(good))
    _tell(found.sheet, "not predicted", found.faults)
    return int(bool(found.faults))


def answers_of(run: Run, outputs: Array, proba: bool) -> tuple[list[str], Iterable[Sequence[str]]]:
    """Return the names of the columns to write, and the rows: a class and its probability, or a number."""
    if not run.classes:
        numbers = outputs * run.target.spread + run.target.mean
        return [cell(run.target.name)], ([f"{number:.7g}"] for number in numbers.tolist())
    names = list(map(cell, run.classes))
    head = ["class", *(f"probability of {name}" for name in names)] if proba else ["class", "probability"]
    if not len(outputs):
        return head, []
    p = probabilities(outputs)
    chosen = ([f"{part:.4f}" for part in row] if proba else [f"{row.max():.4f}"] for row in p)
    return head, ([names[k], *part] for k, part in zip(decided(outputs), chosen))


def _write(out: Any, rows: Iterable[Sequence[str]]) -> None:
    if out is None:
        csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
        return
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    replace_file(out, text.getvalue())


def _warn(found: Like, run: Run, good: set[int]) -> None:
    """Tell which rows are far outside of the data that the network has learned from."""
    far: dict[int, str] = {}
    for column, values in zip(run.columns, found.values):
        for row, text in strange(column, values).items():
            if row in good:
                far.setdefault(row, f"column {column.name:.60}: {text}")
    _tell(found.sheet, "warning", far)


def _tell(sheet: Any, what: str, told: dict[int, str]) -> None:
    for row in sorted(told)[:MOST_TOLD]:
        print(printable(f"{what}: {sheet.at(row)}: {told[row]}"), file=sys.stderr)
    if len(told) > MOST_TOLD:
        print(f"{what}: {len(told) - MOST_TOLD:,} rows more", file=sys.stderr)


def cell(text: str) -> str:
    """Return a text that a spreadsheet shows as it is, and a terminal too: no formula, no escape code.

    >>> from nn._command.answers import cell
    >>> cell("=1+1"), cell("-1"), cell("tall")
    ("'=1+1", '-1', 'tall')
    """
    shown = printable(text)
    return f"'{shown}" if shown[:1] in tuple("=+-@＝＋－＠") and not is_number(shown) else shown


def export(options: argparse.Namespace) -> None:
    """Write a run's network as an ONNX file, which takes raw numbers if all columns are; print its input and output."""
    run = read(options.run)
    image = run.options["model"] == "cnn"
    network: Any = run.model
    model = network.to(Tensor)
    if not run.classes:
        # Numbers come out in their own unit.
        last = model.layers[-1]
        last.w.data, last.w0.data = last.w.data * run.target.spread, last.w0.data * run.target.spread + run.target.mean
    if not image and run.of_numbers:
        # After training, BatchNorm subtracts means and divides by spreads; the square of a spread, as a
        # variance, may be too small or too large for single precision.
        means, spread = run.scaling
        scaled = BatchNorm(len(run.features), of=Tensor, eps=0.0)
        scaled.running_mean.data, scaled.w.data = means, [1 / part for part in spread]
        model = Sequential(scaled, *model.layers)
    if not options.onnx.parent.is_dir():
        raise DataError(f"--onnx {options.onnx}: there is no folder {options.onnx.parent}")
    shape = (1, SIDE, SIDE) if image else (len(run.inputs),)
    model.to_onnx(options.onnx, shape)
    scores = (
        f"{len(run.classes)} scores, one for each of" if len(run.classes) > 2 else "1 score, above 0 for the second of"
    )
    out = f"{scores} {', '.join(run.classes)}" if run.classes else f"the number {run.target.name}"
    print(printable(f"{options.onnx!s}: x (n, {', '.join(map(str, shape))}) in, y out: {out}"))
    if not run.of_numbers:
        print(
            printable(
                f"x are inputs that were made ready, as ONNX takes numbers alone: {', '.join(run.inputs):.500}. "
                f"config.json says how each column becomes inputs"
            )
        )
