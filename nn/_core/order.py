"""The order of the samples in an epoch, by its seed and its number, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

FEW = 2**16
"""The most samples whose order is kept as a list; that of more is computed piece by piece, and kept nowhere."""

ROUNDS = 6
"""The rounds of the permutation: more mix no better, and must be even."""

_WORD = 2**64 - 1


def batches_of(n: int, size: int, seed: int | None, epoch: int) -> Iterator[Sequence[int]]:
    """Yield the numbers, from 0, of the samples in each batch of an epoch: all n of them, each once.

    >>> from nn._core.order import batches_of
    >>> [list(batch) for batch in batches_of(3, 2, seed=0, epoch=0)]
    [[0, 2], [1]]
    """
    # By the epoch, so that a training that is carried on goes the same way.
    random = Random(f"{seed} {epoch}")
    if n <= FEW:
        order = list(range(n))
        random.shuffle(order)
        yield from (order[start : start + size] for start in range(0, n, size))
        return
    keys = _keys(random)
    piece = size * max(1, FEW // size)
    for first in range(0, n, piece):
        found = shuffled(range(first, min(first + piece, n)), n, keys)
        yield from (found[start : start + size] for start in range(0, len(found), size))


def in_another_order(items: Sequence[int], random: Random) -> list[int]:
    """Return items in an order that `random` gives.

    >>> from random import Random
    >>> from nn._core.order import in_another_order
    >>> in_another_order([5, 6, 7], Random(0))
    [5, 7, 6]
    """
    if len(items) > FEW:
        return [items[place] for place in shuffled(range(len(items)), len(items), _keys(random))]
    order = list(items)
    random.shuffle(order)
    return order


def _keys(random: Random) -> list[int]:
    return [random.getrandbits(64) for _ in range(ROUNDS)]


def shuffled(places: range, n: int, keys: Sequence[int]) -> Sequence[int]:
    """Return which of n samples stand at some places of an order that `keys` give.

    The order is a permutation of the whole numbers with as many bits as n - 1 (a Feistel network, after Black and
    Rogaway 2002); what is not below n goes through it once more.

    >>> from nn._core.order import shuffled
    >>> sorted(map(int, shuffled(range(5), 5, [1, 2, 3, 4, 5, 6])))
    [0, 1, 2, 3, 4]
    """
    bits = max(2, (n - 1).bit_length())
    try:
        import numpy
    except ImportError:
        return [_walked(place, n, bits, keys) for place in places]
    found = _mixed(numpy.arange(places.start, places.stop, dtype=numpy.uint64), bits, keys)
    while (outside := found >= n).any():
        found[outside] = _mixed(found[outside], bits, keys)
    numbers: Sequence[int] = found.astype(numpy.int64)
    return numbers


def _walked(place: int, n: int, bits: int, keys: Sequence[int]) -> int:
    while (place := _mixed(place, bits, keys)) >= n:
        pass
    return place


def _mixed(x: Any, bits: int, keys: Sequence[int]) -> Any:
    """Return other numbers of so many bits for one, or an array of uint64: different ones for different ones."""
    low, high = bits // 2, bits - bits // 2
    for key in keys:
        left, right = x >> low, x & ((1 << low) - 1)
        # The halves change places, so their lengths do as well; after two rounds all is as at the start.
        low, high = high, low
        x = (right << low) | (left ^ (_hashed(right, key) & ((1 << low) - 1)))
    return x


def _hashed(x: Any, key: int) -> Any:
    """Return numbers of 64 bits that look like chance, as splitmix64 makes them."""
    x = (x ^ key) & _WORD
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _WORD
    return x ^ (x >> 31)
