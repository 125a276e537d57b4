"""Trainings of our own code alone, whose steps are compiled whole, are those of the steps as they are written."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, Value, WholeStep
from nn import MLP, SGD, Adam, Layer, RMSProp, Sequential, cross_entropy, fit, hinge, mse
from nn._training import whole

pytestmark = [pytest.mark.slow, pytest.mark.covers]

X = np.random.default_rng(0).normal(size=(9, 3))
T = np.random.default_rng(1).normal(size=9)
CLASSES = np.random.default_rng(2).integers(0, 3, 9)


@pytest.fixture(autouse=True)
def moves(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Have short trainings take whole steps, and list of each move whether it was made by one."""
    listed: list[bool] = []
    move = whole.Whole.move

    def noted(self: Any) -> None:
        listed.append(self._moved is not None)
        move(self)

    several = whole.Whole.several

    def counted(self: Any, *given: Any) -> Any:
        found = several(self, *given)
        listed.extend([True] * len(found))
        return found

    monkeypatch.setattr(whole.Whole, "move", noted)
    monkeypatch.setattr(whole.Whole, "several", counted)
    monkeypatch.setattr("nn._training.training.MANY", 20)
    monkeypatch.setattr("nn._training.training.WHOLE", 20)
    monkeypatch.setattr("nn._training.training.MUCH", 20 * 9)
    return listed


def small(out: int = 1, of: Any = Tensor) -> MLP:
    return MLP(3, [4, out], "tanh", of=of, seed=1)


