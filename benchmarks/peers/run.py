"""Run HIPS autograd's tests against ours, and compare with PyTorch, MyGrad and SciPy: `make peers`.

Needs nothing but Python: it makes its own environment here, `.venv`, and fetches the source distribution of HIPS
autograd into it. Nothing of theirs is kept in this repository; `shim.py` says how the imports of their tests are met.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
HIPS = "autograd-1.9.1"

OUT_OF_SCOPE = {
    "complex numbers": r"complex numbers|complex|test_fft|holomorphic|eig_real|real_type|real_if_close_type|falseyness",
    "the inside of HIPS autograd": r"the inside of HIPS|test_logic|deprecated|wrapped_name|custom_where|make_diagonal"
    r"|test_numpy.py::test_diagonal|test_tests|test_isinstance|test_pinv|test_dtypes|_list_of_boxes|box_attributes",
    "np.r_ and np.c_, other containers": r"test_r_|test_c_|dataarray|cast_to_int",
    "vjp of a comparison, which is refused": r"test_core",
    "SciPy's other functions": r"test_scipy",
}
"""Of tests that do not pass: what they ask for, the first that fits."""


def prepare() -> Path:
    """Make the environment and fetch the tests; return their folder."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    pip = [str(PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--requirement", str(HERE / "requirements.txt")], check=True)
    if not (VENV / HIPS).exists():
        name, version = HIPS.split("-")
        fetch = ["download", "--no-deps", "--no-binary", ":all:", "--dest", str(VENV), f"{name}=={version}"]
        subprocess.run([*pip, *fetch], check=True)
        with tarfile.open(VENV / f"{HIPS}.tar.gz") as packed:
            packed.extractall(VENV, filter="data")
    return VENV / HIPS / "tests"


def main() -> int:
    tests = prepare()
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}", "OMP_NUM_THREADS": "1"}
    # Ours are folders above theirs: neither our settings nor our conftest.py is read.
    options = ["-q", "-p", "shim", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".", "--confcutdir", "."]
    ran = subprocess.run([str(PYTHON), "-m", "pytest", *options, "--tb=line", "-rA", "-W", "ignore", "."], cwd=tests,
                         env=environment, capture_output=True, text=True)  # fmt: skip
    if ran.returncode not in (0, 1):
        # No test ran to its end: pytest's number for that some failed is 1.
        print(ran.stdout, ran.stderr, sep="\n", file=sys.stderr)
        return ran.returncode
    told(ran.stdout)
    return subprocess.run([str(PYTHON), "oracles.py"], cwd=HERE, env=environment).returncode


def told(output: str) -> None:
    """Print how many tests pass, and what each of the others asks for."""
    lines = [line for line in output.splitlines() if re.match("PASSED|FAILED|SKIPPED|ERROR", line)]
    passed = sum(line.startswith("PASSED") for line in lines)
    kinds: Counter[str] = Counter()
    others = []
    for line in lines:
        if line.startswith("PASSED"):
            continue
        number = int(found[1]) if (found := re.match(r"SKIPPED \[(\d+)\]", line)) else 1
        kind = next((kind for kind, words in OUT_OF_SCOPE.items() if re.search(words, line)), "")
        kinds[kind or "others"] += number
        others += [line] * (not kind)
    print(f"HIPS autograd's tests: {passed} of {passed + sum(kinds.values())} pass; of the others")
    for kind, number in kinds.most_common():
        print(f"{number:5} {kind}")
    print(*others, sep="\n")


if __name__ == "__main__":
    sys.exit(main())
