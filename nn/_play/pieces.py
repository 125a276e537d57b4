"""Pieces of a network in JavaScript, made from the table of operations; sizes are variables.

A page changes its network without Python, so it puts networks together from pieces: a layer, an activation, a loss, an
optimizer's update of one parameter. A piece is a Python function of this package or of `nn`, compiled to JavaScript for
arrays of two sets of sizes, which are different primes. The two sources are the same but for some numbers; each of
these is a product of sizes, which is written in its place. What is no such product is refused.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import combinations, product
from math import prod
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import autograd
from nn._layers.activations import ON_LAYERS, ROWS
from nn._training.cross_entropy import cross_entropy
from nn._training.losses import binary_cross_entropy, hinge, huber, mae, mse
from nn._training.optimizer import Optimizer
from nn._training.optimizers import OPTIMIZERS
from nn._training.penalties import l1, l2

from .lessons import LESSON
from .written import FILE, MOST_NUMBERS, PENALIZED, TEXT

SIZES: tuple[dict[str, int], ...] = (
    {"n": 7, "d": 11, "k": 13},
    {"n": 17, "d": 19, "k": 23},
)
"""The sizes that are recorded: n rows, d inputs, k outputs."""

ALLOCATION = re.compile(r"const \w+ = new Float64Array\(.*\);")

HELPER = re.compile(r"^function .*(?:\}|\n(?: .*\n)*\})$", re.MULTILINE)

TOKEN = re.compile(r"[A-Za-z_$][\w$]*|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\s+|.")


class Piece(NamedTuple):
    """A function, and the sizes of its arguments: "nk" is an array (n, k), "" a number."""

    function: Callable[..., Any]
    shapes: Sequence[Any]
    targets: Callable[[tuple[int, ...]], Any] | None = None
    """Makes an example of the last argument, if that may not be any numbers from 0.1 to 0.9."""


class Head(NamedTuple):
    """A last activation and a loss that fit each other: for which task, and how they take targets.

    `outputs` is "one" or "classes", `targets` is "number" (the class 0 or 1, or the number), "sign" (-1 and 1) or
    "row" (1 for the class, 0 for the others). `shown` is the activation that makes probabilities for people.
    """

    task: str
    outputs: str
    activation: str
    loss: str
    targets: str
    shown: str = "linear"


HEADS = (
    Head("classes", "one", "sigmoid", "binary_cross_entropy", "number"),
    Head("classes", "one", "sigmoid", "mse", "number"),
    Head("classes", "one", "sigmoid", "mae", "number"),
    Head("classes", "one", "sigmoid", "huber", "number"),
    Head("classes", "one", "tanh", "mse", "sign"),
    Head("classes", "one", "linear", "hinge", "sign"),
    Head("classes", "classes", "linear", "cross_entropy", "row", "softmax"),
    Head("classes", "classes", "softmax", "mse", "row"),
    Head("number", "one", "linear", "mse", "number"),
    Head("number", "one", "linear", "mae", "number"),
    Head("number", "one", "linear", "huber", "number"),
)
"""The pairs of last activation and loss, the usual one of each kind of task first."""

FUNCTIONS = (
    autograd.exp, autograd.log, autograd.sqrt, autograd.abs, autograd.sin, autograd.cos, autograd.tan, autograd.tanh,
    autograd.sigmoid, autograd.relu, autograd.sign, autograd.floor,
)  # fmt: skip
"""What may stand in a formula that makes data."""

LOSSES: dict[str, Callable[..., Any]] = {
    loss.__name__: loss for loss in (binary_cross_entropy, cross_entropy, hinge, huber, mae, mse)
}
"""The losses of HEADS, by name."""


@cache
def pieces() -> str:
    """Return the script that defines PIECES: the pieces of `nn`, and the choices that there are.

    Each piece is a function of the largest sizes, which makes its arrays once and returns the function that computes.
    That takes the number of rows, if it has rows, and the arguments; what it returns is overwritten by its next call.
    """
    helpers: dict[str, None] = {}

    def text(item: Any) -> str:
        if isinstance(item, Piece):
            above, made = _generalised(item)
            helpers.update(dict.fromkeys(above))
            return made
        if isinstance(item, Mapping):
            return "{" + ",\n".join(f"{json.dumps(key)}: {text(part)}" for key, part in item.items()) + "}"
        return json.dumps(item)

    table = text(_table())
    return "\n".join(["const PIECES = (() => {", *helpers, f"return {table};", "})();"])


def _table() -> dict[str, Any]:
    return {
        "affine": Piece(_affine, ("nd", "dk", "k")),
        "affineParameters": Piece(_affine_parameters, ("nd", "nk")),
        "affineInputs": Piece(_affine_inputs, ("dk", "nk")),
        "mask": {
            "forward": Piece(_masked, ("nk", "nk")),
            "backward": Piece(_unmasked, ("nk", "nk")),
        },
        "activations": {
            name: {
                "init": row.init,
                "mixes": row.function in ON_LAYERS,
                "forward": Piece(row.function, ("nk",)),
                "backward": Piece(_backward(row.function), ("nk", "nk")),
            }
            for name, row in ROWS.items()
        },
        "losses": {name: _loss(name) for name in LOSSES},
        "penalties": {"l1": _penalty(l1), "l2": _penalty(l2)},
        "optimizers": {name: _optimizer(kind) for name, kind in OPTIMIZERS.items()},
        "functions": {function.__name__: Piece(function, ("",)) for function in FUNCTIONS},
        "heads": [head._asdict() for head in HEADS],
        "lesson": LESSON,
        "python": {"text": TEXT, "penalized": PENALIZED, "file": FILE, "most": MOST_NUMBERS},
    }


# What is compiled.


def _affine(X: Any, w: Any, w0: Any) -> Any:
    return X @ w + w0


def _affine_parameters(X: Any, g: Any) -> Any:
    import numpy

    w, w0 = numpy.zeros((X.shape[1], g.shape[1])), numpy.zeros(g.shape[1])
    return autograd.vjp(lambda w, w0: _affine(X, w, w0), w, w0)[1](g)


def _affine_inputs(w: Any, g: Any) -> Any:
    import numpy

    X = numpy.zeros((g.shape[0], w.shape[0]))
    return autograd.vjp(lambda X: X @ w, X)[1](g)[0]


def _masked(x: Any, factors: Any) -> Any:
    return x * factors


def _unmasked(factors: Any, g: Any) -> Any:
    return autograd.vjp(lambda x: _masked(x, factors), factors)[1](g)[0]


def _backward(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda z, g: autograd.vjp(function, z)[1](g)[0]


def _one_hot(shape: tuple[int, ...]) -> Any:
    import numpy

    return numpy.eye(shape[1])[numpy.arange(shape[0]) % shape[1]]


def _loss(name: str) -> Piece:
    loss = LOSSES[name]
    signs = any(head.loss == name and head.targets == "sign" for head in HEADS)
    example = (lambda shape: 2 * _one_hot(shape) - 1) if signs else _one_hot
    return Piece(autograd.value_and_grad(lambda y_hat, y: loss(y_hat, y)), ("nk", "nk"), example)


def _penalty(of: Callable[..., Any]) -> Piece:
    return Piece(autograd.value_and_grad(lambda w, factor: factor * of([w])), ("k", ""))


class _On(autograd.Value):
    """A setting that is not 0, whatever its number: other nodes may not be asked for that while they are recorded."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return True


