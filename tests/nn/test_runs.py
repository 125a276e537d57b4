"""A run's folder is the old run or the new one, whatever happens; a stranger's run opens nothing and takes little."""

from __future__ import annotations

import builtins
import csv
import json
import os
import random
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from damage import strange_config
from faults import full, killed_at, once, watched
from matplotlib.figure import Figure

from autograd import Tensor
from nn import MLP, History
from nn.__main__ import main
from nn._command.folders import NEXT, content, held, settle, write_together
from nn._command.runs import CONFIG, FILES, MODEL, Alive, Run, read, write
from nn.data import DataError
from nn.data._columns import plain_column
from nn.data._target import Target

OPTIONS: dict[str, Any] = {
    "model": "mlp", "data": "moons", "target": None, "samples": 40, "sizes": [3], "filters": [1, 2],
    "activation": "tanh", "optimizer": "sgd", "lr": 0.1, "momentum": 0.9, "schedule": "constant", "patience": None,
    "weight_decay": 0.0, "epochs": 3, "batch_size": 8, "seed": 0, "of": "tensor", "kind": "auto", "class_weight": None,
    "drop": [], "missing": [], "sheet": None, "separator": None, "decimal": None, "header": None, "day_first": None,
}  # fmt: skip


REST = ("history.csv", "history.png", "index.html", "live.html")