def agree(
    make: Callable[[], Any] = small,
    optimizer: Callable[[Any], Any] = lambda parameters: SGD(parameters, lr=0.1),
    y: Any = T,
    change: Callable[[Any, Any, Any], Any] | None = None,
    **settings: Any,
) -> tuple[Any, Any]:
    """Train whole and as it is written; compare all that is left; return the model and the optimizer."""
    left: list[Any] = []
    for compile in (True, False):
        model = make()
        moving = optimizer(model.parameters())
        settings = {"loss": mse, "epochs": 30, "batch_size": None, "seed": 0, **settings}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "fit goes on without compiling")
            callbacks = [] if change is None else [partial(change, model=model, optimizer=moving)]
            history = fit(
                model, X, y, optimizer=moving, compile=compile, progress=False, callbacks=callbacks, **settings
            )
        memory = [item for name in moving.kept for item in getattr(moving, name)]
        slopes = [p.grad for p in model.parameters()]
        left.append(([*model.state_dict().values(), *slopes, *memory, *history.values()], moving, model))
    for a, b in zip(left[0][0], left[1][0], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    assert (left[0][1].steps, left[0][1].counts) == (left[1][1].steps, left[1][1].counts)
    return left[0][2], left[0][1]


@pytest.mark.parametrize("of", [Tensor, Value])
def test_every_optimizer(of: Any, moves: list[bool]) -> None:
    for optimizer in (
        partial(SGD, lr=0.1, momentum=0.9, weight_decay=0.01),
        partial(SGD, lr=0.1, momentum=0.9, nesterov=True),
        partial(Adam, weight_decay=0.01),
        RMSProp,
    ):
        moves.clear()
        agree(partial(small, of=of), optimizer=optimizer)
        # The first step checks the loss, the second one the program.
        assert moves == [False] * 2 + [True] * 28


@pytest.mark.parametrize(
    ("of", "out", "y", "settings"),
    [
        (Value, 3, CLASSES, {"loss": cross_entropy, "batch_size": 4, "epochs": 12, "metrics": [nn.accuracy]}),
        (Value, 1, np.sign(T), {"loss": hinge, "validation": (X, np.sign(T)), "weight": np.arange(9)}),
        (Tensor, 3, CLASSES, {"loss": cross_entropy, "batch_size": 4, "epochs": 12, "metrics": [nn.accuracy]}),
        (Tensor, 3, CLASSES, {"loss": partial(cross_entropy, label_smoothing=0.1), "class_weight": "balanced"}),
        (Tensor, 3, np.eye(3)[CLASSES], {"loss": cross_entropy}),
        (Tensor, 1, np.sign(T), {"loss": hinge, "schedule": nn.cosine(30)}),
        (Tensor, 1, T > 0, {"loss": partial(nn.binary_cross_entropy, from_logits=True)}),
        (Tensor, 1, T[:, None], {"loss": nn.huber, "validation": (X, T)}),
        (Tensor, 1, T.astype("float32"), {"loss": nn.mae, "weight": np.arange(9)}),
    ],
)
def test_losses_and_targets(of: Any, out: int, y: Any, settings: dict[str, Any], moves: list[bool]) -> None:
    agree(partial(small, out, of), y=y, **settings)
    assert moves.count(True) > 24


@pytest.mark.parametrize("of", [Tensor, Value])
def test_layers_of_other_kinds(of: Any, moves: list[bool]) -> None:
    def make() -> Any:
        return Sequential(Layer(3, 4, of=of, seed=1), nn.LayerNorm(4, of=of), MLP(4, [1], "tanh", of=of, seed=2))

    agree(make, optimizer=lambda parameters: SGD(parameters[::-1], lr=0.1))
    assert moves.count(True) == 28


class Slow(SGD):
    """An optimizer of one's own."""

    def change(self, k: int) -> Any:
        return super().change(k) * 0.5


class Doubled(Layer):
    """A layer of one's own."""

    def __call__(self, x: Any) -> Any:
        return super().__call__(x) * 2.0


def _tied() -> Any:
    model = MLP(3, [3, 1], "tanh", seed=1)
    model.layers[1].perceptrons[0].w[0] = model.layers[0].perceptrons[0].w[0]
    return model


class Positive(Tensor):
    """A parameter of one's own."""

    @property
    def data(self) -> Any:
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        self._data = abs(data)


def _positive() -> Any:
    model = small()
    model.layers[0].w = Positive(model.layers[0].w.data)
    return model


def float32() -> Any:
    model = small()
    for layer in model.layers:
        layer.w, layer.w0 = (Tensor(p.data.astype("float32")) for p in (layer.w, layer.w0))
    return model


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (small, {"loss": lambda y_hat, y: mse(y_hat, y)}),
        (small, {"optimizer": partial(Slow, lr=0.1)}),
        (small, {"clip_grad_norm": 0.1}),
        (small, {"optimizer": lambda parameters: SGD([*parameters, Value(1.0)], lr=0.01)}),
        (small, {"accumulate": 2, "batch_size": 4}),
        (small, {"optimizer": lambda parameters: SGD(parameters[:2], lr=0.1)}),
        (small, {"optimizer": lambda p: SGD([{"params": p[:2], "lr": 0.3}, {"params": p[2:]}], lr=0.1)}),
        (lambda: Sequential(small(), lambda y: y * 2.0), {}),
        (lambda: Sequential(Doubled(3, 2, of=Tensor, seed=1), MLP(2, [1], of=Tensor, seed=1)), {}),
        (lambda: Sequential(nn.Dropout(0.3, seed=1), small()), {}),
        (lambda: Sequential(nn.BatchNorm(3, of=Tensor), small()), {}),
        (lambda: MLP(3, [4, 1], lambda z: z * z, of=Tensor, seed=1), {}),
        (lambda: MLP(3, [2, 1], lambda z: z * z, of=Value, seed=1), {}),
        (lambda: Sequential(nn.BatchNorm(3, of=Value), MLP(3, [1], seed=1)), {}),
        (lambda: nn.Perceptron(3, seed=1), {}),
        (_tied, {}),
        (_positive, {}),
    ],
)
def test_what_somebody_else_wrote_runs_at_every_step(make: Any, settings: Any, moves: list[bool]) -> None:
    agree(make, **{"optimizer": lambda parameters: SGD(parameters, lr=0.01), **settings})
    assert True not in moves


