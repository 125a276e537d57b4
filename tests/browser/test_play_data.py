"""Data of the playground in a browser: sets that are made, tables that are pasted, and what Python writes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from autograd.web.page import text_of
from nn._play.given import written
from nn._play.pieces import pieces

pytestmark = pytest.mark.slow
Visit = Callable[..., Any]

EMPTY = "<!doctype html><html lang=en><title>Data</title>"


def ask(visit: Visit, *expressions: str) -> list[Any]:
    """Return the values of expressions, all of them in one page."""
    web = files("nn").joinpath("web")
    scripts = [
        pieces(),
        text_of("numbers.js"),
        *(web.joinpath(name).read_text("utf-8") for name in ("formula.js", "data.js", "data_table.js")),
    ]
    told = ", ".join(f"(() => {expression})()" for expression in expressions)
    found: list[Any] = visit(EMPTY).evaluate("\n".join(["(() => {", *scripts, f"return [{told}]; }})()"]))
    return found


def table(text: str, **options: Any) -> str:
    return (
        f"{{ const found = readCsv({json.dumps(text)}, {json.dumps(options)}); return {{ ...found, "
        f"data: found.data && {{ ...found.data, X: [...found.data.X], y: [...found.data.y] }} }}; }}"
    )


def test_made_sets_are_seeded_and_noisy(visit: Visit) -> None:
    each = "{ return DATA_KINDS.map(({ name }) => [name, [1, 1, 2].map((seed) => [...makeData({ name, seed }).X])]); }"
    blobs = "{ return [2, 5, 9, 0].map((classes) => makeData({ name: 'blobs', classes }).classes.length); }"
    bare = (
        "{ const d = makeData({ name: 'circles', n: 80, noise: 0 });"
        " return [d.n, d.test.n, d.recipe, [...d.X], [...d.y]]; }"
    )
    odd = "{ try { return makeData({ name: 'toString' }); } catch (error) { return error.message; } }"
    sums = "{ return ['n', 'noise', 'seed'].map((of) => makeData({ name: 'sine', [of]: NaN }).n); }"
    found, classes, (n, test, recipe, X, y), said, usual = ask(visit, each, blobs, bare, odd, sums)
    assert [name for name, _ in found] == [
        *("moons", "circles", "spirals", "xor", "gauss", "blobs", "plane", "hill", "sine")
    ]
    assert all(first == again != other for _, (first, again, other) in found)
    assert classes == [2, 5, 5, 2]
    assert (n, test) == (60, 20)
    assert recipe == {"name": "circles", "n": 80, "noise": 0, "seed": 1, "test": 0.25, "classes": 2}
    radii = np.hypot(*np.reshape(X, (-1, 2)).T)
    assert np.allclose(radii, np.where(y, 0.6, 1.5))
    assert said.startswith("There are no data “toString”; there are moons, circles")
    assert usual == [150, 150, 150]


FORMULAS = {
    "-x1 ** 2 + 3*x2": lambda x, z: -(x**2) + 3 * z,
    "y = 2 ** -x1 ** 2 − .5e1/(4 + x2)": lambda x, z: 2 ** -(x**2) - 5 / (4 + z),
    "sin(pi * x1)·tanh(x2 - (1 - e))": lambda x, z: math.sin(math.pi * x) * math.tanh(z - (1 - math.e)),
    "x ^ 2 / 2 / 4 - 1 - x": lambda x: x**2 / 2 / 4 - 1 - x,
    "sigmoid(abs(x1) - relu(x2)) - -+1": lambda x, z: 1 / (1 + math.exp(max(z, 0) - abs(x))) + 1,
    "(x1 < 0) * x2 + (x2 >= x1)": lambda x, z: (x < 0) * z + (z >= x),
    "sqrt(x1 ** 2 + x2 ** 2) <= 1": lambda x, z: math.hypot(x, z) <= 1,
}
"""Formulas of a user, and the same by hand."""

REFUSED = {
    "": "empty", "2x1": "before “x1”", "sin": "sin(…) takes parentheses", "sin(": "where the end is",
    "(x1": "should end where the end is", "alert(1)": "“alert” is no function", "constructor(x1)": "no function",
    "__proto__": "no name", "x1.y": "before “.”", "y": "“y” is no name", "1e999": "where “1e999” is",
    "log(-1 - x1 ** 2)": "almost nowhere", "1 < 0": "gives 0 everywhere", "x1 < x2 < 1": "before “<”",
    "(" * 150 + "1" + ")" * 150: "may have 200 signs", "x1 = 2": "before “=”",
}  # fmt: skip


def test_a_formula_gives_what_it_says(visit: Visit) -> None:
    given = json.dumps([*FORMULAS, "30 * x1", "log(x1)"])
    made = (
        f"{{ return {given}.map((formula) => makeData({{ name: 'formula', formula, n: 60, noise: 0 }}))"
        ".map((d) => [d.d, d.classes, [...d.X, ...d.test.X], [...d.y, ...d.test.y], d.targetScale, d.notes.length]); }"
    )
    said = (
        f"{{ return {json.dumps([*REFUSED])}.map((formula) => {{ try {{ makeData({{ name: 'formula', formula }}); }}"
        " catch (error) { return error.message; } }); }"
    )
    (*found, large, half), told = ask(visit, made, said)
    for (formula, by_hand), (d, classes, X, y, scale, notes) in zip(FORMULAS.items(), found, strict=True):
        assert d == by_hand.__code__.co_argcount, formula
        assert (scale, notes) == (None, 0)
        assert classes == (["no", "yes"] if "<=" in formula else None)
        assert len(y) == 60
        assert np.allclose(y, [by_hand(*row) for row in np.reshape(X, (-1, d))], rtol=1e-13, atol=1e-13), formula
    scale = large[4]
    assert np.allclose(np.multiply(large[3], scale["spread"]) + scale["mean"], np.multiply(30, large[2]))
    assert abs(np.std(large[3]) - 1) < 1e-9
    assert 0 < len(half[3]) < 60
    assert half[5] == 1
    for (formula, part), message in zip(REFUSED.items(), told, strict=True):
        assert part in (message or ""), formula


def test_points_come_and_go(visit: Visit) -> None:
    (found,) = ask(
        visit,
        "{ const d = makeData({ name: 'xor', n: 24 }), more = withPoint(d, [7, 8], 1), less = withoutPoint(more, 0);"
        " return [d.n, more.n, [...more.X.slice(-2)], more.y.at(-1), more.recipe, less.n, less.X[0] === d.X[2],"
        " less.X.length, withoutPoint({ ...d, n: 1 }, 0).n, withPoint({ ...d, n: 2000 }, [0, 0], 0).n]; }",
    )
    assert found == [18, 19, [7, 8], 1, None, 18, True, 36, 1, 2000]


def test_what_python_writes_is_read(visit: Visit) -> None:
    numbers, pixels = [k / 7 for k in range(100)], [k * k % 17 / 16 for k in range(100)]
    data = {"n": 50, "d": 2, "test": {"n": 1, "X": [1, 2], "y": [3]}}
    read = [
        f"{{ const d = readData({json.dumps(data | {'X': written(X), 'y': written(X[:50])})});"
        " return [[...d.X], [...readData(writeData(d)).X], [...d.test.y]]; }"
        for X in (numbers, pixels)
    ]
    short = json.dumps(data | {"X": written(numbers[:70]), "y": []})
    cut = f"{{ try {{ return readData({short}); }} catch (error) {{ return error.message; }} }}"
    codes = written(pixels)
    less = json.dumps(data | {"X": codes | {"codes": codes["codes"][:24]}, "y": written(pixels[:50])})
    *found, said, lost = ask(visit, *read, cut, cut.replace(short, less))
    assert lost.startswith("These data are cut off: ")
    assert found == [[numbers, numbers, [3]], [pixels, pixels, [3]]]
    assert said == "These data are cut off: 70 numbers stand there where 100 should."


def test_bad_rows_are_named_and_good_ones_kept(visit: Visit) -> None:
    text = 'a;b;kind\r\n1,5;2,5;yes\r\n1,6;2;"n;o"\r\n\r\n3;x;yes\r\n1;2\r\n;3;yes\r\n4;5;"n;o"\r\n5;6;yes\r\n7;1;\r\n'
    (found,) = ask(visit, table(text))
    assert found["errors"] == [
        {"line": 5, "message": "line 5 has “x” in b, which is no number"},
        {"line": 6, "message": "line 6 has 2 cells, the others 3"},
        {"line": 7, "message": "line 7 has nothing in a"},
        {"line": 10, "message": "line 10 has nothing in kind"},
    ]
    data = found["data"]
    assert (found["target"], found["columns"], data["classes"]) == ("kind", ["a", "b", "kind"], ["n;o", "yes"])
    assert data["notes"] == ["4 rows left out"]
    mean, spread = data["scale"]["mean"][0], data["scale"]["spread"][0]
    assert sorted(round(x * spread + mean, 12) for x in data["X"][::2]) == [1.5, 1.6, 4, 5]


def test_tables_of_all_kinds(visit: Visit) -> None:
    bare, classes, texts, tabs, spaces, lines, chosen, ends, pandas = ask(
        visit,
        table("1,2,0.5\n2,3,1.5\n3,4,2.5\n4,5,9e1"),
        table("a,b,y\n" + "\n".join(f"{k},{k * k},{k % 2}.0" for k in range(12))),
        table("colour,size,same,price\nred,1,7,2.5\nblue,2,7,3\nred,3,7,4\nblue,1,7,9.5", target="price"),
        table("x\ty\n1\t2.5\n2\t3\n3\t4\n4\t-1"),
        table("1 2.5\n2  3\n 3 4\n4 -1\n"),
        table('a,b,"the\nlong, name"\n1,2,3.5\n2,x,4\n4,4,1\n3,3,3\n5,5,9'),
        table("a,b\n1,2\n2,4\n3,5\n4,7", task="classes"),
        table("a,b,\n1,2.5,\n2,4,\n3,5,\n4,7,\n"),
        table(",a,b\n0,1,2.5\n1,3,4\n2,5,5\n3,4,7\n"),
    )
    assert (bare["columns"], bare["data"]["task"], bare["data"]["classes"]) == (["x1", "x2", "y"], "number", None)
    moments = bare["data"]["targetScale"]
    assert sorted(y * moments["spread"] + moments["mean"] for y in bare["data"]["y"]) == pytest.approx(
        [0.5, 1.5, 2.5, 90]
    )
    assert classes["data"]["classes"] == ["0", "1"]
    assert (classes["data"]["n"], classes["data"]["test"]["n"]) == (8, 4)
    assert texts["data"]["columns"] == ["colour: red", "size"]
    assert texts["data"]["notes"] == ["same is left out: it is “7” in every row"]
    assert tabs["target"] == "y"
    assert spaces["columns"] == ["x1", "y"]
    assert lines["columns"] == ["a", "b", "the\nlong, name"]
    assert lines["errors"] == [{"line": 4, "message": "line 4 has “x” in b, which is no number"}]
    assert chosen["data"]["classes"] == ["2", "4", "5", "7"]
    assert (ends["columns"], ends["errors"], pandas["columns"], pandas["errors"]) == (["a", "b"], [], ["a", "b"], [])


def test_tables_that_teach_nothing(visit: Visit) -> None:
    many = "\n".join(["x,kind", *(f"{k}.5,k{k % 11}" for k in range(60))])
    cases = {
        "": "There is nothing in it",
        "abc\nd": "It has one column",
        "a,b\n1,2": "1 row can be used, at least 4 are needed",
        'a,b\n"1,2': "Line 2: a quotation mark opens a text that never ends",
        "1,0\n2,0\n3,0\n4,0": "All 4 rows have “0” in y: there is nothing to tell apart",
        "7,1.5\n7,2\n7,3.5\n7,4": "No column is left to learn from: x1 is left out: it is “7” in every row",
        many: "kind has 11 classes, and 10 can be told apart here",
    }
    *found, other, texts = ask(
        visit,
        *map(table, cases),
        table("a,b\n1,2\n2,3\n3,4\n4,6", target="c"),
        table("a,b\n1,x\n2,y\n3,x\n4,y", task="number"),
    )
    for one, said in zip(found, cases.values(), strict=True):
        assert one["data"] is None
        assert one["errors"][-1]["line"] == 0
        assert one["errors"][-1]["message"].startswith(said)
    assert other["errors"] == [{"line": 0, "message": "There is no column “c”; the columns are a, b."}]
    assert texts["errors"][0]["message"] == "b holds texts, which are classes and no numbers to predict."


def test_a_hundred_thousand_rows_are_sampled(visit: Visit) -> None:
    (found,) = ask(
        visit,
        "{ const kind = (k) => (k === 5 ? 'rare' : k % 2 ? 'a' : 'b');"
        " const rows = Array.from({ length: 100000 }, (_, k) => `${k % 977},${k % 31},${kind(k)}`);"
        " const { data } = readCsv(['x1,x2,kind', ...rows].join('\\n'));"
        " return [data.n, data.test.n, data.classes, data.notes]; }",
    )
    assert found == [1500, 500, ["a", "b", "rare"], ["2,000 of 100,000 rows are shown, drawn at random"]]