class Picture(Figure):
    """A figure that is saved as fast as a test likes."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content

    def savefig(self, file: Any, **how: Any) -> None:
        file.write(self.content)


def made(number: float) -> tuple[Run, History, dict[str, Any], Alive]:
    """Return a run that is known by its number wherever one looks."""
    model = MLP(2, [3, 1], "tanh", of=Tensor, init=0.0)
    model.layers[1].w0.data = [number]
    columns, target = [plain_column("a", number), plain_column("b")], Target("c", "classes", "text", classes=("x", "y"))
    run = Run(OPTIONS, columns, target, {"test_accuracy": 0.5}, None, [0, 1], model)
    return run, History({"loss": [number]}), {"history": (Picture(b"%g" % number), "a curve")}, Alive(f"{number}", "")


def kept(folder: Path, number: float) -> Path:
    folder.mkdir(exist_ok=True)
    write(*made(number), folder)
    return folder


def number_of(folder: Path) -> float:
    """Return which run is in a folder: of one number in all its parts."""
    run = read(folder)
    (weight,) = run.model.layers[1].w0.data  # type: ignore[attr-defined]
    assert run.scaling[0][0] == weight
    return float(weight)


def test_a_run_comes_back(tmp_path: Path) -> None:
    folder = kept(tmp_path / "run", 1.0)
    assert number_of(folder) == 1.0
    assert {path.name for path in folder.iterdir()} == {CONFIG, MODEL, *REST}
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert before == {path.name: path.read_bytes() for path in kept(folder, 1.0).iterdir()}
    assert before == {path.name: path.read_bytes() for path in kept(tmp_path / "other", 1.0).iterdir()}


def test_pictures_of_an_earlier_run_go(tmp_path: Path) -> None:
    folder = kept(tmp_path, 1.0)
    for name in ("boundary.png", "mine.txt"):
        (folder / name).write_text("old")
    kept(folder, 2.0)
    assert not (folder / "boundary.png").exists()
    assert (folder / "mine.txt").exists()


def test_the_modes_of_files_are_kept(tmp_path: Path) -> None:
    folder = kept(tmp_path, 1.0)
    for path in folder.iterdir():
        path.chmod(0o600)
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept(folder, 2.0).iterdir()} == {0o600}


def states(folder: Path) -> tuple[float, set[str]]:
    return number_of(folder), {path.name for path in folder.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [pytest.param("full", marks=pytest.mark.covers), "error", pytest.param("interrupt", marks=pytest.mark.covers)],
)
def test_a_fault_at_any_moment_leaves_the_old_or_the_new_run(fault: str, tmp_path: Path) -> None:
    folder = kept(tmp_path, 1.0)
    whole = states(folder)[1]
    acts: dict[str, Callable[[int], Any]] = {
        "full": lambda at: full(at - 1),
        "error": lambda at: once(at, OSError(5, "Input/output error")),
        "interrupt": lambda at: once(at, KeyboardInterrupt()),
    }
    found = set()
    for at in count(1):
        kept(folder, 1.0)
        with watched(acts[fault](at)):
            try:
                write(*made(2.0), folder)
            except (OSError, KeyboardInterrupt):
                pass
            else:
                break
        number, names = states(folder)
        found.add(number)
        # On a full disk, what was begun leaves nothing.
        assert fault != "full" or number == 2.0 or names == whole
        # The next one finds its way, whatever the last one left.
        kept(folder, 3.0)
        assert states(folder) == (3.0, whole)
    assert at > 30
    assert found == ({1.0, 2.0} if fault != "full" else found)
    assert states(folder)[1] == whole


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process that can be copied")
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_run(tmp_path: Path) -> None:
    folder = kept(tmp_path, 1.0)
    whole, found = states(folder)[1], []
    for at in count(1):
        kept(folder, 1.0)
        if not killed_at(at, lambda: write(*made(2.0), folder)):
            break
        found.append(number_of(folder))
        kept(folder, 3.0)
        assert states(folder) == (3.0, whole)
    assert found == sorted(found)
    assert set(found) == {1.0, 2.0}


def test_files_of_two_runs_are_no_run(tmp_path: Path) -> None:
    first, second = kept(tmp_path / "a", 1.0), kept(tmp_path / "b", 2.0)
    (first / MODEL).write_bytes((second / MODEL).read_bytes())
    with pytest.raises(DataError, match=r"model.safetensors: was damaged, or is that of another run than config.json"):
        read(first)


def test_what_a_killed_training_left_is_no_place_to_write_to(tmp_path: Path) -> None:
    """Files of others behind a link stay where they are, and so does what is no part of a run."""
    others, folder = tmp_path / "others", kept(tmp_path / "run", 1.0)
    others.mkdir()
    for name in (MODEL, "index.html"):
        (others / name).write_text("mine")
    (folder / NEXT).symlink_to(others)
    settle(folder, CONFIG, FILES)
    assert number_of(folder) == 1.0
    with pytest.raises(FileExistsError):
        kept(folder, 2.0)
    assert (others / MODEL).read_text() == "mine"
    (folder / NEXT).unlink()
    (folder / NEXT).mkdir()
    (folder / NEXT / "mine.txt").write_text("mine")
    with pytest.raises(OSError, match="not empty"):
        kept(folder, 2.0)
    assert number_of(folder) == 1.0
    assert (folder / NEXT / "mine.txt").exists()


@pytest.mark.usefixtures("undrawn")
def test_reading_a_run_writes_nothing(tmp_path: Path) -> None:
    folder = kept(tmp_path, 1.0)
    (folder / NEXT).mkdir()
    (folder / MODEL).rename(folder / NEXT / MODEL)
    before = sorted(folder.rglob("*"))
    assert number_of(folder) == 1.0
    assert sorted(folder.rglob("*")) == before
    assert content(folder, MODEL, CONFIG) == (folder / NEXT / MODEL).read_bytes()


@pytest.mark.usefixtures("undrawn")
@pytest.mark.covers
@pytest.mark.slow
def test_one_of_two_trainings_in_a_folder_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", "--epochs", "1", "--save", str(tmp_path)]
    with held("--save", tmp_path):
        assert main(command) == 2
        assert capsys.readouterr().err == (
            f"error: --save {tmp_path}: another training writes there; name another folder\n"
        )
        elsewhere = "import sys; from nn.__main__ import main; sys.exit(main(sys.argv[1:]))"
        done = subprocess.run([sys.executable, "-c", elsewhere, *command], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert list(tmp_path.iterdir()) == []
    assert main(command) == 0


@pytest.mark.usefixtures("undrawn")
def test_where_folders_have_no_locks_a_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with held("--save", tmp_path), held("--save", tmp_path):
        write_together(tmp_path, {"a": b"1"}, "a", ["a"])
    assert (tmp_path / "a").read_bytes() == b"1"


def table(path: Path, n: int = 60) -> Path:
    rng = random.Random(0)
    points = [(rng.gauss(0, 1), rng.gauss(0, 1)) for _ in range(n)]
    path.write_text("a,b,kind\n" + "".join(f"{a},{b},{'up' if a > b else 'down'}\n" for a, b in points))
    return path


@pytest.mark.usefixtures("undrawn")
@pytest.mark.covers
@pytest.mark.slow
def test_the_test_samples_stay_those_of_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sorted, the same rows would be split in another way, and samples of the training taken for a test."""
    monkeypatch.chdir(tmp_path)
    path = table(Path("t.csv"))
    assert main(["train", "--data", "t.csv", "--target", "kind", "--epochs", "3"]) == 0
    trained = [line for line in capsys.readouterr().out.splitlines() if "accuracy" in line]
    for options in ([], ["--data", "t.csv"], ["--data", "t.csv", "--target", "kind"], ["--data", str(path.resolve())]):
        assert main(["evaluate", "run", *options]) == 0
        assert capsys.readouterr().out.splitlines()[:2] == trained
    head, *rows = path.read_text().splitlines(keepends=True)
    for changed in (sorted(rows), rows[:-1], [*rows, rows[0]], [rows[0].replace("0", "1"), *rows[1:]]):
        path.write_text(head + "".join(changed))
        assert main(["evaluate", "run"]) == 2
        assert "t.csv: was changed since the training" in capsys.readouterr().err
    path.unlink()
    assert main(["evaluate", "run"]) == 2
    assert "t.csv: there is no such file" in capsys.readouterr().err


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "it has no columns": lambda config: config.pop("columns"),
    "it has a setting 'more'": lambda config: config.update(more=1),
    "its options cannot be 3": lambda config: config.update(options=3),
    "it has no seed": lambda config: config["options"].pop("seed"),
    "its samples cannot be 100000000": lambda config: config["options"].update(samples=10**8),
    "its samples cannot be True": lambda config: config["options"].update(samples=True),
    "its model cannot be 'os'": lambda config: config["options"].update(model="os"),
    "its data cannot be 3": lambda config: config["options"].update(data=3),
    "its columns cannot be []": lambda config: config.update(columns=[]),
    "its columns cannot be [3]": lambda config: config.update(columns=[3]),
    "its columns have a name each": lambda config: config["columns"][1].update(name="a"),
    "its columns have a name each, and an input": lambda config: [
        column.update(parts=[], kind="left out") for column in config["columns"]
    ],
    "its kind cannot be 'x'": lambda config: config["columns"][0].update(kind="x"),
    "its way cannot be 'x'": lambda config: config["columns"][0].update(way="x"),
    "its mean cannot be nan": lambda config: config["columns"][0]["parts"][0].update(mean=float("nan")),
    "its spread cannot be 0.0": lambda config: config["columns"][0]["parts"][0].update(spread=0.0),
    "its spread cannot be inf": lambda config: config["columns"][0]["parts"][0].update(spread=float("inf")),
    "its spread cannot be -1.0": lambda config: config["columns"][0]["parts"][0].update(spread=-1.0),
    "its spread cannot be 1000": lambda config: config["columns"][0]["parts"][0].update(spread=10**400),
    "its column 'a' has inputs of another kind": lambda config: config["columns"][0].update(levels=["x"]),
    "its column 'b' has inputs of another kind": lambda config: config["columns"][1]["parts"][0].update(name="year"),
    "its column 'a' is written in another way": lambda config: config["columns"][0].update(way="text"),
    "its column 'b' is written in another way": lambda config: config["columns"][1].update(way="date"),
    "its levels cannot be ['x', 'x']": lambda config: config["columns"][0].update(levels=["x", "x"]),
    "its flag cannot be 1": lambda config: config["columns"][0].update(flag=1),
    "its target has two classes at least": lambda config: config["target"].update(classes=["x"]),
    "its classes cannot be ['x', 'x']": lambda config: config["target"].update(classes=["x", "x"]),
    "or none as it is of numbers": lambda config: config["target"].update(kind="numbers"),
    "tells other classes apart": lambda config: config["target"].update(classes=["x", "y", "z"]),
    "its results cannot be": lambda config: config.update(results={"test": "good"}),
    "its data_sha256 cannot be '../x'": lambda config: config.update(data_sha256="../x"),
    "its test_rows cannot be [0, 0]": lambda config: config.update(test_rows=[0, 0]),
    "its test_rows cannot be [-1]": lambda config: config.update(test_rows=[-1]),
    "its model_sha256 cannot be 'x'": lambda config: config.update(model_sha256="x"),
}


