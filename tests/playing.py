"""What tests of the playground's page share: scripts that know its parts, and data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Visit = Callable[..., Any]


def ask(page: Any, body: str, argument: Any = None) -> Any:
    """Run a script that knows the playground, its parts, and how to wait for what is painted."""
    return page.evaluate(
        "async (given) => { const { play } = document.querySelector('.glassgrad'), { root, machine } = play;"
        "const find = (parts) => root.querySelector(parts), all = (parts) => [...root.querySelectorAll(parts)];"
        "const painted = () => new Promise((done) => setTimeout(done, 700));" + body + "}",
        argument,
    )


def text(page: Any, parts: str) -> str:
    found: str = page.locator(parts).inner_text()
    return found.replace("−", "-")


def digits() -> dict[str, Any]:
    """Images of 8 x 8 of a vertical and a horizontal bar."""
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 0.2, (60, 8, 8))
    for k in range(60):
        X[k, slice(None) if k % 2 else 3, 3 if k % 2 else slice(None)] = 1.0
    held = {"n": 60, "X": X.ravel().tolist(), "y": [k % 2 for k in range(60)]}
    return {
        **held, "name": "bars", "task": "classes", "columns": [f"p{k}" for k in range(64)], "classes": ["<u>-", "|"],
        "target": "bar", "d": 64, "test": {"n": 0, "X": [], "y": []}, "scale": None, "targetScale": None,
        "image": [8, 8], "notes": [], "recipe": None,
    }  # fmt: skip


SMALL = """all => all.filter((one) => one.getClientRects().length && !one.closest('[hidden]')).map((one) => {
  const { width, height } = one.getBoundingClientRect();
  return [one.tagName, one.getAttribute('aria-label') || one.textContent, Math.round(width), Math.round(height)];
}).filter(([, , width, height]) => width < 24 || height < 24)"""
