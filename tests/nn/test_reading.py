"""Files of strangers: whatever is in them, one sentence, in linear time and little memory."""

from __future__ import annotations

import gzip
import io
import random
import tracemalloc
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damage import strange_csv, strange_npz

from autograd.files import UNPRINTABLE
from nn.data import DataError, read_csv, read_features, read_labels, read_npz, read_table
from nn.data._files import checksum


def is_told(path: Path, read: Callable[[Path], Any]) -> bool:
    """Read a file; return whether it was refused, in one sentence."""
    message = ""
    try:
        read(path)
    except DataError as error:
        message = str(error)
    assert message == "" or message.startswith(f"{path}")
    assert len(message) < 600
    assert not UNPRINTABLE.search(message)
    return message != ""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_strange_numpy_file_is_told(seed: int, tmp_path: Path) -> None:
    rng, path = random.Random(seed), tmp_path / "a.npz"
    refused = 0
    for _ in range(150):
        path.write_bytes(strange_npz(rng))
        refused += is_told(path, read_npz)
    assert refused > 50


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_strange_csv_file_is_told(seed: int, tmp_path: Path) -> None:
    rng, path = random.Random(seed), tmp_path / "a.csv"
    refused = 0
    for _ in range(150):
        path.write_bytes(strange_csv(rng))
        refused += is_told(path, lambda path: read_csv(path, "c"))
        refused += is_told(path, lambda path: read_features(path, ["b", "a"]))
        refused += is_told(path, lambda path: read_labels(path, "c"))
    assert refused > 50


