"""Random losses and networks with the habits of people who know NumPy: trained compiled, then as they are written.

`python tests/habits.py --count 500` draws so many and says of each that differs what it does. A case is text, so that
it can be read and run again: `--first` is the seed of the first.
"""

from __future__ import annotations

import argparse
import linecache
import sys
import warnings
from random import Random
from typing import Any, NamedTuple

import numpy as np

import autograd
import nn
from autograd import Tensor, Value

STEPS = 120
SAMPLES, INPUTS, CLASSES = 12, 3, 3

LOSSES_OF_TENSORS = {
    "one": [
        "J = ((y_hat - t) ** 2).mean()",
        "J = ((y_hat - (t - 1)) ** 2).mean()",
        "J = ((y_hat - t.astype(float)) ** 2).mean()",
        "J = ((y_hat - t.astype(int) % 2) ** 2).mean()",
        "J = (((t == 1) * y_hat - 0.5) ** 2).mean()",
        "J = (y_hat[t == 1] ** 2).sum() / 12 + (y_hat[t != 1] - 1.0).abs().mean()",
        "w = np.array([0.5, 1.0, 2.0])\nJ = (w[t.astype(int)] * (y_hat - t) ** 2).mean()",
        "costs = {0: 1.0, 1: 2.0, 2: 0.5}\nJ = ((y_hat - t) ** 2 * np.array([costs[int(k)] for k in t])).mean()",
        "J = (y_hat - float(t[0])).abs().mean()",
        "J = ((y_hat - t) ** 2).mean() + state['c'] * l2(model)",
        "e = abs(y_hat - t)\nJ = where(e < 0.5, e ** 2, e - 0.25).mean()",
        "e = y_hat - t\nJ = (e ** 2).mean() * 2 if (e ** 2).mean().item() > 0.3 else (e ** 2).mean()",
        "J = mse(y_hat, t)",
        "J = huber(y_hat, t, 0.7)",
        "J = nn.hinge(y_hat, np.where(t == 1, 1, -1))",
        "J = nn.binary_cross_entropy(y_hat, (t == 1).astype(float), from_logits=True)",
        "J = nn.binary_cross_entropy(autograd.sigmoid(y_hat), (t == 1) * 1.0)",
        "J = ((y_hat - t) ** 2).mean()\nif isinstance(t, np.ndarray):\n    J = J + 0.5 * abs(y_hat.mean())",
        "J = ((y_hat - t) ** 2)[np.argsort(t, kind='stable')[:5]].mean()",
        "J = ((y_hat - t) ** 2 * rng.random(len(t))).mean()",
        "J = ((y_hat - t) ** 2).mean()\nstate['kept'] = y_hat",
        "J = ((y_hat - t) ** 2).mean()\nstate['all'].append(J)",
        "J = ((y_hat - y_hat.detach().mean() - t) ** 2).mean()",
        "J = ((y_hat - y_hat.data.mean() - t) ** 2).mean()",
        "with autograd.no_grad():\n    s = (y_hat - t).std() + 1.0\nJ = ((y_hat - t) ** 2 / s).mean()",
        "J = sum((y_hat[k] - t[k]) ** 2 for k in range(len(t))) / len(t)",
        "J = ((y_hat - t) ** 2).mean() if t.sum() % 2 else abs(y_hat - t).mean()",
        "J = ((y_hat - Tensor(t)) ** 2).mean()",
        "[g] = autograd.value_and_grad(lambda: (model(X0) ** 2).mean(), wrt=parameters[:1])()[1]\n"
        "J = ((y_hat - t) ** 2).mean() + 0.01 * float(np.abs(getattr(g, 'data', g)).mean())",
        "f = lambda p: (autograd.tanh(p) * 3).sum()\ng = autograd.grad(f)(y_hat)\nJ = mse(y_hat, t) + (g ** 2).mean()",
        "J = ((y_hat - t.tolist()) ** 2).mean()",
        "state['n'] += 1\nJ = ((y_hat - t) ** 2).mean() * (1 + 1 / state['n'])",
        "J = ((y_hat - t) ** (2 + state['n'] % 2 * 2)).mean()\nstate['n'] += 1",
        "J = np.mean(np.square(y_hat - t))",
        "order = np.random.default_rng(int(t.sum())).permutation(len(t))\nJ = ((y_hat[order] - t[order]) ** 2).mean()",
    ],
    "classes": [
        "J = cross_entropy(y_hat, t)",
        "J = -(log_softmax(y_hat)[np.arange(len(t)), t.astype(int)]).mean()",
        "J = -(np.eye(3)[t.astype(int)] * log_softmax(y_hat)).sum() / len(t)",
        "k, w = t.astype(int), np.array([0.5, 1, 2])\nJ = -(w[k] * log_softmax(y_hat)[np.arange(len(t)), k]).mean()",
        "J = cross_entropy(y_hat, np.eye(3)[t.astype(int)])",
        "J = cross_entropy(y_hat, 0.9 * np.eye(3)[t.astype(int)] + 0.1 / 3)",
        "J = ((softmax(y_hat) - np.eye(3)[t.astype(int)]) ** 2).mean()",
        "J = cross_entropy(y_hat, t) + state['c'] * (y_hat ** 2).mean()",
        "mask = t != 2\nJ = cross_entropy(y_hat[mask], t[mask]) if mask.any() else (y_hat ** 2).mean()",
        "J = sum(-log_softmax(y_hat[k])[int(t[k])] for k in range(len(t))) / len(t)",
        "J = autograd.relu(1 + y_hat - y_hat[np.arange(len(t)), t.astype(int)].reshape(-1, 1)).mean()",
        "J = cross_entropy(y_hat, t, weight=np.where(t == 1, 2.0, 1.0))",
        "J = (y_hat[:, 1:] ** 2).mean() + cross_entropy(y_hat, t)",
        "C = np.arange(9.0).reshape(3, 3)\nJ = ((y_hat - C[t.astype(int)] / 9) ** 2).mean()",
        "k = np.argmax(y_hat.data, axis=1)\nJ = cross_entropy(y_hat, t) + 0.1 * (k != t).mean()",
    ],
}
LOSSES_OF_VALUES = {
    "one": [
        "J = mse(y_hat, t)",
        "J = huber(y_hat, t, 0.7)",
        "J = sum((p - q) ** 2 for p, q in zip(y_hat, t)) / len(t)",
        "J = sum((p - float(q)) ** 2 for p, q in zip(y_hat, t)) / len(t) + state['c'] * l2(model)",
        "J = sum(abs(p - (1 if q == 1 else -1)) for p, q in zip(y_hat, t)) / len(t)",
        "costs = {0: 1.0, 1: 2.0, 2: 0.5}\nJ = sum(costs[int(q)] * (p - q) ** 2 for p, q in zip(y_hat, t)) / len(t)",
        "J = sum((p - q % 2) ** 2 for p, q in zip(y_hat, t)) * (1 / len(t))",
        "J = nn.hinge(y_hat, [1 if q == 1 else -1 for q in t]) + state['c'] * nn.l1(model)",
        "J = nn.binary_cross_entropy([autograd.sigmoid(p) for p in y_hat], [float(q == 1) for q in t])",
        "J = nn.binary_cross_entropy(y_hat, [q / 2 for q in t], from_logits=True)",
        "J = sum((p - q) ** 2 if p.data > q else (q - p) ** 2 * 2 for p, q in zip(y_hat[:2], t)) / 2",
        "J = mse(y_hat, t)\nstate['kept'] = y_hat",
        "J = mse(y_hat, t)\nstate['all'].append(J)",
        "J = mse([p * rng.random() for p in y_hat], t)",
        "J = mse(y_hat, t)\nJ = J * 2 if J.item() > 0.5 else J",
        "J = max((p - q) ** 2 for p, q in zip(y_hat, t)) if False else mse(y_hat, t)",
        "J = mse(y_hat, [state['n'] * 0.001 + q for q in t])\nstate['n'] += 1",
        "J = nn.mae(y_hat, t, weight=[1.0 + (q == 1) for q in t])",
    ],
    "classes": [
        "J = cross_entropy(y_hat, t)",
        "J = sum(-log_softmax(row)[int(q)] for row, q in zip(y_hat, t)) / len(t)",
        "J = sum(autograd.log_sum_exp(row) - row[int(q)] for row, q in zip(y_hat, t)) / len(t)",
        "J = cross_entropy(y_hat, np.eye(3)[np.array(t, int)].tolist())",
        "J = sum((p - (k == q)) ** 2 for row, q in zip(y_hat, t) for k, p in enumerate(softmax(row))) / len(t)",
        "J = cross_entropy(y_hat, t) + state['c'] * l2(model)",
    ],
}
NETWORKS = [
    "model = MLP(3, [4, out], {activation!r}, of=of, seed=1)",
    "model = MLP(3, [out], of=of, seed=1)",
    "model = Sequential(Layer(3, 4, {activation!r}, of=of), Dropout(0.3, seed=3), MLP(4, [out], of=of))",
    "model = Sequential(Layer(3, 4, of=of), nn.LayerNorm(4, of=of), MLP(4, [out], {activation!r}, of=of))",
    "model = Sequential(nn.BatchNorm(3, of=of), MLP(3, [4, out], {activation!r}, of=of, seed=2))",
    "model = MLP(3, [4, out], lambda z: z * autograd.sigmoid(z), of=of, seed=1)",
    """class Own(Module):
    def __init__(self):
        self.first, self.second = Layer(3, 4, of=of, seed=1), MLP(4, [out], of=of, seed=2)
        self.calls = 0
    def __call__(self, x):
        self.calls += 1
        self.hidden = self.first(x)
        return self.second(self.hidden)
model = Own()""",
    """class Gated(MLP):
    def __call__(self, x):
        y = super().__call__(x)
        return y if self.training else y
model = Gated(3, [4, out], {activation!r}, of=of, seed=1)""",
]
NETWORKS_OF_TENSORS = [
    """class Embedding(Module):
    def __init__(self):
        self.C = Tensor(np.random.default_rng(0).normal(size=(5, 3)))
        self.rest = MLP(3, [4, out], {activation!r}, of=Tensor, seed=2)
    def __call__(self, x):
        return self.rest(self.C[(np.abs(x[:, 0]) * 2).astype(int) % 5] + x)
model = Embedding()""",
    """class Linear(Module):
    def __init__(self):
        self.W = Tensor(np.random.default_rng(0).normal(size=(3, out)))
    def __call__(self, x):
        z = (x - x.mean(axis=0)) @ self.W
        return z[:, 0] if out == 1 else z
model = Linear()""",
    "model = MLP(3, [4, out], lambda z: where(z > 0, z, 0.1 * z), of=Tensor, seed=1)",
]
CALLBACKS = [
    "pass",
    "pass",
    "state['c'] *= 0.9",
    "optimizer.lr *= 0.98",
    "optimizer.parameters = parameters[:1] if history.epochs % 20 == 5 else parameters",
    "state['c'] = 0.1 if history.epochs % 2 else 0.0",
    "parameters[0].data = parameters[0].data * 1.01",
    "model.training = not model.training",
    "for part in model.modules():\n    part.training = history.epochs % 7 > 0",
]
ACTIVATIONS = ["tanh", "relu", "sigmoid", "linear", "softplus", "leaky_relu", "elu", "silu", "gelu"]
TARGETS = ["int64", "uint8", "float64", "float32", "int8", "list"]
BATCHES = [None, 4, 5]

