"""What `fit` makes of settings, losses and metrics: whatever is given works or is told, before anything is trained."""

from __future__ import annotations

import math
import re
import sys
import types
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, Value, no_grad
from nn import (
    MLP,
    SGD,
    History,
    Layer,
    Module,
    Sequential,
    accuracy,
    binary_cross_entropy,
    cross_entropy,
    fit,
    hinge,
    huber,
    load,
    mae,
    mse,
    predict,
    save,
)
from nn._core.random import seed
from nn.sklearn import NeuralNetClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
Y = X[:, 0] * 2
C = (X[:, 0] > 0).astype(int)


def train(model: Any = None, X: Any = X, y: Any = Y, **changed: Any) -> History:
    model = MLP(3, [1], of=Tensor, seed=1) if model is None else model
    options: dict[str, Any] = {"loss": mse, "optimizer": SGD(model.parameters(), lr=0.05), "epochs": 2}
    return fit(model, X, y, **{**options, **changed})


class TestSettings:
    def test_numpy_s_numbers_are_settings(self) -> None:
        numbers = {"epochs": np.int64(3), "batch_size": np.int32(8), "patience": np.uint8(2), "accumulate": np.array(2)}
        plain = train(epochs=3, batch_size=8, patience=2, accumulate=2, seed=3, clip_grad_norm=0.5)
        assert train(**numbers, seed=np.int64(3), clip_grad_norm=np.float32(0.5)) == plain

    @pytest.mark.parametrize("name", ["epochs", "batch_size", "patience", "accumulate", "seed"])
    @pytest.mark.parametrize("number", [3.0, True, "3", np.float64(3.0), [3]])
    def test_what_is_no_whole_number_is_told(self, name: str, number: Any) -> None:
        with pytest.raises(ValueError, match=rf"^{name} must be a whole number.*; got .+$"):
            train(**{name: number})

    @pytest.mark.parametrize("norm", [0, -1.0, True, math.nan])
    def test_a_norm_that_is_none_is_told(self, norm: Any) -> None:
        with pytest.raises(ValueError, match="clip_grad_norm must be a positive number, or None; got"):
            train(clip_grad_norm=norm)

    @pytest.mark.parametrize(("size", "steps", "samples"), [({}, 4, 32), ({"batch_size": None}, 2, 40)])
    def test_a_step_is_made_of_32_samples_unless_all_are_asked_for(
        self, size: dict[str, Any], steps: int, samples: int
    ) -> None:
        model = MLP(3, [1], of=Tensor)
        optimizer = SGD(model.parameters())
        history = train(model, optimizer=optimizer, **size)
        assert optimizer.steps == steps
        assert f"{samples} samples a step" in repr(history)

    def test_a_step_of_several_batches_is_made_of_all_their_samples(self) -> None:
        assert "24 samples a step" in repr(train(batch_size=8, accumulate=3))

    def test_gradients_are_clipped_to_one_norm(self) -> None:
        model = MLP(3, [1], of=Tensor, seed=1)
        before = np.concatenate([np.ravel(p.data) for p in model.parameters()])
        train(model, optimizer=SGD(model.parameters(), lr=1.0), epochs=1, batch_size=None, clip_grad_norm=1e-3)
        after = np.concatenate([np.ravel(p.data) for p in model.parameters()])
        assert np.linalg.norm(after - before) == pytest.approx(1e-3)

    def test_a_history_must_be_one(self) -> None:
        with pytest.raises(TypeError, match="history must be a History, as fit returns it, or None; got"):
            train(history={})
        history = History()
        assert train(history=history) is history
        assert history.epochs == 2


