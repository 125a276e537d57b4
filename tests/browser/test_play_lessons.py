"""Lessons of the playground: links, those of a teacher's own, and what they begin with."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playing import Visit, ask, text

from nn._play.page import page as playground

pytestmark = pytest.mark.slow


@pytest.fixture
def page(visit: Visit) -> Any:
    return visit(playground(None, None))


TEACH = Path(__file__).parents[2] / "docs" / "howto" / "teach.md"

LESSONS = (
    "line", "xor", "nonlinear", "vanishing", "rate", "momentum", "batches", "dead", "overfit", "symmetry", "fewest",
)  # fmt: skip


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
    opens({"lessons": [{**lesson, "set": {"w(2)_0,1": 7}, "ask": "w(2)_0,1"}]})
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
        ({"lessons": [{**short, "set": {"w(1)_0,1": "x"}}]}, "w(1)_0,1 takes a number; got x"),
        ({"lessons": [{**short, "fill": "x"}]}, "fill takes a number; got x"),
        ({"lessons": [{**short, "ask": "v"}]}, "names such as w(1)_2,3"),
        ({"lessons": [{**short, "data": {}}]}, "There are no data"),
        ({"lessons": [{"title": "no text"}]}, "lesson 1 needs a title and a text"),
        (
            {"lessons": [{"title": "A", "text": "B."}]},
            'lesson 1 needs a network beside its title and text, such as "model"',
        ),
        ({"lessons": [{**short, "state": model}]}, "lesson 1 has “state”; a lesson has title, text, predict"),
        (
            {"lessons": [{**short, "model": {**model, "rate": 1}}]},
            "lesson 1 has “rate”; a model has sizes, activations",
        ),
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
