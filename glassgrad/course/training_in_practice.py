"""Checks of notebook 7."""

from __future__ import annotations

from typing import Any

from . import close, exercise, number


@exercise
def exercise_1(kept: Any, stopped: Any) -> str | None:
    """Losses 0.9, 0.6, 0.5, 0.55, 0.52, 0.58, 0.49 with a patience of 3."""
    kept, stopped = number(kept), number(stopped)
    if kept in (0.5, 0.49):
        return "That is a loss. Which epoch, counted from 1, has it?"
    if (kept, stopped) == (2, 5):
        return "You count from 0; count epochs from 1."
    if kept == 7:
        return "Training never gets there: it has stopped before. After which epoch were three in a row no new low?"
    if kept == 5:
        return "0.52 is lower than the epoch before, but no new low."
    if kept != 3:
        return "The weights that come back are those of the lowest loss that was seen."
    if stopped == 3:
        return "Nobody knows yet that it was the best: how long does training wait for a better one?"
    if stopped in (4, 5):
        return "Patience 3 is three epochs without a new low."
    if stopped != 6:
        return "Count the epochs after the best one: training stops when there have been three."
    return None


@exercise
def exercise_2(w: Any) -> str | None:
    """A step of SGD from w = 2 with gradient 0, lr = 0.1, weight_decay = 0.5."""
    if close(w, 2.0):
        return "The gradient of the loss is 0, but the decay adds to it a multiple of the weight."
    if close(w, 2.1):
        return "Uphill: decay makes weights smaller."
    if close(w, 1.0):
        return "That is the whole decay. The learning rate takes a tenth of it."
    if close(w, 1.8):
        return "That would be the gradient of 0.5 w^2 times 2: weight_decay adds exactly 0.5 w."
    if close(w, 1.95):
        return "The decay is in proportion to the weight: 0.5 times 2."
    if close(w, 0.1):
        return "That is the step. Where does it lead, from 2?"
    if not close(w, 1.9):
        return "The step is -lr * (gradient + weight_decay * w), from w = 2."
    return None


@exercise
def exercise_3(training: Any, after: Any) -> str | None:
    """Dropout(0.2) on a number 4 that is kept."""
    if close(training, 4.0):
        return "The others stand in for the dropped ones: what is kept is divided by 1 - p."
    if close(training, 20.0):
        return "That is divided by p. Divide by the probability to be kept."
    if close(training, 3.2):
        return "That is multiplied by 1 - p. It has to grow, so that the mean stays."
    if close(training, 0.0):
        return "That is what becomes of it if it is dropped."
    if not close(training, 5.0):
        return "In training a number that is kept is divided by 1 - p, with p = 0.2."
    if not close(after, 4.0):
        return "After training nothing is dropped, and so nothing is divided either."
    return None
