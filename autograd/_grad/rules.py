"""A derivative rule applied: on floats, arrays or nodes, and where infinite slopes meet zeros."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from autograd._core.data import bits, read_only
from autograd._core.modes import active, no_grad, tracing
from autograd._core.names import name_of
from autograd._core.node import Node, leaf
from autograd._core.primitive import Rule
from autograd._core.trees import mapped
from autograd._core.types import Operand
from autograd._ops.elementwise import equal, where


def where_it_arrives(g: Operand, contribution: Operand) -> Any:
    """Return the contribution that a rule makes of a gradient `g`, with 0 wherever `g` is 0.

    A rule multiplies, and 0 * inf is nan: so elements that `where`, `maximum` or a mask did not choose would spoil it.
    """
    if active and tracing.get() is not None:
        return where(equal(g, 0.0), 0.0, contribution)
    if is_finite(contribution):
        return contribution
    nothing = raw_of(g) == 0
    return where(bool(nothing) if isinstance(nothing, bool) else nothing, 0.0, contribution)


def is_finite(g: Operand) -> bool:
    """Tell whether a gradient, raw or a node, has no nan and no infinity."""
    data = raw_of(g)
    if isinstance(data, (float, int)):
        return math.isfinite(data)
    import numpy

    # Squares that overflow are rare, and this is five times faster.
    return bool(math.isfinite(numpy.vdot(data, data)) or numpy.isfinite(data).all())


def all_finite(gradients: Collection[Operand]) -> bool:
    """Tell whether raw gradients have no nan and no infinity, all in one sum."""
    total = 0.0
    for g in gradients:
        if type(g) is float:
            total += abs(g)
        else:
            flat = g.ravel("K")
            total += flat.dot(flat)
    return math.isfinite(total) or all(map(is_finite, gradients))


def pull_back(rule: Rule, g: Operand, out: Operand, args: tuple[Any, ...], node: Node) -> Any:
    """Apply a rule; where Python's floats raise, as in `1.0 / 0.0`, apply it to Values, as IEEE 754 wants."""
    assert node.op is not None
    try:
        if node.op.foreign and type(node._data) is not float:
            return _pull_back_foreign(rule, g, out, args, node)
        return rule(g, out, *args, **node.settings)
    except (ZeroDivisionError, OverflowError):
        with no_grad():
            values = [leaf(float(x)) if isinstance(x, (float, int)) else x for x in (g, out, *args)]
            result = rule(*values, **node.settings)
        return mapped(raw_of, result)


def _pull_back_foreign(rule: Rule, g: Operand, out: Operand, args: tuple[Any, ...], node: Node) -> Any:
    """Apply a user's rule: it cannot write to its arguments, and nobody can write to its result."""
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
    return mapped(read_only, result)


def raw_of(x: Operand) -> Any:
    return x._data if isinstance(x, Node) else x


def recorded_inputs(node: Node) -> tuple[Any, ...]:
    """Return the inputs of a node to differentiate again; raise RuntimeError if the data of one changed."""
    for given, arg in zip(node.inputs, node.args):
        if isinstance(given, Node) and given._data is not arg and bits(given._data) != bits(arg):
            raise RuntimeError(
                f"the data of {name_of(given)} changed after it was used; its second derivative would be wrong: "
                f"compute the function again, then differentiate"
            )
    return node.inputs


def one_like(root: Node) -> Any:
    """Return the gradient of a node with respect to itself, all ones, as raw data."""
    if type(root._data) is float:
        return 1.0
    import numpy

    return numpy.array(1.0, root._data.dtype) if root._data.shape == () else numpy.ones_like(root._data)
