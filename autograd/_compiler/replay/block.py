"""`block`: a call of a function of floats that is one step of a replay, however many operations it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from itertools import chain, islice
from types import FunctionType
from typing import Any, TypeVar, cast

from autograd._core.anomaly import user_place
from autograd._core.data import NUMBERS
from autograd._core.modes import active, record, recording, replaying, tracing
from autograd._core.node import Node, kinds, leaf
from autograd._core.tracing import DETACH, Trace, replayed, traced
from autograd._core.trees import DEEPEST, flatten
from autograd._core.types import Tree

from .late import Call, Late, LateResult
from .step import Place, Step

F = TypeVar("F", bound=Callable[..., Any])


class _Unfit(Exception):
    """A call that cannot be one step of a replay."""


class Block:
    """The operations of a function on arguments of one structure."""

    def __init__(self, f: Callable[..., Any], args: Sequence[Tree], names: tuple[str, ...]) -> None:
        self._f, self._names = f, names
        nodes: list[Node] = []
        numbers: list[Node] = []
        self._args = _stand_ins(args, nodes, numbers)
        self.leaves = [*nodes, *numbers]
        """Stand-ins for the nodes in the arguments, in order, then for the numbers."""
        trace = Trace()
        with replayed(None), record(), traced(trace):
            self._result = self._called(self._args)
        self.nodes = trace.nodes
        self.checks = trace.checks
        known = {*self.leaves, *self.nodes, *trace.made}
        used = [item for node in self.nodes for item in node.inputs if isinstance(item, Node)]
        self.results = list(flatten(self._result))
        if (
            trace.refusal is not None
            or trace.drawn
            or not known.issuperset(used)
            # Numbers that are computed inside could not be checked before they are.
            or not {*self.leaves}.issuperset(n for _, data, _ in self.checks for n in flatten(data) if _is_node(n))
            or not all(_is_node(node) and node.op is not None and type(node._data) is float for node in self.results)
        ):
            raise _Unfit
        rows = self._result if isinstance(self._result, list) else []
        lists = bool(rows) and all(isinstance(row, list) and all(map(_is_node, row)) for row in rows)
        self._rows = [len(row) for row in rows] if lists else None
        """The lengths of the lists, where the result is a list of lists."""
        self._whole = {id(tree): k for k, tree in enumerate(self._args)}

    def _called(self, args: Sequence[Tree]) -> Any:
        """Call the function."""
        n = len(args) - len(self._names)
        return self._f(*args[:n], **dict(zip(self._names, args[n:])))

    def result(self, nodes: list[Node]) -> Any:
        """Return the structure of the result with other nodes."""
        taken = iter(nodes)
        if self._rows is not None:
            return [list(islice(taken, length)) for length in self._rows]
        return _filled(self._result, lambda _: next(taken))

    def check(self, args: tuple[Any, ...], given: list[Any], step: Step) -> None:
        """Do the checks of the function on the arguments of a call."""
        for check, data, rest in self.checks:
            whole = self._whole.get(id(data))
            tree = args[whole] if whole is not None else _filled(data, dict(zip(self.leaves, given)).__getitem__)
            if not step.postpones(check, tree, rest):
                check(tree, *rest)

    def made(self, given: list[Any], raw: list[Any], live: bool) -> list[Any]:
        """Make the call with these numbers and nodes, which held `raw`; return the nodes that it makes.

        When the step is no longer `live`, other things may have changed: it is computed from what was recorded.
        """
        values = [item.value() if isinstance(item, Late) else item for item in raw]
        with replayed(None), traced(None), record():
            if live and all(not isinstance(node, Node) or node._data == data for node, data in zip(given, values)):
                found = dict(zip(self.leaves, given))
                return list(flatten(self._called(_filled(self._args, found.__getitem__))))
            return self._computed(given, values)

    def _computed(self, given: list[Any], values: list[Any]) -> list[Any]:
        """Compute, operation by operation, from the earlier data of nodes that have changed since."""
        old = {k: leaf(data) for k, data in zip(given, values) if isinstance(k, Node) and k._data != data}
        found: dict[Node, Any] = dict(zip(self.leaves, given))
        for node in self.nodes:
            assert node.op is not None
            inputs = tuple([found.get(item, item) if isinstance(item, Node) else item for item in node.inputs])
            if node.op is DETACH:
                found[node] = inputs[0].detach() if isinstance(inputs[0], Node) else inputs[0]
                continue
            # Those that take any number of arguments take them in a list.
            args = tuple([old.get(item, item) if isinstance(item, Node) else item for item in inputs])
            made = found[node] = node.op.apply((args,) if node.op.arity is None else args, dict(node.settings))
            if isinstance(made, Node):
                made.link(node.op, inputs, made.args, node.settings)
                made.mark = node.mark
        return [found[node] for node in self.results]


def block(f: Callable[..., Any], *args: Tree, **kwargs: Tree) -> Tree:
    """Return `f(*args, **kwargs)`. In a replayed step, f is recorded once for each structure of its arguments.

    f must only compute with Values: its arguments decide about numbers alone, and all else that it uses must not
    change. Modules among the arguments tell with `as_block` what they compute with.

    >>> block(lambda x, y: x * y + 1, Value(2.0), 3.0).data
    7.0
    """
    step = replaying.get() if active and tracing.get() is None else None
    if step is None or step.broken is not None or not recording.get():
        return f(*args, **kwargs)
    key: list[Any] = [f, *kwargs]
    nodes: list[Node] = []
    numbers: list[float] = []
    try:
        _read((*args, *kwargs.values()), key, nodes, numbers)
    except Exception:
        # Nothing that it could say would be meant for the user.
        return f(*args, **kwargs)
    try:
        return _applied(step, f, (*args, *kwargs.values()), tuple(kwargs), key, nodes, numbers)
    except _Unfit:
        return f(*args, **kwargs)


def blocked(f: F) -> F:
    """Return the function with each of its calls made a `block`.

    >>> from autograd import blocked
    >>> blocked(lambda x: x + 1)(2.0)
    3.0
    """

    @wraps(f)
    def call(*args: Tree, **kwargs: Tree) -> Any:
        return block(f, *args, **kwargs) if active else f(*args, **kwargs)

    return cast(F, call)


def _applied(
    step: Step,
    f: Callable[..., Any],
    args: tuple[Any, ...],
    names: tuple[str, ...],
    key: list[Any],
    nodes: list[Node],
    numbers: list[float],
) -> Any:
    if not nodes:
        raise _Unfit
    before = len(step.slots)
    try:
        what, inputs, raw = step.inputs(nodes)
    except Exception as error:
        step.broken, step.missed = error, user_place()
        raise _Unfit from error
    first = len(step.slots)
    step.slots += numbers
    known = (*key, what)
    place = step.way[-1].after.get(known)
    if place is None:
        place = Place(None, [*inputs, *range(-1 - first, -1 - len(step.slots), -1)])
        step.way[-1].after[known] = place
        step.missed = step.missed or user_place()
        # It may be that the call is wrong: then it says so itself.
        with suppress(Exception):
            place.block = Block(f, args, names)
        step.grown += 1 if place.block is None else len(place.block.nodes)
    if place.block is None:
        step.forget(before)
        raise _Unfit
    found: Block = place.block
    given = [*nodes, *numbers]
    found.check(args, given, step)
    pending = [item for item in raw if isinstance(item, Late)]
    call = Call(found, given, [*raw, *numbers], step.live)
    made = []
    for k, result in enumerate(found.results):
        node: Node = object.__new__(kinds["float"])
        node._grad, node.op = 0.0, result.op
        node._late = LateResult(call, k, pending)
        made.append(node)
    step.add_block(made, place)
    return found.result(made)


def _read(tree: Tree, key: list[Any], nodes: list[Node], numbers: list[float], depth: int = 0) -> None:
    """Note the structure of arguments, and the nodes and the numbers in them."""
    kind = type(tree)
    if kind is list or kind is tuple:
        flat: Any = tree
        form: tuple[Any, ...] = (kind, len(tree))
        if set(map(type, tree)) == {list} and len(set(map(len, tree))) == 1:
            flat, form = list(chain.from_iterable(tree)), (kind, len(tree), len(tree[0]))
        inside = set(map(type, flat))
        if inside and inside <= NUMBERS:
            key.append((*form, float))
            numbers += map(float, flat)
        elif inside == {kinds["float"]}:
            key.append((*form, Node))
            nodes += flat
        else:
            if depth > DEEPEST:
                raise _Unfit
            key.append((kind, len(tree)))
            for item in tree:
                _read(item, key, nodes, numbers, depth + 1)
    elif kind is float or kind is int:
        key.append(float)
        numbers.append(float(tree))
    elif kind is kinds["float"]:
        key.append(Node)
        nodes.append(tree)
    elif hasattr(tree, "as_block") and not isinstance(tree, type):
        what, inner = tree.as_block() or _unfit()
        if set(map(type, inner)) != {kinds["float"]}:
            raise _Unfit
        key.append(what)
        nodes += inner
    elif isinstance(tree, (str, bool, type(None))) or (kind is FunctionType and is_own(tree)):
        key.append((kind, tree))
    elif kind.__name__ == "ndarray" and tree.dtype.kind in "biuf":
        key.append((kind, tree.dtype))
        _read(tree.tolist(), key, nodes, numbers)
    else:
        raise _Unfit


def is_own(f: object) -> bool:
    """Tell whether a function is this package's own, which only compute, and wraps no function of a user's.

    >>> from autograd import blocked, is_own
    >>> is_own(blocked), is_own(len), is_own(blocked(len))
    (True, False, False)
    """
    own = str(getattr(f, "__globals__", {}).get("__name__", "")).partition(".")[0] in ("autograd", "nn")
    return own and (not hasattr(f, "__wrapped__") or is_own(f.__wrapped__))


def _is_node(item: object) -> bool:
    return isinstance(item, Node)


def _unfit() -> Any:
    raise _Unfit


def _stand_ins(tree: Tree, nodes: list[Node], numbers: list[Node]) -> Any:
    """Return arguments with new leaves in place of nodes and numbers; modules keep their own."""
    kind = type(tree)
    if kind is list or kind is tuple:
        # True and False are numbers among numbers, such as labels, and alone a setting.
        known = {*map(type, tree)} <= NUMBERS
        return kind([_stand_ins(float(item) if known else item, nodes, numbers) for item in tree])
    if kind is float or kind is int:
        numbers.append(leaf(float(tree)))
        return numbers[-1]
    if kind is kinds["float"]:
        nodes.append(leaf(tree._data))
        return nodes[-1]
    if hasattr(tree, "as_block"):
        nodes += tree.as_block()[1]
    elif kind.__name__ == "ndarray":
        return _stand_ins(tree.tolist(), nodes, numbers)
    return tree


def _filled(tree: Tree, take: Callable[[Node], Any]) -> Any:
    """Return a structure with something else in place of its nodes."""
    if isinstance(tree, (list, tuple)):
        return type(tree)([_filled(item, take) for item in tree])
    return take(tree) if isinstance(tree, Node) else tree
