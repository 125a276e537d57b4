"""Structures of numbers compared to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd._core.trees import flatten


def bits(tree: Any) -> list[bytes]:
    """Return every number of a structure to the bit; a nan is a nan."""
    arrays = [np.asarray(item, float) for item in flatten(tree)]
    return [np.where(np.isnan(a), np.nan, a).tobytes() for a in arrays]
