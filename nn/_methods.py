"""Methods that need higher floors than their classes: attached here, so that no import goes up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nn._layers.module import Module
from nn._training.history import History

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from autograd import Drawing


def to_onnx(self: Module, path: str | Path, sample: tuple[int, ...] | None = None) -> None:
    """Write the network as an ONNX file, in single precision, which other programs run.

    Its input "x" is a batch of any size of samples of the shape `sample`, such as (1, 8, 8); without it the
    shape is the one that the first layer knows. Its output is "y". Raises ImportError without the package onnx, and
    ValueError for modules and activations of your own, which ONNX does not know, and for a sample that does not fit.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     MLP(2, [3, 1]).to_onnx(f"{folder}/model.onnx")
    """
    # Files and pictures take longer to import than networks, and few programs need them.
    from ._files import exchange

    exchange.to_onnx(self, path, sample)


def to_torch(self: Module) -> Any:
    """Return the same network, with the same numbers, as a torch.nn.Sequential, in evaluation mode.

    Raises ImportError without PyTorch, and ValueError for modules and activations of your own, and for a padding
    that PyTorch does not know.
    """
    from ._files import exchange

    return exchange.to_torch(self)


def from_torch(self: Module, state: Mapping[str, Any]) -> Module:
    """Set the numbers to those of a PyTorch state_dict of the same layers, in order; return the network.

    `state` may hold tensors of PyTorch or arrays. Raises ValueError, and changes nothing, if their number or a
    shape differs, if they hold no real numbers, and for modules of your own; TypeError if `state` is no mapping.

    >>> import numpy
    >>> state = {"0.weight": numpy.ones((3, 2)), "0.bias": numpy.zeros(3)}
    >>> Layer(2, 3, of=Tensor).from_torch(state)([[1.0, 2.0]]).data.tolist()
    [[3.0, 3.0, 3.0]]
    """
    from ._files import exchange

    return exchange.from_torch(state, self)


def _draw_(self: Module) -> Drawing:
    """Return the drawing that `autograd.draw` shows of a network: its neurons."""
    from nn._layers.picture import draw_network

    return draw_network(self)


def _repr_mimebundle_(self: Module, include: object = None, exclude: object = None) -> dict[str, str]:
    shown = {"text/plain": repr(self)}
    try:
        return {**self._draw_()._repr_mimebundle_(), **shown}
    except (TypeError, ValueError):
        return shown


def plot(self: History, ax: Axes | None = None, *, held_out: str = "validation") -> Axes:
    """Draw the curves on Matplotlib axes, and return these; `held_out` names the samples of val_."""
    # Matplotlib takes its time to import.
    from .plots import history

    return history(self, ax=ax, held_out=held_out)


for kind, methods in (
    (Module, (to_onnx, to_torch, from_torch, _draw_, _repr_mimebundle_)),
    (History, (plot,)),
):
    for method in methods:
        method.__qualname__ = f"{kind.__name__}.{method.__name__}"
        setattr(kind, method.__name__, method)
