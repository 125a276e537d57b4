"""Primitives, the rows of the table: whatever knows an operation reads its row."""

from __future__ import annotations

import math
from collections.abc import Callable

from .types import Operand, Raw, Setting, Settings, Shape

Rule = Callable[..., Operand]
Operation = Callable[..., Operand]
Interval = tuple[float, float]
Example = tuple[tuple[Shape, ...], Settings]
Identity = tuple[int, float | None, Operation]

ANY = None
"""In an identity: whatever the argument is."""

TABLE: dict[str, Primitive] = {}
"""Every primitive by name, in order of declaration."""

REAL: Interval = (-math.inf, math.inf)
POSITIVE: Interval = (0.0, math.inf)


class Primitive:
    """One row of the table: a differentiable operation. Made by `primitive`, which returns it as a function.

    >>> isinstance(TABLE["tanh"], Primitive), TABLE["tanh"].text("w * x")
    (True, 'tanh(w * x)')
    """

    def __init__(self, name: str, forward: Callable[..., Raw], rules: tuple[Rule | None, ...]) -> None:
        code = forward.__code__
        self.name = name
        self.forward = forward
        self.rules = rules
        self.settings = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        # After xp. One `*args` does not count.
        self.arguments = code.co_varnames[1 : code.co_argcount]
        self.arity = None if code.co_flags & 4 else len(self.arguments)
        self.written: str | Callable[..., str] | None = None
        self.latex = ""
        self.domain: tuple[Interval, ...] | None = None
        self.kink: Callable[..., Raw] | None = None
        self.examples: tuple[Example, ...] = ()
        self.elementwise = True
        self.identities: tuple[Identity, ...] = ()
        self.note = self.reduction = ""
        self.contraction: tuple[str, str] | None = None
        self.meaning: Callable[..., Operand] | None = None
        self.foreign = not str(forward.__module__).startswith("autograd.")
        """Whether a user declared it: its functions are then given arrays that they cannot write to."""
        self.keywords: tuple[tuple[str, ...], Callable[..., Operand]] | None = None
        """Keywords that NumPy's function of the name has as well, and the function that applies the row with them."""
        self.function: Operation
        """The operation as people call it."""
        self.apply: Callable[[tuple[Operand, ...], dict[str, Setting]], Operand]
        """The operation on nodes, numbers and arrays, and settings: the result is a node if any argument is one."""

    def text(self, *args: str, **settings: Setting) -> str:
        """Return the operation as it is written, e.g. `w1 * x1`, for argument texts, without usual settings."""
        if callable(self.written):
            return self.written(*args, **settings)
        if self.written is not None:
            return self.written.format(*args, **settings)
        usual = self.forward.__kwdefaults__ or {}
        own = (f"{k}={v}" for k, v in settings.items() if k not in usual or v != usual[k])
        return f"{self.name}({', '.join([*args, *own])})"

    @property
    def symbol(self) -> str:
        """The operation alone, for a drawing: `*`, `tanh`."""
        infix = isinstance(self.written, str) and not self.settings
        return self.text("", "").strip() if infix else self.name

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> tuple[Callable[[str], Primitive], tuple[str]]:
        return _by_name, (self.name,)


def _by_name(name: str) -> Primitive:
    """Return the primitive that a pickle names."""
    if name not in TABLE:
        raise ValueError(
            f"the pickle holds a node made by the primitive {name!r}, which is not declared here: run its "
            f"primitive({name!r}, ...) before loading"
        )
    return TABLE[name]


def unchanged(g: Operand, out: Operand, *args: Operand, **settings: Setting) -> Operand:
    """The rule of an operation that passes its gradient on; the backward sweep need not call it."""
    return g
