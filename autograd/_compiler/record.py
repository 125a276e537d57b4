"""One call of a function, recorded: the program that `compile` writes down."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from types import CodeType
from typing import Any, NamedTuple

from autograd._core.anomaly import user_line, written_place
from autograd._core.data import same_bits, shape
from autograd._core.modes import record
from autograd._core.names import name_of
from autograd._core.node import Node, kinds
from autograd._core.order import topological_sort
from autograd._core.signature import FIXED, is_array
from autograd._core.tracing import CompileError, Trace, traced
from autograd._core.trees import deeper, flatten, mapped
from autograd._core.types import Item, Tree
from autograd._grad.transforms import title
from autograd.files import brief

from .fresh import leaves_drawn
from .passes import exact
from .program import Pack, Part, nodes_in


class Recording(NamedTuple):
    """The operations that a call did, and the leaves that it did them on."""

    trace: Trace
    arguments: list[tuple[str, Any]]
    """The parameters, each with its structure of leaves."""
    positional: int
    """How many arguments were given by position; the others follow."""
    result: Any


def recorded(f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], careful: bool) -> Recording:
    """Call f on leaves that stand for the numbers in its arguments, and note its operations."""
    names = _parameters(f, len(args))
    leaves = [_leaves(arg) for arg in args]
    keywords = {name: _leaves(arg) for name, arg in kwargs.items()}
    # The variables in the function of a row are no names that people gave.
    code = None if hasattr(f, "primitive") else getattr(f, "__code__", None)
    trace, before = Trace(careful, code), exact([leaves, keywords])
    for name, tree in [*zip(names, leaves), *keywords.items()]:
        if isinstance(tree, Node):
            tree.label = name
    with record(), traced(trace):
        trace.running = True
        try:
            result = f(*leaves, **keywords)
        except TypeError as error:
            error.add_note(
                f"While {title(f)} was recorded to be compiled: its arguments are nodes then. What decides how often a "
                f"loop runs, or is an index, must not be an argument: fix it, e.g. with functools.partial"
            )
            raise
        finally:
            _name_variables(trace)
    if trace.refusal is not None:
        # Something between caught it.
        raise trace.refusal
    if exact([leaves, keywords]) != before:
        raise once_only(
            f,
            "changes a list or a dict that it is given",
            "Make a new one, e.g. with list(...), and change or return that",
        )
    for strange in _strange([leaves, keywords, result]):
        raise once_only(f, f"takes or returns {brief(strange)} of type {type(strange).__name__}", _STRUCTURE)
    return Recording(trace, [*zip(names, leaves), *keywords.items()], len(args), result)


def _name_variables(trace: Trace) -> None:
    """Note the names of a function's variables when it is over; those of its outermost call count most.

    Then nothing holds its frames, which hold all that it made, and through its callers themselves.
    """
    trace.running = False
    while trace.frames:
        frame, _ = trace.frames.popitem()
        trace.names.update(_called(frame.f_locals))


def same_twice(one: Recording, other: Recording, f: Callable[..., Any]) -> None:
    """Raise CompileError if two recordings of one call differ. f then decides by chance, the clock or its past."""
    where = dict(zip(one.trace.made, other.trace.made))
    where.update(zip(leaves_drawn(one.trace.drawn), leaves_drawn(other.trace.drawn)))
    where.update(zip(flatten([tree for _, tree in one.arguments]), flatten([tree for _, tree in other.arguments])))
    made = one.trace.made
    for a, b, place in zip(one.trace.nodes, other.trace.nodes, one.trace.places):
        where[a] = b
        inputs, others = a.inputs, b.inputs
        if a.op is not b.op or len(inputs) != len(others) or _settings(a) != _settings(b):
            _differs(place, "another operation")
        for x, y in zip(inputs, others):
            if isinstance(x, Node) and isinstance(y, Node):
                if where.get(x, x) is not y and not (x in made and _alike(x._data, y._data)):
                    _differs(place, "another input")
                if x in made and not _alike(x._data, y._data):
                    _differs(place, "another number")
            elif isinstance(x, Node) or isinstance(y, Node) or not _alike(x, y):
                _differs(place, "another number")
    if len(one.trace.nodes) != len(other.trace.nodes):
        more = max(one.trace, other.trace, key=lambda trace: len(trace.nodes))
        _differs(more.places[min(len(one.trace.nodes), len(other.trace.nodes))], "another operation")
    if exact(replaced(one.result, where)) != exact(replaced(other.result, {})):
        raise once_only(f, "returns something else when it is called again with the same arguments")


def _settings(node: Node) -> Any:
    return exact(node.settings) if node.settings else ()


def _differs(place: tuple[CodeType, int], what: str) -> None:
    code, instruction = place
    # Each instruction, of two bytes, has a position.
    line = next(islice(code.co_positions(), instruction // 2, None))[0] or code.co_firstlineno
    raise CompileError(
        f"{written_place((code.co_filename, line))}: this line has {what} when the function is called again with the "
        f"same arguments, so it cannot be compiled. {_INSTEAD}"
    )


_INSTEAD = (
    "Draw random numbers with fresh(...), or outside, and pass them as an argument; so with the time, and what a call "
    "leaves for the next: return it, and keep it outside"
)


_STRUCTURE = (
    "Return numbers, arrays, nodes, text and None, and lists, tuples and dicts of these, of which the keys are text or "
    "numbers"
)


def once_only(f: Callable[..., Any], does: str, instead: str = _INSTEAD) -> CompileError:
    """Return the error for a function with an effect that would happen only once."""
    code = getattr(f, "__code__", None)
    place = written_place((code.co_filename, code.co_firstlineno)) + ": " if code else ""
    return CompileError(f"{place}{title(f)} {does}, so it cannot be compiled. {instead}")


def _strange(tree: Tree, depth: int = 0) -> Iterator[Any]:
    """Yield the items of a structure that cannot be written down."""
    if isinstance(tree, dict):
        yield from (part for key in tree for part in flatten(key) if not isinstance(part, (float, int, *FIXED)))
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        inside = deeper(depth)
        for item in tree:
            yield from _strange(item, inside)
    elif (
        not isinstance(tree, (Node, float, int, *FIXED))
        and getattr(getattr(tree, "dtype", None), "kind", "O") not in "biuf"
    ):
        yield tree


def refuse_paths(given: list[Node], wrt: set[Node]) -> None:
    """Raise CompileError if a node that is an argument depends on one to differentiate with respect to."""
    for node in given:
        found = next((item for item in topological_sort(node) if item in wrt), None)
        if found is not None:
            raise CompileError(
                f"{user_line()}: an argument of a compiled gradient depends on {name_of(found)}, which is in wrt; "
                f"no gradient would pass through the argument. Compute it inside the function, or give its .data"
            )


def _alike(a: Item, b: Item) -> bool:
    return a is b or (same_bits(a, b) if shape(a) and shape(b) else repr(a) == repr(b))


SCALARS = 200
"""A graph with fewer operations is not searched for parts that it holds many times."""

ARRAY = 90
"""An operation that makes an array, with the sums after it, takes as long as about this many pairs of floats."""


def roll(
    trace: Trace, results: list[Node], arguments: list[tuple[str, Any]], targets: list[Node]
) -> tuple[list[Pack], dict[Node, Node]]:
    """Find the parts of a graph that are alike, and compute them together, as arrays.

    Return the arrays that stand for many leaves, and the node that stands for each result; `trace` goes on with the new
    graph. Nothing changes where there is no repetition, and without NumPy.
    """
    if len(trace.nodes) < SCALARS:
        return [], {}
    used, height = _leaves_and_height(trace.nodes, results)
    try:
        import numpy
    except ImportError:
        return [], {}
    from autograd._compiler.reroll.group import WORTH
    from autograd._compiler.reroll.reroll import reroll

    # Gradients would not pass through a node from outside, if it became an element of an array.
    if WORTH * height > len(trace.nodes) + len(used) or any(node.op is not None for node in used):
        return [], {}
    inputs = nodes_in([tree for _, tree in arguments])
    known = {*inputs, *trace.made}
    leaves = [*inputs, *(node for node in used if node not in known)]
    groups: dict[Any, list[Node]] = {}
    whose = {leaf: k for k, (_, tree) in enumerate(arguments) for leaf in nodes_in(tree)}
    aimed = set(targets)
    for leaf in dict.fromkeys([*targets, *leaves]):
        # Numbers of one argument lie together; so do arrays of one shape, whatever argument they are.
        length, given = shape(leaf._data), whose.get(leaf, -1)
        kind = (length, getattr(leaf._data, "dtype", float), given >= 0 if length else given, leaf in aimed)
        groups.setdefault(kind, []).append(leaf)
    packs = []
    for group in groups.values():
        node = kinds["array"](numpy.array([leaf._data for leaf in group]))
        name = _common_name([arguments[whose[leaf]][0] if leaf in whose else leaf.label for leaf in group])
        packs.append(Pack(name, node, group, captured=group[0] not in whose))
    new = Trace()
    with record(), traced(new):
        rolled = reroll(results, [(pack.node, {leaf: k for k, leaf in enumerate(pack.leaves)}) for pack in packs])
    floats = all(type(node._data) is float for node in trace.nodes)
    if rolled is None or (floats and _pairs(trace.nodes) < _pairs(new.nodes)):
        return [], {}
    names = {node: trace.names.get(result, result.label) for result, node in zip(results, rolled)}
    trace.nodes, trace.made = new.nodes, new.made
    trace.names = {node: name for node, name in names.items() if name}
    return packs, dict(zip(results, rolled))


def _pairs(nodes: list[Node]) -> int:
    """Return how many pairs of floats take about as long as some operations.

    A number that is picked out of an array, one for each sample, takes no longer than one that is computed.
    """
    return sum(ARRAY if node.shape else len(node.inputs) for node in nodes)


def _leaves_and_height(nodes: list[Node], results: list[Node]) -> tuple[dict[Node, None], int]:
    """Return what nodes use from outside, and how many arrays, at least, would be computed one from another."""
    used: dict[Node, None] = {}
    heights: dict[Node, int] = {}
    for node in nodes:
        op = node.op
        assert op is not None
        highest, more = 0, op.arity is not None
        for item in node.inputs:
            if isinstance(item, Node):
                below = heights.get(item)
                if below is None:
                    used[item] = None
                elif below >= highest:
                    highest = below
                    # A sum of sums becomes one sum; what has any number of arguments may be one itself.
                    more = op.arity is not None and not (op.reduction and item.op is op)
        heights[node] = highest + more
    return used, max([heights.get(result, 0) for result in results], default=0)


def _common_name(names: list[str]) -> str:
    """Return the longest text that all names begin with."""
    first, last = min(names), max(names)
    same = next((k for k, (a, b) in enumerate(zip(first, last)) if a != b), min(len(first), len(last)))
    return re.sub(r"[\W_]*$", "", first[:same]) or "x"


def replaced(tree: Tree, found: Mapping[Node, Any]) -> Any:
    """Return a structure with the node or the data in `found` in place of each node there."""

    def other(item: Item) -> Any:
        if isinstance(item, Part):
            return Part(found.get(item.node, item.node), item.place)
        return found.get(item, item) if isinstance(item, Node) else item

    return mapped(other, tree)


def _parameters(f: Callable[..., Any], n: int) -> list[str]:
    """Return names for n positional arguments of f."""
    try:
        known = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        known = {}.values()
    names = [p.name for p in known if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in known if p.kind is p.VAR_POSITIONAL), "x")
    return [*names, *(f"{rest}_{k}" for k in range(n))][:n]


def _leaves(tree: Tree) -> Any:
    """Return a structure of new leaves for one of numbers, arrays and nodes."""
    return mapped(_new_leaf, tree)


def _new_leaf(item: Item) -> Any:
    if isinstance(item, FIXED):
        return item
    data = item._data if isinstance(item, Node) else item
    return kinds["array" if is_array(data) else "float"](data)


def _called(variables: Mapping[str, Any]) -> dict[Node, str]:
    """Return the names that a function gave its nodes by its variables, with a number inside a list."""
    found: dict[Node, str] = {}
    for name, item in variables.items():
        listed = item if isinstance(item, (list, tuple)) else ()
        for node, given in [(item, name), *((part, f"{name}_{k}") for k, part in enumerate(listed))]:
            if isinstance(node, Node):
                found.setdefault(node, given)
    return found
