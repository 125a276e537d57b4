"""Made data lie where they should; a CSV file is read or its fault is named."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn.data import DataError, circles, digits, moons, read_csv, spirals, train_test_split


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
    with pytest.raises(DataError, match=r"cannot be read .Is a directory"):
        read_csv(tmp_path, "kind")
    (tmp_path / "latin.csv").write_bytes(b"a,kind\n" + 9000 * b"1,x\n" + b"1,\xe9\n")
    with pytest.raises(DataError, match=r"latin.csv, line 9002: is not UTF-8 text"):
        read_csv(tmp_path / "latin.csv", "kind")
