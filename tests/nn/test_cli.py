"""The command line: what it writes, and what it says of every mistake."""

from __future__ import annotations

import base64
import csv
import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn import ACTIVATIONS, SGD, fit, plots
from nn.__main__ import main
from nn._command.alive import alive
from nn._command.learning import SCHEDULES
from nn._command.runs import Alive, read
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


def flowers(path: Path, n: int = 40, shift: float = 0.0) -> Path:
    """Write a CSV file of two numbers, a text and a class that the first number decides."""
    rng = np.random.default_rng(0)
    rows = [f"{100 + 10 * a + shift},{b},{'small' if a < 0 else 'tall & wide'}" for a, b in rng.normal(size=(n, 2))]
    path.write_text("length,width,kind\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flowers")
    options = ["--data", str(flowers(folder / "flowers.csv")), "--target", "kind", "--epochs", "30"]
    assert main(["train", *options, "--save", str(folder / "run")]) == 0
    return folder / "run"


@pytest.mark.slow
def test_a_run_is_kept_whole(run: Path) -> None:
    config = json.loads((run / "config.json").read_text())
    assert config["options"]["epochs"] == 30
    assert [column["name"] for column in config["columns"]] == ["length", "width"]
    assert config["target"]["classes"] == ["small", "tall & wide"]
    table = (run / "history.csv").read_text().splitlines()
    assert table[0] == "epoch,loss,accuracy,val_loss,val_accuracy"
    assert len(table) == 31
    assert table[30].startswith("30,")
    assert float(table[1].split(",")[1]) > float(table[30].split(",")[1])


@pytest.mark.slow
def test_features_are_standardised_as_in_training(run: Path) -> None:
    X = np.loadtxt(run.parent / "flowers.csv", delimiter=",", skiprows=1, usecols=(0, 1))
    prepared = read(run).prepared(X)
    assert abs(prepared.mean(axis=0)).max() < 0.2
    assert abs(prepared.std(axis=0) - 1).max() < 0.2


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


def test_the_network_of_a_run_lives_in_a_page(run: Path) -> None:
    found = read(run)
    page = (run / "live.html").read_text()
    given = json.loads(re.search(r"const given = (.*);", page)[1])  # type: ignore[index]
    state, data = given["state"], given["data"]
    assert (state["activations"], state["loss"]) == (["relu", "sigmoid"], "binary_cross_entropy")
    assert (state["optimizer"], state["batch"]) == ({"name": "Adam", "lr": 0.001}, 32)
    for name, parameter in found.model.named_parameters():
        assert state["parameters"][name] == parameter.data.ravel().tolist()
    assert (data["name"], data["columns"], data["classes"]) == ("flowers.csv", ["length", "width"], found.classes)
    assert (data["n"], data["test"]["n"]) == (32, 8)
    assert given["history"]["epochs"] == [*range(1, state["epoch"] + 1)]
    assert "val_loss" not in given["history"]


def test_a_page_says_why_a_network_cannot_be_played_with(run: Path) -> None:
    found = read(run)
    many = found._replace(target=found.target._replace(classes=tuple(map(str, range(11)))))
    none: Any = None
    assert alive(many, none, none, none).told.endswith("it tells 11 classes apart, and a page 10.")
    of_images = found._replace(options=found.options | {"model": "cnn"})
    assert alive(of_images, none, none, none) == Alive(
        "", "This network cannot be played with: a page shows layers of neurons, and no convolutions."
    )


def test_the_page_needs_no_other_file(run: Path) -> None:
    page = (run / "index.html").read_text()
    sources = re.findall(r'src="([^"]*)"', page)
    pictures = [base64.b64decode(source.removeprefix("data:image/png;base64,")) for source in sources]
    assert pictures == [
        (run / f"{name}.png").read_bytes() for name in ("history", "confusion", "boundary", "importance")
    ]
    assert page.count('alt="') == 4
    assert not re.search(r"https?://|<script|<link|@import|url\(", page)
    assert re.findall(r'<a href="([^"]*)"', page) == ["live.html"]
    assert "prefers-color-scheme: dark" in page
    assert "tall &amp; wide" in page
    # As many epochs as have 300 steps of 32 out of 40 samples.
    assert '<th scope="row">patience</th><td>240</td>' in page
    # What the training did not use is left out.
    assert not re.search(r"<th[^>]*>(filters|samples|momentum|kind|drop)<", page)
    assert "tall & wide" not in page
    # The dashed curves are those of the samples that stopped the training.
    assert '<th scope="row">validation loss</th>' in page
    assert "validation dashed" in page
    assert '<th scope="row">length</th><td>a number</td><td></td>' in page
    assert "{" not in re.sub(r"<style>.*</style>", "", page, flags=re.S)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.covers
