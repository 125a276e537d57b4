"""Files of tables opened as text: what they are packed in, and by which code their letters are written."""

from __future__ import annotations

import io
import json
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from autograd.files import brief, open_file

from ._files import DataError

if TYPE_CHECKING:
    from zipfile import ZipFile

Path_ = str | Path | BinaryIO
"""The name of a file, or its bytes: an open file that can be read again from its start."""

HEAD = 2**16
"""The bytes by which a file is known."""

MOST_PACKED, ALWAYS = 1000, 2**28
"""A packed file may be MOST_PACKED times its size when it is unpacked, or ALWAYS bytes if that is more."""

_BOMS = {
    b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}  # fmt: skip
ENCODINGS = {"cp1252": "Windows-1252 (Western Europe)", "latin-1": "ISO 8859-1 (Western Europe)"}
"""The codes of what is not UTF-8, and how they are called."""


class Counted(io.RawIOBase):
    """An unpacked file, which ends with an error if it is far larger than its packed form suggests."""

    def __init__(self, file: Any, most: int, path: str) -> None:
        self.file, self.left, self.path = file, most, path

    def readable(self) -> bool:
        """Tell that it can be read, as `io` asks."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer; raise DataError for too many bytes, or damaged ones."""
        try:
            found = self.file.read(len(buffer))
        # Of damaged files each of four modules, and each version of them, has errors of its own.
        except Exception as error:
            raise DataError(f"{self.path}: cannot be unpacked ({error!s:.100})") from None
        self.left -= len(found)
        if self.left < 0:
            raise DataError(
                f"{self.path}: is more than {MOST_PACKED} times as large when it is unpacked; unpack it first"
            )
        buffer[: len(found)] = found
        return len(found)


def name_of(path: Path_) -> str:
    """Return how a file is called in messages."""
    return str(path) if isinstance(path, (str, Path)) else str(getattr(path, "name", "the table"))


@contextmanager
def opened(path: Path_) -> Iterator[BinaryIO]:
    """Open a table's file, unpacked if it is packed by gzip, bzip2, xz or zip; raise DataError if that fails."""
    name = name_of(path)
    try:
        if isinstance(path, (str, Path)):
            with open_file(path) as file:
                yield _unpacked(cast(BinaryIO, file), name)
        else:
            path.seek(0)
            yield _unpacked(path, name)
    except FileNotFoundError:
        raise DataError(f"{name}: there is no such file") from None
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({error.strerror or error})") from None


def _unpacked(file: BinaryIO, name: str) -> BinaryIO:
    start = file.read(6)
    size = file.seek(0, 2)
    file.seek(0)
    inner: Any = None
    if start[:2] == b"\x1f\x8b":
        import gzip

        inner = gzip.GzipFile(fileobj=file)
    elif start[:3] == b"BZh":
        import bz2

        inner = bz2.BZ2File(file)
    elif start == b"\xfd7zXZ\0":
        import lzma

        inner = lzma.LZMAFile(file)  # noqa: SIM115
    elif start[:4] == b"PK\x03\x04":
        inner = _member(file, name)
    if inner is None:
        return file
    return cast(BinaryIO, io.BufferedReader(Counted(inner, max(ALWAYS, MOST_PACKED * size), name), 2**17))


def _member(file: BinaryIO, name: str) -> Any:
    """Return the one file in an archive, or None for an archive that is a workbook."""
    import zipfile

    try:
        archive: ZipFile = zipfile.ZipFile(file)
        members = [member for member in archive.namelist() if not member.endswith("/") and "__MACOSX" not in member]
        if "[Content_Types].xml" in members:
            file.seek(0)
            return None
        if len(members) != 1:
            raise DataError(f"{name}: holds {len(members)} files ({', '.join(members):.100}); one table is needed")
        return archive.open(members[0])
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{name}: is a damaged archive ({error!s:.100})") from None


def kind_of(path: Path_) -> tuple[str, str]:
    """Return what is in a file, "workbook", "parquet", "json" or "csv", and the code of its text."""
    name = name_of(path)
    with opened(path) as file:
        head = file.read(HEAD)
    if head[:4] == b"PK\x03\x04":
        return "workbook", ""
    if head[:4] == b"PAR1":
        return "parquet", ""
    if head[:4] == b"\xd0\xcf\x11\xe0":
        raise DataError(f"{name}: is a workbook of an old Excel; save it as .xlsx or as CSV")
    encoding = encoding_of(head)
    if not encoding.startswith("utf-16") and not encoding.startswith("utf-32") and b"\0" in head:
        raise DataError(f"{name}: is no table: it holds bytes that no text has")
    text = head.decode(encoding, "replace").lstrip()
    return ("json" if _is_json(text) else "csv"), encoding


def _is_json(text: str) -> bool:
    return text[:1] in ("[", "{") and text[1:].lstrip()[:1] in tuple('{["]}0123456789-')


def encoding_of(head: bytes) -> str:
    """Return the code by which a text seems to be written, from its first bytes.

    >>> from nn.data._opened import encoding_of
    >>> encoding_of("größe".encode()), encoding_of("größe".encode("latin-1")), encoding_of("a,b".encode("utf-16-le"))
    ('utf-8', 'cp1252', 'utf-16-le')
    """
    for bom, encoding in _BOMS.items():
        if head.startswith(bom):
            return encoding
    # In what is written with letters of Europe, every second byte of UTF-16 is 0.
    for encoding, zeros, letters in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if len(head) >= 4 and zeros.count(0) > 0.6 * len(zeros) and letters.count(0) < 0.1 * len(letters):
            return encoding
    try:
        # The last letter may be cut off.
        getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return next_encoding(head)
    return "utf-8"


def next_encoding(content: bytes) -> str:
    """Return the code of a text that is not UTF-8: ISO 8859-1 only if it has bytes that Windows does not use."""
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def json_of(path: Path_, encoding: str) -> Any:
    """Return what is in a file of JSON, or of a JSON object in each line; raise DataError for other text."""
    name = name_of(path)
    with opened(path) as file:
        try:
            text = file.read().decode(encoding)
        except UnicodeDecodeError:
            raise DataError(f"{name}: is JSON, but not UTF-8 text; save it as UTF-8") from None
    try:
        return json.loads(text)
    except RecursionError:
        raise DataError(f"{name}: is JSON with lists inside each other, no table") from None
    except ValueError as error:
        whole = error
    rows = []
    for line, content in enumerate(text.splitlines(), 1):
        if content.strip():
            try:
                rows.append(json.loads(content))
            except (ValueError, RecursionError):
                if rows:
                    raise DataError(f"{name}, line {line}: is no JSON: {brief(content, 40)}") from None
                raise DataError(f"{name}: is no JSON ({whole!s:.100})") from None
    return rows
