"""`fresh`: random numbers that a compiled function draws anew at every call."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeVar

from autograd._core.data import shape
from autograd._core.modes import tracing
from autograd._core.node import Node, kinds, leaf
from autograd._core.tracing import Draw, compiling
from autograd._core.trees import flatten, mapped
from autograd._core.types import Raw, Tree
from autograd._grad.kinks import drawn_once
from autograd._grad.transforms import title

T = TypeVar("T")


def fresh(draw: Callable[[T], Tree], generator: T) -> Tree:
    """Return `draw(generator)`; a compiled function draws anew at every call.

    `draw` returns a float, an array, or lists, tuples and dicts of these, of the same structure and shapes at every
    call; `generator` is what it draws from, such as a `random.Random` or a NumPy generator. Compiling draws from a
    copy of it, so that a compiled function draws the same numbers as the function itself. Raises ValueError at the
    call of a compiled function if the structure or a shape has changed.

    >>> from random import Random
    >>> import autograd
    >>> noisy = autograd.compile(lambda x: x + fresh(lambda rng: rng.random(), Random(0)))
    >>> noisy(0.0) == noisy(0.0)
    False
    """
    if not compiling():
        return drawn_once(lambda: draw(generator))
    tree = _drawn_leaves(draw(deepcopy(generator)), getattr(draw, "__name__", ""))
    tracing.get().drawn.append((draw, generator, tree))
    return tree


def drawn(draws: list[Draw]) -> dict[Node, Any]:
    """Draw the numbers that a compiled function draws at every call; return the data for each leaf."""
    found: dict[Node, Any] = {}
    for draw, generator, tree in draws:
        leaves, numbers = leaves_drawn([(draw, generator, tree)]), list(map(_as_drawn, flatten(draw(generator))))
        if len(leaves) != len(numbers) or any(shape(leaf._data) != shape(x) for leaf, x in zip(leaves, numbers)):
            raise ValueError(
                f"{title(draw)} drew numbers of another structure or shape than when the function was compiled; in "
                f"fresh(...) these must not differ from call to call"
            )
        found.update(zip(leaves, numbers))
    return found


def leaves_drawn(draws: list[Draw]) -> list[Node]:
    """Return the leaves that stand for drawn numbers."""
    return [leaf for _, _, tree in draws for leaf in flatten(tree)]


def _drawn_leaves(tree: Tree, name: str) -> Any:
    """Return a structure of new leaves for drawn numbers, named like the function that drew them."""

    def named(item: Raw) -> Node:
        node = leaf(_as_drawn(item))
        node.label = name if name.isidentifier() else "drawn"
        return node

    return mapped(named, tree)


def _as_drawn(item: Raw) -> Any:
    """Return a number as a float, an array as one of floats."""
    return kinds["array" if shape(item) else "float"](item)._data
