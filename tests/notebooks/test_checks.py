"""The checks of notebooks 1 to 4 accept the solutions, and meet each typical mistake with its own hint."""

from __future__ import annotations

import importlib
import math
from typing import Any

import pytest

from autograd import Value, sigmoid, tanh

MODULES = ("perceptron", "networks", "loss", "gradient_descent")
EXERCISES = [
    (module, name)
    for module in MODULES
    for name in vars(importlib.import_module(f"solutions.{module}"))
    if name.startswith("exercise_")
]


def z(x: list[float], w0: float, w: list[float]) -> float:
    return w0 + sum(a * b for a, b in zip(x, w))


def mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


PERCEPTRON: list[tuple[str, Any, str]] = [
    ("exercise_1", 4, "no input is multiplied with"),
    ("exercise_1", 9, "sign of w2"),
    ("exercise_1", 0.9933, "before the sigmoid"),
    ("exercise_1", sigmoid(Value(5.0)), "before the sigmoid"),
    ("exercise_1", 0, "first weight belongs to the first input"),
    ("exercise_1", 17, "one by one"),
    ("exercise_1", "five", "cannot be used: ValueError"),
    ("exercise_2", 1.0, "Three numbers"),
    ("exercise_2", [1.0, 1.0], "Three numbers"),
    ("exercise_2", [float("nan"), 1.0, 1.0], "finite numbers"),
    ("exercise_2", [0.0, 1.0, 1.0], "At (0, 0)"),
    ("exercise_2", [-0.5, 1.0, 1.0], "At (0, 1)"),
    ("exercise_2", [-1.5, 2.0, 1.0], "At (1, 0)"),
    ("exercise_2", [-3.0, 1.0, 1.0], "At (1, 1)"),
    ("exercise_3", 0, "How large is it there"),
    ("exercise_3", 0.5, "the height of the curve"),
    ("exercise_3", 1.0, "tanh's"),
    ("exercise_3", 0.2, "steepest"),
    ("exercise_3", None, "cannot be used: TypeError"),
    ("exercise_3", (0.25,), "One number is needed, not a tuple"),
    ("exercise_4", lambda x, w0, w: None, "`return`"),
    ("exercise_4", z, "go through tanh"),
    ("exercise_4", lambda x, w0, w: sigmoid(z(x, w0, w)), "with sigmoid"),
    ("exercise_4", lambda x, w0, w: tanh(z(x, 0.0, w)), "w0 is missing"),
    ("exercise_4", lambda x, w0, w: tanh(w0 + x[0] * w[0] + x[1] * w[1]), "there may be more"),
    ("exercise_4", lambda x, w0, w: w0 + tanh(z(x, 0.0, w)), "belongs inside"),
    ("exercise_4", lambda x, w0, w: tanh(x[0]), "First make the sum"),
    ("exercise_4", lambda x, w0: x, "cannot be used: TypeError"),
    ("exercise_4", lambda x, w0, w: tanh(w0 + x @ w), "go through the numbers in them"),
    ("exercise_4", lambda x, w0, w: tanh(w0 + sum(x * w)), "go through the numbers in them"),
]


def powers(z: list[float]) -> list[float]:
    return [math.exp(z_j) for z_j in z]


NETWORKS: list[tuple[str, Any, str]] = [
    ("exercise_1", 25, "the weights, the lines"),
    ("exercise_1", 7, "the biases"),
    ("exercise_1", 20, "the first layer"),
    ("exercise_1", 12, "the second layer"),
    ("exercise_1", 35, "Inputs compute nothing"),
    ("exercise_1", 10, "layer by layer"),
    ("exercise_2", 24, "two sizes"),
    ("exercise_2", (3, 8), "the other order"),
    ("exercise_2", (9, 3), "biases are not in the matrix"),
    ("exercise_2", (4, 8), "the first layer"),
    ("exercise_2", (4, 3), "does not see the inputs"),
    ("exercise_2", (8, 8), "A row for each number"),
    ("exercise_3", lambda z: 1.0, "probability for each"),
    ("exercise_3", powers, "divided by their sum"),
    ("exercise_3", lambda z: [z_j / sum(z) for z_j in z], "some are negative"),
    ("exercise_3", lambda z: [1 / (1 + math.exp(-z_j)) for z_j in z], "sigmoid of each"),
    ("exercise_3", lambda z: [p / max(powers(z)) for p in powers(z)], "Divided by the largest"),
    ("exercise_3", lambda z: [math.log(p / sum(powers(z))) for p in powers(z)], "logarithms"),
    ("exercise_3", lambda z: [1 / len(z) for _ in z], "not powers of e"),
    ("exercise_3", lambda z: [2**z_j / sum(2**z_k for z_k in z) for z_j in z], "not powers of e"),
    ("exercise_3", lambda z: [p / 3 for p in powers(z)], "Together they should be 1"),
    ("exercise_3", lambda z: [p / sum(powers(z)) for p in powers(z[:3])], "however many"),
]


def errors(y_hat: list[float], y: list[float]) -> list[float]:
    return [a - b for a, b in zip(y_hat, y)]


def squares(y_hat: list[float], y: list[float]) -> list[float]:
    return [error**2 for error in errors(y_hat, y)]


