"""A race: every contender in a process of its own, checked against the reference, then timed in turns."""

from __future__ import annotations

import json
import math
import os
import subprocess
from statistics import median
from typing import Any, NamedTuple

from environment import HERE, progress, python
from rows import Contender
from workloads import Data

Times = dict[str, list[float]]
"""The seconds of one step in each round, by contender."""


KEPT = f"{1 << 30}"
"""Memory of so many bytes is kept when it is freed: else whoever frees much asks the system for it at every step."""


class Failed(Exception):
    """A contender cannot take part."""


class Missing(Failed):
    """A contender is not installed here."""


class Race(NamedTuple):
    """What a case has shown: times, the seconds of the first step and the MiB of a step, and who could not run."""

    times: Times
    first: dict[str, float]
    memory: dict[str, float]
    absent: dict[str, str]


class Worker:
    """The process of one contender."""

    def __init__(self, contender: Contender) -> None:
        self.contender = contender
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        env |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        env |= dict.fromkeys(("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"), KEPT)
        if contender.ours:
            env["PYTHONPATH"] = str(HERE.parent)
        whose = "ours" if contender.ours else "peer"
        command = [str(python()), "-B", str(HERE / "worker.py"), contender.module, contender.collector, whose]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd=HERE
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for its answer; an error of the contender ends the run."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Failed(f"its process died with exit code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise (Missing if answer["missing"] else Failed)(answer["error"])
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def race(case: str, workload: str, data: Data, contenders: list[Contender], rounds: int, shortest: float) -> Race:
    """Check that the contenders agree, then time them in turns: A B C, A B C, ...

    A turn takes as many steps as fit in `shortest` seconds, and at least one.
    """
    result = Race({}, {}, {}, {})
    workers: list[Worker] = []
    try:
        reference: dict[str, Any] = {}
        for contender in contenders:
            progress(f"{workload}, {case}: checking {contender.name}")
            worker = Worker(contender)
            try:
                answer = worker.ask(workload=workload, data=data)
            except Failed as failed:
                worker.close()
                if (contender.ours and not isinstance(failed, Missing)) or not reference:
                    raise SystemExit(f"{contender.name} failed: {failed}") from None
                result.absent[contender.name] = str(failed).strip().splitlines()[-1]
                continue
            workers.append(worker)
            reference = reference or answer
            compare(case, contender, answer, reference)
            result.first[contender.name], result.memory[contender.name] = answer["first"], answer["memory"]
        steps: dict[str, int] = {}
        for worker in workers:
            progress(f"{workload}, {case}: how fast is {worker.contender.name}?")
            steps[worker.contender.name] = steps_for(worker, shortest)
        result.times.update({worker.contender.name: [] for worker in workers})
        for number in range(1, rounds + 1):
            for worker in workers:
                name = worker.contender.name
                progress(f"{workload}, {case}: round {number} of {rounds}, {name}")
                result.times[name].append(worker.ask(steps=steps[name])["seconds"] / steps[name])
        progress("")
        return result
    finally:
        for worker in workers:
            worker.close()


def steps_for(worker: Worker, shortest: float) -> int:
    """Return how many steps take `shortest` seconds."""
    steps = 1
    while (seconds := float(worker.ask(steps=steps)["seconds"])) < shortest / 4:
        steps *= 4
    return math.ceil(steps * shortest / seconds)


def compare(case: str, contender: Contender, answer: dict[str, Any], reference: dict[str, Any]) -> None:
    """End the run if losses or gradients are not those of the reference."""
    name, tolerance = contender.name, contender.tolerance
    pairs = [("the losses of three steps", answer["losses"], reference["losses"])]
    for step, ours, theirs in zip(("first", "third"), answer["gradients"], reference["gradients"], strict=True):
        pairs.append((f"the gradients of the {step} step", ours, theirs))
    for what, got, expected in pairs:
        if len(got) != len(expected):
            raise SystemExit(f"\n{case}: {what}: {name} has {len(got)} numbers, by hand it is {len(expected)}")
        scale = max(1.0, *map(abs, expected))
        error, place = max((abs(a - b) / scale, i) for i, (a, b) in enumerate(zip(got, expected, strict=True)))
        if not error <= tolerance or not all(map(math.isfinite, got)):
            raise SystemExit(
                f"\n{case}: {what} disagree, so nothing is timed: number {place} is "
                f"{got[place]!r} in {name}, {expected[place]!r} by hand; the error is {error:.2g}, "
                f"allowed is {tolerance:g}"
            )


def ratio(a: list[float], b: list[float]) -> float:
    """Return the median over the rounds of a / b: so a slow moment, in both, does not count."""
    return median(x / y for x, y in zip(a, b, strict=True))
