"""Every row of the table on all its examples, with numbers inside its domain."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from autograd import TABLE

EACH = [((),), ((3,),), ((2, 3),)]
PAIRS = [((), ()), ((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((2, 3), ())]
rng = np.random.default_rng(0)


def cases() -> list[Any]:
    """Return the name, the shapes and the settings of every row on all its examples, but for what LAPACK computes."""
    out = []
    for op in TABLE.values():
        if op.forward.__module__.endswith("decompositions"):
            continue
        given: Any = op.examples
        if not given:
            given = [
                (shapes, {}) for shapes in {1: EACH, 2: PAIRS}.get(op.arity or 2, [((2, 3), (3,), ()), ((), (), ())])
            ]
        out += [pytest.param(op.name, *example, id=f"{op.name} {k}") for k, example in enumerate(given)]
    return out


def numbers(op: Any, k: int, form: tuple[int, ...]) -> Any:
    """Return random numbers inside the domain of an argument."""
    low, high = op.domain[k] if op.domain is not None and k < len(op.domain) else (-2.0, 2.0)
    data = rng.uniform(max(low, -2.0) + 0.1 * (low > -math.inf), min(high, 2.0) - 0.1 * (high < math.inf), form)
    return data if form else float(data)
