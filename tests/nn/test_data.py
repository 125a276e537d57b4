"""Made data lie where they should; a CSV file is read or its fault is named."""

from __future__ import annotations

import io
import math
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import (
    DataError,
    blobs,
    breast_cancer,
    circles,
    diabetes,
    digits,
    iris,
    moons,
    one_hot,
    read_csv,
    read_npz,
    spirals,
    standardise,
    train_test_split,
    wine,
)


def on_the_curve(make: Any, x1: float, x2: float, label: int) -> bool:
    radius = math.hypot(x1, x2)
    if make is circles:
        return math.isclose(radius, 0.5 if label else 1.0)
    if make is moons:
        return math.isclose(math.hypot(x1 - label, x2 - 0.5 * label), 1.0) and (x2 <= 0.5 if label else x2 >= -1e-9)
    turned = 3 * math.pi * (radius - 0.1) + math.pi * label
    return math.isclose(math.cos(turned), x1 / radius, abs_tol=1e-9)


@pytest.mark.parametrize("make", [moons, circles, spirals])
def test_points_lie_on_their_curve(make: Any) -> None:
    X, y = make(51, noise=0.0)
    assert (len(X), sum(y)) == (51, 25)
    assert all(on_the_curve(make, *point, label) for point, label in zip(X, y, strict=True))
    assert make(20, seed=1) == make(20, seed=1) != make(20, seed=2)
    noisy = np.array(make(2000, noise=0.3)[0])
    assert not on_the_curve(make, *noisy[0], 0)
    for n, noise in ((1, 0.1), (2.5, 0.1), (10, -1.0), (10, math.nan), (10, math.inf), (10, "0.1")):
        with pytest.raises(ValueError, match=r"n must be a whole number from 2|noise must be 0 or a positive"):
            make(n, noise)


def test_digits_are_scaled() -> None:
    X, y = digits()
    assert (X.min(), X.max(), sorted(set(y.tolist()))) == (0.0, 1.0, list(range(10)))


def test_digits_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        digits()


@pytest.mark.parametrize("as_data", [list, np.array])
def test_a_split_keeps_pairs_together_and_loses_none(as_data: Any) -> None:
    X_train, X_test, y_train, y_test = train_test_split(as_data(range(50)), as_data(range(0, 500, 10)), test=0.3)
    assert (len(X_train), len(X_test)) == (35, 15)
    assert sorted([*X_train, *X_test]) == list(range(50))
    assert [10 * x for x in [*X_train, *X_test]] == [*y_train, *y_test]
    assert list(X_train) != sorted(X_train)


def test_a_split_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="X has 3, y has 2"):
        train_test_split([1, 2, 3], [1, 2])
    for test in (0.0, 1.0, -1.0, 5, 0.1, math.nan):
        with pytest.raises(ValueError, match="leaves one part empty"):
            train_test_split([1, 2, 3], [1, 2, 3], test=test)


def test_a_csv_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text('\ufeffa, "b ",kind\n1,2.5,10\n\n"3",-4e2,9\n')
    table = read_csv(path, "kind")
    assert table == ([[1.0, 2.5], [3.0, -400.0]], [1, 0], ["a", "b"], ["9", "10"])
    path.write_text("a,kind\n1,yes\n2,no\n3,yes\n")
    assert read_csv(str(path), "kind").y == [1, 0, 1]


