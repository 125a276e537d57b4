"""The program of a step that is replayed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from autograd._compiler.backends.backends import on_fastest, on_numpy
from autograd._compiler.build import program_of
from autograd._compiler.passes import hollow, rule_of
from autograd._compiler.program import Pack, Program
from autograd._compiler.record import Recording
from autograd._core.data import is_varying
from autograd._core.modes import record, without_warnings
from autograd._core.node import NO_SETTINGS, Node, leaf
from autograd._core.tracing import DETACH, CompileError, Trace, replayed, traced
from autograd._core.types import Raw, Setting, Settings
from autograd._grad.rules import one_like
from autograd._grad.transforms import Differentiated, pull

from .late import Late
from .step import Place, Step


class Way:
    """The graph of a step, with a leaf in the place of all that may differ in another."""

    def __init__(self, step: Step) -> None:
        self.trace = Trace()
        self.slots: dict[Node, int] = {}
        """The leaf for each slot that is used."""
        self.indices: dict[int, int] = {}
        """The slot of each array in a setting, by the identity of its stand-in."""
        self.nodes: list[Node] = []
        self._leaves: dict[int, Node] = {}
        self._step = step
        for place in step.way[1:]:
            if place.block is not None:
                self._add_block(place)
            else:
                self._add(place, step.lates[len(self.nodes)])

    def _add(self, place: Place, late: Late) -> None:
        inputs: list[Any] = []
        for number, given in zip(place.inputs, late.raw):
            if type(number) is int:
                inputs.append(self.nodes[number] if number >= 0 else self.leaf(-1 - number))
            else:
                inputs.append(self.leaf(number[0]) if place.varies else given)
        slots = iter(range(place.first, place.first + len(place.arrays)))
        settings = {name: self._varying(item, slots) for name, item in late.settings.items()}
        node = self._linked(place.op, inputs, settings, late.value())
        self.nodes.append(self._linked(DETACH, [node], NO_SETTINGS, node._data) if place.cut else node)

    def _linked(self, op: Any, inputs: list[Any], settings: Settings, data: Raw) -> Node:
        node = leaf(data)
        node.link(op, tuple(inputs), tuple([i._data if isinstance(i, Node) else i for i in inputs]), settings)
        self.trace.nodes.append(node)
        return node

    def leaf(self, slot: int) -> Node:
        """Return the leaf for a slot."""
        if slot not in self._leaves:
            data = self._step.slots[slot]
            node = self._leaves[slot] = leaf(data if hasattr(data, "dtype") else float(data))
            self.slots[node] = slot
        return self._leaves[slot]

    def _varying(self, item: Setting, slots: Iterator[int]) -> Any:
        """Return a setting with its arrays marked as varying from step to step."""
        if isinstance(item, (tuple, list)):
            return type(item)([self._varying(part, slots) for part in item])
        if type(item).__name__ != "ndarray":
            return item
        # The scalar engine needs no NumPy.
        from autograd._core.varying import Varying

        found = item.view(Varying)
        self.indices[id(found)] = next(slots)
        return found

    def _add_block(self, place: Place) -> None:
        block = place.block
        given = [self.nodes[number] if number >= 0 else self.leaf(-1 - number) for number in place.inputs]
        found: dict[Any, Any] = dict(zip(block.leaves, given))
        for node in block.nodes:
            inputs = [found.get(item, item) if isinstance(item, Node) else item for item in node.inputs]
            data = rule_of(node)(*[item._data if isinstance(item, Node) else item for item in inputs], **node.settings)
            found[node] = self._linked(node.op, inputs, node.settings, data)
        self.nodes += [found[node] for node in block.results]


def write(
    step: Step,
    loss: tuple[int],
    out: Sequence[int],
    buffers: Sequence[int],
    checks: Sequence[int],
    escaped: Sequence[int],
    machine: bool,
) -> Written:
    """Return the program that computes the loss of a step, the numbers of other nodes, and all gradients."""
    with replayed(None), record():
        way = Way(step)
        J = way.nodes[loss[0]]
        kept_leaves = {-1 - k for k in escaped if k < 0}
        escaped = tuple(k for k in escaped if k >= 0)
        values = list(dict.fromkeys([*out, *buffers, *checks, *escaped]))
        slots = [slot for slot, node in step.leaves.items() if node not in step.made or slot in kept_leaves]
        targets = [way.leaf(slot) for slot in slots]
        kept = [way.nodes[k] for k in escaped]
        slopes = []
        if kept:
            with traced(way.trace):
                # One by one: a node whose gradient is asked for does not pass it on.
                slopes = [pull(J, [node], one_like(J))[0][0] for node in kept]
        parts = Differentiated(step_, 0, targets, has_aux=True)
        result = (J, ([way.nodes[k] for k in values], slopes))
        recording = Recording(way.trace, [], 0, result)
        program = program_of(recording, parts, "step", Counter(), rolled=not kept)
        return Written(program, way, [loss[0], *values], slots, escaped, step.varying, machine)


def step_() -> None:
    """A step of training."""


class Written:
    """A program, and the slots that it takes its arguments from."""

    def __init__(
        self,
        program: Program,
        way: Way,
        values: list[int],
        slots: list[int],
        escaped: tuple[int, ...],
        varying: int,
        machine: bool,
    ) -> None:
        self.varying = varying
        self.runs = 0
        self.source, self.function = on_fastest(program, repeated=True) if machine else on_numpy(program)
        self._values, self._slots, self._escaped = values, slots, escaped
        self._of_floats = all(type(way.leaf(slot)._data) is float for slot in slots)
        self._given = [_from_slot(node, way) for node in program.captured]
        self._given += [_from_slots(pack, way) for pack in program.packs]
        self._given += [_index(item, way) for item in program.given.values()]
        hollow([*program.captured, *program.nodes])

    @without_warnings
    def run(self, step: Step) -> list[tuple[Node, Any]] | None:
        """Compute; return the gradient of each leaf, or None where floats are not finite or Python's raise."""
        self.runs += 1
        slots = step.slots
        try:
            (J, (values, slopes)), gradients = self.function(*[give(slots) for give in self._given])
            # A sum that overflows only takes the long way.
            sums = gradients if self._of_floats else [g if type(g) is float else g.sum() for g in gradients]
            if not math.isfinite(J) or not math.isfinite(sum(sums)):
                return None
        except (ArithmeticError, ValueError):
            return None
        for k, value in zip(self._values, [J, *values]):
            late = step.lates[k]
            late.data = float(value) if type(late.form) is float else value
        found: dict[Node, Any] = {}
        for slot, g in zip(self._slots, gradients):
            node = step.leaves[slot]
            # A leaf that was changed within the step has two slots.
            found[node] = found[node] + g if node in found else g
        return [*found.items(), *((step.nodes[k], g) for k, g in zip(self._escaped, slopes))]


Give = Callable[[list[Any]], Any]


def _from_slot(node: Node, way: Way) -> Give:
    slot = way.slots.get(node)
    data = node._data
    return itemgetter(slot) if slot is not None else lambda slots: data


def _from_slots(pack: Pack, way: Way) -> Give:
    import numpy

    places = [way.slots[node] for node in pack.leaves]
    dtype = pack.node._data.dtype
    # Twice the first, so that there are always several to take.
    taken = itemgetter(places[0], *places)
    return lambda slots: numpy.array(taken(slots)[1:], dtype)


def _index(item: Setting, way: Way) -> Give:
    if is_varying(item):
        if id(item) not in way.indices:
            raise CompileError("a rule computes from an index, which differs from step to step")
        return itemgetter(way.indices[id(item)])
    return lambda slots: item
