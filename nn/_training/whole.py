"""Steps of training in which our own code alone takes part: each is one compiled function, the update included."""

from __future__ import annotations

import math
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice, repeat, takewhile
from types import FunctionType
from typing import Any, NamedTuple, cast

from autograd import Leaves, WholeStep, is_own
from nn._core.types import Cost, Output, Rows, Targets, Weights
from nn._core.types import Numbers as Outputs
from nn._layers.dropout import Dropout
from nn._layers.module import Module
from nn._layers.portable import is_built_in

from .forms import Foreign, OfTensors, OfValues, form_of
from .objective import Objective, evaluated
from .optimizer import Optimizer
from .optimizers import OPTIMIZERS
from .step import Step
from .streams import Numbers, Source

ROUNDING = {8: 1e-6, 4: 1e-2}
"""A compiled step whose gradients differ from those of the step as it is written by this part is not used.

By the bytes of a number.
"""

WAYS = frozenset(("change", "step", "zero_grad"))
"""What an optimizer does to parameters: somebody may have put another function there."""

SPAN = 0.02
"""The seconds after which Ctrl-C is heard, and the nodes of the network have its numbers, if steps are shorter."""

MOST_NUMBERS = 2**20
"""The most numbers in the rows of steps that are done at once."""

MOST_PROGRAMS = 8
"""After this many programs a training is taken for one that always does something else."""


class _Slope(NamedTuple):
    """A parameter as the rule of an optimizer sees it."""

    data: Any
    grad: Any


