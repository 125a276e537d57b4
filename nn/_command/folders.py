"""Several files of a folder that belong together: all of them are old, or all of them are new.

New files are written into a folder inside, `.next`, first the file that describes the others.
As soon as that one is moved out of there, the new files count; then the others follow. A reader looks in both places.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from autograd.files import open_file, replace_file
from nn.data import DataError

NEXT = ".next"


def write_together(folder: Path, contents: Mapping[str, bytes | str], first: str, known: Collection[str]) -> None:
    """Write files by name, and remove the other files of `known`; the file `first` describes the rest.

    Raises OSError, and changes nothing, if the disk is full.
    """
    settle(folder, first, known)
    beside = folder / NEXT
    try:
        beside.mkdir()
        for name in (first, *(name for name in contents if name != first)):
            replace_file(beside / name, contents[name])
            with suppress(FileNotFoundError):
                os.chmod(beside / name, stat.S_IMODE((folder / name).stat().st_mode))
        os.replace(beside / first, folder / first)
        for name in known:
            if name not in contents:
                (folder / name).unlink(missing_ok=True)
    finally:
        settle(folder, first, known)


def settle(folder: Path, first: str, known: Collection[str]) -> None:
    """Finish an interrupted writing: with the new files if `first` was moved already, else with the old."""
    beside = folder / NEXT
    # A link may lead to somebody else's files.
    if beside.is_symlink() or not beside.is_dir():
        return
    holds = not (beside / first).exists()
    for path in list(beside.iterdir()):
        if path.name in known and holds:
            os.replace(path, folder / path.name)
        elif path.name in known or path.suffix == ".part":
            path.unlink()
    beside.rmdir()


def content(folder: Path, name: str, first: str) -> bytes:
    """Return the content of the file that belongs to the present `first`; raise OSError if it is missing."""
    beside = folder / NEXT
    at = beside / name
    if beside.is_symlink() or (beside / first).exists() or not at.exists():
        at = folder / name
    with open_file(at) as file:
        return file.read()


@contextmanager
def held(option: str, folder: Path) -> Iterator[None]:
    """Keep a folder for one process, as long as it lives; raise DataError if another one has it."""
    try:
        import fcntl
    except ImportError:
        # Windows locks no folders.
        yield
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError(f"{option} {folder}: another training writes there; name another folder") from None
        yield
    finally:
        os.close(opened)


def make_writable(option: str, folder: Path) -> None:
    """Make the folder; raise DataError, before the training, if it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{option} {folder}: cannot be made ({error.strerror}); name another folder") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(f"{option} {folder}: cannot be written to; name another folder")
