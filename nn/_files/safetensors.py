"""Files of safetensors, which hold arrays with names and no code: written in one order.

The package safetensors writes the metadata of a header in another order each time.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

FLOATS = {"F64": "<f8", "F32": "<f4"}
"""The types of numbers that a network can have, by their names in the format."""

MOST_AXES = 32
"""The most axes that an array can have in every version of NumPy."""


def written(tensors: Mapping[str, Any], metadata: Mapping[str, str]) -> bytes:
    """Return the bytes of a file: the length of a header in JSON, the header, and all numbers."""
    header: dict[str, Any] = {"__metadata__": metadata}
    end, codes = 0, {width: code for code, width in FLOATS.items()}
    tensors = {name: array.astype(array.dtype.newbyteorder("<"), copy=False) for name, array in tensors.items()}
    # The wider numbers first, so that each lies where a processor likes it.
    order = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))
    for name in order:
        array, start = tensors[name], end
        end += array.nbytes
        header[name] = {"dtype": codes[array.dtype.str], "shape": array.shape, "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *(tensors[name].tobytes() for name in order)])


def tensors_of(data: bytes) -> tuple[dict[str, Any], Any]:
    """Return the arrays of a file by name, which lie in its memory, and the metadata of its header.

    Raises ValueError, TypeError, LookupError, AttributeError, OverflowError or RecursionError for any other file.
    """
    import numpy

    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        raise ValueError("it ends too early")
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    places = sorted((entry["data_offsets"], name) for name, entry in header.items())
    arrays, end = {}, 0
    for (start, stop), name in places:
        dtype = numpy.dtype(FLOATS[header[name]["dtype"]])
        shape = tuple(header[name]["shape"])
        # The product of a million numbers takes minutes.
        if len(shape) > MOST_AXES:
            raise ValueError(f"it has an array of {len(shape):,} axes")
        if start != end or stop - start != dtype.itemsize * math.prod(shape) or min(shape, default=0) < 0:
            raise ValueError("its numbers do not lie one after the other")
        arrays[name] = numpy.ndarray(shape, dtype, data, 8 + length + start)
        end = stop
    if end != len(data) - 8 - length:
        raise ValueError("it holds other numbers than its header says")
    return arrays, metadata
