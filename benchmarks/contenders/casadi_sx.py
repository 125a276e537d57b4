"""CasADi: scalar graphs built once, evaluated by its virtual machine; one sample, mapped over the batch."""

from __future__ import annotations

from typing import Any

import casadi
import numpy as np
from problem import Problem

SX = casadi.SX


def moons(data: dict[str, Any], whole: bool = False) -> Problem:
    """Hinge loss and L2 on MLP(2, [16, 16, 1]): gradients of one sample, mapped over all and added up."""
    x, y, l2, lr = np.array(data["x"]), np.array(data["y"]), data["l2"], data["lr"]
    parts = [np.array(layer[name]) for layer in data["layers"] for name in ("w0", "w")]
    numbers = np.concatenate([part.ravel() for part in parts])
    theta = SX.sym("theta", len(numbers))
    params, start = [], 0
    for part in parts:
        columns = part.shape[-1] if part.ndim == 2 else 1
        piece = theta[start : start + part.size]
        params.append(casadi.reshape(piece, columns, -1).T if part.ndim == 2 else piece)
        start += part.size

    def loss(x: Any, y: Any) -> Any:
        h = x.T
        for k in range(0, len(params) - 2, 2):
            h = casadi.fmax(params[k + 1].T @ h + casadi.repmat(params[k], 1, h.shape[1]), 0)
        score = params[-1].T @ h + casadi.repmat(params[-2], 1, h.shape[1])
        return casadi.sum2(casadi.fmax(1 - y.T * score, 0)) / len(data["y"])

    n = len(y) if whole else 1
    xs, ys = SX.sym("x", n, 2), SX.sym("y", n)
    one = loss(xs, ys)
    f = casadi.Function("f", [theta, xs, ys], [one, casadi.gradient(one, theta)])
    grads = np.zeros(len(numbers))
    if not whole:
        f = f.map(len(y))
        columns_of_x, row_of_y = casadi.DM(x.reshape(1, -1)), casadi.DM(y.reshape(1, -1))
        # The map takes the samples side by side.
        columns_of_x = casadi.reshape(casadi.DM(x.T), 1, -1)

    def step() -> float:
        if whole:
            out, g = f(numbers, x, y)
            value, slope = float(out), g.full().ravel()
        else:
            outs, gs = f(numbers, columns_of_x, row_of_y)
            value, slope = float(casadi.sum2(outs)), casadi.sum2(gs).full().ravel()
        value += l2 * float(numbers @ numbers)
        grads[:] = slope + 2 * l2 * numbers
        numbers[:] -= lr * grads
        return value

    def gradients() -> list[Any]:
        ends = np.cumsum([part.size for part in parts])
        return [g.reshape(part.shape) for g, part in zip(np.split(grads, ends[:-1]), parts)]

    return Problem(step, gradients)


def chain(data: dict[str, Any]) -> Problem:
    """Evaluate the chain and its gradient, built once."""
    x, w, b = (SX.sym(name) for name in ("x", "w", "b"))
    y = x
    for _ in range(data["operations"] // 4):
        y = casadi.exp(casadi.tanh(y * w + b))
    f = casadi.Function("f", [x, w, b], [y, casadi.gradient(y, casadi.vertcat(x, w, b))])
    grads: list[float] = []

    def step() -> float:
        out, g = f(data["x"], data["w"], data["b"])
        grads[:] = g.full().ravel().tolist()
        return float(out)

    return Problem(step, lambda: list(grads))
