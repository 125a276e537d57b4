"""Groups of scalars that one operation on arrays computes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy

from autograd._core.primitive import Primitive
from autograd._core.types import Array

from .read import Scalars, join

WORTH = 4
"""Re-rolling pays if it leaves this many times fewer nodes."""


class Group(NamedTuple):
    """Nodes of the same structure and shape, numbered from `start`; `arguments` has their arguments, a row for each."""

    made: Primitive | None
    settings: dict[str, Any]
    start: int
    size: int
    arguments: Any
    """Numbers, a row for each node; of constants their data, of the leaves in a pack None."""
    shape: tuple[int, ...]


def levels_of(scalars: Scalars) -> list[dict[Any, list[int]]] | None:
    """Return the numbers of all operations by height above the leaves, then by operation and argument count.

    A sum of sums that nothing else uses becomes, in `scalars`, one sum of many terms. None for too many levels.
    """
    operations, arguments = scalars.operations, scalars.arguments
    uses = [0] * len(operations)
    for operation, parts in zip(operations, arguments):
        if operation is not None:
            for part in parts:
                uses[part] += 1
    for root in scalars.roots:
        uses[root] += 1
    height = [0] * len(operations)
    absorbed = set()
    for number, operation in enumerate(operations):
        if operation is None:
            continue
        parts = arguments[number]
        if operation[0].reduction:
            inner = [part for part in parts if operations[part] == operation and uses[part] == 1]
            absorbed.update(inner)
            outer = [part for part in parts if part not in absorbed]
            height[number] = max([height[part] for part in inner] + [height[part] + 1 for part in outer])
            arguments[number] = join([outer, *(arguments[part] for part in inner)])
        else:
            height[number] = 1 + max(map(height.__getitem__, parts))
    if WORTH * max(height, default=0) > len(scalars.order):
        return None
    levels: list[dict[Any, list[int]]] = [{} for _ in range(max(height, default=0))]
    for number, operation in enumerate(operations):
        if operation is not None and number not in absorbed:
            key = operation, len(arguments[number]), scalars.shapes[number]
            levels[height[number] - 1].setdefault(key, []).append(number)
    return levels


def grouped(scalars: Scalars, levels: list[dict[Any, list[int]]], sizes: list[int]) -> tuple[list[Group], Any, Any]:
    """Number all nodes afresh; return the groups, the new numbers, and for each new number its group.

    First come the leaves of each pack, then the constants, then the operations, each after its arguments. Nodes of the
    same operation on the same arguments get one number.
    """
    total, start = len(scalars.operations), 0
    final = numpy.arange(total)
    group_of = numpy.empty(total, numpy.int64)
    groups: list[Group] = []

    def add_group(
        made: Primitive | None, size: int, arguments: Array | None, length: tuple[int, ...], given: dict[str, Any]
    ) -> None:
        nonlocal start
        group_of[start : start + size] = len(groups)
        groups.append(Group(made, given, start, size, arguments, length))
        start += size

    for size in sizes:
        add_group(None, size, None, scalars.shapes[start], {})
    constants = [k for k in range(start, total) if scalars.operations[k] is None]
    numbers = sorted((k for k in constants if not scalars.shapes[k]), key=scalars.arguments.__getitem__)
    final[numbers] = numpy.arange(start, start + len(numbers))
    add_group(None, len(numbers), numpy.array([scalars.arguments[k] for k in numbers]), (), {})
    for k in constants:
        if scalars.shapes[k]:
            final[k] = start
            add_group(None, 1, scalars.arguments[k][None], scalars.shapes[k], {})
    leaves = len(groups)
    for level in levels:
        for (operation, _, length), members in level.items():
            rows = final[numpy.array([scalars.arguments[k] for k in members])]
            if operation[0].reduction:
                rows.sort(axis=1)
            origin = group_of[rows]
            # Parameters come first, so that nodes of one parameter stand together; constants, of any order, last.
            rank = numpy.where((origin[0] >= len(sizes)) & (origin[0] < leaves), total, origin[0])
            columns = numpy.argsort(rank, kind="stable")[::-1]
            keys = rows.T[columns]
            if (origin != origin[0]).any():
                keys = numpy.concatenate([keys, origin.T[columns]])
            order = numpy.lexsort(keys)
            rows = rows[order]
            new = numpy.ones(len(rows), bool)
            new[1:] = (rows[1:] != rows[:-1]).any(axis=1)
            final[numpy.array(members)[order]] = start - 1 + numpy.cumsum(new)
            rows = rows[new]
            origin = group_of[rows]
            ends = numpy.flatnonzero((origin[1:] != origin[:-1]).any(axis=1)) + 1
            for low, high in pairwise([0, *ends.tolist(), len(rows)]):
                add_group(operation[0], high - low, rows[low:high], length, scalars.settings[operation])
    return groups, final, group_of
