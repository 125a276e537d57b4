"""A recorded computation as Python source: one operation a line, under the names that people gave."""

from __future__ import annotations

import ast
import re
from typing import Any

from autograd._compiler.passes import exact, on_floats, rule_of
from autograd._compiler.program import Part, Program, nodes_in
from autograd._compiler.rules.follow import lines_of
from autograd._compiler.rules.symbols import Given, Unwritable, syntax
from autograd._compiler.rules.tidy import Lines, assign
from autograd._core.data import is_varying, shape
from autograd._core.node import Node
from autograd._core.primitive import TABLE
from autograd._core.trees import CONTAINERS, mapped, refilled

from .arguments import head, written_or_given
from .buffers import written_over
from .names import Names

SMALL = 64
"""An array of so many numbers is written out; a larger one, or an empty one of any shape, is given."""

_WHERE = TABLE["where"]


def write(program: Program, functional: bool = False) -> str:
    """Return the source of a program; a `functional` one works on JAX's arrays alone, and writes to none of them.

    Else large arrays that are no longer needed are written over.
    """
    names = Names(program.names, program.adjoints)
    parameters, unpacking = head(program, names)
    parameters += [names.of(node) for node in program.captured]
    parameters += [names.of(pack.node) for pack in program.packs if pack.captured]
    body = Body(program, names, functional)
    written = [(node, body.lines(node)) for node in program.nodes]
    if not functional:
        written = written_over(written, nodes_in(program.results), body.truths, names.of)
    ending = body.ending(program.results)

    text = [f"def {program.name}({', '.join([*parameters, *program.given])}):", *indented(unpacking)]
    for part, some in (("forward", written[: program.forward]), ("backward", written[program.forward :])):
        if program.forward < len(written):
            text.append(f"    # {part}")
        for _, lines in some:
            text += indented(lines)
    text += indented(ending)
    constants = indented(body.constants, "")
    whole = "\n".join([*constants, *text])
    modules = [("math.", "import math"), ("np.", f"import {'jax.' * functional}numpy as np")]
    imports = [line for used, line in modules if re.search(rf"\b{re.escape(used)}", whole)]
    above = "\n\n".join("\n".join(block) for block in (imports, constants) if block)
    return (above + "\n\n\n" if above else "") + "\n".join(text) + "\n"


def indented(lines: Lines, indent: str = "    ") -> list[str]:
    """Return the text of lines, row by row."""
    texts = (line if isinstance(line, str) else ast.unparse(ast.fix_missing_locations(line)) for line in lines)
    return [indent + row for text in texts for row in text.splitlines()]


