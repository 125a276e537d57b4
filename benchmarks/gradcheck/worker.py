"""One library in a process of its own: reads requests, one JSON object a line, and answers likewise.

`{"about": "cases"}` is answered with the cases, `{"about": "timings"}` with the names of what can be timed;
`{"case": k}` with the verdict of the library's check and its text; `{"time": name, "repeat": n}` with the seconds of n
runs and how often the last called the function.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from cases import CASES, PARAMETERS

ROOT = Path(__file__).resolve().parent.parent.parent


def main(module: str, function: str) -> None:
    """Answer requests until the driver closes the pipe."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    library = importlib.import_module(f"libraries.{module}")
    check_import(module == "ours")
    calls = [0]

    def count(f: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            calls[0] += 1
            return f(*args)

        return counted

    timings = library.timings(count, PARAMETERS)
    for line in sys.stdin:
        request = json.loads(line)
        answer: dict[str, Any]
        try:
            if "case" in request:
                case = CASES[request["case"]]
                random.seed(0)
                np.random.seed(0)  # noqa: NPY002 (what is drawn without a seed)
                verdict, text = getattr(library, function)(case.f, case.inputs)
                answer = {"verdict": verdict, "text": text}
            elif "time" in request:
                run, start = timings[request["time"]], time.perf_counter()
                for _ in range(request["repeat"]):
                    calls[0] = 0
                    run()
                answer = {"seconds": time.perf_counter() - start, "calls": calls[0]}
            elif request["about"] == "cases":
                answer = {"cases": [{"name": c.name, "truth": c.truth, "without": c.without} for c in CASES]}
            else:
                answer = {"names": list(timings)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


def check_import(ours: bool) -> None:
    """Make sure that `autograd`, if it was imported, is the one that was meant."""
    found = sys.modules.get("autograd")
    if found is not None and (Path(str(found.__file__)).parent == ROOT / "autograd") != ours:
        raise ImportError(f"the wrong autograd: {found.__file__}")


if __name__ == "__main__":
    main(*sys.argv[1:])
