"""Lines of plain numbers are read by NumPy's parser, and give what csv and float() give."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn.data import DataError, _cells, read_table
from nn.data._blocks import plain_numbers
from nn.data._dialect import Dialect

NUMBERS = ["1", "2.5", "-3", "+4", "0", "0.5", "-0.5", ".5", "5.", "1e5", "12.345", ""]
ODD = ["00", "-07", "+01", "nan", "NA", "-", "abc", "x y", " 1", "1 ", "1_0", "inf", "1e999", "é", "0x1", "1..2", "'"]
KINDS = (["1", "2"], ["2.5", "1.5"], NUMBERS[:-1], NUMBERS, ["a", "007", "0"], NUMBERS + ODD)


def read(text: str, separator: str, tolerant: bool) -> Any:
    try:
        dialect = Dialect("utf-8", separator, 0, True, [])
        sheet = _cells.read_text(io.BytesIO(text.encode()), dialect, tolerant=tolerant, holes=[2.5])
    except DataError as error:
        return str(error)
    columns = [
        (c.name, None if c.numbers is None else c.numbers.tobytes(), None if c.codes is None else c.codes.tolist(),
         c.texts, c.points) for c in sheet.columns
    ]  # fmt: skip
    return columns, list(sheet.lines), sheet.faults


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a text of lines that csv may read in some way, and its separator."""
    separator, end = draw(st.sampled_from(",;\t| ")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    rows: list[list[str]] = draw(st.lists(st.tuples(*map(st.sampled_from, kinds)).map(list), min_size=4, max_size=12))
    if draw(st.integers(0, 5)) == 0:
        rows[-2] = draw(st.sampled_from([[], ["1"], ['"two', 'cells"'], ["1"] * (len(kinds) + 1)]))
    body = end.join(separator.join(row) for row in [list("abcd"[: len(kinds)]), *rows])
    return body + draw(st.sampled_from(["", end])), separator


@given(tables(), st.booleans())
@settings(max_examples=20, deadline=None)
def test_as_csv_reads_them(table: tuple[str, str], tolerant: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_cells, "ROWS", 3)
        found = read(*table, tolerant)
        patch.setattr(_cells, "plain_numbers", lambda *_: None)
        assert found == read(*table, tolerant)


@pytest.mark.parametrize("text", ["007", "-07", "+00", "x", "1_0", "1e999", "", "1 2", "nan"])
def test_what_is_no_plain_number_is_left_to_csv(text: str) -> None:
    lines = ["1,2,a\n", f"{text},2,a\n"]
    found = plain_numbers(lines, "".join(lines), ",", 3, [0, 1])
    if text:
        assert found is None
    else:
        assert found is not None
        np.testing.assert_array_equal(found[0], [[1.0, 2.0], [np.nan, 2.0]])
        assert found[1] == [["a", "a"]]


@pytest.mark.parametrize(
    ("chosen", "others"), [([1, 2], [["7", "a"]]), ([0, 1], [["", "9"]]), ([1], [["7", "a"], ["", "9"]]), ([], None)]
)
def test_the_other_columns(chosen: list[int], others: Any) -> None:
    lines = ["7,2,\r\n", f"{8 if 0 in chosen else 'a'},3,9\r\n"]
    found = plain_numbers(lines, "".join(lines), ",", 3, chosen)
    assert (found is None) == (others is None)
    if found is not None:
        assert found[1] == others
        assert found[0][:, chosen.index(1)].tolist() == [2.0, 3.0]


def test_lines_that_are_no_rows() -> None:
    for lines in (["1,2\n", "1,2,3\n"], ["1,2\n", "3,4"], ["1, 2\n"], [" 1,2\n"]):
        assert plain_numbers(lines, "".join(lines), ",", 2, [0, 1]) is None
    assert plain_numbers(["1\t 2\n"], "1\t 2\n", "\t", 2, [0]) is not None


@pytest.mark.parametrize("late", ["x", "é"])
def test_an_open_file_is_read_again_where_it_must_be_and_stays_open(late: str) -> None:
    text = "a,b\n" + "1,2\n2,4\n" * 600 + f"{late},3\n" * 600
    with io.BytesIO(text.encode("latin-1")) as file:
        assert len(read_table(file).columns) == 2
        assert not file.closed


def test_a_mistake_among_late_numbers_is_told_before_the_rest_is_read() -> None:
    cells = [f"{k / 8}" for k in range(2100)]
    cells[1200] = "oops"
    text = "a,b\n" + "".join(f"{cell},{k}\n" for k, cell in enumerate(cells))
    with pytest.raises(DataError, match=r"line 1202, column a: 'oops' is not a number, as 1,023 of 1,024 cells are"):
        read_table(io.BytesIO((text + "1,2,3\n").encode()))


def test_text_after_many_numbers_is_text() -> None:
    cells = [f"{k / 8}" for k in range(1400)] + [f"t{k}" for k in range(8)] + ["u"] * 1400
    text = "a,b\n" + "".join(f"{cell},{k % 7}\n" for k, cell in enumerate(cells))
    assert read_table(io.BytesIO(text.encode())).columns[0].way == "text"


def test_text_where_numbers_with_other_points_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cells, "ROWS", 3)
    table = read_table(io.BytesIO(b"a,b\n" + b"1.5,2\n" * 3 + b"2.5,x\n" * 9))
    assert [column.way for column in table.columns] == ["number", "text"]
