"""Lessons of the playground: what their fields may be, which the page and the command that writes it both read."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from autograd.files import brief
from nn._core.settings import nearest
from nn._core.types import Json
from nn._layers.activations import ROWS
from nn._training.optimizers import OPTIMIZERS
from nn.data import DataError

LESSON: dict[str, Any] = {
    "lesson": [
        "title", "text", "predict", "steps", "why", "name", "model", "data", "set", "fill", "ask", "tab", "simple",
        "show", "format",
    ],
    "model": [
        "sizes", "activations", "loss", "optimizer", "batch", "l1", "l2", "dropout", "seed",
        "epoch", "at", "steps", "memory", "parameters",
    ],
    "tabs": ["weight", "neuron", "land", "take"],
    "letters": 600,
    "steps": 9,
}  # fmt: skip
"""What a lesson may have, and its model, which the page reads, too; docs/howto/teach.md tells of each.

`format` and `show`, and the fields of a model from `epoch` on, stand in JSON that the page saves.
"""

DATA = ["name", "n", "noise", "seed", "test", "classes", "formula", "features"]
"""What the data of a lesson may have."""

SETS = ["moons", "circles", "spirals", "xor", "gauss", "blobs", "plane", "hill", "sine", "formula"]
"""The data that the page makes."""

WEIGHT = re.compile(r"w\((\d+)\)_(\d+),(\d+)")


def check_lesson(lesson: Any) -> None:
    """Raise DataError with a sentence for a lesson that the page would refuse.

    >>> model = {"sizes": [2, 1], "activations": ["sigmoid"]}
    >>> check_lesson({"title": "A", "text": "B.", "model": model, "tab": "map"})
    Traceback (most recent call last):
    nn.data.DataError: no tab 'map'; take weight, neuron, land, take
    """
    held = lesson if isinstance(lesson, dict) else {}
    for name in ("title", "text", "model"):
        if not held.get(name):
            raise DataError(f"has no {name}; it needs a title, a text and a model")
    _known("a lesson", lesson, LESSON["lesson"][:-2], LESSON["lesson"])
    steps = lesson.get("steps", [])
    steps = steps if isinstance(steps, list) else [steps]
    for text in (*(lesson.get(name, "") for name in ("title", "text", "predict", "why")), *steps):
        if not isinstance(text, str) or len(text) > LESSON["letters"]:
            raise DataError(f"has room for texts of {LESSON['letters']} letters; got {brief(text)}")
    if len(steps) > LESSON["steps"]:
        raise DataError(f"has room for {LESSON['steps']} steps; got {len(steps)}")
    if lesson.get("tab"):
        _one_of("tab", lesson["tab"], LESSON["tabs"])
    _check_model(lesson["model"])
    data = lesson.get("data")
    if isinstance(data, dict) and "X" not in data and "recipe" not in data:
        _known("its data", data, DATA)
        _one_of("data", data.get("name"), SETS)
    _check_weights(lesson, lesson["model"]["sizes"])


def _check_model(model: Any) -> None:
    sizes, activations = (model.get(name) if isinstance(model, dict) else None for name in ("sizes", "activations"))
    if not isinstance(sizes, list) or not isinstance(activations, list):
        raise DataError('its model needs sizes and activations, such as {"sizes": [2, 1], "activations": ["sigmoid"]}')
    _known("a model", model, LESSON["model"][:9], LESSON["model"])
    if any(not isinstance(size, int) or size < 1 for size in sizes):
        raise DataError(f"the sizes of its model are whole numbers from 1; got {brief(sizes)}")
    if len(activations) != len(sizes) - 1:
        raise DataError(f"{len(sizes) - 1} layers need as many activations; got {len(activations)}")
    for name in activations:
        _one_of("activation", name, list(ROWS))
    if "optimizer" in model:
        optimizer = model["optimizer"]
        _one_of("optimizer", optimizer.get("name") if isinstance(optimizer, dict) else optimizer, list(OPTIMIZERS))
        if not isinstance(optimizer, dict):
            raise DataError(f'its optimizer is written {{"name": "{optimizer}", "lr": 0.1}}')


def _check_weights(lesson: Json, sizes: list[int]) -> None:
    numbers = lesson.get("set", {})
    if not isinstance(numbers, dict):
        raise DataError(f'set is written {{"w(1)_1,1": 1.4}}; got {brief(numbers)}')
    for name in (*numbers, *([lesson["ask"]] if lesson.get("ask") else [])):
        found = WEIGHT.fullmatch(str(name))
        if not found:
            raise DataError(f"weights have names such as w(1)_2,3, and biases w(1)_0,3; got {brief(name)}")
        k, j, i = map(int, found.groups())
        if not (0 < k < len(sizes) and j <= sizes[k - 1] and 0 < i <= sizes[k]):
            raise DataError(f"the network of this lesson has no {name}")
    filled = {"fill": lesson["fill"]} if "fill" in lesson else {}
    for name, x in {**numbers, **filled}.items():
        if isinstance(x, bool) or not isinstance(x, int | float):
            raise DataError(f"{name} takes a number; got {brief(x)}")


def _known(owner: str, held: Json, told: list[str], names: Collection[str] = ()) -> None:
    """Refuse a field that is none of `names`; of these, `told` are for people to write."""
    for field in held:
        if field not in (names or told):
            raise DataError(f"has {field!r}{nearest(field, told)}; {owner} has {', '.join(told)}")


def _one_of(what: str, name: Any, names: list[str]) -> None:
    if name not in names:
        close = nearest(name, names) if isinstance(name, str) else ""
        raise DataError(f"no {what} {brief(name)}{close}; take {', '.join(names)}")
