"""Anybody's table: read in every dialect, guessed and told; what can be read in two ways is refused."""

from __future__ import annotations

import math
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cells import PACKED, column, said, saved, table, written
from hypothesis import given
from hypothesis import strategies as st

from nn.data import read_table, standardise
from nn.data._formats import days, number, value_of
from nn.data._prepared import rows_apart

WORDS = ["oak", "elm", "naïve", 'say "yes"', "a b"]


@pytest.mark.slow
@given(data=st.data())
def test_a_table_is_the_same_in_every_dialect(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    separator = data.draw(st.sampled_from(",;\t|"))
    comma = separator != "," and data.draw(st.booleans())
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1"]))
    pack = data.draw(st.sampled_from(list(PACKED)))
    n = data.draw(st.integers(4, 12))
    numbers = data.draw(st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 2)), min_size=n, max_size=n))
    # One that can be read in a single way.
    numbers[0] = 12.5
    kinds = [WORDS[k % 3] for k in range(n)]
    cells = [f"{x:.2f}".replace(".", ",") if comma else f"{x:.2f}" for x in numbers]
    text = written(
        [["size", "wörd", "y"], *([a, b, "uv"[k % 2]] for k, (a, b) in enumerate(zip(cells, kinds)))], separator
    )
    path = tmp_path_factory.mktemp("t") / "any"
    path.write_bytes(PACKED[pack](text.encode(encoding)))
    found = read_table(path, "y")
    assert column(found, "size") == numbers
    assert found._values[1].texts == list(dict.fromkeys(kinds))
    assert [found.classes[k] for k in found.y.tolist()] == ["uv"[k % 2] for k in range(n)]


@pytest.mark.parametrize(
    ("cell", "way", "expected"),
    [
        ("$1,660", "number", 1660), ("(1,660.5)", "number", -1660.5), ("-$3", "number", -3), ("$-3", "number", -3),
        ("1 234 567", "number", 1234567), ("1'234.5", "number", 1234.5), ("1.234,5", "decimal comma", 1234.5),
        ("12 €", "decimal comma", 12), ("1e-3", "number", 0.001), (".5", "number", 0.5), ("5.", "number", 5),
        ("−3", "number", -3), ("1,23", "number", None), ("1,2345", "number", None), ("1_000", "number", None),
        ("", "number", None), ("-", "number", None), ("$", "number", None), ("$5$", "number", None),
        ("(5", "number", None),
        ("--5", "number", None), ("(-5)", "number", None), ("1e400", "number", None), ("1,000e3", "number", None),
        ("١", "number", None), ("0x1", "number", None), ("1.234.567", "decimal comma", 1234567),
        ("1.5", "decimal comma", None),
    ],
)  # fmt: skip
def test_a_number_in_a_cell(cell: str, way: str, expected: float | None) -> None:
    found = number(cell, way)
    assert (None if found is None else found.value) == expected


def test_what_has_another_unit_is_another_way() -> None:
    assert value_of("5 %", "number", "%") == 5
    assert value_of("5", "number", "%") is None
    assert value_of("€5", "number", "$") is None
    assert value_of("true", "true or false", "") == 1


@given(st.dates(date(1970, 1, 1), date(2069, 12, 31)), st.times())
def test_dates_are_those_of_the_calendar(day: date, clock: time) -> None:
    expected = (day - date(1970, 1, 1)).days
    for text, way in [
        (day.isoformat(), "date"), (f"{day.day}.{day.month}.{day.year}", "date"), (f"{day:%d %b %Y}", "date"),
        (f"{day:%B} {day.day}, {day.year}", "date"), (f"{day:%Y%m%d}", "date of eight digits"),
        (f"{day:%d/%m/%y}", "date, day first"), (f"{day:%m/%d/%Y}", "date, month first"),
    ]:  # fmt: skip
        assert (days(text, way) is None) == (way == "date of eight digits" and day.year < 1900), text
        assert days(text, way) == expected
    moment = datetime.combine(day, clock.replace(tzinfo=None))
    whole = days(moment.isoformat(), "date")
    assert whole == pytest.approx((moment - datetime(1970, 1, 1)).total_seconds() / 86400, abs=1e-9)
    assert days(f"{moment:%Y-%m-%d %I:%M} {'PM' if clock.hour > 11 else 'AM'}", "date") == pytest.approx(
        whole, abs=1e-3
    )


