"""Data to learn from: made here, shipped with scikit-learn, or read from a CSV file."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

Points = tuple[list[list[float]], list[int]]


class DataError(ValueError):
    """Data that cannot be learned from; the message says where the fault is.

    >>> from nn.data import read_csv
    >>> read_csv("nowhere.csv", target="kind")
    Traceback (most recent call last):
    nn.data.DataError: nowhere.csv: there is no such file
    """


class Table(NamedTuple):
    """A CSV file: n rows of numbers `X`, n class numbers `y`, the names of the columns and of the classes."""

    X: list[list[float]]
    y: list[int]
    features: list[str]
    classes: list[str]


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> Points:
    """Return n points on two interleaving half circles, X (n, 2) and classes y (n,) of 0 and 1.

    `noise` is the standard deviation that is added to each coordinate. Raises ValueError for n < 2
    and for a noise that is negative or not finite.

    >>> from nn.data import moons
    >>> X, y = moons(100)
    >>> len(X), sum(y)
    (100, 50)
    """

    def point(label: int, t: float) -> tuple[float, float]:
        angle = math.pi * t
        return (1 - math.cos(angle), 0.5 - math.sin(angle)) if label else (math.cos(angle), math.sin(angle))

    return _two_curves(point, n, noise, seed)


def circles(n: int = 100, noise: float = 0.05, seed: int = 0) -> Points:
    """Return n points on two circles, of radius 1 (class 0) and 0.5 (class 1); otherwise as `moons`.

    >>> from nn.data import circles
    >>> X, y = circles(10, noise=0.0)
    >>> round(X[0][0] ** 2 + X[0][1] ** 2, 6) in (0.25, 1.0)
    True
    """

    def point(label: int, t: float) -> tuple[float, float]:
        radius, angle = (0.5 if label else 1.0), 2 * math.pi * t
        return radius * math.cos(angle), radius * math.sin(angle)

    return _two_curves(point, n, noise, seed)


def spirals(n: int = 200, noise: float = 0.05, seed: int = 0) -> Points:
    """Return n points on two spirals wound into each other; otherwise as `moons`.

    >>> from nn.data import spirals
    >>> sorted(set(spirals(20)[1]))
    [0, 1]
    """

    def point(label: int, t: float) -> tuple[float, float]:
        radius, angle = 0.1 + t, 3 * math.pi * t + math.pi * label
        return radius * math.cos(angle), radius * math.sin(angle)

    return _two_curves(point, n, noise, seed)


def _two_curves(point: Callable[[int, float], tuple[float, float]], n: int, noise: float, seed: int) -> Points:
    """Return n points spread over two curves, `point(class, t)` for t from 0 to 1, in random order."""
    if not isinstance(n, int) or n < 2:
        raise ValueError(f"n must be a whole number from 2; got {n!r}")
    if not isinstance(noise, (int, float)) or not 0 <= noise < math.inf:
        raise ValueError(f"noise must be 0 or a positive number; got {noise!r}")
    rng = Random(seed)
    samples = []
    for label in (0, 1):
        count = (n + 1 - label) // 2
        for k in range(count):
            x1, x2 = point(label, k / max(1, count - 1))
            samples.append(([x1 + rng.gauss(0, noise), x2 + rng.gauss(0, noise)], label))
    rng.shuffle(samples)
    return [x for x, _ in samples], [label for _, label in samples]


def digits() -> tuple[Any, Any]:
    """Return 1,797 handwritten digits: X (1797, 64), the 8 x 8 pixels from 0 to 1, and y (1797,), the digits.

    From scikit-learn, which ships them; raises ImportError if it is not installed.

    >>> from nn.data import digits
    >>> [part.shape for part in digits()]
    [(1797, 64), (1797,)]
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ImportError("the digits come with scikit-learn: pip install scikit-learn") from None
    X, y = load_digits(return_X_y=True)
    return X / 16.0, y


def train_test_split(X: Any, y: Any, test: float = 0.2, seed: int = 0) -> tuple[Any, Any, Any, Any]:
    """Return X_train, X_test, y_train, y_test: the samples shuffled by `seed`, a fraction `test` of them set apart.

    X and y are lists or arrays with a row for each sample, and so are the parts. Raises ValueError if their lengths
    differ or if a part would be empty.

    >>> from nn.data import train_test_split
    >>> [len(part) for part in train_test_split(list(range(10)), list(range(10)))]
    [8, 2, 8, 2]
    """
    if len(X) != len(y):
        raise ValueError(f"X and y need a row for each sample; X has {len(X)}, y has {len(y)}")
    n_test = round(len(X) * test) if 0 < test < 1 else 0
    if not 0 < n_test < len(X):
        raise ValueError(f"test={test!r} of {len(X)} samples leaves one part empty; give a number between 0 and 1")
    order = list(range(len(X)))
    Random(seed).shuffle(order)
    train, apart = order[n_test:], order[:n_test]
    return _rows(X, train), _rows(X, apart), _rows(y, train), _rows(y, apart)


