"""The code in the README runs, in order, as a reader would run it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text()


@pytest.mark.slow
def test_the_code_in_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 12
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
        for expression, promised in re.findall(r"^(\S.*?)  +# (\[\[.*\]\]|[\d.]+)(?:\.\.\.)?$", block, re.MULTILINE):
            if not expression.startswith("print"):
                assert str(eval(expression, names)).startswith(promised.rstrip(".")), expression
    said = capsys.readouterr().out
    assert "0.00492" in said
    for promised in re.findall(r"^# +(\S.*)$", "\n".join(blocks), re.MULTILINE):
        assert promised in said
    assert "log(p) is -inf at p = 0.0; made at README.md" in said
    accuracies = [float(word) for word in re.findall(r"^(0\.\d+|1\.0)\b", said, re.MULTILINE)]
    assert accuracies[-1] > 0.96
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"perceptron.svg", "network.svg", "history.png", "backprop.html", "perceptron.html"}


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (Path(__file__).parent.parent / target).exists(), target
