"""Settings of optimizers, checked when they are set."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from autograd.files import brief
from nn._core.settings import real
from nn._core.types import Unchecked


def _fraction(name: str, number: Unchecked) -> float:
    return real(name, number, lambda number: 0 <= number < 1, "from 0 to below 1")


def _positive(name: str, number: Unchecked) -> float:
    return real(name, number, lambda number: 0 < number < math.inf, "a positive number")


def _betas(betas: Unchecked) -> tuple[float, float]:
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise ValueError(f"betas must be two numbers from 0 to below 1; got {brief(betas)}")
    return _fraction("each of betas", betas[0]), _fraction("each of betas", betas[1])


def _nesterov(nesterov: Unchecked) -> bool:
    if type(nesterov).__name__ not in ("bool", "bool_"):
        raise ValueError(f"nesterov must be True or False; got {brief(nesterov)}")
    return bool(nesterov)


CHECKS: dict[str, Callable[[Any], Any]] = {
    "lr": partial(_positive, "the learning rate lr"),
    "momentum": partial(_fraction, "momentum"),
    "nesterov": _nesterov,
    "betas": _betas,
    "decay": partial(_fraction, "decay"),
    "eps": partial(_positive, "eps"),
    "weight_decay": lambda decay: real(
        "weight_decay", decay, lambda decay: 0 <= decay < math.inf, "0 or a positive number"
    ),
}
"""Functions that return a setting as a plain number, or raise ValueError if it is out of range."""
