"""The switches of recording, `no_grad`, `detect_anomaly` and tracing, each local to its thread and asyncio task.

A switch is on while its way back, which is what a `with` statement keeps of it, exists and was not taken. So a block
that is broken off at any instruction, also inside of `__enter__` or `__exit__`, has switched back, and so has one that
is left in another order, thread or context than it was entered in.
"""

from __future__ import annotations

import os
import sys
import threading
import types
import weakref
from collections.abc import Callable, Generator
from contextvars import ContextVar, copy_context
from functools import partial, wraps
from types import ModuleType
from typing import Any, Generic, TypeVar, cast

from autograd.files import brief

F = TypeVar("F", bound=Callable[..., Any])
S = TypeVar("S")

# One entry for every switch that is on in any thread. While it is empty, which is nearly always, an operation need not
# ask the (slow) context variables.
active: set[Any] = set()


class Setting(Generic[S]):
    """The setting of the innermost block around the code that runs, in this thread or asyncio task."""

    def __init__(self, name: str, default: S) -> None:
        self._default = default
        self._innermost: ContextVar[_Block | None] = ContextVar(name, default=None)
        self.innermost = self._innermost.get

    def get(self) -> S:
        """Return the setting of here and now."""
        block = self._innermost.get()
        while block is not None:
            # As `is_left`, which takes longer to call than to compute: every operation that is recorded asks.
            if not block.over and block.way() is not None:
                setting: S = block.setting
                return setting
            block = block.outer
        return self._default

    def block(self) -> _Block | None:
        """Return the innermost block that was not left."""
        block = self._innermost.get()
        while block is not None and block.is_left():
            block = block.outer
        return block

    def enter(self, block: _Block) -> None:
        """Enter a block."""
        block.outer = self.block()
        active.add(block.way)
        self._innermost.set(block)

    def forget(self) -> None:
        """Drop the blocks that were left, and their settings."""
        self._innermost.set(self.block())


recording: Setting[bool] = Setting("recording", True)
anomaly: Setting[bool] = Setting("anomaly", False)
tracing: Setting[Any] = Setting("tracing", None)
replaying: Setting[Any] = Setting("replaying", None)


def plainly_traced() -> Any:
    """Return the trace if a function is being compiled, and no other switch is on; else None.

    It asks what `get` does of the innermost blocks alone: every operation that is recorded asks three settings.
    """
    traces, records = tracing.innermost(), recording.innermost()
    if (
        traces is None or traces.over or traces.way() is None or records is None or records.over
        or records.way() is None or anomaly.innermost() is not None
    ):  # fmt: skip
        trace = tracing.get()
        return trace if trace is not None and recording.get() and not anomaly.get() else None
    return traces.setting if records.setting else None


class _Watch(weakref.ref[Any]):
    """Tells whether a way back exists; it takes itself out of `active` when that has gone."""

    __slots__ = ()
    # That of the way back would be asked for too late, if that goes at once.
    __hash__ = object.__hash__


class _Block:
    """One time that a switch was entered."""

    def __init__(self, switch: Switch) -> None:
        self.switch, self.setting = switch, switch.setting
        self.outer: _Block | None = None
        self.over = False
        self.kept: Any = None
        """The way back, of a switch that was entered without a `with` statement, which would keep it."""

    def open(self) -> Callable[..., None]:
        """Return the way back; the block is over when that is called or gone."""
        way = partial(_leave, self)
        # Called by the interpreter itself: there is no instruction at which it could be interrupted.
        self.way = _Watch(way, active.discard)
        return way

    def is_left(self) -> bool:
        return self.over or self.way() is None


def _leave(block: _Block, *exception: object) -> None:
    block.over = True
    block.kept = None
    active.discard(block.way)
    block.switch.variable.forget()


_next: ContextVar[_Block | None] = ContextVar("next", default=None)
"""The block that a `with` statement is about to enter: it asks for `__exit__` first, then calls `__enter__`."""


class _Exit:
    """The attribute `__exit__`: each time that it is asked for, the way back of a new block."""

    def __get__(self, switch: Switch | None, owner: type) -> Callable[..., None]:
        if switch is None or switch.by_hand:
            # Such as an ExitStack, which asks the class.
            return _leave_by_hand if switch is None else partial(_leave_by_hand, switch)
        block = _Block(switch)
        way = block.open()
        _next.set(block)
        return way


def _leave_by_hand(switch: Switch, *exception: object) -> None:
    """Leave the innermost block of this thread or task that was entered by `__enter__()`, else the latest."""
    block = switch.variable.block()
    while block is not None and block not in switch.by_hand:
        block = block.outer
    for left in [block] if block is not None else switch.by_hand[-1:]:
        switch.by_hand.remove(left)
        _leave(left)


class Switch:
    """A context manager, also a decorator, that sets one variable."""

    variable: Setting[Any]
    setting: Any
    __exit__ = _Exit()

    def __init__(self, *given: object) -> None:
        self.by_hand: list[_Block] = []
        if given:
            raise TypeError(f"{type(self).__name__} takes no arguments; got {brief(given[0])}: write {self.name}")

    @property
    def name(self) -> str:
        """How the switch is written as a decorator."""
        return f"@{type(self).__name__}()"

    def __enter__(self) -> None:
        block = _next.get()
        _next.set(None)
        if block is None or block.switch is not self or block.way() is None:
            block = _Block(self)
            block.kept = block.open()
            self.by_hand.append(block)
        self.variable.enter(block)

    def __call__(self, function: F) -> F:
        if not callable(function) or isinstance(function, (type, staticmethod)):
            raise TypeError(
                f"{self.name} decorates a function; got {brief(function)}: decorate its methods, below "
                f"@property, @classmethod and the like"
            )
        return cast(F, _switched(function, type(self)))


