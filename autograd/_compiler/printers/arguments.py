"""The head of a source: its parameters, and how structures of them are taken apart."""

from __future__ import annotations

import re
from typing import Any

from autograd._compiler.program import Program, nodes_in
from autograd._compiler.rules.expressions import Expression, Let, Lines, called, indexed, name
from autograd._compiler.rules.symbols import is_plain, syntax
from autograd._core.node import Node
from autograd._core.types import Tree

from .names import Names


def head(program: Program, names: Names) -> tuple[list[str], Lines]:
    """Return the parameters that are arguments, and the lines that name the leaves inside them."""
    parameters: list[str] = []
    lines: Lines = []
    used = {item for node in program.nodes for item in node.inputs if isinstance(item, Node)}
    used.update(nodes_in(program.results))
    whole: dict[Node, tuple[str, Any]] = {}
    for argument, tree in program.arguments:
        leaves = nodes_in(tree)
        same = (p for p in program.packs if list(map(id, p.leaves)) == list(map(id, leaves)))
        pack = next(same, None) if leaves and not isinstance(tree, Node) else None
        if isinstance(tree, Node):
            names.wanted[tree] = argument
            parameters.append(names.of(tree))
        elif pack is not None and _rectangular(tree) and used.isdisjoint(leaves):
            names.wanted[pack.node] = argument
            parameters.append(names.of(pack.node))
            whole[pack.node] = parameters[-1], tree
        else:
            parameters.append(names.new(argument))
            packed = {leaf for pack in program.packs for leaf in pack.leaves}
            if not used.union(packed).isdisjoint(leaves):
                lines += _unpacking(name(parameters[-1]), argument, tree, names, program)
    for pack in program.packs:
        if pack.node in whole:
            argument, tree = whole[pack.node]
            made = _array(name(argument))
            flat = called("method", [made, syntax(-1)], what="reshape") if isinstance(tree[0], (list, tuple)) else made
            lines.append(Let(name(argument), flat))
        elif not pack.captured:
            inside = Expression("list", tuple(map(name, pack.leaves)))
            lines.append(Let(name(pack.node), _array(inside)))
    return parameters, lines


def _array(tree: Expression) -> Expression:
    return called("array", [tree], what="array")


def _rectangular(tree: Tree) -> bool:
    """Tell whether a structure is a list of leaves, or of lists of equally many."""
    if not isinstance(tree, (list, tuple)):
        return False
    if all(isinstance(item, Node) for item in tree):
        return True
    rows = [item for item in tree if isinstance(item, (list, tuple)) and all(isinstance(part, Node) for part in item)]
    return len(rows) == len(tree) and len(set(map(len, rows))) == 1


def _unpacking(given: Expression, wish: str, tree: Tree, names: Names, program: Program) -> Lines:
    """Return the lines that give the leaves of a structure their names."""
    if not isinstance(tree, (list, tuple, dict)) or not tree:
        return []
    if isinstance(tree, dict) or any(map(_has_dict, tree)):
        lines: Lines = []
        items: Any = list(tree.items() if isinstance(tree, dict) else enumerate(tree))
        for key, item in items:
            part = indexed(given, written_or_given(key, program, names))
            inner = str(key) if isinstance(tree, dict) else f"{wish}_{key}"
            if isinstance(item, Node):
                names.wanted.setdefault(item, inner)
                lines.append(Let(name(item), part))
            else:
                lines += _unpacking(part, inner, item, names, program)
        return lines
    return [Let(_target(wish, tree, names), given)]


def _has_dict(tree: Tree) -> bool:
    return isinstance(tree, dict) or (isinstance(tree, (list, tuple)) and any(map(_has_dict, tree)))


def _target(wish: str, tree: Tree, names: Names) -> Expression:
    if isinstance(tree, Node):
        names.wanted.setdefault(tree, wish)
        return name(tree)
    if isinstance(tree, (list, tuple)):
        return Expression("tuple", tuple([_target(f"{wish}_{k}", item, names) for k, item in enumerate(tree)]))
    return name("_")


def written_or_given(item: object, program: Program, names: Names) -> Expression:
    """Return a constant of Python's own types as an expression; the source is given any other.

    Its class may write it as it likes, even as what runs when it is read.
    """
    if is_plain(item):
        return syntax(item)
    known = next((text for text, other in program.given.items() if other is item), None)
    if known is None:
        known = names.new(re.sub(r"\W", "", type(item).__name__).lower())
        program.given[known] = item
    return name(known)
