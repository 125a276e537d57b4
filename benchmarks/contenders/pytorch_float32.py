"""PyTorch, eager, in single precision, with its own layers and optimizer."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from problem import Problem, random_images

torch.set_num_threads(1)


def mnist(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on MLP 784-128-10, over the batches of the data."""
    x, y = map(torch.from_numpy, random_images(data))
    given = list(zip(x.split(data["batch"]), y.split(data["batch"])))
    sizes = [len(data["layers"][0]["w"]), *(len(layer["w0"]) for layer in data["layers"])]
    first, last = (torch.nn.Linear(a, b) for a, b in pairwise(sizes))
    model = torch.nn.Sequential(first, torch.nn.ReLU(), last)
    with torch.no_grad():
        for module, numbers in zip((first, last), data["layers"]):
            module.bias.copy_(torch.tensor(numbers["w0"]))
            module.weight.copy_(torch.tensor(numbers["w"]).T)
    optimizer = torch.optim.SGD(model.parameters(), lr=data["lr"])

    def step() -> float:
        for batch, labels in given:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(batch), labels)
            loss.backward()
            optimizer.step()
        return float(loss.detach())

    return Problem(step, lambda: [g for m in (first, last) for g in (m.bias.grad, m.weight.grad.T)])
