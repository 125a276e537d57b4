"""Topological order and the backward sweep."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Any

from autograd._core.anomaly import check_gradient
from autograd._core.data import bits, read_only, shape
from autograd._core.modes import active, anomaly, no_grad, tracing
from autograd._core.node import Node, leaf, name_of
from autograd._core.primitive import Rule
from autograd._ops.elementwise import equal, where
from autograd._ops.manipulation import astype, item
from autograd.files import brief


def sweep(
    order: list[Node],
    adjoints: dict[Node, Any],
    recorded: bool = False,
    wanted: Collection[Node] | None = None,
    careful: bool = True,
) -> Iterator[tuple[Node, Any, list[Any]]]:
    """Walk `order` backwards; yield each node, its complete gradient, and what it sends to each of its inputs.

    `adjoints` starts with the gradient of the last node and ends with those of the leaves. Gradients are raw numbers
    and arrays or, if `recorded`, nodes. If `wanted` is given, only nodes in it are sent a gradient. A `careful` sweep
    sends 0 wherever 0 arrives, also where the slope is infinite or nan.
    """
    for node in reversed(order):
        if node.op is None or node not in adjoints:
            continue
        g = adjoints.pop(node)
        op, inputs = node.op, node.inputs
        out, args = (node, _as_recorded(node)) if recorded else (node._data, node.args)
        together = op.rules[0] if op.arity is None else None
        everything = pull_back(together, g, out, args, node) if together is not None else None
        sent: list[Any] = [None] * len(inputs)
        for position, parent in enumerate(inputs):
            if not isinstance(parent, Node) or (wanted is not None and parent not in wanted):
                continue
            if everything is not None:
                contribution = everything[position]
            else:
                rule = op.rules[position] if op.arity is not None else None
                if rule is None:
                    continue
                contribution = pull_back(rule, g, out, args, node)
            if careful and op.elementwise and contribution is not g:
                contribution = where_it_arrives(g, contribution)
            contribution = match(contribution, parent, position, node, recorded)
            if active and anomaly.get():
                check_gradient(contribution, position, node)
            sent[position] = contribution
            adjoints[parent] = adjoints[parent] + contribution if parent in adjoints else contribution
        yield node, g, sent


def where_it_arrives(g: Any, contribution: Any) -> Any:
    """Return what a rule makes of a gradient `g`: 0 wherever that is 0.

    A rule multiplies, and 0 * inf is nan: so what `where`, `maximum` or a mask did not choose would spoil a gradient.
    """
    if active and tracing.get() is not None:
        return where(equal(g, 0.0), 0.0, contribution)
    if is_finite(contribution):
        return contribution
    nothing = _raw(g) == 0
    return where(bool(nothing) if isinstance(nothing, bool) else nothing, 0.0, contribution)


def is_finite(g: Any) -> bool:
    """Tell whether a gradient, raw or a node, has no nan and no infinity."""
    data = _raw(g)
    if isinstance(data, (float, int)):
        return math.isfinite(data)
    import numpy

    # Squares that overflow are rare, and this is five times faster.
    return bool(math.isfinite(numpy.vdot(data, data)) or numpy.isfinite(data).all())


def pull_back(rule: Rule, g: Any, out: Any, args: tuple[Any, ...], node: Node) -> Any:
    """Apply a rule; where Python's floats raise, as `1.0 / 0.0` does, apply it to Values, which follow IEEE 754."""
    assert node.op is not None
    try:
        if node.op.foreign and type(node._data) is not float:
            return _pull_back_foreign(rule, g, out, args, node)
        return rule(g, out, *args, **node.settings)
    except (ZeroDivisionError, OverflowError):
        with no_grad():
            values = [leaf(float(x)) if isinstance(x, (float, int)) else x for x in (g, out, *args)]
            result = rule(*values, **node.settings)
        return [_raw(part) for part in result] if isinstance(result, (list, tuple)) else _raw(result)


def _pull_back_foreign(rule: Rule, g: Any, out: Any, args: tuple[Any, ...], node: Node) -> Any:
    """Apply a user's rule: it cannot write to what it is given, and nobody can write to what it returns."""
    assert node.op is not None
    try:
        result = rule(*map(read_only, (g, out, *args)), **node.settings)
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise ValueError(
            f"the rule of {node.op.name} writes to an array that it is given, which others use, too: let it make a new "
            f"one, e.g. return g * 2 in place of g *= 2"
        ) from error
    return [read_only(part) for part in result] if isinstance(result, (list, tuple)) else read_only(result)


def _raw(x: Any) -> Any:
    return x._data if isinstance(x, Node) else x


def _as_recorded(node: Node) -> tuple[Any, ...]:
    """Return the inputs of a node to differentiate again; raise RuntimeError if one has other data than it had then."""
    for given, arg in zip(node.inputs, node.args):
        if isinstance(given, Node) and given._data is not arg and bits(given._data) != bits(arg):
            raise RuntimeError(
                f"the data of {name_of(given)} changed after it was used; its second derivative would be wrong: "
                f"compute the function again, then differentiate"
            )
    return node.inputs


def match(contribution: Any, parent: Node, position: int, node: Node, recorded: bool) -> Any:
    """Make what a rule returned a gradient of `parent`: the one place where broadcasting is undone.

    Raises ValueError for a shape that `parent` does not broadcast to (it is summed, never expanded to fit) and
    TypeError for what is no number or array.
    """
    data = parent._data
    if type(contribution) is type(data) and (
        type(data) is float or (contribution.shape == data.shape and contribution.dtype == data.dtype)
    ):
        return contribution
    assert node.op is not None
    if isinstance(contribution, complex) or (isinstance(contribution, Node) and not recorded):
        raise TypeError(
            f"the rule of {node.op.name} for argument {position} returned {brief(contribution)}; it must return a real "
            f"number or array made from its arguments with the operations of autograd"
        )
    given, wanted = shape(contribution), parent.shape
    if given != wanted:
        extra = len(given) - len(wanted)
        fits = extra >= 0 and all(m in (1, n) for n, m in zip(given[extra:], wanted))
        if not fits or (node.op.elementwise and given != node.shape):
            raise ValueError(
                f"the rule of {node.op.name} for argument {position} returned shape {given}; the argument "
                f"{name_of(parent)} has shape {wanted} and the result {node.shape}: return the shape of the result"
            )
        # An array and a Tensor have the same methods; only the Tensor's are recorded.
        if extra:
            contribution = contribution.sum(axis=0 if extra == 1 else tuple(range(extra)))
        stretched = tuple([k for k, (n, m) in enumerate(zip(given[extra:], wanted)) if n != m])
        if stretched:
            contribution = contribution.sum(axis=stretched, keepdims=True)
    if type(data) is float:
        if isinstance(contribution, Node):
            return contribution if type(contribution._data) is float else item(contribution)
        return float(contribution)
    # A float has no dtype, and NumPy says that None is equal to float64.
    if not hasattr(contribution, "dtype") or contribution.dtype != data.dtype:
        return astype(contribution, dtype=data.dtype)
    return contribution


def one_like(root: Node) -> Any:
    """Return the gradient of a node with respect to itself, all ones, as raw data."""
    if type(root._data) is float:
        return 1.0
    import numpy

    return numpy.ones_like(root._data)
