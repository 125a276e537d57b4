"""Expressions as text: Python reads them as they were meant."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from autograd._compiler.printers.names import Names
from autograd._compiler.printers.text import Printer
from autograd._compiler.rules.expressions import Expression, If, Let, choice, infix, literal, name
from autograd._compiler.rules.tidy import shorten

BETWEEN: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "@": operator.matmul, "|": operator.or_,
    "&": operator.and_, "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, "**": operator.pow,
    "/": operator.truediv, "//": operator.floordiv, "%": operator.mod,
    "or": lambda a, b: ("or", a, b),
}  # fmt: skip


class Term:
    """Remembers what was done to it, and by which operation first."""

    def __init__(self, *what: Any) -> None:
        self.what = what

    def __bool__(self) -> bool:
        return True

    def __neg__(self) -> Term:
        return Term("-", self)

    def __getitem__(self, index: Any) -> Term:
        return Term("[]", self, index)

    @property
    def T(self) -> Term:
        return Term("T", self)

    def __repr__(self) -> str:
        return repr(self.what)


def _noted(sign: str) -> Any:
    return lambda self, other: Term(sign, self, other)


for _sign, _method in {
    "+": "add", "-": "sub", "*": "mul", "@": "matmul", "|": "or", "&": "and", "<": "lt", "<=": "le", "==": "eq",
    "!=": "ne", "**": "pow", "/": "truediv", "//": "floordiv", "%": "mod",
}.items():  # fmt: skip
    setattr(Term, f"__{_method}__", _noted(_sign))


def meant(tree: Expression) -> Any:
    """Return what an expression does to terms, without text."""
    parts = [meant(part) for part in tree.parts]
    if tree.kind == "name":
        return Term(tree.what)
    if tree.kind == "infix":
        return BETWEEN[tree.what](*parts)
    if tree.kind == "prefix":
        return -parts[0]
    if tree.kind == "index":
        return parts[0][parts[1]]
    if tree.kind == "attribute":
        return parts[0].T
    assert tree.kind == "choice"
    return parts[1]


def trees() -> st.SearchStrategy[Expression]:
    leaves = st.sampled_from("xyz").map(name)
    signs = st.sampled_from([sign for sign in BETWEEN if sign != "or"])
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(infix, signs, inner, inner),
            st.builds(lambda a: Expression("prefix", (a,), "-"), inner),
            st.builds(lambda a: Expression("attribute", (a,), "T"), inner),
            st.builds(lambda a, b: Expression("index", (a, b)), inner, inner),
            st.builds(choice, inner, inner, inner),
        ),
        max_leaves=12,
    )


def printed(tree: Expression) -> str:
    return Printer(Names({}, {})).text(tree)


@given(trees())
def test_brackets_stand_where_python_needs_them(tree: Expression) -> None:
    found = eval(printed(tree), {letter: Term(letter) for letter in "xyz"})
    assert repr(found) == repr(meant(tree))


def test_no_brackets_stand_where_python_needs_none() -> None:
    x, y, z = map(name, "xyz")
    minus = Expression("prefix", (y,), "-")
    since = Expression("slice", (y, literal(None), literal(None)))
    for tree, text in (
        (infix("+", infix("+", x, infix("*", y, z)), infix("*", z, x)), "x + y * z + z * x"),
        (infix("-", x, infix("-", y, z)), "x - (y - z)"),
        (infix("**", infix("**", x, y), minus), "(x ** y) ** -y"),
        (Expression("prefix", (infix("**", x, y),), "-"), "-x ** y"),
        (infix("*", minus, x), "-y * x"),
        (choice(infix("or", infix(">", x, y), z), x, choice(y, x, z)), "x if x > y or z else x if y else z"),
        (infix("+", choice(x, y, z), literal(1)), "(y if x else z) + 1"),
        (infix("<", infix("<", x, y), z), "(x < y) < z"),
        (Expression("index", (x, Expression("tuple", (since, z)))), "x[y:, z]"),
        (Expression("attribute", (literal(1),), "real"), "(1).real"),
        (Expression("tuple", (x,)), "(x,)"),
    ):  # fmt: skip
        assert printed(tree) == text


@given(
    st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(), st.text(), st.binary(), st.booleans())
)
def test_literals_are_read_as_they_were(item: Any) -> None:
    found = eval(printed(literal(item)))
    assert (type(found), found) == (type(item), item)
    assert type(item) is not float or math.copysign(1.0, found) == math.copysign(1.0, item)


def test_what_is_used_once_goes_into_its_place() -> None:
    x, a, b = name("x"), name("a"), name("b")
    two = literal(2)
    lines = shorten([Let(a, infix("*", x, two)), Let(b, infix("*", x, x)), Let(name("y"), infix("+", a, x))])
    assert Printer(Names({}, {})).rows(lines, "") == ["y = x * 2 + x"]
    twice = shorten([Let(a, infix("*", x, two)), Let(name("y"), infix("+", a, a))])
    assert Printer(Names({}, {})).rows(twice, "") == ["a = x * 2", "y = a + a"]
    fork = shorten([Let(a, infix("<", x, two)), If(a, [Let(name("y"), x)], [Let(name("y"), two)])])
    assert Printer(Names({}, {})).rows(fork, "") == ["y = x if x < 2 else 2"]
