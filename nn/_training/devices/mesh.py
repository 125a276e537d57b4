"""The devices of a training, and arrays on them: whole on each, or cut along their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.files import brief
from nn._core.settings import whole
from nn._core.types import Array, Unchecked


class Mesh:
    """Devices of one process or of several, in a row; of several, each has its part of every batch."""

    def __init__(self, devices: Sequence[Any], processes: int) -> None:
        import jax
        import numpy
        from jax.sharding import NamedSharding, PartitionSpec, SingleDeviceSharding

        self.devices, self.size, self.processes = devices, len(devices), processes
        if self.size == 1:
            self.whole: Any = SingleDeviceSharding(self.devices[0])
            self._cut: Any = [self.whole, self.whole]
        else:
            mesh = jax.sharding.Mesh(numpy.array(self.devices), ("data",))
            self.whole = NamedSharding(mesh, PartitionSpec())
            self._cut = [NamedSharding(mesh, PartitionSpec(*[None] * k, "data")) for k in range(2)]

    def put(self, array: Any) -> Any:
        """Return an array of which each device has the whole."""
        return self._placed(array, self.whole)

    def cut(self, array: Any, rows: int, stacked: bool = False) -> Any:
        """Return an array cut along its first axis, if that has `rows` and the devices can share them evenly.

        If `stacked`, the rows are the second axis.
        """
        if self.size == 1 and self.processes == 1:
            # The program itself brings it to the device of its other arguments, which is quicker.
            return array
        axis = int(stacked)
        even = array.ndim > axis and array.shape[axis] == rows and rows % self.size == 0
        return self._placed(array, self._cut[axis] if even else self.whole)

    def joined(self, array: Any, stacked: bool = False) -> Any:
        """Return an array cut along its rows, of which each process has given its own part."""
        import jax

        return jax.make_array_from_process_local_data(self._cut[int(stacked)], array)

    def _placed(self, array: Any, sharding: Any) -> Any:
        import jax

        if self.processes == 1:
            return jax.device_put(array, sharding)
        return jax.make_array_from_callback(array.shape, sharding, lambda index: array[index])

    def fetch(self, array: Any) -> Array:
        """Return an array of the devices of all processes as one of NumPy's, with memory of its own."""
        import numpy

        if self.processes > 1 and not array.is_fully_replicated:
            from jax.experimental.multihost_utils import process_allgather

            return numpy.array(process_allgather(array, tiled=True))
        return numpy.array(array)

    def check_rows(self, rows: int) -> None:
        """Raise ValueError unless the devices can share the rows of a batch evenly."""
        if rows % self.size:
            few = f"a batch of {rows} rows is smaller than {self.size} devices"
            uneven = f"a batch of {rows} rows cannot be shared out evenly among {self.size} devices"
            most = max(k for k in range(1, self.size) if rows % k == 0)
            larger = -(-rows // self.size) * self.size
            raise ValueError(
                f"{few if rows < self.size else uneven}: take batch_size={larger}, or devices={most}, or other batches"
            )


def processes() -> int:
    """Return how many processes train together."""
    import jax

    return int(jax.process_count())


def chosen(devices: Unchecked) -> Sequence[Any]:
    """Return the devices of JAX that are meant: all for None, the first ones for a number, or those in a list."""
    import jax

    known: list[Any] = jax.devices()
    if devices is None:
        return known
    if processes() > 1:
        raise ValueError(f"several processes train on all of their devices: leave out devices={brief(devices)}")
    if isinstance(devices, (list, tuple)):
        strange = next((device for device in devices if device not in known), None)
        if strange is not None or not devices or len(set(devices)) < len(devices):
            raise ValueError(
                f"devices must be a number, or a list of different devices of jax.devices(); got {brief(devices)}"
            )
        return list(devices)
    number = whole("devices", devices, 1, ", a list of jax.devices(), or None for all")
    if number > len(known):
        raise ValueError(
            f"devices={number} are more than there are: jax.devices() has {len(known)}. On a CPU more are simulated if "
            f"XLA_FLAGS=--xla_force_host_platform_device_count={number} is set before JAX is imported"
        )
    return known[:number]
