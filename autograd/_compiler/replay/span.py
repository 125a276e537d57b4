"""Many steps of training in machine code, one after the other: no Python runs between them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from autograd._core.node import Node
from autograd._core.tracing import CompileError
from autograd._core.types import Array, Raw

if TYPE_CHECKING:
    from autograd._compiler.backends.native import Native
    from autograd._compiler.backends.repeat import Repeat
    from autograd._compiler.compile import Compiled
    from autograd._compiler.specialise import Specialised

MISSING: Any = object()


class Made(NamedTuple):
    """A program that may run many times."""

    repeat: Repeat
    changed: list[int]
    """Which of the lists in memory it changes."""
    slopes: list[tuple[Any, Any]]
    """Shapes and types of the gradients."""


Programs = WeakKeyDictionary["Specialised", "Made | None"]


class Span:
    """Steps that are done one after the other; `end` tells what became of the leaves and of what is remembered.

    Made by `WholeStep.span`.
    """

    def __init__(
        self, run: Compiled, programs: Programs, leaves: Sequence[Any], count: float, memory: list[list[Raw]]
    ) -> None:
        self._run, self._programs = run, programs
        self._leaves, self._count, self._memory = leaves, count, memory
        self._found: dict[Any, tuple[Specialised, Made] | None] = {}
        self._changed: list[int] | None = None
        self._now: list[Array] = []
        """The numbers of each leaf, and what is remembered of it."""
        self._next: list[Array] = []
        """Arrays in which the next numbers are made, if there are some already."""
        self._own = False
        """Whether the numbers are in arrays of this object's own: before the first step somebody may hold them."""
        self._slopes: list[Array] = []
        self._whole = True
        """Whether no step has failed."""

    def steps(self, given: Sequence[Array], size: int, rates: Sequence[float]) -> tuple[list[float], Array | None]:
        """Do a step for each rate by the next `size` rows of `given`, or by all of them if there are no more.

        Return their losses, and an array with the outputs of all if there are some. The losses end where a step must be
        done in another way, as a result is infinite, say, or there is no machine code yet.
        """
        key = size, *((part.shape[1:], part.dtype) for part in given)
        found = self._found.get(key, MISSING)
        if found is MISSING:
            found = self._found[key] = self._program(tuple([part[:size] for part in given]))
        if found is None or not self._ready(found[1]):
            return [], None
        import numpy

        specialised, made = found
        try:
            # A check that all rows pass is passed by each batch.
            specialised.check(((0.0, 0.0, self._memory), *given))
        except Exception:
            return [], None
        strides = [_bytes(part, size) if len(part) > size else 0 for part in given]
        output, outputs, moved = made.repeat.roles.output, None, [*given]
        if output is not None:
            n, *shape = output.shape
            outputs = numpy.empty((n * len(rates), *shape), output._data.dtype)
            moved.append(outputs)
            strides.append(_bytes(outputs, n))
        losses = self._again(made.repeat, [*moved, *self._slopes], strides, rates)
        self._count += len(losses)
        self._whole = len(losses) == len(rates)
        return losses, outputs

    def _again(self, repeat: Repeat, arrays: list[Array], strides: list[int], rates: Sequence[float]) -> list[float]:
        """Run a program once for each rate; return the losses, and note in which arrays the numbers are now."""
        import numpy

        made = self._next or [*map(numpy.empty_like, self._now)]
        # From the second step on the numbers of the one before are no longer needed.
        other = self._now if self._own else [*map(numpy.empty_like, self._now)] if len(rates) > 1 else []
        losses = repeat.run(
            [*self._now, *made, *(other or made), *arrays], strides, numpy.array(rates, float), self._count
        )
        self._next = made
        if len(losses) % 2:
            self._now, self._next = made, other
        elif losses:
            self._now = other
        self._own = self._own or bool(losses)
        return losses

    def end(self) -> tuple[list[Array] | None, list[Array], list[list[Array] | None]]:
        """Return gradients of the last step, the leaves' new numbers, and what is remembered where that changes.

        There must have been a step; there are no gradients where the last one failed.
        """
        each = len(self._leaves)
        memory: list[list[Array] | None] = [None] * len(self._memory)
        for k, j in enumerate(self._changed or (), 1):
            memory[j] = self._now[k * each : (k + 1) * each]
        return self._slopes if self._whole else None, self._now[:each], memory

    def _program(self, batch: tuple[Array, ...]) -> tuple[Specialised, Made] | None:
        """Return the program for such a batch, if it was compiled before and all is as it was then."""
        found = self._run.known(((0.0, 0.0, self._memory), *batch))
        if found is None:
            return None
        if found not in self._programs:
            self._programs[found] = _made(found, self._leaves)
        made = self._programs[found]
        return None if made is None else (found, made)

    def _ready(self, made: Made) -> bool:
        """Have arrays for what a program makes; tell whether it changes the same as those before it."""
        if self._changed is not None:
            return self._changed == made.changed
        others = [listed for j, listed in enumerate(self._memory) if j not in made.changed]
        if any(item != 0.0 for listed in others for item in listed):
            return False
        import numpy

        before = [leaf._data for leaf in self._leaves]
        for j in made.changed:
            before += self._memory[j]
        self._now = [*map(numpy.ascontiguousarray, before)]
        self._slopes = [numpy.empty(shape, dtype) for shape, dtype in made.slopes]
        self._changed = made.changed
        return True


def machine_code(found: Specialised) -> Native | None:
    """Return the machine code of a program, or None where it is not enough for a step."""
    from autograd._compiler.backends.native import Native

    return found.function if found.thin is not None and isinstance(found.function, Native) else None


def _made(found: Specialised, leaves: Sequence[Node]) -> Made | None:
    """Return a program as one that may run many times, or None if it may not."""
    from autograd._compiler.backends.repeat import Repeat, Roles

    code = machine_code(found)
    if code is None:
        return None
    ((_, (rate, count, memory)), *given) = found.program.arguments
    loss, output, slopes, (data, after) = found.program.results
    changed = [j for j, listed in enumerate(after) if listed is not None]
    fed = [*zip(leaves, data)]
    for j in changed:
        fed += zip(memory[j], after[j])
    results = [loss, *slopes, *(new for _, new in fed), *([] if output is None else [output])]
    if not all(isinstance(item, Node) for item in results):
        return None
    try:
        roles = Roles(fed, [leaf for _, leaf in given], rate, count, loss, output, slopes)
        return Made(Repeat(code, roles), changed, [(node.shape, node._data.dtype) for node in slopes])
    except CompileError:
        return None


def _bytes(array: Array, rows: int) -> int:
    """Return the size of some rows of an array."""
    return int(rows * prod(array.shape[1:]) * array.itemsize)
