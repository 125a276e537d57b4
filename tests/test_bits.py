"""The same program gives the same bits, whatever the hash seed, the locale, -O and -I."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys

sys.path.insert(0, sys.argv[1])
import hashlib

import numpy as np

import autograd
import nn
from autograd import Tensor, Value

told = hashlib.sha256()
X = np.random.default_rng(0).normal(size=(24, 2))
y = [k % 3 for k in range(24)]
for of in (Value, Tensor):
    for compile in (False, True):
        model = nn.MLP(2, [4, 3], of=of)
        optimizer = nn.Adam(model.parameters(), lr=0.05)
        options = dict(epochs=13 if compile else 3, batch_size=3, compile=compile, progress=False)
        nn.fit(model, X, y, loss=nn.cross_entropy, optimizer=optimizer, **options)
        for name, data in model.state_dict().items():
            told.update(name.encode() + np.asarray(data).tobytes())
fast = autograd.compile(autograd.grad(lambda d: d["a"] * d["b"] + d["c"] ** 2))
told.update(repr(fast({"a": 0.1, "b": 0.2, "c": 0.3})).encode() + fast.source.encode())
told.update(autograd.draw(Value(2.0, label="w") * 3).dot.encode())
print(told.hexdigest())
"""

WAYS: list[tuple[list[str], dict[str, str]]] = [
    (["-O"], {"PYTHONHASHSEED": "0"}),
    ([], {"PYTHONHASHSEED": "1"}),
    ([], {"PYTHONHASHSEED": "random", "LC_ALL": "C", "PYTHONUTF8": "0"}),
    (["-I"], {}),
]


@pytest.mark.slow
def test_one_hash_of_bits() -> None:
    root = str(Path(__file__).parent.parent)
    started = [
        subprocess.Popen(
            [sys.executable, *options, "-c", PROGRAM, root],
            env=os.environ | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for options, more in WAYS
    ]
    ends = [process.communicate() for process in started]
    assert [err for _, err in ends] == [""] * len(WAYS)
    assert len({out for out, _ in ends}) == 1
    assert len(ends[0][0].strip()) == 64
