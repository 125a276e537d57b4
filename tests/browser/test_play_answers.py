"""What the machine of the playground tells, keeps and refuses, run in a browser."""

from __future__ import annotations

import math

import numpy as np
import pytest
from machines import OPTIMIZERS, Visit, ask, data_of, state_of

import nn
from nn._layers.activations import deviation
from nn._play.pieces import HEADS

pytestmark = pytest.mark.slow


NUMBERS = [0.0, -0.0, 1.0, -2.0, 0.1, 1e-5, 1.5e-7, 1e-100, 123456789012345680.0, 1e16, 1e15, 1e22, 5e-324, 0.0001]


def test_numbers_are_written_as_python_writes_them(visit: Visit) -> None:
    assert ask(visit, "return given.map(Number).map(pythonNumber);", [*map(repr, NUMBERS)]) == [*map(repr, NUMBERS)]


def test_a_link_restores_everything_and_refuses_what_is_not_whole(visit: Visit) -> None:
    head = HEADS[0]
    state, data = state_of(head, [2, 8, 8], "tanh", batch=5), data_of(head, 12, 2)
    found = ask(visit, """const [state, data] = given, lengths = [], equal = [], refused = new Set();
      for (const optimizer of [{ name: "SGD", lr: 0.1 }, { name: "Adam", lr: 0.01 }]) {
        const machine = steps(makeMachine({ ...state, optimizer }, dataOf(data), PIECES), 4);
        const text = machine.toLink({ data: { name: "moons", noise: 0.1 } });
        const { state: back, ...extra } = fromLink(text);
        const other = makeMachine(back, dataOf(data), PIECES);
        lengths.push(text.length);
        equal.push(other.loss, steps(other, 7).loss === steps(machine, 7).loss, extra);
        for (let n = 1; n < text.length; n++) refused.add(failed(() => fromLink(text.slice(0, n))));
        for (let n = 0; n < text.length; n += 7)
          refused.add(failed(() => fromLink(text.slice(0, n) + (text[n] === "x" ? "y" : "x") + text.slice(n + 1))));
      }
      const sealed = head => `${head}.${checksum(head).toString(36)}`;
      const words = text => toLetters(new TextEncoder().encode(text));
      const odd = ["", "no", null, undefined, 7, "2.a.b.c", "1...", sealed("1.e30."), sealed(`1.${words("[]")}.`),
        sealed(`1.${words('{"state":{"sizes":[2,9e9],"activations":["tanh"]}}')}.AAAA`),
        sealed(`1.${words(JSON.stringify({ state }))}.${toLetters(new Uint8Array(8))}`),
        sealed(`1.${words(JSON.stringify({ state }))}.${toLetters(new Uint8Array(8 * 106))}`)];
      const told = odd.map(x => failed(() => fromLink(x)));
      return { lengths, equal, refused: [...refused], odd: told };""", [state, data])  # fmt: skip
    assert found["lengths"][0] < 2000
    extra = {"data": {"name": "moons", "noise": 0.1}}
    assert found["equal"][1:3] == [True, extra]
    assert found["equal"][4:] == [True, extra]
    assert None not in found["refused"]
    assert {text.partition(":")[0] for text in found["refused"]} == {
        "this link is not whole", "this is no link of the playground",
        "this link is of version x",
    } - {"this link is of version x"}  # fmt: skip
    assert [text.partition(":")[0] for text in found["odd"]] == [
        *["this is no link of the playground"] * 5, "this link is of version 2, and this page reads version 1",
        "this link is not whole", *["this link does not hold what it should"] * 5,
    ]  # fmt: skip


WEIGHTS = "[[0, 0, 1], [0, -1, 2], [1, 2, 0], [1, -1, 0], [2, 0, 0], [2, -1, 0], [2, 3, 0]]"


