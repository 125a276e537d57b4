"""Expressions and lines as Python text, for NumPy or for JAX."""

from __future__ import annotations

from collections.abc import Callable

from autograd._compiler.rules.expressions import (
    Do,
    Expression,
    If,
    Let,
    Line,
    Lines,
    Put,
    Return,
    called,
    name,
    replaced,
)
from autograd._core.node import Node
from autograd._core.tracing import CompileError

from .names import Names

_BINDS = {
    "or": 2, "<": 5, "<=": 5, ">": 5, ">=": 5, "==": 5, "!=": 5, "|": 6, "&": 8, "+": 10, "-": 10,
    "*": 11, "/": 11, "//": 11, "%": 11, "@": 11, "**": 13,
}  # fmt: skip
"""How firmly an operation binds its operands; the numbers below say the same of others."""

LINE, CHOICE, COMPARISON, SIGN, ATOM = 0, 1, 5, 12, 15


class Printer:
    """Writes lines as text, and notes the modules that they need.

    JAX's arrays cannot be written to, so a line that writes makes a new one there, and both ways of a choice are
    computed.
    """

    def __init__(self, names: Names, jax: bool = False) -> None:
        self._names, self._jax = names, jax
        self.modules: set[str] = set()

    def rows(self, lines: Lines, indent: str = "    ") -> list[str]:
        """Return the text of lines, row by row."""
        return [indent + row for line in lines for row in self._rows(line)]

    def _rows(self, line: Line) -> list[str]:
        if isinstance(line, Let):
            target = self._items(line.target) if line.target.kind == "tuple" else self.text(line.target)
            return [f"{target} = {self.text(line.value)}"]
        if isinstance(line, Put):
            return [self._put(line)]
        if isinstance(line, Do):
            return [self.text(line.value)]
        if isinstance(line, If):
            no = ["else:", *self.rows(line.no)] if line.no else []
            return [f"if {self.text(line.condition)}:", *self.rows(line.yes), *no]
        assert isinstance(line, Return)
        return [f"return {self._within(line.value)}"]

    def _put(self, line: Put) -> str:
        array, index = line.target.parts
        if self._jax:
            # An index that names an element twice is written once, but for "add".
            sums = line.how not in ("", "add")
            value = Expression("infix", (line.target, line.value), line.how) if sums else line.value
            self._without_truths(index)
            how = "add" if line.how == "add" else "set"
            return f"{self.text(array)} = {self.text(array)}.at[{self._index(index)}].{how}({self.text(value)})"
        if line.how == "add":
            return self.text(Expression("array", (array, replaced(index, _as_argument), line.value), ("add.at",)))
        return f"{self.text(line.target)} {line.how}= {self.text(line.value)}"

    def text(self, tree: Expression, around: int = LINE) -> str:
        """Return an expression as text, in brackets if the operation around it binds more firmly."""
        text, binds = self.piece(tree)
        return f"({text})" if binds < around else text

    def piece(self, tree: Expression) -> tuple[str, int]:
        """Return an expression as text, and how firmly its operation binds."""
        return _WRITE[tree.kind](self, tree)

    def _text(self, tree: Expression) -> tuple[str, int]:
        text, binds = tree.what
        return text, binds

    def _within(self, tree: Expression) -> str:
        return self.text(tree, CHOICE)

    def _variable(self, tree: Expression) -> tuple[str, int]:
        return self._named(tree.what), ATOM

    def _named(self, what: object) -> str:
        return self._names.of(what) if isinstance(what, Node) else str(what)

    def _temporary(self, tree: Expression) -> tuple[str, int]:
        # No name of a node begins with an underscore, so none is taken.
        owner, number = tree.what
        return f"_{self._named(owner)}_{number}", ATOM

    def _literal(self, tree: Expression) -> tuple[str, int]:
        # `1.real` is no attribute of a number.
        return "..." if tree.what is ... else repr(tree.what), ATOM - (type(tree.what) is int)

    def _infix(self, tree: Expression) -> tuple[str, int]:
        binds = _BINDS[tree.what]
        # A power takes from the right, and a minus before its exponent as well; comparisons are no chains here.
        left, right = (binds, binds + 1) if tree.what != "**" else (binds + 1, SIGN)
        left += binds == COMPARISON
        first, second = tree.parts
        return f"{self.text(first, left)} {tree.what} {self.text(second, right)}", binds

    def _prefix(self, tree: Expression) -> tuple[str, int]:
        return f"{tree.what}{self.text(tree.parts[0], SIGN)}", SIGN

    def _math(self, tree: Expression) -> tuple[str, int]:
        self.modules.add("math")
        return f"math.{tree.what}({', '.join(map(self._within, tree.parts))})", ATOM

    def _constant(self, tree: Expression) -> tuple[str, int]:
        self.modules.add("math")
        return f"math.{tree.what}", ATOM

    def _array(self, tree: Expression) -> tuple[str, int]:
        self.modules.add("np")
        return self._call(f"np.{tree.what[0]}", tree, tree.parts), ATOM

    def _method(self, tree: Expression) -> tuple[str, int]:
        of, *args = tree.parts
        if self._jax and tree.what[0] == "item":
            return f"{self.text(of, ATOM)}.reshape(())", ATOM
        return self._call(f"{self.text(of, ATOM)}.{tree.what[0]}", tree, tuple(args)), ATOM

    def _other(self, tree: Expression) -> tuple[str, int]:
        function, *args = tree.parts
        return self._call(self.text(function, ATOM), tree, tuple(args)), ATOM

    def _call(self, function: str, tree: Expression, args: tuple[Expression, ...]) -> str:
        _, *keywords = tree.what
        plain = len(args) - len(keywords)
        given = [*map(self._within, args[:plain])]
        dtype = ""
        for key, item in zip(keywords, args[plain:]):
            if self._jax and key == "dtype" and tree.kind == "array" and _is_ufunc(tree.what[0]):
                # A universal function of JAX's takes no dtype.
                dtype = f".astype({self._within(item)})"
            else:
                given.append(f"{key}={self._within(item)}")
        return f"{function}({', '.join(given)}){dtype}"

    def _attribute(self, tree: Expression) -> tuple[str, int]:
        return f"{self.text(tree.parts[0], ATOM)}.{tree.what}", ATOM

    def _indexed(self, tree: Expression) -> tuple[str, int]:
        array, index = tree.parts
        if self._jax:
            self._without_truths(index)
        return f"{self.text(array, ATOM)}[{self._index(index)}]", ATOM

    def _index(self, index: Expression) -> str:
        if index.kind == "tuple" and index.parts:
            return self._items(index)
        return self._within(index)

    def _without_truths(self, index: Expression) -> None:
        for part in index.parts if index.kind == "tuple" else (index,):
            if part.kind == "literal" and type(part.what) is bool:
                raise CompileError("JAX puts the axis that True stands for elsewhere: use the backend 'numpy'")

    def _slice(self, tree: Expression) -> tuple[str, int]:
        start, stop, step = (
            "" if part.what is None and part.kind == "literal" else self._within(part) for part in tree.parts
        )
        return f"{start}:{stop}" + (f":{step}" if step else ""), CHOICE

    def _items(self, tree: Expression) -> str:
        return ", ".join(map(self._within, tree.parts)) + "," * (len(tree.parts) == 1)

    def _tuple(self, tree: Expression) -> tuple[str, int]:
        return f"({self._items(tree)})", ATOM

    def _list(self, tree: Expression) -> tuple[str, int]:
        return f"[{', '.join(map(self._within, tree.parts))}]", ATOM

    def _dict(self, tree: Expression) -> tuple[str, int]:
        parts = [*map(self._within, tree.parts)]
        return f"{{{', '.join(f'{key}: {item}' for key, item in zip(parts[::2], parts[1::2]))}}}", ATOM

    def _choice(self, tree: Expression) -> tuple[str, int]:
        if self._jax:
            return self._array(Expression("array", tree.parts, ("where",)))
        condition, yes, no = tree.parts
        inner = CHOICE + 1
        return f"{self.text(yes, inner)} if {self.text(condition, inner)} else {self.text(no, CHOICE)}", CHOICE


_WRITE: dict[str, Callable[[Printer, Expression], tuple[str, int]]] = {
    "name": Printer._variable,
    "text": Printer._text,
    "temporary": Printer._temporary,
    "literal": Printer._literal,
    "infix": Printer._infix,
    "prefix": Printer._prefix,
    "math": Printer._math,
    "constant": Printer._constant,
    "array": Printer._array,
    "method": Printer._method,
    "call": Printer._other,
    "attribute": Printer._attribute,
    "index": Printer._indexed,
    "slice": Printer._slice,
    "tuple": Printer._tuple,
    "list": Printer._list,
    "dict": Printer._dict,
    "choice": Printer._choice,
}


def _as_argument(tree: Expression) -> Expression | None:
    """Return a slice as it is written where no brackets are."""
    return called("call", [name("slice"), *tree.parts]) if tree.kind == "slice" else None


def _is_ufunc(function: str) -> bool:
    import numpy

    return isinstance(getattr(numpy, function, None), numpy.ufunc)
