"""Training: `fit`, and what is done with a trained network."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from random import Random
from typing import Any, NamedTuple

from autograd import Value, no_grad
from autograd.files import brief
from nn._core.rows import arranged, fault, joined, pick, rows
from nn._core.settings import real, whole
from nn._layers.module import Module, evaluating

from .clipping import clip_grad_norm as clip
from .given import Metric, carried_on, check_functions, names_of, number_of, pair, sample_weights, samples
from .history import History
from .interrupt import held_back
from .metrics import raw
from .objective import Objective, evaluated
from .optimizer import Optimizer
from .progress import shown
from .schedules import Schedule
from .step import MANY, Step, accumulated, compiled, plain

Callback = Callable[[History], Any]


def fit(
    model: Module,
    X: Any,
    y: Any,
    *,
    loss: Callable[..., Any],
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | None = 32,
    accumulate: int = 1,
    weight: Any = None,
    class_weight: Any = None,
    validation: tuple[Any, Any] | None = None,
    metrics: Sequence[Metric] = (),
    schedule: Schedule | None = None,
    patience: int | None = None,
    clip_grad_norm: float | None = None,
    callbacks: Sequence[Callback] = (),
    history: History | None = None,
    seed: int | None = None,
    progress: bool = True,
    compile: bool = True,
) -> History:
    """Train: for each epoch, for each mini-batch, compute the loss, its gradient, and take a step of the optimizer.

    X holds n samples, y their n targets: lists, arrays, memory maps, Series, DataFrames or tensors of PyTorch, taken by
    position. `loss` and each of `metrics` is a function (y_hat, y); the loss returns a node, a metric a number. A batch
    is `batch_size` samples, 32 if nothing is said, or all of them if it is None. The order comes from `seed` and the
    number of the epoch; without a seed, another call for this network has another order. A step is taken after every
    `accumulate` batches, with the mean of their gradients, which `clip_grad_norm` limits to so long a vector. `weight`,
    a number for each sample, goes to the loss as its argument `weight`, not to the metrics; `class_weight` makes one
    from a dict {class: weight}, or from how often each class occurs if it is "balanced". `schedule` returns a factor
    for the learning rate from the epochs that have passed (`cosine`, ...).

    The history has the mean loss over each epoch and each metric of all its outputs, and those of `validation`, a pair
    (X, y), at its end. With `patience` training stops after so many epochs without a lower loss (of validation, if
    there is one), and the parameters of the best epoch return. Each of `callbacks` is called with the history after
    every epoch, and stops training if it returns True. A `history` is carried on up to `epochs` epochs in all, in the
    same order, as if there had been no break. (Save one that is to be carried on in a callback if there is `patience`:
    at the end the best parameters return.) A bar shows the progress on a terminal and in a notebook.

    Ctrl-C ends training when the step is whole, and raises KeyboardInterrupt, so that a loop over trainings ends as
    well; the network keeps what it has learned, and `history=History()`, given before, the epochs so far. A second one
    breaks off at once.

    In a training of MANY steps or more the arithmetic is compiled, which changes no number by more than rounding; loss
    and model run at every step, as they are written. What cannot be compiled is not, with a warning. With
    `compile=False` nothing is. Targets of shape (n, 1) for n outputs, and the other way round, are brought into the
    shape of the outputs where the loss takes no others.

    Raises ValueError for data and settings that do not fit, and for a loss that depends on no parameter; TypeError for
    a loss that returns no node, a metric that returns no number and what is none of the kind asked for; and
    FloatingPointError if the loss is no longer a finite number: it says where in the data nan or inf is, if it is
    there.

    >>> model = MLP(1, [1])
    >>> history = fit(model, [[0.0], [1.0]], [1.0, 3.0], loss=mse, optimizer=SGD(model.parameters(), lr=0.5), epochs=50)
    >>> round(model([2.0]).data, 3)
    5.0
    """
    if not callable(loss):
        raise TypeError(f"loss must be a function (y_hat, y) such as nn.hinge; got {brief(loss)}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be an Optimizer: SGD(model.parameters(), lr=0.1); got {brief(optimizer)}")
    moved = set(model.parameters()).intersection(optimizer.parameters)
    if not moved:
        raise ValueError("the optimizer moves no parameter of this model: make it with SGD(model.parameters(), lr=...)")
    if all(parameter.frozen for parameter in moved):
        raise ValueError("all parameters that the optimizer moves are frozen: call model.unfreeze(), or a layer's")
    epochs, accumulate = whole("epochs", epochs, 1), whole("accumulate", accumulate, 1)
    if batch_size is not None:
        batch_size = whole("batch_size", batch_size, 1, ", or None for all samples")
    if patience is not None:
        patience = whole("patience", patience, 1, ", or None")
    if clip_grad_norm is not None:
        clip_grad_norm = real("clip_grad_norm", clip_grad_norm, lambda norm: norm > 0, "a positive number, or None")
    check_functions("callbacks", callbacks)
    names = names_of(metrics)
    of_values = isinstance(optimizer.parameters[0], Value)
    data = samples(X, y, of_values)
    weight = sample_weights(weight, class_weight, data[1], loss, of_values)
    held_out = None if validation is None else pair(validation, of_values)
    series = [*names, *(f"val_{name}" for name in names if held_out is not None), *["lr"] * (schedule is not None)]
    n = len(data[0])
    size = min(batch_size or n, n)
    history = carried_on(history, series, seed, min(accumulate * size, n), model._trainings)
    model._trainings += 1
    objective = Objective(loss, optimizer.parameters)
    step = plain(model, objective, optimizer)
    if compile and epochs * -(-n // size) >= MANY:
        step = _recorded_first(step, compiled(model, objective, optimizer))
    step = accumulated(step, optimizer, accumulate)
    training = Training(
        model, objective, optimizer, step, data if weight is None else (*data, weight),
        held_out, metrics, batch_size, accumulate, schedule, clip_grad_norm, optimizer.steps,
    )  # fmt: skip
    try:
        with held_back() as let_through:
            _train(training, history, epochs, patience, callbacks, progress, let_through)
    except KeyboardInterrupt as stop:
        print(f"stopped after {history.epochs} of {epochs} epochs", file=sys.stderr)
        stop.add_note(
            "The network keeps what it has learned. Call fit with history=History() to have the epochs before an "
            "interrupt, and once more with this history to go on."
        )
        raise
    return history


class Training(NamedTuple):
    """What is the same in all epochs; `lr` and `steps` are the optimizer's at the start."""

    model: Module
    objective: Objective
    optimizer: Optimizer
    step: Step
    data: tuple[Any, ...]
    held_out: tuple[Any, Any] | None
    metrics: Sequence[Metric]
    batch_size: int | None
    accumulate: int
    schedule: Schedule | None
    max_norm: float | None
    steps: int


