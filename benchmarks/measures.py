"""What is no race: how long an import takes, and how long it takes until compiled code is ready."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from statistics import median

from environment import HERE, progress, python, say
from tables import Measure, line

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

IMPORT = """
import os, sys, time
if hasattr(os, "sched_setaffinity"): os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
start = time.process_time(); __import__(sys.argv[1]); seconds = time.process_time() - start
try: status = open("/proc/self/status").read()
except OSError: status = "VmRSS: 0"
print(seconds, int(status.split("VmRSS:")[1].split()[0]) / 1024)
"""

JOBS = {
    "tensor": "moons of Tensor code, machine code",
    "neurons": "moons per neuron over the batch, machine code",
    "samples": "moons per neuron and sample, NumPy",
    "chain": "chain of 10,000, Python",
}


def imports(rounds: int) -> tuple[str, list[Measure]]:
    """Return what it takes to import each library: seconds of CPU, and MiB of the whole process."""
    found: dict[str, list[list[float]]] = {}
    missing: list[str] = []
    for number in range(rounds + 1):
        for name, module in LIBRARIES.items():
            if name in missing:
                continue
            progress(f"importing {name}")
            env = {**os.environ, "PYTHONPATH": str(HERE.parent) if "ours" in name else "", "OMP_NUM_THREADS": "1"}
            # The first run, which does not count, keeps the bytecode, as an installed library has it.
            env.pop("PYTHONDONTWRITEBYTECODE", None)
            command = [str(python()), "-c", IMPORT, module]
            # Where nobody's `autograd` lies.
            run = subprocess.run(command, env=env, cwd=HERE / "gradcheck", capture_output=True, text=True, check=False)
            if run.returncode:
                missing.append(name)
            elif number:
                found.setdefault(name, []).append([float(figure) for figure in run.stdout.split()])
    rows = []
    for name in LIBRARIES:
        if name in missing:
            rows.append([name, "not run", "", ""])
            continue
        seconds, memory = (median(figures) for figures in zip(*found[name]))
        rows.append([name, f"{seconds:.3f}", f"{seconds / found_median(found, 'NumPy'):.2f}", f"{memory:.1f}"])
    progress("")
    head = [line(["library", "seconds of CPU", "/ NumPy", "MiB"]), line(["---", "---:", "---:", "---:"])]
    ratio = found_median(found, "ours") / found_median(found, "NumPy")
    return "\n".join(["## G. import", "", *head, *map(line, rows)]) + "\n", [
        ("import autograd", "import numpy", ratio, "<=", 0.5)
    ]


def found_median(found: dict[str, list[list[float]]], name: str) -> float:
    return median(seconds for seconds, _ in found[name])


def ready(rounds: int) -> tuple[str, list[Measure]]:
    """Return how long compiling takes, machine code without and with the files of an earlier process."""
    rows: list[list[str]] = []
    measures: list[Measure] = []
    for job, title in JOBS.items():
        native, fresh, again, operations = "machine code" in title, list[float](), list[float](), 1
        for _ in range(rounds if native else 2):
            progress(f"ready: {title}")
            with tempfile.TemporaryDirectory() as cache:
                found = [measured(job, cache), measured(job, cache, "warm") if native else None]
            for seconds, pair in zip((fresh, again), found):
                if pair is not None:
                    seconds.append(pair[0])
                    operations = pair[1]
        if not fresh:
            rows.append([title, "not run", "", "", ""])
            continue
        each = median(fresh) * 1e6 / operations
        files = f"{median(again):.3f}" if again else ""
        rows.append([title, f"{operations:,}", f"{median(fresh):.3f}", files, f"{each:,.0f}"])
        if native:
            measures.append((f"ready, {title}", "seconds of CPU", median(fresh), "<=", 0.15))
            measures.append((f"ready from files, {title}", "seconds of CPU", median(again), "<=", 0.02))
        else:
            measures.append((f"compile, {title}", "microseconds an operation", each, "<=", 45))
    progress("")
    heads = ["compiled", "operations", "ready, s of CPU", "from files, s", "µs an operation"]
    lines = [line(heads), line(["---"] + ["---:"] * 4), *map(line, rows)]
    return "\n".join(["## H. compile", "", *lines]) + "\n", measures


def measured(job: str, cache: str, *how: str) -> tuple[float, int] | None:
    """Return the seconds of CPU until the first result is there, in a process of its own, and the operations."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env |= {"PYTHONPATH": str(HERE.parent), "OMP_NUM_THREADS": "1", "GLASSGRAD_CACHE": cache}
    command = [str(python()), str(HERE / "ready.py"), job, *how]
    run = subprocess.run(command, env=env, cwd=HERE, capture_output=True, text=True, check=False)
    if run.returncode:
        say(f"ready.py {job}: {run.stderr.strip().splitlines()[-1]}")
        return None
    seconds, operations = json.loads(run.stdout)
    return seconds, operations
