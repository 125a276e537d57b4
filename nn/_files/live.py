"""Networks of dense layers as JSON, which the pages of networks read and write: "model" of `glassgrad-live/1`."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from autograd import Tensor
from autograd.files import brief
from nn._core.types import Array, Json
from nn._layers.activations import ACTIVATIONS
from nn._layers.dense import MLP, Layer
from nn._layers.dropout import Dropout
from nn._layers.module import Module
from nn._layers.sequential import Sequential

from .format import FileError
from .structure import WIDEST, check_text, structure_of

FORMAT = "glassgrad-live/1"

PLAIN = 64
"""The most numbers of a parameter that are written as text."""


def is_live(data: bytes) -> bool:
    """Tell whether a file is JSON: one of safetensors begins with its length, which has a zero."""
    return data[:100].lstrip()[:1] == b"{" and 0 not in data[:8]


def live_model(data: bytes) -> Module:
    """Return the network of JSON, of Tensors; raise FileError for any other text, ValueError for text that is no JSON.

    A file of a page has the loss, the optimizer and data, too, which stay there.
    """
    text = data.decode()
    check_text(text)
    told = json.loads(text, object_pairs_hook=_once)
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise FileError(f"is JSON of the format {brief(_get(told, 'format'), 40)}; this version reads {FORMAT!r}")
    if "model" not in told:
        raise FileError(
            "holds a page, but no network: `load` reads what the page of a network saves, or save(path, model)"
        )
    state = told["model"]
    sizes, activations, dropout = _get(state, "sizes"), _get(state, "activations"), _get(state, "dropout") or 0.0
    _check_layers(sizes, activations, dropout)
    numbers = _parameters(_get(state, "parameters"), sizes)
    hidden = activations[:-1]
    # As the page writes its network in Python.
    if len({*hidden}) <= 1 and not (dropout and hidden):
        given: dict[str, Any] = {"activation": hidden[0]} if hidden else {}
        model: Sequential = MLP(sizes[0], sizes[1:], output=activations[-1], of=Tensor, init=0.0, seed=0, **given)
    else:
        seed = _get(state, "seed")
        layers: list[Module] = []
        for n, m, g in zip(sizes, sizes[1:], activations):
            if dropout and layers:
                layers.append(Dropout(dropout, seed=seed if type(seed) is int else 0))
            layers.append(Layer(n, m, g, of=Tensor, init=0.0, seed=0))
        model = Sequential(*layers)
    dense = [layer for layer in model.layers if isinstance(layer, Layer)]
    for layer, (w, w0) in zip(dense, numbers):
        layer.load_state_dict({"w": w, "w0": w0})
    model.eval()
    return model


def live_text(model: Module) -> str:
    """Return a network of dense layers as JSON; raise TypeError for any that would be read as another one."""
    if not isinstance(model, Module):
        raise TypeError(f"save takes a network, then an optimizer and a history; got {brief(model)}")
    parts = getattr(model, "layers", ())
    dense = [part for part in parts if isinstance(part, Layer)]
    told: dict[str, Any] = {
        "sizes": [layer.n_in for layer in dense[:1]] + [layer.n_out for layer in dense],
        "activations": [layer.activation for layer in dense],
        "dropout": max((part.p for part in parts if isinstance(part, Dropout)), default=0),
        "parameters": {},
    }
    for k, layer in enumerate(dense):
        state = layer.to(Tensor).state_dict()
        told["parameters"] |= {f"layers.{k}.{name}": _written(state[name]) for name in ("w", "w0")}
    try:
        text = json.dumps({"format": FORMAT, "model": told}) + "\n"
        read = structure_of(live_model(text.encode()))
        same = isinstance(model, Sequential) and read == structure_of(model.to(Tensor))
    except (TypeError, ValueError):
        same = False
    if not same:
        raise TypeError(
            "a file of JSON holds an MLP, or a Sequential of Layers with different activations of nn's, or with one "
            "Dropout between all of them; save any other network as .safetensors"
        )
    return text


def _written(array: Array) -> Json:
    """Return the numbers of an array row by row; many, nan and infinities as base64."""
    import numpy

    row = numpy.asarray(array, "<f8").reshape(-1)
    if row.size > PLAIN or not numpy.isfinite(row).all():
        return {"f64": base64.b64encode(row.tobytes()).decode()}
    return row.tolist()


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return a dict; raise FileError for a name that is there twice."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise FileError(f"has {brief(next(name for name in names if names.count(name) > 1), 40)} twice in one place")
    return made


def _get(told: object, name: str) -> Json:
    return told.get(name) if isinstance(told, Mapping) else None


def _check_layers(sizes: Json, activations: Json, dropout: Json) -> None:
    """Raise FileError for settings of no network."""
    if not isinstance(sizes, list) or not 2 <= len(sizes) <= WIDEST:
        raise FileError(f"has no list of sizes, such as [2, 3, 1]: {brief(sizes)}")
    if not all(type(n) is int and n > 0 for n in sizes):
        raise FileError(f"has sizes that are no whole numbers above 0: {brief(sizes)}")
    if not isinstance(activations, list) or len(activations) != len(sizes) - 1:
        raise FileError(f"needs {len(sizes) - 1} activations, one for each layer; it has {brief(activations)}")
    for name in activations:
        if not isinstance(name, str) or name not in ACTIVATIONS:
            raise FileError(f"has the activation {brief(name, 40)}; nn knows {', '.join(ACTIVATIONS)}")
    if type(dropout) not in (int, float) or not 0 <= dropout < 1:
        raise FileError(f"has a dropout that is no number from 0 to below 1: {brief(dropout)}")


def _parameters(told: Json, sizes: Sequence[int]) -> list[tuple[Array, Array]]:
    """Return the weights and biases of each layer; raise FileError for other names, or another count of numbers."""
    layers = range(len(sizes) - 1)
    names = {f"layers.{k}.{name}" for k in layers for name in ("w", "w0")}
    if not isinstance(told, dict) or set(told) != names:
        other = ", ".join(sorted(names ^ set(told if isinstance(told, dict) else ()))[:3])
        raise FileError(f"holds the numbers of another network: the names of parameters differ in {other:.200}")
    return [
        (
            _numbers(f"layers.{k}.w", told[f"layers.{k}.w"], (sizes[k], sizes[k + 1])),
            _numbers(f"layers.{k}.w0", told[f"layers.{k}.w0"], (sizes[k + 1],)),
        )
        for k in layers
    ]


def _numbers(name: str, told: Json, form: tuple[int, ...]) -> Array:
    """Return the numbers of a parameter: a list of them or of rows, or in base64."""
    import numpy

    if isinstance(told, dict) and set(told) == {"f64"} and isinstance(told["f64"], str):
        array = numpy.frombuffer(base64.b64decode(told["f64"], validate=True), "<f8").astype(float)
    else:
        rows = told if isinstance(told, list) else [told]
        if len(form) == 2 and len(rows) == form[0] and all(isinstance(row, list) for row in rows):
            if any(len(row) != form[1] for row in rows):
                raise FileError(f"has rows of {name} that are not {form[1]} long")
            rows = [x for row in rows for x in row]
        wrong = [x for x in rows if type(x) not in (int, float)]
        if wrong:
            raise FileError(f"has {brief(wrong[0], 40)} among the numbers of {name}")
        array = numpy.array(rows, float)
    if array.size != form[0] * (form[1] if len(form) == 2 else 1):
        raise FileError(f"has {array.size:,} numbers for {name}, whose shape is {form}")
    return array.reshape(form)