def test_equal_numbers_are_one_class(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,kind\n1,2\n2,1.0\n3,10\n4,01\n5,1\n")
    assert read_csv(path, "kind")[1::2] == ([1, 0, 2, 0, 0], ["1.0", "2", "10"])
    path.write_text("a,kind\n1,10\n2,9\n3,nan\n4,nine\n")
    assert read_csv(path, "kind")[1::2] == ([0, 1, 2, 3], ["10", "9", "nan", "nine"])


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("is empty", ""),
        ("has a header, but no samples", "a,kind\n"),
        ("line 1, column 2: has no name", "a,,kind\n1,2,x\n"),
        ("line 1, column 3: is named twice: a", "a,kind,a\n1,2,x\n"),
        ("line 3, column 2: has no name", "\n\na,\n1,x\n"),
        ("line 1: has semicolons between the cells; save it with commas", "a;kind\n1,5;x\n"),
        ("line 2: has tabs between the cells; save it with commas", "\na\tkind\n1\tx\n"),
        ("line 1: has no column 'kind'; its columns are a, b", "a,b\n1,2\n"),
        ("has no column besides 'kind'", "kind\nx\ny\n"),
        ("line 3: has 1 cells; the header has 2", "a,kind\n1,x\n2\n"),
        ("line 5: has 3 cells; the header has 2", 'a,kind\n1,"x\ny"\n\n2,y,3\n'),
        ("line 3, column a: 'two' is not a number", "a,kind\n1,x\ntwo,y\n"),
        ("line 2, column a: 'nan' is not a finite number", "a,kind\nnan,x\n2,y\n"),
        ("line 3, column a: '' is not a number", "a,kind\n1,x\n,y\n"),
        ("line 2, column kind: is empty", "a,kind\n1,\n"),
        ("line 3, column kind: 'nan' is not a finite number", "a,kind\n1,7\n2,nan\n3,8\n"),
        ("column kind: has a single class, '1'", "a,kind\n1,1\n2,1.0\n"),
        ("column kind: has a single class, 'x'", "a,kind\n1,x\n2,x\n"),
        ("line 3: is not CSV", 'a,kind\n1,"x\n2,y'),
    ],
)
def test_a_faulty_csv_file_is_told(tmp_path: Path, message: str, text: str) -> None:
    path = tmp_path / "faulty.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=f"faulty.csv.*{message}"):
        read_csv(path, "kind")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        read_csv(tmp_path / "none.csv", "kind")
    for read in (lambda path: read_csv(path, "kind"), read_npz):
        with pytest.raises(DataError, match=r"cannot be read .Is a directory"):
            read(tmp_path)
        with pytest.raises(DataError, match=r"cannot be read .is a device or a pipe"):
            read("/dev/zero")
    (tmp_path / "latin.csv").write_bytes(b"a,kind\n" + 9000 * b"1,x\n" + b"1,\xe9\n")
    with pytest.raises(DataError, match=r"latin.csv, line 9002: is not UTF-8 text"):
        read_csv(tmp_path / "latin.csv", "kind")


