"""The re-roller: a graph of many scalars becomes a small graph of arrays that computes the same, to rounding.

Scalar code, written for each neuron and each sample, holds the same sub-graph many times. Here all nodes of the same
structure form a *group*, which is computed as one array. Nodes are numbered from the leaves up, and inside a group in
the order of what they were computed from, so that the numbers of the arguments tell the axes: an argument that repeats
is broadcast, one that advances in equal steps is a view, and a sum of products is a matrix product.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from functools import reduce
from itertools import pairwise
from typing import Any, NamedTuple

import numpy

from autograd._core.modes import without_warnings
from autograd._core.node import Node
from autograd._core.primitive import TABLE, Primitive, leaf, shape
from autograd._grad.sweep import topological_sort
from autograd._ops import elementwise as _elementwise
from autograd._ops.manipulation import getitem, item, permute_dims, reshape

WORTH = 4
"""Re-rolling pays if it leaves so many times fewer nodes."""

LARGER = 4
"""The arrays may have so many times as many elements as the scalars."""

SAME = 1e-6
"""A result that differs so much has lost its digits to another order of summation, and is not given."""


class _Scalars(NamedTuple):
    """A graph of scalars as lists by number: first the leaves of the packs, then all else, arguments before results."""

    order: list[Node]
    roots: list[int]
    operations: list[Any]
    """What made the node, see `_operation`; None for a leaf."""
    arguments: list[Any]
    """The numbers of the arguments; of a constant its data, of a leaf in a pack None."""
    shapes: list[tuple[int, ...]]
    settings: dict[Any, dict[str, Any]]


class _Group(NamedTuple):
    """Nodes of the same structure and shape, numbered from `start`; `arguments` has their arguments, a row for each."""

    made: Primitive | None
    settings: dict[str, Any]
    start: int
    size: int
    arguments: Any
    """Numbers, a row for each node; of constants their data, of the leaves in a pack None."""
    shape: tuple[int, ...]


class _View(NamedTuple):
    """Elements of a group as an array: `base` + a multiple of each step, or (with `places`) any elements at all."""

    group: int
    axes: tuple[int, ...]
    """Of the array asked for, the axes that the view has, in its order; along the others nothing changes."""
    lengths: tuple[int, ...]
    base: int
    steps: tuple[int, ...]
    places: Any = None


class _Recipe(NamedTuple):
    """How a group is computed, as an array of shape `grid`: from `count` terms for each of its nodes.

    A term is a view of each argument of an operation; of a sum, it is a view of terms of one structure, with an axis
    more, or two of their factors.
    """

    grid: tuple[int, ...]
    terms: list[tuple[int, list[_View]]]


@without_warnings
def reroll(roots: list[Node], packs: list[tuple[Any, dict[Node, int]]]) -> list[Any] | None:
    """Return a node for each of `roots`, computed by few operations on the arrays of `packs`; None if it does not pay.

    Each pack is a Tensor of shape (n,) and the nodes whose numbers it holds, by position; of shape (n, ...) for nodes
    that hold arrays of one shape. A leaf in no pack is a constant. The results are of the kind and shape of the roots.
    It pays if there are at least 4 times fewer nodes than before, on arrays of at most 4 times as many elements.

    >>> from autograd._reroll import reroll
    >>> a, b = Value(2.0), Value(3.0)
    >>> loss = sum((a + b * k) ** 2 for k in range(20))
    >>> (rolled,) = reroll([loss], [(Tensor([2.0, 3.0]), {a: 0, b: 1})])
    >>> rolled.data == loss.data, len(topological_sort(loss)), len(topological_sort(rolled))
    (True, 82, 9)
    """
    scalars = _read(roots, packs)
    size = len(scalars.order)
    levels = _levels(scalars)
    if levels is None:
        return None
    groups, final, group_of = _grouped(scalars, levels, [data.shape[0] for data, _ in packs])
    recipes = _recipes(groups, group_of)
    views = [_view(groups, group_of, final[[root]]) for root in scalars.roots]
    needed = _needed(recipes, views)
    if WORTH * len(needed) > size:
        return None
    arrays = _Arrays(groups, recipes, needed, views)
    arrays.data.update((k, data) for k, (data, _) in enumerate(packs))
    for k in sorted(needed):
        arrays.compute(k)
    results = [_like(root, arrays.view(view)) for root, view in zip(roots, views)]
    return results if _pays(results, roots, scalars.order) else None


def _read(roots: list[Node], packs: list[tuple[Any, dict[Node, int]]]) -> _Scalars:
    """Return the graph of `roots` by number, with variadic operations taken apart where they can be."""
    numbers: dict[Node, int] = {}
    operations: list[Any] = []
    arguments: list[Any] = []
    shapes: list[tuple[int, ...]] = []
    settings: dict[Any, dict[str, Any]] = {}
    constants: dict[Any, int] = {}
    templates: dict[Any, Any] = {}

    def add_node(operation: Any, parts: Any, length: tuple[int, ...]) -> int:
        operations.append(operation)
        arguments.append(parts)
        shapes.append(length)
        return len(operations) - 1

    def constant(x: Any) -> int:
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
    return _Scalars(order, [numbers[root] for root in roots], operations, arguments, shapes, settings)


def _operation(node: Node) -> tuple[Any, ...]:
    """Return what nodes have in common that can be elements of one array: primitive and settings.

    What mixes the elements of an array, or has settings that cannot be told apart by their text, stays alone.
    """
    assert node.op is not None
    if not node.settings and node.op.elementwise:
        return node.op, ""
    plain = node.op.elementwise and all(isinstance(x, (int, float, str, type(None))) for x in node.settings.values())
    return (node.op, str(node.settings)) if plain else (node.op, id(node))


def _template(made: Primitive, count: int, given: Any) -> list[tuple[Any, Any, list[Any]]]:
    """Return the operations that a variadic primitive of `count` arguments is made of, by running its forward on nodes.

    Each comes with its settings and arguments, which are positions (first of the primitive's arguments, then of these
    operations) and constants. A sum of sums is one sum; what went into it has no arguments any more. Empty if the
    forward takes no nodes.
    """
    inputs = [leaf(1.0) for _ in range(count)]
    try:
        order = topological_sort(made.forward(_elementwise, *inputs, **given))
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
            found[k] = operation, given, _joined(joined)
    return found


def _joined(lists: list[list[Any]]) -> list[Any]:
    """Join lists, of which the longest grows, so that a chain of additions takes linear time."""
    longest = max(lists, key=len)
    for other in lists:
        if other is not longest:
            longest.extend(other)
    return longest


def _levels(scalars: _Scalars) -> list[dict[Any, list[int]]] | None:
    """Return the numbers of all operations by height above the leaves, and then by operation and number of arguments.

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
            arguments[number] = _joined([outer, *(arguments[part] for part in inner)])
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


