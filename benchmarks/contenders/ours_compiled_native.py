"""Ours, compiled: see `ours_compiled.columns`."""

from __future__ import annotations

from typing import Any

from problem import Problem

from . import ours_compiled


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    return ours_compiled.columns(data, "native")


def gradient(data: dict[str, Any]) -> Problem:
    """Return the same, without steps."""
    return moons(data)
