"""Ours, compiled: a function of arrays, in the form that HIPS autograd and JAX take as well."""

from __future__ import annotations

from typing import Any

import numpy as np
from problem import Problem, batches

import autograd
from autograd import conv, log_softmax, relu, value_and_grad, windows


def moons(data: dict[str, Any], dtype: str = "float64", backend: str = "numpy") -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    x, y = np.array(data["x"], dtype), np.array(data["y"], dtype)[:, None]
    return _train(moons_loss(data["l2"]), [(x, y)], data, dtype, backend)


def moons_loss(l2: float) -> Any:
    """Return the loss of a batch."""

    def loss(params: list[Any], x: Any, y: Any) -> Any:
        hinge = relu(1 - y * _mlp(x, params))
        return hinge.mean() + l2 * sum((p * p).sum() for p in params)

    return loss


def digits(data: dict[str, Any], dtype: str = "float64", backend: str = "numpy") -> Problem:
    """Softmax cross-entropy on MLP 64-128-64-10, over the batches of the data."""

    def loss(params: list[Any], x: Any, chosen: Any) -> Any:
        return -(log_softmax(_mlp(x, params)) * chosen).sum() / len(x)

    given = [(x.astype(dtype), np.eye(10, dtype=dtype)[labels]) for x, labels in batches(data, np.array)]
    return _train(loss, given, data, dtype, backend)


def images(data: dict[str, Any], backend: str = "numpy") -> Problem:
    """Softmax cross-entropy on two convolutions with a max-pool between, and a layer."""

    def loss(params: list[Any], x: Any, chosen: Any) -> Any:
        b1, w1, b2, w2, b3, w3 = params
        h = relu(conv(x, w1, padding=1) + b1.reshape(-1, 1, 1))
        h = windows(h, size=2, stride=2).max(axis=(-2, -1))
        h = relu(conv(h, w2, padding=1) + b2.reshape(-1, 1, 1))
        return -(log_softmax(h.reshape(len(x), -1) @ w3 + b3) * chosen).sum() / len(x)

    given = [(x, np.eye(10)[labels]) for x, labels in batches(data, np.array)]
    return _train(loss, given, data, "float64", backend)


def _mlp(x: Any, params: list[Any]) -> Any:
    b1, w1, b2, w2, b3, w3 = params
    return relu(relu(x @ w1 + b1) @ w2 + b2) @ w3 + b3


def _train(loss: Any, given: list[Any], data: dict[str, Any], dtype: str, backend: str) -> Problem:
    params = [np.array(layer[name], dtype) for layer in data["layers"] for name in ("w0", "w")]
    fast, lr = autograd.compile(value_and_grad(loss), backend=backend), data["lr"]
    grads: list[Any] = []

    def step() -> float:
        for batch in given:
            out, grads[:] = fast(params, *batch)
            if lr:
                for p, g in zip(params, grads):
                    p -= lr * g
        return float(out)

    return Problem(step, lambda: list(grads))
