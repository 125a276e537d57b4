"""Arguments of a compiled function: the signature that it is compiled for, and the arguments as raw numbers."""

from __future__ import annotations

from typing import Any

from autograd.files import brief

from .node import Node, kinds
from .trees import deeper, mapped
from .types import Array, Item, Tree

FIXED = (str, bytes, bool, type(None))
"""A function is compiled for each of these anew."""


def signature(tree: Tree, depth: int = 0) -> Any:
    """Return the signature that a function is compiled for: structure, kinds, shapes, dtypes and fixed values."""
    kind = type(tree)
    if kind is float:
        return float
    if kind is list or kind is tuple:
        if set(map(type, tree)) == {float}:
            return (kind, len(tree))
        inside = deeper(depth)
        return (kind, *[signature(item, inside) for item in tree])
    if type(tree).__name__ == "ndarray":
        return layout(tree)
    if isinstance(tree, Node):
        return (Node, signature(tree._data))
    if is_array(tree):
        import numpy

        # Such as a Series: it takes another way to its numbers than an array.
        return (kind, layout(numpy.asarray(tree)))
    if hasattr(tree, "dtype") and hasattr(tree, "shape"):
        return (tree.shape, tree.dtype)
    if isinstance(tree, (list, tuple)):
        inside = deeper(depth)
        return (kind, *[signature(item, inside) for item in tree])
    if isinstance(tree, dict):
        inside = deeper(depth)
        return (kind, *[(key, signature(item, inside)) for key, item in tree.items()])
    if isinstance(tree, FIXED):
        return (kind, tree)
    if isinstance(tree, (float, int)):
        return kind
    raise TypeError(
        f"a compiled function takes numbers, arrays, nodes, and lists, tuples and dicts of these; got {brief(tree)} of "
        f"type {kind.__name__}: let the function use it from outside, as it uses a global variable"
    )


def layout(array: Array) -> Any:
    """Return all about an array except its numbers. The strides count, as they decide about views of other arrays."""
    return (array.shape, array.dtype, array.strides)


def is_array(item: object) -> bool:
    """Tell whether an object is an array of NumPy, or a memory map, a series or a tensor that holds one."""
    return type(item).__name__ == "ndarray" or bool(getattr(item, "shape", ()))


def is_float_array(item: Item) -> bool:
    """Tell whether an object is an array as a Tensor holds it: of floats, without gaps."""
    return type(item).__name__ == "ndarray" and item.dtype.char in "df" and item.flags.forc


def as_raw(tree: Tree) -> Any:
    """Return a structure with floats and arrays of floats in place of nodes, integers and other numbers."""
    return mapped(_raw, tree)


def _raw(item: Item) -> Any:
    if isinstance(item, Node):
        return item._data
    if type(item).__name__ == "ndarray":
        # As a Tensor copies it: in the order of its axes in memory.
        return item if is_float_array(item) else item.astype("float32" if item.dtype.char == "f" else float)
    if is_array(item):
        return kinds["array"](item)._data
    return item if isinstance(item, FIXED) else float(item)
