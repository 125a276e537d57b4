"""The engines of `fit` by name."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from autograd.files import brief

from .engine import Engine
from .here import Here

Devices = int | Sequence[Any] | None
"""How many of JAX's devices, which ones, or all."""

BACKENDS = ("numpy", "jax")


def check_backend(backend: str) -> None:
    """Raise ValueError for an unknown engine, ImportError for one that is not installed."""
    if backend not in BACKENDS:
        raise ValueError(f"backend must be {' or '.join(map(repr, BACKENDS))}; got {brief(backend)}")
    if backend == "jax" and find_spec("jax") is None:
        raise ImportError("backend='jax' needs jax: pip install 'glassgrad[jax]'")


def engine_of(backend: str, devices: Devices) -> Engine:
    """Return what computes the steps; raise ValueError for devices that there are not."""
    check_backend(backend)
    if backend == "jax":
        from .devices.engine import OnDevices

        return OnDevices(devices)
    if devices is not None:
        raise ValueError(f"devices are those of backend='jax'; got devices={brief(devices)} without it")
    return Here()
