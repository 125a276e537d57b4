"""What a primitive is, and what happens when one is applied."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from autograd.files import brief

from . import floats as _floats
from .anomaly import check
from .masked import check_unmasked
from .modes import active, anomaly, recording, replaying, tracing, without_warnings
from .node import NO_SETTINGS, Node
from .trees import deeper

Rule = Callable[..., Any]
Operation = Callable[..., Any]
Interval = tuple[float, float]
Example = tuple[tuple[tuple[int, ...], ...], Mapping[str, Any]]
Identity = tuple[int, float | None, Callable[..., Any]]

ANY = None
"""In an identity: whatever the argument is."""

TABLE: dict[str, Primitive] = {}
"""Every primitive by name, in order of declaration."""

kinds: dict[str, Any] = {}
"""The node that holds a "float" and the one that holds an "array"; `Value` and `Tensor` enter themselves."""

NUMBERS = frozenset((float, int, bool))
ARRAYS: set[type] = set()
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
            return self.forward(_floats if floats else _numpy(), *raw, **settings)
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
        numpy = _numpy()
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
            numpy = _numpy()
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


def primitive(
    name: str,
    forward: Callable[..., Any],
    *rules: Rule | None,
    written: str | Callable[..., str] | None = None,
    domain: tuple[Interval, ...] | None = None,
    kink: Callable[..., Any] | None = None,
    examples: tuple[Example, ...] = (),
    elementwise: bool = True,
    identities: tuple[Identity, ...] = (),
    reduction: str = "",
    contraction: tuple[str, str] | None = None,
    note: str = "",
) -> Operation:
    """Declare an operation and return it as a function: from then on it is computed, differentiated, drawn and tested.

    `forward(xp, *args, *, settings)` computes it from raw numbers with the namespace `xp`: `math`-like for floats,
    NumPy for arrays. One `rule(g, out, *args, **settings)` for each argument returns the gradient `g` of the result
    pulled back to that argument (the vector-Jacobian product), of the shape of `out`; None stands for a derivative that
    is zero everywhere. Write rules with the operations of this package, and they differentiate again. A forward with
    `*args` has one rule, which returns the list of the gradients of all arguments, and is called with a list of them.

    `written` is a format, or a function of texts, for the operation as text (`"{0} * {1}"`; without it `name(a, b)`),
    `domain` an open interval for each argument, `kink(*args, **settings)` is zero where there is no derivative. An
    operation that does not work element by element has `elementwise=False` and is always computed with NumPy.
    `examples` are pairs of argument shapes and settings to test it with, `note` goes to the documentation and to
    `steps`. `identities` are triples (position, number, function of the arguments): what the operation equals, to the
    last bit, where the argument at that position is that number (None: any), as `1.0 * b` is `b`; formulas and compiled
    code are shortened by them. `reduction` names the primitive that does to all elements along an axis what this does
    to two (`sum` for `add`; the order may not matter but for rounding), `contraction` the two that this is made of
    (`multiply`, then `add`, for `matmul`).

    Raises TypeError for a forward that is no plain function or for a wrong number of rules, ValueError for a name that
    is no identifier or belongs to another module's primitive.

    >>> third = primitive("third_power", lambda xp, x: x * x * x, lambda g, out, x: g * 3 * x * x)
    >>> x = Value(2.0)
    >>> y = third(x)
    >>> y.backward()
    >>> y.data, x.grad
    (8.0, 12.0)
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"a primitive's name must be an identifier such as 'cube'; got {brief(name)}")
    if not hasattr(forward, "__code__"):
        raise TypeError(f"forward must be a function (xp, *args); got {brief(forward)}: wrap it in a lambda")
    made = Primitive(name, forward, rules)
    expected = 1 if made.arity is None else made.arity
    if len(rules) != expected:
        raise TypeError(f"primitive {name!r} has {expected} arguments, so it needs {expected} rules; got {len(rules)}")
    earlier = TABLE.get(name)
    # Running a notebook cell again declares again; taking somebody else's name is a mistake.
    if earlier is not None and earlier.forward.__module__ != forward.__module__:
        raise ValueError(
            f"the primitive {name!r} is already declared in {earlier.forward.__module__}; take another name"
        )
    made.written, made.domain, made.kink = written, domain, kink
    made.examples, made.elementwise, made.identities, made.note = examples, elementwise, identities, note
    made.reduction, made.contraction = reduction, contraction
    TABLE[name] = made
    function = made.function = _function(made)
    function.__name__ = function.__qualname__ = name
    function.__module__ = forward.__module__
    function.__doc__ = f"{made.text(*(made.arguments or 'ab'), **{s: s for s in made.settings})}. {note}".strip()
    vars(function)["primitive"] = made
    return function


