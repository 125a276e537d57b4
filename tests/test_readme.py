"""The code in the README and in the guide runs, in order, as a reader would run it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README, GUIDE = ROOT / "README.md", ROOT / "docs" / "guide.md"
WRITTEN = {
    README: {"touch.html"},
    GUIDE: {"perceptron.svg", "network.svg", "history.png", "backprop.html", "perceptron.html"},
}


PROMISED = {README: ["0.00492"], GUIDE: ["0.00492", "log(p) is -inf at p = 0.0; made at guide.md"]}
ACCURATE = {README: 0.95, GUIDE: 0.96}


@pytest.mark.slow
@pytest.mark.parametrize("path", [README, GUIDE], ids=lambda path: path.stem)
def test_the_code_runs(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL)
    for block in blocks:
        exec(compile(block, path.name, "exec"), names)
        for expression, promised in re.findall(r"^(\S.*?)  +# (\[\[.*\]\]|[\d.]+)(?:\.\.\.)?$", block, re.MULTILINE):
            if not expression.startswith("print"):
                assert str(eval(expression, names)).startswith(promised.rstrip(".")), expression
    said = capsys.readouterr().out
    for promised in [*PROMISED[path], *re.findall(r"^# +(\S.*)$", "\n".join(blocks), re.MULTILINE)]:
        assert promised in said
    accuracies = [float(word) for word in re.findall(r"^(0\.\d+|1\.0)\b", said, re.MULTILINE)]
    assert accuracies[-1] > ACCURATE[path]
    assert {path.name for path in tmp_path.iterdir()} == WRITTEN[path]


@pytest.mark.parametrize("path", [README, GUIDE], ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_the_readme_is_short() -> None:
    assert len(README.read_text().split()) <= 900
