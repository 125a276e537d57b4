"""Small whole numbers in few letters: a Huffman code, so that images do not make up most of a page."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from nn._core.types import Json


def coded(numbers: Sequence[int]) -> Json:
    """Return whole numbers from 0 as the lengths of their codes, and the codes one after the other in base64.

    The lengths tell the codes: those of one length follow each other, and those of the next length go on from there.
    `readData` of data.js reads them. Source: D. A. Huffman, 1952; canonical as in RFC 1951, 3.2.2.

    >>> coded([0, 0, 0, 2, 0, 1])
    {'lengths': [1, 2, 2], 'codes': 'Gg=='}
    """
    lengths = _lengths(numbers)
    codes = {}
    code = before = 0
    for length, number in sorted((length, number) for number, length in lengths.items()):
        code <<= length - before
        codes[number], before = f"{code:0{length}b}", length
        code += 1
    bits = "".join(codes[number] for number in numbers)
    packed = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    every = [lengths.get(number, 0) for number in range(max(numbers) + 1)]
    return {"lengths": every, "codes": base64.b64encode(packed).decode()}


def _lengths(numbers: Sequence[int]) -> dict[int, int]:
    """Return how many bits the code of each number has: the rarest two share all bits but the last."""
    counts = Counter(numbers)
    lengths = dict.fromkeys(counts, int(len(counts) == 1))
    groups = [(count, number, [number]) for number, count in counts.items()]
    heapify(groups)
    while len(groups) > 1:
        (a, tie, few), (b, _, more) = heappop(groups), heappop(groups)
        for number in few + more:
            lengths[number] += 1
        heappush(groups, (a + b, tie, few + more))
    return lengths
