"""The text of a program on floats, written for speed: `folded` and `Printer.rows` are the plain way to the same text.

Its thousands of lines are alike but for the names in them. So a template is printed once, with places for names; in a
place may stand the text of another line.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from autograd._compiler.program import Program
from autograd._compiler.rules.expressions import Expression, Let, Line, Lines, changed, name, read_by, replaced
from autograd._core.node import Node

from .fold import MOST, Size, long_listed, size_of, unnamed
from .names import Names
from .text import ATOM, Printer

RESULT = -1
"""The name of the result in a template, whose other names are the numbers of the arguments."""


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """The lines of an operation on floats, for all operations that are like it."""

    lines: Lines
    truth: bool
    """Whether the result stays True or False."""
    reads: list[int]
    """The arguments, in the order in which the lines read them."""
    forms: dict[tuple[Kind | None, ...], Form] = field(default_factory=dict)
    """Its forms so far, by what waits to stand where it reads an argument."""


class Kind(NamedTuple):
    """All that counts of a value that is to stand inside another."""

    binds: int
    size: Size


class Inner(NamedTuple):
    """The value of a line that is to stand inside another."""

    text: str
    kind: Kind


class Form(NamedTuple):
    """A template as text."""

    text: str
    """The value of its only line, or all lines: a format, whose places are what it reads, and then the result."""
    kind: Kind | None
    """That of the value of its only line; None if there are several lines."""
    inside: tuple[int, ...]
    """The places of what stands inside of it."""
    before: tuple[int, ...]
    """The places of what would make it too long, and gets a line before it."""


def template_of(lines: Lines, truth: bool) -> Template:
    """Return a template of lines whose names are numbers."""
    reads = [tree.what for line in lines for tree in read_by(line) if tree.kind == "name" and type(tree.what) is int]
    return Template(lines, truth, [k for k in reads if k != RESULT])


def filled(template: Template, args: list[Node], node: Node) -> Lines:
    """Return the lines of a template for a node and its arguments."""

    def renamed(tree: Expression) -> Expression | None:
        if tree.kind == "name" and type(tree.what) is int:
            return name(node if tree.what == RESULT else args[tree.what])
        return Expression("temporary", (), (node, tree.what[1])) if tree.kind == "temporary" else None

    return [changed(line, lambda tree: replaced(tree, renamed)) for line in template.lines]


def rows(
    program: Program, written: list[tuple[Template, list[Node]]], names: Names, printer: Printer
) -> tuple[list[str], list[str], dict[Node, Expression]]:
    """Return the rows of both passes of a program; each of its nodes is `written` as a template and its arguments.

    Also return the results that have no row: their expressions are to stand in the list that is returned.
    """
    read = [[args[k] for k in template.reads] for template, args in written]
    uses = Counter(chain.from_iterable(read))
    listed = long_listed(program, uses)
    free = unnamed(program, read, uses) | listed
    waiting: dict[Node, Inner] = {}
    of, known = names.of, names.found
    forward: list[str] = []
    backward: list[str] = []
    for k, (node, (template, _), used) in enumerate(zip(program.nodes, written, read)):
        out = forward if k < program.forward else backward
        inner = [waiting.pop(item, None) for item in used] if waiting else []
        key = tuple([each and each.kind for each in inner])
        form = template.forms.get(key) or _form(template, key, printer)
        for place in form.before:
            out.append(f"    {of(used[place])} = {_text(inner[place])}")
        texts = (
            [known.get(item) or of(item) for item in used]
            if not form.inside
            else [_text(inner[place]) if place in form.inside else of(item) for place, item in enumerate(used)]
        )
        kind = form.kind
        if kind is not None and node in free and (node not in listed or kind.size.operations <= MOST):
            waiting[node] = Inner(form.text.format(*texts), kind)
        else:
            target = of(node)
            text = form.text.format(*texts, target)
            out.append(text if kind is None else f"    {target} = {text}")
    left = {node: Expression("text", (), (text, kind.binds)) for node, (text, kind) in waiting.items()}
    return forward, backward, left


def _text(inner: Inner | None) -> str:
    assert inner is not None
    return inner.text


def _form(template: Template, key: tuple[Kind | None, ...], printer: Printer) -> Form:
    """Return a template as text with as many lines inside it as fit; `key` has what waits at each place."""
    reads, lines = template.reads, template.lines
    only = lines[0] if len(lines) == 1 else None
    inside: dict[int, Kind] = {}
    size = size_of(only.value, {}) if isinstance(only, Let) else None
    for place, kind in enumerate(key):
        if isinstance(only, Let) and kind is not None:
            more = {**inside, place: kind}
            larger = size_of(only.value, {reads[place]: kind.size for place, kind in more.items()})
            if larger.fits:
                inside, size = more, larger
    before = [place for place, kind in enumerate(key) if kind is not None and place not in inside]
    end = len(reads)

    def marked(tree: Expression) -> Expression | None:
        # No name has such a character, and no text that is written between quotes.
        if tree.kind == "name" and type(tree.what) is int:
            place = end if tree.what == RESULT else reads.index(tree.what)
            return Expression("text", (), (f"\0{place}\0", inside[place].binds if place in inside else ATOM))
        if tree.kind == "temporary":
            return Expression("text", (), (f"_\0{end}\0_{tree.what[1]}", ATOM))
        return None

    marked_lines: list[Line] = [changed(line, lambda tree: replaced(tree, marked)) for line in lines]
    first = marked_lines[0]
    if size is not None and isinstance(first, Let):
        text, binds = printer.piece(first.value)
    else:
        text, binds = "\n".join(printer.rows(marked_lines)), ATOM
    text = text.replace("{", "{{").replace("}", "}}")
    for place in range(end + 1):
        text = text.replace(f"\0{place}\0", f"{{{place}}}")
    kind = Kind(binds, size) if size is not None else None
    form = template.forms[key] = Form(text, kind, tuple(inside), tuple(before))
    return form
