"""How the playground looks: on a laptop, a phone, to all eyes and to none; nothing is cut, and numbers agree."""

from __future__ import annotations

import itertools
import re
from importlib.resources import files
from typing import Any

import pytest
from playing import SMALL, Visit, ask, text

from autograd.web.page import text_of
from nn._play.page import page as playground

pytestmark = pytest.mark.slow


@pytest.fixture
def page(visit: Visit) -> Any:
    return visit(playground(None, None))


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