class TestOrder:
    def seen(self, model: Any, **options: Any) -> list[float]:
        seen: list[float] = []

        def loss(y_hat: Any, y: Any) -> Any:
            seen.extend(np.ravel(y).tolist())
            return mse(y_hat, y)

        train(model, loss=loss, compile=False, epochs=1, **options)
        return seen

    def test_equal_networks_see_one_order_and_one_that_is_trained_again_another(self) -> None:
        one, two = (MLP(3, [1], of=Tensor, seed=1) for _ in range(2))
        first = self.seen(one)
        assert self.seen(two) == first
        assert self.seen(two) != first
        assert self.seen(two, seed=0) == self.seen(one, seed=0) == first
        seed(1)
        assert self.seen(MLP(3, [1], of=Tensor, seed=1)) != first

    def test_a_history_goes_on_with_its_order_also_from_a_file(self, tmp_path: Any) -> None:
        def start() -> tuple[Any, SGD]:
            model = MLP(3, [1], of=Tensor, seed=1)
            train(model, epochs=1)
            return model, SGD(model.parameters(), lr=0.05)

        model, optimizer = start()
        whole = train(model, optimizer=optimizer, epochs=4)
        model, optimizer = start()
        part = train(model, optimizer=optimizer, epochs=2)
        save(tmp_path / "a", model, optimizer, part)
        found = load(tmp_path / "a")
        assert train(found.model, optimizer=found.optimizer, epochs=4, history=found.history) == whole
        assert train(model, optimizer=optimizer, epochs=4, history=part) == whole
        assert (part.seed, found.history.samples) == (1, 32)


class TestNotFinite:
    @pytest.mark.parametrize("of", [Value, Tensor])
    @pytest.mark.parametrize("epochs", [1, 12])
    @pytest.mark.parametrize("bad", [math.nan, math.inf])
    @pytest.mark.parametrize("what", ["X", "y", "X of validation", "y of validation"])
    def test_what_is_in_the_data_is_said_to_be_there(self, what: str, bad: float, epochs: int, of: Any) -> None:
        data, held_out = [X.copy(), Y.copy()], [X.copy(), Y.copy()]
        part = (held_out if "validation" in what else data)["y" in what.split()]
        part[(3, 1) if what[0] == "X" else (3,)] = bad
        place = "row 3, column 1" if what[0] == "X" else "row 3"
        model = MLP(3, [1], of=of, seed=1)
        with np.errstate(all="ignore"), pytest.raises(FloatingPointError) as told:
            train(model, *data, validation=tuple(held_out), epochs=epochs)
        assert f"as {what} holds {bad} in {place}: leave such rows out" in str(told.value)
        assert "learning rate" not in str(told.value)

    def test_a_weight_that_is_not_finite_is_told_with_its_row(self) -> None:
        weight = np.ones(40)
        weight[7] = math.nan
        with pytest.raises(ValueError, match="weight holds nan in row 7; a weight must be a finite number from 0"):
            train(weight=weight)

    def test_before_the_first_step_no_step_was_too_large(self) -> None:
        model = MLP(3, [1], of=Tensor)
        with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="before the first step: numbers in"):
            train(model, X * 1e200)
        model.parameters()[0].data = model.parameters()[0].data * math.nan
        with pytest.raises(FloatingPointError, match=r"as the parameter layers\.0\.w\w* holds nan before the first"):
            train(model)


