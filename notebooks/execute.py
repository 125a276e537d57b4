"""Write the notebooks: each NN_name.py, in jupytext's percent format, is executed into NN_name.ipynb.

python execute.py [NN_name.py ...] executes those given, or all. Edit the .py; the .ipynb follows.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

HERE = Path(__file__).parent


def sources() -> list[Path]:
    """Return the paths of all text sources, in the order of the course."""
    return sorted(HERE.glob("[0-9][0-9]_*.py"))


def unexecuted(source: Path) -> NotebookNode:
    """Return a text source as a notebook without outputs, the same at every call."""
    notebook = jupytext.read(source, fmt="py:percent")
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number:02}"
    return notebook


def executed(source: Path) -> NotebookNode:
    """Return a text source as a notebook with outputs; raise CellExecutionError, which shows the cell, if one fails."""
    notebook = unexecuted(source)
    NotebookClient(
        notebook, timeout=300, record_timing=False, resources={"metadata": {"path": str(HERE)}}, coalesce_streams=True
    ).execute()
    # The kernel adds its version of Python, and the state of widgets, which are linked with it alone.
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = {"name": "python"}
    return notebook


def main(names: list[str]) -> None:
    """Execute the sources given, or all, and write them as notebooks beside them."""
    for source in [HERE / Path(name).name for name in names] or sources():
        start = time.perf_counter()
        nbformat.write(executed(source), source.with_suffix(".ipynb"))
        print(f"{source.stem}: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
