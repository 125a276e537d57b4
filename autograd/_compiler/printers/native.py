"""A program in LLVM's language: the instructions of it, written for vectors, without anything for a pass to improve."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from autograd._compiler.lower import instructions as to
from autograd._compiler.lower.lower import lowered
from autograd._compiler.program import MANY, Part, Program, nodes_in
from autograd._core.node import Node
from autograd._core.tracing import CompileError
from autograd._core.trees import CONTAINERS, flatten
from autograd._core.types import Array, Tree

from .llvm.elements import Elements
from .llvm.entry import Given, Layout, Listed, entry
from .llvm.forms import CONSTANTS, WORKSPACE, Buffer, Function, Read, places
from .llvm.lines import Lines
from .llvm.reductions import Reduction
from .llvm.statements import Statements
from .llvm.target import Target

NUMBERS, OUT, FIRST = 4, 5, 6
"""The arrays of all numbers that are given, and of all that are returned; those after them are given and returned."""

FUNCTION, ENTRY = "program", "call"
"""The name of the function, and of the one that takes Python's objects as they are."""


@dataclass
class Code:
    """What the arrays hold that the machine code of a program is given. The first number returned is 0, or else nan."""

    numbers: int = 0
    """How many numbers are given."""
    out: int = 1
    """How many numbers are returned."""
    slots: dict[Node, int] = field(default_factory=dict)
    """The place of each leaf among the numbers that are given."""
    arrays: dict[Node, int] = field(default_factory=dict)
    """The place in the table of each leaf that is an array."""
    returned: dict[Node, int] = field(default_factory=dict)
    """The first place of a result among the numbers that are returned."""
    made: dict[Node, int] = field(default_factory=dict)
    """The place in the table of each result that is an array."""
    lists: dict[Node, Listed] = field(default_factory=dict)
    """The long lists of numbers that are given, by their first leaf; the places follow those of the results."""
    length: int = FIRST
    """How many arrays and lists are in the table; there begins what is the same at every call."""


class Module(NamedTuple):
    """The text of a module, and what has to be given to it."""

    text: str
    workspace: int
    """The bytes that it computes in."""
    constants: list[Any]
    """The arrays that are the same at every call, from place 1 of the table on."""


class Plan:
    """A program as instructions, with a place for all that goes in and out: it decides what the module says.

    The table has pointers to arrays; with a `layout` pointers to objects, in which these pointers are. Raises
    CompileError for what the instructions cannot say.
    """

    def __init__(self, program: Program, target: Target, layout: Layout | None) -> None:
        self._target, self._layout, self.code = target, layout, Code()
        self._listing = lowered(program)
        self._forms: dict[int, Buffer] = {}
        _enter(program, self._listing, self.code, self._forms)
        self._homes = _homes(program, self._listing, self.code)
        self._made = [prod(node.shape) for node in self.code.made]
        self._arrays = [Given(place, leaf._data.dtype.char, leaf.shape) for leaf, place in self.code.arrays.items()]
        if layout is not None:
            _list([tree for _, tree in program.arguments], self.code)

    def told(self) -> str:
        """Return all that the text of the module is made from, the printer's own text as well."""
        listing, code = self._listing, self.code
        steps = listing.code, listing.shapes, sorted(listing.single), listing.results, listing.forward
        given = self._forms, self._arrays, [*code.lists.values()], code.length
        return repr((steps, given, self._homes, self._made, code.out, self._target, self._layout, _printers()))

    def module(self) -> Module:
        """Return the program as a module of LLVM. Raises CompileError for what is not written there."""
        layout, listing, forms, homes = self._layout, self._listing, self._forms, self._homes
        lines = Lines(self._target, layout.data if layout else None)
        elements = Elements(listing, lines, {r: home for r, home in homes.items() if r not in forms})
        elements.forms.update(forms)
        elements.kinds.update({register: form.kind for register, form in forms.items()})
        Statements(elements).write(listing.code)
        for register, home in homes.items():
            if register in forms:
                # Nobody is given an array that is somebody else's.
                every = places(elements.size(register))
                elements.store(home, every, elements.tree(register, every))
        _check(elements, self.code.out, self._made, homes)
        lines.cut()
        text = _module(lines, self._target)
        if layout is not None:
            lists = [*self.code.lists.values()]
            text += entry(layout, self._arrays, lists, self.code.length, NUMBERS, OUT, FUNCTION)
        return Module(text, elements.bytes, _constants(elements))


@lru_cache(1)
def _printers() -> str:
    """Return a number for the text of all files that decide how a program is written."""
    here = Path(__file__).parent
    files = [*here.glob("llvm/*.py"), Path(__file__), *(here / name for name in ("nests.py", "uses.py"))]
    return sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()


