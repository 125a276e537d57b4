"""Measure how many units in the last place the package's results and derivatives are off, and write precision.md.

    python benchmarks/precision.py            # less than a minute
    python benchmarks/precision.py --times 10 # ten times as many inputs

The exact results come from tests/exact.py: formulas written by hand, in arithmetic of 50 digits.
"""

from __future__ import annotations

import argparse
import itertools
import math
import platform
import random
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests")]

import numpy as np  # noqa: E402
from exact import DERIVED, ELEMENTWISE, LOSSES, MATRICES, MOVES, ROWS  # noqa: E402
from ulps import (  # noqa: E402
    NAMES,
    NASTY,
    UNITS,
    Error,
    array_errors,
    cross_entropy_errors,
    derived_errors,
    domains,
    elementwise_errors,
    loss_errors,
    matrix_errors,
    nasty,
)

import autograd  # noqa: E402
from autograd import TABLE, Tensor, Value  # noqa: E402
from autograd._compiler.backends.machine import host  # noqa: E402

Worst = dict[tuple[type, bool, bool], Error]
"""The worst error of Values or Tensors, of the value or a derivative, in the fair unit or in plain ulps."""
rng = random.Random(0)


def worst(errors: Iterable[Error]) -> Worst:
    found: Worst = {}
    for error in errors:
        for plain in (False, True):
            key = (error.of, error.argument is not None, plain)
            if key not in found or size(error, plain) > size(found[key], plain):
                found[key] = error
    return found


def size(error: Error, plain: bool) -> float:
    return error.plain if plain else error.ulps


# ---- inputs ---------------------------------------------------------------------------------------------------------


def number() -> float:
    """Return a random number: of moderate size, as exponents are, or of any size that a float has."""
    kind = rng.random()
    if kind < 0.6:
        return rng.uniform(-4, 4)
    if kind < 0.8:
        return rng.uniform(-750, 750)
    return rng.choice((1, -1)) * math.ldexp(rng.uniform(1, 2), rng.randint(-1074, 1022))


def inside(low: float, high: float) -> float:
    if math.isfinite(low) and math.isfinite(high):
        return rng.uniform(low, high)
    x = number() + (low if math.isfinite(low) else 0.0)
    return x if low < x < high else inside(low, high)


def points(name: str, times: int) -> list[tuple[float, ...]]:
    """Return nasty and random arguments for an elementwise primitive, some of them equal or of a power near 1."""
    intervals = domains(name)
    grid = [nasty(interval) for interval in intervals]
    n = 2000 * times
    if len(grid) == 1:
        chosen = [(x,) for x in grid[0]]
    elif len(grid) == 2:
        chosen = rng.sample(list(itertools.product(*grid)), 2000)
    else:
        chosen = [tuple(rng.choice(numbers) for numbers in grid) for _ in range(2000)]
    chosen += [tuple(inside(*interval) for interval in intervals) for _ in range(n)]
    if len(grid) == 2:
        chosen += [(x, x) for x in (inside(*intervals[0]) for _ in range(100 * times))]
        chosen += [(rng.uniform(0.999, 1.001), rng.uniform(-1e5, 1e5)) for _ in range(500 * times)]
    return chosen


KINDS: dict[str, Callable[[], float]] = {
    "moderate": lambda: rng.uniform(-4, 4),
    "whole": lambda: float(rng.randint(-2, 2)),
    "exponents": lambda: rng.uniform(-750, 750),
    "alike": lambda: 1e5 + rng.uniform(-4, 4),
    "spread": lambda: rng.choice((1, -1)) * 10 ** rng.uniform(-60, 60),
    "any": number,
    "nasty": lambda: rng.choice(NASTY),
    "huge": lambda: rng.choice((1e308, -1e308, 1.7e308, 1000.0, -1000.0, 37.0, 0.0)),
}


def cases(name: str, times: int) -> Iterable[Error]:
    """Yield the errors of an operation on arrays: of rows of three, matrices, or what the table gives as examples."""
    if name in MATRICES:
        yield from matrices(name, times)
        return
    rows: list[Any] = [(((3,),), {})] * 30
    shapes = rows if name in ROWS else [(((2, 2), (2, 2)), {})] * 15 if name == "matmul" else TABLE[name].examples

    def weights(shape: tuple[int, ...]) -> Any:
        # Sums of whole numbers are exact, so that a movement has no error at all.
        draw = (lambda: float(rng.randint(-9, 9))) if name in MOVES else (lambda: rng.uniform(-2, 2))
        return fill(shape, draw)

    for (lengths, settings), draw, _ in itertools.product(shapes, KINDS.values(), range(4 * times)):
        yield from array_errors(name, [fill(shape, draw) for shape in lengths], dict(settings), weights)


