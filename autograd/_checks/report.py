"""The report of a gradient check."""

from __future__ import annotations

import math
from typing import NamedTuple

from autograd._core.names import plain

from .numerical import Estimate

SEVERITY = ("invalid", "fail", "undecided", "non-differentiable", "pass")
"""Verdicts, the worst first."""


class Entry(NamedTuple):
    """One comparison: the derivative by one number, or along a random direction through all of them."""

    where: str
    analytic: float
    numerical: float
    error: float
    verdict: str
    reason: str = ""

    def __str__(self) -> str:
        numbers = f"analytic {self.analytic:.10g}, numerical {self.numerical:.10g} ± {self.error:.1g}"
        return plain(f"{self.verdict} at {self.where}: {numbers}" + (f": {self.reason}" if self.reason else ""))


class Report(NamedTuple):
    """The result of a check: true if it passed; its text explains it.

    `verdict` is "pass", "fail", "non-differentiable", "undecided" or "invalid" (the function cannot be checked);
    `entries` are the comparisons, `remarks` other observations, `calls` how often the function was called.
    """

    verdict: str
    entries: tuple[Entry, ...]
    remarks: tuple[str, ...]
    calls: int

    def __bool__(self) -> bool:
        return self.verdict == "pass"

    def __repr__(self) -> str:
        telling = sorted((e for e in self.entries if e.verdict != "pass"), key=lambda e: SEVERITY.index(e.verdict))
        of = f"{len(telling)} of " if telling and len(self.entries) > 1 else ""
        count = f"{of}{len(self.entries)} derivative{'s' * (len(self.entries) != 1)}"
        calls = f"in {self.calls} calls of the function"
        clear = [e for e in self.entries if e.error < abs(e.numerical)]
        gap = max((relative(abs(e.analytic - e.numerical), e.numerical) for e in clear), default=0.0)
        close = f", at most {gap:.0e} apart," if self else ""
        more = [f"and {len(telling) - 10} more"] if len(telling) > 10 else []
        lines = [f"{self.verdict}: {count}{close} {calls}", *map(str, telling[:10]), *more, *self.remarks]
        return "\n  ".join(lines if self.entries else [f"{self.verdict}: {self.remarks[0]}"])


def entry_of(where: str, analytic: float, found: Estimate, verdict: str, reason: str = "") -> Entry:
    if found.reason:
        verdict, reason = "non-differentiable", found.reason
    elif verdict == "fail":
        reason = _mistake(analytic, found.value)
    return Entry(where, analytic, found.value, found.error, verdict, reason)


def _mistake(analytic: float, numerical: float) -> str:
    if not math.isfinite(analytic):
        return f"the analytic derivative is {analytic}"
    if analytic == 0.0:
        return "the analytic derivative is zero, the function is not constant"
    if numerical == 0.0:
        return "the derivative should be zero"
    ratio = analytic / numerical
    if abs(ratio + 1) < 1e-6:
        return "the sign is wrong"
    return f"{ratio:.6g} times what it should be"


def relative(x: float, whole: float) -> float:
    return x / abs(whole) if whole else x