def _train(
    training: Training,
    history: History,
    epochs: int,
    patience: int | None,
    callbacks: Sequence[Callback],
    progress: bool,
    let_through: Callable[[], None],
) -> None:
    """Go through the epochs that are left; at the end, whatever ends it, leave everything as it is in use."""
    model, optimizer, schedule = training.model, training.optimizer, training.schedule
    model.train()
    try:
        with shown(history, epochs, progress) as show:
            for epoch in range(history.epochs, epochs):
                optimizer.check()
                lr = optimizer.lr
                try:
                    numbers = _epoch(training, history, epoch, let_through)
                finally:
                    if schedule is not None:
                        # A callback sees, and may set, the learning rate that the schedule starts from.
                        optimizer.lr = lr
                if training.held_out is not None:
                    numbers += _validated(training, epoch, *training.held_out)
                numbers += [] if schedule is None else [lr * _factor(schedule, epoch)]
                for name, number in zip(history, numbers):
                    history[name].append(number)
                show()
                patient = patience is None or _is_patient(model, history, patience)
                answers = [callback(history) for callback in callbacks]
                # What else a callback may return, such as an array, means nothing.
                if not patient or any(type(answer).__name__ == "bool" and answer for answer in answers):
                    break
                let_through()
    finally:
        model.eval()
        if patience is not None and history.best:
            model.load_state_dict(history.best)


