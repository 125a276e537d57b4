"""Training on streams of batches: the same numbers as the same rows in one array, and a word for every other stream."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Tensor, Value
from nn import MLP, SGD, Adam, History, accuracy, cosine, fit, mse
from nn._core.order import FEW, batches_of, shuffled
from nn._training.streams import recut

rng = np.random.default_rng(0)
X = rng.normal(size=(50, 3))
Y = X[:, 0] * 2 - X[:, 1]
W = rng.uniform(0.5, 2.0, 50)


def rows_in_order(epoch: int, size: int, *more: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the rows in the order in which `fit` with seed 3 goes through an array, in batches of another size."""
    order = [row for batch in batches_of(50, 8, 3, epoch) for row in batch]
    for start in range(0, 50, size):
        yield tuple(part[order[start : start + size]] for part in (X, Y, *more))


def trained(*data: Any, of: Any = Tensor, **changed: Any) -> tuple[History, Any]:
    model = MLP(3, [4, 1], "tanh", of=of, seed=1)
    options: dict[str, Any] = {"loss": mse, "optimizer": Adam(model.parameters(), lr=0.01), "epochs": 3, "seed": 3}
    history = fit(model, *data, **{**options, **changed})
    return history, model.state_dict()


def assert_same(one: tuple[History, Any], other: tuple[History, Any]) -> None:
    assert one[0] == other[0]
    assert all(np.array_equal(one[1][name], other[1][name]) for name in one[1])


class TestSameNumbers:
    @pytest.mark.parametrize("compile", [True, False])
    @pytest.mark.parametrize("size", [1, 5, 8, 50])
    def test_as_an_array(self, size: int, compile: bool) -> None:
        options = {"batch_size": 8, "compile": compile, "epochs": 5, "accumulate": 2, "metrics": [mse]}
        assert_same(trained(lambda epoch: rows_in_order(epoch, size), **options), trained(X, Y, **options))

    def test_with_weights(self) -> None:
        stream = trained(lambda epoch: rows_in_order(epoch, 7, W), batch_size=8)
        assert_same(stream, trained(X, Y, weight=W, batch_size=8))

    def test_of_lists_and_values(self) -> None:
        batches = [(X[:20].tolist(), Y[:20].tolist()), (X[20:].tolist(), tuple(Y[20:].tolist()))]
        # A stream, whose length nobody knows, is compiled, which may add up in another order.
        options: dict[str, Any] = {"of": Value, "compile": False}
        stream = trained(batches, batch_size=50, **options)
        assert_same(stream, trained(X.tolist(), Y.tolist(), batch_size=None, **options))

    def test_batches_are_taken_as_they_come(self) -> None:
        sizes: list[int] = []

        def loss(y_hat: Any, y: Any) -> Any:
            sizes.append(len(y))
            return mse(y_hat, y)

        trained([(X[:40], Y[:40]), (X[40:], Y[40:])], loss=loss, epochs=2, compile=False)
        assert [size for size in sizes if size] == [40, 10, 40, 10]

    def test_class_weights_and_weights_of_a_stream(self) -> None:
        labels = (Y > 0).astype(float)
        options: dict[str, Any] = {"class_weight": {0.0: 1.0, 1.0: 3.0}}
        stream = trained([(X, labels, W)], **options)
        assert_same(stream, trained(X, labels, weight=W, batch_size=None, **options))

    def test_one_memory_that_is_filled_again(self) -> None:
        memory = np.empty((5, 3)), np.empty(5)

        def batches() -> Iterator[Any]:
            for start in range(0, 50, 5):
                memory[0][:], memory[1][:] = X[start : start + 5], Y[start : start + 5]
                yield memory

        fresh = [(X[start : start + 5], Y[start : start + 5]) for start in range(0, 50, 5)]
        for options in ({"batch_size": 8}, {"metrics": [mse]}, {"accumulate": 2}):
            assert_same(trained(batches, **options), trained(fresh, **options))

    def test_rows_of_one_memory_in_lists(self) -> None:
        rows = [np.empty(3) for _ in range(5)]

        def batches() -> Iterator[Any]:
            for start in range(0, 20, 5):
                for row, x in zip(rows, X[start:]):
                    row[:] = x
                yield rows, Y[start : start + 5].tolist()

        fresh = [(list(X[start : start + 5]), Y[start : start + 5].tolist()) for start in range(0, 20, 5)]
        losses = []
        for stream in (batches, fresh):
            model = MLP(3, [1], seed=1)
            options: dict[str, Any] = {"optimizer": SGD(model.parameters(), lr=0.1), "epochs": 2, "progress": False}
            losses.append(fit(model, stream, loss=mse, batch_size=8, **options).loss)
        assert losses[0] == losses[1]

    def test_carried_on(self) -> None:
        model = MLP(3, [1], of=Tensor, seed=1)
        optimizer, history = Adam(model.parameters(), lr=0.01), History()
        for epochs in (2, 5):
            fit(
                model,
                lambda epoch: rows_in_order(epoch, 8),
                loss=mse,
                optimizer=optimizer,
                epochs=epochs,
                history=history,
            )
        whole = MLP(3, [1], of=Tensor, seed=1)
        at_once = fit(
            whole,
            lambda epoch: rows_in_order(epoch, 8),
            loss=mse,
            optimizer=Adam(whole.parameters(), lr=0.01),
            epochs=5,
        )
        assert history == at_once
        assert repr(history).startswith("History(5 epochs: loss")


