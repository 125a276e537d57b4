"""Our `fit` on `nn.MLP(of=Tensor)`: its own loop over epochs, one for each step."""

from __future__ import annotations

from typing import Any

import numpy as np
from problem import Problem, batches

from nn import SGD, cross_entropy
from nn._training.epochs import epochs_of
from nn._training.training import begin

from .ours_mlp_of_tensor import model_of

ENDLESS = 10**9


def digits(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on MLP 64-128-64-10, over the batches of the data as a stream."""
    model = model_of(64, [128, 64, 10], data)
    optimizer = SGD(model.parameters(), lr=data["lr"])
    training = begin(
        model, batches(data, np.array), None, loss=cross_entropy, optimizer=optimizer, epochs=ENDLESS,
        batch_size="auto", steps=None, accumulate=1, weight=None, class_weight=None, validation=None, metrics=(),
        schedule=None, max_norm=None, history=None, seed=0, compile=True,
    )  # fmt: skip
    last = [0.0]

    def noted(*batch: Any) -> Any:
        found = training.step(*batch)
        last[0] = found[0]
        return found

    model.train()
    epochs = epochs_of(training._replace(step=noted), lambda: None)

    def step() -> float:
        next(epochs)
        return last[0]

    return Problem(step, lambda: [p.grad for layer in model.layers for p in (layer.w0, layer.w)])
