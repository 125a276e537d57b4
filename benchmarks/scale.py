"""How training scales on JAX: `python benchmarks/scale.py`. Needs jax and optax.

Devices of a CPU are simulated and share its cores, so more of them are no faster: what is measured is that they cost
little. Times are CPU time of the whole process; each is the median of rounds in which all contenders take turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

WIDTHS, ROWS, BATCH = [784, 512, 256, 10], 16384, 128


def data(rows: int, inputs: int, classes: int) -> tuple[Any, Any]:
    import numpy as np

    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, inputs)).astype("float32"), rng.integers(0, classes, rows)


def network(widths: list[int]) -> Any:
    import nn
    from autograd import Tensor

    model = nn.MLP(widths[0], widths[1:], activation="relu", of=Tensor, seed=1)
    for parameter in model.parameters():
        parameter._data = parameter._data.astype("float32")
    return model


def ours(widths: list[int], X: Any, y: Any, batch: int, **options: Any) -> Callable[[], float]:
    """Return a function that trains for an epoch and returns the CPU seconds of a step, without compiling."""
    import nn

    model, seconds = network(widths), list[float]()
    optimizer = nn.Adam(model.parameters(), lr=1e-3)

    def epochs(count: int) -> list[float]:
        seconds.clear()
        last = time.process_time()

        def note(history: Any) -> None:
            nonlocal last
            seconds.append(time.process_time() - last)
            last = time.process_time()

        nn.fit(
            model, X, y, loss=nn.cross_entropy, optimizer=optimizer, epochs=count, batch_size=batch, progress=False,
            callbacks=[note], seed=0, **options,
        )  # fmt: skip
        return seconds

    # The first epoch compiles.
    return lambda: min(epochs(4)[1:]) / (len(X) // batch)


def by_hand(widths: list[int], X: Any, y: Any, batch: int) -> Callable[[], float]:
    """Return the same for JAX and optax, as one writes it: batches are drawn and sent by the host."""
    import jax
    import jax.numpy as jnp
    import numpy as np
    import optax

    parameters = [np.asarray(part.data) for layer in network(widths).layers for part in (layer.w, layer.w0)]
    rule = optax.adam(1e-3)
    held = [list(map(jnp.asarray, parameters))]
    held.append(rule.init(held[0]))

    def loss(parameters: Any, x: Any, t: Any) -> Any:
        for k in range(0, len(parameters) - 2, 2):
            x = jax.nn.relu(x @ parameters[k] + parameters[k + 1])
        logits = x @ parameters[-2] + parameters[-1]
        return optax.softmax_cross_entropy_with_integer_labels(logits, t).mean()

    @jax.jit
    def step(parameters: Any, state: Any, x: Any, t: Any) -> Any:
        J, slopes = jax.value_and_grad(loss)(parameters, x, t)
        change, state = rule.update(slopes, state, parameters)
        return optax.apply_updates(parameters, change), state, J

    def epoch() -> float:
        order = np.random.default_rng(0).permutation(len(X))
        losses = []
        start = time.process_time()
        for first in range(0, len(X) - batch + 1, batch):
            rows = order[first : first + batch]
            held[0], held[1], J = step(held[0], held[1], X[rows], y[rows])
            losses.append(J)
        sum(map(float, losses))
        return (time.process_time() - start) / len(losses)

    epoch()
    return lambda: min(epoch() for _ in range(3))


def compared(contenders: dict[str, Callable[[], float]], rounds: int) -> None:
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            found[name].append(run())
    last = list(contenders)[-1]
    for name, seconds in found.items():
        ratios = [a / b for a, b in zip(seconds, found[last])]
        print(f"  {name:<34}{statistics.median(seconds) * 1e6:>10,.0f} µs a step{statistics.median(ratios):>8.2f}")


def one(devices: int, rounds: int) -> None:
    """Measure in this process, which has so many devices."""
    import jax

    from nn._training.devices import plan

    print(f"{devices} device{'s' * (devices > 1)}, jax {jax.__version__}", flush=True)
    X, y = data(ROWS, WIDTHS[0], WIDTHS[-1])
    contenders = {f"{WIDTHS}, on {devices}": ours(WIDTHS, X, y, BATCH, backend="jax", devices=devices)}
    if devices == 1:
        contenders["JAX and optax by hand"] = by_hand(WIDTHS, X, y, BATCH)
    compared(contenders, rounds)
    small = [20, 16, 2]
    X, y = data(3200, small[0], small[-1])

    def one_by_one() -> float:
        before, plan.SMALL = plan.SMALL, 0
        try:
            return alone()
        finally:
            plan.SMALL = before

    alone = ours(small, X, y, 32, backend="jax", devices=devices)
    compared(
        {
            f"{small}, 100 steps in a loop": ours(small, X, y, 32, backend="jax", devices=devices),
            f"{small}, a call a step": one_by_one,
            f"{small}, NumPy": ours(small, X, y, 32),
        },
        rounds,
    )
    start = time.process_time()
    ours(WIDTHS, *data(BATCH, WIDTHS[0], WIDTHS[-1]), BATCH, backend="jax", devices=devices)()
    print(f"  ready in {time.process_time() - start:.2f} s of CPU time, four steps included", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, nargs="*", default=[1, 2, 4, 8])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--here", action="store_true", help="measure in this process")
    given = parser.parse_args()
    if given.here:
        one(given.devices[0], given.rounds)
        return
    for devices in given.devices:
        flags = f"--xla_force_host_platform_device_count={devices}"
        command = [sys.executable, __file__, "--here", "--devices", str(devices), "--rounds", str(given.rounds)]
        subprocess.run(command, env={**os.environ, "XLA_FLAGS": flags}, check=True)


if __name__ == "__main__":
    main()
