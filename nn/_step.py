"""One step of training: the loss of a batch and its gradients, compiled or not."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import autograd
from autograd import CompileError, Tensor, Value, value_and_grad

from ._metrics import raw
from ._module import Module, buffer_updates
from ._optim import Optimizer

Step = Callable[..., tuple[float, Any]]

MANY = 100
"""From so many steps on it pays to compile: that takes about as long as so many steps of a small network."""


def accumulated(step: Step, optimizer: Optimizer, batches: int) -> Step:
    """Return a step after which the gradients are means over all samples since the optimizer last moved."""
    if batches == 1:
        return step
    parameters = optimizer.parameters
    totals, samples, taken = [0.0] * len(parameters), 0, optimizer.steps

    def adding(X: Any, *targets: Any) -> tuple[float, Any]:
        nonlocal totals, samples, taken
        if taken != optimizer.steps:
            totals, samples, taken = [0.0] * len(parameters), 0, optimizer.steps
        found = step(X, *targets)
        totals = [total + len(X) * parameter.grad for total, parameter in zip(totals, parameters)]
        samples += len(X)
        for parameter, total in zip(parameters, totals):
            parameter.grad = total / samples
        return found

    return adding


def plain(model: Module, loss: Callable[..., Any], optimizer: Optimizer) -> Step:
    """Return the function of a batch that sets the gradients and returns the loss and the output, raw."""

    def step(X: Any, *targets: Any) -> tuple[float, Any]:
        y_hat = model(X)
        J = loss(y_hat, *targets)
        optimizer.zero_grad()
        J.backward()
        return J.item(), raw(y_hat)

    return step


def compiled(model: Module, loss: Callable[..., Any], optimizer: Optimizer) -> Step:
    """Return the same compiled; where that turns out to be impossible, it goes on uncompiled, with a warning."""

    buffers = dict(model.named_buffers())
    names = {buffer: name for name, buffer in buffers.items()}

    def outcome(X: Any, *targets: Any) -> Any:
        with buffer_updates() as updates:
            y_hat = model(X)
        return loss(y_hat, *targets), (y_hat, {names[buffer]: new for buffer, new in updates.items()})

    fast = autograd.compile(value_and_grad(outcome, wrt=optimizer.parameters, has_aux=True))
    slow = plain(model, loss, optimizer)
    possible, of_values = True, isinstance(optimizer.parameters[0], Value)

    def step(*batch: Any) -> tuple[float, Any]:
        nonlocal possible
        if possible:
            try:
                (J, (y_hat, updates)), gradients = fast(*(listed(part, of_values) for part in batch))
            except CompileError as error:
                warnings.warn(f"fit goes on without compiling, which is slower: {error}", stacklevel=3)
                possible = False
            else:
                for parameter, gradient in zip(optimizer.parameters, gradients):
                    parameter.grad = gradient
                for name, new in updates.items():
                    buffers[name].data = new
                return float(J), raw(y_hat)
        return slow(*batch)

    return step


def listed(data: Any, of_values: bool) -> Any:
    """Return data in the form that a network computes with: lists for Values, an array for Tensors."""
    if of_values:
        return data.tolist() if hasattr(data, "tolist") else data
    return Tensor(data).data if isinstance(data, (list, tuple)) else data
