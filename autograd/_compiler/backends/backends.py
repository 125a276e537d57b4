"""The backends that run a compiled program: Python with NumPy, machine code, the source under JAX; JavaScript."""

from __future__ import annotations

import builtins
import linecache
import weakref
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from itertools import count
from math import prod
from typing import Any

from autograd._compiler.printers import javascript
from autograd._compiler.printers.python import write
from autograd._compiler.program import Part, Program, nodes_in
from autograd._core.data import shape
from autograd._core.node import Node
from autograd._core.tracing import CompileError
from autograd._core.trees import mapped, plain
from autograd._core.types import Item, Tree

Backend = Callable[[Program], tuple[str, Callable[..., Any]]]
"""Returns the source of a program, and a function that takes the same arguments as the source's function."""


def on_numpy(program: Program) -> tuple[str, Callable[..., Any]]:
    """Run the source as it is."""
    source = write(program)
    return source, _defined(program.name, source)


def on_jax(program: Program) -> tuple[str, Callable[..., Any]]:
    """Run the source under `jax.jit`, in the precision of the arguments."""
    import jax

    source, function, known = for_jax(program)
    fixed = tuple(k for k, (_, tree) in enumerate(program.arguments) if not nodes_in(tree))
    given = {name: item for name, item in program.given.items() if name not in known}
    fast = jax.jit(partial(function, **known), static_argnums=fixed)
    nodes = list(dict.fromkeys(nodes_in(program.results)))

    def run(*args: Tree) -> Any:
        import numpy

        with jax.enable_x64(True):
            arrays = [numpy.array(result) for result in fast(*plain(args[: len(args) - len(program.given)]), **given)]
        return placed(program.results, dict(zip(nodes, (a if a.ndim else float(a) for a in arrays))), float)

    return source, run


def for_jax(program: Program) -> tuple[str, Callable[..., Any], dict[str, Any]]:
    """Return the source and the function for JAX's arrays, and what JAX must know of `given` when it compiles.

    The function returns the nodes among the results, each once.
    """
    import jax

    source = write(program, functional=True)
    if any(callable(item) for item in program.given.values()):
        raise CompileError(f"JAX cannot run {', '.join(program.given)}, which cannot be written down: use 'numpy'")
    with jax.enable_x64(True):
        function = _defined(program.name, source)
    # A mask is an index only if JAX knows it when it compiles; the same holds for objects that are no arrays.
    known = {name: item for name, item in program.given.items() if getattr(item, "dtype", "bool") == "bool"}
    return source, function, known


def on_native(program: Program) -> tuple[str, Callable[..., Any]]:
    """Run machine code; the source tells what it does, and is run where there is no machine code for it."""
    from .native import Native

    source = write(program)
    try:
        return source, Native(program)
    except (CompileError, ImportError, OSError, RuntimeError) as error:
        program.refused = f"{error}"
    return source, _defined(program.name, source)


def on_fastest(program: Program, repeated: bool = False) -> tuple[str, Callable[..., Any]]:
    """Run machine code where llvmlite is installed and the program is long enough, else the source.

    One that is known to be `repeated` a thousand times may be shorter.
    """
    return (on_native if pays(program, repeated) and find_spec("llvmlite") is not None else on_numpy)(program)


def on_javascript(program: Program) -> tuple[str, Callable[..., Any]]:
    """Return the source in JavaScript, which a page or Node.js runs; here NumPy runs the same program."""
    source = javascript.write(program)
    return source, on_numpy(program)[1]


BACKENDS: dict[str, Backend] = {
    "numpy": on_numpy, "native": on_native, "jax": on_jax, "javascript": on_javascript,
}  # fmt: skip

REPEATEDLY = "repeatedly"
"""Asks for the fastest way of a function that is known to be called a thousand times."""


def writer_of(backend: str | None) -> Backend:
    """Return the backend of a name; the fastest one where there is none."""
    return partial(on_fastest, repeated=True) if backend == REPEATEDLY else BACKENDS.get(backend or "", on_fastest)


PACKAGES = {"native": ("llvmlite", "fast"), "jax": ("jax", "jax")}
"""The package that a backend needs, and the extra that it is in."""

SHORTEST, REPEATED, LONGEST = 50, 20, 5_000
"""The operations on arrays from which on machine code pays, in a loop as well, and up to which: it takes time."""

LARGEST = 30_000_000
"""Products of matrices with more products of numbers are left to NumPy's library, which uses all cores."""


def pays(program: Program, repeated: bool = False) -> bool:
    """Tell whether machine code is likely to win back the time that it takes to be made.

    Only the program decides: whoever trains in two runs, or tries again, gets the same bits.
    """
    several = [] if program.on_floats else program.nodes
    arrays = [node for node in several if node.shape or any(map(shape, node.args))]
    # An operation of floats takes a tenth of the time.
    length = len(arrays) + (len(program.nodes) - len(arrays)) / 10
    if length < (REPEATED if repeated else SHORTEST) or len(program.nodes) > LONGEST:
        return False
    return max(map(_products, arrays), default=0) <= LARGEST


def _products(node: Node) -> int:
    """Return how many products of numbers an operation adds up: for each element a row of its first array."""
    assert node.op is not None
    # What moves elements, as a transposition does, takes one array or any number of them.
    multiplies = node.op.arity == 2 and not node.op.elementwise
    return prod(node.shape) * prod(shape(node.args[0])[-1:]) if multiplies else 0


def placed(tree: Tree, found: dict[Node, Any], number: Callable[[Any], Any]) -> Any:
    """Return the structure of the results with what was computed for each node; `number` is of one element."""

    def place(item: Item) -> Any:
        if isinstance(item, Part):
            return number(found[item.node][item.place])
        return found[item] if isinstance(item, Node) else item

    return mapped(place, tree)


def _defined(name: str, source: str) -> Callable[..., Any]:
    """Run the source, and return the function; a traceback shows its lines."""
    file = f"<compiled {name} {next(_sources)}>"
    scope: dict[str, Any] = {}
    exec(builtins.compile(source, file, "exec"), scope)
    # A function that its own globals hold is freed by the collector alone.
    function: Callable[..., Any] = scope.pop(name)
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    weakref.finalize(function, linecache.cache.pop, file, None).atexit = False
    return function


_sources = count(1)
