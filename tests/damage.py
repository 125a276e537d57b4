"""Files under attack: processes killed and disks full at every step of writing, and strange files in thousands.

python tests/damage.py --kills 100 --mutations 10000
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import json
import random
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograd import Tensor
from nn import Adam, BatchNorm, Conv2d, Dropout, FileError, Flatten, Layer, Sequential, fit, load, mse, save

MOST_MEMORY = 200 * 2**20

SAVING = """
import sys, time
from itertools import count
from nn import MLP, save
from autograd import Tensor
model = MLP(64, [256, 10], of=Tensor, seed=1)
save(sys.argv[1], model)
print("ready", flush=True)
for k in count():
    model.layers[1].w0.data = [float(k)] * 10
    save(sys.argv[1], model)
"""


def example() -> tuple[Any, Any, Any]:
    """Return a network with its training, in which everything occurs that a file can hold."""
    import numpy

    rng = numpy.random.default_rng(0)
    model = Sequential(
        Conv2d(1, 2, 3, "relu"), BatchNorm(2, of=Tensor), Flatten(), Dropout(0.25, seed=rng), Layer(18, 4, of=Tensor),
        Dropout(0.5), Layer(4, 1, of=Tensor),
    )  # fmt: skip
    X, y = rng.normal(size=(12, 1, 5, 5)), rng.normal(size=(12, 1))
    optimizer = Adam(model.parameters(), lr=0.01)
    history = fit(model, X, y, loss=mse, optimizer=optimizer, epochs=3, batch_size=4, patience=3, progress=False)
    return model, optimizer, history


def killed(count: int, seed: int = 0) -> int:
    """Kill a process that saves again and again, `count` times; return how many files were broken then."""
    rng, broken = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        for _ in range(count):
            process = subprocess.Popen([sys.executable, "-c", SAVING, str(path)], stdout=subprocess.PIPE)
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(rng.uniform(0.0, 0.05))
            process.kill()
            process.communicate()
            try:
                model = load(path).model
            except FileError:
                broken += 1
            else:
                numbers = model.layers[1].w0.data
                broken += not (numbers == numbers[0]).all()
    return broken


def mutated(count: int, seed: int = 0) -> dict[str, int]:
    """Load files that were changed at random; return how many were refused, and how often something went wrong."""
    rng = random.Random(seed)
    found = dict.fromkeys(("refused", "unchanged", "forged", "accepted", "crashes", "memory", "slow"), 0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save(path, *example())
        whole = path.read_bytes()
        for k in range(count):
            data = changed(whole, rng) if k % 2 else signed(whole, rng)
            if data == whole:
                found["unchanged"] += 1
                continue
            path.write_bytes(data)
            start = time.perf_counter()
            tracemalloc.start()
            try:
                load(path)
                # With a checksum that fits, a file may say what it likes, if a network follows from it.
                found["accepted" if k % 2 else "forged"] += 1
            except FileError:
                found["refused"] += 1
            except Exception as error:
                print(f"mutation {k}: {error!r}")
                found["crashes"] += 1
            found["memory"] += tracemalloc.get_traced_memory()[1] > MOST_MEMORY
            tracemalloc.stop()
            found["slow"] += time.perf_counter() - start > 5
    return found


def changed(data: bytes, rng: random.Random) -> bytes:
    """Return a file with bytes changed, lost, doubled or cut off."""
    bytes_, at = bytearray(data), rng.randrange(len(data))
    kind = rng.randrange(5)
    if kind == 0:
        bytes_[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del bytes_[at:]
    elif kind == 2:
        del bytes_[at : at + rng.randrange(1, 9)]
    elif kind == 3:
        bytes_[at:at] = rng.randbytes(rng.randrange(1, 9))
    else:
        for place in rng.sample(range(min(len(data), 2000)), 5):
            bytes_[place] = rng.randrange(256)
    return bytes(bytes_)


def signed(data: bytes, rng: random.Random) -> bytes:
    """Return a file whose description is changed, with a checksum that fits: what somebody hostile would write."""
    from safetensors.numpy import load as tensors_of
    from safetensors.numpy import save as written

    from nn._files.format import checksum_of

    length = int.from_bytes(data[:8], "little")
    told = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["glassgrad"])
    spots: list[tuple[Any, Any]] = []
    waiting: list[Any] = [told]
    while waiting:
        item = waiting.pop()
        # The thousands of numbers of a generator's state would hide all others.
        keys = list(item) if isinstance(item, dict) else list(range(min(len(item), 40)))
        spots += [(item, key) for key in keys]
        waiting += [item[key] for key in keys if isinstance(item[key], (dict, list))]
    item, key = rng.choice(spots)
    present = item[key]
    if isinstance(item, dict) and rng.random() < 0.3:
        # What no file says, but what a module takes, or looks as if.
        key = rng.choice(["label", "seed", "init", "number", "own", "n_out", "training", "pos", "buffer_pos"])
    item[key] = rng.choice(
        [10**9, 10**30, -1, 0, "{:>9999999999}", 1.5, float("nan"), "Tensor", "MLP", "x" * 1000, None, True, [], {},
         [present] * 3, {"kind": "MLP", "n_in": 10**6, "sizes": [10**6], "of": "Tensor"},
         {"kind": "Layer", "n_in": 4096, "n_out": 999},
         {"kind": "Sequential", "layers": [{"kind": "BatchNorm", "n_in": 4000}] * 4000}, {"kind": "os.system"}]
    )  # fmt: skip
    text = json.dumps(told)
    tensors = tensors_of(data)
    return bytes(written(tensors, {"glassgrad": text, "sha256": checksum_of(text, tensors)}))


WORDS = (
    b"a", b"b", b"c", b",", b",", b",", b"\n", b"\n", b"\n", b'"', b'""', b"'", b"1", b"2.5", b"-3e5", b"nan", b"inf",
    b"1e999", b" ", b"\t", b";", b"\r\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", "é".encode(), b"\x1b[2J",
    b"x" * 300, b"9" * 5000, b"=1+1", b"a,b,c\n", b"1,2,x\n", b"3,4,y\n", b"",
)  # fmt: skip


def strange_csv(rng: random.Random) -> bytes:
    """Return a table whose parts are in disorder, or one with a few bytes changed."""
    if rng.random() < 0.5:
        return b"a,b,c\n" * (rng.random() < 0.7) + b"".join(rng.choices(WORDS, k=rng.randrange(30)))
    return changed(b"a,b,c\n" + b"1,2.5,x\n3,-4e2,y\n" * rng.randrange(1, 20), rng)


def strange_config(whole: bytes, rng: random.Random) -> bytes:
    """Return a run's configuration with a setting that is none, or with a few bytes changed."""
    if rng.random() < 0.3:
        return changed(whole, rng)
    config = json.loads(whole)
    inside = config["options"] if rng.random() < 0.5 else config
    key = rng.choice(list(inside))
    strange = [
        10**8, 10**12, 10**400, -1, 0, 1.5, float("nan"), float("inf"), True, None, "", "x" * 5000, "/dev/zero",
        "../x.csv", "digits", "moons", [], [0], [0.0, 1.0], [float("nan")] * 2, ["a"], ["a", "a"], ["a", "b", "c"],
        [[]] * 1000,
        {}, {"a": 1}, [10**9], [-1],
    ]  # fmt: skip
    inside[key] = rng.choice(strange)
    if rng.random() < 0.1:
        del inside[key]
    return json.dumps(config).encode()