def _grouped(scalars: _Scalars, levels: list[dict[Any, list[int]]], sizes: list[int]) -> tuple[list[_Group], Any, Any]:
    """Number all nodes afresh; return the groups, the new numbers, and for each new number its group.

    First come the leaves of each pack, then the constants, then the operations, each after its arguments. Nodes of the
    same operation on the same arguments get one number.
    """
    total, start = len(scalars.operations), 0
    final = numpy.arange(total)
    group_of = numpy.empty(total, numpy.int64)
    groups: list[_Group] = []

    def add_group(made: Primitive | None, size: int, arguments: Any, length: tuple[int, ...], given: Any) -> None:
        nonlocal start
        group_of[start : start + size] = len(groups)
        groups.append(_Group(made, given, start, size, arguments, length))
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


def _recipes(groups: list[_Group], group_of: Any) -> list[_Recipe]:
    """Return how to compute each group."""
    contractions = {made.contraction for made in TABLE.values() if made.contraction}
    recipes: list[_Recipe] = []
    for group in groups:
        rows = group.arguments
        if group.made is None:
            recipes.append(_Recipe((group.size,), []))
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
            (term[0].shape[1], [_view(groups, group_of, x.reshape(*grid, x.shape[1])) for x in term])
            for term in columns
        ]
        recipes.append(_Recipe(grid, terms))
    return recipes


