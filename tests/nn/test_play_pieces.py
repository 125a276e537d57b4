"""Pieces of a network in JavaScript: their sizes are variables. That they compute is tested in a browser."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any

import numpy as np
import pytest
from machines import head_of

import autograd
import nn
from nn import Layer, Sequential
from nn._play import pieces as made
from nn._play.page import page, view
from nn._play.pieces import HEADS, Piece, pieces
from nn._play.written import written

pytestmark = [pytest.mark.slow, pytest.mark.covers]


def test_a_third_set_of_sizes_gives_the_same_text(monkeypatch: pytest.MonkeyPatch) -> None:
    text = pieces()
    monkeypatch.setattr(made, "SIZES", ({"n": 17, "d": 11, "k": 5}, {"n": 29, "d": 31, "k": 37}))
    assert pieces.__wrapped__() == text


def test_the_page_is_one_file_in_which_titles_are_text() -> None:
    text = page(None, None, title="<b>")
    assert "<h1>&lt;b&gt;</h1>" in text
    assert "http" not in text.replace("http://www.w3.org", "").replace("http-equiv", "")
    assert "here no script runs" in text
    assert "instead" in view(None, None, still="<p>instead</p>")


def test_every_activation_loss_and_optimizer_is_there() -> None:
    table = made._table()
    assert [*table["activations"]] == [*nn.ACTIVATIONS]
    losses = {"mse", "mae", "huber", "binary_cross_entropy", "hinge", "cross_entropy"}
    assert {*table["losses"]} == losses == {head.loss for head in HEADS}
    assert {name: len(kind["updates"]) for name, kind in table["optimizers"].items()} == {
        "SGD": 6,
        "Adam": 2,
        "RMSProp": 2,
    }
    ranges = table["optimizers"]["SGD"]["ranges"]
    assert ranges == {
        "lr": {"zero": False, "below": None}, "momentum": {"zero": True, "below": 1},
        "weight_decay": {"zero": True, "below": None},
    }  # fmt: skip
    assert table["optimizers"]["Adam"]["ranges"]["betas"] == {"zero": True, "below": 1}


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda x: x * np.arange(float(len(x)))[:, None], "another form"),
        (lambda x: x * float(len(x) ** 2), "no products of sizes"),
        (lambda x: getattr(autograd, "exp" if len(x) == 7 else "sinh")(x), "are no numbers"),
    ],
)
def test_what_depends_on_sizes_in_another_way_is_refused(function: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        made._generalised(Piece(function, ("nk",)))


def state_of(sizes: list[int], activations: list[str], loss: str, **more: Any) -> dict[str, Any]:
    layers = [
        Layer(a, b, g, of=autograd.Tensor, seed=k) for k, (a, b, g) in enumerate(zip(sizes, sizes[1:], activations))
    ]
    parameters = {name: node.data.reshape(-1).tolist() for name, node in Sequential(*layers).named_parameters()}
    return {
        "sizes": sizes, "activations": activations, "loss": loss, "optimizer": {"name": "SGD", "lr": 0.1}, "l1": 0,
        "l2": 0, "dropout": 0, "batch": 8, "seed": 1, "epoch": 3, "parameters": parameters, **more,
    }  # fmt: skip


def data_of(n: int, d: int, classes: int, **more: Any) -> dict[str, Any]:
    rng = np.random.default_rng(n)
    y = rng.integers(classes, size=n).astype(float) if classes else rng.normal(size=n)
    names = [f"class {k}" for k in range(classes)] or None
    task = "classes" if classes else "number"
    return {"n": n, "d": d, "X": rng.normal(size=n * d), "y": y, "task": task, "classes": names, **more}


def reports(text: str) -> list[float]:
    """Run a program; return the losses that it tells."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        exec(compile(text, "written", "exec"), {"__name__": "written"})
    return [float(line.rpartition(" ")[2]) for line in told.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("state", "data"),
    [
        (state_of([2, 3, 1], ["tanh", "sigmoid"], "mse"), data_of(9, 2, 2)),
        (state_of([2, 3, 3, 1], ["relu", "tanh", "linear"], "hinge", l1=0.01, l2=0.1), data_of(9, 2, 2)),
        (
            state_of(
                [2, 3, 3], ["elu", "softmax"], "mse", optimizer={"name": "Adam", "lr": 0.01, "betas": [0.8, 0.99]}
            ),
            data_of(9, 2, 3),
        ),
        (
            state_of(
                [1, 1], ["linear"], "huber", optimizer={"name": "SGD", "lr": 1e-5, "momentum": 0.5, "nesterov": True}
            ),
            data_of(9, 1, 0, scale={"mean": [0.5], "spread": [2.0]}, targetScale={"mean": 0.5, "spread": 2.0}),
        ),
    ],
)
def test_a_written_network_runs(state: dict[str, Any], data: dict[str, Any]) -> None:
    head = head_of(state, data)
    before, after = reports(written(state, data, head))
    X, y = data["X"].reshape(-1, data["d"]), data["y"]
    sizes = state["sizes"]
    model = Sequential(*(Layer(a, b, g, of=autograd.Tensor) for a, b, g in zip(sizes, sizes[1:], state["activations"])))
    shapes = {name: node.shape for name, node in model.named_parameters()}
    model.load_state_dict({name: np.reshape(state["parameters"][name], shape) for name, shape in shapes.items()})
    targets = 2 * y - 1 if head["targets"] == "sign" else np.eye(3)[y.astype(int)] if head["targets"] == "row" else y
    weights = [layer.w for layer in model.layers]
    loss = getattr(nn, state["loss"])(model(X), targets) + state["l1"] * nn.l1(weights) + state["l2"] * nn.l2(weights)
    assert before == pytest.approx(loss.item(), rel=1e-14)
    assert after < before


def test_many_numbers_are_read_from_a_file(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for classes in (2, 0):
        data = data_of(10_001, 1, classes)
        state = state_of([1, 1], ["sigmoid" if classes else "linear"], "mse", batch=0)
        cells = [data["classes"][int(y)] if classes else repr(float(y)) for y in data["y"]]
        rows = [f"{x!r},{cell}" for x, cell in zip(data["X"].tolist(), cells)]
        (tmp_path / "data.csv").write_text("\n".join(["x,y", *rows]))
        text = written(state, data, head_of(state, data))
        assert len(text) < 3000
        assert reports(text)[1] < reports(text)[0]


def test_the_table_is_data() -> None:
    """What is no piece stands in the script as JSON, whatever it is."""
    told, _ = json.JSONDecoder().raw_decode(pieces(), pieces().index('"heads": ') + len('"heads": '))
    assert told == [head._asdict() for head in HEADS]
