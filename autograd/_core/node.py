"""The node of a computation graph: a number or an array, and what it was computed from."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from copy import copy, deepcopy
from typing import Any, cast
from weakref import ref

from autograd.files import brief, printable

from .modes import new_lock
from .primitive import Primitive

MANY: Any = object()
"""In `_b`: the node keeps tuples of inputs and of arguments, and its settings, instead of one or two of each."""

FROZEN: Any = object()
"""In `_b`, which leaves have no other use for: the leaf is frozen."""

NO_SETTINGS: Mapping[str, Any] = {}


class Node:
    """A number or an array that knows how it was computed.

    `op` is the primitive that made it, `inputs` what that was applied to (nodes, and raw constants), `args` the raw
    data of the inputs *at that moment* and `settings` the static settings (an axis, a shape). A leaf has `op` None.
    Edges point to inputs alone, so a graph has no cycles and is freed as soon as its last node is dropped.

    >>> y = Value(2.0) * 3
    >>> isinstance(y, Node), y.op.name, y.inputs[1]
    (True, 'multiply', 3)
    """

    # One or two inputs stand in slots of their own: against a pair of tuples a node this saves two thirds of what the
    # memory allocator and the cyclic collector have to do, and a training step of scalars takes half the time.
    __slots__ = ("__weakref__", "_a", "_b", "_data", "_grad", "_label", "_late", "_source", "_x", "_y", "op")

    op: Primitive | None
    data: Any
    grad: Any
    _data: Any
    _grad: Any
    _a: Any
    _b: Any
    _x: Any
    _y: Any
    _label: str
    _late: Any
    """What computes, in a step that is replayed, what the node holds; None as soon as it holds that."""
    _source: str

    def __getattr__(self, name: str) -> Any:
        """Compute what the node does not hold yet."""
        late = getattr(self, "_late", None) if name in _COMPUTED else None
        if late is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        late.fill(self, name)
        return object.__getattribute__(self, name)

    def link(self, op: Primitive, inputs: tuple[Any, ...], args: tuple[Any, ...], settings: Mapping[str, Any]) -> None:
        """Remember that `op` made this node from `inputs`, whose raw data are `args`."""
        self.op = op
        if settings or op.arity not in (1, 2):
            self._a, self._x, self._b, self._y = inputs, args, MANY, settings
        elif len(inputs) == 2:
            (self._a, self._b), (self._x, self._y) = inputs, args
        else:
            self._a, self._x, self._b = inputs[0], args[0], None

    @property
    def inputs(self) -> tuple[Any, ...]:
        """What the node was computed from, in order: nodes, and constants as raw numbers or arrays."""
        if self.op is None:
            return ()
        if self._b is MANY:
            return cast("tuple[Any, ...]", self._a)
        return (self._a,) if self._b is None else (self._a, self._b)

    @property
    def args(self) -> tuple[Any, ...]:
        """The raw data of `inputs` when the node was computed."""
        if self.op is None:
            return ()
        if self._b is MANY:
            return cast("tuple[Any, ...]", self._x)
        return (self._x,) if self._b is None else (self._x, self._y)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The static settings of the operation (an axis, a shape); empty for most."""
        return cast("Mapping[str, Any]", self._y) if self.op is not None and self._b is MANY else NO_SETTINGS

    @property
    def label(self) -> str:
        """A name for people: shown in drawings, explanations and errors."""
        return getattr(self, "_label", "")

    @label.setter
    def label(self, label: str) -> None:
        try:
            # A class of its own may write itself in any way, also as another of its class.
            self._label = str.__str__(str(label))
        except Exception:
            raise TypeError(f"a label is text; got {brief(label)} of type {type(label).__name__}") from None

    @property
    def source(self) -> str:
        """Where your code made the node (`file:line`), known if `detect_anomaly` was on then; else empty."""
        return getattr(self, "_source", "")

    @property
    def frozen(self) -> bool:
        """Whether the optimizers of `nn` leave the leaf as it is; may be set."""
        return self.op is None and getattr(self, "_b", None) is FROZEN

    @frozen.setter
    def frozen(self, frozen: bool) -> None:
        if self.op is not None:
            raise AttributeError(
                f"this {type(self).__name__} was computed by {self.op.name}; only a leaf can be frozen: use detach() "
                f"for a part of the graph through which no gradient is to go"
            )
        self._b = FROZEN if frozen else None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the data; `()` for a number."""
        return ()

    def snapshot(self) -> Any:
        """Return the raw data as it is now, safe from every later change."""
        return self._data

    def __copy__(self) -> Node:
        """Return a node with the same inputs, and with data and a gradient of its own."""
        op, inputs, args, settings, data, grad, others = _state(self)
        new = object.__new__(type(self))
        _restore(new, (op, inputs, args, settings, copy(data), copy(grad), others))
        return new

    def __deepcopy__(self, memo: dict[int, Any]) -> Node:
        """Return a node with a graph of its own; nothing recurses over the graph."""
        nodes = _reached(self, lambda node: id(node) in memo)
        memo.update((id(node), object.__new__(type(node))) for node in nodes)
        # An object that is gone could lend its identity to another.
        memo.setdefault(id(memo), []).append(nodes)

        def copied(item: Any) -> Any:
            return item if type(item) is float else deepcopy(item, memo)

        for node in nodes:
            op, inputs, args, *rest = _state(node)
            inputs = tuple([memo[id(item)] if isinstance(item, Node) else copied(item) for item in inputs])
            _restore(memo[id(node)], (op, inputs, tuple(map(copied, args)), *map(copied, rest)))
        return cast(Node, memo[id(self)])

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """Pickle the node as a place in its graph, which is pickled whole: nothing recurses over it."""
        with _lock:
            found = _graphs.get(id(self))
            graph = None if found is None else found()
            if graph is None:
                graph = _Graph(_reached(self, lambda node: id(node) in _graphs))
        return _node_at, (graph, graph.places[self])

    __hash__ = object.__hash__


_COMPUTED = frozenset(("_data", "_a", "_b", "_x", "_y"))

State = tuple[Any, ...]

_NAMED = ("_label", "_source")
"""What few nodes have."""


def _state(node: Node) -> State:
    """Return all that a node holds."""
    others = {name: item for name in _NAMED if (item := getattr(node, name, None)) is not None}
    others.update(getattr(node, "__dict__", {}))
    if node.frozen:
        others["frozen"] = True
    return node.op, node.inputs, node.args, node.settings, node._data, node._grad, others


def _restore(node: Node, state: State) -> None:
    """Make a node hold a state."""
    op, inputs, args, settings, node._data, node._grad, others = state
    node.op = None
    if op is not None:
        node.link(op, inputs, args, settings)
    for name, item in others.items():
        setattr(node, name, item)


def _reached(root: Node, known: Callable[[Node], bool]) -> list[Node]:
    """Return `root` and the nodes that it depends on, but for known ones and what is only reached through these."""
    found = {root: None}
    waiting = [root]
    while waiting:
        for item in waiting.pop().inputs:
            if isinstance(item, Node) and item not in found and not known(item):
                found[item] = None
                waiting.append(item)
    return list(found)


class _Graph:
    """The nodes of a graph in a pickle.

    It holds them while it is pickled, which is as long as the pickler lives, and finds that a node was pickled before.
    Whoever pickles it again later, reads what the nodes hold then.
    """

    def __init__(self, nodes: list[Node]) -> None:
        self.places = {node: k for k, node in enumerate(nodes)}
        found = ref(self)
        _graphs.update((id(node), found) for node in nodes)

    def __del__(self) -> None:
        for node in self.places:
            _graphs.pop(id(node), None)

    def __reduce__(self) -> tuple[Any, ...]:
        # The nodes are made first, then linked: each may be in the state of any.
        return _Unpickled, ([type(node) for node in self.places],), list(map(self._state, self.places))

    def _state(self, node: Node) -> State:
        """Return the state of a node, with places for its inputs; a constant stands among the arguments."""
        op, inputs, *rest = _state(node)
        # An input in a graph that was pickled before has no place in this one.
        return op, tuple([self.places.get(i, i) if isinstance(i, Node) else None for i in inputs]), *rest


class _Unpickled:
    """The nodes of a graph that is read from a pickle."""

    def __init__(self, kinds: list[type[Node]]) -> None:
        self.nodes = [object.__new__(kind) for kind in kinds]

    def __setstate__(self, states: list[State]) -> None:
        nodes = self.nodes
        for node, (op, places, args, *rest) in zip(nodes, states, strict=True):
            given = zip(places, args, strict=True)
            inputs = tuple([nodes[p] if type(p) is int else x if p is None else p for p, x in given])
            _restore(node, (op, inputs, args, *rest))


def _node_at(graph: _Unpickled, place: int) -> Node:
    return graph.nodes[place]


_graphs: dict[int, ref[_Graph]] = {}
"""In which graph that is being pickled a node is, by its identity; a graph takes its nodes out when it goes."""

_lock = new_lock()


def name_of(node: Any) -> str:
    """Return a short text for a node or a constant in an error: its label, else its operation, else its kind."""
    if not isinstance(node, Node):
        return f"{node:g}" if isinstance(node, (float, int)) else type(node).__name__
    return printable(node.label)[:60] or (node.op.name if node.op else f"an unlabelled {type(node).__name__}")


def plain(text: str) -> str:
    """Return text to print: d for the curly one of a page, and what else code page 1252 of Windows has.

    A letter, such as one of a label, that the terminal has not stands as its number.

    >>> from autograd._node import plain
    >>> plain("w ← ∂J/∂w · 2")
    'w <- dJ/dw · 2'
    """
    text = text.translate(_PRINTED)
    encoding = getattr(sys.stdout, "encoding", None)
    return text.encode(encoding, "backslashreplace").decode(encoding) if isinstance(encoding, str) else text


_PRINTED = {ord("∂"): "d", ord("←"): "<-"}

kinds: dict[str, Any] = {}
"""The node that holds a "float" and the one that holds an "array"; `Value` and `Tensor` enter themselves."""


def leaf(data: Any) -> Node:
    """Return a node without inputs that holds `data`, a float or an array, as it is."""
    node: Node = object.__new__(kinds["float" if type(data) is float else "array"])
    node._data = data
    node._grad = 0.0
    node.op = None
    return node


def set_gradients(nodes: Iterable[Node], gradients: Iterable[Any]) -> None:
    """Set the gradients of nodes, all or none of them: what breaks off Python, such as Ctrl-C, waits until it is done.

    There is no instruction of Python between them.
    """
    deque(map(_set_gradient, nodes, gradients), 0)


_set_gradient = vars(Node)["_grad"].__set__
