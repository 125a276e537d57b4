"""How the network of a table's run is trained: until it gets no better, then anew on all rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import Tensor
from nn import MLP, Adam, fit, mse
from nn.__main__ import main
from nn._command.runs import Run, read, read_history
from nn.data import read_table

FIGURES = "nn._command.commands.figures_of"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(FIGURES, lambda *_: {})
    rng = np.random.default_rng(0)
    X = rng.normal(size=(70, 2))
    y = X[:, 0] - X[:, 1] ** 2 + rng.normal(size=70) / 2
    np.savetxt(tmp_path / "t.csv", np.column_stack([X, y]), "%.6f", ",", header="a,b,y", comments="")
    return tmp_path / "t.csv"


def trained(table: Path, name: str, *more: str) -> Run:
    folder = table.parent / name
    options = ["--target", "y", "--sizes", "4", "--lr", "0.05", "--patience", "2", "--save", str(folder), *more]
    assert main(["train", str(table), *options]) == 0
    return read(folder)


def same(run: Run, other: Any) -> bool:
    model = other.model if isinstance(other, Run) else other
    pairs = zip(run.model.state_dict().values(), model.state_dict().values(), strict=True)
    return all((a == b).all() for a, b in pairs)


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.parametrize("of", ["tensor", "value"])
def test_a_network_of_few_rows_learns_from_all_of_them(
    of: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(table, "run", "--epochs", "40", "--of", of)
    losses = read_history(table.parent / "run", run)["val_loss"]
    best = 1 + losses.index(min(losses))
    assert len(losses) == best + 2 < 40
    assert f"the best was epoch {best}; trained anew on all 56 samples for as many" in capsys.readouterr().out
    page = " ".join((table.parent / "run" / "index.html").read_text().split())
    assert "Then the network was trained anew on all 56 samples, up to the best epoch." in page
    whole = read_table(table, target="y")
    train = whole.taken(np.setdiff1d(np.arange(70), run.test_rows))
    model = MLP(2, [4, 1], "relu", of=Tensor, init="glorot", seed=0)
    fit(model, train.X, train.y, loss=mse, optimizer=Adam(model.parameters(), lr=0.05), epochs=best, seed=0)
    if of == "tensor":
        assert same(run, model)
    for name, numbers in run.model.state_dict().items():
        np.testing.assert_allclose(numbers, model.state_dict()[name], rtol=1e-9)


@pytest.mark.covers
@pytest.mark.slow
def test_a_network_that_learned_from_all_rows_begins_again(table: Path) -> None:
    """So that its training is that of a run with as many epochs from the start."""
    once = trained(table, "once", "--epochs", "7")
    trained(table, "twice", "--epochs", "4")
    twice = trained(table, "twice", "--epochs", "3", "--resume")
    assert same(once, twice)
    assert read_history(table.parent / "once", once) == read_history(table.parent / "twice", twice)


@pytest.mark.covers
@pytest.mark.slow
def test_a_network_of_many_rows_keeps_its_best_weights(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    anew = trained(table, "anew", "--epochs", "20")
    capsys.readouterr()
    monkeypatch.setattr("nn._command.learning.MOST_ANEW", 55)
    best = trained(table, "best", "--epochs", "20")
    assert "anew" not in capsys.readouterr().out
    assert "anew" not in (table.parent / "best" / "index.html").read_text()
    assert not same(anew, best)
    resumed = trained(table, "best", "--epochs", "1", "--resume")
    assert read_history(table.parent / "best", resumed).epochs > read_history(table.parent / "anew", anew).epochs


@pytest.mark.slow
def test_a_stop_in_the_second_training_keeps_the_first(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nn._command.learning.MOST_ANEW", 55)
    best = trained(table, "best", "--epochs", "20")
    monkeypatch.setattr("nn._command.learning.MOST_ANEW", 56)
    monkeypatch.setattr("nn._command.commands.learn_anew", stopped)
    assert same(best, trained(table, "stopped", "--epochs", "20"))