class TestValidation:
    def test_in_batches_is_as_in_one(self) -> None:
        whole, _ = trained(X, Y, validation=(X, Y), metrics=[mse])
        for validation in ([(X[:30], Y[:30]), (X[30:], Y[30:])], lambda epoch: iter([(X[:7], Y[:7]), (X[7:], Y[7:])])):
            parts, _ = trained(X, Y, validation=validation, metrics=[mse])
            np.testing.assert_allclose(parts["val_loss"], whole["val_loss"], rtol=1e-12)
            assert parts["val_mse"] == whole["val_mse"]
            assert parts["loss"] == whole["loss"]

    def test_a_pair_of_lists_is_no_stream(self) -> None:
        whole, _ = trained(X, Y, validation=(X[:2], Y[:2]))
        assert trained(X, Y, validation=[X[:2].tolist(), Y[:2].tolist()])[0] == whole
        assert trained(X, Y, validation=[X[:2], Y[:2]])[0] == whole

    def test_lists_of_arrays_are_batches(self) -> None:
        one, _ = trained(X, Y, validation=[[X[:30], Y[:30]], [X[30:], Y[30:]]])
        assert one == trained(X, Y, validation=[(X[:30], Y[:30]), (X[30:], Y[30:])])[0]

    def test_weights_of_validation(self) -> None:
        model = MLP(3, [1], of=Tensor, seed=1)
        options: dict[str, Any] = {"loss": mse, "optimizer": SGD(model.parameters(), lr=1e-9), "epochs": 1}
        history = fit(model, X, Y, validation=[(X, Y, W)], **options)
        expected = mse(model(X), Y, weight=W).item()
        assert history["val_loss"] == [pytest.approx(expected, rel=1e-6)]

    @pytest.mark.parametrize("validation", [5, "rows"])
    def test_something_else(self, validation: Any) -> None:
        with pytest.raises(TypeError, match=r"^validation without y must be batches"):
            trained(X, Y, validation=validation)

    def test_an_iterator(self) -> None:
        with pytest.raises(
            ValueError, match=r"^validation is an iterator, which can be gone through once, for 3 epochs"
        ):
            trained(X, Y, validation=iter([(X, Y)]))

    def test_the_place_of_nan(self) -> None:
        bad = X.copy()
        bad[4, 1] = math.nan
        with pytest.raises(FloatingPointError, match="as X of validation holds nan in row 4, column 1"):
            trained(X, Y, validation=[(X, Y), (bad, Y)])


