"""Activations: functions, their forms in ONNX and PyTorch, and the deviation of weights before them."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import autograd
from autograd.files import brief
from nn._core.settings import nearest, real
from nn._core.types import Activation, Nested

from .portable import Graph


def linear(z: Nested) -> Nested:
    """Return z: no non-linearity.

    >>> linear(3.0)
    3.0
    """
    return z


class Activated(Protocol):
    """A layer with an activation, as it was given and as a function."""

    activation: Activation
    g: Callable[[Any], Any]


class Row(NamedTuple):
    """An activation: its function, and its forms elsewhere.

    `init` says how weights before it are drawn, `onnx` adds it to a graph, `torch` returns its modules of torch.nn.
    """

    function: Callable[[Any], Any]
    init: str
    onnx: Callable[[Graph], Any]
    torch: Callable[[ModuleType], list[Any]]


def _write_silu(graph: Graph) -> None:
    x = graph.last
    graph.add("Sigmoid")
    graph.add("Mul", x)


def _write_gelu(graph: Graph) -> None:
    # As in autograd: x * sigmoid(sqrt(8 / pi) * (x + 0.044715 x^3)); the operator Gelu came with a later version.
    x = graph.last
    graph.add("Mul", x)
    graph.add("Mul", x)
    graph.add("Mul", 0.044715)
    graph.add("Add", x)
    graph.add("Mul", math.sqrt(8 / math.pi))
    graph.add("Sigmoid")
    graph.add("Mul", x)


ROWS: dict[str, Row] = {
    "linear": Row(linear, "glorot", lambda graph: None, lambda nn: []),
    "relu": Row(autograd.relu, "he", lambda graph: graph.add("Relu"), lambda nn: [nn.ReLU()]),
    "tanh": Row(autograd.tanh, "glorot", lambda graph: graph.add("Tanh"), lambda nn: [nn.Tanh()]),
    "sigmoid": Row(autograd.sigmoid, "glorot", lambda graph: graph.add("Sigmoid"), lambda nn: [nn.Sigmoid()]),
    "softplus": Row(autograd.softplus, "he", lambda graph: graph.add("Softplus"), lambda nn: [nn.Softplus()]),
    "leaky_relu": Row(
        autograd.leaky_relu, "he",
        lambda graph: graph.add("LeakyRelu", alpha=0.01), lambda nn: [nn.LeakyReLU(negative_slope=0.01)],
    ),
    "elu": Row(autograd.elu, "he", lambda graph: graph.add("Elu"), lambda nn: [nn.ELU()]),
    "silu": Row(autograd.silu, "he", _write_silu, lambda nn: [nn.SiLU()]),
    "gelu": Row(autograd.gelu, "he", _write_gelu, lambda nn: [nn.GELU(approximate="tanh")]),
    "softmax": Row(
        autograd.softmax, "glorot", lambda graph: graph.add("Softmax", axis=-1), lambda nn: [nn.Softmax(dim=-1)]
    ),
}  # fmt: skip
"""The activations of this package, by name."""

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {name: row.function for name, row in ROWS.items()}
"""The activations that may be given by name; others may be added."""

# These mix the neurons of a layer; all others work on each alone.
ON_LAYERS = (autograd.softmax, autograd.log_softmax)


def activation_function(activation: Activation) -> Callable[[Any], Any]:
    """Return the function for a name in ACTIVATIONS, or the function itself.

    Raises ValueError for another name, TypeError for an object that is neither.
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
    """Return the standard deviation of fresh weights, by their number (Glorot 2010, He 2015)."""
    taken = "'he', 'glorot' or a standard deviation >= 0"
    if init is not None and not isinstance(init, str):
        return real("init", init, lambda init: 0 <= init < math.inf, taken)
    if init is None:
        row = ROWS.get(activation_name(activation))
        init = "glorot" if row is None else row.init
    if init == "he":
        return math.sqrt(2 / n_in)
    if init == "glorot":
        return math.sqrt(2 / (n_in + n_out))
    raise ValueError(f"init must be {taken}; got {brief(init)}{nearest(init, ('he', 'glorot'))}")


def activation_name(activation: Activation) -> str:
    if isinstance(activation, str):
        return activation
    return str(getattr(activation, "__name__", None) or getattr(activation, "name", brief(activation)))


def row_of(layer: Activated) -> Row:
    """Return the row of a layer's activation; raise ValueError if other programs do not know it."""
    row = ROWS.get(activation_name(layer.activation))
    # The name may have been given another function in ACTIVATIONS.
    if row is None or row.function is not layer.g:
        raise ValueError(
            f"{layer!r} has an activation of its own, which other programs do not know; take one of {', '.join(ROWS)}"
        )
    return row