def _optimizer(kind: type[Optimizer]) -> dict[str, Any]:
    """Return the settings of an optimizer, its memory, and a piece for each choice of settings that are not 0."""
    start = {name: item.default for name, item in inspect.signature(kind).parameters.items() if name in kind.settings}
    switches = [name for name, item in start.items() if not item]
    updates = {}
    for chosen in product((False, True), repeat=len(switches)):
        on = [name for name, is_on in zip(switches, chosen) if is_on]
        settings = start | {name: True if start[name] is False else 0.5 for name in on}
        try:
            kind([autograd.Value(0.0)], **settings)
        except ValueError:
            # Such as nesterov without momentum.
            continue
        updates[" ".join(on)] = _update(kind, settings, switches)
    ranges = {name: _range(kind, name, item) for name, item in start.items() if not isinstance(item, bool)}
    formula = inspect.cleandoc(kind.__doc__ or "").partition("\n")[0]
    return {"settings": start, "ranges": ranges, "kept": kind.kept, "formula": formula, "updates": updates}


def _range(kind: type[Optimizer], name: str, start: Any) -> dict[str, Any]:
    """Return whether a setting may be 0, and below which number it must be, as its optimizer says."""

    def takes(x: float) -> bool:
        try:
            kind([autograd.Value(0.0)], **cast(Any, {name: (x, x) if isinstance(start, tuple) else x}))
        except ValueError:
            return False
        return True

    return {"zero": takes(0.0), "below": None if takes(1.0) else 1}