def test_parameters_that_were_computed_once(moves: list[bool]) -> None:
    def make() -> Any:
        model = small()
        model.layers[0].w = (model.layers[0].w * 0.5).detach()
        return model

    agree(make)
    assert moves.count(True) == 28


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_float32(dtype: str, moves: list[bool]) -> None:
    left = []
    for compile in (True, False):
        model = float32()
        optimizer = Adam(model.parameters(), lr=0.01)
        history = fit(model, X.astype(dtype), T.astype(dtype), loss=mse, optimizer=optimizer, epochs=30,
                      batch_size=None, progress=False, compile=compile)  # fmt: skip
        assert {p.data.dtype for p in model.parameters()} == {np.dtype("float32")}
        assert {p.grad.dtype for p in model.parameters()} == {np.dtype("float32")}
        assert {item.dtype for item in [*optimizer.means, *optimizer.squares]} == {np.dtype("float32")}
        left.append([np.array(history.loss), *model.state_dict().values()])
    assert moves.count(True) == 28
    for a, b in zip(*left, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def _freeze(history: Any, model: Any, optimizer: Any) -> None:
    model.parameters()[0].frozen = 10 <= history.epochs < 15


def _write(history: Any, model: Any, optimizer: Any) -> None:
    first, second = model.parameters()[:2]
    if isinstance(second, Tensor):
        second.data[0] += 0.01
    first.data = first.data * 0.99


def _settings(history: Any, model: Any, optimizer: Any) -> None:
    optimizer.lr *= 0.97
    optimizer.momentum = 0.5 if history.epochs < 15 else 0.9


def _wrap(history: Any, model: Any, optimizer: Any) -> None:
    if history.epochs == 10:
        step = optimizer.step
        optimizer.step = lambda: step() or setattr(model.parameters()[0], "data", model.parameters()[0].data * 0.9)


def _fewer(history: Any, model: Any, optimizer: Any) -> None:
    optimizer.parameters = model.parameters()[:2] if 10 <= history.epochs < 15 else model.parameters()


@pytest.mark.parametrize(
    ("of", "change"),
    [
        (Tensor, _freeze),
        (Tensor, _write),
        (Tensor, _settings),
        (Tensor, _fewer),
        (Tensor, _wrap),
        (Value, _write),
        (Value, _freeze),
    ],
)
def test_what_a_callback_changes_holds_from_then_on(of: Any, change: Any, moves: list[bool]) -> None:
    agree(partial(small, of=of), optimizer=partial(SGD, lr=0.1, momentum=0.9), change=change)
    # Parameters that have taken other numbers of steps are moved one by one.
    assert moves.count(True) == {_freeze: 8, _fewer: 8, _wrap: 8, _write: 28, _settings: 27}[change]


@pytest.mark.parametrize(("kind", "name"), [(SGD, "change"), (SGD, "step"), (Layer, "__call__")])
def test_a_method_that_somebody_puts_into_a_class_is_called_from_then_on(
    kind: Any, name: str, moves: list[bool]
) -> None:
    ours = getattr(kind, name)

    def halved(self: Any, *given: Any) -> Any:
        return ours(self, *given) * 0.5

    def slowed(self: Any) -> None:
        self.lr *= 0.9
        ours(self)

    def change(history: Any, model: Any, optimizer: Any) -> None:
        if history.epochs == 10:
            patch.setattr(kind, name, slowed if name == "step" else halved)
        if history.epochs == 30:
            patch.undo()

    with pytest.MonkeyPatch.context() as patch:
        agree(change=change)
    assert moves.count(True) == 8


def test_a_function_of_ours_around_somebody_elses_is_called_at_every_step(moves: list[bool]) -> None:
    def make() -> Any:
        calls = iter(range(1, 1000))

        def g(z: Any) -> Any:
            return autograd.tanh(z) * (1 + 0.001 * next(calls))

        return MLP(3, [4, 1], autograd.detect_anomaly()(g), of=Tensor, seed=1)

    agree(make)
    assert True not in moves


def test_a_number_too_large_for_arrays_gives_the_gradients_of_values(moves: list[bool]) -> None:
    def batches() -> Any:
        # From where tanh is 1 Values pass no gradient on: that of an infinite input is 0, and not 0 * inf.
        for k in range(5):
            yield (np.where([True, False, False], np.inf, X) if k == 3 else X), T

    left = []
    for compile in (True, False):
        model = MLP(3, [1], "tanh", output="tanh", seed=1)
        fit(model, batches, loss=mse, optimizer=SGD(model.parameters(), lr=0.1), epochs=6, steps=5, compile=compile)
        left.append([p.data for p in model.parameters()])
    np.testing.assert_allclose(*left, rtol=1e-9)
    assert moves.count(True) == 22


@pytest.mark.parametrize("of", [Tensor, Value])
def test_an_activation_of_ones_own_that_comes_later_is_called_at_every_step(of: Any, moves: list[bool]) -> None:
    calls: list[int] = []

    def g(z: Any) -> Any:
        calls.append(1)
        return autograd.tanh(z)

    def change(history: Any, model: Any, optimizer: Any) -> None:
        if history.epochs == 20:
            for part in [model.layers[0], *getattr(model.layers[0], "perceptrons", [])]:
                part.g = g

    agree(partial(small, of=of), change=change)
    assert moves.count(True) == 18
    # Of a neuron it is called once for each sample.
    assert len(calls) >= 20


@pytest.mark.parametrize("of", [Tensor, Value])
def test_a_layer_that_is_put_in_the_place_of_another(of: Any, moves: list[bool]) -> None:
    def change(history: Any, model: Any, optimizer: Any) -> None:
        if history.epochs == 20:
            model.layers[1].g = model.layers[0].g = autograd.sigmoid
            for neuron in getattr(model.layers[0], "perceptrons", []):
                neuron.g = autograd.sigmoid

    agree(partial(small, of=of), change=change)
    assert moves.count(True) == (18 if of is Value else 27)


def test_settings_that_always_change_are_no_reason_to_compile_anew(
    moves: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "MOST_PROGRAMS", 2)

    def change(history: Any, model: Any, optimizer: Any) -> None:
        optimizer.weight_decay = history.epochs * 1e-3

    agree(change=change)
    assert moves == [False] * 30


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_errors_are_those_of_the_step_as_it_is_written(moves: list[bool]) -> None:
    y = np.sign(T)

    def spoilt(history: Any) -> None:
        if history.epochs == 10:
            y[3] = 0.5

    model = small()
    with pytest.raises(ValueError, match=r"hinge needs labels -1 and \+1; got 0.5"):
        fit(model, X, y, loss=hinge, optimizer=SGD(model.parameters()), epochs=30, batch_size=None, callbacks=[spoilt])
    assert moves.count(True) == 8
    model = small()
    with pytest.raises(FloatingPointError, match=r"the loss is .* in epoch .*: the steps are probably too large"):
        fit(model, X, 1e3 * T, loss=mse, optimizer=SGD(model.parameters(), lr=1e3), epochs=300, batch_size=None)


def test_a_program_that_does_not_agree_is_not_used(monkeypatch: pytest.MonkeyPatch, moves: list[bool]) -> None:
    run = WholeStep.__call__

    def wrong(self: Any, given: Any, more: Any) -> Any:
        J, y_hat, gradients, updated = run(self, given, more)
        return J, y_hat, [g + 0.01 for g in gradients], updated

    monkeypatch.setattr(WholeStep, "__call__", wrong)
    agree()
    assert True not in moves


def test_who_looks_for_an_anomaly_sees_every_operation(moves: list[bool]) -> None:
    model, run = small(), partial(fit, X=X, y=T, loss=mse, epochs=30, batch_size=None, progress=False)
    with autograd.detect_anomaly():
        run(model, optimizer=SGD(model.parameters(), lr=0.1))
    assert True not in moves
    with np.errstate(over="raise"):
        run(model, optimizer=SGD(model.parameters(), lr=0.1))
    assert True not in moves


def test_validation_of_values_is_computed_by_arrays(moves: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: list[Any] = []
    evaluated = whole.evaluated

    def metric(y_hat: Any, y: Any) -> float:
        return y_hat[1] * y[2]

    def noted(model: Any, *given: Any) -> Any:
        kinds.append(type(model.parameters()[0]))
        return evaluated(model, *given)

    monkeypatch.setattr(whole, "evaluated", noted)

    left = []
    for compile in (True, False):
        model, epochs = small(of=Value), iter(range(30))

        def batches(model: Any = model, epochs: Any = epochs) -> Any:
            if next(epochs) == 20:
                for neuron in model.layers[0].perceptrons:
                    neuron.g = lambda z: autograd.tanh(z) * 0.5
            return [(X, T)]

        optimizer = SGD(model.parameters(), lr=0.1)
        history = fit(model, X, T, loss=mse, optimizer=optimizer, epochs=30, batch_size=None, validation=batches,
                      metrics=[metric], compile=compile)  # fmt: skip
        left.append(np.array([*history.values()]))
    np.testing.assert_allclose(*left, rtol=1e-9)
    assert kinds == [Value] + [Tensor] * 19 + [Value] * 10
    model, far = small(of=Value), np.where([True, False, False], np.nan, X)
    with pytest.raises(FloatingPointError, match="X of validation holds nan in row 0"):
        fit(model, X, T, loss=mse, optimizer=SGD(model.parameters()), epochs=30, batch_size=4, validation=(far, T))
    assert kinds[-2:] == [Tensor, Value]
