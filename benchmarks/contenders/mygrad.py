"""MyGrad as shipped: its memory guarding locks the arrays that a graph holds."""

from __future__ import annotations

from typing import Any

import mygrad as mg
import numpy as np
from mygrad.nnet.activations import relu
from mygrad.nnet.losses import softmax_crossentropy
from problem import Problem, batches


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    x, y, l2 = np.array(data["x"]), np.array(data["y"])[:, None], data["l2"]

    def loss(params: list[Any]) -> Any:
        hinge = relu(1 - y * _mlp(x, params))
        return mg.mean(hinge) + l2 * sum(mg.sum(p * p) for p in params)

    return _train(loss, data, [()])


def digits(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on MLP 64-128-64-10, over the batches of the data."""

    def loss(params: list[Any], x: Any, labels: Any) -> Any:
        return softmax_crossentropy(_mlp(x, params), labels)

    return _train(loss, data, batches(data, np.array))


def _mlp(x: Any, params: list[Any]) -> Any:
    b1, w1, b2, w2, b3, w3 = params
    return relu(relu(x @ w1 + b1) @ w2 + b2) @ w3 + b3


def _train(loss: Any, data: dict[str, Any], given: list[Any]) -> Problem:
    params = [mg.tensor(layer[name]) for layer in data["layers"] for name in ("w0", "w")]
    lr = data["lr"]
    grads: list[Any] = []

    def step() -> float:
        for batch in given:
            out = loss(params, *batch)
            out.backward()
            grads[:] = [p.grad for p in params]
            for p in params:
                p.data -= lr * p.grad
                p.null_grad()
        return float(out.item())

    return Problem(step, lambda: list(grads))
