"""`predict`: the outputs of a trained network for samples."""

from __future__ import annotations

from autograd import Value, no_grad
from nn._core.rows import arranged, rows
from nn._core.types import Numbers, Rows
from nn._layers.module import Module, evaluating

from .metrics import raw


def predict(model: Module, X: Rows) -> Numbers:
    """Return the model's output as raw numbers, without a graph: lists for Values, else an array.

    X has any form that `fit` takes. Layers behave as after training (`Module.eval`), also in the middle of it.

    >>> len(predict(MLP(2, [3, 1]), [[0.0, 1.0], [2.0, 3.0]]))
    2
    """
    of_values = isinstance(next(iter(model.parameters()), None), Value)
    with no_grad(), evaluating(model):
        return raw(model(arranged(rows(X), of_values)))