def test_the_paths_of_a_weight_add_up_to_its_gradient(visit: Visit) -> None:
    """Of all heads, of an activation that mixes neurons, with penalties, for all samples and for one; so do shares."""
    given = []
    for k, head in enumerate(HEADS):
        state = state_of(head, [3, 7, 4], "tanh", l1=0.01 * (k % 2), l2=0.02 * (k % 3))
        state["activations"][k % 2] = ["gelu", "softmax", "relu", "linear"][k % 4]
        given.append([state, data_of(head, 9, 3, k)])
    found = ask(visit, """const sorted = list => list.every((x, k) => !k || Math.abs(x) <= Math.abs(list[k - 1]));
    // The last factor of each path is the input, the same for all paths: of all samples its mean is told.
    const told = (all, each) => all.paths.every(({ factors }) => factors[0].kind === "penalty"
      || Math.abs(factors.at(-1).value - sumOf(each.map(one => one.paths[0].factors.at(-1).value)) / 9) < 1e-12);
    return given.map(each => {
      const machine = machineOf(each), close = (a, b, size) => Math.abs(a - b) <= 1e-12 * size;
      return WEIGHTS.map(([k, j, i]) => {
        const all = machine.explain(k, j, i), one = (_, row) => machine.explain(k, j, i, row);
        const each = Array.from({ length: 9 }, one), isPenalty = path => path.factors[0].kind === "penalty";
        const { value, gradient } = all, e = 1e-6, near = all.along([value + e, value - e]);
        const slope = (near[0] - near[1]) / 2 / e;
        const penalty = sumOf(all.paths.filter(isPenalty).map(path => path.product));
        const shares = sumOf(all.shares.map(([, share]) => share)) + penalty;
        const size = Math.max(Math.abs(gradient), 1e-3), rows = sumOf(each.map(one => one.sum)) + penalty;
        const factors = each[4].paths.every(({ product, factors }) =>
          close(product, factors.reduce((p, f) => p * f.value, 1), size));
        const alone = JSON.stringify(machine.shares(k, j, i)) === JSON.stringify({ gradient, shares: all.shares });
        const sum = sumOf(all.paths.map(path => path.product)) + all.more.sum;
        return [all.agrees && each.every(one => one.agrees), close(shares, gradient, size), close(rows, gradient, size),
          close(sum, all.sum, size), factors, Math.abs(slope - gradient) < 1e-6, machine.get(k, j, i) === value,
          sorted(all.paths.map(path => path.product)), sorted(all.shares.map(([, share]) => share)), told(all, each),
          near[1] === all.along(value - e), alone, all.more.count === 0,
          new Set(all.shares.map(([row]) => row)).size === 9];
      });
    });""".replace("WEIGHTS", WEIGHTS), given)  # fmt: skip
    wrong = [
        (given[n][0], w, k)
        for n, each in enumerate(found)
        for w, tells in enumerate(each)
        for k, ok in enumerate(tells)
        if not ok
    ]
    assert wrong == []


def test_the_seminars_perceptron_is_explained_as_by_hand(visit: Visit) -> None:
    """y_hat = sigmoid(1 + 3 x1 - 2 x2), J = (y_hat - 1)^2, at (-1, 2): dJ/dw1 = 2 (y_hat - 1) y_hat (1 - y_hat) x1."""
    state = {
        "sizes": [2, 1],
        "activations": ["sigmoid"],
        "loss": "mse",
        "parameters": {"layers.0.w": [3, -2], "layers.0.w0": [1]},
    }
    data = {"task": "classes", "n": 1, "d": 2, "X": [-1, 2], "y": [1], "classes": ["0", "1"]}
    found = ask(visit, """const machine = machineOf(given);
      const { paths } = machine.explain(0, 0, 0);
      return [paths, machine.sample([-1, 2], 1), machine.sample([-1, 2])];""", [state, data])  # fmt: skip
    y = 1 / (1 + math.exp(6))
    (path,), known, unknown = found
    assert [(f["kind"], f["name"], f["by"]) for f in path["factors"]] == [
        ("loss", "J", "y_hat"), ("slope", "y_hat", "z(1)_1"), ("input", "x1", None),
    ]  # fmt: skip
    assert [f["value"] for f in path["factors"]] == pytest.approx([2 * (y - 1), y * (1 - y), -1.0], rel=1e-12)
    assert path["product"] == pytest.approx(-2 * (y - 1) * y * (1 - y), rel=1e-12)
    assert known["dx"] == pytest.approx([2 * (y - 1) * y * (1 - y) * w for w in (3, -2)], rel=1e-12)
    assert known["loss"] == pytest.approx((y - 1) ** 2)
    assert known["h"] == unknown["h"]
    assert unknown["dh"] is None


