"""A training is the same compiled and as it is written, whatever its loss and its network do."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from habits import Case, difference, drawn, trained

import autograd
import nn
from autograd import Tensor, Value
from nn import MLP, SGD, Layer, Module, Perceptron, fit, mse
from nn._training import step, training, whole

X = np.random.default_rng(0).normal(size=(12, 3))
T = np.random.default_rng(1).integers(0, 3, 12)
TENSORS = "model = MLP(3, [4, out], 'tanh', of=of, seed=1)"
ENOUGH = 60
"""As many steps as take compiled ones before and after a callback changes something."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*(pytest.param(k, marks=pytest.mark.covers) for k in range(6)), *range(6, 24)])
def test_habits_change_nothing(seed: int) -> None:
    assert difference(drawn(seed), steps=40)[0] == ""


@pytest.mark.slow
@pytest.mark.parametrize("target", ["uint8", "int64", "float32", "list"])
@pytest.mark.parametrize(
    ("out", "loss"),
    [
        (1, "J = ((y_hat - (np.asarray(t) - 1)) ** 2).mean()"),
        (1, "J = ((y_hat - np.asarray(t) % 2) ** 2 * (np.asarray(t) == 1)).sum()"),
        (3, "J = -(np.eye(3)[np.asarray(t, int)] * log_softmax(y_hat)).sum()"),
        (1, "costs = {0: 1.0, 1: 2.0, 2: 3.0}\nJ = (y_hat - float(t[0])).abs().mean() * costs[int(t[1])]"),
    ],
)
def test_targets_keep_their_kind(target: str, out: int, loss: str) -> None:
    found, told = difference(Case(Tensor, out, TENSORS, loss, "pass", target, 5, 1), ENOUGH)
    assert (found, told) == ("", "")


@pytest.mark.slow
def test_a_coefficient_that_a_callback_changes_is_no_reason_to_compile_anew(monkeypatch: Any) -> None:
    from autograd._compiler.replay import program as _replayed

    written: list[Any] = []
    write = _replayed.write
    monkeypatch.setattr(_replayed, "write", lambda *given: written.append(0) or write(*given))
    for of in (Value, Tensor):
        loss = "J = mse(y_hat, t) + state['c'] * l2(model)"
        case = Case(of, 1, TENSORS, loss, "state['c'] *= 0.9", "float64", None, 1)
        assert difference(case, ENOUGH) == ("", "")
    assert len(written) == 2


@pytest.mark.slow
@pytest.mark.parametrize("of", [Value, Tensor])
@pytest.mark.parametrize(
    "change",
    [
        "optimizer.parameters = parameters[:1] if history.epochs % 10 == 5 else parameters",
        "optimizer.lr *= 0.97",
        "for layer in model.layers: layer.g = autograd.relu if history.epochs > 30 else autograd.tanh",
        pytest.param(
            "for neuron in getattr(model.layers[0], 'perceptrons', []): neuron.z = lambda x: sum(x) * state['c']",
            marks=pytest.mark.covers,
        ),
        "model.layers[0].neurons = lambda x: [autograd.tanh(k * state['c']) for k in [*x, 1.0]]; state['c'] *= 1.01",
        "model.layers[0] = Layer(3, 4, of=of, seed=9) if history.epochs == 40 else model.layers[0]",
        "parameters[0].data = parameters[0].data * 0.99",
        "for part in model.modules(): part.training = history.epochs % 3 > 0",
    ],
)
def test_what_a_callback_changes_holds_from_then_on(of: Any, change: str) -> None:
    network = (
        "model = Sequential(Layer(3, 4, 'tanh', of=of, seed=1), nn.Dropout(0.2, seed=1), MLP(4, [1], of=of, seed=2))\n"
        "model.layers[2].g = model.layers[0].g"
    )
    case = Case(of, 1, network, "state['n'] += 1\nJ = mse(y_hat, t)", change, "float64", None, 1)
    assert difference(case, ENOUGH)[0] == ""


