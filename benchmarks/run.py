"""Time glassgrad beside its peers, in one run, after checking that all of them compute the same.

Needs nothing but Python: it makes its own environment, `benchmarks/.venv`. The rules: README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time

from environment import HERE, make_environment, pins, processor, say
from measures import imports, ready
from race import race
from rows import CONTENDERS, TOLERANCE, Contender
from tables import TIE, Measure, Results, goals, plot, summary, table
from workloads import CASES

PARTS = [*CASES, "import", "compile"]


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workload", choices=PARTS, action="append", help="this part alone (may be repeated)")
    parser.add_argument("--rounds", type=int, help="rounds to take the median of (default 5, quick 3)")
    parser.add_argument("--quick", action="store_true", help="short rounds, and no chain of 100,000")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="only rows whose name contains one of these")
    parser.add_argument("--seed", type=int, default=0, help="seed of data and weights (default 0)")
    options = parser.parse_args()
    rounds = options.rounds or (3 if options.quick else 5)
    if rounds < 1:
        parser.error("--rounds must be at least 1")

    make_environment()
    start, load = time.perf_counter(), os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    parts = options.workload or PARTS
    results: Results = {}
    tables: list[str] = []
    measures: list[Measure] = []
    for workload in [part for part in parts if part in CASES]:
        contenders = [c for c in CONTENDERS if workload in c.workloads and wanted(c, options.only)]
        results[workload] = {}
        for case, make in CASES[workload].items():
            if not (options.quick and case == "100,000"):
                shortest = 0.03 if options.quick else 0.1
                results[workload][case] = race(case, workload, make(options.seed), contenders, rounds, shortest)
        tables.append(table(workload, results[workload]))
        print(tables[-1], flush=True)
    for part, measure in (("import", imports), ("compile", ready)):
        if part in parts:
            text, found = measure(rounds)
            tables.append(text)
            measures += found
            print(text, flush=True)
    first = goals(results, measures)
    print(first)
    if options.workload or options.only:
        say(f"{time.perf_counter() - start:.0f} s; nothing is written, as this was a part")
        return
    plot(results)
    heading = (
        f"# Results\n\n{time.strftime('%Y-%m-%d')}, Python {platform.python_version()} on "
        f"{platform.machine()}, {os.cpu_count()} cores (load {load:.1f} at the start), 1 thread, "
        f"pinned to one core, float64, seconds of CPU, median of {rounds} rounds; {processor()}; "
        f"{', '.join(pins())}. Only ratios inside one run "
        f"count; take differences under {TIE} times as ties. Before timing, losses and gradients "
        f"agreed to {TOLERANCE:g}.\n\n"
    )
    picture = "![How many times as long as by hand each contender takes](results.svg)\n"
    text = [f"{heading}{first}", summary(results), picture, *tables]
    (HERE / "results.md").write_text("\n".join(text), encoding="utf-8")
    kept = {workload: {case: race._asdict() for case, race in cases.items()} for workload, cases in results.items()}
    (HERE / "results.json").write_text(json.dumps(kept, indent=1))
    say(f"{time.perf_counter() - start:.0f} s; written: results.md, results.svg and results.json in {HERE}")


def wanted(contender: Contender, words: list[str] | None) -> bool:
    """Return whether `--only` lets the contender in; the reference always takes part."""
    return not words or contender.module == "by_hand" or any(word in contender.name for word in words)


if __name__ == "__main__":
    main()
