"""Training: `fit`, its `History`, and what is done with a trained network."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from autograd import Value, no_grad

from ._losses import check_weight
from ._metrics import raw
from ._module import Module, evaluating
from ._optim import Optimizer
from ._schedules import Schedule
from ._step import MANY, accumulated, compiled, listed, plain

Metric = Callable[[Any, Any], float]


class History(dict[str, list[float]]):
    """What `fit` saw: a number an epoch under "loss" and the name of each metric; with "val_" before, of validation.

    With a schedule, "lr" is the learning rate at the start of each epoch. Given to `fit`, a history is carried on.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.best: dict[str, Any] = {}
        """The `state_dict` of the model in its best epoch, if training is to stop early."""

    @property
    def loss(self) -> list[float]:
        """The training loss of each epoch."""
        return self["loss"]

    @property
    def epochs(self) -> int:
        """The number of epochs that were finished."""
        return len(self.get("loss", ()))

    def plot(self, ax: Any = None, *, held_out: str = "validation") -> Any:
        """Draw the curves on Matplotlib axes, and return these; `held_out` is what the samples of val_ are called."""
        from .plots import history

        return history(self, ax=ax, held_out=held_out)

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {numbers[-1]:.4g}" for name, numbers in self.items() if numbers)
        return f"History({self.epochs} epochs{': ' if last else ''}{last})"


Callback = Callable[[History], Any]


