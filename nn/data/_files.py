"""Data from CSV and NumPy files; an error names the line and the column of a mistake."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from autograd.files import brief, open_file, printable
from nn._core.types import Array

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

MOST_PACKED, ALWAYS = 20, 64 * 2**20
"""A file may unpack to MOST_PACKED times its size, or to ALWAYS bytes if that is more."""


class DataError(ValueError):
    """Data that cannot be learned from; the message says where the fault is.

    >>> from nn.data import read_csv
    >>> read_csv("nowhere.csv", target="kind")
    Traceback (most recent call last):
    nn.data.DataError: nowhere.csv: there is no such file
    """

    __module__ = "nn.data"

    def __str__(self) -> str:
        # Names in a stranger's file could move the cursor, or overwrite the terminal.
        return printable(super().__str__())


class Samples(NamedTuple):
    """A CSV file: n rows of numbers `X`, n class numbers `y`, the names of columns and classes."""

    X: list[list[float]]
    y: list[int]
    features: list[str]
    classes: list[str]


def read_csv(path: str | Path, target: str) -> Samples:
    """Return the samples in a CSV file with a header; its column `target` holds the classes.

    All other columns hold numbers. X has n rows of k numbers, y n class numbers. Classes are in the order of their
    names, or of their numbers if all are numbers. Raises DataError, which names the file, the line and the column, for
    anything else.

    >>> from pathlib import Path
    >>> from nn.data import read_csv
    >>> _ = (path := Path(getfixture("tmp_path")) / "irises.csv").write_text("length,kind\\n1.5,a\\n4.5,b\\n")
    >>> read_csv(path, target="kind")
    Samples(X=[[1.5], [4.5]], y=[0, 1], features=['length'], classes=['a', 'b'])
    """
    rows = _rows(path)
    top, header = next(rows)
    (place,) = _places(path, top, header, [target])
    features = [name for name in header if name != target]
    if not features:
        raise DataError(f"{path}, line {top}: has no column besides {target!r} to learn from")
    X: list[list[float]] = []
    kinds: list[int] = []
    # Each label with its place among the labels, and the lines of their first rows.
    found: dict[str, int] = {}
    lines: list[int] = []
    for line, cells in rows:
        label = cells.pop(place)
        if not label:
            raise DataError(f"{path}, line {line}, column {target}: is empty")
        if label not in found:
            found[label] = len(lines)
            lines.append(line)
        kinds.append(found[label])
        X.append([_number(path, line, name, cell) for name, cell in zip(features, cells)])
    names = list(found)
    if all(is_number(label) for label in names):
        # 1, 1.0 and 01 are one class, under the name that comes first in the file.
        values = [_number(path, line, target, label) for label, line in zip(names, lines)]
        first = dict(zip(reversed(values), reversed(names)))
        names, classes = [first[value] for value in values], [first[value] for value in sorted(first)]
    else:
        classes = sorted(names)
    if len(classes) < 2:
        raise DataError(f"{path}, column {target}: has a single class, {classes[0]!r}; two are needed to tell apart")
    number = {name: k for k, name in enumerate(classes)}
    numbers = [number[name] for name in names]
    return Samples(X, [numbers[kind] for kind in kinds], features, classes)


def read_features(path: str | Path, features: Sequence[str]) -> list[list[float]]:
    """Return n rows of numbers from a CSV file with a header: the columns `features`, in this order.

    Other columns are left out. Raises DataError as `read_csv` does.

    >>> from pathlib import Path
    >>> from nn.data import read_features
    >>> _ = (path := Path(getfixture("tmp_path")) / "new.csv").write_text("width,length\\n2,1.5\\n")
    >>> read_features(path, ["length", "width"])
    [[1.5, 2.0]]
    """
    rows = _rows(path)
    top, header = next(rows)
    places = list(zip(features, _places(path, top, header, features)))
    return [[_number(path, line, name, cells[place]) for name, place in places] for line, cells in rows]


def read_labels(path: str | Path, target: str) -> list[str]:
    """Return the n labels in the column `target` of a CSV file with a header, as text.

    Raises DataError as `read_csv` does.

    >>> from pathlib import Path
    >>> from nn.data import read_labels
    >>> _ = (path := Path(getfixture("tmp_path")) / "some.csv").write_text("width,kind\\n2,a\\n")
    >>> read_labels(path, "kind")
    ['a']
    """
    rows = _rows(path)
    top, header = next(rows)
    (place,) = _places(path, top, header, [target])
    return [cells[place] for _, cells in rows]


def _places(path: str | Path, top: int, header: list[str], names: Sequence[str]) -> list[int]:
    """Return the places of columns; raise DataError for a name that no column has."""
    places = {name: place for place, name in enumerate(header)}
    for name in names:
        if name not in places:
            shown = ", ".join(header[:20]) + (", ..." if len(header) > 20 else "")
            raise DataError(f"{path}, line {top}: has no column {brief(name)}; its columns are {shown:.300}")
    return [places[name] for name in names]


def _rows(path: str | Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file with line numbers, the header first; raise DataError without samples."""
    line = 0
    try:
        # Bytes in front that say how the text is written are no part of the first name.
        with open_file(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, strict=True, skipinitialspace=True)
            header: list[str] = []
            rows = 0
            for row in reader:
                line = reader.line_num
                if not row:
                    continue
                cells = [cell.strip() for cell in row]
                if not header:
                    _check_header(path, line, header := cells)
                elif len(row) != len(header):
                    raise DataError(f"{path}, line {line}: has {len(row)} cells; the header has {len(header)}")
                rows += 1
                yield line, cells
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}, line {_undecodable(path)}: is not UTF-8 text; save the file as UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: is not CSV ({error})") from None
    if not rows:
        raise DataError(f"{path}: is empty; a header line and a line for each sample are needed")
    if rows == 1:
        raise DataError(f"{path}: has a header, but no samples")


