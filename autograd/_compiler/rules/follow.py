"""A rule followed through its decisions: one run of it for each way that it can take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd._core.modes import without_warnings
from autograd._core.types import Raw, Setting, Settings

from .expressions import If, Let, Lines, name
from .namespaces import ArrayNamespace, FloatNamespace
from .symbols import Fork, Given, Symbol, Unwritable, Writer, example, syntax

MOST_DECISIONS = 4


# The examples may be outside a function's domain, where the way is not taken.
@without_warnings
def lines_of(
    result: object, forward: Callable[..., Any], arguments: list[Any], settings: Settings, arrays: bool
) -> tuple[Lines, str]:
    """Return the lines of a forward rule, one operation each, the last of which names the result, and its kind.

    It is "f" for floats, "b" for truths; "i" may be an integer, which counts as a float to the engine. What differs
    from call to call is `Given`, among the arguments and inside the settings; all else is written as it is. Raises
    Unwritable for a rule that symbols cannot follow.
    """
    return _follow(result, forward, arguments, settings, arrays, ())


def _follow(
    result: object,
    forward: Callable[..., Any],
    arguments: list[Any],
    settings: Settings,
    arrays: bool,
    way: tuple[bool, ...],
) -> tuple[Lines, str]:
    writer = Writer(result, way)
    args = [_symbols(writer, arg) for arg in arguments]
    given = {setting: _symbols(writer, item) for setting, item in settings.items()}
    try:
        found = forward(ArrayNamespace(writer) if arrays else FloatNamespace(writer), *args, **given)
        last, kind = Let(name(result), syntax(found), example(found)), _kind(example(found), arrays)
    except Fork:
        if len(way) == MOST_DECISIONS:
            raise Unwritable("too many decisions") from None
        before, condition = writer.lines, writer.condition
        assert condition is not None
        (yes, kind), (no, other) = (
            _follow(result, forward, arguments, settings, arrays, (*way, answer)) for answer in (True, False)
        )
        if "b" in {kind, other} and kind != other:
            raise Unwritable("a number one way, True or False the other") from None
        return [*before, If(condition, yes[len(before) :], no[len(before) :])], min(kind, other, key="ibf".index)
    except Unwritable:
        raise
    except Exception as error:
        raise Unwritable(f"{type(error).__name__}: {error}") from error
    return [*writer.lines, last], kind


def _kind(data: Raw, arrays: bool) -> str:
    """Return "b" for truths, "i" for integers, "f" for floats; raise Unwritable for other objects."""
    if isinstance(data, int):
        return "b" if isinstance(data, bool) else "i"
    given = getattr(getattr(data, "dtype", None), "kind", "f")
    if given not in "biuf":
        raise Unwritable("a function that knows no symbols took them for objects")
    # A number of NumPy's would go on in its own precision.
    return "i" if given == "u" or (not arrays and hasattr(data, "dtype")) else str(given)


def _symbols(writer: Writer, item: Given | Setting) -> Any:
    if isinstance(item, Given):
        return Symbol(writer, *item)
    return tuple(_symbols(writer, part) for part in item) if type(item) is tuple else item
