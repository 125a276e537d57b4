"""The course: sources and notebooks agree, every notebook runs, and nothing public is left unshown."""

from __future__ import annotations

import time
from pathlib import Path

import nbformat
import pytest

import execute

SOURCES = execute.sources()
each_notebook = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


@each_notebook
def test_the_notebook_is_its_source_executed(source: Path) -> None:
    expected = execute.unexecuted(source)
    written = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    nbformat.validate(written)
    advice = f"{source.name} has changed: make execute"
    assert [(c.id, c.cell_type, c.source) for c in written.cells] == [
        (c.id, c.cell_type, c.source) for c in expected.cells
    ], advice
    code = [cell for cell in written.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1)), advice


@each_notebook
def test_the_notebook_runs_from_top_to_bottom(source: Path) -> None:
    start = time.perf_counter()
    notebook = execute.executed(source)
    assert time.perf_counter() - start < 60
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", f"{cell.id} warns: {output.text}\n{cell.source}"
