"""Stochastic gradient descent, and clipping of gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from autograd import Node


class SGD:
    """Gradient descent: w <- w - lr * dJ/dw, with momentum and weight decay on request.

    `lr` is the learning rate (eta). With `momentum` m each parameter keeps a velocity v <- m v + dJ/dw and moves by lr
    * v, with `nesterov` by lr * (dJ/dw + m v) (Sutskever et al. 2013). `weight_decay` adds that multiple of w to dJ/dw.
    Raises ValueError for numbers out of range, TypeError for parameters that are no leaves.

    >>> w = Value(1.0)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.8
    """

    def __init__(
        self,
        parameters: Iterable[Any],
        lr: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        self.parameters = leaves(parameters)
        if not (isinstance(lr, (int, float)) and 0 < lr < math.inf):
            raise ValueError(f"the learning rate lr must be a positive number; got {lr!r}")
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be from 0 to below 1; got {momentum!r}")
        if not 0 <= weight_decay < math.inf:
            raise ValueError(f"weight_decay must be 0 or a positive number; got {weight_decay!r}")
        if nesterov and momentum == 0:
            raise ValueError("nesterov needs a momentum above 0, e.g. momentum=0.9")
        self.lr, self.momentum, self.nesterov, self.weight_decay = lr, momentum, nesterov, weight_decay
        self.velocities: list[Any] = [0.0] * len(self.parameters)

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        for parameter in self.parameters:
            parameter.zero_grad()

    def step(self) -> None:
        """Move every parameter against its gradient."""
        for k, parameter in enumerate(self.parameters):
            slope = parameter.grad
            if self.weight_decay:
                slope = slope + self.weight_decay * parameter.data
            if self.momentum:
                velocity = self.velocities[k] = self.momentum * self.velocities[k] + slope
                slope = slope + self.momentum * velocity if self.nesterov else velocity
            # Set anew, not changed in place: a graph that holds the old array keeps it, without a copy.
            parameter.data = parameter.snapshot() - self.lr * slope

    def __repr__(self) -> str:
        return f"SGD({len(self.parameters)} parameters, lr={self.lr}, momentum={self.momentum})"


def clip_grad_norm(parameters: Iterable[Any], max_norm: float) -> float:
    """Scale all gradients together so that their Euclidean norm is at most `max_norm`; return the norm before.

    Raises ValueError for a `max_norm` that is not positive.

    >>> w = Value(3.0)
    >>> (w * w).backward()
    >>> clip_grad_norm([w], 1.0), w.grad
    (6.0, 1.0)
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm must be a positive number; got {max_norm!r}")
    parameters = leaves(parameters)
    norm = math.hypot(*(_norm(parameter.grad) for parameter in parameters))
    if norm > max_norm:
        for parameter in parameters:
            parameter.grad = parameter.grad * (max_norm / norm)
    return norm


def _norm(g: Any) -> float:
    return math.hypot(*g.ravel().tolist()) if hasattr(g, "ravel") else float(abs(g))


def leaves(parameters: Iterable[Any]) -> list[Any]:
    """Return parameters as a list; raise if there are none, or one is no leaf node."""
    listed = list(parameters)
    if not listed:
        raise ValueError("there are no parameters; give model.parameters()")
    for parameter in listed:
        if not isinstance(parameter, Node) or parameter.op is not None:
            raise TypeError(f"a parameter must be a Value or Tensor that was not computed; got {parameter!r:.60}")
    return listed
