"""Distributions under the names of SciPy's `stats`, which is not needed for them: the normal one, `norm`."""

from . import norm as norm

__all__ = ["norm"]
