"""Clipping of gradients between backward and step."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from autograd import Node
from nn._core.settings import real
from nn._core.types import Numbers

from .optimizer import leaves


def clip_grad_norm(parameters: Iterable[Node], max_norm: float) -> float:
    """Scale all gradients so that their common norm is at most `max_norm`; return the norm before.

    Frozen parameters do not count. Raises ValueError for a `max_norm` that is not positive, FloatingPointError if a
    gradient is not finite, which no factor can mend, or the norm is too large for a float.

    >>> w = Value(3.0)
    >>> (w * w).backward()
    >>> clip_grad_norm([w], 1.0), w.grad
    (6.0, 1.0)
    """
    max_norm = real("max_norm", max_norm, lambda norm: norm > 0, "a positive number")
    moving = [parameter for parameter in leaves(parameters, "clip_grad_norm") if not parameter.frozen]
    norm = check_norms(moving, [_norm(parameter.grad) for parameter in moving])
    if norm > max_norm:
        for parameter in moving:
            parameter.grad = parameter.grad * (max_norm / norm)
    return norm


def check_norms(moving: list[Any], norms: list[float]) -> float:
    """Return the common norm of gradients with these norms; raise FloatingPointError if it is not finite."""
    norm = math.hypot(*norms)
    if not math.isfinite(norm):
        of = next((f" of {p.label}" for p, own in zip(moving, norms) if p.label and not math.isfinite(own)), "")
        raise FloatingPointError(
            f"the norm of the gradient{of} is {norm}, which no clipping mends: find the first bad number with "
            f"detect_anomaly(), or take a smaller learning rate"
        )
    return norm


def clip_grad_value(parameters: Iterable[Node], clip_value: float) -> None:
    """Bring each number of each gradient into the range from -clip_value to clip_value.

    Raises ValueError for a `clip_value` that is not positive, FloatingPointError for nan in a gradient.

    >>> w = Value(3.0)
    >>> (w * w).backward()
    >>> clip_grad_value([w], 1.0)
    >>> w.grad
    1.0
    """
    most = real("clip_value", clip_value, lambda value: value > 0, "a positive number")
    moving = [parameter for parameter in leaves(parameters, "clip_grad_value") if not parameter.frozen]
    for parameter in moving:
        if math.isnan(_norm(parameter.grad)):
            raise FloatingPointError(
                f"the gradient of {parameter.label or 'a parameter'} holds nan; see detect_anomaly()"
            )
    for parameter in moving:
        g = parameter.grad
        parameter.grad = g.clip(-most, most) if hasattr(g, "clip") else min(max(g, -most), most)


def _norm(g: Numbers) -> float:
    return math.hypot(*g.ravel().tolist()) if hasattr(g, "ravel") else float(abs(g))
