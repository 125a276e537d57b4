"""Expressions given as text, for the command line: read by a whitelist and computed here, never run as Python."""

from __future__ import annotations

import ast
import math
import string
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from autograd._core.node import kinds
from autograd._core.primitive import TABLE, Primitive
from autograd._ops import activations

LENGTH = 2000
"""More characters are refused unread: Python's parser was not made for hostile text."""

CHARACTERS = frozenset(string.ascii_letters + string.digits + "_.+-*/()[],<>=! \t\n")

OPERATIONS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "pow",
    ast.USub: "negative", ast.UAdd: "positive", ast.Gt: "greater", ast.GtE: "greater_equal", ast.Lt: "less",
    ast.LtE: "less_equal", ast.Eq: "equal", ast.NotEq: "not_equal",
}  # fmt: skip

ACCEPTED = "accepted are numbers, variables, + - * / **, comparisons, [lists] and functions such as sigmoid(x)"


class ExpressionError(ValueError):
    """A mistake in an expression, in one line."""


def functions() -> dict[str, Any]:
    """Return the functions that may be called, by name: operations on numbers, and functions made from them."""
    found: dict[str, Any] = {name: op for name, op in TABLE.items() if op.elementwise}
    made = {name: f for name, f in vars(activations).items() if getattr(f, "__module__", "") == activations.__name__}
    return found | {name: f for name, f in made.items() if not name.startswith("_") and name != "take"}


class Expression(NamedTuple):
    """An expression as it was given, and its syntax, which holds nothing that is not accepted."""

    text: str
    tree: ast.expr

    def part(self, node: ast.AST) -> str:
        """Return a piece of the text, for an error."""
        return repr((ast.get_source_segment(self.text, node) or self.text)[:60])


def parse(text: str) -> Expression:
    """Return a text as an expression; raise ExpressionError if it is none, too long, too deep or not accepted."""
    text = text.strip()
    if len(text) > LENGTH:
        raise ExpressionError(f"the expression has {len(text):,} characters; at most {LENGTH:,} are read")
    wrong = next((c for c in text if c not in CHARACTERS), None)
    if wrong is not None:
        hint = "a power is written **" if wrong == "^" else ACCEPTED
        raise ExpressionError(f"{wrong!a} (character {text.index(wrong) + 1}) has no meaning in an expression; {hint}")
    text = " ".join(text.split())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expression = Expression(text, ast.parse(text, mode="eval").body)
    except SyntaxError as error:
        raise ExpressionError(f"{text[:60]!r} is no expression ({error.msg}); {ACCEPTED}") from None
    except (RecursionError, MemoryError):
        raise ExpressionError("the expression is nested too deeply; write it with fewer operations") from None
    known = functions()
    for node in ast.walk(expression.tree):
        reason = _refused(node, known, expression)
        if reason:
            raise ExpressionError(f"{reason}; {ACCEPTED}")
    return expression


def _refused(node: ast.AST, known: Mapping[str, Any], expression: Expression) -> str:
    """Say why a piece of syntax is not accepted; empty if it is."""
    match node:
        case ast.Constant(value=bool() | complex() | None as value):
            return f"{value} is no real number"
        case ast.Constant(value=int() | float()) | ast.Name() | ast.List() | ast.expr_context():
            return ""
        case ast.BinOp() | ast.UnaryOp() | ast.Compare(ops=[_]) | ast.Subscript(slice=ast.Constant(value=int())):
            return ""
        case ast.operator() | ast.unaryop() | ast.cmpop():
            return "" if type(node) in OPERATIONS else f"there is no operator {type(node).__name__}"
        case ast.Call(func=ast.Name(id=name)):
            return "" if name in known else f"there is no function {name[:60]!r}"
        case ast.keyword():
            return "" if node.arg else "there is no **"
    return f"{expression.part(node)} ({type(node).__name__}) is not accepted"


def evaluate(expression: Expression, variables: Mapping[str, Any]) -> Any:
    """Return the value of an expression, a float or a node, as the operations of the table give it.

    Raises ExpressionError for a variable without a value and for wrong arguments.
    """
    known = functions()
    results: list[Any] = []
    # A list in place of recursion: the parts of a piece of syntax are computed first, then the piece itself.
    todo: list[tuple[ast.expr, bool]] = [(expression.tree, False)]
    while todo:
        node, ready = todo.pop()
        parts = _parts(node)
        if parts and not ready:
            todo += [(node, True), *((part, False) for part in reversed(parts))]
            continue
        start = len(results) - len(parts)
        args = results[start:]
        try:
            results[start:] = [_applied(node, args, known, variables)]
        except (TypeError, ValueError, IndexError, ArithmeticError) as error:
            raise ExpressionError(f"{expression.part(node)}: {error}") from None
    (result,) = results
    if isinstance(result, list):
        raise ExpressionError(f"the result is a list of {len(result)} numbers; choose one of them with [0]")
    return result


def _parts(node: ast.expr) -> list[ast.expr]:
    """Return the expressions that have to be computed before this one."""
    match node:
        case ast.BinOp():
            return [node.left, node.right]
        case ast.UnaryOp():
            return [node.operand]
        case ast.Compare():
            return [node.left, *node.comparators]
        case ast.Call():
            return [*node.args, *(keyword.value for keyword in node.keywords)]
        case ast.List():
            return node.elts
        case ast.Subscript():
            return [node.value]
    return []


def _applied(node: ast.expr, args: list[Any], known: Mapping[str, Any], variables: Mapping[str, Any]) -> Any:
    """Return the value of a piece of syntax, given those of its parts."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return _float(value)
        case ast.Name(id=name):
            if name not in variables:
                how = f"call it, as in {name}(x)" if name in known else f"give it one, as in {name[:60]}=1.5"
                raise ValueError(f"has no value; {how}")
            return variables[name]
        case ast.Subscript(slice=ast.Constant(value=int() as index)):
            if not isinstance(args[0], list):
                raise TypeError("only a list has elements")
            return args[0][index]
        case ast.Call(func=ast.Name(id=name)):
            return _called(known[name], args[: len(node.args)], node.keywords, args[len(node.args) :])
        case ast.BinOp(op=op) | ast.UnaryOp(op=op) | ast.Compare(ops=[op]):
            return _called(TABLE[OPERATIONS[type(op)]], args)
    # Only a list is left.
    return args


def _called(
    function: Callable[..., Any] | Primitive,
    args: list[Any],
    names: Sequence[ast.keyword] = (),
    values: Sequence[Any] = (),
) -> Any:
    """Call an operation of the table, or a function made from them."""
    settings = {str(name.arg): value for name, value in zip(names, values)}
    for name, value in settings.items():
        if not isinstance(value, float) or (isinstance(function, Primitive) and name not in function.settings):
            raise TypeError(f"{name}= is no setting here, or its value no plain number")
    if not isinstance(function, Primitive):
        result = function(*args, **settings)
    elif function.arity is not None and any(isinstance(arg, list) for arg in args):
        raise TypeError(f"{function.name} takes numbers, no list")
    else:
        result = function.apply(tuple(args), settings)
    if isinstance(result, (float, list)) or type(result) is kinds["float"]:
        return result
    if isinstance(result, bool):
        return float(result)
    raise TypeError("this gives no number; give it a list: [a, b]")


def _float(value: float) -> float:
    """Return a literal as a float; an integer beyond all floats is infinite, as 1e999 is."""
    try:
        return float(value)
    except OverflowError:
        return math.inf
