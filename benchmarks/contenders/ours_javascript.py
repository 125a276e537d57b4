"""Ours, compiled to JavaScript: Node.js takes the steps, and says how long they take."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import numpy as np
from problem import Problem

import autograd
from autograd import value_and_grad

from .ours_compiled_tensor import moons_loss

STEPS = """
const {params: given, x, y, rate} = JSON.parse(process.argv[1]);
const params = given.map(w => Float64Array.from(w)), columns = [Float64Array.from(x), Float64Array.from(y)];
let value = 0, gradients = [];
function step() {
  [value, gradients] = loss(...params, ...columns);
  params.forEach((w, k) => { const g = gradients[k]; for (let i = 0; i < w.length; i++) w[i] -= rate * g[i]; });
}
require("readline").createInterface({input: process.stdin}).on("line", steps => {
  const start = process.cpuUsage();
  for (let k = 0; k < Number(steps); k++) step();
  const {user, system} = process.cpuUsage(start);
  console.log(JSON.stringify({seconds: (user + system) / 1e6, value, gradients: gradients.map(g => Array.from(g))}));
});
"""


def moons(data: dict[str, Any]) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1])."""
    if shutil.which("node") is None:
        raise FileNotFoundError("Node.js is not installed")
    params = [np.array(layer[name]) for layer in data["layers"] for name in ("w0", "w")]
    x, y, loss = np.array(data["x"]), np.array(data["y"])[:, None], moons_loss(data["l2"])

    def flat(b1: Any, w1: Any, b2: Any, w2: Any, b3: Any, w3: Any, x: Any, y: Any) -> Any:
        return loss([b1, w1, b2, w2, b3, w3], x, y)

    fast = autograd.compile(value_and_grad(flat, argnums=tuple(range(6))), backend="javascript")
    fast(*params, x, y)
    lists = {"params": [p.ravel().tolist() for p in params], "x": x.ravel().tolist(), "y": y.ravel().tolist()}
    script = f"const loss = (() => {{{fast.source}; return flat; }})();{STEPS}"
    command = ["node", "-e", script, json.dumps(lists | {"rate": data["lr"]})]
    node = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert node.stdin is not None
    assert node.stdout is not None
    ask, answers = node.stdin, node.stdout
    last: dict[str, Any] = {}

    def steps(count: int) -> float:
        print(count, file=ask, flush=True)
        last.update(json.loads(answers.readline()))
        return float(last["seconds"])

    def step() -> float:
        steps(1)
        return float(last["value"])

    return Problem(step, lambda: last["gradients"], steps)
