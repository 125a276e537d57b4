"""A thin call of machine code: the arguments taken apart by a function that is written for their structure.

It takes arguments that are exactly like those that the function was compiled for, in classes as well; others take the
long way.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from itertools import count
from operator import attrgetter
from typing import Any

from autograd._compiler.missed import MISSED
from autograd._compiler.printers.native import FIRST, Code
from autograd._compiler.program import Part, Program
from autograd._core.node import Node
from autograd._core.types import Tree

from .memory import gather

MANY = 8
"""So many numbers in a list are read by machine code."""

_DATA = attrgetter("_data")


class _Unfit(Exception):
    """A structure that only the long way takes."""


def thin_call(program: Program, code: Code, run: Callable[[int], None], pool: list[Any], new: Callable[[], Any]) -> Any:
    """Return the function that takes a tuple of arguments and returns results, or MISSED; None for odd structures."""
    try:
        return _Writer(program, code, run, pool, new).written()
    except _Unfit:
        return None


class _Writer:
    """Writes the function, in Python."""

    def __init__(
        self, program: Program, code: Code, run: Callable[[int], None], pool: list[Any], new: Callable[[], Any]
    ) -> None:
        import numpy

        self._program, self._code = program, code
        self._names = map("x{}".format, count())
        self._numpy = numpy
        self._scope: dict[str, Any] = {
            "MISSED": MISSED, "run": run, "pop": pool.pop, "push": pool.append, "new": new, "ndarray": numpy.ndarray,
            "empty": numpy.empty, "DATA": _DATA,
        }  # fmt: skip
        self._lines: list[str] = []
        self._checks: list[str] = []
        self._fills: list[str] = []
        self._pointers: dict[Node, str] = {}
        self._given: set[Node] = set()
        """The arrays that stand among the results: nobody is given one twice."""

    def _constant(self, item: object) -> str:
        name = next(self._names)
        self._scope[name] = item
        return name

    def written(self) -> Any:
        program, code = self._program, self._code
        self._taken("args", tuple(tree for _, tree in program.arguments))
        for node in program.captured:
            self._captured(node)
        for pack in program.packs:
            if pack.captured:
                self._pack(pack.leaves)
        fresh = [f"{name} = empty({shape!r}, {dtype})" for name, shape, dtype in self._made()]
        pointers = [*(self._pointers[node] for node in code.arrays), *(f"made{k}" for k in range(len(code.made)))]
        table = self._constant(struct.Struct(f"{len(pointers)}P").pack_into)
        given = ", ".join(f"id({name})" for name in pointers)
        lines = [
            "def call(args):", *self._lines,
            f"    if not ({' and '.join(self._checks)}):", "        return MISSED",
            "    try:", "        work = pop()", "    except IndexError:", "        work = new()",
            *self._fills, *(f"    {line}" for line in fresh),
            *([f"    {table}(work.table, {8 * FIRST}, {given})"] if pointers else []),
            "    run(work.address)", "    values = work.out.tolist()", "    push(work)",
            "    if values[0] != 0.0:", "        return MISSED",
            f"    return {self._result(program.results)}",
        ]  # fmt: skip
        exec("\n".join(lines), self._scope)
        return self._scope["call"]

    def _taken(self, name: str, tree: Tree) -> None:
        """Take an argument apart; check that it is like the one that the program is for."""
        if isinstance(tree, Node):
            self._leaf(name, tree)
        elif type(tree) in (list, tuple):
            self._checks.append(f"type({name}) is {type(tree).__name__} and len({name}) == {len(tree)}")
            numbers = all(isinstance(item, Node) and item.shape == () for item in tree)
            if type(tree) is list and numbers and len(tree) >= MANY and self._in_order(tree):
                first = self._code.slots[tree[0]]
                self._scope["gather"] = gather()
                self._fills.append(
                    f"    if gather(id({name}), work.given + {8 * first}, {len(tree)}, {id(float)}):\n"
                    "        push(work)\n        return MISSED"
                )
                return
            # A structure of another length has been found out before its parts are looked at.
            self._open(name, [(f"{name}[{k}]", item) for k, item in enumerate(tree)])
        elif type(tree) is dict:
            keys = self._constant(list(tree))
            self._checks.append(f"type({name}) is dict and list({name}) == {keys}")
            self._open(name, [(f"{name}[{keys}[{k}]]", item) for k, item in enumerate(tree.values())])
        elif tree is None or type(tree) is bool:
            self._checks.append(f"{name} is {tree}")
        else:
            raise _Unfit

    def _open(self, name: str, parts: list[tuple[str, Tree]]) -> None:
        for text, item in parts:
            # The check of the structure stands before this one, in the order in which they are made.
            part = next(self._names)
            self._checks.append(f"[{part} := {text}]")
            self._taken(part, item)

    def _in_order(self, leaves: list[Any]) -> bool:
        slots = [self._code.slots.get(leaf, -1) for leaf in leaves]
        return slots == [*range(slots[0], slots[0] + len(slots))]

    def _leaf(self, name: str, leaf: Node) -> None:
        if leaf.shape == ():
            self._checks.append(f"type({name}) is float")
            slot = self._code.slots[leaf]
            self._fills.append(f"    work.numbers[{slot}] = {name}")
            return
        dtype = self._numpy.dtype(leaf._data.dtype.char)
        data = self._constant(dtype)
        # Without gaps, in the order of its axes. The strides do not tell: those of axes of length 1 mean nothing.
        self._checks.append(
            f"type({name}) is ndarray and {name}.shape == {leaf.shape!r} and {name}.dtype is {data} "
            f"and {name}.flags.c_contiguous"
        )
        self._pointers[leaf] = name

    def _captured(self, node: Node) -> None:
        holder, name = self._constant(node), next(self._names)
        self._checks.append(f"[{name} := {holder}._data]")
        self._leaf(name, node)

    def _pack(self, leaves: list[Node]) -> None:
        code = self._code
        pack = self._constant(struct.Struct(f"{len(leaves)}d").pack_into)
        nodes = self._constant(tuple(leaves))
        self._fills.append(f"    {pack}(work.numbers, {8 * code.slots[leaves[0]]}, *map(DATA, {nodes}))")

    def _made(self) -> Iterator[tuple[str, tuple[int, ...], str]]:
        for k, node in enumerate(self._code.made):
            yield f"made{k}", node.shape, self._constant(self._numpy.dtype(getattr(node._data, "dtype", float)))

    def _result(self, tree: Tree) -> str:
        """Return the expression of results in their structure."""
        code = self._code
        if isinstance(tree, Part):
            return f"values[{code.returned[tree.node] + tree.place}]"
        if isinstance(tree, Node):
            if tree in code.returned:
                text = f"values[{code.returned[tree]}]"
                # A sum of an array is a number of NumPy's.
                return text if type(tree._data) is float else f"{self._constant(tree._data.dtype.type)}({text})"
            copied = ".copy()" * (tree in self._given)
            self._given.add(tree)
            return f"made{code.made[tree] - FIRST - len(code.arrays)}{copied}"
        if type(tree) in (list, tuple):
            parts = [self._result(item) for item in tree]
            first = parts[0] if parts else ""
            if type(tree) is list and len(parts) > 2 and first.startswith("values["):
                start = int(first[7:-1])
                if parts == [f"values[{start + k}]" for k in range(len(parts))]:
                    return f"values[{start}:{start + len(parts)}]"
            inside = ", ".join(parts)
            return f"[{inside}]" if type(tree) is list else f"({inside}{',' * (len(parts) == 1)})"
        if type(tree) is dict:
            return f"{{{', '.join(f'{self._constant(key)}: {self._result(item)}' for key, item in tree.items())}}}"
        if tree is None or type(tree) in (bool, str):
            return self._constant(tree)
        raise _Unfit
