"""Trainings in NumPy and on JAX, compared: `python tests/devices.py --devices 8`, a process of its own.

On a CPU the devices are simulated. With `--processes 2` so many more processes are started, which train together.
Each line has the name of a case, and the largest relative differences of history, weights and optimizer.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import nn
from autograd import Tensor
from nn import (
    SGD,
    Adam,
    BatchNorm,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    LayerNorm,
    MaxPool2d,
    RMSProp,
    Sequential,
    cross_entropy,
    l1,
    l2,
    mse,
)

rng = np.random.default_rng(0)
X = rng.normal(size=(112, 6))
Y = rng.normal(size=112)
CLASSES = X[:, :3].argmax(1)
WEIGHTS = rng.uniform(0.5, 2.0, 112)
IMAGES = rng.normal(size=(56, 1, 8, 8))

Case = tuple[Callable[[], Any], Callable[[Any], Any], Callable[[Any], dict[str, Any]]]


def dense() -> Any:
    return nn.MLP(6, [8, 3], "tanh", of=Tensor, seed=1)


def normal() -> Any:
    parts = [Layer(6, 16, "relu", of=Tensor, seed=2), LayerNorm(16, of=Tensor), Layer(16, 8, "tanh", of=Tensor, seed=3)]
    return Sequential(*parts, BatchNorm(8, of=Tensor), Dropout(0.2, seed=1), Layer(8, 3, of=Tensor, seed=5))


def images() -> Any:
    parts = [Conv2d(1, 4, 3, activation="relu", seed=1), BatchNorm(4, of=Tensor), MaxPool2d(2), Flatten()]
    return Sequential(*parts, Layer(36, 3, of=Tensor, seed=2))


def one_output() -> Any:
    return nn.MLP(6, [8, 1], "relu", of=Tensor, seed=1)


def grouped(model: Any) -> Any:
    first, second = model.layers[0].parameters(), model.layers[1].parameters()
    first[1].frozen = True
    return SGD([{"params": first, "lr": 0.01}, {"params": second, "momentum": 0.5}], lr=0.1)


def frozen(model: Any) -> Any:
    model.layers[0].freeze()
    return Adam(model.parameters(), lr=0.01)


def adamw(model: Any) -> Any:
    return Adam(model.parameters(), lr=0.01, weight_decay=0.01)


def nesterov(model: Any) -> Any:
    return SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)


def weighted(model: Any) -> dict[str, Any]:
    def loss(y_hat: Any, y: Any, *, weight: Any = None) -> Any:
        return cross_entropy(y_hat, y, weight=weight) + 1e-2 * l2(model) + 1e-3 * l1(model.layers[0])

    return {"loss": loss, "weight": WEIGHTS, "class_weight": "balanced", "metrics": [nn.accuracy]}


def stream(epoch: int) -> Any:
    for start in (0, 32, 64, 96):
        yield X[start : start + 32], CLASSES[start : start + 32]


def of_process(epoch: int) -> Any:
    """Each process its own rows of the same batches."""
    import jax

    k, n = jax.process_index(), jax.process_count()
    for X, y in stream(epoch):
        size = len(X) // n
        yield X[k * size : (k + 1) * size], y[k * size : (k + 1) * size]


CASES: dict[str, Case] = {
    "MLP, SGD": (dense, lambda m: SGD(m.parameters(), lr=0.1), lambda m: {}),
    "one output, nesterov, decay": (
        one_output, lambda m: SGD(m.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3),
        lambda m: {"y": Y, "loss": mse, "metrics": [nn.r2]},
    ),
    "CNN, BatchNorm, validation, patience": (
        images, nesterov,
        lambda m: {
            "X": IMAGES, "y": CLASSES[:56], "epochs": 20, "patience": 4, "validation": (IMAGES[:24], CLASSES[:24])
        },
    ),
    "dropout, norms, Adam, warm-up, cosine": (
        normal, adamw, lambda m: {"schedule": nn.warm_up(2, then=nn.cosine(6)), "metrics": [nn.accuracy], "epochs": 7},
    ),
    "weights, l1, l2, RMSProp": (dense, lambda m: RMSProp(m.parameters(), lr=0.01), weighted),
    "accumulate, clipping, groups": (
        dense, grouped, lambda m: {"accumulate": 3, "clip_grad_norm": 0.25, "epochs": 12, "batch_size": 24},
    ),
    "frozen, a stream": (dense, frozen, lambda m: {"X": of_process, "y": None, "metrics": [nn.accuracy]}),
    "all rows at once": (dense, adamw, lambda m: {"batch_size": None, "epochs": 20}),
}  # fmt: skip


def trained(name: str, backend: str, dtype: str, resumed: bool = False) -> tuple[Any, Any, Any]:
    """Return history, model and optimizer after a training, or after two that are one."""
    make, optimizer_of, options_of = CASES[name]
    model = make()
    optimizer = optimizer_of(model)
    options: dict[str, Any] = {"X": X, "y": CLASSES, "loss": cross_entropy, "epochs": 5, "batch_size": 32}
    options |= options_of(model)
    if dtype == "float32":
        for _, node in [*model.named_parameters(), *model.named_buffers()]:
            node._data = node._data.astype(dtype)
        options["X"] = options["X"].astype(dtype) if hasattr(options["X"], "astype") else options["X"]
    if options["y"] is None:
        del options["batch_size"]
        options["X"] = stream if backend == "numpy" else options["X"]
    if resumed:
        half = dict(options, epochs=options["epochs"] // 2)
        half.pop("patience", None)
        history = nn.fit(model, optimizer=optimizer, progress=False, backend=backend, seed=3, **half)
        options["history"] = history
    history = nn.fit(model, optimizer=optimizer, progress=False, backend=backend, seed=3, **options)
    return history, model, optimizer


def apart(a: Any, b: Any) -> float:
    """Return the largest difference of two arrays, as a part of the largest number."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return float("inf")
    return float(np.abs(a - b).max()) / max(float(np.abs(a).max()), 1e-300)


def compared(name: str, dtype: str, resumed: bool = False) -> list[float]:
    """Return the differences of history, weights and the optimizer's memory between NumPy and JAX."""
    (a, m, o), (b, n, p) = trained(name, "numpy", dtype), trained(name, "jax", dtype, resumed)
    assert list(a) == list(b)
    assert (o.steps, o.counts) == (p.steps, p.counts)
    before, after = m.state_dict(), n.state_dict()
    memory = [(x, y) for kept in o.kept for x, y in zip(getattr(o, kept), getattr(p, kept)) if np.any(x)]
    assert all(x.dtype == y.dtype for x, y in zip(before.values(), after.values()))
    return [
        max(apart(a[key], b[key]) for key in a),
        max(apart(before[key], after[key]) for key in before),
        max((apart(x, y) for x, y in memory), default=0.0),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--rank", type=int)
    parser.add_argument("--port", type=int)
    parser.add_argument("--dtype", default="float64")
    parser.add_argument("--resumed", action="store_true")
    parser.add_argument("cases", nargs="*", default=list(CASES))
    given = parser.parse_args()
    if given.processes > 1 and given.rank is None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, *sys.argv, "--port", str(port)]
        started = [subprocess.Popen([*command, "--rank", str(k)]) for k in range(given.processes)]
        sys.exit(max(process.wait() for process in started))
    os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={given.devices}"
    import jax

    if given.rank is not None:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(f"127.0.0.1:{given.port}", given.processes, given.rank)
    for name in given.cases:
        found = compared(name, given.dtype, given.resumed)
        if not given.rank:
            print(json.dumps([name, *found]), flush=True)


if __name__ == "__main__":
    main()
