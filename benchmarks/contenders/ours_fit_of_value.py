"""Our `fit` on `nn.MLP(of=Value)`."""

from __future__ import annotations

from typing import Any

from problem import Problem

from . import ours_fit, ours_mlp_of_value


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss on MLP(2, [16, 16, 1]), with L2 as the decay of the weights."""
    return ours_fit.decayed(ours_mlp_of_value.model_of(2, [16, 16, 1], data), data)
