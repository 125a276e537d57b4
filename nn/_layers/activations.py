"""Activations by name, and the deviation of the weights before each."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import autograd
from autograd.files import brief
from nn._core.settings import nearest, real

Activation = str | Callable[[Any], Any]


def linear(z: Any) -> Any:
    """Return z: no non-linearity.

    >>> linear(3.0)
    3.0
    """
    return z


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": linear,
    "relu": autograd.relu,
    "tanh": autograd.tanh,
    "sigmoid": autograd.sigmoid,
    "softplus": autograd.softplus,
    "leaky_relu": autograd.leaky_relu,
    "elu": autograd.elu,
    "silu": autograd.silu,
    "gelu": autograd.gelu,
    "softmax": autograd.softmax,
}
"""The activations that may be given by name; others may be added."""

BUILT_IN = dict(ACTIVATIONS)
"""Those of this package, which other programs know as well."""

# These mix the neurons of a layer; all others work on each alone.
ON_LAYERS = (autograd.softmax, autograd.log_softmax)

_RECTIFIERS = ("relu", "leaky_relu", "elu", "silu", "gelu", "softplus")


def activation_function(activation: Activation) -> Callable[[Any], Any]:
    """Return the function for a name in ACTIVATIONS, or the function itself.

    Raises ValueError for another name, TypeError for what is neither.
    """
    if isinstance(activation, type) or not (isinstance(activation, str) or callable(activation)):
        advice = (
            f"give an instance, {activation.__name__}()" if isinstance(activation, type) else "'linear' stands for none"
        )
        raise TypeError(f"activation must be a name or a function; got {brief(activation)}: {advice}")
    if not isinstance(activation, str):
        return activation
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"unknown activation {brief(activation)}{nearest(activation, ACTIVATIONS)}; choose one of "
            f"{', '.join(ACTIVATIONS)}, or give a function"
        )
    return ACTIVATIONS[activation]


def deviation(n_in: int, n_out: int, activation: Activation, init: str | float | None) -> float:
    """Return the standard deviation of fresh weights, by their number at each neuron (Glorot 2010, He 2015)."""
    taken = "'he', 'glorot' or a standard deviation >= 0"
    if init is not None and not isinstance(init, str):
        return real("init", init, lambda init: 0 <= init < math.inf, taken)
    if init is None:
        init = "he" if activation_name(activation) in _RECTIFIERS else "glorot"
    if init == "he":
        return math.sqrt(2 / n_in)
    if init == "glorot":
        return math.sqrt(2 / (n_in + n_out))
    raise ValueError(f"init must be {taken}; got {brief(init)}{nearest(init, ('he', 'glorot'))}")


def activation_name(activation: Activation) -> str:
    if isinstance(activation, str):
        return activation
    return str(getattr(activation, "__name__", None) or getattr(activation, "name", brief(activation)))
