"""Explanations show their formulas in a browser, without a script and without network."""

from __future__ import annotations

from typing import Any

import pytest

from autograd import Value, explain, sigmoid

pytestmark = pytest.mark.slow


def test_formulas_without_a_script_and_without_network(chromium: Any) -> None:
    w, x = Value(3.0, label="w1"), Value(2.0, label="</script><img src=http://a.example/>")
    html = explain((sigmoid(w * x) - 1) ** 2, w)._repr_mimebundle_()["text/html"]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(f'<meta http-equiv="Content-Security-Policy" content="{policy}">{html}')
    assert asked == []
    formulas = page.locator("math").first.bounding_box()
    assert formulas["width"] > 150
    assert formulas["height"] > 100
    assert not page.locator("pre").is_visible()
    # The page is not wider than the phone: what is too wide is scrolled in its own place.
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # As an untrusted notebook leaves it: the text alone.
    page.evaluate("document.querySelector('style').remove()")
    assert page.locator("pre").is_visible()
    assert not page.locator("math").first.is_visible()
    page.close()
