"""Checks of the exercises of notebook 9."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd
from autograd import CompileError, value_and_grad

from . import NotAnswered, close, exercise, number


@exercise
def exercise_1(answer: Any) -> str | None:
    """The name that holds dJ/dw0."""
    if not isinstance(answer, str):
        return 'Answer with a name in quotes, such as "t1".'
    name = answer.strip()
    if name == "dJ_dz":
        return None
    hints = {
        "dJ_dw0": "That name is nowhere in the source. By which factor would it differ from what arrives at z?",
        "dJ_dw1": "That one is multiplied by x1. What is w0 multiplied by?",
        "dJ_dw2": "That one is multiplied by x2. What is w0 multiplied by?",
        "dJ_dt1": "That is the gradient of y_hat - y, before the slope of tanh.",
        "dJ_dt2": "That name is nowhere in the source. Look at what is returned.",
        "t2": "That is the slope of tanh, one factor of it.",
        "w0": "That is the weight itself.",
        "z": "z is a number of the forward pass; its gradient is asked for.",
        "J": "That is the loss itself.",
    }
    return hints.get(name, "Not yet. Look at the last line: the gradients are returned in the order w0, w1, w2.")


@exercise
def exercise_2(answer: Any) -> str | None:
    """The operations that are left of the puzzle."""
    count = number(answer)
    if count == 4:
        return None
    hints = {
        10.0: "That is all that stands there. What is repeated, what is not used, what changes nothing?",
        9.0: "Times 1 is gone. Now what is repeated, and what is not used?",
        8.0: "More than one thing is repeated: w * x, and what is made of it.",
        7.0: "Is c used? And what c alone needs?",
        6.0: "Closer. Look at z and w * x: what follows if they are the same? And is 1.0 * a needed?",
        5.0: "One too many. Is 1.0 * a still there, or a second tanh?",
        3.0: "One too few: the sums are additions, too, and there are two of them.",
        2.0: "Too few: w * x and tanh are there, and so are the additions.",
    }
    return hints.get(count, "Not yet. Cross out what is not used, then write what is repeated once, and count.")


@exercise
def exercise_3(answer: Callable[[Any], Any]) -> str | None:
    """A leaky relu that compiles."""
    cases = (2.0, -3.0)
    eager = [answer(z) for z in cases]
    if any(result is ... for result in eager):
        raise NotAnswered
    if any(result is None for result in eager):
        return "Your function returns nothing for some numbers: is there a return?"
    right = [2.0, -0.3]
    mistakes = [
        ([0.2, -3.0], "The branches are swapped: where(condition, a, b) is a where the condition holds."),
        ([2.0, 0.0], "That is relu: negative numbers still count for a tenth."),
        ([2.0, 0.3], "Wrong sign for negative numbers: a tenth of -3 is -0.3."),
        ([2.0, -3.0], "Where is the tenth for negative numbers?"),
        ([2.0, -0.03], "A tenth is 0.1."),
        ([0.2, -0.3], "Positive numbers stay as they are."),
        ([2.0, 0.1], "Elsewhere it is 0.1 times z, not 0.1."),
    ]
    if not _equal(eager, right):
        return next(
            (hint for wrong, hint in mistakes if _equal(eager, wrong)),
            "Not yet. Try it at 2 and at -3, and compare with leaky.",
        )
    fast = autograd.compile(value_and_grad(answer))
    try:
        values = [fast(z) for z in cases]
    except CompileError as error:
        return f"Right numbers, but it does not compile: {str(error).partition(': ')[2]}"
    return None if _equal([slope for _, slope in values], [1.0, 0.1]) else "The numbers are right, the slopes are not."


def _equal(answers: list[Any], right: list[float]) -> bool:
    return all(close(a, b, 9) for a, b in zip(answers, right))