@pytest.mark.parametrize(
    "text", ["2024-13-01", "2023-02-29", "2024-01-01 25:00", "2024-01-01 13:00 pm", "31.4.2024", "a", "2024"]
)
def test_what_is_no_date(text: str) -> None:
    assert days(text, "date") is None


DAYS = "".join(f"2024-01-{k:02},v\n" for k in range(1, 27))

MANY = "".join(f"{k}.5,v\n" for k in range(23))


@pytest.mark.parametrize(
    ("cells", "expected", "way"),
    [
        (["True", "FALSE", "true"], [1, 0, 1], "true or false"),
        (['"$1,660"', "$84.00", "-$3"], [1660, 84, -3], "number in $"),
        (["$5", "0", "$3"], [5, 0, 3], "number in $"),
        (["84%", "8.5 %", "NA"], [84, 8.5, math.nan], "number in %"),
        (['"1,660"', '"12,000"', "5"], [1660, 12000, 5], "number"),
        (["1.5", "?", "n/a"], [1.5, math.nan, math.nan], "number"),
        (["1.5", "None", "2"], [1.5, math.nan, 2], "number"),
        (["12:30", "1:00", "23:15"], [12.5, 1, 23.25], "time of day"),
        (["20240131", "20240201", "20231231"], [19753, 19754, 19722], "date of eight digits"),
        (["13/01/2024", "14/01/2024", "01/02/2024"], [19735, 19736, 19754], "date, day first"),
        (["01/13/2024", "01/14/2024", "02/01/2024"], [19735, 19736, 19754], "date, month first"),
        (["01/01/2024", "01/02/2024", "01/03/2024"], [19723, 19754, 19783], "date, day first"),
        (["1 Jan 2024", "Feb 1 2024", "2024-03-01"], [19723, 19754, 19783], "date"),
        (["2024-01-01 12:00", "2024-01-02", "NaT"], [19723.5, 19724, math.nan], "date"),
    ],
)
def test_columns_are_read_as_they_are_written(
    cells: list[str], expected: list[float], way: str, tmp_path: Path
) -> None:
    rows = "".join(f"{cell},{k % 5}.5,{'uv'[k % 2]}\n" for k, cell in enumerate(cells * 4))
    found = table(tmp_path, "a,b,y\n" + rows)
    np.testing.assert_array_equal(column(found, "a"), expected * 4)
    (told,) = [col for col in found.columns if col.name == "a"]
    assert f"{told.way} in {told.unit}" == way if told.unit else told.way == way


