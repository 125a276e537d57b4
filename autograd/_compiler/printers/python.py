"""A recorded computation as Python source, under the names that people gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd._compiler.passes import exact, on_floats, rule_of
from autograd._compiler.program import Part, Program, nodes_in
from autograd._compiler.rules.expressions import (
    Expression,
    If,
    Let,
    Line,
    Lines,
    Return,
    called,
    changed,
    choice,
    indexed,
    literal,
    name,
    read_by,
    replaced,
)
from autograd._compiler.rules.follow import lines_of
from autograd._compiler.rules.symbols import Given, Unwritable, syntax
from autograd._compiler.rules.tidy import shorten
from autograd._core.data import is_varying, shape
from autograd._core.node import Node
from autograd._core.primitive import TABLE
from autograd._core.trees import CONTAINERS, mapped, refilled
from autograd._core.types import Array, Operand, Raw, Setting, Tree

from .arguments import head, written_or_given
from .buffers import written_over
from .floats import in_python
from .fold import folded
from .lean import RESULT, Template, filled, template_of
from .lean import rows as lean_rows
from .names import Names
from .shared import shared
from .text import Printer

SMALL = 64
"""The most numbers of an array that is written out; a larger one, or an empty one of any shape, is given."""

_WHERE = TABLE["where"]
_COUNTED = (_WHERE, TABLE["sum"])


def write(program: Program, functional: bool = False) -> str:
    """Return the source of a program. A `functional` one works on JAX's arrays alone, and writes to none.

    Else large arrays that are no longer needed are written over.
    """
    names = Names(program.names, program.adjoints)
    parameters, unpacking = head(program, names)
    parameters += [names.of(node) for node in program.captured]
    parameters += [names.of(pack.node) for pack in program.packs if pack.captured]
    body = Body(program, names, functional)
    for node in program.nodes:
        # A node that people named has its name, whatever needs one before it.
        if node in program.names:
            names.of(node)
    printer = Printer(names, functional)
    above = printer.rows(unpacking)
    forward, backward, ending = _passes(program, body, names, printer, functional)
    if program.forward < len(program.nodes):
        forward, backward = ["    # forward", *forward], ["    # backward", *backward]
    text = [f"def {program.name}({', '.join([*parameters, *program.given])}):", *above, *forward, *backward]
    text += printer.rows(ending)
    constants = printer.rows(body.constants, "")
    numpy = f"import {'jax.' * functional}numpy as np"
    imports = ["import math"] * ("math" in printer.modules) + [numpy] * ("np" in printer.modules)
    before = "\n\n".join("\n".join(block) for block in (imports, constants) if block)
    return (before + "\n\n\n" if before else "") + "\n".join(text) + "\n"


def _passes(
    program: Program, body: Body, names: Names, printer: Printer, functional: bool
) -> tuple[list[str], list[str], Lines]:
    """Return the rows of both passes, and the lines that return the results."""
    if program.on_floats and not functional:
        forward, backward, listed = lean_rows(program, [*map(body.template, program.nodes)], names, printer)
        return forward, backward, body.ending(program.results, listed)
    written = [(node, body.lines(node)) for node in program.nodes]
    if not functional:
        written = shared(written)
        written, program.written_over = written_over(written, nodes_in(program.results), body.truths, body.borrowed)
    written, listed = folded(program, written)
    ending = body.ending(program.results, listed)
    forward, backward = (
        [row for _, lines in some for row in printer.rows(lines)]
        for some in (written[: program.forward], written[program.forward :])
    )
    return forward, backward, ending


class Body:
    """Writes the operations of a program."""

    def __init__(self, program: Program, names: Names, functional: bool) -> None:
        self._program, self._names, self._functional = program, names, functional
        self.constants: Lines = []
        self._constants: dict[Any, str] = {}
        self._functions: dict[Any, str] = {}
        self.truths: set[Node] = set()
        self.borrowed: set[Node] = set()
        """Nodes that may be an input, or a view of it: as recorded, or where a rule decides otherwise."""
        self._templates: dict[Any, Template] = {}
        self._listed: dict[Node, str] = {}
        self._conditions = _conditions(program)
        """Nodes that only decide, and are counted: they may stay True and False."""

    def lines(self, node: Node) -> Lines:
        """Return the lines that compute a node."""
        assert node.op is not None
        if not self._functional and on_floats(node):
            return filled(*self.template(node), node)
        lines = self._written(node, node, [self._given(item) for item in node.inputs], arrays=True)
        if node.op.foreign or any(map(_decides, lines)) or any(self._shows(node, item) for item in node.inputs):
            self.borrowed.add(node)
        return lines

    def _shows(self, node: Node, item: object) -> bool:
        """Tell whether the array of a node may be a view of an input that is borrowed."""
        import numpy

        if not isinstance(item, Node) or item not in self.borrowed:
            return False
        return bool(numpy.may_share_memory(node._data, item._data))

    def template(self, node: Node) -> tuple[Template, list[Node]]:
        """Return the lines of an operation on floats, those of the first like it, and its arguments.

        A scalar program has many of them, and to follow a rule takes time.
        """
        assert node.op is not None
        inputs, settings, truths = node.inputs, node.settings, self.truths
        nodes = [item for item in inputs if isinstance(item, Node)]
        key: tuple[Any, ...] = node.op, len(nodes)
        if truths or settings or len(nodes) < len(inputs) or node in self._conditions:
            kinds = [(item in truths) if isinstance(item, Node) else (type(item), repr(item)) for item in inputs]
            key = node.op, *kinds, exact(settings), node in self._conditions
        found = self._templates.get(key)
        if found is None:
            numbers = iter(range(len(nodes)))
            args = [
                Given(name(next(numbers)), item in truths or 0.5) if isinstance(item, Node) else item for item in inputs
            ]
            lines = self._written(RESULT, node, args, arrays=False)
            found = self._templates[key] = template_of(lines, node in truths)
        if found.truth:
            truths.add(node)
        return found, nodes

    def _written(self, result: object, node: Node, args: list[Any], arrays: bool) -> Lines:
        assert node.op is not None
        settings = {setting: self._setting(item) for setting, item in node.settings.items()}
        try:
            lines, kind = lines_of(result, node.op.forward, args, settings, arrays)
        except Unwritable:
            return [self._call(result, node, args, settings, arrays)]
        lines = shorten([changed(line, in_python) for line in lines])
        if kind == "b" and node in self._conditions:
            self.truths.add(node)
        elif kind != "f":
            *before, last = lines
            if not isinstance(last, Let):
                before, last = lines, Let(name(result), name(result))
            lines = [*before, last._replace(value=_as_number(last, kind, arrays, node, self._functional))]
        return lines

    def _call(self, result: object, node: Node, args: list[Any], settings: dict[str, Any], arrays: bool) -> Line:
        """Return the call of a forward rule that cannot be written down. The source is given the rule from outside."""
        assert node.op is not None
        key = node.op, arrays, getattr(node._data, "dtype", float)
        if key not in self._functions:
            self._functions[key] = self._names.new(node.op.name)
            self._program.given[self._functions[key]] = rule_of(node)
        given = [(setting, self._as_given(item)) for setting, item in settings.items()]
        return Let(name(result), called("call", [name(self._functions[key]), *map(self._as_given, args)], given))

    def _as_given(self, item: Given | Setting) -> Expression:
        """Return an argument of a rule's call as an expression: given to the source, where no literal equals it."""
        if type(item) in (tuple, list):
            return Expression(type(item).__name__, tuple(map(self._as_given, item)))
        if isinstance(item, Given):
            return item.tree
        return syntax(item) if type(item) is slice else written_or_given(item, self._program, self._names)

    def _given(self, item: Operand) -> Any:
        """Return an input: a number as it is, an array or a node with its name."""
        if isinstance(item, Node):
            data = item._data != 0 if item in self.truths else item._data
            return Given(name(item), data)
        return self._constant(item) if shape(item) or hasattr(item, "dtype") else item

    def _setting(self, item: Setting) -> Any:
        """Return a setting with names in place of large arrays."""
        if type(item) in (tuple, list):
            return type(item)(self._setting(part) for part in item)
        if is_varying(item):
            return self._from_outside(item)
        # Above the function JAX knows a mask as it is, as which alone it is an index.
        return self._constant(item) if shape(item) and (self._functional or not 0 < item.size <= 8) else item

    def _constant(self, data: Raw) -> Given:
        """Return an array that is the same at every call. It is written above the function, or given to it if large."""
        key = data.shape, data.dtype.str, data.tobytes()
        if key not in self._constants:
            text = self._names.new("c1")
            # Both stand at the top of the source.
            text = self._constants[key] = self._names.new("c1") if text == self._program.name else text
            # In another order in memory, a product ends in other digits.
            if 0 < data.size <= SMALL and data.flags.c_contiguous:
                dtype = [("dtype", literal(data.dtype.name))] * (data.dtype.name not in ("float64", "int64", "bool"))
                self.constants.append(Let(name(text), called("array", [syntax(data.tolist())], dtype, "array")))
            else:
                self._program.given[text] = data
        return Given(name(self._constants[key]), data)

    def _from_outside(self, data: Array) -> Given:
        """Return an array that is given to the function at every call."""
        if id(data) not in self._constants:
            self._constants[id(data)] = self._names.new("c1")
            self._program.given[self._constants[id(data)]] = data
        return Given(name(self._constants[id(data)]), data)

    def ending(self, tree: Tree, listed: Mapping[Node, Expression]) -> Lines:
        """Return the lines that return the results; arrays that the caller, or another result, has are copied.

        Those in `listed`, which have no line, stand there. A functional program returns the nodes among the results
        alone, each once.
        """

        def found(tree: Expression) -> Expression | None:
            return listed.get(tree.what) if tree.kind == "name" else None

        lines: Lines = []
        if self._functional:
            result = Expression("tuple", tuple(map(name, dict.fromkeys(nodes_in(tree)))))
        else:
            inputs = nodes_in([tree for _, tree in self._program.arguments])
            others = [node._data for node in [*self._program.captured, *inputs]]
            result = self._result(tree, others, lines)
        return [*lines, Return(replaced(result, found))]

    def _result(self, tree: Tree, others: list[Any], lines: Lines) -> Expression:
        if isinstance(tree, CONTAINERS) and type(tree) not in CONTAINERS:
            return self._of_its_class(tree, others, lines)
        if isinstance(tree, dict):
            pairs = [
                (written_or_given(key, self._program, self._names), self._result(item, others, lines))
                for key, item in tree.items()
            ]
            return Expression("dict", tuple([part for pair in pairs for part in pair]))
        if isinstance(tree, (list, tuple)):
            if isinstance(tree, list) and _whole(tree):
                return called("method", [self._given(tree[0].node).tree], what="tolist")
            return Expression(type(tree).__name__, tuple([self._result(item, others, lines) for item in tree]))
        if isinstance(tree, Part):
            return self._part(tree, lines)
        if hasattr(tree, "dtype") and not isinstance(tree, Node) and type(tree).__name__ != "ndarray":
            # A number of NumPy's.
            return syntax(tree.item())
        if not isinstance(tree, Node) and not hasattr(tree, "dtype"):
            return written_or_given(tree, self._program, self._names)
        data = tree._data if isinstance(tree, Node) else tree
        given = self._as_given(self._given(tree))
        if shape(data) or hasattr(data, "dtype"):
            import numpy

            shared = not isinstance(tree, Node) or tree in self.borrowed
            shared = shared or any(numpy.may_share_memory(data, other) for other in others)
            others.append(data)
            if shared:
                return called("method", [given], what="copy")
        return given

    def _of_its_class(self, tree: Tree, others: list[Any], lines: Lines) -> Expression:
        """Return the call that makes a list, tuple or dict of another class, such as a NamedTuple."""
        like = mapped(lambda item: None, tree)
        text = self._names.new(type(tree).__name__)
        if isinstance(tree, dict):
            self._program.given[text] = lambda made: refilled(like, list(made.values()))
            parts = [self._result(dict(tree), others, lines)]
        else:
            self._program.given[text] = lambda *made: refilled(like, list(made))
            parts = [self._result(item, others, lines) for item in tree]
        return called("call", [name(text), *parts])

    def _part(self, part: Part, lines: Lines) -> Expression:
        """Return one element of an array: of a list of them, if there are many numbers."""
        if not isinstance(part.node, Node):
            return syntax(part.node[part.place].item() if part.node.ndim == 1 else part.node[part.place])
        if part.node not in self._listed:
            self._listed[part.node] = self._names.new(f"{self._names.of(part.node)}_list")
            copied = called("method", [name(part.node)], what="tolist" if len(part.node.shape) == 1 else "copy")
            lines.append(Let(name(self._listed[part.node]), copied))
        return indexed(name(self._listed[part.node]), literal(part.place))


