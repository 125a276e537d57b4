"""`live`: what Python writes for a page that lives; what happens in it is tested in a browser."""

from __future__ import annotations

import itertools
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import CompileError, Tensor, Value, draw, live, primitive, steps, tanh
from autograd._views.draw.draw import PALETTE
from autograd._views.live import page as _page
from autograd._views.live.data import live_data
from autograd._views.live.packed import bare, packed, single
from autograd.web.page import BASE, in_script, script_of, text_of
from autograd.web.small import small_script, small_style
from nn import MLP, SGD, Adam, mse


def loss() -> Value:
    w, x = Value(3.0, label="w"), Value(2.0, label="x")
    found: Value = (tanh(w * x) - 1) ** 2
    return found


def test_a_page_is_one_file_that_asks_for_nothing(tmp_path: Path) -> None:
    text = live(loss()).save(tmp_path / "page.html").read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "default-src 'none'" in text
    assert len(text) < 150_000
    assert not re.search(r"""(src|href)=["'](?!data:)|url\(|@import|eval\(|new Function""", text)


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"live needs a Value or a Tensor; got 3.0 of type float"):
        live(3.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"live needs a scalar loss; the shape is \(2,\)"):
        live(Tensor([1.0, 2.0]) * 2)
    with pytest.raises(ValueError, match="there is nothing to change: w was not computed"):
        live(Value(1.0, label="w"))
    with pytest.raises(ValueError, match=r"cannot save a live page to 'a.pdf'; the suffix must be .html"):
        live(loss()).save(tmp_path / "a.pdf")


def test_what_a_notebook_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    view = live(loss())
    shown = view._repr_mimebundle_()
    assert shown == {"text/plain": repr(view), "text/html": view._repr_html_()}
    monkeypatch.setattr(_page, "MOVES", 3)
    assert "(not shown: these steps have" in view._repr_mimebundle_()["text/plain"]


def test_what_no_script_computes_is_shown_without_one() -> None:
    strange = primitive("strange", lambda xp, x: math.sin(x), lambda g, out, x: g * math.cos(x))
    y = strange(Value(2.0, label="<x>")) * 2
    shown = steps(y)._repr_html_()
    assert "<script" not in shown
    assert shown.startswith("<p>No page to step through: ")
    assert "<table>" in shown
    with pytest.raises(CompileError):
        live(y)._repr_html_()
    assert "not shown: " in live(y)._repr_mimebundle_()["text/plain"]


def test_without_weights_there_is_no_step_of_gradient_descent() -> None:
    text = live(Value(2.0, label="x") * 3)._repr_html_()
    assert '"update":null' in text
    assert '"update":{"rate":0.1,"parameters":[0]}' in live(Value(2.0, label="w") * 3)._repr_html_()


def test_the_update_of_a_parameter_that_the_loss_does_not_hold_is_a_text() -> None:
    y = loss()
    shown = steps(y, SGD([next(node for node in steps(y).order if node.label == "w"), Value(5.0, label="v")], lr=0.1))
    assert '[2,0],[2,null,["v","v ← v - lr * ∂J/∂v = 5 - 0.1 * 0 = 5"]]' in shown._repr_html_()


@pytest.mark.covers
@pytest.mark.slow
def test_a_network_can_be_folded_in_its_page() -> None:
    shown = live(mse([MLP(2, [2, 1], seed=0)([0.5, -1.0])], [1.0]))._repr_html_()
    assert re.findall('"name":"(layers|neurons|open|folded)"', shown) == ["layers", "neurons", "open"]
    assert "layers" not in re.findall('"name":"([a-z]+)"', live(loss())._repr_html_())


@given(st.text() | st.sampled_from(["</script>", "<!--", "<SCRIPT", "</Script ", "\u2028\u2029"]))
def test_json_in_a_script_ends_no_script(text: str) -> None:
    written = in_script(json.dumps(text, ensure_ascii=False))
    assert json.loads(written) == text
    assert not re.search("</|<!|<script|[\u2028\u2029]", written, re.IGNORECASE)


SCRIPTS = [*BASE, *_page.VIEWS, *_page.NETWORK, *_page.ARRAYS]


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_small_and_lose_nothing_but_space_and_comments(name: str) -> None:
    whole, small = text_of(f"{name}.js"), script_of(name)
    assert whole.count("\n") <= 250
    code = re.sub(r"^\s*(//|/?\*).*", "", whole, flags=re.MULTILINE)
    # A comment at the end of a line stands after code; in a string, two slashes follow no space.
    code = re.sub(r"(?<=[;{},(]) // .*", "", code)
    # What a reader of signs sees: the semicolon before a brace is not needed.
    signs = [re.sub(r"\s", "", text).replace(";}", "}") for text in (code, small)]
    assert signs[0] == signs[1]
    assert len(small) < 0.95 * len(code)


@pytest.mark.parametrize(
    ("script", "small"),
    [
        ("a = b / c / d; // e", "a=b/c/d;"),
        ("x = a++ + ++b - -c", "x=a++ + ++b- -c"),
        ("return /a\\/[/ ]b/.test(x) / 2", "return/a\\/[/ ]b/.test(x)/2"),
        ("let a = 1\nb()\n(c)", "let a=1\nb()\n(c)"),
        ("`a  ${ {b: 1}.b + `x ${ y } z` }  c` + d", "`a  ${{b:1}.b+`x ${y} z`}  c`+d"),
        ("1 .toFixed()", "1 .toFixed()"),
        ("if (a) ;\n}", "if(a);}"),
        ("for (;;) { a /* b\n */ c; }", "for(;;){a\nc}"),
        ("a\n++b", "a\n++b"),
        ("s = 'it\\'s // no' in   t", "s='it\\'s // no'in t"),
        ("x = a ? .5 : b?.c >>> 0 >= d", "x=a?.5:b?.c>>>0>=d"),
        ("x = (1) / 2 /* a */ / 3", "x=(1)/2/3"),
    ],
)
def test_small_scripts(script: str, small: str) -> None:
    assert small_script(script) == small_script(small) == small


