"""Gradient descent: SGD, Adam and RMSProp; clipping of gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from autograd import Node

from ._settings import real


class Optimizer:
    """What moves parameters against their gradients; `SGD`, `Adam` and `RMSProp` say how far.

    A subclass defines `change(k)`, how much parameter k changes, names in `kept` the lists in which it remembers a
    number or an array for each parameter, and in `settings` the numbers that it was made with. Raises ValueError for
    numbers out of range, TypeError for parameters that are no leaves.

    >>> class Signs(Optimizer):
    ...     def change(self, k):
    ...         return self.lr if self.parameters[k].grad < 0 else -self.lr
    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> Signs([w], lr=0.5).step()
    >>> w.data
    0.5
    """

    kept: ClassVar[tuple[str, ...]] = ()
    settings: ClassVar[tuple[str, ...]] = ("lr",)

    def __init__(self, parameters: Iterable[Any], lr: float) -> None:
        self.parameters = leaves(parameters, type(self).__name__)
        self.lr = real("the learning rate lr", lr, lambda lr: 0 < lr < math.inf, "a positive number")
        self.steps = 0
        """The number of steps taken."""
        for name in self.kept:
            setattr(self, name, [0.0] * len(self.parameters))

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        for parameter in self.parameters:
            parameter.zero_grad()

    def change(self, k: int) -> Any:
        """Return by how much parameter k is to change, from its `data` and `grad`."""
        raise TypeError(f"{type(self).__name__} defines no change(self, k), which says how much a parameter changes")

    def step(self) -> None:
        """Move every parameter."""
        self.steps += 1
        for k, parameter in enumerate(self.parameters):
            # Set anew, not changed in place: a graph that holds the old array keeps it, without a copy.
            parameter.data = parameter.snapshot() + self.change(k)

    def state_dict(self) -> dict[str, Any]:
        """Return the settings, the number of steps, and what is remembered: a list for each name in `kept`."""
        return {name: getattr(self, name) for name in (*self.settings, "steps")} | {
            name: list(getattr(self, name)) for name in self.kept
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set settings and memory to those of a `state_dict` of such an optimizer of as many parameters.

        Raises ValueError, and changes nothing, if names are missing or unknown, or a list has another length.
        """
        own = self.state_dict()
        if set(own) != set(state):
            raise ValueError(f"a state of {type(self).__name__} has {', '.join(own)}; got {', '.join(state) or 'none'}")
        for name in self.kept:
            if len(state[name]) != len(self.parameters):
                raise ValueError(
                    f"{name} has {len(state[name])} entries; this optimizer has {len(self.parameters)} parameters"
                )
        for name, item in state.items():
            setattr(self, name, list(item) if name in self.kept else item)

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={getattr(self, name)}" for name in self.settings if getattr(self, name))
        return f"{type(self).__name__}({len(self.parameters)} parameters, {told})"


