"""MathML of the LaTeX that explanations are written in: well formed, complete, and only text of what a label holds."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Tensor, Value, explain, relu, softmax, tanh
from autograd._views.latex import latex_label
from autograd._views.mathml import mathml


def shown(latex: str) -> str:
    """Return MathML in short: the tags alone, without the block around."""
    return mathml(latex).removeprefix('<math display="block">').removesuffix("</math>")


def texts(html: str) -> str:
    return "".join(ET.fromstring(html).itertext())


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("w_{1}^{2}", "<msubsup><mi>w</mi><mn>1</mn><mn>2</mn></msubsup>"),
        (r"\hat{y}", '<mover accent="true"><mi>y</mi><mo>^</mo></mover>'),
        (r"\sqrt{a}", "<msqrt><mi>a</mi></msqrt>"),
        (r"\tanh", "<mi>tanh</mi>"),
        (r"\operatorname{log\_softmax}", "<mi>log_softmax</mi>"),
        (r"\operatorname{f}", '<mi mathvariant="normal">f</mi>'),
        (r"\alpha \vee", "<mrow><mi>α</mi><mo>∨</mo></mrow>"),
        (r"\nosuch", "<mi>nosuch</mi>"),
        ("= -1", '<mrow><mo>=</mo><mo form="prefix">−</mo><mn>1</mn></mrow>'),
        ("a - 1", "<mrow><mi>a</mi><mo>−</mo><mn>1</mn></mrow>"),
        (r"a \quad b", '<mrow><mi>a</mi><mspace width="1em"></mspace><mi>b</mi></mrow>'),
        (r"\color{#c43400}{a}", '<mstyle mathcolor="#c43400"><mi>a</mi></mstyle>'),
        (r"\left.a\right\|", '<mrow><mi>a</mi><mo stretchy="true">‖</mo></mrow>'),
        (r"\text{if }", "<mtext>if\u00a0</mtext>"),
        (r"\mathrm{a\ <\{\lt \wedge ＄}", "<mtext>a\u00a0&lt;{&lt;^$</mtext>"),
        (r"\dfrac{a}{2}", '<mfrac displaystyle="true"><mi>a</mi><mn>2</mn></mfrac>'),
    ],
)
def test_pieces(latex: str, expected: str) -> None:
    assert shown(latex) == expected


def test_tables() -> None:
    table = ET.fromstring(mathml("\\begin{array}{rl} a & b \\\\[1ex] & -1 \\end{array}"))
    rows = [["".join(cell.itertext()) for cell in row.iter("mtd")] for row in table.iter("mtr")]
    assert rows == [["a", "b"], ["", "−1"]]
    assert [str(cell.get("style")).split(";")[0] for cell in table.iter("mtd")] == 2 * [
        "text-align:right",
        "text-align:left",
    ]
    assert texts(mathml(r"\begin{cases} 1 & \text{if } z > 0 \\ 0 & \text{else} \end{cases}")) == "{1if\u00a0z>00else"


PIECES = [
    r"\frac", r"\sqrt", r"\left(", r"\right)", r"\left.", "{", "}", "^", "_", "&", r"\\", "[", "[1ex]", r"\begin",
    r"\end", "{array}", "{cases}", "{rl}", r"\mathrm", r"\text", r"\color", r"\hat", "a", "1", "-", "<", r"\&", r"\,",
    " ", "\\",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_whatever_is_left_open_or_was_never_begun_makes_well_formed_mathml(latex: str) -> None:
    ET.fromstring(mathml(latex))


@given(st.text(max_size=12))
def test_a_label_is_text(label: str) -> None:
    found = ET.fromstring(mathml(latex_label(label)))
    assert {part.tag for part in found.iter()} <= {
        "math",
        "mrow",
        "mi",
        "mn",
        "mo",
        "mtext",
        "msub",
        "msup",
        "msubsup",
        "mover",
    }
    assert not any(part.attrib.keys() - {"display", "accent", "mathvariant"} for part in found.iter())


def explanations() -> list[Any]:
    x, y = Value(0.5, label="x"), Value(2.0, label="</script><b>$")
    X, W = Tensor([[1.0, 2.0]], label="X"), Tensor([[0.1, 0.2], [0.3, 0.4]], label="W")
    long = x
    for _ in range(20):
        long = tanh(long)
    return [
        explain(tanh(x * y) - relu(x) / x, x),
        explain(long, x),
        explain((softmax(X @ W) ** 2).sum(), W),
        explain(x * 1, x),
    ]


@pytest.mark.parametrize("found", explanations())
def test_an_explanation_shows_its_formulas_without_a_script(found: Any) -> None:
    bundle = found._repr_mimebundle_()
    assert bundle["text/plain"] == str(found)
    page = ET.fromstring(bundle["text/html"])
    assert not {"script", "img", "link", "b"} & {part.tag for part in page.iter()}
    assert not re.search(r"https?:|url\(|@import", bundle["text/html"])
    assert page.findtext("pre") == str(found)
    # An untrusted notebook takes the style away: what is left of the formulas is hidden by an attribute.
    (formulas,) = page.findall("div")
    assert "hidden" in formulas.attrib
    assert "display:block!important" in str(page.findtext("style"))
    for line in found.lines:
        if not line.number.strip("-.0123456789"):
            assert line.number.replace("-", "−") in "".join(formulas.itertext())