class TestLoss:
    @pytest.mark.parametrize("of", [Value, Tensor])
    @pytest.mark.parametrize("epochs", [1, 12])
    @pytest.mark.parametrize(
        ("loss", "message"),
        [
            (lambda p, t: 3.0, "must return a node, computed from y_hat; it returned float 3.0: leave out .data"),
            (lambda p, t: np.zeros(3), r"must return a node.*; it returned ndarray of shape \(3,\): leave out"),
            (lambda p, t: None, "the loss returned None: its last line must be `return ...`"),
            (
                lambda p, t: Tensor([1.0, 2.0]),
                r"the loss must be one number; it has shape \(2,\): reduce it, e.g. with",
            ),
            (lambda p, t: Value(3.0) * 2, "the loss depends on no parameter: it must be computed from y_hat itself"),
        ],
    )
    def test_what_is_no_loss_is_told_before_anything_is_trained(
        self, loss: Any, message: str, epochs: int, of: Any
    ) -> None:
        model = MLP(3, [1], of=of, seed=1)
        before = str(model.state_dict())
        with pytest.raises((TypeError, ValueError), match=message) as told:
            train(model, loss=loss, epochs=epochs)
        assert "\n" not in str(told.value)
        assert str(model.state_dict()) == before

    @pytest.mark.parametrize("epochs", [1, 12])
    def test_a_loss_that_detaches_is_told(self, epochs: int) -> None:
        def detached(y_hat: Any, y: Any) -> Any:
            return mse(Tensor(y_hat.data), y)

        def unrecorded(y_hat: Any, y: Any) -> Any:
            with no_grad():
                return mse(y_hat, y)

        for loss in (detached, unrecorded):
            with pytest.raises(ValueError, match=r"the loss depends on no parameter: it must be computed from y_hat"):
                train(loss=loss, epochs=epochs)

    @pytest.mark.parametrize("epochs", [1, 12])
    def test_a_network_that_detaches_is_told(self, epochs: int) -> None:
        class Detached(Module):
            def __init__(self) -> None:
                self.layer = Layer(3, 1, of=Tensor, seed=1)

            def __call__(self, x: Any) -> Any:
                with no_grad():
                    return self.layer(x)

        class Raw(Detached):
            def __call__(self, x: Any) -> Any:
                return self.layer(x).data

        for model, loss in ((Detached(), mse), (Raw(), lambda p, t: Tensor(p).sum())):
            with pytest.raises(ValueError, match="the output of the network depends on no parameter that the optimiz"):
                train(model, y=Y[:, None], loss=loss, epochs=epochs)

    @pytest.mark.parametrize("epochs", [1, 12])
    def test_a_network_may_have_several_outputs(self, epochs: int) -> None:
        class Twice(Module):
            def __init__(self) -> None:
                self.layer = Layer(3, 2, of=Tensor, seed=1)

            def __call__(self, x: Any) -> Any:
                z = self.layer(x)
                return z[:, 0], z

        def shapes(y_hat: Any, y: Any) -> float:
            return float(y_hat[0].shape == (40,) and y_hat[1].shape == (40, 2))

        history = train(Twice(), loss=lambda p, t: mse(p[0], t) + mse(p[1][:, 1], t), epochs=epochs, metrics=[shapes])
        assert history["shapes"] == [1.0] * epochs

    def test_a_loss_may_be_constant_where_the_network_stands_and_in_some_parameters(self) -> None:
        model = MLP(3, [4, 1], of=Tensor, seed=1)
        far = np.where(predict(model, X) > 0, 1, -1)
        assert train(model, X * 0, far, loss=lambda p, t: hinge(1e6 * p + t * 9, t)).loss == [0.0, 0.0]
        train(model, loss=lambda p, t: mse(p, t) + 0 * model.layers[0].w.sum())

    def test_the_validation_loss_gets_what_the_training_loss_gets(self) -> None:
        kinds = set()

        def loss(y_hat: Any, y: Any) -> Any:
            kinds.add((type(y_hat), type(y)))
            return mse(y_hat, y)

        train(loss=loss, X=X.tolist(), y=Y.tolist(), validation=(X.tolist(), Y.tolist()))
        assert kinds == {(Tensor, np.ndarray)}


LOSSES: dict[str, tuple[Any, Any]] = {
    "mse": (mse, Y),
    "mae": (mae, Y),
    "huber": (huber, Y),
    "hinge": (hinge, 2 * C - 1),
    "bce": (lambda p, t, weight=None: binary_cross_entropy(p, t, from_logits=True, weight=weight), C),
}


