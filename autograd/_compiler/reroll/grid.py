"""How the scalars of a group stand in an array, and how they are found in those of other groups."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy

from autograd._core.primitive import TABLE
from autograd._core.types import Array

from .group import Group


class View(NamedTuple):
    """Elements of a group as an array: `base` + a multiple of each step, or (with `places`) any elements at all."""

    group: int
    axes: tuple[int, ...]
    """Of the array asked for, the axes that the view has, in its order; along the others nothing changes."""
    lengths: tuple[int, ...]
    base: int
    steps: tuple[int, ...]
    places: Any = None


class Recipe(NamedTuple):
    """How a group is computed, as an array of shape `grid`: from `count` terms for each of its nodes.

    A term is a view of each argument of an operation; of a sum, it is a view of terms of one structure, with an axis
    more, or two of their factors.
    """

    grid: tuple[int, ...]
    terms: list[tuple[int, list[View]]]


def recipes_of(groups: list[Group], group_of: Array) -> list[Recipe]:
    """Return how to compute each group."""
    contractions = {made.contraction for made in TABLE.values() if made.contraction}
    recipes: list[Recipe] = []
    for group in groups:
        rows = group.arguments
        if group.made is None:
            recipes.append(Recipe((group.size,), []))
            continue
        columns = []
        if group.made.reduction:
            origin = group_of[rows[0]].tolist()
            ends = [k for k in range(1, len(origin)) if origin[k] != origin[k - 1]]
            for low, high in pairwise([0, *ends, len(origin)]):
                part, source = rows[:, low:high], groups[origin[low]]
                if source.made and (source.made.name, group.made.name) in contractions and high - low > 1:
                    factors = source.arguments[part - source.start]
                    columns.append([factors[..., 0], factors[..., 1]])
                else:
                    columns.append([part])
        else:
            columns.append([rows[:, [k]] for k in range(rows.shape[1])])
        grid = _grid([numbers for term in columns for numbers in term], groups, group_of, recipes)
        terms = [
            (term[0].shape[1], [view_of(groups, group_of, x.reshape(*grid, x.shape[1])) for x in term])
            for term in columns
        ]
        recipes.append(Recipe(grid, terms))
    return recipes


def _grid(columns: list[Any], groups: list[Group], group_of: Array, recipes: list[Recipe]) -> tuple[int, ...]:
    """Return the shape in which the arguments of a group repeat along whole axes.

    An argument that is the same for r nodes in a row, or comes again after r nodes, shows that axes end there.
    """
    size = len(columns[0])
    ends, hints = {1, size}, set()
    for numbers in columns:
        group = groups[int(group_of[numbers[0, 0]])]
        if group.made is None and group.arguments is not None:
            # Constants may be equal by chance.
            continue
        distinct, repeats = _repeats(numbers)
        ends.update(end for unit, times, scale in repeats for end in (unit * scale, unit * times * scale))
        if group.made and distinct.shape == (group.size, 1) and (numpy.diff(distinct[:, 0]) == 1).all():
            # A group that is computed from a whole array takes its shape.
            for end in contiguous(recipes[int(group_of[numbers[0, 0]])].grid):
                scale = max((times * scale for unit, times, scale in repeats if end % unit == 0), default=1)
                hints.add(end * scale)
    for lengths in (sorted(ends | hints), sorted(ends)):
        if all(high % low == 0 for low, high in pairwise(lengths)):
            return tuple(high // low for low, high in pairwise(lengths))[::-1]
    return (size,)


def _repeats(numbers: Array) -> tuple[Any, list[tuple[int, int, int]]]:
    """Return the rows without those that only repeat, and how they repeat.

    Each (unit, times, scale) tells that in what was left then, where a row stood for `scale` of the first ones, blocks
    of `unit` rows came `times` times.
    """
    found: list[tuple[int, int, int]] = []
    unit, scale = 1, 1
    while True:
        same = numpy.flatnonzero((numbers == numbers[0]).all(axis=1))
        if len(same) < 2 or same[1] % unit:
            return numbers, found
        unit = int(same[1])
        times = int(numpy.argmin(numpy.append(same, -1) == unit * numpy.arange(len(same) + 1)))
        if len(numbers) % (unit * times):
            return numbers, found
        blocks = numbers.reshape(-1, times, unit, numbers.shape[1])
        if (blocks != blocks[:, :1]).any():
            return numbers, found
        found.append((unit, times, scale))
        numbers = blocks[:, 0].reshape(-1, numbers.shape[1])
        scale *= times


def view_of(groups: list[Group], group_of: Array, numbers: Array) -> View:
    """Return where the nodes of some numbers, an array of any shape, stand in their group."""
    group = int(group_of[numbers.flat[0]])
    core = numbers - groups[group].start
    axes = []
    for axis in range(core.ndim):
        first = core.take([0], axis=axis)
        if (core == first).all():
            core = first
        else:
            axes.append(axis)
    core = core.reshape([core.shape[axis] for axis in axes])
    base = int(core.flat[0])
    unit = [tuple(int(k == axis) for k in range(core.ndim)) for axis in range(core.ndim)]
    steps = [int(core[index]) - base for index in unit]
    regular = numpy.array(base)
    for length, step in zip(core.shape, steps):
        regular = numpy.add.outer(regular, step * numpy.arange(length))
    if (core == regular).all() and all(step > 0 for step in steps):
        order = sorted(range(core.ndim), key=lambda k: -steps[k])
        lengths = tuple(core.shape[k] for k in order)
        return View(group, tuple(axes[k] for k in order), lengths, base, tuple(steps[k] for k in order))
    return View(group, tuple(axes), core.shape, 0, (), core)


def needed_groups(recipes: list[Recipe], views: list[View]) -> set[int]:
    """Return the groups that the views are made from."""
    needed = {view.group for view in views}
    for k in reversed(range(len(recipes))):
        if k in needed:
            needed.update(view.group for _, term in recipes[k].terms for view in term)
    return needed


def contiguous(lengths: tuple[int, ...]) -> tuple[int, ...]:
    """Return the steps of the axes of an array that lies in memory row by row."""
    return tuple(math.prod(lengths[axis + 1 :]) for axis in range(len(lengths)))
