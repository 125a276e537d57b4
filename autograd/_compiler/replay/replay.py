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
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter, is_
from typing import Any

from autograd._core.anomaly import user_place, written_place
from autograd._core.modes import active, anomaly, no_grad, recording, replaying, tracing
from autograd._core.node import NO_SETTINGS, Node, name_of
from autograd._core.primitive import NUMBERS, Primitive, keep, kinds, leaf, shape
from autograd._core.tracing import DETACH, replayed
from autograd._core.trees import deeper, flatten
from autograd._grad.sweep import set_gradients
from autograd.files import brief

from .late import PENDING, Late, link

MOST_OPERATIONS = 200_000
"""A tree of more operations is no longer worth its memory."""

CREDIT = 8.0
"""So many steps in a row may do something new before replaying is given up."""

EARNED = 0.25
"""A step that was replayed makes up for this part of one that was not."""

CHANGES = 2
"""After so many programs for one way, all integers on it count as changing."""

MOST_KEPT = 16
"""Of so many nodes that a step keeps the gradients are computed."""

RARE = 4
"""After so many replays another step is compiled as soon as it is met."""

TRIED = 2
"""So many results of a program are compared with those of the step itself before it is relied on."""

ROUNDING = 1e-6
"""A program whose first results differ from those of the step itself by this part is not used."""


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
        op: Any = None,
        inputs: Sequence[Any] = (),
        form: Any = 0.0,
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
        self, step: Step, key: Any, slot: int, raw: list[Any], settings: Any, numbers: Any, arrays: Any
    ) -> None:
        self._step, self._key, self._slot = step, key, slot
        self._raw, self._settings, self._numbers, self._arrays = raw, settings, numbers, arrays

    def add(self, node: Node) -> None:
        """Add the operation with its result."""
        step, (op, cut, *parts) = self._step, self._key
        inputs, first = inputs_of(parts[: len(self._raw)], self._slot)
        place = Place(op, inputs, _hollow(form_of(node._data)), self._numbers, self._arrays, first, cut)
        step.way[-1].after[self._key] = place
        step.grown += 1
        if step.missed is None:
            step.missed = user_place()
        step.add(node, place, Late(op, self._raw, self._settings, place.form, node._data))


def inputs_of(parts: list[Any], slot: int) -> tuple[list[Any], int]:
    """Return the inputs that parts of a key stand for, if the first that is new has this slot, and the next slot."""
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
        """Return the node that an operation makes if it is known, else, if it has nodes, what adds it."""
        if self.broken is None:
            for arg in args:
                if isinstance(arg, Node):
                    try:
                        return self._look(op, args, settings)
                    except Exception as error:
                        # The operation itself will tell what is wrong with it.
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
                arg = keep(op.constant(arg, args))
                args = (*args[:position], arg, *args[position + 1 :])
                key.append(float if type(arg) is float else ("array", form_of(arg)))
            slots.append(arg)
            raw.append(arg)
        if settings:
            settings = {name: _kept(item, key, arrays) for name, item in settings.items()}
            key += settings
            slots += arrays
        found = tuple(key)
        place = self.way[-1].after.get(found)
        if place is None:
            return None, Missed(self, found, slot, raw, settings, numbers, arrays)
        if numbers and not place.varies and numbers != place.numbers:
            place.varies = True
        if arrays and not all(map(_same_array, arrays, place.arrays)):
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
        """Return what tells an input from others at its place, its number or that it is new, and what it holds."""
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
        """Note that somebody may change a leaf that was computed: what it holds is computed first."""
        if node.op is None and self.places.pop(id(node), None) is not None:
            _DATA(node)
            self.changed[id(node)] = node

    def postpones(self, check: Callable[..., None], data: Any, rest: tuple[Any, ...]) -> bool:
        """Put a check off to the end of the step if it is of numbers that are not computed yet."""
        nodes = [item for item in _nodes(data) if id(item) in self.places]
        late = any(map(self.is_late, nodes))
        if nodes:
            # Of one that is done at once its nodes are noted: the next step will have the same, and be late.
            self.checks.append((check if late else _nothing, copied(data), rest))
        return late

    def is_late(self, node: Node) -> bool:
        """Tell whether what a node holds is not computed yet."""
        number = self.places.get(id(node))
        return number is not None and self.lates[number].data is PENDING

    def assign(self, target: Node, node: Any) -> None:
        """Set the data of a leaf to those of a node, when they are computed."""
        if self.broken is None and id(node) in self.places:
            number = self.places[id(self.detached(node))]
            late = self.lates[number]
            if _dtype_of(late.form) == _dtype_of(target.snapshot()):
                del target._data
                target._late = late
                self.places[id(target)] = number
                self.buffers.append((target, number))
                return
        target.data = node.snapshot()

    def numbers_in(self, tree: Any) -> list[int]:
        """Return the numbers of the nodes in a structure."""
        return [k for item in _nodes(tree) if (k := self.places.get(id(item))) is not None]

    def escaped(self, held: list[int], loss: int) -> list[int]:
        """Return the numbers of the nodes, and of the slots of made leaves, that somebody else holds as well.

        Each in `held` is held once more by a replay.
        """
        if self.grown:
            # What was computed on the way, of calls that were new, holds their arguments.
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
    if _dtype_of(op.compute(args, settings)) != _dtype_of(place.form):
        raise RuntimeError(f"the shape of {op.name} depends on what its index holds")


