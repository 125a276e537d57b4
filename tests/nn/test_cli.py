"""The command line: what it writes, and what it says of every mistake."""

from __future__ import annotations

import csv
import itertools
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn import ACTIVATIONS, SGD, fit, plots
from nn.__main__ import main
from nn._command.learning import SCHEDULES
from nn._command.runs import read
from nn._training.optimizers import NAMED
from nn.data import digits

RUN = {"config.json", "model.safetensors", "history.csv", "index.html", "live.html", "history.png", "confusion.png"}

QUICK = ["--epochs", "3", "--samples", "40", "--momentum", "0.5"]

DEMO = {
    *("perceptron.svg", "perceptron.png", "moons_boundary.png", "moons_history.png"),
    *("digits_history.png", "digits_confusion.png", "digits_misclassified.png"),
}


@pytest.mark.covers
@pytest.mark.slow
def test_the_demo_writes_what_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After one epoch of few samples: coverage is measured here, and not of the whole demo."""
    monkeypatch.setattr("nn._command.demo.fit", lambda *given, **more: fit(*given, **(more | {"epochs": 1})))
    monkeypatch.setattr("nn._command.demo.digits", lambda: tuple(part[:60] for part in digits()))
    monkeypatch.setattr("nn._command.demo.png", lambda figure: b"a picture")
    assert main(["demo", "--out", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == DEMO
    said = capsys.readouterr().out
    assert all(name in said for name in DEMO)


def test_the_demo_without_scikit_learn_leaves_the_digits_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    for part in ("perceptron", "two_moons"):
        monkeypatch.setattr(f"nn._command.demo.{part}", lambda out: None)
    assert main(["demo", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "left out: these data come with scikit-learn: pip install scikit-learn" in said
    assert "moons_history.png" in said
    assert "digits_history.png" not in said


@pytest.mark.slow
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
    assert {path.name for path in tmp_path.iterdir()} == DEMO
    assert "test dashed" in said
    assert all(path.stat().st_size > 2000 and path.name in said for path in tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(("of", "data"), [("value", "moons"), ("tensor", "circles"), ("value", "spirals")])
def test_train_on_made_data(of: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "made" / "here"
    assert main(["train", "--data", data, "--of", of, *QUICK, "--sizes", "4", "--save", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {*RUN, "boundary.png"}
    assert "test      accuracy" in capsys.readouterr().out


@pytest.mark.usefixtures("undrawn")
@pytest.mark.slow
def test_both_forms_reach_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for of in ("value", "tensor"):
        assert main(["train", "--of", of, "--epochs", "8", "--samples", "60", "--save", str(tmp_path)]) == 0
        said.append([line for line in capsys.readouterr().out.splitlines() if "accuracy" in line])
    assert said[0] == said[1]


@pytest.mark.slow
@pytest.mark.covers
@pytest.mark.parametrize("of", ["value", "tensor"])
def test_train_on_digits(of: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn._command.given.digits", lambda: tuple(part[:60] for part in digits()))
    options = ["--sizes", "0", "--epochs", "1", "--of", of, "--lr", "0.05"]
    assert main(["train", "--data", "digits", *options, "--save", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {*RUN, "misclassified.png"}


@pytest.mark.usefixtures("undrawn")
@pytest.mark.slow
def test_train_on_a_csv_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{1e6 + 1e5 * a},{a},7,{'high' if a > 0 else 'low'}" for a in rng.normal(size=60)]
    path = tmp_path / "table.csv"
    path.write_text("big,small,constant,level\n" + "\n".join(rows) + "\n")
    options = ["--data", str(path), "--target", "level", "--epochs", "30", "--save", str(tmp_path / "o")]
    assert main(["train", *options]) == 0
    test = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("test"))
    assert float(test.split()[2].strip("%")) >= 90


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.parametrize(
    ("message", "options"),
    [
        (
            "is neither moons, circles, spirals, blobs, iris, wine, breast_cancer, digits nor",
            ["--data", "moon"],
        ),
        ("say with --target which column is to be predicted; its columns are a, kind", ["--data", "there.csv"]),
        ("there.csv and --data moons both name the data", ["there.csv", "--data", "moons"]),
        ("none.csv: there is no such file", ["--data", "none.csv", "--target", "kind"]),
        ("wrong.csv, line 3, column a: 'x' is not a number", ["wrong.csv", "--target", "kind"]),
        ("large.csv, column a: holds 1e+200, whose square is too large", ["--data", "large.csv", "--target", "kind"]),
        ("has 2 samples; at least 10", ["--data", "few.csv", "--target", "kind"]),
        ("--samples 5: at least 10", ["--samples", "5"]),
        ("--target kind: is for files", ["--target", "kind"]),
        ("--save few.csv/out: cannot be made", ["--save", "few.csv/out"]),
        ("history.png", ["--save", "taken", *QUICK]),
        ("--save site: has another index.html, of no run; name another", ["--save", "site"]),
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
    Path("large.csv").write_text("a,kind\n" + "1e200,p\n-1e200,q\n" * 9)
    Path("wrong.csv").write_text("a,kind\n.5,p\nx,q\n" + "".join(f"{k}.5,p\n" for k in range(25)))
    Path("few.csv").write_text("a,kind\n1,p\n2,q\n")
    Path("taken/history.png").mkdir(parents=True)
    Path("site").mkdir()
    Path("site/index.html").write_text("mine")
    assert main(["train", *options]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert message in said
    assert said.count("\n") == 1
    assert not Path("run").exists()
    assert Path("site/index.html").read_text() == "mine"


@pytest.mark.parametrize(
    ("message", "options"),
    [
        ("arguments are required: demo|play|train|evaluate|predict", []),
        ("invalid choice: 'fly'", ["fly"]),
        ("--lr: '0' is not a positive number", ["train", "--lr", "0"]),
        ("--lr: 'fast' is not a positive number", ["train", "--lr", "fast"]),
        ("--momentum: '1' is not a number from 0 to below 1", ["train", "--momentum", "1"]),
        ("--sizes: '1.5' is not a whole number from 1", ["train", "--sizes", "4,1.5"]),
        ("--filters: '4' is not two whole numbers, such as 16,32", ["train", "--filters", "4"]),
        ("--weight-decay: 'x' is not 0 or a positive number", ["train", "--weight-decay", "x"]),
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


@pytest.mark.usefixtures("undrawn")
@pytest.mark.covers
@pytest.mark.slow
def test_stopped_after_an_epoch_what_was_learned_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step, steps = SGD.step, itertools.count()

    def stop(self: SGD) -> None:
        if next(steps) > 60:
            raise KeyboardInterrupt
        step(self)

    monkeypatch.setattr("nn.SGD.step", stop)
    assert main(["train", "--save", str(tmp_path / "run")]) == 0
    shown = capsys.readouterr()
    epochs = int(re.findall(r"(\d+) epochs in", shown.out)[0])
    assert 1 <= epochs < 100
    assert f"stopped after {epochs} of 100 epochs" in shown.err
    with (tmp_path / "run" / "history.csv").open() as file:
        assert len(list(csv.reader(file))) == 1 + epochs


def test_stopped_before_the_first_epoch_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nn.SGD.step", stop)
    assert main(["train", "--save", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "stopped after 0 of 100 epochs\nerror: stopped\n"
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("nn._command.commands.load", stop)
    assert main(["train", "--save", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "error: stopped\n"


@pytest.mark.slow
def test_pictures_use_the_names_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    boundary = plots.decision_boundary
    monkeypatch.setattr(
        plots, "decision_boundary", lambda *given, **asked: drawn.append(boundary(*given, **asked)) or drawn[0]
    )
    path = tmp_path / "prices.csv"
    path.write_text(
        "in $,height,kind\n" + "".join(f"{k * k},{-k * 3},{'low' if k < 10 else '$$'}\n" for k in range(20))
    )
    assert main(["train", "--data", str(path), "--target", "kind", "--epochs", "2", "--save", str(tmp_path)]) == 0
    (ax,) = drawn
    assert (ax.get_xlabel(), ax.get_ylabel()) == (r"in \$ (standardised)", "height (standardised)")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [r"\$\$", "low"]


def test_divergence_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with np.errstate(all="ignore"):
        options = ["--lr", "1e300", "--activation", "relu", "--of", "value", *QUICK]
        assert main(["train", *options, "--save", str(tmp_path)]) == 1
    assert "Try a smaller learning rate" in capsys.readouterr().err


@pytest.mark.slow
def test_a_mistake_as_a_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nn"]
    missing = [*command, "train", "--data", "x.csv", "--target", "y", "--save", str(tmp_path)]
    failed = subprocess.run(missing, capture_output=True, text=True, check=False)
    assert (failed.returncode, failed.stderr) == (2, "error: x.csv: there is no such file\n")


@pytest.mark.usefixtures("undrawn")
@pytest.mark.slow
@pytest.mark.parametrize(("optimizer", "schedule"), [*zip(NAMED, SCHEDULES, strict=True), ("sgd", "cosine")])
def test_every_optimizer_and_schedule(optimizer: str, schedule: str, tmp_path: Path) -> None:
    options = ["--optimizer", optimizer, "--schedule", schedule, "--epochs", "40", "--save", str(tmp_path)]
    assert main(["train", *options]) == 0
    table = list(csv.DictReader((tmp_path / "history.csv").read_text().splitlines()))
    assert float(table[-1]["loss"]) < 0.6 * float(table[0]["loss"])
    rates = [float(row["lr"]) for row in table] if schedule != "constant" else []
    lr = 0.1 if optimizer == "sgd" else 0.01
    expected = {"constant": [], "cosine": [lr, lr * 0.5], "warm-up": [0.0, lr * (1 + np.cos(np.pi * 16 / 36)) / 2]}
    assert rates[::20] == pytest.approx(expected[schedule])


@pytest.mark.usefixtures("undrawn")
@pytest.mark.covers
@pytest.mark.slow
def test_patience_ends_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def watched(model: Any, X: Any, y: Any, **settings: Any) -> Any:
        seen.extend(map(len, (X, y, *settings["validation"])))
        return fit(model, X, y, **settings)

    monkeypatch.setattr("nn._command.learning.fit", watched)
    options = ["--patience", "2", "--lr", "1", "--epochs", "200", "--save", str(tmp_path)]
    assert main(["train", *options]) == 0
    losses = [float(row["val_loss"]) for row in csv.DictReader((tmp_path / "history.csv").read_text().splitlines())]
    assert len(losses) < 200
    assert losses.index(min(losses)) == len(losses) - 3
    assert "val_ stands for the validation samples" in (tmp_path / "index.html").read_text()
    # Of 200 points 40 are for the test, and 32 of the others for validation.
    assert seen == [128, 128, 32, 32]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.slow
def test_weight_decay_keeps_weights_small(tmp_path: Path) -> None:
    sizes = []
    for decay in ("0", "0.3"):
        assert main(["train", *QUICK, "--weight-decay", decay, "--save", str(tmp_path)]) == 0
        sizes.append(sum(abs(parameter.data).sum() for parameter in read(tmp_path).model.parameters()))
    assert sizes[1] < 0.9 * sizes[0]


@pytest.mark.parametrize(
    ("command", "words"),
    [("evaluate", ["RUN", "--data FILE", "--target COLUMN"]), ("predict", ["RUN", "FILE"]), ("train", ["--filters"])],
)
def test_help_of_every_command(command: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert [word for word in words if word not in said] == []


@pytest.mark.usefixtures("undrawn")
@pytest.mark.slow
@pytest.mark.parametrize("data", ["blobs", "iris"])
def test_data_that_come_along(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--data", data, "--epochs", "40", "--save", str(tmp_path / "run")]) == 0
    found = float(re.findall(r"test +accuracy +([0-9.]+)%", capsys.readouterr().out)[0])
    assert found > 90
