"""Callbacks of `fit`, and that a training which is carried on goes as if there had been no break."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Tensor, Value
from nn import (
    MLP,
    SGD,
    Adam,
    CSVLogger,
    History,
    ModelCheckpoint,
    ReduceLROnPlateau,
    accuracy,
    f1,
    fit,
    load,
    mae,
    mse,
    precision,
    recall,
)

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 2))
Y = X[:, 0] - X[:, 1]


def rates(losses: list[float], **settings: Any) -> list[float]:
    """Return the learning rate after each epoch."""
    optimizer = SGD([Value(1.0)], lr=1.0)
    lower = ReduceLROnPlateau(optimizer, **settings)
    found = []
    for epoch in range(len(losses)):
        lower(History(loss=losses[: epoch + 1]))
        found.append(optimizer.lr)
    return found


class _Keras:
    """What Keras 3 does in `on_epoch_end`, by hand."""

    def __init__(self, factor: float, patience: int, min_delta: float, cooldown: int, min_lr: float) -> None:
        self.factor, self.patience, self.min_delta = factor, patience, min_delta
        self.cooldown, self.min_lr = cooldown, min_lr
        self.lr, self.best, self.wait, self.cooldown_counter = 1.0, math.inf, 0, 0

    def on_epoch_end(self, current: float) -> float:
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if current < self.best - self.min_delta:
            self.best = current
            self.wait = 0
        elif not self.cooldown_counter > 0:
            self.wait += 1
            if self.wait >= self.patience:
                if self.lr > self.min_lr:
                    self.lr = max(self.lr * self.factor, self.min_lr)
                self.cooldown_counter = self.cooldown
                self.wait = 0
        return self.lr


class TestReduceLROnPlateau:
    @given(
        st.lists(st.sampled_from([0.0, 1.0, 1.05, 2.0, -1.0, math.nan]), min_size=1, max_size=20),
        st.integers(1, 3), st.integers(0, 3), st.sampled_from([0.0, 0.1]), st.sampled_from([0.0, 0.2]),
    )  # fmt: skip
    def test_is_that_of_keras(
        self, losses: list[float], patience: int, cooldown: int, min_delta: float, min_lr: float
    ) -> None:
        settings = {"patience": patience, "cooldown": cooldown, "min_delta": min_delta, "min_lr": min_lr, "factor": 0.5}
        other = _Keras(**settings)  # type: ignore[arg-type]
        assert rates(losses, **settings) == [other.on_epoch_end(loss) for loss in losses]

    def test_cooldown(self) -> None:
        losses = [1.0] * 8
        assert rates(losses, patience=1, cooldown=3, factor=0.5) == [1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]

    def test_of_a_metric_that_is_to_be_high(self) -> None:
        optimizer = SGD([Value(1.0)], lr=1.0)
        lower = ReduceLROnPlateau(optimizer, monitor="accuracy", mode="max", patience=1)
        lower(History(loss=[1.0, 2.0], accuracy=[0.5, 0.75]))
        assert optimizer.lr == 1.0
        lower(History(loss=[1.0, 2.0, 1.0], accuracy=[0.5, 0.75, 0.75]))
        assert optimizer.lr == 0.1

    def test_validation_comes_before_training(self) -> None:
        optimizer = SGD([Value(1.0)], lr=1.0)
        ReduceLROnPlateau(optimizer, patience=1)(History(loss=[2.0, 1.0], val_loss=[1.0, 2.0]))
        assert optimizer.lr == 0.1

    def test_mistakes(self) -> None:
        optimizer = SGD([Value(1.0)], lr=1.0)
        with pytest.raises(TypeError, match=r"takes the optimizer that fit has; got 0\.1"):
            ReduceLROnPlateau(0.1)  # type: ignore[arg-type]
        for settings, message in (
            ({"factor": 1.0}, "factor must be a number between 0 and 1"),
            ({"patience": 0}, "patience must be a whole number from 1"),
            ({"min_lr": -1}, "min_lr must be a finite number from 0"),
            ({"mode": "auto"}, 'mode must be "min" or "max", or None; got \'auto\''),
            ({"monitor": "accuracy"}, 'say with mode="min" or mode="max" whether \'accuracy\' is to be low or high'),
        ):
            with pytest.raises(ValueError, match=message):
                ReduceLROnPlateau(optimizer, **settings)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"^monitor is none of loss: 'val_loss' \(did you mean 'loss'\?\)"):
            ReduceLROnPlateau(optimizer, monitor="val_loss")(History(loss=[1.0]))


class TestModelCheckpoint:
    def test_the_last_epoch_is_carried_on(self, tmp_path: Path) -> None:
        def made() -> Any:
            model = MLP(2, [3, 1], "tanh", of=Tensor, seed=1)
            return model, Adam(model.parameters(), lr=0.05)

        def callbacks(model: Any, optimizer: Any) -> list[Any]:
            return [
                ReduceLROnPlateau(optimizer, patience=1, min_delta=0.5),
                ModelCheckpoint(tmp_path / "last", model, optimizer),
                CSVLogger(tmp_path / "log.csv"),
            ]

        model, optimizer = made()
        whole = fit(model, X, Y, loss=mse, optimizer=optimizer, epochs=9, seed=0, callbacks=callbacks(model, optimizer))
        expected, log = model.state_dict(), (tmp_path / "log.csv").read_bytes()
        model, optimizer = made()
        fit(model, X, Y, loss=mse, optimizer=optimizer, epochs=4, seed=0, callbacks=callbacks(model, optimizer))
        kept = load(tmp_path / "last")
        again = callbacks(kept.model, kept.optimizer)
        history = fit(
            kept.model, X, Y, loss=mse, optimizer=kept.optimizer, epochs=9, callbacks=again, history=kept.history
        )
        assert history == whole
        assert kept.optimizer.lr < 0.05
        assert all(np.array_equal(expected[name], data) for name, data in kept.model.state_dict().items())
        assert (tmp_path / "log.csv").read_bytes() == log
        rows = list(csv.DictReader(log.decode().splitlines()))
        assert [float(row["loss"]) for row in rows] == whole["loss"]
        assert [row["epoch"] for row in rows] == [str(k) for k in range(1, 10)]

    def test_the_best_epoch_is_kept(self, tmp_path: Path) -> None:
        model = MLP(2, [1], of=Tensor, seed=1)
        keep = ModelCheckpoint(tmp_path / "best", model, monitor="val_accuracy", mode="max", save_best_only=True)
        series = [0.5, math.nan, 0.75, 0.75, 0.6]
        for epoch in range(5):
            model.layers[0].w0.data = np.array([float(epoch)])
            keep(History(loss=[1.0] * (epoch + 1), val_accuracy=series[: epoch + 1]))
        found = load(tmp_path / "best")
        assert found.model.layers[0].w0.data.tolist() == [2.0]
        assert found.history.epochs == 3

    def test_what_cannot_be_saved_is_told_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(TypeError, match="save takes a network"):
            ModelCheckpoint(tmp_path / "x", "model")  # type: ignore[arg-type]


def test_a_log_is_written_anew_for_another_training(tmp_path: Path) -> None:
    log = CSVLogger(tmp_path / "log.csv")
    for history in (History(loss=[3.0]), History(loss=[3.0, 2.0]), History(loss=[1.0])):
        log(history)
    assert (tmp_path / "log.csv").read_text().splitlines() == ["epoch,loss", "1,1.0"]


@pytest.mark.parametrize("classes", [2, 4])
def test_precision_recall_and_f1_are_those_of_scikit_learn(classes: int) -> None:
    from sklearn import metrics

    average = "binary" if classes == 2 else "macro"
    for seed in range(5):
        rng = np.random.default_rng(seed)
        y, z = rng.integers(0, max(2, classes - 1), 12), rng.normal(size=(12, classes))
        scores, guesses = (z[:, 0], (z[:, 0] > 0) * 1) if classes == 2 else (z, z.argmax(axis=1))
        for ours, theirs in (
            (precision, metrics.precision_score), (recall, metrics.recall_score), (f1, metrics.f1_score)
        ):  # fmt: skip
            assert ours(scores, y) == pytest.approx(theirs(y, guesses, average=average, zero_division=0))


def test_metrics_of_a_training_by_name() -> None:
    model = MLP(2, [1], of=Tensor, seed=1)
    history = fit(
        model, X, (Y > 0) * 1.0, loss=mse, optimizer=SGD(model.parameters(), lr=0.1), epochs=2, batch_size=None,
        metrics=[accuracy, precision, recall, f1, mae],
    )  # fmt: skip
    assert list(history) == ["loss", "accuracy", "precision", "recall", "f1", "mae"]
    p, r = history["precision"][0], history["recall"][0]
    assert history["f1"][0] == pytest.approx(2 * p * r / (p + r))