class TestColumns:
    """n targets, and n rows of one target, mean the same."""

    @pytest.mark.slow
    @pytest.mark.parametrize("of", [Value, Tensor])
    @pytest.mark.parametrize("epochs", [pytest.param(2, marks=pytest.mark.covers), 12])
    @pytest.mark.parametrize("listed", [True, False])
    @pytest.mark.parametrize("name", LOSSES)
    def test_of_every_loss(self, name: str, listed: bool, epochs: int, of: Any) -> None:
        loss, y = LOSSES[name]
        histories = []
        for target in (y, y[:, None]):
            model = MLP(3, [1], of=of, seed=1)
            held = target.tolist() if listed else target
            weight = np.linspace(0.5, 1.5, 40)
            weight = weight if target is y else weight[:, None]
            histories.append(
                train(model, y=held, loss=loss, epochs=epochs, weight=weight, validation=(X[:9], held[:9]))
            )
        for series in ("loss", "val_loss"):
            np.testing.assert_allclose(histories[1][series], histories[0][series], rtol=1e-12)

    @pytest.mark.slow
    @pytest.mark.parametrize("batch_size", [1, 13, None])
    @pytest.mark.parametrize("epochs", [2, 12])
    def test_of_a_loss_that_would_compare_each_with_each(self, epochs: int, batch_size: Any) -> None:
        def loss(y_hat: Any, y: Any) -> Any:
            return ((y_hat - (2 * y - y)) ** 2).mean()

        expected = train(epochs=epochs, batch_size=batch_size, validation=(X, Y))
        got = train(epochs=epochs, batch_size=batch_size, y=Y[:, None], loss=loss, validation=(X, Y[:, None]))
        column = Sequential(Layer(3, 1, of=Tensor, seed=1))
        other = train(column, epochs=epochs, batch_size=batch_size, loss=loss, validation=(X, Y))
        assert got["val_loss"] == pytest.approx(expected["val_loss"], rel=1e-12)
        column = Sequential(Layer(3, 1, of=Tensor, seed=1))
        assert other == train(column, epochs=epochs, batch_size=batch_size, y=Y[:, None], validation=(X, Y[:, None]))

    @pytest.mark.parametrize("shape", [(40, 1, 2), (40, 2, 1), (40, 1, 2, 1)])
    def test_of_any_axes_of_length_1(self, shape: tuple[int, ...]) -> None:
        y = np.stack([Y, -Y], axis=1)
        expected = train(MLP(3, [2], of=Tensor, seed=1), y=y, loss=lambda p, t: ((p - t) ** 2).mean())
        for held in (y.reshape(shape), y.reshape(shape).tolist()):
            for of in (Value, Tensor):
                got = train(MLP(3, [2], of=of, seed=1), y=held)
                assert got.loss == pytest.approx(expected.loss, rel=1e-12)
            got = train(MLP(3, [2], of=Tensor, seed=1), y=held, loss=lambda p, t: ((p - t) ** 2).mean())
            assert got.loss == pytest.approx(expected.loss, rel=1e-12)

    @pytest.mark.parametrize("shape", [(40, 1), (40, 1, 1)])
    @pytest.mark.parametrize("listed", [True, False])
    def test_of_a_loss_that_goes_through_values(self, listed: bool, shape: tuple[int, ...]) -> None:
        def loss(y_hat: Any, y: Any) -> Any:
            return sum((p - t) ** 2 for p, t in zip(y_hat, y)) / len(y_hat)

        y = Y.reshape(shape)
        got = train(MLP(3, [1], seed=1), y=y.tolist() if listed else y, loss=loss)
        assert got.loss == pytest.approx(train(MLP(3, [1], seed=1)).loss, rel=1e-12)

    @pytest.mark.parametrize("epochs", [2, 12])
    def test_a_loss_that_reshapes_by_itself_is_left_alone(self, epochs: int) -> None:
        column = Sequential(Layer(3, 1, of=Tensor, seed=1))
        own = train(column, loss=lambda p, t: ((p[:, 0] - t) ** 2).mean(), epochs=epochs)
        column = Sequential(Layer(3, 1, of=Tensor, seed=1))
        assert own.loss == pytest.approx(train(column, y=Y[:, None], epochs=epochs).loss, rel=1e-12)

    @pytest.mark.parametrize("epochs", [2, 12])
    def test_a_loss_that_compares_each_with_each_in_either_shape_is_told(self, epochs: int) -> None:
        def loss(y_hat: Any, y: Any) -> Any:
            return ((y_hat.reshape(-1, 1) - y.reshape(-1)) ** 2).mean()

        with pytest.raises(ValueError, match=r"the loss compares each output with each target.*\(32,\) and \(32, 1\)"):
            train(loss=loss, y=Y[:, None], epochs=epochs)

    def test_its_own_error_is_the_one_that_is_seen(self) -> None:
        def loss(y_hat: Any, y: Any) -> Any:
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            train(loss=loss, y=Y[:, None])

    def test_pairs_of_outputs_may_be_compared(self) -> None:
        def loss(y_hat: Any, y: Any) -> Any:
            return ((y_hat.reshape(-1, 1) - y_hat) ** 2).mean() + mse(y_hat, y.reshape(-1))

        assert train(loss=loss, y=Y[:, None]).loss[1] < 100


