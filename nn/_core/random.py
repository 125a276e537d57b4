"""The one source of randomness without a seed: for networks, drop-outs, the order of samples.

It is the only state of `nn` that outlives a call.
"""

from __future__ import annotations

from random import Random

from .settings import whole
from .types import Unchecked

# The methods of a Random are atomic: threads get different seeds.
_source = Random(0)
_started_as = 0


def seed(n: int) -> None:
    """Start the source anew: networks made without a seed after it are the same every time.

    A program that never calls it starts as with 0: run twice it gives the same numbers. Raises ValueError for a number
    that is not whole.

    >>> import nn
    >>> nn.seed(3)
    >>> one, two = Perceptron(1).w[0].data, Perceptron(1).w[0].data
    >>> nn.seed(3)
    >>> Perceptron(1).w[0].data == one, one == two
    (True, False)
    """
    global _started_as
    _started_as = whole("n", n)
    _source.seed(_started_as)


def seed_of_order(trainings: int) -> int:
    """Return the seed of the order of samples in `fit`, by the number of a network's earlier trainings.

    Equal networks see the same order, and one that is trained again sees another one.

    >>> seed(3)
    >>> seed_of_order(0), seed_of_order(1)
    (3, 4)
    """
    return _started_as + trainings


def new_seed() -> int:
    """Return another seed at each call, the same ones in each run of a program.

    >>> len({new_seed() for _ in range(100)})
    100
    """
    return _source.getrandbits(32)


def generator(seed: Unchecked) -> Random:
    """Return a generator for a seed: a new one for None or a whole number, a `random.Random` itself.

    A generator of NumPy is drawn from for a new one. Raises ValueError for another seed.

    >>> generator(3).random() == generator(3).random()
    True
    """
    if isinstance(seed, Random):
        return seed
    if hasattr(seed, "bit_generator"):
        return Random(int(seed.integers(2**63)))
    otherwise = ", a random.Random or a generator of numpy.random.default_rng"
    return Random(new_seed() if seed is None else whole("seed", seed, otherwise=otherwise))
