"""HIPS autograd, whose import name is ours too: it runs without our repository on the path."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import autograd.numpy as np
import autograd.scipy.special as special
from autograd.extend import defvjp, primitive
from autograd.test_util import check_grads
from cases import network


@cache
def declare(forward: Callable[..., Any], derivative: Callable[..., Any]) -> Callable[..., Any]:
    declared = primitive(lambda x: forward(M, x))
    defvjp(declared, lambda out, x: lambda g: g * derivative(M, x))
    return declared


M = SimpleNamespace(
    **{name: getattr(np, name) for name in ("abs", "cos", "exp", "floor", "log", "max", "maximum", "sin", "sqrt")},
    **{name: getattr(np, name) for name in ("sum", "tanh", "where")},
    array=lambda x: x,
    declare=declare,
    float32=lambda x: x.astype("float32"),
    logsumexp=lambda x: special.logsumexp(x, axis=1),
    random=lambda size: np.random.random(size),
    relu=lambda x: np.maximum(x, 0.0),
)


def check(f: Callable[..., Any], inputs: tuple[Any, ...]) -> tuple[str, str]:
    """Return the verdict and the text that goes with it.

    Both modes are checked, as by default, where it can: an operation with `defvjp` alone has reverse mode alone. The
    default order, 2, would blame gradients for what is wrong with second derivatives.
    """
    everything = tuple(range(len(inputs)))
    try:
        try:
            check_grads(lambda *args: f(M, *args), everything, order=1)(*inputs)
        except NotImplementedError as error:
            if "JVP" not in str(error):
                raise
            check_grads(lambda *args: f(M, *args), everything, order=1, modes=["rev"])(*inputs)
    except Exception as error:
        return "fail", f"{type(error).__name__}: {error}"
    return "pass", ""


def timings(count: Callable[..., Any], parameters: tuple[Any, ...]) -> dict[str, Callable[[], Any]]:
    """Return what is timed, by name; `count` wraps the function whose calls are counted."""
    loss = count(lambda *args: network(M, *args))
    everything = tuple(range(len(parameters)))
    return {
        'HIPS: check_grads, order=1, modes=["rev"]': lambda: check_grads(loss, everything, order=1, modes=["rev"])(
            *parameters
        ),
        "HIPS: check_grads, as it comes (order 2, both modes)": lambda: check_grads(loss, everything)(*parameters),
    }
