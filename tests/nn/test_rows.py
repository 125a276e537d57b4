"""Rows: taken by position, whatever holds them; what holds no numbers is told with its place."""

from __future__ import annotations

import array
import collections
import math
import uuid
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Tensor, Value
from nn import MLP, SGD, fit, mse, predict
from nn._core.rows import arranged, fault, joined, pick, rows
from nn.data import one_hot, standardise, train_test_split

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
Y = X[:, 0] * 2
ORDER = np.random.default_rng(1).permutation(40)


class Torch:
    """A tensor as PyTorch's are: NumPy cannot read it before it was detached and brought to the CPU."""

    def __init__(self, data: Any, where: str = "a device") -> None:
        self.data, self.where = np.asarray(data), where

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: Any) -> Torch:
        return Torch(self.data[index])

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("call detach first")

    def detach(self) -> Torch:
        return Torch(self.data, "detached")

    def cpu(self) -> Torch:
        assert self.where == "detached"
        return Torch(self.data, "cpu")

    def numpy(self) -> Any:
        assert self.where == "cpu"
        return self.data


class Polars:
    """A table that gives its numbers by a method alone."""

    def __init__(self, data: Any) -> None:
        self.data = np.asarray(data)

    def __len__(self) -> int:
        return len(self.data)

    def to_numpy(self) -> Any:
        return self.data


def memory_map(data: Any) -> Any:
    data = np.asarray(data)
    mapped = np.memmap(MAPS / uuid.uuid4().hex, dtype=data.dtype, mode="w+", shape=data.shape)
    mapped[:] = data
    return mapped


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.MAPS", tmp_path, raising=False)


MAPS = Path()


def labelled(data: Any) -> Any:
    kind = pandas.Series if np.ndim(data) == 1 else pandas.DataFrame
    return kind(data, index=ORDER[: len(data)])


HOLDERS = {
    "lists": lambda data: np.asarray(data).tolist(),
    "tuples": lambda data: tuple(map(tuple, data)) if np.ndim(data) > 1 else tuple(data),
    "lists of rows": list,
    "pandas": labelled,
    "memory maps": memory_map,
    "torch": Torch,
    "polars": Polars,
    "a list of tensors": lambda data: [Torch(row) for row in np.asarray(data)],
    "Tensors": Tensor,
    "objects": lambda data: np.asarray(data).astype(object),
    "a masked array without a mask": np.ma.array,
    "Fortran order": lambda data: np.asfortranarray(data),
}


@pytest.mark.slow
@pytest.mark.parametrize("of", [Value, Tensor])
@pytest.mark.parametrize("epochs", [2, 12])
@pytest.mark.parametrize("name", HOLDERS)
def test_a_training_is_the_same_whatever_holds_the_rows(name: str, epochs: int, of: Any) -> None:
    hold = HOLDERS[name]
    weight = np.linspace(0.5, 1.5, 40)
    ends = []
    for held in (np.asarray, hold):
        model = MLP(3, [1], of=of, seed=1)
        history = fit(
            model, held(X[ORDER]), held(Y[ORDER]), loss=mse, optimizer=SGD(model.parameters(), lr=0.05), epochs=epochs,
            batch_size=10, weight=held(weight), validation=(held(X[:7]), held(Y[:7])),
        )  # fmt: skip
        ends.append((history["loss"], history["val_loss"], list(predict(model, held(X)))))
    for plain, other in zip(*ends):
        np.testing.assert_allclose(other, plain, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "float32", "bool"])
@pytest.mark.parametrize("compile", [True, False])
def test_the_loss_sees_the_dtype_that_was_given(dtype: str, compile: bool) -> None:
    seen = set()

    def loss(y_hat: Any, y: Any) -> Any:
        seen.add(str(getattr(y, "dtype", None)))
        return mse(y_hat, y * 1.0)

    model = MLP(3, [1], of=Tensor)
    y = (Y > 0).astype(dtype)
    fit(model, X, y, loss=loss, optimizer=SGD(model.parameters()), epochs=1, compile=compile)
    assert seen == {dtype}


@given(st.integers(1, 12).flatmap(lambda n: st.permutations(range(n))))
def test_rows_are_picked_by_position_in_the_form_in_which_they_are_held(order: list[int]) -> None:
    n = len(order)
    data = np.arange(3.0 * n).reshape(n, 3)
    table = pandas.DataFrame(data, index=order)
    assert pick(table, order).to_numpy().tolist() == data[order].tolist()
    assert list(pick(table, order).index) == [order[k] for k in order]
    assert pick(pandas.Series(data[:, 0], index=order), order).tolist() == data[order, 0].tolist()
    for held in (data, Torch(data), Polars(data), np.ma.array(data), Tensor(data)):
        np.testing.assert_array_equal(rows(pick(held, order)), data[order])
    assert type(pick(Torch(data), order)) is Torch
    assert pick(range(n), order) == pick(tuple(range(n)), order) == pick(collections.deque(range(n)), order) == order


