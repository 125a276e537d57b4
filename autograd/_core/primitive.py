"""What a primitive is, and what happens when one is applied."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from autograd.files import brief

from . import floats as _floats
from .anomaly import check
from .data import ARRAYS, NUMBERS, has_varying, keep, keep_setting, numpy_module, read_only, shape
from .masked import check_unmasked
from .modes import active, anomaly, recording, replaying, tracing, without_warnings
from .node import Node, leaf

Rule = Callable[..., Any]
Operation = Callable[..., Any]
Interval = tuple[float, float]
Example = tuple[tuple[tuple[int, ...], ...], Mapping[str, Any]]
Identity = tuple[int, float | None, Callable[..., Any]]

ANY = None
"""In an identity: whatever the argument is."""

TABLE: dict[str, Primitive] = {}
"""Every primitive by name, in order of declaration."""


REAL: Interval = (-math.inf, math.inf)
POSITIVE: Interval = (0.0, math.inf)


class Primitive:
    """One row of the table: a differentiable operation. Made by `primitive`, which returns it as a function.

    >>> isinstance(TABLE["tanh"], Primitive), TABLE["tanh"].text("w * x")
    (True, 'tanh(w * x)')
    """

    def __init__(self, name: str, forward: Callable[..., Any], rules: tuple[Rule | None, ...]) -> None:
        code = forward.__code__
        self.name = name
        self.forward = forward
        self.rules = rules
        self.settings = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        # After xp. One `*args` is none of them.
        self.arguments = code.co_varnames[1 : code.co_argcount]
        self.arity = None if code.co_flags & 4 else len(self.arguments)
        self.written: str | Callable[..., str] | None = None
        self.domain: tuple[Interval, ...] | None = None
        self.kink: Callable[..., Any] | None = None
        self.examples: tuple[Example, ...] = ()
        self.elementwise = True
        self.identities: tuple[Identity, ...] = ()
        self.note = ""
        self.reduction = ""
        self.contraction: tuple[str, str] | None = None
        self.foreign = not str(forward.__module__).startswith("autograd.")
        """Whether a user declared it: what its functions are given is then kept from being written to."""
        self.function: Operation
        """The operation as people call it."""

    def text(self, *args: str, **settings: Any) -> str:
        """Return the operation as it is written, e.g. `w1 * x1`, for argument texts."""
        if callable(self.written):
            return self.written(*args, **settings)
        if self.written is not None:
            return self.written.format(*args, **settings)
        return f"{self.name}({', '.join([*args, *(f'{k}={v}' for k, v in settings.items())])})"

    @property
    def symbol(self) -> str:
        """The operation alone, for a drawing: `*`, `tanh`."""
        infix = isinstance(self.written, str) and not self.settings
        return self.text("", "").strip() if infix else self.name

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _by_name, (self.name,)

    def apply(self, args: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        """Apply to nodes, numbers and arrays; the result is a node if any argument is one."""
        if self.arity is None:
            args, settings = self._spread(args, settings)
        elif len(args) != self.arity:
            args, settings = self._sort_out(args, settings)
        if settings:
            self._check(settings)
        step = replaying.get() if active else None
        missed = None
        if step is not None and tracing.get() is None:
            node, missed = step.look(self, args, settings)
            if node is not None:
                return node
        raw: list[Any] = []
        nodes, constants, floats = False, False, self.elementwise
        for arg in args:
            kind = type(arg)
            if kind in NUMBERS:
                raw.append(arg)
                continue
            if isinstance(arg, Node):
                nodes = True
                data = arg.snapshot()
            else:
                constants = True
                data = arg if kind in ARRAYS and arg.dtype.char in "dfe?" else self.constant(arg, args)
            floats = floats and type(data) in NUMBERS
            raw.append(data)
        trace = tracing.get() if active else None
        if not nodes and (trace is None or not any(map(has_varying, settings.values()))):
            return self.forward(_floats if floats else numpy_module(), *raw, **settings)
        record = not active or recording.get()
        if constants and (record or trace is not None):
            raw = [data if isinstance(arg, Node) else keep(data) for arg, data in zip(args, raw)]
            args = tuple([arg if isinstance(arg, Node) else data for arg, data in zip(args, raw)])
        if settings and (record or trace is not None):
            settings = {name: keep_setting(item) for name, item in settings.items()}
        node = leaf(float(self.forward(_floats, *raw, **settings)) if floats else self._forward_arrays(raw, settings))
        if missed is not None:
            missed.add(node)
        if record or trace is not None:
            node.link(self, args, tuple(raw), settings)
            if trace is not None:
                trace.note(node)
                if not record:
                    return trace.detached(node)
            if active and anomaly.get():
                check(node)
        return node

    def compute(self, raw: list[Any], settings: Mapping[str, Any]) -> Any:
        """Return what a node holds that is computed from raw numbers and arrays."""
        if self.elementwise and NUMBERS.issuperset(map(type, raw)):
            return float(self.forward(_floats, *raw, **settings))
        return self._forward_arrays(raw, settings)

    def _forward_arrays(self, raw: list[Any], settings: Mapping[str, Any]) -> Any:
        """Compute on arrays; an error of NumPy's gets the name of the operation and the shapes."""
        numpy = numpy_module()
        if self.foreign:
            raw = [read_only(data) for data in raw]
        try:
            if active and anomaly.get():
                # What NumPy would warn of, detect_anomaly is about to say better.
                out = without_warnings(self.forward)(numpy, *raw, **settings)
            else:
                out = self.forward(numpy, *raw, **settings)
        except (ValueError, TypeError, IndexError) as error:
            shapes = " and ".join(str(shape(data)) for data in raw)
            given = "".join(f", {name}={brief(setting)}" for name, setting in settings.items())
            raise type(error)(f"{self.name} of shape {shapes}{given}: {error}") from error
        if type(out) is float:
            return out
        if out.dtype.kind != "f":
            # A comparison is recorded as numbers, of the precision that went in.
            precise = [data.dtype for data in raw if hasattr(data, "dtype") and data.dtype.kind == "f"]
            return numpy.asarray(out, max(precise, default=numpy.dtype(float)))
        return out if type(out) is numpy.ndarray else numpy.asarray(out)

    def constant(self, arg: Any, args: tuple[Any, ...]) -> Any:
        """Return a raw Python number or NumPy array for an argument that is no node."""
        listed = isinstance(arg, (list, tuple)) and any(hasattr(other, "dtype") for other in args)
        if listed or hasattr(arg, "dtype"):
            numpy = numpy_module()
            check_unmasked(arg, f"an argument of {self.name}")
            if isinstance(arg, numpy.matrix):
                raise TypeError(
                    f"{self.name} got a numpy.matrix, of which * is the product of matrices: give numpy.asarray(m), "
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
            f"{self.name} got {brief(arg)} of type {type(arg).__name__}; it takes Value, Tensor, real numbers and "
            f"NumPy arrays" + ("; wrap a list: Tensor([1.0, 2.0])" if isinstance(arg, (list, tuple)) else "")
        )

    def _check(self, settings: dict[str, Any]) -> None:
        """Raise TypeError for a setting that the operation has not, and for a node as one."""
        for name, setting in settings.items():
            if name not in self.settings:
                has = f"it has {', '.join(self.settings)}" if self.settings else "it has none"
                raise TypeError(f"{self.name} has no setting {name!r}; {has}")
            if isinstance(setting, Node):
                raise TypeError(
                    f"the setting {name} of {self.name} must not be a node, as no gradient passes it: give "
                    f"{name}=x.data or a plain number"
                )

    def _spread(self, args: tuple[Any, ...], settings: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Take `concat([a, b], axis)` apart into the arguments a, b and the setting axis."""
        if not args or not isinstance(args[0], (list, tuple)) or not args[0]:
            raise TypeError(f"{self.name} takes a list of nodes or arrays, not empty; e.g. {self.name}([a, b])")
        return tuple(args[0]), dict(zip(self.settings, args[1:])) | settings

    def _sort_out(self, args: tuple[Any, ...], settings: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Read positional settings by their order: `sum(x, 0)` is `sum(x, axis=0)`."""
        assert self.arity is not None
        extra = args[self.arity :]
        if len(args) < self.arity or len(extra) > len(self.settings):
            takes = f"{self.arity} argument{'s' * (self.arity != 1)}"
            also = f" and the settings {', '.join(self.settings)}" if self.settings else ""
            raise TypeError(f"{self.name} takes {takes}{also}; {len(args)} arguments were given")
        return args[: self.arity], dict(zip(self.settings, extra)) | settings


def _by_name(name: str) -> Primitive:
    """Return the primitive that a pickle names."""
    if name not in TABLE:
        raise ValueError(
            f"the pickle holds a node made by the primitive {name!r}, which is not declared here: run its "
            f"primitive({name!r}, ...) before loading"
        )
    return TABLE[name]


def unchanged(g: Any, out: Any, *args: Any, **settings: Any) -> Any:
    """The rule of an operation that passes its gradient on; the backward sweep need not call it."""
    return g
