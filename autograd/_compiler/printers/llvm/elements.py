"""The registers of a listing in LLVM's language: numbers in memory, those of another in other places, expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod

from autograd._compiler.lower import instructions as to
from autograd._compiler.printers.nests import Nest
from autograd._compiler.printers.uses import Uses
from autograd._core.types import Array

from .forms import (
    CONSTANTS,
    WORKSPACE,
    Buffer,
    Computed,
    Form,
    Function,
    Loops,
    Place,
    Read,
    Tree,
    View,
    best,
    inverse,
    is_single,
    order_in_memory,
    places,
    reads,
)  # fmt: skip
from .lines import Index, Lines, Terms, Value
from .scalars import CHEAP, EXPENSIVE, FUNCTIONS, TRUTHS, as_kind

MOST = 120
"""An expression of more operations is computed in two."""

MAYBE_TRUTHS = {*TRUTHS, "number"}
"""The functions whose results are truths, or may be."""

LINE = 64
"""Arrays in it start at a multiple of so many bytes."""


class Elements:
    """The registers so far, and the lines that compute them.

    `homes` are the buffers of results.
    """

    def __init__(self, listing: to.Listing, lines: Lines, homes: dict[int, Buffer]) -> None:
        self.listing, self.lines, self._homes = listing, lines, homes
        self.constants: dict[str, list[Array]] = {kind: [] for kind in CONSTANTS}
        """The arrays that are the same at every call, by the type of their numbers, and the tables of places."""
        self._known: dict[tuple[str, bytes], int] = {}
        self._sizes = [*map(prod, listing.shapes)]
        self.uses = Uses(listing)
        self.own = self.uses.changed | homes.keys()
        self.forms: dict[int, Form] = {}
        self.alias: dict[int, int] = {}
        self.kinds: dict[int, str] = {}
        self.scalars: dict[int, Value] = {}
        """The numbers that this function has computed already."""
        self.bytes = 0
        """The size of the workspace."""

    def size(self, register: int) -> int:
        return self._sizes[register]

    def root(self, register: int) -> int:
        return self.alias.get(register, register)

    def form(self, register: int) -> Form:
        return self.forms[self.root(register)]

    def kind(self, register: int) -> str:
        return self.kinds[self.root(register)]

    def note_kind(self, step: to.Instruction) -> None:
        """Note the type of the numbers that an instruction makes."""
        if isinstance(step, to.Put):
            return
        kind = "float" if step.out in self.listing.single else "double"
        if isinstance(step, to.Ew) and step.function not in MAYBE_TRUTHS:
            self.kinds[step.out] = kind
            return
        truths = isinstance(step, (to.Ew, to.Reduce)) and step.function in TRUTHS
        # A copy of a truth, or another place of it, stays one until a number is needed.
        given = step.args[:1] if isinstance(step, to.Ew) else step.sources if isinstance(step, to.Gather) else ()
        same = isinstance(step, to.Gather) or (isinstance(step, to.Ew) and step.function == "number")
        truths = truths or (same and all(type(arg) is int and self.kind(arg) == "i1" for arg in given))
        self.kinds[step.out] = "i1" if truths and step.out not in self.own else kind

    # Memory.

    def reserve(self, kind: str, n: int) -> Buffer:
        """Return new room in the workspace."""
        size = {"double": 8, "float": 4, "i1": 1}[kind]
        start = self.bytes
        self.bytes += -(-n * size // LINE) * LINE
        return Buffer(WORKSPACE, kind, start // size)

    def constant(self, values: Array, kind: str) -> Buffer:
        """Return the buffer of an array that is the same at every call."""
        key = kind, values.tobytes()
        if key not in self._known:
            self._known[key] = sum(map(len, self.constants[kind]))
            self.constants[kind].append(values)
        return Buffer(CONSTANTS[kind], kind, self._known[key])

    def allocate(self, register: int) -> Buffer:
        """Return the buffer of a register."""
        if register in self._homes:
            return self._homes[register]
        return self.reserve(self.kind(register), self.size(register))

    def buffer(self, register: int) -> Buffer:
        """Return the buffer that holds all elements of a register in order."""
        form = self.form(register)
        if isinstance(form, Buffer):
            return form
        if isinstance(form, View):
            part = self._part(form)
            if part is not None:
                return part
        return self.settle(register)

    def _part(self, form: View) -> Buffer | None:
        """Return the buffer of elements that lie in order in another, to which nobody writes."""
        import numpy

        source, n = self.form(form.source), len(form.table)
        first = int(form.table[0]) if n else 0
        there = isinstance(source, Buffer) and self.root(form.source) not in self.uses.changed
        if not there or not numpy.array_equal(form.table, range(first, first + n)):
            return None
        assert isinstance(source, Buffer)
        return source._replace(start=source.start + first)

    def settle(self, register: int) -> Buffer:
        """Write the lines that compute a register into a buffer of its own, and return that."""
        register = self.root(register)
        n = self.size(register)
        tree = self.tree(register, places(n))
        found = self.forms[register] = self.allocate(register)
        if n == 1:
            load = self.loader(None, Place([], 0, 1))
            value = as_kind(self.lines, self.render(tree, load, 1), found.kind)
            self.lines.store(value, found.root, [(found.start, 1)])
            if register not in self.uses.changed:
                self.scalars[register] = value
        else:
            self.store(found, places(n), tree)
        return found

    def keep(self, register: int) -> None:
        """Write the lines that compute a register into memory, in the order in which what it is computed from lies.

        To bring numbers into another order takes longer than to compute most of them.
        """
        register = self.root(register)
        n = self.size(register)
        order = order_in_memory(self.tree(register, places(n)), n) if n > 1 and register not in self.own else None
        if order is None:
            self.settle(register)
            return
        tree = self.tree(register, order)
        self.store(self.inside(register, order), places(n), tree)

    def inside(self, register: int, order: Array) -> Buffer:
        """Return new memory, in which the elements of a register lie in another order."""
        number = len(self._sizes)
        self._sizes.append(len(order))
        self.kinds[number] = self.kind(register)
        found = self.allocate(number)
        self.forms[number], self.forms[register] = found, View(number, inverse(order))
        return found

    # What the elements are computed from.

    def tree(self, register: int, table: Array) -> Tree:
        """Return what the elements of a register are computed from, for the places in a table."""
        register = self.root(register)
        known = self.scalars.get(register)
        if known is not None:
            return known
        form = self.forms[register]
        if isinstance(form, float):
            return form
        if isinstance(form, Buffer):
            return Read(form, table)
        if isinstance(form, View):
            return self.tree(form.source, form.table[table])
        if len(table) > self.size(register):
            # Once for each element, not for every reader.
            self.keep(register)
            return self.tree(register, table)
        parts: list[Tree] = []
        for arg in form.step.args:
            if type(arg) is int:
                parts.append(self.tree(arg, table if self.size(arg) > 1 else 0 * table))
            else:
                parts.append(float(arg))
        return Function(form.step, parts)

    def operations(self, step: to.Ew) -> int:
        """Return how many operations an expression has, those of others that it computes among them."""
        inside = sum(self._operations_of(arg) for arg in step.args if type(arg) is int)
        return inside + (1 if step.function in CHEAP else EXPENSIVE)

    def waits(self, register: int) -> bool:
        """Tell whether the elements of a register are computed where they are read."""
        form = self.form(register)
        return self.waits(form.source) if isinstance(form, View) else isinstance(form, Computed)

    def _operations_of(self, register: int) -> int:
        form = self.form(register)
        if isinstance(form, View):
            return self._operations_of(form.source)
        return form.operations if isinstance(form, Computed) else 0

    def flush(self, into: int, but: set[int]) -> None:
        """Compute what waits and reads an array that is about to be written to."""
        known: dict[int, bool] = {}
        for register, form in [*self.forms.items()]:
            waits = isinstance(form, (View, Computed)) and register not in but
            if waits and self.forms[register] is form and self._reads(register, into, known):
                self.keep(register)
                known.clear()

    def _reads(self, register: int, into: int, known: dict[int, bool]) -> bool:
        """Tell whether the elements of a register are computed from an array; what is found out is kept in `known`."""
        register = self.root(register)
        if register not in known:
            form = self.forms[register]
            if isinstance(form, View):
                known[register] = self._reads(form.source, into, known)
            elif isinstance(form, Computed):
                args = [arg for arg in form.step.args if type(arg) is int]
                known[register] = any(self._reads(arg, into, known) for arg in args)
            else:
                known[register] = register == into
        return known[register]

    def waiting(self, register: int) -> set[int]:
        """Return the registers that are computed where this one is read, and never again."""
        form = self.form(register)
        if not isinstance(form, (View, Computed)) or not self.uses.once(self.root(register)):
            return set()
        parts = [form.source] if isinstance(form, View) else [arg for arg in form.step.args if type(arg) is int]
        return {self.root(register)}.union(*map(self.waiting, parts))

    # Lines.

    def render(self, tree: Tree, load: Callable[[Read], Value], lanes: int) -> Value:
        """Write the lines of an expression, on vectors."""
        lines = self.lines
        if isinstance(tree, float):
            return lines.number(tree, "double", lanes)
        if isinstance(tree, Value):
            return lines.spread(tree, lanes)
        if isinstance(tree, Read):
            return load(tree)
        step = tree.step
        args = [self.render(part, load, lanes) for part in tree.parts]
        single, truth = step.out in self.listing.single, step.function in TRUTHS
        kind = "float" if (single or truth) and all(map(is_single, tree.parts, args)) else "double"
        if kind == "float":
            args = [lines.number(p, kind, lanes) if isinstance(p, float) else a for p, a in zip(tree.parts, args)]
        if step.function not in ("logical_and", "logical_or", "logical_not", "truth", "number"):
            # A condition stays one.
            args = [a if step.function == "where" and not k else as_kind(lines, a, kind) for k, a in enumerate(args)]
        if step.function == "pow" and tree.parts[1] == 2.0:
            found = lines.do("fmul", args[0], args[0])
        elif step.function == "pow" and tree.parts[1] == 0.5 and self.listing.shapes[step.out]:
            # Of arrays NumPy takes the root as well, which is not the same in the last digit.
            found = FUNCTIONS["sqrt"](lines, args[0])
        else:
            found = FUNCTIONS[step.function](lines, *args)
        return as_kind(lines, found, self.kinds[step.out])

    def loader(self, nest: Nest | None, place: Place) -> Callable[[Read], Value]:
        """Return the function that writes how the elements of one place of loops are read."""
        found: dict[tuple[Buffer, int], Value] = {}

        def load(read: Read) -> Value:
            key = read.buffer, id(read.table)
            if key not in found:
                found[key] = self._loaded(read, nest, place)
            return found[key]

        return load

    def _loaded(self, read: Read, nest: Nest | None, place: Place) -> Value:
        buffer, lines = read.buffer, self.lines
        if nest is None:
            return lines.load(buffer.root, buffer.kind, [(buffer.start + int(read.table[0]), 1)])
        steps = nest.strides(read.table)
        if steps is None:
            return self._chosen(read, nest, place)
        terms: Terms = [(buffer.start + int(read.table[0]), 1), *zip(place.indices, steps)]
        # A single number has no loop.
        if place.lanes == 1 or steps[place.along] == 0:
            return lines.spread(lines.load(buffer.root, buffer.kind, terms), place.lanes)
        return lines.load(buffer.root, buffer.kind, terms, place.lanes, steps[place.along])

    def _chosen(self, read: Read, nest: Nest, place: Place) -> Value:
        """Read elements whose places are in a table."""
        lines, buffer = self.lines, read.buffer
        indices = self.irregular(read.table, nest, place)
        return lines.joined([lines.load(buffer.root, buffer.kind, [(buffer.start, 1), (k, 1)]) for k in indices])

    def irregular(self, table: Array, nest: Nest, place: Place) -> Iterator[Index]:
        """Yield the places in a table, which is read as it runs, for each lane."""
        lines, start = self.lines, self.constant(table, "i32").start
        points = nest.points[1:]
        for k in range(place.lanes):
            terms: Terms = [(start, 1), *zip(place.indices, points), (k, points[place.along])]
            yield lines.cast("sext", lines.load(CONSTANTS["i32"], "i32", terms), "i64").name

    def store(self, buffer: Buffer, at: Array, tree: Tree, add: bool = False) -> None:
        """Write what a tree computes to the places of a buffer, in loops; or add it to what is there."""
        if not len(at):
            return
        target = Read(buffer, at)
        if len(at) == 1:
            self._put(target, tree, None, Place([], 0, 1), add)
            return
        read = [*reads(tree), target]
        # Where a place is written to twice, it is written in order.
        apart = len(set(at.tolist())) == len(at)
        nest = Loops(len(at), [item.table for item in read])
        along = best(nest, [item.table for item in read], self.lines) if apart else len(nest.lengths) - 1
        lanes = self.lanes(tree, buffer.kind) if apart else 1
        tree = self.ahead(tree)
        indices: list[Index] = [0] * len(nest.lengths)

        def chunk(index: Index, n: int) -> None:
            indices[along] = index
            self._put(target, tree, nest, Place(indices, along, n), add)

        outer = [k for k in range(len(nest.lengths)) if k != along]
        self.around(nest, outer, indices, lambda: self.along(nest.lengths[along], lanes, chunk))

    def ahead(self, tree: Tree) -> Tree:
        """Read the numbers that are the same for all elements before the loops."""
        if isinstance(tree, Read) and (tree.table == tree.table[0]).all():
            buffer = tree.buffer
            return self.lines.load(buffer.root, buffer.kind, [(buffer.start + int(tree.table[0]), 1)])
        return Function(tree.step, [*map(self.ahead, tree.parts)]) if isinstance(tree, Function) else tree

    def lanes(self, tree: Tree, kind: str) -> int:
        """Return how many elements are computed at once: twice as many in single precision."""
        kinds = {kind, *(read.buffer.kind for read in reads(tree))}
        return self.lines.target.lanes("double" if "double" in kinds else "float")

    def around(self, nest: Nest, loops: Sequence[int], indices: list[Index], body: Callable[[], None]) -> None:
        """Write loops around a body, from the outermost; each notes its variable among the indices."""
        if not loops:
            body()
            return
        first, *rest = loops

        def turn(index: Index) -> list[Value]:
            indices[first] = index
            self.around(nest, rest, indices, body)
            return []

        self.lines.loop(nest.lengths[first], turn)

    def along(self, length: int, lanes: int, chunk: Callable[[Index, int], None]) -> None:
        """Write the loop over vectors, and what is left."""
        whole = length // lanes * lanes

        def turn(index: Index) -> list[Value]:
            chunk(index, lanes)
            return []

        self.lines.loop(whole, turn, step=lanes)
        if length > whole:
            chunk(whole, length - whole)

    def _put(self, target: Read, tree: Tree, nest: Nest | None, place: Place, add: bool) -> None:
        lines, buffer = self.lines, target.buffer
        load = self.loader(nest, place)
        value = as_kind(lines, self.render(tree, load, place.lanes), buffer.kind)
        if add:
            value = lines.do("fadd", load(target), value)
        if nest is None:
            lines.store(value, buffer.root, [(buffer.start + int(target.table[0]), 1)])
            return
        steps = nest.strides(target.table)
        if steps is None:
            for k, index in enumerate(self.irregular(target.table, nest, place)):
                lines.store(lines.lane(value, k), buffer.root, [(buffer.start, 1), (index, 1)])
            return
        terms: Terms = [(buffer.start + int(target.table[0]), 1), *zip(place.indices, steps)]
        lines.store(value, buffer.root, terms, steps[place.along])