class Body:
    """Writes the operations of a program."""

    def __init__(self, program: Program, names: Names, functional: bool) -> None:
        self._program, self._names, self._functional = program, names, functional
        self.constants: Lines = []
        self._constants: dict[Any, str] = {}
        self._functions: dict[Any, str] = {}
        self.truths: set[Node] = set()
        self._templates: dict[Any, tuple[str, bool]] = {}
        self._listed: dict[Node, str] = {}
        users: dict[Node, list[bool]] = {}
        for node in program.nodes:
            for position, item in enumerate(node.inputs):
                if isinstance(item, Node):
                    users.setdefault(item, []).append(node.op is _WHERE and position == 0)
        results = set(nodes_in(program.results))
        self._conditions = {node for node, uses in users.items() if all(uses) and node not in results}
        """Nodes that only decide: they may stay True and False."""

    def lines(self, node: Node) -> Lines:
        """Return the lines that compute a node."""
        assert node.op is not None
        name, arrays = self._names.of(node), self._functional or not on_floats(node)
        if not arrays:
            return self.from_template(name, node)
        return self._written(name, node, [self._given(item) for item in node.inputs], arrays)

    def from_template(self, name: str, node: Node) -> Lines:
        """Return the lines of an operation on floats: those of the first like it, with other names.

        A scalar program has many of them, and to follow a rule takes time.
        """
        nodes = [item for item in node.inputs if isinstance(item, Node)]
        kinds = tuple(
            (item in self.truths) if isinstance(item, Node) else (type(item), repr(item)) for item in node.inputs
        )
        key = (node.op, kinds, exact(node.settings), node in self._conditions)
        if key not in self._templates:
            numbers = iter(range(len(nodes)))
            args = [
                Given(ast.Name(f"ARGUMENT{next(numbers)}_", ast.Load()), item in self.truths or 0.5)
                if isinstance(item, Node)
                else item
                for item in node.inputs
            ]
            lines = self._written("RESULT_", node, args, arrays=False)
            self._templates[key] = "\n".join(indented(lines, "")), node in self.truths
        text, truth = self._templates[key]
        if truth:
            self.truths.add(node)
        names = {f"ARGUMENT{k}_": self._names.of(item) for k, item in enumerate(nodes)} | {"RESULT_": name}
        return [re.sub(r"ARGUMENT\d+_|RESULT_", lambda found: names[found.group()], text)]

    def _written(self, name: str, node: Node, args: list[Any], arrays: bool) -> Lines:
        assert node.op is not None
        settings = {setting: self._setting(item) for setting, item in node.settings.items()}
        try:
            lines, kind = lines_of(name, node.op.forward, args, settings, arrays, self._functional)
        except Unwritable:
            return [self._call(name, node, args, settings, arrays)]
        if kind == "b" and node in self._conditions:
            self.truths.add(node)
        elif kind != "f":
            if not isinstance(lines[-1], ast.Assign):
                lines.append(assign(name, ast.Name(name, ast.Load())))
            last = lines[-1]
            if arrays:
                method = ast.Attribute(last.value, "astype", ast.Load())
                dtype = getattr(node._data, "dtype", None)
                last.value = ast.Call(method, [ast.Constant(dtype.name if dtype else "float64")], [])
            elif kind == "i":
                last.value = ast.Call(ast.Name("float", ast.Load()), [last.value], [])
            else:
                last.value = ast.IfExp(last.value, ast.Constant(1.0), ast.Constant(0.0))
        return lines

    def _call(self, name: str, node: Node, args: list[Any], settings: dict[str, Any], arrays: bool) -> ast.Assign:
        """Return the call of a forward rule that cannot be written down: it is given to the source from outside."""
        assert node.op is not None
        key = node.op, arrays, getattr(node._data, "dtype", float)
        if key not in self._functions:
            self._functions[key] = self._names.new(node.op.name)
            self._program.given[self._functions[key]] = rule_of(node)
        function = self._functions[key]
        given = [ast.keyword(setting, self._as_given(item)) for setting, item in settings.items()]
        return assign(name, ast.Call(ast.Name(function, ast.Load()), [*map(self._as_given, args)], given))

    def _as_given(self, item: Any) -> ast.expr:
        """Return the syntax of what a rule is called with: itself, where no literal is equal to it."""
        if type(item) in (tuple, list):
            made = ast.Tuple if type(item) is tuple else ast.List
            return made([*map(self._as_given, item)], ast.Load())
        if isinstance(item, Given):
            return item.tree
        return syntax(item) if type(item) is slice else written_or_given(item, self._program, self._names)

    def _given(self, item: Any) -> Any:
        """Return an input: a number as it is, all else with its name."""
        if isinstance(item, Node):
            data = item._data != 0 if item in self.truths else item._data
            return Given(ast.Name(self._names.of(item), ast.Load()), data)
        return self._constant(item) if shape(item) or hasattr(item, "dtype") else item

    def _setting(self, item: Any) -> Any:
        """Return a setting, in which large arrays have names."""
        if type(item) in (tuple, list):
            return type(item)(self._setting(part) for part in item)
        if is_varying(item):
            return self._from_outside(item)
        # Above the function JAX knows a mask as it is, as which alone it is an index.
        return self._constant(item) if shape(item) and (self._functional or not 0 < item.size <= 8) else item

    def _constant(self, data: Any) -> Given:
        """Return an array that is the same at every call: written out above the function, or given to it if large."""
        key = data.shape, data.dtype.str, data.tobytes()
        if key not in self._constants:
            name = self._names.new("c1")
            # Both stand at the top of the source.
            name = self._constants[key] = self._names.new("c1") if name == self._program.name else name
            if 0 < data.size <= SMALL:
                tree: Any = syntax(data)
                if data.dtype.name not in ("float64", "int64", "bool"):
                    tree.keywords = [ast.keyword("dtype", ast.Constant(data.dtype.name))]
                self.constants.append(assign(name, tree))
            else:
                self._program.given[name] = data
        return Given(ast.Name(self._constants[key], ast.Load()), data)

    def _from_outside(self, data: Any) -> Given:
        """Return an array that is given to the function at every call."""
        if id(data) not in self._constants:
            name = self._constants[id(data)] = self._names.new("c1")
            self._program.given[name] = data
        return Given(ast.Name(self._constants[id(data)], ast.Load()), data)

    def ending(self, tree: Any) -> Lines:
        """Return the lines that return the results; arrays that the caller, or another result, has are copied.

        A functional program returns the nodes among them alone, each once.
        """
        if self._functional:
            nodes: list[ast.expr] = [ast.Name(self._names.of(n), ast.Load()) for n in dict.fromkeys(nodes_in(tree))]
            return [ast.Return(ast.Tuple(nodes, ast.Load()))]
        inputs = nodes_in([tree for _, tree in self._program.arguments])
        others = [node._data for node in [*self._program.captured, *inputs]]
        lines: Lines = []
        result = self._result(tree, others, lines)
        return [*lines, ast.Return(result)]

    def _result(self, tree: Any, others: list[Any], lines: Lines) -> ast.expr:
        if isinstance(tree, CONTAINERS) and type(tree) not in CONTAINERS:
            return self._of_its_class(tree, others, lines)
        if isinstance(tree, dict):
            keys: list[ast.expr | None] = [written_or_given(key, self._program, self._names) for key in tree]
            return ast.Dict(keys, [self._result(item, others, lines) for item in tree.values()])
        if isinstance(tree, (list, tuple)):
            if isinstance(tree, list) and _whole(tree):
                return ast.Call(ast.Attribute(self._given(tree[0].node).tree, "tolist", ast.Load()), [], [])
            made = ast.List if isinstance(tree, list) else ast.Tuple
            return made([self._result(item, others, lines) for item in tree], ast.Load())
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

            shared = not isinstance(tree, Node) or any(numpy.may_share_memory(data, other) for other in others)
            others.append(data)
            if shared:
                return ast.Call(ast.Attribute(given, "copy", ast.Load()), [], [])
        return given

    def _of_its_class(self, tree: Any, others: list[Any], lines: Lines) -> ast.expr:
        """Return the call that makes a list, tuple or dict of another class, such as a NamedTuple."""
        like = mapped(lambda item: None, tree)
        name = self._names.new(type(tree).__name__)
        if isinstance(tree, dict):
            self._program.given[name] = lambda made: refilled(like, list(made.values()))
            parts = [self._result(dict(tree), others, lines)]
        else:
            self._program.given[name] = lambda *made: refilled(like, list(made))
            parts = [self._result(item, others, lines) for item in tree]
        return ast.Call(ast.Name(name, ast.Load()), parts, [])

    def _part(self, part: Part, lines: Lines) -> ast.expr:
        """Return one element of an array: of a list of them, if there are many numbers."""
        if not isinstance(part.node, Node):
            return syntax(part.node[part.place].item() if part.node.ndim == 1 else part.node[part.place])
        if part.node not in self._listed:
            self._listed[part.node] = self._names.new(f"{self._names.of(part.node)}_list")
            name, method = self._listed[part.node], "tolist()" if len(part.node.shape) == 1 else "copy()"
            lines.append(f"{name} = {self._names.of(part.node)}.{method}")
        listed = ast.Name(self._listed[part.node], ast.Load())
        return ast.Subscript(listed, ast.Constant(part.place), ast.Load())


def _whole(tree: list[Any]) -> bool:
    """Tell whether a list has all elements of one computed vector, in their order."""
    return (
        bool(tree)
        and all(isinstance(item, Part) and isinstance(item.node, Node) for item in tree)
        and all(item.node is tree[0].node and item.place == k for k, item in enumerate(tree))
        and tree[0].node.shape == (len(tree),)
    )
