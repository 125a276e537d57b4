"""The link of `nn.live` with a notebook, without one: what Python does with what a page sends, and what it pushes."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor, Value
from nn._play import bridge as bridges
from nn._play import live as lives
from nn._play import network, page

X, y = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is tested in a browser; here it would take seconds to be made."""
    monkeypatch.setattr(page, "view", lambda state, data, name="", **options: f"<p id={name}>{state['epoch']}</p>")
    monkeypatch.setattr(page, "page", lambda state, data, **options: f"<title>{options['title']}</title>")


def mlp(of: Any = Value) -> nn.MLP:
    return nn.MLP(2, [3, 1], "tanh", "sigmoid", of=of, seed=0)


class Shown:
    """What IPython would show, and the notebook's cell that runs."""

    def __init__(self) -> None:
        self.outputs: list[tuple[str, Any, bool]] = []
        self.cell = ("cell", "run 1")

    def display(self, bundle: Any, raw: bool, display_id: str | None = None, update: bool = False) -> None:
        self.outputs.append((bundle["text/html"], display_id, update))


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Shown:
    pytest.importorskip("anywidget")
    shown = Shown()
    monkeypatch.setattr("IPython.display.display", shown.display)
    monkeypatch.setattr(bridges, "obstacle", lambda: "")
    monkeypatch.setattr(bridges, "cell", lambda: shown.cell)
    return shown


def edit(bridge: Any, numbers: list[float], edit: int, known: int) -> None:
    """What the page sends after a drag: the bytes arrive as a view of memory."""
    packed = memoryview(struct.pack(f"<{len(numbers)}d", *numbers))
    bridge.widget.set_state({"edited": {"edit": edit, "known": known, "epoch": 7, "parameters": packed}})


def numbers_in(bridge: Any) -> list[float]:
    packed = bridge.widget.pushed["parameters"]
    return list(struct.unpack(f"<{len(packed) // 8}d", packed))


@pytest.mark.parametrize("of", [Value, Tensor])
def test_a_drag_in_the_page_is_set_in_the_model(notebook: Shown, of: Any) -> None:
    model = mlp(of)
    v = nn.live(model, X, y, loss="mse")
    assert repr(v.linked) == "False: it has not been shown in a notebook yet"
    v._ipython_display_()
    (bridge,) = v._bridges
    assert notebook.outputs == [(f"<p id={bridge.view}>0</p>", bridge.view, False)]
    assert not v.linked
    assert "no page has answered yet" in repr(v.linked)
    bridge.widget._handle_custom_msg({"hello": True}, [])
    assert v.linked
    assert repr(v.linked) == "True: the page and the model have the same numbers"
    assert bridge.widget.view == bridge.view
    assert bridge.widget.network == {"sizes": [2, 3, 1], "activations": ["tanh", "sigmoid"]}
    numbers = [k / 8 for k in range(13)]
    edit(bridge, numbers, 1, bridge.widget.pushed["version"])
    assert network.numbers_of(network.dense_layers(model)) == numbers
    v.linked = False
    assert not v.linked
    assert "set to False" in repr(v.linked)
    assert bridge.widget.on is False
    edit(bridge, [9.0] * 13, 2, 9)
    assert network.numbers_of(network.dense_layers(model)) == numbers
    v.linked = True
    assert (numbers_in(bridge), bridge.widget.pushed["epoch"]) == (numbers, 7)
    assert bridge.widget.pushed["edit"] == 2
    with pytest.raises(TypeError, match="linked is True or False; got 'no'"):
        v.linked = "no"


def test_a_training_that_diverged_leaves_the_output(notebook: Shown) -> None:
    model = mlp(Tensor)
    v = nn.live(model, X, y, loss="mse")
    v._ipython_display_()
    model.layers[0].w0.data = [0.0, float("nan"), 0.0]
    v.end_of_fit(nn.History(loss=[1.0]))
    assert np.isnan(numbers_in(v._bridges[0])).sum() == 1
    assert len(notebook.outputs) == 1
    with pytest.raises(ValueError, match="a page starts from finite numbers"):
        v._repr_mimebundle_()
    model.layers[0].w0.data = [0.0, 0.0, 0.0]
    v.linked = False
    v.end_of_fit(nn.History(loss=[1.0]))
    assert len(notebook.outputs) == 1