def test_too_many_paths_are_summed_and_the_largest_shown(visit: Visit) -> None:
    head = HEADS[0]
    state, data = state_of(head, [2, 6, 6, 6, 6, 6, 6, 6], "tanh"), data_of(head, 5, 2)
    found = ask(visit, """const machine = machineOf(given), { W, state } = machine;
      for (const w of W) for (let i = 0; i < w.length; i++) w[i] *= 2;
      return [null, 3].map(row => {
        const one = machine.explain(0, 1, 2, row), sizes = one.paths.map(({ product }) => Math.abs(product));
        return { count: one.more.count + one.paths.length, shown: one.paths.length, agrees: one.agrees, most: sizes[0],
          whole: Math.abs(one.paths.reduce((s, p) => s + p.product, one.more.sum) - one.gradient) };
      });""", [state, data])  # fmt: skip
    for one in found:
        assert (one["count"], one["shown"], one["agrees"]) == (6**6, 200, True)
        assert one["whole"] < 1e-12
        assert one["most"] > 0


def test_the_landscape_is_the_loss(visit: Visit) -> None:
    head = HEADS[8]
    state, data = state_of(head, [1, 3, 3], "tanh", l2=0.1), data_of(head, 9, 1)
    found = ask(visit, """const machine = machineOf(given), before = machine.snapshot();
      const area = { from: -1, to: 2, from2: -3, to2: 3, n: 4 };
      const pairs = [[[0, 0, 1], [1, 2, 0]], [[2, -1, 0], [1, 0, 2]], [[0, 0, 0], [0, 0, 0]]];
      return pairs.map(([a, b]) => {
        const got = machine.landscape(a, b, area), wanted = [], other = makeMachine(before, machine.data, PIECES);
        for (const y of [-3, -1, 1, 3]) for (const x of [-1, 0, 1, 2]) {
          other.restore(before);
          other.set(...a, x);
          other.set(...b, y);
          other.gradients();
          wanted.push(other.wholeLoss);
        }
        return [got, wanted, JSON.stringify(before) === JSON.stringify(machine.snapshot())];
      });""", [state, data])  # fmt: skip
    for got, wanted, still in found:
        assert got == pytest.approx(wanted, rel=1e-13)
        assert still