def _epoch(training: Training, history: History, epoch: int, let_through: Callable[[], None]) -> list[float]:
    """Go through all samples once; return the mean loss and what the metrics say of all outputs."""
    optimizer, data, accumulate = training.optimizer, training.data, training.accumulate
    n, lr = len(data[0]), optimizer.lr
    total = 0.0
    outputs, targets = [], []
    batches = _batches(n, training.batch_size, history.seed, epoch)
    for k, batch in enumerate(batches):
        given = data if training.batch_size is None else tuple(pick(part, batch) for part in data)
        if training.schedule is not None:
            optimizer.lr = lr * _factor(training.schedule, epoch + k / len(batches))
        J, y_hat = training.step(*given)
        if not math.isfinite(J):
            raise FloatingPointError(_diverged(training, "loss", J, epoch, ("X", "y", "weight"), data))
        if (k + 1) % accumulate == 0 or k + 1 == len(batches):
            if training.max_norm is not None:
                clip(optimizer.parameters, training.max_norm)
            optimizer.step()
        let_through()
        total += J * len(batch)
        if training.metrics:
            outputs.append(y_hat)
            targets.append(training.objective.targets(y_hat, *given[1:]))
    sizes = [len(batch) for batch in batches]
    whole_epoch = (joined(outputs, sizes), joined(targets, sizes)) if training.metrics else ()
    return [float(total / n), *(number_of(metric, *whole_epoch) for metric in training.metrics)]


def _factor(schedule: Schedule, epochs: float) -> float:
    """Return the factor for the learning rate; raise ValueError for one that would climb, or is none."""
    name = f"schedule({epochs:g})"
    return real(name, schedule(epochs), lambda factor: 0 <= factor < math.inf, "a finite number from 0, a factor of lr")


def _validated(training: Training, epoch: int, X: Any, y: Any) -> list[float]:
    J, y_hat, targets = evaluated(training.model, training.objective, X, y)
    if not math.isfinite(J):
        names = ("X of validation", "y of validation")
        raise FloatingPointError(_diverged(training, "validation loss", J, epoch, names, (X, y)))
    return [J, *(number_of(metric, y_hat, targets) for metric in training.metrics)]


def _diverged(training: Training, what: str, J: float, epoch: int, names: Sequence[str], data: tuple[Any, ...]) -> str:
    """Return why the loss is probably no finite number: the data, the network as it was given, or the steps."""
    told = f"the {what} is {J} in epoch {epoch + 1}"
    for name, part in zip(names, data):
        if where := fault(part, name):
            return f"{told}, as {where}: leave such rows out, or put a number there"
    optimizer = training.optimizer
    if optimizer.steps > training.steps:
        return (
            f"{told}: the steps are probably too large. Try a smaller learning rate (lr={optimizer.lr / 10:g} in place "
            f"of {optimizer.lr:g}), or find the first bad number with detect_anomaly()"
        )
    for name, node in training.model.named_parameters():
        if where := fault([node.data], f"the parameter {name}"):
            return f"{told}, as {where.partition(' in row')[0]} before the first step: make the network anew"
    return (
        f"{told}, before the first step: numbers in the data are too large (see nn.data.standardise), or the loss is "
        f"not defined for them; detect_anomaly() finds the first bad number"
    )


def _recorded_first(recorded: Step, others: Step) -> Step:
    """Return the step that is recorded the first time, as what is checked of the loss is checked there."""
    steps = chain([recorded], repeat(others))
    return lambda *batch: next(steps)(*batch)


def _is_patient(model: Module, history: History, patience: int) -> bool:
    """Keep the model if it is better than ever; tell whether training may go on."""
    losses = history.get("val_loss", history["loss"])
    best = losses.index(min(losses))
    if best == len(losses) - 1:
        history.best = model.state_dict()
    return len(losses) - 1 - best < patience


def predict(model: Module, X: Any) -> Any:
    """Return the model's output in use, as raw numbers, without recording a graph: lists for Values, else an array.

    X is whatever `fit` takes. Layers behave as after training (`Module.eval`), also in the middle of it.

    >>> len(predict(MLP(2, [3, 1]), [[0.0, 1.0], [2.0, 3.0]]))
    2
    """
    of_values = isinstance(next(iter(model.parameters()), None), Value)
    with no_grad(), evaluating(model):
        return raw(model(arranged(rows(X), of_values)))


def _batches(n: int, size: int | None, seed: int | None, epoch: int) -> list[list[int]]:
    """Return the samples of each batch of an epoch, by their numbers."""
    order = list(range(n))
    if size is None:
        return [order]
    # By the epoch, so that a training that is carried on goes the same way.
    Random(f"{seed} {epoch}").shuffle(order)
    return [order[start : start + size] for start in range(0, n, size)]
