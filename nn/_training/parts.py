"""The output of a network for many samples, some at a time."""

from __future__ import annotations

import math

from autograd import Tensor, is_own
from nn._core.rows import computed_with, dtype_of, joined
from nn._core.types import Output, Rows
from nn._layers.module import Module
from nn._layers.portable import is_built_in

from .metrics import raw

AT_ONCE, NARROWEST = 2**20, 32
"""The numbers of the samples that are computed with at a time, of so many each at least."""


def output_of(model: Module, X: Rows) -> Output:
    """Return the output of a network for rows as `rows` returns them, which is not to be recorded."""
    dtype, size = dtype_of(model.parameters()), len(X)
    # What has one axis is a single sample.
    if len(getattr(X, "shape", ())) > 1 and _goes_by_rows(model):
        size = max(1, AT_ONCE // max(NARROWEST, math.prod(X.shape[1:])))
    if size >= len(X):
        return model(computed_with(X, dtype))
    parts = [X[start : start + size] for start in range(0, len(X), size)]
    return Tensor(joined([raw(model(computed_with(part, dtype))) for part in parts], list(map(len, parts))))


def _goes_by_rows(model: Module) -> bool:
    """Tell whether a network surely computes each row by itself: all of it is nn's own."""
    return all(
        is_built_in(module)
        and ("g" not in vars(module) or is_own(vars(module)["g"]))
        and all(isinstance(layer, Module) for layer in getattr(module, "layers", ()))
        for module in model.modules()
    )
