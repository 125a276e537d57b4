"""JAX: the whole step, update included, under jit."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as np
from problem import Problem, batches

jax.config.update("jax_enable_x64", True)


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    x, y, l2 = np.array(data["x"]), np.array(data["y"])[:, None], data["l2"]

    def loss(params: Any) -> Any:
        hinge = np.maximum(1 - y * _mlp(x, params), 0)
        return hinge.mean() + l2 * sum((p * p).sum() for p in params)

    return _train(loss, data, [()])


def gradient(data: dict[str, Any]) -> Problem:
    """Return the same, without steps."""
    return moons(data)


def digits(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on MLP 64-128-64-10, over the batches of the data."""

    def loss(params: Any, x: Any, y: Any) -> Any:
        logits = _mlp(x, params)
        picked = np.take_along_axis(logits, y[:, None], axis=1)[:, 0]
        return (jax.nn.logsumexp(logits, axis=1) - picked).mean()

    return _train(loss, data, batches(data, np.array))


def images(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on two convolutions with a max-pool between, and a layer."""

    def conv(x: Any, w: Any, b: Any) -> Any:
        return np.maximum(jax.lax.conv(x, w, (1, 1), "SAME") + b[:, None, None], 0)

    def loss(params: Any, x: Any, y: Any) -> Any:
        b1, w1, b2, w2, b3, w3 = params
        h = jax.lax.reduce_window(conv(x, w1, b1), -np.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        logits = conv(h, w2, b2).reshape(len(x), -1) @ w3 + b3
        picked = np.take_along_axis(logits, y[:, None], axis=1)[:, 0]
        return (jax.nn.logsumexp(logits, axis=1) - picked).mean()

    return _train(loss, data, batches(data, np.array))


def _mlp(x: Any, params: Any) -> Any:
    b1, w1, b2, w2, b3, w3 = params
    return np.maximum(np.maximum(x @ w1 + b1, 0) @ w2 + b2, 0) @ w3 + b3


def _train(loss: Any, data: dict[str, Any], given: list[Any]) -> Problem:
    params = [np.array(layer[name]) for layer in data["layers"] for name in ("w0", "w")]
    lr = data["lr"]

    @jax.jit
    def update(params: Any, *batch: Any) -> Any:
        out, grads = jax.value_and_grad(loss)(params, *batch)
        return out, grads, [p - lr * g for p, g in zip(params, grads)] if lr else params

    state: list[Any] = [params, []]

    def step() -> float:
        for batch in given:
            out, state[1], state[0] = update(state[0], *batch)
        return float(out)

    return Problem(step, lambda: list(state[1]))