def assign(target: Node, node: Any) -> None:
    """Set the data of a leaf to those of a node; in a step that is replayed, without computing them before the rest.

    >>> total = Value(0.0)
    >>> assign(total, total + 1)
    >>> total.data
    1.0
    """
    step = replaying.get() if active and tracing.get() is None else None
    if step is None:
        target.data = node.snapshot()
    else:
        step.assign(target, node)


class Replay:
    """Runs steps: computes a loss and adds its gradients to the leaves, as `backward` does.

    >>> w, run = Value(3.0), Replay()
    >>> for x in (1.0, 2.0, 3.0, 4.0):
    ...     J, _ = run(lambda: (w * x, None), w.zero_grad)
    >>> J, w.grad, run.compilations
    (12.0, 4.0, 1)
    """

    def __init__(self) -> None:
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
        return Replay, ()

    def __call__(self, f: Callable[[], tuple[Any, Any]], before: Callable[[], Any]) -> tuple[float, Any]:
        """Call f, which returns a scalar and a structure of nodes; return both as raw numbers.

        `before` is called when the gradients are about to be added.
        """
        if self.stopped or (active and anomaly.get()) or _raises():
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
        # What compiles takes longer to import than all the rest.
        from .program import write

        self._credit -= 1
        self.compilations += 1
        program = place.programs[key] = write(step, *key)
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
        """Tell whether the gradients are those that the step itself has; a program that finds others is not used."""
        nodes = [node for node, _ in gradients]
        before = [node._grad for node in nodes]
        J.backward()
        found = [node._grad for node in nodes]
        set_gradients(nodes, before)
        for (node, g), old, new in zip(gradients, before, found):
            if not _near(new - old, g):
                self._stop(f"the gradient of {name_of(node)} came out otherwise when it was compiled")
        return not self.stopped


def _numbers(tree: Any, step: Step) -> Any:
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


def _near(a: Any, b: Any) -> bool:
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


def _nothing(*_: Any) -> None:
    pass


def _raises() -> bool:
    """Tell whether NumPy is to raise errors, which a compiled program does not."""
    numpy: Any = sys.modules.get("numpy")
    return numpy is not None and not {"raise", "call"}.isdisjoint(numpy.geterr().values())


def _nodes(tree: Any) -> list[Any]:
    """Return the nodes in a structure."""
    if isinstance(tree, (list, tuple)):
        inside = set(map(type, tree))
        if NUMBERS.issuperset(inside):
            return []
        if inside.issubset(kinds.values()):
            return list(tree)
    return [item for item in flatten(tree) if isinstance(item, Node)]


def copied(tree: Any, depth: int = 0) -> Any:
    """Return a structure of lists and tuples with the same nodes."""
    inside = deeper(depth)
    if isinstance(tree, (list, tuple)):
        if kinds["float"] in (types := set(map(type, tree))) and types.issubset(kinds.values()):
            return list(tree)
        return [copied(item, inside) for item in tree]
    return {key: copied(item, inside) for key, item in tree.items()} if isinstance(tree, dict) else tree


def raw(tree: Any, depth: int = 0) -> Any:
    """Return nodes, in lists or alone, as their raw data."""
    if isinstance(tree, list):
        inside = deeper(depth)
        return [raw(item, inside) for item in tree]
    return tree.data if isinstance(tree, Node) else tree


def form_of(data: Any) -> Any:
    """Return what a program needs to know of data beside the numbers."""
    return (data.shape, data.dtype, data.strides) if hasattr(data, "dtype") else float


def _dtype_of(data: Any) -> Any:
    """Return what a program needs to know of data beside the numbers and how these lie in memory."""
    return (data.shape, data.dtype) if hasattr(data, "dtype") else float


def _hollow(form: Any) -> Any:
    """Return a number, or an array of a form that takes no memory."""
    if form is float:
        return 0.0
    import numpy

    return numpy.broadcast_to(numpy.zeros((), form[1]), form[0])


def _same_array(a: Any, b: Any) -> bool:
    return a is b or bool(a.tobytes() == b.tobytes())


_PLAIN = (int, float, str, type(None), type(...))


def _kept(item: Any, key: list[Any], arrays: list[Any], depth: int = 0) -> Any:
    """Return a setting that nobody can change later; note what tells it from others, and the arrays in it."""
    kind = type(item)
    if kind is tuple or kind is list:
        key.append((kind, len(item)))
        inside = deeper(depth)
        return kind([_kept(part, key, arrays, inside) for part in item])
    if kind is slice:
        key.append(slice)
        return slice(*(_kept(part, key, arrays) for part in (item.start, item.stop, item.step)))
    if hasattr(item, "strides") and hasattr(item, "dtype") and kind.__name__ == "ndarray":
        item = keep(item)
        # Whether elements are chosen decides about the shape.
        key.append(("array", form_of(item), int(item.sum()) if item.dtype.kind == "b" else None))
        arrays.append(item)
        return item
    if (
        isinstance(item, _PLAIN)
        or kind.__module__ == "numpy"
        or isinstance(item, type)
        or kind.__name__.endswith("DType")
    ):
        key.append((kind, repr(item) if isinstance(item, float) else item))
        return item
    raise TypeError(f"{brief(item)} of type {kind.__name__} is no setting that can be compared")
