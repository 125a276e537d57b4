"""Run the property tests again and again, each time with other random numbers: `python tests/fuzz.py --minutes 30`."""

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
    "autograd/test_random_graphs.py", "autograd/test_compile.py", "autograd/test_reroll.py", "nn/test_strategies.py",
]  # fmt: skip
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
        passed, failed, output = run(seed)
        rounds, examples, failures = rounds + 1, examples + passed, failures + failed
        elapsed = time.strftime("%H:%M:%S", time.gmtime(time.monotonic() - started))
        print(f"{elapsed}  round {rounds} (seed {seed}): {examples:,} examples, {failures} failures", flush=True)
        if failed:
            print(output, flush=True)
    return int(failures > 0)


def run(seed: int) -> tuple[int, int, str]:
    """Run one round; return how many examples passed, how many tests failed, and what was printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-k", SAME, f"--hypothesis-seed={seed}"]
    command += ["--hypothesis-show-statistics", *(str(TESTS / name) for name in PROPERTIES)]
    environment = os.environ | {"HYPOTHESIS_PROFILE": "fuzz"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    passed = sum(int(count) for count in re.findall(r"(\d+) passing", done.stdout))
    return passed, len(re.findall(r"^FAILED ", done.stdout, re.MULTILINE)), done.stdout


if __name__ == "__main__":
    sys.exit(main())
