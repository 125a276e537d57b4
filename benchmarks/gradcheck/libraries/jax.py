"""JAX: `check_grads` to order 1; in float32 or, with JAX_ENABLE_X64, in float64."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from cases import network
from jax.test_util import check_grads


@cache
def declare(forward: Callable[..., Any], derivative: Callable[..., Any]) -> Callable[..., Any]:
    declared = jax.custom_vjp(lambda x: forward(M, x))
    declared.defvjp(lambda x: (forward(M, x), x), lambda x, g: (g * derivative(M, x),))
    return declared


M = SimpleNamespace(
    **{name: getattr(jnp, name) for name in ("abs", "cos", "exp", "floor", "log", "max", "maximum", "sin", "sqrt")},
    **{name: getattr(jnp, name) for name in ("sum", "tanh", "where")},
    array=jnp.asarray,
    declare=declare,
    float32=lambda x: x.astype("float32"),
    logsumexp=lambda x: jax.scipy.special.logsumexp(x, axis=1),
    random=lambda size: np.random.random(size),  # noqa: NPY002 (what is drawn without a seed)
    relu=jax.nn.relu,
)


def check(f: Callable[..., Any], inputs: tuple[Any, ...]) -> tuple[str, str]:
    """Return the verdict and the text that goes with it.

    Both modes are checked, as by default, where JAX can: a `custom_vjp` has reverse mode alone.
    """
    arrays = [jnp.asarray(x) for x in inputs]
    try:
        try:
            check_grads(lambda *args: f(M, *args), arrays, order=1)
        except TypeError as error:
            if "custom_vjp" not in str(error):
                raise
            check_grads(lambda *args: f(M, *args), arrays, order=1, modes=["rev"])
    except Exception as error:
        return "fail", f"{type(error).__name__}: {error}"
    return "pass", ""


def timings(count: Callable[..., Any], parameters: tuple[Any, ...]) -> dict[str, Callable[[], Any]]:
    """Return what is timed, by name; `count` wraps the function whose calls are counted."""
    arrays = [jnp.asarray(x) for x in parameters]
    plain, compiled = count(lambda *args: network(M, *args)), count(jax.jit(lambda *args: network(M, *args)))
    return {
        'JAX: check_grads, order=1, modes=["rev"]': lambda: check_grads(plain, arrays, order=1, modes=["rev"]),
        "JAX: the same of jit(f)": lambda: check_grads(compiled, arrays, order=1, modes=["rev"]),
    }