def strange_npz(rng: random.Random) -> bytes:
    """Return an archive of arrays whose headers say what no header says, or one with a few bytes changed."""
    import io
    import zipfile

    import numpy

    def array() -> bytes:
        numbers = numpy.arange(12.0).reshape(rng.choice([(4, 3), (12,), (4, 1, 3)]))
        numpy.lib.format.write_array(file := io.BytesIO(), numbers.astype(rng.choice(["f8", "i4", "?", "f2", "c8"])))
        data = file.getvalue()
        if rng.random() < 0.5:
            return data
        if rng.random() < 0.3:
            return changed(data, rng)
        head, body = data[: data.index(b"\n") + 1], data[data.index(b"\n") + 1 :]
        length = int.from_bytes(head[8:10], "little")
        text = head[10:].decode()
        old, new = rng.choice([
            ("(", "((" * rng.choice([1, 50, 3000])),
            ("<f8", rng.choice(["O", "V9", "U3", "M8[s]", "<f3", "", "f8,f8", "|S0"])),
            ("'<f8'", rng.choice(["[('a', '<f8')]", "None", "3", "[]", "'<f8'*9**9", "__import__('os')"])),
            ("(4", rng.choice(["(-4", "(10**9", "(99999999999999999999", "(4.0", "('4'", "(True", "(0x4", "(4_0"])),
            ("False", rng.choice(["True", "None", "0", "1e400", "[]", "x"])),
            ("shape", "shaqe"), ("{", rng.choice(["[", "", "{{", "\0"])),
            ("}", rng.choice(["", "]", "}}", ", 'more': 1}"])), ("'", '"'), (",", "\n"), (" ", "\t"),
        ])  # fmt: skip
        text = text.replace(old, new, rng.choice([1, 99]))
        head = head[:6] + bytes(rng.choice([(1, 0), (1, 0), (1, 0), (2, 0), (3, 0), (9, 9)]))
        return head + (length if rng.random() < 0.1 else len(text)).to_bytes(2, "little") + text.encode() + body

    with zipfile.ZipFile(file := io.BytesIO(), "w", rng.choice([0, 8, 8, 12, 14])) as archive:
        for name in rng.choice([("X", "y"), ("X", "y"), ("X", "y"), ("X",), ("y", "X", "z"), ("a",)]):
            archive.writestr(f"{name}.npy", array())
    return changed(file.getvalue(), rng) if rng.random() < 0.4 else file.getvalue()


