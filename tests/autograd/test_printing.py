"""What people print can be written by a terminal of code page 1252 and, where it is the terminal's, of any encoding."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, Value, explain, gradcheck, steps, tanh

ROOT = Path(__file__).parents[2]


def scalar(label: str = "w") -> tuple[Any, Any]:
    w = Value(1.0, label=label)
    J = tanh(w * 2) ** 2 + w * 3
    J.backward()
    return J, w


def arrays() -> tuple[Any, Any]:
    W = Tensor(np.ones((3, 2)), label="W")
    J = ((W @ np.ones((2, 2))).sum(axis=0) ** 2).sum()
    J.backward()
    return J, W


def network() -> tuple[Any, Any]:
    model = nn.MLP(2, [4, 4, 1])
    return nn.mse([model([1.0, 2.0])], [1.0]), model.parameters()[1]


def chain() -> tuple[Any, Any]:
    J = w = Value(0.5, label="w")
    for _ in range(60):
        J = tanh(J) * 2
    return J, w


def optimized() -> Any:
    J, w = scalar()
    return steps(J, nn.SGD([w], lr=0.1))


PRINTED: dict[str, Callable[[], Any]] = {
    **{f"explain {f.__name__}": lambda f=f: explain(*f()) for f in (scalar, arrays, network, chain)},
    **{f"steps {f.__name__}": lambda f=f: steps(f()[0]) for f in (scalar, arrays, network, chain)},
    "steps of an optimizer": optimized,
    "a step": lambda: steps(scalar()[0])[5],
    "a check": lambda: gradcheck(lambda t: t * t, 3.0),
    "a check of a kink": lambda: gradcheck(abs, 0.0),
    "a Value": lambda: scalar()[0],
    "a Tensor": lambda: arrays()[1],
    "a network": lambda: nn.MLP(2, [4, 1]),
    "a summary": lambda: nn.MLP(2, [4, 1], of=Tensor).summary(),
    "a summary of shapes": lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten()).summary((1, 8, 8)),
    "a compiled function": lambda: autograd.compile(tanh),
    "a picture": lambda: autograd.draw(scalar()[0]),
}


@pytest.mark.parametrize("what", PRINTED)
def test_code_page_1252(what: str) -> None:
    file = io.BytesIO()
    stream = io.TextIOWrapper(file, "cp1252", write_through=True)
    printed = PRINTED[what]()
    print(printed, file=stream)
    print(repr(printed), file=stream)
    assert file.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "cp1251", "cp437", "cp932", "utf-8"])
@pytest.mark.parametrize("make", [lambda: explain(*scalar("ŷ")), lambda: steps(scalar("ŷ")[0]), lambda: scalar("ŷ")[1]])
def test_the_terminal_itself(encoding: str, make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    printed = make()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(file, encoding, write_through=True))
    print(printed)
    text = file.getvalue().decode(encoding)
    assert ("ŷ" if encoding == "utf-8" else r"\u0177") in text


def test_a_stream_without_an_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert repr(Value(1.0, label="ŷ")) == "Value(data=1.0, grad=0.0, label='ŷ')"


@pytest.mark.slow
@pytest.mark.parametrize("command", [["autograd", "tanh(w * 2) ** 2", "w=1", "--wrt", "w"], ["nn", "--help"]])
@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_the_commands(command: list[str], encoding: str) -> None:
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-m", *command], capture_output=True, check=False, env=environment)
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout
