"""Hypothesis strategies for networks and the batches they take; needs `pip install hypothesis`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy
from hypothesis import strategies as st

from autograd import Tensor, Value
from autograd.testing import tensors
from nn._core.types import Activation
from nn._layers.activations import ACTIVATIONS
from nn._layers.batches import Form
from nn._layers.dense import MLP

SMALL = 4


@st.composite
def mlps(draw: st.DrawFn, of: Form | None = None, activations: Iterable[Activation] | None = None) -> MLP:
    """Return a strategy for MLPs of up to three layers with up to 4 neurons each.

    `of` is Value or Tensor, either if None; `activations` are names or functions, all that have names if None.

    >>> from hypothesis import find
    >>> find(mlps(of=Value), lambda model: len(model.layers) > 1).sizes
    [1, 1]
    """
    sizes = draw(st.lists(st.integers(1, SMALL), min_size=1, max_size=3))
    activation = draw(st.sampled_from(list(ACTIVATIONS if activations is None else activations)))
    kind: Any = draw(st.sampled_from([Value, Tensor])) if of is None else of
    return MLP(draw(st.integers(1, SMALL)), sizes, activation, of=kind, seed=draw(st.integers(0, 99)))


def batches(n_in: int, max_size: int = 5) -> st.SearchStrategy[numpy.ndarray[Any, Any]]:
    """Return a strategy for inputs of a network: arrays (samples, `n_in`) of up to `max_size` samples.

    >>> from hypothesis import find
    >>> find(batches(2), lambda X: len(X) > 1).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    sizes = st.integers(1, max_size)
    return sizes.flatmap(lambda size: tensors((size, n_in))).map(lambda X: X.data)
