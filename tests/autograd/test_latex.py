"""LaTeX of labels and of formulas."""

from __future__ import annotations

from typing import Any

import pytest

from autograd import TABLE, Value, explain, primitive, topological_sort
from autograd._views.derivative import written_out
from autograd._views.latex import latex_formula, latex_label, latex_number


@pytest.mark.parametrize(
    ("label", "latex"),
    [
        ("w1", "w_{1}"),
        ("w12", "w_{12}"),
        ("w_1", "w_{1}"),
        ("y_hat", r"\hat{y}"),
        ("y_hat2", r"\hat{y}_{2}"),
        ("w(1)_2,3", "w^{(1)}_{2,3}"),
        ("w(1)", "w^{(1)}"),
        ("w_ij", "w_{ij}"),
        ("alpha", r"\alpha"),
        ("λ", "λ"),
        ("loss", r"\mathrm{loss}"),
        ("learning_rate", r"\mathrm{learning}_{\mathrm{rate}}"),
        ("w1'2", r"w^{\prime 2}_{1}"),
        ("a b", r"\mathrm{a\ b}"),
        ("", r"\mathrm{}"),
        ("array(4, 2)", r"\mathrm{array(4,\ 2)}"),
        (r"\end{x}$", r"\mathrm{\backslash end\{x\}＄}"),
    ],
)
def test_labels(label: str, latex: str) -> None:
    assert latex_label(label) == latex


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("a + b - (a - b)", r"a + b - \left(a - b\right)"),
        ("(a + b) * a", r"\left(a + b\right) \, a"),
        ("a * 2", r"a \cdot 2"),
        ("a * b * (-3)", r"a \, b \, \left(-3\right)"),
        ("a - -b", r"a - \left(-b\right)"),
        ("+a", "+a"),
        ("a * a", "a^{2}"),
        ("a / b ** 2", r"\frac{a}{b^{2}}"),
        ("(a / b) ** 2", r"\left(\frac{a}{b}\right)^{2}"),
        ("(a ** 2) ** b", r"\left(a^{2}\right)^{b}"),
        ("a @ b.T", r"a \, b^{\top}"),
        ("tanh(a)", r"\tanh\left(a\right)"),
        ("sigmoid(a)", r"\operatorname{sigmoid}\left(a\right)"),
        ("sqrt(a + 1)", r"\sqrt{a + 1}"),
        ("abs(a)", r"\left|a\right|"),
        ("square(a + 1)", r"\left(a + 1\right)^{2}"),
        ("own_one(a, k=1)", r"\operatorname{own\_one}\left(a, \mathrm{k}=1\right)"),
        ("sum(a, axis=(0,), keepdims=True)",
         r"\operatorname{sum}\left(a, \mathrm{axis}=\left(0,\right), \mathrm{keepdims}=\mathrm{True}\right)"),
        ("where(a > 0, 1, 0)", r"\begin{cases} 1 & \text{if } a > 0 \\ 0 & \text{else} \end{cases}"),
        ("2 * where(a, b, 0)", r"2 \, \left(\begin{cases} b & \text{if } a \\ 0 & \text{else} \end{cases}\right)"),
        ("atan(a) * max(a, b)", r"\arctan\left(a\right) \, \max\left(a, b\right)"),
        ("det(a)", r"\det\left(a\right)"),
        ("square(sqrt(a)) ** b", r"\left(\sqrt{a}^{2}\right)^{b}"),
        ("abs(a) ** 2 / abs(a / b)", r"\frac{\left|a\right|^{2}}{\left|\frac{a}{b}\right|}"),
        ("1e-07 * a", r"1 \times 10^{-7} \, a"),
        ("a * 1e-07", r"a \, \left(1 \times 10^{-7}\right)"),
        ("inf + nan", r"\mathrm{inf} + \mathrm{nan}"),
        ("a[0, :]", r"a\mathrm{[0,\ :]}"),
        ("[1, 2.5]", r"\left[1, 2.5\right]"),
        ("a * …", r"a \, \cdots "),
        ("a if b else a", r"a\mathrm{\ if\ }b\mathrm{\ else\ }a"),
        ("‖a‖", r"\mathrm{‖}a\mathrm{‖}"),
        ("a < b < a", r"a\mathrm{\ \lt \ }b\mathrm{\ \lt \ }a"),
    ],
)  # fmt: skip
def test_formulas(text: str, latex: str) -> None:
    assert latex_formula(text, {"a": "a", "b": "b"}) == latex


def test_products_of_arrays_say_so() -> None:
    assert latex_formula("a * a * 2", {"a": "a"}, r"\odot") == r"a \odot a \cdot 2"
    assert latex_formula("2 * a @ a", {"a": "a"}, r"\odot") == r"2 \, a \, a"


def test_numbers() -> None:
    assert [latex_number(text) for text in ("1", "-0.5", "1e-05", "-2.5e+10", "inf", "-inf", "nan")] == [
        "1", "-0.5", r"1 \times 10^{-5}", r"-2.5 \times 10^{10}", r"\infty", r"-\infty", r"\mathrm{nan}"
    ]  # fmt: skip


def test_an_own_operation_says_how_latex_writes_it() -> None:
    norm = primitive(
        "dist", lambda xp, a, b, *, p=2: xp.abs(a - b), None, None,
        written=lambda a, b, p: f"‖{a}, {b}‖", latex=r"\left\|{0} - {1}\right\|_{{{p}}}",
    )  # fmt: skip
    join = primitive("join", lambda xp, a, b: a + b, None, None, written="{0} ∨ {1}", latex=r"{0} \vee {1}")
    logit = primitive("logit", lambda xp, a: a, None, latex=r"\operatorname{logit}")
    a, b = Value(1.0, label="a"), Value(2.0, label="b")
    assert latex(2 * norm(a + 1, b, p=3)) == r"2 \, \left\|a + 1 - b\right\|_{3}"
    assert latex(2 * join(a * b, a)) == r"2 \, \left(\left(a \, b\right) \vee a\right)"
    assert latex(logit(a + b)) == r"\operatorname{logit}\left(a + b\right)"
    assert str(explain(norm(a, b, p=1), a)).splitlines()[3] == "  J = ‖a, b‖ = 1"


def latex(node: Any) -> str:
    order = [part for part in topological_sort(node) if part.op]
    return written_out(order, {}).latex


@pytest.mark.parametrize("text", [r"\frac{0}{1}", r"\frac{{{0}}}{{{2}}}", "{0}{", "{0.x}", "{0} {own}"])
def test_latex_that_is_no_format_of_the_arguments_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be a format of its 2 arguments, with all other braces doubled"):
        primitive("two", lambda xp, a, b: a, None, None, latex=text)
    assert "two" not in TABLE


def test_latex_that_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match=r"latex is text such as r'\\sigma' or r'\\sqrt\{\{\{0\}\}\}'; got 3"):
        primitive("two", lambda xp, a, b: a, None, None, latex=3)  # type: ignore[arg-type]
