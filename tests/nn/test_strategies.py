"""Random networks on random batches: their gradients, and their two forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd import Tensor, Value, gradcheck_module
from autograd._core.trees import flatten
from nn import MLP, mse
from nn.testing import batches, mlps

SMOOTH = ["linear", "tanh", "sigmoid", "softplus", "silu", "gelu", "softmax"]


@pytest.mark.slow
@given(model=mlps(activations=SMOOTH), data=st.data())
def test_gradients_of_random_networks(model: MLP, data: st.DataObject) -> None:
    X = data.draw(batches(model.n_in, max_size=3))
    y = np.zeros((len(X), model.sizes[-1])[: 1 + (model.sizes[-1] > 1)])
    report = gradcheck_module(model, mse, X, y)
    assert report.verdict in ("pass", "undecided"), report


@given(model=mlps(of=Value), data=st.data())
def test_both_forms_of_random_networks_give_the_same(model: MLP, data: st.DataObject) -> None:
    X = data.draw(batches(model.n_in, max_size=3))
    numbers = [y.data for y in flatten(model(X))]
    assert numbers == pytest.approx(np.ravel(model.to(Tensor)(X).data), rel=1e-12, abs=1e-12)


@given(model=mlps())
def test_the_strategy_keeps_to_its_bounds(model: MLP) -> None:
    assume(model.parameters())
    assert 1 <= model.n_in <= 4
    assert len(model.sizes) <= 3
