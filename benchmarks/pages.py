"""How large pages that live are, and how soon they follow: `python benchmarks/pages.py` needs Chromium and Playwright.

A leaf is changed a hundred times. From its change until all is painted a page has one frame, 16.7 ms, of which it may
have to wait for most; "work" is what it does in the frame, script, style, layout and paint, and "processor" what the
thread of the page took for a change, which other programs on the machine do not lengthen.
"""

from __future__ import annotations

import gzip
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from autograd import Tensor, Value, live, sigmoid, tanh
from nn import MLP, Conv2d, Flatten, Layer, MaxPool2d, Sequential, cross_entropy, mse

CHANGES = """async () => {
  const { page } = document.querySelector(".glassgrad"), { k, place } = page.question, x = page.engine.value[k];
  const start = page.at(x, place), found = [];
  const painted = () => new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(0);
  });
  for (let n = 0; n < 120; n++) {
    await new Promise((done) => setTimeout(done, 20 * Math.random()));
    let frame = 0;
    const begun = new Promise((done) => requestAnimationFrame(() => done((frame = performance.now()))));
    const from = performance.now();
    page.engine.set(k, start + 0.01 * (n % 40 + 1), place);
    await begun;
    await painted();
    found.push([performance.now() - from, performance.now() - frame]);
  }
  return found.slice(20);
}"""


def perceptron() -> Value:
    w = [Value(data, label=f"w{k}") for k, data in enumerate((1.0, 3.0, -2.0))]
    loss: Value = (sigmoid(w[0] + w[1] * Value(-1.0, label="x1") + w[2] * Value(2.0, label="x2")) - 1) ** 2
    return loss


def chain(nodes: int) -> Value:
    """Sums and products with weights that are used again, through tanh."""
    w = [Value(0.1 * k - 0.3, label=f"w{k}") for k in range(nodes // 5)]
    y = Value(0.5, label="x")
    for k in range((nodes - len(w) - 1) // 2):
        y = tanh(y * w[k % len(w)]) if k % 2 else y + w[7 * k % len(w)] * 0.5
    return y


def network(samples: int, *sizes: int) -> Value:
    rng = random.Random(0)
    X = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(samples)]
    loss: Value = mse(MLP(2, [*sizes], "tanh", seed=0)(X), [rng.uniform(-1, 1) for _ in X])
    return loss


def tensors() -> Tensor:
    X = Tensor(np.random.default_rng(0).normal(size=(4, 2)), label="X")
    loss: Tensor = cross_entropy(MLP(2, [3, 3], "tanh", of=Tensor, seed=0)(X), [0, 1, 2, 1])
    return loss


def images() -> Tensor:
    model = Sequential(Conv2d(1, 2, 3, "relu", seed=1), MaxPool2d(2), Flatten(), Layer(8, 3, of=Tensor, seed=2))
    loss: Tensor = cross_entropy(model(Tensor(np.random.default_rng(0).random((2, 1, 6, 6)), label="X")), [0, 2])
    return loss


PAGES: list[tuple[str, Callable[[], Any]]] = [
    ("perceptron", perceptron),
    ("MLP(2, [3, 1])", lambda: network(1, 3, 1)),
    ("the same, 4 samples", lambda: network(4, 3, 1)),
    ("Tensors, 2 layers", tensors),
    ("images", images),
    ("chain of 100", lambda: chain(100)),
    ("chain of 500", lambda: chain(500)),
    ("MLP(2, [4, 4, 1]), 3 samples", lambda: network(3, 4, 4, 1)),
    ("the same, 18 samples", lambda: network(18, 4, 4, 1)),
]


def measure(browser: Browser, path: Path) -> tuple[int, list[float], float]:
    """Return the count of nodes, the median and 95 % of both times, and the milliseconds of the processor."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(path.as_uri())
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = tools.send("Performance.getMetrics")["metrics"]
        return next(1000 * float(one["value"]) for one in metrics if one["name"] == "TaskDuration")

    before = spent()
    found = np.array(page.evaluate(CHANGES))
    each = (spent() - before) / 120
    nodes: int = page.evaluate("document.querySelector('.glassgrad').page.data.nodes.length")
    page.close()
    return nodes, [float(x) for x in np.quantile(found, [0.5, 0.95], axis=0).T.reshape(-1)], each


def main() -> None:
    heads = ("nodes", "kB", "gzip", "set to painted, ms", "work, ms", "processor, ms")
    print(f"{'page':30}", *(f"{head:>{width}}" for head, width in zip(heads, (5, 6, 5, 20, 14, 14), strict=True)))
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for name, make in PAGES:
            path = live(make()).save(Path(folder, "page.html"))
            text = path.read_bytes()
            nodes, (painted, late, work, long), each = measure(browser, path)
            print(
                f"{name:30} {nodes:>5} {len(text) / 1000:>6.1f} {len(gzip.compress(text, 9)) / 1000:>5.1f} "
                f"{painted:>12.1f} / {late:>5.1f} {work:>6.1f} / {long:>5.1f} {each:>14.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
