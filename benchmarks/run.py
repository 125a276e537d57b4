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
from typing import Any, NamedTuple

from workloads import CASES, Data

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
TOLERANCE = 1e-10
TIE = 1.3
"""On a shared machine, a smaller factor says nothing."""
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
    tolerance: float = TOLERANCE


CONTENDERS = [
    Contender("by hand", "by_hand", ("moons", "chain", "digits", "images")),
    Contender("ours compiled, of=Tensor", "ours_compiled_tensor", (*TENSORS, "images"), ours=True),
    Contender("ours compiled, of=Tensor, float32", "ours_compiled_float32", TENSORS, ours=True, tolerance=1e-4),
    Contender("ours compiled, nn.MLP", "ours_compiled_mlp", TENSORS, ours=True),
    Contender("ours fit, nn.MLP", "ours_fit", ("digits",), ours=True),
    Contender("ours compiled, per neuron, machine code", "ours_compiled_native", ("moons",), ours=True),
    Contender("ours compiled, per neuron over the batch", "ours_compiled_columns", ("moons",), ours=True),
    Contender("ours compiled, per neuron and sample", "ours_compiled_samples", ("moons",), ours=True),
    Contender("ours compiled, on floats", "ours_compiled_floats", ("moons",), ours=True),
    Contender("ours compiled, chain", "ours_compiled", ("chain",), ours=True),
    Contender("ours of=Tensor, nn.MLP", "ours_mlp_of_tensor", TENSORS, ours=True),
    Contender("ours of=Tensor, plain", "ours_tensor", (*TENSORS, "images"), ours=True),
    Contender("JAX, jit", "jax_jit", (*TENSORS, "images")),
    Contender("PyTorch, torch.compile", "pytorch_compiled", (*TENSORS, "images")),
    Contender("PyTorch", "pytorch", ("moons", "chain", "digits", "images")),
    Contender("MyGrad, memory guarding off", "mygrad_unguarded", TENSORS),
    Contender("MyGrad, as shipped", "mygrad", TENSORS),
    Contender("HIPS autograd", "hips", TENSORS),
    Contender("CasADi SX, whole batch", "casadi_sx_whole", ("moons",)),
    Contender("CasADi SX, map", "casadi_sx", ("moons",)),
    Contender("CasADi SX, built once", "casadi_sx", ("chain",)),
    Contender("CasADi SX, built at every step", "casadi_built", ("chain",)),
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
    "digits": "C. digits: MLP 64-128-64-10 ReLU, softmax cross-entropy: SGD",
    "images": "D. images 8 x 8: conv 1-8 3x3, max-pool 2, conv 8-16 3x3, layer 256-10, softmax cross-entropy: SGD",
}
BY_HAND = {
    "moons": "NumPy by hand",
    "chain": "tape of floats by hand",
    "digits": "NumPy by hand",
    "images": "NumPy by hand",
}

COMPARED: dict[str, list[tuple[str, str]]] = {
    "moons": [
        ("ours of=Value, nn.MLP, as shipped", "micrograd, as shipped"),
        ("ours of=Value, nn.MLP, collector off", "micrograd, collector off"),
        ("ours of=Value, as shipped", "micrograd, as shipped"),
        ("ours of=Value, collector off", "micrograd, collector off"),
        ("ours compiled, per neuron over the batch", "CasADi SX, map"),
        ("ours compiled, per neuron and sample", "PyTorch"),
        ("ours compiled, per neuron and sample", "PyTorch, torch.compile"),
        ("ours compiled, of=Tensor", "by hand"),
        ("ours compiled, of=Tensor", "JAX, jit"),
        ("ours compiled, per neuron, machine code", "by hand"),
        ("ours compiled, per neuron, machine code", "JAX, jit"),
    ],
    "chain": [
        ("ours of=Value, collector off", "micrograd, collector off"),
        ("ours compiled, chain", "CasADi SX, built at every step"),
    ],
    "digits": [
        ("ours compiled, of=Tensor", "by hand"),
        ("ours of=Tensor, nn.MLP", "MyGrad, as shipped"),
        ("ours of=Tensor, nn.MLP", "MyGrad, memory guarding off"),
        ("ours of=Tensor, nn.MLP", "HIPS autograd"),
        ("ours of=Tensor, nn.MLP", "PyTorch"),
    ],
    "images": [("ours compiled, of=Tensor", "PyTorch"), ("ours of=Tensor, plain", "PyTorch")],
}
"""Who is compared with whom below a table."""

LIBRARIES = {
    "Python alone": "sys",
    "ours": "autograd",
    "ours, with nn": "nn",
    "NumPy": "numpy",
    "micrograd": "micrograd.engine",
    "HIPS autograd": "autograd.numpy",
    "MyGrad": "mygrad",
    "CasADi": "casadi",
    "JAX": "jax",
    "PyTorch": "torch",
}
"""What is imported."""

COLOURS = {"ours": "#0072b2", "by hand": "#000000", "peers": "#e69f00"}

Times = dict[str, list[float]]
"""The seconds of one step in each round, by contender."""


