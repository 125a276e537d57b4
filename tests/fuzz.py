"""Run the property tests again and again, each time with other random numbers: `python tests/fuzz.py --minutes 30`.

Random graphs and networks, indices of every kind, functions compiled; and trainings with losses, networks and callbacks
as people who know NumPy write them, compiled against uncompiled; interrupts by signals at random moments; and texts of
strangers as labels, keys and names.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).parent
PROPERTIES = [
    "autograd/test_random_graphs.py", "autograd/test_compile.py", "autograd/test_index.py", "autograd/test_reroll.py",
    "nn/test_strategies.py",
]  # fmt: skip
TRAININGS = 50
"""A round trains so many, about as long as it tests properties."""
TEXTS = 500
"""A round gives so many texts of strangers to compile, and to views."""

INTERRUPTS = 40
"""A round interrupts each of some computations so many times."""

# This one is the same each time: it draws what a user's test of a primitive draws.
SAME = "not test_every_primitive"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (10)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first round (the time)")
    args = parser.parse_args()
    started, rounds, examples, failures = time.monotonic(), 0, 0, 0
    while time.monotonic() - started < 60 * args.minutes:
        seed = args.seed + rounds
        rounds += 1
        for part in (properties, trainings, interrupts, texts):
            passed, failed, output = part(seed)
            examples, failures = examples + passed, failures + failed
            if failed:
                print(output, flush=True)
        elapsed = time.strftime("%H:%M:%S", time.gmtime(time.monotonic() - started))
        print(f"{elapsed}  round {rounds} (seed {seed}): {examples:,} examples, {failures} failures", flush=True)
    return int(failures > 0)


def properties(seed: int) -> tuple[int, int, str]:
    """Run the property tests; return how many examples passed, how many tests failed, and what was printed."""
    command = ["-m", "pytest", "-q", "-n", "2", "-k", SAME, f"--hypothesis-seed={seed}"]
    done = python(*command, "--hypothesis-show-statistics", *(str(TESTS / name) for name in PROPERTIES))
    passed = sum(int(count) for count in re.findall(r"(\d+) passing", done.stdout))
    failed = len(re.findall(r"^(?:FAILED|ERROR) ", done.stdout, re.MULTILINE))
    return passed, failed or int(done.returncode > 0), done.stdout + done.stderr


def trainings(seed: int) -> tuple[int, int, str]:
    """Train as `properties` tests; rounds that follow each other train nothing twice."""
    done = python(str(TESTS / "habits.py"), f"--first={seed * TRAININGS}", f"--count={TRAININGS}")
    differ = abs(done.returncode)
    return TRAININGS - differ, differ, done.stdout + done.stderr


def interrupts(seed: int) -> tuple[int, int, str]:
    """Interrupt computations, INTERRUPTS of each kind."""
    done = python(str(TESTS / "interrupts.py"), f"--seed={seed}", f"--count={INTERRUPTS}")
    return INTERRUPTS * done.stdout.count(" interrupts in "), abs(done.returncode), done.stdout + done.stderr


def texts(seed: int) -> tuple[int, int, str]:
    """Give texts of strangers; rounds that follow each other give none twice."""
    done = python(str(TESTS / "canary.py"), f"--seed={seed * TEXTS}", f"--count={TEXTS}")
    return TEXTS, abs(done.returncode), done.stdout + done.stderr


def python(*command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"HYPOTHESIS_PROFILE": "fuzz"}
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False, env=environment)


if __name__ == "__main__":
    sys.exit(main())