def test_names_and_dates_are_split_as_well() -> None:
    names = pandas.Series(list("abcdefghij"), index=range(9, -1, -1))
    X_train, X_test, y_train, y_test = train_test_split(range(10), names, test=np.float64(0.3), seed=np.int64(2))
    assert [*y_train, *y_test] == ["abcdefghij"[k] for k in [*X_train, *X_test]]
    with pytest.raises(ValueError, match="test must be a number between 0 and 1; got True"):
        train_test_split(range(10), names, test=True)


def test_standardise_and_one_hot_go_by_position() -> None:
    table = pandas.DataFrame({"a": [1.0, 3.0], "b": [5.0, 5.0]}, index=[1, 0])
    assert standardise(table, Torch([[5.0, 5.0]]))[0].tolist() == [[-1.0, 0.0], [1.0, 0.0]]
    assert one_hot(pandas.Series([1, 0], index=[1, 0])).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert one_hot([np.int64(1), True], np.int64(2)) == [[0.0, 1.0], [0.0, 1.0]]
    with pytest.raises(ValueError, match="classes must be a whole number from 1, or None; got 0"):
        one_hot([0], 0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([[1.0, "red"]], "X holds 'red' in row 0, column 1, which is no number: give"),
        ([1.0, None], r"X has no number in row 1 \(None\): leave such rows out"),
        ([[1j]], "X holds 1j in row 0, column 0, which is no number"),
        ([{"a": 1}], "X holds {'a': 1} in row 0, which is no number"),
        (np.array(["red", "blue"]), "X holds .*'red'.* in row 0, which is no number"),
        (np.array([[1.0, 2j]]), "X holds .* in row 0, column 0, which is no number"),
        (np.array(["2020-01-01"], "M8[D]"), "X holds .*2020-01-01.* in row 0, which is no number"),
        (np.array([[1.0, None]], object), "X has no number in row 0, column 1"),
        (np.zeros(0, "U1"), "X holds dtype.* in row 0, which is no number"),
        (pandas.DataFrame({"a": [1.0, 2.0], "b": ["red", "blue"]}), "X holds 'red' in row 0, column 1"),
        (np.array([1, pandas.NA], object), r"X has no number in row 1 \(<NA>\)"),
        (np.ma.masked_array(np.ones((2, 2)), [[0, 0], [0, 1]]), "X is masked in row 1, column 1: leave such rows out"),
        ([np.ma.masked_array([1.0, 2.0], [0, 1])], "X is masked in row 0, column 1"),
    ],
)
def test_what_is_no_number_is_told_with_its_place(data: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as told:
        rows(data)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("data", [3.0, "text", b"bytes", {"a": [1]}, {1, 2}, iter([1]), None, (k for k in range(3))])
def test_what_holds_no_rows_is_told(data: Any) -> None:
    with pytest.raises(TypeError, match="X must be a list or an array with a row for each sample; got"):
        rows(data)


def test_a_sparse_matrix_is_told() -> None:
    sparse = pytest.importorskip("scipy.sparse").eye(3)
    with pytest.raises(ValueError, match=r"y is a sparse matrix, .*: give y\.toarray\(\)"):
        rows(sparse, "y")


def test_numbers_of_every_kind_stay_what_they_are() -> None:
    assert rows([True, np.float32(0.5), np.uint8(3), Fraction(1, 2), Value(2.0)]) == [True, 0.5, 3, 0.5, 2.0]
    assert rows(array.array("d", [1.0, 2.0])) == [1.0, 2.0]
    assert rows(np.array([1, 2.5, Fraction(1, 2)], object)).tolist() == [1.0, 2.5, 0.5]
    assert rows(pandas.DataFrame({"a": [1.5], "b": [True]})).tolist() == [[1.5, 1.0]]
    assert rows(pandas.Series([1, 2], dtype="Int64")).dtype.kind == "i"
    assert isinstance(rows(np.zeros((2, 2), "uint8")), np.ndarray)
    assert arranged([1, 2], of_values=False).dtype == np.array([1, 2]).dtype
    ragged = [[1.0], [1.0, 2.0]]
    assert arranged(ragged, of_values=False) is ragged


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_place_of_nan_is_found_also_in_a_large_array(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn._core.rows.CHUNK", size)
    data = np.zeros((50, 3))
    assert fault(data, "X") == fault(data.tolist(), "X") == fault(data.astype(int), "X") == ""
    data[31, 2] = -math.inf
    for held in (data, data.tolist(), list(data)):
        assert fault(held, "X") == "X holds -inf in row 31, column 2"
    assert fault(data[:, 2], "y") == "y holds -inf in row 31"
    assert fault(data.reshape(50, 3, 1), "X") == "X holds -inf at [31, 2, 0]"


def test_outputs_of_batches_are_put_together() -> None:
    assert joined([np.ones((2, 3)), np.ones((1, 3))], [2, 1]).shape == (3, 3)
    two = joined([[np.zeros(2), np.ones(2)], [np.zeros(1), np.ones(1)]], [2, 1])
    assert [part.tolist() for part in two] == [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    with pytest.raises(ValueError, match="metrics need an output for each sample"):
        joined([1.0, 2.0], [2, 1])
