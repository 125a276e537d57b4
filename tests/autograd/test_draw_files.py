"""Drawings as files, in notebooks and by any Graphviz; what is refused, and that labels stay text."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from drawings import (
    PROGRAMS,
    PURE,
    SVG,
    Seen,
    chain,
    loss_of_samples,
    network,
    perceptron,
    seen,
    sums,
    texts,
    title,
)
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.image import imread
from matplotlib.textpath import TextPath

from autograd import Tensor, Value, draw, primitive
from autograd._views.draw import layout as _graphviz
from autograd.picture import figure as _figure
from autograd.picture.shapes import clean, text_width
from nn import MLP, cross_entropy


class TestLimits:
    def test_a_large_graph_is_refused_with_three_ways_out(self) -> None:
        y = Value(1.0)
        for _ in range(1000):
            y = y + 1.0
        with pytest.raises(
            ValueError, match=r"has 1,001 numbers; .* at most 1,000.*fold='layer'.*inner node.*of=Tensor"
        ):
            draw(y)
        assert "not drawn: a graph of 1,001 numbers is too large" in y._repr_mimebundle_()["text/plain"]

    @pytest.mark.slow
    def test_a_large_graph_may_be_too_large_even_when_folded(self) -> None:
        loss = MLP(1, [1001, 1])([1.0]) * 2
        with pytest.raises(ValueError, match="has 1,003 numbers even when folded"):
            draw(loss, fold="perceptron")
        assert len(draw(loss, fold="layer").picture.groups) > 5

    @pytest.mark.slow
    def test_a_notebook_shows_a_large_network_folded(self) -> None:
        shown = (MLP(1, [1001, 1])([1.0]) * 2)._repr_mimebundle_()
        assert "g-layer-1" in shown["image/svg+xml"]

    @pytest.mark.covers
    @pytest.mark.slow
    def test_a_notebook_says_what_is_too_large_in_every_form(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loss = MLP(2, [2, 1], seed=0)([1.0, 2.0]) * 2
        assert "image/svg+xml" in loss._repr_mimebundle_()
        monkeypatch.setattr("autograd._views.draw.draw.BYTES_IN_A_CELL", 0)
        shown = loss._repr_mimebundle_()
        assert set(shown) == {"text/plain"}
        assert "not drawn: a graph of 1" in shown["text/plain"]

    @pytest.mark.slow
    def test_337_open_parameters(self) -> None:
        picture = seen(network(2, (16, 16, 1)))
        assert len(picture.of("parameter")) == 337

    def test_what_is_no_node(self) -> None:
        for thing in (3, "x", MLP, None):
            with pytest.raises(TypeError, match="draw needs a Value, a Tensor or a network; got"):
                draw(thing)


class TestLabels:
    HOSTILE = '</text></svg><script>alert(1)</script>&amp;"]; n0 -> n9 [label="\\x\\N\n\x00\u202e\ud800' + "ü" * 10_000

    def check(self, label: str) -> None:
        drawing = draw(Value(1.0, label=label) * Value(2.0, label="x"))
        picture = Seen(drawing.svg)
        assert {element.tag.removeprefix(SVG) for element in picture.root.iter()} <= {
            "svg", "g", "title", "rect", "ellipse", "path", "polygon", "text", "tspan",
        }  # fmt: skip
        assert picture.ids("node") == {"n0", "n1", "n2", "n2-op"}
        assert set(_graphviz.layout(drawing.dot).nodes) == {"n0", "n1", "n2", "n2-op"}
        heading = texts(picture.by_id["n0"])
        if label:
            kind = picture.by_id["n0"].get("class").removeprefix("node ")
            assert title(picture.by_id["n0"]).split("\n")[0] == f"{clean(label, 500)} ({kind})"
            assert len(heading) == 5
            assert len(heading[0]) <= 26
            assert len(drawing.dot) < 2000
        else:
            assert len(heading) == 4

    @pytest.mark.slow
    @given(st.text())
    @example(HOSTILE)
    @example('"')
    @example("\\")
    @example("\\n\\l\\G")
    @example("<b>bold</b>")
    @example("&#34;&quot;&lt;")
    @example("𝔘𝔫𝔦 漢字 עברית 👩‍👩‍👧")
    @example("")
    def test_any_label_is_text_in_svg_and_dot(self, label: str) -> None:
        self.check(label)

    @pytest.mark.slow
    @pytest.mark.parametrize("label", [HOSTILE, "$\\frac{$", "漢字", "%s {0}"])
    def test_any_label_is_text_in_png_and_pdf(self, label: str, tmp_path: Path) -> None:
        drawing = draw(Value(1.0, label=label) * 2)
        assert drawing.save(tmp_path / "a.png").stat().st_size > 1000
        assert drawing.save(tmp_path / "a.pdf").stat().st_size > 1000

    def test_settings_are_text_in_dot(self) -> None:
        odd = primitive("odd", lambda xp, a, *, s: a, lambda g, out, a, s: g)
        drawing = draw(odd(Value(1.0, label="\\N\\G"), s='"\\'))
        assert set(_graphviz.layout(drawing.dot).nodes) == {"n0", "n1", "n1-op"}
        assert texts(Seen(drawing.svg).by_id["n1-op"]) == ["odd", 's="\\']
        assert 'label="\\\\N\\\\G\\ndata 1' in drawing.dot

    def test_any_label_of_the_root_is_text_in_html(self) -> None:
        y = Value(1.0) * 2
        y.label = '"><script>alert(1)</script>'
        html = draw(y)._repr_mimebundle_()["text/html"]
        assert [element.tag for element in ET.fromstring(html.replace("></div>", "/></div>")).iter()] == ["div", "img"]

    @pytest.mark.covers
    @pytest.mark.slow
    def test_widths_are_rather_too_large(self) -> None:
        for text in (
            "data",
            "grad",
            "−0.004921",
            "w(1)2,3",
            "perceptron 16",
            "parameters",
            "MW%@mw",
            "1.2e−05 … 3",
            "ŷ θ",
        ):
            for bold in (False, True):
                font = matplotlib.font_manager.FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
                real = TextPath((0, 0), text, size=10, prop=font).get_extents().width
                assert real < text_width(text, 10, bold) < 1.5 * real + 5
        assert text_width("漢", 10) == 10
        assert text_width(unicodedata.normalize("NFD", "ŷ"), 10) == text_width("y", 10)


class TestFiles:
    @pytest.mark.slow
    def test_every_format(self, tmp_path: Path) -> None:
        drawing = draw(perceptron())
        assert Seen(drawing.save(tmp_path / "a.svg").read_text(encoding="utf-8")).ids("root")
        assert imread(drawing.save(str(tmp_path / "a.PNG"))).shape[0] == pytest.approx(
            2 * drawing.picture.height, abs=2
        )
        assert drawing.save(tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
        assert drawing.save(tmp_path / "a.dot").read_text(encoding="utf-8") == drawing.dot
        with pytest.raises(ValueError, match=r"'a.jpg'; the suffix must be one of .svg, .png, .pdf, .dot"):
            drawing.save(tmp_path / "a.jpg")

    @pytest.mark.parametrize("program", PROGRAMS)
    @pytest.mark.parametrize("settings", [{}, {"gradients": True}, {"fold": "layer"}, {"fold": "perceptron"}])
    def test_every_program_gives_the_same(
        self, monkeypatch: pytest.MonkeyPatch, program: str, settings: dict[str, Any]
    ) -> None:
        expected = seen(network(), **settings)
        monkeypatch.setenv("GLASSGRAD_DOT", program)
        found = seen(network(), **settings)
        assert list(found.by_id) == list(expected.by_id)
        for name, group in found.by_id.items():
            assert texts(group) == texts(expected.by_id[name])
        width, height = (float(found.root.get(side)) for side in ("width", "height"))
        assert (width, height) == pytest.approx([float(expected.root.get(s)) for s in ("width", "height")], rel=0.02)

    @pytest.mark.slow
    def test_the_settings_of_a_notebook_change_nothing(self, tmp_path: Path) -> None:
        drawing = draw(perceptron())
        plain = imread(drawing.save(tmp_path / "a.png"))
        rude = {"savefig.bbox": "tight", "savefig.dpi": 30, "font.family": "serif", "path.sketch": (1, 2, 3)}
        with matplotlib.rc_context(rude | {"savefig.transparent": True, "text.usetex": True}):
            assert np.array_equal(imread(drawing.save(tmp_path / "b.png")), plain)

    @pytest.mark.slow
    def test_large_pictures_are_zoomed_out(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        drawing = draw(perceptron())
        monkeypatch.setattr(_figure, "PIXELS", 40_000)
        assert imread(drawing.save(tmp_path / "a.png")).size / 4 == pytest.approx(40_000, rel=0.02)
        monkeypatch.setattr(_figure, "LONGEST", 360)
        box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", drawing.save(tmp_path / "a.pdf").read_bytes())
        assert float(box[1]) == pytest.approx(360)

    def test_fonts_for_east_asian_labels_are_used_if_installed(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(_figure, "EAST_ASIAN", ("DejaVu Sans Mono", "no such font"))
        assert draw(Value(1.0) * 2).save(tmp_path / "a.png").exists()


class TestNotebook:
    def test_a_drawing_is_an_image_in_html_that_scrolls(self) -> None:
        drawing = draw(perceptron())
        shown = drawing._repr_mimebundle_()
        assert shown["text/plain"] == "<graph of J: 14 numbers and 7 operations; .save('graph.svg') writes it>"
        assert shown["image/svg+xml"] == drawing.svg
        html = shown["text/html"]
        assert "overflow:auto" in html
        assert "max-height" in html
        assert 'alt="graph of J: 14 numbers and 7 operations"' in html
        data = re.search(r"data:image/svg\+xml;base64,([^\"]+)", html)[1]
        assert base64.b64decode(data).decode() == drawing.svg

    def test_a_result_shows_its_graph_and_a_leaf_its_text(self) -> None:
        shown = perceptron()._repr_mimebundle_()
        assert set(shown) == {"text/plain", "text/html", "image/svg+xml"}
        assert shown["text/plain"].startswith("Value(data=")
        assert set(Value(1.0)._repr_mimebundle_()) == {"text/plain"}
        assert set((Tensor([1.0, 2.0]) * 2)._repr_mimebundle_()) == {"text/plain", "text/html", "image/svg+xml"}

    @pytest.mark.covers
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("result", "shows"),
        [
            (lambda: loss_of_samples([4, 1]), 'id="g-layer-1-perceptron-1"'),
            (lambda: loss_of_samples([16, 16, 1]), 'id="g-layer-2-perceptron-16"'),
            (lambda: cross_entropy([MLP(64, [10])([0.5] * 64)], [3]), 'id="g-layer-1-perceptron-10"'),
            (lambda: MLP(1, [200, 1])([1.0]) * 2, 'id="g-layer-1"'),
            (lambda: loss_of_samples([16, 1], of=Tensor), "node parameter"),
            (lambda: chain(100), 'id="n100"'),
            (lambda: chain(1000), "a graph of 1,001 numbers is too large"),
            (lambda: sum((Value(1.0 * k) for k in range(300)), Value(0.0)), "a graph of 601 numbers is too large"),
            (lambda: sums(80, terms=60), "a graph of 140 numbers is too large"),
            (lambda: sums(45, terms=6), "a graph of 51 numbers is too large"),
        ],
    )
    def test_a_cell_keeps_at_most_300_kb_of_a_result(self, result: Callable[[], Any], shows: str) -> None:
        shown = result()._repr_mimebundle_()
        assert len(json.dumps(shown)) < 300_000
        image = re.search(r"base64,([^\"]+)", shown.get("text/html", ""))
        assert shows in (base64.b64decode(image[1]).decode() if image else shown["text/plain"])

    def test_without_graphviz_text_is_left(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        _nothing_installed(monkeypatch, tmp_path)
        shown = perceptron()._repr_mimebundle_()
        assert set(shown) == {"text/plain"}
        assert "not drawn: no Graphviz program found: `pip install graphviz-pure`" in shown["text/plain"]


def _nothing_installed(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.delenv("GLASSGRAD_DOT", raising=False)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(_graphviz.sys, "executable", str(folder / "python"))


class TestProgram:
    def test_it_is_started_without_a_shell(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for text in ("touch {}", "dot; touch {}", "$(touch {})", "`touch {}`", "dot\ntouch {}"):
            monkeypatch.setenv("GLASSGRAD_DOT", text.format(tmp_path / "ran"))
            with pytest.raises(RuntimeError, match="could not lay out the graph"):
                _ = draw(Value(1.0, label=text) * 2).svg
        assert not (tmp_path / "ran").exists()

    def test_it_is_given_the_text_of_the_drawing_alone(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        spy = tmp_path / "spy"
        spy.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\ncat > {tmp_path}/text\nexit 3\n')
        spy.chmod(0o755)
        monkeypatch.setenv("GLASSGRAD_DOT", str(spy))
        drawing = draw(Value(1.0, label='"]; evil [label="') * 2)
        with pytest.raises(RuntimeError):
            _ = drawing.svg
        assert (tmp_path / "arguments").read_text() == "-Tjson0\n"
        assert (tmp_path / "text").read_text(encoding="utf-8") == drawing.dot
        assert '\\"]; evil [label=\\"' in drawing.dot

    def test_which_program_lays_out(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("GLASSGRAD_DOT", "/somewhere/dot")
        assert _graphviz.program() == "/somewhere/dot"
        monkeypatch.delenv("GLASSGRAD_DOT")
        monkeypatch.setenv("PATH", str(tmp_path))
        assert _graphviz.program() == PURE
        _nothing_installed(monkeypatch, tmp_path)
        assert _graphviz.program() is None
        with pytest.raises(RuntimeError, match="no Graphviz program found"):
            draw(perceptron()).save(tmp_path / "a.svg")
        assert draw(perceptron()).save(tmp_path / "a.dot").exists()
        (tmp_path / "dot").write_text("#!/bin/sh\n")
        (tmp_path / "dot").chmod(0o755)
        assert _graphviz.program() == str(tmp_path / "dot")

    @pytest.mark.covers
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("script", "told"),
        [
            ("echo broken >&2; exit 3", "could not lay out the graph: broken"),
            ("exec sleep 10", "was not done after 0.2 s: draw less"),
            (None, "could not lay out the graph: failed to execute"),
        ],
    )
    def test_a_failing_program_is_told(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str | None, told: str
    ) -> None:
        program = tmp_path / "fails"
        if script is not None:
            program.write_text(f"#!/bin/sh\ncat >/dev/null\n{script}\n")
            program.chmod(0o755)
        monkeypatch.setenv("GLASSGRAD_DOT", str(program))
        monkeypatch.setattr(_graphviz, "SECONDS", 0.2)
        with pytest.raises(RuntimeError, match=f"fails {told}"):
            draw(perceptron()).save(tmp_path / "a.pdf")
        assert "not drawn" in perceptron()._repr_mimebundle_()["text/plain"]

    def test_arrows_that_graphviz_lost_or_drew_twice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        drawing = draw(Value(1.0, label="x") * 2.0)
        told = {
            "bb": "0,0,100,50",
            "objects": [{"name": name, "pos": f"{x},25"} for x, name in enumerate(("n0", "n1", "n1-op", "c0"))],
            "edges": [{"id": "e1", "pos": "e,9,9 1,2 3,4 5,6 7,8;e,9,9 1,2 3,4 5,6 7,8"}, {"id": "e0-1-0"}, {}],
        }
        found = _graphviz._read(told)
        assert found.edges == {"e1": ([(1, 48), (3, 46), (5, 44), (7, 42)], (9, 41))}
        monkeypatch.setattr(_graphviz, "layout", lambda dot: found)
        assert Seen(drawing.svg).ids("edge") == {"e1", "e0-1-0", "ec0-1-1"}
