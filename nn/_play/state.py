"""The state of a playground: its network, loss and optimizer, as JSON that the page reads and writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nn._core.types import Json

HIDDEN = (4, 4)
"""The neurons of the hidden layers of a network for given data."""

HIDDEN_OF_MANY = (16,)
"""The same for data with many inputs, such as pixels."""

MANY = 16


def state_of(sizes: Sequence[int], activations: Sequence[str], loss: str, **more: Any) -> Json:
    """Return the state of a network; `more` are its parameters and other entries, in place of the usual ones.

    >>> state_of([2, 1], ["sigmoid"], "binary_cross_entropy")["optimizer"]
    {'name': 'SGD', 'lr': 0.1}
    """
    return {
        "sizes": list(sizes), "activations": list(activations), "loss": loss, "optimizer": {"name": "SGD", "lr": 0.1},
        "l1": 0, "l2": 0, "dropout": 0, "batch": 32, "seed": 1, "epoch": 0, **more,
    }  # fmt: skip


def state_for(data: Json) -> Json:
    """Return a network that suits data: its last activation and loss are the usual pair for them.

    >>> state_for({"task": "classes", "classes": ["a", "b"], "d": 2})["sizes"]
    [2, 4, 4, 1]
    """
    from .pieces import HEADS

    many = data["classes"] is not None and len(data["classes"]) > 2
    kind = (data["task"], "classes" if many else "one")
    head = next(head for head in HEADS if (head.task, head.outputs) == kind)
    hidden = HIDDEN if data["d"] <= MANY else HIDDEN_OF_MANY
    sizes = [data["d"], *hidden, len(data["classes"]) if many else 1]
    return state_of(sizes, ["tanh"] * len(hidden) + [head.activation], head.loss)