class TestSteps:
    def test_an_endless_stream_goes_on_where_it_stopped(self) -> None:
        seen: list[int] = []

        def batches() -> Iterator[Any]:
            k = 0
            while True:
                seen.append(k)
                yield X[k % 10 * 5 :][:5], Y[k % 10 * 5 :][:5]
                k += 1

        trained(batches(), steps=4, epochs=3)
        assert seen == list(range(12))
        assert_same(trained(batches(), steps=5, epochs=2), trained(batches(), steps=5, epochs=2))

    def test_a_list_begins_again_at_its_end(self) -> None:
        batches = [(X[:20], Y[:20]), (X[20:40], Y[20:40]), (X[40:], Y[40:])]
        stream = trained(batches, steps=2, epochs=3)
        order = [batches[k % 3] for k in range(6)]
        assert_same(stream, trained(lambda epoch: order[2 * epoch : 2 * epoch + 2]))

    def test_rows_that_are_cut_anew_go_on_as_well(self) -> None:
        stream = trained([(X[:20], Y[:20])], steps=3, batch_size=8, epochs=2)
        twice = [(X[k : k + 8], Y[k : k + 8]) for k in (0, 8)] + [
            (X[[*range(16, 20), *range(4)]], Y[[*range(16, 20), *range(4)]]), (X[4:12], Y[4:12]), (X[12:20], Y[12:20]),
            (X[:8], Y[:8]),
        ]  # fmt: skip
        assert_same(stream, trained(lambda epoch: twice[3 * epoch : 3 * epoch + 3], epochs=2))

    def test_a_function_is_called_for_every_epoch(self) -> None:
        asked: list[int] = []

        def batches(epoch: int) -> Any:
            asked.append(epoch)
            return iter([(X, Y)] * 5)

        trained(batches, steps=2)
        trained(lambda k: batches(k + 10), steps=2, epochs=2)
        assert asked == [0, 1, 2, 10, 11]

    @pytest.mark.parametrize("named", [True, False])
    def test_a_function_keeps_the_arguments_that_it_may_have(self, named: bool) -> None:
        asked: list[Any] = []

        def with_size(size: int = 25) -> Any:
            asked.append(size)
            return [(X[:size], Y[:size])]

        def with_epoch(size: int = 25, epoch: int = 9) -> Any:
            asked.append(epoch)
            return with_size(size)

        trained(with_epoch if named else with_size, epochs=2)
        assert asked == ([0, 25, 1, 25] if named else [25, 25])

    def test_an_iterator_that_ends_too_early(self) -> None:
        with pytest.raises(ValueError, match=r"^X is an iterator that ended before all steps were made: give a list"):
            trained(iter([(X, Y)] * 5), steps=2)
        assert trained(iter([(X, Y)] * 6), steps=2)[0].epochs == 3

    def test_an_iterable_without_batches(self) -> None:
        with pytest.raises(ValueError, match=r"^X has no batches before all steps"):
            trained([], steps=2)

    def test_schedules_go_on_within_an_epoch(self) -> None:
        asked: list[float] = []

        def schedule(epochs: float) -> float:
            asked.append(epochs)
            return cosine(3)(epochs)

        batches = [(X[:25], Y[:25]), (X[25:], Y[25:])]
        for data, expected in (
            ({"X": batches}, [0, 0.5]), ({"X": batches, "steps": 4}, [0, 0.25, 0.5, 0.75]),
            ({"X": lambda: batches}, [0, 0]), ({"X": _NoLength(batches)}, [0, 0]),
        ):  # fmt: skip
            asked.clear()
            model = MLP(3, [1], of=Tensor, seed=1)
            fit(model, loss=mse, optimizer=SGD(model.parameters(), lr=0.1), epochs=1, schedule=schedule, **data)
            # Once more at the end, for the history.
            assert asked[:-1] == expected


class _NoLength:
    """As a DataLoader of a data set that is iterated."""

    def __init__(self, batches: list[Any]) -> None:
        self.batches = batches

    def __len__(self) -> int:
        raise TypeError("object of type 'Stream' has no len()")

    def __iter__(self) -> Iterator[Any]:
        return iter(self.batches)


