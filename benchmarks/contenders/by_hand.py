"""The reference: forward and backward by hand, in NumPy; for the chain, a tape of floats."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from problem import Problem, batches, random_images

Array = NDArray[np.float64]


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    x, y = np.array(data["x"]), np.array(data["y"])[:, None]
    params = [np.array(layer[name]) for layer in data["layers"] for name in ("w0", "w")]
    l2, lr = data["l2"], data["lr"]
    grads: list[Array] = []

    def step() -> float:
        b1, w1, b2, w2, b3, w3 = params
        h1 = np.maximum(x @ w1 + b1, 0)
        h2 = np.maximum(h1 @ w2 + b2, 0)
        margin = np.maximum(1 - y * (h2 @ w3 + b3), 0)
        loss = margin.mean() + l2 * sum((p * p).sum() for p in params)
        g3 = (margin > 0) * y * (-1 / len(x))
        g2 = (g3 @ w3.T) * (h2 > 0)
        g1 = (g2 @ w2.T) * (h1 > 0)
        grads[:] = [g1.sum(0), x.T @ g1, g2.sum(0), h1.T @ g2, g3.sum(0), h2.T @ g3]
        for p, g in zip(params, grads, strict=True):
            g += 2 * l2 * p
            if lr:
                p -= lr * g
        return float(loss)

    return Problem(step, lambda: list(grads))


def gradient(data: dict[str, Any]) -> Problem:
    """Return the same, without steps."""
    return moons(data)


def digits(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on MLP 64-128-64-10, over the batches of the data."""
    params = [np.array(layer[name]) for layer in data["layers"] for name in ("w0", "w")]
    lr, rows = data["lr"], np.arange(data["batch"])
    grads: list[Array] = []

    def one(x: Array, labels: Array) -> float:
        b1, w1, b2, w2, b3, w3 = params
        h1 = np.maximum(x @ w1 + b1, 0)
        h2 = np.maximum(h1 @ w2 + b2, 0)
        logits = h2 @ w3 + b3
        logits -= logits.max(axis=1, keepdims=True)
        g3 = np.exp(logits)
        total = g3.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - logits[rows, labels]).mean()
        g3 /= total
        g3[rows, labels] -= 1
        g3 /= len(x)
        g2 = (g3 @ w3.T) * (h2 > 0)
        g1 = (g2 @ w2.T) * (h1 > 0)
        grads[:] = [g1.sum(0), x.T @ g1, g2.sum(0), h1.T @ g2, g3.sum(0), h2.T @ g3]
        for p, g in zip(params, grads, strict=True):
            p -= lr * g
        return float(loss)

    given = batches(data, np.array)
    return Problem(lambda: [one(x, labels) for x, labels in given][-1], lambda: list(grads))


