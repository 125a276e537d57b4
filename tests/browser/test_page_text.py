"""Whatever labels, names and tables hold is text on every page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stepping import Visit, at, leaves

from autograd import Value, draw, steps
from nn import MLP, SGD
from nn.__main__ import main

pytestmark = pytest.mark.slow

CANARY = "window.canary=1"

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "\"'`${alert(3)}\\",
    "<!--<script>",
    "$\\href{javascript:alert(4)}{x}$",
    "\u2028a * b &amp; \x00\n" + "long " * 2000,
    *(f"{head}<script>{CANARY}</script>" for head in ("]]>", "-->", "</title>", "</style>", "</svg>", "</textarea>")),
    *(f"<{tag} {on}={CANARY}>" for tag, on in (("svg", "onload"), ("body", "onload"), ("details open", "ontoggle"))),
    f"<svg><use href='data:image/svg+xml,<svg id=x onload={CANARY}>#x'/></svg>", f"<animate onbegin={CANARY} dur=1s>",
    f"<iframe srcdoc='<script>parent.{CANARY}</script>'>", "<object data=http://example.org>", "<base href=//a.org>",
    "<meta http-equiv=refresh content=0;url=http://example.org>", "<style>@import 'http://example.org'</style>",
    "<x style='background:url(http://example.org)'>", "url(http://example.org)", f"javascript:{CANARY}",
    f"&lt;script&gt;{CANARY}", f"&#x3c;img src=x onerror={CANARY}&#x3e;", "&#0;", "&", "'><blink>", '"><blink>',
    "{{constructor.constructor('alert(5)')()}}", "${alert(6)}", "{title}", "{0.__class__}", "{", "}}", "%s%(x)s",
    '"]; n0 [label="', '" URL="http://example.org', "<<b>x</b>>", "\\N\\G\\L", "\\", "} digraph {", "/*", "//",
    "$$\\require{html}\\cssId{x}{y}$$", "\\input{/etc/passwd}", "\\def\\x{\\x\\x}\\x", "\\(x\\)", "}{", "%", "#", "^_~",
    "\x00", "\u202edesrever", "\ud800", "a\udc80", "\ufffe", "\u2029", "\r\n\t", "\x1b[2J", "\ufeff\u200b", "😀",
    "x" * 100_000, "<" * 100_000, "(?:", "[", "a|b", "*", "sum so far 3: 1 of 2", "1e400", " ", "=1+1", "漢字",
)  # fmt: skip

OF_OBJECTS = ("constructor", "toString", "__proto__", "hasOwnProperty", "valueOf", "prototype", "then", "n0", "length")


def test_a_label_that_every_object_has_is_shown(visit: Visit, tmp_path: Path) -> None:
    """Looked up among the symbols, it was found, and was none: the view was blank."""
    leaves = [Value(2.0, label=name) for name in OF_OBJECTS]
    loss = leaves[0] * leaves[0]
    for w in leaves[1:]:
        loss = loss + w * w
    loss.label = "J"
    sequence = steps(loss, SGD(leaves, lr=0.1))
    page = visit(sequence.save(tmp_path / "page.html"))
    shown = page.locator(".now-told").evaluate(
        """(told, count) => Array.from({ length: count }, () => {
          told.getRootNode().querySelector("button.next").click();
          return told.innerText;
        }).join()""",
        len(sequence),
    )
    assert all((name.split("_")[0] or "proto") in shown for name in OF_OBJECTS)


def test_labels_are_text_whatever_they_hold(visit: Visit, tmp_path: Path) -> None:
    loss = Value(0.0, label=HOSTILE[0])
    for label in HOSTILE[1:]:
        loss = loss + Value(2.0, label=label)
    loss.label = HOSTILE[1]
    sequence = steps(loss, SGD(leaves(loss)))
    path = sequence.save(tmp_path / "hostile.html")
    assert visit(path, java_script_enabled=False).locator(ALIEN).count() == 1
    page = visit(path)
    page.locator("button.next").evaluate(f"next => {{ for (let k = 0; k <= {len(sequence)}; k++) next.click(); }}")
    assert at(page) == f"{len(sequence) + 1} / {len(sequence) + 1}"
    page.get_by_text("steps as text").click()
    page.wait_for_timeout(100)
    assert page.locator(ALIEN).count() == 1
    assert page.evaluate("window.canary") is None
    assert page.locator("g.parameter, g.input").count() >= len(HOSTILE)
    told = page.locator("ol").inner_text()
    assert HOSTILE[0] in told
    assert HOSTILE[2] in told


ALIEN = "script, iframe, object, embed, base, link, form, a, img[src=x], blink"
"""The view has one script; of the others, none."""


def test_no_other_view_takes_a_text_for_markup(visit: Visit, tmp_path: Path) -> None:
    parts = []
    for text in HOSTILE:
        w = Value(2.0, label=text)
        loss = w * 3
        loss.label = text
        if text in HOSTILE[:6]:
            drawn = loss._repr_mimebundle_()
            parts += [drawn["text/html"], drawn["image/svg+xml"]]

        def activation(x: Any) -> Any:
            return x

        activation.__name__ = text
        network = MLP(2, [2, 1], activation)
        parts.append(draw(network).svg)
        assert str(network.summary())
    page = visit(f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>all</title>{''.join(parts)}")
    assert page.locator(ALIEN).count() == 0
    assert page.evaluate("window.canary") is None
    assert page.locator("svg").count() == len(HOSTILE) + 6


def test_names_in_a_table_are_text_on_the_page_of_a_run(visit: Visit, tmp_path: Path) -> None:
    import csv

    names = [text for text in dict.fromkeys(" ".join(text.split())[:500] for text in HOSTILE) if text.isprintable()]
    with (path := tmp_path / "table.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["kind", *names[:40]])
        # Numbers that neither follow each other nor are the same in every row: no column is left out.
        table.writerows([[names[k % 12 + 40 * (k % 2)], *((k * k + j) % 17 for j in range(40))] for k in range(48)])
    given = ["--data", str(path), "--target", "kind", "--epochs", "1", "--save", str(tmp_path / "run")]
    assert main(["train", *given]) == 0
    page = visit(tmp_path / "run" / "index.html")
    assert page.locator(ALIEN).count() == 0
    assert page.evaluate("window.canary") is None
    assert (page.locator("h2").count(), page.locator("img").count()) == (5, 3)
