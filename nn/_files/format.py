"""The format of the files: its version, its errors, its checksum."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from autograd.files import printable
from nn._core.types import Numbers

FORMAT = "glassgrad 1"


class FileError(ValueError):
    """A file that is no network, or a damaged one; the message names the fault.

    >>> import os, tempfile
    >>> handle, path = tempfile.mkstemp()
    >>> try:
    ...     load(path)
    ... except FileError as error:
    ...     print(str(error).partition(": ")[2].partition(" (")[0])
    is no file of safetensors, or a damaged one
    >>> os.close(handle), os.unlink(path)
    (None, None)
    """

    def __str__(self) -> str:
        # As of DataError: a stranger's names could move the cursor.
        return printable(super().__str__())


class Checkpoint(NamedTuple):
    """The content of a file; `optimizer` and `history` are None if only a network was saved.

    >>> Checkpoint(MLP(1, [1])).history is None
    True
    """

    model: Any
    optimizer: Any = None
    history: Any = None


def as_array(data: Numbers) -> Any:
    import numpy

    return numpy.ascontiguousarray(data) if getattr(data, "ndim", 0) else numpy.array(data)


def checksum_of(text: str, tensors: Mapping[str, Any]) -> str:
    found = sha256(text.encode())
    for name in sorted(tensors):
        array = tensors[name]
        found.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        found.update(array.tobytes())
    return found.hexdigest()
