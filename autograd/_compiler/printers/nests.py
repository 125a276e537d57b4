"""Tables of indices as nested loops: `x[i * 3 + j]` in place of a list of numbers, wherever a table is regular."""

from __future__ import annotations

from itertools import pairwise
from math import prod

from autograd._core.types import Array


class Nest:
    """Loops over n elements in order, in which each of the tables is regular.

    `points` are the numbers of elements inside each loop, from n down to 1; `cuts` must be among them.
    """

    def __init__(self, n: int, tables: list[Array], cuts: tuple[int, ...] = ()) -> None:
        points = {1, n, *cuts}
        for table in tables:
            more = points | set(_points(table))
            if _fit(more):
                points = more
        self.points = sorted(points, reverse=True)
        self.lengths = [a // b for a, b in pairwise(self.points)]

    def strides(self, table: Array) -> list[int] | None:
        """Return how far one step of each loop goes in a table; None if the table is not regular in these loops."""
        import numpy

        steps = [int(table[point]) - int(table[0]) for point in self.points[1:]]
        return steps if numpy.array_equal(affine(int(table[0]), steps, self.lengths), table) else None


def affine(start: int, steps: list[int], lengths: list[int]) -> Array:
    """Return the table of nested loops in one row."""
    import numpy

    grid = numpy.full(lengths, start)
    for axis, step in enumerate(steps):
        grid += (numpy.arange(lengths[axis]) * step).reshape(-1, *[1] * (len(lengths) - axis - 1))
    return grid.reshape(-1)


def index_text(start: int, steps: list[int], variables: list[str]) -> str:
    """Return `start + i * step + ...` as JavaScript.

    >>> from autograd._compiler.printers.nests import index_text
    >>> index_text(0, [3, 1], ["i", "j"]), index_text(2, [0, -1], ["i", "j"])
    ('i * 3 + j', '2 - j')
    """
    # The outer index first, however the loops are nested.
    pairs = sorted((pair for pair in zip(steps, variables) if pair[0]), key=lambda pair: -abs(pair[0]))
    terms = [(step, name if abs(step) == 1 else f"{name} * {abs(step)}") for step, name in pairs]
    if start and terms and terms[0][0] < 0:
        terms.insert(0, (1, str(start)))
    elif start or not terms:
        terms.append((1, str(start)) if start >= 0 else (-1, str(-start)))
    text = " ".join(f"{'+' if step > 0 else '-'} {term}" for step, term in terms)
    return text[2:] if text.startswith("+ ") else f"-{text[2:]}"


def _points(table: Array) -> list[int]:
    """Return the numbers of elements inside each of the loops that make a table; too many if none do."""
    import numpy

    points = [1]
    while table.size > 1:
        steps = numpy.diff(table)
        other = numpy.flatnonzero(steps != steps[0])
        length = int(other[0]) + 1 if other.size else table.size
        if table.size % length:
            return []
        grid = table.reshape(-1, length)
        if not (grid == grid[:, :1] + steps[0] * numpy.arange(length)).all():
            return []
        points.append(points[-1] * length)
        table = grid[:, 0]
    return points


def _fit(points: set[int]) -> bool:
    return all(b % a == 0 for a, b in pairwise(sorted(points)))


def box(inside: Array, form: tuple[int, ...]) -> tuple[slice, ...] | None:
    """Return the box of an array's elements that are chosen; None if they are no box."""
    import numpy

    grid = inside.reshape(form)
    places = numpy.argwhere(grid)
    if not len(places):
        return None
    low, high = places.min(axis=0), places.max(axis=0) + 1
    chosen = tuple(slice(int(a), int(b)) for a, b in zip(low, high))
    return chosen if len(places) == prod(int(b - a) for a, b in zip(low, high)) else None
