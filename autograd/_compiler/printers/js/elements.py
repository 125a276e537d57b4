"""The registers of a listing in JavaScript: a variable, the elements of another in other places, or an expression."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, TypeAlias

from autograd._compiler.lower import instructions as to
from autograd._core.types import Array

from ..nests import Nest, index_text
from ..uses import Uses
from .scalars import FUNCTIONS, Text, number, rounded

Index: TypeAlias = Callable[[Array], str]
"""Writes the place that a table names, with the variables of loops."""


class Named(NamedTuple):
    """A register with a variable of its own."""

    name: str
    truth: bool = False


class View(NamedTuple):
    """A register whose elements are those of another, in other places."""

    source: int
    table: Array


class Computed(NamedTuple):
    """A register that is computed where it is read."""

    step: to.Ew
    operations: int


Form: TypeAlias = Named | View | Computed | Text
"""Where the elements of a register come from; a Text is the same for all of them."""


class Read(NamedTuple):
    """Elements of an array."""

    array: str
    table: Array


class Function(NamedTuple):
    """A function of elements."""

    step: to.Ew
    parts: list[Any]


Tree: TypeAlias = Text | Read | Function
"""What the elements of a register are computed from."""


@dataclass
class Loop:
    """The loop that was written last: its lines, what they write and what they read."""

    points: list[int]
    lengths: list[int]
    start: int
    end: int
    bodies: list[str]
    made: list[Read]
    read: list[Read]

    def takes(self, made: list[Read], read: list[Read]) -> bool:
        """Tell whether one more statement may stand in the loop: it meets no other at another place."""
        return _apart(self.made, [*read, *made]) and _apart(self.read, made)

    def add(self, body: str, made: list[Read], read: list[Read]) -> None:
        self.bodies.append(body)
        self.made += made
        self.read += read


def _set(place: str, value: Text) -> str:
    return f"{place} = {value.text};"


class Elements:
    """The registers so far, and the lines that compute them.

    `kept` are the registers that have a variable whoever reads them, `name` gives the name of one and `new` one that
    nothing has yet, and `loops` are the variables of loops from the outermost.
    """

    def __init__(
        self,
        listing: to.Listing,
        kept: set[int],
        name: Callable[[int], str],
        new: Callable[[str], str],
        loops: list[str],
    ) -> None:
        self.listing, self.loops = listing, loops
        self.uses = Uses(listing)
        self.own = kept | self.uses.changed
        self.kept, self._name, self._new = kept, name, new
        self.lines: list[str] = []
        self.indent = "  "
        self.constants: dict[Any, tuple[str, str]] = {}
        """The name of each array that is the same at every call, and the line that makes it."""
        self.shared: set[str] = set()
        """Variables that are another name of an array, or an array that is used again at the next call."""
        self.buffers: list[str] = []
        """The lines that make arrays which are used again at every call: to make one takes longer than to fill it."""
        self.forms: dict[int, Form] = {}
        self.alias: dict[int, int] = {}
        self.last: Loop | None = None
        """The loop that was just written."""

    def size(self, register: int) -> int:
        return prod(self.listing.shapes[register])

    def scalar(self, register: int) -> bool:
        """Tell whether a register is a number, and no array of one."""
        register = self.root(register)
        return self.listing.shapes[register] == () and register not in self.uses.changed

    def root(self, register: int) -> int:
        return self.alias.get(register, register)

    def form(self, register: int) -> Form:
        return self.forms[self.root(register)]

    def name(self, register: int) -> str:
        """Return a register's name, or that of the copy that is all that is made of it."""
        copy = self.uses.copy_of(register)
        return self._name(register if copy is None or register in self.kept else copy)

    def whole(self, form: View) -> bool:
        """Tell whether a view is all of its source in order, which nobody writes to."""
        n = self.size(form.source)
        same = len(form.table) == n and bool((form.table == range(n)).all()) and not self.scalar(form.source)
        return same and self.root(form.source) not in self.uses.changed

    def text(self, register: int) -> Text:
        """Return the number in a register."""
        return self.render(self.tree(register, zeros(1)), _first)

    def array(self, register: int) -> str:
        """Return the variable that holds the elements of a register."""
        form = self.form(register)
        if isinstance(form, View) and self.whole(form):
            return self.array(form.source)
        return form.name if isinstance(form, Named) else self.settle(register)

    def settle(self, register: int) -> str:
        """Give a register a variable, write the line that computes it, and return the variable."""
        register = self.root(register)
        n, name = self.size(register), self.name(register)
        if self.scalar(register):
            text = self.text(register)
            self.line(f"const {name} = {text.text};")
            self.forms[register] = Named(name, text.truth)
        else:
            every = places(n)
            tree = self.tree(register, every)
            self.allocate(register, name)
            self.store(name, every, tree)
            self.forms[register] = Named(name)
        return name

    # What the elements are computed from.

    def tree(self, register: int, table: Array) -> Tree:
        """Return what the elements of a register are computed from, for the places in a table."""
        form = self.form(register)
        if isinstance(form, Text):
            return form
        if isinstance(form, Named):
            return Text(form.name, truth=form.truth) if self.scalar(register) else Read(form.name, table)
        if len(table) != 1 and self.size(register) == 1 and self._operations_of(form):
            # Once, not for every element.
            self.settle(register)
            return self.tree(register, table)
        if isinstance(form, View):
            return self.tree(form.source, form.table[table])
        parts = [
            self.tree(arg, table if self.size(arg) > 1 else 0 * table) if type(arg) is int else number(arg)
            for arg in form.step.args
        ]
        return Function(form.step, parts)

    def render(self, tree: Tree, at: Index) -> Text:
        """Return a tree as an expression."""
        if isinstance(tree, Text):
            return tree
        if isinstance(tree, Read):
            return Text(f"{tree.array}[{at(tree.table)}]")
        text = FUNCTIONS[tree.step.function](*(self.render(part, at) for part in tree.parts))
        return rounded(text) if tree.step.out in self.listing.single else text

    def operations(self, step: to.Ew) -> int:
        """Return how many operations an expression has."""
        inside = sum(self._operations_of(self.form(arg)) for arg in step.args if type(arg) is int)
        copied = step.function == "number" and (step.args[0] in self.listing.single) == (
            step.out in self.listing.single
        )
        return inside + (not copied)

    def _operations_of(self, form: Form) -> int:
        if isinstance(form, View):
            return self._operations_of(self.form(form.source))
        return form.operations if isinstance(form, (Computed, Text)) else 0

    # What waits for its reader.

    def flush(self, into: int, but: set[int]) -> None:
        """Compute what waits and reads an array that is about to be written to."""
        for register, form in [*self.forms.items()]:
            waits = isinstance(form, (View, Computed)) and register not in but
            if waits and self.forms[register] is form and into in self._sources(register):
                self.settle(register)

    def _sources(self, register: int) -> set[int]:
        """Return the registers with variables that a register is computed from."""
        form = self.form(register)
        if isinstance(form, View):
            return self._sources(form.source)
        if isinstance(form, Computed):
            return {item for arg in form.step.args if type(arg) is int for item in self._sources(arg)}
        return {self.root(register)}

    def waiting(self, register: int) -> set[int]:
        """Return the registers that are computed where this one is read, and never again."""
        form = self.form(register)
        if not isinstance(form, (View, Computed)) or not self.uses.once(self.root(register)):
            return set()
        parts = [form.source] if isinstance(form, View) else [arg for arg in form.step.args if type(arg) is int]
        return {self.root(register)}.union(*map(self.waiting, parts))

    # Lines.

    def line(self, text: str) -> None:
        self.lines.append(self.indent + text)

    def allocate(self, register: int, name: str, fill: float | None = None) -> None:
        """Make the array of a register: a result is a new one at every call."""
        made = f"const {name} = new Float64Array({self.size(register)})"
        filled = "" if fill is None else f".fill({number(fill).text})"
        copy = self.uses.copy_of(register)
        if {register, copy}.isdisjoint(self.listing.results):
            self.buffers.append(f"{made};")
            self.shared.add(name)
            if filled:
                self.line(f"{name}{filled};")
        else:
            self.line(f"{made}{filled if fill else ''};")

    def store(self, name: str, at: Array, tree: Tree, statement: Callable[[str, Text], str] = _set) -> None:
        """Write what a tree computes to the places of an array: a loop, or one more statement in the loop before."""
        if not len(at):
            return
        made, read = [Read(name, at)], reads(tree)
        around = [item.table for item in (*made, *read)]
        last, nest = self.last, Nest(len(at), around)
        # Where a place is written to twice, its last number is the one to read.
        once = len(set(at.tolist())) == len(at)
        if last is not None and last.end == len(self.lines) and once and last.takes(made, read):
            wider = Nest(len(at), around, tuple(last.points)) if last.points[0] == len(at) else nest
            if wider.points == last.points:
                index = self.index(wider)
                last.add(statement(f"{name}[{index(at)}]", self.render(tree, index)), made, read)
                del self.lines[last.start :]
                self._block(last)
                return
        index = self.index(nest)
        body = statement(f"{name}[{index(at)}]", self.render(tree, index))
        self.last = Loop(nest.points, nest.lengths, len(self.lines), 0, [body], made, read)
        self._block(self.last)
        if not once:
            self.last = None

    def _block(self, loop: Loop) -> None:
        """Write a loop: in one line, if it has one statement."""
        around = " ".join(heads(self.loops, loop.lengths))
        if len(loop.bodies) == 1:
            self.line(f"{around} {loop.bodies[0]}".lstrip())
        elif not around:
            for text in loop.bodies:
                self.line(text)
        else:
            self.line(f"{around} {{")
            for text in loop.bodies:
                self.line(f"  {text}")
            self.line("}")
        loop.end = len(self.lines)

    def index(self, nest: Nest) -> Index:
        """Return the function that writes a place inside loops."""

        def at(table: Array) -> str:
            steps = nest.strides(table)
            if steps is not None:
                return index_text(int(table[0]), steps, self.loops)
            flat = index_text(0, nest.points[1:], self.loops)
            return f"{self.constant('T1', 'Int32Array', table.tolist())}[{flat}]"

        return at

    def constant(self, wish: str, kind: str, values: Iterable[float]) -> str:
        """Return the name of an array that is the same at every call."""
        items = ", ".join(number(float(x)).text for x in values)
        if (kind, items) not in self.constants:
            name = self._new(wish)
            self.constants[kind, items] = name, f"const {name} = {kind}.of({items});"
        return self.constants[kind, items][0]


def tables(tree: Tree) -> list[Array]:
    """Return the tables of all arrays that a tree reads."""
    return [read.table for read in reads(tree)]


def reads(tree: Tree) -> list[Read]:
    if isinstance(tree, Function):
        return [read for part in tree.parts for read in reads(part)]
    return [tree] if isinstance(tree, Read) else []


def _apart(before: list[Read], now: list[Read]) -> bool:
    """Tell whether two statements of one loop meet, in each array that both use, at one place in one turn."""
    import numpy

    return all(numpy.array_equal(a.table, b.table) for a in before for b in now if a.array == b.array)


def heads(variables: list[str], lengths: Iterable[int]) -> list[str]:
    """Return the heads of nested loops."""
    return [f"for (let {name} = 0; {name} < {length}; {name}++)" for name, length in zip(variables, lengths)]


def zeros(n: int) -> Array:
    import numpy

    return numpy.zeros(n, int)


def places(n: int) -> Array:
    import numpy

    return numpy.arange(n)


def _first(table: Array) -> str:
    return str(int(table[0]))
