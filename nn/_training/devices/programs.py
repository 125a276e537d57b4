"""The programs of a training by the shapes of the batches; each is made when it is needed."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from operator import is_
from typing import Any

from nn._training.training import Training

from .mesh import Mesh
from .plan import signature
from .rule import Rule
from .state import State
from .step import StepProgram, recorded

OFTEN = 20
"""Of a step that is recorded anew so often, a warning tells."""


class Programs:
    """Programs of a step, or of many in a loop."""

    def __init__(self, training: Training, mesh: Mesh, state: State) -> None:
        self._training, self._mesh, self._state = training, mesh, state
        self._recorded: dict[Any, Any] = {}
        self._written: dict[Any, StepProgram] = {}
        self._placed: dict[StepProgram, tuple[list[Any], list[Any]]] = {}
        self._nodes: list[Any] = []
        self._recordings = 0

    def begin(self) -> None:
        """Read again what a loss uses beside the parameters: somebody may have set it since."""
        self._placed.clear()
        nodes = [*self._training.optimizer.parameters, None, *self._state.buffers]
        if len(nodes) != len(self._nodes) or not all(map(is_, nodes, self._nodes)):
            # Programs know parameters and buffers by their places.
            self._recorded.clear()
            self._written.clear()
            self._nodes = nodes

    def of(self, given: Sequence[Any], owners: int, many: int, rule: Rule) -> StepProgram:
        """Return the program for batches like one, of which each of the `owners` gives its own part."""
        import numpy

        shapes = signature(given)
        made = self._recorded.get(shapes)
        if made is None or not made.holds():
            self._count(made)
            whole = [numpy.concatenate([part] * owners) for part in given] if owners > 1 else given
            made = self._recorded[shapes] = recorded(self._training, self._state.buffers, whole)
        key = (made, many, rule.key)
        if key not in self._written:
            rows = len(given[0]) * owners
            program = StepProgram(self._training, made, self._state.buffers, rule, rows, many, self._mesh.whole)
            self._written[key] = program
        return self._written[key]

    def _count(self, before: Any) -> None:
        """Let go of a recording that no longer holds; warn if that happens again and again."""
        self._written = {key: program for key, program in self._written.items() if key[0] is not before}
        self._recordings += before is not None
        if self._recordings == OFTEN:
            warnings.warn(
                f"the step was compiled anew {OFTEN} times, at last because of a change of {before.change()}: let the "
                f"loss read it from a Tensor, whose data a callback sets, or train with backend='numpy'",
                stacklevel=2,
            )

    def placed(self, program: StepProgram) -> tuple[list[Any], list[Any]]:
        """Return the arrays of a program that are no batch's and no state's, on the devices."""
        if program not in self._placed:
            put = self._mesh.put
            others = [put(node.snapshot()) for node in program.others]
            self._placed[program] = others, list(map(put, program.made.constants))
        return self._placed[program]
