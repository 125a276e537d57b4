"""The checks of notebook 6 accept the solutions, and meet each typical mistake with its own hint."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glassgrad.course import your_own_engine as check
from solutions import your_own_engine as solution
from solutions.your_own_engine import Number, add, backward, multiply, order, tanh

WRONG_RULES = [
    (lambda g, out, z: 1 / (1 + abs(z)) ** 2, "passes the gradient g on"),
    (lambda g, out, z: -g / (1 + abs(z)) ** 2, "sign is wrong"),
    (lambda g, out, z: g / (1 + abs(z)), "squared"),
    (lambda g, out, z: g / (1 + z) ** 2, "positive z alone"),
    (lambda g, out, z: g / 1 + abs(z) ** 2, "parentheses"),
    (lambda g, out, z: g * (1 + abs(z)) ** 2, "should divide by"),
    (lambda g, out, z: g * out, "the function itself"),
    (lambda g, out, z: g / (1 + math.fabs(z)) ** 2, "Right for numbers"),
    (lambda g, out, z: g / (1 + (z if z > 0 else -z)) ** 2, "An array has no single sign"),
    (lambda g, out, z: None, "is there a `return`?"),
    (lambda g, out, z: g * 0.5, "g times the derivative"),
    (lambda g, out: g, "cannot be used: TypeError"),
]


def an_operation(data: Callable[..., Any], *slopes: Callable[..., Any]) -> Callable[..., Any]:
    def operation(*inputs: Any) -> Any:
        return Number(data(*inputs), inputs, tuple(slope(*inputs) for slope in slopes))

    return operation


def one(*inputs: Any) -> float:
    return 1.0


def tanh_with(slope: Callable[[float], float]) -> Callable[..., Any]:
    return an_operation(lambda a: math.tanh(a.data), lambda a: slope(a.data))


def product(a: Any, b: Any) -> float:
    return a.data * b.data


WRONG_OPERATIONS = [
    ({"add": lambda a, b: None}, "is there a return"),
    ({"add": an_operation(lambda a, b: a.data - b.data, one, one)}, "add: the data is wrong"),
    ({"add": an_operation(lambda a, b: a.data + b.data, one)}, "as many slopes"),
    ({"add": an_operation(lambda a, b: a.data + b.data, lambda a, b: a.data, lambda a, b: b.data)}, "a + b grow"),
    ({"add": lambda a, b: Number(a.data + b.data, (b, a), (1.0, 1.0))}, "in order"),
    ({"multiply": an_operation(product, lambda a, b: a.data, lambda a, b: b.data)}, "swapped"),
    ({"multiply": an_operation(product, one, one)}, "a * b grow"),
    ({"multiply": an_operation(product, lambda a, b: b, lambda a, b: a)}, "plain numbers"),
    ({"tanh": tanh_with(lambda a: 1 - math.tanh(a))}, "squared"),
    ({"tanh": tanh_with(lambda a: 1 - a**2)}, "squares tanh(a), not a itself"),
    ({"tanh": tanh_with(lambda a: math.tanh(a) ** 2)}, "math.tanh(a.data)"),
    ({"tanh": lambda a: Number(math.tanh(a))}, "write a.data, not a"),
    ({"tanh": lambda a: Number(math.tanh(a.data), (a,), 1.0)}, "a tuple of one is written (s,)"),
    ({"tanh": lambda a: math.tnah(a.data)}, "cannot be used: AttributeError"),
    ({"add": lambda a, b: a.data + None}, "cannot be used: TypeError"),
]


def an_order(visit: Callable[..., None], after: Callable[[list[Any]], Any] = list) -> Callable[..., Any]:
    def order(root: Any) -> Any:
        found: list[Any] = []
        visit(root, found)
        return after(found)

    return order


def all_visits(number: Any, found: list[Any]) -> None:
    for i in number.inputs:
        all_visits(i, found)
    found.append(number)


def by_value(number: Any, found: list[Any]) -> None:
    for i in number.inputs:
        by_value(i, found)
    if number.data not in [other.data for other in found]:
        found.append(number)


def of_products(number: Any, found: list[Any]) -> None:
    found += [i for i in number.inputs if i.inputs]


def append_before(number: Any, found: list[Any]) -> None:
    if number not in found:
        found.append(number)
        for i in number.inputs:
            append_before(i, found)


def without_leaves(number: Any, found: list[Any]) -> None:
    if number.inputs and number not in found:
        for i in number.inputs:
            without_leaves(i, found)
        found.append(number)


def inputs_only(number: Any, found: list[Any]) -> None:
    for i in number.inputs:
        inputs_only(i, found)
        if i not in found:
            found.append(i)


def append_data(number: Any, found: list[Any]) -> None:
    found.append(number.data)


def append_self_forever(number: Any, found: list[Any]) -> None:
    append_self_forever(number, found)


WRONG_ORDERS = [
    (lambda root: None, "is there a `return`?"),
    (lambda root: set(order(root)), "a set has no order"),
    (an_order(by_value), "one with the data of another is missing"),
    (an_order(of_products), "some are missing"),
    (an_order(all_visits), "more than once"),
    (an_order(append_before), "before one of its inputs"),
    (lambda root: order(root)[::-1], "That is the reverse"),
    (an_order(without_leaves), "those without inputs are missing"),
    (an_order(inputs_only), "the root is missing"),
    (an_order(append_data), "no Number of the graph"),
    (an_order(append_self_forever), "cannot be used: RecursionError"),
]


def a_backward(
    send: Callable[[Any, Any, float], float],
    start: Any = 1.0,
    walk: Callable[[list[Any]], Any] = reversed,
    zero: bool = True,
) -> Callable[[Any], None]:
    def backward(root: Any) -> None:
        for number in order(root):
            number.grad = 0.0 if zero else number.grad
        root.grad = start
        for number in walk(order(root)):
            for i, slope in zip(number.inputs, number.slopes):
                i.grad = send(i, number, slope)

    return backward


def right(i: Any, number: Any, slope: float) -> Any:
    return i.grad + number.grad * slope


WRONG_BACKWARDS = [
    (a_backward(lambda i, number, slope: number.grad * slope), "wrong where paths meet"),
    (a_backward(lambda i, number, slope: i.grad + slope), "slope alone"),
    (a_backward(lambda i, number, slope: i.grad + number.grad), "unchanged"),
    (a_backward(lambda i, number, slope: i.grad + number.grad + slope), "not added to them"),
    (a_backward(lambda i, number, slope: i.grad * number.grad * slope), "0 times g is 0"),
    (a_backward(lambda i, number, slope: i.grad - number.grad * slope), "Not yet"),
    (a_backward(right, start=0.0), "where the pass starts"),
    (a_backward(right, walk=list), "begin at root"),
    (a_backward(right, zero=False), "the second pass"),
]


@pytest.mark.parametrize("name", ["exercise_2", "exercise_3", "exercise_4"])
def test_the_solution_is_right(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    getattr(check, name)(*getattr(solution, name))
    assert capsys.readouterr().out == "Right.\n"


def test_the_rule_of_the_solution_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    check.exercise_1(solution.exercise_1)
    assert capsys.readouterr().out == "Right.\n"


@pytest.mark.parametrize(("rule", "hint"), WRONG_RULES)
def test_a_wrong_rule(rule: Any, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    check.exercise_1(rule)
    assert hint in capsys.readouterr().out


@pytest.mark.parametrize(("mistake", "hint"), WRONG_OPERATIONS)
def test_a_wrong_operation(mistake: dict[str, Any], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    check.exercise_2(Number, *({"add": add, "multiply": multiply, "tanh": tanh} | mistake).values())
    assert hint in capsys.readouterr().out


@pytest.mark.parametrize(("answer", "hint"), WRONG_ORDERS)
def test_a_wrong_order(answer: Any, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    check.exercise_3(Number, answer)
    assert hint in capsys.readouterr().out


@pytest.mark.parametrize(("answer", "hint"), WRONG_BACKWARDS)
def test_a_wrong_backward(answer: Any, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    check.exercise_4(Number, order, answer)
    assert hint in capsys.readouterr().out


def test_backward_needs_an_order(capsys: pytest.CaptureFixture[str]) -> None:
    check.exercise_4(Number, lambda root: [], backward)
    assert "still empty" in capsys.readouterr().out
    check.exercise_4(Number, an_order(all_visits), backward)
    assert "the order is not right yet" in capsys.readouterr().out


def test_the_dots_are_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    check.exercise_1(lambda g, out, z: ...)
    check.exercise_2(Number, lambda a, b: Number(1.0, (a, b), (..., ...)), multiply, tanh)
    check.exercise_3(Number, lambda root: [])
    check.exercise_4(Number, order, a_backward(right, start=...))
    check.engine(Number, lambda a: Number(..., (a,), (...,)))
    check.same(train, Number, lambda a: Number(..., (a,), (...,)))
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 6
    assert all(line.startswith("Not answered yet") for line in said)


def train(number: Any, tanh: Any) -> list[float]:
    w = number(0.5)
    (tanh(w) * w).backward()
    return [w.grad]


@pytest.mark.slow
def test_the_whole_engine_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    check.engine(Number, tanh)
    check.same(train, Number, tanh)
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Right: 200 random computations")
    assert said[1].startswith("Right: your engine learns")


def test_a_wrong_engine_differs(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tanh_with(lambda a: 1 - math.tanh(a))
    check.engine(Number, wrong)
    check.same(train, Number, wrong)
    said = capsys.readouterr().out.splitlines()
    assert "differs" in said[0]
    assert "and glassgrad" in said[1]


def test_the_solution_has_about_sixty_lines() -> None:
    lines = Path(solution.__file__).read_text(encoding="utf-8").splitlines()
    assert 50 <= len([line for line in lines if line.strip()]) <= 65
