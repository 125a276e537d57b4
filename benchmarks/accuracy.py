"""How well an MLP and a convolutional network read digits after training, and how long an epoch takes beside PyTorch.

python benchmarks/accuracy.py [--seeds 5]

Needs scikit-learn, and PyTorch for the comparison: the environment that benchmarks/run.py makes has both. Each seed
splits the 1,797 digits anew, a fifth for the test, and starts from other weights. Both libraries train the same
layers on the same batches with Adam and no validation; the median epoch counts, the first, which compiles, is left out.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from autograd import Tensor
from nn import (
    MLP,
    Adam,
    BatchNorm,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    MaxPool2d,
    Sequential,
    accuracy,
    cosine,
    cross_entropy,
    fit,
    predict,
)
from nn.data import digits, train_test_split


def mlp(seed: int) -> Any:
    return Sequential(
        *MLP(64, [256, 128], "relu", "relu", of=Tensor, seed=seed).layers, Dropout(0.3, seed=seed),
        Layer(128, 10, of=Tensor, seed=seed),
    )  # fmt: skip


def cnn(seed: int) -> Any:
    return Sequential(
        Conv2d(1, 16, 3, "relu", padding="same", seed=seed),
        Conv2d(16, 32, 3, "relu", padding="same", seed=seed + 1),
        MaxPool2d(2),
        BatchNorm(32, of=Tensor),
        Conv2d(32, 64, 3, "relu", padding="same", seed=seed + 2),
        MaxPool2d(2),
        Flatten(),
        Dropout(0.5, seed=seed),
        Layer(256, 10, of=Tensor, seed=seed + 3),
    )


def torch_epoch(kind: str, X: Any, y: Any, epochs: int) -> Callable[[], float] | None:
    """Return the function that trains the same network in PyTorch and returns the median seconds of an epoch."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    nn = torch.nn
    if kind == "MLP":
        layers = [nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10)]
    else:
        layers = [
            nn.Conv2d(1, 16, 3, padding="same"), nn.ReLU(), nn.Conv2d(16, 32, 3, padding="same"), nn.ReLU(),
            nn.MaxPool2d(2), nn.BatchNorm2d(32), nn.Conv2d(32, 64, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Dropout(0.5), nn.Linear(256, 10),
        ]  # fmt: skip
    inputs, targets = torch.tensor(X), torch.tensor(y)

    def run() -> float:
        model = nn.Sequential(*layers)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
        seconds = []
        for _ in range(epochs):
            start = time.perf_counter()
            for batch in torch.randperm(len(inputs)).split(64):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(inputs[batch]), targets[batch]).backward()
                optimizer.step()
            seconds.append(time.perf_counter() - start)
        return statistics.median(seconds[1:])

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    for name, make, shape, epochs in (("MLP", mlp, (-1, 64), 60), ("CNN", cnn, (-1, 1, 8, 8), 30)):
        found, ours, theirs = [], [], []
        for seed in range(seeds):
            X, X_test, y, y_test = train_test_split(*digits(), seed=seed)
            X, X_test = X.reshape(shape), X_test.reshape(shape)
            model = make(10 * seed)
            ends = [time.perf_counter()]
            fit(
                model, X, y, loss=cross_entropy, optimizer=Adam(model.parameters(), lr=0.003), epochs=epochs,
                batch_size=64, seed=seed, schedule=cosine(epochs), progress=False,
                callbacks=[lambda history, ends=ends: ends.append(time.perf_counter())],
            )  # fmt: skip
            ours.append(statistics.median(b - a for a, b in pairwise(ends[1:])))
            found.append(100 * accuracy(predict(model, X_test), y_test))
            if run := torch_epoch(name, X, y, 8):
                theirs.append(run())
        spread = statistics.stdev(found) if seeds > 1 else 0.0
        line = f"{name}: test accuracy {statistics.mean(found):.2f} % (deviation {spread:.2f}, {seeds} seeds), "
        line += f"{epochs} epochs of {statistics.median(ours) * 1e3:.1f} ms"
        if theirs:
            ratio = statistics.median(a / b for a, b in zip(ours, theirs))
            line += f"; PyTorch {statistics.median(theirs) * 1e3:.1f} ms, ours {ratio:.2f} times that"
        print(line, flush=True)


if __name__ == "__main__":
    main()