def _grid(columns: list[Any], groups: list[_Group], group_of: Any, recipes: list[_Recipe]) -> tuple[int, ...]:
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
            # What is computed from a whole array takes its shape.
            for end in _contiguous(recipes[int(group_of[numbers[0, 0]])].grid):
                scale = max((times * scale for unit, times, scale in repeats if end % unit == 0), default=1)
                hints.add(end * scale)
    for lengths in (sorted(ends | hints), sorted(ends)):
        if all(high % low == 0 for low, high in pairwise(lengths)):
            return tuple(high // low for low, high in pairwise(lengths))[::-1]
    return (size,)


def _repeats(numbers: Any) -> tuple[Any, list[tuple[int, int, int]]]:
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


def _view(groups: list[_Group], group_of: Any, numbers: Any) -> _View:
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
        return _View(group, tuple(axes[k] for k in order), lengths, base, tuple(steps[k] for k in order))
    return _View(group, tuple(axes), core.shape, 0, (), core)


def _needed(recipes: list[_Recipe], views: list[_View]) -> set[int]:
    """Return the groups that the views are made from."""
    needed = {view.group for view in views}
    for k in reversed(range(len(recipes))):
        if k in needed:
            needed.update(view.group for _, term in recipes[k].terms for view in term)
    return needed


class _Arrays:
    """The arrays of the groups computed so far; parts of them that are asked for twice are made once."""

    def __init__(self, groups: list[_Group], recipes: list[_Recipe], needed: set[int], views: list[_View]) -> None:
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
                _summed(made, count, [self.placed(view, len(grid), rank) for view in term], rank)
                for count, term in terms
            ]
            self.data[k] = _shaped(reduce(lambda a, b: made.apply((a, b), {}), parts), (*grid, *length))
        else:
            ((_, term),) = terms
            args: Any = [self.view(view) for view in term]
            if made.elementwise:
                args = [_aligned(*self.placed(view, len(grid), rank), rank) for view in term]
            out = made.apply((args,) if made.arity is None else tuple(args), settings)
            # Comparisons of constants count as numbers, too.
            out = out if isinstance(out, Node) else numpy.multiply(out, 1.0)
            self.data[k] = _shaped(out, (*grid, *length))

    def placed(self, view: _View, axes: int, rank: int) -> tuple[Any, tuple[int, ...]]:
        """Return a view with its axes numbered among `rank` ones: those of the nodes follow the `axes` of the grid.

        The axis to sum over gets the number `rank`.
        """
        array, length = self.view(view), self.groups[view.group].shape
        own = [k for k, n in zip(range(rank - len(length), rank), length) if n != 1]
        if len(own) != len(length):
            array = reshape(array, (*view.lengths, *(n for n in length if n != 1)))
        return array, (*(rank if axis == axes else axis for axis in view.axes), *own)

    def view(self, view: _View) -> Any:
        """Return a view as a Tensor, or an array of constants, with the axes of the view."""
        array, path = self.data[view.group], ""
        for operation, setting in self._path(view):
            exact = (setting.shape, setting.tobytes()) if hasattr(setting, "tobytes") else setting
            path += f"{operation.__name__} {exact} "
            if (view.group, path) not in self.parts:
                self.parts[view.group, path] = operation(array, setting)
            array = self.parts[view.group, path]
        return array

    def _path(self, view: _View) -> list[tuple[Any, Any]]:
        """Return the operations that take a view from the array of its group, as functions and their settings."""
        grid, length = self.recipes[view.group].grid, self.groups[view.group].shape
        size = math.prod(grid)
        path: list[tuple[Any, Any]] = [(reshape, (-1, *length))] if len(grid) > 1 else []
        if view.places is not None:
            return [*path, (getitem, view.places)]
        if math.prod(view.lengths) == size and view.steps == _contiguous(view.lengths):
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


def _contiguous(lengths: tuple[int, ...]) -> tuple[int, ...]:
    """Return the steps of the axes of an array that lies in memory row by row."""
    return tuple(math.prod(lengths[axis + 1 :]) for axis in range(len(lengths)))


def _part(before: tuple[int, ...], base: int, count: int, step: int, length: int) -> list[tuple[Any, Any]]:
    """Return the operation that takes `count` elements of the last axis, which is `length` long; none if all."""
    if count == length:
        return []
    chosen = slice(base, base + (count - 1) * step + 1, None if step == 1 else step)
    return [(getitem, (*(slice(None) for _ in before), chosen) if before else chosen)]


def _places(view: _View) -> Any:
    """Return the places of a regular view as an array."""
    places = numpy.array(view.base)
    for length, step in zip(view.lengths, view.steps):
        places = numpy.add.outer(places, step * numpy.arange(length))
    return places


