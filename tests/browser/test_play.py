"""The page of the playground in a real browser: what is seen, touched and taken away."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import Tensor
from autograd.web.page import text_of
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


TEACH = Path(__file__).parents[2] / "docs" / "howto" / "teach.md"
LESSONS = ("line", "xor", "nonlinear", "vanishing", "rate", "dead", "overfit", "symmetry")


def test_lessons_are_links(page: Any) -> None:
    assert page.locator(".menu a").evaluate_all("all => all.map((one) => one.hash)") == [
        f"#lesson={name}" for name in LESSONS
    ]
    shown = {}
    wrong = ask(page, "play.lessons.open('line'); return play.measures().train.accuracy;")
    assert wrong < 0.2
    assert ask(page, "play.step(100); return play.measures().train.accuracy;") == 1
    for name in LESSONS:
        page.evaluate("name => { location.hash = `lesson=${name}`; }", name)
        title = page.locator(".menu a").nth(LESSONS.index(name)).text_content()
        page.locator(".lesson b", has_text=title).first.wait_for()
        shown[name] = ask(page, "return [machine.state.sizes, machine.get(0, -1, 0), machine.get(0, 1, 0)];")
    assert shown["xor"][0] == [2, 1]
    assert shown["dead"][1] == -9
    assert shown["symmetry"][2] == 0.5


def test_lessons_of_ones_own(page: Any, visit: Visit, tmp_path: Path) -> None:
    file = tmp_path / "lessons.json"

    def opens(held: Any) -> None:
        file.write_text(held if isinstance(held, str) else json.dumps(held), encoding="utf-8")
        page.get_by_role("tab", name="Take away").click()
        page.get_by_label("File with a network or lessons").set_input_files(file)

    # The file that the guide tells to copy.
    opens(re.findall(r"```json\n(.*?)```", TEACH.read_text(encoding="utf-8"), re.DOTALL)[0])
    page.locator(".lesson b", has_text=re.compile(r"need\? $")).wait_for()
    assert text(page, ".todo-line").splitlines()[0] == "Predict: How many hidden neurons will it take?"
    assert page.locator(".menu a").count() == 1 + len(LESSONS)
    # What the page saves as JSON is a lesson once it has a title and a text.
    ask(page, "play.step(30); play.set({ k: 0, j: 1, i: 0 }, 2.5); play.open('take');")
    page.get_by_role("button", name="JSON", exact=True).click()
    saved = json.loads(page.get_by_role("textbox", name="Text to copy").input_value())
    lesson = {"title": "<img src=x>", "text": "One </script> sentence.", "name": "mine", **saved}
    opens({"lessons": [{**lesson, "set": {"b(2)_1": 7}, "ask": "b(2)_1"}]})
    page.locator(".lesson", has_text="<img src=x>").wait_for()
    now = "return [machine.get(0, 1, 0), machine.get(1, -1, 0), play.ask.k, play.data.name];"
    state = [2.5, 7, 1, "y = (x1 > -1) * (x2 > -1) * (x1 + x2 < 0.8) > 0.5"]
    assert ask(page, now) == state
    model = {"sizes": [2, 3, 1], "activations": ["relu", "sigmoid"]}
    short = {"title": "A", "text": "B.", "model": model}
    for wrong, said in (
        ({"lessons": []}, "a list with at least one"),
        ({"a": 1}, "neither a network (model) nor lessons"),
        ({"model": {"sizes": [3, 1]}}, "no sizes and activations"),
        (
            {"lessons": [short, {**short, "set": {"w(7)_1,1": 1}}]},
            "lesson 2: the network of this lesson has no w(7)_1,1",
        ),
        ({"lessons": [{**short, "set": {"b(1)_1": "x"}}]}, "b(1)_1 takes a number; got x"),
        ({"lessons": [{**short, "fill": "x"}]}, "fill takes a number; got x"),
        ({"lessons": [{**short, "ask": "v"}]}, "names such as w(1)_2,3"),
        ({"lessons": [{**short, "data": {}}]}, "There are no data"),
        ({"lessons": [{"title": "no text"}]}, "lesson 1 needs a title and a text"),
        (
            {"lessons": [{"title": "A", "text": "B."}]},
            'lesson 1 needs a network beside its title and text, such as "model"',
        ),
        ({"lessons": [{**short, "state": model}]}, "lesson 1 has “state”; a lesson has title, text, predict"),
        ({"lessons": [{**short, "why": "x" * 601}]}, "room for texts of 600 letters"),
        ({"lessons": [{**short, "steps": ["x"] * 10}]}, "room for 9 steps; got 10"),
        ({"lessons": [{**short, "tab": "x"}]}, "takes as its tab"),
        ({"lessons": [{**short, "name": "xor"}]}, "has the name “xor”, which another has"),
    ):
        opens(wrong)
        page.locator(".status", has_text=said).wait_for()
    # Nothing of what was refused is there; a page for a class begins with its lesson, and its link keeps it.
    assert ask(page, now) == state
    assert page.locator(".menu a").count() == 1 + len(LESSONS)
    own = visit(playground(None, None, lessons=[lesson, short]))
    own.locator(".lesson", has_text="One </script> sentence.").wait_for()
    own.get_by_role("button", name="Next lesson").click()
    assert ask(own, "play.open('take'); return [location.hash, play.data.name];") == ["#lesson=lesson%202", "Two moons"]
    own.get_by_role("button", name="Link", exact=True).click()
    own.get_by_role("button", name="Close the lesson").click()
    own.reload()
    own.locator(".lesson b", has_text="A. ").wait_for()
    assert ask(own, "return machine.state.sizes;") == [2, 3, 1]


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
    assert "The loss has grown" in text(page, ".status")
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


def test_the_map_shows_all_jumps_and_the_lesson_begins_again(page: Any) -> None:
    page.evaluate("location.hash = 'lesson=rate'")
    wide = "await painted(); return find('.land .readout').textContent.match(/here, .* to .* ([0-9.]+) wide/)[1];"
    first = ask(page, wide)
    widest = ask(page, "for (let n = 0; n < 9; n++) { play.step(1); await painted(); }" + wide)
    b, J = ask(page, "return [machine.b[0][0], play.measures().train.loss];")
    assert float(widest) > 2 * abs(b - 1.2)
    assert J > 10
    page.get_by_role("button", name="Lesson from its start").click()
    assert ask(page, wide) == first
    found = ask(
        page, "return [machine.get(0, 0, 0), machine.get(0, -1, 0), machine.state.optimizer.lr, play.epochs()];"
    )
    assert found == [1.4, 1.2, 1.1, 0]
    # The curve has the loss of each epoch, also of one that exploded in the middle of twenty steps.
    epochs, count, last = ask(
        page, "play.step(20); const { history: h } = play; return [play.epochs(), h.count, h.train[h.count - 1]];"
    )
    assert (count, last) == (epochs + 1, ask(page, "return play.measures().train.loss;"))
    assert epochs == 10
    assert last > 20


def test_a_frame_paints_no_more_than_it_has_time_for(visit: Visit) -> None:
    """Four paintings of 8 ms and 2 ms of training: one painting a frame, and each has its turn."""
    script = text_of("play_loop.js", files("nn").joinpath("web"))
    painted = visit("<!doctype html><html lang=en><title>Loop</title>").evaluate(
        "() => new Promise((done) => {" + script + "let frame = 0; const log = [];"
        "const spin = (time) => { for (const end = performance.now() + time; performance.now() < end; ); };"
        "const loop = makeLoop(() => { frame += 1; spin(2); if (frame === 60) done(log);"
        " return frame < 60; }, () => true);"
        "for (const name of 'abcd') loop.addJob({ name, element: document.body, every: 0, rest: 0, paint() {"
        " spin(8); log.push([frame, name]); loop.touch(name); } }); })"
    )
    late = [(frame, name) for frame, name in painted if 30 < frame < 60]
    assert len(late) == len({frame for frame, _ in late}) == 29
    assert {name for _, name in late} == {*"abcd"}


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
    # What has the focus is never behind the bar.
    bar = page.locator(".bar").bounding_box()["y"]
    for name in ("rate η", "momentum", "L1"):
        page.get_by_role("textbox", name=name).focus()
        box = page.get_by_role("textbox", name=name).bounding_box()
        assert 0 <= box["y"] <= box["y"] + box["height"] <= bar


def test_thumbs_change_a_layer(visit: Visit) -> None:
    page = visit(playground(None, None), viewport={"width": 360, "height": 740}, has_touch=True)
    page.get_by_role("button", name="Layer 2: 4 neurons, tanh").tap()
    fewer = page.get_by_role("button", name="One neuron fewer in layer 2")
    size = fewer.bounding_box()
    assert min(size["width"], size["height"]) >= 36
    fewer.tap()
    page.get_by_role("combobox", name="Activation of layer 2").select_option("relu")
    page.get_by_role("button", name="Layer 2: 3 neurons, relu").wait_for()
    state = ask(page, "return machine.state;")
    assert (state["sizes"], state["activations"]) == ([2, 4, 3, 1], ["tanh", "relu", "sigmoid"])


def test_nothing_is_cut_on_a_laptop(visit: Visit) -> None:
    page = visit(playground(None, None), viewport={"width": 1280, "height": 720})
    over = ask(
        page,
        "play.step(200); await painted();"
        "const parts = ['.explain', '.explain .one', '.explain .two', '.data', '.net', '.output', '.curves'];"
        "const isCut = (one) => one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1;"
        "return parts.filter((name) => isCut(find(name)));",
    )
    assert over == []
    # A path of seven factors takes one line; of a longer one the ends are shown, and the product between them.
    heights = ask(page, "return all('.path .factors').map((one) => one.offsetHeight);")
    assert len(heights) == 4
    assert max(heights) <= 24


def shown(page: Any, parts: str) -> list[float]:
    """The numbers of a text, powers of ten among them."""
    held = re.sub(r"·10([-0-9]+)", r"e\1", text(page, parts).replace("\n", ""))
    return [float(one) for one in re.findall(r"(?<![\d.])-?\d+\.?\d*(?:e-?\d+)?", held)]


def test_vanishing_gradients_are_seen_whole(visit: Visit) -> None:
    page = visit(playground(None, None), viewport={"width": 1280, "height": 720})
    page.evaluate("location.hash = 'lesson=vanishing'")
    over = ask(
        page,
        "await painted(); await painted(); const names = ['.explain', '.explain .one', '.explain .two', '.net-box'];"
        "return names.filter((name) => find(name).scrollHeight > find(name).clientHeight + 1);",
    )
    assert over == []
    # A student computes the step again, with the digits that stand there.
    w, rate, gradient, moved = shown(page, ".rule p:nth-child(2)")
    assert round(w - rate * gradient, 8) == moved < w
    # Of a long path the slopes and the weights are told by their products.
    loss, _, slopes, _, weights, x = shown(page, ".path:nth-child(2) .factors")
    product, *_ = shown(page, ".path:nth-child(2) .product")
    assert loss * slopes * weights * x == pytest.approx(product, rel=0.1)
    lit = ask(page, "all('.path .factors')[1].click(); return play.lit;")
    assert [one["k"] for one in lit] == [1, 2, 3, 4, 5, 6]
    assert all(before["i"] == after["j"] for before, after in itertools.pairwise(lit))
    # The picture of the output is the same, small and large: 0.489 is nearly white.
    small, large = ask(
        page,
        "const at = (canvas, x, y) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data];"
        "const tile = all('.tile').at(-1), middle = (one) => [one.offsetLeft + 20, one.offsetTop + 20];"
        "return [at(find('.net-tiles'), ...middle(tile)), at(find('.plane canvas'), 20, 20)];",
    )
    assert small == pytest.approx(large, abs=3)
    assert min(small) > 240
    # A bar for each layer, which chooses a weight there; layer 7 learns a thousand times as fast as layer 1.
    means = [shown(page, f".means button:nth-child({k + 2})")[1] for k in range(7)]
    assert means == sorted(means)
    assert means[-1] > 1000 * means[0]
    page.locator(".means button").nth(2).click()
    assert ask(page, "return [play.ask, play.lit];") == [{"k": 2, "j": 0, "i": 0}, []]


def test_a_small_loss_is_not_cut_to_a_large_one(page: Any) -> None:
    page.evaluate("location.hash = 'lesson=line'")
    told, loss, is_cut = ask(
        page,
        "await painted(); for (let n = 0; n < 100; n++) play.step(5);"
        "for (const one of [machine.W[0], machine.b[0]]) one.forEach((x, at) => (one[at] = 12 * x)); play.after();"
        "await painted(); const one = all('.stat b')[1];"
        "return [one.textContent, play.measures().train.loss, one.scrollWidth > one.clientWidth];",
    )
    assert float(told.replace("−", "-")) == pytest.approx(loss, rel=0.5)
    assert loss < 1e-5
    assert not is_cut


def test_a_number_is_the_same_wherever_it_stands(page: Any) -> None:
    same = (
        "const [top, curve] = ['.stats', '.curves .readout'].map((name) => find(name).textContent);"
        "return [top.match(/training loss([0-9.]+)/)[1], curve.match(/training ([0-9.]+)/)[1]];"
    )
    page.get_by_role("button", name="Play").click()
    for _ in range(3):
        told = ask(
            page,
            "await painted(); return [all('.tile-value').at(-1), find('.readout b')].map((one) => one.textContent);",
        )
        small, large = (float(one.replace("−", "-")) for one in told)
        assert small == pytest.approx(large, abs=1e-3)
    page.get_by_role("button", name="Pause").click()
    ask(page, "await painted();")
    for act in ("", "One hidden layer fewer", "One neuron more in layer 1"):
        if act:
            page.get_by_role("button", name=act).click()
            assert "weights are kept" in text(page, ".status")
        top, curve = ask(page, "await painted();" + same)
        assert float(curve) == pytest.approx(float(top), abs=6e-3 * float(top))


def test_all_tiles_are_one_picture(page: Any) -> None:
    ask(page, "play.restructure({ sizes: [2, 40, 40, 1] }); await painted();")
    assert page.locator(".net canvas").count() == 2
    # A tile has the colours of its surface: of the first input, from negative on the left to positive on the right.
    left, right = ask(
        page,
        "const canvas = find('.net-tiles'), tile = find('.tile').style, ratio = canvas.width / canvas.clientWidth;"
        "const [x, y, wide] = [tile.left, tile.top, tile.width].map(parseFloat);"
        "const colour = (at) => canvas.getContext('2d').getImageData(at * ratio, (y + 9) * ratio, 1, 1).data;"
        "return [x + 4, x + wide - 4].map((at) => [...colour(at)]);",
    )
    assert left[0] > left[2]
    assert right[2] > right[0]


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
