"""A recorded computation as JavaScript, under the names that people gave: the instructions of its program, written.

A number is a number, an array a Float64Array of its elements, row by row; truths are 1 and 0.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from autograd._compiler.lower.lower import lowered
from autograd._compiler.program import Part, Program, nodes_in
from autograd._core.data import shape
from autograd._core.node import Node
from autograd._core.tracing import CompileError
from autograd._core.types import Item, Tree
from autograd.files import brief

from .js.elements import Elements, Named
from .js.helpers import HELPERS, helpers_in
from .js.scalars import as_number, number
from .js.statements import Statements
from .names import Names

RESERVED = frozenset({
    "abstract", "arguments", "async", "await", "boolean", "break", "byte", "case", "catch", "char", "class", "const",
    "continue", "debugger", "default", "delete", "do", "double", "else", "enum", "eval", "export", "extends", "false",
    "final", "finally", "float", "for", "function", "goto", "if", "implements", "import", "in", "instanceof", "int",
    "interface", "let", "long", "native", "new", "null", "package", "private", "protected", "public", "return", "short",
    "static", "super", "switch", "synchronized", "this", "throw", "throws", "transient", "true", "try", "typeof",
    "undefined", "var", "void", "volatile", "while", "with", "yield", "Math", "Number", "Float64Array", "Int32Array",
    "Object", "Infinity", "NaN", "s", *HELPERS,
})  # fmt: skip
"""Names that the source uses for other things, or that JavaScript keeps to itself."""

LOOPS = ("i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "u", "v")
"""The variables of loops, from the outermost, but for those that people use."""


class Function(NamedTuple):
    """A function of JavaScript: its text from the parameters on, and what must stand before it."""

    name: str
    text: str
    helpers: list[str]
    constants: list[str]


def write(program: Program) -> str:
    """Return the source of a program as one function of JavaScript, and above it what it needs.

    Raises CompileError for what the instructions, or JavaScript, cannot say.
    """
    function = printed(program)
    above = [*function.helpers, *function.constants]
    return "\n".join([*above, *[""] * bool(above), f"function {function.name}{function.text}"]) + "\n"


def printed(program: Program) -> Function:
    """Return a program as a function, in parts; raise CompileError as `write` does."""
    listing = lowered(program)
    wished = {*program.names.values(), *(argument for argument, _ in program.arguments)}
    free = [name for name in (*LOOPS, *(f"i{k}" for k in range(2, 20))) if name not in wished]
    names = Names(program.names, program.adjoints, RESERVED.union(free))
    heads, unpacking = _Head(program, names).written()
    for node in program.nodes:
        # A node that people named has its name, whatever needs one before it.
        if node in program.names:
            names.of(node)
    registers = {node: register for register, node in listing.nodes.items()}
    # A gradient is named after its two nodes.
    named = {*program.names, *program.adjoints, *(node for node in nodes_in(program.results) if node.shape)}
    named.update(node for pair in program.adjoints.values() for node in pair)
    kept = {registers[node] for node in named if node in registers}

    def name(register: int) -> str:
        return names.of(listing.nodes[register]) if register in listing.nodes else names.new("t1")

    elements = Elements(listing, kept, name, names.new, free)
    for register in listing.inputs:
        elements.forms[register] = Named(names.of(listing.nodes[register]))
    statements = Statements(elements)
    forward = statements.write(listing.code[: listing.forward])
    backward = statements.write(listing.code[listing.forward :])
    ending, after = _results(program, elements, registers, names)
    if backward:
        forward, backward = ["  // forward", *forward], ["  // backward", *backward]
    lines = [f"({', '.join(heads)}) {{", *(f"  {line}" for line in unpacking), *forward, *backward]
    text = "\n".join([*lines, *after, f"  return {ending};", "}"])
    above = [*(line for _, line in elements.constants.values()), *elements.buffers]
    return Function(names.new(program.name), text, helpers_in(text), above)


class _Head:
    """The parameters, and how structures of them are taken apart."""

    def __init__(self, program: Program, names: Names) -> None:
        self._program, self._names = program, names
        self._lines: list[str] = []

    def written(self) -> tuple[list[str], list[str]]:
        """Return the parameters, and the lines that name the numbers inside them."""
        program, names = self._program, self._names
        parameters = []
        for argument, tree in program.arguments:
            if isinstance(tree, Node):
                names.wanted[tree] = argument
                parameters.append(names.of(tree))
            else:
                parameters.append(names.new(argument))
                self._unpack(parameters[-1], argument, tree)
        parameters += [names.of(node) for node in program.captured]
        for pack in program.packs:
            if pack.captured:
                names.wanted[pack.node] = pack.name
        # The numbers of a captured pack are parameters as well, one array of them.
        for pack in program.packs:
            if pack.captured:
                parameters.append(names.new(pack.name))
                self._lines.append(f"const [{', '.join(names.of(leaf) for leaf in pack.leaves)}] = {parameters[-1]};")
        return parameters, self._lines

    def _unpack(self, given: str, wish: str, tree: Tree) -> None:
        if not isinstance(tree, (list, tuple, dict)) or not tree:
            return
        self._lines.append(f"const {self._target(wish, tree)} = {given};")

    def _target(self, wish: str, tree: Tree) -> str:
        """Return a structure as JavaScript takes it apart; nothing for what is no number."""
        if isinstance(tree, Node):
            self._names.wanted.setdefault(tree, wish)
            return self._names.of(tree)
        if isinstance(tree, dict):
            parts = [(key, self._target(text, item)) for (key, text), item in zip(_keys(tree), tree.values())]
            return f"{{{', '.join(f'{key}: {part}' for key, part in parts if part)}}}"
        if isinstance(tree, (list, tuple)):
            return f"[{', '.join(self._target(f'{wish}_{k}', item) for k, item in enumerate(tree))}]"
        return ""


def _keys(tree: dict[Any, Any]) -> list[tuple[str, str]]:
    """Return the keys of a dict as JavaScript writes them, and as texts; raise CompileError if two are the same."""
    texts = [str(key) for key in tree]
    if len({*texts}) < len(texts):
        raise CompileError(f"the keys {brief(list(tree))} are not all different in JavaScript, where each is a text")
    # A computed key is one like all others, whatever its name.
    return [(f"[{json.dumps(text)}]" if text == "__proto__" else json.dumps(text), text) for text in texts]


def _results(program: Program, elements: Elements, registers: dict[Node, int], names: Names) -> tuple[str, list[str]]:
    """Return the results in their structure, and the lines that compute those which still wait."""
    inputs = [*nodes_in([tree for _, tree in program.arguments]), *program.captured]
    # An array that the caller, or another result, has is copied.
    taken = {*elements.shared, *(name for name, _ in elements.constants.values()), *map(names.of, inputs)}
    elements.lines = []

    def text(tree: Tree) -> str:
        if isinstance(tree, dict):
            parts = [f"{key}: {text(item)}" for (key, _), item in zip(_keys(tree), tree.values())]
            return f"{{{', '.join(parts)}}}"
        if isinstance(tree, (list, tuple)):
            return f"[{', '.join(map(text, tree))}]"
        if isinstance(tree, Part):
            return f"{elements.array(registers[tree.node])}[{tree.place}]"
        if not isinstance(tree, Node):
            return _constant(tree)
        if tree.shape == ():
            return as_number(elements.text(registers[tree])).text
        name = elements.array(registers[tree])
        copied = name in taken
        taken.add(name)
        return f"{name}.slice()" if copied else name

    return text(program.results), elements.lines


def _constant(item: Item) -> str:
    """Return a result that is the same at every call."""
    if item is None or type(item) in (bool, str):
        return json.dumps(item)
    if shape(item):
        return f"Float64Array.of({', '.join(number(float(x)).text for x in item.reshape(-1).tolist())})"
    if isinstance(item, (int, float)) or hasattr(item, "dtype"):
        return number(float(item)).text
    raise CompileError(f"JavaScript has nothing for a result {brief(item)} of type {type(item).__name__}")
