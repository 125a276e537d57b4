"""The last activation of a model and its loss: which pairs a page shows, and what they say about the targets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from autograd.files import brief
from nn._core.lists import flat
from nn._core.rows import rows, shape_of
from nn._core.settings import nearest
from nn._core.types import Json, Targets
from nn._training.losses import binary_cross_entropy

from .pieces import HEADS, LOSSES, Head


def loss_name(loss: Any) -> tuple[str, bool]:
    """Return the name of a loss of nn, and whether it takes logits; raise TypeError or ValueError for another."""
    names = list(LOSSES)
    works = f"a page computes {', '.join(names)}, given as the function nn.{names[0]} or by name"
    if isinstance(loss, str):
        if loss not in names:
            raise ValueError(f"unknown loss {brief(loss)}{nearest(loss, names)}; {works}")
        return loss, False
    if not callable(loss):
        raise TypeError(f"loss must be a function (y_hat, y) or a name; got {brief(loss)}; {works}")
    inner: Callable[..., Any] = loss
    is_logit = False
    if isinstance(loss, partial) and loss.func is binary_cross_entropy and not loss.args:
        is_logit = loss.keywords == {"from_logits": True}
        inner = loss.func if is_logit or not loss.keywords else loss
    for name, function in LOSSES.items():
        if function is inner:
            return name, is_logit
    raise ValueError(
        f"the loss {brief(loss)} is one of your own; {works}, or partial(nn.binary_cross_entropy, from_logits=True)"
    )


def head_of(activation: str, loss: str, outputs: int) -> Head:
    """Return the pair of last activation and loss; raise ValueError, with all pairs, if a page does not know it."""
    kind = "one" if outputs == 1 else "classes"
    fitting = [head for head in HEADS if (head.activation, head.loss, head.outputs) == (activation, loss, kind)]
    if not fitting:
        pairs = ", ".join(f"{head.activation} with {head.loss}" for head in HEADS if head.outputs == kind)
        raise ValueError(
            f"the model ends in {outputs} x {activation}, trained by {loss}; a page shows, for "
            f"{'one output' if outputs == 1 else f'{outputs} outputs'}: {pairs}"
        )
    return fitting[0]


def labels_of(y: Targets, head: Head, outputs: int) -> Targets:
    """Return one number a sample; raise ValueError for targets that a page would take for other ones."""
    y = rows(y, "y")
    shape = shape_of(y)
    listed = y.tolist() if hasattr(y, "tolist") else y
    if head.outputs == "classes" and len(shape) == 2 and shape[1] > 1:
        if shape[1] != outputs:
            raise ValueError(f"y has rows of {shape[1]} numbers, the model has {outputs} outputs")
        if any(sorted(row) != [0.0] * (len(row) - 1) + [1.0] for row in listed):
            raise ValueError("a row of y must have one 1, for the class, and 0 for the others: a page shows classes")
        return [row.index(1.0) for row in listed]
    if head.outputs == "classes":
        if head.loss != "cross_entropy":
            raise ValueError(f"{head.loss} of several outputs takes a row of 0 and 1 for each sample; y has one number")
        if any(label < 0 for label in flat(listed)):
            raise ValueError(
                f"with {head.loss} y must be class numbers from 0 to {outputs - 1}; got {min(flat(listed))}"
            )
    allowed = {"number": {0.0, 1.0}, "sign": {-1.0, 1.0}}.get(head.targets)
    if head.task == "classes" and allowed is not None:
        odd = next((label for label in flat(listed) if label not in allowed), None)
        if odd is not None:
            first, second = sorted(allowed)
            raise ValueError(
                f"with {head.activation} and {head.loss} a page tells two classes apart, y is {first:g} or {second:g}; "
                f"got {brief(odd)}"
            )
    return y


def check_classes(data: Json, outputs: int) -> None:
    """Give a class without a sample its name; raise ValueError if there are more classes than outputs."""
    classes = data["classes"]
    if classes is None or outputs == 1:
        return
    if len(classes) > outputs:
        raise ValueError(f"y has the class {classes[-1]}; the model has {outputs} outputs, for 0 to {outputs - 1}")
    data["classes"] = [str(k) for k in range(outputs)]
