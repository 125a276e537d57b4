"""Exercises check themselves: a check says that an answer is right, or gives a hint, but never the answer."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from typing import Any


class NotAnswered(Exception):
    """The dots of the exercise are still there."""


class Unusable(Exception):
    """The answer is of a kind that cannot be right; the message says what is needed."""


def exercise(hint: Callable[..., str | None]) -> Callable[..., None]:
    """Turn `hint`, which takes answers and returns a hint, or None if they are right, into a check that prints."""

    @functools.wraps(hint)
    def check(*answers: Any) -> None:
        try:
            if any(answer is ... for answer in answers):
                raise NotAnswered
            said = hint(*answers) or "Right."
        except NotAnswered:
            said = "Not answered yet: put your answer in place of the dots, then run its cell and the check again."
        except Unusable as error:
            said = str(error)
        except Exception as error:
            said = f"Your answer cannot be used: {type(error).__name__}: {error}"
            if isinstance(error, TypeError) and re.search(r"\b(list|sequence)\b", str(error)):
                said += "\nLists cannot be computed with as a whole; go through the numbers in them, one by one."
        print(said)

    return check


def result(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what the function of an answer returns; raise NotAnswered for dots in it, Unusable for nothing."""
    returned = function(*arguments)
    if returned is ... or (isinstance(returned, (list, tuple)) and any(item is ... for item in returned)):
        raise NotAnswered
    if returned is None:
        raise Unusable("The function returns None: is there a `return`?")
    return returned


def number(answer: Any) -> float:
    """Return an answer, a number, a node or an array of one number, as a float; raise Unusable for anything else."""
    if isinstance(answer, (list, tuple, dict, set)):
        raise Unusable(f"One number is needed, not a {type(answer).__name__}.")
    answer = getattr(answer, "data", answer) if hasattr(answer, "grad") else answer
    return float(answer)


def close(answer: Any, right: float, digits: int = 3) -> bool:
    """Tell whether an answer is right to so many digits."""
    return math.isclose(number(answer), right, rel_tol=0.5 * 10 ** (1 - digits), abs_tol=0.5 * 10**-digits)
