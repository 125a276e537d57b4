"""The settings that a run's configuration may hold: a stranger may have written it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from autograd.files import brief
from nn._core.types import Json
from nn._layers.activations import ACTIVATIONS
from nn._training.optimizers import NAMED

Check = Callable[[Json], bool]
"""Whether a setting may have this value."""

MOST_SAMPLES = 1_000_000
"""The most points of made data: each takes some 200 bytes."""


def _whole(low: int, high: int = 10**9) -> Check:
    return lambda item: type(item) is int and low <= item <= high


def _number(low: float, high: float = math.inf) -> Check:
    return lambda item: type(item) in (int, float) and low <= item <= high and abs(item) < math.inf


def _one_of(*names: str) -> Check:
    return lambda item: isinstance(item, str) and item in names


def _list(of: Check, low: int = 0, distinct: bool = False) -> Check:
    return lambda items: (
        isinstance(items, list)
        and len(items) >= low
        and all(map(of, items))
        and (not distinct or len(set(items)) == len(items))
    )


def _or_none(of: Check) -> Check:
    return lambda item: item is None or of(item)


def _text(item: Json) -> bool:
    return isinstance(item, str)


def _sum(item: Json) -> bool:
    return isinstance(item, str) and re.fullmatch("[0-9a-f]{64}", item) is not None


OPTIONS: dict[str, Check] = {
    "model": _one_of("mlp", "cnn"),
    "data": _text,
    "target": _or_none(_text),
    "samples": _whole(1, MOST_SAMPLES),
    "sizes": _list(_whole(1)),
    "filters": _list(_whole(1), 2),
    "activation": _one_of(*ACTIVATIONS),
    "optimizer": _one_of(*NAMED),
    "lr": _number(0),
    "momentum": _number(0, 1),
    "schedule": _text,
    "patience": _or_none(_whole(1)),
    "weight_decay": _number(0),
    "epochs": _whole(1),
    "batch_size": _whole(1),
    "seed": lambda item: type(item) is int,
    "of": _one_of("value", "tensor"),
}

CONFIG: dict[str, Check] = {
    "options": lambda item: isinstance(item, dict),
    "features": _list(_text, 1, distinct=True),
    "classes": _list(_text, 2, distinct=True),
    "means": _list(_number(-math.inf)),
    # A spread is divided by.
    "spread": _list(lambda item: _number(0)(item) and 1 / (item or math.inf) > 0),
    "results": lambda item: isinstance(item, dict) and all(map(_number(0, 1), item.values())),
    "data_sha256": _or_none(_sum),
    "test_rows": _list(_whole(0), 1, distinct=True),
    "model_sha256": _sum,
}


def checked(text: bytes) -> dict[str, Any]:
    """Return a configuration; raise ValueError or RecursionError for a text that `nn` does not write."""
    config: dict[str, Any] = json.loads(text)
    _check(config, CONFIG)
    _check(config["options"], OPTIONS)
    if not len(config["means"]) == len(config["spread"]) == len(config["features"]):
        raise ValueError("each feature needs a mean and a spread")
    return config


def _check(given: Json, schema: dict[str, Check]) -> None:
    """Raise ValueError for a missing name, an unknown name, or a value that its setting cannot have."""
    other = sorted(schema.keys() ^ given.keys()) if isinstance(given, dict) else list(schema)
    if other:
        raise ValueError(f"it has no {other[0]}" if other[0] in schema else f"it has a setting {brief(other[0])}")
    for name, is_fine in schema.items():
        if not is_fine(given[name]):
            raise ValueError(f"its {name} cannot be {brief(given[name])}")