def test_blobs_lie_around_their_centres() -> None:
    X, y = blobs(30, classes=5, noise=0.0)
    assert sorted(set(y)) == [0, 1, 2, 3, 4]
    for (x1, x2), k in zip(X, y):
        assert (x1, x2) == pytest.approx((math.cos(2 * math.pi * k / 5), math.sin(2 * math.pi * k / 5)))
    assert blobs(30, seed=1) == blobs(30, seed=1) != blobs(30, seed=2)
    for message, call in (
        ("classes must be a whole number from 2; got 1", lambda: blobs(9, classes=1)),
        ("n must be a whole number from 3; got 2", lambda: blobs(2)),
        ("noise must be 0 or a positive number; got -1", lambda: blobs(noise=-1)),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize("make", [iris, wine, breast_cancer, diabetes])
def test_data_of_scikit_learn(make: Any) -> None:
    X, y = make()
    assert len(X) == len(y)
    assert np.isfinite(X).all()


numbers = st.floats(-1e6, 1e6)
tables = st.integers(1, 4).flatmap(
    lambda k: st.lists(st.lists(numbers, min_size=k, max_size=k), min_size=2, max_size=9)
)


class TestStandardise:
    @pytest.mark.slow
    @given(tables)
    def test_mean_and_deviation(self, X: list[list[float]]) -> None:
        lists, arrays = standardise(X), standardise(np.array(X))
        for column, same, raw in zip(np.array(lists).T, arrays.T, np.array(X).T):
            if np.ptp(raw) > 1e-3:
                assert column.mean() == pytest.approx(0, abs=1e-6)
                assert column.std() == pytest.approx(1, abs=1e-6)
                np.testing.assert_allclose(same, column, atol=1e-6)

    def test_others_are_moved_alike(self) -> None:
        X, other = [[0.0, 7.0], [4.0, 7.0]], [[2.0, 8.0]]
        assert standardise(X, other) == ([[-1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0]])
        assert [part.tolist() for part in standardise(np.array(X), np.array(other))] == list(standardise(X, other))

    @pytest.mark.parametrize("number", [0.1, 1 / 3, 123.456, 1e9 + 0.1])
    @pytest.mark.parametrize("n", [3, 7, 10, 1000])
    def test_a_constant_column_is_zero_whatever_its_mean_is_rounded_to(self, number: float, n: int) -> None:
        X = [[number, float(k)] for k in range(n)]
        assert {row[0] for row in standardise(X)} == {0.0}
        same, other = standardise(np.array(X), np.array([[number + 1, 0.0]]))
        assert not same[:, 0].any()
        assert other[0, 0] == pytest.approx(1.0)

    @pytest.mark.parametrize(
        ("message", "parts"),
        [
            ("rows of numbers (n, k); got none", [[]]),
            ("rows of numbers (n, k); got [1.0, 2.0]", [[1.0, 2.0]]),
            ("whose squares are too large", [[[1e200], [-1e200]]]),
            ("whose squares are too large", [[[1.7e308], [1.6e308], [1.0]]]),
            ("whose squares are too large", [np.array([[1e200], [-1e200]])]),
            ("whose squares are too large", [np.array([[1.7e308], [1.6e308], [1.0]])]),
            ("got an array of shape (3,)", [np.ones(3)]),
            ("all rows need the same number of columns; got [1, 2]", [[[1.0], [1.0, 2.0]]]),
            ("all rows need 1 columns; got [2]", [[[1.0]], [[1.0, 2.0]]]),
            ("all rows need 2 columns; got [1]", [np.ones((2, 2)), np.ones((2, 1))]),
            ("a number is nan or infinite", [[[math.nan]]]),
            ("a number is nan or infinite", [np.array([[math.inf], [1.0]])]),
        ],
    )
    def test_mistakes(self, message: str, parts: list[Any]) -> None:
        with pytest.raises(ValueError, match=re.escape(message)):
            standardise(*parts)


class TestOneHot:
    @given(st.lists(st.integers(0, 6), min_size=1))
    def test_a_one_at_the_class(self, y: list[int]) -> None:
        rows = one_hot(y)
        assert [row.index(1.0) for row in rows] == y
        assert {sum(row) for row in rows} == {1.0}
        assert one_hot(np.array(y), 9).tolist() == [[*row, *[0.0] * (9 - len(row))] for row in rows]

    @pytest.mark.parametrize(
        ("y", "k", "bad"), [([0, 3], 3, "3"), ([-1], None, "-1"), ([0.5], 2, "0.5"), ([math.inf], 2, "inf")]
    )
    def test_what_is_no_class(self, y: list[Any], k: int | None, bad: str) -> None:
        upto = "" if k is None else f" to {k - 1} here"
        with pytest.raises(ValueError, match=f"a class is a whole number from 0{upto}; got {bad}"):
            one_hot(y, k)


def npy(array: Any, version: tuple[int, int] = (1, 0)) -> bytes:
    np.lib.format.write_array(file := io.BytesIO(), array, version)
    return file.getvalue()


def packed(path: Path, X: bytes, how: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.writestr("X.npy", X)
        archive.writestr("y.npy", npy(np.ones(2)))


class TestNumPyFiles:
    @pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
    @pytest.mark.parametrize("dtype", ["?", "i1", "u8", ">i2", "f2", ">f4", "f8", "g"])
    def test_numbers_of_any_type_come_back(self, dtype: str, write: Any, tmp_path: Path) -> None:
        X = (np.arange(24) % 2).reshape(2, 3, 4).astype(dtype)
        for order in "CF":
            write(tmp_path / "data.npz", X=np.asarray(X, order=order), y=X[:, :0])
            found = read_npz(tmp_path / "data.npz")
            np.testing.assert_array_equal(found[0], X, strict=True)
            np.testing.assert_array_equal(found[1], X[:, :0], strict=True)
            found[0][:] = 0

    def test_what_takes_much_when_it_is_unpacked_may_be_small(self, tmp_path: Path) -> None:
        np.savez_compressed(tmp_path / "data.npz", X=np.zeros((1000, 1000)), y=np.zeros(1000))
        assert read_npz(tmp_path / "data.npz")[0].shape == (1000, 1000)

    def test_what_was_saved_is_read(self, tmp_path: Path) -> None:
        X, y = np.random.default_rng(0).normal(size=(5, 2, 3)), np.arange(5)
        np.savez(tmp_path / "data.npz", X=X, y=y, more=np.ones(1))
        found = read_npz(tmp_path / "data.npz")
        np.testing.assert_array_equal(found[0], X)
        np.testing.assert_array_equal(found[1], y)

    @pytest.mark.covers
    @pytest.mark.slow
    def test_faulty_files(self, tmp_path: Path) -> None:
        path = tmp_path / "data.npz"
        good = np.ones((2, 2))

        def versioned() -> None:
            data = bytearray(path.read_bytes())
            data[data.index(b"PK\x01\x02") + 6] = 250
            path.write_bytes(data)

        cases: list[tuple[str, Any]] = [
            ("there is no such file", lambda: None),
            ("is no NumPy file of numbers", lambda: path.write_bytes(b"hello")),
            ("is no NumPy file of numbers", lambda: path.write_bytes(b"PK\x03\x04broken")),
            (
                "is no NumPy file of numbers (NotImplementedError: zip file version 25.0)",
                lambda: np.savez(path, X=good, y=good) or versioned(),
            ),
            ("needs two arrays named X and y", lambda: np.savez(path, A=good)),
            ("X: must hold rows of numbers; got shape (2,) of <U1", lambda: np.savez(path, X=["a", "b"], y=[0, 1])),
            ("X: must hold rows of numbers; got shape (2,) of object", lambda: np.savez(path, X=[{}, {}], y=[0, 1])),
            ("is more than 20 times as large", lambda: np.savez_compressed(path, X=np.zeros((9000, 1000)), y=[0])),
            ("is packed in a way that NumPy does not use", lambda: packed(path, npy(good), zipfile.ZIP_LZMA)),
            ("X: does not hold the numbers of its shape", lambda: packed(path, npy(good) + b"?")),
            (
                "X: ends too early for its shape (99, 99)",
                lambda: packed(path, npy(good).replace(b"(2, 2), ", b"(99, 99)")),
            ),
            ("X: does not hold the numbers", lambda: packed(path, npy(good)[:-1])),
            ("is no NumPy file of numbers (KeyError", lambda: packed(path, npy(good, (3, 0)))),
            ("y: must hold rows of numbers; got shape ()", lambda: np.savez(path, X=good, y=3)),
            ("X[1, 0]: is nan, not a finite number", lambda: np.savez(path, X=[[1.0, 2.0], [np.nan, 1.0]], y=[0, 1])),
            ("X has 2 rows, y has 3", lambda: np.savez(path, X=good, y=[0, 1, 2])),
        ]
        for message, make in cases:
            make()
            with pytest.raises(DataError, match=re.escape(message)):
                read_npz(path)
        np.save(tmp_path / "data.npy", good)
        with pytest.raises(DataError, match="needs two arrays named X and y"):
            read_npz(tmp_path / "data.npy")
