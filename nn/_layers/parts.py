"""The parts of a module: its parameters, its buffers and the modules inside it, with their names.

A module has the parts that it was given outside of its calls: in `__init__`, or later by its user. A node that is
stored while a call runs, such as an output that is kept to be looked at, came with that call and is no parameter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from functools import wraps
from typing import Any, ClassVar, NamedTuple, SupportsIndex

from autograd import Node, deeper

_running: ContextVar[Any] = ContextVar("running", default=None)
"""The module whose call runs; None if no call runs, or while a module is made."""

_NAMES, _NODES = "_names_from_calls", "_nodes_from_calls"
"""Attributes of a module: names that were set in calls, and nodes that came into its lists and dicts in calls."""


_PLAIN = {int, float, bool, str, bytes, type(None)}


DEEPEST = 1000
"""The most levels of modules inside each other; the name of a parameter is the path through all of them."""

COPIED = 100
"""The most levels of a module that is copied or pickled: Python does so through its stack."""


class Part(NamedTuple):
    """A module or a node inside a module, and the path to it, as in `layers.0.w0`."""

    name: str
    item: Any
    is_buffer: bool


class Whole:
    """A whole with parts: `Module` without its computation."""

    buffers: ClassVar[tuple[str, ...]] = ()
    training: bool = True
    _names_from_calls: Any = frozenset()

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        for name, guard in (("__init__", _making), ("to", _making), ("__call__", _calling)):
            # Also of a mixin, which is no subclass itself.
            method = getattr(cls, name, None)
            if method is not None and method is not object.__init__ and not hasattr(method, "_is_guarded"):
                guarded = guard(method)
                guarded._is_guarded = True
                setattr(cls, name, guarded)

    def __setattr__(self, name: str, item: object) -> None:
        if name in self.buffers:
            if any(node.op is not None for node in _nodes(item)):
                raise TypeError(
                    f"the buffer {name!r} is kept from call to call, but this was computed: use "
                    f"update_buffer(self.{name}, lambda old: ...), or store it as .detach()"
                )
        elif _running.get() is None:
            if name in self._names_from_calls:
                self._names_from_calls.discard(name)
        elif item is not vars(self).get(name):
            came = vars(self).setdefault(_NAMES, set())
            if name not in came and any(_is_made(self, node) for node in _nodes(vars(self).get(name))):
                raise TypeError(
                    f"self.{name} is a parameter, so a call cannot put something else in its place: store this under "
                    f"another name, or name {name!r} in `buffers` if it is a state that is not trained"
                )
            came.add(name)
        super().__setattr__(name, item)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        # The parts in a set have no order, and can be copied.
        with suppress(TypeError):
            deque(parts_of(self, COPIED), 0)
        return super().__reduce_ex__(protocol)


def parts_of(whole: Whole, deepest: int = DEEPEST) -> Iterator[Part]:
    """Yield every module inside one, once, and every parameter and buffer, by each path to it.

    Raises ValueError for modules inside each other on more than the `deepest` levels, TypeError for parameters in a
    set, which has no order: they would have other names each time.
    """
    seen: dict[int, Any] = {id(whole): whole}
    # Through modules inside modules without recursion.
    stack = [_parts_of(whole, "", False, seen)]
    while stack:
        for part in stack[-1]:
            yield part
            if isinstance(part.item, Whole):
                stack.append(_parts_of(part.item, part.name, part.is_buffer, seen))
                break
        else:
            stack.pop()
        if len(stack) > deepest:
            to = "" if deepest == DEEPEST else " to be copied or pickled"
            raise ValueError(f"modules may be inside each other up to {deepest:,} levels{to}: put them into one list")


def nodes_of(whole: Whole) -> Iterator[Part]:
    """Yield every parameter and buffer once; raise ValueError if two have one name."""
    names: set[str] = set()
    nodes: tuple[set[Node], set[Node]] = set(), set()
    for part in parts_of(whole):
        if isinstance(part.item, Node) and part.item not in nodes[part.is_buffer]:
            if part.name in names:
                raise ValueError(
                    f"two parameters of {type(whole).__name__} have the name {part.name!r}: rename an attribute or a "
                    f"key (the keys 1 and '1' give one name, and so do a key with a dot and a path)"
                )
            names.add(part.name)
            nodes[part.is_buffer].add(part.item)
            yield part


def _parts_of(whole: Whole, path: str, is_buffer: bool, seen: dict[int, Any]) -> Iterator[Part]:
    """Yield the parts of a module, without the parts of modules inside it."""
    own = vars(whole)
    names = own.get(_NAMES, ())
    for key, item in own.items():
        if key in (_NAMES, _NODES):
            continue
        kept = is_buffer or key in whole.buffers
        for place, part, in_set in _flat(item, f"{path}.{key}" if path else str(key)):
            if isinstance(part, Whole):
                if id(part) in seen:
                    continue
                seen[id(part)] = part
            elif not kept and (key in names or not _is_made(whole, part)):
                continue
            if in_set:
                raise TypeError(f"{place} is a set, which has no order: put its parameters into a list or a dict")
            yield Part(place, part, kept)


def _is_made(whole: Whole, node: Node) -> bool:
    """Tell whether a node was neither computed nor put into a list by a call."""
    return node.op is None and not any(node is other for other in vars(whole).get(_NODES, ()))


def _flat(
    item: object, path: str = "", around: tuple[int, ...] = (), in_set: bool = False
) -> Iterator[tuple[str, Any, bool]]:
    """Yield the modules and nodes in nested containers, each with its path, and whether it is in a set."""
    if isinstance(item, (Node, Whole)):
        yield path, item, in_set
        return
    pairs = _pairs(item)
    if pairs is None or id(item) in around:
        return
    is_set = isinstance(item, (set, frozenset))
    deeper(len(around))
    for key, part in pairs:
        yield from _flat(part, path if is_set else f"{path}.{key}", (*around, id(item)), in_set or is_set)


def _pairs(item: Any) -> Iterable[tuple[Any, Any]] | None:
    """Return the items of a container with their places; None for plain data and for no container."""
    if isinstance(item, Mapping):
        return item.items()
    if isinstance(item, (list, tuple, deque, set, frozenset)):
        return None if set(map(type, item)) <= _PLAIN else enumerate(item)
    # An array of nodes.
    return enumerate(item.tolist()) if getattr(getattr(item, "dtype", None), "kind", "") == "O" else None


def _nodes(item: object) -> list[Any]:
    return [part for _, part, _ in _flat(item) if isinstance(part, Node)]


def _making(method: Callable[..., Any]) -> Any:
    """Return a method during which no call counts as running: a call, too, can make a module."""

    @wraps(method)
    def guarded(self: Whole, *args: object, **settings: object) -> Any:
        caller = _running.get()
        if caller is None:
            return method(self, *args, **settings)
        token = _running.set(None)
        try:
            if method.__name__ == "__init__":
                self.training = caller.training
            return method(self, *args, **settings)
        finally:
            _running.reset(token)

    return guarded


def _calling(method: Callable[..., Any]) -> Any:
    """Return a method that remembers which nodes come into the module's lists and dicts while it runs."""

    @wraps(method)
    def guarded(self: Whole, *args: object, **settings: object) -> Any:
        if type(self).__module__.startswith("nn."):
            # Modules of this package put nothing there, and are called once for each sample.
            token = _running.set(self)
            try:
                return method(self, *args, **settings)
            finally:
                _running.reset(token)
        before = _in_containers(self)
        token = _running.set(self)
        try:
            return method(self, *args, **settings)
        finally:
            _running.reset(token)
            after = _in_containers(self)
            if len(after) != len(before) or after.keys() != before.keys():
                came = {id(node) for node in vars(self).get(_NODES, ())}
                vars(self)[_NODES] = [node for key, node in after.items() if key in came or key not in before]

    return guarded


def _in_containers(whole: Whole) -> dict[int, Any]:
    """Return the nodes in a module's own lists and dicts, not those inside its modules."""
    return {
        id(node): node
        for name, item in vars(whole).items()
        if name != _NODES and type(item) not in _PLAIN and not isinstance(item, (Node, Whole))
        for node in _nodes(item)
    }
