"""Tracing, while a function is compiled: operations are noted, and actions that it must not do are refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from types import CodeType, FrameType
from typing import Any

from .anomaly import user_frame, user_line
from .apply import apply
from .modes import Switch, active, replaying, tracing
from .names import name_of
from .node import NO_SETTINGS, Node, leaf
from .primitive import ANY, Primitive
from .types import Data, Operand, Tree

DETACH = Primitive("detach", lambda xp, a: a, (None,))
"""The number itself, which no gradient passes: only functions that are compiled need to record that."""
DETACH.apply = partial(apply, DETACH)
DETACH.identities = ((0, ANY, lambda a: a),)


Draw = tuple[Callable[[Any], Any], Any, Any]
"""A function, the generator that it draws from, and the leaves that stand for its result."""


class CompileError(RuntimeError):
    """The function cannot be compiled: the message names the line, and says what to write instead.

    >>> import autograd
    >>> autograd.compile(lambda x: x if x > 0 else -x)(2.0)
    Traceback (most recent call last):
    autograd._core.tracing.CompileError: ...
    """


class Trace:
    """The nodes that one call of a function computed, in order; its gradients are `careful` or not.

    While the `code` of the function runs, it also notes where each node was computed.
    """

    def __init__(self, careful: bool = False, code: CodeType | None = None) -> None:
        self.careful = careful
        self.nodes: list[Node] = []
        self.code = code
        self.running = False
        self.places: list[tuple[CodeType, int]] = []
        """The code and the instruction that computed each node."""
        self.frames: dict[FrameType, None] = {}
        """The frames of the function's code, outer ones first: they hold its variables after it has returned, too."""
        self.names: dict[Node, str] = {}
        self.made: dict[Node, Any] = {}
        """Leaves that the function itself makes, with the data that it makes them from."""
        self.adjoints: dict[Node, tuple[Node, Node]] = {}
        """For each gradient, the node that is differentiated and the one with respect to which it is."""
        self.kinked: set[Node] = set()
        """Leaves for which a gradient that goes through an operation with a kink is differentiated again."""
        self.checks: list[tuple[Callable[..., None], Any, tuple[Any, ...]]] = []
        """To be done at every call: functions of arguments."""
        self.refusal: CompileError | None = None
        """The error that was raised: the function may catch it, and go on."""
        self.drawn: list[Draw] = []
        """To be done at every call, too."""

    def note(self, node: Node) -> None:
        """Add a node that was just computed."""
        self.nodes.append(node)
        if self.running:
            frame = user_frame()
            self.places.append((frame.f_code, frame.f_lasti))
            if not self.frames and self.code is not None:
                self._look()
            if frame.f_code is self.code:
                self.frames[frame] = None

    def _look(self) -> None:
        """Find the frames in which the function runs."""
        stack = []
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            stack.append(frame)
            frame = frame.f_back
        self.frames = {frame: None for frame in reversed(stack) if frame.f_code is self.code}

    def adjoint(self, out: Node, node: Node, g: Operand) -> None:
        """Note that `g` is the gradient of `out` with respect to `node`."""
        if isinstance(g, Node):
            self.adjoints.setdefault(g, (out, node))

    def detached(self, node: Node) -> Node:
        """Return a node with the same data, which no gradient passes."""
        cut = leaf(node._data)
        cut.link(DETACH, (node,), (node._data,), NO_SETTINGS)
        self.note(cut)
        return cut


class traced(Switch):
    """A context manager: note in `trace` all nodes that are computed."""

    variable = tracing

    def __init__(self, trace: Trace | None) -> None:
        super().__init__()
        self.setting = trace


class replayed(Switch):
    """A context manager: replay a step, or with None compute at once inside of one."""

    variable = replaying

    def __init__(self, step: object) -> None:
        super().__init__()
        self.setting = step


def compiling() -> bool:
    """Tell whether the running function is being compiled, so that the numbers of its nodes cannot be read.

    >>> compiling()
    False
    """
    return bool(active) and tracing.get() is not None


def validate(check: Callable[..., None], data: Tree, *rest: object) -> None:
    """Call `check(data, *rest)`, which raises an error for bad data. A compiled function does so at every call.

    While a function is compiled, only numbers that it was given are checked, not those that it computed.

    >>> def positive(x):
    ...     if not x > 0:
    ...         raise ValueError(f"x must be positive; got {x}")
    >>> validate(positive, 2.0)
    """
    if compiling():
        tracing.get().checks.append((check, data, rest))
        return
    step = replaying.get() if active else None
    if step is None or not step.postpones(check, data, rest):
        check(data, *rest)


def read(node: Node, how: str) -> None:
    """Refuse to read a node's number in a function that is being compiled: it differs from call to call."""
    trace = tracing.get()
    if trace is None:
        _touch(node)
        return
    if node in trace.made:
        return
    trace.refusal = CompileError(
        f"{user_line()}: this line reads the number of {name_of(node)} with {how}, which may differ at every call, so "
        f"it cannot be compiled. {_ADVICE.get(how, _ADVICE['.data'])}"
    )
    raise trace.refusal


def write(node: Node) -> None:
    """Refuse to set the number of a node in a function that is being compiled."""
    trace = tracing.get()
    if trace is not None:
        trace.refusal = CompileError(
            f"{user_line()}: this line sets the data of {name_of(node)}, which would happen once, when the function is "
            f"compiled. Return the new number, and set it outside"
        )
        raise trace.refusal
    _touch(node)


def _touch(node: Node) -> None:
    """Tell a step that is replayed that somebody reads or sets the number of a node."""
    step = replaying.get()
    if step is not None:
        step.touch(node)


def made(node: Node, data: Data) -> None:
    """Note a leaf that a function which is being compiled makes from `data`."""
    if active and (noting := tracing.get() or replaying.get()) is not None:
        noting.made[node] = data


_ADVICE = {
    "bool()": "For a choice between numbers write where(condition, a, b); if the condition is about something else, "
    "decide outside the function",
    ".data": "Compute with the node itself, return it, and read the number of the result outside",
    "print or format": "Return the node and print it outside the function",
    "an index": "For s[np.arange(len(y)), y] write (s * (y[:, None] == np.arange(s.shape[1]))).sum(axis=1), for "
    "s[mask] where(mask, s, 0); an index may also be an array from outside the function",
    "NumPy": "For np.eye(k)[y] write y[:, None] == np.arange(k); an index may also be an array from outside",
    ".backward()": "Return the loss, and compile value_and_grad of the function",
    ".grad": "Return the loss, and compile value_and_grad of the function",
}
