"""PyTorch: `torch.autograd.gradcheck`, as it comes and in its fast mode."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

import torch
from cases import network
from torch.autograd import gradcheck

torch.set_num_threads(1)


@cache
def declare(forward: Callable[..., Any], derivative: Callable[..., Any]) -> Callable[..., Any]:
    class Declared(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return forward(M, x).clone()

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * derivative(M, x)

    return Declared.apply


M = SimpleNamespace(
    **{name: getattr(torch, name) for name in ("abs", "cos", "exp", "floor", "log", "maximum", "relu", "sin", "sqrt")},
    **{name: getattr(torch, name) for name in ("sum", "tanh", "where")},
    array=torch.as_tensor,
    declare=declare,
    float32=lambda x: x.to(torch.float32),
    logsumexp=lambda x: torch.logsumexp(x, 1),
    max=torch.amax,
    random=torch.rand,
)


def check(f: Callable[..., Any], inputs: tuple[Any, ...], **settings: Any) -> tuple[str, str]:
    """Return the verdict and the text that goes with it."""
    torch.manual_seed(0)
    try:
        gradcheck(lambda *args: f(M, *args), _leaves(inputs), **settings)
    except Exception as error:
        return "fail", f"{type(error).__name__}: {error}"
    return "pass", ""


check_fast = partial(check, fast_mode=True)


def timings(count: Callable[..., Any], parameters: tuple[Any, ...]) -> dict[str, Callable[[], Any]]:
    """Return what is timed, by name; `count` wraps the function whose calls are counted."""
    loss = count(lambda *args: network(M, *args))
    leaves = _leaves(parameters)
    return {
        "PyTorch: gradcheck, fast_mode=True": lambda: gradcheck(loss, leaves, fast_mode=True),
        "PyTorch: gradcheck": lambda: gradcheck(loss, leaves),
    }


def _leaves(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        torch.tensor(x, dtype=torch.float64 if isinstance(x, float) else None, requires_grad=True) for x in inputs
    )
