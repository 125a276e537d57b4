"""The head of a source: its parameters, and how structures of them are taken apart."""

from __future__ import annotations

import ast
import re
from typing import Any

from autograd._compiler.passes import exact
from autograd._compiler.program import Program, nodes_in
from autograd._compiler.rules.symbols import Unwritable, syntax
from autograd._compiler.rules.tidy import Lines, assign
from autograd._core.node import Node

from .names import Names


def head(program: Program, names: Names) -> tuple[list[str], Lines]:
    """Return the parameters that are arguments, and the lines that give what is inside them its names."""
    parameters: list[str] = []
    lines: Lines = []
    used = {item for node in program.nodes for item in node.inputs if isinstance(item, Node)}
    used.update(nodes_in(program.results))
    whole: dict[Node, tuple[str, Any]] = {}
    for name, tree in program.arguments:
        leaves = nodes_in(tree)
        same = (p for p in program.packs if list(map(id, p.leaves)) == list(map(id, leaves)))
        pack = next(same, None) if leaves and not isinstance(tree, Node) else None
        if isinstance(tree, Node):
            names.wanted[tree] = name
            parameters.append(names.of(tree))
        elif pack is not None and _rectangular(tree) and used.isdisjoint(leaves):
            names.wanted[pack.node] = name
            parameters.append(names.of(pack.node))
            whole[pack.node] = parameters[-1], tree
        else:
            parameters.append(names.new(name))
            packed = {leaf for pack in program.packs for leaf in pack.leaves}
            if not used.union(packed).isdisjoint(leaves):
                lines += _unpacking(ast.Name(parameters[-1], ast.Load()), name, tree, names, program)
    for pack in program.packs:
        if pack.node in whole:
            name, tree = whole[pack.node]
            flat = ".reshape(-1)" if isinstance(tree[0], (list, tuple)) else ""
            lines.append(f"{name} = np.array({name}){flat}")
        elif not pack.captured:
            inside = ", ".join(names.of(leaf) for leaf in pack.leaves)
            lines.append(f"{names.of(pack.node)} = np.array([{inside}])")
    return parameters, lines


def _rectangular(tree: Any) -> bool:
    """Tell whether a structure is a list of leaves, or of lists of equally many."""
    if not isinstance(tree, (list, tuple)):
        return False
    if all(isinstance(item, Node) for item in tree):
        return True
    rows = [item for item in tree if isinstance(item, (list, tuple)) and all(isinstance(part, Node) for part in item)]
    return len(rows) == len(tree) and len(set(map(len, rows))) == 1


def _unpacking(given: ast.expr, name: str, tree: Any, names: Names, program: Program) -> Lines:
    """Return the lines that give the leaves of a structure their names."""
    if not isinstance(tree, (list, tuple, dict)) or not tree:
        return []
    if isinstance(tree, dict) or any(map(_has_dict, tree)):
        lines: Lines = []
        items: Any = list(tree.items() if isinstance(tree, dict) else enumerate(tree))
        for key, item in items:
            part = ast.Subscript(given, written_or_given(key, program, names), ast.Load())
            wish = str(key) if isinstance(tree, dict) else f"{name}_{key}"
            if isinstance(item, Node):
                names.wanted.setdefault(item, wish)
                lines.append(assign(names.of(item), part))
            else:
                lines += _unpacking(part, wish, item, names, program)
        return lines
    return [ast.Assign([_target(name, tree, names)], given, lineno=0)]


def _has_dict(tree: Any) -> bool:
    return isinstance(tree, dict) or (isinstance(tree, (list, tuple)) and any(map(_has_dict, tree)))


def _target(name: str, tree: Any, names: Names) -> ast.expr:
    if isinstance(tree, Node):
        names.wanted.setdefault(tree, name)
        return ast.Name(names.of(tree), ast.Store())
    if isinstance(tree, (list, tuple)):
        return ast.Tuple([_target(f"{name}_{k}", item, names) for k, item in enumerate(tree)], ast.Store())
    return ast.Name("_", ast.Store())


def written_or_given(item: Any, program: Program, names: Names) -> ast.expr:
    """Return the syntax of a constant of Python's own types; one of another class is given to the source.

    Its class may write it as it likes, even as what runs when it is read.
    """
    try:
        tree = syntax(item)
        if type(item) is float or exact(ast.literal_eval(ast.unparse(tree))) == exact(item):
            return tree
    except (Unwritable, ValueError):
        pass
    name = next((name for name, other in program.given.items() if other is item), None)
    if name is None:
        name = names.new(re.sub(r"\W", "", type(item).__name__).lower())
        program.given[name] = item
    return ast.Name(name, ast.Load())
