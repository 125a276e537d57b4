"""How files are written and opened, and how a stranger's text is printed; every writer and reader of both packages
goes through here.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EACCES, EINVAL, EISDIR
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import BufferedReader
    from pathlib import Path

UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that a terminal obeys, not shows: controls, line ends, changes of the direction; halves of a letter."""


def replace_file(path: str | Path, data: bytes | str) -> None:
    """Write a file whole or not at all: the old file stays until all of the new content is on the disk.

    Text is written as UTF-8. The permissions of an existing file are kept; of a link, the file that it names is
    written. Raises OSError, and leaves nothing behind, for a folder, a device, a pipe, a file that is
    write-protected, and when the disk is full.

    >>> from autograd.files import replace_file
    >>> replace_file(path := getfixture("tmp_path") / "note.txt", "x")
    >>> path.read_bytes()
    b'x'
    """
    # A name that is no text, as files may have, is kept as it is.
    content = data.encode(errors="surrogatepass") if isinstance(data, str) else data
    _check_name(path)
    mode = None
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        pass
    else:
        _check_regular(path, mode)
        if not os.access(path, os.W_OK):
            raise PermissionError(EACCES, "is write-protected; name another file", str(path))
    target = os.path.realpath(path)
    # Short, as the name itself may have as many letters as a name can have.
    beside = os.path.join(os.path.dirname(target), f".{os.urandom(8).hex()}.part")
    try:
        # At no moment may more people read it than the file that it replaces.
        opened = os.open(
            beside,
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0),
            0o666 if mode is None else stat.S_IMODE(mode) & 0o777,
        )
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(opened, left) :]
            os.fsync(opened)
        finally:
            os.close(opened)
        if mode is not None:
            os.chmod(beside, stat.S_IMODE(mode))
        os.replace(beside, target)
    except OSError as error:
        # The error names the file that was asked for.
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        with suppress(FileNotFoundError):
            os.unlink(beside)


@contextmanager
def open_file(path: str | Path) -> Iterator[BufferedReader]:
    """Open a file to read its bytes; raise OSError for a folder, and for a device or a pipe without an end.

    >>> from autograd.files import open_file
    >>> with open_file("/dev/zero") as file:
    ...     pass
    Traceback (most recent call last):
    OSError: [Errno 22] is a device or a pipe; name a regular file: '/dev/zero'
    """
    _check_name(path)
    # A pipe that nobody writes to would wait; to look at the name first would leave time to put one there.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0))) as file:
        _check_regular(path, os.fstat(file.fileno()).st_mode)
        yield file


def printable(text: str) -> str:
    r"""Return a text with the characters that a terminal would obey written as Python writes them.

    >>> from autograd.files import printable
    >>> print(printable("\x1b[2J naïve\n"))
    \x1b[2J naïve\n
    """
    return UNPRINTABLE.sub(lambda found: repr(found[0])[1:-1], text)


def brief(item: object, length: int = 60) -> str:
    """Return an object as text for a message: of one line, short, and without codes that a terminal obeys.

    An object without text, as it is nested too deep or its class cannot write it, is named by its class.

    >>> from autograd.files import brief
    >>> brief([[1.0, 2.0]] * 40)
    '[[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [1.0, 2.0],'
    """
    try:
        text = repr(item)
    except Exception:
        text = f"<{type(item).__name__}>"
    return printable(" ".join(str.split(text)))[:length]


def _check_name(path: str | Path) -> None:
    """Raise OSError for a name that no system takes, as a stranger may have written it."""
    try:
        possible = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise OSError(EINVAL, "is no name that a file can have", str(path))


def _check_regular(path: str | Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(EISDIR, "is a folder; name a file in it", str(path))
    if not stat.S_ISREG(mode):
        raise OSError(EINVAL, "is a device or a pipe; name a regular file", str(path))
