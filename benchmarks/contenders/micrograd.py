"""micrograd's `Value`, and the tanh and exp that it lacks, written as its own operations are."""

from __future__ import annotations

import math
from typing import Any

from micrograd.engine import Value
from problem import Problem

from . import _scalar


def moons(data: dict[str, Any]) -> Problem:
    """As a user of micrograd writes it."""
    return _scalar.moons(data, Value)


def chain(data: dict[str, Any]) -> Problem:
    """As a user of micrograd writes it."""
    return _scalar.chain(data, Value, tanh, exp)


def tanh(x: Any) -> Any:
    """Hyperbolic tangent in micrograd's manner."""
    out = Value(math.tanh(x.data), (x,), "tanh")

    def _backward() -> None:
        x.grad += (1 - out.data**2) * out.grad

    out._backward = _backward
    return out


def exp(x: Any) -> Any:
    """Exponential in micrograd's manner."""
    out = Value(math.exp(x.data), (x,), "exp")

    def _backward() -> None:
        x.grad += out.data * out.grad

    out._backward = _backward
    return out
