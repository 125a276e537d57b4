"""`gradcheck`: reverse mode against numerical derivatives, with a verdict that needs no tolerance."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograd._core.modes import record
from autograd._core.node import leaf
from autograd._core.trees import flatten, paths
from autograd._core.types import Data, Tree
from autograd._grad.transforms import rebuild, trace
from autograd.files import brief

from .compare import Check
from .directions import Numbers
from .report import SEVERITY, Report
from .weights import weigher, weighted_gradient


def gradcheck(f: Callable[..., Any], *inputs: Tree, order: int = 1, seed: int = 0) -> Report:
    """Compare the gradient of f at the inputs with numerical derivatives, and say how they compare.

    Inputs are numbers, arrays, nodes, or lists, tuples and dicts of these; f returns a node of any shape, or several
    (their sum, weighted at random, is checked). Up to 50 numbers are checked one by one, more along two random
    directions made from `seed`, with a search for the number that is wrong. `order=2` also checks the gradient of the
    gradient. The verdict compares the difference with the error bar of the numerical derivative: there is no tolerance
    to choose; where that bar is too wide to see a mistake, as for 1e-14 beside 1, the verdict is "undecided", with the
    number's name. float32 is checked in float64, and the two gradients are compared. Global random generators are left
    as they were.
    Raises TypeError if f is no function or returns no node, ValueError for another order or no inputs.

    >>> bool(gradcheck(tanh, 0.3))
    True
    >>> gradcheck(relu, 0.0).verdict
    'non-differentiable'
    >>> wrong = primitive("tanh_off", lambda xp, x: xp.tanh(x), lambda g, out, x: 1.01 * g * (1 - out * out))
    >>> gradcheck(wrong, 0.5)
    fail: 1 derivative in ... calls of the function
      fail at x: analytic 0.7943122..., numerical 0.7864477... ± ...: 1.01 times what it should be
    """
    if not callable(f):
        raise TypeError(f"gradcheck takes a function and its inputs; got {brief(f)}")
    if order not in (1, 2):
        raise ValueError(f"order must be 1 or 2; got {brief(order)}")
    if not inputs:
        raise ValueError("give the inputs at which to check: gradcheck(f, x)")
    tree = [trace(arg) for arg in inputs]
    targets = list(flatten(tree))
    if not any(math.prod(target.shape) for target in targets):
        raise ValueError(f"there is no number to check in {brief(inputs)}")
    names = [name for arg, prefix in zip(tree, _argument_names(f, len(tree))) for name in paths(arg, prefix)]

    def run(numbers: Numbers) -> tuple[list[Any], list[Any]]:
        leaves = [leaf(number) for number in numbers]
        for one, target, name in zip(leaves, targets, names):
            one.label = target.label or name
        return list(flatten(f(*rebuild(tree, dict(zip(targets, leaves)))))), leaves

    weigh = weigher(seed)

    def slopes(numbers: Numbers) -> tuple[list[Any], list[Any]]:
        leaves = [leaf(number) for number in numbers]
        with record():
            args = trace(rebuild(tree, dict(zip(targets, leaves))))
            outputs = list(flatten(f(*args)))
            return weighted_gradient(outputs, weigh(outputs), list(flatten(args))), leaves

    start = [target.snapshot() for target in targets]
    first = Check(run, start, names, seed).report()
    if order == 1 or first.verdict in ("invalid", "fail"):
        return first
    second = Check(slopes, start, names, seed + 1).report()
    entries = (entry._replace(where=f"{entry.where}, second derivative") for entry in second.entries)
    remarks = dict.fromkeys(first.remarks + second.remarks)
    verdict = min(first.verdict, second.verdict, key=SEVERITY.index)
    return Report(verdict, (*first.entries, *entries), tuple(remarks), first.calls + second.calls)


def gradcheck_module(
    model: Callable[..., Any], loss: Callable[[Any, Any], Any], X: Data, y: Data, seed: int = 0
) -> Report:
    """Compare the gradient of loss(model(X), y) by a model's parameters with numerical derivatives.

    `model` has `named_parameters()`, as the modules of `nn` have; its data and gradients are left as they were.
    Raises TypeError if it has not, or if the loss is no function or returns no node; ValueError for a model without
    parameters.

    >>> from nn import MLP, mse
    >>> bool(gradcheck_module(MLP(2, [3, 1], "tanh"), mse, [[0.5, -1.0]], [1.0]))
    True
    """
    if not hasattr(model, "named_parameters"):
        raise TypeError(
            f"{brief(model)} of type {type(model).__name__} has no named_parameters(); use gradcheck for it"
        )
    if not callable(loss):
        raise TypeError(f"loss must be a function (y_hat, y) such as nn.mse; got {brief(loss)}")
    named = dict(model.named_parameters())
    if not named:
        raise ValueError(f"{brief(model)} has no parameters to check")
    parameters = list(named.values())
    start = [parameter.snapshot() for parameter in parameters]

    def run(numbers: Numbers) -> tuple[list[Any], list[Any]]:
        for parameter, number in zip(parameters, numbers):
            parameter._data = number
        return list(flatten(loss(model(X), y))), parameters

    try:
        return Check(run, start, list(named), seed).report()
    finally:
        for parameter, number in zip(parameters, start):
            parameter._data = number


def _argument_names(f: Callable[..., Any], count: int) -> list[str]:
    """Return the names of a function's first arguments, as far as it tells them."""
    # The function of a primitive has the same signature as all others of the same number of arguments.
    made = getattr(f, "primitive", None)
    names = list(made.arguments if made is not None and made.arguments else _positional(f))[:count]
    return names + [f"argument {k}" for k in range(len(names), count)]


def _positional(f: Callable[..., Any]) -> list[str]:
    # Imported here, as it would take a third of the time of `import autograd`.
    import inspect

    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in plain]
