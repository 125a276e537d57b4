"""Solutions of notebook 8."""

from __future__ import annotations

exercise_1 = 8, 4  # windows start at rows 1 to 8; at rows 1, 3, 5 and 7


def exercise_2(row, size):
    """Return the largest number of each whole part of a list."""
    return [max(row[start : start + size]) for start in range(0, len(row) - size + 1, size)]


exercise_3 = 64 * (32 * 3 * 3 + 1)  # 18,496
