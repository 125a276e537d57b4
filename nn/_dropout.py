"""Dropout, of Values and of Tensors, with the same random numbers for both."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from random import Random
from typing import Any

from autograd import fresh

from ._module import Module


class Dropout(Module):
    """Set each number to 0 with probability `p`, and divide the others by 1 - p; in training only.

    Takes lists of Values or numbers, Tensors and arrays of any shape, and gives all of them the same choice for the
    same `seed`: an int, or a `random.Random` or NumPy generator, which is drawn from. Layers with one generator draw
    from it in turn. Without a seed a layer draws as with seed 0, and those of one network, which is a `Sequential` or
    what `train` or `fit` is called with, as with 0, 1, 2 and so on. Raises ValueError if p is not from 0 to below 1,
    TypeError for a seed that is something else.

    >>> Dropout(0.5, seed=1)([1.0, 1.0, 1.0, 1.0])
    [0.0, 2.0, 2.0, 2.0]
    """

    def __init__(self, p: float = 0.5, *, seed: Any = None) -> None:
        if not isinstance(p, (int, float)) or not 0 <= p < 1:
            raise ValueError(f"p is the part of the numbers that is dropped, from 0 to below 1; got {p!r}")
        # NumPy's older RandomState is none of them: its state could not be saved.
        if seed is not None and not isinstance(seed, (int, Random)) and not hasattr(seed, "bit_generator"):
            raise TypeError(
                f"seed must be an int, a random.Random or a generator of numpy.random.default_rng; got {seed!r:.60}"
            )
        self.p, self.seed = p, seed
        self.place = 0
        self.rng = Random(seed or 0) if seed is None or isinstance(seed, int) else seed

    def draw_as(self, place: int) -> None:
        """Draw, if no seed was given, as the layer at this place among such layers; not after the first draw."""
        if self.seed is None and self.rng.getstate() == Random(self.place).getstate():
            self.place, self.rng = place, Random(place)

    def __call__(self, x: Any) -> Any:
        """Return x with some of its numbers set to 0, or x itself after training."""
        if not self.training or self.p == 0:
            return x
        p, of_values = self.p, isinstance(x, (list, tuple))
        shape = (_size(x),) if of_values else x.shape
        dtype = getattr(x, "dtype", None)

        def mask(rng: Any) -> Any:
            kept = uniform(rng, shape, of_values)
            if of_values:
                return [1 / (1 - p) if u >= p else 0.0 for u in kept]
            return (kept >= p).astype(dtype if dtype == "float32" else float) / (1 - p)

        drawn = fresh(mask, self.rng)
        return _times(x, iter(drawn)) if of_values else x * drawn

    def __repr__(self) -> str:
        return f"Dropout({self.p})"


def uniform(rng: Any, shape: tuple[int, ...], of_values: bool) -> Any:
    """Return numbers from 0 to below 1, 32 random bits each, as a list or as an array: the same ones in both."""
    n = math.prod(shape)
    words = rng.randbytes(4 * n) if isinstance(rng, Random) else rng.bytes(4 * n)
    if of_values:
        return [word * 2**-32 for word in struct.unpack(f"<{n}I", words)]
    import numpy

    return numpy.frombuffer(words, "<u4").reshape(shape) * 2**-32


def _size(x: Any) -> int:
    return sum(map(_size, x)) if isinstance(x, (list, tuple)) else 1


def _times(x: Any, factors: Iterator[Any]) -> Any:
    return [_times(part, factors) for part in x] if isinstance(x, (list, tuple)) else x * next(factors)
