"""Ours, compiled: see `ours_compiled.floats`."""

from __future__ import annotations

from typing import Any

from problem import Problem

from . import ours_compiled


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    return ours_compiled.floats(data, "native")
