"""Every figure appears in a notebook, once, whoever imported pyplot, and leaves nothing open."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import IPython
import matplotlib.pyplot as plt
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from nn import plots
from nn.plots._figure import in_words

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


def shown(*sources: str) -> list[list[Any]]:
    """Return the outputs of each cell, run in a kernel of its own; nothing may be warned of."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    NotebookClient(notebook, timeout=300).execute()
    outputs = [cell.outputs for cell in notebook.cells]
    assert not [output for some in outputs for output in some if output.output_type == "stream"]
    return outputs


@pytest.mark.slow
def test_a_notebook_shows_every_figure_once_and_tells_what_is_seen() -> None:
    outputs = shown(START, *CELLS)[1:]
    pictures = [[one for one in some if {"image/png", "text/html"} & {*one.get("data", ())}] for some in outputs]
    assert dict(zip(CELLS, map(len, pictures))) == CELLS
    told = [one.metadata.get("image/png", {}).get("alt") for some in pictures for one in some]
    assert told[0] == "Figure: loss over epoch (loss)"
    # The figure that pyplot made, and the two after "%matplotlib notebook", which have a script of their own.
    assert [k for k, words in enumerate(told) if words is None] == [14, 17, 18]


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


@pytest.mark.parametrize("printed", ["data", ("data", {"width": 3})])
def test_a_picture_has_words(printed: object, monkeypatch: pytest.MonkeyPatch) -> None:
    formatter = DisplayFormatter()
    formatter.formatters["image/png"].for_type(Figure, lambda figure: printed)
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(display_formatter=formatter))
    left, right = plots.axes().figure.subplots(1, 2)
    left.set(title="before", xlabel="$x_1$")
    left.figure.suptitle("a net")
    right.set(title="after", ylabel="epoch\nof 3")
    left.plot([1.0, 2.0], label="curve")
    left.legend()
    data, told = formatter.format(left.figure)
    words = "Figure: a net; before: x_1 (curve); after: epoch of 3"
    assert data == {"image/png": "data", "text/plain": words}
    assert told["image/png"] == {**(printed[1] if isinstance(printed, tuple) else {}), "alt": words}


def test_a_picture_without_words_is_a_figure() -> None:
    assert in_words(Figure()) == "Figure"


def test_a_figure_on_the_screen_is_left_to_its_backend_and_a_still_one_is_shown_and_forgotten() -> None:
    live, still = plots.axes().figure, plots.axes().figure
    type("Canvas", (FigureCanvasAgg,), {})(live)
    live._ipython_display_()
    with pytest.raises(NotImplementedError):
        still._ipython_display_()
    assert plt.get_fignums() == [live.number]
