"""Our `nn.MLP(of=Tensor)`, its loss and gradient compiled, as `fit` does it."""

from __future__ import annotations

from typing import Any

import numpy as np
from problem import Problem, batches

import autograd
from autograd import value_and_grad
from nn import SGD, cross_entropy, hinge

from .ours_mlp_of_tensor import model_of


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    model, l2 = model_of(2, [16, 16, 1], data), data["l2"]
    params = model.parameters()

    def loss(x: Any, y: Any) -> Any:
        return hinge(model(x), y) + l2 * sum((p * p).sum() for p in params)

    return _train(loss, params, [(np.array(data["x"]), np.array(data["y"]))], data)


def digits(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on MLP 64-128-64-10, over the batches of the data."""
    model = model_of(64, [128, 64, 10], data)
    return _train(lambda x, y: cross_entropy(model(x), y), model.parameters(), batches(data, np.array), data)


def _train(loss: Any, params: list[Any], given: list[Any], data: dict[str, Any]) -> Problem:
    fast, optimizer = autograd.compile(value_and_grad(loss, wrt=params)), SGD(params, lr=data["lr"])

    def step() -> float:
        for batch in given:
            out, grads = fast(*batch)
            for p, g in zip(params, grads):
                p.grad = g
            optimizer.step()
        return float(out)

    return Problem(step, lambda: [p.grad for p in params])