@pytest.mark.slow
@pytest.mark.parametrize("of", [Value, Tensor])
def test_errors_of_the_loss_are_the_same_and_come_once(of: Any) -> None:
    loss = "state['n'] += 1\nif state['n'] == 60:\n    raise KeyError('mine')\nJ = mse(y_hat, t)"
    case = Case(of, 1, TENSORS, loss, "pass", "float64", None, 1)
    fast, slow = (trained(case, compiled) for compiled in (True, False))
    assert fast[2] == slow[2] == "KeyError: 'mine'"
    assert fast[4] == slow[4] == 60


@pytest.mark.slow
@pytest.mark.parametrize("of", [Value, Tensor])
def test_bad_probabilities_are_told_in_the_same_words(of: Any) -> None:
    """The check reads numbers that a program computes."""
    loss = (
        "state['n'] += 1\nhalf = [p * 0.0 + 0.5 for p in y_hat] if of is Value else y_hat * 0.0 + 0.5\n"
        "if state['n'] == 50:\n    half = [p + 1.0 for p in half] if of is Value else half + 1.0\n"
        "J = nn.binary_cross_entropy(half, [1.0] * len(t))"
    )
    case = Case(of, 1, TENSORS, loss, "pass", "float64", None, 1)
    fast, slow = (trained(case, compiled) for compiled in (True, False))
    assert fast[2] == slow[2]
    assert fast[2].startswith("ValueError: binary_cross_entropy needs the probabilities y_hat between 0 and 1; got 1.5")


def test_frozen_parameters_keep_the_gradient_that_they_had_as_written() -> None:
    found = []
    for compile in (True, False):
        model = MLP(3, [4, 1], "tanh", of=Tensor, seed=1)
        head = model.layers[1].parameters()
        fit(model, X, T, loss=mse, optimizer=SGD(head, lr=0.1), epochs=40, batch_size=None, compile=compile)
        found.append(model.layers[0].w.grad.copy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9)


class Counting(Module):
    """Counts its calls, and keeps what it computed."""

    def __init__(self, of: Any) -> None:
        self.inner = Layer(3, 1, of=of, seed=1)
        self.calls = 0

    def __call__(self, x: Any) -> Any:
        self.calls += 1
        y = self.inner(x)
        self.out = y[:, 0] if isinstance(y, Tensor) else [row[0] for row in y]
        return self.out


