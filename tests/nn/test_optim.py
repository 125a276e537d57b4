"""Optimizers against their formulas by hand, schedules, penalties, and what `fit` does with them."""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Tensor, Value, gradcheck, steps
from nn import (
    MLP,
    SGD,
    Adam,
    Dropout,
    History,
    Layer,
    Optimizer,
    RMSProp,
    Sequential,
    clip_grad_norm,
    cosine,
    fit,
    l1,
    l2,
    mse,
    predict,
    step_decay,
    warm_up,
)

rng = random.Random(3)
X = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(30)]
y = [a * b for a, b in X]
OPTIMIZERS: list[Callable[..., Optimizer]] = [
    lambda p: SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    lambda p: Adam(p, lr=0.01, weight_decay=0.1),
    lambda p: RMSProp(p, lr=0.01, weight_decay=0.1),
]
EACH = pytest.mark.parametrize("make", OPTIMIZERS, ids=["sgd", "adam", "rmsprop"])


def slopes(w: Any, optimizer: Optimizer, count: int) -> float:
    for _ in range(count):
        optimizer.zero_grad()
        (w * w * w).backward()
        optimizer.step()
    return float(w.data)


@pytest.mark.parametrize("of", [Value, Tensor])
class TestFormulas:
    def test_adam(self, of: Any) -> None:
        w = of(2.0)
        moved = slopes(w, Adam([w], lr=0.1, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.25), 4)
        x, m, v = 2.0, 0.0, 0.0
        for t in range(1, 5):
            g = 3 * x * x
            m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g
            x -= 0.1 * ((m / (1 - 0.8**t)) / (math.sqrt(v / (1 - 0.9**t)) + 1e-3) + 0.25 * x)
        assert moved == pytest.approx(x, rel=1e-13)

    def test_rmsprop(self, of: Any) -> None:
        w = of(2.0)
        moved = slopes(w, RMSProp([w], lr=0.1, decay=0.75, eps=1e-3, weight_decay=0.25), 4)
        x, v = 2.0, 0.0
        for _ in range(4):
            g = 3 * x * x + 0.25 * x
            v = 0.75 * v + 0.25 * g * g
            x -= 0.1 * g / (math.sqrt(v) + 1e-3)
        assert moved == pytest.approx(x, rel=1e-13)


