"""The backward sweep: the chain rule, from the last node to the leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from autograd._core.anomaly import check_gradient
from autograd._core.data import shape
from autograd._core.modes import active, anomaly
from autograd._core.names import name_of
from autograd._core.node import Node
from autograd._core.types import Operand
from autograd._ops.manipulation import astype, item
from autograd.files import brief

from .rules import pull_back, recorded_inputs, where_it_arrives


def sweep(
    order: list[Node],
    adjoints: dict[Node, Operand],
    recorded: bool = False,
    wanted: Collection[Node] | None = None,
    careful: bool = True,
) -> Iterator[tuple[Node, Operand, list[Operand]]]:
    """Walk `order` backwards; yield each node, its complete gradient, and the gradients that it sends to its inputs.

    `adjoints` starts with the gradient of the last node and ends with those of the leaves. Gradients are raw numbers
    and arrays or, if `recorded`, nodes. If `wanted` is given, only nodes in it are sent a gradient. A `careful` sweep
    sends 0 wherever 0 arrives, also where the slope is infinite or nan.
    """
    for node in reversed(order):
        if node.op is None or node not in adjoints:
            continue
        g = adjoints.pop(node)
        op, inputs = node.op, node.inputs
        out, args = (node, recorded_inputs(node)) if recorded else (node._data, node.args)
        together = op.rules[0] if op.arity is None else None
        everything = pull_back(together, g, out, args, node) if together is not None else None
        sent: list[Operand] = [None] * len(inputs)
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


def match(contribution: Operand, parent: Node, position: int, node: Node, recorded: bool) -> Operand:
    """Make the result of a rule a gradient of `parent`: the one place where broadcasting is undone.

    Raises ValueError for a shape that `parent` does not broadcast to (it is summed, never expanded to fit) and
    TypeError for anything but a number or an array.
    """
    data = parent._data
    if type(contribution) is type(data) and (
        type(data) is float or (contribution.shape == data.shape and contribution.dtype == data.dtype)
    ):
        return contribution
    if recorded and type(data) is float and isinstance(contribution, Node) and type(contribution._data) is float:
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
        stretched = tuple([k for k, (n, m) in enumerate(zip(given[extra:], wanted)) if n != m])
        if extra and stretched:
            over = (*range(extra), *(extra + k for k in stretched))
            contribution = contribution.sum(axis=over).reshape(wanted)
        elif extra:
            contribution = contribution.sum(axis=0 if extra == 1 else tuple(range(extra)))
        else:
            contribution = contribution.sum(axis=stretched, keepdims=True)
    if type(data) is float:
        if isinstance(contribution, Node):
            return contribution if type(contribution._data) is float else item(contribution)
        return float(contribution)
    # A float has no dtype, and NumPy says that None is equal to float64.
    if not hasattr(contribution, "dtype") or contribution.dtype != data.dtype:
        return astype(contribution, dtype=data.dtype)
    return contribution
