"""PyTorch, eager, on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from problem import Problem, batches

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

Loss = Callable[[Any, Any], Any]


def moons(data: dict[str, Any], compiled: Callable[[Any], Any] = lambda f: f) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    x, y, l2 = torch.tensor(data["x"]), torch.tensor(data["y"])[:, None], data["l2"]

    def loss(*params: Any) -> Any:
        hinge = torch.relu(1 - y * _mlp(x, params))
        return hinge.mean() + l2 * sum((p * p).sum() for p in params)

    return _train(compiled(loss), data, [()])


def digits(data: dict[str, Any], compiled: Callable[[Any], Any] = lambda f: f) -> Problem:
    """Softmax cross-entropy on MLP 64-128-64-10, over the batches of the data."""

    def loss(x: Any, y: Any, *params: Any) -> Any:
        return torch.nn.functional.cross_entropy(_mlp(x, params), y)

    return _train(compiled(loss), data, batches(data, torch.tensor))


def images(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on two convolutions with a max-pool between, and a layer."""
    F = torch.nn.functional

    def loss(x: Any, y: Any, *params: Any) -> Any:
        b1, w1, b2, w2, b3, w3 = params
        h = F.max_pool2d(torch.relu(F.conv2d(x, w1, b1, padding=1)), 2)
        h = torch.relu(F.conv2d(h, w2, b2, padding=1))
        return F.cross_entropy(h.reshape(len(x), -1) @ w3 + b3, y)

    return _train(loss, data, batches(data, torch.tensor))


def chain(data: dict[str, Any]) -> Problem:
    """Forward and backward through y = exp(tanh(y * w + b)), repeated, on tensors of one number."""
    x, w, b = (torch.tensor(data[name], requires_grad=True) for name in ("x", "w", "b"))
    grads: list[float] = []

    def step() -> float:
        y = x
        for _ in range(data["operations"] // 4):
            y = torch.exp(torch.tanh(y * w + b))
        grads[:] = map(float, torch.autograd.grad(y, (x, w, b)))
        return float(y.detach())

    return Problem(step, lambda: list(grads))


def _mlp(x: Any, params: Any) -> Any:
    b1, w1, b2, w2, b3, w3 = params
    return torch.relu(torch.relu(x @ w1 + b1) @ w2 + b2) @ w3 + b3


def _train(loss: Loss, data: dict[str, Any], given: list[Any]) -> Problem:
    params = [torch.tensor(layer[name], requires_grad=True) for layer in data["layers"] for name in ("w0", "w")]
    lr = data["lr"]
    grads: list[Any] = []

    def step() -> float:
        for batch in given:
            out = loss(*batch, *params)
            grads[:] = torch.autograd.grad(out, params)
            with torch.no_grad():
                for p, g in zip(params, grads):
                    p -= lr * g
        return float(out.detach())

    return Problem(step, lambda: list(grads))