def _list(tree: Tree, code: Code) -> None:
    """Note the lists of an argument that are long enough for machine code to read them: numbers beside each other."""
    if not isinstance(tree, CONTAINERS):
        return
    items = [*tree.values()] if isinstance(tree, dict) else [*tree]
    slots = [code.slots.get(item, -1) if isinstance(item, Node) else -1 for item in items]
    numbers = type(tree) is list and len(tree) >= MANY and slots[0] >= 0
    if numbers and slots == [*range(slots[0], slots[0] + len(slots))]:
        code.lists[items[0]] = Listed(code.length, slots[0], len(slots))
        code.length += 1
        return
    for item in items:
        _list(item, code)


def _enter(program: Program, listing: to.Listing, code: Code, forms: dict[int, Buffer]) -> None:
    """Note where each leaf is given: numbers beside each other, arrays in the table."""
    for register in listing.inputs:
        leaf = listing.nodes[register]
        if leaf.shape == ():
            code.slots[leaf] = code.numbers
            forms[register] = Buffer(NUMBERS, "double", code.numbers)
            code.numbers += 1
        else:
            code.arrays[leaf] = code.length
            forms[register] = Buffer(code.length, _kind(leaf))
            code.length += 1
    for pack in program.packs:
        slots = [code.slots.get(leaf, -1) for leaf in pack.leaves]
        if pack.captured and slots != [*range(slots[0], slots[0] + len(slots))]:
            raise CompileError("the numbers of a list are used in another way as well")


def _homes(program: Program, listing: to.Listing, code: Code) -> dict[int, Buffer]:
    """Return where each result is written: a number among numbers, and elements that are returned one by one too."""
    homes: dict[int, Buffer] = {}
    whole = {item for item in flatten(program.results) if isinstance(item, Node)}
    parts = {item.node for item in flatten(program.results) if isinstance(item, Part)}
    for node, register in zip(dict.fromkeys(nodes_in(program.results)), listing.results):
        if node in whole and node in parts:
            raise CompileError("an array is returned whole and in parts")
        if node.shape == () or node in parts:
            code.returned[node] = code.out
            homes[register] = Buffer(OUT, "double", code.out)
            code.out += prod(node.shape)
        else:
            code.made[node] = code.length
            homes[register] = Buffer(code.length, _kind(node))
            code.length += 1
    return homes


def _kind(node: Node) -> str:
    """Return the type of the numbers in an array that is given or returned."""
    return {"d": "double", "f": "float", "?": "i1"}[node._data.dtype.char]


def _check(elements: Elements, out: int, made: list[int], homes: dict[int, Buffer]) -> None:
    """Write 0 to the first number, or nan if a result is infinite or nan; `made` are the sizes of the arrays there."""
    arrays = [*zip((home for home in homes.values() if home.root != OUT), made)]
    flags = elements.reserve("double", len(arrays) + 1)
    given = [(Buffer(OUT, "double", 1), out - 1), *arrays]
    elements.kinds[-1] = "double"
    for k, (buffer, n) in enumerate(given):
        zero = Function(to.Ew(-1, "multiply", (), n), [Read(buffer, places(n)), 0.0])
        flag = flags._replace(start=flags.start + k)
        if n:
            Reduction(elements, to.Reduce(-1, "add", -1, n, 1, 0.0), zero, flag).write()
        else:
            elements.store(flag, places(1), 0.0)
    sum_ = to.Reduce(-1, "add", -1, len(given), 1, 0.0)
    Reduction(elements, sum_, Read(flags, places(len(given))), Buffer(OUT, "double", 0)).write()


def _module(lines: Lines, target: Target) -> str:
    """Return the text of a module: its functions, one that calls them in order, and what these call."""
    wide = f'"min-legal-vector-width"="{8 * target.width}" "prefer-vector-width"="{8 * target.width}"'
    texts, calls = [], []
    for k, part in enumerate(lines.parts):
        texts.append(f"define internal void @part{k}(ptr %table) #0 {{\n{part}\nret void\n}}\n")
        calls.append(f"call void @part{k}(ptr %table)")
    texts.append("\n".join([f"define void @{FUNCTION}(ptr %table) #0 {{", *calls, "ret void", "}\n"]))
    return "\n".join([*texts, *sorted(lines.declared), f"attributes #0 = {{ nounwind {wide} }}", ""])


def _constants(elements: Elements) -> list[Array]:
    import numpy

    dtypes = {"double": numpy.float64, "float": numpy.float32, "i32": numpy.int32}
    assert [*CONSTANTS.values()] == [*range(WORKSPACE + 1, NUMBERS)]
    return [numpy.concatenate([numpy.zeros(0), *elements.constants[kind]]).astype(dtypes[kind]) for kind in CONSTANTS]
