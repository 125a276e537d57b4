"""The machine of the playground in a page, and the same networks and data for the engine."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scripts import ENGINE

import nn
from autograd import Tensor
from nn import Layer, Sequential
from nn._play.pieces import HEADS, Head, pieces

Visit = Callable[..., Any]

EMPTY = "<!doctype html><html lang=en><title>Machine</title>"
FOLDER = Path(nn.__file__).parent / "web"

COMMON = """
const plain = x => ArrayBuffer.isView(x) ? Array.from(x) : x;
const failed = task => { try { task(); return null; } catch (error) { return error.message; } };
const dataOf = given => ({ ...given, X: Float64Array.from(given.X), y: Float64Array.from(given.y), columns:
  Array.from({ length: given.d }, (_, j) => `x${j + 1}`), target: "y", name: "test", test: { n: 0 } });
const machineOf = ([state, data]) => makeMachine(state, dataOf(data), PIECES);
const sumOf = list => list.reduce((sum, x) => sum + x, 0);
const steps = (machine, count) => { for (let k = 0; k < count; k++) machine.step(); return machine; };
"""


@cache
def script() -> str:
    names = sorted(path for path in FOLDER.glob("machine*.js"))
    return "\n".join([ENGINE, pieces(), *(path.read_text(encoding="utf-8") for path in names), COMMON])


def ask(visit: Visit, body: str, given: Any = None) -> Any:
    """Run a function body in a page, which has `given`; return what it returns, nan and inf included."""
    text = f"""given => {{ {script()}
const found = (() => {{ {body} }})();
return JSON.stringify(found, (key, x) => ArrayBuffer.isView(x) ? Array.from(x)
  : typeof x === "number" && !Number.isFinite(x) ? {{ number: String(x) }} : x); }}"""
    return json.loads(
        visit(EMPTY).evaluate(text, given), object_hook=lambda x: float(x["number"]) if "number" in x else x
    )


def data_of(head: Head, n: int, d: int, seed: int = 0) -> dict[str, Any]:
    rng, k = np.random.default_rng(seed), 3 if head.outputs == "classes" else 2
    y = rng.integers(k, size=n).astype(float) if head.task == "classes" else rng.normal(size=n)
    classes = [f"c{j}" for j in range(k)] if head.task == "classes" else None
    return {
        "task": head.task,
        "n": n,
        "d": d,
        "X": rng.normal(size=n * d).tolist(),
        "y": y.tolist(),
        "classes": classes,
    }


def model_of(state: dict[str, Any], seed: int = 0) -> Any:
    sizes = state["sizes"]
    layers = [Layer(a, b, g, of=Tensor) for a, b, g in zip(sizes, sizes[1:], state["activations"])]
    rng = np.random.default_rng(seed)
    model = Sequential(*layers)
    for node in model.parameters():
        node.data = rng.normal(size=node.shape) / math.sqrt(node.shape[0] if node.ndim > 1 else 1)
    return model


def head_of(state: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of HEADS for a last activation and a loss."""
    return next(
        head._asdict() for head in HEADS
        if (head.task, head.activation, head.loss) == (data["task"], state["activations"][-1], state["loss"])
    )  # fmt: skip


def parameters_of(model: Any) -> dict[str, Any]:
    return {name: node.data.reshape(-1).tolist() for name, node in model.named_parameters()}


def rows_of(head: Head, data: dict[str, Any]) -> tuple[Any, Any]:
    """Return inputs and targets as the loss of nn takes them."""
    X, y = np.reshape(data["X"], (data["n"], data["d"])), np.array(data["y"])
    if head.targets == "row":
        return X, y.astype(int) if head.loss == "cross_entropy" else np.eye(len(data["classes"]))[y.astype(int)]
    return X, 2 * y - 1 if head.targets == "sign" else y


def loss_of(model: Any, state: dict[str, Any]) -> Any:
    weights = [layer.w for layer in model.layers]
    one = getattr(nn, state["loss"])

    def loss(y_hat: Any, y: Any) -> Any:
        J = one(y_hat, y)
        for name in ("l1", "l2"):
            if state.get(name):
                J = J + state[name] * getattr(nn, name)(weights)
        return J

    return loss


def state_of(head: Head, sizes: list[int], activation: str, **more: Any) -> dict[str, Any]:
    last = 3 if head.outputs == "classes" else 1
    full = [*sizes, last]
    return {"sizes": full, "activations": [activation] * (len(full) - 2) + [head.activation], "loss": head.loss, **more}


OPTIMIZERS: list[dict[str, Any]] = [
    {"name": "SGD", "lr": 0.05}, {"name": "SGD", "lr": 0.05, "momentum": 0.9},
    {"name": "SGD", "lr": 0.05, "momentum": 0.9, "nesterov": True}, {"name": "SGD", "lr": 0.05, "weight_decay": 0.1},
    {"name": "SGD", "lr": 0.05, "momentum": 0.5, "weight_decay": 0.1},
    {"name": "SGD", "lr": 0.05, "momentum": 0.5, "nesterov": True, "weight_decay": 0.1},
    {"name": "Adam", "lr": 0.01}, {"name": "Adam", "lr": 0.01, "betas": [0.8, 0.95], "weight_decay": 0.1},
    {"name": "RMSProp", "lr": 0.01}, {"name": "RMSProp", "lr": 0.01, "decay": 0.8, "weight_decay": 0.1},
]  # fmt: skip
