"""An epoch on the devices: steps are sent ahead, and their numbers come back while the next ones run."""

from __future__ import annotations

import hashlib
import math
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from nn._core.rows import joined
from nn._training.clipping import check_norms
from nn._training.diverged import diverged, searched
from nn._training.given import number_of
from nn._training.training import Training

from .agreement import END, STEP, STOP, Agreement
from .mesh import Mesh
from .plan import Group, Planned, groups_of
from .programs import Programs
from .rule import Rule
from .state import State
from .step import StepProgram

AHEAD = 2
"""How often steps are sent before the loss of the first ones is read."""


class Sent(NamedTuple):
    """Steps that the devices do: what they return, and the optimizer's steps before."""

    group: Group
    program: StepProgram
    seen: Any
    before: int
    targets: Any
    """Those of all processes, on the devices, if each has its own."""


class Epoch:
    """One epoch of a training."""

    def __init__(
        self, training: Training, epoch: int, mesh: Mesh, state: State, programs: Programs, agreement: Agreement
    ) -> None:
        self._training, self._epoch, self._mesh = training, epoch, mesh
        self._state, self._programs, self._agreement = state, programs, agreement
        self._owners = mesh.processes if training.source.rows is None else 1
        """How many processes read rows of their own, which together are a batch."""
        self._rule, self._start = Rule(training.optimizer), training.optimizer.steps
        self._sent: deque[Sent] = deque()
        self._waiting = 0
        """The rows whose gradients were added up since the parameters moved."""
        self._usual = 0
        """The rows of a batch; the last one may have fewer."""
        self._total, self._sizes = 0.0, list[int]()
        self._outputs: list[Any] = []
        self._targets: list[Any] = []

    def run(self, let_through: Callable[[], None]) -> list[float]:
        """Do the steps; return the mean loss and the metrics."""
        training = self._training
        self._state.push()
        self._programs.begin()
        if self._mesh.processes > 1:
            self._agreement.begin(self._digest())
        try:
            for group in groups_of(training, self._epoch):
                self._agree(let_through, STEP, len(group.steps), len(group.steps[0].given[0]))
                self._send(group)
                if len(self._sent) > AHEAD:
                    self._receive(self._sent.popleft())
            while self._sent:
                self._receive(self._sent.popleft())
            self._agree(let_through, END)
        finally:
            self._state.pull()
        whole = (joined(self._outputs, self._sizes), joined(self._targets, self._sizes)) if training.metrics else ()
        return [float(self._total / sum(self._sizes)), *(number_of(metric, *whole) for metric in training.metrics)]

    def _agree(self, let_through: Callable[[], None], code: int, *numbers: int) -> None:
        """Let Ctrl-C through, in all processes at the same step."""
        try:
            let_through()
        except KeyboardInterrupt:
            self._agreement.reach(STOP)
        self._agreement.reach(code, *numbers)

    def _digest(self) -> bytes:
        import jax
        import numpy

        found = hashlib.sha256()
        for array in jax.tree.leaves(self._state.arrays):
            found.update(numpy.asarray(array).tobytes())
        return found.digest()

    def _send(self, group: Group) -> None:
        """Start steps on the devices."""
        optimizer, given = self._training.optimizer, group.steps[0].given
        rows = len(given[0]) * self._owners
        if rows > self._usual or self._owners > 1:
            self._mesh.check_rows(rows)
            self._usual = rows
        program = self._programs.of(given, self._owners, group.many, self._rule)
        drawn = []
        for step in group.steps:
            program.made.check(step.given)
            drawn.append(program.made.draw())
        batch = [self._put(parts, rows, group.many, self._owners > 1) for parts in zip(*(s.given for s in group.steps))]
        others, constants = self._programs.placed(program)
        arrays = {
            "batch": batch,
            "drawn": [self._put(parts, rows, group.many, False) for parts in zip(*drawn)],
            "others": others,
            "constants": constants,
        }
        numbers = {
            "counts": [float(count + optimizer.steps - self._start) for count in self._rule.numbers],
            "steps": float(optimizer.steps),
            "rows": float(self._waiting),
            "lr": _filled([step.lr for step in group.steps], group.many),
            "moves": _filled([step.moves for step in group.steps], group.many),
            "count": len(group.steps),
        }
        self._state.arrays, seen = program.run(self._state.arrays, arrays, numbers)
        targets = batch[1] if self._owners > 1 and self._training.metrics else None
        self._sent.append(Sent(group, program, seen, optimizer.steps, targets))
        for step in group.steps:
            self._waiting = 0 if step.moves else self._waiting + rows
        self._count(sum(step.moves for step in group.steps))

    def _put(self, parts: Any, rows: int, many: int, own: bool) -> Any:
        """Return a part of the batches of a group, stacked if they are many, on the devices."""
        import numpy

        array = parts[0]
        if many > 1:
            array = numpy.zeros((many, *array.shape), array.dtype)
            for k, part in enumerate(parts):
                array[k] = part
        return self._mesh.joined(array, many > 1) if own else self._mesh.cut(array, rows, many > 1)

    def _count(self, moved: int) -> None:
        """Count steps of the optimizer, or take a negative number back."""
        optimizer = self._training.optimizer
        optimizer.steps += moved
        optimizer.counts = [n if fixed else n + moved for n, fixed in zip(optimizer.counts, self._rule.frozen)]

    def _receive(self, sent: Sent) -> None:
        """Wait for steps, and take their losses and outputs; raise FloatingPointError where a number is not finite."""
        import jax

        seen = jax.tree.map(self._mesh.fetch, sent.seen)
        targets = None if sent.targets is None else self._mesh.fetch(sent.targets)
        for k, step in enumerate(sent.group.steps):
            found = seen if sent.group.many == 1 else jax.tree.map(lambda item, k=k: item[k], seen)
            J = float(found["loss"])
            moved = sent.before + sum(step.moves for step in sent.group.steps[:k])
            self._check(sent.program, step, J, found, moved)
            self._sizes.append(len(step.given[0]) * self._owners)
            self._total += J * self._sizes[-1]
            if self._training.metrics:
                own = step.given[1] if targets is None else targets if sent.group.many == 1 else targets[k]
                self._outputs.append(found["outputs"])
                self._targets.append(self._training.objective.targets(found["outputs"], own, *step.given[2:]))

    def _check(self, program: StepProgram, step: Planned, J: float, found: Any, moved: int) -> None:
        """Raise an error for a step that the devices did not do, or for numbers that the loss does not take."""
        training = self._training
        bad = not math.isfinite(J)
        wrong_norm = step.moves and "norms" in found and not math.isfinite(float(found["norms"].max()))
        if bad or wrong_norm:
            self._count(moved - training.optimizer.steps)
            self._state.pull()
        program.made.check_computed(found["computed"])
        if bad:
            training.optimizer.lr = step.lr
            where = searched(training.source, step.given, step.k)
            raise FloatingPointError(diverged(training, "loss", J, self._epoch, *where))
        if wrong_norm:
            moving = [node for node, fixed in zip(training.optimizer.parameters, self._rule.frozen) if not fixed]
            check_norms(moving, found["norms"].tolist())


def _filled(items: list[Any], many: int) -> Any:
    """Return one item, or an array of many."""
    import numpy

    if many == 1:
        return items[0]
    return numpy.array(items + items[-1:] * (many - len(items)))
