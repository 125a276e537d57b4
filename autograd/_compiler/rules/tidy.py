"""Lines made shorter before they are written."""

from __future__ import annotations

from collections import Counter

from .expressions import Expression, If, Let, Line, Lines, Put, changed, choice, is_variable, read_by, replaced

DEEPEST = 50
"""Python, which reads expressions by recursion, is given no deeper ones: a sum of many has several lines."""

_IN_PLACE = ("+", "-", "*", "/", "//", "%", "**", "@", "&", "|")


def shorten(lines: Lines) -> Lines:
    """Write what is used once into the place where it is used, and drop what is not used at all."""
    uses = Counter(tree for line in lines for tree in read_by(line) if is_variable(tree))
    kept: Lines = []
    waiting: dict[Expression, Let] = {}
    depths: dict[Expression, int] = {}
    *earlier, last = lines
    for line in earlier:
        depth = 1 + max((depths.pop(tree, 0) for tree in read_by(line)), default=0)
        line = _put_in(waiting, line)
        if isinstance(line, Let) and is_variable(line.target):
            if uses[line.target] == 1 and depth < DEEPEST:
                waiting[line.target], depths[line.target] = line, depth
                continue
            if not uses[line.target]:
                continue
        else:
            # What is written to an array may be read by a line that still waits.
            kept += waiting.values()
            waiting.clear()
        kept.append(line)
    if isinstance(last, If):
        condition = _in_place(waiting, last.condition)
        yes, no = shorten(last.yes), shorten(last.no)
        within = {tree for line in (*yes, *no) for tree in read_by(line)}
        kept += [line for target, line in waiting.items() if target in within]
        if len(yes) == len(no) == 1 and isinstance(yes[0], Let) and isinstance(no[0], Let):
            return [*kept, Let(yes[0].target, choice(condition, yes[0].value, no[0].value))]
        return [*kept, If(condition, yes, no)]
    return [*kept, _put_in(waiting, last)]


def _put_in(waiting: dict[Expression, Let], line: Line) -> Line:
    """Put what waits into the line that uses it."""
    line = changed(line, lambda tree: _in_place(waiting, tree))
    if isinstance(line, Put) and not line.how and line.value.kind == "infix" and line.value.what in _IN_PLACE:
        # `a[i] += b` for `a[i] = a[i] + b`, which needs no array for the sum. 1 and True are equal, and no one index.
        left, right = line.value.parts
        if repr(line.target) == repr(left):
            return Put(line.target, right, line.value.what)
    return line


def _in_place(waiting: dict[Expression, Let], tree: Expression) -> Expression:
    def found(part: Expression) -> Expression | None:
        return waiting.pop(part).value if part in waiting else None

    return replaced(tree, found)