@pytest.mark.parametrize(
    ("message", "text", "how"),
    [
        ("line 3: has 2 cells; the header has 3", "a,b,y\n1,2,u\n1,2\n", {}),
        ("line 2, column a: 'x' is not a number, as 23 of 24 cells are", "a,y\nx,u\n" + MANY, {}),
        ("line 2, column a: 'inf' is not a finite number", "a,y\ninf,u\n" + MANY, {}),
        ("column a: '1,234' may be thousands, or have a fraction", "a;b;y\n1,234;2;u\n2,345;3;v\n" * 1, {}),
        ("column a: a number such as 1.234 may be thousands", "a;b;y\n1.234;2;u\n2.345;3;v\n", {}),
        ("column a: of '02/01/2024' nothing says whether", "a,y\n02/01/2024,u\n03/04/2024,v\n", {}),
        ("line 3, column a: 'soon' is not a date, as 27 of 28 cells are", "a,y\n2024-02-01,u\nsoon,u\n" + DAYS, {}),
        ("column a: '€5' is in another unit than '$5'", "a,y\n$5,u\n€5,v\n", {}),
        ("column a: '0.5' is in another unit than '50%'", "a,y\n50%,u\n0.5,v\n", {}),
        ("line 1, column 2: is named twice: a", "a,a,y\n1,2,u\n", {}),
        ("line 1: has no column 'z'; its columns are a, y", "a,y\n1,u\n", {"target": "z"}),
        ("has no column 'b' to drop", "a,y\n1,u\n", {"drop": ["b"]}),
        ("'y' is to be predicted, and cannot be dropped", "a,y\n1,u\n", {"drop": "y"}),
        ("has no column besides 'y' to learn from", "y\nu\nv\n", {}),
        ("column y: has a single class, 'u'", "a,y\n1,u\n2,u\n", {}),
        ("column y: is empty", "a,y\n1,\n2,NA\n", {}),
        ("column y: holds dates or times", "a,y\n1,2024-01-01\n2,2024-01-02\n", {}),
        ("column y: has 5 different values in 5 rows, too many for classes", "a,y\n1,q\n2,r\n3,s\n5,t\n4,u\n", {}),
        ("line 2, column y: 'u' is not a number, and --kind is numbers", "a,y\n1,u\n2,v\n", {"kind": "numbers"}),
        ("column y: has the same number, 3, in every row", "a,y\n1,3\n2,3\n", {"kind": "numbers"}),
        ("column y: holds 1e+200, whose square is too large", "a,y\n1,3\n2,1e200\n", {"kind": "numbers"}),
        ("column a: holds 1e+200, whose square is too large", "a,y\n1e200,u\n2,v\n", {}),
        ("has no column to learn from; a: the same in every row: 1", "a,y\n1,u\n1,v\n", {}),
        ("has a header, but no samples", "a,y\n", {}),
        ("is empty; a header line", "", {}),
        ("has no sheets, as it is no workbook", "a,y\n1,u\n", {"sheet": "x"}),
        ("line 2: is not CSV", 'a,y\n"1"2,u\n', {}),
    ],
)  # fmt: skip
def test_what_is_wrong_or_can_be_read_in_two_ways_is_told(
    message: str, text: str, how: dict[str, Any], tmp_path: Path
) -> None:
    assert message in said(lambda: table(tmp_path, text, **how))


def test_a_user_says_what_can_be_read_in_two_ways(tmp_path: Path) -> None:
    text = "a;b;y\n1,234;2;u\n2,345;3;v\n"
    assert column(table(tmp_path, text, decimal=","), "a") == [1.234, 2.345]
    assert column(table(tmp_path, text, decimal="."), "a") == [1234, 2345]
    points = text.replace("1,234", "1.234").replace("2,345", "2.345")
    assert column(table(tmp_path, points, decimal="."), "a") == [1.234, 2.345]
    assert column(table(tmp_path, points, decimal=","), "a") == [1234, 2345]
    # Another column says so too.
    for cell, expected in (("2,5", [1234, 2345]), ("2.5", [1.234, 2.345])):
        assert column(table(tmp_path, points.replace(";2;", f";{cell};")), "a") == expected
    assert column(table(tmp_path, text.replace(";2;", ";2,5;")), "a") == [1.234, 2.345]
    quoted = table(tmp_path, 'a,y\n"1,234",u\n5,v\n')
    assert (column(quoted, "a"), "a: 1,234 is taken as 1234" in quoted.notes) == ([1234, 5], True)
    assert column(table(tmp_path, "a|b|y\n1.234|2|u\n2.345|3|v\n"), "a") == [1.234, 2.345]
    days = "a,y\n02/01/2024,u\n03/04/2024,v\n"
    assert column(table(tmp_path, days, day_first=True), "a") == [19724, 19816]
    assert column(table(tmp_path, days, day_first=False), "a") == [19754, 19786]
    # The same day in both ways.
    assert column(table(tmp_path, "a,y\n02/02/2024,u\n03/03/2024,v\n"), "a") == [19755, 19785]