def _function(made: Primitive) -> Operation:
    """Return the function that applies a primitive, with a lean path for floats and Values.

    A scalar network spends its time here: the general path takes three times as long.
    """
    forward, new = made.forward, object.__new__

    def unary(a: Any) -> Any:
        kind = type(a)
        if kind is kinds["float"] and not active:
            data = a._data
            out = forward(_floats, data)
            node = new(kind)
            node._data = out if type(out) is float else float(out)
            node._grad = 0.0
            node.op = made
            node._a = a
            node._b = None
            node._x = data
            return node
        return forward(_floats, a) if kind is float else made.apply((a,), {})

    def binary(a: Any, b: Any) -> Any:
        value = kinds["float"]
        kind, other = type(a), type(b)
        if kind is not value and other is not value:
            numbers = (kind is float or kind is int) and (other is float or other is int)
            return forward(_floats, a, b) if numbers else made.apply((a, b), {})
        if active:
            return made.apply((a, b), {})
        x = a._data if kind is value else a
        y = b._data if other is value else b
        if type(x) not in NUMBERS or type(y) not in NUMBERS:
            return made.apply((a, b), {})
        out = forward(_floats, x, y)
        node = new(value)
        node._data = out if type(out) is float else float(out)
        node._grad = 0.0
        node.op = made
        node._a = a
        node._b = b
        node._x = x
        node._y = y
        return node

    def ternary(a: Any, b: Any, c: Any) -> Any:
        numbers = type(a) in NUMBERS and type(b) in NUMBERS and type(c) in NUMBERS
        return forward(_floats, a, b, c) if numbers else made.apply((a, b, c), {})

    def variadic(args: Any) -> Any:
        if active:
            return made.apply((args,), {})
        value = kinds["float"]
        raw = [a._data if type(a) is value else a for a in args]
        if not NUMBERS.issuperset(map(type, raw)):
            return made.apply((args,), {})
        out = forward(_floats, *raw)
        if value not in map(type, args):
            return out
        node = new(value)
        node._data = out if type(out) is float else float(out)
        node._grad = 0.0
        node.link(made, tuple(args), tuple(raw), NO_SETTINGS)
        return node

    def general(*args: Any, **settings: Any) -> Any:
        return made.apply(args, settings)

    if not made.elementwise or made.settings:
        return general
    by_arity: dict[int | None, Operation] = {None: variadic, 1: unary, 2: binary, 3: ternary}
    return by_arity.get(made.arity, general)


def _by_name(name: str) -> Primitive:
    """Return the primitive that a pickle names."""
    if name not in TABLE:
        raise ValueError(
            f"the pickle holds a node made by the primitive {name!r}, which is not declared here: run its "
            f"primitive({name!r}, ...) before loading"
        )
    return TABLE[name]


def bits(data: Any) -> tuple[Any, ...]:
    """Return what tells raw data apart to the last bit."""
    return (data.shape, data.dtype.str, data.tobytes()) if hasattr(data, "dtype") else (float(data).hex(),)


def read_only(data: Any) -> Any:
    """Return an array that nobody can write to, a number as it is."""
    if type(data) not in ARRAYS:
        return data
    view = data.view()
    view.flags.writeable = False
    return view


def unchanged(g: Any, out: Any, *args: Any, **settings: Any) -> Any:
    """The rule of an operation that passes its gradient on; the backward sweep need not call it."""
    return g


def leaf(data: Any) -> Node:
    """Return a node without inputs that holds `data`, a float or an array, as it is."""
    node: Node = object.__new__(kinds["float" if type(data) is float else "array"])
    node._data = data
    node._grad = 0.0
    node.op = None
    return node


def _numpy() -> Any:
    """Import NumPy when the first array appears."""
    if not _imported:
        import numpy

        ARRAYS.add(numpy.ndarray)
        # A C library such as glibc returns the memory of every large array to the system, and has to get it back, page
        # by page, for the next, until it has seen one of 31 MiB come and go: training on large batches takes twice as
        # long before. No page of this one is ever touched.
        numpy.empty(31 << 20, numpy.uint8)
        _imported.append(numpy)
    return _imported[0]


_imported: list[Any] = []


def keep(data: Any) -> Any:
    """Return a constant for a graph: an array that somebody could still write to is copied."""
    frozen = not hasattr(data, "dtype") or (data.base is None and not data.flags.writeable)
    return data if frozen else data.copy("K")


def keep_setting(item: Any, depth: int = 0) -> Any:
    """Return a setting for a graph: an array in it, such as an index, that somebody could still write to is copied."""
    kind = type(item)
    if kind is tuple or kind is list:
        inside = deeper(depth)
        return kind([keep_setting(part, inside) for part in item])
    if kind is dict:
        inside = deeper(depth)
        return {key: keep_setting(part, inside) for key, part in item.items()}
    return keep(item) if kind.__name__ == "ndarray" else item


def shape(x: Any) -> tuple[int, ...]:
    """Return the shape of a node, an array or a number."""
    given = getattr(x, "shape", ())
    # A class of NumPy's, which may be a setting, has an attribute of the name.
    return given if type(given) is tuple else ()


def has_varying(item: Any) -> bool:
    """Tell whether there is an array in a setting that differs from call to call."""
    return any(map(has_varying, item)) if isinstance(item, (tuple, list)) else is_varying(item)


def is_varying(item: Any) -> bool:
    """Tell whether something is an array that differs from call to call."""
    return type(item).__name__ == "Varying" and hasattr(item, "dtype")
