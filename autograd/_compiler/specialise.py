"""A function specialised: `compile` makes a program of it for each signature."""

from __future__ import annotations

import keyword
import math
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from autograd._compiler.backends.backends import writer_of
from autograd._compiler.backends.direct import direct_call
from autograd._compiler.missed import MISSED
from autograd._compiler.printers.names import RESERVED
from autograd._core.modes import without_warnings
from autograd._core.node import Node
from autograd._core.signature import FIXED, as_raw, is_float_array, layout
from autograd._core.trees import CONTAINERS, flatten, mapped
from autograd._core.types import Item, Tree
from autograd._grad.kinks import mean_beside
from autograd._grad.rules import is_finite
from autograd._grad.transforms import Differentiated, parts_of

from .build import program_of
from .fresh import drawn, leaves_drawn
from .passes import hollow, rule_of
from .program import nodes_in
from .record import Recording, once_only, recorded, refuse_paths, replaced, same_twice
from .surroundings import Surroundings


class Specialised:
    """A function as it is compiled for one signature."""

    _again: Specialised | None = None
    """The same with gradients that take care of infinite slopes, once it was needed."""

    used = 0
    """The call that used it last, of all calls of the function."""

    def __init__(
        self,
        f: Callable[..., Any],
        backend: str | None,
        args: Sequence[Tree],
        kwargs: Mapping[str, Tree],
        careful: bool = False,
    ) -> None:
        self._f, self._backend, self._careful = f, backend, careful
        start = time.perf_counter()
        self._raw = all(type(item) is float or is_float_array(item) for item in flatten([args, kwargs]))
        self._surroundings, parts, first = recorded_twice(f, args, kwargs, careful)
        self._drawn = first.trace.drawn
        self._derives = parts is not None or bool(first.trace.adjoints)
        self._wrt = set(parts.wrt) if parts is not None and parts.wrt is not None else set()
        leaves = set(nodes_in([tree for _, tree in first.arguments]))
        # Computed numbers cannot be checked before they are; those that stay the same have been.
        self._checks = [
            (check, _way_to(data, first.arguments, len(args)), data, rest)
            for check, data, rest in first.trace.checks
            if (nodes := nodes_in(data)) and leaves.issuperset(nodes)
        ]
        self._counts: Counter[str] = Counter()
        self.program = program_of(first, parts, name_in_source(f), self._counts, rolled=True)
        leaves_given = nodes_in([tree for _, tree in self.program.arguments])
        self._kinked = [k for k, leaf in enumerate(leaves_given) if leaf in first.trace.kinked]
        self.source, self.function = writer_of(backend)(self.program)
        self.thin = self._thin()
        """Takes a tuple of arguments and returns results, or MISSED; None if machine code alone is not enough."""
        # Thousands of floats have no memory to be counted or let go of.
        made = [] if self.program.on_floats else self.program.nodes
        self._counts["arrays written over"] = self.program.written_over
        self._counts["arrays allocated"] = sum(map(_allocates, made)) - self.program.written_over
        arrays = (node for node in self.program.captured if type(node._data) is not float)
        self._layouts = [(node, layout(node._data)) for node in arrays]
        hollow([*leaves_given, *made])
        self._seconds = time.perf_counter() - start

    def holds(self) -> bool:
        """Tell whether the surroundings of the function are as they were, but for the numbers of nodes."""
        if not self._surroundings.unchanged() and not self._surroundings.same():
            return False
        return all(layout(node._data) == before for node, before in self._layouts)

    def _thin(self) -> Callable[[tuple[Any, ...]], Any] | None:
        unchanged, checks = self._surroundings.unchanged, self._checks
        if self._drawn or self._kinked or any(whole is None for _, whole, _, _ in checks):
            return None
        function: Any = self.function
        call = function.thin if hasattr(function, "thin") else direct_call(self.program, function)
        if call is None:
            return None

        if not checks:
            return lambda args: call(args) if unchanged() else MISSED

        def thin(args: tuple[Any, ...]) -> Any:
            results = call(args) if unchanged() else MISSED
            if results is not MISSED:
                self.check(args)
            return results

        return thin

    def check(self, args: tuple[Any, ...]) -> None:
        """Raise the errors for bad numbers in arguments that are checked as a whole each."""
        for check, whole, _, rest in self._checks:
            assert whole is not None
            check(whole(args, {}), *rest)

    def change(self) -> str:
        """Return the first change in the surroundings, for a person."""
        return self._surroundings.change() or "the shape or the type of a node that it uses"

    def run(self, args: Sequence[Tree], kwargs: Mapping[str, Tree]) -> Any:
        """Compute the results for arguments of this signature."""
        return self._with([*drawn(self._drawn).values()], args, kwargs)

    def _with(self, numbers: list[Any], args: Sequence[Tree], kwargs: Mapping[str, Tree]) -> Any:
        """Compute with the numbers that were drawn."""
        results = self._once(numbers, args, kwargs)
        if self._kinked:
            given = [item for item in flatten([args, kwargs]) if not isinstance(item, FIXED)]

            def beside(moved: list[Any]) -> Any:
                items = iter({**dict(enumerate(given)), **dict(zip(self._kinked, moved))}.values())
                tree = mapped(lambda item: item if isinstance(item, FIXED) else next(items), [args, kwargs])
                return self._once(numbers, *tree)

            results = mean_beside(beside, as_raw([given[k] for k in self._kinked]), results)
        return results

    @without_warnings
    def _once(self, numbers: list[Any], args: Sequence[Tree], kwargs: Mapping[str, Tree]) -> Any:
        for check, whole, data, rest in self._checks:
            check(whole(args, kwargs) if whole else replaced(data, dict(self._found(args, kwargs))), *rest)
        if not self._raw:
            if self._wrt:
                refuse_paths(nodes_in([args, kwargs]), self._wrt)
            args, kwargs = as_raw(args), as_raw(kwargs)
        program = self.program
        fresh = dict(zip(leaves_drawn(self._drawn), numbers))
        outside = [fresh.get(node, node._data) for node in program.captured]
        outside += [pack.data(fresh) for pack in program.packs if pack.captured]
        outside += program.given.values()
        try:
            results = self.function(*args, *kwargs.values(), *outside)
        except (ArithmeticError, ValueError):
            results = self._by_the_table(args, kwargs, fresh)
        if self._careful or not self._derives or _are_finite(results):
            return results
        # 0 times an infinite slope may have spoilt it.
        if self._again is None:
            self._again = Specialised(self._f, self._backend, args, kwargs, careful=True)
        return self._again._with(numbers, args, kwargs)

    def _by_the_table(self, args: Sequence[Tree], kwargs: Mapping[str, Tree], fresh: dict[Node, Any]) -> Any:
        """Compute with the forward rules themselves, which follow IEEE 754 where Python's floats raise.

        A program that was re-rolled has arrays alone, which do not raise.
        """
        found: dict[Any, Any] = {node: node._data for node in self.program.captured}
        found.update(fresh)
        found.update(self._found(args, kwargs))
        for node in self.program.nodes:
            raw = [found[i] if isinstance(i, Node) else i for i in node.inputs]
            found[node] = rule_of(node)(*raw, **node.settings)
        return mapped(_apart, replaced(self.program.results, found))

    def _found(self, args: Sequence[Tree], kwargs: Mapping[str, Tree]) -> Iterator[tuple[Node, Any]]:
        """Yield the leaves of the arguments, each with its number or array."""
        numbers = (item for item in flatten([*args, *kwargs.values()]) if not isinstance(item, FIXED))
        return zip(nodes_in([tree for _, tree in self.program.arguments]), numbers)

    def report(self) -> str:
        """Return a table of the work of the passes."""
        rows: list[tuple[str, float]] = [*self._counts.items(), ("operations left", len(self.program.nodes))]
        rows.append(("milliseconds to compile", self._seconds * 1e3))
        lines = [f"{name:<24}{number:>10,.0f}" for name, number in rows]
        if hasattr(self.function, "thin"):
            lines.append("run as machine code")
        elif self.program.refused:
            lines.append(f"run by NumPy, not as machine code: {self.program.refused}")
        return "\n".join(lines)


