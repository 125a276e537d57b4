"""What two rules compute alike is computed once: the windows of a convolution, the powers of a softmax."""

from __future__ import annotations

from typing import Any

from autograd._compiler.passes import on_floats
from autograd._compiler.rules.expressions import Expression, Let, Lines, Put, changed, read_by, replaced
from autograd._core.node import Node

from .fold import Written

NEW = ("empty", "full", "ones", "zeros")
"""Functions of NumPy's whose result shares its memory with nothing."""


def shared(written: Written) -> Written:
    """Return the lines of a program, in which a rule takes what an earlier one has computed and keeps in a variable.

    The nodes that this was computed from are inputs of the later rule too, so nobody has written over them.
    """
    known = _Known()
    return [(node, lines if on_floats(node) else known.shorter(lines)) for node, lines in written]


class _Known:
    """What the variables of rules hold."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        """A number for each value: expressions with the same number compute the same."""
        self._values: dict[Any, int] = {}
        """The value of each variable that nobody writes to any more."""
        self._holders: dict[int, Expression] = {}
        """The first variable that holds a value."""

    def shorter(self, lines: Lines) -> Lines:
        """Return lines without those that compute what a variable holds already."""
        makers = _makers(lines)
        if (len(lines) == 1 and not self._holders) or not all(_is_plain(lines, places) for places in makers):
            return lines
        ends = {places[-1]: places for places in makers}
        found: Lines = []
        held: set[int] = set()
        for k, line in enumerate(lines):
            found.append(changed(line, self._held))
            if k in ends and self._is_held([found[place] for place in ends[k]]):
                held.update(ends[k])
        return [line for k, line in enumerate(found) if k not in held]

    def _is_held(self, made: Lines) -> bool:
        """Tell whether another variable holds what lines make; else note that theirs does."""
        first, *puts = made
        if not isinstance(first, Let) or first.target.kind != "temporary":
            return False
        value = self._value(first.value)
        if puts:
            items = [(put.how, put.target.parts[1], put.value) for put in puts if isinstance(put, Put)]
            trees = [first.value, *(tree for _, *pair in items for tree in pair)]
            value = self._number("lines", [how for how, *_ in items], trees)
        if value is None:
            return False
        self._values[first.target.what] = value
        return self._holders.setdefault(value, first.target) is not first.target

    def _held(self, tree: Expression) -> Expression:
        """Return an expression with variables in place of what they hold."""
        return replaced(tree, lambda part: self._holders.get(self._value(part) or 0))

    def _value(self, tree: Expression) -> int | None:
        """Return the number of the value of an expression; None if it reads an array that writes to itself."""
        if tree.kind == "temporary":
            return self._values.get(tree.what)
        what = id(tree.what) if isinstance(tree.what, Node) else (type(tree.what), repr(tree.what))
        return self._number(tree.kind, what, tree.parts)

    def _number(self, kind: str, what: Any, trees: Any) -> int | None:
        parts = [*map(self._value, trees)]
        return None if None in parts else self._numbers.setdefault((kind, str(what), *parts), len(self._numbers) + 1)


def _makers(lines: Lines) -> list[list[int]]:
    """Return the places of the lines that make each variable of a rule: the first, and those that write to it.

    Lines of which more is not known have a place of their own.
    """
    made: dict[Any, list[int]] = {}
    for k, line in enumerate(lines):
        of = line.target if isinstance(line, Let) else line.target.parts[0] if isinstance(line, Put) else None
        made.setdefault(k if of is None else of.what, []).append(k)
    return list(made.values())


def _is_plain(lines: Lines, places: list[int]) -> bool:
    """Tell whether lines only make something: an array that is written to is new, and is read when it is complete."""
    first = lines[places[0]]
    if not isinstance(first, Let) or len(places) == 1:
        return isinstance(first, Let)
    new = first.value.kind == "infix" or (first.value.kind == "array" and first.value.what[0].startswith(NEW))
    between = [lines[k] for k in range(places[0], places[-1]) if k not in places]
    return new and not any(tree.what == first.target.what for line in between for tree in read_by(line))
