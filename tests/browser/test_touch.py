"""The page that lives, in a real browser: every number can be touched, and all others follow as the engine says."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograd import Tensor, Value, floor, live, log, relu, sigmoid, steps, topological_sort
from autograd._views.live.data import Live, live_data
from nn import MLP, SGD, mse

pytestmark = pytest.mark.slow
Visit = Callable[..., Any]
Make = Callable[[], Value]


def perceptron() -> Value:
    w = [Value(data, label=f"w{k}") for k, data in enumerate((1.0, 3.0, -2.0))]
    y_hat = sigmoid(w[0] + w[1] * Value(-1.0, label="x1") + w[2] * Value(2.0, label="x2"))
    loss: Value = (y_hat - 1) ** 2
    loss.label = "J"
    return loss


def network() -> Value:
    loss: Value = mse([MLP(2, [3, 1], "tanh", seed=0)([1.0, 2.0])], [1.0])
    loss.label = "J"
    return loss


@pytest.fixture
def page(visit: Visit, tmp_path: Path) -> Any:
    return visit(live(perceptron()).save(tmp_path / "live.html"), reduced_motion="reduce")


STATE = """() => {
    const { engine } = document.querySelector(".glassgrad").page;
    return engine.nodes.map((_, k) => [engine.value[k], engine.gradient[k] ?? 0]);
}"""

TYPED = """([k, text]) => {
    const page = document.querySelector(".glassgrad").page, field = page.host.shadowRoot.querySelector(".editor input");
    page.ask(k);
    return new Promise((done) => requestAnimationFrame(() => {
        field.focus();
        field.value = text;
        field.dispatchEvent(new Event("input"));
        requestAnimationFrame(() => done(field.value));
    }));
}"""


def ask(page: Any, name: str) -> None:
    page.get_by_role("combobox", name="Ask about").select_option(label=name)


def as_graph(page: Any) -> Any:
    """Show the graph, where a page begins with another view."""
    button = page.get_by_role("button", name="Graph")
    if button.count():
        button.click()
    return page


def close(order: list[Any], page: Any) -> None:
    """Every value and every gradient in the page is the engine's."""
    order[-1].backward()
    for node, (value, gradient) in zip(order, page.evaluate(STATE), strict=True):
        assert math.isclose(node.data, value, rel_tol=1e-12, abs_tol=1e-300)
        assert math.isclose(node.grad, gradient, rel_tol=1e-12, abs_tol=1e-300)


@pytest.mark.parametrize("make", [perceptron, network])
def test_each_leaf_typed_and_dragged_is_what_the_engine_computes(visit: Visit, tmp_path: Path, make: Make) -> None:
    page = as_graph(visit(live(make()).save(tmp_path / "live.html"), reduced_motion="reduce"))
    order = live_data(make()).order
    leaves = [k for k, node in enumerate(order) if node.op is None]
    # Not all of a network is in sight at the size to read it in.
    page.get_by_role("button", name="fit").click()
    now = {k: order[k].data for k in leaves}
    places = page.locator(",".join(f"#n{k}" for k in leaves)).evaluate_all(
        "all => Object.fromEntries(all.map(one => [one.id.slice(1), one.getBoundingClientRect().toJSON()]))"
    )
    for n, k in enumerate(leaves):
        now[k] = 0.25 * n - 0.7
        assert page.evaluate(TYPED, [k, str(now[k])]) == str(now[k])
        x, y = (places[str(k)][side] + places[str(k)][size] / 2 for side, size in (("x", "width"), ("y", "height")))
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 30, y)
        page.mouse.up()
        now[k] = float(f"{now[k] + 0.3:.12g}")
    changed = live_data(make())
    for k, data in now.items():
        changed.order[k].data = data
    close(recompute(changed), page)


def recompute(graph: Live) -> list[Any]:
    """Apply the recorded operations again to the leaves as they are now."""
    copies: dict[Any, Any] = {}
    for node in graph.order:
        if node.op is None:
            copies[node] = Value(node.data)
        else:
            inputs = (graph.network.twins.get(node, node) if graph.network else node).inputs
            args = tuple(copies[item] if isinstance(item, Value) else item for item in inputs)
            copies[node] = node.op.apply(([*args],) if node.op.arity is None else args, dict(node.settings))
    return list(copies.values())