class TestMetrics:
    def test_a_metric_is_computed_once_of_all_samples_of_an_epoch(self) -> None:
        calls: list[tuple[Any, ...]] = []

        def largest(y_hat: Any, y: Any) -> Any:
            calls.append((len(y_hat), sorted(np.ravel(y).tolist())))
            return np.float32(max(y_hat))

        for of in (Value, Tensor):
            calls.clear()
            model = MLP(3, [1], of=of, seed=1)
            history = train(model, metrics=[largest], batch_size=7, validation=(X[:9], Y[:9]))
            assert calls == [(40, sorted(Y)), (9, sorted(Y[:9]))] * 2
            assert type(history["largest"][0]) is float

    @pytest.mark.parametrize("result", [None, "0.5", [0.5], np.ones(2), {}])
    def test_a_metric_that_returns_no_number_is_told_by_name(self, result: Any) -> None:
        def odd(y_hat: Any, y: Any) -> Any:
            return result

        with pytest.raises(TypeError, match="the metric odd must return a number; it returned"):
            train(metrics=[odd])

    @pytest.mark.parametrize("result", [1, 0.5, np.float32(0.5), np.array(1), Tensor(0.5), np.True_])
    def test_a_metric_may_return_numbers_of_all_kinds(self, result: Any) -> None:
        def kind(y_hat: Any, y: Any) -> Any:
            return result

        assert type(train(metrics=[kind])["kind"][0]) is float

    @pytest.mark.slow
    def test_scikit_learn_s_metrics_are_metrics(self) -> None:
        metrics = pytest.importorskip("sklearn.metrics")

        def precision(y_hat: Any, y: Any) -> Any:
            return metrics.precision_score(y, y_hat > 0.5)

        model = Sequential(Layer(3, 1, "sigmoid", of=Tensor))
        history = train(
            model, y=C[:, None], loss=binary_cross_entropy, metrics=[precision, accuracy], epochs=60, batch_size=16,
            optimizer=SGD(model.parameters(), lr=1e-9), validation=(X, C[:, None]),
        )  # fmt: skip
        assert history["precision"] == pytest.approx(history["val_precision"])
        assert history["accuracy"] == history["val_accuracy"]


