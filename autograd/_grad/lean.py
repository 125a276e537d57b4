"""The backward sweep of raw numbers, written for speed: `sweep` is the plain way."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from autograd._core.data import ARRAYS, numpy_module
from autograd._core.node import MANY, NO_SETTINGS, Node
from autograd._core.primitive import unchanged

from .rules import pull_back
from .sweep import match

OBJECTS = float("0") is not float("0")
"""Whether a float is an object of its own, by which a node can be marked; in PyPy one that is equal is the same."""


def backward_values(root: Node) -> bool:
    """Run `backward` on a graph of Values alone, four times faster; return False for any other, untouched.

    What breaks off the sweep leaves the gradients of the leaves as they were.
    """
    if type(root._data) is not float or not OBJECTS:
        return False
    leaves: list[Any] = []
    before: list[float] = []
    try:
        order = _sorted_values(root, leaves, before)
        if order is not None:
            _sweep_values(root, order)
            # The gradient that a leaf has from other losses is added last, as `backward` does.
            for leaf, g in zip(leaves, before):
                if g:
                    leaf._grad += g
            return True
    except BaseException:
        set_gradients(leaves, before)
        raise
    set_gradients(leaves, before)
    return False


def _sorted_values(root: Node, leaves: list[Any], before: list[float]) -> list[Node] | None:
    """Return the nodes in topological order, without the leaves; None if not all are Values.

    The gradients start from the `zero` of this pass, which also marks a node as found. The leaves are added to
    `leaves`, and the gradients that they had to `before`.
    """
    kind = type(root)
    zero = float("0")
    order: list[Node] = []
    stack: list[Any] = [root]
    pop, push, finish = stack.pop, stack.append, order.append
    while stack:
        node = pop()
        if node is None:
            finish(pop())
        elif type(node) is not kind:
            if isinstance(node, Node):
                return None
        elif node._grad is not zero:
            if node.op is None:
                leaves.append(node)
                before.append(node._grad)
                node._grad = zero
                continue
            node._grad = zero
            push(node)
            push(None)
            first, second = node._a, node._b
            if second is MANY:
                # Neurons have many inputs, most of which were found with other neurons or samples.
                stack += [i for i in reversed(first) if type(i) is not kind or i._grad is not zero]
                continue
            if type(second) is kind:
                if second._grad is not zero:
                    push(second)
            elif isinstance(second, Node):
                return None
            if type(first) is kind:
                if first._grad is not zero:
                    push(first)
            elif isinstance(first, Node):
                return None
    return order


def _sweep_values(root: Node, order: list[Node]) -> None:
    """Add to the gradients of all nodes of a graph of Values."""
    kind = type(root)
    root._grad = 1.0
    for node in reversed(order):
        op: Any = node.op
        g = node._grad
        if not g:
            # Nothing is sent on, however steep the slope is: see `where_it_arrives`.
            continue
        first = node._a
        second = node._b
        try:
            if second is None:
                (rule,) = op.rules
                if rule is not None:
                    first._grad += rule(g, node._data, node._x)
            elif second is MANY:
                if op.arity is not None:
                    _send(node)
                    continue
                (rule,) = op.rules
                if rule is None:
                    continue
                for parent, contribution in zip(first, rule(g, node._data, *node._x, **node._y)):
                    if type(parent) is kind:
                        parent._grad += contribution
            else:
                # Both are computed before either is added, so that a rule that raises leaves nothing half done.
                left, right = op.rules
                if type(first) is kind and left is not None:
                    to_first = g if left is unchanged else left(g, node._data, node._x, node._y)
                    if type(second) is kind and right is not None:
                        to_second = g if right is unchanged else right(g, node._data, node._x, node._y)
                        first._grad += to_first
                        second._grad += to_second
                    else:
                        first._grad += to_first
                elif type(second) is kind and right is not None:
                    second._grad += right(g, node._data, node._x, node._y)
        except (ZeroDivisionError, OverflowError):
            _send(node)


def _send(node: Node) -> None:
    """Add to the gradient of every input of a node of Values the part that its rules send there."""
    op: Any = node.op
    inputs, kind = node.inputs, type(node)
    sent: Any
    if op.arity is None:
        sent = pull_back(op.rules[0], node._grad, node._data, node.args, node)
    else:
        sent = [
            pull_back(rule, node._grad, node._data, node.args, node) if type(i) is kind and rule is not None else 0.0
            for rule, i in zip(op.rules, inputs)
        ]
    for parent, contribution in zip(inputs, sent):
        if type(parent) is kind:
            parent._grad += contribution


def sweep_arrays(order: list[Node], adjoints: dict[Node, Any]) -> set[int]:
    """Do what `sweep` does with raw numbers and no care, while no switch is on, and set the gradient of each node.

    Those of the leaves stay in `adjoints`. Returns the identities of the gradients of the other nodes.
    """
    passed_on: set[int] = set()
    for node in reversed(order):
        if node.op is None or node not in adjoints:
            continue
        node._grad = g = adjoints.pop(node)
        passed_on.add(id(g))
        op: Any = node.op
        data, first, second = node._data, node._a, node._b
        if second is MANY:
            inputs, args, settings = first, node._x, node._y
        elif second is None:
            inputs, args, settings = (first,), (node._x,), NO_SETTINGS
        else:
            inputs, args, settings = (first, second), (node._x, node._y), NO_SETTINGS
        rules, parts = op.rules, None
        if op.arity is None:
            rules = rules * len(inputs)
            parts = pull_back(rules[0], g, data, args, node) if rules[0] is not None else None
        for position, parent in enumerate(inputs):
            rule = rules[position]
            if rule is None or not isinstance(parent, Node):
                continue
            if rule is unchanged:
                sent = g
            elif parts is not None:
                sent = parts[position]
            elif op.foreign:
                sent = pull_back(rule, g, data, args, node)
            else:
                try:
                    sent = rule(g, data, *args, **settings)
                except (ZeroDivisionError, OverflowError):
                    sent = pull_back(rule, g, data, args, node)
            wanted = parent._data
            kind = type(sent)
            if kind not in ARRAYS or type(wanted) is not kind or sent.dtype is not wanted.dtype:
                sent = match(sent, parent, position, node, False)
            elif sent.shape != wanted.shape:
                if sent.shape[1:] == wanted.shape and sent.shape == data.shape:
                    sent = numpy_module().add.reduce(sent, 0)
                else:
                    sent = match(sent, parent, position, node, False)
            adjoints[parent] = adjoints[parent] + sent if parent in adjoints else sent
    return passed_on


def set_gradients(nodes: Iterable[Node], gradients: Iterable[Any]) -> None:
    """Set the gradients of nodes, all or none of them: Ctrl-C, say, waits until all are set.

    There is no instruction of Python between them.
    """
    deque(map(_set_gradient, nodes, gradients), 0)


_set_gradient = vars(Node)["_grad"].__set__
