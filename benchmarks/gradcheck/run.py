"""Run `gradcheck` and its peers on functions of which we know what is true, and time them on a network.

Needs nothing but Python: it makes its own environment, `benchmarks/gradcheck/.venv`. Writes `benchmarks/gradcheck.md`,
and all answers and times as `results.json` here.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VENV = HERE / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
RESULTS = HERE.parent / "gradcheck.md"
GOAL = 3.0
"""Ours may take so many times as long as the fastest of HIPS and PyTorch's fast mode."""
RIVALS = ("PyTorch: gradcheck, fast_mode=True", 'HIPS: check_grads, order=1, modes=["rev"]')
SHORTEST = 0.2
"""A turn takes at least so many seconds, or one run."""

TITLES = {
    "right": "The gradient is right",
    "kink": "A kink: no derivative there, and the gradient is one of the usual conventions",
    "jump": "A jump or an infinite slope: no derivative there, and no convention for one",
    "wrong": "The gradient is wrong",
    "impure": "The function changes from call to call, or changes its input",
}
EXPECTED = {
    "right": "pass",
    "kink": "non-differentiable",
    "jump": "non-differentiable",
    "wrong": "fail",
    "impure": "invalid",
}
"""What ours should say."""
FALSE_ALARM, FALSE_PASS = "**false alarm**", "**false pass**"
KINDS = ("right", "undecided", FALSE_ALARM, FALSE_PASS)

RULES = """\
All with default settings: PyTorch's `gradcheck`, also with `fast_mode=True`, in float64 but where a case says float32;
the `check_grads` of JAX and of HIPS autograd to order 1, and with `modes=["rev"]` where an operation has a gradient of
its own, which knows no other mode; JAX in float32, as it comes, and in float64. A wrong gradient is always made by an
operation that claims a derivative of its own: all libraries get the same one.

Peers pass or fail. At a kink neither is right: a pass has not seen it (false pass), a fail blames a gradient that is
the usual convention (false alarm). Of ours, the one verdict that says what is true is right. Where a function has a
jump or is not deterministic, any alarm of a peer counts as right, though most blame the gradient. A right answer may be
luck: in float32, sums are so rough that gradients fail whether right or wrong.
"""


class Library(NamedTuple):
    """A column of the tables: a file of `libraries/` and its function."""

    name: str
    key: str
    module: str
    function: str = "check"
    environment: tuple[tuple[str, str], ...] = ()


LIBRARIES = [
    Library("ours", "ours", "ours"),
    Library("PyTorch", "torch", "pytorch"),
    Library("PyTorch, fast", "torch_fast", "pytorch", "check_fast"),
    Library("JAX", "jax", "jax"),
    Library("JAX, x64", "jax_x64", "jax", environment=(("JAX_ENABLE_X64", "1"),)),
    Library("HIPS", "hips", "hips"),
]
NAMES = [library.name for library in LIBRARIES]
TIMED = ("ours", "torch", "jax_x64", "hips")


