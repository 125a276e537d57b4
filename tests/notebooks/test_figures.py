"""Every figure appears in a notebook, once, whoever imported pyplot, and leaves nothing open."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import IPython
import matplotlib.pyplot as plt
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from nn import plots

START = "from nn import History, plots\nimport numpy as np\nh = History(loss=[2.0, 1.0])"
WRONG = "plots.misclassified(np.zeros((2, 8, 8)), np.eye(10)[[3, 6]], [3, 5])"
CELLS = {
    "h.plot()": 1,
    "ax = h.plot()\n1 + 1": 1,
    "h.plot()\nplots.activation('tanh');": 2,
    "h.plot().figure": 1,
    "plots.axes_3d()": 1,
    WRONG: 1,
    f"figure = {WRONG}": 1,
    "figure": 1,  # a picture again, where it is asked for again
    "from IPython.display import display\nax = h.plot()\ndisplay(ax.figure)\nax.set_title('two')": 1,
    "for k in range(3):\n    h.plot()": 3,
    "plots.decision_boundary(lambda points: [p[0] for p in points], [[-1.0, 0.0], [1.0, 0.0]], [0, 1])": 1,
    "import matplotlib.pyplot as plt\n_, (left, right) = plt.subplots(1, 2)\nh.plot(left)\nh.plot(ax=right)": 1,
    "h.plot()\nplt.title('the last one')\nplt.show()": 1,
    "%matplotlib inline\nh.plot()": 1,
    "assert plt.get_fignums() == []": 0,
    "%matplotlib notebook\nh.plot().figure": 1,  # a view with a script, which IPython's own picture would double
    "ax = h.plot()\n2": 1,
}


def pictures(*sources: str) -> list[int]:
    """Return the number of pictures under each cell, run in a kernel of its own; nothing may be warned of."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    NotebookClient(notebook, timeout=300).execute()
    outputs = [cell.outputs for cell in notebook.cells]
    assert not [output for some in outputs for output in some if output.output_type == "stream"]
    return [sum(bool({"image/png", "text/html"} & {*output.get("data", ())}) for output in some) for some in outputs]


@pytest.mark.slow
def test_a_notebook_shows_every_figure_once() -> None:
    assert dict(zip(CELLS, pictures(START, *CELLS)[1:])) == CELLS


@pytest.fixture
def without_pyplot(monkeypatch: pytest.MonkeyPatch) -> None:
    plt.close(plt.figure())  # its backend is chosen, whatever the tests before this one did
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot")


def test_a_program_without_pyplot_has_figures_that_nothing_keeps(without_pyplot: None) -> None:
    figure = plots.axes().figure
    assert type(figure) is Figure
    assert plt.get_fignums() == []


def test_a_kernel_or_pyplot_makes_a_figure_pyplots(without_pyplot: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    in_kernel = plots.axes().figure
    assert plt.get_fignums() == [in_kernel.number]
    monkeypatch.undo()
    in_script = plots.axes_3d().figure
    assert plt.get_fignums() == [in_kernel.number, in_script.number]
    assert plt.gcf() is in_script


def test_a_figure_on_the_screen_is_left_to_its_backend_and_a_still_one_is_shown_and_forgotten() -> None:
    live, still = plots.axes().figure, plots.axes().figure
    type("Canvas", (FigureCanvasAgg,), {})(live)
    live._ipython_display_()
    with pytest.raises(NotImplementedError):
        still._ipython_display_()
    assert plt.get_fignums() == [live.number]
