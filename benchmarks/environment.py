"""The environment of the contenders: made where it is missing, with as many of them as can be installed."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
STAMP = VENV / "requirements.txt"
NEEDED = ("numpy", "matplotlib", "llvmlite")
"""What our own rows and the picture need."""


def python() -> Path:
    """Return the environment's Python; this one where none could be made."""
    found = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return found if STAMP.exists() else Path(sys.executable)


def pins() -> list[str]:
    """Return the peers and their versions, as pinned."""
    lines = (HERE / "requirements.txt").read_text().splitlines()
    return [pin for pin in lines if pin and not pin.startswith("#")]


def make_environment() -> None:
    """Make `benchmarks/.venv` from requirements.txt, unless it is there already.

    What cannot be installed is named and left out: its rows say so.
    """
    text = (HERE / "requirements.txt").read_text()
    if STAMP.exists() and STAMP.read_text() == text:
        return
    say(f"making {VENV}: PyTorch, JAX and others, 6 GB")
    start = time.perf_counter()
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    made = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if uv:
        make = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)]
        install = [uv, "pip", "install", "--quiet", "--system-certs", "--python", str(made)]
    else:
        make = [sys.executable, "-m", "venv", "--clear", str(VENV)]
        install = [str(made), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not runs(make):
        say(f"could not make {VENV}: only our own rows, and NumPy by hand, run")
        return
    if not runs([*install, *pins()]):
        say("not all at once: one after the other")
        missing = [pin for pin in pins() if not runs([*install, pin])]
        say(f"could not install {', '.join(missing)}")
        if any(pin.startswith(NEEDED) for pin in missing):
            say("so only our own rows, and NumPy by hand, run")
            return
    STAMP.write_text(text)
    say(f"made in {time.perf_counter() - start:.0f} s")


def runs(command: list[str]) -> bool:
    """Run a command; return whether it ended well."""
    return subprocess.run(command, check=False).returncode == 0


def processor() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((text.partition(":")[2].strip() for text in lines if text.startswith("model name")), "")


_spoken = [0.0]


def say(text: str) -> None:
    """Say what is going on, on the error stream."""
    lead, end = ("\r\x1b[K", "\n") if sys.stderr.isatty() else ("", "\n")
    print(f"{lead}{text}", end=end, file=sys.stderr, flush=True)
    _spoken[0] = time.monotonic()


def progress(text: str) -> None:
    """Show what is going on: in place on a terminal, else a line where two seconds have passed since the last one."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text and time.monotonic() - _spoken[0] > 2:
        say(text)
