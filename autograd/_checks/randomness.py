"""The global random states, which a check leaves as they were."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any


def global_state() -> list[tuple[Callable[[Any], None], Any]]:
    """Return the states of the global random generators, each with the function that sets it."""
    states: list[tuple[Callable[[Any], None], Any]] = [(random.setstate, random.getstate())]
    numpy = sys.modules.get("numpy")
    return states + ([(numpy.random.set_state, numpy.random.get_state())] if numpy else [])


def restore(states: list[tuple[Callable[[Any], None], Any]]) -> None:
    for set_state, state in states:
        set_state(state)
