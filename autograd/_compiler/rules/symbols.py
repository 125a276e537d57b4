"""Forward rules as source code: a rule is run on symbols, which write down, line by line, what is done to them.

A symbol holds a name and the data of an example, so that a rule may ask for shapes. Where a rule decides by a number,
both ways are followed. A symbol stands for a float or an array, as its example does.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from autograd.files import brief

from .tidy import Lines, assign

MOST = 1 << 1024
"""No float is larger. Python writes integers of up to 4,300 digits."""


class Given(NamedTuple):
    """An argument or a setting: how it is written, and an example of it."""

    tree: ast.expr
    data: Any


class Unwritable(Exception):
    """A rule does what symbols cannot write down."""


class Fork(Exception):
    """A rule asks whether something is true, and which way to follow is not decided."""


class Writer:
    """Collects the lines of one run of a rule."""

    def __init__(self, name: str, decisions: tuple[bool, ...], functional: bool) -> None:
        self.name, self.decisions, self.functional = name, list(decisions), functional
        self.lines: Lines = []
        self.condition: ast.expr | None = None

    def symbol(self, tree: ast.expr, data: Any) -> Symbol:
        """Give what an expression computes a line and a name."""
        # No name of a node begins with an underscore, so none is taken.
        name = f"_{self.name}_{len(self.lines)}"
        self.lines.append(assign(name, tree))
        return Symbol(self, ast.Name(name, ast.Load()), data)

    def index(self, index: Any) -> ast.expr:
        """Return the syntax of an index."""
        if self.functional and any(isinstance(part, bool) for part in (index if type(index) is tuple else [index])):
            raise Unwritable("JAX puts the axis that True stands for elsewhere")
        return between_brackets(index)

    def change(self, target: Symbol, index: Any, how: str, item: ast.expr) -> None:
        """Write to an array where that is not possible: give its name to a changed copy."""
        place = ast.Subscript(ast.Attribute(target.tree, "at", ast.Load()), self.index(index), ast.Load())
        assert isinstance(target.tree, ast.Name)
        self.lines.append(assign(target.tree.id, ast.Call(ast.Attribute(place, how, ast.Load()), [item], [])))

    def decide(self, symbol: Symbol) -> bool:
        """Say whether a symbol is to be taken as true."""
        if not self.decisions:
            self.condition = symbol.tree
            raise Fork
        return self.decisions.pop(0)


class Symbol:
    """A name in the source, and an example of what it stands for."""

    def __init__(self, writer: Writer, tree: ast.expr, data: Any) -> None:
        self._writer, self.tree, self.data = writer, tree, data

    def __bool__(self) -> bool:
        return self._writer.decide(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not hasattr(self.data, name):
            raise AttributeError(name)
        attribute = getattr(self.data, name)
        if name in ("shape", "ndim", "size", "dtype"):
            return attribute
        if name == "item" and self._writer.functional:
            return lambda: self.reshape(())
        tree = ast.Attribute(self.tree, name, ast.Load())
        return Function(self._writer, tree, attribute) if callable(attribute) else self._writer.symbol(tree, attribute)

    def __abs__(self) -> Symbol:
        return self._writer.symbol(ast.Call(ast.Name("abs", ast.Load()), [self.tree], []), abs(self.data))

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: Any) -> Symbol:
        return self._writer.symbol(
            ast.Subscript(self.tree, self._writer.index(index), ast.Load()), self.data[example(index)]
        )

    def __setitem__(self, index: Any, item: Any) -> None:
        if self._writer.functional:
            self._writer.change(self, index, "set", syntax(item))
        else:
            target = ast.Subscript(self.tree, between_brackets(index), ast.Store())
            self._writer.lines.append(ast.Assign([target], syntax(item), lineno=0))
        self.data[example(index)] = example(item)

    __hash__ = None  # type: ignore[assignment]


def _operator(name: str, node: ast.AST, reflected: bool = False) -> Callable[[Symbol, Any], Symbol]:
    function = getattr(operator, name)

    def method(self: Symbol, other: Any) -> Symbol:
        left, right = (other, self) if reflected else (self, other)
        return infix(self._writer, function, node, left, right)

    return method


def infix(writer: Writer, function: Callable[..., Any], node: ast.AST, left: Any, right: Any) -> Symbol:
    first, second = syntax(left), syntax(right)
    tree: ast.expr
    if isinstance(node, ast.cmpop):
        tree = ast.Compare(first, [node], [second])
    else:
        assert isinstance(node, ast.operator)
        tree = ast.BinOp(first, node, second)
    return writer.symbol(tree, function(example(left), example(right)))


def _prefix(name: str, sign: ast.unaryop) -> Callable[[Symbol], Symbol]:
    function = getattr(operator, name)
    return lambda self: self._writer.symbol(ast.UnaryOp(sign, self.tree), function(self.data))


_OPERATORS: dict[str, ast.AST] = {
    "add": ast.Add(), "sub": ast.Sub(), "mul": ast.Mult(), "truediv": ast.Div(), "matmul": ast.MatMult(),
    "pow": ast.Pow(), "floordiv": ast.FloorDiv(), "mod": ast.Mod(), "and_": ast.BitAnd(), "or_": ast.BitOr(),
    "lt": ast.Lt(), "le": ast.LtE(), "gt": ast.Gt(), "ge": ast.GtE(), "eq": ast.Eq(), "ne": ast.NotEq(),
}  # fmt: skip
for _name, _node in _OPERATORS.items():
    setattr(Symbol, f"__{_name.strip('_')}__", _operator(_name, _node))
    if not isinstance(_node, ast.cmpop):
        setattr(Symbol, f"__r{_name.strip('_')}__", _operator(_name, _node, reflected=True))
for _name, _sign in {"neg": ast.USub(), "pos": ast.UAdd(), "invert": ast.Invert()}.items():
    setattr(Symbol, f"__{_name}__", _prefix(_name, _sign))


class Function:
    """A function of NumPy's, or a method of an array: calling it is a line."""

    def __init__(self, writer: Writer, tree: ast.expr, function: Any) -> None:
        self._writer, self._tree, self._function = writer, tree, function

    def __getattr__(self, name: str) -> Function:
        return Function(self._writer, ast.Attribute(self._tree, name, ast.Load()), getattr(self._function, name))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # What is None or False is what NumPy takes anyway.
        given = [
            ast.keyword(name, syntax(item)) for name, item in kwargs.items() if item is not None and item is not False
        ]
        tree = ast.Call(self._tree, [syntax(arg) for arg in args], given)
        data = self._function(*(example(arg) for arg in args), **{name: example(item) for name, item in kwargs.items()})
        if self._writer.functional and hasattr(self._function, "nin") and "dtype" in kwargs:
            # A universal function of JAX's takes no dtype.
            tree.keywords = [keyword for keyword in given if keyword.arg != "dtype"]
            tree = ast.Call(ast.Attribute(tree, "astype", ast.Load()), [syntax(kwargs["dtype"])], [])
        if data is None:
            if self._writer.functional and isinstance(self._tree, ast.Attribute) and self._tree.attr == "at":
                # NumPy's add.at(array, index, items).
                how = {"add": "add", "multiply": "multiply"}[ast.unparse(self._tree).split(".")[-2]]
                self._writer.change(args[0], args[1], how, syntax(args[2]))
            else:
                self._writer.lines.append(ast.Expr(tree))
            return None
        return self._writer.symbol(tree, data)


