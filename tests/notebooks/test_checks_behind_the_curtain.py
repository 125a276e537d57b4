"""The checks of notebook 9 accept the solutions, and meet each typical mistake with its own hint."""

from __future__ import annotations

from typing import Any

import pytest

import autograd
from autograd import exp, maximum, relu, tanh, value_and_grad, where
from glassgrad.course import behind_the_curtain as check
from solutions import behind_the_curtain as solution

EXERCISES = ("exercise_1", "exercise_2", "exercise_3")
WRONG: list[tuple[str, Any, str]] = [
    ("exercise_1", "dJ_dw0", "nowhere in the source"),
    ("exercise_1", "dJ_dw1", "multiplied by x1"),
    ("exercise_1", " dJ_dw2", "multiplied by x2"),
    ("exercise_1", "dJ_dt1", "before the slope"),
    ("exercise_1", "t2", "slope of tanh"),
    ("exercise_1", "z", "its gradient"),
    ("exercise_1", "dJ", "last line"),
    ("exercise_1", 0.3, "in quotes"),
    ("exercise_2", 10, "all that stands there"),
    ("exercise_2", 9, "Times 1 is gone"),
    ("exercise_2", 8, "More than one thing"),
    ("exercise_2", 7, "Is c used"),
    ("exercise_2", 6, "Closer"),
    ("exercise_2", 5, "One too many"),
    ("exercise_2", 3, "One too few"),
    ("exercise_2", 40, "Cross out"),
    ("exercise_2", "four", "cannot be used: ValueError"),
    ("exercise_3", lambda z: where(z > 0, 0.1 * z, z), "swapped"),
    ("exercise_3", relu, "That is relu"),
    ("exercise_3", lambda z: where(z > 0, z, -0.1 * z), "Wrong sign"),
    ("exercise_3", lambda z: z, "Where is the tenth"),
    ("exercise_3", lambda z: where(z > 0, z, 0.01 * z), "A tenth is 0.1"),
    ("exercise_3", lambda z: 0.1 * z, "Positive numbers stay"),
    ("exercise_3", lambda z: where(z > 0, z, 0.1), "not 0.1"),
    ("exercise_3", lambda z: z * z, "Try it at 2"),
    ("exercise_3", lambda z: None, "returns nothing"),
    ("exercise_3", lambda z: z if z > 0 else 0.1 * z, "does not compile"),
    ("exercise_3", lambda z: max(z, 0.1 * z), "does not compile"),
    ("exercise_3", lambda z: where(z > 0, 2.0, -0.3), "the slopes are not"),
]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_is_right(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    getattr(check, name)(getattr(solution, name))
    assert capsys.readouterr().out == "Right.\n"


@pytest.mark.parametrize("other", [lambda z: maximum(z, 0.1 * z), lambda z: relu(z) - 0.1 * relu(-z)])
def test_other_ways_are_right(other: Any, capsys: pytest.CaptureFixture[str]) -> None:
    check.exercise_3(other)
    assert capsys.readouterr().out == "Right.\n"


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_mistake_gets_its_hint(name: str, answer: Any, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    getattr(check, name)(answer)
    assert hint in capsys.readouterr().out


@pytest.mark.parametrize("name", EXERCISES)
def test_the_dots_are_no_answer(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    getattr(check, name)(... if name != "exercise_3" else lambda z: ...)
    assert capsys.readouterr().out.startswith("Not answered yet")


def test_the_name_and_the_count_are_what_the_compiler_makes() -> None:
    def loss(w0, w1, w2, x1, x2, y):  # type: ignore[no-untyped-def]
        z = w0 + w1 * x1 + w2 * x2
        y_hat = tanh(z)
        return (y_hat - y) ** 2

    def puzzle(w, x):  # type: ignore[no-untyped-def]
        z = w * x
        a = tanh(z)
        b = tanh(w * x) + 1.0
        c = exp(b) * exp(a)  # noqa: F841
        d = 1.0 * a
        return d + b

    fast = autograd.compile(value_and_grad(loss, argnums=(0, 1, 2)))
    fast(0.1, 0.3, -0.2, -1.0, 2.0, 1.0)
    assert f"return (J, ({solution.exercise_1}, dJ_dw1, dJ_dw2))" in fast.source
    compiled = autograd.compile(puzzle)
    compiled(0.5, 2.0)
    assert compiled.source.count(" = ") == solution.exercise_2
