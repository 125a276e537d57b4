"""What happens when a row of the table is applied: it computes, and the result remembers from what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from autograd.files import brief

from . import floats
from .anomaly import check
from .data import ARRAYS, NUMBERS, has_varying, keep, keep_setting, numpy_module, read_only, shape
from .lean import lean_function
from .masked import check_unmasked
from .modes import active, anomaly, recording, replaying, tracing, without_warnings
from .node import Node, leaf
from .primitive import TABLE, Example, Identity, Interval, Operation, Primitive, Rule


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
    made.apply = partial(apply, made)
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
    function = made.function = lean_function(made)
    function.__name__ = function.__qualname__ = name
    function.__module__ = forward.__module__
    function.__doc__ = f"{made.text(*(made.arguments or 'ab'), **{s: s for s in made.settings})}. {note}".strip()
    vars(function)["primitive"] = made
    return function


def apply(op: Primitive, args: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    """Apply to nodes, numbers and arrays; the result is a node if any argument is one."""
    if op.arity is None:
        args, settings = _spread(op, args, settings)
    elif len(args) != op.arity:
        args, settings = _sort_out(op, args, settings)
    if settings:
        _check(op, settings)
    step = replaying.get() if active else None
    missed = None
    if step is not None and tracing.get() is None:
        node, missed = step.look(op, args, settings)
        if node is not None:
            return node
    raw: list[Any] = []
    nodes, constants, scalar = False, False, op.elementwise
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
            data = arg if kind in ARRAYS and arg.dtype.char in "dfe?" else constant(op, arg, args)
        scalar = scalar and type(data) in NUMBERS
        raw.append(data)
    trace = tracing.get() if active else None
    if not nodes and (trace is None or not any(map(has_varying, settings.values()))):
        return op.forward(floats if scalar else numpy_module(), *raw, **settings)
    record = not active or recording.get()
    if constants and (record or trace is not None):
        raw = [data if isinstance(arg, Node) else keep(data) for arg, data in zip(args, raw)]
        args = tuple([arg if isinstance(arg, Node) else data for arg, data in zip(args, raw)])
    if settings and (record or trace is not None):
        settings = {name: keep_setting(item) for name, item in settings.items()}
    node = leaf(float(op.forward(floats, *raw, **settings)) if scalar else _forward_arrays(op, raw, settings))
    if missed is not None:
        missed.add(node)
    if record or trace is not None:
        node.link(op, args, tuple(raw), settings)
        if trace is not None:
            trace.note(node)
            if not record:
                return trace.detached(node)
        if active and anomaly.get():
            check(node)
    return node


def compute(op: Primitive, raw: list[Any], settings: Mapping[str, Any]) -> Any:
    """Return what a node holds that is computed from raw numbers and arrays."""
    if op.elementwise and NUMBERS.issuperset(map(type, raw)):
        return float(op.forward(floats, *raw, **settings))
    return _forward_arrays(op, raw, settings)


def _forward_arrays(op: Primitive, raw: list[Any], settings: Mapping[str, Any]) -> Any:
    """Compute on arrays; an error of NumPy's gets the name of the operation and the shapes."""
    numpy = numpy_module()
    if op.foreign:
        raw = [read_only(data) for data in raw]
    try:
        if active and anomaly.get():
            # What NumPy would warn of, detect_anomaly is about to say better.
            out = without_warnings(op.forward)(numpy, *raw, **settings)
        else:
            out = op.forward(numpy, *raw, **settings)
    except (ValueError, TypeError, IndexError) as error:
        shapes = " and ".join(str(shape(data)) for data in raw)
        given = "".join(f", {name}={brief(setting)}" for name, setting in settings.items())
        raise type(error)(f"{op.name} of shape {shapes}{given}: {error}") from error
    if type(out) is float:
        return out
    if out.dtype.kind != "f":
        # A comparison is recorded as numbers, of the precision that went in.
        precise = [data.dtype for data in raw if hasattr(data, "dtype") and data.dtype.kind == "f"]
        return numpy.asarray(out, max(precise, default=numpy.dtype(float)))
    return out if type(out) is numpy.ndarray else numpy.asarray(out)


def constant(op: Primitive, arg: Any, args: tuple[Any, ...]) -> Any:
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


def _check(op: Primitive, settings: dict[str, Any]) -> None:
    """Raise TypeError for a setting that the operation has not, and for a node as one."""
    for name, setting in settings.items():
        if name not in op.settings:
            has = f"it has {', '.join(op.settings)}" if op.settings else "it has none"
            raise TypeError(f"{op.name} has no setting {name!r}; {has}")
        if isinstance(setting, Node):
            raise TypeError(
                f"the setting {name} of {op.name} must not be a node, as no gradient passes it: give "
                f"{name}=x.data or a plain number"
            )


def _spread(op: Primitive, args: tuple[Any, ...], settings: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Take `concat([a, b], axis)` apart into the arguments a, b and the setting axis."""
    if not args or not isinstance(args[0], (list, tuple)) or not args[0]:
        raise TypeError(f"{op.name} takes a list of nodes or arrays, not empty; e.g. {op.name}([a, b])")
    return tuple(args[0]), dict(zip(op.settings, args[1:])) | settings


def _sort_out(op: Primitive, args: tuple[Any, ...], settings: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Read positional settings by their order: `sum(x, 0)` is `sum(x, axis=0)`."""
    assert op.arity is not None
    extra = args[op.arity :]
    if len(args) < op.arity or len(extra) > len(op.settings):
        takes = f"{op.arity} argument{'s' * (op.arity != 1)}"
        also = f" and the settings {', '.join(op.settings)}" if op.settings else ""
        raise TypeError(f"{op.name} takes {takes}{also}; {len(args)} arguments were given")
    return args[: op.arity], dict(zip(op.settings, extra)) | settings
