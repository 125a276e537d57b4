"""Structures of lists, tuples and dicts, of classes of these as well: how they are walked and made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

from .types import Tree

CONTAINERS = (list, tuple, dict)

DEEPEST = 100
"""How many lists, tuples and dicts may be inside each other: Python's stack, which walks them, has an end.

A part of the package that is the first to see a structure walks it by one of these functions, or counts as they do.
"""

OURS = 2
"""How many more may be around those: arguments are a tuple, in a list."""


def deeper(depth: int) -> int:
    """Return the depth of a structure's items, which is one more; raise ValueError if that is too deep.

    >>> deeper(0)
    1
    """
    if depth >= DEEPEST + OURS:
        raise ValueError(
            f"lists, tuples and dicts may be inside each other up to {DEEPEST} levels; these are deeper, or one is in "
            f"itself: put the numbers into fewer"
        )
    return depth + 1


def flatten(tree: Tree, depth: int = 0) -> Iterator[Any]:
    """Yield the items in a structure of lists, tuples and dicts, in order; raise ValueError if it is too deep."""
    if not isinstance(tree, CONTAINERS):
        yield tree
        return
    inside = deeper(depth)
    for item in tree.values() if isinstance(tree, dict) else tree:
        # Most items are no structures, and for each of these a generator would be made.
        if isinstance(item, CONTAINERS):
            yield from flatten(item, inside)
        else:
            yield item


def mapped(f: Callable[[Any], Any], tree: Tree, depth: int = 0) -> Any:
    """Return a structure like `tree` with f(item) for each item; raise ValueError if it is too deep.

    >>> from autograd._core.trees import mapped
    >>> mapped(lambda x: x + 1, {"w": [1, (2, 3)], "b": 4})
    {'w': [2, (3, 4)], 'b': 5}
    """
    if not isinstance(tree, CONTAINERS):
        return f(tree)
    inside = deeper(depth)
    return refilled(tree, [mapped(f, item, inside) for item in (tree.values() if isinstance(tree, dict) else tree)])


def refilled(tree: Tree, parts: list[Any]) -> Any:
    """Return a list, tuple or dict of the class of `tree` with other parts, in the same order."""
    kind = type(tree)
    if kind is list:
        return parts
    if isinstance(tree, tuple):
        # A class such as a NamedTuple may take its parts in another way, and check them.
        return tuple.__new__(kind, parts)
    # A copy of another class keeps its other attributes, as a defaultdict does.
    new: Any = {} if kind is dict else copy(tree)
    if isinstance(tree, dict):
        for key, part in zip(tree, parts):
            new[key] = part
    else:
        new[:] = parts
    return new


def paired(tree: Tree, other: Tree, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    """Yield each item of a structure with the one in its place in another; where these differ, the parts that do.

    >>> from autograd._core.trees import paired
    >>> list(paired({"w": [1, 2], "b": 3}, {"b": 4, "w": 5}))
    [([1, 2], 5), (3, 4)]
    """
    inside = deeper(depth) if isinstance(tree, CONTAINERS) else depth
    if isinstance(tree, dict) and isinstance(other, dict) and tree.keys() == other.keys():
        for key, item in tree.items():
            yield from paired(item, other[key], inside)
    elif isinstance(tree, (list, tuple)) and isinstance(other, (list, tuple)) and len(tree) == len(other):
        for item, part in zip(tree, other):
            yield from paired(item, part, inside)
    else:
        yield tree, other


def paths(tree: Tree, name: str, depth: int = 0) -> Iterator[str]:
    """Yield the name of each item in a structure, in order.

    >>> from autograd._core.trees import paths
    >>> list(paths({"w": [1, 2]}, "params"))
    ["params['w'][0]", "params['w'][1]"]
    """
    if not isinstance(tree, CONTAINERS):
        yield name
        return
    inside = deeper(depth)
    for key, item in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield from paths(item, f"{name}[{key!r}]", inside)


def plain(tree: Tree) -> Any:
    """Return a structure of lists, tuples and dicts of Python's own classes."""
    if isinstance(tree, dict):
        return {key: plain(item) for key, item in tree.items()}
    if isinstance(tree, (list, tuple)):
        return (tuple if isinstance(tree, tuple) else list)(map(plain, tree))
    return tree