def _rows(data: Any, order: list[int]) -> Any:
    return data[order] if hasattr(data, "dtype") else [data[k] for k in order]


def read_csv(path: str | Path, target: str) -> Table:
    """Return the samples in a CSV file with a header: the column `target` holds the classes, all others numbers.

    X has n rows of k numbers, y n class numbers. Classes are in the order of their names, or of their numbers if all
    are numbers. Raises DataError, which names the file, the line and the column, for anything else.

    >>> from pathlib import Path
    >>> from nn.data import read_csv
    >>> _ = (path := Path(getfixture("tmp_path")) / "irises.csv").write_text("length,kind\\n1.5,a\\n4.5,b\\n")
    >>> read_csv(path, target="kind")
    Table(X=[[1.5], [4.5]], y=[0, 1], features=['length'], classes=['a', 'b'])
    """
    top, header, body = _header_and_rows(path)
    place = _place(path, top, header, target)
    features = [name for name in header if name != target]
    if not features:
        raise DataError(f"{path}, line {top}: has no column besides {target!r} to learn from")
    X, labels, lines = [], [], []
    for line, cells in body:
        if not cells[place]:
            raise DataError(f"{path}, line {line}, column {target}: is empty")
        labels.append(cells[place])
        lines.append(line)
        X.append([_number(path, line, name, cell) for name, cell in zip(header, cells) if name != target])
    if all(_is_number(label) for label in labels):
        # 1, 1.0 and 01 are one class, under the name that comes first in the file.
        numbers = [_number(path, line, target, label) for line, label in zip(lines, labels)]
        names = dict(zip(reversed(numbers), reversed(labels)))
        labels, classes = [names[number] for number in numbers], [names[number] for number in sorted(names)]
    else:
        classes = sorted(set(labels))
    if len(classes) < 2:
        raise DataError(f"{path}, column {target}: has a single class, {classes[0]!r}; two are needed to tell apart")
    return Table(X, [classes.index(label) for label in labels], features, classes)


def read_features(path: str | Path, features: Sequence[str]) -> list[list[float]]:
    """Return n rows of numbers from a CSV file with a header: the columns `features`, in this order.

    Other columns are left out. Raises DataError as `read_csv` does.

    >>> from pathlib import Path
    >>> from nn.data import read_features
    >>> _ = (path := Path(getfixture("tmp_path")) / "new.csv").write_text("width,length\\n2,1.5\\n")
    >>> read_features(path, ["length", "width"])
    [[1.5, 2.0]]
    """
    top, header, body = _header_and_rows(path)
    places = [(name, _place(path, top, header, name)) for name in features]
    return [[_number(path, line, name, cells[place]) for name, place in places] for line, cells in body]


def read_labels(path: str | Path, target: str) -> list[str]:
    """Return the n labels in the column `target` of a CSV file with a header, as text.

    Raises DataError as `read_csv` does.

    >>> from pathlib import Path
    >>> from nn.data import read_labels
    >>> _ = (path := Path(getfixture("tmp_path")) / "some.csv").write_text("width,kind\\n2,a\\n")
    >>> read_labels(path, "kind")
    ['a']
    """
    top, header, body = _header_and_rows(path)
    place = _place(path, top, header, target)
    return [cells[place] for _, cells in body]


def _place(path: str | Path, top: int, header: list[str], name: str) -> int:
    if name not in header:
        raise DataError(f"{path}, line {top}: has no column {name!r}; its columns are {', '.join(header)}")
    return header.index(name)


def _header_and_rows(path: str | Path) -> tuple[int, list[str], list[tuple[int, list[str]]]]:
    """Return a CSV file's header with its line number, and its rows with theirs, one at least, as stripped cells."""
    try:
        reader = csv.reader(
            io.StringIO(Path(path).read_bytes().decode("utf-8-sig"), newline=""), strict=True, skipinitialspace=True
        )
        rows = [(reader.line_num, row) for row in reader if row]
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DataError(f"{path}, line {line}: is not UTF-8 text; save the file as UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: is not CSV ({error})") from None
    if not rows:
        raise DataError(f"{path}: is empty; a header line and a line for each sample are needed")
    (top, header), *body = rows
    header = [name.strip() for name in header]
    for column, name in enumerate(header, 1):
        if not name or header.index(name) != column - 1:
            fault = f"is named twice: {name}" if name else "has no name"
            raise DataError(f"{path}, line {top}, column {column}: {fault}")
    if not body:
        raise DataError(f"{path}: has a header, but no samples")
    for line, row in body:
        if len(row) != len(header):
            raise DataError(f"{path}, line {line}: has {len(row)} cells; the header has {len(header)}")
    return top, header, [(line, [cell.strip() for cell in row]) for line, row in body]


def _number(path: str | Path, line: int, column: str, cell: str) -> float:
    if not _is_number(cell):
        raise DataError(f"{path}, line {line}, column {column}: {cell!r} is not a number")
    number = float(cell)
    if not math.isfinite(number):
        raise DataError(f"{path}, line {line}, column {column}: {cell!r} is not a finite number")
    return number


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
