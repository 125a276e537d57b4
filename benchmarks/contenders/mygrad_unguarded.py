"""MyGrad with its memory guarding off, as its documentation advises for speed."""

from __future__ import annotations

import mygrad as mg

from .mygrad import digits as digits
from .mygrad import moons as moons

mg.turn_memory_guarding_off()
