"""PyTorch under torch.compile, which needs a C++ compiler."""

from __future__ import annotations

from typing import Any

import torch
from problem import Problem

from . import pytorch


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    return pytorch.moons(data, torch.compile)


def digits(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on MLP 64-128-64-10, over the batches of the data."""
    return pytorch.digits(data, torch.compile)
