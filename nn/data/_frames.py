"""Tables whose cells have types: workbooks, parquet, JSON, and the frames of pandas, polars and pyarrow."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from ._cells import Sheet, sheet_of
from ._dialect import names_of
from ._files import DataError
from ._formats import MISSING
from ._opened import Path_, json_of, name_of, opened

NEEDED = "needs the extra `tables`: pip install 'glassgrad[tables]'"


def is_frame(data: object) -> bool:
    """Tell whether an object is a table in memory: of pandas, polars or pyarrow, or a dict of columns."""
    return isinstance(data, Mapping) or (hasattr(data, "columns") and hasattr(data, "__getitem__"))


def read_frame(data: Any, source: str = "the table") -> Sheet:
    """Return a table in memory as a sheet; its index, if it has one, is left out."""
    if hasattr(data, "column_names") and hasattr(data, "schema"):
        pairs = [(str(name), data.column(k)) for k, name in enumerate(data.column_names)]
    elif isinstance(data, Mapping):
        pairs = [(str(name), column) for name, column in data.items()]
    else:
        names = list(data.columns)
        # By place, as two columns of one name are told below.
        pairs = [(str(name), data.iloc[:, k] if hasattr(data, "iloc") else data[name]) for k, name in enumerate(names)]
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise DataError(f"{source}: has two columns {name!r}")
        seen.add(name)
    return sheet_of(source, ((name, _items(column), _is_category(column)) for name, column in pairs), "row", 0, [])


def _is_category(column: Any) -> bool:
    kind = str(getattr(column, "dtype", getattr(column, "type", ""))).lower()
    return kind.startswith(("categor", "enum", "dictionary"))


def _items(column: Any) -> Any:
    if getattr(getattr(column, "dtype", None), "kind", "") in ("f", "i", "u") and hasattr(column, "to_numpy"):
        return column.to_numpy(dtype=float, na_value=float("nan"))
    for way in ("to_pylist", "to_list", "tolist"):
        if hasattr(column, way):
            return getattr(column, way)()
    return list(column)


def read_parquet(path: Path_) -> Sheet:
    """Return the table in a file of parquet."""
    name = name_of(path)
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise ImportError(f"{name}: to read parquet {NEEDED}") from None
    with opened(path) as file:
        try:
            table = parquet.read_table(file)
        # pyarrow has a dozen classes of errors for damaged files, and OSError without a number.
        except Exception as error:
            raise DataError(f"{name}: is no sound file of parquet ({error!s:.100})") from None
    return read_frame(table, name)


def read_workbook(path: Path_, sheet: str | None) -> Sheet:
    """Return a sheet of a workbook of Excel, the first one that has something unless one is named."""
    name = name_of(path)
    try:
        import openpyxl
    except ImportError:
        raise ImportError(f"{name}: to read a workbook of Excel {NEEDED}") from None
    with opened(path) as file, warnings.catch_warnings():
        # It tells of pictures and of styles that it does not read.
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            pages = {page.title: page for page in book.worksheets}
        except Exception as error:
            raise DataError(f"{name}: is no sound workbook ({type(error).__name__}: {error!s:.100})") from None
        if sheet is not None and sheet not in pages:
            raise DataError(f"{name}: has no sheet {sheet!r}; its sheets are {', '.join(pages):.200}")
        for title in [sheet] if sheet is not None else pages:
            rows = [(line, row) for line, row in _rows_of(pages[title], name) if any(cell is not None for cell in row)]
            if rows:
                break
        else:
            raise DataError(f"{name}: is empty")
    notes = [f"sheet {title!r} of {len(pages)}: {', '.join(pages):.100}"] if sheet is None and len(pages) > 1 else []
    return _page(name, rows, notes)


def _rows_of(page: Any, name: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    try:
        yield from enumerate(page.iter_rows(values_only=True), 1)
    except Exception as error:
        raise DataError(f"{name}: is no sound workbook ({type(error).__name__}: {error!s:.100})") from None


def _page(source: str, rows: list[tuple[int, tuple[Any, ...]]], notes: list[str]) -> Sheet:
    width = max(len(row) for _, row in rows)
    # Cells with a colour but nothing in them make a sheet wider than its table.
    while width > 1 and all(len(row) < width or row[width - 1] is None for _, row in rows):
        width -= 1
    above = (
        next((k for k, (_, row) in enumerate(rows) if sum(cell is not None for cell in row) > 1), 0) if width > 1 else 0
    )
    for _, row in rows[:above]:
        notes.append(f"left out above the header: {next(cell for cell in row if cell is not None)!s:.40}")
    line, first = rows[above]
    header = names_of(source, line, ["" if cell is None else str(cell) for cell in (*first, *[None] * width)[:width]])
    body = rows[above + 1 :]
    if not body:
        raise DataError(f"{source}: has a header, but no samples")
    columns = (
        (title, [_plain(row[k]) if k < len(row) else None for _, row in body], False) for k, title in enumerate(header)
    )
    found = sheet_of(source, columns, "row", 1, notes)
    return found._replace(lines=[line for line, _ in body])


def _plain(cell: Any) -> Any:
    """Return a number that was typed as text as a number stays text, but an empty text as nothing."""
    return None if isinstance(cell, str) and cell.strip() in MISSING else cell


def read_json(path: Path_, encoding: str) -> Sheet:
    """Return the table in a file of JSON: objects in a list or one a line, columns in an object, or pandas' split."""
    name, data = name_of(path), json_of(path, encoding)
    if isinstance(data, dict) and isinstance(data.get("columns"), list) and isinstance(data.get("data"), list):
        titles = list(map(str, data["columns"]))
        data = [
            dict(zip(titles, row)) if isinstance(row, list) and len(row) == len(titles) else row for row in data["data"]
        ]
    if isinstance(data, dict):
        columns = {key: list(items.values()) if isinstance(items, dict) else items for key, items in data.items()}
        if not columns or not all(isinstance(items, list) for items in columns.values()):
            raise DataError(f"{name}: is no table; JSON of a table is a list of objects, or an object of lists")
        return read_frame(columns, name)._replace(place="record")
    if not isinstance(data, list) or not data or not all(isinstance(row, dict) for row in data):
        raise DataError(f"{name}: is no table; JSON of a table is a list of objects, or an object of lists")
    # A key that some objects lack is a missing cell.
    titles = list(dict.fromkeys(sys.intern(key) for row in data for key in row))
    return sheet_of(name, ((title, [row.get(title) for row in data], False) for title in titles), "record", 1, [])