def test_headers_and_titles(tmp_path: Path) -> None:
    bare = table(tmp_path, "5.1,?,u\n4.9,2,v\n5.0,3,u\n", "column 3")
    assert column(bare, "column 1") == [5.1, 4.9, 5.0]
    assert "no header" in bare.describe()
    assert table(tmp_path, ",a,y\n0,5,u\n1,6,v\n2,9,v\n").columns[0].name == "unnamed 1"
    assert table(tmp_path, "2019,2020,y\n5,6,u\n1,6,v\n2,9,v\n").columns[0].name == "2019"
    assert table(tmp_path, "a,y\nred,u\nblue,v\nred,u\n", separator=",").columns[0].kind == "text"
    assert len(table(tmp_path, "a,y\n1,u\n2,v\n", header=True)) == 2
    assert len(read_table(saved(tmp_path / "n.csv", "1,u\n2,v\n4,v\n"), "column 2", header=False)) == 3
    titled = table(tmp_path, "Sales of 2024\n\nin euros\na;y\n1;u\n2;v\n")
    assert titled.lines == [5, 6]
    assert "left out above the header: 'Sales of 2024'" in titled.notes
    assert column(table(tmp_path, "sep=;\na;y\n1;u\n2;v\n"), "a") == [1, 2]
    assert column(table(tmp_path, "a b y\n1  2 u\n2 3   v\n"), "b") == [2, 3]
    assert "has no column to learn from" in said(lambda: read_table(saved(tmp_path / "o.csv", "1,2,3\n")))


def test_columns_that_say_nothing_are_left_out_and_told(tmp_path: Path) -> None:
    rows = "".join(f"{k},{k * 7 % 40},name {k},5,,x{k % 3},{'uv'[k % 2]}\n" for k in range(40))
    found = table(tmp_path, "no,user_id,name,same,none,kind,y\n" + rows)
    assert found.inputs == ["kind: x0", "kind: x1", "kind: x2"]
    told = {col.name: col.why for col in found.columns if col.kind == "left out"}
    assert told == {
        "no": "numbers the rows", "user_id": "numbers the rows", "name": "40 different texts in 40 rows",
        "same": "the same in every row: 5", "none": "empty",
    }  # fmt: skip
    assert all(f"{name} " in found.describe() for name in told)
    assert table(tmp_path, "a,kind,y\n5,x,u\n3,x,v\n").columns[1].why == "the same in every row: x"
    assert table(tmp_path, "a,b,y\n5,x,u\n3,x,v\n", drop=["b"]).columns[1].why == "as asked for"
    rare = "".join(f"{k * k},t{k // 2},{'uv'[k % 2]}\n" for k in range(120))
    assert table(tmp_path, "a,rare,y\n" + rare).columns[1].why == "60 different texts in 120 rows"
    # Whole numbers that only look like numbers of rows.
    assert "size" in table(tmp_path, "size,y\n5,u\n9,v\n2,u\n").inputs


def test_numbers_of_rows_teach_nothing_in_a_part_of_the_rows_either(tmp_path: Path) -> None:
    """In the rows to train on they do not follow each other, and they tell the class where a file is sorted."""
    sorted_rows = "".join(f"{k},{k * 7 % 10},{'u' if k < 30 else 'v'}\n" for k in range(60))
    for part in table(tmp_path, ",a,y\n" + sorted_rows).split() + table(tmp_path, "when,a,y\n" + sorted_rows).split():
        assert part.inputs == ["a"]
        assert part.columns[0].why == "numbers the rows"
    # The index of a frame that was shuffled before it was saved.
    shuffled = "".join(f"{k * 7 % 61},{k % 10},{'u' if k < 30 else 'v'}\n" for k in range(60))
    assert table(tmp_path, ",a,y\n" + shuffled).inputs == ["a"]


def test_codes_with_zeros_in_front_stay_text(tmp_path: Path) -> None:
    found = table(tmp_path, "place,y\n" + "01234,u\n04321,v\n12345,u\n" * 3)
    assert found.inputs == ["place: 01234", "place: 04321", "place: 12345"]
    # Also if they come after a thousand numbers.
    late = "place,b,y\n" + "12345,1,u\n54321,2,v\n" * 1000 + "01234,1,u\n" * 9
    assert table(tmp_path, late).inputs[0] == "place: 01234"


