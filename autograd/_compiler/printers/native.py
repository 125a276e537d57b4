"""A program in LLVM's language: the instructions of it, written for vectors, without anything for a pass to improve."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

from autograd._compiler.lower import instructions as to
from autograd._compiler.lower.lower import lowered
from autograd._compiler.program import Part, Program, nodes_in
from autograd._core.node import Node
from autograd._core.tracing import CompileError
from autograd._core.trees import flatten
from autograd._core.types import Array

from .llvm.elements import Elements
from .llvm.forms import CONSTANTS, WORKSPACE, Buffer, Function, Read, places
from .llvm.lines import Lines
from .llvm.reductions import Reduction
from .llvm.statements import Statements
from .llvm.target import Target

NUMBERS, OUT, FIRST = 4, 5, 6
"""The arrays of all numbers that are given, and of all that are returned; those after them are given and returned."""

FUNCTION = "program"
"""The name of the function."""


@dataclass
class Code:
    """A program as a module of LLVM, and what its arrays hold. The first number that is returned is 0, or else nan."""

    text: str = ""
    numbers: int = 0
    """How many numbers are given."""
    out: int = 1
    """How many numbers are returned."""
    workspace: int = 0
    """The bytes that it computes in."""
    slots: dict[Node, int] = field(default_factory=dict)
    """The place of each leaf among the numbers that are given."""
    arrays: dict[Node, int] = field(default_factory=dict)
    """The place in the table of each leaf that is an array."""
    returned: dict[Node, int] = field(default_factory=dict)
    """The first place of a result among the numbers that are returned."""
    made: dict[Node, int] = field(default_factory=dict)
    """The place in the table of each result that is an array."""
    constants: list[Any] = field(default_factory=list)
    """The arrays that are the same at every call, from place 1 of the table on."""
    length: int = 0
    """How many arrays are in the table."""


def write(program: Program, target: Target, offset: int | None) -> Code:
    """Return a program as a module of LLVM.

    The table has pointers to arrays; with an `offset` pointers to objects, that have these pointers so many bytes after
    their beginning. Raises CompileError for what the instructions cannot say.
    """
    listing = lowered(program)
    code = Code()
    forms: dict[int, Buffer] = {}
    _enter(program, listing, code, forms)
    homes = _homes(program, listing, code)
    lines = Lines(target, offset)
    elements = Elements(listing, lines, {r: home for r, home in homes.items() if r not in forms})
    elements.forms.update(forms)
    elements.kinds.update({register: form.kind for register, form in forms.items()})
    Statements(elements).write(listing.code)
    for register, home in homes.items():
        if register in forms:
            # Nobody is given an array that is somebody else's.
            every = places(elements.size(register))
            elements.store(home, every, elements.tree(register, every))
    _check(elements, code, homes)
    lines.cut()
    code.text, code.workspace = _module(lines, target), elements.bytes
    code.constants = _constants(elements)
    return code


def _enter(program: Program, listing: to.Listing, code: Code, forms: dict[int, Buffer]) -> None:
    """Note where each leaf is given: numbers beside each other, arrays in the table."""
    code.length = FIRST
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


def _check(elements: Elements, code: Code, homes: dict[int, Buffer]) -> None:
    """Write 0 to the first number, or nan if a result is infinite or nan."""
    arrays = [(home, prod(node.shape)) for node, home in zip(code.made, (h for h in homes.values() if h.root != OUT))]
    flags = elements.reserve("double", len(arrays) + 1)
    given = [(Buffer(OUT, "double", 1), code.out - 1), *arrays]
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