def written_under_faults() -> dict[str, dict[str, int]]:
    """Fill the disk and kill the process at every step of every writer; return how often, and what was lost by it.

    Only where processes can be copied (`os.fork`).
    """
    from autograd import Value, draw
    from nn import MLP, History, save
    from nn._command.runs import Run, read, write

    models = [MLP(2, [3, 1], "tanh", of=Tensor, seed=seed) for seed in (1, 2)]
    drawings = [draw(Value(2.0, label=label) * 3) for label in "ab"]
    options: dict[str, Any] = {
        "model": "mlp", "data": "moons", "target": None, "samples": 40, "sizes": [3], "filters": [1, 2],
        "activation": "tanh", "optimizer": "sgd", "lr": 0.1, "momentum": 0.9, "schedule": "constant", "patience": None,
        "weight_decay": 0.0, "epochs": 3, "batch_size": 8, "seed": 0, "of": "tensor",
    }  # fmt: skip
    runs = [Run(options, ["a", "b"], ["x", "y"], [0.0] * 2, [1.0] * 2, {}, None, [k], models[k]) for k in (0, 1)]
    for drawing in drawings:
        # What lays it out is another program.
        drawing.save(Path(tempfile.gettempdir()) / "glassgrad.svg")
    with tempfile.TemporaryDirectory() as folder:
        path, place = Path(folder) / "a", Path(folder) / "run"
        place.mkdir()

        def run_in_place() -> Any:
            run = read(place)
            return run.test_rows, {name: data.tolist() for name, data in run.model.state_dict().items()}

        writers: dict[str, tuple[Callable[[int], Any], Callable[[], Any]]] = {
            "weights": (lambda k: save(path, models[k]), path.read_bytes),
            "svg": (lambda k: drawings[k].save(path.with_suffix(".svg")), path.with_suffix(".svg").read_bytes),
            "png": (lambda k: drawings[k].save(path.with_suffix(".png")), path.with_suffix(".png").read_bytes),
            "run": (lambda k: write(runs[k], History({"loss": [1.0]}), {}, place), run_in_place),
        }
        return {name: _neither(*writer) for name, writer in writers.items()}


def _neither(write: Callable[[int], Any], read: Callable[[], Any]) -> dict[str, int]:
    """Replace what `write(0)` wrote by what `write(1)` writes, with a fault at every step."""
    from faults import full, killed_at, watched

    write(1)
    new = read()
    write(0)
    old = read()
    found = {"disks full": 0, "kills": 0, "neither old nor new": 0}
    for kind in ("disks full", "kills"):
        for at in itertools.count(1):
            write(0)
            if kind == "kills":
                ended = not killed_at(at, lambda: write(1))
            else:
                with watched(full(at - 1)):
                    try:
                        write(1)
                        ended = True
                    except OSError:
                        ended = False
            if ended:
                break
            found[kind] += 1
            try:
                found["neither old nor new"] += read() not in (old, new)
            except (OSError, ValueError):
                found["neither old nor new"] += 1
    return found


def strange(count: int, seed: int = 0) -> dict[str, int]:
    """Read strange tables, NumPy files and configurations; return how many were refused, and how many crashed."""
    from nn.__main__ import main as command
    from nn._command.runs import read
    from nn.data import DataError, read_csv, read_npz

    rng, found = random.Random(seed), dict.fromkeys(("refused", "read", "crashes"), 0)
    with tempfile.TemporaryDirectory() as folder:
        path, run = Path(folder) / "a", Path(folder) / "run"
        with contextlib.redirect_stdout(io.StringIO()):
            command(["train", "--epochs", "1", "--samples", "40", "--save", str(run)])
        config = (run / "config.json").read_bytes()
        for k in range(count):
            try:
                if k % 3 == 0:
                    path.write_bytes(strange_csv(rng))
                    read_csv(path, "c")
                elif k % 3 == 1:
                    path.write_bytes(strange_npz(rng))
                    read_npz(path)
                else:
                    (run / "config.json").write_bytes(strange_config(config, rng))
                    read(run)
                found["read"] += 1
            except DataError:
                found["refused"] += 1
            except Exception as error:
                print(f"strange file {k}: {error!r}")
                found["crashes"] += 1
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--mutations", type=int, default=10_000)
    args = parser.parse_args()
    broken = killed(args.kills)
    print(f"killed {args.kills} times while saving: {broken} files broken")
    found = mutated(args.mutations)
    print(f"{args.mutations} mutated files: {found}")
    others = strange(args.mutations)
    print(f"{args.mutations} tables, NumPy files and configurations: {others}")
    faults = written_under_faults()
    print(*(f"{name}: {counts}" for name, counts in faults.items()), sep="\n")
    lost = sum(counts["neither old nor new"] for counts in faults.values())
    wrong = found["accepted"] + found["crashes"] + found["memory"] + found["slow"] + others["crashes"]
    return int(broken + lost + wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
