"""The machine of the playground, run in a browser, computes as the engine and `fit` do."""

from __future__ import annotations

import contextlib
import io
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from machines import OPTIMIZERS, Visit, ask, data_of, head_of, loss_of, model_of, parameters_of, rows_of, state_of
from scripts import difference

import autograd
import nn
from nn._play.pieces import HEADS
from nn._play.written import written

pytestmark = pytest.mark.slow


def test_gradients_are_those_of_the_engine(visit: Visit) -> None:
    """All losses with all activations, and the networks of the figures; penalties too."""
    cases = [(head, [3, 7, 5], name, {}) for head, name in product(HEADS, nn.ACTIVATIONS)]
    for head, name in product((HEADS[0], HEADS[6], HEADS[8]), ("tanh", "relu")):
        cases += [(head, sizes, name, {"l1": 0.01, "l2": 0.1}) for sizes in ([2, 4, 4], [2, 16, 16], [64, 32], [1])]
    given, expected = [], []
    for k, (head, sizes, name, more) in enumerate(cases):
        state, data = (
            state_of(head, sizes, name, **more),
            data_of(head, 11, sizes[0], k),
        )
        model = model_of(state, k)
        X, y = rows_of(head, data)
        y_hat = model(X)
        J = loss_of(model, state)(y_hat, y)
        J.backward()
        given.append([state | {"parameters": parameters_of(model)}, data])
        shown = autograd.softmax(y_hat) if head.shown == "softmax" else y_hat
        expected.append([J.item(), [g for layer in model.layers for g in (layer.w.grad, layer.w0.grad)], shown.data])
    found = ask(visit, """return given.map(each => {
      const machine = machineOf(each), { W, b } = machine.gradients();
      const all = W.flatMap((w, k) => [w.slice(), b[k].slice()]);
      return [machine.wholeLoss, all, machine.predict(machine.data.X, machine.data.n)];
    });""", given)  # fmt: skip
    worst = {"loss": 0.0, "gradient": 0.0, "prediction": 0.0}
    for (J, slopes, shown), (wanted, gradients, prediction) in zip(found, expected, strict=True):
        worst["loss"] = max(worst["loss"], abs(J - wanted) / abs(wanted))
        flat = np.concatenate([np.reshape(g, -1) for g in gradients])
        worst["gradient"] = max(worst["gradient"], difference(np.concatenate(slopes), flat))
        worst["prediction"] = max(worst["prediction"], difference(np.array(shown), np.reshape(prediction, -1)))
    assert {name: x for name, x in worst.items() if not x <= 1e-12} == {}


def test_twenty_steps_are_those_of_fit(visit: Visit) -> None:
    """From the same parameters, all samples a batch: each loss with each kind of optimizer, each choice of settings."""
    kinds = [[one for one in OPTIMIZERS if one["name"] == name] for name in ("SGD", "Adam", "RMSProp")]
    pairs = [(head, kind[k % len(kind)]) for k, head in enumerate(HEADS) for kind in kinds]
    names = [name for name in nn.ACTIVATIONS if name != "softmax"]
    given, expected = [], []
    for k, (head, optimizer) in enumerate(pairs):
        more = {"optimizer": optimizer, "batch": 0, "l2": 0.01 * (k % 2)}
        state = state_of(head, [2, 4], names[k % len(names)], **more)
        data = data_of(head, 12, 2, k)
        model = model_of(state, k)
        given.append([state | {"parameters": parameters_of(model)}, data])
        kind = getattr(nn, optimizer["name"])
        settings = {name: item for name, item in optimizer.items() if name != "name"}
        X, y = rows_of(head, data)
        history = nn.fit(
            model, X, y, loss=loss_of(model, state), optimizer=kind(model.parameters(), **settings), epochs=20,
            batch_size=None, compile=False, progress=False,
        )  # fmt: skip
        expected.append([history["loss"][-1], parameters_of(model)])
    found = ask(visit, """return given.map(each => {
      const machine = steps(machineOf(each), 20);
      return [machine.epochLoss, machine.snapshot().parameters, machine.epoch];
    });""", given)  # fmt: skip
    worst = 0.0
    for (J, parameters, epoch), (wanted, numbers) in zip(found, expected, strict=True):
        assert epoch == 20
        assert {*parameters} == {*numbers}
        a, b = (np.concatenate([each[name] for name in sorted(numbers)]) for each in (parameters, numbers))
        worst = max(worst, abs(J - wanted) / abs(wanted), difference(a, b))
    assert worst <= 1e-9


def test_batches_take_every_row_once_in_an_order_of_their_own(visit: Visit) -> None:
    head = HEADS[8]
    state, data = state_of(head, [2, 5], "tanh", batch=5, optimizer=OPTIMIZERS[6]), data_of(head, 12, 2)
    model = model_of(state)
    found = ask(visit, """const machine = machineOf(given), orders = [];
      for (let epoch = 0; epoch < 3; epoch++) {
        const order = { rows: new Int32Array(machine.data.n) };
        shuffle(order, machine.state.seed, epoch);
        orders.push(order.rows);
      }
      const places = [];
      for (let k = 0; k < 9; k++) {
        machine.step();
        places.push([machine.epoch, machine.at, machine.rows]);
      }
      return { orders, places, parameters: machine.snapshot().parameters };""",
      [state | {"parameters": parameters_of(model)}, data])  # fmt: skip
    X, y = rows_of(head, data)
    optimizer = nn.Adam(model.parameters(), lr=0.01)
    for order in found["orders"]:
        assert sorted(order) == [*range(12)]
        for at in range(0, 12, 5):
            rows = order[at : at + 5]
            model.zero_grad()
            nn.mse(model(X[rows]), y[rows]).backward()
            optimizer.step()
    assert len({tuple(order) for order in found["orders"]}) == 3
    assert found["places"][:4] == [[0, 5, 5], [0, 10, 5], [1, 0, 2], [1, 5, 5]]
    for name, numbers in parameters_of(model).items():
        assert found["parameters"][name] == pytest.approx(numbers, rel=1e-9, abs=1e-12)