@pytest.mark.parametrize("message", CHANGES)
def test_a_configuration_says_only_what_one_says(message: str, tmp_path: Path) -> None:
    folder = kept(tmp_path, 1.0)
    config = json.loads((folder / CONFIG).read_text())
    CHANGES[message](config)
    (folder / CONFIG).write_text(json.dumps(config))
    with pytest.raises(DataError) as told:
        read(folder)
    assert f"config.json: is damaged ({message}" in str(told.value) or message in str(told.value)


@pytest.mark.parametrize("text", [b"[" * 100_000, b"\xff", b"3", b"null", b"[]", b"1" * 5000, b" " * 2**25 + b"  "])
def test_what_is_no_configuration_is_told(text: bytes, tmp_path: Path) -> None:
    (kept(tmp_path, 1.0) / CONFIG).write_bytes(text)
    with pytest.raises(DataError, match=r"config.json: is damaged"):
        read(tmp_path)


@pytest.mark.parametrize("name", [CONFIG, MODEL])
def test_a_run_is_of_regular_files(name: str, tmp_path: Path) -> None:
    path = kept(tmp_path, 1.0) / name
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(DataError, match=f"{name}: cannot be read .is a device or a pipe"):
        read(tmp_path)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("name", ["index.html", "history.png"])
def test_nothing_else_is_replaced_by_a_run(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / name)
    (tmp_path / MODEL).write_bytes(b"")
    assert main(["train", "--epochs", "1", "--save", str(tmp_path)]) == 2
    assert f"its {name} is no regular file; name another folder" in capsys.readouterr().err


