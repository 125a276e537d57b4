"""HIPS autograd, whose import name is ours too: it runs without our repository on the path."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from problem import Problem, batches

from autograd import value_and_grad


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    x, y, l2 = np.array(data["x"]), np.array(data["y"])[:, None], data["l2"]

    def loss(params: list[Any]) -> Any:
        hinge = np.maximum(1 - y * _mlp(x, params), 0)
        return np.mean(hinge) + l2 * sum(np.sum(p * p) for p in params)

    return _train(loss, data, [()])


def digits(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on MLP 64-128-64-10, over the batches of the data."""
    rows = np.arange(data["batch"])

    def loss(params: list[Any], x: Any, labels: Any) -> Any:
        logits = _mlp(x, params)
        shifted = logits - np.max(logits, axis=1, keepdims=True)
        return np.mean(np.log(np.sum(np.exp(shifted), axis=1)) - shifted[rows, labels])

    return _train(loss, data, batches(data, np.array))


def _mlp(x: Any, params: list[Any]) -> Any:
    b1, w1, b2, w2, b3, w3 = params
    h1 = np.maximum(x @ w1 + b1, 0)
    return np.maximum(h1 @ w2 + b2, 0) @ w3 + b3


def _train(loss: Any, data: dict[str, Any], given: list[Any]) -> Problem:
    params = [np.array(layer[name]) for layer in data["layers"] for name in ("w0", "w")]
    lr = data["lr"]
    loss_and_grads = value_and_grad(loss)
    grads: list[Any] = []

    def step() -> float:
        for batch in given:
            out, grads[:] = loss_and_grads(params, *batch)
            for p, g in zip(params, grads, strict=True):
                p -= lr * g
        return float(out)

    return Problem(step, lambda: list(grads))