def matrices(name: str, times: int) -> Iterable[Error]:
    """Yield the errors of a function of random matrices of three rows or columns, of any scale."""
    wide = [((3, 2),), ((2, 3),)] if name in ("pinv", "qr_parts", "svd_parts", "svdvals") else []
    for lengths in [((3, 3), (3, 2)) if name == "solve" else ((3, 3),), *wide] * (10 * times):
        scale = 10 ** rng.uniform(-3, 3)
        arrays = [scale * fill(shape, lambda: rng.gauss(0, 1)) for shape in lengths]
        given = [a @ a.T for a in arrays] if name == "cholesky" else arrays
        yield from matrix_errors(name, given, lambda shape: fill(shape, lambda: rng.uniform(-2, 2)))


def fill(shape: tuple[int, ...], draw: Callable[[], float]) -> Any:
    return np.array([draw() for _ in range(math.prod(shape))]).reshape(shape)


def batches(name: str, times: int) -> Iterable[Error]:
    """Yield the errors of a loss of one to three samples."""
    for draw, _ in itertools.product(KINDS.values(), range(150 * times)):
        n = rng.randint(1, 3)
        p = [draw() for _ in range(n)]
        t = [rng.choice([draw, KINDS["moderate"]])() for _ in range(n)]
        if name == "hinge":
            t = [rng.choice((-1.0, 1.0)) for _ in range(n)]
        elif name.startswith("binary"):
            t = [rng.choice((0.0, 1.0, 0.5, rng.random(), 5e-324, 2.0**-53, 1 - 2.0**-53)) for _ in range(n)]
            if name == "binary_cross_entropy":
                p = [rng.choice((min(abs(x), 1.0), rng.random(), 5e-324, 2.0**-53, 1 - 2.0**-53)) for x in p]
        yield from loss_errors(name, p, t)


def logits(one_hot: bool, times: int) -> Iterable[Error]:
    """Yield the errors of the cross-entropy of one or two samples with three classes."""
    soft = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.0], [0.25, 0.25, 0.5]]
    for draw, _ in itertools.product(KINDS.values(), range(150 * times)):
        z = [[draw() for _ in range(3)] for _ in range(rng.randint(1, 2))]
        yield from cross_entropy_errors(z, [rng.choice(soft) if one_hot else rng.randint(0, 2) for _ in z])


IN_LINE = ("exp", "expm1", "log", "log1p", "sin", "cos", "tanh")
"""The functions that machine code has of its own."""


def in_line(name: str, times: int) -> tuple[float, float]:
    """Return the largest error of a function in machine code, in ulps, and where it is."""
    import mpmath

    given = np.array([x for (x,) in points(name, times) if math.isfinite(x)])
    with np.errstate(all="ignore"):
        found = autograd.compile(lambda x: TABLE[name].function(x), backend="native")(given)
    errors = [(0.0, 0.0)]
    # The remainder of a huge number by pi takes as many bits as its exponent has.
    with mpmath.workprec(1300):
        for x, y in zip(given.tolist(), found.tolist()):
            exact = getattr(mpmath, name)(mpmath.mpf(x))
            if math.isfinite(y) and math.isfinite(rounded := float(exact)):
                errors.append((float(abs(mpmath.mpf(y) - exact) / mpmath.mpf(math.ulp(rounded))), x))
    return max(errors)


# ---- the page -------------------------------------------------------------------------------------------------------


def ulps(x: float) -> str:
    """Return an error rounded up to two digits behind the point."""
    if x < 1000:
        return f"{math.ceil(x * 100) / 100:g}"
    # An exact result of 0 has very small ulps.
    return f"{x:.1e}" if x <= sys.float_info.max else "> 1e308"


def place(error: Error) -> str:
    argument = f"for {'abcde'[error.argument]}: " if error.argument and len(error.at) > 1 else ""
    return argument + ", ".join(map(str, error.at))


def row(name: str, found: Worst) -> str:
    cells = [name if name not in UNITS else f"{name} *"]
    for derivative in (False, True):
        errors = [found.get((of, derivative, False)) for of in (Value, Tensor)]
        known = [error for error in errors if error is not None]
        largest = max(known, key=lambda error: error.ulps)
        cells += [ulps(error.ulps) if error is not None else "" for error in errors]
        cells.append(place(largest) if largest.ulps else "")
    return f"| {' | '.join(cells)} |"


