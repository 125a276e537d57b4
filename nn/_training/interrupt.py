"""Ctrl-C, held back until a step is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def held_back() -> Iterator[Callable[[], None]]:
    """Hold the first Ctrl-C back inside the block; yield the function that raises it between steps.

    It is raised at the end of the block at the latest; a second Ctrl-C breaks off at once. In a thread, and where
    somebody else handles Ctrl-C already, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread() or not _is_default():
        yield lambda: None
        return
    pressed = False

    def hold(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def let_through() -> None:
        nonlocal pressed
        if pressed:
            pressed = False
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, hold)
    try:
        yield let_through
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    let_through()


def _is_default() -> bool:
    return signal.getsignal(signal.SIGINT) is signal.default_int_handler
