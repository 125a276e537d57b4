"""`compile`: a function, its gradients included, as straight-line Python."""

from __future__ import annotations

import gc
import keyword
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import update_wrapper
from importlib.util import find_spec
from typing import Any

from . import _floats
from ._backends import BACKENDS
from ._backward import without_warnings
from ._functional import flatten, parts_of
from ._guards import Surroundings
from ._modes import active, anomaly, tracing
from ._node import Node
from ._passes import hollow, on_floats
from ._recording import FIXED, program_of, recorded, replaced, same_twice
from ._source import nodes_in

MOST = 64
"""So many signatures of one function are kept."""


def compile(f: Callable[..., Any], *, backend: str = "numpy") -> Compiled:
    """Return a function that computes what f does, gradients included, from readable source, many times faster.

    f takes floats, arrays, nodes, or lists, tuples and dicts of these, and returns such a structure; `compile(
    value_and_grad(f))` compiles value and gradient together. Results are raw: floats and arrays. f is recorded once
    for each signature, that is the structure, the shapes and the dtypes of the arguments; text, None and True are
    fixed. Nodes that f uses beside its arguments, such as the parameters of a model, are read at every call; other
    things that it uses are compared at every call, and recorded anew if they have changed. Also a decorator. `backend`
    is "numpy", or "numba" or "jax" where that is installed.

    Raises CompileError where f does what would be done only once: decide by a number, read it, print it, draw a random
    number of its own, set data. ValueError for another backend, ImportError for one that is not installed.

    >>> def loss(w, x):
    ...     z = w * x
    ...     return (tanh(z) - 1) ** 2
    >>> fast = compile(value_and_grad(loss))
    >>> fast(0.0, 2.0)
    (1.0, -4.0)
    >>> print(fast.source)
    import math
    <BLANKLINE>
    <BLANKLINE>
    def loss(w, x):
        # forward
        z = w * x
        t1 = math.tanh(z)
        t2 = t1 - 1
        J = t2 ** 2
        # backward
        dJ_dt2 = 2.0 * t2
        t3 = t1 * t1
        t4 = 1 - t3
        dJ_dz = dJ_dt2 * t4
        dJ_dw = dJ_dz * x
        return (J, dJ_dw)
    <BLANKLINE>
    """
    if not callable(f):
        raise TypeError(f"compile takes a function; got {f!r:.60}")
    if backend not in BACKENDS:
        raise ValueError(f"unknown backend {backend!r}; choose {', '.join(map(repr, BACKENDS))}")
    if backend != "numpy" and find_spec(backend) is None:
        raise ImportError(f"the backend {backend!r} needs {backend}: pip install 'glassgrad[{backend}]'")
    return Compiled(f, backend)


class Source(str):
    """Python source; a notebook shows it highlighted."""

    __slots__ = ()

    def _repr_markdown_(self) -> str:
        return f"```python\n{self}```"