def mnist(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on MLP 784-128-10 in single precision, over the batches of the data."""
    params = [np.array(layer[name], np.float32) for layer in data["layers"] for name in ("w0", "w")]
    (x, y), size, lr = random_images(data), data["batch"], np.float32(data["lr"])
    rows = np.arange(size)
    grads: list[Any] = []

    def one(x: Any, labels: Any) -> float:
        b1, w1, b2, w2 = params
        h = np.maximum(x @ w1 + b1, 0)
        logits = h @ w2 + b2
        logits -= logits.max(axis=1, keepdims=True)
        g2 = np.exp(logits)
        total = g2.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - logits[rows, labels]).mean()
        g2 /= total
        g2[rows, labels] -= 1
        g2 /= len(x)
        g1 = (g2 @ w2.T) * (h > 0)
        grads[:] = [g1.sum(0), x.T @ g1, g2.sum(0), h.T @ g2]
        for p, g in zip(params, grads, strict=True):
            p -= lr * g
        return float(loss)

    cuts = range(0, len(x), size)
    return Problem(lambda: [one(x[k : k + size], y[k : k + size]) for k in cuts][-1], lambda: list(grads))


def images(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on two convolutions, as products with all windows side by side, a max-pool and a layer."""
    params = [np.array(layer[name]) for layer in data["layers"] for name in ("w0", "w")]
    ((x, labels),) = batches(data, np.array)
    lr = data["lr"]
    n, rows = len(x), np.arange(len(x))
    grads: list[Array] = []

    def columns(image: Array) -> Array:
        padded = np.pad(image, ((0, 0), (0, 0), (1, 1), (1, 1)))
        seen = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
        return seen.transpose(0, 2, 3, 1, 4, 5).reshape(-1, 9 * image.shape[1])

    def back(g: Array, channels: int, size: int) -> Array:
        parts = g.reshape(n, size, size, channels, 3, 3).transpose(4, 5, 0, 3, 1, 2)
        out = np.zeros((n, channels, size + 2, size + 2))
        for i in range(3):
            for j in range(3):
                out[:, :, i : i + size, j : j + size] += parts[i, j]
        return out[:, :, 1:-1, 1:-1]

    def step() -> float:
        b1, w1, b2, w2, b3, w3 = params
        c1 = columns(x)
        h1 = np.maximum(c1 @ w1.reshape(8, -1).T + b1, 0).reshape(n, 8, 8, 8).transpose(0, 3, 1, 2)
        blocks = h1.reshape(n, 8, 4, 2, 4, 2)
        pooled = blocks.max(axis=(3, 5), keepdims=True)
        c2 = columns(pooled.reshape(n, 8, 4, 4))
        h2 = np.maximum(c2 @ w2.reshape(16, -1).T + b2, 0).reshape(n, 4, 4, 16).transpose(0, 3, 1, 2)
        flat = h2.reshape(n, -1)
        logits = flat @ w3 + b3
        logits -= logits.max(axis=1, keepdims=True)
        g3 = np.exp(logits)
        total = g3.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - logits[rows, labels]).mean()
        g3 /= total
        g3[rows, labels] -= 1
        g3 /= n
        g2 = ((g3 @ w3.T).reshape(h2.shape) * (h2 > 0)).transpose(0, 2, 3, 1).reshape(-1, 16)
        gp = back(g2 @ w2.reshape(16, -1), 8, 4).reshape(pooled.shape)
        largest = blocks == pooled
        g1 = (largest * (gp / largest.sum(axis=(3, 5), keepdims=True))).reshape(h1.shape) * (h1 > 0)
        g1 = g1.transpose(0, 2, 3, 1).reshape(-1, 8)
        grads[:] = [
            g1.sum(0),
            (g1.T @ c1).reshape(w1.shape),
            g2.sum(0),
            (g2.T @ c2).reshape(w2.shape),
            g3.sum(0),
            flat.T @ g3,
        ]
        for p, g in zip(params, grads, strict=True):
            p -= lr * g
        return float(loss)

    return Problem(step, lambda: list(grads))


def chain(data: dict[str, Any]) -> Problem:
    """Every result goes on a tape; backward walks the tape and knows what each place computed."""
    x, w, b, rounds = data["x"], data["w"], data["b"], data["operations"] // 4
    grads: list[float] = []

    def step() -> float:
        tape = [x]
        for _ in range(rounds):
            tape.append(tape[-1] * w)
            tape.append(tape[-1] + b)
            tape.append(math.tanh(tape[-1]))
            tape.append(math.exp(tape[-1]))
        g, gw, gb = 1.0, 0.0, 0.0
        for i in range(len(tape) - 1, 0, -1):
            operation = i % 4
            if operation == 0:
                g *= tape[i]
            elif operation == 3:
                g *= 1 - tape[i] * tape[i]
            elif operation == 2:
                gb += g
            else:
                gw += g * tape[i - 1]
                g *= w
        grads[:] = [g, gw, gb]
        return tape[-1]

    return Problem(step, lambda: list(grads))
