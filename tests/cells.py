"""Tables as text, and what tests ask of those that were read."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nn.data import DataError, Table, read_table


def written(rows: list[list[str]], separator: str = ",") -> str:
    csv.writer(text := io.StringIO(), delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue()


def saved(path: Path, text: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def table(path: Path, text: str, target: str | None = "y", **how: Any) -> Table:
    return read_table(saved(path / "t.csv", text), target, **how)


def column(found: Table, name: str) -> list[float]:
    """Return a column of numbers as they were read."""
    (values,) = [values for values in found._values if values.name == name]
    return [float(item) for item in values.numbers]


def said(call: Callable[[], Any]) -> str:
    with pytest.raises(DataError) as told:
        call()
    return str(told.value)


PACKED: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def zipped(content: bytes, **members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("t.csv", content)
        for name, more in members.items():
            archive.writestr(name, more)
    return file.getvalue()


PACKED["zip"] = zipped