@pytest.mark.slow
def test_a_run_of_other_data_is_replaced_only_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = flowers(tmp_path / "flowers.csv")
    run = ["--save", str(tmp_path / "run"), *QUICK]
    ours = ["--data", str(path), "--target", "kind", *run]
    assert main(["train", *ours]) == 0
    kept = {file.name: file.read_bytes() for file in (tmp_path / "run").iterdir()}
    for others in (["--data", "moons"], ["--data", "digits", "--model", "cnn"]):
        capsys.readouterr()
        assert main(["train", *run, *others]) == 2
        assert capsys.readouterr().err == (
            f"error: --save {tmp_path / 'run'}: has a run of --model mlp --data {path} --target kind; name another "
            f"folder, or replace it with --overwrite\n"
        )
    assert {file.name: file.read_bytes() for file in (tmp_path / "run").iterdir()} == kept
    # The same again, with other settings, is what one does in that folder.
    assert main(["train", *ours, "--lr", "0.01"]) == 0
    assert main(["train", *run, "--overwrite"]) == 0
    assert (read(tmp_path / "run").options["data"], read(tmp_path / "run").options["lr"]) == ("moons", 0.1)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.slow
def test_evaluate_tells_what_training_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for data in (["moons"], ["digits", "--sizes", "0"]):
        assert main(["train", "--data", *data, *QUICK, "--overwrite", "--save", str(tmp_path)]) == 0
        trained = [line for line in capsys.readouterr().out.splitlines() if "accuracy" in line]
        assert main(["evaluate", str(tmp_path)]) == 0
        said = capsys.readouterr().out.splitlines()
        assert said[:2] == trained
        # The classes' samples are the test samples, and their parts of right ones make up the whole.
        rows = [(float(line.split()[-2].strip("%")), int(line.split()[-1])) for line in said[4:]]
        right, n = trained[1].split()[2].strip("%"), int(trained[1].split("(")[1].split()[0])
        assert sum(count for _, count in rows) == n
        assert sum(part * count for part, count in rows) / n == pytest.approx(float(right), abs=0.1)


