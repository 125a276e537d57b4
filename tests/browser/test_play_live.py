"""`nn.live` and `python -m nn play` in a browser: the page computes what Python does, and two pages are independent."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor, Value, tanh
from autograd.web.page import text_of
from nn.__main__ import main
from nn._play.live import LiveModel
from nn._play.page import MACHINE
from nn._play.pieces import pieces
from nn.data import blobs, moons

pytestmark = pytest.mark.slow
Visit = Callable[..., Any]

logit = partial(nn.binary_cross_entropy, from_logits=True)
X, y = moons(30)
signs = [2 * label - 1 for label in y]
line = [[x[0]] for x in X]
many = np.random.default_rng(0).normal(size=(30, 7))
three = blobs(30, classes=3)

MODELS: list[tuple[Any, Any, Any, Any]] = [
    (nn.MLP(2, [4, 4, 1], "tanh", "sigmoid", of=Tensor, seed=0), X, y, nn.binary_cross_entropy),
    (nn.MLP(2, [3, 1], "relu", "sigmoid", of=Value, seed=0), X, y, "binary_cross_entropy"),
    (nn.MLP(2, [3, 1], "gelu", of=Tensor, seed=0), X, y, logit),
    (nn.Perceptron(2, "tanh", seed=0), X, signs, nn.mse),
    (nn.Sequential(nn.Layer(2, 3, of=Tensor, seed=0), tanh, nn.Layer(3, 1, of=Tensor, seed=0)), X, signs, nn.hinge),
    (nn.MLP(2, [5, 3], "softplus", of=Tensor, seed=0), *three, nn.cross_entropy),
    (nn.MLP(2, [5, 3], "elu", "softmax", of=Tensor, seed=0), three[0], np.eye(3)[three[1]], nn.mse),
    (nn.MLP(1, [5, 1], "silu", of=Tensor, seed=0), line, [np.sin(x[0]) for x in line], nn.huber),
    (nn.MLP(7, [5, 1], "leaky_relu", of=Tensor, seed=0), many, many[:, :1], nn.mae),
]

EMPTY = "<!doctype html><html lang=en><meta charset=utf-8><title>Views</title>"
LOSSES = "[...document.querySelectorAll('.glassgrad')].map(({ play }) => play.machine.measure('train').loss)"


def in_python(model: Any, X: Any, y: Any, loss: Any) -> float:
    loss = getattr(nn, loss) if isinstance(loss, str) else loss
    found = loss(model(X), y if len(np.shape(y)) == 1 or np.shape(y)[1] > 1 else np.ravel(y))
    return float(found.data)


def test_the_page_computes_what_python_does(visit: Visit) -> None:
    web = files("nn").joinpath("web")
    scripts = [text_of("numbers.js"), pieces(), *(web.joinpath(f"{name}.js").read_text("utf-8") for name in MACHINE)]
    views = [nn.live(model, X, y, loss=loss) for model, X, y, loss in MODELS]
    given = json.dumps([[v._state(), v._data] for v in views])
    ask = "([state, data]) => makeMachine(state, readData(data), PIECES).measure().loss"
    losses = visit(EMPTY).evaluate("\n".join(["(() => {", *scripts, f"return {given}.map({ask}); }})()"]))
    assert losses == pytest.approx([in_python(*one) for one in MODELS], rel=1e-13)


def test_two_pages_are_independent(visit: Visit) -> None:
    views = [nn.live(model, X, y, loss=loss)._repr_mimebundle_()["text/html"] for model, X, y, loss in MODELS[:2]]
    page = visit(EMPTY + "\n".join(views))
    page.wait_for_function("[...document.querySelectorAll('.glassgrad')].every(({ play }) => play)")
    first, second = page.evaluate(LOSSES)
    page.evaluate("document.querySelectorAll('.glassgrad')[1].play.step(5)")
    after = page.evaluate(LOSSES)
    assert after[0] == first
    assert after[1] != second


def test_a_model_is_saved_with_its_training(visit: Visit, tmp_path: Path) -> None:
    model, *_ = MODELS[0]
    v: LiveModel = nn.live(model, X, y, loss="binary_cross_entropy", validation=(X[:10], y[:10]))
    optimizer = nn.SGD(model.parameters(), lr=0.5)
    history = nn.fit(
        model, X, y, loss=nn.binary_cross_entropy, optimizer=optimizer, epochs=5, callbacks=[v],
        validation=(X[:10], y[:10]), progress=False,
    )  # fmt: skip
    page = visit(v.save(tmp_path / "saved.html"))
    page.wait_for_function("document.querySelector('.glassgrad').play")
    found = page.evaluate(
        "(() => { const { machine, history, data } = document.querySelector('.glassgrad').play;"
        " return [machine.epoch, [...history.train.slice(0, 5)], [...history.test.slice(0, 5)], data.test.n,"
        " machine.measure('test').loss]; })()"
    )
    assert found[:4] == [5, history.loss, history["val_loss"], 10]
    told = page.locator(".curves .readout").inner_text()
    assert told.startswith(f"epoch 5: training {history.loss[-1]:.4g} (mean), test ")
    assert found[4] == pytest.approx(history["val_loss"][-1], rel=1e-13)


def test_a_table_is_played_with(visit: Visit, tmp_path: Path) -> None:
    table, path = tmp_path / "trees.csv", tmp_path / "page.html"
    rows = "".join(f"{k},5;{k % 3};{'oak' if k % 2 else 'elm'}\n" for k in range(40))
    table.write_text("length;width;species\n" + rows)
    assert main(["play", str(table), "--target", "species", "--out", str(path), "--no-open"]) == 0
    page = visit(path)
    page.wait_for_function("document.querySelector('.glassgrad').play")
    found = page.evaluate(
        "(() => { const { machine, data } = document.querySelector('.glassgrad').play; for (let k = 0; k < 500; k++)"
        " machine.step(); return [data.name, data.classes, data.n, data.test.n, machine.trouble]; })()"
    )
    assert found == ["trees.csv", ["elm", "oak"], 32, 8, None]
