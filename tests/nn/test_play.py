"""`python -m nn play`: what goes into the page, what is said, and what is refused."""

from __future__ import annotations

import json
import re
import webbrowser
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from autograd.web.page import text_of
from nn.__main__ import main
from nn._command import play
from nn._play.given import data_of_parts
from nn._play.lessons import SETS, check_lesson
from nn._play.page import BASE, MACHINE, STAGE
from nn._play.state import state_for
from nn.data import DataError, read_table

ROWS = "length;width;species\n" + "".join(f"{k},5;{k % 3};{'oak' if k % 2 else 'elm'}\n" for k in range(20))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the page is made of; the page itself is tested in a browser."""
    found: list[Any] = []

    def page(state: Any, data: Any, **options: Any) -> str:
        found.append((state, data, options))
        return "<!doctype html>"

    monkeypatch.setattr(play, "page", page)
    monkeypatch.setattr(play, "_digits", lambda options: [{"name": "digits"}])
    return found


@pytest.mark.parametrize("is_there", [True, False])
def test_a_page_is_written_and_opened(
    made: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_there: bool
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or is_there)
    path = tmp_path / "page.html"
    assert main(["play", "--out", str(path)]) == 0
    assert path.read_text() == "<!doctype html>"
    assert opened == [path.as_uri()]
    assert made == [(None, None, {"title": "Playground", "sets": [{"name": "digits"}], "lessons": None})]
    said = capsys.readouterr().out
    assert f"wrote {path}" in said
    assert ("no browser was found" in said) is not is_there


def test_a_table_goes_into_the_page(made: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, path = tmp_path / "trees.csv", tmp_path / "page.html"
    table.write_text(ROWS + "1,5;;oak\n2;7;\n")
    assert main(["play", str(table), "--target", "species", "--out", str(path), "--no-open"]) == 0
    ((state, data, options),) = made
    assert (data["name"], data["classes"], data["target"]) == ("trees.csv", ["elm", "oak"], "species")
    assert state["sizes"] == [data["d"], 4, 4, 1]
    assert options["title"] == "Playground: trees.csv"
    assert "left out: 1 row in which species is missing, the first in line 23" in capsys.readouterr().out


def test_lessons_go_into_the_page(made: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = tmp_path / "lessons.json", tmp_path / "page.html"
    given = ["play", "--lessons", str(file), "--out", str(out), "--no-open"]
    lesson = '{"title": "A", "text": "Ü.", "model": {"sizes": [2, 1], "activations": ["sigmoid"]}}'
    file.write_text(f'{{"lessons": [{lesson}]}}', encoding="utf-8")
    assert main(given) == 0
    assert [one["text"] for one in made[0][2]["lessons"]] == ["Ü."]
    for wrong, said in (
        ("{", "is no JSON: "),
        ("[" * 100_000, "is no JSON: "),
        ("[]", 'lessons are {"lessons": [...]}, with at least one'),
        ('{"lessons": []}', "with at least one"),
        (f'{{"lessons": [{lesson}, 7]}}', "lesson 2: has no title"),
        ('{"lessons": [{"title": "A", "text": "B"}]}', "lesson 1: has no model; it needs a title, a text and a model"),
    ):
        file.write_text(wrong)
        assert main(given) == 2
        assert said in capsys.readouterr().err
    file.unlink()
    assert main(given) == 2
    assert "lessons.json: there is no such file" in capsys.readouterr().err
    assert len(made) == 1


def test_the_lesson_of_the_guide_is_one() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "howto" / "teach.md").read_text(encoding="utf-8")
    for lesson in json.loads(re.findall(r"```json\n(.*?)```", guide, re.DOTALL)[0])["lessons"]:
        check_lesson(lesson)
    # What the command takes as data is what the page makes.
    script = text_of("data.js", files("nn").joinpath("web")).partition("const MADE_SETS = {")[2].partition("\n};")[0]
    assert [*re.findall(r"^  (\w+): ", script, re.MULTILINE), "formula"] == SETS


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"stepz": "x"}, "has 'stepz' (did you mean 'steps'?); a lesson has title, text, predict"),
        ({"predict": 7}, "room for texts of 600 letters; got 7"),
        ({"why": "x" * 601}, "room for texts of 600 letters"),
        ({"steps": ["x"] * 10}, "room for 9 steps; got 10"),
        ({"steps": "One.", "tab": "map"}, "no tab 'map'; take weight, neuron, land, take"),
        ({"data": {"name": "moon"}}, "no data 'moon' (did you mean 'moons'?); take moons"),
        ({"data": {"name": "moons", "noize": 1}}, "has 'noize' (did you mean 'noise'?); its data has name, n, noise"),
        ({"model": {"sizes": [2, 1]}}, "its model needs sizes and activations"),
        ({"model": [2, 1]}, "its model needs sizes and activations"),
        ({"rate": 0.3}, "has 'rate'; a model has sizes, activations, loss, optimizer"),
        ({"sizes": [2, 0]}, "whole numbers from 1; got [2, 0]"),
        ({"activations": ["tanh", "sigmoid"]}, "1 layers need as many activations; got 2"),
        ({"activations": ["sigmoyd"]}, "no activation 'sigmoyd' (did you mean 'sigmoid'?)"),
        ({"optimizer": "adam"}, "no optimizer 'adam' (did you mean 'Adam'?); take SGD"),
        ({"optimizer": {"lr": 1}}, "no optimizer None; take SGD"),
        ({"optimizer": "Adam"}, """its optimizer is written {"name": "Adam", "lr": 0.1}"""),
        ({"set": 7}, """set is written {"w(1)_1,1": 1.4}; got 7"""),
        ({"set": {"v": 1}}, "names such as w(1)_2,3, and biases w(1)_0,3; got 'v'"),
        ({"ask": "w(1)_3,1"}, "the network of this lesson has no w(1)_3,1"),
        ({"set": {"w(1)_0,1": "x"}}, "w(1)_0,1 takes a number; got 'x'"),
        ({"fill": True}, "fill takes a number; got True"),
    ],
)
def test_a_lesson_is_refused_before_its_page_is_written(wrong: dict[str, Any], said: str) -> None:
    model = {"sizes": [2, 1], "activations": ["sigmoid"], "optimizer": {"name": "SGD", "lr": 0.1}}
    lesson = {"title": "A", "text": "B.", "fill": 0.5, "set": {"w(1)_0,1": 1}, "data": {"name": "xor"}, "model": model}
    check_lesson(lesson)
    check_lesson(lesson | {"data": {"X": [1], "mine": 1}})
    of_model = wrong.keys() <= {"rate", "sizes", "activations", "optimizer"}
    with pytest.raises(DataError, match=re.escape(said)):
        check_lesson(lesson | ({"model": model | wrong} if of_model else wrong))


@pytest.mark.parametrize(
    ("rows", "more", "said"),
    [
        (ROWS, [], "say with --target which column is to be predicted; its columns are length, width, species"),
        (ROWS, ["--target", "specie"], "has no column 'specie'; its columns are length, width, species"),
        (ROWS, ["--target", "species", "--out", "page.png"], "--out page.png: the page needs the suffix .html"),
        (ROWS.replace("elm", "oak"), ["--target", "species"], "species"),
    ],
)
def test_tables_that_cannot_be_shown(
    made: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str, more: list[str], said: str
) -> None:
    (tmp_path / "trees.csv").write_text(rows)
    assert main(["play", str(tmp_path / "trees.csv"), "--no-open", *more]) == 2
    assert said in capsys.readouterr().err
    assert made == []


def test_options_that_do_not_fit(made: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "--target", "species"]) == 2
    assert "--target species: is for a table, which stands before it" in capsys.readouterr().err
    assert main(["play", "--out", "nowhere/page.html"]) == 2
    assert "--out nowhere/page.html: there is no folder nowhere" in capsys.readouterr().err
    assert main(["play", "moons"]) == 2
    assert "moons: is made in the page itself; leave it out" in capsys.readouterr().err


@pytest.mark.covers
@pytest.mark.slow
def test_digits_are_images_and_come_along(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    made: list[Any] = []
    monkeypatch.setattr(play, "page", lambda state, data, **options: made.append((data, options["sets"])) or "")
    out = ["--no-open", "--out", str(tmp_path / "page.html")]
    assert main(["play", "digits", *out]) == 0
    assert main(["play", *out]) == 0
    (data, none), (nothing, (some,)) = made
    assert (none, nothing) == ([], None)
    assert (data["image"], data["n"] + data["test"]["n"], data["scale"]) == ([8, 8], 1797, None)
    assert (some["image"], some["n"] + some["test"]["n"], some["X"]["over"]) == ([8, 8], 600, 16)
    assert (state_for(data)["sizes"], state_for(data)["loss"]) == ([64, 16, 10], "cross_entropy")


def test_without_scikit_learn_there_are_no_digits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import argparse

    def missing(options: Any, most: int) -> Any:
        raise ImportError

    monkeypatch.setattr(play, "_data", missing)
    assert play._digits(argparse.Namespace(seed=0)) == []


def test_no_two_scripts_of_the_page_define_one_name() -> None:
    """They stand in one function, where the second would silently take the place of the first."""
    scripts = [*map(text_of, (f"{name}.js" for name in BASE))]
    scripts += [files("nn").joinpath("web", f"{name}.js").read_text("utf-8") for name in (*MACHINE, *STAGE)]
    defined = r"^(?:function|class|const|let) (\w+)|^const .*?, (\w+) = "
    names = re.findall(defined, "\n".join(scripts), re.MULTILINE)
    counts = Counter(name for pair in names for name in pair if name)
    assert len(counts) > 100
    assert [name for name, count in counts.items() if count > 1] == []


def test_a_page_has_a_sample_of_many_rows_made_ready_by_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn._play.given.MOST_ROWS", 10)
    table = read_table({"size": [k * k / 2 for k in range(40)], "kind": list("ab") * 20}, target="kind")
    notes: list[str] = []
    train, test = table.split()
    data = data_of_parts(train, test, "boats.csv", notes)
    assert (data["n"], data["test"]["n"], notes) == (10, 8, ["10 of 32 rows are shown, drawn at random"])
    mean = sum(row**2 / 2 for row in train.rows.tolist()) / 32
    assert data["scale"]["mean"] == [pytest.approx(mean)]
