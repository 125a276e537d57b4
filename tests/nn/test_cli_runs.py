"""Runs: kept whole, measured, asked for predictions, shown as pages, and given to other programs."""

from __future__ import annotations

import base64
import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn.__main__ import main
from nn._command.alive import alive
from nn._command.runs import Alive, read
from nn.data import digits

QUICK = ["--epochs", "3", "--samples", "40", "--momentum", "0.5"]


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
