"""A headless Chromium for the tests of what is shown in a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    # Two pages of the address bar, which no test sees, take more time of the processor per context than our own page.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
)  # fmt: skip

# A shell without windows opens and paints a page in half the time of the whole browser's.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser; without one, tests are skipped, but where one was promised they fail."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        missing = "no Chromium found: install your system's package, e.g. apt-get install chromium"
        if os.environ.get("CI") or os.environ.get("GLASSGRAD_BROWSER"):
            pytest.fail(missing)
        pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens HTML or a file as a page; fails afterwards if the page asked for anything else or had an error."""
    wrong: list[str] = []
    contexts = []

    def opened(html: str | Path, **settings: Any) -> Any:
        path = html if isinstance(html, Path) else tmp_path / f"page{len(contexts)}.html"
        if isinstance(html, str):
            path.write_text(html, encoding="utf-8")
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 800}} | settings))
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        allowed = (path.as_uri(), "data:")
        page.on("request", lambda request: None if request.url.startswith(allowed) else wrong.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []
