"""Forward rules as expressions: a rule is run on symbols, which note each operation as a line.

A symbol holds a name and the data of an example, so that a rule may ask for shapes. Where a rule decides by a number,
both ways are followed. A symbol stands for a float or an array, as its example does.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from inspect import signature
from typing import Any, NamedTuple, TypeAlias

from autograd._core.trees import deeper
from autograd._core.types import Index, Raw, Setting
from autograd.files import brief

from .expressions import Do, Expression, Let, Lines, Put, called, indexed, infix, literal, name, scalar

Written: TypeAlias = Any
"""A symbol, or a number, an index or another setting, which is written as it is; also in tuples."""

MOST = 1 << 1024
"""No float is larger. Python writes integers of up to 4,300 digits."""


class Given(NamedTuple):
    """An argument or a setting: how it is written, and an example of it."""

    tree: Expression
    data: Any


class Unwritable(Exception):
    """A rule does an operation that symbols cannot note."""


class Fork(Exception):
    """A rule asks whether something is true, and which way to follow is not decided."""


class Writer:
    """Collects the lines of one run of a rule."""

    def __init__(self, owner: object, decisions: tuple[bool, ...]) -> None:
        self.owner, self.decisions = owner, list(decisions)
        self.lines: Lines = []
        self.condition: Expression | None = None

    def symbol(self, tree: Expression, data: Raw) -> Symbol:
        """Give an expression a line and a name of its own."""
        target = Expression("temporary", (), (self.owner, len(self.lines)))
        self.lines.append(Let(target, tree, data))
        return Symbol(self, target, data)

    def decide(self, symbol: Symbol) -> bool:
        """Say whether a symbol is to be taken as true."""
        if not self.decisions:
            self.condition = symbol.tree
            raise Fork
        return self.decisions.pop(0)


class Symbol:
    """A variable, and an example of its data."""

    def __init__(self, writer: Writer, tree: Expression, data: Raw) -> None:
        self._writer, self.tree, self.data = writer, tree, data

    # A type checker takes it for an attribute that is set; a property may stand there all the same.
    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """The class of the example: a rule may ask whether it is given a float."""
        return type(self.data)

    def __bool__(self) -> bool:
        return self._writer.decide(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not hasattr(self.data, name):
            raise AttributeError(name)
        attribute = getattr(self.data, name)
        if name in ("shape", "ndim", "size", "dtype"):
            return attribute
        if callable(attribute):
            return Function(self._writer, "method", name, attribute, self)
        return self._writer.symbol(Expression("attribute", (self.tree,), name), attribute)

    def __abs__(self) -> Symbol:
        return self._writer.symbol(scalar("abs", self.tree), abs(self.data))

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: Index) -> Symbol:
        return self._writer.symbol(indexed(self.tree, between_brackets(index)), self.data[example(index)])

    def __setitem__(self, index: Index, item: Written) -> None:
        self._writer.lines.append(Put(indexed(self.tree, between_brackets(index)), syntax(item)))
        self.data[example(index)] = example(item)

    # As Python itself does for a class with its own `==`, which here is added later.
    __hash__ = None  # type: ignore[assignment]


def _operator(function: Callable[..., Any], sign: str, reflected: bool = False) -> Callable[[Symbol, Any], Symbol]:
    def method(self: Symbol, other: Written) -> Symbol:
        left, right = (other, self) if reflected else (self, other)
        return between(self._writer, function, sign, left, right)

    return method


def between(writer: Writer, function: Callable[..., Any], sign: str, left: Written, right: Written) -> Symbol:
    """Note an operation that is written between its arguments."""
    return writer.symbol(infix(sign, syntax(left), syntax(right)), function(example(left), example(right)))


def _prefix(function: Callable[..., Any], sign: str) -> Callable[[Symbol], Symbol]:
    return lambda self: self._writer.symbol(Expression("prefix", (self.tree,), sign), function(self.data))


COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_OPERATORS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "matmul": "@", "pow": "**", "floordiv": "//", "mod": "%",
    "and": "&", "or": "|",
}  # fmt: skip
for _name, _sign in (_OPERATORS | COMPARISONS).items():
    _function = getattr(operator, f"__{_name}__")
    setattr(Symbol, f"__{_name}__", _operator(_function, _sign))
    if _name in _OPERATORS:
        setattr(Symbol, f"__r{_name}__", _operator(_function, _sign, reflected=True))
for _name, _sign in {"neg": "-", "pos": "+", "invert": "~"}.items():
    setattr(Symbol, f"__{_name}__", _prefix(getattr(operator, f"__{_name}__"), _sign))


class Function:
    """A function of NumPy's, or a method of an array: calling it is a line."""

    def __init__(
        self, writer: Writer, kind: str, name: str, function: Callable[..., Any], of: Symbol | None = None
    ) -> None:
        self._writer, self._kind, self._name, self._function, self._of = writer, kind, name, function, of

    def __getattr__(self, name: str) -> Function:
        return Function(self._writer, self._kind, f"{self._name}.{name}", getattr(self._function, name))

    def __call__(self, *args: Written, **kwargs: Written) -> Any:
        if kwargs.get("out") is not None or len(args) > getattr(self._function, "nin", len(args)):
            raise Unwritable("a function that writes to an array given as `out` is no line of its own")
        given = [(key, syntax(item)) for key, item in kwargs.items() if not _is_usual(self._function, key, item)]
        trees = [*([] if self._of is None else [self._of.tree]), *map(syntax, args)]
        data = self._function(*map(example, args), **{key: example(item) for key, item in kwargs.items()})
        if data is not None:
            return self._writer.symbol(called(self._kind, trees, given, self._name), data)
        if self._name == "add.at":
            array, index, items = args
            self._writer.lines.append(Put(indexed(array.tree, between_brackets(index)), syntax(items), "add"))
        else:
            self._writer.lines.append(Do(called(self._kind, trees, given, self._name)))
        return None


