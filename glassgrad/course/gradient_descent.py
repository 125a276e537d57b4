"""Checks of notebook 4."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import close, exercise, number, result


@exercise
def exercise_1(w: Any) -> str | None:
    """One step from w = 1 for (w - 3)^2 with eta = 0.1."""
    if close(w, 0.6):
        return "That is a step uphill. Mind both minus signs: the one in the rule, and that of the derivative."
    if close(w, 1.2):
        return "Almost: the derivative of (w - 3)^2 has a factor 2."
    if close(w, -4.0):
        return "That is the derivative at w = 1. Now take the step."
    if close(w, 5.0):
        return "The learning rate is missing: only 0.1 of the derivative."
    if close(w, 0.4):
        return "That is the step. Where does it lead, from w = 1?"
    if not close(w, 1.4):
        return "The derivative is 2 (w - 3), at w = 1; the step is minus eta times that, from w = 1."
    return None


@exercise
def exercise_2(eta: Any) -> str | None:
    """The learning rate from which on (w - 3)^2 no longer becomes smaller."""
    if close(eta, 0.5):
        return "That is the best there is: 1 - 2 eta = 0, and one step lands at w = 3."
    if close(eta, 2.0):
        return "Far too large: the distance would be multiplied by 1 - 4 = -3. When is it multiplied by -1?"
    if close(eta, 0.0):
        return "With eta = 0 nothing moves at all. The question is about the other end."
    if number(eta) > 1.0:
        return "There the loss grows already. When does it stay the same?"
    if not close(eta, 1.0):
        return "The loss becomes smaller as long as |1 - 2 eta| is below 1. Draw 1 - 2 eta over eta."
    return None


@exercise
def exercise_3(step: Callable[..., Any]) -> str | None:
    """A step with momentum."""
    w, v, g, eta, m = 1.0, 0.5, 2.0, 0.1, 0.8
    answer = result(step, w, v, g, eta, m)
    if not hasattr(answer, "__len__") or len(answer) != 2:
        return f"Two numbers are wanted, the new weight and the new velocity: return w, v. It returned {answer!r:.40}"
    w_new, v_new = map(number, answer)
    if close(v_new, m * v + g) and close(w_new, w - eta * v):
        return "The weight was moved with the old velocity. Compute the new one first."
    if close(w_new, m * v + g) and close(v_new, w - eta * (m * v + g)):
        return "The two numbers are right, in the other order: the weight first."
    if close(w_new, w - eta * g):
        return "That is a step without momentum: move the weight by eta times v, not by eta times the gradient."
    if close(w_new, w + eta * (m * v + g)):
        return "That goes uphill: minus eta times v."
    if close(w_new, w - eta * (m * v + g)) and close(v_new, v):
        return "The weight is right. Return the new velocity with it: the next step begins with that."
    if close(v_new, m * v - eta * g):
        return "That is another way to write momentum. Here eta is not in the velocity: it comes when the weight moves."
    if close(v_new, v + g):
        return "The old velocity is to be multiplied by m: that is the friction."
    if close(v_new, m * v + (1 - m) * g):
        return "That is a weighted mean of the two, another kind of momentum. Here the gradient counts in full."
    if close(w_new, w - (m * v + g)):
        return "The learning rate is missing where the weight is moved."
    if not close(v_new, m * v + g):
        return "Begin with the velocity: m times the old one, plus the gradient."
    if not close(w_new, w - eta * (m * v + g)):
        return "The velocity is right. The weight moves by minus eta times it."
    return None


@exercise
def exercise_4(count: Any) -> str | None:
    """The steps of an epoch, for 100 samples in batches of 16."""
    if close(count, 6.25):
        return "There are no quarter steps. What becomes of the samples that are left over?"
    if close(count, 6):
        return "Then 4 samples would never be seen. They make a small batch of their own."
    if close(count, 100):
        return "That would be with batches of 1."
    if close(count, 16):
        return "That is how many samples a step sees. How many steps does it take to see all 100?"
    if close(count, 1):
        return "That would be with a single batch of all 100."
    if not close(count, 7):
        return "Each step sees 16 samples, the last one what is left; together they see all 100 once."
    return None
