"""Break every derivative rule in turn, and see whether the tests notice: `python tests/mutants.py [WORD ...]`.

A mutant is one change of one rule of the table, or of a function that rules use; WORD restricts the run to mutants
whose name contains it. First all tests run without a change, and it is noted how long each takes and which rules it
calls. Then each mutant runs, in a process of its own and until the first test fails, against the tests that call what
it changes: those that noticed other changes of the same place first, then the quickest. Exits with 1 if a mutant
survives that is not known to compute the same, or does not finish, or if one that is known to is caught.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple, TextIO

import pytest
from changes import Mutant, mutants, note_calls
from tqdm import tqdm

TESTS = (
    "autograd/test_windows.py", "autograd/test_random_graphs.py", "autograd/test_primitives.py",
    "autograd/test_precision.py", "autograd/test_engine.py", "autograd/test_functional.py", "autograd/test_index.py",
    "autograd/test_choices.py", "autograd/test_kinks.py", "autograd/test_linalg.py", "autograd/test_numpys.py",
    "autograd/test_special.py", "autograd/test_tails.py", "nn/test_losses.py", "nn/test_networks.py",
)  # fmt: skip
"""The tests of derivatives; those of views and data would only take time."""

SECONDS = 10
"""A test hangs that takes so much more time of the processor than ten times what it took without a change."""

BYTES = 4 << 30
"""A mutant that makes an array of any size is caught, not the machine."""

SURVIVED, CAUGHT, BROKEN = range(3)
HANGS = -signal.SIGXCPU

SYMMETRIC = "a hypotenuse is the same whichever leg is first"
SMALLER = "the smaller of two numbers is the same in either order"
NEVER_CHOSEN = "it is never chosen, and has the shape of the gradient"
SAME_RANK = "a product with a matrix has the rank of what it multiplies"
SHAPE_ALONE = "of its argument the rule reads the shape alone"
NOTHING_DIVIDED = "what is divided there is 0"
SAME_TEST = "the result equals an argument, or is zero, exactly where the condition of the original holds"

EQUIVALENT: dict[str, str] = {
    "one_less: return where(b == 0, where(abs(a) <= 2 ** (-1024), 2.0, b - 1), b - 1)": (
        "b is 0 there, and 0 times any power of a number below 1 is 0"
    ),
    "known_base: return where(out == 0, 2.0, where(abs(a) + abs(b) == 0, 1.0, a))": (
        "out is 0 there, and 0 * log(2) is 0"
    ),
    "ahead: return where(abs_(b) == math.inf, where(a == b, 0.0, a - b), a - b)": "of equal numbers both are infinite",
    "log_softmax[0]: lambda g, out, a, axis=-1: log_softmax_back(g, out, axis=axis)": (
        "softmax of the logarithms of probabilities is these again"
    ),
    "gaps_of: return where(eye(n) == 1, 2.0, expand_dims(values, axis=-2) - expand_dims(values, axis=-1))": (
        NOTHING_DIVIDED
    ),
    "from_singular: gap = gaps_of(s) * where(eye(*forms[1]) == 1, 2.0, row + column)": NOTHING_DIVIDED,
    "singular_forms: k = min(m, n)": SMALLER,
    "orthogonal_forms: k = min(m, n)": SMALLER,
    "apart: found.append(reshape(part, shape=(*lead, *form)))": "results of one axis have that shape before",
    "apart: found.append(part if form == 1 else reshape(part, shape=(*lead, *form)))": (
        "no form is 1, and results of one axis have that shape before"
    ),
    "lower: return where(numpy.tri(rows, columns, k), a, 0.0)": "ones and zeros are read as truths",
    "lower: return where(numpy.tri(columns, rows, k, dtype=bool), a, 0.0)": "rules ask for it of square matrices alone",
    "through_floats: return g if numpy.dtype(dtype).kind == 'f' else where(False, out, 0.0)": NEVER_CHOSEN,
    "through_floats: return g if numpy.dtype(dtype).kind == 'f' else where(False, a, 0.0)": NEVER_CHOSEN,
    "cut: return [like(piece, part) for piece, part in zip(cut(g, flat, 0), parts)]": "a list is read as a tuple is",
    "products_before: for k in range(n.bit_length()):": "a shift by all elements gives factors of 1",
    "products_before: for k in range((1 - n).bit_length()):": "bit_length leaves out the sign",
    "products_before: for k in range((n - 2).bit_length()):": "of n - 1 factors, one step fewer leaves out none",
    "permute_dims[0]: lambda g, out, a, axes=None: permute_dims(g, axes=axes and sorted(range(len(axes)), "
    "key=lambda k: axes[k] % len(axes)))": "NumPy takes a list of axes as it takes a tuple",
    "stack[0]: lambda g, out, *parts, axis=0: [getitem(g, index=(slice(None),) * (axis % len(shape(out))) + (k,)) "
    "for k in range(len(parts))]": "the result and its gradient have one shape",
    "matmul_left: return squeeze(matmul(b, expand_dims(g, axis=-1)))": (
        "the axes that it loses have length 1, and axes of stacked matrices are summed over afterwards"
    ),
    "matmul_left: return (b @ g.T).T if g.ndim == 2 and is_turned(a) else g @ b.T": SAME_RANK,
    "matmul_left: return (b @ g.T).T if out.ndim == 2 and is_turned(a) else g @ b.T": SAME_RANK,
    "matmul_right: return expand_dims(a, axis=1) * expand_dims(g, axis=-2)": "a is a vector: axis 1 is axis -1",
    "matrix_transpose: if shape(x) == 2:": "the way for any rank, which is taken then, gives the same",
    "matrix_transpose: axes = range(len(shape(x)))": "a range is sliced as a tuple is",
    "restore: return y.reshape(lengths)": "NumPy takes a list of lengths as it takes a tuple",
    "asinh[0]: lambda g, out, a: g / hypot(1.0, a)": SYMMETRIC,
    "atan2[0]: lambda g, out, a, b: divide(g * part(b, hypot(a, b)), hypot(b, a))": SYMMETRIC,
    "atan2[0]: lambda g, out, a, b: divide(g * part(b, hypot(b, a)), hypot(a, b))": SYMMETRIC,
    "atan2[1]: lambda g, out, a, b: divide(-g * part(a, hypot(a, b)), hypot(b, a))": SYMMETRIC,
    "atan2[1]: lambda g, out, a, b: divide(-g * part(a, hypot(b, a)), hypot(a, b))": SYMMETRIC,
    "eigh_parts[0]: the first arguments of this shape": SHAPE_ALONE,
    "svd_parts[0]: the first arguments of this shape": SHAPE_ALONE,
    "relu[0]: lambda g, out, a: where(a > 0, g, 0.0)": SAME_TEST,
    "abs[0]: lambda g, out, a: where(out == 0, 0.0, g * sign(a))": SAME_TEST,
    "abs[0]: lambda g, out, a: where(a == 0, 0.0, g / sign(a))": "the sign is 1 or -1 there, its own inverse",
    "maximum[0]: lambda g, out, a, b: where(out > b, g, where(a == b, g / 2, 0.0))": SAME_TEST,
    "maximum[1]: lambda g, out, a, b: where(out > a, g, where(a == b, g / 2, 0.0))": SAME_TEST,
    "minimum[0]: lambda g, out, a, b: where(out < b, g, where(a == b, g / 2, 0.0))": SAME_TEST,
    "minimum[1]: lambda g, out, a, b: where(out < a, g, where(a == b, g / 2, 0.0))": SAME_TEST,
    "maximum[0]: lambda g, out, a, b: where(a > b, g, where(a == out, g / 2, 0.0))": SAME_TEST,
    "maximum[1]: lambda g, out, a, b: where(b > a, g, where(out == b, g / 2, 0.0))": SAME_TEST,
    "minimum[0]: lambda g, out, a, b: where(a < b, g, where(a == out, g / 2, 0.0))": SAME_TEST,
    "minimum[1]: lambda g, out, a, b: where(b < a, g, where(out == b, g / 2, 0.0))": SAME_TEST,
}
"""Mutants that compute the same, each with the proof."""


class Test(NamedTuple):
    """A test without any change: where it stands, how long it takes, which rules it calls."""

    item: pytest.Item
    seconds: float
    places: list[str]


class Runner:
    """A pytest plugin that, in place of running the tests once, runs them for every mutant."""

    def __init__(self, words: list[str]) -> None:
        self.all = [m for m in mutants() if not words or any(word in f"{m.name} {m.kind}" for word in words)]
        self.outcomes: defaultdict[str, list[Mutant]] = defaultdict(list)
        self.tests: list[Test] = []
        self.by_place: defaultdict[str, list[Test]] = defaultdict(list)
        self.noticed: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.failed = False
        self.folder = tempfile.TemporaryDirectory()

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if not self._measured(session.items):
            return True
        for test in self.tests:
            for place in test.places:
                self.by_place[place].append(test)
        self._run()
        return True

    def _measured(self, items: list[pytest.Item]) -> bool:
        """Run all tests without a change and with notes; say whether they pass."""
        pid = os.fork()
        if not pid:
            outcome = BROKEN
            try:
                shown = os.fdopen(os.dup(2), "w")
                self._alone()
                outcome = self._note(items, shown)
            except BaseException:
                self._tell(traceback.format_exc())
            os._exit(outcome)
        outcome = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if outcome != SURVIVED:
            print(f"the tests fail without any mutant: {self._told(pid)}", file=sys.stderr)
            return False
        self.tests = [Test(item, *noted) for item, noted in zip(items, json.loads(self._told(pid)))]
        return True

    def _note(self, items: list[pytest.Item], shown: TextIO) -> int:
        places: set[str] = set()
        note_calls(places.add)
        noted = []
        for item, after in zip(tqdm(items, "no mutant", unit=" tests", file=shown), [*items[1:], None]):
            places.clear()
            before = time.process_time()
            item.ihook.pytest_runtest_protocol(item=item, nextitem=after)
            if self.failed:
                self._tell(item.nodeid)
                return CAUGHT
            noted.append([time.process_time() - before, sorted(places)])
        self._tell(json.dumps(noted))
        return SURVIVED

    def _chosen(self, mutant: Mutant) -> list[Test]:
        """Return the tests of what a mutant changes, in the order in which they are likely to notice soonest.

        A rule of another file's takes no notes, and where there is no rule there are none: the forward's are taken.
        What is known to compute the same is shown to those alone that noticed other changes of the same place.
        """
        row = mutant.name.partition("[")[0]
        tests = self.by_place.get(mutant.name) or self.by_place.get(row) or self.tests
        noticed = self.noticed[mutant.name]
        if title(mutant) in EQUIVALENT:
            tests = [test for test in tests if noticed[test.item.nodeid]]
        return sorted(tests, key=lambda test: (-noticed[test.item.nodeid], test.seconds * len(test.places)))

    def _run(self) -> None:
        """Run every mutant against the tests that call what it changes, and sort them by what becomes of them."""
        waiting = sorted(self.all, key=lambda mutant: title(mutant) in EQUIVALENT)
        waiting.reverse()
        running: dict[int, Mutant] = {}
        with tqdm(total=len(waiting), desc="mutants", unit=" mutants", file=sys.stderr) as progress:
            while waiting or running:
                while waiting and len(running) < len(os.sched_getaffinity(0)):
                    mutant = waiting.pop()
                    running[self._start(self._chosen(mutant), mutant)] = mutant
                pid, status = os.wait()
                mutant = running.pop(pid)
                said, outcome = self._told(pid), os.waitstatus_to_exitcode(status)
                if outcome == CAUGHT:
                    self.noticed[mutant.name][said] += 1
                    how = "caught"
                elif outcome == SURVIVED:
                    how = "equal" if title(mutant) in EQUIVALENT else "survived"
                else:
                    how = "unfinished"
                    said = f"{'hangs' if outcome == HANGS else f'ended with {outcome}'}: {said}"
                self.outcomes[how].append(mutant)
                progress.update()
                if how in ("survived", "unfinished"):
                    progress.write(f"{how}: {mutant.kind}, {title(mutant)}: {said}", file=sys.stderr)

    def _start(self, tests: list[Test], mutant: Mutant) -> int:
        """Run tests against a mutant in a process of their own; return its number."""
        pid = os.fork()
        if pid:
            return pid
        outcome = BROKEN
        try:
            self._alone()
            mutant.apply()
            outcome = CAUGHT if self._caught(tests) else SURVIVED
        except BaseException:
            self._tell(traceback.format_exc())
        os._exit(outcome)

    def _alone(self) -> None:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))

    def _tell(self, text: str) -> None:
        """Write for the parent which test this process is at, or what became of it."""
        Path(self.folder.name, str(os.getpid())).write_text(text, encoding="utf-8")

    def _told(self, pid: int) -> str:
        file = Path(self.folder.name, str(pid))
        return file.read_text(encoding="utf-8") if file.exists() else "before any test"

    def _caught(self, tests: list[Test]) -> bool:
        for test, after in zip(tests, [*tests[1:], None]):
            self._tell(test.item.nodeid)
            until = int(time.process_time() + 10 * test.seconds) + SECONDS
            resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
            test.item.ihook.pytest_runtest_protocol(item=test.item, nextitem=after and after.item)
            if self.failed:
                return True
        return False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed


def title(mutant: Mutant) -> str:
    return f"{mutant.name}: {mutant.source}"


def main(words: list[str]) -> int:
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    # Their tests are left out, as where they are not installed: the threads that they start do not survive a fork.
    sys.modules.update(dict.fromkeys(("jax", "numba")))
    runner = Runner(words)
    here = Path(__file__).parent
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        code = pytest.main(["-p", "no:cacheprovider", *(str(here / name) for name in TESTS)], [runner])
    if code or not runner.tests:
        print(f"pytest ended with {code!r}")
        return 1
    columns = ("caught", "equal", "survived", "unfinished")
    print(f"{'':24}{'made':>10}" + "".join(f"{column:>12}" for column in columns))
    for kind in [*dict.fromkeys(mutant.kind for mutant in runner.all), "all"]:
        groups = (runner.all, *(runner.outcomes[column] for column in columns))
        counts = [sum(kind in (mutant.kind, "all") for mutant in group) for group in groups]
        print(f"{kind:24}{counts[0]:10}" + "".join(f"{count:12}" for count in counts[1:]))
    wrong = [(how, mutant) for how in columns[2:] for mutant in runner.outcomes[how]]
    for how, mutant in wrong:
        print(f"{how}: {mutant.kind}, {title(mutant)}")
    stale = [] if words else sorted(EQUIVALENT.keys() - {title(mutant) for mutant in runner.outcomes["equal"]})
    for name in stale:
        print(f"no mutant that computes the same: {name}")
    return int(bool(wrong or stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
