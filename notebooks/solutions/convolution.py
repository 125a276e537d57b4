"""Solutions of notebook 8."""

from __future__ import annotations

exercise_1 = 6, 3  # windows start at rows 1 to 6; at rows 1, 3 and 5


def exercise_2(row, size):
    """Return the largest number of each whole part of a list."""
    return [max(row[start : start + size]) for start in range(0, len(row) - size + 1, size)]


exercise_3 = 64 * (32 * 3 * 3 + 1)  # 18,496
