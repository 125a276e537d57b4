"""A rule followed through its decisions: one run of it for each way that it can take."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from .namespaces import ArrayNamespace, FloatNamespace
from .symbols import Fork, Given, Symbol, Unwritable, Writer, example, syntax
from .tidy import Chosen, Lines, assign, augment, shorten

MOST_DECISIONS = 4


def lines_of(
    name: str, forward: Callable[..., Any], arguments: list[Any], settings: Any, arrays: bool, functional: bool
) -> tuple[Lines, str]:
    """Return the lines that compute a forward rule and name the result, and its kind: "f" for floats, "b" for truths.

    "i" may be an integer, which counts as a float to the engine.

    What differs from call to call is `Given`, among the arguments and inside the settings; all else is written as it
    is. `functional` lines do not write to arrays, and choose without deciding, as JAX needs it. Raises Unwritable for a
    rule that symbols cannot follow.
    """
    lines, kind = _follow(name, forward, arguments, settings, arrays, functional, ())
    lines = list(map(augment, shorten(lines)))
    return [Chosen().visit(line) for line in lines] if functional else lines, kind


def _follow(
    name: str,
    forward: Callable[..., Any],
    arguments: list[Any],
    settings: Any,
    arrays: bool,
    functional: bool,
    way: tuple[bool, ...],
) -> tuple[Lines, str]:
    writer = Writer(name, way, functional)
    args = [_symbols(writer, arg) for arg in arguments]
    given = {setting: _symbols(writer, item) for setting, item in settings.items()}
    try:
        result = forward(ArrayNamespace(writer) if arrays else FloatNamespace(writer), *args, **given)
    except Fork:
        if len(way) == MOST_DECISIONS:
            raise Unwritable("too many decisions") from None
        before, condition = writer.lines, writer.condition
        assert condition is not None
        (yes, kind), (no, other) = (
            _follow(name, forward, arguments, settings, arrays, functional, (*way, answer)) for answer in (True, False)
        )
        if "b" in {kind, other} and kind != other:
            raise Unwritable("a number one way, True or False the other") from None
        return [*before, ast.If(condition, yes[len(before) :], no[len(before) :])], min(kind, other, key="ibf".index)
    except Exception as error:
        raise Unwritable(f"{type(error).__name__}: {error}") from error
    return [*writer.lines, assign(name, syntax(result))], _kind(example(result))


def _kind(data: Any) -> str:
    """Return "b" for truths, "i" for integers, "f" for floats."""
    if isinstance(data, int):
        return "b" if isinstance(data, bool) else "i"
    given = getattr(getattr(data, "dtype", None), "kind", "f")
    return "i" if given == "u" else str(given)


def _symbols(writer: Writer, item: Any) -> Any:
    if isinstance(item, Given):
        return Symbol(writer, *item)
    return tuple(_symbols(writer, part) for part in item) if type(item) is tuple else item
