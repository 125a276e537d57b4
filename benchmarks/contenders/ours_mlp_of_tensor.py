"""Our `nn.MLP(of=Tensor)` with our losses and our SGD."""

from __future__ import annotations

from typing import Any

import numpy as np
from problem import Problem, batches

from autograd import Tensor
from nn import MLP, SGD, cross_entropy, hinge


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    model, l2 = model_of(2, [16, 16, 1], data), data["l2"]
    x, y = np.array(data["x"]), np.array(data["y"])
    params = model.parameters()
    return _train(model, lambda: hinge(model(x), y) + l2 * sum((p * p).sum() for p in params), data, [()])


def digits(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on MLP 64-128-64-10, over the batches of the data."""
    model = model_of(64, [128, 64, 10], data)
    return _train(model, lambda x, labels: cross_entropy(model(x), labels), data, batches(data, np.array))


def model_of(n_in: int, sizes: list[int], data: dict[str, Any]) -> MLP:
    """Return the network with the weights of the data."""
    model = MLP(n_in, sizes, activation="relu", of=Tensor)
    for layer, numbers in zip(model.layers, data["layers"], strict=True):
        layer.w0.data, layer.w.data = np.array(numbers["w0"]), np.array(numbers["w"])
    return model


def _train(model: MLP, loss: Any, data: dict[str, Any], given: list[Any]) -> Problem:
    optimizer = SGD(model.parameters(), lr=data["lr"])

    def step() -> float:
        for batch in given:
            out = loss(*batch)
            optimizer.zero_grad()
            out.backward()
            optimizer.step()
        return float(out.item())

    return Problem(step, lambda: [p.grad for layer in model.layers for p in (layer.w0, layer.w)])
