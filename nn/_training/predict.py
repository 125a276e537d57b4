"""`predict`: the outputs of a trained network for samples."""

from __future__ import annotations

from typing import Literal

from autograd import Value, no_grad
from nn._core.rows import arranged, inputs
from nn._core.types import Numbers, Rows
from nn._layers.module import Module, evaluating

from .engines import check_backend
from .metrics import raw
from .parts import output_of


def predict(model: Module, X: Rows, *, backend: Literal["numpy", "jax"] = "numpy") -> Numbers:
    """Return the model's output as raw numbers, without a graph: lists for Values, else an array.

    X has any form that `fit` takes. Layers behave as after training (`Module.eval`), also in the middle of it. Many
    samples are taken in parts by networks of `nn`'s layers, so that hidden layers of all of them need no memory. With
    `backend="jax"` a network of Tensors is compiled for all devices that share the samples evenly, at every call: for
    many samples. Raises ValueError and ImportError as `fit`.

    >>> len(predict(MLP(2, [3, 1]), [[0.0, 1.0], [2.0, 3.0]]))
    2
    """
    check_backend(backend)
    of_values = isinstance(next(iter(model.parameters()), None), Value)
    samples = arranged(inputs(X), of_values)
    if backend == "jax":
        from .devices.evaluation import outputs

        return outputs(model, samples, of_values)
    with no_grad(), evaluating(model):
        return raw(output_of(model, samples))