def test_too_large_a_rate_is_told_and_the_way_back_goes_on(visit: Visit) -> None:
    given = [
        [state_of(head, [2, 4], name, optimizer={"name": kind, "lr": lr}, batch=8), data_of(head, 40, 2)]
        for head in HEADS for name in ("tanh", "relu") for kind, lr in (("SGD", 1e3), ("SGD", 1e200), ("Adam", 1e4))
    ]  # fmt: skip
    found = ask(visit, """return given.map(([state, data]) => {
      const machine = makeMachine({ ...state, optimizer: { name: "SGD", lr: 0.01 } }, dataOf(data), PIECES);
      steps(machine, 12);
      machine.restructure({ optimizer: state.optimizer });
      steps(machine, 300);
      const { trouble } = machine, finite = [machine.snapshot(), fromLink(machine.toLink()).state].every(
        ({ parameters }) => Object.values(parameters).flat().every(Number.isFinite));
      const count = machine.steps;
      steps(machine, 3);
      const stands = trouble === null || machine.steps === count;
      machine.restructure({ optimizer: { name: "SGD", lr: 0.01 } });
      const back = machine.measure().loss, epoch = machine.epoch;
      steps(machine, 20);
      return { trouble, finite, stands, back, epoch, after: machine.trouble, loss: machine.loss };
    });""", given)  # fmt: skip
    bad = ask(visit, """const machine = machineOf(given);
      machine.put(machine.W.concat(machine.b).flatMap(w => [...w.map(() => NaN)]), 3);
      machine.step();
      const { trouble } = machine;
      machine.restructure({ optimizer: { lr: 0.01 } });
      const { loss } = steps(machine, 5);
      return [trouble.where, trouble.epoch, Number.isFinite(loss), machine.trouble];""", given[0])  # fmt: skip
    assert "before the first step" in bad[0]
    assert bad[1:] == [3, True, None]
    told = 0
    for (state, _), one in zip(given, found, strict=True):
        assert one["finite"]
        assert one["stands"]
        assert math.isfinite(one["back"])
        assert math.isfinite(one["loss"])
        if one["trouble"]:
            told += 1
            assert one["after"] is None, state
            assert "too large" in one["trouble"]["where"]
            assert one["epoch"] == one["trouble"]["good"]["epoch"]
    assert told >= 0.8 * len(given)