def _update(kind: type[Optimizer], settings: dict[str, Any], switches: Sequence[str]) -> Piece:
    """Return the update of one parameter: (w, gradient, memory, settings, number of steps) -> w, memory."""
    numbers = [name for name, item in settings.items() if not isinstance(item, bool)]
    flat = {name: settings[name] if isinstance(settings[name], tuple) else (settings[name],) for name in numbers}

    def update(w: Any, g: Any, memory: Any, given: Any, count: Any) -> Any:
        optimizer = kind([autograd.Value(0.0)], **settings)
        optimizer.parameters, optimizer.counts = [SimpleNamespace(data=w, grad=g)], [count]
        for name, item in zip(kind.kept, memory):
            setattr(optimizer, name, [item])
        rest = iter(given)
        for name, items in flat.items():
            nodes = [next(rest) for _ in items]
            if not settings[name]:
                continue
            if name in switches:
                nodes[0].__class__ = _On
            setattr(optimizer, name, tuple(nodes) if isinstance(settings[name], tuple) else nodes[0])
        moved = w + optimizer.change(0)
        return moved, *(getattr(optimizer, name)[0] for name in kind.kept)

    return Piece(update, ("k", "k", ["k"] * len(kind.kept), [""] * sum(map(len, flat.values())), ""))


# How sizes become variables.


def _generalised(piece: Piece) -> tuple[list[str], str]:
    """Return the helpers that a piece calls, and a function that makes the piece for the largest sizes."""
    sources = [TOKEN.findall(_recorded(piece, sizes)) for sizes in SIZES]
    if len({*map(len, sources)}) > 1:
        raise ValueError(f"{piece} has a source of another form for other sizes")
    tokens = zip(*sources)
    source = "".join(each[0] if len({*each}) == 1 else _expression(*each) for each in tokens)
    above, _, body = source.rpartition("function piece(")
    parameters, _, rest = body.partition(")")
    buffers: list[str] = []
    lines: list[str] = []
    for line in rest.split("\n"):
        # An array that is returned is used again at the next call, as all others are.
        (buffers if ALLOCATION.fullmatch(line.strip()) else lines).append(line.replace(".slice()", ""))
    buffers += [line for line in above.split("\n") if ALLOCATION.fullmatch(line)]
    names = [size for size in "ndk" if size in "".join(_flat(piece.shapes))]
    rows = [size for size in names if size == "n"]
    body = "\n".join(lines).rstrip()
    made = [
        f"({', '.join(names)}) => {{", *(line.strip() for line in buffers),
        f"return ({', '.join([*rows, parameters])}) =>{body};", "}",
    ]  # fmt: skip
    return HELPER.findall(above), "\n".join(made)


def _flat(shapes: Any) -> list[str]:
    return [shapes] if isinstance(shapes, str) else [part for item in shapes for part in _flat(item)]


def _recorded(piece: Piece, sizes: Mapping[str, int]) -> str:
    """Return the source of a piece for some sizes."""
    import numpy

    rng = numpy.random.default_rng(0)

    def example(shapes: Any) -> Any:
        if isinstance(shapes, str):
            return rng.uniform(0.1, 0.9, [sizes[size] for size in shapes]) if shapes else 0.5
        return [example(item) for item in shapes]

    args = example(piece.shapes)
    if piece.targets is not None:
        args[-1] = piece.targets(args[-1].shape)

    def call(*given: Any) -> Any:
        return piece.function(*given)

    signature = inspect.signature(piece.function)
    call.__name__ = "piece"
    vars(call)["__signature__"] = signature.replace(parameters=[*signature.parameters.values()][: len(args)])
    fast = autograd.compile(call, backend="javascript")
    fast(*args)
    return fast.source


def _expression(*tokens: str) -> str:
    """Return what the numbers are for all sizes: a product of sizes, or a whole number over one."""
    try:
        numbers = [float(token) for token in tokens]
    except ValueError:
        raise ValueError(f"{tokens} differ and are no numbers") from None
    for count in (1, 2, 3):
        for names in combinations("ndk", count):
            products = [prod(sizes[name] for name in names) for sizes in SIZES]
            text = " * ".join(names)
            if numbers == products:
                return text if count == 1 else f"({text})"
            factor = round(numbers[0] * products[0])
            if factor and numbers == [factor / product for product in products]:
                return f"({factor} / ({text}))"
    raise ValueError(f"{tokens} are no products of sizes")