def test_what_is_frozen_meanwhile_does_not_move(notebook: Shown) -> None:
    model = mlp()
    v = nn.live(model, X, y, loss="mse")
    v._ipython_display_()
    (bridge,) = v._bridges
    before = network.numbers_of(network.dense_layers(model.freeze()))
    edit(bridge, [1.0] * 13, 1, 9)
    assert network.numbers_of(network.dense_layers(model)) == before
    assert (bridge.widget.on, bool(v.linked)) == (False, False)
    v.end_of_fit(nn.History(loss=[1.0]))
    assert len(notebook.outputs) == 1
    model.unfreeze()
    edit(bridge, [1.0] * 13, 2, 9)
    assert network.numbers_of(network.dense_layers(model)) == [1.0] * 13
    assert bridge.widget.on is True


def test_a_fit_needs_no_notebook() -> None:
    v = nn.live(model := mlp(), X, y, loss="mse")
    nn.fit(model, X, y, loss=nn.mse, optimizer=nn.SGD(model.parameters(), lr=0.1), epochs=2, callbacks=[v])
    assert v._state()["epoch"] == 2


def test_two_views_of_one_model_agree_and_two_models_are_apart(notebook: Shown) -> None:
    v, other = (nn.live(mlp(Tensor), X, y, loss="mse") for _ in range(2))
    v._ipython_display_()
    v._ipython_display_()
    other._ipython_display_()
    first, second = v._bridges
    assert len({first.view, second.view, other._bridges[0].view}) == 3
    edit(first, [0.5] * 13, 1, 1)
    assert numbers_in(second) == [0.5] * 13
    assert numbers_in(other._bridges[0]) != [0.5] * 13


def test_a_fit_is_seen_and_wins_over_older_edits(notebook: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 0.01, 0.05, 0.06, 0.2, 0.21])
    clock = iter(x for pair in zip(times) for x in pair)
    monkeypatch.setattr(lives.time, "monotonic", lambda: next(clock, 9.0))
    model = mlp(Tensor)
    v = nn.live(model, X, y, loss=nn.mse, validation=(X, y))
    v._ipython_display_()
    (bridge,) = v._bridges
    known = bridge.widget.pushed["version"]
    pushes: list[Any] = []
    bridge.widget.observe(lambda change: pushes.append(change["new"]), "pushed")
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    history = nn.fit(
        model, X, y, loss=nn.mse, optimizer=optimizer, epochs=4, validation=(X, y), callbacks=[v], progress=False
    )
    assert [push["running"] for push in pushes][-2:] == [True, False]
    assert pushes[-1]["epoch"] == 4
    assert (pushes[-1]["loss"], pushes[-1]["valLoss"]) == (history.loss[-1], history["val_loss"][-1])
    assert numbers_in(bridge) == network.numbers_of(network.dense_layers(model))
    versions = [push["version"] for push in pushes]
    assert versions == sorted(set(versions))
    # The output is written anew, once, with what the model is now.
    assert notebook.outputs[1:] == [(f"<p id={bridge.view}>4</p>", bridge.view, True)]
    curve = {"epochs": [1, 2, 3, 4], "loss": history.loss, "val_loss": history["val_loss"]}
    assert v._options()["history"] == curve
    # A drag from before the training comes late: the page did not know of it.
    trained = numbers_in(bridge)
    edit(bridge, [0.0] * 13, 1, known)
    assert network.numbers_of(network.dense_layers(model)) == trained
    assert (numbers_in(bridge), bridge.widget.pushed["edit"]) == (trained, 1)
    edit(bridge, [0.0] * 13, 2, bridge.widget.pushed["version"])
    assert network.numbers_of(network.dense_layers(model)) == [0.0] * 13