def _are_finite(tree: Tree) -> bool:
    """Tell whether all numbers of results are finite; those of a list of floats mostly show by their sum."""
    if type(tree) is list and set(map(type, tree)) == {float}:
        return math.isfinite(sum(tree)) or all(map(math.isfinite, tree))
    if isinstance(tree, CONTAINERS):
        return all(map(_are_finite, tree.values() if isinstance(tree, dict) else tree))
    return isinstance(tree, FIXED) or is_finite(tree)


def recorded_twice(
    f: Callable[..., Any], args: Sequence[Tree], kwargs: Mapping[str, Tree], careful: bool
) -> tuple[Surroundings, Differentiated | None, Recording]:
    """Return the surroundings of f, how it is differentiated, and a call; raise if it differs from another call."""
    parts = parts_of(f)
    if parts is not None:
        parts.positions(len(args))
        if any(isinstance(item, FIXED) for item in flatten(parts.targets(args))):
            # What is fixed has no leaf here: f itself makes a node of True, and refuses None.
            parts = None
    inner = parts.f if parts is not None else f
    surroundings = Surroundings(f)
    first = recorded(inner, args, kwargs, careful)
    drawn_so_far = surroundings.drawn_so_far()
    same_twice(first, recorded(inner, args, kwargs, careful), inner)
    if surroundings.drawn_so_far() != drawn_so_far:
        raise once_only(inner, "draws random numbers")
    return surroundings, parts, first


def _apart(item: Item) -> Any:
    """Return a copy of an array, which then is no argument's, no parameter's and no other result's."""
    return item.copy() if hasattr(item, "dtype") else item


def _allocates(node: Node) -> bool:
    """Tell whether the result of a node is an array with memory of its own."""
    if type(node._data) is float:
        return False
    import numpy

    return not any(numpy.may_share_memory(node._data, item._data) for item in node.inputs if isinstance(item, Node))


def _way_to(data: Tree, arguments: list[tuple[str, Any]], positional: int) -> Callable[[Any, Any], Any] | None:
    """Return a function that finds an argument among others, or None if `data` is not one as a whole."""
    place = next((k for k, (_, tree) in enumerate(arguments) if tree is data), None)
    if place is None:
        return None
    name = arguments[place][0]
    return (lambda args, kwargs: args[place]) if place < positional else (lambda args, kwargs: kwargs[name])


def name_in_source(f: Callable[..., Any]) -> str:
    """Return a name for the compiled function: that of f, if the source may have it."""
    parts = parts_of(f)
    f = f if parts is None else parts.f
    name = unicodedata.normalize("NFKC", str(getattr(f, "__name__", type(f).__name__)))
    if not name.isidentifier() or keyword.iskeyword(name):
        return "f"
    # The source calls functions by these names.
    return f"{name}_2" if name in RESERVED else name
