"""Ours, compiled, as machine code: see `ours_compiled_tensor`."""

from __future__ import annotations

from typing import Any

from problem import Problem

from . import ours_compiled_tensor


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    return ours_compiled_tensor.moons(data, backend="native")


def gradient(data: dict[str, Any]) -> Problem:
    """Return the same, without steps."""
    return moons(data)


def digits(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on MLP 64-128-64-10, over the batches of the data."""
    return ours_compiled_tensor.digits(data, backend="native")


def images(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on two convolutions with a max-pool between, and a layer."""
    return ours_compiled_tensor.images(data, "native")
