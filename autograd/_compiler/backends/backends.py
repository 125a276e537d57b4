"""The backends that run a compiled program: Python with NumPy, or the same source under Numba or JAX; JavaScript."""

from __future__ import annotations

import builtins
import linecache
import weakref
from collections.abc import Callable
from functools import partial
from itertools import count
from operator import itemgetter
from typing import Any

from autograd._compiler.printers import javascript
from autograd._compiler.printers.loops import loop_of
from autograd._compiler.printers.python import write
from autograd._compiler.program import Part, Program, nodes_in
from autograd._core.node import Node
from autograd._core.tracing import CompileError
from autograd._core.trees import CONTAINERS, mapped, plain, refilled
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

    source = write(program, functional=True)
    if any(callable(item) for item in program.given.values()):
        raise CompileError(f"JAX cannot run {', '.join(program.given)}, which cannot be written down: use 'numpy'")
    fixed = tuple(k for k, (_, tree) in enumerate(program.arguments) if not nodes_in(tree))
    with jax.enable_x64(True):
        function = _defined(program.name, source)
    given = {name: item for name, item in program.given.items() if getattr(item, "dtype", "bool") != "bool"}
    # A mask is an index only if JAX knows it when it compiles; the same holds for objects that are no arrays.
    known = {name: item for name, item in program.given.items() if name not in given}
    fast = jax.jit(partial(function, **known), static_argnums=fixed)
    nodes = list(dict.fromkeys(nodes_in(program.results)))

    def run(*args: Tree) -> Any:
        import numpy

        with jax.enable_x64(True):
            arrays = [numpy.array(result) for result in fast(*plain(args[: len(args) - len(program.given)]), **given)]
        return _placed(program.results, dict(zip(nodes, (a if a.ndim else float(a) for a in arrays))))

    return source, run


def on_numba(program: Program) -> tuple[str, Callable[..., Any]]:
    """Run a program of numbers, or of numbers and columns of one length, as one loop under `numba.njit`."""
    import numba

    loop = loop_of(program)
    function: Any = _defined(program.name, loop.source)
    scope = function.__globals__
    # The terms of these sums may be taken in another order, so several samples at a time; the rest stays as it is.
    scope.update({name: numba.njit(scope[name], fastmath={"reassoc"}) for name in loop.sums})
    fast = numba.njit(function, error_model="numpy")
    trees = [tree for _, tree in program.arguments]
    gatherers = [_gathering(tree) for tree in trees]
    order = {node: k for k, node in enumerate([*nodes_in(trees), *program.captured])}
    places = [order[node] for node in loop.numbers]
    first = places == list(range(len(places)))
    fixed = {k: node._data for k, node in enumerate(loop.columns) if node not in order}
    columns = [order.get(node, -1) for node in loop.columns]
    placed = _placing(program.results, {node: k for k, node in enumerate(loop.results)})

    def run(*args: Tree) -> Any:
        import numpy

        given: list[Any] = []
        for gather, arg in zip(gatherers, args):
            gather(arg, given)
        given += args[len(trees) :]
        numbers = given[: len(places)] if first else [given[k] for k in places]
        return placed(
            fast(numpy.array(numbers), *(fixed[n] if k < 0 else given[k] for n, k in enumerate(columns))).tolist()
        )

    return loop.source, run


def on_javascript(program: Program) -> tuple[str, Callable[..., Any]]:
    """Return the source in JavaScript, which a page or Node.js runs; here NumPy runs the same program."""
    source = javascript.write(program)
    return source, on_numpy(program)[1]


BACKENDS: dict[str, Backend] = {
    "numpy": on_numpy, "numba": on_numba, "jax": on_jax, "javascript": on_javascript,
}  # fmt: skip

PACKAGES = ("numba", "jax")
"""The backends that are packages, to be installed."""


def _gathering(tree: Tree) -> Callable[[Any, list[Any]], None]:
    """Return the function that adds the data in the leaves of an argument to a list."""
    if isinstance(tree, Node):
        return lambda arg, into: into.append(arg)
    if isinstance(tree, (list, tuple)) and all(isinstance(item, Node) for item in tree):
        return lambda arg, into: into.extend(arg)
    if isinstance(tree, CONTAINERS):
        keys = list(tree) if isinstance(tree, dict) else range(len(tree))
        parts = [(key, _gathering(tree[key])) for key in keys]

        def gather(arg: Tree, into: list[Any]) -> None:
            for key, part in parts:
                part(arg[key], into)

        return gather
    return lambda arg, into: None


def _placing(tree: Tree, places: dict[Node, int]) -> Callable[[list[float]], Any]:
    """Return the function that puts results, given as a list, in their structure."""
    if isinstance(tree, Node):
        return itemgetter(places[tree])
    if type(tree) is list and tree and all(isinstance(item, Node) for item in tree):
        first = places[tree[0]]
        if [places[item] for item in tree] == list(range(first, first + len(tree))):
            return itemgetter(slice(first, first + len(tree)))
    if isinstance(tree, CONTAINERS):
        parts = [_placing(item, places) for item in (tree.values() if isinstance(tree, dict) else tree)]
        return lambda values: refilled(tree, [place(values) for place in parts])
    return lambda values: tree


def _placed(tree: Tree, found: dict[Node, Any]) -> Any:
    """Return the structure of the results with the number or array that was computed for each node."""

    def place(item: Item) -> Any:
        if isinstance(item, Part):
            return float(found[item.node][item.place])
        return found[item] if isinstance(item, Node) else item

    return mapped(place, tree)


def _defined(name: str, source: str) -> Callable[..., Any]:
    """Run the source, and return the function; a traceback shows its lines."""
    file = f"<compiled {name} {next(_sources)}>"
    scope: dict[str, Any] = {}
    exec(builtins.compile(source, file, "exec"), scope)
    function: Callable[..., Any] = scope[name]
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    weakref.finalize(function, linecache.cache.pop, file, None).atexit = False
    return function


_sources = count(1)
