"""The package by the project's name: its command, and what it says where another package lies over it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from glassgrad.__main__ import main

ROOT = Path(__file__).parent.parent


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--help"]):
        with pytest.raises(SystemExit) as left:
            main(words)
        assert left.value.code == 0
        said = capsys.readouterr().out
        assert "glassgrad explain EXPRESSION" in said
        assert "train" in said


def test_a_command_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trian"]) == 2
    assert "trian" in capsys.readouterr().err


@pytest.mark.slow
def test_another_package_over_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "autograd").mkdir()
    (tmp_path / "autograd" / "__init__.py").write_text("from math import exp as grad\n")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    command = [sys.executable, "-m", "glassgrad", "demo"]
    environment = {**os.environ, "PYTHONPATH": path}
    run = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert run.returncode == 1
    assert "pip uninstall autograd" in run.stderr
    assert "different environments" in run.stderr
