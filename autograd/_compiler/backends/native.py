"""The native backend: a program as machine code, where llvmlite is installed and the program can be written so."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

from autograd._compiler.printers.native import ENTRY, FIRST, FUNCTION, Code, Plan
from autograd._compiler.program import Part, Program, nodes_in
from autograd._core.node import Node
from autograd._core.trees import CONTAINERS, refilled
from autograd._core.types import Item, Tree

from .machine import Machine, assembly, host
from .memory import fixed, layout, pointer
from .thin import thin_call


class Native:
    """A program that runs as machine code, called with the arguments and what is used from outside."""

    def __init__(self, program: Program) -> None:
        self._plan = Plan(program, host(), layout())
        self._code = self._plan.code
        self._machine = Machine(self._plan.told(), host(), self._made)
        self._run = self._machine.function(FUNCTION, False, None, ctypes.c_void_p)
        self._take = _Taking(program, self._code)
        self._place = _placing(program.results, self._code)
        # Neither holds this object, which holds both.
        self._new = new = partial(Workspace, self._code, self._machine.beside)
        self._pool: list[Workspace] = []
        """Those that no thread is using."""
        self.thin = None
        """Takes a tuple of arguments and returns results, or MISSED where they must take the long way."""
        if layout() is not None:
            # It holds Python's lock while it reads lists.
            run = self._machine.function(ENTRY, True, ctypes.c_int, ctypes.c_void_p)
            self.thin = thin_call(program, self._code, run, self._pool, new)

    def _made(self) -> tuple[str, bytes]:
        """Return the text of the module, and the memory that it needs as bytes."""
        module = self._plan.module()
        sizes = struct.pack("4Q", module.workspace, *map(len, module.constants))
        return module.text, sizes + b"".join(constant.tobytes() for constant in module.constants)

    @property
    def code(self) -> Code:
        """What its arrays hold."""
        return self._code

    def workspace(self) -> Workspace:
        """Return new memory for one who runs it."""
        return self._new()

    @property
    def address(self) -> int:
        """Where its machine code is, as long as this object is there."""
        return self._machine.address(FUNCTION)

    @property
    def text(self) -> str:
        """LLVM's language and the assembly that becomes of it."""
        text = self._plan.module().text
        return f"{text}\n; assembly\n\n{assembly(text, host())}"

    def __call__(self, *args: Any) -> Any:
        """Return the results for these arguments."""
        try:
            work = self._pool.pop()
        except IndexError:
            work = self._new()
        arrays = self._take(args, work)
        made = work.fill(arrays)
        self._run(work.address)
        values = work.out.tolist()
        self._pool.append(work)
        return self._place(values, made)


class Workspace:
    """The memory that one run of a program computes in, and the table of its arrays."""

    def __init__(self, code: Code, beside: bytes) -> None:
        import numpy

        size, *lengths = struct.unpack_from("4Q", beside)
        start, constants = struct.calcsize("4Q"), []
        for char, length in zip("dfi", lengths):
            constants.append(numpy.frombuffer(beside, char, length, start))
            start += constants[-1].nbytes
        workspace = numpy.empty(size + 64, numpy.uint8)
        start = -int(workspace.__array_interface__["data"][0]) % 64
        self.numbers, self.out = numpy.zeros(max(code.numbers, 1)), numpy.zeros(code.out)
        first = [workspace[start:], *constants, self.numbers, self.out]
        self._kept = first
        self.parts: list[Any] = []
        """Parts of the numbers that are returned, for the thin call."""
        ends = fixed() if layout() is not None else []
        self.table = ctypes.create_string_buffer(8 * (code.length + len(ends)))
        self.address = ctypes.addressof(self.table)
        struct.pack_into(f"{FIRST}P", self.table, 0, *map(pointer, first))
        struct.pack_into(f"{len(ends)}P", self.table, 8 * code.length, *ends)
        self._pack = struct.Struct(f"{len(code.arrays) + len(code.made)}P").pack_into
        self._empty = numpy.empty
        self._made = [(numpy.dtype(getattr(node._data, "dtype", float)), node.shape) for node in code.made]

    def cut(self, slices: list[slice]) -> list[Any]:
        """Make and return the parts."""
        self.parts = [self.out[part] for part in slices]
        return self.parts

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
