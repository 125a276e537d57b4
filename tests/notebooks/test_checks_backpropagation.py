"""The checks of notebook 5 accept the solutions, and meet each typical mistake with its own hint."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from glassgrad.course import backpropagation as check
from solutions import backpropagation as solution

EXERCISES = ("exercise_1", "exercise_2", "exercise_3", "exercise_4")

y_hat = math.tanh(0.5)
wrong_1 = [
    (2 * (1 - y_hat) * (1 - y_hat**2) * 3, "the sign is not"),
    ((y_hat - 1) * (1 - y_hat**2) * 3, "factor 2"),
    (2 * (y_hat - 1) * (1 - y_hat**2), "dJ/dz"),
    (2 * (y_hat - 1) * 3, "non-linearity has a slope"),
    (2 * (y_hat - 1) * (1 - y_hat**2) * 0.5, "what stands beside w1"),
    (2 * (y_hat - 1) * (1 - y_hat) * 3, "slope of tanh"),
    (2 * (y_hat - 1) * y_hat * (1 - y_hat) * 3, "slope of the sigmoid"),
    (2 * (y_hat - 1) * (1 - math.tanh(y_hat) ** 2) * 3, "taken tanh of it again"),
    (2 * (y_hat - 1) * (1 - 0.5**2) * 3, "tanh(z) is squared, not z"),
    ((y_hat - 1) ** 2, "the loss itself"),
    (7.0, "three factors"),
    ("-2.5", "three factors"),
    (None, "cannot be used: TypeError"),
]
wrong_2 = [
    (3, "one path"),
    (6, "one path of several"),
    (9, "Two paths of three"),
    (12.0, "another term"),
    (18, "J itself"),
    (108, "added, not multiplied"),
    (1.0, "List the paths"),
]


def delta(y_hat: float, y: float) -> float:
    return 2 * (y_hat - y)


wrong_3 = [
    (lambda x, h, w, y_hat, y: np.outer((1 - h**2) * w * delta(y_hat, y), x), "wrong places"),
    (lambda x, h, w, y_hat, y: (1 - h**2) * w * delta(y_hat, y), "shape should be (3, 4)"),
    (lambda x, h, w, y_hat, y: np.outer(h, (1 - h**2) * w * delta(y_hat, y)), "Where does x come in"),
    (lambda x, h, w, y_hat, y: None, "is there a `return`?"),
    (lambda x, h, w, y_hat, y: np.outer(x, (1 - h**2) * w * delta(y, y_hat)), "All signs"),
    (lambda x, h, w, y_hat, y: np.outer(x, (1 - h**2) * w * (y_hat - y)), "half"),
    (lambda x, h, w, y_hat, y: np.outer(x, (1 - h**2) * w), "where does delta start"),
    (lambda x, h, w, y_hat, y: np.outer(x, w * delta(y_hat, y)), "g'(z_i) is missing"),
    (lambda x, h, w, y_hat, y: np.outer(x, (1 - h**2) * delta(y_hat, y)), "through its weight"),
    (lambda x, h, w, y_hat, y: np.outer(x, (1 - h) * w * delta(y_hat, y)), "slope of tanh"),
    (lambda x, h, w, y_hat, y: np.outer(x, h * (1 - h) * w * delta(y_hat, y)), "slope of the sigmoid"),
    (lambda x, h, w, y_hat, y: np.outer(x, (1 - np.tanh(h) ** 2) * w * delta(y_hat, y)), "tanh(z) already"),
    (lambda x, h, w, y_hat, y: np.outer(x, h), "First delta at the output"),
    (lambda x, h, w, y_hat, y: x @ h, "cannot be used: ValueError"),
]
wrong_4 = [
    (lambda J, w, h: (J(w - h) - J(w + h)) / (2 * h), "further right"),
    (lambda J, w, h: (J(w + h) - J(w)) / h, "to the right only"),
    (lambda J, w, h: (J(w) - J(w - h)) / h, "to the left only"),
    (lambda J, w, h: (J(w + h) - J(w - h)) / h, "further than eps"),
    (lambda J, w, h: (J(w + h) - J(w - h)) / 2 * h, "parentheses"),
    (lambda J, w, h: J(w + h) - J(w - h), "divide it"),
    (lambda J, w, h: ((J(w) + h) - (J(w) - h)) / (2 * h), "J(w + eps), not J(w) + eps"),
    (lambda J, w, h: ((w + h) ** 3 - (w - h) ** 3) / (2 * h), "the J that is given"),
    (lambda J, w, h: J(w + h) - J(w - h) / (2 * h), "Division comes before"),
    (lambda J, w, h: J(w + h) - J(w - h) / 2 * h, "Division comes before"),
    (lambda J, w, h: (J(w + 1e-5) - J(w - 1e-5)) / 2e-5, "the exact derivative"),
    (lambda J, w, h: 0.0, "16 and 4"),
]
WRONG: list[tuple[str, Any, str]] = [
    (name, answer, hint)
    for name, pairs in zip(EXERCISES, (wrong_1, wrong_2, wrong_3, wrong_4))
    for answer, hint in pairs
]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_is_right(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    getattr(check, name)(getattr(solution, name))
    assert capsys.readouterr().out == "Right.\n"


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_mistake_gets_its_hint(name: str, answer: Any, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    getattr(check, name)(answer)
    assert hint in capsys.readouterr().out


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("answer", [..., lambda *arguments: ...])
def test_the_dots_are_no_answer(name: str, answer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    getattr(check, name)(answer)
    said = capsys.readouterr().out
    assert said.startswith(
        "Not answered yet" if answer is ... or name in EXERCISES[2:] else "Your answer cannot be used"
    )


def test_no_hint_tells_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    for name, answer, _ in WRONG:
        getattr(check, name)(answer)
    said = capsys.readouterr().out
    assert "Right" not in said
    assert "15" not in said
    assert "2.5" not in said