class Compiled:
    """A compiled function: called like the function itself. Made by `compile`."""

    def __init__(self, f: Callable[..., Any], backend: str) -> None:
        self._f, self._backend = f, backend
        self._versions: dict[Any, _Version] = {}
        self._latest: _Version | None = None
        self._lock = threading.RLock()
        self.compilations = 0
        """How often the function was recorded."""
        update_wrapper(self, f)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the results for these arguments as raw numbers and arrays."""
        if active and tracing.get() is not None:
            # Inside another function that is being compiled, f is a part of that.
            return self._f(*args, **kwargs)
        if active and anomaly.get():
            # Only nodes can be named, so f runs as it is.
            return as_raw(self._f(*args, **kwargs))
        key = _signature(args) if not kwargs else (_signature(args), _signature(kwargs))
        version = self._versions.get(key)
        if version is None or not version.surroundings.same():
            version = self._record(key, args, kwargs)
        return version.run(args, kwargs)

    def _record(self, key: Any, args: Any, kwargs: Any) -> _Version:
        with self._lock, _without_collector():
            self._versions.pop(key, None)
            while len(self._versions) >= MOST:
                del self._versions[next(iter(self._versions))]
            self._versions[key] = self._latest = _Version(self._f, self._backend, args, kwargs)
            self.compilations += 1
            return self._latest

    @property
    def source(self) -> Source:
        """The Python source of the signature that was compiled last; raises RuntimeError before the first call."""
        return Source(self._last().source)

    @property
    def graph(self) -> Any:
        """The first result of the last compilation as a node: `draw` shows what is left of the graph.

        Of large arrays it keeps the shapes alone.
        """
        return next(item for item in flatten(self._last().program.results) if isinstance(item, Node))

    def report(self) -> str:
        """Return what the passes removed, how many arrays are allocated, and how long it took, as a table."""
        return self._last().report() + f"\n{'signatures compiled':<24}{len(self._versions):>10,}"

    def _last(self) -> _Version:
        if self._latest is None:
            raise RuntimeError(
                f"{self.__name__} is compiled when it is called: call it once, then look at its source"  # type: ignore[attr-defined]
            )
        return self._latest

    def __repr__(self) -> str:
        return f"<compiled {getattr(self, '__name__', self._f)!s}: {len(self._versions)} signatures>"


class _Version:
    """What is compiled for one signature."""

    def __init__(self, f: Callable[..., Any], backend: str, args: Any, kwargs: Any) -> None:
        start = time.perf_counter()
        parts = parts_of(f)
        inner = parts.f if parts is not None else f
        self.surroundings = Surroundings(f)
        self._raw = all(type(item) is float or _is_float_array(item) for item in flatten([args, kwargs]))
        first = recorded(inner, args, kwargs)
        same_twice(first, recorded(inner, args, kwargs), inner)
        leaves = set(nodes_in([tree for _, tree in first.arguments]))
        # What was computed cannot be checked before it is.
        self._checks = [
            (check, _way_to(data, first.arguments, len(args)), data, rest)
            for check, data, rest in first.trace.checks
            if leaves.issuperset(nodes_in(data))
        ]
        self._counts: Counter[str] = Counter()
        self.program = program_of(first, parts, _name(inner), self._counts, rolled=backend != "numba")
        self.source, self._function = BACKENDS[backend](self.program)
        self._counts["arrays written over"] = self.source.count("out=")
        self._counts["arrays allocated"] = sum(map(_allocates, self.program.nodes)) - self.source.count("out=")
        hollow([*nodes_in([tree for _, tree in self.program.arguments]), *self.program.nodes])
        self._seconds = time.perf_counter() - start

    def run(self, args: Any, kwargs: Any) -> Any:
        """Compute the results for arguments of this signature."""
        for check, whole, data, rest in self._checks:
            check(whole(args, kwargs) if whole else replaced(data, dict(self._found(args, kwargs))), *rest)
        if not self._raw:
            args, kwargs = as_raw(args), as_raw(kwargs)
        program = self.program
        outside = [node._data for node in program.captured]
        outside += [pack.data({}) for pack in program.packs if pack.captured]
        outside += program.given.values()
        try:
            with without_warnings():
                return self._function(*args, *kwargs.values(), *outside)
        except (ArithmeticError, ValueError):
            return self._by_the_table(args, kwargs)

    def _by_the_table(self, args: Any, kwargs: Any) -> Any:
        """Compute with the forward rules themselves, which follow IEEE 754 where Python's floats raise.

        A program that was re-rolled has arrays alone, which do not raise.
        """
        found: dict[Any, Any] = {node: node._data for node in self.program.captured}
        found.update(self._found(args, kwargs))
        with without_warnings():
            for node in self.program.nodes:
                found[node] = _computed(node, [found[i] if isinstance(i, Node) else i for i in node.inputs])
        return replaced(self.program.results, found)

    def _found(self, args: Any, kwargs: Any) -> Iterator[tuple[Node, Any]]:
        """Yield the leaves of the arguments, each with its number or array."""
        numbers = (item for item in flatten([*args, *kwargs.values()]) if not isinstance(item, FIXED))
        return zip(nodes_in([tree for _, tree in self.program.arguments]), numbers)

    def report(self) -> str:
        """Return a table of what the passes did."""
        rows: list[tuple[str, float]] = [*self._counts.items(), ("operations left", len(self.program.nodes))]
        rows.append(("milliseconds to compile", self._seconds * 1e3))
        return "\n".join(f"{name:<24}{number:>10,.0f}" for name, number in rows)


def _allocates(node: Node) -> bool:
    """Tell whether the result of a node is an array with memory of its own."""
    if type(node._data) is float:
        return False
    import numpy

    return not any(numpy.may_share_memory(node._data, item._data) for item in node.inputs if isinstance(item, Node))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the cyclic collector from walking a growing graph, which has no cycles, again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _way_to(data: Any, arguments: list[tuple[str, Any]], positional: int) -> Callable[[Any, Any], Any] | None:
    """Return a function that finds an argument among others, or None if `data` is not one as a whole."""
    place = next((k for k, (_, tree) in enumerate(arguments) if tree is data), None)
    if place is None:
        return None
    name = arguments[place][0]
    return (lambda args, kwargs: args[place]) if place < positional else (lambda args, kwargs: kwargs[name])


def _computed(node: Node, raw: list[Any]) -> Any:
    """Return what the operation of a node makes of other numbers."""
    assert node.op is not None
    if on_floats(node):
        return float(node.op.forward(_floats, *raw, **node.settings))
    import numpy

    out = node.op.forward(numpy, *raw, **node.settings)
    return out if type(node._data) is float else numpy.asarray(out, node._data.dtype)


def _name(f: Callable[..., Any]) -> str:
    """Return a name for the compiled function: that of f, if it is one."""
    name = getattr(f, "__name__", type(f).__name__)
    return name if name.isidentifier() and not keyword.iskeyword(name) else "f"


def _signature(tree: Any) -> Any:
    """Return what a function is compiled for: structure, kinds, shapes and dtypes, and what is fixed."""
    kind = type(tree)
    if kind is float:
        return float
    if kind is list or kind is tuple:
        kinds_ = set(map(type, tree))
        return (kind, len(tree)) if kinds_ == {float} else (kind, *map(_signature, tree))
    if hasattr(tree, "dtype") and hasattr(tree, "shape"):
        return (tree.shape, tree.dtype)
    if isinstance(tree, Node):
        return (Node, _signature(tree._data))
    if isinstance(tree, dict):
        return (dict, *((key, _signature(item)) for key, item in tree.items()))
    if isinstance(tree, FIXED):
        return (kind, tree)
    if isinstance(tree, (float, int)):
        return kind
    raise TypeError(
        f"a compiled function takes numbers, arrays, nodes, and lists, tuples and dicts of these; got {tree!r:.60} of "
        f"type {kind.__name__}: let the function use it from outside, as it uses a global variable"
    )


def _is_float_array(item: Any) -> bool:
    return type(item).__name__ == "ndarray" and item.dtype.char in "df"


def as_raw(tree: Any) -> Any:
    """Return a structure in which nodes, integers and other numbers are floats and arrays of floats."""
    if isinstance(tree, dict):
        return {key: as_raw(item) for key, item in tree.items()}
    if isinstance(tree, (list, tuple)):
        parts = [as_raw(item) for item in tree]
        return parts if isinstance(tree, list) else tuple(parts)
    if isinstance(tree, Node):
        return tree._data
    if type(tree).__name__ == "ndarray":
        return tree if _is_float_array(tree) else tree.astype(float)
    return tree if isinstance(tree, FIXED) else float(tree)
