"""Calls of the operating system that fail, or end the process, at a chosen moment."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

STEPS = ("open", "write", "fsync", "chmod", "replace", "mkdir", "rmdir", "unlink")
"""The functions of `os` that change what is on a disk, or whether it is there."""


@contextmanager
def watched(act: Callable[[int, str], None]) -> Iterator[list[str]]:
    """Call `act` with its number, from 1, and its name before each such call; yield the names of those that came.

    What is to be written is cut into two parts, so that a file can be half there.
    """
    names: list[str] = []
    kept = {name: getattr(os, name) for name in STEPS}

    def step(name: str) -> Callable[..., Any]:
        def call(*given: Any, **how: Any) -> Any:
            if name == "open" and not given[1] & os.O_CREAT:
                return kept[name](*given, **how)
            names.append(name)
            act(len(names), name)
            if name == "write" and len(given[1]) > 1:
                given = given[0], given[1][: (len(given[1]) + 1) // 2 if names.count("write") % 2 else None]
            return kept[name](*given, **how)

        return call

    try:
        for name in STEPS:
            setattr(os, name, step(name))
        yield names
    finally:
        for name, function in kept.items():
            setattr(os, name, function)


def full(last: int) -> Callable[[int, str], None]:
    """Return what has the disk full after so many calls: only what makes room is still done."""

    def act(number: int, name: str) -> None:
        if number > last and name not in ("unlink", "rmdir"):
            raise OSError(errno.ENOSPC, "No space left on device")

    return act


def once(at: int, error: BaseException) -> Callable[[int, str], None]:
    """Return what raises an error at one call."""

    def act(number: int, name: str) -> None:
        if number == at:
            raise error

    return act


def killed_at(at: int, job: Callable[[], Any]) -> bool:
    """Do a job in a process of its own that is killed at a call; return whether it came so far."""
    child = os.fork()
    if not child:

        def act(number: int, name: str) -> None:
            if number == at:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            with watched(act):
                job()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL
