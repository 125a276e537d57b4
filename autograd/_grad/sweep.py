"""Topological order and the backward sweep."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from autograd._core.anomaly import check_gradient
from autograd._core.modes import active, anomaly, new_lock, no_grad, tracing, without_warnings
from autograd._core.node import MANY, Node, name_of
from autograd._core.primitive import Rule, bits, leaf, read_only, shape, unchanged
from autograd._ops.elementwise import equal, where
from autograd._ops.manipulation import astype, item
from autograd.files import brief

# Two threads may share parameters: each must add its gradient whole.
_lock = new_lock()


def topological_sort(root: Node, until: Collection[Node] = ()) -> list[Node]:
    """Return every node that `root` depends on, inputs before results and `root` last, the same at every call.

    Nothing below a node in `until` is visited. A chain of a million nodes is no deeper than one of ten: no recursion.

    >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
    >>> [node.label or node.op.name for node in topological_sort(a * b + a)]
    ['a', 'b', 'multiply', 'add']
    """
    order: list[Node] = []
    until, seen = set(until), {root}
    path: list[tuple[Node, Iterator[Any]]] = []
    node, ahead = root, iter(root.inputs if root not in until else ())
    while True:
        for parent in ahead:
            if isinstance(parent, Node) and parent not in seen:
                seen.add(parent)
                if parent.op is not None and parent not in until:
                    path.append((node, ahead))
                    node, ahead = parent, iter(parent.inputs)
                    break
                order.append(parent)
        else:
            order.append(node)
            if not path:
                return order
            node, ahead = path.pop()


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
        everything = _pull_back(together, g, out, args, node) if together is not None else None
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
                contribution = _pull_back(rule, g, out, args, node)
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


def _pull_back(rule: Rule, g: Any, out: Any, args: tuple[Any, ...], node: Node) -> Any:
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


def backward(root: Node) -> None:
    """Add the gradient of `root`, a scalar, to `.grad` of every leaf, and set `.grad` of every node between.

    Raises ValueError if `root` is no scalar, or depends on no node.
    """
    if root.shape != ():
        raise ValueError(
            f"backward() needs a scalar; the shape is {root.shape}. Reduce it first, e.g. with .sum() or .mean()"
        )
    if root.op is None:
        raise ValueError(
            "backward() on a leaf: this loss was not computed from any Value or Tensor. Was it made from raw numbers, "
            "under no_grad(), after detach() or from .data? Compute it from nodes"
        )
    with _lock:
        _swept(root)


@without_warnings
def _swept(root: Node) -> None:
    if active or not _backward_values(root):
        _backward_general(root)


def _backward_general(root: Node) -> None:
    order = topological_sort(root)
    for node in order:
        if node.op is not None:
            node._grad = 0.0
    careful = bool(active) and anomaly.get()
    while True:
        adjoints = {root: one_like(root)}
        passed_on = set()
        for node, g, _ in sweep(order, adjoints, careful=careful):
            node._grad = g
            passed_on.add(id(g))
        if careful or all(map(is_finite, adjoints.values())):
            break
        # Nearly always there is nothing to take care of.
        careful = True
    grads = []
    for node, g in adjoints.items():
        # A gradient belongs to its leaf, which may write to it: one that other nodes share is copied by the addition.
        fresh = type(node._grad) is float and type(g) is not float and g.base is None and id(g) not in passed_on
        grads.append(g if fresh and node._grad == 0.0 else node._grad + g)
    set_gradients(adjoints, grads)


def set_gradients(nodes: Iterable[Node], gradients: Iterable[Any]) -> None:
    """Set the gradients of nodes, all or none of them: what breaks off Python, such as Ctrl-C, waits until it is done.

    There is no instruction of Python between them.
    """
    deque(map(_set_gradient, nodes, gradients), 0)


_set_gradient = vars(Node)["_grad"].__set__


def _backward_values(root: Node) -> bool:
    """Do the same for a graph of Values alone, four times faster; return False, nothing done, for any other.

    The gradients stand in the nodes from the start, and the `zero` of this pass marks a node as found. Leaves are
    listed as often as they are used: what breaks off the sweep leaves their gradients as they were.
    """
    kind = type(root)
    if type(root._data) is not float:
        return False
    zero = float("0")
    order: list[Node] = []
    stack: list[Any] = [root]
    leaves: list[Any] = []
    pop, push, finish, use = stack.pop, stack.append, order.append, leaves.append
    while stack:
        node = pop()
        if node is None:
            finish(pop())
        elif node._grad is not zero:
            node._grad = zero
            push(node)
            push(None)
            first, second = node._a, node._b
            if second is not None:
                if type(second) is kind:
                    if second.op is None:
                        use(second)
                    elif second._grad is not zero:
                        push(second)
                elif second is MANY:
                    for i in first:
                        if type(i) is kind:
                            if i.op is None:
                                use(i)
                            elif i._grad is not zero:
                                push(i)
                        elif isinstance(i, Node):
                            return False
                    continue
                elif isinstance(second, Node):
                    return False
            if type(first) is kind:
                if first.op is None:
                    use(first)
                elif first._grad is not zero:
                    push(first)
            elif isinstance(first, Node):
                return False
    before = [leaf._grad for leaf in leaves]
    try:
        _sweep_values(root, order)
    except BaseException:
        set_gradients(leaves, before)
        raise
    return True


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
                _send(node)
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
    """Add to every input of a node of Values what its rules send there."""
    op: Any = node.op
    inputs, kind = node.inputs, type(node)
    sent: Any
    if op.arity is None:
        sent = _pull_back(op.rules[0], node._grad, node._data, node.args, node) if op.rules[0] is not None else ()
    else:
        sent = [
            _pull_back(rule, node._grad, node._data, node.args, node) if type(i) is kind and rule is not None else 0.0
            for rule, i in zip(op.rules, inputs)
        ]
    for parent, contribution in zip(inputs, sent):
        if type(parent) is kind:
            parent._grad += contribution


def one_like(root: Node) -> Any:
    """Return the gradient of a node with respect to itself, all ones, as raw data."""
    if type(root._data) is float:
        return 1.0
    import numpy

    return numpy.ones_like(root._data)
