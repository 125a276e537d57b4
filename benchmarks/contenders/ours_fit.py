"""Our `fit` on `nn.MLP`: its own loop over epochs, one for each step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from problem import Problem, batches

from nn import SGD, cross_entropy, hinge
from nn._training.epochs import epochs_of
from nn._training.here import Here
from nn._training.training import begin

from . import ours_mlp_of_tensor

ENDLESS = 10**9

COMPARED = 3
"""The steps that are compared: to their losses the penalty is added for which the decay of the weights stands.

After these somebody looks at the network; later `fit` may be ahead of what it tells, by some hundredths of a second.
"""


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss on MLP(2, [16, 16, 1]), with L2 as the decay of the weights."""
    return decayed(ours_mlp_of_tensor.model_of(2, [16, 16, 1], data), data)


def digits(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on MLP 64-128-64-10: one batch is all rows, several are a stream."""
    model = ours_mlp_of_tensor.model_of(64, [128, 64, 10], data)
    given = batches(data, np.array)
    weights = [p for layer in model.layers for p in (layer.w0, layer.w)]
    step = trained(model, given[0] if len(given) == 1 else (given, None), cross_entropy, SGD(weights, data["lr"]))
    return Problem(step, lambda: [p.grad for p in weights])


def decayed(model: Any, data: dict[str, Any]) -> Problem:
    """Hinge loss, with L2 as the decay of the weights."""
    parameters, l2 = model.parameters(), data["l2"]
    optimizer = SGD(parameters, lr=data["lr"], weight_decay=2 * l2)
    step = trained(model, (np.array(data["x"]), np.array(data["y"])), hinge, optimizer)
    before: list[list[Any]] = []

    def penalised() -> float:
        if len(before) == COMPARED:
            return step()
        before.append([p.data + 0.0 for p in parameters])
        return step() + l2 * sum(float(np.sum(w * w)) for w in before[-1])

    def gradients() -> list[Any]:
        slopes = dict(zip(parameters, (p.grad + 2 * l2 * w for p, w in zip(parameters, before[-1]))))
        found: list[Any] = []
        for layer in model.layers:
            if not hasattr(layer, "perceptrons"):
                found += [slopes[layer.w0], slopes[layer.w]]
            else:
                found.append([slopes[neuron.w0] for neuron in layer.perceptrons])
                found.append([[slopes[neuron.w[i]] for neuron in layer.perceptrons] for i in range(layer.n_in)])
        return found

    return Problem(penalised, gradients)


def trained(model: Any, given: tuple[Any, Any], loss: Any, optimizer: SGD) -> Callable[[], float]:
    """Return the function that does one epoch more, and returns its loss, or the last one of its batches."""
    size: Any = "auto" if given[1] is None else None
    training = begin(
        model, *given, loss=loss, optimizer=optimizer, epochs=ENDLESS, batch_size=size, steps=None, accumulate=1,
        weight=None, class_weight=None, validation=None, metrics=(), schedule=None, max_norm=None, history=None, seed=0,
        compile=True, engine=Here(),
    )  # fmt: skip
    last = [0.0]
    if given[1] is None:
        step = training.step

        def noted(*batch: Any) -> Any:
            found = step(*batch)
            last[0] = found[0]
            return found

        training = training._replace(step=noted)
    model.train()
    watched, alone = (epochs_of(training._replace(alone=alone), lambda count=1: None) for alone in (False, True))

    def one() -> float:
        history = next(watched if training.history.epochs < COMPARED else alone)
        return last[0] if given[1] is None else history.loss[-1]

    return one
