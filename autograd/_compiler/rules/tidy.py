"""Lines of a rule made shorter before they are written."""

from __future__ import annotations

import ast
from typing import Any

Lines = list[Any]
"""Statements, as syntax or already as text."""

DEEPEST = 50
"""Python, which reads expressions by recursion, is given no deeper ones: a sum of many has several lines."""


def assign(name: str, tree: ast.expr) -> ast.Assign:
    """Return the line `name = tree`."""
    return ast.Assign([ast.Name(name, ast.Store())], tree, lineno=0)


def shorten(lines: Lines) -> Lines:
    """Write what is used once into the place where it is used, and drop what is not used at all."""
    uses: dict[str, int] = {}
    for line in lines:
        for node in ast.walk(line):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                uses[node.id] = uses.get(node.id, 0) + 1
    kept: Lines = []
    waiting: dict[str, ast.expr] = {}
    depths: dict[str, int] = {}
    *earlier, last = lines
    for line in earlier:
        depth = 1 + max((depths.pop(n.id, 0) for n in ast.walk(line) if isinstance(n, ast.Name)), default=0)
        line = _Put(waiting).visit(line)
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            name = line.targets[0].id
            if uses.get(name, 0) == 1 and depth < DEEPEST:
                waiting[name], depths[name] = line.value, depth
                continue
            if name not in uses:
                continue
        else:
            # What is written to an array may be read by a line that still waits.
            kept += [assign(name, tree) for name, tree in waiting.items()]
            waiting.clear()
        kept.append(line)
    if isinstance(last, ast.If):
        last = ast.If(_Put(waiting).visit(last.test), shorten(last.body), shorten(last.orelse))
        inside = {node.id for node in ast.walk(last) if isinstance(node, ast.Name)}
        kept += [assign(name, tree) for name, tree in waiting.items() if name in inside]
        yes, no = last.body, last.orelse
        if len(yes) == len(no) == 1 and isinstance(yes[0], ast.Assign) and isinstance(no[0], ast.Assign):
            return [*kept, ast.Assign(yes[0].targets, ast.IfExp(last.test, yes[0].value, no[0].value), lineno=0)]
        return [*kept, last]
    return [*kept, _Put(waiting).visit(last)]


def augment(line: Any) -> Any:
    """Write `a[i] += b` for `a[i] = a[i] + b`, which needs no array for the sum."""
    if (
        isinstance(line, ast.Assign)
        and isinstance(line.targets[0], ast.Subscript)
        and isinstance(line.value, ast.BinOp)
    ):
        target, sum_ = line.targets[0], line.value
        if ast.unparse(target) == ast.unparse(sum_.left):
            return ast.AugAssign(target, sum_.op, sum_.right)
    return line


class Chosen(ast.NodeTransformer):
    """Writes a choice between two expressions, both of which are computed then."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        where = ast.Attribute(ast.Name("np", ast.Load()), "where", ast.Load())
        return ast.Call(where, [node.test, node.body, node.orelse], [])


class _Put(ast.NodeTransformer):
    """Puts expressions in place of names, each once."""

    def __init__(self, trees: dict[str, ast.expr]) -> None:
        self._trees = trees

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._trees.pop(node.id, node) if isinstance(node.ctx, ast.Load) else node
