"""Time glassgrad beside its peers, in one run, after checking that all of them compute the same.

Needs nothing but Python: it makes its own environment, `benchmarks/.venv`. The rules: README.md.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from workloads import CASES, Data

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
TOLERANCE = 1e-10
SCALARS = ("moons", "chain")
TENSORS = ("moons", "digits")


@dataclass(frozen=True)
class Contender:
    """A row of the tables: a file of `contenders/`, and how the cyclic garbage collector runs."""

    name: str
    module: str
    workloads: tuple[str, ...]
    collector: str = "on"
    ours: bool = False


CONTENDERS = [
    Contender("by hand", "by_hand", ("moons", "chain", "digits")),
    Contender("ours of=Tensor, nn.MLP", "ours_mlp_of_tensor", TENSORS, ours=True),
    Contender("ours of=Tensor, plain", "ours_tensor", TENSORS, ours=True),
    Contender("mygrad, memory guarding off", "mygrad_unguarded", TENSORS),
    Contender("mygrad, as shipped", "mygrad", TENSORS),
    Contender("HIPS autograd", "hips", TENSORS),
    Contender("ours of=Value, collector off", "ours_value", SCALARS, "off", ours=True),
    Contender("ours of=Value, as shipped", "ours_value", SCALARS, ours=True),
    Contender("ours of=Value, nn.MLP, collector off", "ours_mlp_of_value", ("moons",), "off", True),
    Contender("ours of=Value, nn.MLP, as shipped", "ours_mlp_of_value", ("moons",), ours=True),
    Contender("micrograd, collector off", "micrograd", SCALARS, "off"),
    Contender("micrograd, one collection a step", "micrograd", SCALARS, "step"),
    Contender("micrograd, as shipped", "micrograd", SCALARS),
]

TITLES = {
    "moons": "A. moons: MLP(2, [16, 16, 1]) ReLU, hinge + L2, all 100 samples: a step of SGD",
    "chain": "B. scalar chain (*, +, tanh, exp): forward + backward, an operation",
    "digits": "C. digits: MLP 64-128-64-10 ReLU, softmax cross-entropy, batch 64: a step of SGD",
}
BY_HAND = {"moons": "NumPy by hand", "chain": "tape of floats by hand", "digits": "NumPy by hand"}

GOALS: dict[str, list[tuple[str, str, float]]] = {
    "moons": [
        ("ours of=Value, nn.MLP, as shipped", "micrograd, as shipped", 15),
        ("ours of=Value, nn.MLP, as shipped", "micrograd, collector off", 2.5),
        ("ours of=Value, nn.MLP, collector off", "micrograd, collector off", 2.5),
        ("ours of=Value, as shipped", "micrograd, as shipped", 15),
        ("ours of=Value, as shipped", "micrograd, collector off", 2.5),
        ("ours of=Value, collector off", "micrograd, collector off", 2.5),
    ],
    "chain": [
        ("ours of=Value, as shipped", "micrograd, collector off", 2.5),
        ("ours of=Value, collector off", "micrograd, collector off", 2.5),
    ],
    "digits": [
        ("ours of=Tensor, nn.MLP", "mygrad, as shipped", 1),
        ("ours of=Tensor, nn.MLP", "mygrad, memory guarding off", 1),
        ("ours of=Tensor, nn.MLP", "HIPS autograd", 1),
    ],
}
"""Who should be how many times faster than whom."""

Times = dict[str, list[float]]
"""The seconds of one step in each round, by contender."""


class Worker:
    """The process of one contender."""

    def __init__(self, contender: Contender) -> None:
        self.contender = contender
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        env |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        if contender.ours:
            env["PYTHONPATH"] = str(HERE.parent)
        whose = "ours" if contender.ours else "peer"
        self._process = subprocess.Popen(
            [
                str(python()),
                "-B",
                str(HERE / "worker.py"),
                contender.module,
                contender.collector,
                whose,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env,
            cwd=HERE,
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
            raise SystemExit(f"{self.contender.name}: its process died with exit code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise SystemExit(f"{self.contender.name} failed:\n{answer['error']}")
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workload", choices=list(CASES), action="append", help="this one alone (may be repeated)")
    parser.add_argument("--rounds", type=int, help="rounds to take the median of (default 7, quick 3)")
    parser.add_argument("--quick", action="store_true", help="short rounds, and no chain of 100,000")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="only rows whose name contains one of these")
    parser.add_argument("--seed", type=int, default=0, help="seed of data and weights (default 0)")
    options = parser.parse_args()
    rounds = options.rounds or (3 if options.quick else 7)
    if rounds < 1:
        parser.error("--rounds must be at least 1")

    make_environment()
    start, load = time.perf_counter(), os.getloadavg()[0]
    results: dict[str, dict[str, Times]] = {}
    tables = []
    for workload in options.workload or CASES:
        contenders = [c for c in CONTENDERS if workload in c.workloads and wanted(c, options.only)]
        results[workload] = {}
        for case, make in CASES[workload].items():
            if not (options.quick and case == "100,000"):
                shortest = 0.03 if options.quick else 0.2
                results[workload][case] = race(case, workload, make(options.seed), contenders, rounds, shortest)
        tables.append(table(workload, results[workload]))
        print(tables[-1], flush=True)

    heading = (
        f"# Results\n\n{time.strftime('%Y-%m-%d')}, Python {platform.python_version()} on "
        f"{platform.machine()}, {os.cpu_count()} cores (load {load:.1f} at the start), 1 thread, "
        f"float64, median of {rounds} rounds; {', '.join(pins())}. Only ratios inside one run "
        f"count; take differences under 1.3 times as ties. Before timing, losses and gradients "
        f"agreed to {TOLERANCE:g}.\n\n"
    )
    written = HERE / "results.md", HERE / "results.json"
    written[0].write_text(heading + "\n".join(tables))
    written[1].write_text(json.dumps(results, indent=1))
    print(f"{time.perf_counter() - start:.0f} s; written: {written[0]}, {written[1]}")


def wanted(contender: Contender, words: list[str] | None) -> bool:
    """Return whether `--only` lets the contender in; the reference always takes part."""
    return not words or contender.module == "by_hand" or any(word in contender.name for word in words)


def race(case: str, workload: str, data: Data, contenders: list[Contender], rounds: int, shortest: float) -> Times:
    """Check that the contenders agree, then time them in turns: A B C, A B C, ...

    A turn takes as many steps as fit in `shortest` seconds, and at least one.
    """
    workers = [Worker(contender) for contender in contenders]
    try:
        reference: dict[str, Any] = {}
        for worker in workers:
            progress(f"{case}: checking {worker.contender.name}")
            answer = worker.ask(workload=workload, data=data)
            reference = reference or answer
            compare(case, worker.contender.name, answer, reference)
        steps: dict[str, int] = {}
        for worker in workers:
            progress(f"{case}: how fast is {worker.contender.name}?")
            steps[worker.contender.name] = steps_for(worker, shortest)
        times: Times = {worker.contender.name: [] for worker in workers}
        for number in range(1, rounds + 1):
            for worker in workers:
                name = worker.contender.name
                progress(f"{case}: round {number} of {rounds}, {name}")
                times[name].append(worker.ask(steps=steps[name])["seconds"] / steps[name])
        progress("")
        return times
    finally:
        for worker in workers:
            worker.close()


def steps_for(worker: Worker, shortest: float) -> int:
    """Return how many steps take `shortest` seconds."""
    steps = 1
    while (seconds := float(worker.ask(steps=steps)["seconds"])) < shortest / 4:
        steps *= 4
    return math.ceil(steps * shortest / seconds)


def compare(case: str, name: str, answer: dict[str, Any], reference: dict[str, Any]) -> None:
    """End the run if losses or gradients are not those of the reference."""
    pairs = [("the losses of three steps", answer["losses"], reference["losses"])]
    for step, ours, theirs in zip(("first", "third"), answer["gradients"], reference["gradients"], strict=True):
        pairs.append((f"the gradients of the {step} step", ours, theirs))
    for what, got, expected in pairs:
        if len(got) != len(expected):
            raise SystemExit(f"\n{case}: {what}: {name} has {len(got)} numbers, by hand it is {len(expected)}")
        scale = max(1.0, *map(abs, expected))
        error, place = max((abs(a - b) / scale, i) for i, (a, b) in enumerate(zip(got, expected, strict=True)))
        if not error <= TOLERANCE or not all(map(math.isfinite, got)):
            raise SystemExit(
                f"\n{case}: {what} disagree, so nothing is timed: number {place} is "
                f"{got[place]!r} in {name}, {expected[place]!r} by hand; the error is {error:.2g}, "
                f"allowed is {TOLERANCE:g}"
            )


def table(workload: str, cases: dict[str, Times]) -> str:
    """Return a workload's results as a Markdown table, and its goals."""
    by_hand = BY_HAND[workload]
    heads: list[str] = ["contender"]
    rows: dict[str, list[str]] = {}
    for case, times in cases.items():
        operations = int(case.replace(",", "")) if workload == "chain" else 1
        heads += [f"{case}: ns" if workload == "chain" else "ms", "/ by hand"]
        for name, seconds in times.items():
            time_each = median(seconds)
            figure = f"{time_each * 1e3:,.3f}"
            if workload == "chain":
                figure = f"{time_each * 1e9 / operations:,.0f}"
            title = by_hand if name == "by hand" else name
            rows.setdefault(title, [title]).extend([figure, f"{ratio(seconds, times['by hand']):,.1f}"])
    lines = [f"## {TITLES[workload]}", "", line(heads), line(["---"] + ["---:"] * (len(heads) - 1))]
    lines += [line(row) for row in rows.values()] + [""]
    for ours, peer, goal in GOALS[workload]:
        for case, times in cases.items():
            if ours in times and peer in times:
                faster = ratio(times[peer], times[ours])
                mark = f"goal {goal:g}: {'reached' if faster >= goal else 'NOT reached'}"
                where = f" at {case}" if workload == "chain" else ""
                lines.append(f"- {ours}: {faster:.2f} times faster than {peer}{where} ({mark})")
    if workload == "chain":
        lines += growth(cases)
    return "\n".join(lines) + "\n"