def test_evaluate_on_another_file(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = flowers(tmp_path / "other.csv", 50)
    assert main(["evaluate", str(run), "--data", str(path)]) == 0
    own = float(re.search(r"accuracy +([0-9.]+)%", capsys.readouterr().out)[1])
    assert own >= 90
    # Of one class alone, in a column of another name.
    path.write_text("sort,width,length\nsmall,0,80\nsmall,0,85\n")
    assert main(["evaluate", str(run), "--data", str(path), "--target", "sort"]) == 0
    said = capsys.readouterr().out
    assert "accuracy  100.0%  (2 samples)" in said
    assert re.search(r"tall & wide +0.0% +0.0% +- +0\n", said)


def test_predict_prints_a_class_for_each_sample(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new.csv"
    path.write_text("width,note,length\n0,x,80\n0,y,120\n")
    assert main(["predict", str(run), str(path)]) == 0
    said = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert [row[0] for row in said] == ["class", "small", "tall & wide"]
    kept = read(run)
    for z, row in zip(kept.scores([[80.0, 0.0], [120.0, 0.0]]), said[1:]):
        assert float(row[1]) == pytest.approx(1 / (1 + np.exp(-abs(z))), abs=1e-4)


@pytest.mark.covers
@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_error(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["predict", str(run), str(run.parent / "flowers.csv")]
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as nobody:
        ended = subprocess.run(
            [sys.executable, "-m", "nn", *command], stdout=nobody, stderr=subprocess.PIPE, text=True, check=False
        )
        assert (ended.returncode, ended.stderr) == (141, "")
        monkeypatch.setattr(sys, "stdout", nobody)
        assert main(command) == 141


@pytest.mark.covers
@pytest.mark.slow
def test_convolution_from_training_to_prediction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nn._command.given.digits", lambda: tuple(part[:300] for part in digits()))
    options = [
        "--model",
        "cnn",
        "--data",
        "digits",
        "--filters",
        "4,8",
        "--sizes",
        "0",
        "--lr",
        "0.05",
        "--weight-decay",
        "1e-4",
    ]
    assert main(["train", *options, "--epochs", "12", "--batch-size", "16", "--save", str(tmp_path)]) == 0
    assert "Conv2d(4 -> 8" in capsys.readouterr().out
    assert main(["evaluate", str(tmp_path)]) == 0
    assert float(re.search(r"test +accuracy +([0-9.]+)%", capsys.readouterr().out)[1]) > 70
    X, y = digits()
    path = tmp_path / "some.csv"
    path.write_text(",".join(f"pixel {k}" for k in range(64)) + "\n" + ",".join(map(str, X[1])) + "\n")
    assert main(["predict", str(tmp_path), str(path)]) == 0
    label, probability = capsys.readouterr().out.splitlines()[1].split(",")
    assert label == str(y[1])
    assert 0.5 < float(probability) <= 1


@pytest.mark.usefixtures("undrawn")
@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.parametrize(
    ("message", "command"),
    [
        ("--model cnn: takes images; write --data digits", ["train", "--model", "cnn"]),
        ("leave out --of value", ["train", "--model", "cnn", "--data", "digits", "--of", "value"]),
        ("is no run, as it has no config.json; make one: python -m nn train --save none", ["evaluate", "none"]),
        ("is no run", ["predict", "none", "new.csv"]),
        ("new.csv: there is no such file", ["predict", "RUN", "new.csv"]),
        ("has no column 'length'; its columns are width, kind", ["predict", "RUN", "thin.csv"]),
        ("has the class 'huge'; known are small, tall & wide", ["evaluate", "RUN", "--data", "huge.csv"]),
        ("has no column 'sort'", ["evaluate", "RUN", "--data", "huge.csv", "--target", "sort"]),
        ("say with --target which column", ["evaluate", "MOONS", "--data", "huge.csv"]),
        ("was changed since the training, so its test samples are not known; see --data", ["evaluate", "MOVED"]),
        ("if it is yours, name it with --data ", ["evaluate", "RUN"]),
    ],
)
def test_mistakes_with_runs_are_told(
    message: str,
    command: list[str],
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("thin.csv").write_text("width,kind\n1,small\n")
    Path("huge.csv").write_text("length,width,kind\n1,2,huge\n")
    if "MOONS" in command:
        assert main(["train", *QUICK, "--save", "MOONS"]) == 0
    if "MOVED" in command:
        path = flowers(tmp_path / "moved.csv")
        assert main(["train", "--data", path.name, "--target", "kind", "--epochs", "1", "--save", "MOVED"]) == 0
        path.write_text(path.read_text().replace("length", "height"))
    capsys.readouterr()
    assert main([str(run) if word == "RUN" else word for word in command]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert message in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_damaged_run_is_told(name: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = {file: (run / file).read_bytes() for file in ("config.json", "model.safetensors")}
    damaged = [whole[name][:k] for k in (0, 1, 40, len(whole[name]) // 2)]
    damaged += [b"{}", b"[1]"] + [
        whole[name].replace(a, b) for a, b in ((b'"tall & wide"', b'"tall", "wide"'), (b"width", b"w\xff"))
    ]
    damaged += [
        whole[name].replace(b'"means": [', b'"means": [1.0, '),
        whole[name].replace(b"layers.0.w0", b"layers.7.w0"),
    ]
    for content in damaged:
        if content == whole[name]:
            continue
        for file in whole:
            (tmp_path / file).write_bytes(content if file == name else whole[file])
        assert main(["evaluate", str(tmp_path)]) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"error: {tmp_path / name}: ")
        assert said.endswith("; train again\n")
    (tmp_path / "config.json").write_bytes(whole["config.json"])
    (tmp_path / "model.safetensors").unlink()
    assert main(["evaluate", str(tmp_path)]) == 2
    assert "model.safetensors: is missing; train again" in capsys.readouterr().err


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


@pytest.mark.usefixtures("undrawn")
@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [["--data", "iris"], ["--data", "moons", "--of", "value"], ["--model", "cnn", "--data", "digits"]]
)
def test_a_run_goes_to_other_programs(options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    run, file = tmp_path / "run", tmp_path / "model.onnx"
    assert main(["train", *options, "--epochs", "2", "--sizes", "4", "--save", str(run)]) == 0
    capsys.readouterr()
    assert main(["export", str(run), "--onnx", str(file)]) == 0
    assert capsys.readouterr().out.startswith(f"{file}: x (n, ")
    found = read(run)
    X = np.random.default_rng(0).normal(3, 2, size=(5, len(found.features)))
    shape = (5, 1, 8, 8) if "cnn" in options else X.shape
    (scores,) = onnxruntime.InferenceSession(file).run(["y"], {"x": X.reshape(shape).astype("float32")})
    expected = np.asarray(found.scores(X))
    np.testing.assert_allclose(scores.reshape(expected.shape), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.slow
def test_columns_of_any_size_go_to_other_programs(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    path, run, file = tmp_path / "sizes.csv", tmp_path / "run", tmp_path / "run.onnx"
    path.write_text("tiny,huge,kind\n" + "".join(f"{k % 7}e-9,{k % 5}e25,{k % 2}\n" for k in range(40)))
    assert main(["train", "--data", str(path), "--target", "kind", "--epochs", "3", "--save", str(run)]) == 0
    assert main(["export", str(run), "--onnx", str(file)]) == 0
    X = np.array([[3e-9, 4e25], [0.0, 1e25]])
    (scores,) = onnxruntime.InferenceSession(file).run(["y"], {"x": X.astype("float32")})
    np.testing.assert_allclose(scores[:, 0], read(run).scores(X), rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.covers
@pytest.mark.slow
def test_nowhere_to_export_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--epochs", "1", "--save", str(tmp_path / "run")]) == 0
    assert main(["export", str(tmp_path / "run"), "--onnx", str(tmp_path / "no" / "x.onnx")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    for folder in (str(tmp_path), "."):
        assert main(["export", str(tmp_path / "run"), "--onnx", folder]) == 2
        assert "is a folder; name a file in it" in capsys.readouterr().err


@pytest.mark.slow
def test_files_may_have_names_that_are_no_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a name stands in the configuration: the training was lost when it was to be written."""
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"t\xff\xfe")
    try:
        Path(f"{name}.csv").write_text("a,b,kind\n" + "".join(f"{k % 7},{k % 5},{'xy'[k % 2]}\n" for k in range(40)))
    except OSError:
        pytest.skip("this system has no such names")
    for arguments in (
        ["train", "--data", f"{name}.csv", "--target", "kind", "--epochs", "1", "--save", name],
        ["evaluate", name],
        ["evaluate", name, "--data", f"{name}.csv"],
        ["predict", name, f"{name}.csv"],
        ["export", name, "--onnx", f"{name}.onnx"],
    ):
        assert main(arguments) == 0
        out, err = capsys.readouterr()
        assert (out + err).encode()
    assert "Content-Security-Policy" in Path(name, "index.html").read_text(errors="replace")


@pytest.mark.usefixtures("undrawn")
def test_a_configuration_may_name_no_file_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *QUICK, "--save", str(tmp_path)]) == 0
    config = json.loads((tmp_path / "config.json").read_text())
    for name in ("a\0b", "\ud800", "/proc/kmsg", ""):
        config["options"] |= {"data": name, "target": "y"}
        (tmp_path / "config.json").write_text(json.dumps(config))
        capsys.readouterr()
        assert main(["evaluate", str(tmp_path)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
