"""Ours, compiled: scalar code, written for each neuron, in the forms that `autograd.compile` takes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from problem import Problem

import autograd
from autograd import exp, relu, tanh, value_and_grad

Numbers = list[float]


def network(params: Any, sizes: list[int]) -> list[Any]:
    """Return layers of neurons (w0, [w1, w2, ...]) from a flat list."""
    ahead = iter(params)
    return [[(next(ahead), [next(ahead) for _ in range(a)]) for _ in range(b)] for a, b in pairwise(sizes)]


def score(params: Any, sample: Any) -> Any:
    """Return the output of MLP(2, [16, 16, 1]) for one sample, neuron by neuron."""
    h = sample
    *hidden, last = network(params, [2, 16, 16, 1])
    for layer in hidden:
        h = [relu(sum((wi * xi for wi, xi in zip(w, h)), w0)) for w0, w in layer]
    ((w0, w),) = last
    return sum((wi * xi for wi, xi in zip(w, h)), w0)


def columns(data: dict[str, Any], backend: str = "numpy") -> Problem:
    """Per neuron over the batch: one column for each input."""
    x1, x2 = np.array(data["x"]).T.copy()
    fast = autograd.compile(value_and_grad(columns_loss(data)), backend=backend)
    return _train(fast, (x1, x2, np.array(data["y"])), data)


def columns_loss(data: dict[str, Any]) -> Any:
    """Return the loss of a batch, given in columns."""
    l2 = data["l2"]

    def loss(params: Any, x1: Any, x2: Any, y: Any) -> Any:
        return relu(1 - y * score(params, [x1, x2])).mean() + l2 * sum(p * p for p in params)

    return loss


def samples(data: dict[str, Any]) -> Problem:
    """Per neuron and per sample: the whole batch as numbers."""
    return _train(autograd.compile(value_and_grad(samples_loss(data))), (), data)


def samples_loss(data: dict[str, Any]) -> Any:
    """Return the loss of all samples, which are numbers."""
    x, y, l2 = data["x"], data["y"], data["l2"]

    def loss(params: Any) -> Any:
        losses = [relu(1 - yi * score(params, xi)) for xi, yi in zip(x, y)]
        return sum(losses) * (1 / len(losses)) + l2 * sum(p * p for p in params)

    return loss


def floats(data: dict[str, Any], backend: str = "numpy") -> Problem:
    """One sample on floats, called for each, and the gradients added up."""
    x, y, l2 = data["x"], data["y"], data["l2"]
    one = autograd.compile(value_and_grad(lambda params, x, y: relu(1 - y * score(params, x))), backend=backend)

    def value_and_gradient(params: Numbers) -> tuple[float, Numbers]:
        total, slopes = 0.0, [0.0] * len(params)
        for xi, yi in zip(x, y):
            J, g = one(params, xi, yi)
            total += J
            slopes = [a + b for a, b in zip(slopes, g)]
        n = len(x)
        return total / n + l2 * sum(p * p for p in params), [g / n + 2 * l2 * p for g, p in zip(slopes, params)]

    return _train(value_and_gradient, (), data)


def chain(data: dict[str, Any]) -> Problem:
    """The chain, compiled once."""
    fast = autograd.compile(value_and_grad(chain_of(data), argnums=(0, 1, 2)))
    state: list[Any] = [()]

    def step() -> float:
        out, state[0] = fast(data["x"], data["w"], data["b"])
        return float(out)

    return Problem(step, lambda: list(state[0]))


def chain_of(data: dict[str, Any]) -> Any:
    """Return the function that the chain is."""

    def y(x: Any, w: Any, b: Any) -> Any:
        for _ in range(data["operations"] // 4):
            x = exp(tanh(x * w + b))
        return x

    return y


def _train(value_and_gradient: Any, batch: Any, data: dict[str, Any]) -> Problem:
    layers, lr = data["layers"], data["lr"]
    params = [p for layer in layers for w0, *w in zip(layer["w0"], *layer["w"]) for p in (w0, *w)]
    state: list[Any] = [params, []]

    def step() -> float:
        out, state[1] = value_and_gradient(state[0], *batch)
        if lr:
            state[0] = [p - lr * g for p, g in zip(*state)]
        return float(out)

    def gradients() -> list[Any]:
        found: list[Any] = []
        for layer in network(state[1], [2, 16, 16, 1]):
            found.append([w0 for w0, _ in layer])
            found.append([list(row) for row in zip(*(w for _, w in layer))])
        return found

    return Problem(step, gradients)
