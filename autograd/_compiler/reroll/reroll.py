"""The re-roller: a graph of many scalars becomes a small graph of arrays that computes the same, to rounding.

Scalar code, written for each neuron and each sample, holds the same sub-graph many times. Here all nodes of the same
structure form a *group*, which is computed as one array. Nodes are numbered from the leaves up, and inside a group in
the order of what they were computed from, so that the numbers of the arguments tell the axes: an argument that repeats
is broadcast, one that advances in equal steps is a view, and a sum of products is a matrix product.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy

from autograd._core.modes import without_warnings
from autograd._core.node import Node, leaf
from autograd._core.order import topological_sort
from autograd._core.types import Operand
from autograd._ops.manipulation import item

from .arrays import Arrays
from .grid import needed_groups, recipes_of, view_of
from .group import WORTH, grouped, levels_of
from .read import read

LARGER = 4
"""The arrays may have this many times as many elements as the scalars."""

SAME = 1e-6
"""A result that differs by more has lost its digits to another order of summation, and is not given."""


@without_warnings
def reroll(roots: list[Node], packs: list[tuple[Any, dict[Node, int]]]) -> list[Any] | None:
    """Compute `roots` by few operations on the arrays of `packs`; return their nodes, None if it does not pay.

    Each pack is a Tensor of shape (n,) and the nodes whose numbers it holds, by position; of shape (n, ...) for nodes
    that hold arrays of one shape. A leaf in no pack is a constant. The results are of the kind and shape of the roots.
    It pays if there are at least 4 times fewer nodes than before, on arrays of at most 4 times as many elements.

    >>> from autograd._compiler.reroll.reroll import reroll
    >>> a, b = Value(2.0), Value(3.0)
    >>> loss = sum((a + b * k) ** 2 for k in range(20))
    >>> (rolled,) = reroll([loss], [(Tensor([2.0, 3.0]), {a: 0, b: 1})])
    >>> rolled.data == loss.data, len(topological_sort(loss)), len(topological_sort(rolled))
    (True, 82, 9)
    """
    scalars = read(roots, packs)
    size = len(scalars.order)
    levels = levels_of(scalars)
    if levels is None:
        return None
    groups, final, group_of = grouped(scalars, levels, [data.shape[0] for data, _ in packs])
    recipes = recipes_of(groups, group_of)
    views = [view_of(groups, group_of, final[[root]]) for root in scalars.roots]
    needed = needed_groups(recipes, views)
    if WORTH * len(needed) > size:
        return None
    arrays = Arrays(groups, recipes, needed, views)
    arrays.data.update((k, data) for k, (data, _) in enumerate(packs))
    for k in sorted(needed):
        arrays.compute(k)
    results = [_like(root, arrays.view(view)) for root, view in zip(roots, views)]
    return results if _pays(results, roots, scalars.order) else None


def _like(root: Node, result: Operand) -> Any:
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
