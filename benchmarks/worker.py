"""One contender in its own process: reads requests, one JSON object a line, and answers likewise.

`{"workload", "data"}` builds the problem, takes three steps and answers with losses and gradients, the seconds of the
first step, which may compile, and the MiB that the steps needed at most;
`{"steps"}` goes on with it, takes one step untimed and answers with the seconds of CPU that the next ones took, on one
core.
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
    if hasattr(os, "sched_setaffinity"):
        # What else the machine does moves nobody to a core that is colder.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    if collector != "on":
        gc.disable()
    problem: Problem | None = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "workload" in request:
                make = getattr(importlib.import_module(f"contenders.{module}"), request["workload"])
                check_import(ours)
                problem, answer = check(make, request["data"])
            else:
                assert problem is not None
                answer = clock(problem, request["steps"], collector)
        except Exception as error:
            # A library, or a program, that is not installed.
            missing = isinstance(error, (ImportError, FileNotFoundError))
            answer = {"error": traceback.format_exc(), "missing": missing}
        print(json.dumps(answer), file=answers, flush=True)


def check_import(ours: bool) -> None:
    """Make sure that `autograd`, if it was imported, is the one that was meant."""
    found = sys.modules.get("autograd")
    if found is not None and (Path(str(found.__file__)).parent == ROOT / "autograd") != ours:
        raise ImportError(f"the wrong autograd: {found.__file__}")


def check(make: Callable[[Any], Problem], data: Any) -> tuple[Problem, dict[str, Any]]:
    """Return the problem, with the losses of three steps, the gradients of the first and the third, and their cost.

    What a library needs to start, to record and to compile shows with a batch of two samples: it is not counted.
    """
    if "batch" in data:
        few = {name: data[name][:2] for name in ("x", "y") if name in data}
        small = make(data | few | {"batch": 2, "samples": 2})
        small.step()
        del small
    before, start = resident("VmRSS", fresh=True), spent()
    problem = make(data)
    losses = [problem.step()]
    seconds = spent() - start
    gradients = [flat(problem.gradients())]
    # What the first step needed to compile, it needs once.
    resident("VmRSS", fresh=True)
    for _ in range(2):
        losses.append(problem.step())
        gradients.append(flat(problem.gradients()))
    memory = resident("VmHWM") - before
    slopes = [gradients[0], gradients[2]]
    return problem, {"losses": losses, "gradients": slopes, "first": seconds, "memory": memory}


def spent() -> float:
    """Return the seconds of CPU that this process, and those that it waited for, have taken: some call a compiler."""
    return sum(os.times()[:4])


def resident(what: str, fresh: bool = False) -> float:
    """Return the MiB that Linux says this process holds (VmRSS) or held at most (VmHWM); `fresh` counts from now.

    Elsewhere 0.
    """
    if not Path("/proc/self/status").exists():
        return 0.0
    if fresh:
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1]) / 1024


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
    if problem.clock is not None:
        return {"seconds": problem.clock(steps)}
    if not gc.isenabled():
        gc.collect()
    start = time.process_time()
    for _ in range(steps):
        step()
        if collect:
            gc.collect()
    return {"seconds": time.process_time() - start}


if __name__ == "__main__":
    # micrograd's backward recurses as deep as the graph is.
    sys.setrecursionlimit(1_000_000)
    threading.stack_size(1 << 29)
    thread = threading.Thread(target=main, args=(sys.argv[1], sys.argv[2], sys.argv[3] == "ours"))
    thread.start()
    thread.join()
