"""A step of training as one compiled function: the loss, the gradients, and what an update makes of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from autograd._compiler.compile import Compiled
from autograd._core.modes import active, anomaly, tracing
from autograd._core.node import Node
from autograd._core.types import Raw, Tree
from autograd._grad.transforms import value_and_grad

from .replay import raises
from .span import Programs, Span, machine_code


class WholeStep:
    """Runs steps that do nothing but compute, so that their Python need not run at each of them.

    `loss(*given)` returns a pair: a scalar computed from `leaves`, and anything. `update(gradients, rate, count,
    memory)` returns the new data of the leaves, and of each list in memory, with an entry for each leaf, or None where
    that stays. A call returns both, and the gradients between them, as raw numbers and arrays.

    >>> w = Value(3.0)
    >>> step = WholeStep(lambda x: (w * x, None), lambda slopes, rate, *_: ([w - rate * slopes[0]], []), [w])
    >>> step((2.0,), (0.5, 1.0, []))
    (6.0, None, [2.0], ([2.0], []))
    """

    def __init__(
        self, loss: Callable[..., tuple[Any, Any]], update: Callable[..., Any], leaves: Sequence[Node]
    ) -> None:
        def step(more: Tree, *given: Tree) -> Any:
            (J, out), gradients = value_and_grad(lambda: loss(*given), wrt=leaves, has_aux=True)()
            return J, out, gradients, update(gradients, *more)

        # The backends take longer to import than all that is needed until somebody trains.
        from autograd._compiler.backends.backends import REPEATEDLY

        self._run = Compiled(step, REPEATEDLY)
        self._leaves = leaves
        self._programs: Programs = WeakKeyDictionary()

    @property
    def compilations(self) -> int:
        """How often a program was written."""
        return self._run.compilations

    def __call__(self, given: tuple[Any, ...], more: tuple[Any, ...]) -> tuple[float, Any, Any, Any] | None:
        """Return loss, output, gradients, update; None where a step must run as it is written, to be looked at."""
        if _is_watched():
            return None
        J, out, gradients, updated = self._run(more, *given)
        return float(J), out, gradients, updated

    def span(self, count: float, memory: list[list[Raw]]) -> Span | None:
        """Return steps that begin with the numbers of the leaves now; None where they must run one by one."""
        if _is_watched() or not any(map(machine_code, self._run.programs)):
            return None
        return Span(self._run, self._programs, self._leaves, count, memory)


def _is_watched() -> bool:
    """Tell whether somebody wants to see every operation."""
    return bool(active and (anomaly.get() or tracing.get() is not None)) or raises()
