"""CasADi: the chain built, differentiated and evaluated at every step, as an engine that records does."""

from __future__ import annotations

from typing import Any

from problem import Problem

from . import casadi_sx


def chain(data: dict[str, Any]) -> Problem:
    """Build the chain and its gradient, and evaluate them once."""
    last: list[Problem] = []

    def step() -> float:
        last[:] = [casadi_sx.chain(data)]
        return last[0].step()

    return Problem(step, lambda: last[0].gradients())
