"""Keywords that NumPy's functions have and rows of the table have not: where=, initial=, dtype=, out=, order=."""

from __future__ import annotations

from typing import Any

from autograd._core.primitive import TABLE, Operation, Primitive
from autograd._core.types import Axis, Operand, Setting
from autograd.files import brief

from .elementwise import add, maximum, minimum, multiply, where
from .facts import zeros_like
from .manipulation import astype, permute_dims, reshape
from .statistical import count, norm, sum_

FOLDS: dict[str, tuple[Operation, float]] = {
    "sum": (add, 0.0), "mean": (add, 0.0), "prod": (multiply, 1.0),
    "max": (maximum, -float("inf")), "min": (minimum, float("inf")),
}  # fmt: skip
"""What a reduction does with two numbers, and the number that changes nothing."""

KEYWORDS = {
    **dict.fromkeys(("sum", "prod", "max", "min"), ("dtype", "initial", "where", "out")),
    "mean": ("dtype", "where", "out"),
    **dict.fromkeys(("var", "std"), ("dtype", "where", "correction", "out")),
    **dict.fromkeys(("cumsum", "concat", "stack"), ("dtype", "out")),
    **dict.fromkeys(("reshape", "astype"), ("order", "copy")),
}
"""The keywords of NumPy that a row understands beside its settings."""


def with_keywords(op: Primitive, args: tuple[Operand, ...], settings: dict[str, Setting]) -> Any:
    """Apply a row with keywords of NumPy's among its settings. Raises TypeError for those that cannot be."""
    own = {name: item for name, item in settings.items() if name in op.settings}
    more = {name: item for name, item in settings.items() if name not in own and not _is_default(op, name, item)}
    refuse_out(more)
    if "order" in more:
        return _by_columns(args[0], own["shape"], more["order"])
    if "correction" in more:
        own["ddof"] = more["correction"]
    if "dtype" in more:
        args = tuple([astype(arg, dtype=_floats(op, more["dtype"])) for arg in args])
    if "where" in more and op.name in ("var", "std"):
        return _spread(op.name, args[0], more["where"], **own)
    if "where" in more:
        counted = where(more["where"], 1.0, zeros_like(args[0]))
        args = (where(more["where"], args[0], _neutral(op, more)),)
        if op.name == "mean":
            return sum_(args[0], **own) / sum_(counted, **own)
    if op.name in ("max", "min") and "initial" in more and not count(args[0], own.get("axis")):
        # The sum of nothing has the shape of the result.
        return sum_(args[0], **own) + more["initial"]
    out = op.apply((args,) if op.arity is None else args, own)
    return FOLDS[op.name][0](out, more["initial"]) if "initial" in more else out


def _spread(name: str, a: Operand, chosen: Operand, axis: Axis = None, keepdims: bool = False, ddof: float = 0) -> Any:
    """Return the variance, or its root, of the chosen elements; nan where there are `ddof` of them or fewer."""
    counted = where(chosen, 1.0, zeros_like(a))
    middle = sum_(where(chosen, a, 0.0), axis=axis, keepdims=True) / sum_(counted, axis=axis, keepdims=True)
    left = where(chosen, a - middle, 0.0)
    freedom = maximum(sum_(counted, axis=axis, keepdims=keepdims) - ddof, 0.0)
    if name == "var":
        return sum_(left * left, axis=axis, keepdims=keepdims) / freedom
    return norm(left, axis=axis, keepdims=keepdims) / freedom**0.5


def _by_columns(x: Operand, lengths: Any, order: Setting) -> Any:
    """Return x in another shape, elements counted column by column."""
    if order != "F":
        raise TypeError(f"reshape takes the order 'C' or 'F'; got {brief(order)}: where a node lies in memory is open")
    lengths = tuple(lengths) if isinstance(lengths, (tuple, list)) else (lengths,)
    return permute_dims(reshape(permute_dims(x), shape=lengths[::-1]))


def _floats(op: Primitive, dtype: Setting) -> Any:
    import numpy

    if numpy.dtype(dtype).kind != "f":
        raise TypeError(
            f"{op.name} of nodes is computed with floats; got dtype={brief(dtype)}: use x.astype(...) before"
        )
    return dtype


def _is_default(op: Primitive, name: str, item: Setting) -> bool:
    """Tell whether a keyword says what is done anyway. How an array lies in memory, no node tells."""
    if name == "where":
        # None is no mask for some, and chooses nothing for NumPy.
        return item is True
    return item is None or (name == "order" and (item == "C" or op.name == "astype")) or name == "copy"


def _neutral(op: Primitive, more: dict[str, Setting]) -> float:
    """Return the number that elements which are left out are taken for."""
    if op.name in ("max", "min") and "initial" not in more:
        raise ValueError(f"{op.name} with where= needs initial=, the result where nothing is chosen")
    return FOLDS[op.name][1]


def refuse_out(keywords: dict[str, Setting]) -> None:
    """Raise TypeError for `out=`."""
    if keywords.get("out") is not None:
        raise TypeError("an operation makes a new node, and writes to none: write a = f(x) in place of f(x, out=a)")


for _name, _keywords in KEYWORDS.items():
    TABLE[_name].keywords = _keywords, with_keywords
