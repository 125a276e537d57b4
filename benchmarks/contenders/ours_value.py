"""Our `Value`, in the very code that micrograd runs."""

from __future__ import annotations

from typing import Any

from problem import Problem

from autograd import Value

from . import _scalar


def moons(data: dict[str, Any]) -> Problem:
    """As a user of micrograd writes it."""
    return _scalar.moons(data, Value)


def chain(data: dict[str, Any]) -> Problem:
    """As a user of micrograd writes it; `y.tanh()` and `y.exp()` where micrograd has functions."""
    return _scalar.chain(data, Value, Value.tanh, Value.exp)
