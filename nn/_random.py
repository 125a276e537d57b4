"""The one source of randomness for whatever is given no seed."""

from __future__ import annotations

from random import Random

from ._settings import whole

_source = Random(0)
_started_as = 0


def seed(n: int) -> None:
    """Start the source anew: what is made without a seed from here on is the same every time.

    A program that never calls it starts as with 0. Raises ValueError for a number that is not whole.

    >>> seed(3)
    >>> first = new_seed()
    >>> seed(3)
    >>> new_seed() == first
    True
    """
    global _started_as
    _started_as = whole("n", n)
    _source.seed(_started_as)


def seed_of_order(trainings: int) -> int:
    """Return the seed of the order in which `fit` takes the samples of a network that had so many trainings before.

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