@pytest.mark.parametrize("of", [Value, Tensor])
def test_a_network_runs_once_a_step_and_what_it_keeps_is_of_the_last(of: Any) -> None:
    model = Counting(of)
    losses: list[Any] = []

    def loss(y_hat: Any, t: Any) -> Any:
        losses.append(mse(y_hat, t))
        return losses[-1]

    data = (X, T) if of is Tensor else (X.tolist(), T.tolist())
    optimizer = SGD(model.inner.parameters(), lr=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        history = fit(model, *data, loss=loss, optimizer=optimizer, epochs=50, batch_size=None)
    assert model.calls == len(losses) == 50
    assert [J.item() for J in losses] == pytest.approx(history.loss, rel=1e-12)
    out = model.out.data if of is Tensor else np.array([node.data for node in model.out])
    grad = model.out.grad if of is Tensor else np.array([node.grad for node in model.out])
    np.testing.assert_allclose(grad, 2 * (out - T) / 12, rtol=1e-9)
    assert history.loss[-1] == pytest.approx(((out - T) ** 2).mean(), rel=1e-12)


@pytest.mark.covers
@pytest.mark.slow
def test_a_neuron_an_own_activation_and_layers_inside_a_network_of_ones_own() -> None:
    class Own(Module):
        def __init__(self) -> None:
            self.first, self.last = Layer(3, 2, lambda z: z * z, seed=1), nn.Perceptron(2, "tanh", seed=2)
            self.middle = nn.LayerNorm(2)

        def __call__(self, x: Any) -> Any:
            return self.last(self.middle(self.first(x)))

    histories = []
    for compile in (True, False):
        model = Own()
        optimizer = SGD(model.parameters(), lr=0.1)
        histories.append(
            fit(
                model,
                X.tolist(),
                T.tolist(),
                loss=mse,
                optimizer=optimizer,
                epochs=30,
                batch_size=None,
                compile=compile,
            )
        )
    assert histories[0].loss == pytest.approx(histories[1].loss, rel=1e-9)


def test_whatever_the_compiler_raises_the_step_runs_as_it_is_written(monkeypatch: Any) -> None:
    def broken(*given: Any, **more: Any) -> Any:
        raise RecursionError("too deep")

    monkeypatch.setattr("autograd._compiler.replay.program.program_of", broken)
    model = MLP(3, [1], of=Tensor, seed=1)
    with pytest.warns(UserWarning, match="fit goes on without compiling, which is slower: RecursionError: too deep"):
        history = fit(model, X, T, loss=mse, optimizer=SGD(model.parameters(), lr=0.1), epochs=30, batch_size=None)
    assert history.loss[-1] < history.loss[0]


@pytest.mark.slow
def test_gradient_penalty() -> None:
    loss = (
        "f = lambda p: (autograd.tanh(p) * 3.0).sum()\nJ = mse(y_hat, t) + 0.1 * (autograd.grad(f)(y_hat) ** 2).mean()"
    )
    assert difference(Case(Tensor, 1, TENSORS, loss, "pass", "float64", 4, 2), ENOUGH)[0] == ""
    assert autograd.compiling() is False


@pytest.mark.slow
@pytest.mark.parametrize("of", [pytest.param(Value, marks=pytest.mark.covers), Tensor])
@pytest.mark.parametrize(
    "model",
    [
        "model = Sequential(Sequential(Layer(3, 4, autograd.tanh, of=of, seed=1)), Layer(4, 3, of=of, seed=2))",
        "class Own(Sequential): pass\n"
        "model = Sequential(Own(Layer(3, 4, autograd.tanh, of=of, seed=1)), Layer(4, 3, of=of, seed=2))",
        "model = Sequential(Layer(3, 4, autograd.tanh, of=of, seed=1), lambda h: h, Layer(4, 3, of=of, seed=2))",
    ],
)
def test_networks_within_networks(of: Any, model: str) -> None:
    assert difference(Case(of, 3, model, "J = cross_entropy(y_hat, t)", "pass", "int64", 4, 2), ENOUGH) == ("", "")


@pytest.mark.parametrize("kind", ["own class", "own activation", "own z"])
def test_a_neuron_with_a_part_of_ones_own(kind: str) -> None:
    class Own(Perceptron):
        pass

    losses = []
    for compiled in (True, False):
        model = (Own if kind == "own class" else Perceptron)(3, autograd.tanh, seed=1)
        if kind == "own activation":
            model.g = lambda z: autograd.tanh(2.0 * z)
        if kind == "own z":
            model.z = lambda x, w0=model.w0, w=model.w: sum(x) * w0 + w[0]
        history = fit(model, X.tolist(), T.tolist(), loss=mse, optimizer=SGD(model.parameters(), lr=0.01), epochs=60,
                      batch_size=3, compile=compiled, progress=False, seed=0)  # fmt: skip
        losses.append(history.loss)
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)


@pytest.mark.covers
@pytest.mark.slow
def test_a_large_network_of_values_is_computed_as_arrays(monkeypatch: Any) -> None:
    from autograd._compiler.replay import program as _replayed

    programs: list[Any] = []
    write = _replayed.write

    def noted(*given: Any) -> Any:
        programs.append(write(*given))
        return programs[-1]

    monkeypatch.setattr(_replayed, "write", noted)
    rng = np.random.default_rng(0)
    points = rng.normal(size=(60, 2)).tolist()
    histories = []
    for compile in (True, False):
        model = MLP(2, [8, 1], "tanh", seed=1)
        optimizer = SGD(model.parameters(), lr=0.1)
        histories.append(
            fit(model, points, [a * b for a, b in points], loss=mse, optimizer=optimizer, epochs=25, batch_size=None,
                compile=compile)
        )  # fmt: skip
    assert histories[0].loss == pytest.approx(histories[1].loss, rel=1e-9)
    assert "@" in programs[0].source
    assert len(programs) == 1


def test_fit_says_from_how_many_steps_on_it_compiles() -> None:
    told = str(fit.__doc__)
    assert f"training of {step.MANY} steps" in told
    assert f"From {step.LONG:,} steps on" in told
    assert f"from {training.WHOLE} steps on" in told
    assert f"every {whole.SPAN} seconds" in told
