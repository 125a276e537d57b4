"""NumPy's functions called with nodes: found by their name, and their arguments renamed to ours."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from autograd._core.primitive import TABLE
from autograd._ops import activations, arrange, derived, facts, matrices, products, sorting
from autograd._ops.keywords import refuse_out

from . import operators

OTHERS = {
    "amax": "max", "amin": "min", "around": "round", "rint": "round", "any": "any_", "all": "all_",
    "concatenate": "concat",
    "radians": "deg2rad", "degrees": "rad2deg", "fabs": "abs", "conjugate": "real", "real_if_close": "real",
}  # fmt: skip
"""Functions of NumPy's that have another name here."""

OF_MATRICES = ("diagonal", "norm", "trace")
"""Functions of numpy.linalg's that are others than numpy's, or the table's, of the name."""

RENAMED = {"a_min": "min", "a_max": "max", "newshape": "shape"}
"""Keywords of NumPy's that have another name here."""

ROOMS: tuple[ModuleType, ...] = (products, arrange, derived, facts, activations, matrices, sorting)
"""Where functions are that are no rows."""


def call(function: Callable[..., Any], args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Call our function for one of NumPy's; raise TypeError if there is none, or a keyword too many."""
    ours = find(function)
    positional, named = _bound(function, args, keywords)
    refuse_out(named)
    named = {RENAMED.get(name, name): item for name, item in named.items()}
    if not hasattr(ours, "primitive"):
        import inspect

        takes = inspect.signature(ours).parameters
        unknown = next((name for name in named if name not in takes and "keywords" not in takes), None)
        if unknown:
            raise TypeError(f"{function.__name__} of nodes has no {unknown}=; it takes {', '.join(takes)}")
    return ours(*positional, **named)


def call_ufunc(ufunc: Callable[..., Any], method: str, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Call our function for a ufunc of NumPy's, or its `reduce`; raise TypeError as `call` does."""
    if method == "__call__" and not keywords:
        return find(ufunc)(*inputs)
    if keywords.get("out") is not None:
        raise TypeError("NumPy cannot write a node into an array in place: write a = a + t in place of a += t")
    ours = find(ufunc)
    if method == "reduce" and ufunc.__name__ in REDUCED:
        return TABLE[REDUCED[ufunc.__name__]].function(*inputs, **{"axis": 0} | keywords)
    if method != "__call__":
        raise TypeError(
            f"np.{ufunc.__name__}.{method} takes no nodes: write sum, prod, max, cumsum or cumprod, and for .outer "
            f"x[:, None] with y[None, :]"
        )
    for name, item in keywords.items():
        if item is not None and (name not in SAYS_NOTHING or item is not SAYS_NOTHING[name]):
            instead = {"where": "np.where(mask, f(x), other)", "dtype": "x.astype(dtype)"}.get(name, "it without")
            raise TypeError(f"np.{ufunc.__name__} of nodes has no {name}=; write {instead}")
    return ours(*inputs)


REDUCED = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logaddexp": "logsumexp"}
"""What the `reduce` of a ufunc is called here."""

SAYS_NOTHING = {"where": True, "casting": "same_kind", "order": "K", "subok": True}
"""Keywords of ufuncs as they are if nobody gives them."""


def find(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return our function with the name of NumPy's, also for NumPy's other names (`absolute`, `arctan`)."""
    if function not in _found:
        import numpy

        named = {name: vars(room)[name] for room in ROOMS for name in room.__all__}
        named |= {"bitwise_and": operators.both, "bitwise_or": operators.either}
        named |= {"bitwise_xor": operators.one_of, "invert": operators.no}
        named |= {name: vars(facts)[name] for name in ("any_", "all_", "shape", "ndim", "size")}
        named |= {name: made.function for name, made in TABLE.items() if name not in ("solve", "norm")}
        # Those of matrices that have the name of another function.
        named |= {name: vars(matrices)[name] for name in OF_MATRICES
                  if getattr(numpy.linalg, name, None) is function}  # fmt: skip
        name = OTHERS.get(function.__name__, function.__name__)
        homes = (numpy, numpy.linalg, numpy.fft)
        same = (name for name in named if any(getattr(home, name, None) is function for home in homes))
        name = name if name in OTHERS.values() else next(same, "")
        if name not in named:
            raise TypeError(
                f"NumPy's {function.__name__} has no primitive in autograd's table, so it has no derivative here; "
                f"use one of {', '.join(TABLE)}, declare one with autograd.primitive, or take .data for the bare array"
            )
        _found[function] = named[name]
    return _found[function]


_found: dict[Any, Callable[..., Any]] = {}


def _bound(
    function: Callable[..., Any], args: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments that a function needs, in order, and others by name, if they say more than the default."""
    import inspect

    try:
        signature = inspect.signature(function)
        bound = signature.bind(*args, **keywords).arguments
    except (ValueError, TypeError):
        # One that is written in C may tell nothing.
        return list(args), keywords
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for name, item in bound.items():
        given = signature.parameters[name]
        if given.kind is given.VAR_POSITIONAL:
            positional += item
        elif given.kind is given.VAR_KEYWORD:
            named |= item
        elif given.default is given.empty or given.kind is given.POSITIONAL_ONLY:
            positional.append(item)
        elif item is not given.default:
            named[name] = item
    return positional, named
