"""The native backend: a program as machine code, where llvmlite is installed and the program can be written so."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

from autograd._compiler.printers.native import FIRST, FUNCTION, Code, write
from autograd._compiler.program import Part, Program, nodes_in
from autograd._core.node import Node
from autograd._core.trees import CONTAINERS, refilled
from autograd._core.types import Item, Tree

from .machine import Machine, assembly, host
from .memory import data_offset, pointer
from .thin import thin_call


class Native:
    """A program that runs as machine code, called with the arguments and what is used from outside."""

    def __init__(self, program: Program) -> None:
        self._code = write(program, host(), data_offset())
        self._machine = Machine(self._code.text, FUNCTION, host())
        self._run = self._machine.function(False, None, ctypes.c_void_p)
        self._take = _Taking(program, self._code)
        self._place = _placing(program.results, self._code)
        self._pool: list[Workspace] = []
        """Those that no thread is using."""
        self.thin = None
        """Takes a tuple of arguments and returns results, or MISSED where they must take the long way."""
        if data_offset() is not None:
            self.thin = thin_call(program, self._code, self._run, self._pool, partial(Workspace, self._code))

    @property
    def text(self) -> str:
        """LLVM's language and the assembly that becomes of it."""
        return f"{self._code.text}\n; assembly\n\n{assembly(self._code.text, host())}"

    def __call__(self, *args: Any) -> Any:
        """Return the results for these arguments."""
        try:
            work = self._pool.pop()
        except IndexError:
            work = Workspace(self._code)
        arrays = self._take(args, work)
        made = work.fill(arrays)
        self._run(work.address)
        values = work.out.tolist()
        self._pool.append(work)
        return self._place(values, made)


class Workspace:
    """The memory that one run of a program computes in, and the table of its arrays."""

    def __init__(self, code: Code) -> None:
        import numpy

        workspace = numpy.empty(code.workspace + 64, numpy.uint8)
        start = -int(workspace.__array_interface__["data"][0]) % 64
        self.numbers, self.out = numpy.zeros(max(code.numbers, 1)), numpy.zeros(code.out)
        fixed = [workspace[start:], *code.constants, self.numbers, self.out]
        self._kept = fixed
        self.table = ctypes.create_string_buffer(8 * code.length)
        self.address = ctypes.addressof(self.table)
        self.given = int(self.numbers.__array_interface__["data"][0])
        struct.pack_into(f"{FIRST}P", self.table, 0, *map(pointer, fixed))
        self._pack = struct.Struct(f"{len(code.arrays) + len(code.made)}P").pack_into
        self._empty = numpy.empty
        self._made = [(numpy.dtype(getattr(node._data, "dtype", float)), node.shape) for node in code.made]

    def fill(self, arrays: list[Any]) -> list[Any]:
        """Write all arrays into the table; return the new ones, of the results."""
        made = [self._empty(shape, dtype) for dtype, shape in self._made]
        pointers = [*map(pointer, arrays), *map(pointer, made)]
        self._pack(self.table, 8 * FIRST, *pointers)
        return made


class _Taking:
    """Takes the numbers and arrays out of arguments, and writes the numbers where the machine code finds them."""

    def __init__(self, program: Program, code: Code) -> None:
        import numpy

        self._trees = [tree for _, tree in program.arguments]
        self._captured = len(program.captured)
        leaves = [*nodes_in(self._trees), *program.captured]
        place = {leaf: k for k, leaf in enumerate(leaves)}
        packs = [pack for pack in program.packs if pack.captured]
        self._packs = [(code.slots[pack.leaves[0]], len(pack.leaves)) for pack in packs]
        self._numbers = [place[leaf] for leaf in code.slots if leaf in place]
        self._arrays = [(place[leaf], numpy.dtype(leaf._data.dtype.char)) for leaf in code.arrays]

    def __call__(self, args: tuple[Any, ...], work: Workspace) -> list[Any]:
        """Return the arrays."""
        given: list[Any] = []
        n = len(self._trees)
        for tree, arg in zip(self._trees, args):
            _gather(tree, arg, given)
        given += args[n : n + self._captured]
        if self._numbers:
            # Those of packs come after all others.
            work.numbers[: len(self._numbers)] = [given[k] for k in self._numbers]
        for (first, length), data in zip(self._packs, args[n + self._captured :]):
            work.numbers[first : first + length] = data
        return [_in_row(given[k], dtype) for k, dtype in self._arrays]


def _in_row(array: Any, dtype: Any) -> Any:
    """Return an array without gaps, in the order of its axes."""
    if array.dtype is dtype and array.flags.c_contiguous:
        return array
    import numpy

    return numpy.ascontiguousarray(array, dtype)


def _gather(tree: Tree, arg: Tree, into: list[Any]) -> None:
    """Add the data in the leaves of an argument to a list."""
    if isinstance(tree, Node):
        into.append(arg)
    elif isinstance(tree, CONTAINERS):
        for key in tree if isinstance(tree, dict) else range(len(tree)):
            _gather(tree[key], arg[key], into)


def _placing(tree: Tree, code: Code) -> Callable[[list[float], list[Any]], Any]:
    """Return the function that puts results in their structure."""
    arrays = {node: k for k, node in enumerate(code.made)}
    seen: set[Node] = set()

    def slot(item: Item) -> int | None:
        if isinstance(item, Part):
            return code.returned[item.node] + item.place
        return code.returned.get(item) if isinstance(item, Node) else None

    def placing(tree: Tree) -> Callable[[list[float], list[Any]], Any]:
        if isinstance(tree, (Node, Part)):
            k = slot(tree)
            if k is not None:
                # A sum of an array is a number of NumPy's.
                kind = float if isinstance(tree, Part) or type(tree._data) is float else tree._data.dtype.type
                return lambda values, made: kind(values[k])
            node: Any = tree
            place = arrays[node]
            if node in seen:
                # Nobody is given an array that is somebody else's.
                return lambda values, made: made[place].copy()
            seen.add(node)
            return lambda values, made: made[place]
        if not isinstance(tree, CONTAINERS):
            return lambda values, made: tree
        items = list(tree.values()) if isinstance(tree, dict) else list(tree)
        plain = all(isinstance(item, Part) or type(getattr(item, "_data", None)) is float for item in items)
        slots = [slot(item) for item in items] if plain else []
        first = slots[0] if slots else None
        if type(tree) is list and first is not None and slots == [*range(first, first + len(slots))]:
            return lambda values, made: values[first : first + len(slots)]
        parts = [placing(item) for item in items]
        if type(tree) is tuple:
            return lambda values, made: tuple([part(values, made) for part in parts])
        return lambda values, made: refilled(tree, [part(values, made) for part in parts])

    return placing(tree)
