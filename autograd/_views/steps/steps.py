"""`steps`: the forward pass, the backward pass and an optimizer's update, one move at a time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from contextvars import Context
from copy import copy, deepcopy
from typing import TYPE_CHECKING, Any, TypeAlias

from autograd._core.data import shape
from autograd._core.modes import without_warnings
from autograd._core.node import Node, leaf
from autograd._core.order import topological_sort
from autograd._core.types import Raw
from autograd._grad.rules import one_like
from autograd._grad.sweep import sweep
from autograd._views.derivative import local
from autograd._views.formula import as_factor, formula, outlined, written
from autograd._views.numbers import data_text, is_large
from autograd.files import brief

from .names import check_loss, names_of
from .step import Sent, Step, Walk, aligned, gradient_name, rows, shown, signed

if TYPE_CHECKING:
    from pathlib import Path

ENDS = 20
"""How many steps of a longer sequence are printed at either end."""


Optimizer: TypeAlias = Any
"""Anything with a list `parameters` of leaves and a method `step()`, which sets their data."""


class Steps(Walk):
    """The steps of a loss in order; shows itself in a notebook as a view to step through, `save`s that as a page."""

    def save(self, path: str | Path) -> Path:
        """Write the view as one HTML page that needs nothing else, and no network; return the path.

        Raises ValueError for another suffix than .html and for a graph too large to be shown, RuntimeError if no
        Graphviz program is there to lay it out.
        """
        from pathlib import Path

        from autograd._views.live.page import page
        from autograd.files import replace_file

        path = Path(path)
        if path.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"cannot save steps to {path.name!r}; the suffix must be .html")
        replace_file(path, page(self))
        return path

    def _repr_html_(self) -> str:
        from autograd._views.live.page import view

        return view(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        try:
            return {"text/plain": repr(self), "text/html": self._repr_html_()}
        except (ValueError, RuntimeError, ImportError) as error:
            return {"text/plain": f"{self!r}\n(not drawn: {error})"}

    def __repr__(self) -> str:
        left_out = range(ENDS, len(self) - ENDS) if len(self) > 2 * ENDS + 1 else range(0)
        found: list[tuple[str, ...]] = []
        heads = []
        phase = ""
        for k, step in enumerate(self):
            if k in left_out:
                continue
            if step.phase != phase:
                phase = step.phase
                heads.append((len(found), phase))
            if k == left_out.stop and left_out:
                heads.append((len(found), f"... {len(left_out):,} steps: print(*steps(loss), sep='\\n') shows all"))
            numbered = [str(k), *[""] * (len(step.sent) - 1)]
            found += [(number, *row) for number, row in zip(numbered, rows(step))]
        lines = [" ".join(row).rstrip() for row in aligned(found)]
        for place, head in reversed(heads):
            lines.insert(place, head)
        return "\n".join(lines)


def steps(loss: Node, optimizer: Optimizer | None = None) -> Steps:
    """Return backpropagation of a scalar loss as steps: forward, backward and, with an optimizer, the update.

    There is a step for every operation, first in the order of computing, then in reverse: the gradient that arrives,
    the local derivative for each input as formula and number, their product, and the sum so far at that input. With an
    optimizer (anything with `parameters` and `step()`, such as nn's SGD) a step for each parameter follows. They show
    the pass that was recorded, whatever has changed since; nothing is changed: no data, no `.grad`, no optimizer.
    Raises TypeError if `loss` is no node or `optimizer` no optimizer, ValueError if `loss` is no scalar, or is a leaf.

    >>> w, x = Value(3.0, label="w"), Value(2.0, label="x")
    >>> steps((w * x - 5) ** 2)
    forward
    0 a1     = w * x          = 3 * 2  = 6
    1 a2     = a1 - 5         = 6 - 5  = 1
    2 J      = a2 ** 2        = 1 ** 2 = 1
    backward
    3 dJ/dJ                            = 1 the start
    4 dJ/da2 = dJ/dJ · 2 * a2 = 1 · 2  = 2 complete
    5 dJ/da1 = dJ/da2 · 1     = 2 · 1  = 2 complete
    6 dJ/dw  = dJ/da1 · x     = 2 · 2  = 4 complete
      dJ/dx  = dJ/da1 · w     = 2 · 3  = 6 complete
    """
    check_loss(loss, "steps", "step through")
    # A context of its own: without anomaly detection, whatever the caller has switched.
    return Context().run(_steps, loss, optimizer)


@without_warnings
def _steps(loss: Node, optimizer: Optimizer | None) -> Steps:
    order = topological_sort(loss)
    data: dict[Node, Any] = {}
    for node in order:
        # The data of a leaf when it was used; they may have been changed since.
        for given, arg in zip(node.inputs, node.args):
            if isinstance(given, Node):
                data.setdefault(given, arg)
    data[loss] = loss._data
    adjoints = {loss: one_like(loss)}
    swept = list(sweep(order, adjoints))
    update, rate = ([], None) if optimizer is None else _updates(optimizer, adjoints, data)
    names = names_of(order, [node for node, *_ in update])
    made = [_forward(node, names, names[loss]) for node in order if node.op is not None]
    made += _backward(swept, names, names[loss])
    made += [_update(optimizer, *moved, names, names[loss]) for moved in update]
    return Steps(order, names, data, made, [node for node, *_ in update], rate)


def _is_finite(data: Raw) -> bool:
    """Tell whether a number, or all elements of an array, are finite; nobody sees those of a large one."""
    if not shape(data):
        return math.isfinite(data)
    return is_large(data) or all(map(math.isfinite, data.reshape(-1).tolist()))


def _forward(node: Node, names: Mapping[Node, str], loss: str) -> Step:
    assert node.op is not None
    # Where a number is made that is not finite, the sign of a zero decides which.
    zero = "-0" if not _is_finite(node._data) and all(map(_is_finite, node.args)) else "0"
    numbers, _ = written(node.op, [outlined(data_text(arg, zero=zero)) for arg in node.args], node.settings)
    return Step("forward", node, names[node], loss, _formula(node, names), numbers, node._data)


def _formula(node: Node, names: Mapping[Node, str]) -> str:
    """Return how a node was computed from its inputs, by their names; unlabelled constants are numbers."""
    return formula(node, {given: names[given] for given in node.inputs if isinstance(given, Node)}, simplify=False)


def _backward(swept: list[tuple[Node, Any, list[Any]]], names: Mapping[Node, str], loss: str) -> Iterator[Step]:
    """Yield the derivative of the loss by itself, then the gradients that each node sends on, as in `swept`."""
    root, one, _ = swept[0]
    yield Step("backward", root, names[root], loss, "", "", one)
    expected = Counter(given for node, _, sent in swept for given, part in zip(node.inputs, sent) if part is not None)
    arrived: Counter[Node] = Counter()
    totals: dict[Node, Any] = {}
    for node, g, contributions in swept:
        sent = []
        for position, (given, part) in enumerate(zip(node.inputs, contributions)):
            if part is None:
                continue
            arrived[given] += 1
            totals[given] = totals[given] + part if given in totals else part
            scalar = node.shape == shape(given) == ()
            found = local(node, position, names, None if scalar else g)
            told = as_factor(found.text) if scalar else found.text
            slope = float(found.data) if scalar else None
            sent.append(
                Sent(given, position, names[given], told, slope, part, totals[given], arrived[given], expected[given])
            )
        yield Step("backward", node, names[node], loss, _formula(node, names), "", g, tuple(sent))


def _updates(
    optimizer: Optimizer, gradients: Mapping[Node, Any], data: Mapping[Node, Any]
) -> tuple[list[tuple[Node, Any, Any, Any]], float | None]:
    """Return each parameter with its old data, its gradient and its new data after the optimizer's own step.

    Also the learning rate, if the optimizer does nothing but take rate times gradient away. A copy of it steps, on
    stand-ins for the parameters.
    """
    parameters = getattr(optimizer, "parameters", None)
    if not isinstance(parameters, (list, tuple)) or not hasattr(optimizer, "step"):
        raise TypeError(
            f"steps takes an optimizer with a list `parameters` and a method `step()`, e.g. SGD(model.parameters()); "
            f"got {brief(optimizer)} of type {type(optimizer).__name__}"
        )
    copies: dict[int, Any] = {}
    moved = []
    for node in parameters:
        old = data[node] if node in data else node.snapshot()
        g = gradients.get(node, 0.0 * old)
        stand_in = copies[id(node)] = leaf(copy(old))
        stand_in.label, stand_in.grad, stand_in.frozen = node.label, copy(g), node.frozen
        moved.append((node, old, g, stand_in))
    twin = deepcopy(optimizer, copies)
    twin.step()
    found = [(node, old, g, stand_in.snapshot()) for node, old, g, stand_in in moved]
    plain = bool(found) and all(_is_plain(optimizer, *one[1:]) for one in found)
    return found, float(optimizer.lr) if plain and _stays_plain(twin, [one[-1] for one in moved]) else None


def _stays_plain(twin: Optimizer, leaves: list[Any]) -> bool:
    """Tell whether a copy of an optimizer takes rate times gradient away at other numbers, too, and again.

    Weight decay, momentum, or limits of gradients may show at some numbers only, or from the second step on.
    """
    for factor in (-2.1, 1e3):
        before = []
        for node in leaves:
            node.data, node.grad = node.snapshot() + 1.37, factor * (node.grad + 0.7)
            before.append((node, node.snapshot(), copy(node.grad)))
        try:
            twin.step()
        except Exception:
            # Any optimizer of one's own, with numbers that it may refuse.
            return False
        if not all(_is_plain(twin, old, g, node.snapshot()) for node, old, g in before):
            return False
    return True


def _update(optimizer: Optimizer, node: Node, old: Raw, g: Raw, new: Raw, names: Mapping[Node, str], loss: str) -> Step:
    name, change = names[node], new - old
    rate = getattr(optimizer, "lr", None)
    plain = _is_plain(optimizer, old, g, new)
    formula = f"{name} - lr * {gradient_name(loss, name)}" if plain else f"{name} + change"
    second = f"{shown(rate)[0]} * {signed(g)}" if plain else signed(change)
    numbers = f"{shown(old)[0]} {'-' if plain else '+'} {second}"
    return Step("update", node, name, loss, formula, numbers, new, change=change)


def _is_plain(optimizer: Optimizer, old: Raw, g: Raw, new: Raw) -> bool:
    """Tell whether an update takes away the learning rate times the gradient, and nothing else."""
    rate = getattr(optimizer, "lr", None)
    return isinstance(rate, (int, float)) and _equal(new, old - rate * g)


def _equal(one: Raw, other: Raw) -> bool:
    """Tell whether two numbers, or all elements of two arrays, are the same."""
    return bool((one == other) if isinstance(one, float) else (one == other).all())
