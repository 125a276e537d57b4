"""The command line on people's own tables: no flag is needed, and nothing is wrong and silent."""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from nn.__main__ import main
from nn._command.commands import OF_TABLES, _terminated, settle
from nn._command.folders import make_writable
from nn._command.measured import explained
from nn._command.runs import read, read_history
from nn.data import DataError

QUICK = ["--epochs", "60", "--lr", "0.01", "--sizes", "8"]


def houses(path: Path, n: int = 120, seed: int = 0) -> Path:
    """Write a table of all kinds of columns; price and size class follow from the others."""
    rng = np.random.default_rng(seed)
    with open(path, "w", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(["id", "area", "town", "sold", "garden", "price", "class"])
        for k in range(n):
            area, town, garden = rng.uniform(30, 200), "ABC"[rng.integers(3)], bool(rng.integers(2))
            price = 1000 * area + 40_000 * garden + 20_000 * (town == "B")
            cell = "" if k % 17 == 3 else f"{area:.2f}".replace(".", ",")
            kind = "large" if price > 140_000 else "small"
            rows.writerow(
                [
                    k + 500,
                    cell,
                    town,
                    f"{1 + k % 28}.{1 + k % 12}.2023",
                    garden,
                    f"{price:.2f}".replace(".", ",") + " €",
                    kind,
                ]
            )
    return path


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the pictures of runs, which take longer than a training, where a test looks at none."""
    monkeypatch.setattr("nn._command.commands.figures_of", lambda *_: {})


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("houses")
    table = houses(folder / "houses.csv")
    options = ["--target", "price", "--drop", "class", *QUICK, "--save", str(folder / "run")]
    assert main(["train", str(table), *options]) == 0
    return folder / "run"


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("houses")
    table = houses(folder / "houses.csv")
    options = ["--target", "class", "--drop", "price", *QUICK, "--save", str(folder / "run")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nn._command.commands.figures_of", lambda *_: {})
        assert main(["train", str(table), *options]) == 0
    return folder / "run"


@pytest.mark.covers
@pytest.mark.slow
def test_numbers_are_predicted_in_their_unit(numbers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = {path.name for path in numbers.iterdir()}
    assert {"predicted.png", "importance.png"} < names
    assert "confusion.png" not in names
    results = json.loads((numbers / "config.json").read_text())["results"]
    assert results["test_r2"] > 0.8
    assert main(["evaluate", str(numbers), "--data", str(numbers.parent / "houses.csv")]) == 0
    said = capsys.readouterr().out
    training, test = said.splitlines()
    assert re.match(
        r"training  R2   0\.\d+  \(96 samples\)  MAE [\d.e+]+ €, RMSE [\d.e+]+ €; always the mean, ", training
    )
    assert f"R2   {results['test_r2']:.3f}  (24 samples)" in test
    assert (
        main(["predict", str(numbers), str(houses(tmp_path / "new.csv", 30, seed=5)), "--out", str(tmp_path / "p.csv")])
        == 0
    )
    found = [float(line) for line in (tmp_path / "p.csv").read_text().splitlines()[1:]]
    with open(tmp_path / "new.csv") as file:
        true = [float(row["price"].split()[0].replace(",", ".")) for row in csv.DictReader(file, delimiter=";")]
    assert np.corrcoef(found, true)[0, 1] > 0.9
    assert abs(np.mean(found) - np.mean(true)) < 0.2 * np.mean(true)
    page = (numbers / "index.html").read_text()
    assert "price: numbers in €" in page
    assert "<dt>test R2</dt>" in page


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_what_was_made_of_each_column_is_told_before_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = houses(tmp_path / "houses.csv")
    assert main(["train", str(table), "--target", "class", "--epochs", "1", "--save", str(tmp_path / "run")]) == 0
    said = capsys.readouterr().out
    before = said[: said.index("layer ")]
    for words in (
        r"id +left out +numbers the rows", r"area +a number with a decimal comma +[\d.]+ and a flag",
        r"town +text, 3 kinds: A, B, C",
        r"sold +a date: month, weekday, days", r"garden +true or false", r"price +a number with a decimal comma in €",
        r"class: 2 classes to tell apart: large \d+, small \d+", r"cells are separated by semicolons",
    ):  # fmt: skip
        assert re.search(words, before), words
    assert re.search(
        r"test +accuracy +[\d.]+%  \(\d+ samples\)  balanced .*, log-loss .*, AUC .*; always '\w+': \d", said
    )
    assert re.search(r"class  precision     F1    right  samples\nlarge ", said)


@pytest.mark.covers
@pytest.mark.slow
def test_a_row_that_cannot_be_read_is_told_and_the_others_are_predicted(
    classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = houses(tmp_path / "new.csv", 8, seed=7).read_text().splitlines()
    capsys.readouterr()
    assert main(["predict", str(classes), str(tmp_path / "new.csv"), "--proba"]) == 0
    whole = capsys.readouterr().out.splitlines()
    assert whole[0] == "class,probability of large,probability of small"
    for row in csv.reader(whole[1:]):
        p = dict(zip(["large", "small"], map(float, row[1:])))
        assert max(p, key=lambda name: p[name]) == row[0]
        assert sum(p.values()) == pytest.approx(1, abs=2e-4)
    lines[2] = lines[2].replace(lines[2].split(";")[1], "roomy")
    lines[4] = lines[4] + ";more"
    lines[5] = lines[5].replace(lines[5].split(";")[1], "99999,5")
    (tmp_path / "new.csv").write_text("\n".join(lines))
    assert main(["predict", str(classes), str(tmp_path / "new.csv"), "--proba"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[2] == ",,"
    assert [line for k, line in enumerate(out.splitlines()) if k not in (2, 4, 5)] == [
        line for k, line in enumerate(whole) if k not in (2, 4, 5)
    ]
    assert "new.csv, line 3: column area: 'roomy' is not a number with a decimal comma" in err
    assert "not predicted: " in err
    assert "new.csv, line 5: has 8 cells; the header has 7" in err
    assert "new.csv, line 6: column area: 99999.5 is far outside of the training data (" in err
    # The same from another program.
    text = (tmp_path / "new.csv").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert main(["predict", str(classes), "-", "--proba"]) == 1
    again, err = capsys.readouterr()
    assert again == out
    assert "standard input, line 3" in err
    many = "\n".join([lines[0], *[lines[2]] * 15])
    (tmp_path / "new.csv").write_text(many)
    assert main(["predict", str(classes), str(tmp_path / "new.csv")]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == ["class,probability"] + [","] * 15
    assert err.splitlines()[-1] == "not predicted: 5 rows more"


@pytest.mark.covers
@pytest.mark.slow
def test_evaluate_on_rows_of_others(classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = houses(tmp_path / "new.csv", 40, seed=3)
    assert main(["evaluate", str(classes), "--data", str(table)]) == 0
    assert float(re.search(r"accuracy +([\d.]+)%", capsys.readouterr().out)[1]) > 80  # type: ignore[index]
    text = table.read_text()
    table.write_text(text.replace("large", "huge", 1))
    assert main(["evaluate", str(classes), "--data", str(table)]) == 2
    assert "column class: has the class 'huge'; known are large, small" in capsys.readouterr().err
    table.write_text(text.replace(";large", ";").replace(";small", ";"))
    assert main(["evaluate", str(classes), "--data", str(table)]) == 2
    assert "column class: is empty" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_classes_are_in_one_order_whatever_comes_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{k % 20}.5,{'zebra' if k % 20 < 10 else 'ant'}" for k in range(60)]
    for order in (rows, rows[::-1]):
        (tmp_path / "t.csv").write_text("a,y\n" + "\n".join(order))
        options = ["--target", "y", "--save", str(tmp_path / "run"), "--epochs", "80", "--lr", "0.05"]
        assert main(["train", str(tmp_path / "t.csv"), *options]) == 0
        assert read(tmp_path / "run").classes == ["ant", "zebra"]
        capsys.readouterr()
        (tmp_path / "n.csv").write_text("a\n1.5\n18.5\n")
        assert main(["predict", str(tmp_path / "run"), str(tmp_path / "n.csv")]) == 0
        assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()[1:]] == ["zebra", "ant"]


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_a_training_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = houses(tmp_path / "houses.csv", 60)
    options = ["--target", "class", "--drop", "price", "--sizes", "4", "--epochs", "6", "--save", str(tmp_path / "run")]
    assert main(["train", str(table), *options]) == 0
    first = read_history(tmp_path / "run", read(tmp_path / "run"))
    again = ["train", str(table), "--target", "class", "--resume", "--epochs", "5", "--save", str(tmp_path / "run")]
    assert main(again) == 0
    second = read_history(tmp_path / "run", read(tmp_path / "run"))
    assert (first.epochs, second.epochs) == (6, 11)
    assert second["loss"][:6] == first["loss"]
    assert min(second["val_loss"]) < min(first["val_loss"])
    assert read(tmp_path / "run").options["sizes"] == [4]
    table.write_text(table.read_text().replace("large", "small", 1))
    capsys.readouterr()
    assert main(again) == 2
    assert "were changed since its training; train anew" in capsys.readouterr().err
    assert main([*again[:-1], str(tmp_path / "none")]) == 2
    (tmp_path / "run" / "history.csv").write_text("epoch,loss\n1,x\n")
    with pytest.raises(DataError, match=r"history\.csv: is damaged"):
        read_history(tmp_path / "run", read(tmp_path / "run"))


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_a_run_that_another_training_changed_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    again = ["train", "--resume", "--epochs", "1", "--samples", "40", "--sizes", "2", "--save", str(tmp_path)]
    assert main([again[0], *again[2:]]) == 0
    others: list[int] = []

    def meanwhile(option: str, folder: Path) -> None:
        if not others:
            others.append(1)
            assert main(again) == 0
        make_writable(option, folder)

    monkeypatch.setattr("nn._command.commands.make_writable", meanwhile)
    assert main(again) == 2
    assert "was trained by another process meanwhile; go on with it again" in capsys.readouterr().err
    assert read_history(tmp_path, read(tmp_path)).epochs == 2


@pytest.mark.slow
def test_a_polite_end_keeps_what_was_learned(tmp_path: Path) -> None:
    table = houses(tmp_path / "houses.csv", 400)
    command = [sys.executable, "-m", "nn", "train", str(table), "--target", "class", "--save", str(tmp_path / "run")]
    # As in the background of a script, where Ctrl-C is ignored.
    code = "import os, signal, sys, nn\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    code += "from nn.__main__ import main\nstep, n = nn.Adam.step, 0\ndef stop(self):\n"
    code += "    global n\n    n += 1\n    step(self)\n    if n == 60: os.kill(os.getpid(), signal.SIGTERM)\n"
    code += "nn.Adam.step = stop\nsys.exit(main(sys.argv[1:]))"
    ended = subprocess.run([sys.executable, "-c", code, *command[3:]], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "stopped after" in ended.stderr
    assert read(tmp_path / "run").classes == ["large", "small"]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_rare_classes_count_as_much_if_asked(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{'rare' if a > 1.6 else 'usual'}" for a, b in rng.normal(size=(300, 2))]
    (tmp_path / "t.csv").write_text("a,b,y\n" + "\n".join(rows))
    found = []
    for more in ([], ["--class-weight", "balanced"]):
        options = ["--target", "y", "--epochs", "4", "--save", str(tmp_path / "run"), *more]
        assert main(["train", str(tmp_path / "t.csv"), *options]) == 0
        found.append(read(tmp_path / "run").results["training_balanced_accuracy"])
    assert found[1] > found[0]


@pytest.mark.covers
@pytest.mark.slow
def test_a_run_of_many_kinds_of_columns_goes_to_other_programs(
    classes: Path, numbers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    for run in (classes, numbers):
        assert main(["export", str(run), "--onnx", str(tmp_path / "a.onnx")]) == 0
        assert (
            "x are inputs that were made ready, as ONNX takes numbers alone: area, area: missing"
            in capsys.readouterr().out
        )
        found = read(run)
        X = np.random.default_rng(0).normal(size=(5, len(found.inputs)))
        (out,) = onnxruntime.InferenceSession(tmp_path / "a.onnx").run(["y"], {"x": X.astype("float32")})
        expected = found.outputs(X) * found.target.spread + found.target.mean
        np.testing.assert_allclose(out.reshape(5), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_data_that_come_along_have_their_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--data", "iris", "--epochs", "1", "--save", str(tmp_path)]) == 0
    run = read(tmp_path)
    assert run.classes == ["setosa", "versicolor", "virginica"]
    assert run.features[2] == "petal length (cm)"
    assert main(["evaluate", str(tmp_path)]) == 0
    assert "virginica" in capsys.readouterr().out


@pytest.mark.covers
@pytest.mark.slow
def test_many_classes_have_no_picture_of_each_pair(tmp_path: Path) -> None:
    rows = [f"{k % 60}.5,town {k % 60}" for k in range(240)]
    (tmp_path / "t.csv").write_text("a,y\n" + "\n".join(rows))
    assert (
        main(["train", str(tmp_path / "t.csv"), "--target", "y", "--epochs", "1", "--save", str(tmp_path / "r")]) == 0
    )
    assert not (tmp_path / "r" / "confusion.png").exists()


@pytest.mark.parametrize(("given", "lr"), [(None, 0.001), ("adam", 0.001), ("sgd", 0.1), ("rmsprop", 0.01)])
def test_a_learning_rate_is_that_of_its_optimizer(given: str | None, lr: float) -> None:
    options = argparse.Namespace(**dict.fromkeys(OF_TABLES) | {"data": "t.csv", "optimizer": given})
    settle(options)
    assert (options.optimizer, options.lr) == (given or "adam", lr)


def test_a_thread_handles_no_signals(tmp_path: Path) -> None:
    found: list[str] = []

    def work() -> None:
        with _terminated():
            found.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == ["done"]
    assert explained([1.0, 2.0], [3.0, 3.0]) == 0.0


def test_the_columns_are_named_where_a_target_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,u\n2,v\n")
    assert main(["train", str(tmp_path / "t.csv")]) == 2
    assert capsys.readouterr().err.endswith("which column is to be predicted; its columns are a, b\n")
    assert main(["train", str(tmp_path / "none.csv")]) == 2
    assert capsys.readouterr().err.endswith("which column is to be predicted\n")


@pytest.mark.parametrize(
    ("message", "options"),
    [
        ("--separator: 'ab' is not one character", ["--separator", "ab"]),
        ("--kind: invalid choice: 'x'", ["--kind", "x"]),
    ],
)
def test_wrong_options_are_told(message: str, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "t.csv", *options]) == 2
    assert message in capsys.readouterr().err


def test_a_separator_by_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.csv").write_text("a\ty\n1\tu\n2\tv\n")
    for name in ("tab", "\\t"):
        assert main(["train", str(tmp_path / "t.csv"), "--target", "y", "--separator", name]) == 2
        assert "has 2 samples; at least 10 are needed" in capsys.readouterr().err


@pytest.mark.covers
@pytest.mark.slow
def test_what_was_not_in_the_training_is_told(
    classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = houses(tmp_path / "new.csv", 4, seed=9).read_text().splitlines()
    cells = [line.split(";") for line in lines]
    cells[1][2], cells[2][3], cells[3][3], cells[3][1] = "Z", "1.1.1900", "1.1.1900", "roomy"
    (tmp_path / "new.csv").write_text("\n".join(map(";".join, cells)))
    assert main(["predict", str(classes), str(tmp_path / "new.csv")]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0].endswith("line 2: column town: 'Z' was not in the training data")
    assert said[1].endswith(
        "line 3: column sold: 1900-01-01 is far outside of the training data (2023-01-01 to 2023-12-28)"
    )
    assert [line.partition(":")[0] for line in said] == ["warning", "warning", "not predicted"]


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_numbers_and_numbered_classes_of_others(
    numbers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(numbers), "--data", str(houses(tmp_path / "new.csv", 40, seed=3))]) == 0
    assert float(re.search(r"R2 +([\d.]+)", capsys.readouterr().out)[1]) > 0.5  # type: ignore[index]
    (tmp_path / "t.csv").write_text(
        "a,b,y\n" + "".join(f"{k % 5}.5,{'' if k % 4 else k % 3 == 1},{k % 3 + 1}\n" for k in range(60))
    )
    options = ["--target", "y", "--epochs", "1", "--save", str(tmp_path / "run")]
    assert main(["train", str(tmp_path / "t.csv"), *options]) == 0
    assert re.search(r"b +true or false +(true|false) and a flag", capsys.readouterr().out)
    (tmp_path / "n.csv").write_text("a,b,y\n1.5,true,1.0\n2.5,false,3\n3.5,true,\n")
    assert main(["evaluate", str(tmp_path / "run"), "--data", str(tmp_path / "n.csv")]) == 0
    assert "(2 samples)" in capsys.readouterr().out
    (tmp_path / "n.csv").write_text("a,b,y\n1.5,true,7\n")
    assert main(["evaluate", str(tmp_path / "run"), "--data", str(tmp_path / "n.csv")]) == 2
    assert "column y: has the class '7'; known are 1, 2, 3" in capsys.readouterr().err


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_a_run_whose_data_are_fewer_now_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--samples", "60", "--epochs", "1", "--save", str(tmp_path)]) == 0
    config = json.loads((tmp_path / "config.json").read_text())
    config["options"]["samples"] = 12
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert main(["evaluate", str(tmp_path)]) == 2
    assert "moons: has other columns, classes or rows than it had in training" in capsys.readouterr().err
