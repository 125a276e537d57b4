"""A thin call of machine code: it takes arguments that are exactly like those that the function was compiled for."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any

from autograd._compiler.printers.native import FIRST, Code
from autograd._compiler.program import Part, Program
from autograd._core.node import Node
from autograd._core.types import Tree

from .opening import Opening, Unfit

_DATA = attrgetter("_data")


def thin_call(program: Program, code: Code, run: Callable[[int], int], pool: list[Any], new: Callable[[], Any]) -> Any:
    """Return the function that takes a tuple of arguments and returns results, or MISSED; None for odd structures."""
    try:
        return _OfMachine(program, code).written(run, pool, new)
    except Unfit:
        return None


class _OfMachine(Opening):
    """Writes the call of machine code."""

    def __init__(self, program: Program, code: Code) -> None:
        import numpy

        super().__init__(program)
        self._code, self._numpy = code, numpy
        self._scope.update(empty=numpy.empty, DATA=_DATA)
        self._fills: list[str] = []
        self._pointers: dict[Node, str] = {}
        self._given: set[Node] = set()
        """The arrays that stand among the results: nobody is given one twice."""
        self._slices = [slice(0, 0)]
        """The parts of all numbers that are returned: those that are looked up one by one, and each list."""

    def written(self, run: Callable[[int], int], pool: list[Any], new: Callable[[], Any]) -> Any:
        """Return the call."""
        program, code = self._program, self._code
        self._arguments()
        for pack in program.packs:
            if pack.captured:
                self._pack(pack.leaves)
        fresh = [f"    {name} = empty({shape!r}, {dtype})" for name, shape, dtype in self._arrays()]
        pointers = [self._pointers[node] for node in code.arrays]
        pointers += [f"made{k}" for k in range(len(code.made))]
        pointers += [self._pointers[first] for first in code.lists]
        table = self._constant(struct.Struct(f"{len(pointers)}P").pack_into)
        given = ", ".join(f"id({name})" for name in pointers)
        results = self._result(program.results)
        self._scope.update(run=run, pop=pool.pop, push=pool.append, new=new, slices=self._slices)
        return self._made(
            [
                "    try:", "        work = pop()", "    except IndexError:", "        work = new()",
                *self._fills, *fresh,
                *([f"    {table}(work.table, {8 * FIRST}, {given})"] if pointers else []),
                "    if run(work.address):", "        push(work)", "        return MISSED",
                "    parts = work.parts or work.cut(slices)",
                *["    values = parts[0].tolist()"] * ("values" in results),
                f"    results = {results}", "    push(work)", "    return results",
            ]
        )  # fmt: skip

    def _numbers(self, name: str, leaves: Sequence[Any]) -> bool:
        if leaves[0] not in self._code.lists or type(leaves) is not list:
            return False
        self._pointers[leaves[0]] = name
        return True

    def _leaf(self, name: str, leaf: Node) -> None:
        if leaf.shape == ():
            if type(leaf._data) is not float:
                # Other numbers than a float make other types of results.
                raise Unfit
            self._require(f"type({name}) is float")
            self._fills.append(f"    work.numbers[{self._code.slots[leaf]}] = {name}")
        else:
            # Machine code checks it, as it does lists.
            self._pointers[leaf] = name

    def _pack(self, leaves: list[Node]) -> None:
        code = self._code
        pack = self._constant(struct.Struct(f"{len(leaves)}d").pack_into)
        nodes = self._constant(tuple(leaves))
        self._fills.append(f"    {pack}(work.numbers, {8 * code.slots[leaves[0]]}, *map(DATA, {nodes}))")

    def _arrays(self) -> Iterator[tuple[str, tuple[int, ...], str]]:
        for k, node in enumerate(self._code.made):
            yield f"made{k}", node.shape, self._constant(self._numpy.dtype(getattr(node._data, "dtype", float)))

    def _result(self, tree: Tree) -> str:
        """Return the expression of results in their structure."""
        code = self._code
        if isinstance(tree, Part):
            return self._number(code.returned[tree.node] + tree.place)
        if isinstance(tree, Node):
            if tree in code.returned:
                text = self._number(code.returned[tree])
                # A sum of an array is a number of NumPy's.
                return text if type(tree._data) is float else f"{self._constant(tree._data.dtype.type)}({text})"
            copied = ".copy()" * (tree in self._given)
            self._given.add(tree)
            return f"made{code.made[tree] - FIRST - len(code.arrays)}{copied}"
        if type(tree) in (list, tuple):
            places = self._places(tree)
            if type(tree) is list and len(tree) > 2 and places == [*range(places[0], places[0] + len(tree))]:
                self._slices.append(slice(places[0], places[0] + len(tree)))
                return f"parts[{len(self._slices) - 1}].tolist()"
            inside = ", ".join([self._result(item) for item in tree])
            return f"[{inside}]" if type(tree) is list else f"({inside}{',' * (len(tree) == 1)})"
        if type(tree) is dict:
            return f"{{{', '.join(f'{self._constant(key)}: {self._result(item)}' for key, item in tree.items())}}}"
        if tree is None or type(tree) in (bool, str):
            return self._constant(tree)
        raise Unfit

    def _number(self, place: int) -> str:
        """Return the expression of a number that is returned by itself."""
        self._slices[0] = slice(0, max(self._slices[0].stop, place + 1))
        return f"values[{place}]"

    def _places(self, items: Sequence[Any]) -> list[int]:
        """Return where numbers stand among those that are returned; -1 for other things."""
        places = self._code.returned
        return [
            places[item.node] + item.place
            if isinstance(item, Part)
            else (places.get(item, -1) if isinstance(item, Node) and type(item._data) is float else -1)
            for item in items
        ]
