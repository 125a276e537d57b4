"""The switches of recording, `no_grad`, `detect_anomaly` and tracing, each local to its thread and asyncio task."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from functools import wraps
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

# One entry for every switch that is on in any thread. While it is empty, which is nearly always, an operation need not
# ask the (slow) context variables.
active: list[ContextVar[Any]] = []

recording: ContextVar[bool] = ContextVar("recording", default=True)
anomaly: ContextVar[bool] = ContextVar("anomaly", default=False)
tracing: ContextVar[Any] = ContextVar("tracing", default=None)


class _Switch:
    """A context manager, also a decorator, that sets one context variable."""

    variable: ContextVar[Any]
    setting: Any

    def __init__(self) -> None:
        self._tokens: list[Token[Any]] = []

    def __enter__(self) -> None:
        active.append(self.variable)
        self._tokens.append(self.variable.set(self.setting))

    def __exit__(self, *exception: object) -> None:
        self.variable.reset(self._tokens.pop())
        active.pop()

    def __call__(self, function: F) -> F:
        @wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Any:
            with type(self)():
                return function(*args, **kwargs)

        return cast(F, switched)


class no_grad(_Switch):
    """Compute without recording: results inside are leaves, which no gradient passes.

    A context manager or a decorator; it holds for the thread or asyncio task that entered it, and for no other.

    >>> w = Value(3.0)
    >>> with no_grad():
    ...     y = w * 2
    >>> y.op is None
    True
    """

    variable, setting = recording, False


class record(_Switch):
    """Record even inside `no_grad`: what a function that differentiates needs for its own use."""

    variable, setting = recording, True


class detect_anomaly(_Switch):
    """Turn the first nan or infinity into an error that names its node and the line of your code that made it.

    Checks every operation and every gradient inside; raises `FloatingPointError`. It slows computation down: use it to
    find a fault, then take it out.

    >>> with detect_anomaly():
    ...     log(Value(0.0, label="p"))
    Traceback (most recent call last):
    FloatingPointError: log(p) is -inf at p = 0.0; made at ...
    """

    variable, setting = anomaly, True
