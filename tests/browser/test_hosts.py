"""Views live in the front ends that frame or copy them: what each does to HTML is done here as it does it."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from typing import Any

import pytest

from autograd import Value, explain, live, sigmoid
from nn import MLP, mse
from nn import live as live_model

pytestmark = pytest.mark.slow

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src https: http: data:; font-src https:; connect-src https:; child-src https: data:"
)


def perceptron() -> tuple[Value, Value]:
    w, x = Value(3.0, label="w1"), Value(-1.0, label="x1")
    return (sigmoid(w * x) - 1) ** 2, w


def of_a_loss() -> str:
    return live(perceptron()[0])._repr_html_()


def of_a_model() -> str:
    model = MLP(1, [2, 1], "tanh", seed=1)
    return live_model(model, [[0.0], [1.0], [2.0]], [0.0, 1.0, 4.0], loss=mse)._repr_html_()


def in_a_frame_from_elsewhere(view: str) -> str:
    """Colab and the viewers of notebooks: a frame that shares no origin with the page around it."""
    return f'<iframe sandbox="allow-scripts" width="900" height="600" srcdoc="{escape(view)}"></iframe>'


def in_a_frame(view: str) -> str:
    """A frame of marimo's, 400 pixels high, whose page has no type."""
    return f"""<script>
const frame = document.createElement("iframe");
frame.width = 700, frame.height = 400;
document.documentElement.append(frame);
frame.contentDocument.open();
frame.contentDocument.write({json.dumps(view).replace("</", "<" + chr(92) + "/")});
frame.contentDocument.close();
</script>"""


def copied(view: str) -> str:
    """VS Code's way: HTML is set, and each script in it is run as a copy, under a policy."""
    return f"""<!DOCTYPE html><meta http-equiv="Content-Security-Policy" content="{POLICY}">
<div id="output"></div><script>
const output = document.getElementById("output");
output.innerHTML = {json.dumps(view).replace("</", "<" + chr(92) + "/")};
for (const old of [...output.getElementsByTagName("script")]) {{
  const script = document.createElement("script");
  script.text = old.innerText;
  output.appendChild(script).parentNode.removeChild(script);
}}
</script>"""


@pytest.mark.parametrize("around", [in_a_frame_from_elsewhere, in_a_frame, copied])
@pytest.mark.parametrize("make", [of_a_loss, of_a_model])
def test_a_view_lives(chromium: Any, make: Callable[[], str], around: Callable[[str], str]) -> None:
    page, said = chromium.new_page(viewport={"width": 1000, "height": 700}), []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.set_content(around(make()))
    frame = page.frames[-1]
    frame.locator("section.view").first.wait_for()
    alive = "() => { const host = document.querySelector('.glassgrad'); return Boolean(host.page || host.play); }"
    assert frame.evaluate(alive)
    assert said == []
    if around is in_a_frame:
        # As high as the view, which is not cut off, and settled there.
        page.wait_for_function("() => document.querySelector('iframe').clientHeight > 500")
        cut = "() => document.querySelector('.glassgrad').getBoundingClientRect().bottom + scrollY - innerHeight"
        assert -40 < frame.evaluate(cut) <= 0
    page.close()


def test_a_front_end_that_takes_no_bundle_shows_formulas(chromium: Any) -> None:
    """marimo's style sheet hides for good what is hidden; it leaves our style and the formulas."""
    page = chromium.new_page()
    page.set_content(
        "<style>@layer base { [hidden] { display: none !important; } }</style>" + explain(*perceptron())._repr_html_()
    )
    assert page.locator("math").first.is_visible()
    assert not page.locator("pre").is_visible()
    page.close()
