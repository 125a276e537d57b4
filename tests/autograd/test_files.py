"""Files are written whole or not at all, by all that writes; what is no regular file is refused."""

from __future__ import annotations

import ast
import errno
import os
import stat
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from faults import full, killed_at, once, watched
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, draw, steps
from autograd.files import UNPRINTABLE, open_file, printable, replace_file

ROOT = Path(__file__).parents[2]
OLD, NEW = b"old" * 500, b"new" * 700
DRAWING = draw(Value(2.0) * 3)

WRITERS: dict[str, Callable[[Path], Any]] = {
    "bytes": lambda path: replace_file(path / "a.txt", NEW),
    "text": lambda path: replace_file(path / "a.txt", NEW.decode()),
    "svg": lambda path: DRAWING.save(path / "a.svg"),
    "png": lambda path: DRAWING.save(path / "a.png"),
    "pdf": lambda path: DRAWING.save(path / "a.pdf"),
    "dot": lambda path: DRAWING.save(path / "a.dot"),
    "steps": lambda path: steps(Value(2.0) * 3).save(path / "a.html"),
}


def written(write: Callable[[Path], Any], folder: Path) -> Path:
    """Write into a new folder; return the one file that is there then."""
    folder.mkdir()
    write(folder)
    (path,) = folder.iterdir()
    return path


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_written_twice_a_file_is_the_same(name: str, tmp_path: Path) -> None:
    first, second = (written(WRITERS[name], tmp_path / folder) for folder in "ab")
    assert first.read_bytes() == second.read_bytes() != b""


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_at_any_moment_leaves_the_old_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What lays out a graph is another program, which opens files of its own.
    monkeypatch.setattr("autograd._views.live.page.page", lambda steps: "a page" * 100)
    new = (path := written(WRITERS[name], tmp_path / "a")).read_bytes()
    for last in count():
        path.write_bytes(OLD)
        with watched(full(last)) as calls:
            told: Any = None
            try:
                WRITERS[name](path.parent)
            except OSError as error:
                told = error
        if told is None:
            break
        assert (told.errno, told.filename) == (errno.ENOSPC, str(path))
        assert path.read_bytes() == OLD
        assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes() == new
    assert calls.count("write") >= 2
    assert calls[-2:] == ["replace", "unlink"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), OSError(errno.EIO, "Input/output error")])
def test_an_error_at_any_moment_leaves_the_old_or_the_new_file(error: BaseException, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for at in count(1):
        path.write_bytes(OLD)
        with watched(once(at, error)) as calls:
            try:
                replace_file(path, NEW)
            except type(error):
                pass
            else:
                break
        assert path.read_bytes() == (NEW if "replace" in calls[: at - 1] else OLD)
        if calls[at - 1] != "unlink":
            assert list(tmp_path.iterdir()) == [path]
    assert at > 6


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process that can be copied")
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_file(tmp_path: Path) -> None:
    path, found = tmp_path / "a.txt", set()
    path.write_bytes(OLD)
    for at in count(1):
        if not killed_at(at, lambda: replace_file(path, NEW)):
            break
        found.add(path.read_bytes())
    assert found == {OLD, NEW}
    assert at > 6


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o755, 0o666])
def test_the_mode_of_a_file_is_kept(mode: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, widest = tmp_path / "a", 0
    path.write_bytes(OLD)
    path.chmod(mode)
    fsync = os.fsync

    def watch(file: int) -> None:
        nonlocal widest
        widest |= stat.S_IMODE(os.fstat(file).st_mode)
        fsync(file)

    monkeypatch.setattr(os, "fsync", watch)
    replace_file(path, NEW)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    # While it is written, no more people may read it than before.
    assert widest | mode == mode


def test_a_new_file_has_the_mode_that_others_have(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    replace_file(tmp_path / "a", b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("length", [1, 200, 246, 250, 255])
def test_names_of_any_length(length: int, tmp_path: Path) -> None:
    path = tmp_path / ("x" * length)
    for content in (OLD, NEW):
        replace_file(path, content)
        assert path.read_bytes() == content
    with pytest.raises(OSError, match="File name too long"):
        replace_file(tmp_path / ("x" * 256), NEW)


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link, file = tmp_path / "latest", tmp_path / "there" / "file"
    link.symlink_to(file)
    for content in (OLD, NEW):
        replace_file(link, content)
        assert link.is_symlink()
        assert file.read_bytes() == content


def odd(kind: str, folder: Path) -> Path:
    """Make what is no regular file."""
    path = folder / kind
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        os.mkfifo(folder / "behind")
        path.symlink_to(folder / "behind")
    elif kind == "folder":
        path.mkdir()
    elif kind == "circle":
        path.symlink_to(path)
    else:
        return Path("/dev/zero")
    return path


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "circle", "device"])
def test_only_regular_files_are_written_and_read(kind: str, tmp_path: Path) -> None:
    path = odd(kind, tmp_path)
    before = path.lstat().st_mode, len(list(tmp_path.iterdir()))
    with pytest.raises(OSError, match=r"is a folder|is a device or a pipe|symbolic links") as told:
        replace_file(path, NEW)
    assert told.value.filename == str(path)
    with pytest.raises(OSError, match=r"s a directory|is a device or a pipe|symbolic links"), open_file(path):
        pass
    assert before == (path.lstat().st_mode, len(list(tmp_path.iterdir())))


def test_what_is_protected_from_writing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(OLD)
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    with pytest.raises(PermissionError, match="write-protected"):
        replace_file(path, NEW)
    assert path.read_bytes() == OLD


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(OLD)
    with open_file(tmp_path / "a") as file:
        assert file.read() == OLD


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_printed(text: str) -> None:
    shown = printable(text)
    assert not UNPRINTABLE.search(shown)
    assert len(shown.splitlines()) <= 1
    if UNPRINTABLE.search(text) is None:
        assert shown == text


@pytest.mark.slow
def test_no_other_code_writes_files() -> None:
    """What opens files for writing by itself would not be whole or nothing."""
    found = []
    for path in sorted([*ROOT.glob("autograd/**/*.py"), *ROOT.glob("nn/**/*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in ("write_text", "write_bytes", "open", "savefig", "tofile", "savez", "fdopen", "mkstemp"):
                    found.append(f"{path.parent.name}/{path.name} {name}")
    allowed = {
        # The one writer, and the one that opens.
        "autograd/files.py open",
        # In memory.
        "picture/figure.py savefig", "plots/_style.py savefig",
        # Where nobody reads, and no files of a user.
        "autograd/__main__.py open", "nn/__main__.py open", "_core/modes.py open",
        # A log that grows by a line, and a browser.
        "_training/callbacks.py open", "_command/play.py open",
        # A member of an archive, and a folder to lock.
        "data/_files.py open", "data/_opened.py open", "_command/folders.py open",
    }  # fmt: skip
    assert set(found) <= allowed


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_a_name_that_no_file_can_have_is_told(name: str, tmp_path: Path) -> None:
    for act in (lambda: replace_file(tmp_path / name, ""), lambda: open_file(tmp_path / name).__enter__()):
        with pytest.raises(OSError, match="is no name that a file can have"):
            act()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_no_text_is_kept_as_it_is(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe")
    replace_file(tmp_path / "a", f"one {name}")
    assert (tmp_path / "a").read_bytes().decode(errors="surrogatepass") == f"one {name}"
