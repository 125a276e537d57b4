"""Tables in files and frames of all kinds: packed, workbooks, parquet, frames; what is no table is told."""

from __future__ import annotations

import gzip
import io
import json
import math
import zipfile
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from cells import PACKED, column, said, saved, table, zipped

from nn.data import read_table
from nn.data._prepared import rows_apart


@pytest.mark.parametrize("pack", PACKED)
def test_a_packed_table_is_the_table_that_was_packed(pack: str, tmp_path: Path) -> None:
    found = read_table(saved(tmp_path / "t", PACKED[pack](b"a,y\n5,u\n3,v\n9,u\n")), "y")
    assert (column(found, "a"), found.classes, found.y.tolist()) == ([5, 3, 9], ["u", "v"], [0, 1, 0])


def test_frames_of_all_kinds_are_the_table_of_their_file(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    data: dict[str, list[Any]] = {
        "size": [1.5, None, 3.0, 9.0], "whole": [5, 9, 2, 2], "kind": ["a", "b", None, "a"],
        "flag": [True, False, True, True],
        "when": [datetime(2024, 1, 1), datetime(2024, 2, 1), datetime(2024, 3, 5), datetime(2024, 3, 9)],
        "y": ["u", "v", "u", "v"],
    }  # fmt: skip
    frame = pandas.DataFrame(data)
    frame.to_csv(path := tmp_path / "t.csv", index=False)
    expected = read_table(path, "y")
    shuffled = frame.set_index(pandas.Index([3, 1, 0, 2]))
    fake = SimpleNamespace(
        column_names=list(data), schema=None, columns=None, __getitem__=None,
        column=lambda k: SimpleNamespace(to_pylist=lambda: list(data.values())[k], type="x"),
    )  # fmt: skip

    class Arrow:
        columns: tuple[Any, ...] = ()
        column_names, schema, column = fake.column_names, None, staticmethod(fake.column)

        def __getitem__(self, name: str) -> Any: ...

    records = [dict(zip(data, row)) for row in zip(*data.values())]
    texts = {
        "records": json.dumps(records, default=str),
        "lines": "\n\n".join(json.dumps(row, default=str) for row in records),
        "columns": json.dumps(data, default=str),
        "nested": json.dumps({name: dict(enumerate(items)) for name, items in data.items()}, default=str),
        "split": json.dumps({"columns": list(data), "data": list(zip(*data.values()))}, default=str),
    }
    sources = [
        frame,
        shuffled,
        data,
        Arrow(),
        *(saved(tmp_path / f"{name}.json", text) for name, text in texts.items()),
    ]
    for source in sources:
        found = read_table(source, "y")
        np.testing.assert_array_equal(found.X, expected.X)
        assert (found.inputs, found.classes, found.y.tolist()) == (expected.inputs, expected.classes, [0, 1, 0, 1])
    categories = read_table({"a": [5, 3, 8]} | {"k": pandas.Series([1, 2, 1], dtype="category")})
    assert categories.inputs == ["a", "k: 1", "k: 2"]
    holes = read_table({"a": [-999, 3, 5.5], "b": ["x", "-999", "y"]}, missing=["-999"])
    assert np.isnan(column(holes, "a")[0])
    assert holes.columns[1].missing
    assert np.isinf(column(read_table({"a": [1.0, 2.0], "b": [1.0, 3.0]}), "a")).sum() == 0
    for wrong, message in [
        ({"a": [[1], [2]]}, "column a: holds"), ({"a": [1], "b": [1, 2]}, "columns of different lengths, 1 and 2"),
        ({"a": []}, "has no samples"), (pandas.DataFrame([[1, 2]], columns=["a", "a"]), "two columns 'a'"),
        ({"a": np.array([np.inf, *range(30)])}, "'inf' is not a finite number"),
    ]:  # fmt: skip
        assert message in said(lambda wrong=wrong: read_table(wrong))  # type: ignore[misc]
    with pytest.raises(TypeError, match="a table is the name of a file, or a frame"):
        read_table(3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd0\xcf\x11\xe0old", "is a workbook of an old Excel"), (b"a,y\n1\0,u\n", "bytes that no text has"),
        (gzip.compress(b"a,y\n1,u\n", mtime=0)[:-9], "cannot be unpacked"),
        (b"PK\x03\x04damaged", "is a damaged archive"),
        (zipped(b"a", other="b"), "holds 2 files (t.csv, other); one table is needed"),
        (gzip.compress(bytes(2**20), mtime=0) * 512, "bytes that no text has"),
        (b"[1, 2]", "is no table; JSON of a table"),
        (b'{"a": 3}', "is no table"), (b'[{"a": 1}, {"a"', "is no JSON"), (b'{"a": 1}\n{"a"', "line 2: is no JSON"),
        (b"[" * 100_000, "lists inside each other"),
        (b"[1" + b" " * 70_000 + b"\xff", "not UTF-8 text"), (b"{}", "is no table"),
        (b"\xff\xfea\0,\0y\0\n\0\x00\xd8\0\0", "is damaged text"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_told(content: bytes, message: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "t", content)
    assert message in said(lambda: read_table(path))


def test_other_mistakes_with_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "there is no such file" in said(lambda: read_table(tmp_path / "none.csv"))
    assert "cannot be read" in said(lambda: read_table(tmp_path))
    monkeypatch.setattr("nn.data._opened.ALWAYS", 10)
    monkeypatch.setattr("nn.data._opened.MOST_PACKED", 2)
    path = saved(tmp_path / "t.gz", gzip.compress(b"a,y\n" + b"1,u\n" * 10_000))
    assert "more than 2 times as large when it is unpacked" in said(lambda: read_table(path))
    found = read_table(io.BytesIO(b"a,y\n5,u\n3,v\n9,u\n"), "y")
    assert found.classes == ["u", "v"]


def test_a_letter_of_another_code_far_into_a_file(tmp_path: Path) -> None:
    rows = "".join(f"{k % 7}.5,{'uv'[k % 2]}\n" for k in range(20_000))
    for letter, called in ((b"\xe9", "Windows-1252"), (b"\x81", "latin-1")):
        found = read_table(saved(tmp_path / "t.csv", b"a,y\n" + rows.encode() + b"3.5," + letter + b"\n"), "y")
        assert letter.decode("latin-1") in found.classes
        assert any("not UTF-8" in note and called[:6] in note.replace("cp1252", "Windows-1252") for note in found.notes)


def test_workbooks_and_parquet(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    page = book.active
    page.title = "empty"
    page = book.create_sheet("boats")
    for row in [
        ["Boats of 2024"], [], ["size", "kind", "when", "flag", None, "y"], [1.5, "a", date(2024, 1, 1), True, 4, "u"],
        [3, "b", date(2024, 2, 3), False, 8, "v"],
        [None, "a", date(2024, 1, 9), True, 3, "u"], [4, "", None, True, 1, "v"],
    ]:  # fmt: skip
        page.append(row)
    page.cell(row=3, column=9).fill = openpyxl.styles.PatternFill("solid", fgColor="FF0000")
    book.save(path := tmp_path / "b.xlsx")
    found = read_table(path, "y")
    assert found.lines == [4, 5, 6, 7]
    assert [col.name for col in found.columns] == ["size", "kind", "when", "flag", "unnamed 5"]
    assert column(found, "size")[:2] == [1.5, 3]
    assert found.columns[2].kind == "date"
    assert read_table(path, "y", sheet="boats").X.tolist() == found.X.tolist()
    assert "has no sheet 'x'; its sheets are empty, boats" in said(lambda: read_table(path, sheet="x"))
    assert "is empty" in said(lambda: read_table(path, sheet="empty"))
    for rows, message in [([["a", "y"]], "has a header, but no samples"), ([["a", "a"], [1, 2]], "is named twice")]:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(tmp_path / "c.xlsx")
        assert message in said(lambda: read_table(tmp_path / "c.xlsx"))
    with zipfile.ZipFile(tmp_path / "d.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "")
    assert "is no sound workbook" in said(lambda: read_table(tmp_path / "d.xlsx"))
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(tmp_path / "e.xlsx", "w") as archive:
        for name in whole.namelist():
            archive.writestr(name, whole.read(name)[: -40 if "sheet2" in name else None])
    assert "is no sound workbook" in said(lambda: read_table(tmp_path / "e.xlsx", sheet="boats"))


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    kinds = pyarrow.array(["a", "b", None]).dictionary_encode()
    parquet.write_table(
        pyarrow.table({"size": [1.5, 3, None], "k": kinds, "y": ["u", "v", "u"]}), path := tmp_path / "t"
    )
    found = read_table(path, "y")
    assert found.inputs == ["size", "size: missing", "k: a", "k: b", "k: missing"]
    assert "is no sound file of parquet" in said(lambda: read_table(saved(tmp_path / "p", b"PAR1 and more")))


def test_rare_paths_of_the_reader(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    endless = pandas.DataFrame({"a": [math.inf, *range(30)]})
    assert "row 0, column a: 'inf' is not a finite number" in said(lambda: read_table(endless))
    holes = table(tmp_path, "a,b,y\n-999,5,u\n3,-999,v\n5,2,u\n", missing=["-999", "n.a."])
    assert np.isnan(column(holes, "a")[0])
    assert np.isnan(column(holes, "b")[1])
    months = "a,y\n" + "19991301,u\n20010431,v\n" * 5
    assert table(tmp_path, months).columns[0].way == "number"
    assert repr(read_table({"a": [1.0, 2.0]})) == "Table(2 rows, 1 columns as 1 inputs)"
    days = [f"2024-{m:02}-{d:02}" for m in range(1, 9) for d in range(1, 27)]
    words = [f"w{k}" for k in range(60)]
    mixed = table(
        tmp_path, "a,b,y\n" + "".join(f"{cell},{k % 7}.5,{'uv'[k % 2]}\n" for k, cell in enumerate(days + words))
    )
    assert mixed.columns[0].kind == "left out"
    assert len(rows_apart([0, 1], 2, True, 0.2, 0)) == 1
    with pytest.raises(ValueError, match="of 1 rows leaves one part empty"):
        rows_apart([0], 1, True, 0.2, 0)


@pytest.mark.parametrize(("start", "module"), [(b"PAR1", "pyarrow.parquet"), (None, "openpyxl")])
def test_the_extra_is_named(start: bytes | None, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    monkeypatch.setitem(__import__("sys").modules, module.partition(".")[0], None)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "")
    with pytest.raises(ImportError, match=r"needs the extra `tables`: pip install 'glassgrad\[tables\]'"):
        read_table(saved(tmp_path / "t", start or file.getvalue()))
