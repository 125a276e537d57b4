"""The code of the site's pages runs as it stands, in order, as a reader would run it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import autograd
import nn

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
TEXTS = [*sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("howto/*.md")), *sorted(ROOT.glob("*.md"))]
PAGES = (
    "index", "howto/nan", "howto/zero", "howto/teach", "howto/coming-from", "howto/operation", "howto/table",
    "howto/devices",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_the_code_of_a_page_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "howto/devices":
        pytest.importorskip("jax")
    monkeypatch.chdir(tmp_path)
    text = (DOCS / f"{name}.md").read_text()
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, name, "exec"), names)
    said = capsys.readouterr().out
    for promised in re.findall(r"^print\(.*\)  # ([-\d.]+)$", "\n".join(blocks), re.MULTILINE):
        assert promised in said.split()


def test_calls_in_the_text_have_keywords_that_there_are() -> None:
    checked = 0
    for path in TEXTS:
        for name, given in re.findall(r"`(?:nn\.|autograd\.)?(\w+)\(([^`]*)\)`", path.read_text(encoding="utf-8")):
            called = getattr(nn, name, None) or getattr(autograd, name, None)
            # Of primitives, functions have settings that no signature tells.
            if inspect.isclass(called) or called in (
                nn.fit,
                nn.predict,
                nn.live,
                nn.save,
                autograd.compile,
                autograd.draw,
            ):
                known = inspect.signature(called).parameters
                keywords = re.findall(r"(?:^|, )(\w+)=", given)
                assert {*keywords} <= {*known}, f"{path.name}: {name}({given})"
                checked += len(keywords)
    assert checked > 20


def test_links_lead_somewhere() -> None:
    for path in TEXTS:
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#:\s]+)\)", text):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