PRELUDE = """
from autograd import Tensor, Value, log_softmax, softmax, where
from nn import MLP, Dropout, Layer, Module, Sequential, cross_entropy, huber, l2, mse
"""


class Case(NamedTuple):
    """A training, as text."""

    of: Any
    out: int
    network: str
    loss: str
    callback: str
    target: str
    batch_size: int | None
    accumulate: int


def drawn(seed: int) -> Case:
    """Draw a case."""
    rng = Random(seed)
    of = rng.choice([Value, Tensor, Tensor])
    kind = rng.choice(["one", "classes"])
    losses = LOSSES_OF_VALUES if of is Value else LOSSES_OF_TENSORS
    networks = NETWORKS + (NETWORKS_OF_TENSORS if of is Tensor else [])
    # Habits of two kinds at once, of which one counts for little.
    loss = rng.choice(losses[kind])
    if rng.random() < 0.4:
        loss += "\nfirst = J\n" + rng.choice(losses[kind]) + "\nJ = first + J * 0.25"
    network = rng.choice(networks).replace("{activation!r}", repr(rng.choice(ACTIVATIONS)))
    return Case(
        of,
        1 if kind == "one" else CLASSES,
        network,
        loss,
        rng.choice(CALLBACKS),
        rng.choice(TARGETS),
        rng.choice(BATCHES),
        rng.choice([1, 1, 1, 2]),
    )


