"""Random expression graphs, drawn from the table of primitives."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from string import ascii_lowercase
from typing import Any, NamedTuple

import numpy
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd._core.data import shape
from autograd._core.modes import no_grad
from autograd._core.node import Node, leaf
from autograd._core.primitive import REAL, TABLE, Example, Interval, Primitive
from autograd._core.types import Operand, Raw
from autograd._grad.transforms import trace
from autograd._views.draw.draw import draw as draw_graph
from autograd._views.formula import assignments
from autograd.files import brief

from ._strategies import floats, inside

SHAPES = ((), (3,), (2, 3), (2, 1), (3, 4))

CLEARANCE = 1 / 32
"""So far from a kink the arguments of an operation stay."""

FINITE = sys.float_info.max

LARGEST = 1e4
"""An operation of a larger graph with a larger result is not taken."""


class Step(NamedTuple):
    """One operation of a graph: each argument is a `Place`, or a constant."""

    primitive: Primitive
    args: tuple[Any, ...]
    settings: Mapping[str, Any]


class Place(NamedTuple):
    """Which line of a graph a number comes from."""

    line: int


class Graph:
    """A computation as data: call it with numbers, arrays or nodes for its inputs.

    `lines` are floats and arrays (the inputs) and steps, in order; `inputs` are the former. The call returns the result
    that no other step uses, or a list if there are several. Its text is the computation as formulas.

    >>> from hypothesis import find
    >>> from autograd.testing import Graph, graphs
    >>> graph = find(graphs([square]), lambda graph: len(graph.lines) == 2)
    >>> isinstance(graph, Graph), graph(3.0)
    (True, 9.0)
    """

    def __init__(self, lines: list[Any]) -> None:
        self.lines = lines
        self.inputs = [line for line in lines if not isinstance(line, Step)]

    @property
    def __signature__(self) -> inspect.Signature:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature([inspect.Parameter(name, kind) for name in _names(len(self.inputs))])

    def __call__(self, *inputs: Operand) -> Any:
        ahead = iter(inputs)
        found: list[Any] = []
        used: set[int] = set()
        for line in self.lines:
            if isinstance(line, Step):
                used.update(arg.line for arg in line.args if isinstance(arg, Place))
                args = [found[arg.line] if isinstance(arg, Place) else arg for arg in line.args]
                found.append(_apply(line.primitive, args, line.settings))
            else:
                found.append(next(ahead))
        results = [x for k, (x, line) in enumerate(zip(found, self.lines)) if isinstance(line, Step) and k not in used]
        return results[0] if len(results) == 1 else results

    def nodes(self) -> list[Node]:
        """Return the results as nodes, computed from inputs named a, b, c, ..."""
        inputs = trace(self.inputs)
        for node, name in zip(inputs, _names(len(inputs))):
            node.label = name
        results = self(*inputs)
        return results if isinstance(results, list) else [results]

    def __repr__(self) -> str:
        lines: dict[str, str] = {}
        for k, node in enumerate(self.nodes()):
            # Several results share inputs, which are written once.
            lines |= {name if name != "out" or not k else f"out{k + 1}": text for name, text in assignments(node)}
        return "\n".join(f"{name} = {text}" for name, text in lines.items())

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return draw_graph(self.nodes()[0])._repr_mimebundle_() | {"text/plain": repr(self)}


@st.composite
def graphs(
    draw: st.DrawFn, primitives: Iterable[Callable[..., Any] | str | Primitive] | None = None, max_operations: int = 8
) -> Graph:
    """Return a strategy for random graphs of up to `max_operations` from the table of primitives.

    They share sub-expressions, mix floats, arrays and constants, broadcast and reduce, and stay inside every domain and
    away from kinks. `primitives` are those to use: functions, names or rows of the table; all if None.
    Raises ValueError for one that is not in the table.

    >>> from hypothesis import find
    >>> from autograd.testing import graphs
    >>> find(graphs([tanh, multiply]), lambda graph: len(graph.lines) > 3)
    a = 0.5
    out = tanh(tanh(tanh(a)))
    """
    chosen = [row(p) for p in primitives] if primitives is not None else list(TABLE.values())
    cases = [(made, example) for made in chosen for example in forms(made)]
    lines: list[Any] = []
    data: list[Any] = []
    for _ in range(draw(st.integers(1, max_operations))):
        made, (shapes, settings) = draw(st.sampled_from(cases))
        fresh: list[Any] = []
        args: list[Any] = []
        raw: list[Any] = []
        for position, length in enumerate(shapes):
            domain = domain_of(made, position)
            fits = [n for n, x in enumerate(data + fresh) if _fits(x, domain, length, raw, made.elementwise)]
            choice = draw(st.integers(0, len(fits) + 1))
            if choice < len(fits):
                args.append(Place(fits[len(fits) - 1 - choice]))
                raw.append((data + fresh)[args[-1].line])
                continue
            if made.elementwise:
                length = draw(st.sampled_from([s for s in SHAPES if _broadcast(s, raw)]))
            raw.append(draw(numbers(domain, length)))
            if choice == len(fits):
                args.append(Place(len(data) + len(fresh)))
                fresh.append(raw[-1])
            else:
                args.append(raw[-1])
        if any(isinstance(arg, Place) for arg in args) and is_clear(made, raw, settings, LARGEST):
            lines += [*fresh, Step(made, tuple(args), settings)]
            data += [*fresh, _computed(made, raw, settings)]
    assume(lines)
    return Graph(lines)


def single(made: Primitive, example: Example) -> st.SearchStrategy[Graph]:
    """Return a strategy for graphs of one operation on inputs of the example's shapes."""
    shapes, settings = example
    inputs = st.tuples(*(numbers(domain_of(made, k), length) for k, length in enumerate(shapes)))
    step = Step(made, tuple(Place(k) for k in range(len(shapes))), settings)
    return inputs.filter(lambda raw: is_clear(made, list(raw), settings, FINITE)).map(lambda raw: Graph([*raw, step]))


