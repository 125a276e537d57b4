"""Forms of data, which have to be the same at the next step, and copies of settings."""

from __future__ import annotations

from typing import Any, TypeAlias

from autograd._core.data import NUMBERS, keep
from autograd._core.node import Node, kinds
from autograd._core.trees import deeper, flatten
from autograd._core.types import Array, Raw, Setting, Tree
from autograd.files import brief

Form: TypeAlias = Any
"""The class `float` for a number, and for an array its shape, its dtype and perhaps its strides."""


def nodes_of(tree: Tree) -> list[Any]:
    """Return the nodes in a structure."""
    if isinstance(tree, (list, tuple)):
        inside = set(map(type, tree))
        if NUMBERS.issuperset(inside):
            return []
        if inside.issubset(kinds.values()):
            return list(tree)
    return [item for item in flatten(tree) if isinstance(item, Node)]


def copied(tree: Tree, depth: int = 0) -> Any:
    """Return a structure of lists and tuples with the same nodes."""
    inside = deeper(depth)
    if isinstance(tree, (list, tuple)):
        if kinds["float"] in (types := set(map(type, tree))) and types.issubset(kinds.values()):
            return list(tree)
        return [copied(item, inside) for item in tree]
    return {key: copied(item, inside) for key, item in tree.items()} if isinstance(tree, dict) else tree


def raw(tree: Tree, depth: int = 0) -> Any:
    """Return nodes, in lists or alone, as their raw data."""
    if isinstance(tree, list):
        inside = deeper(depth)
        return [raw(item, inside) for item in tree]
    return tree.data if isinstance(tree, Node) else tree


def form_of(data: Raw) -> Any:
    """Return the shape, the dtype and the strides of an array, or the class `float` for a number."""
    return (data.shape, data.dtype, data.strides) if hasattr(data, "dtype") else float


def dtype_of(data: Raw) -> Any:
    """Return the shape and the dtype of an array, or the class `float` for a number."""
    return (data.shape, data.dtype) if hasattr(data, "dtype") else float


def hollow_of(form: Form) -> Any:
    """Return a number, or an array of a form that takes no memory."""
    if form is float:
        return 0.0
    import numpy

    return numpy.broadcast_to(numpy.zeros((), form[1]), form[0])


def is_same_array(a: Array, b: Array) -> bool:
    return a is b or bool(a.tobytes() == b.tobytes())


_PLAIN = (int, float, str, type(None), type(...))


def keep_item(item: Setting, key: list[Any], arrays: list[Any], depth: int = 0) -> Any:
    """Return a setting that nobody can change later; add its parts to a key, and list the arrays in it."""
    kind = type(item)
    if kind is tuple or kind is list:
        key.append((kind, len(item)))
        inside = deeper(depth)
        return kind([keep_item(part, key, arrays, inside) for part in item])
    if kind is slice:
        key.append(slice)
        return slice(*(keep_item(part, key, arrays) for part in (item.start, item.stop, item.step)))
    if hasattr(item, "strides") and hasattr(item, "dtype") and kind.__name__ == "ndarray":
        item = keep(item)
        # Whether elements are chosen decides about the shape.
        key.append(("array", form_of(item), int(item.sum()) if item.dtype.kind == "b" else None))
        arrays.append(item)
        return item
    if (
        isinstance(item, _PLAIN)
        or kind.__module__ == "numpy"
        or isinstance(item, type)
        or kind.__name__.endswith("DType")
    ):
        key.append((kind, repr(item) if isinstance(item, float) else item))
        return item
    raise TypeError(f"{brief(item)} of type {kind.__name__} is no setting that can be compared")
