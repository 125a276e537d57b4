"""The networks of scalars, written once as users of micrograd do, for every scalar `Value`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from problem import Problem


def moons(data: dict[str, Any], value: Callable[[float], Any]) -> Problem:
    """MLP(2, [16, 16, 1]) sample by sample, each perceptron z = w0 + w1 x1 + ... ."""
    x, y, l2, lr = data["x"], data["y"], data["l2"], data["lr"]
    network = [
        [(value(w0), [value(row[j]) for row in layer["w"]]) for j, w0 in enumerate(layer["w0"])]
        for layer in data["layers"]
    ]
    params = [p for layer in network for w0, w in layer for p in [w0, *w]]

    def forward(sample: list[Any]) -> Any:
        h = sample
        for layer in network[:-1]:
            h = [sum((wi * xi for wi, xi in zip(w, h)), w0).relu() for w0, w in layer]
        ((w0, w),) = network[-1]
        return sum((wi * xi for wi, xi in zip(w, h)), w0)

    def step() -> float:
        scores = [forward(sample) for sample in x]
        losses = [(1 + -yi * score).relu() for yi, score in zip(y, scores)]
        loss = sum(losses) * (1.0 / len(losses)) + l2 * sum(p * p for p in params)
        for p in params:
            p.grad = 0.0
        loss.backward()
        for p in params:
            p.data -= lr * p.grad
        return float(loss.data)

    def gradients() -> list[Any]:
        grads: list[Any] = []
        for layer in network:
            grads.append([w0.grad for w0, _ in layer])
            grads.append([[w[i].grad for _, w in layer] for i in range(len(layer[0][1]))])
        return grads

    return Problem(step, gradients)


def chain(
    data: dict[str, Any],
    value: Callable[[float], Any],
    tanh: Callable[[Any], Any],
    exp: Callable[[Any], Any],
) -> Problem:
    """Forward and backward through y = exp(tanh(y * w + b)), repeated."""
    x, w, b = value(data["x"]), value(data["w"]), value(data["b"])
    rounds = data["operations"] // 4

    def step() -> float:
        y = x
        for _ in range(rounds):
            y = exp(tanh(y * w + b))
        x.grad = w.grad = b.grad = 0.0
        y.backward()
        return float(y.data)

    return Problem(step, lambda: [x.grad, w.grad, b.grad])
