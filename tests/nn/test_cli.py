"""The command line: what it writes, and what it says of every mistake."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nn.__main__ import main

QUICK = ["--epochs", "3", "--samples", "40", "--momentum", "0.5"]


def test_the_demo_reaches_its_goals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "y_hat = 0.00247" in said
    accuracies = [float(word.strip("%\n")) for word in said.split() if word.endswith("%")]
    assert len(accuracies) == 3
    assert accuracies[0] >= 98
    assert accuracies[2] >= 96
    pictures = {path.name for path in tmp_path.iterdir()}
    assert {"perceptron.svg", "perceptron.png", "moons_boundary.png", "digits_confusion.png"} <= pictures
    assert all(path.stat().st_size > 2000 and path.name in said for path in tmp_path.iterdir())


@pytest.mark.parametrize("of", ["value", "tensor"])
@pytest.mark.parametrize("data", ["moons", "circles", "spirals"])
def test_train_on_made_data(of: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "made" / "here"
    assert main(["train", "--data", data, "--of", of, *QUICK, "--sizes", "4", "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {"history.png", "boundary.png", "confusion.png"}
    assert "test      accuracy" in capsys.readouterr().out


def test_both_forms_reach_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for of in ("value", "tensor"):
        assert main(["train", "--of", of, "--epochs", "20", "--out", str(tmp_path)]) == 0
        said.append([line for line in capsys.readouterr().out.splitlines() if "accuracy" in line])
    assert said[0] == said[1]


@pytest.mark.parametrize("of", ["value", "tensor"])
def test_train_on_digits(of: str, tmp_path: Path) -> None:
    options = ["--sizes", "0", "--epochs", "1", "--of", of, "--lr", "0.05"]
    assert main(["train", "--data", "digits", *options, "--out", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"history.png", "confusion.png"}


def test_train_on_a_csv_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{1e6 + 1e5 * a},{a},7,{'high' if a > 0 else 'low'}" for a in rng.normal(size=60)]
    path = tmp_path / "table.csv"
    path.write_text("big,small,constant,level\n" + "\n".join(rows) + "\n")
    assert (
        main(["train", "--data", str(path), "--target", "level", "--epochs", "30", "--out", str(tmp_path / "o")]) == 0
    )
    test = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("test"))
    assert float(test.split()[2].strip("%")) >= 90


@pytest.mark.parametrize(
    ("message", "options"),
    [
        ("is neither moons, circles, spirals, digits nor a CSV file", ["--data", "moon"]),
        ("say with --target which column", ["--data", "there.csv"]),
        ("none.csv: there is no such file", ["--data", "none.csv", "--target", "kind"]),
        ("there.csv, line 3, column a: 'x' is not a number", ["--data", "there.csv", "--target", "kind"]),
        ("has 2 samples; at least 10", ["--data", "few.csv", "--target", "kind"]),
        ("--samples 5: at least 10", ["--samples", "5"]),
        ("cannot be written to", ["--out", "few.csv/out"]),
    ],
)
def test_wrong_data_are_told(
    message: str,
    options: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.csv").write_text("a,kind\n1,p\nx,q\n")
    Path("few.csv").write_text("a,kind\n1,p\n2,q\n")
    assert main(["train", *options]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert message in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("message", "options"),
    [
        ("--lr: '0' is not a positive number", ["--lr", "0"]),
        ("--lr: 'fast' is not a positive number", ["--lr", "fast"]),
        ("--momentum: '1' is not a number from 0 to below 1", ["--momentum", "1"]),
        ("--sizes: '1.5' is not a whole number from 1", ["--sizes", "4,1.5"]),
        ("--epochs: '-3' is not a whole number from 1", ["--epochs=-3"]),
        ("--activation: invalid choice: 'rleu' (choose from", ["--activation", "rleu"]),
        ("--of: invalid choice", ["--of", "array"]),
        ("unrecognized arguments: --learning-rate", ["--learning-rate", "1"]),
    ],
)
def test_wrong_options_are_told(message: str, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train", *options])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_divergence_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with np.errstate(all="ignore"):
        options = ["--lr", "1e300", "--activation", "relu", "--of", "value", *QUICK]
        assert main(["train", *options, "--out", str(tmp_path)]) == 1
    assert "Try a smaller learning rate" in capsys.readouterr().err


def test_help_and_a_mistake_as_a_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nn"]
    shown = subprocess.run([*command, "train", "--help"], capture_output=True, text=True, check=True).stdout
    assert "learning rate (default: 0.1)" in shown
    missing = [*command, "train", "--data", "x.csv", "--target", "y", "--out", str(tmp_path)]
    failed = subprocess.run(missing, capture_output=True, text=True, check=False)
    assert (failed.returncode, failed.stderr) == (2, "error: x.csv: there is no such file\n")
