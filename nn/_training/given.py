"""The arguments of `fit`, checked before anything is trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from autograd.files import brief
from nn._core.random import seed_of_order
from nn._core.rows import arranged, fault, inputs, rows, shape_of
from nn._core.settings import real, whole
from nn._core.types import ClassWeights, Loss, Metric, Output, Rows, Targets, Unchecked, Weights

from .history import History
from .metrics import raw
from .targets import check_weight


def samples(X: Rows, y: Targets, of_values: bool, owner: str = "") -> tuple[Rows, Targets]:
    """Return X and y as rows by position; raise ValueError unless each sample has a target.

    There must be one sample at least. `owner` says whose samples they are, for example "validation ".
    """
    X, y = (arranged(data, of_values) for data in (inputs(X, f"{owner}X"), rows(y, f"{owner}y")))
    if not all(_has_rows(data) for data in (X, y)) or len(X) != len(y) or len(X) == 0:
        lengths = [len(data) if _has_rows(data) else "none" for data in (X, y)]
        raise ValueError(
            f"X and y need a row for each sample, and at least one; {owner}X has {lengths[0]}, y has {lengths[1]}"
        )
    return X, y


def _has_rows(data: Rows) -> bool:
    return isinstance(data, list) or data.ndim > 0


def sample_weights(
    weight: Weights | None, class_weight: ClassWeights | None, y: Targets, loss: Loss, of_values: bool
) -> Weights | None:
    """Return the weight of each of n samples, times the weight of its class; None without either.

    Raises ValueError for a weight out of range, TypeError for a loss without the argument `weight`.
    """
    if weight is None and class_weight is None:
        return None
    if not _takes_weight(loss):
        raise TypeError("the loss takes no weight: define it as (y_hat, y, *, weight=None), as nn.mse is")
    n = len(y)
    if weight is not None:
        weight = rows(weight, "weight")
        if shape_of(weight) == (n, 1):
            weight = [row[0] for row in weight] if isinstance(weight, list) else weight.reshape(n)
        if where := fault(weight, "weight"):
            raise ValueError(f"{where}; a weight must be a finite number from 0")
        check_weight(weight, (n,), "fit")
    if class_weight is not None:
        factors = _class_weights(class_weight, y)
        weight = factors if weight is None else [float(w) * factor for w, factor in zip(weight, factors)]
    return arranged(weight, of_values)


def _takes_weight(loss: Loss) -> bool:
    import inspect

    try:
        parameters = inspect.signature(loss).parameters.values()
    except ValueError:
        # Some functions written in C have no signature to read.
        return True
    return any(p.name == "weight" or p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)


def _class_weights(class_weight: ClassWeights, y: Targets) -> list[float]:
    """Return the weight of each sample's class: from a dict, or n / (k * its count) if "balanced"."""
    labels = _labels(y)
    counts = Counter(labels)
    if isinstance(class_weight, str) and class_weight == "balanced":
        return [len(labels) / (len(counts) * counts[label]) for label in labels]
    if not isinstance(class_weight, Mapping):
        raise TypeError(f'class_weight must be a dict {{class: weight}}, "balanced" or None; got {brief(class_weight)}')
    missing = [label for label in counts if label not in class_weight]
    if missing:
        raise ValueError(f"class_weight has no weight of the class {missing[0]!r}; it has {list(class_weight)}")
    table = {
        label: real(f"class_weight[{label!r}]", class_weight[label], lambda w: 0 <= w < float("inf"), "a number from 0")
        for label in counts
    }
    return [table[label] for label in labels]


def _labels(y: Targets) -> list[Any]:
    """Return the class of each sample: y holds it, alone or in a row of its own, or is one-hot."""
    listed = y if isinstance(y, list) else y.tolist()
    shape = shape_of(listed)
    if len(shape) == 1:
        return listed
    if len(shape) > 2:
        raise ValueError(f"class_weight needs a class for each sample, y of shape (n,) or one-hot (n, k); got {shape}")
    return [row[0] if len(row) == 1 else max(range(len(row)), key=row.__getitem__) for row in listed]


def check_functions(name: str, functions: Unchecked) -> None:
    """Raise TypeError unless `functions` is a list of functions."""
    if not isinstance(functions, (list, tuple)) or not all(map(callable, functions)):
        raise TypeError(f"{name} must be a list of functions, such as [f]; got {brief(functions)}")


def names_of(metrics: Sequence[Metric]) -> list[str]:
    """Return the names of the loss and the metrics; raise ValueError if two are equal or one is missing."""
    check_functions("metrics", metrics)
    names = ["loss", *(getattr(metric, "__name__", "") for metric in metrics)]
    if len(set(names)) < len(names) or "" in names:
        # A metric without a name, for example a functools.partial, could not be found again in a history carried on.
        raise ValueError(f"each of metrics needs a name of its own, given with def; got {list(metrics)}")
    return names


def number_of(metric: Metric, y_hat: Output, y: Targets) -> float:
    """Return a metric of raw outputs and targets; raise TypeError if it returns no number."""
    result = raw(metric(y_hat, y))
    number = result.item() if getattr(result, "shape", None) == () else result
    if not isinstance(number, (int, float)):
        raise TypeError(f"the metric {metric.__name__} must return a number; it returned {brief(result)}")
    return float(number)


def carried_on(
    history: History | None, series: list[str], seed: int | None, samples: int | None, trainings: int
) -> History:
    """Return the history to go on with: a new one for None, an empty one filled.

    It gets the seed of the order, which depends on the number of earlier `trainings` of this network if none is given.
    """
    history = History() if history is None else history
    if not isinstance(history, History):
        raise TypeError(f"history must be a History, as fit returns it, or None; got {brief(history)}")
    if not history:
        history.update({name: [] for name in series})
    if list(history) != series:
        raise ValueError(f"this training has {', '.join(series)}; the history to carry on has {', '.join(history)}")
    if seed is not None:
        history.seed = whole("seed", seed, otherwise=", or None")
    elif history.seed is None:
        history.seed = seed_of_order(trainings)
    history.samples = samples
    return history
