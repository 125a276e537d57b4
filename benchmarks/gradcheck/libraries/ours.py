"""Ours: `gradcheck` as it comes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from cases import network

import autograd
from autograd import gradcheck, primitive


@cache
def declare(forward: Callable[..., Any], derivative: Callable[..., Any]) -> Callable[..., Any]:
    return primitive(
        f"{forward.__name__}_with_{derivative.__name__}",
        lambda xp, x: forward(autograd, x),
        lambda g, out, x: g * derivative(M, x),
    )


M = SimpleNamespace(
    **{name: getattr(autograd, name) for name in ("abs", "cos", "exp", "floor", "log", "max", "maximum")},
    **{name: getattr(autograd, name) for name in ("relu", "sin", "sqrt", "sum", "tanh", "where")},
    array=lambda x: x,
    declare=declare,
    float32=lambda x: autograd.astype(x, "float32"),
    logsumexp=lambda x: autograd.logsumexp(x, axis=1),
    random=lambda size: np.random.random(size),  # noqa: NPY002 (what is drawn without a seed)
)


def check(f: Callable[..., Any], inputs: tuple[Any, ...]) -> tuple[str, str]:
    """Return the verdict and the text that goes with it."""
    report = gradcheck(lambda *args: f(M, *args), *inputs)
    return report.verdict, repr(report)


def timings(count: Callable[..., Any], parameters: tuple[Any, ...]) -> dict[str, Callable[[], Any]]:
    """Return what is timed, by name; `count` wraps the function whose calls are counted."""
    loss = count(lambda *args: network(M, *args))
    return {"ours: gradcheck": lambda: gradcheck(loss, *parameters)}
