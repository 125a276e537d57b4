"""The checks of notebooks 7 and 8 accept the solutions, and meet each typical mistake with its own hint."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

Wrong = list[tuple[str, tuple[Any, ...], str]]

TRAINING: Wrong = [
    ("exercise_1", (2, 5), "count epochs from 1"),
    ("exercise_1", (7, 7), "Training never gets there"),
    ("exercise_1", (5, 6), "but no new low"),
    ("exercise_1", (1, 6), "the lowest loss that was seen"),
    ("exercise_1", (3, 3), "how long does training wait"),
    ("exercise_1", (3, 5), "three epochs without a new low"),
    ("exercise_1", (3, 7), "Count the epochs after the best one"),
    ("exercise_1", ("3", "7"), "Count the epochs after the best one"),
    ("exercise_1", (0.5, 6), "That is a loss"),
    ("exercise_2", (2.0,), "adds to it a multiple of the weight"),
    ("exercise_2", (2.1,), "Uphill"),
    ("exercise_2", (1.0,), "The learning rate takes a tenth"),
    ("exercise_2", (1.8,), "adds exactly 0.5 w"),
    ("exercise_2", (1.95,), "in proportion to the weight"),
    ("exercise_2", (0.1,), "Where does it lead"),
    ("exercise_2", (7,), "from w = 2"),
    ("exercise_2", ("a",), "cannot be used: ValueError"),
    ("exercise_3", (4.0, 4.0), "stand in for the dropped ones"),
    ("exercise_3", (20.0, 4.0), "divided by p"),
    ("exercise_3", (3.2, 4.0), "multiplied by 1 - p"),
    ("exercise_3", (0.0, 4.0), "if it is dropped"),
    ("exercise_3", (9.0, 4.0), "with p = 0.2"),
    ("exercise_3", (5.0, 5.0), "nothing is divided either"),
]


def overlapping(row: list[float], size: int) -> list[float]:
    return [max(row[k : k + size]) for k in range(len(row) - size + 1)]


def parts(row: list[float], size: int) -> list[list[float]]:
    return [row[k : k + size] for k in range(0, len(row), size)]


CONVOLUTION: Wrong = [
    ("exercise_1", (10, 5), "with a frame of zeros"),
    ("exercise_1", (7, 3), "how far the window can move"),
    ("exercise_1", (3, 1), "The windows overlap"),
    ("exercise_1", (6, 3), "This one has 10"),
    ("exercise_1", (9, 3), "as long as three rows are left"),
    ("exercise_1", (8, 8), "at every second row only"),
    ("exercise_1", (8, 5), "only two rows are left"),
    ("exercise_1", (8, 2), "rows 1, 3, ..."),
    ("exercise_2", (lambda row, size: None,), "`return`"),
    ("exercise_2", (lambda row, size: max(row),), "One number for each part"),
    ("exercise_2", (lambda row, size: np.max(row),), "One number for each part"),
    ("exercise_2", (overlapping,), "must not overlap"),
    ("exercise_2", (lambda row, size: [min(part) for part in parts(row, size)],), "the smallest"),
    ("exercise_2", (lambda row, size: [sum(part) / len(part) for part in parts(row, size)],), "the means"),
    ("exercise_2", (lambda row, size: [max(0, *part) for part in parts(row, size)],), "all numbers are negative"),
    ("exercise_2", (lambda row, size: [1],), "it is not [1.0]"),
    ("exercise_2", (lambda row, size: [max(part) for part in parts(row, size)],), "what is left over"),
    ("exercise_2", (lambda row, size: [max(p) for p in parts(row, 2) if len(p) == 2],), "let `size` say"),
    ("exercise_3", (18432,), "Each filter has a bias"),
    ("exercise_3", (640,), "sees all 32 channels"),
    ("exercise_3", (6208,), "The window is 3 x 3"),
    ("exercise_3", (18464,), "a bias for each filter"),
    ("exercise_3", (352,), "a single filter"),
    ("exercise_3", (1,), "64 filters"),
]
CASES = [("training_in_practice", *case) for case in TRAINING] + [("convolution", *case) for case in CONVOLUTION]


@pytest.mark.parametrize(("module", "name", "answers", "hint"), CASES)
def test_a_wrong_answer_meets_its_hint(
    module: str, name: str, answers: tuple[Any, ...], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    getattr(importlib.import_module(f"glassgrad.course.{module}"), name)(*answers)
    assert hint in capsys.readouterr().out


@pytest.mark.parametrize("module", ["training_in_practice", "convolution"])
@pytest.mark.parametrize("name", ["exercise_1", "exercise_2", "exercise_3"])
def test_the_solution_is_right_and_dots_are_no_mistake(
    module: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check = getattr(importlib.import_module(f"glassgrad.course.{module}"), name)
    solution = getattr(importlib.import_module(f"solutions.{module}"), name)
    check(*(solution if isinstance(solution, tuple) else (solution,)))
    check(*(... for _ in solution) if isinstance(solution, tuple) else (...,))
    if callable(solution):
        check(lambda *_: ...)
    right, *dots = capsys.readouterr().out.splitlines()
    assert right == "Right."
    assert all(line.startswith("Not answered yet") for line in dots)
    assert len(dots) == 1 + callable(solution)


def test_every_exercise_has_five_wrong_answers() -> None:
    for module in ("training_in_practice", "convolution"):
        for name in ("exercise_1", "exercise_2", "exercise_3"):
            assert sum(case[:2] == (module, name) for case in CASES) >= 5
