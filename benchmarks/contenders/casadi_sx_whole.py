"""CasADi: one scalar graph of the whole batch."""

from __future__ import annotations

from typing import Any

from problem import Problem

from . import casadi_sx


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    return casadi_sx.moons(data, whole=True)