class Worker:
    """The process of one library."""

    def __init__(self, library: Library) -> None:
        self.library = library
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        env |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        env |= {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"} | dict(library.environment)
        if library.key == "ours":
            env["PYTHONPATH"] = str(ROOT)
        self._process = subprocess.Popen(
            [str(PYTHON), "-B", str(HERE / "worker.py"), library.module, library.function],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env,
            cwd=HERE,
        )

    def ask(self, **request: Any) -> Any:
        """Send a request and wait for its answer; an error that is no verdict ends the run."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise SystemExit(f"{self.library.name}: its process died with exit code {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise SystemExit(f"{self.library.name} failed:\n{answer['error']}")
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
    parser.add_argument("--rounds", type=int, default=7, help="rounds of timing to take the median of (default 7)")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")

    make_environment()
    start, load = time.perf_counter(), os.getloadavg()[0]
    cases, answers = ask_all()
    times, calls = race(options.rounds)
    heading = (
        f"# Checking gradients: ours beside its peers\n\n{time.strftime('%Y-%m-%d')}, Python "
        f"{platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores (load {load:.1f} at the start), "
        f"1 thread; {', '.join(pins())}. Written by `python benchmarks/gradcheck/run.py`.\n"
    )
    text = "\n".join([heading, verdicts(cases, answers), timing(times, calls, options.rounds), said(cases, answers)])
    RESULTS.write_text(text)
    raw = {"cases": cases, "answers": answers, "seconds": times, "calls": calls}
    (HERE / "results.json").write_text(json.dumps(raw, indent=1))
    print(text)
    print(f"{time.perf_counter() - start:.0f} s; written: {RESULTS}, {HERE / 'results.json'}")


def ask_all() -> tuple[list[dict[str, Any]], dict[str, list[dict[str, str] | None]]]:
    """Return the cases, and by library the answer to each; None where the case cannot be written."""
    cases: list[dict[str, Any]] = []
    answers: dict[str, list[dict[str, str] | None]] = {}
    for library in LIBRARIES:
        worker = Worker(library)
        try:
            cases = worker.ask(about="cases")["cases"]
            answers[library.key] = []
            for number, case in enumerate(cases):
                progress(f"{library.name}: {case['name']}")
                possible = library.key not in case["without"]
                answers[library.key].append(worker.ask(case=number) if possible else None)
        finally:
            worker.close()
    progress("")
    return cases, answers


def mark(truth: str, verdict: str, ours: bool) -> str:
    """Return whether an answer is right. Peers know two answers, pass and fail; at a kink, neither is."""
    if verdict == "undecided":
        return verdict
    if verdict == "pass":
        return "right" if truth == "right" else FALSE_PASS
    right = verdict == EXPECTED[truth] if ours else truth not in ("right", "kink")
    return "right" if right else FALSE_ALARM


def verdicts(cases: list[dict[str, Any]], answers: dict[str, list[dict[str, str] | None]]) -> str:
    """Return the counts, then a table for each kind of case."""
    marks = {
        library.key: [
            mark(case["truth"], answer["verdict"], library.key == "ours") if answer else "-"
            for case, answer in zip(cases, answers[library.key], strict=True)
        ]
        for library in LIBRARIES
    }
    missed = [case["name"] for case, given in zip(cases, marks["ours"], strict=True) if given.startswith("**")]
    wrong = [{key for key in ("torch", "jax", "jax_x64") if marks[key][k].startswith("**")} for k in range(len(cases))]
    lines = [
        "## Verdicts",
        "",
        RULES,
        line(["", *NAMES]),
        line(["---"] + ["---:"] * len(LIBRARIES)),
        *(line([kind.strip("*"), *(str(marks[library.key].count(kind)) for library in LIBRARIES)]) for kind in KINDS),
        line(["cases", *(str(len(cases) - marks[library.key].count("-")) for library in LIBRARIES)]),
        "",
        f"- PyTorch is wrong in {sum('torch' in keys for keys in wrong)} cases, JAX in "
        f"{sum('jax' in keys for keys in wrong)}, JAX in float64 in {sum('jax_x64' in keys for keys in wrong)}; in "
        f"{sum(map(bool, wrong))} cases at least one of these is, in {sum(len(keys) == 3 for keys in wrong)} all are.",
        f"- Goal, ours right or undecided in all: {'NOT reached: ' + '; '.join(missed) if missed else 'reached'}.",
        "",
    ]
    for truth, title in TITLES.items():
        lines += [f"### {title}", "", line(["", "case", *NAMES])]
        lines.append(line(["---:"] + ["---"] * (1 + len(LIBRARIES))))
        for number, case in enumerate(cases):
            if case["truth"] == truth:
                row = [marks[library.key][number] for library in LIBRARIES]
                lines.append(line([str(number + 1), case["name"].replace("|", "\\|"), *row]))
        lines.append("")
    return "\n".join(lines)


def said(cases: list[dict[str, Any]], answers: dict[str, list[dict[str, str] | None]]) -> str:
    """Return the first lines of each of our reports."""
    lines = ["## What ours says", ""]
    for number, (case, answer) in enumerate(zip(cases, answers["ours"], strict=True)):
        assert answer is not None
        text = answer["text"].splitlines()
        more = [f"      ... and {len(text) - 3} lines more"] if len(text) > 3 else []
        lines += [f"{number + 1}. {case['name']}", "", *(f"       {part}" for part in text[:3] + more), ""]
    return "\n".join(lines)


def race(rounds: int) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Return the seconds of a check in each round, and how often it calls the function; in turns: A B C, A B C, ..."""
    workers = [Worker(library) for library in LIBRARIES if library.key in TIMED]
    try:
        runs = [(worker, name) for worker in workers for name in worker.ask(about="timings")["names"]]
        repeats, calls = {}, {}
        for worker, name in runs:
            progress(f"how fast is {name}?")
            calls[name] = worker.ask(time=name, repeat=1)["calls"]  # compiles, and warms up
            repeats[name] = math.ceil(SHORTEST / worker.ask(time=name, repeat=1)["seconds"])
        times: dict[str, list[float]] = {name: [] for _, name in runs}
        for number in range(rounds):
            for worker, name in runs:
                progress(f"round {number + 1} of {rounds}, {name}")
                times[name].append(worker.ask(time=name, repeat=repeats[name])["seconds"] / repeats[name])
        progress("")
        return times, calls
    finally:
        for worker in workers:
            worker.close()


def timing(times: dict[str, list[float]], calls: dict[str, int], rounds: int) -> str:
    """Return the times as a table, and whether the goal is reached."""
    ours, *_ = times
    lines = [
        "## Time",
        "",
        f"The loss of an MLP 64-128-10 (tanh, cross-entropy, 64 images) by its 9,610 parameters, in float64; median of "
        f"{rounds} interleaved rounds. Only ratios inside one run count.",
        "",
        line(["check", "ms", "/ ours", "calls of the function"]),
        line(["---", "---:", "---:", "---:"]),
    ]
    for name, seconds in times.items():
        ratio = median(a / b for a, b in zip(seconds, times[ours], strict=True))
        lines.append(line([f"`{name}`", f"{median(seconds) * 1e3:,.1f}", f"{ratio:,.2f}", f"{calls[name]:,}"]))
    fastest = min(RIVALS, key=lambda name: median(times[name]))
    longer = median(a / b for a, b in zip(times[ours], times[fastest], strict=True))
    goal = f"goal {GOAL:g}: {'reached' if longer <= GOAL else 'NOT reached'}"
    lines += ["", f"- ours takes {longer:.2f} times as long as {fastest} ({goal})", ""]
    return "\n".join(lines)


def line(cells: list[str]) -> str:
    """Return a line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def progress(text: str) -> None:
    """Show what is going on: in place on a terminal, else not at all."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def pins() -> list[str]:
    """Return the peers and their versions, as pinned."""
    lines = (HERE / "requirements.txt").read_text().splitlines()
    return [pin for pin in lines if pin and not pin.startswith("#")]


def make_environment() -> None:
    """Make the environment from requirements.txt, unless it is there already."""
    stamp, wanted = VENV / "requirements.txt", (HERE / "requirements.txt").read_text()
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"making {VENV}", file=sys.stderr)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(HERE / "requirements.txt")]
    for command in ([sys.executable, "-m", "venv", "--clear", str(VENV)], [str(PYTHON), *install]):
        if subprocess.run(command, check=False).returncode:
            raise SystemExit(f"could not make {VENV}: this failed: {' '.join(command)}")
    stamp.write_text(wanted)


if __name__ == "__main__":
    main()
