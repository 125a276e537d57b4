"""Our `nn.MLP(of=Value)` with our hinge loss and our SGD."""

from __future__ import annotations

from typing import Any

from problem import Problem

from autograd import Value
from nn import MLP, SGD, hinge


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    x, y, l2 = data["x"], data["y"], data["l2"]
    model = model_of(2, [16, 16, 1], data)
    params = model.parameters()
    optimizer = SGD(params, lr=data["lr"])

    def step() -> float:
        loss = hinge(model(x), y) + l2 * sum(p * p for p in params)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.data)

    def gradients() -> list[Any]:
        grads: list[Any] = []
        for layer in model.layers:
            grads.append([perceptron.w0.grad for perceptron in layer.perceptrons])
            grads.append([[p.w[i].grad for p in layer.perceptrons] for i in range(layer.n_in)])
        return grads

    return Problem(step, gradients)


def model_of(n_in: int, sizes: list[int], data: dict[str, Any]) -> MLP:
    """Return the network with the weights of the data."""
    model = MLP(n_in, sizes, activation="relu", of=Value)
    for layer, numbers in zip(model.layers, data["layers"], strict=True):
        for j, perceptron in enumerate(layer.perceptrons):
            perceptron.w0.data = numbers["w0"][j]
            for w, row in zip(perceptron.w, numbers["w"], strict=True):
                w.data = row[j]
    return model
