"""An array in the settings of an operation, such as an index, that differs from step to step."""

from __future__ import annotations

from typing import Any

import numpy


class Varying(numpy.ndarray[Any, Any]):
    """An array like any other, but that a program is given it anew at every call."""