def growth(cases: dict[str, Times]) -> list[str]:
    """Return how much more an operation costs in the longest chain than in the shortest."""
    first, *_, last = cases
    factor = int(last.replace(",", "")) / int(first.replace(",", ""))
    lines = []
    for name in cases[first]:
        if name.startswith("ours"):
            more = ratio(cases[last][name], cases[first][name]) / factor
            lines.append(f"- {name}: an operation of {last} costs {more:.2f} times one of {first}")
    return lines


def ratio(a: list[float], b: list[float]) -> float:
    """Return the median over the rounds of a / b: so a slow moment, in both, does not count."""
    return median(x / y for x, y in zip(a, b, strict=True))


def line(cells: list[str]) -> str:
    """Return a line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def progress(text: str) -> None:
    """Show what is going on: in place on a terminal, else not at all."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def python() -> Path:
    """Return the environment's Python."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def pins() -> list[str]:
    """Return the peers and their versions, as pinned."""
    lines = (HERE / "requirements.txt").read_text().splitlines()
    return [pin for pin in lines if pin and not pin.startswith("#")]


def make_environment() -> None:
    """Make `benchmarks/.venv` from requirements.txt, unless it is there already."""
    stamp, wanted_now = VENV / "requirements.txt", (HERE / "requirements.txt").read_text()
    if python().exists() and stamp.exists() and stamp.read_text() == wanted_now:
        return
    print(f"making {VENV}", file=sys.stderr)
    requirements = ["-r", str(HERE / "requirements.txt")]
    if uv := shutil.which("uv"):
        commands = [
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)],
            [uv, "pip", "install", "--quiet", "--python", str(python()), *requirements],
        ]
    else:
        commands = [
            [sys.executable, "-m", "venv", "--clear", str(VENV)],
            [
                str(python()),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                *requirements,
            ],
        ]
    for command in commands:
        if subprocess.run(command, check=False).returncode:
            raise SystemExit(f"could not make {VENV}: this failed: {' '.join(command)}")
    stamp.write_text(wanted_now)


if __name__ == "__main__":
    main()
