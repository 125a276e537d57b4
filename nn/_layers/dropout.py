"""Dropout, of Values and of Tensors, with the same random numbers for both."""

from __future__ import annotations

import math
import struct
from random import Random
from types import ModuleType
from typing import Any

from autograd import fresh
from autograd.files import brief
from nn._core.lists import flat, mapped
from nn._core.random import generator
from nn._core.settings import real
from nn._core.types import Generator, Input, Numbers, Output, Seed

from .batches import known
from .portable import Graph, Portable, built_in


@built_in
class Dropout(Portable):
    """Set each number to 0 with probability `p`, and divide the others by 1 - p; in training only.

    Takes lists of Values or numbers, Tensors and arrays of any shape, and gives all of them the same choice for the
    same `seed`: an int, or a `random.Random` or NumPy generator, which is drawn from. Layers with one generator draw
    from it in turn. Without a seed a layer gets the next of the source that `nn.seed` sets. Raises ValueError if p is
    not from 0 to below 1, and for another seed.

    >>> Dropout(0.5, seed=1)([1.0, 1.0, 1.0, 1.0])
    [0.0, 2.0, 2.0, 2.0]
    """

    def __init__(self, p: float = 0.5, *, seed: Seed = None) -> None:
        taken = "the part of the numbers that is dropped, from 0 to below 1"
        self.p, self.seed = real("p", p, lambda p: 0 <= p < 1, taken), seed
        # NumPy's older RandomState is refused: its state could not be saved.
        self.rng: Any = seed if hasattr(seed, "bit_generator") else generator(seed)

    def __call__(self, x: Input) -> Output:
        """Return x with some of its numbers set to 0, or x itself after training."""
        if not self.training or self.p == 0:
            return x
        x = known(x)
        p, of_values = self.p, isinstance(x, (list, tuple))
        if not of_values and not hasattr(x, "shape"):
            raise TypeError(f"Dropout takes lists of numbers and Values, Tensors and arrays; got {brief(x)}")
        shape = (len(flat(x)),) if of_values else x.shape
        dtype = getattr(x, "dtype", None)
        dtype = dtype if getattr(dtype, "kind", "") == "f" else float

        def mask(rng: Random | Generator) -> Numbers:
            kept = uniform(rng, shape, of_values)
            if of_values:
                return [1 / (1 - p) if u >= p else 0.0 for u in kept]
            return (kept >= p).astype(dtype) / (1 - p)

        factors = fresh(mask, self.rng)
        if not of_values:
            return x * factors
        each = iter(factors)
        return mapped(lambda item: item * next(each), x)

    def _write_onnx(self, graph: Graph) -> None:
        """Add nothing: after training nothing is dropped."""

    def _make_torch(self, nn: ModuleType) -> list[Any]:
        return [nn.Dropout(self.p)]

    def __repr__(self) -> str:
        return f"Dropout({self.p})"


def uniform(rng: Random | Generator, shape: tuple[int, ...], of_values: bool) -> Numbers:
    """Return numbers from 0 to below 1, of 32 random bits, the same in a list and in an array."""
    n = math.prod(shape)
    words = rng.randbytes(4 * n) if isinstance(rng, Random) else rng.bytes(4 * n)
    if of_values:
        return [word * 2**-32 for word in struct.unpack(f"<{n}I", words)]
    import numpy

    return numpy.frombuffer(words, "<u4").reshape(shape) * 2**-32
