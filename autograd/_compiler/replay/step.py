"""One step of a replay: every operation is looked up by the line of code that asks for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter, is_
from typing import Any

from autograd._core.anomaly import user_place
from autograd._core.arguments import constant
from autograd._core.compute import compute
from autograd._core.data import keep
from autograd._core.modes import no_grad, recording
from autograd._core.names import name_of
from autograd._core.node import NO_SETTINGS, Node, kinds, leaf
from autograd._core.primitive import Primitive
from autograd._core.tracing import DETACH
from autograd._core.types import Raw, Settings, Tree

from .forms import copied, dtype_of, form_of, hollow_of, is_same_array, keep_item, nodes_of
from .late import PENDING, Late, link

CHANGES = 2
"""After this many programs for one way, all integers on it count as changing."""

MOST_KEPT = 16
"""The most nodes that a step may keep and still have their gradients computed."""

# Many nodes are asked for these at every step.
_DATA, _OP = attrgetter("_data"), attrgetter("op")


class Place:
    """A place in the tree: the operations that came before are the same for all who get here, and so is the last one.

    An input of that is the number of an earlier operation, or that of a slot, counted from -1 downwards; a slot in a
    tuple is that of an integer, which counts as a constant until it changes.
    """

    __slots__ = (
        "after", "arrays", "block", "compilations", "cut", "first", "form", "inputs", "kind", "numbers", "op",
        "programs", "uses", "varies",
    )  # fmt: skip

    def __init__(
        self,
        op: Primitive | None = None,
        inputs: Sequence[Any] = (),
        form: Raw = 0.0,
        numbers: tuple[Any, ...] = (),
        arrays: Sequence[Any] = (),
        first: int = 0,
        cut: bool = False,
    ) -> None:
        self.after: dict[Any, Place] = {}
        self.op, self.inputs, self.form, self.cut = op, inputs, form, cut
        self.kind = kinds["float" if type(form) is float else "array"]
        self.numbers = numbers
        """The integers among the arguments, as they were the first time."""
        self.varies = False
        """Whether they have differed since."""
        self.arrays, self.first = arrays, first
        """The arrays in the settings, the first time, which take slots from `first` on."""
        self.block: Any = None
        self.programs: dict[Any, Any] = {}
        self.compilations = 0
        self.uses: list[int] = []
        """How often each node on the way is an input of others, if a way has ended here."""


class Missed:
    """An operation that is new at its place: it is computed at once, then added."""

    def __init__(
        self,
        step: Step,
        key: tuple[Any, ...],
        slot: int,
        raw: list[Any],
        settings: Settings,
        numbers: tuple[Any, ...],
        arrays: Sequence[Any],
    ) -> None:
        self._step, self._key, self._slot = step, key, slot
        self._raw, self._settings, self._numbers, self._arrays = raw, settings, numbers, arrays

    def add(self, node: Node) -> None:
        """Add the operation with its result."""
        step, (op, cut, *parts) = self._step, self._key
        inputs, first = inputs_of(parts[: len(self._raw)], self._slot)
        place = Place(op, inputs, hollow_of(form_of(node._data)), self._numbers, self._arrays, first, cut)
        step.way[-1].after[self._key] = place
        step.grown += 1
        if step.missed is None:
            step.missed = user_place()
        step.add(node, place, Late(op, self._raw, self._settings, place.form, node._data))


def inputs_of(parts: list[Any], slot: int) -> tuple[list[Any], int]:
    """Return the inputs for the parts of a key, the first new one in this slot, and the next free slot."""
    inputs: list[Any] = []
    for part in parts:
        if type(part) is int:
            inputs.append(part)
        else:
            inputs.append((slot,) if part is int or part is bool else -1 - slot)
            slot += 1
    return inputs, slot


class Step:
    """One step while it runs."""

    def __init__(self, root: Place) -> None:
        self.way = [root]
        self.nodes: list[Node] = []
        self.lates: list[Late] = []
        self.places: dict[int, int] = {}
        """The number of a node, by its identity."""
        self.slots: list[Any] = []
        """The leaves' data and the constants, in the order in which they were used."""
        self.leaves: dict[int, Node] = {}
        """The leaf whose data is in a slot."""
        self.made: dict[Node, Any] = {}
        """Leaves that the step itself makes."""
        self.checks: list[tuple[Callable[..., None], Any, tuple[Any, ...]]] = []
        self.buffers: list[tuple[Node, int]] = []
        self.changed: dict[int, Node] = {}
        self.varying = 0
        self.grown = 0
        self.missed: tuple[str, int] | None = None
        self.broken: Exception | None = None
        """Why the step cannot be replayed."""
        self.live = [True]
        """Whether the step still runs."""
        self._slot_of: dict[int, int] = {}

    def look(self, op: Primitive, args: tuple[Any, ...], settings: Mapping[str, Any]) -> tuple[Node | None, Any]:
        """Return the node of a known operation; of a new one on nodes, the object that adds it."""
        if self.broken is None:
            for arg in args:
                if isinstance(arg, Node):
                    try:
                        return self._look(op, args, settings)
                    except Exception as error:
                        # The operation itself will say why it cannot be done.
                        self.broken, self.missed = error, user_place()
                        break
        return None, None

    def _look(self, op: Primitive, args: tuple[Any, ...], settings: Mapping[str, Any]) -> tuple[Node | None, Any]:
        cut = not recording.get()
        key: list[Any] = [op, cut]
        raw: list[Any] = []
        numbers: tuple[Any, ...] = ()
        arrays: list[Any] = []
        slots, places = self.slots, self.places
        slot = len(slots)
        for position, arg in enumerate(args):
            kind = type(arg)
            if kind is float:
                key.append(float)
            elif isinstance(arg, Node):
                number = places.get(id(arg))
                if number is not None:
                    key.append(number)
                    raw.append(self.lates[number])
                else:
                    known, data = self.input(arg)
                    key.append(known)
                    raw.append(data)
                continue
            elif kind is int or kind is bool:
                # Such as an exponent, which is mostly the same at every step.
                key.append(kind)
                numbers += (arg,)
            else:
                arg = keep(constant(op, arg, args))
                args = (*args[:position], arg, *args[position + 1 :])
                key.append(float if type(arg) is float else ("array", form_of(arg)))
            slots.append(arg)
            raw.append(arg)
        if settings:
            settings = {name: keep_item(item, key, arrays) for name, item in settings.items()}
            key += settings
            slots += arrays
        found = tuple(key)
        place = self.way[-1].after.get(found)
        if place is None:
            return None, Missed(self, found, slot, raw, settings, numbers, arrays)
        if numbers and not place.varies and numbers != place.numbers:
            place.varies = True
        if arrays and not all(map(is_same_array, arrays, place.arrays)):
            _check_form(op, raw, settings, place)
        late = Late(op, raw, settings, place.form)
        node: Node = object.__new__(place.kind)
        node._grad, node._late = 0.0, late
        if cut:
            node.op = None
        else:
            link(node, op, args, settings)
        self.add(node, place, late)
        return node, None

    def input(self, node: Node) -> tuple[Any, Any]:
        """Return a key for an input, its number or a mark that it is new, and its data."""
        number = self.places.get(id(node))
        if number is not None:
            return number, self.lates[number]
        if node.op is not None or id(node) in self.changed:
            raise RuntimeError(f"{name_of(node)} was computed outside of the step, or changed since")
        data = node.snapshot()
        slot = self._slot_of.get(id(node))
        if slot is not None and self.slots[slot] is data:
            return -1 - slot, data
        self._slot_of[id(node)] = slot = len(self.slots)
        self.slots.append(data)
        self.leaves[slot] = node
        return (node in self.made, form_of(data)), data

    def inputs(self, nodes: list[Node]) -> tuple[Any, list[Any], list[Any]]:
        """Do the same for many nodes of Values, and return their numbers as well."""
        ids = list(map(id, nodes))
        known: list[Any] = list(map(self.places.get, ids))
        if None not in known:
            return tuple(known), known, [self.lates[k] for k in known]
        slots: list[Any] = list(map(self._slot_of.get, ids))
        first = len(self.slots)
        if known.count(None) == len(ids) and not self.made and not self.changed:
            data = list(map(_DATA, nodes))
            if None not in slots and all(map(is_, data, map(self.slots.__getitem__, slots))):
                return (None, *slots), [-1 - slot for slot in slots], data
            if slots.count(None) == len(set(ids)) and {*map(_OP, nodes)} == {None}:
                numbers = range(first, first + len(ids))
                self.slots += data
                self.leaves.update(zip(numbers, nodes))
                self._slot_of.update(zip(ids, numbers))
                return (float, len(ids)), list(range(-1 - first, -1 - first - len(ids), -1)), data
        found = list(map(self.input, nodes))
        parts = [known for known, _ in found]
        return tuple(parts), inputs_of(parts, first)[0], [data for _, data in found]

    def add(self, node: Node, place: Place, late: Late) -> None:
        """Add an operation that was applied."""
        self.places[id(node)] = len(self.nodes)
        self.nodes.append(node)
        self.lates.append(late)
        self.way.append(place)
        if place.varies:
            self.varying += 1

    def add_block(self, nodes: list[Node], place: Place) -> None:
        """Add a call of a function that was applied as a whole."""
        first = len(self.nodes)
        self.places.update(zip(map(id, nodes), range(first, first + len(nodes))))
        self.nodes += nodes
        self.lates += [node._late for node in nodes]
        self.way.append(place)

    def forget(self, slot: int) -> None:
        """Give the slots from this one on back."""
        del self.slots[slot:]
        self.leaves = {k: node for k, node in self.leaves.items() if k < slot}
        self._slot_of = {k: number for k, number in self._slot_of.items() if number < slot}

    def detached(self, node: Node) -> Node:
        """Return a leaf with the data of a node."""
        found, missed = None, None
        if self.broken is None:
            with no_grad():
                found, missed = self.look(DETACH, (node,), NO_SETTINGS)
        if found is None:
            found = leaf(node.snapshot())
            if missed is not None:
                missed.add(found)
        return found

    def touch(self, node: Node) -> None:
        """Compute the data of a leaf now, as somebody may change them, and note that."""
        if node.op is None and self.places.pop(id(node), None) is not None:
            _DATA(node)
            self.changed[id(node)] = node

    def postpones(self, check: Callable[..., None], data: Tree, rest: tuple[Any, ...]) -> bool:
        """Put a check off to the end of the step if it is of numbers that are not computed yet."""
        nodes = [item for item in nodes_of(data) if id(item) in self.places]
        late = any(map(self.is_late, nodes))
        if nodes:
            # Of one that is done at once its nodes are noted: the next step will have the same, and be late.
            self.checks.append((check if late else _nothing, copied(data), rest))
        return late

    def is_late(self, node: Node) -> bool:
        """Tell whether the data of a node are not computed yet."""
        number = self.places.get(id(node))
        return number is not None and self.lates[number].data is PENDING

    def assign(self, target: Node, node: Node) -> None:
        """Set the data of a leaf to those of a node, when they are computed."""
        if self.broken is None and id(node) in self.places:
            number = self.places[id(self.detached(node))]
            late = self.lates[number]
            if dtype_of(late.form) == dtype_of(target.snapshot()):
                del target._data
                target._late = late
                self.places[id(target)] = number
                self.buffers.append((target, number))
                return
        target.data = node.snapshot()

    def numbers_in(self, tree: Tree) -> list[int]:
        """Return the numbers of the nodes in a structure."""
        return [k for item in nodes_of(tree) if (k := self.places.get(id(item))) is not None]

    def escaped(self, held: list[int], loss: int) -> list[int]:
        """Return the numbers of the nodes, and of the slots of made leaves, that somebody else holds as well.

        Each in `held` is held once more by a replay.
        """
        if self.grown:
            # Nodes that new calls made on the way hold their arguments.
            for late in self.lates:
                late.forget()
        if not self.way[-1].uses:
            self.way[-1].uses = self._uses()
        uses = list(self.way[-1].uses)
        for k in held:
            uses[k] += 1
        # One reference is that of the list, one that of the call.
        count = sys.getrefcount
        found = [k for k, n in enumerate(uses) if count(self.nodes[k]) > n + 2 and k != loss]
        if self.made:
            slots: dict[int, int] = {}
            for place in self.way:
                for number in () if place.cut else place.inputs:
                    if type(number) is int and number < 0:
                        slots[number] = slots.get(number, 0) + 1
            # Beside these, one reference is that among those made.
            made = [slot for slot, node in self.leaves.items() if node in self.made]
            found += [-1 - slot for slot in made if count(self.leaves[slot]) > slots.get(-1 - slot, 0) + 3]
        return found

    def _uses(self) -> list[int]:
        uses = [0] * len(self.nodes)
        for place in self.way:
            for number in () if place.cut else place.inputs:
                if type(number) is int and number >= 0:
                    uses[number] += 1
        return uses


def _check_form(op: Primitive, raw: list[Any], settings: Mapping[str, Any], place: Place) -> None:
    """Raise if with another index the result has another shape."""
    args = [item.form if isinstance(item, Late) else item for item in raw]
    if dtype_of(compute(op, args, settings)) != dtype_of(place.form):
        raise RuntimeError(f"the shape of {op.name} depends on what its index holds")


def _nothing(*_: object) -> None:
    pass