def test_what_is_no_number_changes_nothing(page: Any) -> None:
    field = page.get_by_role("textbox", name="Value of w0")
    before = page.evaluate(STATE)
    for text, told in (
        ("abc", "“abc” is no number"),
        ("1e400", "1e400 is too large"),
        ("", "Type a number"),
        ("1 2", "is no"),
    ):
        field.fill(text)
        assert told in page.locator(".wrong").inner_text()
        assert "Nothing has changed" in page.locator(".wrong").inner_text()
        assert page.evaluate(STATE) == before
    field.fill("1,5")
    assert page.locator(".wrong").inner_text() == ""
    assert page.evaluate(STATE)[0][0] == 1.5
    field.fill("-")
    page.keyboard.press("Tab")
    assert page.locator(".wrong").inner_text() == ""
    page.wait_for_timeout(50)
    assert field.input_value() == "1.5"


def test_all_that_a_mouse_does_can_be_done_with_keys(page: Any) -> None:
    ask(page, "w2")
    page.get_by_role("textbox", name="Value of w2").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowUp")
    assert page.evaluate(STATE)[5][0] == -1.89
    assert page.evaluate("document.querySelector('.glassgrad').page.step") == 15  # the arrows belonged to the field
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(STATE)[5][0] == -1.88
    page.get_by_role("button", name="One step").focus()
    page.keyboard.press("Enter")
    assert page.evaluate(STATE)[5][0] != -1.88
    page.get_by_role("button", name="Reset").press("Enter")
    close(topological_sort(perceptron()), page)
    for key in ("+", "-", "0", "f"):
        page.keyboard.press(key)
    page.keyboard.press("Home")
    assert page.locator(".phase").inner_text() == "Task"


def test_numbers_that_are_not_known_yet_stay_so(page: Any) -> None:
    page.keyboard.press("Home")
    page.evaluate(TYPED, [0, "2.5"])
    assert page.locator("#n0 text.data").text_content() == "2.5"
    assert page.locator("#n11 text.data, #n0 text.grad").all_text_contents() == ["?", "?"]
    ask(page, "w2")
    page.get_by_role("button", name="go to its step").press("Enter")
    assert page.locator(".asked.gets text.grad.known").count() == 1
    assert page.locator(".question h2 .gradient").inner_text() != "?"
    assert page.get_by_role("button", name="go to its step").get_attribute("aria-disabled") == "true"


def test_the_list_of_all_steps_follows(page: Any) -> None:
    page.get_by_text("All 16 steps as text").click()
    entry = page.locator("li").nth(2)
    entry.wait_for()
    page.evaluate(TYPED, [0, "2.5"])
    page.wait_for_timeout(300)
    assert entry.inner_text() == "Forward: a2 = w0 + a1 = 2.5 + (-3) = -0.5"


def test_an_inf_is_shown_with_the_node_that_made_it(visit: Visit, tmp_path: Path) -> None:
    x = Value(2.0, label="x")
    loss = log(x) * 3
    loss.label = "J"
    page = visit(live(loss).save(tmp_path / "inf.html"))
    assert page.locator(".bad").is_hidden()
    page.evaluate(TYPED, [0, "0"])
    assert page.locator(".bad").inner_text() == "No finite number: the first is y = log(0) = −inf."
    assert page.locator("#n1 text.data").text_content() == "−inf"


def test_the_sign_of_a_zero_stands_where_it_decides(visit: Visit, tmp_path: Path) -> None:
    x = Value(2.0, label="x")
    page = visit(live(1 / x + x * 3).save(tmp_path / "zero.html"))
    page.evaluate(TYPED, [0, "-0"])
    assert page.locator(".bad").inner_text() == "No finite number: the first is a1 = 1 / (−0) = −inf."
    page.evaluate("document.querySelector('.glassgrad').page.go(2)")
    assert "0 · 3" in page.locator(".now-told").inner_text()


def test_a_kink_is_said_to_be_one(visit: Visit, tmp_path: Path) -> None:
    x = Value(0.0, label="x")
    page = visit(live(relu(x) * 2).save(tmp_path / "kink.html"))
    assert "Here is a kink: downwards the slope is 0, upwards 2" in page.locator(".check").inner_text()