class Whole:
    """Takes steps: `step` computes the gradients of a batch, as any step does, and `move` the parameters.

    What cannot be done whole is done by `others`, and by the optimizer itself. The first step by a program is compared
    with what `written` says, the step as it is written. Outputs are returned if somebody `needs` them.
    """

    def __init__(
        self, model: Module, objective: Objective, optimizer: Optimizer, written: Step, others: Step, needs: bool
    ) -> None:
        self._model, self._objective, self._optimizer = model, objective, optimizer
        self._written, self._others, self._needs = written, others, needs
        optimizer._match()
        self._places = optimizer._places
        """As long as it is this list, the optimizer moves the same parameters."""
        self._leaves = Leaves(self._places)
        self._form: OfTensors | None = None
        self._settings: tuple[Any, ...] = ()
        self._run: WholeStep | None = None
        self._tried = self._programs = 0
        self._at_once = 1
        """How many steps may be done at once."""
        self._listed: list[Any] | None = None
        """The rows that are lists, as arrays."""
        self._moved: tuple[list[Any], list[list[Any] | None]] | None = None
        self._stopped = not _is_plain(optimizer)
        kinds = {kind for part in (optimizer, *model.modules()) for kind in type(part).__mro__[:-1]}
        self._methods = [(items := vars(kind).values(), [*filter(callable, items)]) for kind in kinds]
        """What stands in the classes of network and optimizer, and the functions that stood there at the start."""

    def step(self, X: Rows, *targets: Targets) -> tuple[float, Outputs]:
        """Set the gradients of a batch; return its loss and the outputs, or None for these if nobody needs them."""
        self._moved = None
        if self._stopped or not self._fits():
            return self._others(X, *targets)
        try:
            found = self._computed(X, targets)
        except Exception:
            # If the fault is that of the data or of the network, the step as it is written says so.
            self._stopped = True
            found = None
        if found is None or not math.isfinite(found[0]):
            return self._others(X, *targets)
        J, y_hat, gradients, moved = found
        assert self._run is not None
        if self._run.compilations != self._tried:
            self._tried = self._run.compilations
            return self._compared(gradients, X, *targets)
        self._leaves.set_gradients(gradients)
        self._moved = moved
        return J, y_hat

    def move(self) -> None:
        """Move the parameters: by what the last step found, or as the optimizer does."""
        optimizer, moved = self._optimizer, self._moved
        if moved is None:
            optimizer.step()
            return
        self._moved = None
        optimizer.steps += 1
        optimizer.counts[:] = [optimizer.counts[0] + 1] * len(self._leaves)
        data, memory = moved
        for name, listed in zip(optimizer.kept, memory):
            if listed is not None:
                setattr(optimizer, name, listed)
        assert self._form is not None
        self._form.give(data)

    def several(
        self, source: Source, waiting: deque[Numbers], first: int, rate: Callable[[int], float]
    ) -> list[tuple[float, Outputs, Numbers]]:
        """Do the first of the batches that wait, in machine code alone; return the loss and the outputs of each.

        `rate` is the learning rate of each, the first one having the number `first`. Those that are left wait, be it
        because these took long enough, or because the next one must be done by `step`.
        """
        optimizer, form, run = self._optimizer, self._form, self._run
        # One step alone takes less time by `step`.
        if len(waiting) < 2 or run is None or form is None or self._stopped or not self._fits() or not self._is_set():
            return []
        memory = [form.taken(getattr(optimizer, name)) for name in optimizer.kept]
        form.load()
        span = run.span(optimizer.counts[0] + 1.0, memory)
        found: list[tuple[float, Outputs, Numbers]] = []
        end = time.perf_counter() + SPAN
        while span is not None and waiting and time.perf_counter() < end:
            batches = _alike(waiting, self._at_once)
            rates = _rates(rate, range(first, first + len(batches)))
            batches = batches[: len(rates)]
            if not batches:
                break
            start = time.perf_counter()
            given = self._rows(source, form, batches)
            size = len(given[0]) // (len(batches) if batches[0] is not None else 1)
            losses, outputs = span.steps(given, size, rates)
            first += len(losses)
            parts = repeat(None) if outputs is None else outputs.reshape(len(batches), -1, *outputs.shape[1:])
            found += [
                (J, None if part is None else form.output(part), waiting.popleft()) for J, part in zip(losses, parts)
            ]
            if len(losses) < len(batches):
                break
            # Rows of steps that are not done at once would be taken for nothing.
            each = (time.perf_counter() - start) / len(batches)
            numbers = sum(part.size for part in given) // len(given[0]) * size
            self._at_once = max(1, min(2 * self._at_once, int(SPAN / max(each, 1e-9)), MOST_NUMBERS // numbers))
        if found and span is not None:
            self._give(form, len(found), *span.end())
        return found

    def _rows(self, source: Source, form: OfTensors, batches: list[Numbers]) -> tuple[Any, ...]:
        """Return the rows of batches, one after the other, as arrays."""
        assert source.rows is not None
        assert source.take is not None
        import numpy

        numbers: Any = None if batches[0] is None else numpy.concatenate(cast("list[Sequence[int]]", batches))
        if self._listed is None:
            self._listed = [form.rows(part) for part in source.rows if _is_listed(part)]
        if len(self._listed) == len(source.rows):
            return tuple(self._listed if numbers is None else [array[numbers] for array in self._listed])
        return tuple([form.rows(part) for part in source.take(numbers)])

    def _give(
        self, form: OfTensors, steps: int, slopes: list[Any] | None, data: list[Any], memory: list[list[Any] | None]
    ) -> None:
        """Give network and optimizer what they have after so many steps."""
        optimizer = self._optimizer
        optimizer.steps += steps
        optimizer.counts[:] = [optimizer.counts[0] + steps] * len(self._leaves)
        for name, listed in zip(optimizer.kept, memory):
            if listed is not None:
                setattr(optimizer, name, form.given(listed))
        form.give(data)
        if slopes is not None:
            self._leaves.set_gradients(form.given(slopes))

    def evaluated(self, X: Rows, y: Targets, *weight: Weights) -> tuple[float, Outputs, Targets]:
        """Return what `evaluated` returns for samples; arrays compute it in place of Values, if they train them."""
        form, model = self._form, self._model
        if isinstance(form, OfValues) and self._run is not None and not self._stopped and self._fits():
            with suppress(Exception):
                if _is_ours(model, self._objective) and form.stands_for(model):
                    form.load()
                    J, y_hat, targets = evaluated(form.model, self._objective, form.rows(X), y, *weight)
                    if math.isfinite(J):
                        return J, form.output(y_hat), targets
        return evaluated(model, self._objective, X, y, *weight)

    def _is_set(self) -> bool:
        """Tell whether the optimizer has the settings for which programs were made."""
        optimizer = self._optimizer
        return self._settings == tuple([getattr(optimizer, name) for name in optimizer.settings if name != "lr"])

    def _fits(self) -> bool:
        """Tell whether the optimizer does what every parameter has in common."""
        optimizer = self._optimizer
        optimizer._match()
        counts = optimizer.counts
        return (
            len(optimizer.param_groups) == 1
            and len(optimizer.param_groups[0]) == 1
            and optimizer._places is self._places
            and WAYS.isdisjoint(vars(optimizer))
            and counts.count(counts[0]) == len(counts)
            and not self._leaves.frozen
            and all([*filter(callable, now)] == before for now, before in self._methods)
        )

    def _computed(self, X: Rows, targets: tuple[Targets, ...]) -> tuple[float, Outputs, list[Any], Any] | None:
        """Return loss, outputs, gradients, and what becomes of parameters and memory; None where that must be seen."""
        optimizer = self._optimizer
        settings = tuple([getattr(optimizer, name) for name in optimizer.settings if name != "lr"])
        if self._run is None or self._form is None or settings != self._settings:
            self._form = self._form or form_of(self._model, self._leaves)
            self._settings, self._tried = settings, 0
            compute = _computing(self._model, self._objective, self._form, self._needs)
            self._run = WholeStep(compute, _updating(optimizer, self._form.leaves), self._form.leaves)
        form = self._form
        memory = [form.taken(getattr(optimizer, name)) for name in optimizer.kept]
        form.load()
        given = tuple([form.rows(part) for part in (X, *targets)])
        found = self._run(given, (float(optimizer.lr), float(optimizer.counts[0] + 1), memory))
        if found is None:
            return None
        J, y_hat, computed, (data, changed) = found
        gradients = form.given(computed)
        if not form.finds(gradients):
            return None
        listed = [None if part is None else form.given(part) for part in changed]
        return J, form.output(y_hat), gradients, (data, listed)

    def _compared(self, computed: list[Any], X: Rows, *targets: Targets) -> tuple[float, Outputs]:
        """Do a step as it is written, after one by a new program; stop using programs if they do not agree."""
        found = self._written(X, *targets)
        self._programs += 1
        near = _are_near(computed, [parameter.grad for parameter in self._leaves])
        self._stopped = not near or self._programs > MOST_PROGRAMS
        return found


def _computing(
    model: Module, objective: Objective, form: OfTensors, needs: bool
) -> Callable[..., tuple[Cost, Output | None]]:
    """Return the function of a batch that is compiled: it is called again whenever something has changed."""
    # Of what is reached through a weak reference nothing is compared at every call.
    known = weakref.ref(form)

    def compute(X: Rows, *targets: Targets) -> tuple[Cost, Output | None]:
        form = known()
        if not _is_ours(model, objective) or form is None or not form.stands_for(model):
            raise Foreign
        y_hat = form.model(X)
        J = objective(y_hat, *targets)
        return J, y_hat if needs else None

    return compute


def _alike(waiting: Sequence[Numbers], most: int) -> list[Numbers]:
    """Return the first batches that have as many rows as the very first; if that has all of them, each has."""
    if waiting[0] is None:
        return [None] * min(most, len(waiting))
    size = len(waiting[0])
    return list(islice(takewhile(lambda batch: batch is not None and len(batch) == size, waiting), most))


def _rates(rate: Callable[[int], float], steps: Sequence[int]) -> list[float]:
    """Return the learning rates of the first steps, as far as there is one: the step that has none says why."""
    found: list[float] = []
    with suppress(Exception):
        found.extend(map(rate, steps))
    return found


def _is_listed(part: Rows) -> bool:
    """Tell whether rows are lists of numbers: those are the training's own, and stay as they are."""
    if not isinstance(part, list):
        return False
    return all(type(item) in (float, int) for row in part for item in (row if isinstance(row, list) else [row]))


def _updating(optimizer: Optimizer, leaves: list[Any]) -> Callable[..., tuple[list[Any], list[Any]]]:
    """Return the update that the rule of an optimizer makes: new numbers, and new memory where that changes."""
    settings = {name: getattr(optimizer, name) for name in optimizer.settings}
    kind, kept = type(optimizer), optimizer.kept

    def update(slopes: list[Any], lr: Any, count: Any, memory: list[list[Any]]) -> tuple[list[Any], list[Any]]:
        rule: Any = object.__new__(kind)
        vars(rule).update(settings)
        rule.lr, rule.counts = lr, [count] * len(leaves)
        rule.parameters = [_Slope(parameter, g) for parameter, g in zip(leaves, slopes)]
        for name, listed in zip(kept, memory):
            setattr(rule, name, list(listed))
        data = [parameter + rule.change(k) for k, parameter in enumerate(leaves)]
        changed = [getattr(rule, name) for name in kept]
        return data, [new if any(map(_differ, new, old)) else None for new, old in zip(changed, memory)]

    return update


def _differ(a: object, b: object) -> bool:
    return a is not b


def _is_plain(optimizer: Optimizer) -> bool:
    """Tell whether an optimizer moves by our own rule."""
    kind = type(optimizer)
    return OPTIMIZERS.get(kind.__name__) is kind and all(is_own(getattr(kind, name)) for name in WAYS)


def _is_ours(model: Module, objective: Objective) -> bool:
    """Tell whether network and loss do nothing but compute, and that by our code alone."""
    loss = objective.loss
    return is_own(loss.func if isinstance(loss, partial) else loss) and all(map(_is_own_module, model.modules()))


def _is_own_module(module: Module) -> bool:
    remembers = isinstance(module, Dropout) or module.buffers
    methods = [
        item for kind in type(module).__mro__[:-1] for item in vars(kind).values() if isinstance(item, FunctionType)
    ]
    if remembers or not is_built_in(module) or not all(map(is_own, methods)):
        return False
    parts = [*vars(module).values(), *getattr(module, "layers", [])]
    return all(is_own(part) for part in parts if callable(part) and not isinstance(part, (Module, type)))


def _are_near(computed: list[Any], written: list[Any]) -> bool:
    """Tell whether gradients agree but for rounding: that of the largest one of a parameter, or of all Values."""
    import numpy

    if type(computed[0]) is float:
        computed, written = [numpy.array(computed)], [numpy.array(written)]
    return all(
        abs(a - b).max(initial=0.0) <= ROUNDING[b.itemsize] * abs(b).max(initial=0.0) + 1e-12
        for a, b in zip(computed, written)
    )
