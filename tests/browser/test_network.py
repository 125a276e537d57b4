"""The view of a network as columns of cards, in a real browser."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from autograd import Value, steps
from autograd._views.live.page import page, view
from nn import MLP, SGD, Layer, Perceptron, Sequential, cross_entropy, mse

pytestmark = pytest.mark.slow
Visit = Callable[..., Any]

# What is cut, wider than its box, or lies on another text, and whether the panel or the page scrolls.
FAULTS = """() => {
  const root = document.querySelector('.glassgrad').shadowRoot, all = (parts) => [...root.querySelectorAll(parts)];
  const frame = root.querySelector('.net-field').getBoundingClientRect(), panel = root.querySelector('.panel');
  const found = [], parts = '.name, .net-number > b, .net-number > i, .net-factor, .title, .net-title, .before, .note';
  const shown = (one) => one.textContent.trim() && one.getClientRects().length;
  const boxes = all(parts + ', .net-over')
    .filter((one) => one.closest('.net-world') && shown(one)).map((one) => {
      const range = document.createRange();
      range.selectNodeContents(one);
      return [one.textContent, (one.matches('.net-factor') ? one : range).getBoundingClientRect()];
    });
  for (const [text, box] of boxes)
    if (box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom)
      found.push(`cut: ${text}`);
  boxes.forEach(([text, a], k) => boxes.slice(k + 1).forEach(([other, b]) => {
    const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (width > 1 && height > 2.5) found.push(`on each other: ${text}, ${other}`);
  }));
  for (const one of all('.net-world .net-number'))
    if (shown(one) && one.scrollWidth > one.clientWidth + 1) found.push(`too wide: ${one.textContent}`);
  const page = document.documentElement;
  if (page.scrollHeight > innerHeight || page.scrollWidth > innerWidth) found.push('the page scrolls');
  return [found, panel.scrollHeight - panel.clientHeight];
}"""

NUMBERS = """all => all.map(
  (one) => [one.ariaLabel.split(', ')[0], one.querySelector('b').textContent, one.querySelector('i').textContent]
)"""


def neurons(model: Any, layer: int) -> list[Perceptron]:
    found: list[Perceptron] = model.layers[layer].perceptrons
    return found


def small() -> tuple[MLP, list[list[float]], Value]:
    return of_samples(1)


def batch() -> tuple[MLP, list[list[float]], Value]:
    return of_samples(4)


def of_samples(samples: int) -> tuple[MLP, list[list[float]], Value]:
    """MLP(2, [3, 1]) with round weights, one neuron of which is dead in the first sample."""
    model = MLP(2, [3, 1])
    weights = [0.0, 0.9, -1.4, 0.2, -0.7, 0.4, -0.3, 0.5, 0.8, 0.1, 0.6, -1.1, 0.7]
    for parameter, data in zip(model.parameters(), weights, strict=True):
        parameter.data = data
    X = [[1.0, 2.0], [-1.0, 0.5], [0.5, -1.0], [2.0, 1.0]][:samples]
    y = [2.0, -1.0, 0.5, 1.0][:samples]
    return model, X, (model(X[0]) - y[0]) ** 2 if samples == 1 else mse(model(X), y)


def single() -> Any:
    model = MLP(2, [3, 1], activation="tanh", seed=1)
    return model, None, mse(model([[1.0, 0.5]]), [1.0])


def larger() -> tuple[MLP, list[list[float]], Value]:
    rng = random.Random(1)
    model = MLP(3, [4, 4, 1], seed=1)
    X = [[round(rng.uniform(-2, 2), 2) for _ in range(3)] for _ in range(4)]
    return model, X, mse(model(X), [1.0, -0.5, 2.0, 0.0])


@cache
def written(make: Callable[[], tuple[Any, Any, Value]]) -> str:
    model, _, loss = make()
    return page(steps(loss, SGD(model.parameters(), lr=0.02)))


def opened(visit: Visit, make: Callable[[], tuple[Any, Any, Value]], **settings: Any) -> Any:
    return visit(written(make), **({"viewport": {"width": 1280, "height": 720}, "reduced_motion": "reduce"} | settings))


def last_step(page: Any) -> int:
    return int(page.locator("input.steps").get_attribute("max"))


def go(page: Any, step: int) -> None:
    page.locator("input.steps").evaluate("(s, n) => { s.value = n; s.dispatchEvent(new Event('input')); }", step)


def numbers(page: Any) -> dict[str, tuple[str, str]]:
    """Return the value and the gradient that stand at each name."""
    found = page.locator(".net-world .net-number:not(.big)").evaluate_all(NUMBERS)
    told = {name: (value.replace("−", "-"), g.replace("−", "-")) for name, value, g in found}
    assert len(told) == len(found)
    return told


def agrees(text: str, x: float) -> bool:
    """Tell whether a number is what a text shows, to the last digit of it."""
    figures = len(text.split("e")[0].lstrip("-0.").replace(".", "").replace("-", "")) or 1
    return float(text) == pytest.approx(x, abs=0.51 * 10.0 ** (int(f"{float(text):e}".split("e")[1]) - figures + 1))


def test_numbers_are_those_of_the_engine(visit: Visit) -> None:
    model, _, loss = small()
    page = opened(visit, small)
    assert {g for _, g in numbers(page).values()} == {"?"}
    assert numbers(page)["z(1)_1"][0] == "?"
    go(page, last_step(page) - 2)
    loss.backward()
    shown = numbers(page)
    for parameter in model.parameters():
        assert agrees(shown[parameter.label][0], parameter.data), parameter.label
        assert agrees(shown[parameter.label][1], parameter.grad), parameter.label
    y_hat = model([1.0, 2.0])
    assert agrees(shown["y_hat"][0], y_hat.data)
    assert agrees(shown["y_hat"][1], 2 * (y_hat.data - 2))
    assert agrees(shown["J"][0], loss.data)
    assert shown["J"][1] == "1"
    assert (shown["z(1)_1"], shown["h(1)_1"][0], shown["z(1)_2"]) == (("-1.9", "0"), "0", ("0.3", "2.13"))
    dead = page.locator(".net-card").evaluate_all("all => all.map(e => e.classList.contains('dead'))")
    assert dead == [True, False, False, False]
    factors = page.locator(".net-factor").all_inner_texts()
    assert sorted(factors) == ["×(−1.1)", "×(−1.94)", "×1", "×1"]
    assert page.locator(".chain").inner_text().count("?") == 0


def test_each_line_of_the_chain_rule_is_written(visit: Visit) -> None:
    """The loss and its slope with numbers, what comes back to h, and an update that is old until it is done."""
    model, _, loss = small()
    page = opened(visit, small)
    last = last_step(page)
    y_hat = model([1.0, 2.0]).data
    shown = f"{y_hat:.4g} − 2".replace("-", "−")
    kinds = page.evaluate("document.querySelector('.glassgrad').page.view.steps.map((step) => step.kind)")

    def told(kind: str) -> str:
        go(page, kinds.index(kind))
        return " ".join(page.locator(".now-told").inner_text().split()).replace("-", "−")

    assert f"J = (ŷ − y)2 = ({shown})2 = {loss.data:.4g}" in told("loss")
    assert f"2 · (ŷ − y) = 2 · ({shown}) = {2 * (y_hat - 2):.4g}".replace("= -", "= −") in told("start")
    loss.backward()
    weight = neurons(model, 1)[0].w[1]
    arrived = f"{2 * (y_hat - 2):.4g} · ({weight.data:.4g}) = {2 * (y_hat - 2) * weight.data:.4g}".replace("-", "−")
    told("inputs")
    assert arrived in page.locator(".net-products .questioned").inner_text().replace("\t", " ")
    # What a weight is multiplied by: its input, and for a bias nothing that has a name.
    chosen = page.get_by_role("combobox", name="Ask about")
    for label, factor in (("w(1)_0,2", "1"), ("w(1)_1,2", "x1"), ("w(2)_0,1", "1"), ("w(2)_2,1", "h(1)2")):
        chosen.select_option(label=label)
        page.wait_for_timeout(60)
        assert "".join(page.locator(".chain small").last.inner_text().split()) == factor
    chosen.select_option(label="w(1)_1,1")
    go(page, last - 1)
    asked = neurons(model, 0)[1].w[0]
    value, becomes = numbers(page)[asked.label]
    assert agrees(value, asked.data)
    assert agrees(becomes.removeprefix("→ "), asked.data - 0.02 * asked.grad)
    go(page, last)
    assert page.locator(".handle").evaluate("one => getComputedStyle(one, '::before').content") == '"old "'
    listed = page.get_by_role("combobox", name="Ask about").locator("option").all_inner_texts()
    assert {"J", "y_hat", "y", "x1"} <= {*listed}
    assert len(listed) == 13 + 3 + 7 + 1


def test_the_step_is_the_same_after_another_view(visit: Visit) -> None:
    page = opened(visit, small)
    for step in (3, 11, last_step(page) - 1):
        go(page, step)
        page.get_by_role("button", name="Graph", exact=True).click()
        page.get_by_role("button", name="Network", exact=True).click()
        assert page.locator("input.steps").input_value() == str(step)


def test_samples_are_parts_of_the_whole(visit: Visit) -> None:
    model, X, loss = larger()
    page = opened(visit, larger)
    last = last_step(page)
    go(page, last - 3)
    loss.backward()
    for sample, x in enumerate(X, 1):
        page.get_by_role("radio", name=str(sample), exact=True).click()
        page.wait_for_timeout(60)
        copy = MLP(3, [4, 4, 1], seed=1)
        part = (copy(x) - [1.0, -0.5, 2.0, 0.0][sample - 1]) ** 2 / 4
        part.backward()
        shown = numbers(page)
        for parameter in copy.parameters():
            assert agrees(shown[parameter.label][1], parameter.grad), (sample, parameter.label)
        assert [float(shown[f"x{j}"][0]) for j in (1, 2, 3)] == x
    go(page, last - 2)
    shown = numbers(page)
    for parameter in model.parameters():
        assert agrees(shown[parameter.label][1], parameter.grad), parameter.label
    assert page.get_by_role("radio", name="all").get_attribute("aria-checked") == "true"
    go(page, last)
    SGD(model.parameters(), lr=0.02).step()
    shown = numbers(page)
    for parameter in model.parameters():
        assert agrees(shown[parameter.label][0], parameter.data), parameter.label
    assert agrees(shown["J"][0], mse(model(X), [1.0, -0.5, 2.0, 0.0]).data)
    assert {g for _, g in shown.values()} <= {"?", ""}
    go(page, 3)
    assert page.get_by_role("radio", name="4").get_attribute("aria-checked") == "true"


def test_nothing_is_cut_or_covered(visit: Visit) -> None:
    for make in (small, larger):
        page = opened(visit, make)
        last = last_step(page)
        for width, height in ((1280, 720), (1920, 1000)):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(60)
            for step in range(last + 1) if make is small else (0, 9, 20, last - 3, last - 1, last):
                go(page, step)
                found, over = page.evaluate(FAULTS)
                assert found == [], step
                assert over <= 0 or make is larger, step


def test_in_a_notebook_a_chain_and_what_follows_from_it_are_in_sight(visit: Visit) -> None:
    """On a screen of 1280 x 720, the network of notebook 2 in every step, and in each of its weights."""
    model = MLP(2, [2, 1], "tanh", "sigmoid", seed=0)
    for parameter in model.parameters():
        parameter.data = round(parameter.data, 1)
    loss = (model([Value(1.0, label="x1"), Value(-2.0, label="x2")]) - 1) ** 2
    page = visit(view(steps(loss, SGD(model.parameters(), lr=0.1))), viewport={"width": 1138, "height": 720})
    over = page.locator(".panel")
    for step in range(last_step(page) + 1):
        go(page, step)
        assert over.evaluate("one => one.scrollHeight - one.clientHeight") <= 0, step
    go(page, last_step(page) - 2)
    chosen = page.get_by_role("combobox", name="Ask about")
    for parameter in model.parameters():
        chosen.select_option(label=parameter.label)
        page.wait_for_timeout(60)
        assert page.locator(".check").inner_text().startswith("If w")
        assert over.evaluate("one => one.scrollHeight - one.clientHeight") <= 0, parameter.label
        tops = page.locator(".chain .column").evaluate_all("all => all.map((one) => one.offsetTop)")
        assert len({*tops}) == 1, parameter.label
    # The chain of the graph takes two rows in a narrow column; the second begins with a sign.
    page.set_viewport_size({"width": 895, "height": 720})
    page.get_by_role("button", name="Graph").click()
    chosen.select_option(label="w(1)_2,2")
    page.wait_for_timeout(60)
    at = page.locator(".chain .column").evaluate_all("all => all.map((one) => [one.offsetTop, one.innerText])")
    assert len({top for top, _ in at}) == 2
    assert next(text for top, text in at if top > at[0][0]).split() == ["·"] * 3


def test_the_graph_of_a_network_has_what_follows_from_a_change_in_sight(visit: Visit) -> None:
    """On a screen of 1280 x 720, in every step, and no z or y but those of the course."""
    page = opened(visit, single)
    page.get_by_role("button", name="Graph").click()
    for step in range(last_step(page) + 1):
        go(page, step)
        check, below = page.locator(".check"), page.locator(".descent").bounding_box()
        assert check.inner_text() == "" or check.bounding_box()["y"] + check.bounding_box()["height"] <= below["y"]
        assert page.locator(".now-told").evaluate("e => e.scrollWidth <= e.clientWidth")
    names = page.locator("option").all_inner_texts()
    assert [name for name in names if re.fullmatch(r"[ayz]\d*", name)] == ["y", "a1", "a2"]


def test_the_plot_of_the_loss_says_how_far_it_goes(visit: Visit) -> None:
    page = opened(visit, single)
    # y_hat is -0.5008 and y is 1, which stands in the middle of twice as much as they differ by and a half.
    assert page.locator(".of-loss text").all_text_contents() == ["16", "−3", "5"]


def test_a_weight_is_dragged(visit: Visit) -> None:
    model, X, _ = small()
    page = opened(visit, small)
    go(page, last_step(page) - 2)
    weight = page.get_by_label("w(1)_1,3, weight").locator("visible=true")
    box = weight.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + 12, steps=4)
    page.mouse.move(box["x"] + 60, box["y"] + 12, steps=4)
    page.mouse.up()
    neurons(model, 0)[2].w[0].data = 0.9
    again = (model(X[0]) - 2.0) ** 2
    again.backward()
    page.wait_for_timeout(60)
    shown = numbers(page)
    assert shown["w(1)_1,3"][0] == "0.9"
    assert agrees(shown["J"][0], again.data)
    for parameter in model.parameters():
        assert agrees(shown[parameter.label][1], parameter.grad), parameter.label
    assert "w(1)_1,3" in page.get_by_role("combobox", name="Ask about").locator("option:checked").inner_text()
    weight.focus()
    page.keyboard.press("-")
    page.wait_for_timeout(60)
    assert numbers(page)["w(1)_1,3"][0] == "0.85"


def test_layers_and_neurons_open(visit: Visit) -> None:
    page = opened(visit, small)
    go(page, last_step(page) - 2)
    page.locator(".net-card").nth(1).dblclick(position={"x": 150, "y": 60})
    rows = page.locator(".net-sum tr").all_inner_texts()
    assert len(rows) == 5
    assert "−0.7" in rows[2]
    assert page.locator(".net-whole").inner_text().endswith("0.3\t")
    page.keyboard.press("Escape")
    assert page.locator(".net-grid .net-number").count() == 2 + 9 + 6
    page.keyboard.press("Escape")
    assert page.locator(".net-open").is_hidden()
    weight = page.get_by_label("w(2)_1,1, weight").locator("visible=true")
    weight.focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(60)
    page.keyboard.press("Enter")
    assert page.locator(".net-crumbs").inner_text().endswith("neuron 1")


def test_nothing_stands_in_the_way_of_anyone(visit: Visit) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = opened(visit, batch, color_scheme="light")
    for step, scheme in ((14, "light"), (last_step(page), "dark")):
        page.emulate_media(color_scheme=scheme)
        go(page, step)
        assert Axe().run(page).response["violations"] == [], step
    go(page, 14)
    page.get_by_role("radio", name="3").click()
    told = page.locator(".net-crumbs [role=status]")
    told.get_by_text("sample 3").wait_for()
    assert told.inner_text() == "· sample 3 of 4: x1 = 0.5, x2 = −1, y = 0.5; its part of each gradient"
    page.get_by_role("radio", name="all").click()
    told.get_by_text("· all 4 samples").wait_for()
    page.locator(".net-card").nth(1).dblclick(position={"x": 150, "y": 60})
    assert Axe().run(page).response["violations"] == []
    for where in ("neuron", "network"):
        sizes = page.locator(".stage button").evaluate_all(
            "all => all.map(e => e.getBoundingClientRect()).filter(b => b.width).map(b => Math.min(b.width, b.height))"
        )
        assert min(sizes) >= 24, where
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")


def test_a_phone(visit: Visit) -> None:
    page = opened(visit, batch, viewport={"width": 390, "height": 844})
    for step in (0, 3, 7, 8, 14, 16, 18):
        go(page, step)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        at = page.locator(".net-card.active, .net-loss.active").locator("visible=true")
        for box in [card.bounding_box() for card in at.all()]:
            assert box["x"] >= -1, step
            assert box["x"] + box["width"] <= 391, step
    bar = page.locator(".bar").bounding_box()
    assert bar["y"] > 600
    assert bar["y"] + bar["height"] <= 845


def pills() -> tuple[MLP, None, Value]:
    model = MLP(2, [12, 3], "tanh", seed=0)
    return model, None, cross_entropy(model([[1.0, -1.0], [0.5, 0.5]]), [0, 2])


def test_pills_and_many_outputs(visit: Visit) -> None:
    model, _, loss = pills()
    page = opened(visit, pills)
    go(page, last_step(page) - 3)
    loss.backward()
    assert page.locator(".pill").count() == 15
    assert page.evaluate(FAULTS)[0] == []
    page.get_by_role("radio", name="all").click()
    page.locator("button.title").last.click()
    page.wait_for_timeout(60)
    bias = neurons(model, 1)[0].w0
    label = page.get_by_label(f"{bias.label}, bias").get_attribute("aria-label")
    assert agrees(label.split()[-1].replace("−", "-"), bias.grad)


def mixed() -> tuple[Sequential, None, Value]:
    model = Sequential(Layer(3, 2, "silu", seed=1), Layer(2, 2, "softmax", seed=2))
    return model, None, mse(model([1.0, -1.0, 0.5]), [1.0, 0.0])


def test_softmax_adds_up_over_its_outputs(visit: Visit) -> None:
    model, _, loss = mixed()
    page = opened(visit, mixed)
    go(page, last_step(page) - 2)
    loss.backward()
    shown = numbers(page)
    for parameter in model.parameters():
        assert agrees(shown[parameter.label][1], parameter.grad), parameter.label
    assert "✓" in page.locator(".paths").inner_text()


def test_other_graphs_have_no_such_view(visit: Visit) -> None:
    page = opened(visit, lambda: (Perceptron(1), None, Value(2.0, label="w") ** 2))
    assert page.get_by_role("button", name="Network").count() == 0


def test_what_reaches_the_loss_beside_the_network_is_not_forgotten(visit: Visit) -> None:
    """A penalty takes the weights, and the loss of an autoencoder the input."""
    model = MLP(2, [2, 1], "tanh", seed=0)
    loss = mse([model(x) for x in ([1.0, 2.0], [0.5, -1.0])], [1.0, 0.0])
    loss = loss + sum(p * p for p in model.parameters())
    seen = visit(page(steps(loss, SGD(model.parameters(), 0.1))))
    seen.evaluate("""() => {
        const { page } = document.querySelector(".glassgrad");
        page.go(page.view.steps.findIndex((step) => /together/i.test(step.title)));
    }""")
    assert "directly, last" in seen.locator(".now-told").inner_text()
    x = Value(2.0, label="x1")
    outer = MLP(1, [1, 1], "tanh", seed=1)
    seen = visit(page(steps((outer([x]) - x) ** 2)))
    seen.evaluate("""() => {
        const { page } = document.querySelector(".glassgrad");
        page.go(page.view.steps.findLastIndex((step) => step.phase === "backward"));
        page.ask(page.data.nodes.findIndex((node) => node.name === "x1"));
    }""")
    seen.locator(".why").get_by_text("the same as the backward pass").wait_for()
