"""The playground in a classroom: the same start again, runs compared, computed inputs, few controls, a projector."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playing import SMALL, ask

from autograd import Value
from nn import SGD, Perceptron, live, mse
from nn._play.page import page as playground

pytestmark = pytest.mark.slow
Visit = Callable[..., Any]

HOURS, GRADES = [[5.0], [1.0], [8.0]], [9.0, 2.0, 9.5]


def grades(path: Any, **settings: Any) -> Any:
    """The page of notebook 4: a perceptron with one input, at w = 0 and b = 4."""
    neuron = Perceptron(1, "linear")
    neuron.w0.data, neuron.w[0].data = 4.0, 0.0
    return live(neuron, HOURS, GRADES, loss="mse", **settings).save(path / "grades.html")


def descended(count: int, momentum: float) -> list[float]:
    """The losses on the way of SGD from there, by the engine."""
    w, b = Value(0.0), Value(4.0)
    optimizer = SGD([w, b], lr=0.01, momentum=momentum)
    losses = []
    for _ in range(count + 1):
        J = mse([w * x + b for (x,) in HOURS], GRADES)
        losses.append(J.data)
        optimizer.zero_grad()
        J.backward()
        optimizer.step()
    return losses


def test_the_same_start_again_and_two_runs_side_by_side(visit: Visit, tmp_path: Any) -> None:
    page = visit(grades(tmp_path))
    page.get_by_role("tab", name="Landscape").click()
    page.get_by_role("textbox", name="rate η").fill("0.01")
    page.get_by_role("button", name="ten steps").click()
    now = "return [machine.get(0, 0, 0), machine.get(0, -1, 0), machine.epoch];"
    curve = "const { history: h } = play; return [...h.train.slice(0, h.count)];"
    first = ask(page, curve)
    # All ten steps are points of the curve, and they are those of the engine.
    assert first == pytest.approx(descended(10, 0.0), rel=1e-9)
    again = page.get_by_role("button", name="Start again")
    again.click()
    assert ask(page, now) == [0, 4, 0]
    page.get_by_role("textbox", name="momentum").fill("0.9")
    page.get_by_role("button", name="ten steps").click()
    assert ask(page, curve) == pytest.approx(descended(10, 0.9), rel=1e-9)
    # The run before is in the same picture, and is read with the cursor.
    assert ask(page, "return [...play.before.train];") == first
    page.locator(".curves .legend", has_text="before: momentum 0").wait_for()
    ask(page, "play.restructure({ optimizer: { lr: 0.02, momentum: 0 }, batch: 1 });")
    page.locator(".curves .legend", has_text=re.compile("before: rate 0.01, batch 32$")).wait_for()
    ask(page, "play.undo();")
    page.locator(".curve-area").press("End")
    page.locator(".curves .readout", has_text=f"the run before {first[-1]:.4g}").wait_for()
    # Another seed is another start, which is then begun again.
    page.get_by_title("Other weights").click()
    fresh = ask(page, now)
    assert fresh[:2] != [0, 4]
    page.get_by_role("button", name="ten steps").click()
    again.click()
    assert ask(page, now) == fresh
    # What is taken back has its own start; a network of other layers begins from the seed.
    for _ in range(9):
        page.get_by_role("button", name="Take back").click()
        if ask(page, now)[:2] == [0, 4]:
            break
    ask(page, "play.step(3); play.reset();")
    assert ask(page, now) == [0, 4, 0]
    page.get_by_role("button", name="One hidden layer more").click()
    again.click()
    assert ask(page, "return [machine.state.sizes, machine.get(0, 0, 0) === 0];") == [[1, 4, 1], False]
    # What was built before the first step is the start as well: the numbers that were seen.
    page.get_by_role("button", name="One hidden layer fewer").click()
    built = ask(page, now)
    ask(page, "play.step(3);")
    again.click()
    assert ask(page, now) == built
    ask(page, "play.step(3);")
    page.get_by_role("button", name="One hidden layer more").click()
    again.click()
    page.locator(".status", has_text=re.compile(r"^New weights, of seed \d+\.$")).wait_for()


def test_a_run_that_blew_up_leaves_the_next_alone(visit: Visit, tmp_path: Any) -> None:
    page = visit(grades(tmp_path), viewport={"width": 1280, "height": 500})
    page.get_by_role("tab", name="Landscape").click()
    rate = page.get_by_role("textbox", name="rate η")
    rate.fill("0.04")
    rate.press("Enter")
    ask(page, "find('.land').scrollIntoView(); play.step(100, 1); await painted();")
    page.locator(".status", has_text="The loss has grown").wait_for()
    page.get_by_role("button", name="Start again with the same weights").click()
    assert page.locator(".trouble").is_hidden()
    assert page.locator(".status").inner_text() == ""
    rate.fill("0.03")
    rate.press("Enter")
    # The numbers on the axis are those of the new run; what does not fit of the old one is cut off.
    page.locator(".curves").scroll_into_view_if_needed()
    found = ask(page, """const said = [], pen = find('.curves canvas').getContext('2d'), { fillText } = pen;
      pen.fillText = (...all) => (said.push(all[0]), fillText.apply(pen, all));
      play.step(10, 1);
      await painted();
      const { history: h } = play;
      return [said.slice(-4), Math.max(...h.train.slice(0, h.count)), Math.max(...play.before.train)];""")  # fmt: skip
    assert [float(found[0][0]), *found[0][1:]] == [float(f"{found[1]:.2g}"), "0", "10", "0"]
    assert found[2] > 1000
    # A smaller rate, typed beside the red box, goes on from where the loss was no larger than at the start.
    rate.fill("0.04")
    rate.press("Enter")
    ask(page, "play.reset(); play.step(100, 1); await painted();")
    assert page.locator(".trouble").is_visible()
    rate.fill("0.02")
    rate.press("Enter")
    assert page.locator(".trouble").is_hidden()
    assert ask(page, "return machine.epoch;") == 0


def test_a_trained_network_starts_again_as_it_was_given(visit: Visit) -> None:
    state = {
        "sizes": [2, 1], "activations": ["sigmoid"], "loss": "binary_cross_entropy", "epoch": 7,
        "parameters": {"layers.0.w": [1.5, -2.5], "layers.0.w0": [0.25]},
    }  # fmt: skip
    page = visit(playground(state, None, history={"epochs": [1, 7], "loss": [0.9, 0.5]}))
    found = ask(
        page,
        "play.step(30); play.reset(); const { history: h } = play;"
        "return [[...machine.W[0], ...machine.b[0]], machine.epoch, [...h.epochs.slice(0, h.count)], h.fitted];",
    )
    assert found == [[1.5, -2.5, 0.25], 7, [1, 7], 7]


def test_training_stops_at_the_epoch_that_was_chosen(page: Any) -> None:
    page.get_by_role("combobox", name="speed").select_option("fast")
    page.get_by_role("combobox", name="stop").select_option("100")
    for wanted in ("Stopped at epoch 100.", "Stopped at epoch 200."):
        page.get_by_role("button", name="Play").click()
        page.locator(".status", has_text=wanted).wait_for()
    assert ask(page, "return [play.epochs(), play.running];") == [200, False]


@pytest.fixture
def page(visit: Visit) -> Any:
    return visit(playground(None, None))


def test_inputs_are_computed_from_two(page: Any, visit: Visit) -> None:
    page.locator("[data-kind=circles]").click()
    for name in ("x₁²", "x₂²"):
        page.get_by_role("button", name=name, exact=True).click()
    for _ in range(2):
        page.get_by_role("button", name="One hidden layer fewer").click()
    columns, X, accuracy = ask(
        page,
        "play.step(play.stepsOfEpoch() * 100, 1e9);"
        "return [play.data.columns, [...play.data.X], play.measures().test.accuracy];",
    )
    assert columns == ["x1", "x2", "x₁²", "x₂²"]
    rows = np.reshape(X, (-1, 4))
    assert rows[:, 2:] == pytest.approx(rows[:, :2] ** 2, rel=1e-15)
    assert accuracy == 1
    # The plane, what is read under the pointer, and a point that is added, have them as well.
    off, added = ask(
        page,
        "await painted(); const { grid } = play, at = 4 * 77, [a, b, c, d] = grid.X.slice(at, at + 4);"
        "play.drawing = 1; play.addPoint([0.5, -0.25]);"
        "return [Math.abs(c - a * a) + Math.abs(d - b * b), [...play.data.X.slice(-4)]];",
    )
    assert off == 0
    assert added == [0.5, -0.25, 0.25, 0.0625]
    page.get_by_role("button", name="Take back").click()
    # Other points of the same kind and a link keep them; one input has none.
    page.get_by_role("button", name="other points").click()
    link = ask(page, "play.take.show('link'); return location.href;")
    other = visit(playground(None, None))
    other.evaluate("hash => { location.hash = hash; }", link.split("#")[1])
    assert ask(other, "await painted(); return [machine.state.sizes, play.data.columns];") == [[4, 1], columns]
    assert other.locator(".axes select").count() == 0
    other.get_by_role("button", name="sin 3x₂").click()
    assert ask(other, "return [play.data.d, play.data.X[4], Math.sin(3 * play.data.X[1])];")[0] == 5
    first, expected = ask(other, "return [play.data.X[4], Math.sin(3 * play.data.X[1])];")
    assert first == expected
    other.locator("[data-kind=sine]").click()
    assert ask(other, "return machine.state.sizes[0];") == 1
    assert other.locator(".features").is_hidden()
    refused = ask(
        page,
        "play.take.show('json'); const { data } = JSON.parse(find('.take textarea').value), { recipe } = data;"
        "const wrong = [{ ...recipe, features: ['x3'] }, { ...recipe, name: 'sine', features: ['x₁²'] }];"
        "const own = { ...play.take.made({ state: null, data: undefined }).news };"
        "const tries = [...wrong.map((one) => ({ recipe: one })), { ...own, recipe: null, X: [...own.X], y: [...own.y],"
        "test: { ...own.test, X: [...own.test.X], y: [...own.test.y] }, features: ['x₂²', 'x₁²'] }];"
        "return tries.map((data) => { try { play.take.made({ state: machine.state, data }); } catch (error) {"
        " return error.message; } });",
    )
    assert "can be computed; got x3" in refused[0]
    assert "can be computed; got 1" in refused[1]
    assert "not the inputs that are said to be computed" in refused[2]


def test_a_beginner_and_a_projector(visit: Visit) -> None:
    page = visit(playground(None, None), viewport={"width": 1280, "height": 720})
    seen = "all => all.filter((one) => one.getClientRects().length && !one.closest('[hidden]')).length"
    controls = page.locator("button:not(.tile), select, input, summary")
    everything = controls.evaluate_all(seen)
    # One line, in which the longest number has room: what is cut off is another number.
    whole = (
        "const stats = all('.stat:not(:first-child) b'); for (const one of stats) one.textContent = '8.9e−12';"
        "return [find('.bar').offsetHeight < 60, ...stats.map((one) => one.scrollWidth <= one.clientWidth)];"
    )
    assert ask(page, whole) == [True] * 4
    page.get_by_role("button", name="simple").click()
    assert ask(page, whole)[0]
    assert controls.evaluate_all(seen) < 0.75 * everything
    page.get_by_role("combobox", name="speed").select_option("slow")
    for name in ("optimizer", "batch"):
        assert page.get_by_role("combobox", name=name).is_hidden()
    # A weight can be changed, the network trains, and a weight that is clicked is the one to change.
    page.get_by_role("textbox", name="rate η").fill("0.1")
    page.get_by_role("textbox", name="Value", exact=True).fill("2")
    page.locator(".tile").nth(3).click()
    found = ask(page, "return [machine.state.optimizer.lr, machine.get(0, 0, 0), play.shown.tab];")
    assert found == [0.1, 2, "weight"]
    page.get_by_role("button", name="projector").click()
    # The space plays after a click as well; on a button that the keyboard has come to it is that button's.
    for running in (True, False):
        page.keyboard.press(" ")
        assert ask(page, "return [play.running, play.modes.projector];") == [running, True]
    page.keyboard.press("Tab")
    steps = ask(page, "find('.moves .step').focus(); return machine.steps;")
    page.keyboard.press(" ")
    assert ask(page, "return [play.running, machine.steps];") == [False, steps + 1]
    ask(page, "await painted();")
    assert ask(page, whole) == [True] * 4
    assert page.evaluate("location.hash") == "#simple&projector"
    small = ask(
        page,
        "return all('button, label, p, h2, .stat, .tile-value, .ticks').filter((one) => one.getClientRects().length"
        " && one.textContent && parseFloat(getComputedStyle(one).fontSize) < 13).map((one) => one.textContent);",
    )
    assert small == []
    assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [1280, 720]
    assert page.locator("button, select, input, summary, a").evaluate_all(SMALL) == []
    from axe_playwright_python.sync_playwright import Axe

    assert [one["id"] for one in Axe().run(page).response["violations"]] == []
    # The address keeps both, and a lesson that needs more controls has them.
    page.reload()
    page.locator(".pg.simple.projector").wait_for()
    page.evaluate("location.hash = 'lesson=xor'")
    page.locator(".lesson", has_text="XOR").wait_for()
    assert page.evaluate("location.hash") == "#simple&projector&lesson=xor"
    page.evaluate("location.hash = 'lesson=momentum'")
    page.locator(".lesson", has_text="ball").wait_for()
    assert page.evaluate("location.hash") == "#simple&projector&lesson=momentum"
    assert page.get_by_role("textbox", name="momentum").is_visible()
    page.get_by_role("button", name="Close the lesson").click()
    assert page.evaluate("location.hash") == "#simple&projector"
    assert page.get_by_role("combobox", name="optimizer").is_hidden()
    page.evaluate("location.hash = 'lesson=batches'")
    page.locator(".lesson", has_text="batch").wait_for()
    assert page.evaluate("location.hash") == "#projector&lesson=batches"
    assert page.get_by_role("combobox", name="batch").is_visible()


def test_a_projector_shows_a_lesson_whole(visit: Visit) -> None:
    """Its steps, what they tell to press and what they tell to watch are in sight together, and so is the menu."""
    page = visit(playground(None, None), viewport={"width": 1280, "height": 720})
    watched = {
        "momentum": ".land-map canvas, .land-side button, .land-side .readout, .momentum, .curve-area",
        "batches": ".bar select, .settings label:has(select), .curve-area, .points",
        "vanishing": ".means button, .net-head select, .curve-area",
        "dead": ".explain .gradient, .below-head [role=tab]",
        "overfit": ".curve-area, .settings label:last-of-type, .net",
    }
    for name, parts in watched.items():
        page.evaluate("name => { location.hash = `projector&lesson=${name}`; }", name)
        page.wait_for_url(f"**lesson={name}")
        ask(page, "await painted();")
        assert page.evaluate("document.documentElement.scrollHeight") == 720, name
        boxes = [one.bounding_box() for one in page.locator(f".lesson, {parts}").all()]
        seen = [box for box in boxes if box]
        assert len(seen) > 2, name
        outside = [box for box in seen if box["y"] < 0 or box["y"] + box["height"] > 720 or box["height"] < 20]
        assert outside == [], name
        net, means = page.locator(".net").bounding_box(), page.locator(".means button").last.bounding_box()
        assert means is None or means["y"] + means["height"] < net["y"] + net["height"], name
    for close in ("Close the lesson", "projector"):
        page.locator(".menu summary").click()
        box = page.locator(".menu > ul").bounding_box()
        assert 0 <= box["x"] < box["x"] + box["width"] <= 1280, close
        page.keyboard.press("Escape")
        page.get_by_role("button", name=close).click()


@pytest.mark.parametrize("lesson", ["dead", "vanishing"])
def test_a_projector_lays_the_network_out_once(visit: Visit, lesson: str) -> None:
    """The gradients of the layers, in larger letters, made the network lower, which emptied them, and so on."""
    page = visit(playground(None, None), viewport={"width": 1280, "height": 720})
    page.evaluate("name => { location.hash = `projector&lesson=${name}`; }", lesson)
    builds = ask(
        page,
        "await painted(); let count = 0; new MutationObserver(() => (count += 1)).observe(find('.net-world'),"
        " { childList: true }); await painted(); return [count, all('.means button').map((one) => one.textContent)];",
    )
    assert builds[0] == 0
    assert "" not in builds[1]
    # The menu of lessons opens on the screen, also where the bar has two lines.
    page.locator(".menu summary").click()
    box = page.locator(".menu ul").bounding_box()
    assert 0 <= box["x"] < box["x"] + box["width"] <= 1280


def test_a_notebook_shows_few_controls(visit: Visit, tmp_path: Any) -> None:
    page = visit(grades(tmp_path, simple=True), viewport={"width": 390, "height": 844})
    assert page.get_by_role("combobox", name="optimizer").is_hidden()
    assert page.get_by_role("textbox", name="rate η").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="simple").click()
    assert page.get_by_role("combobox", name="optimizer").is_visible()


def test_two_weights_and_few_controls_fit_a_screen(visit: Visit, tmp_path: Any) -> None:
    """Rate, momentum, map and loss are in sight together, also with the red box, and in a notebook's cell."""
    page = visit(grades(tmp_path, simple=True), viewport={"width": 1280, "height": 720})
    ask(page, "root.classList.remove('page'); await painted();")
    page.get_by_role("textbox", name="momentum").fill("0")
    page.get_by_role("button", name="ten steps").click()
    page.locator(".trouble").wait_for()
    for name in (".settings, .bar label:has(input:not([type=range]))", ".land-map canvas", ".curve-area", ".trouble"):
        boxes = [found for found in (one.bounding_box() for one in page.locator(name).all()) if found]
        assert boxes, name
        assert all(0 <= box["y"] < box["y"] + box["height"] <= 720 and box["height"] > 20 for box in boxes), name
    assert page.locator(".land-map canvas").bounding_box()["width"] > 240
    assert "on a grid of" in page.locator(".land .readout").inner_text()
    page.get_by_role("button", name="simple").click()
    order = page.locator(".settings .setting > span").all_inner_texts()
    assert order[:4] == ["rate η", "optimizer", "momentum", "batch"]


@pytest.mark.parametrize(("momentum", "wanted"), [(0.0, 99), (0.9, 31)])
def test_the_lesson_on_momentum_says_the_truth(momentum: float, wanted: int) -> None:
    losses = descended(wanted + 60, momentum)
    assert max(losses[wanted:]) < 2.2 < losses[wanted - 1]
