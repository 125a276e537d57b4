"""The course: sources and notebooks agree, every notebook runs, and nothing public is left unshown."""

from __future__ import annotations

import ast
import doctest
import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

import autograd
import autograd.testing
import execute
import nn.data
import nn.plots

ROOT = Path(__file__).parents[2]
SOURCES = execute.sources()
each_notebook = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


@pytest.mark.slow
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


@pytest.fixture
def binder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels run in the environment that Binder builds; `make test` builds it too."""
    python = ROOT / ".venv" / "binder" / "bin" / "python"
    assert python.exists(), "make .venv/binder/made"
    kernel = tmp_path / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": command, "display_name": "Binder", "language": "python"}), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))


@pytest.mark.slow
@each_notebook
@pytest.mark.usefixtures("binder")
def test_the_notebook_runs_from_top_to_bottom(source: Path) -> None:
    written = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    notebook = execute.executed(source)
    assert pictures(notebook) == pictures(written)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", f"{cell.id} warns: {output.text}\n{cell.source}"


@each_notebook
def test_the_notebook_says_what_it_is_for_and_folds_its_answers(source: Path) -> None:
    cells = nbformat.read(source.with_suffix(".ipynb"), as_version=4).cells
    assert [word for word in ("*Goals:*", "*Time:*", "*Before it:*") if word not in cells[0].source] == []
    assert "%pip install" in cells[1].source
    # Each question has an answer, on which nobody's eye falls before they have thought.
    told = "\n".join(cell.source for cell in cells)
    found = re.findall(r"\*\*Predict first\.\*\*|<details><summary>Answer</summary>|</details>", told)
    assert found == ["**Predict first.**", "<details><summary>Answer</summary>", "</details>"] * (len(found) // 3)
    # Whoever does not see a picture is told what it shows.
    for cell in cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", ()):
                words = output.metadata["image/png"]["alt"]
                assert words.startswith("Figure: "), cell.id
                assert words == output.data["text/plain"]


def pictures(notebook: nbformat.NotebookNode) -> list[tuple[str, int]]:
    """Return the cells under which there are pictures or pages, and how many."""
    found = []
    for cell in notebook.cells:
        kinds = [{*output.get("data", ())} for output in cell.get("outputs", [])]
        if number := sum(bool({"image/png", "image/svg+xml", "text/html"} & some) for some in kinds):
            found.append((cell.id, number))
    return found


def doctests() -> Iterator[str]:
    """Yield what is typed and what is answered in every docstring."""
    parser = doctest.DocTestParser()
    for package in ("autograd", "nn"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                    for example in parser.get_examples(ast.get_docstring(node) or ""):
                        yield example.source + example.want


def cells() -> Iterator[str]:
    """Yield the code and the texts under it of every notebook."""
    for source in SOURCES:
        for cell in nbformat.read(source.with_suffix(".ipynb"), as_version=4).cells:
            if cell.cell_type == "code":
                yield cell.source
                for output in cell.outputs:
                    yield output.get("text") or output.data["text/plain"]


def public_names() -> Iterator[str]:
    """Yield the names in `__all__`, and of what is defined in modules that have none."""
    for module in (autograd, nn, autograd.testing, nn.data, nn.plots):
        yield from module.__all__
    for name in ("sklearn", "testing"):
        tree = ast.parse((ROOT / "nn" / f"{name}.py").read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                yield node.name


@pytest.mark.slow
def test_every_public_name_is_shown_in_a_notebook_or_a_doctest() -> None:
    shown = {word for text in (*doctests(), *cells()) for word in re.findall(r"\w+", text)}
    assert sorted(set(public_names()) - shown) == []


def test_binder_finds_what_it_installs() -> None:
    folder = ROOT / ".binder"
    constraints, package = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    # A file is looked for beside the one that names it, a package in the working directory.
    assert (folder / constraints.removeprefix("-c ")).resolve() == ROOT / "constraints.txt"
    assert package == "-e .[data,notebook,testing]"
