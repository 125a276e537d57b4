"""A graph of scalars as arrays of integers: operations, and the positions of their arguments."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, NamedTuple

import numpy

from autograd._core.data import shape
from autograd._core.node import Node, leaf
from autograd._core.order import topological_sort
from autograd._core.primitive import TABLE, Primitive
from autograd._core.types import Raw, Settings
from autograd._ops import elementwise


class Scalars(NamedTuple):
    """A graph of scalars as lists by number: the leaves of the packs, then the rest, arguments before results."""

    order: list[Node]
    roots: list[int]
    operations: list[Any]
    """The operation that made the node, see `_operation`; None for a leaf."""
    arguments: list[Any]
    """The numbers of the arguments; of a constant its data, of a leaf in a pack None."""
    shapes: list[tuple[int, ...]]
    settings: dict[Any, dict[str, Any]]


def read(roots: list[Node], packs: list[tuple[Any, dict[Node, int]]]) -> Scalars:
    """Return the graph of `roots` by number, with variadic operations taken apart where they can be."""
    numbers: dict[Node, int] = {}
    operations: list[Any] = []
    arguments: list[Any] = []
    shapes: list[tuple[int, ...]] = []
    settings: dict[Any, dict[str, Any]] = {}
    constants: dict[Any, int] = {}
    templates: dict[Any, Any] = {}

    def add_node(operation: tuple[Any, ...] | None, parts: list[int] | Raw | None, length: tuple[int, ...]) -> int:
        operations.append(operation)
        arguments.append(parts)
        shapes.append(length)
        return len(operations) - 1

    def constant(x: Raw) -> int:
        length = shape(x)
        # Minus zero is equal to zero, but another number.
        key = id(x) if length else (float(x), math.copysign(1.0, x))
        if key not in constants:
            constants[key] = add_node(None, x if length else float(x), length)
        return constants[key]

    for data, held in packs:
        numbers.update((node, len(operations) + place) for node, place in held.items())
        for _ in range(data.shape[0]):
            add_node(None, None, data.shape[1:])
    together = leaf(0.0)
    together.link(TABLE["stack"], tuple(roots), (), {})
    order = topological_sort(together, until=numbers)[:-1]
    for node in order:
        if node in numbers:
            continue
        made = node.op
        if made is None:
            numbers[node] = constant(node._data)
            continue
        places = [numbers[i] if isinstance(i, Node) else constant(i) for i in node.inputs]
        operation, length = _operation(node), node.shape
        settings[operation] = dict(node.settings)
        template: list[Any] = []
        if made.arity is None and made.elementwise:
            key = operation, len(places)
            if key not in templates:
                templates[key] = _template(made, len(places), node.settings)
            template = templates[key]
        for inner, given, parts in template:
            settings[inner] = given
            if not parts:
                places.append(-1)
                continue
            taken = [places[p] if type(p) is int else constant(p) for p in parts]
            joint = numpy.broadcast_shapes(*{shapes[p] for p in taken}) if length else ()
            places.append(add_node(inner, taken, joint))
        numbers[node] = places[-1] if template else add_node(operation, places, length)
    return Scalars(order, [numbers[root] for root in roots], operations, arguments, shapes, settings)


def _operation(node: Node) -> tuple[Any, ...]:
    """Return a key that is the same for nodes that can be elements of one array: primitive and settings.

    What mixes the elements of an array, or has settings that cannot be told apart by their text, stays alone.
    """
    assert node.op is not None
    if not node.settings and node.op.elementwise:
        return node.op, ""
    plain = node.op.elementwise and all(isinstance(x, (int, float, str, type(None))) for x in node.settings.values())
    return (node.op, str(node.settings)) if plain else (node.op, id(node))


def _template(made: Primitive, count: int, given: Settings) -> list[tuple[Any, Any, list[Any]]]:
    """Run the forward of a variadic primitive on `count` nodes, and return the operations that it is made of.

    Each comes with its settings and arguments, which are positions (first of the primitive's arguments, then of these
    operations) and constants. A sum of sums is one sum; what went into it has no arguments any more. Empty if the
    forward takes no nodes.
    """
    inputs = [leaf(1.0) for _ in range(count)]
    try:
        order = topological_sort(made.forward(elementwise, *inputs, **given))
    except (AttributeError, TypeError):
        return []
    positions = {node: k for k, node in enumerate(inputs)}
    found: list[tuple[Any, Any, list[Any]]] = []
    for node in order:
        if node.op is not None:
            parts = [positions[i] if isinstance(i, Node) else float(i) for i in node.inputs]
            found.append((_operation(node), dict(node.settings), parts))
            positions[node] = len(positions)
    uses = Counter(part for _, _, parts in found for part in parts if type(part) is int)
    for k, (operation, given, parts) in enumerate(found):
        if operation[0].reduction:
            joined: list[Any] = [[]]
            for p in parts:
                if isinstance(p, int) and p >= count and uses[p] == 1 and found[p - count][0] == operation:
                    joined.append(found[p - count][2])
                    found[p - count] = operation, given, []
                else:
                    joined[0].append(p)
            found[k] = operation, given, join(joined)
    return found


def join(lists: list[list[Any]]) -> list[Any]:
    """Join lists by extending the longest, so that a chain of additions takes linear time."""
    longest = max(lists, key=len)
    for other in lists:
        if other is not longest:
            longest.extend(other)
    return longest
