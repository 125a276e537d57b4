"""What a training changes, on the devices: parameters, gradients, buffers, the memory of the optimizer."""

from __future__ import annotations

from typing import Any

from nn._training.training import Training

from .mesh import Mesh


class State:
    """The arrays that a step takes and returns; the network itself has them again after `pull`."""

    def __init__(self, training: Training, mesh: Mesh) -> None:
        self._training, self._mesh = training, mesh
        self.arrays: dict[str, Any] = {}
        self.buffers: list[Any] = []
        """The nodes of the buffers, in the order of their arrays."""

    def push(self) -> None:
        """Copy what the network and the optimizer have to the devices."""
        import numpy

        optimizer, put = self._training.optimizer, self._mesh.put
        optimizer._match()
        nodes = optimizer.parameters
        self.buffers = [node for _, node in self._training.model.named_buffers()]
        data = [node.snapshot() for node in nodes]
        self.arrays = {
            "ok": put(numpy.array(True)),
            "parameters": list(map(put, data)),
            "gradients": [put(numpy.zeros_like(array)) for array in data],
            "buffers": [put(node.snapshot()) for node in self.buffers],
            "kept": {
                name: [put(numpy.broadcast_to(numpy.asarray(m, p.dtype), p.shape)) for m, p in zip(memory, data)]
                for name in optimizer.kept
                for memory in [getattr(optimizer, name)]
            },
            "sums": [put(numpy.zeros_like(array)) for array in data if self._training.accumulate > 1],
        }

    def pull(self) -> None:
        """Copy what the devices have to the network and the optimizer."""
        optimizer, fetch = self._training.optimizer, self._mesh.fetch
        for node, data, g in zip(optimizer.parameters, self.arrays["parameters"], self.arrays["gradients"]):
            node.data, node.grad = fetch(data), fetch(g)
        for node, data in zip(self.buffers, self.arrays["buffers"]):
            node.data = fetch(data)
        for name in optimizer.kept:
            setattr(optimizer, name, list(map(fetch, self.arrays["kept"][name])))
