"""A network of the playground as Python that runs with `nn`; the page writes the same text, by the same template."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping
from string import Template
from textwrap import fill
from typing import Any

from nn._core.lists import flat
from nn._training.optimizers import OPTIMIZERS

MOST_NUMBERS = 20_000
"""How many numbers of data stand in a text; more are read from a file."""

TEXT = '''\
"""A network from the playground at epoch $epoch, which is trained for 10 epochs more."""

${csv}import numpy as np

from autograd import Tensor
from nn import $names

$data

model = $model
model.load_state_dict({
$parameters
})
$loss
optimizer = $optimizer


def report(epoch):
    y_hat = model.eval()(X)
    print(f"epoch {epoch}: $score {$score(y_hat.data, y)!r}, loss {loss(y_hat, y).item()!r}")


report($epoch)
fit(model, X, y, loss=loss, optimizer=optimizer, epochs=10, batch_size=$batch, seed=$seed, progress=False)
report($epoch + 10)
'''
"""The program; the page fills the same places."""

PENALIZED = """\
weights = [p for name, p in model.named_parameters() if not name.endswith("w0")]


def loss(y_hat, y):
    return $loss(y_hat, y)$more

"""

FILE = """\
# The table that the page saves.
with open("data.csv", encoding="utf-8", newline="") as file:
    table = list(csv.reader(file))[1:]
X = np.array([row[:-1] for row in table], float)
"""


def written(state: Mapping[str, Any], data: Mapping[str, Any], head: Mapping[str, Any]) -> str:
    """Return the text for a state and data, as the contract of the page has them.

    `head` is the entry of `pieces.HEADS` for the last activation and the loss, as a dict.
    """
    score = "r2" if data["task"] == "number" else "accuracy"
    penalties = {name: state[name] for name in ("l1", "l2") if state[name]}
    model, kinds, places = _model(state)
    names = {"fit", score, state["loss"], state["optimizer"]["name"], *penalties, *kinds}
    loss = f"loss = {state['loss']}"
    if penalties:
        more = "".join(f" + {_number(factor)} * {name}(weights)" for name, factor in penalties.items())
        loss = Template(PENALIZED).substitute(loss=state["loss"], more=more)
    return Template(TEXT).substitute(
        epoch=state["epoch"], names=", ".join(sorted(names)), data=_data(data, head), model=model,
        parameters=_parameters(state, places), loss=loss, optimizer=_optimizer(state["optimizer"]), score=score,
        batch=state["batch"] or None, seed=state["seed"], csv="import csv\n\n" if _many(data) else "",
    )  # fmt: skip


def _number(x: float) -> str:
    return repr(float(x))


def _wrapped(text: str, indent: str) -> str:
    return fill(
        text, 116, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _array(items: Iterable[str], shape: str, indent: str = "") -> str:
    return f"np.reshape([\n{_wrapped(', '.join(items), f'{indent}    ')}\n{indent}], {shape})"


def _many(data: Mapping[str, Any]) -> bool:
    return bool(data["n"] * (data["d"] + 1) > MOST_NUMBERS)


def _data(data: Mapping[str, Any], head: Mapping[str, Any]) -> str:
    n, d, classes = data["n"], data["d"], data["classes"]
    lines = []
    for what, scale in (("X", data.get("scale")), ("y", data.get("targetScale"))):
        if scale:
            mean, spread = (", ".join(map(_number, flat([scale[part]]))) for part in ("mean", "spread"))
            lines.append(_wrapped(f"{what} is standardised: minus {mean}, divided by {spread}.", "# "))
    if _many(data):
        names = f"[{', '.join(json.dumps(str(name)) for name in classes or ())}]"
        y = f"{names}.index(row[-1]) for row in table]" if classes else "row[-1] for row in table], float"
        lines.append(f"{FILE}y = np.array([{y})")
    else:
        y = _array((str(int(y)) if classes else _number(y) for y in data["y"]), f"{n}")
        lines += [f"X = {_array(map(_number, data['X']), f'({n}, {d})')}", f"y = {y}"]
    if head["targets"] == "sign":
        lines.append("y = 2 * y - 1")
    if head["targets"] == "row" and head["loss"] != "cross_entropy":
        lines.append(f"y = np.eye({len(classes)})[y]")
    return "\n".join(lines)


def _model(state: Mapping[str, Any]) -> tuple[str, set[str], list[int]]:
    """Return the network, the names that it needs, and the places of its layers."""
    sizes, activations, dropout = state["sizes"], state["activations"], state["dropout"]
    hidden = activations[:-1]
    if len({*hidden}) <= 1 and not (dropout and hidden):
        inner = f'activation="{hidden[0]}", ' if hidden else ""
        outer = f'output="{activations[-1]}", of=Tensor'
        return f"MLP({sizes[0]}, {list(sizes[1:])}, {inner}{outer})", {"MLP"}, [*range(len(activations))]
    layers = [f'Layer({a}, {b}, "{g}", of=Tensor)' for a, b, g in zip(sizes, sizes[1:], activations)]
    between = f",\n    Dropout({_number(dropout)}, seed={state['seed']}),\n    " if dropout else ",\n    "
    step = 2 if dropout else 1
    names = {"Sequential", "Layer", *(["Dropout"] if dropout else [])}
    return f"Sequential(\n    {between.join(layers)},\n)", names, [step * k for k in range(len(layers))]


def _parameters(state: Mapping[str, Any], places: list[int]) -> str:
    lines = []
    for k, place in enumerate(places):
        d, m = state["sizes"][k : k + 2]
        for name, shape in (("w", f"({d}, {m})"), ("w0", f"{m}")):
            numbers = _array(map(_number, state["parameters"][f"layers.{k}.{name}"]), shape, "    ")
            lines.append(f'    "layers.{place}.{name}": {numbers},')
    return "\n".join(lines)


def _optimizer(settings: Mapping[str, Any]) -> str:
    start = inspect.signature(OPTIMIZERS[settings["name"]]).parameters
    told = [f"lr={_number(settings['lr'])}"]
    for name, item in settings.items():
        if name in ("name", "lr") or _plain(item) == _plain(start[name].default):
            continue
        told.append(f"{name}={_plain(item)}")
    return f"{settings['name']}(model.parameters(), {', '.join(told)})"


def _plain(item: Any) -> str:
    if isinstance(item, bool):
        return repr(item)
    return f"({', '.join(map(_number, item))})" if isinstance(item, (list, tuple)) else _number(item)