def fit(
    model: Module,
    X: Any,
    y: Any,
    *,
    loss: Callable[..., Any],
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | None = None,
    accumulate: int = 1,
    weight: Any = None,
    validation: tuple[Any, Any] | None = None,
    metrics: Sequence[Metric] = (),
    schedule: Schedule | None = None,
    patience: int | None = None,
    callbacks: Sequence[Callback] = (),
    history: History | None = None,
    seed: int = 0,
    progress: bool = True,
    compile: bool = True,
) -> History:
    """Train: for each epoch, for each mini-batch, compute the loss, its gradient, and take a step of the optimizer.

    X holds n samples, y their n targets: lists for a model of Values, arrays or lists for one of Tensors. `loss` and
    each of `metrics` is a function (y_hat, y); the loss returns a node. A batch is `batch_size` samples, shuffled by
    `seed` and the number of the epoch, or all of them; a step is taken after every `accumulate` batches, with the mean
    of their gradients. `weight`, a number for each sample, goes to the loss as its argument `weight`, not to the
    metrics. `schedule` returns a factor for the learning rate from the epochs that have passed (`cosine`, ...).

    The history has the mean loss and metrics over each epoch, and those of `validation`, a pair (X, y), at its end.
    With `patience` training stops after so many epochs without a lower loss (of validation, if there is one), and the
    parameters of the best epoch return. Each of `callbacks` is called with the history after every epoch, and stops
    training if it returns True. A `history` is carried on up to `epochs` epochs in all, as if there had been no break.
    (Save one that is to be carried on in a callback if there is `patience`: at the end the best parameters return.)
    A bar shows the progress on a terminal and in a notebook. Ctrl-C stops and returns the history so far. A training
    of MANY steps or more is compiled (`autograd.compile`), which changes no number by more than rounding; one that
    cannot be compiled is not, with a warning. With `compile=False` every step is recorded anew.
    Raises ValueError for data that do not fit, TypeError for a loss that is no function, an optimizer that is none, and
    metrics and callbacks that are no lists of functions, FloatingPointError if the loss is no longer a finite number.

    >>> model = MLP(1, [1])
    >>> history = fit(model, [[0.0], [1.0]], [1.0, 3.0], loss=mse, optimizer=SGD(model.parameters(), lr=0.5), epochs=50)
    >>> round(model([2.0]).data, 3)
    5.0
    """
    n = check_data(X, y)
    if not callable(loss):
        raise TypeError(f"loss must be a function (y_hat, y) such as nn.hinge; got {loss!r:.60}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be an Optimizer: SGD(model.parameters(), lr=0.1); got {optimizer!r:.60}")
    if weight is not None:
        check_weight(weight, (n,), "fit")
    for name, number in (("epochs", epochs), ("accumulate", accumulate)):
        if not isinstance(number, int) or number < 1:
            raise ValueError(f"{name} must be a whole number from 1; got {number!r}")
    if batch_size is not None and (not isinstance(batch_size, int) or batch_size < 1):
        raise ValueError(f"batch_size must be a whole number from 1, or None for all samples; got {batch_size!r}")
    if patience is not None and (not isinstance(patience, int) or patience < 1):
        raise ValueError(f"patience must be a whole number of epochs from 1, or None; got {patience!r}")
    if not {id(p) for p in model.parameters()} & {id(p) for p in optimizer.parameters}:
        raise ValueError("the optimizer moves no parameter of this model: make it with SGD(model.parameters(), lr=...)")
    if validation is not None:
        if not isinstance(validation, (tuple, list)) or len(validation) != 2:
            raise ValueError(f"validation must be a pair (X, y), or None; got {validation!r:.60}")
        check_data(*validation)
    _check_functions("callbacks", callbacks)
    _check_functions("metrics", metrics)
    names = ["loss", *(getattr(metric, "__name__", "") for metric in metrics)]
    if len(set(names)) < len(names) or "" in names:
        # What has no name, such as a functools.partial, could not be found again in a history that is carried on.
        raise ValueError(f"each of metrics needs a name of its own, given with def; got {list(metrics)}")
    series = [*names, *(f"val_{name}" for name in names if validation is not None), *["lr"] * (schedule is not None)]
    history = History({name: [] for name in series}) if history is None else history
    if list(history) != series:
        raise ValueError(f"this training has {', '.join(series)}; the history to carry on has {', '.join(history)}")
    bar = _bar(history.epochs, epochs, progress)
    data = (X, y) if weight is None else (X, y, weight)
    J_of = loss if weight is None else lambda y_hat, y, w: loss(y_hat, y, weight=w)
    step = plain(model, J_of, optimizer)
    if compile and epochs * -(-n // (batch_size or n)) >= MANY:
        data = tuple(listed(part, of_values=isinstance(optimizer.parameters[0], Value)) for part in data)
        step = compiled(model, J_of, optimizer)
    step = accumulated(step, optimizer, accumulate)
    lr = optimizer.lr
    model.train()
    try:
        for epoch in bar:
            totals = [0.0] * len(names)
            batches = _batches(n, batch_size, seed, epoch)
            for k, batch in enumerate(batches):
                given = data if batch_size is None else tuple(_rows(part, batch) for part in data)
                if schedule is not None:
                    optimizer.lr = lr * schedule(epoch + k / len(batches))
                J, y_hat = step(*given)
                _check_finite(J, "loss", epoch, optimizer)
                if (k + 1) % accumulate == 0 or k + 1 == len(batches):
                    optimizer.step()
                results = [J, *(metric(y_hat, given[1]) for metric in metrics)]
                totals = [total + result * len(batch) for total, result in zip(totals, results)]
            # A callback sees, and may keep, the learning rate that the schedule starts from.
            optimizer.lr = lr
            numbers = [float(total / n) for total in totals]
            if validation is not None:
                y_hat = predict(model, validation[0])
                with no_grad():
                    # A penalty on parameters makes the loss a node, whatever it is of.
                    numbers.append(float(raw(loss(y_hat, validation[1]))))
                    _check_finite(numbers[-1], "validation loss", epoch, optimizer)
                    numbers += [float(raw(metric(y_hat, validation[1]))) for metric in metrics]
            numbers += [lr * schedule(epoch)] if schedule is not None else []
            for name, result in zip(series, numbers):
                history[name].append(result)
            if hasattr(bar, "set_postfix"):
                bar.set_postfix({name: f"{numbers[-1]:.4g}" for name, numbers in history.items()})
            patient = patience is None or _is_patient(model, history, patience)
            answers = [callback(history) for callback in callbacks]
            # What else a callback may return, such as an array, means nothing.
            if not patient or any(type(answer).__name__ == "bool" and answer for answer in answers):
                break
    except KeyboardInterrupt:
        print(f"stopped after {history.epochs} of {epochs} epochs", file=sys.stderr)
    finally:
        optimizer.lr = lr
        model.eval()
        if patience is not None and history.best:
            model.load_state_dict(history.best)
    return history


def _check_functions(name: str, functions: Any) -> None:
    if not isinstance(functions, (list, tuple)) or not all(map(callable, functions)):
        raise TypeError(f"{name} must be a list of functions, such as [f]; got {functions!r:.60}")


def _is_patient(model: Module, history: History, patience: int) -> bool:
    """Keep the model if it is better than ever; tell whether training may go on."""
    losses = history.get("val_loss", history["loss"])
    best = losses.index(min(losses))
    if best == len(losses) - 1:
        history.best = model.state_dict()
    return len(losses) - 1 - best < patience


def predict(model: Module, X: Any) -> Any:
    """Return the model's output in use, as raw numbers, without recording a graph: lists for Values, else an array.

    Layers behave as after training (`Module.eval`), also in the middle of it.

    >>> len(predict(MLP(2, [3, 1]), [[0.0, 1.0], [2.0, 3.0]]))
    2
    """
    with no_grad(), evaluating(model):
        return raw(model(X))


def check_data(X: Any, y: Any) -> int:
    """Return the number of samples; raise ValueError if there are none, or not as many targets."""
    if not hasattr(X, "__len__") or not hasattr(y, "__len__"):
        raise ValueError(f"X and y must be lists or arrays with a row for each sample; got {X!r:.40} and {y!r:.40}")
    if len(X) != len(y) or len(X) == 0:
        raise ValueError(f"X and y need a row for each sample, and at least one; X has {len(X)}, y has {len(y)}")
    return len(X)


def _check_finite(J: float, what: str, epoch: int, optimizer: Optimizer) -> None:
    if not math.isfinite(J):
        raise FloatingPointError(
            f"the {what} is {J} in epoch {epoch + 1}: the steps are probably too large. Try a smaller learning "
            f"rate (lr={optimizer.lr / 10:g} in place of {optimizer.lr:g}), or find the first bad number with "
            f"detect_anomaly()"
        )


def _batches(n: int, size: int | None, seed: int, epoch: int) -> list[list[int]]:
    """Return the samples of each batch of an epoch, by their numbers."""
    order = list(range(n))
    if size is None:
        return [order]
    # By the epoch, so that a training that is carried on goes the same way.
    Random(f"{seed} {epoch}").shuffle(order)
    return [order[start : start + size] for start in range(0, n, size)]


def _rows(data: Any, batch: list[int]) -> Any:
    return data[batch] if hasattr(data, "dtype") else [data[k] for k in batch]


def _bar(done: int, epochs: int, progress: bool) -> Any:
    """Return a progress bar over the epochs, or a plain range where nobody would see one or tqdm is not installed."""
    if progress and (sys.stderr.isatty() or "ipykernel" in sys.modules):
        try:
            from tqdm import tqdm
        except ImportError:
            return range(done, epochs)
        return tqdm(range(done, epochs), initial=done, total=epochs, unit="epoch", file=sys.stderr)
    return range(done, epochs)
