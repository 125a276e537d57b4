"""Lines made shorter before they are written."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .expressions import Expression, If, Let, Line, Lines, Put, alike, changed, choice, is_variable, read_by, replaced

DEEPEST = 50
"""Python, which reads expressions by recursion, is given no deeper ones: a sum of many has several lines."""

_IN_PLACE = ("+", "-", "*", "/", "//", "%", "**", "@", "&", "|")


def shorten(lines: Lines) -> Lines:
    """Write a value that is used once where it is used, and drop those that are not used at all."""
    uses = Counter(tree.what for line in lines for tree in read_by(line) if is_variable(tree))
    kept: Lines = []
    waiting: dict[Any, Let] = {}
    depths: dict[Any, int] = {}
    *earlier, last = lines
    for line in earlier:
        depth = 1 + max((depths.pop(tree.what, 0) for tree in read_by(line) if is_variable(tree)), default=0)
        line = _put_in(waiting, line)
        if isinstance(line, Let) and is_variable(line.target):
            target = line.target.what
            if uses[target] == 1 and depth < DEEPEST:
                waiting[target], depths[target] = line, depth
                continue
            if not uses[target]:
                continue
        else:
            # A line that still waits may read an array that is written to.
            kept += waiting.values()
            waiting.clear()
        kept.append(line)
    if isinstance(last, If):
        condition = _in_place(waiting, last.condition)
        yes, no = shorten(last.yes), shorten(last.no)
        within = {tree.what for line in (*yes, *no) for tree in read_by(line) if is_variable(tree)}
        kept += [line for target, line in waiting.items() if target in within]
        if len(yes) == len(no) == 1 and isinstance(yes[0], Let) and isinstance(no[0], Let):
            return [*kept, Let(yes[0].target, choice(condition, yes[0].value, no[0].value))]
        return [*kept, If(condition, yes, no)]
    return [*kept, _put_in(waiting, last)]


def _put_in(waiting: dict[Any, Let], line: Line) -> Line:
    """Put the waiting values into the line that uses them."""
    line = changed(line, lambda tree: _in_place(waiting, tree))
    if isinstance(line, Put) and not line.how and line.value.kind == "infix" and line.value.what in _IN_PLACE:
        # `a[i] += b` for `a[i] = a[i] + b`, which needs no array for the sum.
        left, right = line.value.parts
        if alike(line.target, left):
            return Put(line.target, right, line.value.what)
    return line


def _in_place(waiting: dict[Any, Let], tree: Expression) -> Expression:
    def found(part: Expression) -> Expression | None:
        return waiting.pop(part.what).value if is_variable(part) and part.what in waiting else None

    return replaced(tree, found)