class TestClassWeights:
    y = np.array([0] * 30 + [1] * 10)

    def trained(self, model: Any = None, y: Any = None, **options: Any) -> list[float]:
        def loss(y_hat: Any, y: Any, weight: Any = None) -> Any:
            return binary_cross_entropy(y_hat, y, from_logits=True, weight=weight)

        return train(model, y=self.y if y is None else y, loss=loss, **options).loss

    def test_they_are_weights_of_the_samples(self) -> None:
        weight = np.where(self.y == 1, 2.0, 40 / 60)
        expected = self.trained(weight=weight)
        assert self.trained(class_weight="balanced") == pytest.approx(expected)
        assert self.trained(class_weight={0: np.float64(40 / 60), 1: 2}) == pytest.approx(expected)
        assert self.trained(y=self.y[:, None], class_weight="balanced") == pytest.approx(expected)
        assert self.trained(MLP(3, [1], seed=1), y=self.y.tolist(), class_weight="balanced") == pytest.approx(expected)
        twice = self.trained(class_weight="balanced", weight=np.full(40, 2.0))
        assert twice[0] == pytest.approx(2 * expected[0], rel=0.1)

    def test_one_hot_rows_have_classes_too(self) -> None:
        histories = [
            train(MLP(3, [2], of=Tensor, seed=1), y=y, loss=cross_entropy, class_weight={0: 1.0, 1: 3.0}).loss
            for y in (self.y, np.eye(2)[self.y])
        ]
        assert histories[0] == pytest.approx(histories[1])

    @pytest.mark.parametrize(
        ("error", "message", "options"),
        [
            (
                TypeError,
                'class_weight must be a dict {class: weight}, "balanced" or None; got',
                {"class_weight": [1, 2]},
            ),
            (ValueError, r"class_weight has no weight of the class 1; it has \[0\]", {"class_weight": {0: 1.0}}),
            (ValueError, r"class_weight\[1\] must be a number from 0; got -1", {"class_weight": {0: 1.0, 1: -1}}),
            (ValueError, r"needs a class for each sample, .*got \(40, 1, 1\)", {"class_weight": "balanced"}),
        ],
    )
    def test_what_is_none_is_told(self, error: Any, message: str, options: dict[str, Any]) -> None:
        y = self.y.reshape(40, 1, 1) if "40" in message else None
        with pytest.raises(error, match=message):
            self.trained(y=y, **options)

    def test_a_loss_that_takes_none_is_told(self) -> None:
        for options in ({"class_weight": "balanced"}, {"weight": np.ones(40)}):
            with pytest.raises(
                TypeError, match=r"the loss takes no weight: define it as \(y_hat, y, \*, weight=None\)"
            ):
                train(loss=lambda y_hat, y: mse(y_hat, y), **options)
        assert train(loss=lambda y_hat, y, **more: mse(y_hat, y, **more), weight=np.ones(40)).epochs == 2

    def test_a_loss_that_does_not_tell_its_arguments_is_tried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def silent(loss: Any) -> Any:
            raise ValueError

        monkeypatch.setattr("inspect.signature", silent)
        assert train(weight=np.ones(40)).epochs == 2


@pytest.mark.slow
def test_a_classifier_of_scikit_learn_takes_tables() -> None:
    import pandas

    table = pandas.DataFrame(X, index=np.random.default_rng(1).permutation(40), columns=list("abc"))
    model = NeuralNetClassifier([], lr=0.1, epochs=50, random_state=0).fit(table, pandas.Series(C, index=table.index))
    assert model.score(table, C) > 0.9


@pytest.mark.covers
@pytest.mark.slow
def test_the_bar_is_drawn_by_time_and_says_how_many_samples_make_a_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(10**6))
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr("nn._training.progress.time", types.SimpleNamespace(monotonic=lambda: next(clock) / 30))
    train(epochs=600)
    shown = capsys.readouterr().err
    assert "32 samples a step: 100%" in shown
    assert "600/600" in shown
    assert "loss=" in shown
    # A minute, as it seems: a picture every half second at first, then after a fifth of the time that has passed.
    assert 10 < shown.count("epoch/s") + shown.count("s/epoch") + shown.count("?epoch") < 30


@pytest.mark.parametrize("known", [True, False])
def test_the_bar_counts_the_batches_of_a_long_epoch(
    known: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(10**6))
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr("nn._training.progress.time", types.SimpleNamespace(monotonic=lambda: float(next(clock))))
    batches = [(X[:20], C[:20])] * 5
    model = MLP(3, [1], of=Tensor, seed=0)
    fit(
        model,
        batches if known else lambda: iter(batches),
        loss=mse,
        optimizer=SGD(model.parameters(), lr=0.1),
        epochs=2,
    )
    shown = capsys.readouterr().err
    # A second a batch, as it seems: from the second one on.
    assert re.findall(r"0/2 .*batch=([0-9/]+)", shown.replace("\r", "\n")) == (
        ["2/5", "3/5", "4/5", "5/5"] if known else ["2", "3", "4", "5"]
    )
    assert re.findall(r"1/2 .*batch=", shown.replace("\r", "\n"))
    assert "batch=" not in shown.replace("\r", "\n").splitlines()[-1]