def _summed(made: Primitive, count: int, term: list[tuple[Any, tuple[int, ...]]], rank: int) -> Any:
    """Return the sum of `count` terms over their axis `rank`, or of the products of two; aligned for those before."""
    (array, axes), *others = term
    for other, across in others:
        product, times = next(
            (row, row.contraction[0]) for row in TABLE.values() if row.contraction and row.contraction[1] == made.name
        )
        left, right = set(axes), set(across)
        if rank in left & right and (left & right == {rank} or (left - right and right - left)):
            return _contracted(product, (array, axes), (other, across), rank)
        factors = _aligned(array, axes, rank + 1), _aligned(other, across, rank + 1)
        array = TABLE[times].apply(factors, {})
        axes = tuple(sorted(left | right))
        array = reshape(array, tuple(n for n in shape(array) if n > 1))
    if count > 1:
        if rank not in axes:
            array, axes = TABLE["broadcast_to"].apply((array,), {"shape": (count, *shape(array))}), (rank, *axes)
        array = TABLE[made.reduction].apply((array,), {"axis": axes.index(rank)})
        axes = tuple(axis for axis in axes if axis != rank)
    return _aligned(array, axes, rank)


def _contracted(product: Primitive, left: Any, right: Any, rank: int) -> Any:
    """Return the product of two arrays, each with its axes, summed over the axis `rank`; aligned for those before."""
    shared = sorted(set(left[1]) & set(right[1]) - {rank})
    if min(set(right[1]) - set(left[1]), default=rank) < min(set(left[1]) - set(right[1]), default=-1):
        left, right = right, left
    rows, columns = (sorted(set(a) - set(b)) for a, b in ((left[1], right[1]), (right[1], left[1])))
    if not rows and right[1][-1] == rank:
        # A vector goes to the side where the matrix need not be transposed.
        left, right, rows, columns = right, left, columns, rows
    elif not columns and left[1][0] == rank:
        left, right, rows, columns = right, left, columns, rows
    one = [_merged(left[0], left[1], [*([k] for k in shared), *([rows] if rows else []), [rank]])]
    one.append(_merged(right[0], right[1], [*([k] for k in shared), [rank], *([columns] if columns else [])]))
    lengths = {axis: n for array, axes in (left, right) for axis, n in zip(axes, shape(array))}
    axes = (*shared, *rows, *columns)
    out = product.apply(tuple(one), {})
    full = tuple(lengths[axis] for axis in axes)
    return _aligned(_shaped(out, full), axes, rank)


def _merged(array: Any, axes: tuple[int, ...], parts: list[list[int]]) -> Any:
    """Return an array with its axes in the order of `parts`, those in one part merged into one."""
    array = _permuted(array, axes, [axis for part in parts for axis in part])
    lengths = iter(shape(array))
    merged = tuple(math.prod(next(lengths) for _ in part) for part in parts)
    return _shaped(array, merged)


def _shaped(array: Any, lengths: tuple[int, ...]) -> Any:
    return array if shape(array) == lengths else reshape(array, lengths)


def _permuted(array: Any, axes: tuple[int, ...], order: list[int]) -> Any:
    permutation = tuple(axes.index(axis) for axis in order)
    if permutation == tuple(range(len(axes))):
        return array
    return permute_dims(array, None if permutation == (1, 0) else permutation)


def _aligned(array: Any, axes: tuple[int, ...], rank: int) -> Any:
    """Return an array that has some axes of an array of `rank` axes so that it broadcasts against that."""
    array = _permuted(array, axes, sorted(axes))
    if not axes or len(axes) == rank - min(axes):
        return array
    lengths = dict(zip(sorted(axes), shape(array)))
    return reshape(array, tuple(lengths.get(axis, 1) for axis in range(min(axes), rank)))


def _like(root: Node, result: Any) -> Any:
    """Return a result as a node of the kind of the root."""
    if type(root._data) is float:
        result = item(result)
        return result if isinstance(result, Node) else leaf(float(result))
    return result if isinstance(result, Node) else leaf(numpy.asarray(result))


def _pays(results: list[Node], roots: list[Node], order: list[Node]) -> bool:
    """Say whether the results are those of the scalars, from few operations on arrays that are not too large."""
    for result, root in zip(results, roots):
        same = numpy.allclose(result._data, root._data, rtol=SAME, atol=0, equal_nan=True)
        if not same or getattr(result, "dtype", None) != getattr(root, "dtype", None):
            return False
    nodes = {node for result in results for node in topological_sort(result)}
    made = (node for node in nodes if node.op and getattr(node._data, "base", None) is None)
    return WORTH * len(nodes) <= len(order) and _elements(made) <= LARGER * _elements(order)


def _elements(nodes: Iterable[Node]) -> int:
    return sum(math.prod(node.shape) for node in nodes)