def _check_header(path: str | Path, line: int, header: list[str]) -> None:
    for other, called in (";", "semicolons"), ("\t", "tabs"):
        if len(header) == 1 and other in header[0]:
            raise DataError(f"{path}, line {line}: has {called} between the cells; save it with commas")
    seen: set[str] = set()
    for column, name in enumerate(header, 1):
        if not name or name in seen:
            fault = f"is named twice: {name:.60}" if name else "has no name"
            raise DataError(f"{path}, line {line}, column {column}: {fault}")
        seen.add(name)


def _undecodable(path: str | Path) -> int:
    """Return the number of the first line that is no UTF-8 text, which a decoder of blocks does not know."""
    with open_file(path) as file:
        return next(line for line, content in enumerate(file, 1) if not _is_text(content))


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def checksum(path: str | Path) -> str:
    """Return the SHA-256 of a file, by which it is known again; raise DataError if it cannot be read."""
    try:
        found = sha256()
        with open_file(path) as file:
            # Some files of the system have nothing to read at the moment, for which hashlib's own loop waits forever.
            while block := file.read(2**20):
                found.update(block)
        return found.hexdigest()
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


def _number(path: str | Path, line: int, column: str, cell: str) -> float:
    if not is_number(cell):
        raise DataError(f"{path}, line {line}, column {column:.60}: {brief(cell)} is not a number")
    number = float(cell)
    if not math.isfinite(number):
        raise DataError(f"{path}, line {line}, column {column:.60}: {brief(cell)} is not a finite number")
    return number


def is_number(cell: str) -> bool:
    """Tell whether a text is a number as tables write it; nan and inf are.

    >>> from nn.data._files import is_number
    >>> [is_number(cell) for cell in ("-1.5e3", "nan", "1_000", "١٢", "0x10", "1,5")]
    [True, True, False, False, False, False]
    """
    # As Python's own numbers, 1_2 and 12 would be one class.
    if not cell.isascii() or "_" in cell:
        return False
    try:
        float(cell)
    except ValueError:
        return False
    return True


def read_npz(path: str | Path) -> tuple[Array, Array]:
    """Return X (n, ...) and y (n,) or (n, k) from the arrays "X" and "y" of a NumPy file (numpy.savez).

    Raises DataError, which names the file, for another file, missing arrays, other items than numbers, a number that is
    not finite, for parts of different lengths, and for a file that unpacks to many times its size. Nothing in the file
    is run.

    >>> import numpy
    >>> from nn.data import read_npz
    >>> numpy.savez(path := getfixture("tmp_path") / "data.npz", X=[[1.0, 2.0]], y=[1])
    >>> read_npz(path)
    (array([[1., 2.]]), array([1]))
    """
    import numpy

    with _told(path), open_file(path) as file:
        X, y = _arrays(path, file)
    for name, array in (("X", X), ("y", y)):
        bad = ~numpy.isfinite(array)
        if bad.any():
            place = tuple(int(k) for k in numpy.unravel_index(bad.argmax(), bad.shape))
            raise DataError(f"{path}, {name}{list(place)}: is {array[place]}, not a finite number")
    if len(X) != len(y):
        raise DataError(f"{path}: X has {len(X)} rows, y has {len(y)}")
    return X, y


@contextmanager
def _told(path: str | Path) -> Iterator[None]:
    """Turn any error of reading a NumPy file into a DataError that names the file."""
    try:
        yield
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    # Damaged, a file makes zipfile, zlib, tokenize and NumPy raise errors of a dozen kinds, more with each version.
    except Exception as error:
        raise DataError(f"{path}: is no NumPy file of numbers ({type(error).__name__}: {error!s:.200})") from None


def _arrays(path: str | Path, file: BinaryIO) -> list[Array]:
    import zipfile

    missing = f"{path}: needs two arrays named X and y, as numpy.savez(path, X=X, y=y) writes them"
    if file.read(6) == b"\x93NUMPY":
        raise DataError(missing)
    size = file.seek(0, 2)
    with zipfile.ZipFile(file) as archive:
        if not {"X.npy", "y.npy"} <= set(archive.namelist()):
            raise DataError(missing)
        members = [archive.getinfo(f"{name}.npy") for name in "Xy"]
        # NumPy writes no other kinds, and to unpack some of them takes any memory that the file asks for.
        if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
            raise DataError(f"{path}: is packed in a way that NumPy does not use")
        if sum(member.file_size for member in members) > max(MOST_PACKED * size, ALWAYS):
            raise DataError(
                f"{path}: is more than {MOST_PACKED} times as large when it is unpacked; if it is your own, save it "
                f"with numpy.savez, which packs nothing"
            )
        return [_array(path, name, archive, member) for name, member in zip("Xy", members)]


def _array(path: str | Path, name: str, archive: ZipFile, member: ZipInfo) -> Array:
    import numpy
    from numpy.lib import format as npy

    with archive.open(member) as file:
        version = npy.read_magic(file)
        read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
        shape, by_columns, dtype = read_header(file)
        if dtype.kind not in "fiub" or not shape:
            raise DataError(f"{path}, {name}: must hold rows of numbers; got shape {shape!s:.60} of {dtype!s:.60}")
        length = math.prod(shape) * dtype.itemsize
        if length > member.file_size:
            raise DataError(f"{path}, {name}: ends too early for its shape {shape!s:.60}")
        # One byte more: at the end the checksum is compared.
        data = file.read(length + 1)
        if len(data) != length:
            raise DataError(f"{path}, {name}: does not hold the numbers of its shape {shape!s:.60}")
    return numpy.frombuffer(data, dtype).reshape(shape, order="F" if by_columns else "C").copy()
