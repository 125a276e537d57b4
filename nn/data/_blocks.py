"""Lines of plain numbers, turned into arrays by NumPy's parser in C; whatever else there is, is left to `_cells`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import repeat

from nn._core.types import Array

PLAIN = b"0123456789+-.eE\r\n"
"""The letters of numbers that every reader of numbers reads alike, and the ends of lines."""


def is_plain(separator: str, width: int) -> bool:
    """Tell whether lines with such a separator can be cut at each of them.

    Of spaces several may stand for one; a line with nothing in it is no row, unless there is a single column.
    """
    return separator.isascii() and separator not in ' "' and separator.encode() not in PLAIN and width > 1


def plain_numbers(
    lines: Sequence[str], block: str, separator: str, width: int, chosen: Sequence[int]
) -> tuple[Array, list[list[str]]] | None:
    """Return the numbers of the `chosen` columns (n, k) of n lines, and the cells of each of the other columns.

    `block` is the text of all lines, without quotes. A cell with nothing in it is nan. None stands for anything but
    n rows of `width` cells, and for a cell of a chosen column that is no plain number, or begins with a zero as the
    code of a place does.
    """
    import numpy

    if block[-1] not in "\r\n" or set(map(str.count, lines, repeat(separator))) != {width - 1} or not chosen:
        return None
    # The spaces in front of a cell are no part of it, but between tabs.
    if (separator != "\t" and any(space in block for space in (f"{separator} ", "\n ", "\r "))) or block[0] == " ":
        return None
    others: list[list[str]] = []
    if places := sorted({*range(width)} - {*chosen}):
        first, last = places[0], places[-1]
        if width - first <= last:
            # From the end: what is predicted stands there more often than not.
            rows = [line.rstrip("\r\n").rsplit(separator, width - first) for line in lines]
            places = [place - first + (first > 0) for place in places]
        else:
            rows = [line.rstrip("\r\n").split(separator, last + 1) for line in lines]
        others = [[row[place] for row in rows] for place in places]
    # What is odd in all cells is odd in the others.
    if _odd(block, separator) != _odd(separator.join(map(separator.join, others)), separator):
        return None
    numbers = _parsed(lines, separator, chosen)
    if numbers is None:
        # Where nothing stands, NumPy's parser finds no number.
        cut = re.escape(separator)
        gap = re.compile(f"(?:^|(?<={cut}))(?=[{cut}\r\n])")
        numbers = _parsed([gap.sub("nan", line) for line in lines], separator, chosen)
    return None if numbers is None or numpy.isinf(numbers).any() else (numbers, others)


def _parsed(lines: Sequence[str], separator: str, chosen: Sequence[int]) -> Array | None:
    import numpy

    try:
        return numpy.loadtxt(lines, delimiter=separator, comments=None, usecols=list(chosen), ndmin=2)
    except ValueError:
        return None


def _odd(text: str, separator: str) -> tuple[int, int]:
    """Return how many letters of a text stand in no plain number, and how many cells begin with 0 and a digit."""
    import numpy

    code = (separator + text).encode()
    letters = numpy.frombuffer(code, numpy.uint8)
    digits = (letters >= ord("0")) & (letters <= ord("9"))
    (zeros,) = numpy.nonzero((letters[:-1] == ord("0")) & digits[1:])
    before = letters[zeros - 1]
    signed = (before == ord("+")) | (before == ord("-"))
    before = numpy.where(signed, letters[zeros - 1 - signed], before)
    starts = (before == ord(separator)) | (before == ord("\n")) | (before == ord("\r"))
    return len(code.translate(None, PLAIN + separator.encode())), int(starts.sum())
