"""Our `fit` on `nn.MLP` in single precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from problem import Problem, random_images

from autograd import Tensor
from nn import MLP, SGD, cross_entropy

from .ours_fit import trained


def mnist(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on MLP 784-128-10, over the batches of the data."""
    (x, y), size = random_images(data), data["batch"]
    model = MLP(784, [128, 10], activation="relu", of=Tensor, dtype="float32")
    for layer, numbers in zip(model.layers, data["layers"], strict=True):
        layer.w0.data, layer.w.data = (np.array(numbers[name], np.float32) for name in ("w0", "w"))
    weights = [p for layer in model.layers for p in (layer.w0, layer.w)]
    given = [(x[k : k + size], y[k : k + size]) for k in range(0, len(x), size)]
    step = trained(model, (given, None), cross_entropy, SGD(weights, data["lr"]))
    return Problem(step, lambda: [p.grad for p in weights])