def _function(name: str, arguments: str, body: str, scope: dict[str, Any]) -> Any:
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    text = f"def {name}({arguments}):\n{lines}"
    file = f"<{name} {hash(text)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec"), scope)
    return scope[name]


def trained(case: Case, compiled: bool, steps: int = STEPS) -> Any:
    """Train; return the losses and the parameters, or the error, and the warnings."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(SAMPLES, INPUTS))
    y = rng.integers(0, CLASSES, SAMPLES)
    scope: dict[str, Any] = {
        "nn": nn, "np": np, "autograd": autograd, "of": case.of, "out": case.out, "X0": X[:4],
        "rng": np.random.default_rng(3), "state": {"c": 0.01, "n": 0, "all": [], "kept": None},
    }  # fmt: skip
    exec(PRELUDE, scope)
    nn.seed(4)
    exec(case.network, scope)
    model = scope["model"]
    scope["parameters"] = model.parameters()
    scope["optimizer"] = optimizer = nn.SGD(model.parameters(), lr=0.02, momentum=0.5)
    loss = _function("loss", "y_hat, t", f"{case.loss}\nreturn J", scope)
    callback = _function("callback", "history", case.callback, scope)
    given: Any = y.tolist() if case.target == "list" else y.astype(case.target)
    data: Any = (X, given) if case.of is Tensor else (X.tolist(), given)
    batches = 1 if case.batch_size is None else -(-SAMPLES // case.batch_size)
    history = nn.History()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            nn.fit(
                model, *data, loss=loss, optimizer=optimizer, epochs=steps // batches, batch_size=case.batch_size,
                accumulate=case.accumulate, callbacks=[callback], history=history, seed=0, progress=False,
                compile=compiled,
            )  # fmt: skip
            error = ""
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
    numbers = [np.ravel(parameter.data) for parameter in scope["parameters"]]
    told_ = [str(warning.message) for warning in told if issubclass(warning.category, UserWarning)]
    return np.array(history.get("loss", [])), np.concatenate(numbers), error, told_, scope["state"]["n"]


def difference(case: Case, steps: int = STEPS) -> tuple[str, str]:
    """Return how a case differs when it is compiled, or nothing; and what was told: an error, a warning, or neither."""
    fast, slow = (trained(case, compiled, steps) for compiled in (True, False))
    told = slow[2] or "; ".join(fast[3])
    if fast[2] != slow[2]:
        return f"errors: {fast[2]!r} and {slow[2]!r}", told
    if fast[4] != slow[4]:
        return f"the loss ran {fast[4]} and {slow[4]} times", told
    for name, a, b in zip(("losses", "parameters"), fast, slow):
        if a.shape != b.shape or not np.allclose(a, b, rtol=1e-9, atol=1e-11, equal_nan=True):
            return f"{name} differ by up to {np.abs(a - b).max() if a.shape == b.shape else (a.shape, b.shape)}", told
    return "", told


def main() -> int:
    """Draw and compare; return how many differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    wrong = refused = uncompiled = 0
    for seed in range(options.first, options.first + options.count):
        case = drawn(seed)
        found, told = difference(case)
        if found:
            wrong += 1
            print(f"seed {seed}: {found}\n{case}", flush=True)
        refused += "Error" in told.partition(":")[0]
        uncompiled += "without compiling" in told
    print(
        f"{options.count} trainings: {wrong} differ; {refused} refused alike, {uncompiled} warned of being uncompiled"
    )
    return wrong


if __name__ == "__main__":
    sys.exit(min(main(), 100))
