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
from nn.data._columns import DATE_PARTS, Column, Part
from nn.data._formats import KNOWN
from nn.data._table import KINDS
from nn.data._target import Target

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


def _like(schema: dict[str, Check]) -> Check:
    """Return the check of an object inside; what is wrong in it is told by its own name."""

    def check(item: Json) -> bool:
        if isinstance(item, dict):
            _check(item, schema)
        return isinstance(item, dict)

    return check


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
    "kind": _one_of(*KINDS),
    "class_weight": _or_none(_one_of("balanced")),
    "drop": _list(_text),
    "missing": _list(_text),
    "sheet": _or_none(_text),
    "separator": _or_none(lambda item: _text(item) and len(item) == 1),
    "decimal": _or_none(_one_of(".", ",")),
    "header": _or_none(lambda item: type(item) is bool),
    "day_first": _or_none(lambda item: type(item) is bool),
    "epochs": _whole(1),
    "batch_size": _whole(1),
    "seed": lambda item: type(item) is int,
    "of": _one_of("value", "tensor"),
}

PART: dict[str, Check] = {
    "name": _text,
    "mean": _number(-math.inf),
    # A spread is divided by.
    "spread": lambda item: _number(0)(item) and 1 / (item or math.inf) > 0,
}

COLUMN: dict[str, Check] = {
    "name": _text,
    "kind": _one_of("number", "date", "text", "left out"),
    "way": _one_of(*KNOWN),
    "unit": _text,
    "fill": _number(-math.inf),
    "flag": lambda item: type(item) is bool,
    "parts": _list(_like(PART)),
    "low": _number(-math.inf),
    "high": _number(-math.inf),
    "levels": _list(_text, distinct=True),
    "other": lambda item: type(item) is bool,
    "missing": lambda item: type(item) is bool,
    "why": _text,
}
"""What `nn.data._columns.Column` holds."""

TARGET: dict[str, Check] = {
    "name": _text,
    "kind": _one_of("classes", "numbers"),
    "way": _one_of(*KNOWN),
    "unit": _text,
    "classes": _list(_text, distinct=True),
    "mean": PART["mean"],
    "spread": PART["spread"],
}
"""What `nn.data._target.Target` holds."""

CONFIG: dict[str, Check] = {
    "options": _like(OPTIONS),
    "columns": _list(_like(COLUMN), 1),
    "target": _like(TARGET),
    "results": lambda item: isinstance(item, dict) and all(map(_number(-math.inf), item.values())),
    "data_sha256": _or_none(_sum),
    "test_rows": _list(_whole(0), 1, distinct=True),
    "model_sha256": _sum,
}


def checked(text: bytes) -> dict[str, Any]:
    """Return a configuration, with its columns; raise ValueError or RecursionError for what `nn` does not write."""
    config: dict[str, Any] = json.loads(text)
    _check(config, CONFIG)
    columns = [_column(item) for item in config["columns"]]
    if len({column.name for column in columns}) < len(columns) or not any(column.inputs for column in columns):
        raise ValueError("its columns have a name each, and an input at least")
    target = Target(**{**config["target"], "classes": tuple(config["target"]["classes"])})
    if (target.kind == "classes") != (len(target.classes) >= 2) or (target.kind == "numbers" and target.classes):
        raise ValueError("its target has two classes at least, or none as it is of numbers")
    return config | {"columns": columns, "target": target}


def _column(item: dict[str, Any]) -> Column:
    parts = tuple(Part(**part) for part in item["parts"])
    column = Column(**{**item, "parts": parts, "levels": tuple(item["levels"])})
    names = {"number": {""}, "date": set(DATE_PARTS)}.get(column.kind, set())
    if not {part.name for part in parts} <= names or (column.kind != "text" and (column.levels or column.other)):
        raise ValueError(f"its column {brief(column.name)} has inputs of another kind")
    if (column.kind == "text") != (column.way == "text") and column.kind != "left out":
        raise ValueError(f"its column {brief(column.name)} is written in another way")
    if (column.kind == "date") != column.way.startswith("date") and column.kind != "left out":
        raise ValueError(f"its column {brief(column.name)} is written in another way")
    return column


def _check(given: Json, schema: dict[str, Check]) -> None:
    """Raise ValueError for a missing name, an unknown name, or a value that its setting cannot have."""
    other = sorted(schema.keys() ^ given.keys()) if isinstance(given, dict) else list(schema)
    if other:
        raise ValueError(f"it has no {other[0]}" if other[0] in schema else f"it has a setting {brief(other[0])}")
    for name, is_fine in schema.items():
        if not is_fine(given[name]):
            raise ValueError(f"its {name} cannot be {brief(given[name])}")
