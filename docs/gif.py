"""Make the moving picture of the README, w1 dragged on the live page: `python docs/gif.py`, with Chromium at hand."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from autograd import Value, live, sigmoid

TARGET = Path(__file__).parent / "_static" / "touch.gif"
SIZE = {"width": 1280, "height": 800}
WIDTH, HEIGHT = 960, 600
COLOURS = 224
"""With fewer, the colours of values and gradients are no longer those of the page."""
ROUND = [*range(0, 60, 8), *range(60, -40, -8), *range(-40, 0, 8)]
"""How far w1 is from where it began, in twentieths; one turn comes back to it."""


def main() -> None:
    """Take a picture after each move, and write them as one file."""
    w0, w1, w2 = Value(1.0, label="w0"), Value(3.0, label="w1"), Value(-2.0, label="w2")
    x1, x2 = Value(-1.0, label="x1"), Value(2.0, label="x2")
    z = w0 + w1 * x1 + w2 * x2
    y_hat = sigmoid(z)
    loss = (y_hat - 1) ** 2
    z.label, y_hat.label, loss.label = "z", "y_hat", "J"
    frames = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "page.html"
        live(loss).save(path)
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(path.as_uri())
        page.evaluate("document.querySelector('.glassgrad').page.ask(1)")
        page.wait_for_timeout(500)
        for away in ROUND:
            page.evaluate("x => document.querySelector('.glassgrad').page.engine.set(1, x)", 3.0 + away * 0.05)
            page.wait_for_timeout(60)
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            frames.append(picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))
        browser.close()
    palette = frames[len(frames) // 4].quantize(COLOURS, method=Image.Quantize.MEDIANCUT)
    flat = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    TARGET.parent.mkdir(exist_ok=True)
    flat[0].save(TARGET, save_all=True, append_images=flat[1:], loop=0, duration=180, optimize=True)
    print(f"{TARGET}: {TARGET.stat().st_size / 1000:.0f} kB, {len(flat)} frames")


if __name__ == "__main__":
    main()
