"""The command line: what it writes, and what it says of every mistake."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn import ACTIVATIONS, plots
from nn.__main__ import main
from nn.data import digits

RUN = {"config.json", "weights.npz", "history.csv", "index.html", "history.png", "confusion.png"}
QUICK = ["--epochs", "3", "--samples", "40", "--momentum", "0.5"]


def test_the_demo_reaches_its_goals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "y_hat = 0.00247" in said
    # By hand: dJ/dz = 2 (g - 1) g (1 - g) at g = sigmoid(-6), and each x, w as a factor.
    assert re.search(r"w0 +1.0+ +-0.004921\n +w1 +3.0+ +\+0.004921\n +w2 +-2.0+ +-0.009842\n", said)
    accuracies = [float(word.strip("%\n")) for word in said.split() if word.endswith("%")]
    assert len(accuracies) == 3
    assert accuracies[0] >= 98
    assert accuracies[2] >= 96
    pictures = {path.name for path in tmp_path.iterdir()}
    assert pictures == {
        *("perceptron.svg", "perceptron.png", "moons_boundary.png", "moons_history.png"),
        *("digits_history.png", "digits_confusion.png", "digits_misclassified.png"),
    }
    assert all(path.stat().st_size > 2000 and path.name in said for path in tmp_path.iterdir())


@pytest.mark.parametrize("of", ["value", "tensor"])
@pytest.mark.parametrize("data", ["moons", "circles", "spirals"])
def test_train_on_made_data(of: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "made" / "here"
    assert main(["train", "--data", data, "--of", of, *QUICK, "--sizes", "4", "--save", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {*RUN, "boundary.png"}
    assert "test      accuracy" in capsys.readouterr().out


def test_both_forms_reach_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for of in ("value", "tensor"):
        assert main(["train", "--of", of, "--epochs", "8", "--samples", "60", "--save", str(tmp_path)]) == 0
        said.append([line for line in capsys.readouterr().out.splitlines() if "accuracy" in line])
    assert said[0] == said[1]


@pytest.mark.parametrize("of", ["value", "tensor"])
def test_train_on_digits(of: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn._command.digits", lambda: tuple(part[:60] for part in digits()))
    options = ["--sizes", "0", "--epochs", "1", "--of", of, "--lr", "0.05"]
    assert main(["train", "--data", "digits", *options, "--save", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {*RUN, "misclassified.png"}


def test_train_on_a_csv_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{1e6 + 1e5 * a},{a},7,{'high' if a > 0 else 'low'}" for a in rng.normal(size=60)]
    path = tmp_path / "table.csv"
    path.write_text("big,small,constant,level\n" + "\n".join(rows) + "\n")
    options = ["--data", str(path), "--target", "level", "--epochs", "30", "--save", str(tmp_path / "o")]
    assert main(["train", *options]) == 0
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
        ("--target kind: is for CSV files", ["--target", "kind"]),
        ("--save few.csv/out: cannot be made", ["--save", "few.csv/out"]),
        ("history.png", ["--save", "taken", *QUICK]),
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
    Path("taken/history.png").mkdir(parents=True)
    assert main(["train", *options]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert message in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("message", "options"),
    [
        ("arguments are required: demo|train|evaluate|predict", []),
        ("invalid choice: 'fly'", ["fly"]),
        ("--lr: '0' is not a positive number", ["train", "--lr", "0"]),
        ("--lr: 'fast' is not a positive number", ["train", "--lr", "fast"]),
        ("--momentum: '1' is not a number from 0 to below 1", ["train", "--momentum", "1"]),
        ("--sizes: '1.5' is not a whole number from 1", ["train", "--sizes", "4,1.5"]),
        ("--epochs: '-3' is not a whole number from 1", ["train", "--epochs=-3"]),
        ("--activation: invalid choice: 'rleu' (choose from", ["train", "--activation", "rleu"]),
        ("--of: invalid choice", ["train", "--of", "array"]),
        ("unrecognized arguments: --learning-rate", ["train", "--learning-rate", "1"]),
    ],
)
def test_wrong_options_are_told(message: str, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(options) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert message in said
    assert said.endswith("(see --help)\n")
    assert said.count("\n") == 1


def test_every_activation_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["train", "--activation", "rleu"])
    said = capsys.readouterr().err
    assert [name for name in ACTIVATIONS if name not in said] == []


@pytest.mark.parametrize(
    ("command", "options"), [("demo", ["--out"]), ("train", ["--save", "--lr", "--sizes", "--of"])]
)
def test_help_tells_the_defaults(command: str, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert all(option in said for option in options)
    assert ("(default: out)" in " ".join(said.split())) == (command == "demo")
    assert ("(default: run)" in " ".join(said.split())) == (command == "train")


def test_a_folder_that_may_not_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Permissions do not stop the superuser, as whom the tests may run.
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)
    assert main(["train", "--save", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"error: --save {tmp_path}: cannot be written to; name another folder\n"


def test_stopped_before_the_first_epoch_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nn.SGD.step", stop)
    assert main(["train", "--save", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "0 epochs in" in said.out
    assert said.err == "stopped after 0 of 100 epochs\n"
    assert (tmp_path / "history.png").exists()
    monkeypatch.setattr("nn._command.load", stop)
    assert main(["train", "--save", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "error: stopped\n"


def test_pictures_use_the_names_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    boundary = plots.decision_boundary
    monkeypatch.setattr(plots, "decision_boundary", lambda *given: drawn.append(boundary(*given)) or drawn[0])
    path = tmp_path / "prices.csv"
    path.write_text("in $,height,kind\n" + "".join(f"{k},{-k},{'low' if k < 10 else '$$'}\n" for k in range(20)))
    assert main(["train", "--data", str(path), "--target", "kind", "--epochs", "2", "--save", str(tmp_path)]) == 0
    (ax,) = drawn
    assert (ax.get_xlabel(), ax.get_ylabel()) == (r"in \$ (standardised)", "height (standardised)")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [r"\$\$", "low"]


def test_divergence_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with np.errstate(all="ignore"):
        options = ["--lr", "1e300", "--activation", "relu", "--of", "value", *QUICK]
        assert main(["train", *options, "--save", str(tmp_path)]) == 1
    assert "Try a smaller learning rate" in capsys.readouterr().err


def test_a_mistake_as_a_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nn"]
    missing = [*command, "train", "--data", "x.csv", "--target", "y", "--save", str(tmp_path)]
    failed = subprocess.run(missing, capture_output=True, text=True, check=False)
    assert (failed.returncode, failed.stderr) == (2, "error: x.csv: there is no such file\n")