def _switched(function: Callable[..., Any], kind: type[Switch]) -> Callable[..., Any]:
    """Return the function with a switch on while its body runs, and off while that waits or has yielded."""
    import inspect

    switched: Callable[..., Any]
    called = function if hasattr(function, "__code__") or isinstance(function, partial) else type(function).__call__
    if inspect.iscoroutinefunction(called):

        async def switched(*args: object, **kwargs: object) -> Any:
            return await _awaited(kind, function(*args, **kwargs))

    elif inspect.isasyncgenfunction(called):
        switched = _yielding(function, kind)

    elif inspect.isgeneratorfunction(called):

        def switched(*args: object, **kwargs: object) -> Any:
            return (yield from _resumed(kind, function(*args, **kwargs)))

    else:

        def switched(*args: object, **kwargs: object) -> Any:
            with kind():
                result = function(*args, **kwargs)
            # Another decorator may hide whether the function is a generator or a coroutine.
            lazy = _LAZY.get(type(result))
            return result if lazy is None else lazy(kind, result)

    return wraps(function)(switched)


def _resumed(kind: type[Switch], body: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Run a generator or an awaitable to its end, with a switch on whenever it runs."""
    resume, item = body.send, None
    while True:
        try:
            with kind():
                given = resume(item)
        except StopIteration as end:
            return end.value
        try:
            resume, item = body.send, (yield given)
        except GeneratorExit:
            with kind():
                body.close()
            raise
        except BaseException as error:
            resume, item = body.throw, error


_awaited = types.coroutine(_resumed)


def _yielding(function: Callable[..., Any], kind: type[Switch]) -> Callable[..., Any]:
    """Return an asynchronous generator function with a switch on whenever its body runs."""

    async def switched(*args: object, **kwargs: object) -> Any:
        body = function(*args, **kwargs)
        step = body.asend(None)
        try:
            while True:
                try:
                    given = await _awaited(kind, step)
                except StopAsyncIteration:
                    return
                try:
                    step = body.asend((yield given))
                except GeneratorExit:
                    raise
                except BaseException as error:
                    step = body.athrow(error)
        finally:
            await _awaited(kind, body.aclose())

    return switched


_LAZY: dict[type, Callable[[type[Switch], Any], Any]] = {
    types.GeneratorType: _resumed,
    types.CoroutineType: _awaited,
    types.AsyncGeneratorType: lambda kind, body: _yielding(lambda: body, kind)(),
}


class no_grad(Switch):
    """Compute without recording: results inside are leaves, which no gradient passes.

    A context manager or a decorator, of generators and coroutines, too; it holds for the thread or asyncio task that
    entered it, and for no other. Decorate a generator: a `with no_grad():` around its `yield` would switch recording
    off for its caller as well.

    >>> w = Value(3.0)
    >>> with no_grad():
    ...     y = w * 2
    >>> y.op is None
    True
    """

    variable, setting = recording, False


class record(Switch):
    """Record even inside `no_grad`, as a function that differentiates needs to."""

    variable, setting = recording, True


class detect_anomaly(Switch):
    """Turn the first nan or infinity into an error that names its node and your line that made it.

    Checks every operation and every gradient inside; raises `FloatingPointError`. It slows computation down: use it to
    find a fault, then take it out.

    >>> with detect_anomaly():
    ...     log(Value(0.0, label="p"))
    Traceback (most recent call last):
    FloatingPointError: log(p) is -inf at p = 0.0; made at ...
    """

    variable, setting = anomaly, True


def without_warnings(function: F) -> F:
    """Return a function that keeps NumPy silent about floating-point errors, as `detect_anomaly` says more.

    What it sets is left with its context, at no instruction of Python's: so also where that is broken off.
    """

    @wraps(function)
    def silent(*args: object, **kwargs: object) -> Any:
        numpy = sys.modules.get("numpy")
        return (
            function(*args, **kwargs) if numpy is None else copy_context().run(_silent, numpy, function, args, kwargs)
        )

    return cast(F, silent)


def _silent(
    numpy: ModuleType, function: Callable[..., Any], args: tuple[object, ...], kwargs: dict[str, object]
) -> Any:
    numpy.seterr(all="ignore")
    return function(*args, **kwargs)


_locks: weakref.WeakSet[Any] = weakref.WeakSet()


def new_lock() -> Any:
    """Return a lock that a thread may enter again. In a forked process it is free, whoever held it before."""
    lock = threading.RLock()
    _locks.add(lock)
    return lock


def _free_locks() -> None:  # pragma: no cover - in a forked process, which is not measured
    for lock in _locks:
        # The thread that forks goes on, and still holds what it held; other threads are gone.
        if not lock._is_owned():
            lock._at_fork_reinit()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(after_in_child=_free_locks)