class TestMistakes:
    @pytest.mark.parametrize(
        ("batches", "message"),
        [
            (X, r"^X holds rows, so that it needs its targets y beside it"),
            (5, r"^X without y must be batches, .*; got 5: give a list of batches, a DataLoader, or a function"),
            ({"X": X, "y": Y}, r"^X without y must be batches"),
            (lambda: None, r"^the function X must return the batches of an epoch; it returned None"),
            ([X], r"^batch 1 of epoch 1 must be lists, arrays or tensors \(X, y\) or \(X, y, weight\); got "),
            ([(X, Y), (X, Y, W, W)], r"^batch 2 of epoch 1 must be"),
            ([(X[0], Y[0])], r"batch 1 of epoch 1: X has 3, y has none"),
        ],
    )
    def test_what_is_no_stream(self, batches: Any, message: str) -> None:
        with pytest.raises((TypeError, ValueError), match=message):
            trained(batches)

    @pytest.mark.parametrize(
        ("batches", "message"),
        [
            ([(X, Y[:49])], r"^X and y need .*; batch 1 of epoch 1: X has 50, y has 49"),
            (
                [(X, Y), (X[:, :2], Y)],
                r"^batch 2 of epoch 1: X has rows of shape \(2,\); the batches before have \(3,\)",
            ),
            (
                [(X, Y), (X, Y[:, None])],
                r"^batch 2 of epoch 1: y has rows of shape \(1,\); the batches before have \(\)",
            ),
            ([(X, Y), (X, Y, W)], r"^batch 2 of epoch 1 has a weight, unlike the batches before"),
            ([(X, Y, W), (X, Y)], r"^batch 2 of epoch 1 has no weight, unlike"),
            ([], r"^X gave no batch in epoch 1$"),
            ([(X[:0], Y[:0])], r"^X gave no batch in epoch 1$"),
            (
                iter([(X, Y)]),
                r"^X is an iterator, which can be gone through once, for 3 epochs: give a list of batches",
            ),
            ([(X, Y, -W)], r"a weight must be a finite number from 0"),
        ],
    )
    def test_streams_that_do_not_fit(self, batches: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            trained(batches)

    def test_a_stream_that_is_used_up_after_an_epoch(self) -> None:
        once = iter([(X, Y)])
        with pytest.raises(ValueError, match=r"^X gave no batch in epoch 2; if it can be gone through once only, give"):
            trained(lambda: once)

    def test_an_iterator_is_fine_for_one_epoch(self) -> None:
        assert trained(iter([(X, Y)]), epochs=1)[0].epochs == 1
        assert trained(iter([(X, Y)]), epochs=1)[0] == trained([(X[:0], Y[:0]), (X, Y)], epochs=1)[0]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"weight": W}, "a stream has its weights in its batches"),
            ({"class_weight": "balanced"}, 'class_weight="balanced" needs all of y'),
            ({"steps": 0}, "steps must be a whole number from 1, or None; got 0"),
        ],
    )
    def test_settings_of_streams(self, options: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            trained([(X, Y)], **options)

    def test_steps_of_arrays(self) -> None:
        with pytest.raises(ValueError, match=r"^steps is for streams"):
            trained(X, Y, steps=3)

    def test_images_of_other_sizes_are_not_cut_anew(self) -> None:
        images = [(np.zeros((2, 1, 4, 4)), [0, 1]), (np.zeros((2, 1, 5, 5)), [0, 1])]
        with pytest.raises(ValueError, match=r"^batches of other shapes cannot be cut anew"):
            list(recut(images, 3))

    def test_the_place_of_nan(self) -> None:
        bad = X.copy()
        bad[4, 1] = math.nan
        with pytest.raises(FloatingPointError, match="as X of batch 2 holds nan in row 4, column 1"):
            trained([(X, Y), (bad, Y)])

    def test_rows_of_different_lengths_are_the_network_s_own(self) -> None:
        class Sums(MLP):
            def __call__(self, rows: Any) -> Any:
                return super().__call__([[sum(row)] for row in rows])

        sums = Sums(1, [1], of=Value, seed=0)
        batches = [([[1.0], [1.0, 2.0]], [1.0, 3.0]), ([[2.0, 0.0, 1.0]], [3.0])]
        history = fit(sums, batches, loss=mse, optimizer=SGD(sums.parameters(), lr=0.01), epochs=2, compile=False)
        assert history["loss"][1] < history["loss"][0]

    def test_a_function_that_does_not_tell_its_arguments_is_called_with_the_epoch(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def silent(function: Any) -> Any:
            raise ValueError

        monkeypatch.setattr("inspect.signature", silent)
        assert trained(lambda epoch: [(X, Y)])[0].epochs == 3


def test_an_error_of_a_stream_stands_alone() -> None:
    def batches() -> Iterator[Any]:
        yield X, Y
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone") as told:
        trained(batches)
    assert told.value.__context__ is None


class TestOrder:
    @given(st.integers(1, 300), st.lists(st.integers(0, 2**64 - 1), min_size=6, max_size=6))
    @settings(deadline=None, max_examples=20)
    def test_every_sample_once(self, n: int, keys: list[int]) -> None:
        assert Counter(map(int, shuffled(range(n), n, keys))) == Counter(range(n))

    def test_of_many_samples(self) -> None:
        n = FEW + 1001
        order = np.concatenate([np.asarray(batch) for batch in batches_of(n, 32, 0, 0)])
        assert np.array_equal(np.sort(order), np.arange(n))
        # As of chance: independent of the place, of the neighbour, of the seed and of the epoch.
        other, later = (
            np.concatenate([np.asarray(batch) for batch in batches_of(n, 1000, *which)]) for which in ((1, 0), (0, 1))
        )
        for one, two in ((order, np.arange(n)), (order[1:], order[:-1]), (order, other), (order, later)):
            assert abs(np.corrcoef(one, two)[0, 1]) < 0.02
            assert np.mean(one == two) < 1e-3

    def test_without_numpy_it_is_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        keys = list(range(1, 7))
        expected = list(shuffled(range(40, 60), 100, keys))
        monkeypatch.setitem(sys.modules, "numpy", None)
        assert shuffled(range(40, 60), 100, keys) == expected

    def test_few_samples_keep_the_order_that_they_had(self) -> None:
        assert [list(batch) for batch in batches_of(6, 4, 0, 0)] == [[0, 4, 3, 1], [5, 2]]


def test_accuracy_of_a_stream_is_of_all_its_samples() -> None:
    labels = (Y > 0).astype(float)
    history, _ = trained([(X[:49], labels[:49]), (X[49:], labels[49:])], metrics=[accuracy])
    assert all(round(50 * number) == pytest.approx(50 * number) for number in history["accuracy"])