def noted(seen: list[Any], function: Callable[..., Any], *given: Any, **how: Any) -> Any:
    seen.extend(given[:1])
    return function(*given, **how)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.slow
def test_a_stranger_s_run_opens_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    table(Path("t.csv"))
    assert main(["train", "--data", "t.csv", "--target", "kind", "--epochs", "1"]) == 0
    secret = tmp_path.parent / "secret.csv"
    secret.write_text("secret,kind\n1,x\n")
    capsys.readouterr()
    for data in (str(secret), "../secret.csv", "x/../../secret.csv", "/dev/zero"):
        config = json.loads(Path("run", CONFIG).read_text())
        config["options"]["data"] = data
        Path("run", CONFIG).write_text(json.dumps(config))
        seen, functions = [], {(builtins, "open"): open, (os, "open"): os.open, (os, "stat"): os.stat}
        with monkeypatch.context() as patch:
            for (module, name), function in functions.items():
                patch.setattr(module, name, partial(noted, seen, function))
            assert main(["evaluate", "run"]) == 2
        opened = list(map(str, seen))
        assert not any("secret" in path or "zero" in path for path in opened)
        said = capsys.readouterr().err
        assert said == f"error: {data}: has the data of this run; if it is yours, name it with --data {data}\n"


@pytest.mark.usefixtures("undrawn")
@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_strange_configuration_is_told(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, rng = kept(tmp_path, 1.0), random.Random(seed)
    whole = (folder / CONFIG).read_bytes()
    main(["evaluate", str(folder)])  # what this imports is not counted
    capsys.readouterr()
    for _ in range(40):
        (folder / CONFIG).write_bytes(strange_config(whole, rng))
        tracemalloc.start()
        code = main(["evaluate", str(folder)])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        said = capsys.readouterr().err
        assert (code, said.count("\n")) in ((0, 0), (2, 1)), said
        assert peak < 2**24


HOSTILE = [
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "-1",
    "-1+cmd",
    "@SUM(A1)",
    "\x1b[2Jred",
    "\u202egnp",
    "$x$^",
    "_a^$",
    "$",
]


@pytest.mark.slow
def test_names_of_a_stranger_s_table_do_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with open("t.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["\x1b]0;title\x07 $x$", "=b", "\x1b[31mkind"])
        rows.writerows([k % 7, k % 3, HOSTILE[k % len(HOSTILE)]] for k in range(60))
    target = "\x1b[31mkind"
    assert main(["train", "--data", "t.csv", "--target", target, "--epochs", "1"]) == 0
    assert main(["evaluate", "run"]) == 0
    assert main(["predict", "run", "t.csv"]) == 0
    assert main(["export", "run", "--onnx", "a.onnx"]) == 0
    assert main(["evaluate", "run", "--data", "t.csv", "--target", "=b"]) == 2
    assert main(["predict", "run", "run/history.csv"]) == 2
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert "\u202e" not in out + err
    assert "\\x1b[2Jred" in out
    predicted = list(csv.reader(out[out.index("class,probability") :].splitlines()))[1:61]
    assert {row[0][0] for row in predicted} <= {"'", "-", "\\", "$", "_"}
    assert all(row[0] == "-1" or row[0][0] != "-" for row in predicted)