def _as_number(line: Let, kind: str, arrays: bool, node: Node, functional: bool) -> Expression:
    """Return truths or integers as the numbers that they count as: an array for JAX, which traces no float()."""
    import numpy

    dtype = getattr(node._data, "dtype", numpy.dtype(float) if functional else None)
    if arrays and dtype is not None:
        # An operator gives Python's own True where both sides are floats.
        if shape(line.data):
            return called("method", [line.value, literal(dtype.name)], what="astype")
        return called("array", [line.value, literal(dtype.name)], what="asarray")
    if arrays or kind == "i":
        return called("call", [name("float"), line.value])
    return choice(line.value, literal(1.0), literal(0.0))


def _conditions(program: Program) -> set[Node]:
    """Return the nodes that are nothing but conditions, or what is counted."""
    deciding = [(node, 1 if node.op is _WHERE else len(node.inputs)) for node in program.nodes if node.op in _COUNTED]
    found = {item for node, n in deciding for item in node.inputs[:n] if isinstance(item, Node)}
    if found:
        decides = dict(deciding)
        others = (item for node in program.nodes for item in node.inputs[decides.get(node, 0) :])
        found.difference_update([item for item in others if isinstance(item, Node)], nodes_in(program.results))
    return found


def _decides(line: Line) -> bool:
    return isinstance(line, If) or any(tree.kind == "choice" for tree in read_by(line))


def _whole(tree: list[Any]) -> bool:
    """Tell whether a list has all elements of one computed vector, in their order."""
    return (
        bool(tree)
        and all(isinstance(item, Part) and isinstance(item.node, Node) for item in tree)
        and all(item.node is tree[0].node and item.place == k for k, item in enumerate(tree))
        and tree[0].node.shape == (len(tree),)
    )
