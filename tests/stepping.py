"""A page to step through, and how tests go to a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd import Value, sigmoid, steps

Visit = Callable[..., Any]


def perceptron() -> tuple[Value, list[Value]]:
    w = [Value(data, label=f"w{k}") for k, data in enumerate((1.0, 3.0, -2.0))]
    x1, x2 = Value(-1.0, label="x1"), Value(2.0, label="x2")
    y_hat = sigmoid(w[0] + w[1] * x1 + w[2] * x2)
    y_hat.label = "y_hat"
    return (y_hat - 1) ** 2, w


def at(page: Any) -> str:
    return page.locator(".place").inner_text()


def go(page: Any, index: int) -> None:
    page.locator("input.steps").evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }", index
    )


def plain(text: str) -> str:
    return text.replace("−", "-")


def leaves(loss: Value) -> list[Any]:
    return [node for node in steps(loss).order if node.op is None]
