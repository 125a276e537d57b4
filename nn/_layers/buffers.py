"""Buffers: numbers that a network remembers and does not learn, for example running means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from autograd import Node, assign

_pending: ContextVar[dict[Any, Any] | None] = ContextVar("pending", default=None)


def update_buffer(buffer: Node, change: Callable[[Any], Any]) -> None:
    """Set the data of a buffer to those of `change(buffer)`, a node; or let `buffer_updates` collect it.

    For layers that keep something from batch to batch: also inside a training step that is compiled.

    >>> steps = Value(0.0)
    >>> update_buffer(steps, lambda old: old + 1)
    >>> steps.data
    1.0
    """
    pending = _pending.get()
    if pending is None:
        assign(buffer, change(buffer))
    else:
        pending[buffer] = change(pending.get(buffer, buffer))


@contextmanager
def buffer_updates() -> Iterator[dict[Node, Any]]:
    """Collect the new nodes of buffers, by buffer, and set no buffer: a compiled function returns them.

    >>> steps = Value(0.0)
    >>> with buffer_updates() as updates:
    ...     update_buffer(steps, lambda old: old + 1)
    >>> steps.data, updates[steps].data
    (0.0, 1.0)
    """
    updates: dict[Any, Any] = {}
    token = _pending.set(updates)
    try:
        yield updates
    finally:
        _pending.reset(token)
