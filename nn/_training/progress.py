"""The bar that shows how far a training is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .history import History

SHORTEST, LONGEST = 0.5, 15.0
"""The seconds between two pictures of the bar, at the start of a training and in a long one."""


@contextmanager
def shown(history: History, epochs: int, progress: bool) -> Iterator[Callable[[], None]]:
    """Show a bar over the epochs on a terminal and in a notebook; yield the function that moves it.

    It needs tqdm; without it nothing is shown. Each picture is an output of a notebook, which keeps all of them. So the
    bar moves by time, not by epochs, and the longer a training takes, the slower.
    """
    tqdm = _bars() if progress else None
    # Not where ImportError is caught, or it would be told beside every error of a training.
    if tqdm is None:
        yield lambda: None
        return
    bar = tqdm(
        total=epochs,
        initial=history.epochs,
        unit="epoch",
        desc=f"{history.samples} samples a step" if history.samples else None,
        file=sys.stderr,
        miniters=1,
    )
    start = last = time.monotonic()

    def picture() -> None:
        bar.n = history.epochs
        bar.set_postfix({name: f"{numbers[-1]:.4g}" for name, numbers in history.items() if numbers})

    def move() -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= min(max(SHORTEST, (now - start) / 5), LONGEST):
            last = now
            picture()

    try:
        yield move
    finally:
        picture()
        bar.close()


def _bars() -> Any:
    """Return the class of bars where somebody looks, and None without it."""
    try:
        if not (sys.stderr.isatty() or "ipykernel" in sys.modules):
            return None
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm
