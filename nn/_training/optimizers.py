"""Gradient descent: SGD, Adam and RMSProp."""

from __future__ import annotations

from collections.abc import Callable, Container
from functools import partial
from typing import Any

from nn._core.types import Numbers, Parameters

from .optimizer import Optimizer


class SGD(Optimizer):
    """Gradient descent: w <- w - lr * dJ/dw, with momentum and weight decay on request.

    `lr` is the learning rate (eta). With `momentum` m each parameter keeps a velocity v <- m v + dJ/dw and moves by lr
    * v, with `nesterov` by lr * (dJ/dw + m v) (Sutskever et al. 2013). `weight_decay` adds that multiple of w to dJ/dw,
    as if the loss had weight_decay / 2 * w^2 added: as PyTorch's SGD. Raises as `Optimizer`.

    >>> w = Value(1.0)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.8
    """

    kept = ("velocities",)
    settings = ("lr", "momentum", "nesterov", "weight_decay")
    velocities: list[Any]
    momentum: float
    nesterov: bool
    weight_decay: float

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay)

    def _checked(self, settings: dict[str, Any]) -> dict[str, Any]:
        checked = super()._checked(settings)
        if checked["nesterov"] and checked["momentum"] == 0:
            raise ValueError("nesterov needs a momentum above 0, e.g. momentum=0.9")
        return checked

    def change(self, k: int) -> Numbers:
        """Return -lr times the gradient, or times the velocity."""
        parameter = self.parameters[k]
        slope = parameter.grad
        if self.weight_decay:
            slope = slope + self.weight_decay * parameter.data
        if self.momentum:
            velocity = self.velocities[k] = self.momentum * self.velocities[k] + slope
            slope = slope + self.momentum * velocity if self.nesterov else velocity
        return -self.lr * slope


class Adam(Optimizer):
    """Adam: each parameter moves by lr * m / (sqrt(v) + eps), with running means m and v.

    These are means of dJ/dw and of its square: m <- b1 m + (1 - b1) dJ/dw and v <- b2 v + (1 - b2) (dJ/dw)^2 with (b1,
    b2) = `betas`, both divided by the part that they lack by their start at 0, 1 - b^t (Kingma & Ba 2015).
    `weight_decay` moves w by -lr * weight_decay * w too, apart from m and v (Loshchilov & Hutter 2019): with it this is
    PyTorch's AdamW, whose default is 0.01, and not its Adam, which adds the multiple of w to dJ/dw. Raises as
    `Optimizer`.

    >>> w = Value(1.0)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.9
    """

    kept = ("means", "squares")
    settings = ("lr", "betas", "eps", "weight_decay")
    means: list[Any]
    squares: list[Any]
    betas: tuple[float, float]
    eps: float
    weight_decay: float

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def change(self, k: int) -> Numbers:
        """Return the step of parameter k."""
        parameter, (b1, b2) = self.parameters[k], self.betas
        g = parameter.grad
        mean = self.means[k] = b1 * self.means[k] + (1 - b1) * g
        square = self.squares[k] = b2 * self.squares[k] + (1 - b2) * g * g
        steps = self.counts[k]
        rate = self.lr / (1 - b1**steps)
        moved = -rate * mean / ((square / (1 - b2**steps)) ** 0.5 + self.eps)
        return moved - self.lr * self.weight_decay * parameter.data if self.weight_decay else moved


class RMSProp(Optimizer):
    """RMSProp: each parameter moves by lr * dJ/dw / (sqrt(v) + eps), v being a running mean of (dJ/dw)^2.

    v <- decay * v + (1 - decay) * (dJ/dw)^2 (Tieleman & Hinton 2012). `weight_decay` as for `SGD`. PyTorch calls the
    decay alpha, and its default is 0.99. Raises as `Optimizer`.

    >>> w = Value(1.0)
    >>> optimizer = RMSProp([w], lr=0.1, decay=0.75)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.8
    """

    kept = ("squares",)
    settings = ("lr", "decay", "eps", "weight_decay")
    squares: list[Any]
    decay: float
    eps: float
    weight_decay: float

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.01,
        decay: float = 0.9,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, decay=decay, eps=eps, weight_decay=weight_decay)

    def change(self, k: int) -> Numbers:
        """Return the step of parameter k."""
        parameter = self.parameters[k]
        g = parameter.grad
        if self.weight_decay:
            g = g + self.weight_decay * parameter.data
        square = self.squares[k] = self.decay * self.squares[k] + (1 - self.decay) * g * g
        return -self.lr * g / (square**0.5 + self.eps)


OPTIMIZERS: dict[str, type[Optimizer]] = {kind.__name__: kind for kind in (SGD, Adam, RMSProp)}
"""The optimizers that a file may name."""


def _make(kind: Callable[..., Optimizer], known: Container[str], parameters: Parameters, *settings: float) -> Optimizer:
    given = zip(("lr", "momentum", "weight_decay"), settings)
    return kind(parameters, **{name: setting for name, setting in given if name in known})


NAMED: dict[str, Callable[..., Optimizer]] = {
    name.lower(): partial(_make, kind, kind.settings) for name, kind in OPTIMIZERS.items()
}
"""The optimizers that may be given by name: each is made from parameters, learning rate, momentum, weight decay."""
