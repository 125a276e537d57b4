"""A check on one GPU, in about three minutes: `python benchmarks/gpu.py > gpu.txt`, where JAX sees it.

Needs jax with its plugin for the GPU, optax and torch. Shows that the numbers of `fit(..., backend="jax")` are those of
NumPy, and the wall time of a step of MLP 784-512-256-10 with Adam in float32: ours from batches of the host, as `fit`
sends them; JAX and optax by hand, and PyTorch, from batches that are on the GPU already.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch

import nn
from autograd import Tensor

WIDTHS, ROWS = [784, 512, 256, 10], 32768
X = np.random.default_rng(0).normal(size=(ROWS, WIDTHS[0])).astype("float32")
Y = np.random.default_rng(1).integers(0, WIDTHS[-1], ROWS)


def network(dtype: str) -> Any:
    model = nn.MLP(WIDTHS[0], WIDTHS[1:], activation="relu", of=Tensor, seed=1)
    for parameter in model.parameters():
        parameter._data = parameter._data.astype(dtype)
    return model


def trained(backend: str, dtype: str, rows: int = 2560, batch: int = 128, epochs: int = 1, **options: Any) -> Any:
    model = network(dtype)
    optimizer = nn.Adam(model.parameters(), lr=1e-3)
    history = nn.fit(
        model, X[:rows].astype(dtype), Y[:rows], loss=nn.cross_entropy, optimizer=optimizer, epochs=epochs,
        batch_size=batch, progress=False, seed=0, backend=backend, **options,
    )  # fmt: skip
    return history, model


def same_numbers() -> None:
    """Compare 20 steps. On the GPU the precision of a matrix product is a choice: the default may be TF32."""
    for dtype in ("float64", "float32"):
        a, m = trained("numpy", dtype)
        for precision in ("highest", "default"):
            with jax.default_matmul_precision(precision):
                b, n = trained("jax", dtype)
            before, after = m.state_dict(), n.state_dict()
            weights = max(np.abs(before[k] - after[k]).max() / max(np.abs(before[k]).max(), 1e-30) for k in before)
            loss = abs(a.loss[0] - b.loss[0]) / a.loss[0]
            print(f"{dtype}, products in {precision}: loss differs by {loss:.1e}, weights by {weights:.1e}", flush=True)


def timed(name: str, step: Callable[[int], Any], wait: Callable[[], Any], count: int) -> None:
    start = time.perf_counter()
    step(0)
    wait()
    ready, best = time.perf_counter() - start, float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for k in range(count):
            step(k)
        wait()
        best = min(best, (time.perf_counter() - start) / count)
    print(f"  {name:<36} ready in {ready:6.2f} s {best * 1e6:10,.0f} µs a step", flush=True)


def ours(batch: int) -> None:
    times = [time.perf_counter()]
    trained("jax", "float32", ROWS, batch, 6, callbacks=[lambda history: times.append(time.perf_counter())])
    spans = np.diff(times)
    steps = ROWS // batch
    print(
        f"  {'fit on JAX':<36} ready in {spans[0]:6.2f} s {spans[1:].min() / steps * 1e6:10,.0f} µs a step", flush=True
    )


def by_hand(batch: int) -> None:
    cuts = [slice(k * batch, (k + 1) * batch) for k in range(min(50, ROWS // batch))]
    xs, ys = [jnp.asarray(X[cut]) for cut in cuts], [jnp.asarray(Y[cut]) for cut in cuts]
    rule = optax.adam(1e-3)
    held: list[Any] = [[jnp.asarray(part.data) for layer in network("float32").layers for part in (layer.w, layer.w0)]]
    held.append(rule.init(held[0]))

    def loss(p: Any, x: Any, t: Any) -> Any:
        h = jax.nn.relu(jax.nn.relu(x @ p[0] + p[1]) @ p[2] + p[3]) @ p[4] + p[5]
        return optax.softmax_cross_entropy_with_integer_labels(h, t).mean()

    @jax.jit
    def update(p: Any, state: Any, x: Any, t: Any) -> Any:
        slopes = jax.grad(loss)(p, x, t)
        change, state = rule.update(slopes, state, p)
        return optax.apply_updates(p, change), state

    def step(k: int) -> None:
        held[:] = update(held[0], held[1], xs[k], ys[k])

    timed("JAX and optax by hand", step, lambda: jax.block_until_ready(held[0]), len(cuts))


def in_torch(batch: int, compiled: bool) -> None:
    cuts = [slice(k * batch, (k + 1) * batch) for k in range(min(50, ROWS // batch))]
    sizes = list(pairwise(WIDTHS))
    parts: list[Any] = [part for size in sizes for part in (torch.nn.Linear(*size), torch.nn.ReLU())][:-1]
    model = torch.nn.Sequential(*parts).cuda()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def loss(x: Any, t: Any) -> Any:
        return torch.nn.functional.cross_entropy(model(x), t)

    run = torch.compile(loss) if compiled else loss
    xs, ys = [torch.tensor(X[cut]).cuda() for cut in cuts], [torch.tensor(Y[cut]).cuda() for cut in cuts]

    def step(k: int) -> None:
        optimizer.zero_grad()
        run(xs[k], ys[k]).backward()
        optimizer.step()

    timed(f"PyTorch{', compiled' * compiled}", step, torch.cuda.synchronize, len(cuts))


if __name__ == "__main__":
    print("jax", jax.__version__, jax.devices(), "torch", torch.__version__)
    same_numbers()
    for size in (128, 1024, 8192):
        print(f"batches of {size}")
        ours(size)
        by_hand(size)
        in_torch(size, False)
        in_torch(size, True)
