"""Graphs to draw, and drawings as tests read them."""

from __future__ import annotations

import re
import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from autograd import Value, draw, sigmoid, tanh, topological_sort, weighted_sum
from autograd._views.groups import places
from nn import MLP, mse

SVG = "{http://www.w3.org/2000/svg}"

PURE = shutil.which("graphviz-pure", path=str(Path(sys.executable).parent)) or shutil.which("graphviz-pure")

PROGRAMS = [program for program in (shutil.which("dot"), PURE) if program]


def perceptron() -> Any:
    """The seminar's own: g(1 + 3 x1 - 2 x2) at (-1, 2)."""
    w0, w1, w2 = Value(1.0, label="w0"), Value(3.0, label="w1"), Value(-2.0, label="w2")
    x1, x2 = Value(-1.0, label="x1"), Value(2.0, label="x2")
    z = w0 + w1 * x1 + w2 * x2
    y_hat = sigmoid(z)
    loss = (y_hat - 1) ** 2
    z.label, y_hat.label, loss.label = "z", "y_hat", "J"
    loss.backward()
    return loss


def network(n_in: int = 2, sizes: tuple[int, ...] = (3, 1), activation: Any = "tanh") -> Any:
    loss = (MLP(n_in, list(sizes), activation, seed=0)([0.5, -1.0][:n_in]) - 1) ** 2
    loss.backward()
    return loss


def loss_of_samples(sizes: list[int], **settings: Any) -> Any:
    model = MLP(2, sizes, seed=0, **settings)
    X = [[k / 40, 1 - k / 20] for k in range(40)]
    return mse(model(X) if settings else [model(x) for x in X], [1.0] * 40)


def chain(n: int) -> Value:
    y = Value(0.5)
    for _ in range(n):
        y = tanh(y)
    return y


def sums(n: int, terms: int) -> Value:
    """Return the last of n sums, each of the numbers before it: few numbers, many arrows."""
    numbers = [Value(1.0 * k) for k in range(terms)]
    for _ in range(n):
        numbers.append(weighted_sum([1.0, *(x for number in numbers[-terms:] for x in (number, 0.1))]))
    return numbers[-1]


class Seen:
    """What is in an SVG: groups by id with their kinds, texts and titles."""

    def __init__(self, svg: str) -> None:
        self.root = ET.fromstring(svg)
        assert self.root.tag == f"{SVG}svg"
        self.groups = list(self.root.iter(f"{SVG}g"))
        self.by_id = {group.get("id"): group for group in self.groups if group.get("id")}
        assert len(self.by_id) == sum(group.get("id") is not None for group in self.groups), "an id stands twice"

    def of(self, kind: str) -> list[Any]:
        return [group for group in self.groups if kind in group.get("class").split()]

    def ids(self, kind: str) -> set[str]:
        return {group.get("id") for group in self.of(kind)}


def texts(group: Any) -> list[str]:
    return ["".join(text.itertext()) for text in group.iter(f"{SVG}text")]


def title(group: Any) -> str:
    return group.findtext(f"{SVG}title") or ""


def seen_places(root: Any) -> list[Any]:
    """Return the place of each node in order."""
    order = topological_sort(root)
    found = places(order)
    return [found.get(node, ()) for node in order]


def seen(root: Any, **settings: Any) -> Seen:
    return Seen(draw(root, **settings).svg)


def x_of(group: Any) -> float:
    return float(re.search(r"translate\((.*),.*\)", group.get("transform"))[1])


def y_of(group: Any) -> float:
    return float(re.search(r"translate\(.*,(.*)\)", group.get("transform"))[1])
