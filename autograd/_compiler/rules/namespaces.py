"""The namespaces `xp` of a rule that is run on symbols: NumPy and the functions of floats, noted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from autograd._core import floats

from .expressions import scalar
from .symbols import Function, Symbol, Writer, Written, between, example, syntax


class ArrayNamespace:
    """The namespace `xp` of arrays: NumPy's functions, written as operators where there is one."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def __getattr__(self, name: str) -> Any:
        import numpy

        function = getattr(numpy, name)
        if name in _INFIX:
            return partial(between, self._writer, function, _INFIX[name])
        if name == "asarray":
            return lambda a: a if isinstance(example(a), numpy.ndarray) else self._call(name, function)(a)
        if hasattr(numpy.ndarray, name) and name not in _IN_PLACE:
            # The method computes the same, and is quicker to start than the function.
            return partial(self._method, name, function)
        # A module, such as linalg, has functions of its own.
        noted = callable(function) or isinstance(function, ModuleType)
        return self._call(name, function) if noted else function

    def _method(self, name: str, function: Callable[..., Any], a: Written, *rest: Written, **given: Written) -> Any:
        if isinstance(a, Symbol) and hasattr(a.data, name):
            return getattr(a, name)(*rest, **given)
        return self._call(name, function)(a, *rest, **given)

    def _call(self, name: str, function: Callable[..., Any]) -> Function:
        return Function(self._writer, "array", name, function)


_IN_PLACE = ("sort", "partition", "resize", "put")
"""Methods of arrays that do something else than the functions of the same name."""

_INFIX = {
    "divide": "/", "greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<=", "equal": "==",
    "not_equal": "!=", "matmul": "@",
}  # fmt: skip


class FloatNamespace:
    """The namespace `xp` of floats: its functions are noted under their names."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(floats, name)

        def note(*args: Written) -> Symbol:
            # True among numbers is 1.0 to the engine.
            args = tuple([float(arg) if type(arg) is bool else arg for arg in args])
            return self._writer.symbol(scalar(name, *map(syntax, args)), function(*map(example, args)))

        return note
