"""Elements of two tensors compared: an array of bools that is neither true nor false by itself."""

from __future__ import annotations

from typing import Any

import numpy

from autograd._core.types import Raw

from .truth import refuse


class Truths(numpy.ndarray[Any, Any]):
    """An array of bools like any other, but for its truth; an array computed from it is an ordinary one."""

    def __bool__(self) -> bool:
        refuse()

    def __array_wrap__(self, array: Raw, context: object = None, return_scalar: bool = False) -> Any:
        plain = numpy.asarray(array)
        return plain if plain.shape else plain[()]

    def __repr__(self) -> str:
        return repr(numpy.asarray(self))


def truths(array: Raw) -> Truths:
    """Return an array of bools, or one bool of NumPy's, as `Truths`."""
    return numpy.asarray(array).view(Truths)
