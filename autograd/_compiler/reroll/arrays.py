"""The groups as arrays, computed with the primitives on nodes."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import numpy

from autograd._core.data import shape
from autograd._core.node import Node
from autograd._ops.manipulation import broadcast_to, getitem, reshape

from .contract import align, shape_to, sum_of
from .grid import Recipe, View, contiguous
from .group import Group


class Arrays:
    """The arrays of the groups computed so far; parts of them that are asked for twice are made once."""

    def __init__(self, groups: list[Group], recipes: list[Recipe], needed: set[int], views: list[View]) -> None:
        self.groups, self.recipes = groups, recipes
        self.data: dict[int, Any] = {}
        self.parts: dict[Any, Any] = {}
        # Where rows of a length begin in a group: views of the same rows then share them.
        self.rows: dict[tuple[int, int, int], set[int]] = {}
        for view in [view for k in needed for _, term in recipes[k].terms for view in term] + views:
            if view.steps:
                self.rows.setdefault((view.group, view.lengths[0], view.steps[0]), set()).add(view.base)

    def compute(self, k: int) -> None:
        """Compute a group, as an array of its grid and the shape of its nodes."""
        made, settings, _, _, arguments, length = self.groups[k]
        grid, terms = self.recipes[k]
        rank = len(grid) + len(length)
        if made is None:
            self.data.setdefault(k, arguments)
        elif made.reduction:
            parts = [
                sum_of(made, count, [self.placed(view, len(grid), rank) for view in term], rank)
                for count, term in terms
            ]
            self.data[k] = shape_to(reduce(lambda a, b: made.apply((a, b), {}), parts), (*grid, *length))
        else:
            ((_, term),) = terms
            args: Any = [self.view(view) for view in term]
            if made.elementwise:
                args = [align(*self.placed(view, len(grid), rank), rank) for view in term]
            out = made.apply((args,) if made.arity is None else tuple(args), settings)
            # Comparisons of constants count as numbers, too.
            out = out if isinstance(out, Node) else numpy.multiply(out, 1.0)
            full = (*grid, *length)
            # A forward need not use all of its arguments, such as the one that a slope is written with.
            whole = math.prod(shape(out)) == math.prod(full)
            self.data[k] = shape_to(out, full) if whole else broadcast_to(out, shape=full)

    def placed(self, view: View, axes: int, rank: int) -> tuple[Any, tuple[int, ...]]:
        """Return a view with its axes numbered among `rank` ones: those of the nodes follow the `axes` of the grid.

        The axis to sum over gets the number `rank`.
        """
        array, length = self.view(view), self.groups[view.group].shape
        own = [k for k, n in zip(range(rank - len(length), rank), length) if n != 1]
        if len(own) != len(length):
            array = reshape(array, (*view.lengths, *(n for n in length if n != 1)))
        return array, (*(rank if axis == axes else axis for axis in view.axes), *own)

    def view(self, view: View) -> Any:
        """Return a view as a Tensor, or an array of constants, with the axes of the view."""
        array, path = self.data[view.group], ""
        for operation, setting in self._path(view):
            exact = (setting.shape, setting.tobytes()) if hasattr(setting, "tobytes") else setting
            path += f"{operation.__name__} {exact} "
            if (view.group, path) not in self.parts:
                self.parts[view.group, path] = operation(array, setting)
            array = self.parts[view.group, path]
        return array

    def _path(self, view: View) -> list[tuple[Any, Any]]:
        """Return the operations that take a view from the array of its group, as functions and their settings."""
        grid, length = self.recipes[view.group].grid, self.groups[view.group].shape
        size = math.prod(grid)
        path: list[tuple[Any, Any]] = [(reshape, (-1, *length))] if len(grid) > 1 else []
        if view.places is not None:
            return [*path, (getitem, view.places)]
        if math.prod(view.lengths) == size and view.steps == contiguous(view.lengths):
            return [(reshape, (*view.lengths, *length))] if view.lengths != grid else []
        if not view.lengths:
            return [*path, (getitem, view.base)]
        flat = tuple(path)
        base = view.base
        before: tuple[int, ...] = ()
        for axis, (count, step) in enumerate(zip(view.lengths[:-1], view.steps)):
            inner = 1 + sum((n - 1) * m for n, m in zip(view.lengths[axis + 1 :], view.steps[axis + 1 :]))
            low, high = max(0, base + inner - step), min(base, size - count * step)
            if low > high:
                return [*flat, (getitem, _places(view))]
            starts = self.rows[view.group, count, step] if axis == 0 else ()
            first = min((start for start in starts if low <= start <= high), default=high)
            path += [*_part(before, first, count * step, 1, size), (reshape, (*before, count, step, *length))]
            base, size, before = base - first, step, (*before, count)
        path += _part(before, base, view.lengths[-1], view.steps[-1], size)
        return [this for this, after in zip(path, [*path[1:], (None, None)]) if this[0] is not after[0]]


def _part(before: tuple[int, ...], base: int, count: int, step: int, length: int) -> list[tuple[Any, Any]]:
    """Return the operation that takes `count` of `length` elements of the last axis, none if all are taken."""
    if count == length:
        return []
    chosen = slice(base, base + (count - 1) * step + 1, None if step == 1 else step)
    return [(getitem, (*(slice(None) for _ in before), chosen) if before else chosen)]


def _places(view: View) -> Any:
    """Return the places of a regular view as an array."""
    places = numpy.array(view.base)
    for length, step in zip(view.lengths, view.steps):
        places = numpy.add.outer(places, step * numpy.arange(length))
    return places
