"""The parts of a training: everything that `fit` is given, checked before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any, NamedTuple

from autograd import Value
from autograd.files import brief
from nn._core.settings import real, whole
from nn._core.types import ClassWeights, Loss, Metric, Rows, Targets, Unchecked, Weights
from nn._layers.module import Module

from .given import carried_on, names_of, pair, sample_weights, samples
from .history import History
from .objective import Objective
from .optimizer import Optimizer
from .schedules import Schedule
from .step import MANY, Step, accumulated, compiled, plain


class Training(NamedTuple):
    """The parts of a training that stay the same in all epochs; `steps` are the optimizer's at the start."""

    model: Module
    objective: Objective
    optimizer: Optimizer
    step: Step
    data: tuple[Any, ...]
    held_out: tuple[Any, Any] | None
    metrics: Sequence[Metric]
    epochs: int
    batch_size: int | None
    accumulate: int
    schedule: Schedule | None
    max_norm: float | None
    history: History
    steps: int


def begin(
    model: Module,
    X: Rows,
    y: Targets,
    *,
    loss: Loss,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | None,
    accumulate: int,
    weight: Weights | None,
    class_weight: ClassWeights | None,
    validation: tuple[Rows, Targets] | None,
    metrics: Sequence[Metric],
    schedule: Schedule | None,
    max_norm: float | None,
    history: History | None,
    seed: int | None,
    compile: bool,
) -> Training:
    """Return a training that can begin; raise the errors of `fit` for arguments that do not fit."""
    _check_moved(model, loss, optimizer)
    epochs, accumulate = whole("epochs", epochs, 1), whole("accumulate", accumulate, 1)
    if batch_size is not None:
        batch_size = whole("batch_size", batch_size, 1, ", or None for all samples")
    if max_norm is not None:
        max_norm = real("clip_grad_norm", max_norm, lambda norm: norm > 0, "a positive number, or None")
    names = names_of(metrics)
    of_values = isinstance(optimizer.parameters[0], Value)
    data = samples(X, y, of_values)
    weight = sample_weights(weight, class_weight, data[1], loss, of_values)
    held_out = None if validation is None else pair(validation, of_values)
    series = [*names, *(f"val_{name}" for name in names if held_out is not None), *["lr"] * (schedule is not None)]
    n = len(data[0])
    size = min(batch_size or n, n)
    history = carried_on(history, series, seed, min(accumulate * size, n), model._trainings)
    objective = Objective(loss, optimizer.parameters)
    step = plain(model, objective, optimizer)
    if compile and epochs * -(-n // size) >= MANY:
        step = _recorded_first(step, compiled(model, objective, optimizer))
    return Training(
        model, objective, optimizer, accumulated(step, optimizer, accumulate),
        data if weight is None else (*data, weight), held_out, metrics, epochs, batch_size, accumulate, schedule,
        max_norm, history, optimizer.steps,
    )  # fmt: skip


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
