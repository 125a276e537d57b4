"""Drawings: their structure, every format, and that labels stay text."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, Value, _draw, draw, exp

SVG = "{http://www.w3.org/2000/svg}"


def picture() -> Any:
    w, x = Value(2.0, label="w"), Value(3.0, label="x")
    y = exp(w * x + 1.5)
    y.backward()
    return y


def test_structure_of_a_drawing() -> None:
    dot = draw(picture()).dot
    assert dot.count("shape=box") == 5
    assert dot.count("shape=circle") == 3
    assert dot.count("shape=plaintext") == 1
    assert dot.count("->") == 8
    assert "<b>w</b><br/>data 2<br/>grad 5424" in dot
    assert "n0 -> n2op" in dot


def test_arrays_are_told_by_numbers_or_by_shape() -> None:
    dot = draw((Tensor(np.ones((2, 2))) @ Tensor(np.ones((2, 10)))).sum()).dot
    assert "data [[1., 1.], [1., 1.]]" in dot
    assert "data array (2, 10)" in dot


def test_every_format(tmp_path: Path) -> None:
    drawing = draw(picture())
    svg = ET.parse(drawing.save(tmp_path / "a.svg")).getroot()
    kinds = [group.get("class") for group in svg.iter(f"{SVG}g")]
    assert (kinds.count("node"), kinds.count("edge")) == (9, 8)
    assert drawing.save(str(tmp_path / "a.PNG")).read_bytes().startswith(b"\x89PNG")
    assert drawing.save(tmp_path / "a.dot").read_text() == drawing.dot
    with pytest.raises(ValueError, match=r"one of .svg, .png, .pdf, .dot"):
        drawing.save(tmp_path / "a.jpg")


def test_hostile_labels_are_text() -> None:
    hostile = '<script>alert(1)</script>&"]; n0 -> n1 [label="x\n\x00' + "ü" * 10_000
    y = Value(1.0, label=hostile) * 2
    svg = ET.fromstring(draw(y)._repr_mimebundle_()["image/svg+xml"].encode())
    texts = [text.text or "" for text in svg.iter(f"{SVG}text")]
    assert any(text.startswith('<script>alert(1)</script>&"]; n0') for text in texts)
    assert not list(svg.iter(f"{SVG}script"))
    assert max(map(len, texts)) <= 61


def test_a_notebook_shows_the_graph() -> None:
    shown = picture()._repr_mimebundle_()
    assert "<svg" in shown["image/svg+xml"]
    assert shown["text/plain"].startswith("Value(data=")
    assert set(Value(1.0)._repr_mimebundle_()) == {"text/plain"}
    assert "drawing of 5 nodes" in repr(draw(picture()))


def test_a_large_graph_is_refused_with_advice() -> None:
    y = Value(1.0)
    for _ in range(1000):
        y = y + 1.0
    with pytest.raises(ValueError, match=r"has 1001 nodes; a drawing shows at most 1000. Draw a part"):
        draw(y)
    assert "not drawn: this graph has 1001" in y._repr_mimebundle_()["text/plain"]
    with pytest.raises(TypeError, match="draw needs a Value or a Tensor; got 3"):
        draw(3)


def test_which_program_draws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GLASSGRAD_DOT", "/somewhere/dot")
    assert _draw.graphviz_program() == "/somewhere/dot"
    monkeypatch.delenv("GLASSGRAD_DOT")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _draw.graphviz_program().endswith("graphviz-pure")
    monkeypatch.setattr(_draw.sys, "executable", str(tmp_path / "python"))
    assert _draw.graphviz_program() is None
    with pytest.raises(RuntimeError, match="no Graphviz program found"):
        draw(picture()).save(tmp_path / "a.svg")
    assert draw(picture()).save(tmp_path / "a.dot").exists()
    (tmp_path / "dot").write_text("#!/bin/sh\n")
    (tmp_path / "dot").chmod(0o755)
    assert _draw.graphviz_program() == str(tmp_path / "dot")


def test_a_failing_program_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fails = tmp_path / "fails"
    fails.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    fails.chmod(0o755)
    assert subprocess.run([fails], check=False, capture_output=True).returncode == 3
    monkeypatch.setenv("GLASSGRAD_DOT", str(fails))
    with pytest.raises(RuntimeError, match=r"could not make pdf: .*broken.*a PDF needs your system's"):
        draw(picture()).save(tmp_path / "a.pdf")