def example(item: Any) -> Any:
    """Return the data of a symbol, inside a tuple as well."""
    if isinstance(item, (tuple, list)):
        return type(item)(example(part) for part in item)
    return item.data if isinstance(item, Symbol) else item


def between_brackets(index: Any) -> ast.expr:
    """Return the syntax of an index, in which a slice is written with colons."""
    if isinstance(index, tuple):
        return ast.Tuple([between_brackets(part) for part in index], ast.Load())
    if isinstance(index, slice):
        parts = (index.start, index.stop, index.step)
        return ast.Slice(*(None if part is None else syntax(part) for part in parts))
    return syntax(index)


def syntax(item: Any) -> ast.expr:
    """Return the syntax of a symbol, a number, an index or another setting; raise Unwritable for what has none."""
    if isinstance(item, Symbol):
        return item.tree
    if type(item) in (tuple, list):
        return (ast.Tuple if type(item) is tuple else ast.List)([syntax(part) for part in item], ast.Load())
    if isinstance(item, slice):
        parts = [syntax(part) for part in (item.start, item.stop, item.step)]
        return ast.Call(ast.Name("slice", ast.Load()), parts, [])
    # A class of somebody else may write itself as it likes.
    if type(item) in (bool, type(None), type(...), str, bytes):
        return ast.Constant(item)
    if isinstance(item, int) and not isinstance(item, bool):
        return _number(int(item))
    if isinstance(item, float):
        return _number(float(item))
    numpys = type(item).__module__.partition(".")[0] == "numpy"
    if numpys and hasattr(item, "tolist"):
        array = ast.Attribute(ast.Name("np", ast.Load()), "array", ast.Load())
        return ast.Call(array, [syntax(item.tolist())], [])
    if numpys or isinstance(item, type):
        # A dtype, or the class of one.
        import numpy

        with suppress(TypeError):
            # Any class is one of objects.
            if (dtype := numpy.dtype(item)).kind != "O":
                return ast.Constant(dtype.name)
    raise Unwritable(f"{brief(item)} cannot be written down")


def _number(item: float) -> ast.expr:
    if item != item or abs(item) == math.inf:
        name: ast.expr = ast.Attribute(ast.Name("math", ast.Load()), "nan" if item != item else "inf", ast.Load())
    elif abs(item) > MOST:
        raise Unwritable("Python may refuse to write so long a number")
    else:
        name = ast.Constant(abs(item))
    return ast.UnaryOp(ast.USub(), name) if math.copysign(1.0, item) < 0 and item == item else name
