"""How long `autograd.compile` takes until the first result is there: run by `measures.py`, one job a process.

Prints the seconds of CPU, and how many operations the recorded function has. If "warm", what compiling imports is
imported before.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import numpy as np
import workloads
from contenders import ours_compiled, ours_compiled_tensor

import autograd
from autograd import Tensor, Value
from autograd._core.node import Node
from autograd._core.order import topological_sort

JOBS = ("tensor", "neurons", "samples", "chain")


def job(name: str) -> tuple[Any, tuple[Any, ...], str]:
    """Return a function, its arguments, and the backend that is asked for."""
    moons = workloads.moons(0)
    flat = [p for layer in moons["layers"] for w0, *w in zip(layer["w0"], *layer["w"]) for p in (w0, *w)]
    if name == "tensor":
        params = [np.array(layer[key]) for layer in moons["layers"] for key in ("w0", "w")]
        x, y = np.array(moons["x"]), np.array(moons["y"])[:, None]
        return ours_compiled_tensor.moons_loss(moons["l2"]), (params, x, y), "native"
    if name == "neurons":
        x1, x2 = np.array(moons["x"]).T.copy()
        return ours_compiled.columns_loss(moons), (flat, x1, x2, np.array(moons["y"])), "native"
    if name == "samples":
        return ours_compiled.samples_loss(moons), (flat,), "numpy"
    data = workloads.chain(0, 10_000)
    return ours_compiled.chain_of(data), (data["x"], data["w"], data["b"]), "numpy"


def operations(function: Any, args: tuple[Any, ...]) -> int:
    """Return how many operations a function does."""

    def as_nodes(item: Any) -> Any:
        if isinstance(item, list):
            return [as_nodes(part) for part in item]
        return Value(item) if isinstance(item, float) else Tensor(item)

    found = function(*map(as_nodes, args))
    return sum(isinstance(node, Node) and node.op is not None for node in topological_sort(found))


def main(name: str, warm: bool) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    function, args, backend = job(name)
    every = tuple(range(len(args))) if name == "chain" else 0
    if warm:
        autograd.compile(autograd.value_and_grad(lambda x: (x * x).sum()), backend=backend)(np.ones(3))
    start = time.process_time()
    autograd.compile(autograd.value_and_grad(function, argnums=every), backend=backend)(*args)
    print(json.dumps([time.process_time() - start, operations(function, args)]))


if __name__ == "__main__":
    main(sys.argv[1], "warm" in sys.argv)
