"""Data made ready: set apart, standardised, classes as vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Any

from autograd.files import brief
from nn._core.order import in_another_order
from nn._core.rows import pick, rows, shape_of
from nn._core.settings import real, whole
from nn._core.types import Array, Numbers, Rows, Targets


def train_test_split(X: Rows, y: Targets, test: float = 0.2, seed: int = 0) -> tuple[Rows, Rows, Targets, Targets]:
    """Return X_train, X_test, y_train, y_test: shuffled by `seed`, a fraction `test` set apart.

    X and y are lists, arrays, Series or DataFrames with a row for each sample, taken by position, and so are the parts.
    Raises ValueError if their lengths differ or if a part would be empty.

    >>> from nn.data import train_test_split
    >>> [len(part) for part in train_test_split(list(range(10)), list(range(10)))]
    [8, 2, 8, 2]
    """
    if len(X) != len(y):
        raise ValueError(f"X and y need a row for each sample; X has {len(X)}, y has {len(y)}")
    part = real("test", test, lambda part: True, "a number between 0 and 1")
    n_test = round(len(X) * part) if 0 < part < 1 else 0
    if not 0 < n_test < len(X):
        raise ValueError(f"test={test!r} of {len(X)} samples leaves one part empty; give a number between 0 and 1")
    order = list(range(len(X)))
    Random(whole("seed", seed)).shuffle(order)
    train, apart = order[n_test:], order[:n_test]
    return pick(X, train), pick(X, apart), pick(y, train), pick(y, apart)


def rows_apart(y: Rows | None, n: int, classes: bool, test: float, seed: int) -> list[int]:
    """Return the rows to set apart: a fraction `test`, of each class by itself, chosen by `seed`.

    Raises ValueError if a part would be empty.

    >>> from nn.data._prepared import rows_apart
    >>> len(rows_apart([0] * 10 + [1] * 90, 100, True, 0.2, 0))
    20
    """
    part = real("test", test, lambda part: 0 < part < 1, "a number between 0 and 1")
    random = Random(whole("seed", seed))
    groups = [range(n)] if y is None or not classes else _groups(y)
    orders = [in_another_order(group, random) for group in groups]
    # Of a class with one row alone the network could learn nothing.
    apart = [row for order in orders for row in order[: min(round(len(order) * part), len(order) - 1)]]
    if not apart:
        apart = [max(orders, key=len)[0]]
    if len(apart) >= n:
        raise ValueError(f"test={test!r} of {n} rows leaves one part empty")
    return in_another_order(apart, random)


def others(apart: Sequence[int], n: int) -> Array:
    """Return the rows of n, in their order, that are not set apart.

    >>> from nn.data._prepared import others
    >>> others([2, 0], 4)
    array([1, 3])
    """
    import numpy

    kept = numpy.ones(n, bool)
    kept[apart] = False
    found: Array = numpy.flatnonzero(kept)
    return found


def _groups(y: Rows) -> list[Sequence[int]]:
    """Return the rows of each class, by its number."""
    if hasattr(y, "dtype"):
        import numpy

        return [numpy.flatnonzero(y == number).tolist() for number in numpy.unique(y)]
    groups: dict[int, list[int]] = {}
    for row, number in enumerate(y):
        groups.setdefault(int(number), []).append(row)
    return [group for _, group in sorted(groups.items())]


def standardise(X: Rows, *others: Rows) -> Any:
    """Return X with mean 0 and standard deviation 1 in each column, and `others` scaled alike.

    X is (n, k): a list of rows or an array. The means and deviations of the training data X are applied to the others,
    such as test data, so that nothing is learned from these. A column that is constant becomes 0. Returns one, or a
    tuple. Raises ValueError for rows of different lengths, no rows, and numbers that are not finite or too large to
    square.

    >>> from nn.data import standardise
    >>> standardise([[1.0], [3.0]], [[5.0]])
    ([[-1.0], [1.0]], [[3.0]])
    """
    parts = [rows(part) for part in (X, *others)]
    means, spread = centre_and_spread(parts[0])
    made = tuple(_moved(part, means, spread) for part in parts)
    return made if others else made[0]


def centre_and_spread(X: Rows) -> tuple[Numbers, Numbers]:
    """Return the mean and the standard deviation of each column; of a constant one its number and 1."""
    _check_rows(X)
    if hasattr(X, "dtype"):
        import numpy

        # The order in which numbers lie, by rows or by columns as in a table, would change the last digits.
        X = numpy.ascontiguousarray(X)
        with numpy.errstate(over="ignore", invalid="ignore"):
            means, spread = X.mean(axis=0), X.std(axis=0)
        # The mean of equal numbers may be rounded to another one.
        constant = X.min(axis=0) == X.max(axis=0)
        means[constant], spread[constant | (spread == 0)] = X[0][constant], 1
        largest = float(spread.max())
    else:
        pairs = list(map(_moments, zip(*X)))
        means, spread = [mean for mean, _ in pairs], [deviation for _, deviation in pairs]
        largest = max(spread)
    if not largest < math.inf:
        raise ValueError("a column holds numbers whose squares are too large; divide it by a large number first")
    return means, spread


def _moments(column: Sequence[float]) -> tuple[float, float]:
    if min(column) == max(column):
        return column[0], 1.0
    try:
        mean = math.fsum(column) / len(column)
        return mean, math.sqrt(math.fsum((x - mean) ** 2 for x in column) / len(column)) or 1.0
    except OverflowError:
        return 0.0, math.inf


def _moved(X: Rows, means: Numbers, spread: Numbers) -> Rows:
    _check_rows(X, len(means))
    if hasattr(X, "dtype"):
        return (X - means) / spread
    return [[(x - m) / s for x, m, s in zip(row, means, spread)] for row in X]


def _check_rows(X: Rows, width: int | None = None) -> None:
    if hasattr(X, "dtype"):
        if X.ndim != 2 or not X.size:
            raise ValueError(f"standardise takes rows of numbers (n, k); got an array of shape {X.shape}")
        finite, lengths = bool(abs(X).max() < math.inf), {X.shape[1]}
    else:
        if not all(hasattr(row, "__len__") for row in X):
            raise ValueError(f"standardise takes rows of numbers (n, k); got {brief(X)}")
        lengths = {len(row) for row in X}
        finite = all(math.isfinite(x) for row in X for x in row)
        if not lengths or lengths == {0}:
            raise ValueError("standardise takes rows of numbers (n, k); got none")
    if len(lengths) > 1 or (width is not None and lengths != {width}):
        raise ValueError(f"all rows need {width or 'the same number of'} columns; got {sorted(lengths)}")
    if not finite:
        raise ValueError("a number is nan or infinite; leave its row out, or put a number there")


def one_hot(y: Targets, classes: int | None = None) -> Rows:
    """Return class numbers y (n,) as rows (n, classes): 1 at the class, 0 elsewhere; lists for a list.

    Without `classes` the largest number says how many there are. Raises ValueError unless all are class numbers.

    >>> from nn.data import one_hot
    >>> one_hot([1, 0, 2])
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    y = rows(y, "y")
    if len(shape_of(y)) != 1:
        raise ValueError(f"one_hot takes n class numbers, shape (n,); got shape {shape_of(y)}")
    numbers = [number.item() if hasattr(number, "item") else number for number in y]
    classes = None if classes is None else whole("classes", classes, 1, ", or None")
    k = classes if classes is not None else max((int(n) for n in numbers if _is_class(n)), default=-1) + 1
    for number in numbers:
        if not _is_class(number) or number >= k:
            upto = "" if classes is None else f" to {k - 1} here"
            raise ValueError(f"a class is a whole number from 0{upto}; got {brief(number)}")
    made = [[float(column == number) for column in range(k)] for number in numbers]
    if hasattr(y, "dtype"):
        import numpy

        return numpy.array(made)
    return made


def _is_class(number: object) -> bool:
    return isinstance(number, (int, float)) and number >= 0 and number == number // 1
