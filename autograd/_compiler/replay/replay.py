"""A step of training replayed: its Python runs at every step, as it is written; its arithmetic is compiled.

While a step runs, an operation on nodes is looked up in a tree of those of earlier steps. One that came at this place
before, from the same inputs, of the same shapes, returns a node that holds its number only when somebody asks for it;
any other is computed at once, and grows the tree. At the end, the way through the tree that the step took stands for a
program, compiled the second time, which computes the loss and all gradients from the numbers of this step. So nothing
needs to be known about what else the step does, and nothing of it is done twice or left out.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

from autograd._core.anomaly import written_place
from autograd._core.data import shape
from autograd._core.modes import active, anomaly
from autograd._core.names import name_of
from autograd._core.node import Node, kinds
from autograd._core.tracing import replayed
from autograd._core.types import Raw, Tree
from autograd._grad.lean import set_gradients

from .forms import copied, raw
from .step import CHANGES, MOST_KEPT, Place, Step

MOST_OPERATIONS = 200_000
"""A tree of more operations is no longer worth its memory."""

CREDIT = 8.0
"""How many steps in a row may do something new before replaying is given up."""

EARNED = 0.25
"""A step that was replayed makes up for this part of one that was not."""


RARE = 4
"""After this many replays another step is compiled as soon as it is met."""

TRIED = 2
"""How many results of a program are compared with those of the step itself before it is relied on."""

ROUNDING = 1e-6
"""A program whose first results differ from those of the step itself by this part is not used."""


class Replay:
    """Runs steps: computes a loss and adds its gradients to the leaves, as `backward` does.

    With `machine`, longer steps are run as machine code, if that can be made: it pays from a thousand steps on.

    >>> w, run = Value(3.0), Replay()
    >>> for x in (1.0, 2.0, 3.0, 4.0):
    ...     J, _ = run(lambda: (w * x, None), w.zero_grad)
    >>> J, w.grad, run.compilations
    (12.0, 4.0, 1)
    """

    def __init__(self, machine: bool = False) -> None:
        self._machine = machine
        self._root = Place()
        self._replays = 0
        self._size = 0
        self._credit = CREDIT
        self.compilations = 0
        """How often a program was written."""
        self.stopped = ""
        """Why nothing is replayed any more."""

    def __reduce__(self) -> Any:
        # Its programs have the very nodes in them; a copy sees others, and writes its own.
        return Replay, (self._machine,)

    def __call__(self, f: Callable[[], tuple[Any, Any]], before: Callable[[], Any]) -> tuple[float, Any]:
        """Call f, which returns a scalar and a structure of nodes; return both as raw numbers.

        `before` is called when the gradients are about to be added.
        """
        if self.stopped or (active and anomaly.get()) or raises():
            return _as_written(list(f()), before)
        step = Step(self._root)
        try:
            return self._run(step, f, before)
        finally:
            step.live[0] = False

    def _run(self, step: Step, f: Callable[[], tuple[Any, Any]], before: Callable[[], Any]) -> tuple[float, Any]:
        with replayed(step):
            # In lists of our own, so that somebody else holds a node only if the step keeps it.
            out = list(f())
            out[1:] = map(copied, out[1:])
        try:
            program = self._program(step, out)
            gradients = None if program is None else program.run(step)
        except Exception as error:
            self._stop(f"{type(error).__name__}: {error}")
            gradients = None
        for check, data, rest in step.checks:
            check(data, *rest)
        if gradients is None:
            return _as_written(out, before)
        for target, number in step.buffers:
            if target._late is step.lates[number]:
                target._late.fill(target, "_data")
        before()
        tried = program.runs > TRIED or self._is_near(gradients, out[0])
        if tried:
            set_gradients(
                [node for node, _ in gradients],
                [node._grad + g if type(node._grad) is not float or node._grad else g for node, g in gradients],
            )
        else:
            out[0].backward()
        return float(step.lates[step.places[id(out[0])]].data), _numbers(out[1], step)

    def _program(self, step: Step, out: list[Any]) -> Any:
        """Return the program of a step, or None if it must be done as it is written."""
        self._size += step.grown
        number = step.places.get(id(out[0]))
        if step.broken is not None or number is None or out[0].op is None or shape(step.lates[number].form) != ():
            self._miss(step, f"{step.broken or 'the loss is not computed by it'}")
            return None
        out_, checks = step.numbers_in(out[1]), step.numbers_in([check[1] for check in step.checks])
        buffers = [k for _, k in step.buffers]
        escaped = step.escaped([number, *out_, *checks], number)
        key = ((number,), tuple(out_), tuple(buffers), tuple(checks), tuple(escaped))
        if len(key[-1]) > MOST_KEPT:
            self._miss(
                step,
                f"the step keeps {len(escaped)} nodes, such as {name_of(step.nodes[escaped[0]])}, whose gradients "
                "would have to be computed one by one: keep what is needed of them, such as .data",
            )
            return None
        place = step.way[-1]
        program = place.programs.get(key)
        if program is not None and program.varying == step.varying:
            self._credit = min(CREDIT, self._credit + EARNED)
            self._replays += 1
            return program
        # Most trainings repeat one or two steps, and these are compiled at once: others must come twice.
        if key not in place.programs and self.compilations > 1 + self._replays // RARE:
            place.programs[key] = None
            self._miss(step, "its nodes are kept in another way" if step.missed is None else "")
            return None
        place.compilations += 1
        if place.compilations > CHANGES:
            for each in step.way:
                each.varies = each.varies or bool(each.numbers)
            step.varying = sum(each.varies for each in step.way)
        # The compiler takes longer to import than all the rest.
        from .program import write

        self._credit -= 1
        self.compilations += 1
        program = place.programs[key] = write(step, *key, self._machine)
        return program

    def _miss(self, step: Step, why: str) -> None:
        """Count a step that was not replayed."""
        self._credit -= 1
        if self._credit <= 0 or self._size > MOST_OPERATIONS:
            line = f"{written_place(step.missed)}: " if step.missed else ""
            self._stop(f"{line}{why or 'this line computes something else from step to step'}")

    def _stop(self, why: str) -> None:
        self.stopped = why
        self._root = Place()

    def _is_near(self, gradients: list[tuple[Node, Any]], J: Node) -> bool:
        """Tell whether the gradients agree with those of the step itself. A program with others is not used."""
        nodes = [node for node, _ in gradients]
        before = [node._grad for node in nodes]
        J.backward()
        found = [node._grad for node in nodes]
        set_gradients(nodes, before)
        for (node, g), old, new in zip(gradients, before, found):
            if not _near(new - old, g):
                self._stop(f"the gradient of {name_of(node)} came out otherwise when it was compiled")
        return not self.stopped


def _numbers(tree: Tree, step: Step) -> Any:
    """Return nodes of a step as raw data, without giving them these."""
    if isinstance(tree, list):
        if set(map(type, tree)) == {kinds["float"]}:
            numbers: list[Any] = list(map(step.places.get, map(id, tree)))
            if None not in numbers:
                return [step.lates[number].value() for number in numbers]
        return [_numbers(item, step) for item in tree]
    number = step.places.get(id(tree))
    if number is None:
        return raw(tree)
    data = step.lates[number].value()
    if type(data) is float:
        return data
    data = data.view()
    data.flags.writeable = False
    return data


def _near(a: Raw, b: Raw) -> bool:
    if type(a) is float and type(b) is float:
        return math.isclose(a, b, rel_tol=ROUNDING, abs_tol=1e-12)
    import numpy

    rounding = ROUNDING if numpy.result_type(a, b).itemsize == 8 else 1e-2
    return bool(numpy.abs(a - b).max(initial=0.0) <= rounding * numpy.abs(a).max(initial=0.0) + 1e-12)


def _as_written(out: list[Any], before: Callable[[], Any]) -> tuple[float, Any]:
    """Do a step with the nodes that it computed."""
    J, tree = out
    before()
    J.backward()
    return J.item(), raw(tree)


def raises() -> bool:
    """Tell whether NumPy is to raise errors, which a compiled program does not."""
    numpy: Any = sys.modules.get("numpy")
    return numpy is not None and not {"raise", "call"}.isdisjoint(numpy.geterr().values())
