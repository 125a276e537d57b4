"""`live`: what Python writes for a page that lives; what happens in it is tested in a browser."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import CompileError, Tensor, Value, live, log_softmax, logsumexp, primitive, softmax, steps, tanh
from autograd._views.draw.draw import PALETTE
from autograd._views.live import page as _page
from autograd._views.live.data import live_data
from autograd.picture import mixed
from autograd.web.names import short_names
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
    network = live(mse(MLP(2, [3, 1], activation="tanh", seed=1)([[1.0, 0.5]]), [1.0])).save(tmp_path / "network.html")
    assert network.stat().st_size < 150_000
    assert not re.search(r"""(src|href)=["'](?!data:|%23)|url\(|@import|eval\(|new Function""", text)


def test_a_page_has_what_softmax_means() -> None:
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], label="x")
    live_ = live_data((softmax(x) * log_softmax(x)).sum() + logsumexp(x, axis=0).sum())
    found = [node["meaning"] for node in live_.data["nodes"] if "meaning" in node]
    row = found[0]["parts"][0][0]
    assert [one["parts"] for one in found] == [[[row, 0]], [[row, 0]], []]
    assert [one["slopes"] for one in found] == [
        ["«=» * (g - sum(g * «1», axis=-1, keepdims=True))"],
        ["g - «1» * sum(g, axis=-1, keepdims=True)"],
        [None],
    ]
    assert [one["text"].split("(")[0] for one in found] == ["exp", "«0» - log", "log"]
    assert f'"{row}": {{op: "softmax"' in live_.rows


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
    # What a reader of signs sees: the semicolon before a brace is not needed, nor are parentheses around one parameter,
    # nor the word between two constants.
    signs = [re.sub(r"\((\w+)\)=>", r"\1=>", re.sub(r"\s", "", text).replace(";}", "}")) for text in (code, small)]
    signs = [text.replace(";const", ",") for text in signs]
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
        ("f((x) => async (y) => () => x, ([z]) => z)", "f(x=>async y=>()=>x,([z])=>z)"),
        ("const a = 1;\nconst b = { c };\nlet d;\nconst e = 2", "const a=1,b={c};let d;const e=2"),
        ("const a = 1\nconst b = 2\nb()\nconst c = 3", "const a=1,b=2\nb()\nconst c=3"),
        ("{ const a = 1; }\nconst b = 2; for (const c of d) e;", "{const a=1}\nconst b=2;for(const c of d)e;"),
        ("const a = `${(() => { const b = 1; })()}`;\nconst c = 2", "const a=`${(()=>{const b=1})()}`,c=2"),
    ],
)
def test_small_scripts(script: str, small: str) -> None:
    assert small_script(script) == small_script(small) == small


@pytest.mark.parametrize(
    ("script", "short"),
    [
        ("one(two)", "a(b)"),
        ("x=x1.one(one)+1.5*.2", "x=x1.one(a)+1.5*.2"),
        ("y.one?.two(one)", "y.one?.two(a)"),
        ("f({one,two:two,k:y?one:two,...one})", "f({one:a,two:b,k:y?a:b,...a})"),
        ("const{one,k:two=3}=one", "const{one:a,k:b=3}=a"),
        ("f=({one,two=1})=>{one();two}", "f=({one:a,two:b=1})=>{a();b}"),
        ("return{one(two){one}}", "return{one(b){a}}"),
        ("`one ${one} ${{two}} one`", "`one ${a} ${{two:b}} one`"),
        ("if(y){one,two}else{one}", "if(y){a,b}else{a}"),
        ("'one'+/one/.test(one)", "'one'+/one/.test(a)"),
    ],
)
def test_short_names(script: str, short: str) -> None:
    assert short_names(script + ";one;one;one;two", {"one", "two"}) == short + ";a;a;a;b"


def test_a_short_name_is_none_that_the_script_says_and_no_word_of_the_language() -> None:
    assert short_names("one+two+a+c.b", {"one", "two"}) == "d+e+a+c.b"
    many = [f"name{k}" for k in range(52 * 53)]
    assert {"do", "if", "in", "of"}.isdisjoint(short_names(";".join(many), {*many}).split(";"))


def test_a_template_without_an_end_is_no_script() -> None:
    with pytest.raises(ValueError, match="the template that begins with '} c' does not end"):
        small_script("x = `a ${b} c")


def test_small_styles() -> None:
    style = (
        "a:not(.b) > c { width: calc(1px + 0.5em) ; color: #aabbcc #aabbcd }\n/* d */\n"
        "@media (x: y) and (z) { p :hover { content: '; }  /* e */' } }"
    )
    assert small_style(style) == (
        "a:not(.b)>c{width:calc(1px + .5em);color:#abc #aabbcd}@media (x:y) and (z){p :hover{content:'; }  /* e */'}}"
    )


def test_factors_have_the_colours_of_arrows_in_the_light_and_in_the_dark() -> None:
    style: Any = text_of("base.css")
    assert re.findall(r"--c\d: (#[0-9a-f]{6})", style) == [*PALETTE, *map(inverted, PALETTE)]


def test_signs_have_the_colours_of_the_pages() -> None:
    style: Any = text_of("network.css")
    ends = [re.search(rf"--{name}: (#[0-9a-f]{{6}})", style) for name in ("neg", "pos")]
    assert [end and end[1] for end in ends] == [mixed(-1.0), mixed(1.0)]


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


def test_a_drawing_has_the_gradients_of_numbers_that_a_network_took() -> None:
    """They are no nodes in Python, and stood there as 0."""
    model, X = MLP(2, [2, 1], "tanh", seed=0), [[0.5, -1.0], [2.0, 0.25]]

    def J(*numbers: float) -> Value:
        return mse(model([[*numbers[:2]], [*numbers[2:4]]]), list(numbers[4:]))

    given = [*X[0], *X[1], 1.0, -0.5]
    walk = steps(J(*given))
    found = live_data(walk.order[-1]).network
    inputs = [node.grad for node in _page._drawn(walk, found, walk.names)[: len(given)]]
    nudged = [[x + 1e-6 * (k == n) for k, x in enumerate(given)] for n in range(len(given))]
    slopes = [(J(*more).data - J(*given).data) / 1e-6 for more in nudged]
    assert inputs == pytest.approx(slopes, rel=1e-4)
