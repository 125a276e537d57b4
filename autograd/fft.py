"""The Fourier transform of real numbers. Nodes are real, so a spectrum is a pair: its real and its imaginary parts.

Each part is a product with a matrix of cosines or sines, of n * n operations rather than n log n, which is drawn,
explained, compiled and differentiated as any other. There are no functions of complex arrays (`fft`, `ifft`).

>>> from autograd import fft
>>> re, im = fft.rfft(Tensor([1.0, 0.0, 0.0, 0.0]))
>>> re.data.tolist(), im.data.tolist(), fft.irfft(re, im).data.tolist()
([1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0])
>>> loss = (re * re + im * im).sum()
"""

from __future__ import annotations

from functools import cache
from typing import Any

from autograd._core.data import shape
from autograd._core.types import Array, Operand
from autograd._ops.arrange import moveaxis
from autograd._ops.linalg import matmul
from autograd._ops.operands import as_array

__all__ = ["irfft", "rfft", "rfftfreq"]


def rfft(x: Operand, axis: int = -1) -> tuple[Any, Any]:
    """Return the real and the imaginary parts of NumPy's rfft of x along `axis`, n // 2 + 1 numbers each."""
    rows = moveaxis(as_array(x), axis, -1)
    cosines, sines = _waves(_length(shape(rows)[-1]))
    return moveaxis(matmul(rows, cosines), -1, axis), moveaxis(matmul(rows, -sines), -1, axis)


def irfft(re: Operand, im: Operand, n: int | None = None, axis: int = -1) -> Any:
    """Return the n real numbers whose spectrum has these parts along `axis`; without `n` an even number of them.

    As in NumPy, the imaginary parts of the mean, and for an even n of the highest frequency, do not count. Raises
    ValueError for an `n` that a spectrum of this length does not have.
    """
    re, im = moveaxis(as_array(re), axis, -1), moveaxis(as_array(im), axis, -1)
    parts = shape(re)[-1]
    n = _length(2 * (parts - 1) if n is None else n)
    if n // 2 + 1 != parts:
        raise ValueError(f"a spectrum of {parts} is that of {2 * parts - 2} or {2 * parts - 1} numbers; got n={n}")
    cosines, sines = _waves(n)
    # All frequencies but the mean and, of an even n, the highest stand for two.
    weights = _numpy().where(_numpy().arange(parts) * 2 % n == 0, 1.0, 2.0) / n
    return moveaxis(matmul(re * weights, cosines.T) - matmul(im * weights, sines.T), -1, axis)


def rfftfreq(n: int, d: float = 1.0) -> Array:
    """Return the frequencies of a spectrum of n numbers at distance `d`."""
    frequencies: Array = _numpy().arange(n // 2 + 1) / (n * d)
    return frequencies


def _length(n: int) -> int:
    if n < 1:
        raise ValueError(f"a Fourier transform is of one number or more; got {n}")
    return n


@cache
def _waves(n: int) -> tuple[Array, Array]:
    """Return the cosines and the sines of 2 pi j k / n."""
    numpy = _numpy()
    # Whole turns are left out before anything is rounded, and quarters of a turn are exact.
    quarters, rest = divmod(numpy.outer(numpy.arange(n), numpy.arange(n // 2 + 1)) % n * 4, n)
    angles = numpy.pi / 2 * (rest / n)
    c, s = numpy.cos(angles), numpy.sin(angles)
    return numpy.choose(quarters, [c, -s, -c, s]), numpy.choose(quarters, [s, c, -s, -c])


def _numpy() -> Any:
    import numpy

    return numpy
