"""The arguments and settings of an operation, sorted, and refused where the operation does not take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.files import brief

from .data import numpy_module, shape
from .masked import check_unmasked
from .node import Node
from .primitive import Primitive
from .types import Data, Operand, Raw, Setting


def constant(op: Primitive, arg: Data, args: tuple[Operand, ...]) -> Any:
    """Return a raw Python number or NumPy array for an argument that is no node."""
    listed = isinstance(arg, (list, tuple)) and any(hasattr(other, "dtype") for other in args)
    if listed or hasattr(arg, "dtype"):
        numpy = numpy_module()
        check_unmasked(arg, f"an argument of {op.name}")
        if isinstance(arg, numpy.matrix):
            raise TypeError(
                f"{op.name} got a numpy.matrix, of which * is the product of matrices: give numpy.asarray(m), "
                f"and write that product as @"
            )
        array = numpy.asarray(arg)
        if array.dtype.kind in "biuf":
            # Nodes hold no more digits than double precision has, whatever they are computed with.
            array = array.astype(float) if array.dtype.char == "g" else array
            return array.item() if isinstance(arg, numpy.generic) else array
    elif isinstance(arg, (float, int)):
        return float(arg)
    raise TypeError(
        f"{op.name} got {brief(arg)} of type {type(arg).__name__}; it takes Value, Tensor, real numbers and "
        f"NumPy arrays" + ("; wrap a list: Tensor([1.0, 2.0])" if isinstance(arg, (list, tuple)) else "")
    )


def signed(data: Raw) -> Any:
    """Return whole numbers without a sign as floats: they would wrap around below 0."""
    whole = hasattr(data, "dtype") and data.dtype.kind == "u"
    return numpy_module().multiply(data, 1.0) if whole else data


def check_settings(op: Primitive, settings: dict[str, Setting]) -> Callable[..., Any] | None:
    """Return the function that applies the operation if NumPy's keywords are among the settings.

    Raises TypeError for a setting that the operation does not have, and for a node as a setting.
    """
    more = None
    for name, setting in settings.items():
        if name not in op.settings:
            keywords, apply = op.keywords or ((), None)
            if name in keywords:
                more = apply
                continue
            has = f"it has {', '.join((*op.settings, *keywords))}" if op.settings or keywords else "it has none"
            raise TypeError(f"{op.name} has no setting {name!r}; {has}")
        if isinstance(setting, Node):
            raise TypeError(
                f"the setting {name} of {op.name} must not be a node, as no gradient passes it: give "
                f"{name}=x.data or a plain number"
            )
    return more


def spread(
    op: Primitive, args: tuple[Operand, ...], settings: dict[str, Setting]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Take `concat([a, b], axis)` apart into the arguments a, b and the setting axis."""
    if not args or not ((isinstance(args[0], (list, tuple)) and args[0]) or shape(args[0])):
        raise TypeError(f"{op.name} takes a list of nodes or arrays, not empty; e.g. {op.name}([a, b])")
    return tuple(args[0]), dict(zip(op.settings, args[1:])) | settings


def sort_out(
    op: Primitive, args: tuple[Operand, ...], settings: dict[str, Setting]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Read positional settings by their order: `sum(x, 0)` is `sum(x, axis=0)`."""
    assert op.arity is not None
    extra = args[op.arity :]
    if len(args) < op.arity or len(extra) > len(op.settings):
        takes = f"{op.arity} argument{'s' * (op.arity != 1)}"
        also = f" and the settings {', '.join(op.settings)}" if op.settings else ""
        raise TypeError(f"{op.name} takes {takes}{also}; {len(args)} arguments were given")
    return args[: op.arity], dict(zip(op.settings, extra)) | settings