def test_dropout_sets_numbers_to_0_and_its_gradient_is_that_of_what_is_left(visit: Visit) -> None:
    head = HEADS[0]
    state, data = state_of(head, [2, 40, 40], "tanh", dropout=0.25, batch=0), data_of(head, 20, 2)
    found = ask(visit, """const machine = machineOf(given);
      const { W, b, data: { n, X }, targets } = machine, net = makeNet(PIECES, machine.state, n);
      const J = () => net.cost(n, net.forward(n, X, W, b, randomOf("seed")), targets);
      const [, dY] = J(), factors = Array.from(net.layers[1].factors);
      const kept = net.layers[1].h.map((h, i) => h * factors[i]);
      const last = Array.from(net.layers[2].x, (x, i) => x === kept[i]);
      net.backward(n, W, dY);
      const slope = net.layers[0].dW[3], e = 1e-6, w = W[0][3];
      const near = [w + e, w - e].map(x => { W[0][3] = x; return J()[0]; });
      const [a, c] = [given, given].map(each => steps(machineOf(each), 3));
      return { factors, last: last.every(Boolean), slope, by: (near[0] - near[1]) / 2 / e, same: a.loss === c.loss,
        off: net.layers[2].factors };""", [state, data])  # fmt: skip
    assert {*found["factors"]} == {0.0, 1 / 0.75}
    assert 0.2 < found["factors"].count(0.0) / len(found["factors"]) < 0.3
    assert found["last"]
    assert found["slope"] == pytest.approx(found["by"], rel=1e-6)
    assert found["same"]
    assert found["off"] is None


def test_scores_are_those_of_nn(visit: Visit) -> None:
    given, expected = [], []
    for k, head in enumerate(HEADS):
        state, data = state_of(head, [2, 5], "tanh"), data_of(head, 61, 2, k)
        model = model_of(state, k)
        X, y = rows_of(head, data)
        # Scores on both sides of the threshold.
        w0, g = model.layers[1].w0, model.layers[1].g
        model.layers[1].g = nn.linear
        w0.data = w0.data - np.median(model(X).data, axis=0) + 0.05
        model.layers[1].g = g
        y_hat = model(X).data
        score = nn.r2(y_hat, y) if head.task == "number" else nn.accuracy(y_hat, y)
        expected += [getattr(nn, head.loss)(model(X), y).item(), score]
        given.append([state | {"parameters": parameters_of(model)}, data])
    given.append([state, data | {"y": [0.1] * 61}])
    found = ask(visit, """return given.flatMap(([state, data]) => {
      const { test, ...all } = dataOf(data), machine = makeMachine(state, { ...all, test: all }, PIECES);
      const [train, other] = [machine.measure(), machine.measure("test")];
      return [train.loss === other.loss ? train.loss : NaN, other.accuracy ?? other.r2];
    });""", given)  # fmt: skip
    assert found[:-2] == pytest.approx(expected, rel=1e-12)
    # Where there is nothing to explain, nn.r2 refuses.
    assert np.isnan(found[-1])


def test_python_runs_and_agrees_with_the_page(visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's program and Python's own are the same text; what it tells is what the page measures."""
    given = []
    for k, head in enumerate(HEADS):
        more = {
            "l1": 0.01 * (k % 3 == 0), "l2": 0.002 * (k % 4 == 0), "dropout": 0.3 * (k % 5 == 1), "batch": 7 * (k % 2),
            "optimizer": OPTIMIZERS[k % len(OPTIMIZERS)], "seed": k,
        }  # fmt: skip
        state = state_of(head, [2, 4, 4], "tanh", **more)
        if k % 3 == 1:
            state["activations"][0] = "relu"
        given.append([state, data_of(head, 20, 2, k)])
    scales = {"scale": {"mean": [0.1] * 9, "spread": [1.5e-7] * 9}, "targetScale": {"mean": 2.0, "spread": 3.0}}
    given.append([state_of(HEADS[8], [2], "tanh"), data_of(HEADS[8], 20, 2) | scales])
    given += [[state_of(HEADS[k], [2], "tanh", batch=0), data_of(HEADS[k], 7000, 2)] for k in (6, 8)]
    given[-2][1]["classes"] = ['say "a, b"', "#\u00e9\u007f", "\\n"]
    found = ask(visit, """return given.map(each => {
      const machine = steps(machineOf(each), 20), { loss, penalty, ...score } = machine.measure();
      return [machine.python(), machine.snapshot(), loss + penalty, score.accuracy ?? score.r2, machine.csv()];
    });""", given)  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for (_, data), (text, state, loss, score, table) in zip(given, found, strict=True):
        (tmp_path / "data.csv").write_text(table, encoding="utf-8", newline="")
        head = head_of(state, data)
        assert written(state, data, head) == text
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            exec(compile(text, "page", "exec"), {"__name__": "page"})
        first = told.getvalue().splitlines()[0].split()
        assert float(first[-1]) == pytest.approx(loss, rel=1e-12)
        assert float(first[3].rstrip(",")) == pytest.approx(score, rel=1e-12)
        assert max(map(len, text.splitlines())) <= 120