def test_the_target(tmp_path: Path) -> None:
    few = table(tmp_path, "a,y\n" + "".join(f"{k},{k % 3 + 1}\n" for k in range(0, 60, 2)))
    assert (few.classes, few.y.tolist()[:3]) == (["1", "2", "3"], [0, 2, 1])
    assert "--kind numbers" in few.describe()
    assert table(tmp_path, "a,y\n" + "".join(f"{k * k},{k % 3 + 1}\n" for k in range(60)), kind="numbers").classes == []
    numbers = table(tmp_path, "a,y\n3,10.5\n1,20.5\n7,12.5\n")
    assert numbers.classes == []
    np.testing.assert_allclose(numbers.restore(numbers.y), [10.5, 20.5, 12.5])
    np.testing.assert_allclose([numbers.y.mean(), numbers.y.std()], [0, 1], atol=1e-12)
    assert numbers.numbers.tolist() == [10.5, 20.5, 12.5]
    money = table(tmp_path, 'a,y\n3,"$1,000"\n1,$20.5\n7,$12.5\n')
    assert (money.target.unit, money.numbers.tolist()) == ("$", [1000, 20.5, 12.5])
    truths = table(tmp_path, "a,y\n3,True\n1,False\n7,True\n5,\n")
    assert (truths.classes, truths.y.tolist(), len(truths)) == (["false", "true"], [1, 0, 1], 3)
    assert "left out: 1 row in which y is missing, the first in line 5" in truths.notes
    two = table(tmp_path, "a,y\n" + "3,Yes\n1,yes\n7,no\n4,no\n" * 2)
    assert "y: 'Yes' and 'yes' differ in capitals alone, and are two classes" in two.notes
    none = table(tmp_path, "a,y\n" + "3,none\n1,some\n7,none\n" * 3)
    assert none.classes == ["none", "some"]
    rare = table(tmp_path, "a,y\n" + "".join(f"{k * k},{'v' if k else 'u'}\n" for k in range(30)))
    assert any("96.7% of the rows are 'v'" in note for note in rare.notes)
    assert any("in fewer than 3 rows: u" in note for note in rare.notes)
    assert table(tmp_path, "a,y\n3,0.5\n1,1.5\n7,0.5\n4,1.5\n", kind="classes").classes == ["0.5", "1.5"]
    assert table(tmp_path, "a,b\n3,1\n9,2\n", None).y is None
    assert "are they numbers? Then say" in said(lambda: table(tmp_path, "a,y\n3,1\n1,2\n7,3\n", kind="classes"))


@pytest.mark.slow
def test_preparation_is_that_of_scikit_learn(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import MissingIndicator, SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rng = np.random.default_rng(0)
    n = 400
    frame = pandas.DataFrame({
        "size": np.where(rng.random(n) < 0.1, np.nan, rng.normal(50, 9, n)),
        "huge": rng.normal(1e9, 1, n),
        "kind": np.array([*"abc" * 132, "rare", "rare", "odd", "few"], object),
        "y": rng.choice(["u", "v"], n),
    })  # fmt: skip
    frame.loc[:20, "kind"] = None
    frame.to_csv(path := tmp_path / "t.csv", index=False)
    train, test = read_table(path, "y").split(seed=3)
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    kinds = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="~"),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=3, sparse_output=False),
    )
    oracle = ColumnTransformer(
        [
            ("n", numbers, ["size"]),
            ("f", MissingIndicator(), ["size"]),
            ("h", numbers, ["huge"]),
            ("k", kinds, ["kind"]),
        ]
    )
    rows = [[line - 2 for line in part.lines] for part in (train, test)]
    expected = [oracle.fit(frame.iloc[rows[0]]).transform(frame.iloc[part]).astype(float) for part in rows]
    # scikit-learn has the missing kind, "~", before the rare ones.
    last = {"kind: missing": 1, "kind: other": 2}
    order = sorted(range(len(train.inputs)), key=lambda k: (last.get(train.inputs[k], 0), k))
    assert {"kind: missing", "kind: other"} < set(train.inputs)
    for part, found in zip(expected, (train.X, test.X)):
        np.testing.assert_array_equal(found[:, order], part)


def test_nothing_of_the_test_part_is_learned_from(tmp_path: Path) -> None:
    text = "a,k,y\n" + "".join(f"{k},{'pq'[k % 2]},{'uv'[k % 2]}\n" for k in range(0, 100, 2)) + "5,p,v\n" * 9
    train, test = table(tmp_path, text).split(seed=1)
    assert sorted(train.lines + test.lines) == list(range(2, 61))
    spoiled = text.splitlines()
    for line in test.lines:
        spoiled[line - 1] = spoiled[line - 1].replace(spoiled[line - 1].split(",")[0], "1e9", 1)
    again, changed = table(tmp_path, "\n".join(spoiled)).split(seed=1)
    assert again.lines == train.lines
    np.testing.assert_array_equal(again.X, train.X)
    assert changed.X.max() > 1e6


