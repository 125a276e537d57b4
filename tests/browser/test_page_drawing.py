"""The drawing of a live page: packed, bundled, and touched no more than a step needs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from stepping import Visit, at, go, perceptron

from autograd import Tensor, Value, draw, primitive, steps, tanh
from autograd._views.draw.draw import drawing_of
from autograd._views.live.packed import bare, packed, single
from autograd.web.page import text_of
from nn import MLP, SGD, mse

pytestmark = pytest.mark.slow


def test_arrays_folded_networks_and_primitives_of_ones_own(visit: Visit, tmp_path: Path) -> None:
    cube = primitive("cube", lambda xp, x: x * x * x, lambda g, out, x: g * 3 * x * x)
    x = Tensor([[1.0, 2.0]], label="x")
    page = visit(steps((cube(x) @ [[1.0], [3.0]]).sum()).save(tmp_path / "arrays.html"))
    page.get_by_role("button", name="Graph", exact=True).click()
    go(page, 7)
    assert page.locator(".now-told .factor").inner_text() == "g · 3 · x · x"
    assert page.locator(".now-told .value").inner_text() == "[[3, 36]]"
    model = MLP(2, [42, 42, 1])
    page = visit(steps(mse([model([1.0, 2.0])], [1.0])).save(tmp_path / "network.html"))
    page.get_by_role("button", name="Graph").click()
    assert page.locator("g.folded").count() == 85


def test_paper_is_white(visit: Visit, tmp_path: Path) -> None:
    page = visit(steps(perceptron()[0]).save(tmp_path / "page.html"), color_scheme="dark")
    paper = "view => [getComputedStyle(view).color, getComputedStyle(view.querySelector('.world > svg')).filter]"
    assert page.locator(".view").evaluate(paper) != ["rgb(28, 30, 33)", "none"]
    page.emulate_media(media="print")
    assert page.locator(".view").evaluate(paper) == ["rgb(28, 30, 33)", "none"]
    assert page.get_by_role("button", name="Play").is_hidden()


def test_arrows_to_one_node_are_drawn_as_one(visit: Visit, tmp_path: Path) -> None:
    model = MLP(2, [3, 1])
    page = visit(steps(mse([model([1.0, 2.0])], [1.0])).save(tmp_path / "network.html"))
    page.get_by_role("button", name="Graph").click()
    lines = page.locator(".edge > path:first-child").evaluate_all("lines => lines.map(l => l.getAttribute('d'))")
    # A weighted sum of a bias, two weights and two inputs.
    assert sum(line.count("M") == 5 for line in lines) == 3
    go(page, 2)
    assert page.locator(".edge.now").count() == 2
    # Folded by layers; a click opens a layer to its neurons.
    page.get_by_role("button", name="layers").click()
    assert page.locator("g.folded").count() == 2
    page.locator("g.folded text").first.click()
    assert page.locator("g.folded").count() == 4


def plainly(svg: str) -> tuple[list[str], list[float]]:
    """Return a drawing as its texts and its numbers, with arrows in their places and ? for the numbers of nodes."""

    def placed(arrow: re.Match[str]) -> str:
        left, top = map(float, arrow[2].split(","))
        shifted = re.sub(r"([-\d.]+),([-\d.]+)", lambda at: f"{float(at[1]) + left:g},{float(at[2]) + top:g}", arrow[3])
        return arrow[1] + shifted

    svg = re.sub("(<g id='[^']*' class='edge') transform='translate\\((.*?)\\)'(.*?</g>)", placed, single(bare(svg)))
    number = "(<text [^>]*class='(?:data|grad)'[^>]*>)[^<]*"
    svg = re.sub("<g id='[ng].*?</g>", lambda box: re.sub(number, r"\1?", box[0]), svg)
    return re.split(r"-?\d[\d.]*", svg), [float(x) for x in re.findall(r"-?\d[\d.]*", svg)]


def test_a_packed_drawing_is_the_drawing(visit: Visit) -> None:
    w = Value(2.0, label="w1")
    losses = [w * 3 + (w * x - 1) ** 2 for x in (1.5, Value(-0.5, label="<x>"))]
    svgs = [drawing_of(steps(y).order, {}).svg for y in losses] + [draw(losses[0], gradients=True).svg]
    patterns, forms = packed(svgs)
    assert len(json.dumps([patterns, forms])) < 0.6 * sum(map(len, svgs))
    script = f"([patterns, forms]) => {{ const VIEWS = {{}}; {text_of('drawing.js')}"
    found = visit("<!DOCTYPE html><html lang=en><title>d</title>").evaluate(
        f"{script} return forms.map((form) => unpacked(patterns, form)); }}", [patterns, forms]
    )
    for svg, again in zip(svgs, found, strict=True):
        texts, numbers = plainly(svg)
        assert (texts, pytest.approx(numbers, abs=0.16)) == plainly(again)


CHANGES = """async () => {
    const root = document.querySelector(".glassgrad").shadowRoot, next = root.querySelector("button.next");
    let changes = 0;
    // What comes in sight as the drawing follows the step is as much as a screen holds, not as the graph.
    const count = (records) => {
        for (const r of records.filter((r) => r.attributeName !== "style"))
            changes += 1 + r.addedNodes.length + r.removedNodes.length;
    };
    const observer = new MutationObserver(count);
    observer.observe(root, {subtree: true, childList: true, attributes: true, characterData: true});
    const counts = [];
    for (let k = 0; k < 60; k++) {
        next.click();
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        count(observer.takeRecords());
        counts.push(changes);
        changes = 0;
    }
    return counts;
}"""


def chain(length: int) -> Value:
    y = Value(0.5, label="x")
    for _ in range(length - 1):
        y = tanh(y)
    return y


def batch(samples: int) -> Value:
    model = MLP(2, [3, 1], seed=0)
    return mse([model([k / 20, 0.5]) for k in range(samples)], [1.0] * samples)


@pytest.mark.parametrize(("make", "small", "large"), [(chain, 70, 210), (batch, 3, 9)])
def test_a_step_of_a_large_graph_touches_no_more_of_the_page(
    visit: Visit, tmp_path: Path, make: Callable[[int], Value], small: int, large: int
) -> None:
    medians = []
    for size in (small, large):
        page = visit(steps(make(size)).save(tmp_path / f"{size}.html"))
        if make is batch:
            page.get_by_role("button", name="Graph").click()
            # A weight with as few paths as a number of the chain.
            page.evaluate(
                "() => { const { page } = document.querySelector('.glassgrad'); page.ask(page.weights()[0]); }"
            )
        medians.append(sorted(page.evaluate(CHANGES))[30])
        assert at(page).startswith("60 / ")
    assert medians[1] < 1.5 * medians[0]


@pytest.mark.parametrize("width", [700, 895])
def test_the_legend_stands_below_the_drawing(visit: Visit, width: int) -> None:
    """In a notebook's column, and in that of the site: no number lies under it."""
    loss, w = perceptron()
    page = visit(steps(loss, SGD(w, lr=0.1))._repr_html_(), viewport={"width": width, "height": 900})
    boxes = page.locator(".node").evaluate_all("all => all.map((one) => one.getBoundingClientRect().bottom)")
    assert max(boxes) <= page.locator(".key").bounding_box()["y"]


def test_the_graph_of_a_small_network_is_whole_above_the_legend(visit: Visit) -> None:
    """In an exported notebook; where it is narrower, what a step is about does not lie under the legend."""
    model = MLP(2, [2, 1], "tanh", "sigmoid", seed=0)
    y_hat = model([Value(1.0, label="x1"), Value(-2.0, label="x2")])
    html = steps((y_hat - 1) ** 2, SGD(model.parameters(), lr=0.1))._repr_html_()
    page = visit(html, viewport={"width": 1160, "height": 720})
    page.get_by_role("button", name="Graph").click()
    for width, nodes in ((1160, ".node"), (895, ".now.node, .gets.node")):
        page.set_viewport_size({"width": width, "height": 720})
        page.wait_for_timeout(60)
        for step in range(9, 18):
            go(page, step)
            legend = page.locator(".key").bounding_box()
            boxes = [one.bounding_box() for one in page.locator(nodes).locator("visible=true").all()]
            assert len(boxes) > (19 if width == 1160 else 1)
            assert max(box["y"] + box["height"] for box in boxes) <= legend["y"]
            assert max(box["x"] + box["width"] for box in boxes) <= legend["x"] + legend["width"]
