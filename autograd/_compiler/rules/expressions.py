"""Expressions: a rule's or a program's computation as data, from which printers make text.

An expression has a kind, parts, which are expressions, and what else its kind needs:

    name        a variable                          what: its name, or the node that it holds
    temporary   a variable of one rule's own        what: whose rule it is, and its number there
    text        what a printer has written          what: it, and how firmly its operation binds
    literal     a constant                          what: a number, text, True, None, ...
    infix       parts[0] + parts[1]                 what: "+", a comparison, "or"
    prefix      -parts[0]                           what: "-"
    scalar      a function of floats                what: its name, as the rules call it
    math        a function of Python's `math`       what: its name
    constant    a number of Python's `math`         what: its name
    array       a function of NumPy's               what: its name, and the names of the keywords, whose parts come last
    method      a method of parts[0]                what: its name, and the names of the keywords
    call        another function, parts[0]          what: "", and the names of the keywords
    attribute   an attribute of parts[0]            what: its name
    index       parts[0][parts[1]]
    slice       start:stop:step
    tuple, list, dict (keys and items in turn)
    choice      parts[1] if parts[0] else parts[2]

What is computed is a list of lines, each of which is one of the tuples below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """Something that is computed."""

    kind: str
    parts: tuple[Expression, ...] = ()
    what: Any = None


class Let(NamedTuple):
    """A line that gives a computed value to a variable, or to a tuple of them."""

    target: Expression
    value: Expression
    data: Any = None
    """An example of it, where a rule computes it."""


class Put(NamedTuple):
    """A line that writes to elements of an array, or adds to them."""

    target: Expression
    """An index."""
    value: Expression
    how: str = ""
    """"+" adds, once to each element; "add" adds as often as an element is named."""


class Do(NamedTuple):
    """A line whose result is not needed."""

    value: Expression


class If(NamedTuple):
    """A decision between lines."""

    condition: Expression
    yes: Lines
    no: Lines


class Return(NamedTuple):
    """The last line."""

    value: Expression


Line = Let | Put | Do | If | Return
Lines = list[Line]


def name(of: object) -> Expression:
    return Expression("name", (), of)


def literal(item: object) -> Expression:
    return Expression("literal", (), item)


def infix(sign: str, left: Expression, right: Expression) -> Expression:
    return Expression("infix", (left, right), sign)


def scalar(function: str, *args: Expression) -> Expression:
    return Expression("scalar", args, function)


def choice(condition: Expression, yes: Expression, no: Expression) -> Expression:
    return Expression("choice", (condition, yes, no))


def called(
    kind: str, args: Iterable[Expression], keywords: Iterable[tuple[str, Expression]] = (), what: str = ""
) -> Expression:
    """Return a call of NumPy's function, of a method (of the first argument) or of the first argument itself."""
    given = tuple(keywords)
    return Expression(kind, (*args, *(item for _, item in given)), (what, *(key for key, _ in given)))


def indexed(array: Expression, index: Expression) -> Expression:
    return Expression("index", (array, index))


def is_variable(tree: Expression) -> bool:
    return tree.kind in ("name", "temporary")


def alike(tree: Expression, other: Expression) -> bool:
    """Tell whether two expressions are the same: 1 and True are equal, and not the same index."""
    same = tree.what is other.what or (type(tree.what) is type(other.what) and bool(tree.what == other.what))
    return (
        tree.kind == other.kind
        and len(tree.parts) == len(other.parts)
        and same
        and all(map(alike, tree.parts, other.parts))
    )


def is_number(tree: Expression) -> bool:
    return tree.kind == "literal" or (tree.kind == "prefix" and tree.parts[0].kind == "literal")


def expressions_of(line: Line) -> tuple[Expression, ...]:
    """Return the expressions that a line reads, but for those of the lines inside it."""
    if isinstance(line, Put):
        return line.target, line.value
    if isinstance(line, If):
        return (line.condition,)
    return (line.value,)


def inside(line: Line) -> tuple[Lines, ...]:
    """Return the lines inside a line."""
    return (line.yes, line.no) if isinstance(line, If) else ()


def walk(tree: Expression) -> list[Expression]:
    """Return an expression and all that is inside it, from the left."""
    found: list[Expression] = []
    waiting = [tree]
    while waiting:
        tree = waiting.pop()
        found.append(tree)
        waiting += tree.parts[::-1]
    return found


def read_by(line: Line) -> list[Expression]:
    """Return every expression that a line reads, those inside it as well."""
    found = [part for tree in expressions_of(line) for part in walk(tree)]
    for lines in inside(line):
        for other in lines:
            found += read_by(other)
    return found


def replaced(tree: Expression, found: Callable[[Expression], Expression | None]) -> Expression:
    """Return an expression with another in place of each part for which one is found."""
    new = found(tree)
    if new is not None:
        return new
    if not tree.parts:
        return tree
    parts = tuple([replaced(part, found) for part in tree.parts])
    return tree if all(map(lambda a, b: a is b, parts, tree.parts)) else Expression(tree.kind, parts, tree.what)


def changed(line: Line, change: Callable[[Expression], Expression]) -> Line:
    """Return a line with its expressions, targets as well, changed."""
    if isinstance(line, Let):
        return Let(change(line.target), change(line.value), line.data)
    if isinstance(line, Put):
        return Put(change(line.target), change(line.value), line.how)
    if isinstance(line, If):
        yes, no = ([changed(other, change) for other in lines] for lines in (line.yes, line.no))
        return If(change(line.condition), yes, no)
    return line._replace(value=change(line.value))
