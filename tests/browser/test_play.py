"""The page of the playground in a real browser: what is seen, touched and taken away."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import Tensor
from nn import Layer, Sequential, binary_cross_entropy
from nn._play.page import page as playground
from nn._play.page import view

pytestmark = pytest.mark.slow
Visit = Callable[..., Any]


def ask(page: Any, body: str, argument: Any = None) -> Any:
    """Run a script that knows the playground, its parts, and how to wait for what is painted."""
    return page.evaluate(
        "async (given) => { const { play } = document.querySelector('.glassgrad'), { root, machine } = play;"
        "const find = (parts) => root.querySelector(parts), all = (parts) => [...root.querySelectorAll(parts)];"
        "const painted = () => new Promise((done) => setTimeout(done, 700));" + body + "}",
        argument,
    )


@pytest.fixture
def page(visit: Visit) -> Any:
    return visit(playground(None, None))


def text(page: Any, parts: str) -> str:
    found: str = page.locator(parts).inner_text()
    return found.replace("−", "-")


def model_of(state: dict[str, Any]) -> Sequential:
    """The network of a state, made of the layers of nn."""
    sizes, names = state["sizes"], state["activations"]
    layers = [Layer(d, m, g, of=Tensor) for d, m, g in zip(sizes, sizes[1:], names, strict=False)]
    model = Sequential(*layers)
    shapes = {name: np.shape(held) for name, held in model.state_dict().items()}
    model.load_state_dict({name: np.reshape(state["parameters"][name], shape) for name, shape in shapes.items()})
    return model


def test_it_learns_two_moons(page: Any) -> None:
    ask(page, "play.restructure({ optimizer: { name: 'Adam', lr: 0.03 } });")
    ask(page, "for (let n = 0; n < 120; n++) play.step(play.stepsOfEpoch()); await painted();")
    train, counted, epoch = ask(page, "return [play.measures().train.accuracy, play.history.count, play.epochs()];")
    assert train > 0.95
    assert page.get_by_role("combobox", name="optimizer").input_value() == "Adam"
    # The picture is of the network: other questions to it, between two paintings, leave no trace.
    worst = ask(
        page,
        "const { grid } = play; play.measures(); machine.shares(0, 0, 0);"
        "const h = machine.layersOf(grid.X, grid.count);"
        "return Math.max(...h.flatMap((one, k) => [...one.h].map((x, at) => Math.abs(x - grid.layers[k].h[at]))));",
    )
    assert worst == 0
    assert epoch == 120
    assert counted == 121
    assert page.locator(".stat b").first.inner_text() == "120"
    assert "epoch 120: training " in text(page, ".curves .readout")
    page.locator(".curve-area").press("Home")
    page.get_by_text(re.compile("^epoch 0: training ")).wait_for()


def test_an_edited_weight_changes_the_loss_as_the_engine_says(page: Any) -> None:
    page.get_by_role("combobox", name="layer", exact=True).select_option(label="layer 2")
    page.get_by_role("combobox", name="from", exact=True).select_option(label="from neuron 3")
    page.get_by_role("combobox", name="to", exact=True).select_option(label="to neuron 2")
    field = page.get_by_role("textbox", name="Value", exact=True)
    field.fill("1.75")
    state, X, y, loss, gradient = ask(
        page,
        "await painted(); const { W } = machine.gradients('train');"
        "return [machine.snapshot(), [...play.data.X], [...play.data.y], play.measures().train.loss, W[1][2 * 4 + 1]];",
    )
    assert state["parameters"]["layers.1.w"][2 * 4 + 1] == 1.75
    model = model_of(state)
    J = binary_cross_entropy(model(np.reshape(X, (-1, 2))), np.array(y).reshape(-1, 1))
    J.backward()
    assert loss == pytest.approx(J.item(), rel=1e-12)
    assert gradient == pytest.approx(dict(model.named_parameters())["layers.1.w"].grad[2, 1], rel=1e-10)
    assert float(text(page, ".explain .gradient").split("= ")[1].split(" ")[0]) == pytest.approx(gradient, rel=1e-4)
    assert "✓ as the backward pass" in text(page, ".path.sum")
    assert f"- 0.3 · ({gradient:.4g})" in text(page, ".rule") or f"- 0.3 · {gradient:.4g}" in text(page, ".rule")
    field.fill("1.7x")
    assert "is no number" in text(page, ".status")
    assert ask(page, "return machine.get(1, 2, 1);") == 1.75
    page.get_by_role("button", name="Take back").click()
    assert ask(page, "return machine.get(1, 2, 1);") != 1.75


def test_the_structure_changes_while_it_trains(page: Any) -> None:
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="One hidden layer more").click()
    page.get_by_role("button", name="One neuron fewer in layer 2").click()
    page.get_by_role("combobox", name="Activation of layer 1").select_option("relu")
    page.get_by_role("combobox", name="loss").select_option(label="sigmoid + mse")
    page.get_by_role("combobox", name="batch").select_option("8")
    page.get_by_role("textbox", name="L2").fill("0.001")
    page.get_by_role("textbox", name="L2").press("Enter")
    state = ask(page, "return [machine.state, play.running];")
    assert state[1]
    assert state[0]["sizes"] == [2, 4, 3, 4, 1]
    assert state[0]["activations"] == ["relu", "tanh", "tanh", "sigmoid"]
    assert [state[0][name] for name in ("loss", "batch", "l2")] == ["mse", 8, 0.001]
    page.locator("[data-kind=blobs]").click()
    page.get_by_role("slider", name="classes").fill("5")
    assert ask(page, "return [machine.state.sizes.at(-1), machine.state.loss];") == [5, "mse"]
    page.locator("[data-kind=sine]").click()
    page.locator("[data-kind=hill]").click()
    assert ask(page, "await painted(); return [machine.state.sizes[0], machine.state.loss];") == [2, "mse"]


def test_keys_alone(page: Any) -> None:
    page.keyboard.press("s")
    page.keyboard.press("e")
    assert ask(page, "return [machine.steps, play.running];") == [6, False]
    page.keyboard.press("Space")
    assert ask(page, "return play.running;")
    page.keyboard.press("Space")
    page.keyboard.press("r")
    assert ask(page, "return [machine.steps, play.running];") == [0, False]
    page.locator("[data-key='t 1 0']").focus()
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    # What explains is written twice a second.
    page.get_by_text(re.compile("^Neuron 2 of layer 2 for the ringed sample")).wait_for()
    weight = page.get_by_role("textbox", name="Value of the weight from neuron 1 of layer 1 to neuron 2 of layer 2")
    weight.fill("-0.5")
    weight.press("Enter")
    assert ask(page, "return machine.get(1, 0, 1);") == -0.5
    page.get_by_role("tab", name="Neuron").press("ArrowRight")
    before = ask(page, "await painted(); return machine.get(1, 0, 1);")
    page.locator(".land-map canvas").press("ArrowRight")
    assert ask(page, "return machine.get(1, 0, 1);") > before
    assert "Map of the loss over w(2)_1,2" in page.locator(".land-map canvas").get_attribute("aria-label")


LESSONS = ("line", "xor", "nonlinear", "vanishing", "rate", "dead", "overfit", "symmetry")


def test_lessons_are_links(page: Any, tmp_path: Path) -> None:
    assert page.locator(".menu a").evaluate_all("all => all.map((one) => one.hash)") == [
        f"#lesson={name}" for name in LESSONS
    ]
    shown = {}
    for name in LESSONS:
        page.evaluate("name => { location.hash = `lesson=${name}`; }", name)
        title = page.locator(".menu a").nth(LESSONS.index(name)).text_content()
        page.locator(".lesson b", has_text=title).first.wait_for()
        shown[name] = ask(page, "return [machine.state.sizes, machine.get(0, -1, 0), machine.get(0, 1, 0)];")
    assert shown["xor"][0] == [2, 1]
    assert shown["dead"][1] == -9
    assert shown["symmetry"][2] == 0.5
    lesson = {"title": "<img src=x>", "text": "One </script> sentence.", "set": {"w(1)_2,3": 2.5}, "ask": "b(2)_1"}
    network = {"sizes": [2, 3, 1], "activations": ["relu", "sigmoid"]}
    held = {"lessons": [{**lesson, "state": network, "data": {"name": "xor"}}]}
    file = tmp_path / "lessons.json"
    file.write_text(json.dumps(held), encoding="utf-8")
    page.get_by_role("tab", name="Take away").click()
    page.get_by_label("File with a network or lessons").set_input_files(file)
    page.locator(".lesson", has_text="<img src=x>").wait_for()
    assert ask(page, "return [machine.state.sizes, machine.get(0, 1, 2), play.ask.k];") == [[2, 3, 1], 2.5, 1]
    for wrong, said in (
        ({"lessons": []}, "a list with at least one"),
        ({"a": 1}, "neither a network (model) nor lessons"),
        ({"model": {"sizes": [3, 1]}}, "cannot be used"),
        ({"lessons": [{**held["lessons"][0], "set": {"w(7)_1,1": 1}}]}, "has no w(7)_1,1"),
        ({"lessons": [{**held["lessons"][0], "ask": "v"}]}, "names such as w(1)_2,3"),
        ({"lessons": [{"title": "no text"}]}, "lesson 1 needs a title and a text"),
    ):
        file.write_text(json.dumps(wrong), encoding="utf-8")
        page.get_by_role("tab", name="Take away").click()
        page.get_by_label("File with a network or lessons").set_input_files(file)
        page.locator(".status", has_text=said).wait_for()


def test_a_link_and_json_resume_equal(visit: Visit, page: Any, tmp_path: Path) -> None:
    ask(
        page,
        "play.restructure({ optimizer: { name: 'Adam', lr: 0.02 }, dropout: 0.1 }); play.step(17); play.open('take');",
    )
    page.get_by_role("button", name="Link", exact=True).click()
    link = page.get_by_role("textbox", name="Text to copy").input_value()
    page.get_by_role("button", name="JSON", exact=True).click()
    file = tmp_path / "model.json"
    file.write_text(page.get_by_role("textbox", name="Text to copy").input_value(), encoding="utf-8")
    page.get_by_role("button", name="Python", exact=True).click()
    assert "from nn import" in page.get_by_role("textbox", name="Text to copy").input_value()
    on = "play.step(20); return machine.snapshot();"
    expected = ask(page, on)
    other = visit(playground(None, None))
    other.evaluate("hash => { location.hash = hash; }", link.split("#")[1])
    other.locator(".status", has_text="The link is open").wait_for()
    assert ask(other, on) == expected
    ask(other, "play.open('take');")
    other.get_by_label("File with a network or lessons").set_input_files(file)
    other.locator(".status", has_text="model.json is open").wait_for()
    assert ask(other, on) == expected
    other.evaluate("hash => { location.hash = hash; }", link.split("#")[1][:-40])
    other.locator(".status", has_text="not whole").wait_for()
    assert ask(other, "return machine.snapshot();") == expected


def test_too_large_a_rate_is_told_and_taken_back(page: Any) -> None:
    page.locator("[data-kind=sine]").click()
    ask(page, "play.restructure({ optimizer: { name: 'SGD', lr: 1000 } }); play.step(60); await painted();")
    assert "too large" in text(page, ".trouble")
    page.get_by_role("button", name="with the rate").click()
    lr, trouble, loss = ask(page, "return [machine.state.optimizer.lr, machine.trouble, play.measures().train.loss];")
    assert lr == 100
    assert trouble is None
    assert loss < 10
    assert page.locator(".trouble").is_hidden()


def test_a_table_with_bad_rows(page: Any) -> None:
    page.get_by_text("Your own table").click()
    rows = "\n".join(f"{k % 7},{k % 5},{'yes' if k % 3 else 'no'}" for k in range(40))
    page.get_by_label("Table as CSV").fill(f"size,age,<b>ok</b>\n{rows}\n1,x,yes\n")
    page.get_by_role("button", name="Use it").click()
    page.locator(".wrong-rows li").first.wait_for()
    assert "line 42" in text(page, ".wrong-rows")
    assert ask(page, "return [play.data.classes, play.data.n + play.data.test.n];") == [["no", "yes"], 40]
    page.get_by_label("Table as CSV").fill("a,b\n1,2\n")
    page.get_by_role("button", name="Use it").click()
    assert ask(page, "return play.data.classes;") == ["no", "yes"]


def digits() -> dict[str, Any]:
    """Images of 8 x 8 of a vertical and a horizontal bar."""
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 0.2, (60, 8, 8))
    for k in range(60):
        X[k, slice(None) if k % 2 else 3, 3 if k % 2 else slice(None)] = 1.0
    held = {"n": 60, "X": X.ravel().tolist(), "y": [k % 2 for k in range(60)]}
    return {
        **held, "name": "bars", "task": "classes", "columns": [f"p{k}" for k in range(64)], "classes": ["<u>-", "|"],
        "target": "bar", "d": 64, "test": {"n": 0, "X": [], "y": []}, "scale": None, "targetScale": None,
        "image": [8, 8], "notes": [], "recipe": None,
    }  # fmt: skip


def test_an_image_is_drawn_with_the_mouse(visit: Visit) -> None:
    page = visit(
        playground({"sizes": [64, 8, 2], "activations": ["tanh", "linear"], "loss": "cross_entropy"}, digits())
    )
    ask(page, "for (let n = 0; n < 30; n++) play.step(play.stepsOfEpoch());")
    page.get_by_role("button", name="Clear, to draw one").click()
    box = page.locator(".pads canvas").first.bounding_box()
    page.mouse.move(box["x"] + 3.5 * box["width"] / 8, box["y"] + 4)
    page.mouse.down()
    page.mouse.move(box["x"] + 3.5 * box["width"] / 8, box["y"] + box["height"] - 4, steps=16)
    page.mouse.up()
    x, p = ask(page, "await painted(); return [[...play.sample.x], [...machine.predict(play.sample.x, 1)]];")
    assert np.reshape(x, (8, 8))[:, 3].min() == 1.0
    assert p[1] > 0.9
    assert text(page, ".bar-row.best").startswith("|")
    assert "Your own image" in text(page, ".image h2")


def test_more_inputs_than_two_and_names_that_are_markup(visit: Visit) -> None:
    rng = np.random.default_rng(0)
    held = {"n": 30, "X": rng.normal(size=120).tolist(), "y": [k % 2 for k in range(30)]}
    data = {
        **held, "name": "<img src=x onerror=alert(1)>", "task": "classes", "columns": ["<b>a</b>", "", "c", "d"],
        "classes": ["<i>", "${alert(2)}"], "target": "<u>", "d": 4, "test": held, "scale": None, "targetScale": None,
        "image": None, "notes": ["<script>alert(3)</script>"], "recipe": None,
    }  # fmt: skip
    page = visit(playground(None, data))
    assert "<b>a</b>" in text(page, ".tile-name >> nth=0")
    page.get_by_role("combobox", name="Horizontal axis").select_option("2")
    assert ask(page, "await painted(); return play.shown.axes;") == [2, 1]
    assert "<script>alert(3)</script>" in text(page, ".notes")
    assert page.locator("img, iframe, b b").count() == 0


SMALL = """all => all.filter((one) => one.getClientRects().length && !one.closest('[hidden]')).map((one) => {
  const { width, height } = one.getBoundingClientRect();
  return [one.tagName, one.getAttribute('aria-label') || one.textContent, Math.round(width), Math.round(height)];
}).filter(([, , width, height]) => width < 24 || height < 24)"""


@pytest.mark.parametrize(
    ("scheme", "tabs"), [("light", ("Weight", "Take away")), ("dark", ("Neuron", "Landscape"))], ids=["light", "dark"]
)
def test_nothing_stands_in_the_way_of_anyone(visit: Visit, scheme: str, tabs: tuple[str, ...]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = visit(playground(None, None), color_scheme=scheme, viewport={"width": 1280, "height": 720})
    page.evaluate("location.hash = 'lesson=overfit'")
    for tab in tabs:
        page.get_by_role("tab", name=tab).click()
        ask(page, "await painted();")
        found = Axe().run(page).response
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
        assert len(found["passes"]) > 20
    assert page.locator("button, select, input, summary, a").evaluate_all(SMALL) == []


@pytest.mark.parametrize(("width", "height"), [(360, 740), (853, 533)])
def test_a_phone_and_a_zoom_of_150_percent(visit: Visit, width: int, height: int) -> None:
    page = visit(playground(None, None), viewport={"width": width, "height": height})
    page.evaluate("location.hash = 'lesson=vanishing'")
    ask(page, "await painted();")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    play = page.get_by_role("button", name="Play").bounding_box()
    assert play["y"] + play["height"] <= height
    assert page.locator("button, select, input, summary, a").evaluate_all(SMALL) == []


def test_two_on_a_page_are_independent_and_leave_no_loop(visit: Visit) -> None:
    first, second = (view(None, {"recipe": {"name": name}}, name=f"play-{name}") for name in ("xor", "moons"))
    page = visit(f"<!doctype html><html lang=en><title>Two</title>{first}{second}")
    sizes = page.evaluate(
        "() => { const [a, b] = [...document.querySelectorAll('.glassgrad')].map((one) => one.play);"
        "a.restructure({ sizes: [2, 3, 1], activations: ['relu', 'sigmoid'] }); a.run(true); a.host.remove();"
        "return [a.machine.state.sizes, b.machine.state.sizes, b.data.recipe.name]; }"
    )
    assert sizes == [[2, 3, 1], [2, 4, 4, 1], "moons"]
