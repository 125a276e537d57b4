"""The page that lives, in a real browser: its steps. What can be touched in it is in test_touch.py."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stepping import Visit, at, go, perceptron, plain

from autograd import Tensor, Value, live, primitive, steps, tanh
from autograd._views.live.page import view
from nn import SGD

pytestmark = pytest.mark.slow


@pytest.fixture
def page(visit: Visit, tmp_path: Path) -> Any:
    loss, w = perceptron()
    return visit(steps(loss, SGD(w, lr=0.1)).save(tmp_path / "backprop.html"), reduced_motion="reduce")


def test_buttons_slider_and_keys(page: Any) -> None:
    assert at(page) == "0 / 19"
    for name, place in (("Next", 1), ("Next", 2), ("Previous", 1), ("Last", 19), ("Previous", 18), ("First", 0)):
        page.get_by_role("button", name=f"{name} step").click()
        assert at(page) == f"{place} / 19"
    slider = page.get_by_role("slider", name="Step")
    slider.focus()
    keys = (("ArrowRight", 1), ("End", 19), ("ArrowLeft", 18), ("Home", 0), ("ArrowUp", 0), ("ArrowDown", 1))
    for key, place in keys:
        page.keyboard.press(key)
        assert at(page) == f"{place} / 19"
        assert slider.get_attribute("aria-valuetext").startswith(f"step {place} of 19")
    box = slider.bounding_box()
    slider.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    assert at(page) in ("9 / 19", "10 / 19")
    page.locator("h1").click()
    page.keyboard.press("Home")  # on a page of its own, keys need no focus
    assert at(page) == "0 / 19"


def test_play_with_speed(page: Any) -> None:
    page.get_by_role("combobox", name="Speed").select_option("5×")
    page.get_by_role("button", name="Play").click()
    assert page.locator("p[aria-live]").get_attribute("aria-live") == "off"
    page.locator(".place", has_text=re.compile(r"^([3-9]|1.) / 19")).wait_for()
    page.locator("h1").click()
    page.keyboard.press("Space")
    stopped = at(page)
    assert page.get_by_role("button", name="Play").is_visible()
    page.wait_for_timeout(400)
    assert at(page) == stopped
    page.keyboard.press("End")
    page.keyboard.press("Space")
    assert at(page) == "0 / 19"
    page.keyboard.press("End")
    page.get_by_role("button", name="Play").wait_for()


def test_two_clicks_on_a_node_go_to_its_step(page: Any) -> None:
    page.locator("#n9 text.data").dblclick()  # y_hat
    assert page.locator(".now-told").inner_text().startswith("ŷ")
    assert page.locator("#n9.now.asked").count() == 1
    page.locator("#n9 text.data").dblclick()
    assert page.locator(".phase").inner_text() == "← Backward"
    assert page.locator(".now-told .value").inner_text() == "−1.99505"  # the gradient of y_hat, where it is complete
    page.locator("#n9 text.data").dblclick()
    assert page.locator(".phase").inner_text() == "→ Forward"


def test_the_numbers_are_the_engines(page: Any) -> None:
    loss, w = perceptron()
    optimizer = SGD(w, lr=0.1)
    sequence = steps(loss, optimizer)
    loss.backward()
    gradients = {node: node.grad for node in sequence.order}
    optimizer.step()
    for k, step in enumerate(sequence):
        go(page, k + 1)
        results = [plain(text) for text in page.locator(".rows .value, .row .value").all_inner_texts()]
        told = page.locator("p[aria-live]").text_content()
        assert told.startswith(f"step {k + 1} of {len(sequence) + 1}, {step.phase}: ")
        if step.phase == "update" or step.phase == "forward":
            assert results == [f"{step.node.data:.6g}"]
        elif step.sent:
            assert results == [f"{gradients[sent.node]:.6g}" for sent in step.sent]
            assert all(result in told for result in results)
    go(page, 15)
    texts = page.locator("#n9 text.data, #n9 text.grad").all_text_contents()
    assert [plain(text) for text in texts] == [f"{sequence.order[9].data:.6g}", f"{gradients[sequence.order[9]]:.6g}"]


def test_the_drawing_knows_only_what_has_been_computed(page: Any) -> None:
    root = page.locator("#n11")
    go(page, 1)
    assert [page.locator(f"#n{k}.{state}").count() for k, state in ((0, "done"), (3, "now"), (11, "todo"))] == [1, 1, 1]
    assert root.locator("text.data").text_content() == root.locator("text.grad").text_content() == "?"
    go(page, 8)
    assert root.locator("text.data").text_content() == "0.995061"
    assert root.locator("text.grad").text_content() == "1"
    assert page.locator("#n9 text.grad").text_content() == "?"
    go(page, 10)
    assert page.locator("#n11.walked").count() == 1
    go(page, 0)
    assert page.locator("#n11.todo").count() == 1
    assert page.locator("svg title").count() == 0


def test_an_updated_parameter_shows_its_new_data(page: Any) -> None:
    data = page.locator("g.parameter text.data").nth(2)  # w2, which moves by 0.1 times 0.00984
    go(page, 15)
    assert data.text_content() == "−2"
    go(page, 18)
    assert data.text_content() == "→ −1.99902"  # new among old ones
    assert page.locator("#n11 text.data").text_content() == "0.995061"
    page.keyboard.press("End")
    assert page.locator(".now-told").inner_text().startswith("It worked: J is smaller.\n\nJ: 0.995061 → 0.995046")
    # Everything is of the next pass, whose gradients nobody has computed.
    loss, w = perceptron()
    loss.backward()
    SGD(w, lr=0.1).step()
    z = w[0].data - w[1].data + 2.0 * w[2].data
    y_hat = 1.0 / (1.0 + math.exp(-z))
    shown = [f"{x:.6g}".replace("-", "−") for x in (z, y_hat, y_hat - 1.0, (y_hat - 1.0) ** 2)]
    assert page.locator(":is(#n8, #n9, #n10, #n11) text.data").all_text_contents() == shown
    assert {*page.locator("text.grad").all_text_contents()} == {"?"}
    assert page.locator("text.known").count() == 0
    go(page, 3)
    assert page.locator("text.known").count() == 0
    assert data.text_content() == "−2"


def test_where_paths_meet(visit: Visit, tmp_path: Path) -> None:
    x = Value(3.0, label="x")
    page = visit(steps(x * x * x).save(tmp_path / "cube.html"))
    notes = []
    for k in (4, 5):
        go(page, k)
        notes += page.locator(".state").all_inner_texts()
    assert notes == [
        "✓ complete: one path",
        "●○○ sum so far 9: 1 of 3",
        "●●○ sum so far 18: 2 of 3",
        "●●● sum so far 27: ✓ complete",
    ]
    assert page.locator(".term").all_inner_texts() == ["= 9", "= 9", "= 9", "= 27"]
    go(page, 4)
    assert page.locator("#n0 text.grad").text_content() == "9 …"
    assert page.locator(".term").all_inner_texts() == ["= ?"] * 4


def test_the_chain_of_the_question_fills_from_the_loss(page: Any) -> None:
    def chain() -> str:
        columns = page.locator(".chain .column").evaluate_all("all => all.map(one => one.lastElementChild.innerText)")
        return plain(" ".join(columns))

    page.get_by_role("combobox", name="Ask about").select_option(label="w1")
    told = []
    for k in (0, 9, 11, 14, 15):
        go(page, k)
        told.append(chain())
    assert told == [
        "? = ? · ? · ? · ? · ? · ?",
        "? = -1.995 · ? · ? · ? · ? · ?",
        "? = -1.995 · 1 · 0.002467 · ? · ? · ?",
        "? = -1.995 · 1 · 0.002467 · 1 · 1 · ?",
        "0.004921 = -1.995 · 1 · 0.002467 · 1 · 1 · (-1)",
    ]
    nudge = page.locator(".check").inner_text()
    assert plain(nudge) == "If w1 grows by 0.01, J should change by 4.92·10-5; it does change by 4.9·10-5 ✓"
    assert page.locator(".arrives").count() == 1


def test_arrows_point_back_on_the_way_back(page: Any) -> None:
    def heads(selector: str) -> int:
        return page.locator(f".edge.now:not(.unwalked) > {selector}").locator("visible=true").count()

    go(page, 5)
    assert (heads("path:nth-child(2)"), heads(".back")) == (2, 0)
    go(page, 11)
    assert (heads("path:nth-child(2)"), heads(".back")) == (0, 2)
    # The exponent gets no gradient.
    go(page, 9)
    assert page.locator(".unwalked.now > path:nth-child(2)").locator("visible=true").count() == 1


def test_every_step_as_text(page: Any) -> None:
    page.get_by_text("All 19 steps as text").click()
    entries = page.locator("li")
    # The list is made when it is opened, which the browser tells a moment after the click.
    entries.nth(19).wait_for()
    assert entries.count() == 20
    assert entries.nth(5).inner_text() == "Forward: y_hat = sigmoid(z) = sigmoid(-6) = 0.00247262"
    entries.nth(17).get_by_role("button").click()
    assert at(page) == "17 / 19"
    assert page.locator("li[aria-current=step]").inner_text() == "Update: w1 ← 2.99951"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_anyone(visit: Visit, tmp_path: Path, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    loss, w = perceptron()
    page = visit(steps(loss, SGD(w)).save(tmp_path / "page.html"), color_scheme=scheme)
    page.get_by_text("All 19 steps as text").click()
    dark = page.evaluate(
        "document.querySelector('.glassgrad').shadowRoot.querySelector('.view').classList.contains('dark')"
    )
    assert dark == (scheme == "dark")
    for k in (0, 8, 11, 19):
        go(page, k)
        found = Axe().run(page).response
        assert found["violations"] == []
        assert len(found["passes"]) > 15


@pytest.mark.parametrize(("width", "height"), [(360, 740), (853, 533)])
def test_a_phone_and_a_zoom_of_150_percent(visit: Visit, tmp_path: Path, width: int, height: int) -> None:
    loss, w = perceptron()
    size = {"width": width, "height": height}
    page = visit(steps(loss, SGD(w)).save(tmp_path / "page.html"), viewport=size, reduced_motion="reduce")
    for k in (1, 11, 15):
        go(page, k)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        now = page.locator(".now.node rect").locator("visible=true").bounding_box()
        assert now["x"] >= 0
        assert now["x"] + now["width"] <= width


def test_two_views_on_one_page_are_independent(visit: Visit) -> None:
    loss, _ = perceptron()
    w = Value(2.0, label="w")
    views = [view(steps(loss)), view(steps(tanh(w * 3) + w)), view(steps(loss))]
    page = visit(f"<!DOCTYPE html><html lang=en><title>two</title><input id=other>{''.join(views)}")
    places = page.locator(".place")
    page.get_by_role("button", name="Next step").nth(1).click()
    assert places.all_inner_texts() == ["0 / 15", "1 / 7", "0 / 15"]
    page.keyboard.press("ArrowRight")
    assert places.all_inner_texts() == ["0 / 15", "2 / 7", "0 / 15"]
    page.locator("#other").focus()
    page.keyboard.press("ArrowRight")
    assert places.all_inner_texts() == ["0 / 15", "2 / 7", "0 / 15"]
    page.locator("input.steps").nth(2).focus()
    page.keyboard.press("End")
    assert places.all_inner_texts() == ["0 / 15", "2 / 7", "15 / 15"]


def test_a_view_that_is_replaced_leaves_nothing_behind(visit: Visit) -> None:
    page = visit(f"<!DOCTYPE html><html lang=en><title>gone</title>{view(steps(perceptron()[0]))}")
    page.get_by_role("button", name="Play").click()
    page.evaluate("window.old = new WeakRef(document.querySelector('.glassgrad'))")
    page.evaluate("window.old.deref().remove()")
    page.keyboard.press("a")
    page.wait_for_timeout(100)
    browser = page.context.new_cdp_session(page)
    browser.send("HeapProfiler.enable")
    browser.send("HeapProfiler.collectGarbage")
    assert page.evaluate("window.old.deref() === undefined")


def test_where_no_script_runs_there_are_a_picture_and_a_table(visit: Visit, tmp_path: Path) -> None:
    loss, w = perceptron()
    page = visit(steps(loss, SGD(w)).save(tmp_path / "page.html"), java_script_enabled=False)
    image = page.get_by_role("img")
    assert image.get_attribute("src").startswith("data:image/svg+xml,<svg ")
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 800
    assert image.bounding_box()["width"] > 800
    page.locator("summary").click()
    assert page.locator("tr").count() == 22
    assert page.locator("tr", has_text="∂J/∂w1").first.inner_text().split("\t")[-1] == "complete"


def test_a_rule_that_reads_more_than_its_numbers_is_named(visit: Visit, tmp_path: Path) -> None:
    factor = [2.0]
    scaled = primitive("scaled", lambda xp, x: factor[0] * x, lambda g, out, x: g * factor[0])
    kinds = primitive("kinds", lambda xp, x: x * x, lambda g, out, x: g * x * (2 if isinstance(x, float) else 7))
    rows = primitive("rows", lambda xp, x: xp.exp(x) * x, lambda g, out, x: g * (out + out / x))
    w, X = Value(3.0, label="w"), Tensor(np.array([[1.0, 2.0], [3.0, 0.004]]), label="X")
    single = Tensor(np.array([[1.0, 2.0]], np.float32), label="S")
    losses = [(op(w) - 1.0) ** 2 for op in (scaled, kinds, rows)] + [rows(X).sum(), rows(single).sum()]
    factor[0] = 5.0
    pages = [visit(live(one).save(tmp_path / f"{k}.html")) for k, one in enumerate(losses)]
    told = [page.get_by_text("in Python, and is").all_inner_texts() for page in pages]
    y = "y was 6 in Python, and is 15 here: the rule of scaled(w) reads something beside its numbers, or something that"
    assert told[0][0].startswith(y)
    assert told[1][0].startswith("What y sends to w was 96 in Python, and is 336 here: the rule of kinds(w) reads")
    assert told[2:] == [[], [], []]


def test_it_follows_the_colours_of_the_page_around_it(visit: Visit, tmp_path: Path) -> None:
    loss, w = perceptron()
    path = steps(loss, SGD(w)).save(tmp_path / "page.html")
    style = "<style>[data-theme=dark] main { background: #111 } [data-theme=light] main { background: white }</style>"
    path.write_text(path.read_text(encoding="utf-8").replace("</head>", f"{style}</head>"), encoding="utf-8")
    page = visit(path)
    dark = "document.querySelector('.glassgrad').shadowRoot.querySelector('.view').classList.contains('dark')"
    for theme in ("dark", "light", "dark"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        page.wait_for_function(f"{dark} === {str(theme == 'dark').lower()}")