def numbers(domain: Interval, length: tuple[int, ...]) -> st.SearchStrategy[Any]:
    """Return a strategy for floats, or for arrays of a shape."""
    return hnp.arrays(float, length, elements=floats(domain)) if length else floats(domain)


def row(operation: Callable[..., Any] | str | Primitive) -> Primitive:
    """Return the row of the table for a primitive's function, name or row; raise ValueError without a row."""
    name = operation if isinstance(operation, str) else getattr(operation, "name", getattr(operation, "__name__", ""))
    if name not in TABLE:
        raise ValueError(
            f"{brief(operation)} is no primitive; give the function that primitive(...) returned, or its name"
        )
    return TABLE[name]


def forms(made: Primitive) -> list[Example]:
    """Return the shapes and settings to try a primitive with; an elementwise one without examples takes numbers."""
    if made.examples:
        return list(made.examples)
    if not made.elementwise or made.arity is None or made.settings:
        raise ValueError(
            f"{made.name} needs examples to be tested with: declare it with examples=((((3,), (3,)), {{}}),), "
            f"shapes for all arguments and the settings"
        )
    return [(((),) * made.arity, {})]


def domain_of(made: Primitive, position: int) -> Interval:
    domains = made.domain or (REAL,)
    return domains[min(position, len(domains) - 1)]


def is_clear(made: Primitive, raw: list[Any], settings: Mapping[str, Any], largest: float) -> bool:
    """Say whether an operation has a finite result, up to `largest`, and is away from its kinks."""
    try:
        if not numpy.all(abs(_computed(made, raw, settings)) <= largest):
            return False
    except numpy.linalg.LinAlgError:
        return False
    if made.kink is None:
        return True
    return bool((abs(numpy.asarray(made.kink(*raw, **settings), float)) >= CLEARANCE).all())


def _apply(made: Primitive, args: list[Any], settings: Mapping[str, Any]) -> Any:
    return made.apply((args,) if made.arity is None else tuple(args), dict(settings))


def _computed(made: Primitive, raw: list[Any], settings: Mapping[str, Any]) -> Any:
    with no_grad(), numpy.errstate(all="ignore"):
        return _apply(made, [leaf(x) for x in raw], settings)._data


def _fits(x: Raw, domain: Interval, length: tuple[int, ...], raw: list[Any], elementwise: bool) -> bool:
    """Say whether a number may be the next argument after those in `raw`."""
    low, high = (inside((end, math.inf))[0] if k == 0 else inside((-math.inf, end))[1] for k, end in enumerate(domain))
    within = (domain[0] == -math.inf or bool(numpy.all(x >= low))) and (
        domain[1] == math.inf or bool(numpy.all(x <= high))
    )
    return within and (_broadcast(shape(x), raw) if elementwise else shape(x) == length)


def _broadcast(length: tuple[int, ...], raw: list[Any]) -> bool:
    try:
        numpy.broadcast_shapes(length, *map(shape, raw))
    except ValueError:
        return False
    return True


def _names(count: int) -> list[str]:
    return [ascii_lowercase[k % 26] + (str(k // 26) if k >= 26 else "") for k in range(count)]
