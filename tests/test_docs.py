"""The code of the site's pages runs as it stands, in order, as a reader would run it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
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
