"""One contender in its own process: reads requests, one JSON object a line, and answers likewise.

`{"workload", "data"}` builds the problem, takes three steps and answers with losses and gradients;
`{"steps"}` builds it anew from the same data, takes one step untimed and answers with the seconds
that the next ones took.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from problem import Problem

ROOT = Path(__file__).resolve().parent.parent


def main(module: str, collector: str, ours: bool) -> None:
    """Answer requests until the driver closes the pipe.

    `collector` says how the cyclic garbage collector runs: "on", "off", or "step", once a step.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    if collector != "on":
        gc.disable()
    make: Callable[[Any], Problem] | None = None
    data: Any = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "workload" in request:
                data = request["data"]
                make = getattr(importlib.import_module(f"contenders.{module}"), request["workload"])
                check_import(ours)
                answer = check(make(data))
            else:
                assert make is not None
                answer = clock(make(data), request["steps"], collector)
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


def check_import(ours: bool) -> None:
    """Make sure that `autograd`, if it was imported, is the one that was meant."""
    found = sys.modules.get("autograd")
    if found is not None and (Path(str(found.__file__)).parent == ROOT / "autograd") != ours:
        raise ImportError(f"the wrong autograd: {found.__file__}")


def check(problem: Problem) -> dict[str, Any]:
    """Return the losses of three steps, and the gradients of the first and the third, flat."""
    losses, gradients = [], []
    for _ in range(3):
        losses.append(problem.step())
        gradients.append(flat(problem.gradients()))
    return {"losses": losses, "gradients": [gradients[0], gradients[2]]}


def flat(numbers: Any) -> list[float]:
    """Return every number in nested lists and arrays, in order."""
    if hasattr(numbers, "tolist"):
        numbers = numbers.tolist()
    if isinstance(numbers, list):
        return [x for item in numbers for x in flat(item)]
    return [float(numbers)]


def clock(problem: Problem, steps: int, collector: str) -> dict[str, Any]:
    """Return the seconds that `steps` steps take, after one that is not counted."""
    step, collect = problem.step, collector == "step"
    step()
    if not gc.isenabled():
        gc.collect()
    start = time.perf_counter()
    for _ in range(steps):
        step()
        if collect:
            gc.collect()
    return {"seconds": time.perf_counter() - start}


if __name__ == "__main__":
    # micrograd's backward recurses as deep as the graph is.
    sys.setrecursionlimit(1_000_000)
    threading.stack_size(1 << 29)
    thread = threading.Thread(target=main, args=(sys.argv[1], sys.argv[2], sys.argv[3] == "ours"))
    thread.start()
    thread.join()