def units(name: str, found: Worst) -> str:
    cells = [name, UNITS[name]]
    for derivative in (False, True):
        errors = {key: error for key, error in found.items() if key[1] == derivative}
        fair = max(error.ulps for key, error in errors.items() if not key[2])
        plain = max((error for key, error in errors.items() if key[2]), key=lambda error: error.plain)
        cells += [ulps(plain.plain), place(plain)] if plain.plain > fair else ["", ""]
    return f"| {' | '.join(cells)} |"


PAGE = """# How exact values and derivatives are

The worst of {numbers:,} results and derivatives, compared with arithmetic of 50 digits, in units in the last place
(ulps) of the exact result: 0.5 is correctly rounded, 0 is exact. Rows with a star are counted in another unit, told
below. Inputs are random and nasty: zero, subnormal, huge, next to where something overflows, underflows or cancels, and
to the edge of the domain. An exact result that no float can hold is not compared.

Written by `python benchmarks/precision.py` with Python {python}, NumPy {numpy}, {libc}, {machine}. A Value is computed
with the C library's functions, a Tensor with NumPy's. The gradient sent back is 1, and random weights for operations on
arrays, which get rows of three numbers; lists of Values have `logsumexp`, `softmax` and `log_softmax`, too.

## Primitives

{primitives}

## Functions and losses

nan or inf, in value or gradient, where the exact result is a float: {failures}.

{derived}

## Machine code

The worst of functions that machine code computes in line, with vectors{fma}; others are those of the C library.

{machine_code}

## Units

What the errors of rows with a star are counted in ulps of, and the worst in ulps of the result itself, if that is more:
from 4.5e15 on, all digits are lost.

{units}
"""


def table(heads: str, rows: Iterable[str]) -> str:
    return "\n".join([f"| {heads} |", "|---" * (heads.count("|") + 1) + "|", *rows])


def page(primitives: dict[str, Worst], derived: dict[str, Worst], numbers: int, times: int) -> str:
    heads = "{} | value: Value | Tensor | worst at | derivative: Value | Tensor | worst at"
    errors = [error for found in derived.values() for error in found.values()]
    failures = sum(not math.isfinite(error.actual) and error.ulps > 10 for error in errors)
    return PAGE.format(
        numbers=numbers,
        python=platform.python_version(),
        numpy=np.__version__,
        libc=" ".join(platform.libc_ver()).strip() or platform.system(),
        machine=platform.machine(),
        primitives=table(heads.format("primitive"), itertools.starmap(row, primitives.items())),
        failures=failures or "none",
        derived=table(heads.format("function"), itertools.starmap(row, derived.items())),
        fma=" that multiply and add at once" if host().fma else "",
        machine_code=table(
            "function | value | worst at",
            [f"| {name} | {ulps(error)} | {x} |" for name in IN_LINE for error, x in [in_line(name, times)]],
        ),
        units=table(
            "| unit | value, in its own ulps | at | derivative, in its own ulps | at",
            [units(name, found) for name, found in (primitives | derived).items() if name in UNITS],
        ),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=1, metavar="N", help="so many times as many inputs")
    parser.add_argument("--out", type=Path, default=HERE / "precision.md", help="where the tables go")
    options = parser.parse_args()
    start, total = time.perf_counter(), 0

    def measured(errors: Iterable[Error]) -> Worst:
        nonlocal total
        counted = list(errors)
        total += len(counted)
        return worst(counted)

    times = options.times
    primitives = {
        name: measured(elementwise_errors(name, points(name, times)) if name in ELEMENTWISE else cases(name, times))
        for name in NAMES
    }
    some = [(x,) for x in [*NASTY, *(number() for _ in range(2000 * times))]]
    derived = {name: measured(derived_errors(name, some)) for name in DERIVED}
    derived |= {name: measured(batches(name, times)) for name in LOSSES}
    derived["cross_entropy"] = measured(logits(one_hot=False, times=times))
    derived["cross_entropy, one-hot"] = measured(logits(one_hot=True, times=times))
    text = page(primitives, derived, total, times)
    options.out.write_text(text, encoding="utf-8")
    print(f"{text}\n{total:,} numbers in {time.perf_counter() - start:.0f} s; written to {options.out}")


if __name__ == "__main__":
    main()