def test_the_way_back_leads_to_where_the_loss_was_good(visit: Visit) -> None:
    """A parabola over two weights, on which each step goes too far: by hand, until it is stopped."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1.5, 1.5, (50, 1))
    y = 2 * X[:, 0] + 0.5
    data = {"n": 50, "d": 1, "X": X.ravel().tolist(), "y": y.tolist(), "task": "number", "classes": None}
    state = {
        "sizes": [1, 1], "activations": ["linear"], "loss": "mse", "batch": 0, "optimizer": {"name": "SGD", "lr": 1.1},
        "parameters": {"layers.0.w": [1.0], "layers.0.w0": [0.6]},
    }  # fmt: skip
    trouble, back = ask(visit, """const machine = makeMachine(given[0], dataOf(given[1]), PIECES);
      steps(machine, 60);
      const { trouble } = machine;
      machine.restore({ ...trouble.good, optimizer: { name: "SGD", lr: trouble.lr } });
      const { loss } = machine.measure();
      steps(machine, 60);
      return [trouble, [loss, machine.measure().loss, machine.trouble]];""", [state, data])  # fmt: skip
    w, b, losses = 1.0, 0.6, []
    for _ in range(trouble["good"]["epoch"] + 1):
        error = w * X[:, 0] + b - y
        losses.append((error**2).mean())
        kept = w, b
        w, b = w - 1.1 * 2 * (error * X[:, 0]).mean(), b - 1.1 * 2 * error.mean()
    assert [trouble["good"]["parameters"][f"layers.0.{name}"][0] for name in ("w", "w0")] == pytest.approx(kept)
    assert back[0] == pytest.approx(losses[-1])
    # The last at which the loss was no larger than at the start: the next is beyond.
    error = w * X[:, 0] + b - y
    assert len(losses) > 5
    assert losses[-1] <= losses[0] < (error**2).mean()
    assert trouble["lr"] == 0.1
    assert trouble["what"].endswith(f"it began at {losses[0]:.3g}.")
    assert back[1] < 1e-6
    assert back[2] is None


def test_what_is_wrong_is_told_in_one_sentence(visit: Visit) -> None:
    head = HEADS[0]
    state, data = state_of(head, [2, 4], "tanh"), data_of(head, 6, 2)
    found = ask(visit, """const machine = machineOf(given), good = machine.snapshot(), nan = machine.data.X.slice();
      const bad = change => failed(() => machine.restore({ ...good, ...change })), w = good.parameters["layers.0.w"];
      const numbers = change => bad({ parameters: { ...good.parameters, ...change } });
      const rows = change => failed(() => machine.setData({ ...machine.data, ...change }));
      nan[3] = NaN;
      const told = [
        failed(() => machine.restore(null)), failed(() => machine.restore({ nodes: [] })), bad({ sizes: [2, 0, 1] }),
        bad({ sizes: [2, 4.5, 1] }), bad({ sizes: [2, 1e9, 1] }), bad({ sizes: [3, 4, 1] }), bad({ sizes: [2, 4, 2] }),
        bad({ activations: ["tanh"] }), bad({ activations: ["swish", "sigmoid"] }),
        bad({ activations: ["tanh", "relu"] }),
        bad({ loss: "mape" }), bad({ optimizer: { name: "Lion", lr: 1 } }), bad({ optimizer: { name: "SGD", lr: 0 } }),
        bad({ optimizer: { name: "SGD", lr: "1" } }), bad({ optimizer: { name: "SGD", lr: 1, momentum: 1 } }),
        bad({ optimizer: { name: "SGD", lr: 1, nesterov: true } }),
        bad({ optimizer: { name: "Adam", lr: 1, betas: [1, 0] } }),
        bad({ dropout: 1 }), bad({ l2: -1 }), bad({ batch: 1.5 }), bad({ seed: -1 }), bad({ memory: [[[1]]] }),
        bad({ seed: 9, parameters: {}, memory: [] }),
        numbers({ "layers.0.w": [1] }), numbers({ "layers.0.w": w.map(() => null) }),
        numbers({ "layers.0.w": "12345678" }),
        bad({ parameters: { w: [1] } }), rows({ X: nan }), rows({ n: 7 }), rows({ y: machine.data.y.map(() => 2) }),
        rows({ n: 0, X: [], y: [] }), rows({ classes: ["0"], y: machine.data.y.map(() => 0) }),
        rows({ task: "number", classes: null, y: machine.data.y.map(() => Infinity) }),
        failed(() => machine.set(0, 0, 0, NaN)), failed(() => machine.put([1], 3)),
        failed(() => machine.restructure({ loss: "mape" })),
        failed(() => machine.restructure({ sizes: [2, -1, 1] })),
      ];
      return { told, still: JSON.stringify(machine.snapshot()) === JSON.stringify(good), n: machine.data.n };""",
      [state, data])  # fmt: skip
    assert [text for text in found["told"] if not text or "undefined" in text or len(text) > 400] == []
    assert len({*found["told"]}) >= len(found["told"]) - 3
    assert found["still"]
    assert found["n"] == 6


def test_a_change_keeps_what_both_networks_have(visit: Visit) -> None:
    head = HEADS[0]
    state, data = state_of(head, [2, 4, 3], "tanh", optimizer={"name": "Adam", "lr": 0.01}), data_of(head, 12, 2)
    found = ask(visit, """const [state, data] = given, machine = steps(makeMachine(state, dataOf(data), PIECES), 5);
      const at = () => [machine.state.sizes, machine.state.activations, machine.state.loss], seen = {}, { W } = machine;
      const first = W.map(w => w.slice()), loss = machine.measure().loss;
      machine.restructure({ optimizer: { lr: 0.02 } });
      seen.batch = machine.gradients("batch").W[0].length === W[0].length && machine.good().memory !== null;
      const [, squares] = machine.optimizerRule(0, 0, 0).terms.at(-1);
      seen.rate = [machine.measure().loss === loss, machine.state.optimizer.name, machine.steps, squares > 0];
      machine.restructure({ sizes: [2, 6, 3, 1] });
      seen.wider = [[0, 0, 3], [0, 1, 0], [1, 3, 2], [2, 2, 0]].every(([k, j, i]) =>
        machine.get(k, j, i) === first[k][j * [4, 3, 1][k] + i]);
      machine.restructure({ sizes: [2, 6, 3, 5, 1] });
      seen.deeper = [...at(), machine.get(3, 2, 0) === first[2][2], machine.get(1, 3, 2) === first[1][11]];
      machine.restructure({ loss: "cross_entropy" });
      seen.loss = at();
      machine.restructure({ activations: [...machine.state.activations.slice(0, -1), "tanh"] });
      seen.last = at();
      machine.setData({ ...machine.data, task: "number", classes: null });
      seen.data = at();
      machine.setData({ ...machine.data, d: 1, X: machine.data.X.slice(0, 12), columns: ["x"] });
      seen.inputs = at();
      machine.reset();
      const other = makeMachine({ ...machine.state, parameters: {} }, machine.data, PIECES);
      seen.reset = [machine.epoch, machine.steps, machine.get(0, 0, 0) === other.get(0, 0, 0)];
      machine.put([...Array(sumOf([...machine.W, ...machine.b].map(w => w.length))).keys()], 9);
      seen.put = [machine.epoch, machine.get(0, 0, 1), machine.get(0, -1, 0), machine.at];
      machine.set(0, -1, 0, -5);
      seen.set = machine.get(0, -1, 0);
      return seen;""", [state, data])  # fmt: skip
    assert found["batch"]
    assert found["rate"] == [True, "Adam", 5, True]
    assert found["wider"]
    deep = ["tanh", "tanh", "tanh"]
    assert found["deeper"] == [[2, 6, 3, 5, 1], [*deep, "sigmoid"], "binary_cross_entropy", True, True]
    assert found["loss"] == [[2, 6, 3, 5, 2], [*deep, "linear"], "cross_entropy"]
    assert found["last"] == [[2, 6, 3, 5, 1], [*deep, "tanh"], "mse"]
    assert found["data"] == [[2, 6, 3, 5, 1], [*deep, "linear"], "mse"]
    assert found["inputs"] == [[1, 6, 3, 5, 1], [*deep, "linear"], "mse"]
    assert found["reset"] == [0, 0, True]
    assert found["put"] == [9, 1, 6, 0]
    assert found["set"] == -5


def test_fresh_weights_are_as_spread_as_in_nn_and_depend_on_the_seed(visit: Visit) -> None:
    found = ask(visit, """return Object.keys(PIECES.activations).map(name => {
      const of = seed => freshParameters(PIECES, { sizes: [60, 90], activations: [name], seed });
      const { W: [w], b: [b] } = of(1);
      return [name, Math.sqrt(w.reduce((sum, x) => sum + x * x, 0) / w.length), b.every(x => x === 0),
        of(1).W[0].every((x, i) => x === w[i]), of(2).W[0].some((x, i) => x === w[i])];
    });""")  # fmt: skip
    for name, spread, zero, same, other in found:
        assert spread == pytest.approx(deviation(60, 90, name, None), rel=0.05)
        assert (zero, same, other) == (True, True, False)


def test_an_optimizers_rule_is_its_next_step(visit: Visit) -> None:
    found = ask(visit, """const [state, data, optimizers] = given, places = [[0, 1, 2], [1, -1, 0]];
      return optimizers.map(optimizer => {
        const machine = steps(makeMachine({ ...state, optimizer, batch: 0 }, dataOf(data), PIECES), 3);
        const rules = places.map(place => machine.optimizerRule(...place));
        const before = places.map(place => machine.get(...place));
        steps(machine, 1);
        return [rules, before, places.map(place => machine.get(...place))];
      });""", [state_of(HEADS[0], [2, 4], "tanh"), data_of(HEADS[0], 12, 2), OPTIMIZERS])  # fmt: skip
    for (rules, before, after), optimizer in zip(found, OPTIMIZERS, strict=True):
        assert [rule["before"] for rule in rules] == before
        assert [rule["after"] for rule in rules] == after != before
        assert all(rule["lr"] == optimizer["lr"] for rule in rules)
        assert {name for name, _ in rules[0]["terms"]} >= {*optimizer} - {"name"}
        assert rules[0]["formula"] in getattr(nn, optimizer["name"]).__doc__