LOSS: list[tuple[str, Any, str]] = [
    ("exercise_1", 4525, "the sum of the squares"),
    ("exercise_1", 38.84, "the root"),
    ("exercise_1", 38.33, "mean of the distances"),
    ("exercise_1", 336.1, "square of the mean"),
    ("exercise_1", 2262.5, "How many are there"),
    ("exercise_1", 1500, "Three differences"),
    ("exercise_2", lambda y_hat, y: None, "`return`"),
    ("exercise_2", squares, "One number is wanted"),
    ("exercise_2", lambda y_hat, y: sum(squares(y_hat, y)) / 3, "divide by len(y)"),
    ("exercise_2", lambda y_hat, y: sum(squares(y_hat, y)), "the sum of the squares"),
    ("exercise_2", lambda y_hat, y: mean(errors(y_hat, y)), "up and down cancel"),
    ("exercise_2", lambda y_hat, y: mean([abs(e) for e in errors(y_hat, y)]), "Square them instead"),
    ("exercise_2", lambda y_hat, y: math.sqrt(mean(squares(y_hat, y))), "the root"),
    ("exercise_2", lambda y_hat, y: 1.0, "Square each difference"),
    ("exercise_3", math.log(0.5), "minus sign"),
    ("exercise_3", 0.30103, "base 10"),
    ("exercise_3", 1.0, "base 2"),
    ("exercise_3", 0.25, "the squared error"),
    ("exercise_3", 2 * math.log(2), "One of the two terms"),
    ("exercise_3", 0.5, "is left of the formula"),
    ("exercise_4", 3.0, "Two numbers"),
    ("exercise_4", [-1.0, 20.0], "more work makes the grade worse"),
    ("exercise_4", [0.0, 0.0], "All three guesses are too low"),
    ("exercise_4", [20.0, 20.0], "All three guesses are too high"),
    ("exercise_4", [4.0, 10.0], "near the valley"),
    ("exercise_4", [5.0, 10.0], "Follow it"),
    ("exercise_4", [math.nan, 1.0], "ordinary numbers"),
]

GRADIENT_DESCENT: list[tuple[str, Any, str]] = [
    ("exercise_1", 0.6, "uphill"),
    ("exercise_1", 1.2, "factor 2"),
    ("exercise_1", -4, "the derivative at w = 1"),
    ("exercise_1", 5, "learning rate is missing"),
    ("exercise_1", 0.4, "That is the step"),
    ("exercise_1", 3, "2 (w - 3), at w = 1"),
    ("exercise_2", 0.5, "the best there is"),
    ("exercise_2", 2, "Far too large"),
    ("exercise_2", 0, "nothing moves"),
    ("exercise_2", 1.5, "grows already"),
    ("exercise_2", 0.1, "Draw 1 - 2 eta"),
    ("exercise_3", lambda w, v, g, eta, m: w, "Two numbers"),
    ("exercise_3", lambda w, v, g, eta, m: (w - eta * v, m * v + g), "old velocity"),
    ("exercise_3", lambda w, v, g, eta, m: (m * v + g, w - eta * (m * v + g)), "the weight first"),
    ("exercise_3", lambda w, v, g, eta, m: (w - eta * g, m * v + g), "without momentum"),
    ("exercise_3", lambda w, v, g, eta, m: (w + eta * (m * v + g), m * v + g), "uphill"),
    ("exercise_3", lambda w, v, g, eta, m: (w - eta * (v + g), v + g), "friction"),
    ("exercise_3", lambda w, v, g, eta, m: (w - eta * (m * v + (1 - m) * g), m * v + (1 - m) * g), "weighted mean"),
    ("exercise_3", lambda w, v, g, eta, m: (w - (m * v + g), m * v + g), "learning rate is missing"),
    ("exercise_3", lambda w, v, g, eta, m: (w - eta * (m * v + g), v), "Return the new velocity"),
    ("exercise_3", lambda w, v, g, eta, m: (w + m * v - eta * g, m * v - eta * g), "another way to write"),
    ("exercise_3", lambda w, v, g, eta, m: (w, v), "Begin with the velocity"),
    ("exercise_3", lambda w, v, g, eta, m: (..., ...), "Not answered yet"),
    ("exercise_3", lambda w, v, g, eta, m: (w, m * v + g), "The velocity is right"),
    ("exercise_4", 6.25, "no quarter steps"),
    ("exercise_4", 6, "never be seen"),
    ("exercise_4", 100, "batches of 1"),
    ("exercise_4", 16, "how many samples a step sees"),
    ("exercise_4", 1, "a single batch"),
    ("exercise_4", 8, "all 100 once"),
]

WRONG = [
    (module, *case) for module, cases in zip(MODULES, (PERCEPTRON, NETWORKS, LOSS, GRADIENT_DESCENT)) for case in cases
]


def said(module: str, name: str, answer: Any, capsys: pytest.CaptureFixture[str]) -> str:
    assert getattr(importlib.import_module(f"glassgrad.course.{module}"), name)(answer) is None
    return capsys.readouterr().out


@pytest.mark.parametrize(("module", "name"), EXERCISES)
def test_the_solution_is_right(module: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    solution = getattr(importlib.import_module(f"solutions.{module}"), name)
    assert said(module, name, solution, capsys) == "Right.\n"


@pytest.mark.parametrize(("module", "name", "answer", "hint"), WRONG)
def test_a_mistake_gets_its_hint(
    module: str, name: str, answer: Any, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hint in said(module, name, answer, capsys)


@pytest.mark.parametrize(("module", "name"), EXERCISES)
def test_the_dots_are_no_answer(module: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    solution = getattr(importlib.import_module(f"solutions.{module}"), name)
    dots = (lambda *arguments: ...) if callable(solution) else ...
    assert said(module, name, dots, capsys).startswith("Not answered yet")


def test_no_hint_tells_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    for module, name in EXERCISES:
        solution = getattr(importlib.import_module(f"solutions.{module}"), name)
        hints = " ".join(said(*case[:3], capsys) for case in WRONG if case[:2] == (module, name))
        assert "Right" not in hints
        if isinstance(solution, float) and solution not in (1.0, 5.0):
            assert f"{solution:.4g}" not in hints
