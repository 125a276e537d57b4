"""Forward rules as source code: a rule is run on symbols, which write down, line by line, what is done to them.

A symbol holds a name and the data of an example, so that a rule may ask for shapes. Where a rule decides by a number,
both ways are followed. A symbol stands for a float or an array, as its example does.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from autograd._core import floats as _floats
from autograd.files import brief

Lines = list[Any]
"""Statements, as syntax or already as text."""

MOST_DECISIONS = 4

MOST = 1 << 1024
"""No float is larger. Python writes integers of up to 4,300 digits."""

DEEPEST = 50
"""Python, which reads expressions by recursion, is given no deeper ones: a sum of many has several lines."""


class Given(NamedTuple):
    """An argument or a setting: how it is written, and an example of it."""

    tree: ast.expr
    data: Any


class Unwritable(Exception):
    """A rule does what symbols cannot write down."""


class _Fork(Exception):
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
            raise _Fork
        return self.decisions.pop(0)


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
    lines = list(map(_augmented, _shortened(lines)))
    return [_Chosen().visit(line) for line in lines] if functional else lines, kind


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
        result = forward(_Arrays(writer) if arrays else _Floats(writer), *args, **given)
    except _Fork:
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
        return _Function(self._writer, tree, attribute) if callable(attribute) else self._writer.symbol(tree, attribute)

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
        return _infix(self._writer, function, node, left, right)

    return method


def _infix(writer: Writer, function: Callable[..., Any], node: ast.AST, left: Any, right: Any) -> Symbol:
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


class _Function:
    """A function of NumPy's, or a method of an array: calling it is a line."""

    def __init__(self, writer: Writer, tree: ast.expr, function: Any) -> None:
        self._writer, self._tree, self._function = writer, tree, function

    def __getattr__(self, name: str) -> _Function:
        return _Function(self._writer, ast.Attribute(self._tree, name, ast.Load()), getattr(self._function, name))

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


class _Arrays:
    """The namespace `xp` of arrays: NumPy's functions, written as operators where there is one."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def __getattr__(self, name: str) -> Any:
        import numpy

        function = getattr(numpy, name)
        if name in _INFIX:
            return lambda a, b: _infix(self._writer, function, _INFIX[name], a, b)
        if name == "asarray":
            return lambda a: a if isinstance(example(a), numpy.ndarray) else self._call(name, function)(a)
        if hasattr(numpy.ndarray, name) and name not in _IN_PLACE:
            # The method computes the same, and is quicker to start than the function.
            return partial(self._method, name, function)
        return self._call(name, function) if callable(function) else function

    def _method(self, name: str, function: Any, a: Any, *rest: Any, **given: Any) -> Any:
        if isinstance(a, Symbol) and hasattr(a.data, name):
            return getattr(a, name)(*rest, **given)
        return self._call(name, function)(a, *rest, **given)

    def _call(self, name: str, function: Any) -> _Function:
        return _Function(self._writer, ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load()), function)


_IN_PLACE = ("sort", "partition", "resize", "put")
"""Methods of arrays that do something else than the functions of the same name."""

_INFIX: dict[str, ast.AST] = {
    "divide": ast.Div(), "greater": ast.Gt(), "greater_equal": ast.GtE(), "less": ast.Lt(), "less_equal": ast.LtE(),
    "equal": ast.Eq(), "not_equal": ast.NotEq(), "matmul": ast.MatMult(),
}  # fmt: skip


class _Floats:
    """The namespace `xp` of floats: `math`, and plain Python where `math` has no such function.

    Python's floats raise where IEEE 754 has a result; a compiled function that raises is computed again, by the table.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def __getattr__(self, name: str) -> Callable[..., Any]:
        write = _PYTHON.get(name)

        def function(*args: Any) -> Symbol:
            if write is None:
                function_ = ast.Attribute(ast.Name("math", ast.Load()), name, ast.Load())
                tree: ast.expr = ast.Call(function_, list(map(syntax, args)), [])
            else:
                # The names of the arguments are put in as text: they are names or numbers.
                tree = ast.parse(write(*(ast.unparse(syntax(arg)) for arg in args)), mode="eval").body
            return self._writer.symbol(tree, getattr(_floats, name)(*map(example, args)))

        if not hasattr(_floats, name):
            raise AttributeError(name)
        return function


def _is_number(text: str) -> bool:
    return isinstance(ast.parse(text, mode="eval").body, (ast.Constant, ast.UnaryOp))


def _power(x: str, y: str) -> str:
    whole = _is_number(y) and float(y).is_integer()
    return f"({x}) ** ({y})" if whole else f"math.pow({x}, {y})"


