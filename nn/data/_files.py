"""Data from CSV and NumPy files; a mistake in a file is told with its line and column."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from autograd.files import printable


class DataError(ValueError):
    """Data that cannot be learned from; the message says where the fault is.

    >>> from nn.data import read_csv
    >>> read_csv("nowhere.csv", target="kind")
    Traceback (most recent call last):
    nn.data.DataError: nowhere.csv: there is no such file
    """

    __module__ = "nn.data"

    def __str__(self) -> str:
        # Names in a stranger's file could move the cursor, or change what stands in the terminal.
        return printable(super().__str__())


class Table(NamedTuple):
    """A CSV file: n rows of numbers `X`, n class numbers `y`, the names of the columns and of the classes."""

    X: list[list[float]]
    y: list[int]
    features: list[str]
    classes: list[str]


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
    for other, name in (";", "semicolons"), ("\t", "tabs"):
        if len(header) == 1 and other in header[0]:
            raise DataError(f"{path}, line {top}: has {name} between the cells; save it with commas")
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


def read_npz(path: str | Path) -> tuple[Any, Any]:
    """Return X (n, ...) and y (n,) or (n, k) from the arrays "X" and "y" of a NumPy file (numpy.savez).

    Raises DataError, which names the file, for another file, missing arrays, what is no number, a number that is not
    finite, and for parts of different lengths. Nothing in the file is run.

    >>> import numpy
    >>> from nn.data import read_npz
    >>> numpy.savez(path := getfixture("tmp_path") / "data.npz", X=[[1.0, 2.0]], y=[1])
    >>> read_npz(path)
    (array([[1., 2.]]), array([1]))
    """
    import zipfile

    import numpy

    try:
        with Path(path).open("rb") as file:
            found = numpy.load(file, allow_pickle=False)
            if not {"X", "y"} <= set(getattr(found, "files", ())):
                raise DataError(f"{path}: needs two arrays named X and y, as numpy.savez(path, X=X, y=y) writes them")
            X, y = found["X"], found["y"]
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    # zipfile raises RuntimeError for encrypted files and those of a version that it does not know.
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: is no NumPy file of numbers ({error})") from None
    for name, array in (("X", X), ("y", y)):
        if array.dtype.kind not in "fiub" or not array.ndim:
            raise DataError(f"{path}, {name}: must hold rows of numbers; got shape {array.shape} of {array.dtype}")
        bad = numpy.argwhere(~numpy.isfinite(array))
        if len(bad):
            raise DataError(f"{path}, {name}{bad[0].tolist()}: is {array[tuple(bad[0])]}, not a finite number")
    if len(X) != len(y):
        raise DataError(f"{path}: X has {len(X)} rows, y has {len(y)}")
    return X, y
