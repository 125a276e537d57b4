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

INSIDE = 2.0
"""The seconds of an epoch from which its batches are counted in the bar."""

Moves = tuple[Callable[[], None], Callable[[int], None]]


@contextmanager
def shown(history: History, epochs: int, batches: int | None, progress: bool) -> Iterator[Moves]:
    """Show a bar over the epochs on a terminal and in a notebook; yield what moves it after an epoch and after batches.

    It needs tqdm; without it nothing is shown. Each picture is an output of a notebook, which keeps all of them. So the
    bar moves by time, not by epochs, and the longer a training takes, the slower. In an epoch that takes its time it
    counts the batches, of which there are so many `batches`, if that is known.
    """
    tqdm = _bars() if progress else None
    # Not where ImportError is caught, or it would be told beside every error of a training.
    if tqdm is None:
        yield (lambda: None), (lambda count: None)
        return
    bar = tqdm(
        total=epochs,
        initial=history.epochs,
        unit="epoch",
        desc=f"{history.samples} samples a step" if history.samples else None,
        file=sys.stderr,
        miniters=1,
    )
    start = last = begun = time.monotonic()
    passed, of = 0, "" if batches is None else f"/{batches:,}"

    def picture() -> None:
        bar.n = history.epochs
        inside = {"batch": f"{passed:,}{of}"} if passed else {}
        bar.set_postfix(inside | {name: f"{numbers[-1]:.4g}" for name, numbers in history.items() if numbers})

    def move(now: float) -> None:
        nonlocal last
        if now - last >= min(max(SHORTEST, (now - start) / 5), LONGEST):
            last = now
            picture()

    def after_epoch() -> None:
        nonlocal passed, begun
        passed, begun = 0, time.monotonic()
        move(begun)

    def after_batch(count: int) -> None:
        nonlocal passed
        passed, now = passed + count, time.monotonic()
        if now - begun >= INSIDE:
            move(now)

    try:
        yield after_epoch, after_batch
    finally:
        passed = 0
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
