"""`compile`: a function, its gradients included, as straight-line Python or JavaScript."""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from autograd._core.modes import active, anomaly, new_lock, tracing
from autograd._core.node import Node
from autograd._core.signature import as_raw, signature
from autograd._core.trees import flatten
from autograd._core.types import Tree
from autograd._grad.transforms import title
from autograd.files import brief

from .missed import MISSED

if TYPE_CHECKING:
    from .pure import Pure
    from .specialise import Specialised

MOST = 64
"""How many signatures of one function are kept: those that were used last."""

OFTEN = 20
"""Of a function that is compiled so often in fewer than twice as many calls, a warning tells."""


def compile(f: Callable[..., Any], *, backend: str | None = None) -> Compiled:
    """Return a function that computes the same as f, gradients included, faster and from readable source.

    f takes floats, arrays, nodes, or lists, tuples and dicts of these, and returns such a structure; `compile(
    value_and_grad(f))` compiles value and gradient together. Results are raw: floats and arrays. f is recorded once
    for each signature, that is the structure, the shapes and the dtypes of the arguments; text, None and True are
    fixed. Nodes that f uses beside its arguments, such as the parameters of a model, are read at every call; other
    things that it uses are compared at every call, and recorded anew if they have changed: variables, attributes,
    elements, defaults, arrays, functions put into modules. Not seen is a change of what f reaches otherwise: inside the
    result of a function with a cache, through a memoryview or ctypes, in a ContextVar, in os.environ or another object
    of an installed module, by a name that is put together, through `__getattr__` of a module or a metaclass. Give such
    things as arguments. Also a decorator.

    `backend` is "numpy", which runs the source as it is; "native", which runs machine code of the same program, where
    llvmlite is installed (sums of many numbers may then differ in the last digit; what has no machine code is run by
    NumPy, of which `report` tells); or "jax" where that is installed. Without one, longer programs are run as machine
    code if that can be made. With "javascript" the source is a function of JavaScript on numbers and Float64Arrays (of
    the elements, row by row); Python runs none, so a call here is computed by NumPy.

    Raises CompileError where f does what would be done only once: decide by a number, read it, print it, draw a random
    number otherwise than with `fresh`, set data; and for an operation that JavaScript cannot say, such as an inverse.
    ValueError for another backend, ImportError for one that is not installed.

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
        t1 = math.tanh(z) - 1
        J = t1 ** 2
        # backward
        dJ_dt1 = 2.0 * t1
        _t2_0 = math.cosh(z)
        t2 = 1 / _t2_0 / _t2_0
        dJ_dz = dJ_dt1 * t2
        dJ_dw = dJ_dz * x
        return (J, dJ_dw)
    <BLANKLINE>
    """
    _check_function(f, "compile")
    from autograd._compiler.backends.backends import BACKENDS

    if backend is not None and backend not in BACKENDS:
        raise ValueError(f"unknown backend {backend!r}; choose {', '.join(map(repr, BACKENDS))}")
    _check_installed(backend or "")
    return Compiled(f, backend)


def pure(f: Callable[..., Any], *args: Tree) -> Pure:
    """Return f as a function of arrays alone, recorded for arguments like these; JAX can transform it.

    It refuses the functions that `compile` refuses. `value_and_grad(...)` gives the loss, the rest and the gradients.
    Raises TypeError if f is no function, and ImportError without JAX.

    >>> w = Tensor([2.0])
    >>> made = pure(lambda x: (w * x).sum(), Tensor([1.0]).data)
    >>> made.captured == [w], made.holds()
    (True, True)
    """
    _check_function(f, "pure")
    _check_installed("jax")
    from .pure import Pure

    return Pure(f, args)


def _check_function(f: Any, taker: str) -> None:
    if not callable(f):
        raise TypeError(f"{taker} takes a function; got {brief(f)}")


def _check_installed(backend: str) -> None:
    from autograd._compiler.backends.backends import PACKAGES

    package, extra = PACKAGES.get(backend, ("", ""))
    if package and find_spec(package) is None:
        raise ImportError(f"the backend {backend!r} needs {package}: pip install 'glassgrad[{extra}]'")


class Source(str):
    """Python source; a notebook shows it highlighted."""

    __slots__ = ()
    language = "python"

    def _repr_markdown_(self) -> str:
        return f"```{self.language}\n{self}```"


class Script(Source):
    """JavaScript source."""

    __slots__ = ()
    language = "javascript"


