"""Machine code of a module of LLVM: made by llvmlite, kept in a folder between processes, and run in this one."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograd._compiler.printers.llvm.target import Target, target_of
from autograd.files import replace_file

MOST_KEPT = 512
"""How many files the folder may hold."""

SUFFIX = ".object"


@lru_cache(1)
def host() -> Target:
    """Return the processor of this machine."""
    llvm = _llvm()
    return target_of(llvm.get_host_cpu_name(), dict(llvm.get_host_cpu_features()), _is_arm())


def _is_arm() -> bool:
    return platform.machine().lower() in ("arm64", "aarch64")


@lru_cache(1)
def _llvm() -> Any:
    import llvmlite.binding

    llvmlite.binding.initialize_native_target()
    llvmlite.binding.initialize_native_asmprinter()
    return llvmlite.binding


def _machine(target: Target) -> Any:
    # The first level schedules and allocates registers; there are no passes before it.
    triple = _llvm().Target.from_default_triple()
    return triple.create_target_machine(cpu=target.cpu, features=target.features, opt=1, jit=True)


def assembly(text: str, target: Target) -> str:
    """Return the assembly of a module, for people."""
    return str(_machine(target).emit_assembly(_llvm().parse_assembly(text)))


class Machine:
    """The functions of a module, loaded into this process; they are gone when this object is."""

    def __init__(self, told: str, target: Target, make: Callable[[], tuple[str, bytes]]) -> None:
        """Load what was kept for a module of which this is told; else `make` it: its text, and what goes with it."""
        llvm = _llvm()
        key = _key(told, target)
        kept = _kept(key)
        self.cached = kept is not None
        """Whether its machine code was in the folder."""
        machine = _machine(target)
        if kept is None:
            text, beside = make()
            kept = len(beside).to_bytes(8, "little") + beside + machine.emit_object(llvm.parse_assembly(text))
            _keep(key, kept)
        size = 8 + int.from_bytes(kept[:8], "little")
        self.beside = kept[8:size]
        """What goes with the module."""
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(kept[size:]))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Return where a function is."""
        return int(self._engine.get_function_address(name))

    def function(self, name: str, holds: bool, result: Any, *kinds: Any) -> Any:
        """Return a function; while it runs it holds Python's lock, or lets others run."""
        form = ctypes.PYFUNCTYPE if holds else ctypes.CFUNCTYPE
        made: Any = form(result, *kinds)(self.address(name))
        # Whoever has the function keeps its code.
        made.machine = self
        return made


def _key(told: str, target: Target) -> str:
    """Return a name for a module: what decides its text, who compiles it, and for what."""
    import llvmlite

    versions = [llvmlite.__version__, str(_llvm().llvm_version_info), _llvm().get_default_triple()]
    parts = [_form(), told, *versions, repr(target)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@lru_cache(1)
def _form() -> str:
    """Return a number for the text of the files that write and read what is kept, and give a module its memory.

    What another form of them has kept would be read as something else: a crash, or wrong numbers.
    """
    files = [Path(__file__).with_name(name) for name in ("machine.py", "native.py")]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def folder() -> Path | None:
    """Return the folder of the user's in which machine code is kept; None if there is none to be trusted."""
    given = os.environ.get("GLASSGRAD_CACHE")
    if given is not None and not given:
        return None
    if given:
        found = Path(given)
    elif sys.platform == "win32":
        found = Path(os.environ.get("LOCALAPPDATA", "~\\AppData\\Local")) / "glassgrad"
    elif sys.platform == "darwin":
        found = Path("~/Library/Caches/glassgrad")
    else:
        found = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "glassgrad"
    try:
        found = found.expanduser()
        found.mkdir(parents=True, exist_ok=True, mode=0o700)
        return found if _is_mine(found) else None
    except (OSError, RuntimeError):
        return None


def _is_mine(path: Path) -> bool:
    """Tell whether nobody else can write to a file or folder."""
    if not hasattr(os, "getuid"):
        return True
    found = path.lstat()
    return found.st_uid == os.getuid() and not found.st_mode & 0o022 and not path.is_symlink()


def _kept(key: str) -> bytes | None:
    """Return the machine code that is kept under a key, if its file is whole and nobody else's."""
    place = folder()
    if place is None:
        return None
    path = place / f"{key}{SUFFIX}"
    with suppress(OSError):
        if path.is_file() and _is_mine(path):
            head, code = (data := path.read_bytes())[:32], data[32:]
            if head == _seal(key, code):
                return code
    return None


def _seal(key: str, code: bytes) -> bytes:
    return hashlib.sha256(key.encode() + code).digest()


def _keep(key: str, code: bytes) -> None:
    """Keep machine code: a file is whole or not there."""
    place = folder()
    if place is None:
        return
    with suppress(OSError):
        replace_file(place / f"{key}{SUFFIX}", _seal(key, code) + code)
        _tidy(place)


def _tidy(place: Path) -> None:
    """Remove the oldest files, if there are too many."""
    files = [path for path in place.iterdir() if path.suffix == SUFFIX]
    if len(files) > MOST_KEPT:
        for path in sorted(files, key=lambda path: path.stat().st_mtime)[: len(files) - MOST_KEPT // 2]:
            path.unlink(missing_ok=True)