class SGD(Optimizer):
    """Gradient descent: w <- w - lr * dJ/dw, with momentum and weight decay on request.

    `lr` is the learning rate (eta). With `momentum` m each parameter keeps a velocity v <- m v + dJ/dw and moves by lr
    * v, with `nesterov` by lr * (dJ/dw + m v) (Sutskever et al. 2013). `weight_decay` adds that multiple of w to dJ/dw,
    as if the loss had weight_decay / 2 * w^2 added. Raises ValueError for numbers out of range, TypeError for
    parameters that are no leaves.

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

    def __init__(
        self,
        parameters: Iterable[Any],
        lr: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        momentum, weight_decay = _fraction("momentum", momentum), _decay(weight_decay)
        if nesterov and momentum == 0:
            raise ValueError("nesterov needs a momentum above 0, e.g. momentum=0.9")
        self.momentum, self.nesterov, self.weight_decay = momentum, nesterov, weight_decay

    def change(self, k: int) -> Any:
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
    """Adam: each parameter moves by lr * m / (sqrt(v) + eps), m and v being running means of dJ/dw and its square.

    m <- b1 m + (1 - b1) dJ/dw and v <- b2 v + (1 - b2) (dJ/dw)^2 with (b1, b2) = `betas`, both divided by what is
    missing from their start at 0, 1 - b^t (Kingma & Ba 2015). `weight_decay` moves w by -lr * weight_decay * w as well,
    apart from m and v (Loshchilov & Hutter 2019, AdamW). Raises as `SGD`.

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

    def __init__(
        self,
        parameters: Iterable[Any],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise ValueError(f"betas must be two numbers from 0 to below 1; got {betas!r}")
        self.betas = tuple(_fraction("each of betas", beta) for beta in betas)
        self.eps, self.weight_decay = _eps(eps), _decay(weight_decay)

    def change(self, k: int) -> Any:
        """Return the step of parameter k."""
        parameter, (b1, b2) = self.parameters[k], self.betas
        g = parameter.grad
        mean = self.means[k] = b1 * self.means[k] + (1 - b1) * g
        square = self.squares[k] = b2 * self.squares[k] + (1 - b2) * g * g
        rate = self.lr / (1 - b1**self.steps)
        moved = -rate * mean / ((square / (1 - b2**self.steps)) ** 0.5 + self.eps)
        return moved - self.lr * self.weight_decay * parameter.data if self.weight_decay else moved


class RMSProp(Optimizer):
    """RMSProp: each parameter moves by lr * dJ/dw / (sqrt(v) + eps), v being a running mean of (dJ/dw)^2.

    v <- decay * v + (1 - decay) * (dJ/dw)^2 (Tieleman & Hinton 2012). `weight_decay` as for `SGD`. Raises as `SGD`.

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

    def __init__(
        self,
        parameters: Iterable[Any],
        lr: float = 0.01,
        decay: float = 0.9,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        self.decay, self.eps, self.weight_decay = _fraction("decay", decay), _eps(eps), _decay(weight_decay)

    def change(self, k: int) -> Any:
        """Return the step of parameter k."""
        parameter = self.parameters[k]
        g = parameter.grad
        if self.weight_decay:
            g = g + self.weight_decay * parameter.data
        square = self.squares[k] = self.decay * self.squares[k] + (1 - self.decay) * g * g
        return -self.lr * g / (square**0.5 + self.eps)


NAMED: dict[str, Callable[..., Optimizer]] = {
    "sgd": lambda parameters, lr, momentum, decay: SGD(parameters, lr, momentum, weight_decay=decay),
    "adam": lambda parameters, lr, momentum, decay: Adam(parameters, lr, weight_decay=decay),
    "rmsprop": lambda parameters, lr, momentum, decay: RMSProp(parameters, lr, weight_decay=decay),
}
"""The optimizers that may be given by name: each is made from parameters, learning rate, momentum, weight decay."""


def _fraction(name: str, number: float) -> float:
    return real(name, number, lambda number: 0 <= number < 1, "from 0 to below 1")


def _eps(eps: float) -> float:
    return real("eps", eps, lambda eps: 0 < eps < math.inf, "a positive number")


def _decay(weight_decay: float) -> float:
    return real("weight_decay", weight_decay, lambda decay: 0 <= decay < math.inf, "0 or a positive number")


def clip_grad_norm(parameters: Iterable[Any], max_norm: float) -> float:
    """Scale all gradients together so that their Euclidean norm is at most `max_norm`; return the norm before.

    Raises ValueError for a `max_norm` that is not positive.

    >>> w = Value(3.0)
    >>> (w * w).backward()
    >>> clip_grad_norm([w], 1.0), w.grad
    (6.0, 1.0)
    """
    max_norm = real("max_norm", max_norm, lambda norm: norm > 0, "a positive number")
    parameters = leaves(parameters, "clip_grad_norm")
    norm = math.hypot(*(_norm(parameter.grad) for parameter in parameters))
    if norm > max_norm:
        for parameter in parameters:
            parameter.grad = parameter.grad * (max_norm / norm)
    return norm


def _norm(g: Any) -> float:
    return math.hypot(*g.ravel().tolist()) if hasattr(g, "ravel") else float(abs(g))


def leaves(parameters: Iterable[Any], user: str) -> list[Any]:
    """Return parameters as a list; raise if there are none, or one is no leaf node. `user` is who needs them."""
    if not isinstance(parameters, Iterable):
        raise TypeError(f"{user} needs parameters; got one {type(parameters).__name__}: give model.parameters()")
    listed = list(parameters)
    if not listed:
        raise ValueError("there are no parameters; give model.parameters()")
    for parameter in listed:
        if not isinstance(parameter, Node) or parameter.op is not None:
            raise TypeError(f"a parameter must be a Value or Tensor that was not computed; got {parameter!r:.60}")
    return listed
