"""Checks of notebook 8."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import close, exercise, number, result


@exercise
def exercise_1(one: Any, two: Any) -> str | None:
    """Rows for 10 rows and a window of 3, at stride 1 and 2."""
    if close(one, 10):
        return "That is with a frame of zeros. Without one, where does the last window start?"
    if close(one, 7):
        return "10 - 3 = 7 is how far the window can move. How many places does it stand at?"
    if close(one, 3):
        return "The windows overlap: at stride 1 the next one starts one row further."
    if close(one, 6):
        return "That was the image of 8 rows. This one has 10."
    if not close(one, 8):
        return "At stride 1 the window starts at row 1, 2, ... as long as three rows are left."
    if close(two, 8):
        return "At stride 2 it starts at every second row only."
    if close(two, 5):
        return "The fifth window would start at row 9, and only two rows are left there."
    if not close(two, 4):
        return "At stride 2 the window starts at rows 1, 3, ... as long as three rows are left."
    return None


@exercise
def exercise_2(max_pool: Callable[..., Any]) -> str | None:
    """The largest number of each part of a list."""
    found = result(max_pool, [1, 5, 2, 2, -3, -7], 2)
    if not hasattr(found, "__iter__"):
        return "One number for each part is wanted: a list."
    found = [number(item) for item in found]
    if found == [5, 5, 2, 2, -3]:
        return "The parts must not overlap: the next one begins where the last one ended."
    if found == [1, 2, -7]:
        return "These are the smallest."
    if found == [3, 2, -5]:
        return "These are the means. The largest are wanted."
    if found == [5, 2, 0]:
        return "Where all numbers are negative, the largest is negative, too."
    if found != [5, 2, -3]:
        return f"For [1, 5, 2, 2, -3, -7] and 2 it is not {found}."
    if [number(item) for item in max_pool([4, 1, 3, 9, 2], 2)] != [4, 9]:
        return "A list of five has two whole parts of two; what is left over is dropped."
    if [number(item) for item in max_pool([4, 1, 3, 9, 2, 0], 3)] != [4, 9]:
        return "It works for parts of two; let `size` say how long they are."
    return None


@exercise
def exercise_3(count: Any) -> str | None:
    """The numbers in Conv2d(32, 64, 3)."""
    count = number(count)
    if count == 64 * 32 * 9:
        return "These are the weights. Each filter has a bias as well."
    if count == 64 * 9 + 64 or count == 64 * 9:
        return "Each filter sees all 32 channels, with weights of its own for each."
    if count == 64 * 32 * 3 + 64:
        return "The window is 3 x 3."
    if count == 64 * 32 * 9 + 32:
        return "There is a bias for each filter, that is for each channel that comes out."
    if count == 32 * 9 + 64:
        return "That is a single filter. There are 64."
    if count != 64 * 32 * 9 + 64:
        return "64 filters, each with 32 windows of 3 x 3 weights, and a bias."
    return None
