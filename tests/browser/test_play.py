"""The page of the playground in a real browser: what is seen, touched and taken away."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playing import Visit, ask, digits, text

from autograd import Tensor
from autograd.web.page import text_of
from nn import Layer, Sequential, binary_cross_entropy
from nn._play.page import page as playground
from nn._play.page import view

pytestmark = pytest.mark.slow


@pytest.fixture
def page(visit: Visit) -> Any:
    return visit(playground(None, None))


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
    # While it trains, a grid that takes long is computed in parts; a clock tells that this one does.
    parts, apart = ask(
        page,
        "const { grid } = play, clock = performance.now; let now = 0; play.dragging = true;"
        "performance.now = () => (now += 50); const done = Array.from({ length: 20 }, grid.pass); while (!grid.pass());"
        "performance.now = clock; play.dragging = false;"
        "const whole = machine.layersOf(grid.X, grid.count);"
        "const off = (h, k) => h.map((x, at) => Math.abs(x - grid.layers[k].h[at]));"
        "return [done.filter((one) => !one).length, Math.max(...whole.flatMap(({ h }, k) => [...off(h, k)]))];",
    )
    assert parts > 3
    assert apart == 0
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
    page.get_by_role("combobox", name="Activation of all hidden layers").select_option("sigmoid")
    assert ask(page, "return machine.state.activations;") == [*["sigmoid"] * 3, "softmax"]
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


def test_the_next_step_of_each_weight_is_the_one_that_comes(page: Any) -> None:
    ask(
        page,
        "play.restructure({ optimizer: { name: 'Adam', lr: 0.03 }, batch: 0 }); play.step(3); play.open('neuron');",
    )
    told, moves = ask(
        page,
        "await painted(); const told = all('.sums tbody td:last-child').map((one) => one.textContent);"
        "const { k, i } = play.ask, weights = () => [0, 1, -1].map((j) => machine.get(k, j, i)), before = weights();"
        "play.step(1); return [told, weights().map((w, at) => w - before[at])];",
    )
    numbers = [float(one[1:].replace("−", "-").replace("·10", "e")) for one in told]
    assert numbers == pytest.approx(moves, rel=6e-3)
    assert [one[0] for one in told] == ["▲" if move > 0 else "▼" for move in moves]


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
    # It is said once: below only where the box is out of sight.
    assert text(page, ".status") == ""
    page.get_by_role("button", name="with the rate").click()
    lr, trouble, loss = ask(page, "return [machine.state.optimizer.lr, machine.trouble, play.measures().train.loss];")
    assert lr == 100
    assert trouble is None
    assert loss < 10
    assert page.locator(".trouble").is_hidden()
    # On the curve, nothing is left of the epochs after the way back.
    epochs = ask(page, "play.step(2); return [...play.history.epochs.slice(0, play.history.count)];")
    assert epochs == sorted({*epochs})
    assert epochs[-1] == ask(page, "return play.epochs();")


def test_what_a_change_broke_is_taken_back(page: Any) -> None:
    page.evaluate("location.hash = 'lesson=nonlinear'")
    told = ask(
        page,
        "await painted(); const g = (name) => play.restructure({ activations: [name, name, 'sigmoid'] });"
        "g('tanh'); for (let n = 0; n < 200; n++) play.step(5); g('linear'); play.run(true); await painted();"
        "return [find('.trouble').textContent, find('.path.sum').textContent];",
    )
    assert "before the first step" in told[0]
    assert "Back to epoch" not in told[0]
    assert "not finite" in told[1]
    page.get_by_role("button", name="Take the change back").click()
    found = ask(page, "return [machine.state.activations[0], play.measures().train.accuracy, machine.trouble];")
    assert found == ["tanh", 1, None]


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


def test_a_formula_makes_data(page: Any) -> None:
    page.get_by_text("A formula").click()
    field = page.get_by_role("textbox", name="Formula for y")
    field.fill("alert(1)")
    field.press("Enter")
    page.locator(".status", has_text="“alert” is no function here").wait_for()
    assert field.get_attribute("aria-invalid") == "true"
    field.fill("x1 * x2 > 0")
    field.press("Enter")
    link = ask(page, "play.open('take'); find('[data-take=link]').click(); return location.hash;")
    told = "return [play.data.name, play.data.classes, [...play.data.X], [...play.data.y]];"
    expected = ask(page, told)
    assert expected[:2] == ["y = x1 * x2 > 0", ["no", "yes"]]
    page.locator("[data-kind=sine]").click()
    page.evaluate("hash => { location.hash = ''; location.hash = hash; }", link)
    page.locator(".status", has_text="The link is open").wait_for()
    assert ask(page, told) == expected


def test_two_on_a_page_are_independent_and_leave_no_loop(visit: Visit) -> None:
    first, second = (view(None, {"recipe": {"name": name}}, name=f"play-{name}") for name in ("xor", "moons"))
    page = visit(f"<!doctype html><html lang=en><title>Two</title>{first}{second}")
    sizes = page.evaluate(
        "() => { const [a, b] = [...document.querySelectorAll('.glassgrad')].map((one) => one.play);"
        "a.restructure({ sizes: [2, 3, 1], activations: ['relu', 'sigmoid'] }); a.run(true); a.host.remove();"
        "return [a.machine.state.sizes, b.machine.state.sizes, b.data.recipe.name]; }"
    )
    assert sizes == [[2, 3, 1], [2, 4, 4, 1], "moons"]


def test_the_equation_of_a_step_is_true_as_it_is_written(visit: Visit) -> None:
    """In few digits, of weights and steps of any size: a student computes it again."""
    web = files("nn").joinpath("web")
    scripts = text_of("text.js") + text_of("play_explain.js", web)
    asked = [[w, rate, g] for w in (0.0, 0.02, 1.12347908, -28.1) for rate in (0.1, 0.3) for g in (-43.46667, 1.469e-6)]
    found = visit("<!doctype html><html lang=en><title>Steps</title>").evaluate(
        "(asked) => {" + scripts + "return asked.map((one) => stepTexts(...one)); }", asked
    )
    for (_, rate, _), texts in zip(asked, found, strict=True):
        assert max(map(len, texts)) <= 12
        w, g, after = (float(text.replace("−", "-")) for text in texts)
        decimals = max(len(text.partition(".")[2]) for text in (texts[0], texts[2]))
        assert "e" in texts[2] or abs(w - rate * g - after) <= 0.51 * 10.0**-decimals