def test_gradient_descent_in_the_page_is_that_of_python(page: Any) -> None:
    for _ in range(3):
        page.get_by_role("button", name="One step").click()
    assert "J: 0.995 → 0.995" in page.locator(".told").inner_text()
    graph = live_data(perceptron())
    for _ in range(3):
        copies = recompute(graph)
        copies[-1].backward()
        for node, copy in zip(graph.order, copies, strict=True):
            if node.label[:1] == "w":
                node.data -= 0.1 * copy.grad
    close(recompute(graph), page)
    page.get_by_role("textbox", name="Learning rate").fill("x")
    page.get_by_role("button", name="One step").click()
    close(recompute(graph), page)
    page.keyboard.press("End")
    page.get_by_role("textbox", name="Learning rate").fill("-1000")
    page.wait_for_timeout(50)
    assert "grew" in page.locator(".now-told").inner_text()
    page.get_by_role("textbox", name="Learning rate").fill("0.5")
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="One step downhill").click()
    # Beside the update both say the same of the step that comes.
    page.locator(".told", has_text="1 step taken; the next, J").wait_for()
    pairs = [page.locator(f".{name}").inner_text().split("J: ")[1].split(" → ") for name in ("told", "outcome")]
    assert [[float(f"{float(x):.4g}") for x in pair] for pair in pairs] == [[float(x) for x in pairs[0]]] * 2
    page.keyboard.press("Home")
    page.locator(".told", has_text="1 step, J").wait_for()
    page.get_by_role("button", name="100 steps").click()
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Stop").click()
    assert "✓ smaller" in page.locator(".told").inner_text()
    page.get_by_role("button", name="100 steps").click()
    page.get_by_text("100 steps, J").wait_for()
    page.keyboard.press("End")
    page.evaluate(TYPED, [0, "2.5"])
    page.wait_for_timeout(50)
    # Beside an update there is a before and an after already.
    assert page.locator(".since").inner_text() == ""
    page.get_by_role("button", name="First step").click()
    assert page.locator(".since").inner_text() == "J was 0.9951 at the start"


def test_an_optimizer_with_a_memory_shows_its_update_for_the_numbers_it_had(visit: Visit, tmp_path: Path) -> None:
    loss = perceptron()
    weights = [node for node in topological_sort(loss) if node.label[:1] == "w"]
    optimizer = SGD([*weights, Value(5.0, label="unused")], lr=0.1, momentum=0.9)
    loss.backward()
    optimizer.step()
    page = visit(steps(loss, optimizer).save(tmp_path / "momentum.html"))
    page.keyboard.press("End")
    assert "It worked" in page.locator(".now-told").inner_text()
    page.keyboard.press("ArrowLeft")
    assert "unused has no part in this loss" in page.locator(".now-told").inner_text()
    page.keyboard.press("ArrowLeft")
    assert page.locator(".now-told .value").inner_text() == f"{steps(loss, optimizer)[17].result:.6g}".replace("-", "−")
    page.evaluate(TYPED, [0, "2"])
    assert "was computed in Python" in page.locator(".now-told").inner_text()


def test_elements_of_an_array_can_be_changed(visit: Visit, tmp_path: Path) -> None:
    def make(data: list[list[float]]) -> Any:
        loss = ((Tensor([[1.0, 2.0], [3.0, -1.0]], label="X") @ Tensor(data, label="W")) ** 2).mean()
        loss.label = "J"
        return loss

    page = visit(live(make([[0.5], [1.0]])).save(tmp_path / "arrays.html"))
    page.keyboard.press("End")
    ask(page, "W")
    page.get_by_role("combobox", name="Element").select_option(label="[1, 0]")
    page.get_by_role("textbox", name="Value of W").fill("-2")
    page.wait_for_timeout(50)
    loss = make([[0.5], [-2.0]])
    loss.backward()
    gradient = topological_sort(loss)[1].grad
    assert page.locator(".question h2").inner_text().endswith(f"= {gradient[1, 0]:.6g}".replace("-", "−"))