def test_a_template_without_an_end_is_no_script() -> None:
    with pytest.raises(ValueError, match="the template that begins with '} c' does not end"):
        small_script("x = `a ${b} c")


def test_small_styles() -> None:
    style = (
        "a:not(.b) > c { width: calc(1px + 2px) ; }\n/* d */\n"
        "@media (x: y) and (z) { p :hover { content: '; }  /* e */' } }"
    )
    assert small_style(style) == (
        "a:not(.b)>c{width:calc(1px + 2px)}@media (x:y) and (z){p :hover{content:'; }  /* e */'}}"
    )


def test_a_packed_drawing_is_the_drawing() -> None:
    w = Value(2.0, label="w1")
    svgs = [draw(w * 3 + (w * x - 1) ** 2).svg for x in (1.5, Value(-0.5, label="<x>"))]
    patterns, forms = packed(svgs)
    for svg, form in zip(svgs, forms):
        parts = [unpacked(patterns[pattern], fills) for pattern, *fills in form["parts"]]
        assert form["head"] + "".join(parts) + "</svg>" == single(bare(svg))
    assert len(json.dumps([patterns, forms])) < 0.7 * sum(map(len, svgs))


def unpacked(pattern: str, fills: list[str]) -> str:
    """A part of a drawing from its pattern, as the page makes it."""
    left = iter(fills)

    def line(text: str) -> str:
        at, which = [0, 0], itertools.cycle([0, 1])

        def place(way: re.Match[str]) -> str:
            at[k := next(which)] += int(way[0])
            return f"{at[k] / 10:g}"

        return re.sub(r"-?\d+", place, text) if re.fullmatch(r"M-?\d+,[-\dMLCZ, ]+", text) else text

    return re.sub("\x1a", lambda hole: line(next(left)), pattern)


def test_factors_have_the_colours_of_arrows_in_the_light_and_in_the_dark() -> None:
    style: Any = text_of("live.css")
    assert re.findall(r"--c\d: (#[0-9a-f]{6})", style) == [*PALETTE, *map(inverted, PALETTE)]


def inverted(color: str) -> str:
    """A colour where the drawing is inverted, as for the dark, and its hues are turned back."""
    red, green, blue = (255 - int(color[k : k + 2], 16) for k in (1, 3, 5))
    turned = (
        -0.574 * red + 1.43 * green + 0.144 * blue,
        0.426 * red + 0.43 * green + 0.144 * blue,
        0.426 * red + 1.43 * green - 0.856 * blue,
    )
    return "#" + "".join(f"{min(max(round(part), 0), 255):02x}" for part in turned)


def test_a_leaf_that_was_changed_between_two_uses_is_refused() -> None:
    w = Value(3.0, label="w")
    first = w * 2
    w.data = 5.0
    with pytest.raises(CompileError, match="w was changed between two of its uses"):
        live(first + w * w)._repr_html_()
    assert "No page to step through: w was changed" in steps(first + w * w)._repr_html_()
    assert live_data(w * w + w).data["nodes"][0]["data"] == 5.0


class Stubborn(SGD):
    """An optimizer of one's own that refuses large gradients."""

    def step(self) -> None:
        if any(abs(node.grad) > 10 for node in self.parameters):
            raise ValueError("too large")
        super().step()


@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [
        (lambda w: SGD([w], 0.1), 0.1),
        (lambda w: SGD([w], 0.1, weight_decay=0.5), None),
        (lambda w: SGD([w], 0.1, momentum=0.9), None),
        (lambda w: Adam([w], 0.1), None),
        (lambda w: Stubborn([w], 0.1), None),
    ],
)
def test_plain_descent_is_known_at_other_numbers_too(optimizer: Any, rate: float | None) -> None:
    """At w = 0 decay takes nothing, and at a gradient of 0 Adam does nothing."""
    w = Value(0.0, label="w")
    loss = w.relu() + 0 * w if rate is None else (w - 1) ** 2
    assert steps(loss, optimizer(w)).rate == rate
    assert w.data == 0.0


def test_what_is_frozen_does_not_move() -> None:
    w, v = Value(2.0, label="w0"), Value(3.0, label="w1")
    w.frozen = True
    html = live((w * v - 1) ** 2)._repr_html_()
    assert '"parameters":[1]' in html
    assert '"parameters":[1]' in steps((w * v - 1) ** 2, SGD([w, v], 0.1))._repr_html_()


def test_what_an_operation_of_ones_own_gave_is_in_the_data() -> None:
    own = primitive("own", lambda xp, x, y: x * y, lambda g, out, x, y: g * y, None)
    w = Value(3.0, label="w")
    nodes = live_data((own(w, 2.0) - own(1.0, w)) ** 2).data["nodes"]
    assert [node.get("recorded") for node in nodes] == [
        None, {"value": 6.0, "sent": [12.0, None]}, {"value": 3.0, "sent": [None, None]}, None, None,
    ]  # fmt: skip
    assert "recorded" not in live_data(loss()).json()
