"""Shapes and settings that rows of the table are tested with."""

from __future__ import annotations

from autograd._core.primitive import Example

ALL: Example = (((2, 3),), {})

ROWS: Example = (((2, 3),), {"axis": 0})

BOTH: Example = (((2, 3),), {"axis": (0, 1), "keepdims": True})

LAST: Example = (((2, 3, 2),), {"axis": -1})

PAIR: Example = (((2, 3, 2),), {"axis": (0, 2)})

BESIDE: tuple[Example, ...] = ((((2, 3), (2, 3)), {}), (((3, 4), (3, 4)), {"axis": 0}))
