"""One move of backpropagation, and how it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, overload

from autograd._core.names import plain
from autograd._core.node import Node
from autograd._core.types import Raw
from autograd._views.formula import ATOM, outlined
from autograd._views.numbers import data_text


class Sent(NamedTuple):
    """The gradient that a node sends to one of its inputs in the backward pass.

    `derivative` is the local derivative as a formula and `local` as a number; for arrays, of which that would be a
    large matrix, the formula says what becomes of the arriving gradient g, and `local` is None. `contribution` is what
    is sent, `total` the sum at the input so far, of `arrived` out of `expected` contributions.
    """

    node: Node
    position: int
    name: str
    derivative: str
    local: float | None
    contribution: Any
    total: Any
    arrived: int
    expected: int

    @property
    def complete(self) -> bool:
        """Whether `total` is the whole gradient of the input."""
        return self.arrived == self.expected


class Step(NamedTuple):
    """One move. `result` is the data of a node, the gradient that arrives at it, or the new data of a parameter.

    `phase` is "forward", "backward" or "update". `formula` and `numbers` say how the node was computed or updated, with
    names and with numbers; both are empty for the first step backward, the derivative of the loss by itself. `change`
    is how far a parameter moves.
    """

    phase: str
    node: Node
    name: str
    loss: str
    formula: str
    numbers: str
    result: Any
    sent: tuple[Sent, ...] = ()
    change: Any = None

    @property
    def gradient(self) -> str:
        """The name of the gradient of the loss by this node."""
        return gradient_name(self.loss, self.name)

    def __str__(self) -> str:
        return "\n".join("  ".join(part for part in row if part) for row in aligned(rows(self)))


def gradient_name(loss: str, name: str) -> str:
    """Return how the derivative of the loss by a node is written."""
    return f"∂{loss}/∂{name}"


def shown(data: Raw) -> tuple[str, str]:
    """Return the text and the outline of a number, a small array, or the shape of a large one."""
    return outlined(data_text(data))


def signed(data: Raw) -> str:
    """Return data as a factor or a second term: a negative number in parentheses."""
    text, outline = shown(data)
    return text if outline == ATOM else f"({text})"


def product(step: Step, sent: Sent) -> tuple[str, str, str]:
    """Return the gradient that is sent to an input in names, in numbers, and its value."""
    value = shown(sent.contribution)[0]
    if sent.local is None:
        return sent.derivative, f"with g = {step.gradient}", value
    return f"{step.gradient} · {sent.derivative}", f"{shown(step.result)[0]} · {signed(sent.local)}", value


def meeting(sent: Sent) -> str:
    """Say whether all gradients that meet at an input have arrived, and their sum so far."""
    if sent.expected == 1:
        return "complete"
    state = "complete" if sent.complete else f"{sent.arrived} of {sent.expected}"
    return f"sum so far {shown(sent.total)[0]}, {state}" if sent.arrived > 1 else f"first of {sent.expected}"


def rows(step: Step) -> list[tuple[str, ...]]:
    """Return a step as rows of a table: the result's name, its formula, its numbers, its value, a remark."""
    result = f"= {shown(step.result)[0]}"
    if step.phase != "backward":
        sign = "=" if step.phase == "forward" else "←"
        return [(step.name, f"{sign} {step.formula}", f"= {step.numbers}", result, "")]
    if not step.sent:
        return [(step.gradient, "", "", result, "" if step.formula else "the start")]
    found: list[tuple[str, ...]] = []
    for sent in step.sent:
        names, numbers, value = product(step, sent)
        shown_numbers = numbers if sent.local is None else f"= {numbers}"
        found.append((gradient_name(step.loss, sent.name), f"= {names}", shown_numbers, f"= {value}", meeting(sent)))
    return found


def aligned(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return rows to print, with columns of equal width."""
    rows = [tuple(map(plain, row)) for row in rows]
    widths = [max(len(part) for part in column) for column in zip(*rows)]
    return [tuple(part.ljust(width) for part, width in zip(row, widths)) for row in rows]


class Walk(Sequence[Step]):
    """The steps of a loss in order, with the nodes of its graph in order, their names and their data.

    `updates` are the parameters of an optimizer, or empty; `rate` is its learning rate if it takes nothing else from
    them but rate times gradient, or None.
    """

    def __init__(
        self,
        order: list[Node],
        names: Mapping[Node, str],
        data: Mapping[Node, Any],
        steps: list[Step],
        updates: Sequence[Node] = (),
        rate: float | None = None,
    ) -> None:
        self.order = order
        self.names = names
        self.data = data
        self.updates = updates
        self.rate = rate
        self._steps = steps

    @overload
    def __getitem__(self, index: int) -> Step: ...

    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...

    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        return self._steps[index]

    def __len__(self) -> int:
        return len(self._steps)