CELLS = [
    "1", "2.5", "1,5", "1.234", "$3", "84%", "NA", "", "true", "False", "2024-01-02", "02/03/2024", "12:30", "x", "é",
    '"a,b"', "inf", "01234", "-", "20240131", "'", " ", "1e400", "\0", "=1+1", "nan", "(5)", "€",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_table_of_strange_cells_is_told_or_made_ready(seed: int, tmp_path: Path) -> None:
    rng, path, found = random.Random(seed), tmp_path / "a.csv", [0, 0]
    for _ in range(40):
        kinds = [rng.sample(CELLS, rng.randrange(1, 4)) for _ in range(rng.randrange(1, 5))]
        separator, n = rng.choice(",;\t| "), rng.randrange(40)
        rows = [[rng.choice(kind if rng.random() < 0.95 else CELLS) for kind in kinds] for _ in range(n)]
        text = "\n".join(separator.join(row) for row in [["a", "b", "c", "d"][: len(kinds)], *rows])
        content = text.encode(rng.choice(["utf-8", "utf-16", "utf-16-le"]))
        path.write_bytes(gzip.compress(content) if rng.random() < 0.1 else content)
        if is_told(path, read_table):
            found[0] += 1
            continue
        found[1] += 1
        table = read_table(path)
        assert np.isfinite(table.X).all()
        np.testing.assert_array_equal(table.prepare(path), table.X)
    assert min(found) > 3


def peak(job: Callable[[], Any]) -> int:
    """Return how much memory a job takes."""
    tracemalloc.start()
    try:
        job()
    except DataError:
        pass
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return most


def header_of(shape: tuple[int, ...], dtype: str = "<f8") -> bytes:
    np.lib.format.write_array_header_1_0(file := io.BytesIO(), {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("claim", ["the header", "both", "the archive"])
def test_a_numpy_file_does_not_take_what_it_claims(claim: str, tmp_path: Path) -> None:
    """A few bytes of zeros, packed, are gigabytes when they are unpacked."""
    path = tmp_path / "a.npz"
    shape = (2, 3) if claim == "the archive" else (30_000_000, 10)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("X.npy", "w", force_zip64=True) as file:
            file.write(header_of(shape))
            for _ in range(0 if claim == "the header" else 100):
                file.write(bytes(2**20))
        archive.writestr("y.npy", header_of((1,)) + bytes(8))
    with pytest.raises(DataError, match="ends too early" if claim == "the header" else "more than 20 times as large"):
        read_npz(path)
    assert peak(lambda: read_npz(path)) < 2**20


@pytest.mark.slow
def test_a_numpy_file_whose_list_lies_about_sizes(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", header_of((2,)) + bytes(80 * 2**20))
        archive.writestr("y.npy", header_of((2,)) + bytes(16))
        size = archive.getinfo("X.npy").file_size.to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (144).to_bytes(4, "little")))
    with pytest.raises(DataError, match=r"is no NumPy file of numbers|does not hold"):
        read_npz(path)
    assert peak(lambda: read_npz(path)) < 4 * 2**20


TABLES: dict[str, Callable[[int], str]] = {
    "rows": lambda n: "a,b,c\n" + "1.5,2,x\n2.5,3,y\n" * n,
    "columns": lambda n: (
        ",".join(f"a{k}" for k in range(n)) + ",c\n" + "".join("1," * n + kind for kind in ("x\n", "y\n"))
    ),
    "classes": lambda n: "a,c\n" + "".join(f"1,k{k}\n" for k in range(n)),
    "names of one column": lambda n: "a" * n + ",c\n1,x\n2,y\n",
    "empty cells": lambda n: "a,c\n" + "," * n,
    "lines": lambda n: "a,c\n" + "\n" * n + "1,x\n2,y",
    "one cell": lambda n: 'a,c\n"' + "x" * n,
    "no text": lambda n: "a,c\n1,x\n" + "\udcff" * n,
    "numbers as classes": lambda n: "a,c\n" + "".join(f"1,{k}\n" for k in range(n)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_a_table_takes_a_small_multiple_of_its_size(name: str, tmp_path: Path) -> None:
    sizes, peaks = [], []
    for n in (1000, 4000):
        path = tmp_path / f"{n}.csv"
        path.write_bytes(TABLES[name](n).encode("utf-8", "surrogateescape"))
        sizes.append(path.stat().st_size)
        peaks.append(peak(partial(read_csv, path, "c")))
    # Of a row "1,k7" Python makes a list, two floats and a text.
    assert peaks[1] - peaks[0] < 64 * (sizes[1] - sizes[0]) + 2**17


class Name(str):
    """A text that counts how often it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Name.compared += 1
        return str(self) == other

    __hash__ = str.__hash__


@pytest.mark.parametrize("classes", [False, True])
def test_columns_and_classes_are_looked_up_not_searched(classes: bool, tmp_path: Path, monkeypatch: Any) -> None:
    """A search through all columns for each of 80,000 took half a minute."""
    path = tmp_path / "wide.csv"
    n = 400
    path.write_text(TABLES["classes" if classes else "columns"](n))
    strip = str.strip

    class Reader:
        line_num = 0

        def __init__(self, text: Any, **how: Any) -> None:
            self.rows = ([Name(cell) for cell in strip(line).split(",")] for line in text)

        def __iter__(self) -> Any:
            return self.rows

    monkeypatch.setattr(Name, "strip", lambda self: self)
    monkeypatch.setattr("nn.data._files.csv.reader", Reader)
    Name.compared = 0
    table = read_csv(path, "c")
    assert len(table.classes if classes else table.features) == n
    read_features(path, ["a"] if classes else [f"a{k}" for k in range(n)])
    assert Name.compared < 20 * n


def test_the_first_fault_ends_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,c\n1,x\ntwo,y\n" + "1,x\n" * 200_000)
    assert peak(lambda: read_csv(path, "c")) < 200_000


def test_a_file_that_goes_while_it_is_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.csv: there is no such file"):
        checksum(tmp_path / "nothing.csv")
    with pytest.raises(DataError, match="cannot be read"):
        checksum(tmp_path)


def test_numbers_are_those_of_tables_alone(tmp_path: Path) -> None:
    """Python takes 1_2 for 12, which may be two classes, and digits of any script."""
    path = tmp_path / "table.csv"
    path.write_text("a,c\n1,1_2\n2,12\n", encoding="utf-8")
    assert read_csv(path, "c").classes == ["12", "1_2"]
    for cell in ("1_000", "١٢", "１２", "0x10", "1e", "1 000", "1.000.000", "--1", "½", "True", "None", ""):
        path.write_text(f"a,c\n{cell},x\n2,y\n", encoding="utf-8")
        with pytest.raises(DataError, match=r"table\.csv, line 2, column a: .* is not a number"):
            read_csv(path, "c")
    for cell in ("nan", "inf", "-Infinity", "1e400"):
        path.write_text(f"a,c\n{cell},x\n2,y\n")
        with pytest.raises(DataError, match="is not a finite number"):
            read_csv(path, "c")
    path.write_bytes("\ufeffa,c\r\n+1.5E-1,x\r\n .5 ,y\r\n".encode())
    assert read_csv(path, "c").X == [[0.15], [0.5]]
