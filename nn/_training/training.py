"""The parts of a training: everything that `fit` is given, checked before the first step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from typing import Literal, NamedTuple

from autograd import Value
from autograd.files import brief
from nn._core.rows import dtype_of
from nn._core.settings import real, whole
from nn._core.types import Batches, ClassWeights, Loss, Metric, Rows, Targets, Unchecked, Weights
from nn._layers.module import Module

from .engine import Engine
from .given import carried_on, names_of, sample_weights, samples
from .history import History
from .objective import Objective
from .optimizer import Optimizer
from .schedules import Schedule
from .step import MANY, Step, accumulated, compiled, plain
from .streams import Batch, Reader, Source, held_out_of, source_of_rows, source_of_stream
from .whole import Whole

USUAL = 32
"""The rows of a batch if nothing is said."""

WHOLE = 500
"""The number of steps from which it pays to compile whole ones."""

MUCH = 200_000
"""So many products of samples and parameters take Values as long as it takes to compile whole steps of arrays."""


class Training(NamedTuple):
    """The parts of a training that stay the same in all epochs; `steps` are the optimizer's at the start.

    Where there are no `whole` steps, the optimizer makes its step itself. A training is `alone` if nobody looks at the
    network before the end.
    """

    model: Module
    objective: Objective
    optimizer: Optimizer
    step: Step
    whole: Whole | None
    source: Source
    held_out: Callable[[int], Iterable[Batch]] | None
    metrics: Sequence[Metric]
    epochs: int
    accumulate: int
    schedule: Schedule | None
    max_norm: float | None
    history: History
    steps: int
    engine: Engine
    alone: bool = False


def begin(
    model: Module,
    X: Rows | Batches,
    y: Targets | None,
    *,
    loss: Loss,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | Literal["auto"] | None,
    steps: int | None,
    accumulate: int,
    weight: Weights | None,
    class_weight: ClassWeights | None,
    validation: tuple[Rows, Targets] | Batches | None,
    metrics: Sequence[Metric],
    schedule: Schedule | None,
    max_norm: float | None,
    history: History | None,
    seed: int | None,
    compile: bool,
    engine: Engine,
) -> Training:
    """Return a training that can begin; raise the errors of `fit` for arguments that do not fit."""
    _check_moved(model, loss, optimizer)
    epochs, accumulate = whole("epochs", epochs, 1), whole("accumulate", accumulate, 1)
    if batch_size is not None and batch_size != "auto":
        batch_size = whole("batch_size", batch_size, 1, ', "auto", or None for all samples')
    if max_norm is not None:
        max_norm = real("clip_grad_norm", max_norm, lambda norm: norm > 0, "a positive number, or None")
    names = names_of(metrics)
    of_values = isinstance(optimizer.parameters[0], Value)
    reader = Reader(of_values, loss, dtype_of(optimizer.parameters))
    rows = None if y is None else _rows(X, y, weight, class_weight, steps, reader)
    left = epochs - (history.epochs if isinstance(history, History) else 0)
    held_out = None if validation is None else held_out_of(validation, reader, left)
    series = [*names, *(f"val_{name}" for name in names if held_out is not None), *["lr"] * (schedule is not None)]
    if rows is not None:
        n = len(rows[0])
        size = USUAL if batch_size == "auto" else batch_size
        history = carried_on(history, series, seed, min(accumulate * min(size or n, n), n), model._trainings)
        source = source_of_rows(rows, reader, size, history.seed)
    else:
        size = None if batch_size == "auto" else batch_size
        source = _stream(X, weight, class_weight, steps, reader, size, left)
        history = carried_on(history, series, seed, size and accumulate * size, model._trainings)
    objective = Objective(loss, optimizer.parameters)
    step = written = plain(model, objective, optimizer)
    moves = None
    # A stream whose length nobody knows is taken for a long one.
    count = None if source.number is None else epochs * source.number
    if compile and (count is None or count >= MANY):
        step = compiled(model, objective, optimizer, count)
    if compile and accumulate == 1 and max_norm is None and _is_long(count, source, epochs, optimizer):
        moves = Whole(model, objective, optimizer, written, step, bool(metrics))
        step = moves.step
    if step is not written:
        step = _recorded_first(written, step)
    return Training(
        model, objective, optimizer, accumulated(step, optimizer, accumulate), moves, source, held_out, metrics, epochs,
        accumulate, schedule, max_norm, history, optimizer.steps, engine,
    )  # fmt: skip


def _is_long(count: int | None, source: Source, epochs: int, optimizer: Optimizer) -> bool:
    """Tell whether a training takes so long that it pays to compile whole steps."""
    if source.rows is not None and isinstance(optimizer.parameters[0], Value):
        return epochs * len(source.rows[0]) * len(optimizer.parameters) >= MUCH
    return count is not None and count >= WHOLE


def _rows(
    X: Rows, y: Targets, weight: Weights | None, class_weight: ClassWeights | None, steps: int | None, reader: Reader
) -> Batch:
    """Return samples, targets and perhaps weights as rows by position."""
    if steps is not None:
        raise ValueError("steps is for streams, fit(model, batches, ...); of X and y an epoch takes all rows")
    data = samples(X, y, reader.of_values)
    weight = sample_weights(weight, class_weight, data[1], reader.loss, reader.of_values)
    return data if weight is None else (*data, weight)


def _stream(
    batches: Batches,
    weight: Weights | None,
    class_weight: ClassWeights | None,
    steps: int | None,
    reader: Reader,
    size: int | None,
    epochs: int,
) -> Source:
    """Return the batches of a stream; raise ValueError for what only somebody can say who has seen all of it."""
    if weight is not None:
        raise ValueError("a stream has its weights in its batches: give (X, y, weight) in place of weight=")
    if class_weight == "balanced":
        raise ValueError('class_weight="balanced" needs all of y, which a stream has not; give a dict {class: weight}')
    steps = None if steps is None else whole("steps", steps, 1, ", or None")
    return source_of_stream(batches, reader._replace(class_weight=class_weight), size, steps, epochs)


def _check_moved(model: Module, loss: Unchecked, optimizer: Unchecked) -> None:
    """Raise TypeError for no loss or no optimizer, ValueError for an optimizer that moves nothing."""
    if not callable(loss):
        raise TypeError(f"loss must be a function (y_hat, y) such as nn.hinge; got {brief(loss)}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be an Optimizer: SGD(model.parameters(), lr=0.1); got {brief(optimizer)}")
    moved = set(model.parameters()).intersection(optimizer.parameters)
    if not moved:
        raise ValueError("the optimizer moves no parameter of this model: make it with SGD(model.parameters(), lr=...)")
    if all(parameter.frozen for parameter in moved):
        raise ValueError("all parameters that the optimizer moves are frozen: call model.unfreeze(), or a layer's")


def _recorded_first(recorded: Step, others: Step) -> Step:
    """Return a step that is `recorded` the first time, when the loss is checked, and `others` later."""
    steps = chain([recorded], repeat(others))
    return lambda *batch: next(steps)(*batch)
