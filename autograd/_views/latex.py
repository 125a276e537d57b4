"""LaTeX for labels, numbers and the formulas of `_formula`, which are read as Python's own syntax."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping

from autograd._core.primitive import TABLE

from .numbers import number_text

GREEK = frozenset((
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega",
))  # fmt: skip

FUNCTIONS = frozenset((
    "arccos", "arcsin", "arctan", "cos", "cosh", "cot", "coth", "csc", "det", "dim", "exp", "gcd", "ker", "lg", "ln",
    "log", "max", "min", "sec", "sin", "sinh", "tan", "tanh",
))  # fmt: skip
"""The functions that LaTeX has commands for; all others are written with `operatorname`."""

COMPARED: dict[type[ast.cmpop], str] = {
    ast.Gt: ">", ast.GtE: r"\ge", ast.Lt: "<", ast.LtE: r"\le", ast.Eq: "=", ast.NotEq: r"\ne"
}  # fmt: skip

# How tightly a text holds together; one that is looser than its place needs parentheses.
LOOSE, SUM, PRODUCT, FRACTION, ATOM = range(5)

_LABEL = re.compile(r"([^\W\d_]+?)(_hat)?(?:\((\w+)\))?(?:_?(\d[\d,]*)|_([^\W_]+))?(?:('+)(\d*))?")
# In a format of LaTeX, a group of braces or delimiters with nothing of the kind in it.
_GROUP = re.compile(r"\{[^{}]*\}|\\left\W((?!\\left|\\right).)*\\right\W")
_SPECIAL = {
    "\\": r"\backslash ", "{": r"\{", "}": r"\}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", " ": r"\ ",
    "~": r"\sim ", "<": r"\lt ", ">": r"\gt ", "^": r"\wedge ", "$": r"＄", "`": "‘", "'": "’",
}  # fmt: skip


def latex_label(label: str) -> str:
    """Return a label as LaTeX: w1 as w_{1}, y_hat with its hat, w(1)_2,3 as in a network, others upright.

    Whatever the label holds is shown as text: none of it can be a command.

    >>> print(latex_label("w(1)_2,3"), latex_label("y_hat"), latex_label("alpha"), latex_label("loss of 3%"))
    w^{(1)}_{2,3} \\hat{y} \\alpha \\mathrm{loss\\ of\\ 3\\%}
    """
    found = _LABEL.fullmatch(label)
    if found is None:
        return latex_text(label)
    base, hat, layer, digits, letters, primes, repeated = found.groups()
    name = rf"\{base}" if base in GREEK else base if len(base) == 1 else rf"\mathrm{{{base}}}"
    name = rf"\hat{{{name}}}" if hat else name
    above = (f"({layer})" if layer else "") + (r"\prime " * len(primes or "") + (repeated or "")).strip()
    below = digits or (letters if not letters or len(letters) <= 2 else rf"\mathrm{{{letters}}}")
    return name + (f"^{{{above}}}" if above else "") + (f"_{{{below}}}" if below else "")


def latex_text(text: str) -> str:
    """Return any text as upright LaTeX that shows it, and does nothing else."""
    return rf"\mathrm{{{''.join(_SPECIAL.get(c, c if c.isprintable() else ' ') for c in text)}}}"


def latex_number(text: str) -> str:
    """Return a number, given as text, as LaTeX.

    >>> print(latex_number("-1.5e-07"), latex_number("inf"))
    -1.5 \\times 10^{-7} \\infty
    """
    if text.lstrip("-") in ("inf", "nan"):
        return text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")
    mantissa, _, exponent = text.partition("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else mantissa


def latex_formula(text: str, names: Mapping[str, str], times: str = r"\,") -> str:
    """Return a formula as LaTeX, with the LaTeX in `names` for its identifiers and `times` for a product.

    A text that is no Python, such as a user's own way of writing an operation, is shown as it is.

    >>> print(latex_formula("2 * (a - 1) / tanh(b) ** 2", {"a": "x_{1}", "b": "z"}))
    \\frac{2 \\, \\left(x_{1} - 1\\right)}{\\tanh\\left(z\\right)^{2}}
    """
    names = {**names, "_etc_": r"\cdots "}
    text = text.replace("…", "_etc_")
    try:
        if tree := parsed(text):
            return _tex(tree, names, times)[0]
    except _Unknown:
        pass
    parts = re.split(rf"\b({'|'.join(map(re.escape, names))})\b", text)
    return "".join(names[part] if k % 2 else latex_text(part) for k, part in enumerate(parts) if part)


class _Unknown(Exception):
    """Syntax that is not written as LaTeX."""


def parsed(text: str) -> ast.expr | None:
    """Return the syntax of a formula; None where it is no Python, as operations may be written in any way.

    >>> from autograd._views.latex import parsed
    >>> parsed("a b"), parsed("\\ud800"), parsed("(" * 1000)
    (None, None, None)
    """
    try:
        return ast.parse(text, mode="eval").body
    # No text at all, or one that is nested too deep.
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _tex(tree: ast.expr, names: Mapping[str, str], times: str) -> tuple[str, int]:
    """Return the LaTeX of a piece of syntax, and how tightly it holds together."""

    def at(part: ast.expr, least: int) -> str:
        text, level = _tex(part, names, times)
        return text if level >= least else rf"\left({text}\right)"

    def base(part: ast.expr) -> str:
        # A base with a power of its own needs parentheses, too.
        text, level = _tex(part, names, times)
        return text if level == ATOM and "^" not in text else rf"\left({text}\right)"

    def signless(part: ast.expr) -> str:
        # Two signs in a row need parentheses between them.
        text = at(part, PRODUCT)
        return rf"\left({text}\right)" if text.startswith(("-", "+")) else text

    match tree:
        case ast.Name():
            return names.get(tree.id) or latex_text(tree.id), ATOM
        case ast.Constant(value=bool() | None | str() as value):
            return latex_text(str(value)), ATOM
        case ast.Constant(value=int() | float() as value):
            # A whole number may be a setting, such as a length, which loses no digits.
            number = latex_number(str(value) if isinstance(value, int) else number_text(value))
            return number, ATOM if "times" not in number else PRODUCT
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            sign = "-" if isinstance(tree.op, ast.USub) else "+"
            return sign + signless(tree.operand), PRODUCT
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            sign = "+" if isinstance(tree.op, ast.Add) else "-"
            return f"{at(tree.left, SUM)} {sign} {signless(tree.right)}", SUM
        case ast.BinOp(op=ast.Mult()) if times != r"\odot" and ast.dump(tree.left) == ast.dump(tree.right):
            return f"{base(tree.left)}^{{2}}", FRACTION
        case ast.BinOp(op=ast.Mult()):
            left, right = at(tree.left, PRODUCT), at(tree.right, FRACTION)
            numeric = _is_number(tree.left) or _is_number(tree.right)
            sign = r"\cdot" if right[0].isdigit() else r"\," if numeric else times
            return f"{left} {sign} {right}", PRODUCT
        case ast.BinOp(op=ast.MatMult()):
            return rf"{at(tree.left, PRODUCT)} \, {at(tree.right, FRACTION)}", PRODUCT
        case ast.BinOp(op=ast.Div()):
            return rf"\frac{{{at(tree.left, LOOSE)}}}{{{at(tree.right, LOOSE)}}}", FRACTION
        case ast.BinOp(op=ast.Pow()):
            return f"{base(tree.left)}^{{{at(tree.right, LOOSE)}}}", FRACTION
        case ast.Attribute(attr="T"):
            return rf"{base(tree.value)}^{{\top}}", FRACTION
        case ast.Subscript():
            # With something before the brackets, as a tuple alone would get parentheses.
            index = ast.unparse(ast.Subscript(ast.Name("x"), tree.slice))[1:]
            return at(tree.value, ATOM) + latex_text(index), ATOM
        case ast.Compare(ops=[one], comparators=[other]) if type(one) in COMPARED:
            return f"{at(tree.left, SUM)} {COMPARED[type(one)]} {at(other, SUM)}", LOOSE
        case ast.Call(func=ast.Name(id=name)):
            return _called(tree, name, at, base)
        case ast.Tuple() | ast.List():
            inside = ", ".join(at(part, LOOSE) for part in tree.elts)
            inside += "," * (isinstance(tree, ast.Tuple) and len(tree.elts) == 1)
            return rf"\left({inside}\right)" if isinstance(tree, ast.Tuple) else rf"\left[{inside}\right]", ATOM
    raise _Unknown(type(tree).__name__)


def _is_number(tree: ast.expr) -> bool:
    return isinstance(tree.operand if isinstance(tree, ast.UnaryOp) else tree, ast.Constant)


def _called(
    tree: ast.Call, name: str, at: Callable[[ast.expr, int], str], base: Callable[[ast.expr], str]
) -> tuple[str, int]:
    """Return the LaTeX of a function's call, and how tightly it holds together; `at` and `base` write its parts."""
    own = TABLE[name].latex if name in TABLE else ""
    if "{0" in own:
        # Letters that no LaTeX has stand for the arguments.
        marks = [chr(0xE000 + k) for k in range(len(tree.args))]
        settings = {k.arg: at(k.value, LOOSE) for k in tree.keywords if k.arg}
        bare = _outside(own.format(*marks, **settings))
        args = [base(arg) if mark in bare else at(arg, LOOSE) for mark, arg in zip(marks, tree.args)]
        level = LOOSE if re.search(r"[\s&+=<>]|(?<=.)-", bare) else FRACTION if "^" in bare else ATOM
        return own.format(*args, **settings), level
    args = [at(arg, LOOSE) for arg in tree.args]
    args += [f"{latex_text(k.arg or '')}={at(k.value, LOOSE)}" for k in tree.keywords]
    function = own or (rf"\{name}" if name in FUNCTIONS else "")
    function = function or rf"\operatorname{{{_SPECIAL['_'].join(name.split('_'))}}}"
    return rf"{function}\left({', '.join(args)}\right)", ATOM


def _outside(latex: str) -> str:
    """Return the part of LaTeX that no braces, delimiters or environment enclose."""
    latex = re.sub(r"\\begin\b.*\\end\b", " ", latex, flags=re.DOTALL)
    while (shorter := _GROUP.sub("", latex)) != latex:
        latex = shorter
    return latex