class Compiled:
    """A compiled function: called like the function itself. Made by `compile`."""

    def __init__(self, f: Callable[..., Any], backend: str | None) -> None:
        # An attribute of f may have any name, also one of those that stand for something here.
        update_wrapper(self, f, updated=())
        vars(self).update({name: item for name, item in getattr(f, "__dict__", {}).items() if name not in _NAMES})
        self._f, self._backend = f, backend
        self._specialised: dict[Any, Specialised] = {}
        self._latest: Specialised | None = None
        self._used: Specialised | None = None
        """That of the last call: for arguments exactly like those of it, machine code has a shorter way."""
        self._lock = new_lock()
        self._calls = 0
        self.compilations = 0
        """How often the function was recorded."""

    def __call__(self, *args: Tree, **kwargs: Tree) -> Tree:
        """Return the results for these arguments as raw numbers and arrays."""
        used = self._used
        if used is not None and used.thin is not None and not active and not kwargs:
            results = used.thin(args)
            if results is not MISSED:
                self._calls += 1
                return results
        if active and tracing.get() is not None:
            # Inside another function that is being compiled, f is a part of that.
            return self._f(*args, **kwargs)
        if active and anomaly.get():
            # Only nodes can be named, so f runs as it is.
            return as_raw(self._f(*args, **kwargs))
        key = signature(args) if not kwargs else (signature(args), signature(kwargs))
        found = self._specialised.get(key)
        if found is None or not found.holds():
            found = self._record(key, args, kwargs)
        self._calls = found.used = self._calls + 1
        self._used = found
        return found.run(args, kwargs)

    def known(self, args: Sequence[Tree]) -> Specialised | None:
        """Return the program for these arguments if it is known, and all that it uses is as it was then."""
        found = self._specialised.get(signature(args))
        return found if found is not None and found.holds() else None

    @property
    def programs(self) -> list[Specialised]:
        """All programs that are known."""
        return [*self._specialised.values()]

    def _record(self, key: object, args: Sequence[Tree], kwargs: Mapping[str, Tree]) -> Specialised:
        # The compiler takes longer to import than all the rest, and few need it.
        from .specialise import Specialised

        with self._lock:
            before = self._specialised.get(key)
            if before is not None and before.holds():
                # Another thread was faster.
                return before
            collects = gc.isenabled()
            try:
                # The cyclic collector would walk a growing graph, which has no cycles, again and again.
                gc.disable()
                self._specialised.pop(key, None)
                if self._used is not None:
                    self._used.used = self._calls
                while len(self._specialised) >= MOST:
                    del self._specialised[min(self._specialised, key=lambda key: self._specialised[key].used)]
                made = self._specialised[key] = self._latest = Specialised(self._f, self._backend, args, kwargs)
                made.used = self._calls
                self.compilations += 1
            finally:
                if collects:
                    gc.enable()
        if self.compilations == OFTEN and self._calls < 2 * OFTEN:
            self._warn(before.change() if before is not None else "the shapes, types or text of its arguments")
        return made

    def _warn(self, changed: str) -> None:
        """Warn that the function is compiled again and again, which takes more time than it saves."""
        warnings.warn(
            f"{title(self._f)} was compiled {OFTEN} times in {self._calls + 1} calls, at last because of a change of "
            f"{changed}: make what changes an argument, as a number or an array of one shape, or do not compile it",
            stacklevel=4,
        )

    def __reduce__(self) -> Any:
        """Pickle by name, if the function was compiled where it is defined; else as a function to compile anew."""
        place: Any = sys.modules.get(str(self.__module__))
        name = str(getattr(self, "__qualname__", ""))
        for part in name.split("."):
            place = getattr(place, part, None)
        return name if place is self else (Compiled, (self._f, self._backend))

    @property
    def source(self) -> Source:
        """The source for the signature that was compiled last. Raises RuntimeError before the first call."""
        return (Script if self._backend == "javascript" else Source)(self._last().source)

    @property
    def graph(self) -> Any:
        """The first result of the last compilation as a node: `draw` shows the graph that the passes left.

        Of large arrays it keeps the shapes alone. Raises ValueError if no result depends on anything.
        """
        for item in flatten(self._last().program.results):
            if isinstance(item, Node):
                return item
        raise ValueError(f"{title(self._f)} returned the same whatever it was given, so there is no graph; see .source")

    @property
    def machine(self) -> str:
        """The machine code for the signature that was compiled last: LLVM's language, then the assembly.

        Empty if the source itself is run. Raises RuntimeError before the first call.
        """
        return str(getattr(self._last().function, "text", ""))

    def report(self) -> str:
        """Return a table of the removed operations, the allocated arrays and the time that it took."""
        return self._last().report() + f"\n{'signatures compiled':<24}{len(self._specialised):>10,}"

    def _last(self) -> Specialised:
        if self._latest is None:
            raise RuntimeError(f"{title(self._f)} is compiled when it is called: call it once, then look at its source")
        return self._latest

    def __repr__(self) -> str:
        return f"<compiled {getattr(self, '__name__', self._f)!s}: {len(self._specialised)} signatures>"


_NAMES = frozenset(dir(Compiled))