@pytest.mark.parametrize("n", [3, 5, 40])
def test_each_class_has_its_part_in_both(n: int, tmp_path: Path) -> None:
    text = "a,y\n" + "".join(f"{k * k},{'u' if k else 'v'}\n{k},w\n" for k in range(n))
    train, test = table(tmp_path, text).split()
    assert len(train) + len(test) == 2 * n
    # A class of one row is there to learn.
    assert "v" in [train.classes[k] for k in train.y]
    assert len(test) >= 1
    with pytest.raises(ValueError, match="a number between 0 and 1"):
        train.split(1.0)


def test_other_rows_are_made_ready_by_the_first(tmp_path: Path) -> None:
    text = "a,k,when,y\n" + "".join(f"{k}.5,{'pqr'[k % 3]},2024-01-{k % 28 + 1:02},{'uv'[k % 2]}\n" for k in range(30))
    found = table(tmp_path, text)
    path = saved(tmp_path / "new.csv", "when,extra,k,a\n2024-01-05,?,q,4.5\n2024-02-05,x,new,\n")
    X = found.prepare(path)
    np.testing.assert_array_equal(X[0], found.X[4])
    assert X[1][found.inputs.index("k: q")] == 0
    same = {"a": [4.5], "k": ["q"], "when": [date(2024, 1, 5)]}
    np.testing.assert_array_equal(found.prepare(same)[0], X[0])
    for change, message in [
        ({"a": ["x"]}, "row 0, column a: 'x' is not a number"), ({"when": ["5 o'clock"]}, "is not a date"),
        ({"when": [3.0]}, "column when: '3' is not a date"),
    ]:  # fmt: skip
        assert message in said(lambda change=change: found.prepare(same | change))  # type: ignore[misc]
    assert "has no column 'k'; its columns are a, when" in said(lambda: found.prepare({"a": [1], "when": ["x"]}))
    semicolons = saved(tmp_path / "s.csv", "a;k;when\n1,234;q;2024-01-05\n")
    assert "may be thousands, or have a fraction" in said(lambda: found.prepare(semicolons))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"kind": "x"}, "kind must be one of auto, classes, numbers"),
        ({"decimal": ";"}, r"decimal must be '\.' or ','"),
        ({"separator": ""}, "separator must be one character"), ({"drop": [3]}, "drop must be a list of texts"),
    ],
)  # fmt: skip
def test_settings_are_checked(how: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_table({"a": [1, 2]}, **how)
    with pytest.raises(ValueError, match="no column to predict"):
        read_table({"a": [1, 2]}).restore([1.0])
    with pytest.raises(ValueError, match="no column to predict"):
        _ = read_table({"a": [1, 2]}).numbers


def test_restore_gives_names() -> None:
    found = read_table({"a": [1.5, 2, 5, 4, 3, 7], "y": list("uvwuvw")}, "y")
    assert found.restore([[0.1, 0.9, 0.3], [2.0, 1.0, 0.0]]) == ["v", "u"]
    two = read_table({"a": [1.5, 2, 5, 4], "y": list("uvuv")}, "y")
    assert two.restore([-1.0, 2.0]) == ["u", "v"]


def test_the_same_numbers_in_another_order_of_memory_are_scaled_alike() -> None:
    X = np.random.default_rng(0).normal(size=(64, 3))
    np.testing.assert_array_equal(standardise(np.asfortranarray(X)), standardise(X))


def test_rows_of_many_are_set_apart_by_computing_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    y = np.arange(300) % 3
    few = rows_apart(y, 300, True, 0.2, 0)
    assert few == rows_apart(y.tolist(), 300, True, 0.2, 0)
    monkeypatch.setattr("nn._core.order.FEW", 50)
    many = rows_apart(y, 300, True, 0.2, 0)
    assert many != few
    assert sorted(y[many].tolist()) == [0] * 20 + [1] * 20 + [2] * 20
    assert len(set(many)) == 60
    assert many == rows_apart(y, 300, True, 0.2, 0) != rows_apart(y, 300, True, 0.2, 1)
