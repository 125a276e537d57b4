"""Fork while another thread computes, and compute in pools of processes: `python tests/forks.py --forks 100`."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import threading
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, Value, grad, tanh
from nn import MLP, SGD, fit, mse

SECONDS = 20
"""A child that takes longer hangs."""


def hung(forks: int, of: Any) -> list[str]:
    """Fork while another thread calls `backward`, compiles and trains; return what became of children that failed."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            computed(of)

    thread = threading.Thread(target=work)
    thread.start()
    faults = []
    try:
        for number in range(forks):
            # Not always at the same moment of what the thread does.
            sum(range(number * 997 % 20_000))
            child = os.fork()
            if child == 0:  # pragma: no cover - in a forked process, which is not measured
                signal.alarm(SECONDS)
                os._exit(0 if computed(of) == expected(of) else 1)
            status = os.waitpid(child, 0)[1]
            if status:
                faults.append("hung" if os.WIFSIGNALED(status) else f"status {status}")
    finally:
        stop.set()
        thread.join()
    return faults


def computed(of: Any) -> list[float]:
    """Return gradients and trained numbers that are the same every time."""
    w = of(2.0)
    (tanh(w * 0.3) * w).backward()
    fast = autograd.compile(grad(lambda x: tanh(x) * x))
    model = MLP(2, [2, 1], of=of, seed=0)
    fit(
        model,
        [[0.5, 1.0], [1.0, -1.0]],
        [1.0, 0.0],
        loss=mse,
        optimizer=SGD(model.parameters()),
        epochs=2,
        progress=False,
    )
    return [float(w.grad), fast(0.7), *(float(np.sum(data)) for data in model.state_dict().values())]


_expected: dict[Any, list[float]] = {}


def expected(of: Any) -> list[float]:
    """Return the same, as the first process had it."""
    if of not in _expected:
        _expected[of] = computed(of)
    return _expected[of]


def in_a_pool(number: int) -> list[float]:
    """Do what a worker of a pool does."""
    return computed(Value if number % 2 else Tensor)


def pools(method: str, tasks: int = 8) -> bool:
    """Tell whether a pool of two processes, started by `method`, computes the same; it is given SECONDS."""
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.map_async(in_a_pool, range(tasks)).get(timeout=3 * SECONDS)
    return bool(found == [in_a_pool(number) for number in range(tasks)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forks", type=int, default=100, help="how often to fork, of each kind (100)")
    args = parser.parse_args()
    wrong = 0
    for of in (Value, Tensor):
        expected(of)
        faults = hung(args.forks, of)
        print(
            f"{args.forks} forks while {of.__name__}s compute: {faults.count('hung')} hung, {len(faults)} failed",
            flush=True,
        )
        wrong += len(faults)
    for method in ("fork", "spawn"):
        same = pools(method, args.forks)
        print(f"a pool by {method}, {args.forks} tasks: {'the same numbers' if same else 'OTHER NUMBERS'}", flush=True)
        wrong += not same
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
