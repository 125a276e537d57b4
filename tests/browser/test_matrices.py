"""Graphs of arrays as matrices, in a real browser: the numbers shown are the engine's, and each cell is explained."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, live, log, log_softmax, logsumexp, relu, softmax, topological_sort
from nn import MLP, Conv2d, Flatten, Layer, MaxPool2d, Sequential, cross_entropy

pytestmark = pytest.mark.slow
Visit = Callable[..., Any]

X = [[1.0, 2.0], [2.0, 1.0], [-1.0, 1.0], [0.5, -1.5]]


def dense() -> tuple[Tensor, list[Tensor]]:
    """The loss of X @ W + b, relu, a second layer, mean squared error; and its leaves X, W, b, V."""
    leaves = [
        Tensor(X, label="X"),
        Tensor([[0.5, -0.7, 0.9], [0.3, 1.1, -0.4]], label="W"),
        Tensor([0.1, -0.2, 0.3], label="b"),
        Tensor([[1.0], [-1.1], [0.8]], label="V"),
    ]
    x, w, b, v = leaves
    loss = ((relu(x @ w + b) @ v - np.array([[1.0], [0.0], [2.0], [-1.0]])) ** 2).mean()
    loss.label = "J"
    return loss, leaves


def probabilities() -> Tensor:
    scores = Tensor([[1.0, 2.0, 3.0], [1.0, 1.0, 0.0]], label="Z") * Tensor([[1.0], [0.5]], label="s")
    return -(log(softmax(scores, axis=-1)) * np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])).sum() / 2


def images() -> Tensor:
    model = Sequential(Conv2d(1, 2, 3, "relu", seed=1), MaxPool2d(2), Flatten(), Layer(8, 3, of=Tensor, seed=2))
    pixels = np.random.default_rng(0).random((2, 1, 6, 6))
    pixels[0, 0, :5, :5] = 0.0  # equal cells in one window: a tie
    return cross_entropy(model(Tensor(pixels, label="X")), [0, 2])


def shared() -> Tensor:
    a, b = Tensor([[1.0, 2.0], [3.0, 4.0]], label="A"), Tensor([[0.5, -1.0], [2.0, 0.0]], label="B")
    return ((a * a + a @ a.T) * b / (a + 1)).sum()


def medians() -> Tensor:
    x = Tensor(X, label="X")
    return ((autograd.median(x, axis=0) - 3) ** 2).sum() + (autograd.sort(x * x) * [2.0, -1.0]).sum()


# Goes through all steps and a few cells of each result, and says what the panel says of them.
WALK = """(points) => {
    const { page } = document.querySelector(".glassgrad"), told = [];
    for (const [n, step] of page.view.steps.entries()) {
        if (step.phase !== "forward" && step.phase !== "backward") continue;
        page.step = n;
        const size = page.size(step.result);
        for (let t = 0; t < Math.min(points, size); t++) {
            const place = Math.floor((t * size) / Math.min(points, size));
            page.question = { k: step.result, place };
            const panel = document.createElement("div");
            page.view.tell(panel, step);
            const [total, tick] = [".term.total", ".product.total"].map((one) => panel.querySelector(one));
            const texts = [total, tick, panel].map((one) => one && one.textContent);
            told.push([step.phase, step.result, step.parts || 1, place, ...texts]);
        }
    }
    return told;
}"""


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("·10", "e"))


@pytest.mark.parametrize(
    "make",
    [lambda: dense()[0], probabilities, images, shared, medians],
    ids=["dense", "softmax", "images", "shared", "medians"],
)
def test_the_terms_of_a_cell_sum_to_it(make: Callable[[], Tensor], visit: Visit, tmp_path: Path) -> None:
    loss = make()
    loss.backward()
    order = topological_sort(loss)
    page = visit(live(loss).save(tmp_path / "page.html"))
    told = page.evaluate(WALK, 4)
    summed = 0
    for phase, k, parts, place, total, tick, text in told:
        assert not any(word in text for word in ("NaN", "undefined", "array("))
        if total is None:
            continue
        assert tick.startswith("✓"), text
        data = order[k].data if phase == "forward" else order[k].grad
        if phase == "forward" or parts == 1:
            summed += 1
            assert number(total) == pytest.approx(float(np.asarray(data).reshape(-1)[place]), rel=1e-5, abs=1e-12), text
    assert summed > len(told) / 3


def grids(page: Any) -> list[list[str]]:
    """The numbers in each matrix of the equation."""
    return [
        [plain(text) for text in grid.locator(".cells > span").all_inner_texts()]
        for grid in page.locator(".equation .matrix").all()
    ]


def plain(text: str) -> str:
    return text.replace("−", "-")


def shown(data: Any) -> list[str]:
    return [f"{x:.3g}" for x in np.asarray(data).reshape(-1)]


def go(page: Any, title: str, phase: str) -> None:
    """Goes to the last step of a phase whose result has a title."""
    page.evaluate(
        """([title, phase]) => {
            const { page } = document.querySelector(".glassgrad");
            page.go(page.view.steps.findLastIndex((step) => step.title === title && step.phase === phase));
        }""",
        [title, phase],
    )


@pytest.fixture
def page(visit: Visit, tmp_path: Path) -> Any:
    return visit(live(dense()[0]).save(tmp_path / "page.html"), viewport={"width": 1280, "height": 720})


def test_the_matrices_are_those_of_the_engine(page: Any) -> None:
    loss, (x, w, b, v) = dense()
    loss.backward()
    out = {node.label: node for node in topological_sort(loss)}
    z1 = next(node for node in topological_sort(loss) if node.op is not None)
    go(page, page.evaluate("document.querySelector('.glassgrad').page.name(2)"), "forward")
    assert grids(page) == [shown(x.data), shown(w.data), shown(z1.data)]
    assert page.locator(".matrix .shape").all_inner_texts() == ["4 × 2", "2 × 3", "4 × 3"]
    go(page, "W", "backward")
    assert grids(page) == [shown(np.asarray(x.data).T), shown(z1.grad), shown(w.grad)]
    assert "shapes: 2 × 4 @ 4 × 3 → 2 × 3" in page.locator(".now-told").inner_text()
    go(page, "b", "backward")
    assert grids(page)[-1] == shown(b.grad)
    assert "broadcast" in page.locator(".now-told").inner_text()
    go(page, "V", "backward")
    assert grids(page)[-1] == shown(v.grad)
    assert out["J"] is loss
    # The bias is one row and three ghosts, its row for the chosen cell is marked.
    page.evaluate("""() => {
        const { page } = document.querySelector(".glassgrad");
        const adds = (step) => step.phase === "forward" && page.data.nodes[step.k].args.includes(3);
        page.go(page.view.steps.findIndex(adds));
    }""")
    assert page.locator(".matrix .ghost").count() == 9
    assert page.locator(".matrix .ghost.marked").count() + page.locator(".matrix .marked:not(.ghost)").count() == 2


def test_a_chosen_cell_marks_its_row_and_column(page: Any) -> None:
    go(page, "W", "backward")
    page.locator(".equation .matrix").last.locator(".cells > span").nth(4).click()
    marked = page.locator(".equation .matrix").evaluate_all(
        """(all) => all.map((one) => [...one.querySelectorAll(".cells > span")].flatMap(
            (cell, k) => cell.classList.contains("marked") ? [k] : []
        ))"""
    )
    assert marked[:2] == [[4, 5, 6, 7], [1, 4, 7, 10]]  # row 1 of the transposed X, column 1 of what arrives
    assert page.locator(".now-told h2").inner_text().startswith("cell [1, 1] of")
    body = page.locator(".equation .matrix").last.locator(".cells")
    body.focus()
    step = page.locator(".place").inner_text()
    for key, place in (("ArrowRight", "[1, 2]"), ("ArrowUp", "[0, 2]"), ("ArrowUp", "[0, 2]"), ("ArrowLeft", "[0, 1]")):
        page.keyboard.press(key)
        page.locator(".now-told h2", has_text=place).wait_for()
    assert page.locator(".place").inner_text() == step
    assert body.get_attribute("aria-label").endswith("arrow keys choose")


def test_a_cell_of_a_leaf_is_dragged_and_typed(page: Any) -> None:
    go(page, page.evaluate("document.querySelector('.glassgrad').page.name(2)"), "forward")
    w = page.locator(".equation .matrix").nth(1)
    first = w.locator(".cells > span").first
    box = first.bounding_box()
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.down()
    page.mouse.move(box["x"] + 59, box["y"] + 9, steps=3)
    page.mouse.up()
    first.get_by_text("1", exact=True).or_(w.locator("span", has_text="1")).first.wait_for()
    assert plain(first.inner_text()) == "1"  # 0.5 and 50 pixels
    first.dblclick()
    field = page.get_by_role("textbox", name="New number for W, [0, 0]")
    for typed in ("abc", "1e400", ""):
        field.fill(typed)
        field.press("Enter")
        assert "Nothing has changed" in w.locator(".wrong").inner_text()
    field.fill("-2")
    field.press("Enter")
    w.locator("span", has_text="−2").first.wait_for()
    leaves = dense()[1]
    leaves[1].data[0, 0] = -2.0
    x, w0, b, v = (np.asarray(leaf.data) for leaf in leaves)
    y = np.maximum(x @ w0 + b, 0) @ v
    found = page.evaluate("document.querySelector('.glassgrad').page.engine.value.at(-1)")
    assert found == pytest.approx(((y - np.array([[1.0], [0.0], [2.0], [-1.0]])) ** 2).mean(), rel=1e-12)


def test_nothing_overlaps_or_is_cut(page: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    wrong = page.evaluate("""async () => {
        const { page } = document.querySelector(".glassgrad"), root = page.host.shadowRoot, wrong = [];
        const stage = root.querySelector(".stage").getBoundingClientRect();
        for (let n = 0; n < page.view.steps.length; n++) {
            page.go(n);
            await new Promise((done) => requestAnimationFrame(done));
            const all = [...root.querySelectorAll(".equation .matrix")].map((one) => one.getBoundingClientRect());
            const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
            const holds = (a, b) => a.left <= b.left && b.right <= a.right && a.top <= b.top && b.bottom <= a.bottom;
            all.forEach((one, k) => {
                if (!holds(stage, one)) wrong.push([n, "outside"]);
                if (all.slice(k + 1).some((other) => meet(one, other))) wrong.push([n, "overlap"]);
            });
            for (const cell of root.querySelectorAll(".numbers > span"))
                if (cell.scrollWidth > cell.clientWidth + 1) wrong.push([n, cell.textContent]);
        }
        return wrong;
    }""")
    assert wrong == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    for title in ("W", "b"):
        go(page, title, "backward")
        assert Axe().run(page).response["violations"] == []


def test_hostile_names_and_numbers_are_shown(visit: Visit, tmp_path: Path) -> None:
    label = "</script><b>\u2028'\"<!--" + "x" * 3000
    q = Tensor([[1.0, -1.0, 0.0], [math.inf, 2.0, math.nan]], label=label)
    with np.errstate(all="ignore"):
        loss = (log(q) @ Tensor([[1.0], [0.0], [2.0]], label="v")).sum() + Tensor(np.zeros((0, 2)), label="e").sum()
        html = live(loss).save(tmp_path / "page.html")
    page = visit(html)
    told = page.evaluate(WALK, 6)
    assert "sum(empty) = 0" in "".join(text for *_, text in told)
    assert page.locator("b b, .equation script").count() == 0
    page.evaluate("document.querySelector('.glassgrad').page.go(1)")
    assert page.locator(".equation .odd").count() >= 4
    assert "nan" in page.locator(".bad").inner_text()


def test_rows_that_are_shares_of_one_are_bars(visit: Visit, tmp_path: Path) -> None:
    Z = np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 0.0]])
    scores = Tensor(Z, label="Z") * Tensor(1.0, label="s")
    logs, shares = log_softmax(scores), softmax(scores)
    logs.label, shares.label = "L", "P"
    page = visit(live((logs * shares).sum()).save(tmp_path / "page.html"))
    wanted = [f"{100 * x:.1f}%" for x in (np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)).reshape(-1)]
    for name, words in (
        ("L", "2 × 3; bars: e to the number, as share of the row"),
        ("P", "2 × 3; bars: share of the row"),
    ):
        go(page, name, "forward")
        grid = page.locator(".equation .matrix").last
        assert (
            grid.locator(".bar").evaluate_all("all => all.map((one) => one.style.getPropertyValue('--share'))")
            == wanted
        )
        assert grid.locator(".shape").inner_text() == words
        # What it was computed from is no such array.
        assert page.locator(".equation .matrix").first.locator(".bar").count() == 0


def told(page: Any) -> str:
    return " ".join(plain(page.locator(".now-told").inner_text()).split())


def test_classes_are_told_with_their_numbers(visit: Visit, tmp_path: Path) -> None:
    leaf = Tensor(X, label="X")
    scores = MLP(2, [3, 3], "tanh", of=Tensor, seed=0)(leaf)
    loss = cross_entropy(scores, [0, 1, 2, 1])
    loss.backward()
    page = visit(live(loss).save(tmp_path / "page.html"), viewport={"width": 1280, "height": 720})
    z = np.asarray(scores.data)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert "How does J change with each number" in told(page)
    # Softmax: the numbers of the row, and the shares.
    go(page, "y2", "forward")
    page.locator(".equation .matrix").last.locator(".cells > span").nth(7).click()
    page.locator(".now-told h2", has_text="[2, 1]").wait_for()
    row = " + ".join(f"exp({x:.3g})" for x in z[2])
    assert f"= {z[2, 1]:.3g} - log({row}) = {np.log(p[2, 1]):.6g}" in told(page)
    assert ", ".join(f"{x:.3g}" for x in p[2]) in told(page)
    # Picking: all cells of the classes, and which one it is.
    go(page, "y3", "forward")
    first = page.locator(".equation .matrix").first.locator(".cells > span")
    kinds = first.evaluate_all("all => all.map((one) => one.className)")
    assert [k for k, kind in enumerate(kinds) if "marked" in kind] == [0, 4, 8, 10]
    assert "row 2 → class 2, row 3 → class 1." in told(page)
    # Backward: the gradient of the row, the share of the cell, and the slope that they make.
    go(page, "z2", "backward")
    page.locator(".equation .matrix").last.locator(".cells > span").nth(7).click()
    page.locator(".now-told h2", has_text="[2, 1]").wait_for()
    share = f"{p[2, 1]:.3g}"
    assert f"= 0 - {share} · (0 + 0 + (-0.25)) = {p[2, 1] / 4:.6g}" in told(page)
    assert f"{-p[2, 1]:.3g} = 0 - {share} · (0 + 0 + 1)" in told(page)
    assert grids(page)[1] == shown(p)
    # An operand that is clicked is what is asked about, above and below; its own cell is in a term.
    go(page, "w(1)", "backward")
    page.locator(".equation .matrix").first.locator(".cells > span").nth(2).click()
    page.locator(".question h2", has_text="X[2, 0]").wait_for()
    assert page.locator(".now-told h2").inner_text().startswith("cell [0, ")
    assert "XT[0, 2] · ∂J / ∂a1 [2, " in told(page)
    assert page.locator(".equation .asked").count() == 1
    assert page.locator(".strip .asked").inner_text().startswith("X")
    # An array that is not in the equation is shown where it was found.
    page.locator(".strip button", has_text="y3").or_(page.locator(".strip button").nth(11)).first.click()
    page.locator(".place", has_text="12 /").wait_for()
    # The update shows every array, with as many digits as tell old from new.
    page.evaluate("document.querySelector('.glassgrad').page.go(24)")
    rows = page.locator(".now-told .terms").locator(".product, .term").all_inner_texts()
    assert len(rows) == 8
    assert all(old.removesuffix(" →") != new for old, new in zip(rows[::2], rows[1::2]))


def test_only_copies_are_picked(visit: Visit, tmp_path: Path) -> None:
    x = Tensor(X, label="X")
    parts = (x[1:, 0].sum(), autograd.max(x, axis=1).sum(), logsumexp(x, axis=0).sum(), x.T[1].sum())
    page = visit(live(sum(parts[1:], parts[0])).save(tmp_path / "page.html"))
    said = page.evaluate("""() => {
        const { page } = document.querySelector(".glassgrad");
        return page.view.steps.filter((step) => step.phase === "forward").map((step) => page.view.say(step));
    }""")
    assert sum("cells picked from" in text for text in said) == 2
    assert any("max(X" in text for text in said)


def test_a_median_is_followed_to_its_element(visit: Visit, tmp_path: Path) -> None:
    """There and back, and to another element when a number is dragged past the median."""
    x = Tensor([0.3, -1.2, 2.0, 0.9, 0.1], label="x")
    page = visit(live((autograd.median(x) - 1) ** 2).save(tmp_path / "page.html"))
    go(page, "y1", "forward")
    page.locator(".equation .matrix").last.locator(".cells > span").nth(2).click()
    page.locator(".now-told h2", has_text="[2]").wait_for()
    assert "cell [2] of y1 = 0.3 taken from x[0]" in told(page)
    for change, place, slope in ((None, 0, "-1.4"), ("1.5", 3, "-0.2"), ("-Infinity", 4, "-1.8")):
        if change:
            page.evaluate(f"document.querySelector('.glassgrad').page.engine.set(0, {change}, 0)")
        go(page, "x", "backward")
        page.locator(".equation .matrix").last.locator(".cells > span").nth(place).click()
        page.locator(".now-told h2", has_text=f"[{place}]").wait_for()
        assert f"= {slope} ∂J / ∂y1 [2] {slope} ✓ as computed" in told(page)