def test_pushes_come_at_most_thirty_times_a_second(notebook: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(lives.time, "monotonic", lambda: now[0])
    v = nn.live(mlp(), X, y, loss="mse")
    v._ipython_display_()
    (bridge,) = v._bridges
    epochs = []
    bridge.widget.observe(lambda change: epochs.append(change["new"]["epoch"]), "pushed")
    history = nn.History(loss=[])
    for _ in range(100):
        history["loss"].append(1.0)
        now[0] += 0.01
        v(history)
    assert len(epochs) == 25  # Every fourth of them: 0.04 s.
    v.end_of_fit(history)
    assert epochs[-1] == 100


def test_a_cell_run_again_ends_the_links_of_before(notebook: Shown) -> None:
    old, beside, new = (nn.live(mlp(), X, y, loss="mse") for _ in range(3))
    old._ipython_display_()
    beside._ipython_display_()
    notebook.cell = ("cell", "run 2")
    new._ipython_display_()
    assert [bridge.open for v in (old, beside, new) for bridge in v._bridges] == [False, False, True]
    assert "the cell that showed it was run again" in repr(old.linked)
    old.linked = True
    old.end_of_fit(nn.History())
    assert len(notebook.outputs) == 3
    # A front end that does not name its cells.
    notebook.cell = ("", "run 3")
    old._ipython_display_()
    assert [bridge.open for bridge in old._bridges] == [True]
    assert new._bridges[0].open


def test_without_a_notebook_it_is_shown_and_not_linked(notebook: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    v = nn.live(mlp(), X, y, loss="mse")
    for why in ("anywidget is not installed: pip install", "there is no notebook"):
        monkeypatch.setattr(bridges, "obstacle", lambda why=why: why)
        v._ipython_display_()
        assert not v.linked
        assert why in repr(v.linked)
    assert [display_id for _, display_id, _ in notebook.outputs] == [None, None]
    bundle = v._repr_mimebundle_()
    assert bundle["text/plain"] == repr(v)
    assert bundle["text/html"].startswith("<p id=glassgrad-")
    assert v._repr_html_().startswith("<p id=glassgrad-")
    assert "shows the page apart from Python" in repr(v.linked)


def test_what_stands_between_a_page_and_python(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import SimpleNamespace

    assert "not IPython" in bridges.obstacle() or "no kernel" in bridges.obstacle()
    parent = {"metadata": {"cellId": "c"}, "header": {"msg_id": "r"}}
    shell = SimpleNamespace(kernel=object(), get_parent=lambda: parent)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    pytest.importorskip("anywidget")
    assert bridges.obstacle() == ""
    assert bridges.cell() == ("c", "r")
    monkeypatch.setitem(sys.modules, "anywidget", None)
    assert 'pip install "glassgrad[notebook]"' in bridges.obstacle()
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    assert "has no kernel" in bridges.obstacle()
    monkeypatch.setitem(sys.modules, "IPython", None)
    assert "not IPython" in bridges.obstacle()


def test_it_is_saved_as_one_page(tmp_path: Path) -> None:
    v = nn.live(mlp(), X, y, loss="mse")
    assert v.save(tmp_path / "page.html").read_text() == "<title>A network that lives</title>"
    with pytest.raises(ValueError, match="the suffix must be"):
        v.save(tmp_path / "page.png")


def test_what_stands_where_no_script_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    v = nn.live(mlp(), X, y, loss="mse")
    assert "<p>LiveModel(2-3-1, " in v._still()
    assert 'src="data:image/svg+xml;base64,' in v._still()
    monkeypatch.setattr(lives, "MOST_PICTURE", 100)
    assert "<img" not in v._still()


def test_a_long_curve_keeps_its_end() -> None:
    found = lives._thinned([float(k) for k in range(1001)])
    assert len(found) <= 500
    assert found[-1] == 1000.0
