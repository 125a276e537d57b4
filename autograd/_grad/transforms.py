"""Gradients of functions: `grad` and its kin. A gradient of nodes is itself a graph, to any order."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from autograd._core.data import NUMBERS, shape
from autograd._core.modes import active, anomaly, record, tracing, without_warnings
from autograd._core.node import Node, kinds
from autograd._core.order import topological_sort
from autograd._core.signature import is_array
from autograd._core.tracing import Trace
from autograd._core.trees import flatten, mapped
from autograd._core.types import Item, Operand, Raw, Tree
from autograd._ops.elementwise import positive, where
from autograd._ops.manipulation import astype, item, reshape, stack
from autograd._ops.statistical import sum_
from autograd.files import brief

from .kinks import both_sides, has_kink, meet, smoothed, watching
from .rules import is_finite, one_like
from .sweep import sweep


class Differentiated(NamedTuple):
    """The arguments of `value_and_grad`: a function, the positions or nodes to differentiate by, and `has_aux`."""

    f: Callable[..., Any]
    argnums: int | tuple[int, ...]
    wrt: Sequence[Tree] | None
    has_aux: bool

    def positions(self, count: int) -> list[int]:
        """Return the positions, of `count` arguments, to differentiate by; raise ValueError for one out of range."""
        if self.wrt is not None:
            return []
        given = (self.argnums,) if isinstance(self.argnums, int) else self.argnums
        if any(not -count <= k < count for k in given):
            raise ValueError(f"argnums={self.argnums} but {count} positional arguments were given")
        return [k % count for k in given]

    def targets(self, args: Sequence[Tree]) -> Any:
        """Return, of all positional arguments, the structure to differentiate with respect to."""
        if self.wrt is not None:
            return list(self.wrt)
        if isinstance(self.argnums, int):
            return args[self.argnums]
        return tuple(args[k] for k in self.argnums)

    def loss(self, result: Tree, targets: Sequence[Node]) -> tuple[Node, Any]:
        """Return the number and the rest of the function's result; raise if the number is none.

        One that is no node is made one that is computed from `targets`, with the derivative 0.
        """
        if self.has_aux and not (isinstance(result, tuple) and len(result) == 2):
            raise TypeError(f"with has_aux {title(self.f)} must return a pair (loss, something); got {brief(result)}")
        y = result[0] if self.has_aux else result
        out = output(without_slope(y, self.f, targets) if targets and is_number(y) else y, self.f)
        if math.prod(out.shape) != 1:
            raise ValueError(
                f"grad needs a function that returns a scalar; {title(self.f)} returned shape {out.shape}. Reduce "
                f"it, e.g. with .sum() or .mean(), or use jacobian"
            )
        return out, result[1] if self.has_aux else None


def value_and_grad(
    f: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    *,
    wrt: Sequence[Tree] | None = None,
    has_aux: bool = False,
) -> Callable[..., tuple[Tree, Tree]]:
    """Return the function that computes f's value and its gradient by the arguments at `argnums`.

    f returns a scalar. Arguments are numbers, arrays, nodes, or lists, tuples and dicts of these; the gradient has the
    same structure (a tuple of gradients for a tuple of `argnums`). It is raw for raw arguments, and made of nodes, to
    be differentiated again, where an argument is a node or f uses nodes of its own. With `wrt`, a list of leaves that
    f uses, such as `model.parameters()`, the gradients are those for them. With `has_aux`, f returns a pair (scalar,
    anything), and that pair stands in place of the value.
    Raises TypeError if f does not return a node or `wrt` holds anything but nodes, ValueError if what f returns is no
    scalar or if `argnums` does not fit. Gradients of arrays share no memory, with each other or anything else.

    >>> value_and_grad(lambda w: w * w)(3.0)
    (9.0, 6.0)
    >>> w = Value(3.0)
    >>> value_and_grad(lambda x: w * x, wrt=[w])(2.0)
    (6.0, [2.0])
    """
    parts = Differentiated(f, argnums, _nodes(wrt), has_aux)

    @wraps(f)
    def differentiated(*args: Tree, **kwargs: object) -> tuple[Any, Any]:
        chosen = parts.positions(len(args))

        def compute(given: Sequence[Tree], met: list[Node]) -> tuple[Any, Any]:
            with record():
                traced = list(args)
                for k, arg in zip(chosen, given):
                    traced[k] = trace(arg)
                wanted = parts.targets(traced)
                targets = list(flatten(wanted))
                with watching(met):
                    out, aux = parts.loss(f(*traced, **kwargs), targets)
                gradients, recorded = pull(out, targets, one_like(out))
            if recorded and parts.wrt is None:
                spend(targets)
            rest = iter(gradients)
            value = out if recorded else out._data
            return (value, aux) if has_aux else value, mapped(lambda _: next(rest), wanted)

        return smoothed(compute, [args[k] for k in chosen])

    vars(differentiated)["differentiates"] = parts
    return differentiated


def _nodes(wrt: Iterable[Tree] | None) -> Sequence[Any] | None:
    """Return the nodes to differentiate with respect to; raise TypeError for anything else."""
    if wrt is None:
        return None
    if isinstance(wrt, Node) or not hasattr(wrt, "__iter__"):
        raise TypeError(f"wrt must be a list of nodes, such as model.parameters(); got {brief(wrt)}")
    nodes: Sequence[Any] = wrt if isinstance(wrt, (list, tuple)) else list(wrt)
    for given in flatten(nodes):
        if not isinstance(given, Node):
            raise TypeError(
                f"wrt must be a list of nodes that the function uses, such as model.parameters(); got {brief(given)} "
                f"of type {type(given).__name__}: for positions of arguments there is argnums"
            )
    return nodes


def grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Tree]:
    """Return the function that computes the gradient of f; arguments and errors as in `value_and_grad`.

    >>> grad(tanh)(0.0)
    1.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    """
    both = value_and_grad(f, argnums)

    @wraps(f)
    def gradient(*args: Tree, **kwargs: object) -> Any:
        return both(*args, **kwargs)[1]

    return gradient


def parts_of(f: Any) -> Differentiated | None:
    """Return the parts of a function made by `value_and_grad`, None for any other function."""
    code: Any = getattr(f, "__code__", None)
    made = getattr(code, "co_qualname", "") == "value_and_grad.<locals>.differentiated"
    return f.differentiates if made and code.co_filename == __file__ else None


def vjp(f: Callable[..., Any], *args: Tree) -> tuple[Operand, Callable[[Operand], tuple[Tree, ...]]]:
    """Return f(*args) and the function that pulls a gradient of the result back to one for each argument.

    f returns a node of any shape; the gradient given to the second function has that shape.
    Raises ValueError if it has not.

    >>> y, pull_back = vjp(lambda a, b: a * b, 2.0, 5.0)
    >>> y, pull_back(1.0)
    (10.0, (5.0, 2.0))
    """

    def compute(args: Tree, met: list[Any]) -> tuple[list[Any], Node]:
        with record():
            traced = [trace(arg) for arg in args]
            with watching(met):
                out = output(f(*traced), f)
            spend(flatten(traced))
            return traced, out

    (traced, out), averaged = both_sides(compute, list(args))

    def pull_back(g: Operand) -> tuple[Any, ...]:
        def pulled(computed: tuple[list[Any], Node]) -> tuple[Any, ...]:
            traced, out = computed
            targets = list(flatten(traced))
            seed = _seed(g, out)
            with record():
                gradients, _ = pull(out, targets, seed)
            found = dict(zip(targets, gradients))
            return tuple(rebuild(tree, found) for tree in traced)

        gradients: tuple[Any, ...] = averaged(pulled, pulled((traced, out)))
        return gradients

    if any(t.op is not None for t in flatten(traced)):
        return out, pull_back
    if active and tracing.get() is not None:
        # The number is only known when a function that is being compiled runs.
        return tracing.get().detached(out), pull_back
    # Whoever writes to the result must not change the gradient, which is computed from it.
    return (out._data if type(out._data) is float else out._data.copy()), pull_back


def jacobian(f: Callable[[Tree], Tree]) -> Callable[[Tree], Tree]:
    """Return the function that computes all derivatives of f as a matrix, in a backward sweep for each output.

    For x of shape s and f(x) of shape r the result has shape r + s. A list of numbers is a vector, and gives lists; of
    several results in a list, dict or NamedTuple each has its matrix there.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1]])([2.0, 5.0])
    [[5.0, 2.0], [1.0, 1.0]]
    """

    @wraps(f)
    def matrix(x: Tree) -> Any:
        def compute(x: Tree, met: list[Node]) -> tuple[Any, Any]:
            with record():
                traced = trace(x)
                targets = list(flatten(traced))
                with watching(met):
                    y = f(traced)
                spend(targets)
                several = list(y) if type(y) is tuple else y
                return None, mapped(lambda item: _rows(output(item, f), traced, targets), several)

        return smoothed(compute, x)[1]

    return matrix


def _rows(out: Node, traced: Tree, targets: list[Node]) -> Any:
    """Return the derivatives of each element of `out`."""
    if out.shape == () and (type(out._data) is float or not isinstance(traced, Node)):
        return _row(out, one_like(out), traced, targets)
    import numpy

    count = out._data.size
    if count == 0 and isinstance(traced, Node):
        return numpy.zeros(out.shape + traced.shape, getattr(traced._data, "dtype", float))
    seeds = numpy.eye(count, dtype=out._data.dtype).reshape(count, *out.shape)
    rows = [_row(out, seed, traced, targets) for seed in seeds]
    return reshape(stack(rows), shape=out.shape + traced.shape) if isinstance(traced, Node) else rows


def hessian(f: Callable[[Tree], Tree]) -> Callable[[Tree], Tree]:
    """Return the function that computes the matrix of all second derivatives of a scalar f.

    For x of shape s the result has shape s + s. A list of numbers is a vector, and gives lists.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    """
    return jacobian(grad(f))


@without_warnings
def pull(out: Node, targets: list[Node], seed: Operand) -> tuple[list[Any], bool]:
    """Return the gradient of `out` for each of `targets`, and whether these are nodes (else raw)."""
    order = topological_sort(out, until=set(targets))
    wanted = set(targets)
    noted = tracing.get() if active else None
    recorded = noted is not None or isinstance(seed, Node) or any(t.op is not None for t in targets)
    recorded = recorded or any(node.op is None and node not in wanted and id(node) not in _spent for node in order)
    for node in order:
        if any(isinstance(i, Node) and i in wanted for i in node.inputs):
            wanted.add(node)
    goals = set(targets)
    order = [node for node in order if node in wanted and node not in goals]
    careful = noted.careful if noted is not None else bool(active) and anomaly.get()
    if noted is None:
        meet(order)
    else:
        note_kinks(noted, order, targets)
    while True:
        adjoints = {out: seed} if out in wanted else {}
        passed_on = set()
        for node, g, _ in sweep(order, adjoints, recorded, wanted, careful):
            passed_on.add(id(g))
            if noted is not None:
                noted.adjoint(out, node, g)
        if careful or noted is not None or all(is_finite(adjoints.get(target, 0.0)) for target in targets):
            break
        # Nearly always there is nothing to take care of.
        careful = True
    results: list[Any] = []
    for target in targets:
        g = adjoints.get(target, _zero_like(target))
        if not recorded and type(g) is not float and (id(g) in passed_on or _is_anothers(g, results)):
            # Another node's gradient, or a part of one, is no target's own.
            g = g.copy()
        # A constant gradient becomes a node too: one that depends on the target, with derivative zero.
        if noted is not None:
            noted.adjoint(out, target, g)
        results.append(g if isinstance(g, Node) or not recorded else where(True, g, target))
    return results, recorded


def _is_anothers(g: Raw, others: list[Any]) -> bool:
    return getattr(g, "base", None) is not None or any(g is other for other in others)


def spend(targets: Iterable[Node]) -> None:
    """Note that a function has been computed, and its leaves for raw arguments are nobody's nodes any more.

    Else a later derivative of its gradient would take them for a user's nodes, and give nodes for raw arguments.
    """
    _spent.update((id(node), node) for node in targets if node.op is None)


_spent: WeakValueDictionary[int, Node] = WeakValueDictionary()
"""Those leaves by their ids, as == of nodes compares numbers."""


def note_kinks(trace: Trace, order: list[Node], targets: list[Node]) -> None:
    """Note the leaves of `targets`, if a gradient in `order` is differentiated again at a kink."""
    if any(node in trace.adjoints for node in order) and any(map(has_kink, order)):
        trace.kinked.update(node for target in targets for node in topological_sort(target) if node.op is None)


def _zero_like(node: Node) -> Any:
    return 0.0 if type(node._data) is float else 0.0 * one_like(node)


def _row(out: Node, seed: Operand, traced: Tree, targets: list[Node]) -> Any:
    gradients, _ = pull(out, targets, seed)
    return rebuild(traced, dict(zip(targets, gradients)))


def _seed(g: Operand, out: Node) -> Any:
    """Return the gradient that starts a sweep at `out`, of its shape and kind."""
    number = type(out._data) is float
    raw = g if isinstance(g, Node) else kinds["float" if number else "array"](g)._data
    given = () if isinstance(raw, float) else raw.shape
    if given != out.shape:
        raise ValueError(f"the result has shape {out.shape}, so its gradient needs that shape; got {given}")
    if isinstance(raw, Node) and number is not (type(raw._data) is float):
        return item(raw) if number else astype(raw, dtype=out._data.dtype)
    return raw


def output(y: Tree, f: Callable[..., Any]) -> Node:
    """Return the result of a function itself; raise TypeError if it is no node."""
    if not isinstance(y, Node):
        compiled = "a compiled function returns raw numbers: compile its gradient, compile(value_and_grad(f))"
        advice = compiled if hasattr(f, "compilations") else "return the node itself, not its .data or .item()"
        if any(isinstance(item, Node) for item in flatten(y)):
            advice = "grad needs one number, and for several in a list or an array there is jacobian"
        raise TypeError(f"{title(f)} returned {brief(y)} of type {type(y).__name__}, which has no gradient: {advice}")
    return y


def is_number(y: Tree) -> bool:
    """Tell whether a result is one raw number, or an array of one."""
    whole = type(y) in NUMBERS or getattr(getattr(y, "dtype", None), "kind", "") in tuple("biuf")
    return whole and not isinstance(y, Node) and math.prod(shape(y)) == 1


def without_slope(y: Raw, f: Callable[..., Any], targets: Sequence[Node]) -> Operand:
    """Return a number as a node that does not change with `targets`.

    A warning says so, unless it is a comparison, or `f` is compiled, of which the gradient is to be compiled.
    """
    if hasattr(f, "compilations"):
        return y
    if type(y) is not bool and getattr(getattr(y, "dtype", None), "kind", "") != "b":
        warnings.warn(
            f"{title(f)} returned {brief(y)}, which depends on nothing, so its gradient is 0: return the node itself "
            f"if that is from .data or .item()",
            stacklevel=2,
        )
    return where(False, sum_(targets[0]) if targets[0].shape else targets[0], y)


def title(f: Callable[..., Any]) -> str:
    """Return the name of a function for an error."""
    return str(getattr(f, "__name__", None) or brief(f))


def trace(tree: Tree) -> Tree:
    """Return a structure of new nodes to differentiate by, for one of numbers, arrays and nodes."""
    return mapped(_traced, tree)


def _traced(item: Item) -> Node:
    make = positive if isinstance(item, Node) else kinds["array" if is_array(item) else "float"]
    made: Node = make(item)
    return made


def rebuild(tree: Tree, found: dict[Node, Any]) -> Tree:
    """Return the structure with the item in `found` in place of each node."""
    return mapped(found.__getitem__, tree)
