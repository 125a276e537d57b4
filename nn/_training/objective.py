"""The loss as `fit` calls it: it is checked before anything is trained."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from typing import Any

from autograd import Node, no_grad
from autograd.files import brief
from nn._core.lists import flat
from nn._core.rows import computed_with, dtype_of, shape_of
from nn._core.types import Cost, Loss, Nested, Numbers, Output, Rows, Targets, Weights
from nn._layers.module import Module, evaluating

from .metrics import raw
from .parts import output_of


class Objective:
    """A loss function (y_hat, y) that gives one node, and never compares n numbers with n rows of one.

    Targets whose shape differs from that of the outputs by axes of length 1, such as (n, 1) for (n,), are brought into
    the shape of the outputs if the loss does not take them as they are, or would compare each with each, which NumPy's
    broadcasting does silently. That is decided, and the loss checked, at the first call, which must be recorded.
    """

    def __init__(self, loss: Loss, parameters: list[Any]) -> None:
        self.loss = loss
        self.parameters: list[Any] | None = parameters
        """The nodes of the optimizer; None as soon as the loss is known to depend on one of them."""
        self.turned: dict[bool, bool] = {}
        """Whether targets are brought into the shape of the outputs, of several samples (True) and of one (False)."""

    def __call__(self, y_hat: Output, y: Targets, *weight: Weights) -> Cost:
        """Return the loss of outputs; raise TypeError or ValueError unless it is a scalar node."""
        J = self._of(y_hat, self.targets(y_hat, y, *weight), *weight)
        if J is None:
            raise TypeError("the loss returned None: its last line must be `return ...`")
        if not isinstance(J, Node):
            raise TypeError(
                f"the loss must return a node, computed from y_hat; it returned {_kind(J)}: leave out .data, .item(), "
                f"float(...) and NumPy's functions of lists"
            )
        if J.shape != ():
            raise ValueError(f"the loss must be one number; it has shape {J.shape}: reduce it, e.g. with .mean()")
        if self.parameters is not None:
            _check_reach(J, y_hat, self.parameters)
            self.parameters = None
        return J

    def targets(self, y_hat: Output, y: Targets, *weight: Weights) -> Targets:
        """Return the targets in the shape in which they are compared with the outputs."""
        if self.turned.get(True) is False:
            return y
        shape, given = _shape(y_hat), _shape(y)
        if shape == given or _without_ones(shape) != _without_ones(given):
            self.turned.setdefault(shape[:1] != (1,), False)
            return y
        several = shape[0] > 1
        if several not in self.turned:
            self.turned[several] = self.turned.get(True) or self._must_turn(y_hat, y, *weight)
        return _turned(y, shape) if self.turned[several] else y

    def _of(self, y_hat: Output, y: Targets, *weight: Weights) -> Cost:
        return self.loss(y_hat, y, weight=weight[0]) if weight else self.loss(y_hat, y)

    def _must_turn(self, y_hat: Output, y: Targets, *weight: Weights) -> bool:
        """Tell whether the loss takes targets in the shape of the outputs alone; raise if in no shape."""
        shape = _shape(y_hat)
        try:
            J = self._of(y_hat, y, *weight)
        except Exception:
            try:
                self._of(y_hat, _turned(y, shape), *weight)
            except Exception:
                # Its error for the targets as they were given is the one that says something.
                return False
            return True
        if isinstance(J, Node) and J.shape == () and not _spread(J, y_hat):
            return False
        if _spread(self._of(y_hat, _turned(y, shape), *weight), y_hat):
            raise ValueError(
                f"the loss compares each output with each target, as it puts shapes such as ({shape[0]},) and "
                f"({shape[0]}, 1) together; give y the shape {shape} of the outputs and leave out the reshaping"
            )
        return True


def _check_reach(J: Node, y_hat: Output, parameters: list[Any]) -> None:
    """Raise ValueError, with the place of the break, unless a loss depends on one of the parameters."""
    wanted = {id(parameter) for parameter in parameters}
    if any(id(node) in wanted for node in _ancestors([J])):
        return
    if not any(id(node) in wanted for node in _ancestors(_nodes(y_hat))):
        raise ValueError(
            "the output of the network depends on no parameter that the optimizer moves: does the network compute with "
            ".data, under no_grad(), or with other parameters?"
        )
    raise ValueError(
        "the loss depends on no parameter: it must be computed from y_hat itself, not from y_hat.data, raw numbers or "
        "under no_grad()"
    )


def _nodes(x: Nested) -> list[Node]:
    return [item for item in flat(x) if isinstance(item, Node)]


def _ancestors(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield nodes and all that they were computed from, each once."""
    stack, seen = list(nodes), set()
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            stack.extend(part for part in node.inputs if isinstance(part, Node))


def _spread(J: Cost, y_hat: Output) -> bool:
    """Tell whether broadcasting made more numbers than outputs and targets, for example n * n of n and n."""
    outputs = {id(node) for node in _nodes(y_hat)}

    def of_outputs(part: Nested) -> bool:
        return any(id(node) in outputs for node in _ancestors(_nodes(part)))

    for node in _ancestors(_nodes(J)):
        sizes = [math.prod(_shape(part)) for part in node.inputs]
        if len(sizes) > 1 and sizes[0] == sizes[1] < math.prod(node.shape) and not all(map(of_outputs, node.inputs)):
            return True
    return False


def _shape(x: Nested) -> tuple[int, ...]:
    """Return the shape of an output or of targets; without one, or if ragged, the shape of a number."""
    try:
        return shape_of(x)
    except ValueError:
        return ()


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of samples, (n, ...), without axes of length 1 after the first."""
    return (*shape[:1], *(length for length in shape[1:] if length != 1))


def _turned(y: Targets, shape: tuple[int, ...]) -> Targets:
    """Return targets in another shape, with the same numbers."""
    if not isinstance(y, (list, tuple)):
        return y.reshape(shape)

    def nested(shape: tuple[int, ...]) -> Nested:
        return [nested(shape[1:]) for _ in range(shape[0])] if shape else next(numbers)

    numbers = iter(flat(y))
    return nested(shape)


def _kind(J: object) -> str:
    shape = _shape(J)
    return f"{type(J).__name__} {f'of shape {shape}' if shape else brief(J, 40)}"


def evaluated(
    model: Module, objective: Objective, X: Rows, y: Targets, *weight: Weights
) -> tuple[float, Numbers, Targets]:
    """Return the loss of samples after training, the raw outputs, and the targets in their shape."""
    # To see whether a loss compares each with each takes a graph.
    known = True in objective.turned
    with no_grad() if known else nullcontext(), evaluating(model):
        y_hat = output_of(model, X) if known else model(computed_with(X, dtype_of(model.parameters())))
        J = objective(y_hat, y, *weight)
        return float(raw(J)), raw(y_hat), objective.targets(y_hat, y, *weight)