@EACH
class TestOptimizers:
    @pytest.mark.parametrize("of", [Value, Tensor])
    def test_a_state_goes_on_to_the_bit(self, make: Any, of: Any) -> None:
        a, b = of(1.5), of(1.5)
        whole, first = make([a]), make([b])
        slopes(a, whole, 6)
        slopes(b, first, 3)
        second = make([b])
        second.load_state_dict(first.state_dict())
        assert slopes(b, second, 3) == float(a.data)
        assert second.steps == 6

    def test_a_state_that_does_not_fit_changes_nothing(self, make: Any) -> None:
        w = Value(1.0)
        optimizer = make([w])
        before = optimizer.state_dict()
        with pytest.raises(ValueError, match=r"has lr, .*; got none"):
            optimizer.load_state_dict({})
        with pytest.raises(ValueError, match="has 2 entries; this optimizer has 1 parameters"):
            optimizer.load_state_dict(make([Value(1.0), Value(2.0)]).state_dict())
        assert optimizer.state_dict() == before

    @pytest.mark.slow
    def test_both_forms_and_compiled_training_agree(self, make: Any) -> None:
        histories = []
        for of, compile in ((Value, True), (Tensor, True), (Tensor, False)):
            model = MLP(2, [4, 1], "tanh", of=of, seed=0)
            data = (X, y) if of is Value else (np.array(X), np.array(y))
            optimizer = make(model.parameters())
            histories.append(
                fit(model, *data, loss=mse, optimizer=optimizer, epochs=8, batch_size=8, compile=compile, seed=0).loss
            )
        assert histories[0] == pytest.approx(histories[1], rel=1e-9)
        assert histories[1] == pytest.approx(histories[2], rel=1e-9)
        assert histories[0][-1] < histories[0][0]

    def test_each_can_be_stepped_through(self, make: Any) -> None:
        w = Value(2.0, label="w")
        optimizer = make([w])
        told = str(steps(w * w, optimizer))
        assert "w     <- w" in told
        assert (w.data, optimizer.steps) == (2.0, 0)

    def test_it_says_what_it_is(self, make: Any) -> None:
        assert "(1 parameters, lr=0.0" in repr(make([Value(1.0)]))


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("betas must be two numbers", lambda: Adam([Value(1.0)], betas=0.9)),
        ("each of betas must be from 0 to below 1; got 1.0", lambda: Adam([Value(1.0)], betas=(0.9, 1.0))),
        ("eps must be a positive number; got 0", lambda: Adam([Value(1.0)], eps=0)),
        ("decay must be from 0 to below 1", lambda: RMSProp([Value(1.0)], decay=1.5)),
        ("eps must be a positive", lambda: RMSProp([Value(1.0)], eps=-1)),
        ("weight_decay must be 0 or a positive number", lambda: Adam([Value(1.0)], weight_decay=-1)),
        ("lr must be a positive number", lambda: RMSProp([Value(1.0)], lr=math.nan)),
        ("every must be a positive number; got 0", lambda: step_decay(0)),
        ("factor must be a positive number; got -1", lambda: step_decay(2, -1)),
        ("over must be a positive number", lambda: cosine(0)),
        ("to must be from 0 to 1; got 2", lambda: cosine(3, to=2)),
        ("over must be a positive number", lambda: warm_up(-1)),
        ("there are no parameters", lambda: l1([])),
    ],
)
def test_mistakes_are_told(message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("user", [SGD, Adam, RMSProp, functools.partial(clip_grad_norm, max_norm=1.0)])
@pytest.mark.parametrize("item", [MLP(2, [1]), Value(1.0)])
def test_what_is_no_list_of_parameters_is_told(user: Any, item: Any) -> None:
    name, kind = getattr(user, "func", user).__name__, type(item).__name__
    with pytest.raises(TypeError, match=rf"{name} needs parameters; got one {kind}: give model.parameters\(\)"):
        user(item)


def test_an_optimizer_without_a_rule() -> None:
    w = Value(1.0)
    with pytest.raises(TypeError, match="Optimizer defines no change"):
        Optimizer([w], lr=0.1).step()


class TestSchedules:
    @given(st.floats(0, 40), st.floats(0, 1))
    def test_cosine_falls_smoothly(self, epochs: float, to: float) -> None:
        schedule = cosine(20, to)
        assert to - 1e-12 <= schedule(epochs) <= 1
        assert schedule(epochs + 1) <= schedule(epochs) + 1e-12
        assert (schedule(0), schedule(20), schedule(30)) == (1.0, pytest.approx(to), pytest.approx(to))

    def test_the_learning_rate_follows_and_returns(self) -> None:
        model = MLP(2, [1], of=Tensor)
        seen: list[float] = []

        class Watched(SGD):
            def change(self, k: int) -> Any:
                seen.append(self.lr)
                return super().change(k)

        w = Watched(model.parameters(), lr=0.5)
        history = fit(
            model,
            np.array(X[:6]),
            np.array(y[:6]),
            loss=mse,
            optimizer=w,
            epochs=2,
            batch_size=2,
            schedule=lambda epochs: 1 / (1 + epochs),
        )
        rates = [0.5 / (1 + epoch + k / 3) for epoch in (0, 1) for k in range(3)]
        assert seen[::2] == pytest.approx(rates)
        assert (w.lr, history["lr"]) == (0.5, [0.5, 0.25])

    @pytest.mark.parametrize("compile", [True, False])
    @pytest.mark.parametrize("schedule", [None, lambda epochs: 0.5])
    def test_a_rate_set_in_a_callback_stays(self, compile: bool, schedule: Any) -> None:
        model = MLP(1, [1], of=Tensor, seed=0)
        optimizer = SGD(model.parameters(), lr=0.5)
        seen: list[float] = []

        def halve(history: History) -> None:
            seen.append(optimizer.lr)
            optimizer.lr /= 2

        X, y = np.array([[0.0], [1.0]]), np.array([1.0, 3.0])
        fit(
            model, X, y, loss=mse, optimizer=optimizer, epochs=4, batch_size=2,
            schedule=schedule, callbacks=[halve], compile=compile,
        )  # fmt: skip
        b, w, lr = *(float(p.data.item()) for p in MLP(1, [1], of=Tensor, seed=0).parameters()), 0.5
        for _ in range(4):
            error = b + w * X[:, 0] - y
            rate = lr if schedule is None else lr / 2
            w, b = w - rate * np.mean(2 * error * X[:, 0]), b - rate * np.mean(2 * error)
            lr /= 2
        assert [p.data.item() for p in model.parameters()] == pytest.approx([b, w])
        assert (seen, optimizer.lr) == ([0.5, 0.25, 0.125, 0.0625], 0.03125)

    def test_a_rate_that_a_loss_sets_stays(self) -> None:
        model = MLP(1, [1], seed=0)
        optimizer = SGD(model.parameters(), lr=0.5)

        def loss(y_hat: Any, y: Any) -> Any:
            optimizer.lr = 0.25
            return mse(y_hat, y)

        fit(model, [[1.0]], [1.0], loss=loss, optimizer=optimizer, epochs=2)
        assert optimizer.lr == 0.25

    @pytest.mark.parametrize("factor", [-1, math.nan, math.inf, None, "1", np.array([0.5])])
    def test_a_factor_that_is_none_is_refused(self, factor: Any) -> None:
        model = MLP(1, [1], seed=0)
        with pytest.raises(ValueError, match=r"schedule\(0\) must be a finite number from 0"):
            fit(
                model, [[1.0]], [1.0], loss=mse, optimizer=SGD(model.parameters(), lr=0.1), epochs=2,
                schedule=lambda epochs: factor,
            )  # fmt: skip

    @pytest.mark.parametrize(("name", "item"), [("lr", -0.1), ("lr", math.nan), ("lr", None), ("momentum", 1.5)])
    def test_a_setting_set_out_of_range_in_a_callback_is_refused(self, name: str, item: Any) -> None:
        model = MLP(1, [1], seed=0)
        optimizer = SGD(model.parameters(), lr=0.1)
        with pytest.raises(ValueError, match=f"{name} must be"):
            fit(
                model, [[1.0]], [1.0], loss=mse, optimizer=optimizer, epochs=3,
                callbacks=[lambda history: setattr(optimizer, name, item)],
            )  # fmt: skip

    @pytest.mark.parametrize("rate", [0, 0.0, np.float64(0.0)])
    def test_a_rate_of_0_moves_nothing(self, rate: float) -> None:
        model = MLP(1, [1], seed=0)
        optimizer = SGD(model.parameters(), lr=0.1)
        optimizer.lr = rate
        before = [p.data for p in model.parameters()]
        fit(model, [[1.0]], [1.0], loss=mse, optimizer=optimizer, epochs=2)
        assert [p.data for p in model.parameters()] == before


class TestPenalties:
    @pytest.mark.parametrize("of", [Value, Tensor])
    def test_numbers_and_gradients(self, of: Any) -> None:
        model = MLP(2, [3, 1], of=of)
        flat = [float(x) for p in model.parameters() for x in np.ravel(p.data)]
        assert l1(model).item() == pytest.approx(sum(map(abs, flat)))
        assert l2(model).item() == pytest.approx(sum(x * x for x in flat))
        assert gradcheck(lambda a, b: l2([a, b]) + l1([a]), Value(2.0), Tensor([1.0, -3.0]))

    @pytest.mark.slow
    def test_in_a_loss_it_shrinks_weights_compiled_or_not(self) -> None:
        sizes = []
        for compile in (True, False):
            model = MLP(2, [4, 1], "tanh", of=Tensor, seed=0)

            def loss(y_hat: Any, target: Any, model: Any = model) -> Any:
                return mse(y_hat, target) + 0.1 * l2(model)

            optimizer = SGD(model.parameters(), lr=0.1)
            data = np.array(X), np.array(y)
            history = fit(model, *data, loss=loss, optimizer=optimizer, epochs=30, compile=compile, validation=data)
            assert history["val_loss"][-1] < history["val_loss"][0]
            sizes.append(l2(model).item())
        assert sizes[0] == pytest.approx(sizes[1], rel=1e-10)
        assert sizes[0] < 0.6 * l2(MLP(2, [4, 1], "tanh", of=Tensor, seed=0)).item()


def dropping() -> Sequential:
    return Sequential(Layer(2, 6, "tanh", of=Tensor, seed=1), Dropout(0.3, seed=2), Layer(6, 1, of=Tensor, seed=3))


def train(model: Any = None, **changed: Any) -> tuple[Any, History]:
    model = dropping() if model is None else model
    target = np.array(y)[:, None]
    options: dict[str, Any] = {
        "loss": mse,
        "optimizer": Adam(model.parameters(), lr=0.05),
        "epochs": 12,
        "batch_size": 8,
        "seed": 0,
        "validation": (np.array(X[:10]), target[:10]),
    }
    return model, fit(model, np.array(X), target, **{**options, **changed})


class TestFit:
    def test_training_stops_early_with_the_best_weights(self) -> None:
        model = Sequential(Layer(2, 1, of=Tensor))
        kept: list[dict[str, Any]] = []

        def keep(history: History) -> None:
            kept.append(model.state_dict())

        _, history = train(
            model, optimizer=SGD(model.parameters(), lr=0.5), epochs=60, patience=3, callbacks=[keep], batch_size=4
        )
        best = history["val_loss"].index(min(history["val_loss"]))
        assert history.epochs == best + 4 < 60
        for name, data in model.state_dict().items():
            np.testing.assert_array_equal(data, kept[best][name])

    def test_without_validation_the_training_loss_decides(self) -> None:
        model = Sequential(Layer(2, 1, of=Tensor))
        optimizer = SGD(model.parameters(), lr=0.5)
        _, history = train(model, optimizer=optimizer, validation=None, patience=2, epochs=80, batch_size=4)
        assert history.epochs - 1 - history.loss.index(min(history.loss)) == 2

    def test_gradients_of_several_batches_are_those_of_one(self) -> None:
        model, same = MLP(2, [4, 1], "tanh", of=Tensor, seed=0), MLP(2, [4, 1], "tanh", of=Tensor, seed=0)
        for one, how in ((model, {"batch_size": None}), (same, {"batch_size": 7, "accumulate": 5})):
            fit(one, np.array(X), np.array(y), loss=mse, optimizer=SGD(one.parameters(), lr=0.1), epochs=6, **how)
        for a, b in zip(model.parameters(), same.parameters()):
            np.testing.assert_allclose(a.data, b.data, rtol=1e-12)

    @pytest.mark.parametrize("compile", [True, False])
    def test_steps_are_taken_after_so_many_batches(self, compile: bool) -> None:
        model = MLP(2, [1], of=Tensor)
        optimizer = SGD(model.parameters(), lr=0.1)
        fit(model, X, y, loss=mse, optimizer=optimizer, epochs=10, batch_size=8, accumulate=3, compile=compile)
        assert optimizer.steps == 20

    def test_callbacks_see_the_history_and_may_stop(self) -> None:
        seen: list[int] = []
        _, history = train(callbacks=(lambda history: seen.append(history.epochs), lambda history: len(seen) == 5))
        assert (seen, history.epochs) == ([1, 2, 3, 4, 5], 5)

    @pytest.mark.slow
    def test_carried_on_it_is_as_if_it_had_never_stopped(self) -> None:
        schedule = warm_up(2, then=cosine(10))
        model, whole = train(schedule=schedule)
        other = dropping()
        optimizer = Adam(other.parameters(), lr=0.05)
        _, first = train(other, optimizer=optimizer, schedule=schedule, epochs=5)
        assert first.epochs == 5
        _, second = train(other, optimizer=optimizer, schedule=schedule, history=first)
        assert second is first
        assert second == whole
        for a, b in zip(model.parameters(), other.parameters()):
            np.testing.assert_array_equal(a.data, b.data)

    def test_validation_runs_without_dropout(self) -> None:
        model, history = train(epochs=1)
        y_hat = predict(model, np.array(X[:10]))
        assert history["val_loss"] == [pytest.approx(mse(y_hat, np.array(y)[:10, None]))]
        model.train()
        assert (predict(model, np.array(X[:10])) == y_hat).all()
        assert all(module.training for module in model.modules())

    @pytest.mark.parametrize(
        ("message", "changed"),
        [
            ("accumulate must be a whole number from 1; got 0", {"accumulate": 0}),
            ("patience must be a whole number from 1, or None", {"patience": 0}),
            ("this training has loss, val_loss; the history to carry on has loss", {"history": History(loss=[1.0])}),
        ],
    )
    def test_mistakes(self, message: str, changed: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=message):
            train(**changed)
