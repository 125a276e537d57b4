"""One step of training: the loss of a batch and its gradients, compiled or not."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from autograd import Replay
from nn._core.types import Cost, Loss, Numbers, Output, Rows, Targets
from nn._layers.module import Module

from .metrics import raw
from .optimizer import Optimizer

Step = Callable[..., tuple[float, Any]]

MANY = 100
"""The number of steps from which it pays to compile: that takes as long as these steps of a small network."""

LONG = 1_000
"""The number of steps from which it pays to make machine code of replayed ones, where that can be made."""


def accumulated(step: Step, optimizer: Optimizer, batches: int) -> Step:
    """Return a step after which the gradients are means over all samples since the optimizer last moved."""
    if batches == 1:
        return step
    totals: dict[Any, Any] = {}
    samples, taken = 0, optimizer.steps

    def adding(X: Rows, *targets: Targets) -> tuple[float, Numbers]:
        nonlocal samples, taken
        if taken != optimizer.steps:
            totals.clear()
            samples, taken = 0, optimizer.steps
        found = step(X, *targets)
        samples += len(X)
        for parameter in optimizer.parameters:
            totals[parameter] = totals.get(parameter, 0.0) + len(X) * parameter.grad
            parameter.grad = totals[parameter] / samples
        return found

    return adding


def plain(model: Module, loss: Loss, optimizer: Optimizer) -> Step:
    """Return the function of a batch that sets the gradients and returns the loss and the output, raw."""

    def step(X: Rows, *targets: Targets) -> tuple[float, Numbers]:
        y_hat = model(X)
        J = loss(y_hat, *targets)
        optimizer.zero_grad()
        J.backward()
        return J.item(), raw(y_hat)

    return step


def compiled(model: Module, loss: Loss, optimizer: Optimizer, steps: int | None) -> Step:
    """Return the step of `plain`, replayed: its arithmetic is compiled, its Python runs at every one of the steps.

    Where that turns out to be impossible, or does not pay, it goes on uncompiled, with a warning.
    """
    replay = Replay(machine=steps is not None and steps >= LONG)
    told = False

    def step(X: Rows, *targets: Targets) -> tuple[float, Numbers]:
        nonlocal told

        def written() -> tuple[Cost, Output]:
            y_hat = model(X)
            return loss(y_hat, *targets), y_hat

        found = replay(written, optimizer.zero_grad)
        if replay.stopped and not told:
            told = True
            warnings.warn(f"fit goes on without compiling, which is slower: {replay.stopped}", stacklevel=3)
        return found

    return step
