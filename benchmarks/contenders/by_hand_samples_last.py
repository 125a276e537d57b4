"""Convolution by hand once more: the sample is the last axis, and windows are views that overlap."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray
from problem import Problem, batches

Array = NDArray[np.float64]


def images(data: dict[str, Any]) -> Problem:
    """Softmax cross-entropy on two convolutions with a max-pool between, and a layer; axes are (h, w, c, n)."""
    params = [np.array(layer[name]) for layer in data["layers"] for name in ("w0", "w")]
    ((x, labels),) = batches(data, np.array)
    lr, n = data["lr"], len(x)
    samples = np.arange(n)
    padded, pooled, slopes = np.zeros((10, 10, n)), np.zeros((6, 6, 8, n)), np.zeros((6, 6, 16, n))
    padded[1:-1, 1:-1] = x[:, 0].transpose(1, 2, 0)
    grads: list[Array] = []

    def step() -> float:
        b1, w1, b2, w2, b3, w3 = params
        seen = np.stack([padded[i : i + 8, j : j + 8] for i in range(3) for j in range(3)]).reshape(9, -1)
        z1 = w1.reshape(8, 9) @ seen
        z1 += b1[:, None]
        h1 = np.maximum(z1, 0, out=z1).reshape(8, 8, 8, n)  # c, h, w, n
        corners = [h1[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]
        largest = np.maximum(np.maximum(*corners[:2]), np.maximum(*corners[2:]))
        pooled[1:-1, 1:-1] = largest.transpose(1, 2, 0, 3)
        z2 = convolved(pooled, [w2[:, :, i].transpose(0, 2, 1).reshape(16, -1) for i in range(3)])
        z2 += b2[:, None]
        h2 = np.maximum(z2, 0, out=z2)
        flat, w = h2.reshape(256, n), w3.reshape(16, 4, 4, 10).transpose(1, 2, 0, 3).reshape(256, 10)
        logits = w.T @ flat
        logits += b3[:, None]
        logits -= logits.max(axis=0)
        g3 = np.exp(logits)
        total = g3.sum(axis=0)
        loss = (np.log(total) - logits[labels, samples]).mean()
        g3 /= total
        g3[labels, samples] -= 1
        g3 /= n
        gw3 = (flat @ g3.T).reshape(4, 4, 16, 10).transpose(2, 0, 1, 3).reshape(256, 10)
        g2 = (w @ g3).reshape(h2.shape)
        g2 *= h2 > 0
        parts = [np.matmul(g2, windows(pooled, i).swapaxes(-1, -2)).sum(axis=(0, 1)) for i in range(3)]
        gw2 = np.stack(parts, 1).reshape(16, 3, 3, 8).transpose(0, 3, 1, 2)
        slopes[1:-1, 1:-1] = g2
        turned = [w2[:, :, 2 - i, ::-1].transpose(1, 2, 0).reshape(8, -1) for i in range(3)]
        arrives = convolved(slopes, turned).transpose(2, 0, 1, 3)
        equal = [corner == largest for corner in corners]
        share = arrives / np.sum(equal, axis=0)
        g1 = np.empty_like(h1)
        for k, chosen in enumerate(equal):
            np.multiply(share, chosen, out=g1[:, k // 2 :: 2, k % 2 :: 2])
        g1 *= h1 > 0
        gz1 = g1.reshape(8, -1)
        grads[:] = [gz1.sum(1), (gz1 @ seen.T).reshape(w1.shape), g2.sum(axis=(0, 1, 3)), gw2, g3.sum(1), gw3]
        for p, g in zip(params, grads, strict=True):
            p -= lr * g
        return float(loss)

    return Problem(step, lambda: list(grads))


def windows(image: Array, row: int) -> Array:
    """Return what windows of 3 x 3 over an image (h, w, c, n) see in one of their rows: a matrix for each window."""
    h, w, c, n = image.shape
    return as_strided(image[row:], (h - 2, w - 2, 3 * c, n), image.strides)


def convolved(image: Array, rows: list[Array]) -> Array:
    """Return the convolution with weights whose rows are matrices."""
    out: Array = rows[0] @ windows(image, 0)
    for k in (1, 2):
        out += rows[k] @ windows(image, k)
    return out
