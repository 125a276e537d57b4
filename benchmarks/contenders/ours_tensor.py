"""Our `Tensor`, in plain arithmetic without `nn`, with the classic loop `p.data -= lr * p.grad`."""

from __future__ import annotations

from typing import Any

import numpy as np
from problem import Problem, batches

from autograd import Tensor, conv, logsumexp, relu, windows


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    x, y, l2 = np.array(data["x"]), np.array(data["y"])[:, None], data["l2"]

    def loss(params: list[Any]) -> Any:
        hinge = relu(1 - y * _mlp(x, params))
        return hinge.mean() + l2 * sum((p * p).sum() for p in params)

    return _train(loss, data, [()])


def digits(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on MLP 64-128-64-10, over the batches of the data."""
    rows = np.arange(data["batch"])

    def loss(params: list[Any], x: Any, labels: Any) -> Any:
        logits = _mlp(x, params)
        return (logsumexp(logits, axis=1) - logits[rows, labels]).mean()

    return _train(loss, data, batches(data, np.array))


def images(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on two convolutions with a max-pool between, and a layer."""
    rows = np.arange(data["batch"])

    def loss(params: list[Any], x: Any, labels: Any) -> Any:
        b1, w1, b2, w2, b3, w3 = params
        h = relu(conv(x, w1, padding=1) + b1.reshape(-1, 1, 1))
        h = windows(h, size=2, stride=2).max(axis=(-2, -1))
        h = relu(conv(h, w2, padding=1) + b2.reshape(-1, 1, 1))
        logits = h.reshape(len(x), -1) @ w3 + b3
        return (logsumexp(logits, axis=1) - logits[rows, labels]).mean()

    return _train(loss, data, batches(data, np.array))


def _mlp(x: Any, params: list[Any]) -> Any:
    b1, w1, b2, w2, b3, w3 = params
    return relu(relu(x @ w1 + b1) @ w2 + b2) @ w3 + b3


def _train(loss: Any, data: dict[str, Any], given: list[Any]) -> Problem:
    params = [Tensor(layer[name]) for layer in data["layers"] for name in ("w0", "w")]
    lr = data["lr"]

    def step() -> float:
        for batch in given:
            out = loss(params, *batch)
            for p in params:
                p.zero_grad()
            out.backward()
            for p in params:
                p.data -= lr * p.grad
        return float(out.item())

    return Problem(step, lambda: [p.grad for p in params])