USUAL = {"keepdims": False}
"""Keywords that mean the same to all functions of NumPy's if nobody gives them, also to those that do not tell."""


def _is_usual(function: Callable[..., Any], key: str, item: Written) -> bool:
    """Tell whether None or False is what a function takes without it: `concatenate` has another axis than None."""
    if item is not None and item is not False:
        return False
    if key in USUAL:
        return item is USUAL[key]
    # A method is another object for each array, but its class has one.
    kind, name_ = type(getattr(function, "__self__", None)), getattr(function, "__name__", "")
    return _default(getattr(kind, name_, function), key) is item


@lru_cache(512)
def _default(function: Callable[..., Any], key: str) -> Any:
    """Return what a function takes for a keyword; the key itself if it does not tell."""
    try:
        return signature(function).parameters[key].default
    except (KeyError, TypeError, ValueError):
        # An older NumPy's functions do not tell.
        return key


def example(item: Written) -> Any:
    """Return the data of a symbol, inside a tuple as well."""
    if isinstance(item, (tuple, list)):
        return type(item)(example(part) for part in item)
    return item.data if isinstance(item, Symbol) else item


def between_brackets(index: Index) -> Expression:
    """Return an index as an expression, its slices written with colons."""
    if isinstance(index, tuple):
        return Expression("tuple", tuple(map(between_brackets, index)))
    if isinstance(index, slice):
        return Expression("slice", tuple(map(syntax, (index.start, index.stop, index.step))))
    return syntax(index)


def syntax(item: Written) -> Expression:
    """Return a symbol, a number, an index or another setting as an expression; raise Unwritable for the rest."""
    if isinstance(item, Symbol):
        return item.tree
    if type(item) in (tuple, list):
        return Expression(type(item).__name__, tuple(map(syntax, item)))
    if isinstance(item, slice):
        return called("call", [name("slice"), *map(syntax, (item.start, item.stop, item.step))])
    # A class of somebody else may write itself as it likes.
    if type(item) in (bool, type(None), type(...), str, bytes):
        return literal(item)
    numpys = type(item).__module__.partition(".")[0] == "numpy"
    if numpys and hasattr(item, "tolist") and not isinstance(item, type):
        # A number of NumPy's keeps its precision beside an array of another.
        usual = item.dtype.name in ("float64", "int64", "bool")
        if (not item.shape and not usual) or type(item).__name__ == "float64":
            return called("array", [syntax(item.item())], what=item.dtype.name)
        given = [] if usual else [("dtype", literal(item.dtype.name))]
        return called("array", [syntax(item.tolist())], given, "array")
    if isinstance(item, int):
        return _number(int(item))
    if isinstance(item, float):
        return _number(float(item))
    if numpys or isinstance(item, type):
        # A dtype, or the class of one.
        import numpy

        with suppress(TypeError):
            # Any class is one of objects.
            if (dtype := numpy.dtype(item)).kind != "O":
                return literal(dtype.name)
    raise Unwritable(f"{brief(item)} cannot be written down")


def _number(item: float) -> Expression:
    if item != item or abs(item) == math.inf:
        number = Expression("constant", (), "nan" if item != item else "inf")
    elif abs(item) > MOST:
        raise Unwritable("Python may refuse to write so long a number")
    else:
        number = literal(abs(item))
    return Expression("prefix", (number,), "-") if math.copysign(1.0, item) < 0 and item == item else number


def is_plain(item: Setting, depth: int = 0) -> bool:
    """Tell whether an object is of Python's own types throughout, and so equal to its written form."""
    if type(item) in (tuple, list):
        inside = deeper(depth)
        return all(is_plain(part, inside) for part in item)
    if type(item) is int:
        return abs(item) <= MOST
    # A nan is equal to itself alone.
    return type(item) in (bool, type(None), type(...), str, bytes) or (type(item) is float and item == item)