def _real(text: str) -> str:
    """Write an integer as the float that it counts as: it may be the result."""
    return f"{text}.0" if re.fullmatch(r"-?\d+", text) else text


def _choice(condition: str, x: str, y: str) -> str:
    return f"({_real(x)}) if {condition} else ({_real(y)})"


def _extreme(sign: str, function: str) -> Callable[[str, str], str]:
    # max(x, y) is x unless y is greater, so a nan in y would be lost.
    return lambda x, y: (
        f"{function}({_real(x)}, {_real(y)})" if _is_number(y) else _choice(f"{x} {sign} {y} or {x} != {x}", x, y)
    )


def _clipped(x: str, low: str, high: str) -> str:
    x = x if low == "None" else _extreme(">=", "max")(x, low)
    return x if high == "None" else _extreme("<=", "min")(f"({x})", high)


_PYTHON: dict[str, Callable[..., str]] = {
    "divide": "({}) / ({})".format,
    "pow": _power,
    "abs": "abs({})".format,
    "maximum": _extreme(">=", "max"),
    "minimum": _extreme("<=", "min"),
    "where": _choice,
    "clip": _clipped,
    "sign": "({0}) if {0} == 0 or {0} != {0} else math.copysign(1.0, {0})".format,
    "floor": "math.copysign(math.floor({0}), {0})".format,
    "ceil": "math.copysign(math.ceil({0}), {0})".format,
    "trunc": "math.copysign(math.trunc({0}), {0})".format,
    "round": "math.copysign(round({0}), {0})".format,
    "greater": "{} > {}".format,
    "greater_equal": "{} >= {}".format,
    "less": "{} < {}".format,
    "less_equal": "{} <= {}".format,
    "equal": "{} == {}".format,
    "not_equal": "{} != {}".format,
}


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


def assign(name: str, tree: ast.expr) -> ast.Assign:
    """Return the line `name = tree`."""
    return ast.Assign([ast.Name(name, ast.Store())], tree, lineno=0)


def _shortened(lines: Lines) -> Lines:
    """Write what is used once into the place where it is used, and drop what is not used at all."""
    uses: dict[str, int] = {}
    for line in lines:
        for node in ast.walk(line):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                uses[node.id] = uses.get(node.id, 0) + 1
    kept: Lines = []
    waiting: dict[str, ast.expr] = {}
    depths: dict[str, int] = {}
    *earlier, last = lines
    for line in earlier:
        depth = 1 + max((depths.pop(n.id, 0) for n in ast.walk(line) if isinstance(n, ast.Name)), default=0)
        line = _Put(waiting).visit(line)
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            name = line.targets[0].id
            if uses.get(name, 0) == 1 and depth < DEEPEST:
                waiting[name], depths[name] = line.value, depth
                continue
            if name not in uses:
                continue
        else:
            # What is written to an array may be read by a line that still waits.
            kept += [assign(name, tree) for name, tree in waiting.items()]
            waiting.clear()
        kept.append(line)
    if isinstance(last, ast.If):
        last = ast.If(_Put(waiting).visit(last.test), _shortened(last.body), _shortened(last.orelse))
        inside = {node.id for node in ast.walk(last) if isinstance(node, ast.Name)}
        kept += [assign(name, tree) for name, tree in waiting.items() if name in inside]
        yes, no = last.body, last.orelse
        if len(yes) == len(no) == 1 and isinstance(yes[0], ast.Assign) and isinstance(no[0], ast.Assign):
            return [*kept, ast.Assign(yes[0].targets, ast.IfExp(last.test, yes[0].value, no[0].value), lineno=0)]
        return [*kept, last]
    return [*kept, _Put(waiting).visit(last)]


def _augmented(line: Any) -> Any:
    """Write `a[i] += b` for `a[i] = a[i] + b`, which needs no array for the sum."""
    if (
        isinstance(line, ast.Assign)
        and isinstance(line.targets[0], ast.Subscript)
        and isinstance(line.value, ast.BinOp)
    ):
        target, sum_ = line.targets[0], line.value
        if ast.unparse(target) == ast.unparse(sum_.left):
            return ast.AugAssign(target, sum_.op, sum_.right)
    return line


class _Chosen(ast.NodeTransformer):
    """Writes a choice between two expressions, both of which are computed then."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        where = ast.Attribute(ast.Name("np", ast.Load()), "where", ast.Load())
        return ast.Call(where, [node.test, node.body, node.orelse], [])


class _Put(ast.NodeTransformer):
    """Puts expressions in place of names, each once."""

    def __init__(self, trees: dict[str, ast.expr]) -> None:
        self._trees = trees

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._trees.pop(node.id, node) if isinstance(node.ctx, ast.Load) else node