class Failed(Exception):
    """A contender cannot take part."""


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
            raise Failed(f"its process died with exit code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
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
    results: dict[str, dict[str, Race]] = {}
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

    if not options.workload:
        tables.append(imports())
        print(tables[-1], flush=True)
    plot(results)
    heading = (
        f"# Results\n\n{time.strftime('%Y-%m-%d')}, Python {platform.python_version()} on "
        f"{platform.machine()}, {os.cpu_count()} cores (load {load:.1f} at the start), 1 thread, "
        f"pinned to one core, float64, seconds of CPU, median of {rounds} rounds; {processor()}; "
        f"{', '.join(pins())}. Only ratios inside one run "
        f"count; take differences under {TIE} times as ties. Before timing, losses and gradients "
        f"agreed to {TOLERANCE:g}.\n\n"
    )
    picture = "![How many times as long as by hand each contender takes](results.svg)\n\n"
    (HERE / "results.md").write_text(heading + summary(results) + picture + "\n".join(tables))
    kept = {workload: {case: race._asdict() for case, race in cases.items()} for workload, cases in results.items()}
    (HERE / "results.json").write_text(json.dumps(kept, indent=1))
    print(f"{time.perf_counter() - start:.0f} s; written: results.md, results.svg and results.json in {HERE}")


def wanted(contender: Contender, words: list[str] | None) -> bool:
    """Return whether `--only` lets the contender in; the reference always takes part."""
    return not words or contender.module == "by_hand" or any(word in contender.name for word in words)


def race(case: str, workload: str, data: Data, contenders: list[Contender], rounds: int, shortest: float) -> Race:
    """Check that the contenders agree, then time them in turns: A B C, A B C, ...

    A turn takes as many steps as fit in `shortest` seconds, and at least one.
    """
    result = Race({}, {}, {}, {})
    workers: list[Worker] = []
    try:
        reference: dict[str, Any] = {}
        for contender in contenders:
            progress(f"{case}: checking {contender.name}")
            worker = Worker(contender)
            try:
                answer = worker.ask(workload=workload, data=data)
            except Failed as failed:
                worker.close()
                if contender.ours or not reference:
                    raise SystemExit(f"{contender.name} failed: {failed}") from None
                result.absent[contender.name] = str(failed).strip().splitlines()[-1]
                continue
            workers.append(worker)
            reference = reference or answer
            compare(case, contender, answer, reference)
            result.first[contender.name], result.memory[contender.name] = answer["first"], answer["memory"]
        steps: dict[str, int] = {}
        for worker in workers:
            progress(f"{case}: how fast is {worker.contender.name}?")
            steps[worker.contender.name] = steps_for(worker, shortest)
        result.times.update({worker.contender.name: [] for worker in workers})
        for number in range(1, rounds + 1):
            for worker in workers:
                name = worker.contender.name
                progress(f"{case}: round {number} of {rounds}, {name}")
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


def table(workload: str, cases: dict[str, Race]) -> str:
    """Return a workload's results as a Markdown table, and what it says of ours and the peers."""
    by_hand = BY_HAND[workload]
    heads: list[str] = ["contender"]
    rows: dict[str, list[str]] = {}
    for column, (case, race) in enumerate(cases.items()):
        operations = int(case.replace(",", "")) if workload == "chain" else 1
        label = case if len(cases) > 1 else "step"
        heads += [f"{label}: {'ns' if workload == 'chain' else 'ms'}", "/ by hand"]
        for name in [*race.times, *race.absent]:
            row = rows.setdefault(name, [by_hand if name == "by hand" else name])
            row += ["-"] * (1 + 2 * column - len(row))
            if name in race.absent:
                row += [f"not run: {race.absent[name][:60]}", ""]
                continue
            seconds = median(race.times[name])
            figure = f"{seconds * 1e9 / operations:,.0f}" if workload == "chain" else f"{seconds * 1e3:,.3f}"
            row += [figure, f"{ratio(race.times[name], race.times['by hand']):,.2f}"]
    last = next(reversed(cases.values()))
    heads += ["first step, s"] + ["peak MiB"] * (workload == "digits")
    for name, row in rows.items():
        row += ["-"] * (1 + 2 * len(cases) - len(row))
        row.append(f"{last.first[name]:,.2f}" if name in last.first else "")
        if workload == "digits":
            row.append(f"{last.memory[name]:,.1f}" if name in last.memory else "")
    lines = [f"## {TITLES[workload]}", "", line(heads), line(["---"] + ["---:"] * (len(heads) - 1))]
    lines += [line(row) for row in rows.values()] + [""]
    for ours, peer in COMPARED[workload]:
        for case, race in cases.items():
            if ours in race.times and peer in race.times:
                faster = ratio(race.times[peer], race.times[ours])
                where = f" at {case}" if len(cases) > 1 else ""
                tie = ", a tie" if 1 / TIE < faster < TIE else ""
                lines.append(f"- {ours}: {faster:.2f} times as fast as {peer}{where}{tie}")
    if workload == "chain":
        lines += growth(cases)
    return "\n".join(lines) + "\n"


def summary(results: dict[str, dict[str, Race]]) -> str:
    """Return the ratios to the code by hand of all contenders and cases as one Markdown table."""
    cases = [(workload, case, race) for workload, races in results.items() for case, race in races.items()]
    heads = [workload if case == workload else f"{workload}: {case}" for workload, case, _ in cases]
    names = dict.fromkeys(name for _, _, race in cases for name in race.times if name != "by hand")
    rows = [
        [name, *(f"{ratio(r.times[name], r.times['by hand']):,.2f}" if name in r.times else "" for _, _, r in cases)]
        for name in names
    ]
    lines = [line(["times as long as by hand", *heads]), line(["---"] + ["---:"] * len(heads)), *map(line, rows)]
    return "\n".join(lines) + "\n\n"


def growth(cases: dict[str, Race]) -> list[str]:
    """Return how much more an operation costs in the longest chain than in the shortest, and what compiling costs."""
    first, *_, last = cases
    factor = int(last.replace(",", "")) / int(first.replace(",", ""))
    lines = []
    for name in cases[first].times:
        if name.startswith("ours"):
            more = ratio(cases[last].times[name], cases[first].times[name]) / factor
            lines.append(f"- {name}: an operation of {last} costs {more:.2f} times one of {first}")
        if "compiled" in name:
            each = (f"{r.first[name] * 1e6 / int(case.replace(',', '')):,.0f} at {case}" for case, r in cases.items())
            lines.append(f"- {name}: microseconds to compile an operation: {', '.join(each)}")
    return lines


def imports() -> str:
    """Return what it takes to import each library: seconds, and MiB of the whole process."""
    code = (
        "import sys, time; start = time.perf_counter(); __import__(sys.argv[1]); seconds = time.perf_counter() - start;"
        "status = open('/proc/self/status').read();"
        "print(seconds, int(status.split('VmRSS:')[1].split()[0]) / 1024)"
    )
    rows = []
    for name, module in LIBRARIES.items():
        progress(f"importing {name}")
        env = {**os.environ, "PYTHONPATH": str(HERE.parent) if "ours" in name else ""}
        # The first run, which does not count, keeps the bytecode, as an installed library has it.
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [str(python()), "-c", code, module]
        runs = [
            subprocess.run(command, env=env, cwd=HERE / "gradcheck", capture_output=True, text=True, check=False)
            for _ in range(4)
        ][1:]
        if any(run.returncode for run in runs):
            rows.append(line([name, "not run", ""]))
            continue
        seconds, memory = (median(map(float, figures)) for figures in zip(*(run.stdout.split() for run in runs)))
        rows.append(line([name, f"{seconds:.3f}", f"{memory:.1f}"]))
    progress("")
    head = [line(["library", "seconds", "MiB"]), line(["---", "---:", "---:"])]
    return "\n".join(["## E. import", "", *head, *rows]) + "\n"


PLOT = """
import json, sys
import matplotlib; matplotlib.use("svg")
import matplotlib.pyplot as plt
figure = json.load(open(sys.argv[1]))
panels = figure["panels"]
fig, axes = plt.subplots(1, len(panels), figsize=(5.2 * len(panels), 6.4), layout="constrained", squeeze=False)
for ax, panel in zip(axes[0], panels):
    names, ratios = panel["names"][::-1], panel["ratios"][::-1]
    ax.barh(names, ratios, color=[figure["colours"][k] for k in panel["kinds"][::-1]], left=0)
    ax.set_xscale("log"); ax.set_title(panel["title"], fontsize=10); ax.set_xlabel("times as long as by hand")
    ax.tick_params(labelsize=8); ax.axvline(1, color="black", lw=0.8)
    for k, r in enumerate(ratios):
        ax.text(r, k, f" {r:,.2g}" if r < 100 else f" {r:,.0f}", va="center", fontsize=7)
    ax.set_xlim(right=max(ratios) * 4)
    ax.spines[["top", "right"]].set_visible(False)
fig.savefig(sys.argv[2])
"""


def plot(results: dict[str, dict[str, Race]]) -> None:
    """Draw the ratios to the code by hand, a panel a case, as results.svg; by the environment's Matplotlib."""
    panels = []
    for workload, cases in results.items():
        for case, race in cases.items():
            names = sorted(race.times, key=lambda name: ratio(race.times[name], race.times["by hand"]))
            kinds = ["by hand" if n == "by hand" else "ours" if n.startswith("ours") else "peers" for n in names]
            shown = [BY_HAND[workload] if n == "by hand" else n for n in names]
            ratios = [ratio(race.times[n], race.times["by hand"]) for n in names]
            title = workload if case == workload else f"{workload}: {case}"
            panels.append({"title": title, "names": shown, "ratios": ratios, "kinds": kinds})
    source = HERE / ".venv" / "plot.json"
    source.write_text(json.dumps({"panels": panels, "colours": COLOURS}))
    subprocess.run([str(python()), "-c", PLOT, str(source), str(HERE / "results.svg")], check=True)


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


def processor() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((text.partition(":")[2].strip() for text in lines if text.startswith("model name")), "")


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