def test_twenty_runs_of_a_cell_leave_nothing_behind(visit: Visit) -> None:
    html = live(perceptron())._repr_html_()
    page = visit(f"<!DOCTYPE html><html lang=en><title>runs</title><div id=cell>{html}</div>")
    page.evaluate(
        """() => {
            const script = document.querySelector("#cell script").textContent, cell = document.querySelector("#cell");
            const name = cell.querySelector(".glassgrad").id;
            window.old = [];
            for (let run = 0; run < 20; run++) {
                window.old.push(new WeakRef(cell.querySelector(".glassgrad")));
                const host = Object.assign(document.createElement("div"), { id: name, className: "glassgrad" });
                cell.replaceChildren(host);
                new Function(script)();
            }
        }"""
    )
    page.keyboard.press("a")
    page.wait_for_timeout(100)
    browser = page.context.new_cdp_session(page)
    browser.send("HeapProfiler.enable")
    browser.send("HeapProfiler.collectGarbage")
    assert page.evaluate("window.old.filter((one) => one.deref()).length") == 0


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1000)])
def test_a_page_fits_the_screen_whole(visit: Visit, tmp_path: Path, width: int, height: int) -> None:
    page = visit(live(perceptron()).save(tmp_path / "live.html"), viewport={"width": width, "height": height})
    for k in (0, 5, 12, 15, 16):
        page.evaluate("k => document.querySelector('.glassgrad').page.go(k)", k)
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        assert page.locator(".panel").evaluate("panel => panel.scrollHeight - panel.clientHeight") <= 1


def test_names_and_numbers_are_written_as_python_does(visit: Visit) -> None:
    from autograd._views.labels import read
    from autograd._views.numbers import data_text
    from autograd.picture.shapes import number
    from autograd.web.page import text_of

    numbers = [0.0, -0.0, 1.0, -1 / 3, 1e-4, 99999.95, 999999.5, 123456.7, 1e6, -1.5e-5, 2.5e22, 1e-300, math.inf, 0.1]
    names = ["w1", "w(1)_2,1", "y_hat", "my loss", "w_ab", "w_abc", "x(a)", "", "J", "ŷ", "a²", "1x", "w(1)_2,"]
    array = Tensor([[1.5, -2.0], [0.0, 1e-7]]).data
    page = visit("<!DOCTYPE html><html lang=en><title>text</title>")
    told = page.evaluate(
        f"""([numbers, names, array]) => {{ {text_of("text.js")}
            return [numbers.map((x) => number(x)), names.map(partsOf), dataText(Float64Array.from(array), [2, 2])];
        }}""",
        [numbers, names, array.reshape(-1).tolist()],
    )
    assert told == [[number(x) for x in numbers], [list(read(name)) for name in names], plain(data_text(array))]
    scripts = text_of("text.js") + text_of("network_cards.js")
    short = page.evaluate(f"() => {{ {scripts} return [NaN, -0, 1e-9, -12345.6, -1 / 3].map((x) => shortNumber(x)); }}")
    assert short == ["nan", "0", "1.0e−9", "−12346", "−0.333"]


def plain(text: str) -> str:
    return text.replace("-", "−")


def told(page: Any) -> str:
    text: str = page.locator(".check").inner_text()
    return text


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda w: (w - 3.0) ** 2, None),
        (lambda w: 1 / (w - 2.9), None),
        (lambda w: (w - 3.0).relu(), "Here is a kink: downwards the slope is 0, upwards 1"),
        (lambda w: floor(w) + w * 0, "Here is a jump"),
    ],
)
def test_kinks_are_told_and_nothing_else_is(visit: Visit, tmp_path: Path, make: Any, said: str | None) -> None:
    page = visit(live(make(Value(3.0, label="w"))).save(tmp_path / "live.html"))
    assert "Here is" not in told(page) if said is None else said in told(page)


def test_a_comma_before_three_digits_is_asked_about(page: Any) -> None:
    page.get_by_role("textbox", name="Value of w0").fill("1,000")
    assert "may be two numbers: type 1.000 or 1000" in page.locator(".wrong").inner_text()


def test_a_slider_does_not_run_away_under_the_hand(visit: Visit, tmp_path: Path) -> None:
    w, x = Value(1.0, label="w"), Value(2.0, label="x")
    page = visit(live((w * x) ** 2).save(tmp_path / "page.html"))
    slide = page.get_by_role("slider", name="Slider of w")
    box = slide.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.75 * box["width"], middle)
    page.mouse.down()
    for k in range(1, 6):
        page.mouse.move(box["x"] + 0.75 * box["width"] + 4 * k, middle)
        page.wait_for_timeout(50)
    assert 1 < float(slide.input_value()) < 1.5
    page.mouse.up()
    page.wait_for_timeout(50)
    assert slide.get_attribute("max") == "4"
